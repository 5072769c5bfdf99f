from collections.abc import Iterable
from typing import Self

def date_agreement(asked: int, dates: Iterable[int]) -> int: ...
def age_agreement(asked: Asked, dates: Iterable[int]) -> int: ...

class Asked:
    def __new__(
        cls, date: int = 0, sex: int = 0, age: tuple[int, int, int] | None = None,
        towns: tuple[bytes, ...] = (), postcode: int = 0,
    ) -> Self: ...  # fmt: skip
