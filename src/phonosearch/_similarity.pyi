from collections.abc import Iterable
from typing import Self

from phonosearch._rules import Rules

class LetterRules:
    def __new__(cls, rules: Rules) -> Self: ...
    def evidence_many(self, ones: Iterable[str], others: Iterable[str], beside: bool = False) -> list[int]: ...
