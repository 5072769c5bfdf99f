"""A CSV file to records."""

from __future__ import annotations

import codecs
import csv
import os
import re
from array import array
from bisect import bisect_right
from collections.abc import Iterator
from pathlib import Path

from ._errors import RecordsError
from ._load_report import MalformedRow
from ._row_batches import COLUMNS, MAX_CELL, check_columns

__all__ = ["CsvSource"]

_ESCAPED_BYTE = re.compile("[\udc80-\udcff]")

# By words of the csv module.
_FAULTS = {
    "unexpected end of data": (
        "a quote is opened here and never closed; close it, or write a quote that belongs to the text twice, in a cell "
        "between quotes"
    ),
    "expected after": (
        "after a quote comes neither the delimiter nor the end of the line; write a quote that belongs to the text "
        "twice, and give the delimiter that the file has"
    ),
    "field larger than field limit": (
        f"a cell is longer than {MAX_CELL:,} characters, or its quote is never closed; shorten the cell or close the "
        "quote"
    ),
}
_DELIMITERS = {";": "semicolon", "\t": "tab", "|": "bar", ",": "comma"}


class CsvSource:
    """The rows of a CSV file with a header, as records; a cell that is empty is absent, a line that is empty no row.

    Parameters
    ----------
    path : path-like
        The file. Its columns are those of a record; of others ``LoadReport.unused_columns`` tells the names.
    encoding : str
        The encoding of the file; a byte order mark is ignored.
    delimiter : str
        The character between cells, such as ``";"`` or a tab.

    Attributes
    ----------
    columns : tuple of str
        The first line of the file, after it has been read.

    Raises
    ------
    RecordsError
        There is no such encoding, or the delimiter cannot be one.
    """

    def __init__(self, path: str | os.PathLike[str], *, encoding: str = "utf-8-sig", delimiter: str = ",") -> None:
        self.path = Path(path)
        self.encoding = encoding
        if not isinstance(delimiter, str) or len(delimiter) != 1 or delimiter in '"\r\n':
            raise RecordsError("the delimiter must be one character, no quote and no line break: a semicolon or a tab")
        self.delimiter = delimiter
        self.columns: tuple[str, ...] = ()
        # Where lines do not go on a row each: a row, and the line on which it begins.
        self._rows, self._lines = array("q", [0]), array("q", [2])
        try:
            self._undecodable = "not_utf8" if codecs.lookup(encoding).name.startswith("utf-8") else "undecodable"
            b"".decode(encoding)  # refuses codecs that do not make text
        except (LookupError, UnicodeError):
            raise RecordsError("there is no such encoding; write utf-8, cp1252 or utf-16, for example") from None

    def __repr__(self) -> str:
        return f"CsvSource({str(self.path)!r})"

    def line(self, row: int) -> int:
        """The line of the file, from 1, on which a row of the report begins; only after the source has been read.

        The header is no row, and neither is an empty line; a row with a line break between quotes has several lines.

        Raises
        ------
        RecordsError
            The row is negative.
        """
        if row < 0:
            raise RecordsError("rows are counted from 0")
        last = bisect_right(self._rows, row) - 1
        return self._lines[last] + row - self._rows[last]

    def __iter__(self) -> Iterator[dict[str, str] | MalformedRow]:
        self._rows, self._lines = array("q", [0]), array("q", [2])
        row, line, ahead = 0, 1, 2
        try:
            with self.path.open(encoding=self.encoding, errors="surrogateescape", newline="") as file:
                reader = csv.reader(file, delimiter=self.delimiter, strict=True)
                header = [cell.strip() for cell in next(reader, [])]
                places = self._places(header)
                self.columns = tuple(header)
                line = reader.line_num + 1
                for cells in reader:
                    if cells:
                        if line - row != ahead:
                            self._rows.append(row)
                            self._lines.append(line)
                            ahead = line - row
                        yield _csv_record(cells, len(header), places, self._undecodable)
                        row += 1
                    line = reader.line_num + 1
        except csv.Error as error:
            raise RecordsError(f"broken CSV: {_fault(error)}; nothing from this row on was read", row, line) from None
        except UnicodeError:
            raise RecordsError(f"the file is not in the encoding {self.encoding}; give the one it is in", row) from None

    def _places(self, header: list[str]) -> list[tuple[str, int]]:
        places = [(name, place) for place, name in enumerate(header) if name in COLUMNS]
        remedy = (
            f"name them in the first line of the file, which is read in the encoding {self.encoding} with the "
            f"delimiter {self.delimiter!r}"
        )
        if len(header) == 1:
            for other, name in _DELIMITERS.items():
                if other in header[0]:
                    remedy = f"the first line is one cell that holds a {name}: give that as the delimiter"
                    break
        check_columns([name for name, _ in places], len(header) - len(places), remedy)
        return places


def _fault(error: csv.Error) -> str:
    """What the csv module found, and what to do."""
    said = str(error)
    for words, fault in _FAULTS.items():
        if words in said:
            return fault
    return f"{said}; correct the file there"


def _csv_record(
    cells: list[str], width: int, places: list[tuple[str, int]], undecodable: str
) -> dict[str, str] | MalformedRow:
    if len(cells) != width:
        return MalformedRow("too_few_cells" if len(cells) < width else "too_many_cells", _id_of(cells, places))
    record = {name: cell for name, place in places if (cell := cells[place])}
    joined = "".join(record.values())
    if not joined.isascii() and _ESCAPED_BYTE.search(joined):
        return MalformedRow(undecodable, _id_of(cells, places))
    # The limit of the csv module belongs to the whole process: someone else may have raised it.
    if len(joined) > MAX_CELL and any(len(cell) > MAX_CELL for cell in record.values()):
        return MalformedRow("cell_too_long", _id_of(cells, places))
    return record


def _id_of(cells: list[str], places: list[tuple[str, int]]) -> str | None:
    """What a row that is rejected holds in the column of the person_id, if that can be read."""
    place = dict(places)["person_id"]
    person_id = cells[place] if place < len(cells) else ""
    return None if not person_id or _ESCAPED_BYTE.search(person_id) else person_id
