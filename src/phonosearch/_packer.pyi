from typing import Any

import numpy.typing as npt

from phonosearch._builder import Builder

ARRAYS: tuple[str, ...]

def pack(
    builders: list[Builder], *, display: bool = True, threads: int = 1
) -> tuple[dict[str, npt.NDArray[Any]], list[tuple[int, int]]]: ...
