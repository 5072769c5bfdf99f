"""Batches of entries as columns of text: what every source of records is turned into."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ._errors import RecordsError

__all__ = [
    "COLUMNS", "KINDS", "MAX_CELL", "NAME_COLUMNS", "Bytes", "Offsets", "RowBatch", "TextColumn", "check_columns",
]  # fmt: skip

KINDS = ("primary", "alias", "maiden", "previous", "nickname", "weak")
NAME_COLUMNS = ("full_name", "forenames", "surname")
COLUMNS = ("person_id", *NAME_COLUMNS, "kind", "dob", "sex", "place")
MAX_CELL = 131_072  # characters of a cell of a CSV file
WANTED = "a column person_id, and full_name or forenames or surname, in small letters"

Bytes = npt.NDArray[np.uint8]
Offsets = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True, repr=False, eq=False)
class TextColumn:
    """Text of many entries: entry i is the UTF-8 of ``data[offsets[i]:offsets[i + 1]]``, if ``valid[i]``.

    The arrays may be read-only views of foreign memory. Offsets start at 0 and never decrease; the UTF-8 is unchecked.
    """

    data: Bytes
    offsets: Offsets
    valid: Bytes | None

    def __repr__(self) -> str:
        return f"TextColumn({len(self.offsets) - 1} entries)"

    def text(self, number: int) -> str | None:
        """One entry; None where it is absent or not Unicode at all."""
        if self.valid is not None and not self.valid[number]:
            return None
        try:
            return bytes(self.data[self.offsets[number] : self.offsets[number + 1]]).decode("utf-8", "surrogatepass")
        except UnicodeDecodeError:
            return None


@dataclass(frozen=True, slots=True, repr=False, eq=False)
class RowBatch:
    """Entries, one a name: their rows in the source, never decreasing, and their columns. No row spans two batches."""

    rows: Offsets
    columns: dict[str, TextColumn]

    def __repr__(self) -> str:
        return f"RowBatch({len(self.rows)} entries of {', '.join(self.columns)})"


def check_columns(found: list[str], others: int, remedy: str = "rename the columns") -> None:
    """Refuse a source that lacks a column, or has one twice.

    Of the ``others``, whose names are not known, the error gives the number only: in a file without a header they are
    the first person.
    """
    if "person_id" not in found or not set(found) & set(NAME_COLUMNS):
        names = ", ".join(found) or "none of these"
        more = f" and {others} unknown" if others else ""
        raise RecordsError(f"a source needs {WANTED}; found: {names}{more}; {remedy}")
    if repeated := sorted({name for name in found if found.count(name) > 1}):
        raise RecordsError(f"a column is there more than once: {', '.join(repeated)}; keep one of them")
