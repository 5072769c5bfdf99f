from typing import Self

from phonosearch._rules import Rules

class RarityTable:
    def __new__(cls, rules: Rules) -> Self: ...
