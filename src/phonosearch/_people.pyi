from typing import Any, Self

import numpy.typing as npt

from phonosearch._builder import Builder

class PeoplePacker:
    def __new__(cls, builders: list[Builder], arrays: dict[str, npt.NDArray[Any]]) -> Self: ...
