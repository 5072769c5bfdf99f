from typing import Any, Self

import numpy.typing as npt

from phonosearch._bounds import BoundIndex
from phonosearch._text import TextRules

class ScoringIndex(BoundIndex):
    def __new__(
        cls,
        rules: TextRules,
        arrays: dict[str, npt.NDArray[Any]],
        bounds: dict[str, tuple[int, int, bool]] | None = None,
    ) -> Self: ...
