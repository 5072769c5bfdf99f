from typing import Self

class Workspace:
    def __new__(cls, parts: int, forms: int, several: int) -> Self: ...
