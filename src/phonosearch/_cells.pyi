from typing import Self

from phonosearch._row_batches import RowBatch

class Columns:
    """Pointers into the columns of one batch."""

    def __new__(cls, batch: RowBatch) -> Self: ...
