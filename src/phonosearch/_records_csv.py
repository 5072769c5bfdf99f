"""A CSV file to records."""

from __future__ import annotations

import codecs
import csv
import os
import re
from array import array
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from pathlib import Path

from ._errors import RecordsError
from ._load_report import MalformedRow
from ._row_batches import COLUMNS, MAX_CELL, check_columns

__all__ = ["CsvSource"]

_ESCAPED_BYTE = re.compile("[\udc80-\udcff]")

# By words of the csv module.
_TOO_LONG = "field larger than field limit"
_FAULTS = {
    "unexpected end of data": (
        "a quote is opened here and never closed; close it, or write a quote that belongs to the text twice, in a cell "
        "between quotes"
    ),
    "expected after": (
        "after a quote comes neither the delimiter nor the end of the line; write a quote that belongs to the text "
        "twice, and give the delimiter that the file has"
    ),
    _TOO_LONG: f"a cell of the first line is longer than {MAX_CELL:,} characters; give a file with a header",
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
        row, line = 0, 1
        read: list[str] = []  # the lines of the row that is being read
        passed_over = 0  # lines that the reader has not seen

        def noted(lines: Iterable[str]) -> Iterator[str]:
            for text in lines:
                read.append(text)
                yield text

        if (most := csv.field_size_limit()) < MAX_CELL:
            raise RecordsError(
                f"this process reads no CSV cell of more than {most:,} characters; call "
                f"csv.field_size_limit({MAX_CELL})"
            )
        try:
            with self.path.open(encoding=self.encoding, errors="surrogateescape", newline="") as file:
                reader = csv.reader(noted(file), delimiter=self.delimiter, strict=True)
                header = [cell.strip() for cell in next(reader, [])]
                places = self._places(header)
                self.columns = tuple(header)
                read.clear()
                line = reader.line_num + 1
                while True:
                    try:
                        for cells in reader:
                            if cells:
                                self._begin(row, line)
                                yield _csv_record(cells, len(header), places, self._undecodable)
                                row += 1
                            read.clear()
                            line = reader.line_num + passed_over + 1
                        break
                    except csv.Error as error:
                        # The reader goes on with the next line, which may be one of the cell that it gave up.
                        if _TOO_LONG not in str(error):
                            raise
                        passed_over += _pass_over(read, file, self.delimiter)
                        self._begin(row, line)
                        yield MalformedRow("cell_too_long", _id_of(_cells_before(read, self.delimiter), places))
                        row += 1
                        read.clear()
                        line = reader.line_num + passed_over + 1
        except csv.Error as error:
            raise RecordsError(f"broken CSV: {_fault(error)}; nothing from this row on was read", row, line) from None
        except UnicodeError:
            raise RecordsError(f"the file is not in the encoding {self.encoding}; give the one it is in", row) from None

    def _begin(self, row: int, line: int) -> None:
        """Note the line on which a row begins, where it does not follow from the one before."""
        if line - row != self._lines[-1] - self._rows[-1]:
            self._rows.append(row)
            self._lines.append(line)

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


def _pass_over(read: list[str], rest: Iterable[str], delimiter: str) -> int:
    """Go to the end of a row that the csv module gave up, whose lines so far are given; how many more it has."""
    quoted, more = False, 0
    for text in read:
        quoted = _ends_quoted(text, delimiter, quoted)
    if not quoted:
        return 0
    for more, text in enumerate(rest, 1):
        if not _ends_quoted(text, delimiter, True):
            return more
    raise csv.Error("unexpected end of data")


def _ends_quoted(text: str, delimiter: str, quoted: bool) -> bool:
    """Whether a line ends between quotes, by whether it begins there; as strictly as the csv module reads."""
    at = 0
    while True:
        if not quoted and not text.startswith('"', at):
            at = text.find(delimiter, at) + 1
            if not at:
                return False
            continue
        at = text.find('"', at if quoted else at + 1) + 1
        if not at:
            return True
        quoted = text.startswith('"', at)  # twice, it belongs to the text
        if quoted or text.startswith(delimiter, at):
            at += 1
        elif text[at:].strip("\r\n"):
            raise csv.Error("expected after")
        else:
            return False


def _cells_before(read: list[str], delimiter: str) -> list[str]:
    """The cells before the one that is too long, of the lines of its row."""
    return next(csv.reader(["".join(read)[:MAX_CELL]], delimiter=delimiter))[:-1]


def _csv_record(
    cells: list[str], width: int, places: list[tuple[str, int]], undecodable: str
) -> dict[str, str] | MalformedRow:
    if len(cells) != width:
        return MalformedRow("too_few_cells" if len(cells) < width else "too_many_cells", _id_of(cells, places))
    record = {name: cell for name, place in places if (cell := cells[place])}
    joined = "".join(record.values())
    if not joined.isascii() and _ESCAPED_BYTE.search(joined):
        return MalformedRow(undecodable, _id_of(cells, places))
    # The limit of the csv module is as long, but belongs to the whole process: someone else may have raised it.
    if len(joined) > MAX_CELL and any(len(cell) > MAX_CELL for cell in record.values()):
        return MalformedRow("cell_too_long", _id_of(cells, places))
    return record


def _id_of(cells: list[str], places: list[tuple[str, int]]) -> str | None:
    """What a row that is rejected holds in the column of the person_id, if that can be read."""
    place = dict(places)["person_id"]
    person_id = cells[place] if place < len(cells) else ""
    return None if not person_id or _ESCAPED_BYTE.search(person_id) else person_id
