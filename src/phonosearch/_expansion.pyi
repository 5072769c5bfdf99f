from typing import Any, Self

import numpy.typing as npt

from phonosearch._arrays import PackedNames
from phonosearch._text import TextRules

class PartIndex(PackedNames):
    def __new__(
        cls,
        rules: TextRules,
        arrays: dict[str, npt.NDArray[Any]],
        bounds: dict[str, tuple[int, int, bool]] | None = None,
    ) -> Self: ...

def _use_vectors(level: int) -> int: ...
