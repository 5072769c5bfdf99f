from typing import Any, Self

import numpy.typing as npt

from phonosearch._expansion import PartIndex
from phonosearch._text import TextRules

class BoundIndex(PartIndex):
    def __new__(
        cls,
        rules: TextRules,
        arrays: dict[str, npt.NDArray[Any]],
        bounds: dict[str, tuple[int, int, bool]] | None = None,
    ) -> Self: ...
