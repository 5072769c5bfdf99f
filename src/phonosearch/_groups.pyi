from typing import Self

from phonosearch._rules import Variants

class Numbers: ...

class Groups:
    def __new__(cls, variants: Variants, others: int) -> Self: ...
