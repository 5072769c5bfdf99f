from typing import Any, Self

import numpy.typing as npt

from phonosearch._merging import MergingIndex
from phonosearch._text import TextRules

class FindingIndex(MergingIndex):
    def __new__(
        cls,
        rules: TextRules,
        arrays: dict[str, npt.NDArray[Any]],
        bounds: dict[str, tuple[int, int, bool]] | None = None,
    ) -> Self: ...
