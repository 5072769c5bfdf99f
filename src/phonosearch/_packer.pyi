from typing import Any

import numpy.typing as npt

from phonosearch._builder import Builder

def pack(builder: Builder, *, display: bool = True) -> dict[str, npt.NDArray[Any]]: ...
