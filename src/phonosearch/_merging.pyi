from typing import Any, Self

import numpy.typing as npt

from phonosearch._scoring import ScoringIndex
from phonosearch._text import TextRules

class MergingIndex(ScoringIndex):
    def __new__(
        cls,
        rules: TextRules,
        arrays: dict[str, npt.NDArray[Any]],
        bounds: dict[str, tuple[int, int, bool]] | None = None,
    ) -> Self: ...
