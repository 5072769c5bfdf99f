import numpy as np
import numpy.typing as npt

from phonosearch._records import RowBatch
from phonosearch._text import TextRules

class Builder:
    def __init__(self, rules: TextRules) -> None: ...
    def add(self, batch: RowBatch) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.uint8]]: ...
