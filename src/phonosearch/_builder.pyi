from typing import Self

import numpy as np
import numpy.typing as npt

from phonosearch._row_batches import RowBatch
from phonosearch._text import TextRules

class Builder:
    def __new__(cls, rules: TextRules) -> Self: ...
    def add(self, batch: RowBatch) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.uint8]]: ...
