"""Sources of records as columnar batches, and the account of every record offered.

A source is anything that speaks Arrow, or any iterable of mappings or `Person` objects, such as `CsvSource`. What is
wrong with one record is reported and reading goes on; only a source that cannot be read at all raises.
"""

from __future__ import annotations

import codecs
import csv
import datetime
import importlib
import json
import os
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from ._errors import MissingExtraError, RecordsError

__all__ = [
    "KINDS",
    "REASONS",
    "STATUS",
    "WARNINGS",
    "CsvSource",
    "LoadReport",
    "MalformedRow",
    "Name",
    "Person",
    "ReportBuilder",
    "RowBatch",
    "RowNote",
    "TextColumn",
    "batches",
]

KINDS = ("primary", "alias", "maiden", "previous", "nickname", "weak")
NAME_COLUMNS = ("full_name", "forenames", "surname")
COLUMNS = ("person_id", *NAME_COLUMNS, "kind", "dob", "sex")
WANTED = "a column person_id, and full_name or forenames or surname"

# The codes of the kernel: a status for each entry, and warning bits.
STATUS = {
    1: "empty_name",
    2: "name_too_long",
    3: "too_many_parts",
    4: "invalid_unicode",
    5: "missing_id",
    6: "id_too_long",
}
WARNINGS = {1: "bad_dob", 2: "bad_sex", 4: "bad_kind", 16: "both_names"}

_REJECTIONS = {
    "not_a_record": "the record is neither a mapping nor a Person",
    "missing_id": "there is no person_id",
    "id_not_text": "the person_id is not text",
    "id_too_long": "the person_id is longer than the limit",
    "empty_name": "there is no name: every name field is absent or empty",
    "name_not_text": "a name field is not text",
    "name_not_a_record": "an item of names is neither a mapping nor a Name",
    "names_not_a_list": "names is not a list or tuple",
    "name_too_long": "a name is longer than the limit",
    "too_many_parts": "a name has more parts than the limit",
    "invalid_unicode": "the text is not valid Unicode",
    "too_few_cells": "the row has fewer cells than the header",
    "too_many_cells": "the row has more cells than the header",
    "not_utf8": "not valid UTF-8",
    "undecodable": "not valid in the encoding of the file",
    "cell_too_long": "a cell is longer than the limit",
}
REASONS: Mapping[str, str] = {
    **_REJECTIONS,
    **{f"other_{key}": f"one of several names was left out: {text}" for key, text in _REJECTIONS.items()},
    "bad_dob": "a date of birth was left out: it is not YYYY, YYYY-MM or YYYY-MM-DD",
    "dob_type": "a date of birth was left out: it is neither text, a year nor a date",
    "bad_sex": "the sex was left out: it is not M, F or X",
    "sex_type": "the sex was left out: it is not text",
    "both_names": "forenames and surname were left out: full_name says another name",
    "sex_conflict": "the sex was left out: it contradicts another row of this person",
    "bad_kind": "the kind of a name was left out: it is not one of " + ", ".join(KINDS),
    "kind_type": "the kind of a name was left out: it is not text",
}

MAX_CELL = 131_072
MAX_NOTED_ID = 1024

Bytes = npt.NDArray[np.uint8]
Offsets = npt.NDArray[np.int64]
_Entry = tuple[int, str, str | None, str | None, str | None, str | None, str | None, str | None]


@dataclass(frozen=True, slots=True, repr=False)
class Name:
    """One name of a person.

    Parameters
    ----------
    full_name : str, optional
        The whole name; or else:
    forenames, surname : str, optional
        Its parts.
    kind : str
        "primary", "alias", "maiden", "previous", "nickname" or "weak".

    Examples
    --------
    >>> Name("Maggie Brown", kind="nickname")
    Name(kind='nickname')
    """

    full_name: str | None = None
    forenames: str | None = None
    surname: str | None = None
    kind: str = "primary"

    def __repr__(self) -> str:
        return f"Name(kind={self.kind!r})" if self.kind in KINDS else "Name()"


@dataclass(frozen=True, slots=True, repr=False)
class Person:
    """A person to be indexed. Nothing is checked before the index is built; `LoadReport` then tells what was wrong.

    Parameters
    ----------
    person_id : str
        The identifier of the person in the source.
    full_name : str, optional
        The whole name; or else:
    forenames, surname : str, optional
        Its parts.
    names : tuple of Name
        Further names.
    dob : str or tuple of str, optional
        One or several dates of birth: "1984", "1984-03" or "1984-03-07".
    sex : str, optional
        "M", "F" or "X".

    Examples
    --------
    >>> Person("P1", "Margaret Brown", names=(Name("Maggie Brown", kind="nickname"),), dob="1984-03")
    Person(person_id='P1')
    """

    person_id: str
    full_name: str | None = None
    forenames: str | None = None
    surname: str | None = None
    names: tuple[Name, ...] = ()
    dob: tuple[str, ...] | str | None = None
    sex: str | None = None

    def __repr__(self) -> str:
        return f"Person(person_id={self.person_id!r})"


class RowNote(NamedTuple):
    """What was wrong with one row of the source.

    Parameters
    ----------
    row : int
        The row, counted from 0; the header of a CSV file does not count.
    id : str or None
        The person_id, where it can be told.
    reason : str
        One of a fixed set of sentences; never holds a value.

    Examples
    --------
    >>> RowNote(3, "P4", "there is no name: every name field is absent or empty")
    RowNote(row=3, reason='there is no name: every name field is absent or empty')
    """

    row: int
    id: str | None
    reason: str

    def __repr__(self) -> str:
        return f"RowNote(row={self.row}, reason={self.reason!r})"


@dataclass(frozen=True, slots=True, repr=False)
class LoadReport:
    """The account of a load: every row read is indexed or rejected, so ``read == indexed + len(rejected)``.

    Parameters
    ----------
    read, indexed : int
        Rows of the source that were read, and that are in the index with at least one name.
    rejected : tuple of RowNote
        The rows that are not, once each, by row.
    warnings : tuple of RowNote
        What was left out of rows, by row.
    persons, names : int
        Different persons and names in the index.

    Examples
    --------
    >>> LoadReport(2, 1, (RowNote(1, "P2", "there is no person_id"),), (), persons=1, names=1)
    LoadReport(read=2, indexed=1, rejected=1, warnings=0, persons=1, names=1)
    """

    read: int
    indexed: int
    rejected: tuple[RowNote, ...]
    warnings: tuple[RowNote, ...]
    persons: int
    names: int

    def __repr__(self) -> str:
        return (
            f"LoadReport(read={self.read}, indexed={self.indexed}, rejected={len(self.rejected)}, "
            f"warnings={len(self.warnings)}, persons={self.persons}, names={self.names})"
        )

    def to_json(self) -> str:
        """The whole report, with the identifiers, as JSON text."""
        fields = ("read", "indexed", "rejected", "warnings", "persons", "names")
        return json.dumps({field: getattr(self, field) for field in fields}, separators=(",", ":"))

    @classmethod
    def from_json(cls, text: str) -> LoadReport:
        """The report that `to_json` wrote.

        Raises
        ------
        ValueError
            The text is not such a report.
        """
        try:
            found = json.loads(text)
            counts = {field: found.pop(field) for field in ("read", "indexed", "persons", "names")}
            notes = {field: tuple(RowNote(*note) for note in found.pop(field)) for field in ("rejected", "warnings")}
            good = not found and all(type(count) is int and count >= 0 for count in counts.values())
            for row, person_id, reason in (*notes["rejected"], *notes["warnings"]):
                good = good and type(row) is int and isinstance(person_id, str | None) and type(reason) is str
            good = good and counts["read"] == counts["indexed"] + len(notes["rejected"])
        except (ValueError, TypeError, LookupError, AttributeError, RecursionError):
            good = False
        if not good:
            raise ValueError("the text is not a load report")
        return cls(**counts, rejected=notes["rejected"], warnings=notes["warnings"])


class MalformedRow(NamedTuple):
    """What a source yields in place of a record that it could not read; ``reason`` is a key of `REASONS`."""

    reason: str

    def __repr__(self) -> str:
        return f"MalformedRow(reason={self.reason!r})"


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


class ReportBuilder:
    """Collects what happens to rows while they are read and indexed."""

    def __init__(self) -> None:
        self.read = 0
        self._rejected: dict[int, RowNote] = {}
        self._warnings: dict[tuple[int, str], RowNote] = {}

    def reject(self, row: int, person_id: str | None, reason: str) -> None:
        """Note that the row is not indexed. ``reason`` is a key of `REASONS`; the first one of a row stands."""
        self._rejected.setdefault(row, RowNote(row, _noted(person_id), REASONS[reason]))

    def warn(self, row: int, person_id: str | None, reason: str) -> None:
        """Note that something of the row was left out; the same thing of the same row is noted once."""
        self._warnings.setdefault((row, reason), RowNote(row, _noted(person_id), REASONS[reason]))

    def entries(self, batch: RowBatch, status: Bytes, warn: Bytes) -> int:
        """Note what the kernel says of the entries of a batch; return how many of its rows are indexed."""
        rows = batch.rows
        if not len(rows):
            return 0
        distinct = 1 + int(np.count_nonzero(rows[1:] != rows[:-1]))
        if not status.any() and not warn.any():
            return distinct
        accepted = rows[status == 0]
        rejected_rows = 0
        flagged = np.flatnonzero((status != 0) | (warn != 0))
        indexed = np.isin(rows[flagged], accepted)
        last = -1
        for number, in_index in zip(flagged.tolist(), indexed.tolist(), strict=True):
            row, code, bits = int(rows[number]), int(status[number]), int(warn[number])
            person_id = batch.columns["person_id"].text(number) if "person_id" in batch.columns else None
            if not in_index:
                rejected_rows += row != last
                self.reject(row, person_id, STATUS[code])
            elif code:
                self.warn(row, person_id, "other_" + STATUS[code])
            if in_index and not code:
                for bit, reason in WARNINGS.items():
                    if bits & bit:
                        self.warn(row, person_id, reason)
            last = row
        return distinct - rejected_rows

    def finish(self, indexed: int, persons: int, names: int) -> LoadReport:
        """The report, if the account is balanced; ``indexed`` is the sum of what `entries` returned."""
        if self.read != indexed + len(self._rejected):
            counts = f"{self.read} rows read, {indexed} indexed, {len(self._rejected)} rejected"
            raise RuntimeError(f"{counts}: the account is not balanced")
        rejected = tuple(note for _, note in sorted(self._rejected.items()))
        # Sorting is stable: the warnings of one row stay in the order in which they were found.
        warnings = tuple(sorted(self._warnings.values(), key=lambda note: note.row))
        return LoadReport(self.read, indexed, rejected, warnings, persons, names)


def _noted(person_id: str | None) -> str | None:
    # A part of an identifier could be the identifier of another person.
    return None if person_id is None or len(person_id) > MAX_NOTED_ID else person_id


def batches(source: object, *, report: ReportBuilder, batch_rows: int = 65_536) -> Iterator[RowBatch]:
    """The source as batches of about ``batch_rows`` entries; it is read once, as the batches are asked for.

    Raises
    ------
    RecordsError
        The source is of no kind that can be read, or lacks a column.
    MissingExtraError
        The source speaks Arrow, and pyarrow is not installed.
    """
    if hasattr(source, "__arrow_c_stream__") or hasattr(source, "__arrow_c_array__"):
        return _arrow_batches(source, report, batch_rows)
    if isinstance(source, str | bytes | bytearray | Mapping | Person) or not isinstance(source, Iterable):
        raise RecordsError(
            "records come as an iterable of mappings or Person objects, as Arrow data, or as CsvSource(path); "
            f"this is one {type(source).__name__}"
        )
    return _record_batches(source, report, batch_rows)


# Records in Python


def _record_batches(source: Iterable[object], report: ReportBuilder, batch_rows: int) -> Iterator[RowBatch]:
    entries: list[_Entry] = []
    plain = (str, type(None))
    for row, item in enumerate(source):
        report.read += 1
        record: Mapping[object, object]
        if type(item) is dict or isinstance(item, Mapping):
            record = item
        elif isinstance(item, Person):
            record = {name: getattr(item, name) for name in Person.__slots__}
        else:
            report.reject(row, None, item.reason if isinstance(item, MalformedRow) else "not_a_record")
            continue
        get = record.get
        person_id = get("person_id")
        if not isinstance(person_id, str) or not person_id:
            missing = person_id == "" if isinstance(person_id, str) else _absent(person_id)
            report.reject(row, None, "missing_id" if missing else "id_not_text")
            continue
        full_name, forenames, surname = get("full_name"), get("forenames"), get("surname")
        kind, dob, sex, names = get("kind"), get("dob"), get("sex"), get("names")
        if dob is not None and type(dob) is not str:
            dob = _dob_text(dob, lambda: report.warn(row, person_id, "dob_type"))  # noqa: B023  # called at once
        if type(sex) not in plain:
            sex = _text(sex, lambda: report.warn(row, person_id, "sex_type"))  # noqa: B023  # called at once
        if (
            type(full_name) in plain
            and type(forenames) in plain
            and type(surname) in plain
            and type(kind) in plain
            and (names is None or (type(names) is tuple and not names))
            and (full_name or forenames or surname)
        ):
            entries.append((row, person_id, full_name, forenames, surname, kind, dob, sex))  # type: ignore[arg-type]
        else:
            for name in _names(record, row, person_id, report):
                entries.append((row, person_id, *name, dob, sex))  # type: ignore[arg-type]
        if len(entries) >= batch_rows:
            yield _batch(entries)
            entries = []
    if entries:
        yield _batch(entries)


def _names(
    record: Mapping[object, object], row: int, person_id: str, report: ReportBuilder
) -> list[tuple[str | None, str | None, str | None, str | None]]:
    """The usable names of a record; the reasons of the others go to the report."""
    candidates: list[object] = []
    problems: list[str] = []
    if not all(_absent(value) or (isinstance(value, str) and not value) for value in map(record.get, NAME_COLUMNS)):
        candidates.append(record)
    more = record.get("names")
    if isinstance(more, list | tuple):
        candidates += more
    elif not _absent(more):
        problems.append("names_not_a_list")
    usable = []
    for item in candidates:
        if isinstance(item, Name):
            fields: Mapping[object, object] = {name: getattr(item, name) for name in Name.__slots__}
        elif isinstance(item, Mapping):
            fields = item
        else:
            problems.append("name_not_a_record")
            continue
        wrong: list[str] = []
        full_name, forenames, surname = (
            _text(fields.get(column), lambda: wrong.append("name_not_text"))  # noqa: B023  # called at once
            for column in NAME_COLUMNS
        )
        kind = _text(fields.get("kind"), lambda: report.warn(row, person_id, "kind_type"))
        if wrong or not (full_name or forenames or surname):
            problems.append(wrong[0] if wrong else "empty_name")
        else:
            usable.append((full_name, forenames, surname, kind))
    if not usable:
        report.reject(row, person_id, problems[0] if problems else "empty_name")
    for problem in problems if usable else ():
        report.warn(row, person_id, "other_" + problem)
    return usable


def _absent(value: object) -> bool:
    # Data frames say absent with NaN or NaT, which differ from themselves.
    return value is None or (isinstance(value, float | datetime.date) and value != value)


def _text(value: object, warn: Callable[[], None]) -> str | None:
    if isinstance(value, str):
        return value
    if not _absent(value):
        warn()
    return None


def _dob_text(value: object, warn: Callable[[], None]) -> str | None:
    found = []
    for item in value if isinstance(value, list | tuple) else (value,):
        if isinstance(item, str):
            found.append(item)
        elif _absent(item):
            continue
        elif isinstance(item, datetime.date):
            found.append(f"{item.year:04}-{item.month:02}-{item.day:02}")
        elif isinstance(item, int | np.integer) and not isinstance(item, bool) and 0 <= item <= 9999:
            found.append(f"{item:04}")
        else:
            warn()
    return ";".join(found) if found else None


def _batch(entries: list[_Entry]) -> RowBatch:
    rows, *columns = zip(*entries, strict=True)
    made = {
        name: _column(values)
        for name, values in zip(COLUMNS, columns, strict=True)
        if name == "person_id" or any(value is not None for value in values)
    }
    return RowBatch(np.array(rows, np.int64), made)


def _column(values: tuple[Any, ...]) -> TextColumn:
    count = len(values)
    valid = None
    if None in values:
        valid = np.fromiter((value is not None for value in values), np.uint8, count)
        values = tuple(value or "" for value in values)
    joined = "".join(values)
    offsets = np.zeros(count + 1, np.int64)
    np.cumsum(np.fromiter(map(len, values), np.int64, count), out=offsets[1:])
    if not joined.isascii():
        points = np.frombuffer(joined.encode("utf-32-le", "surrogatepass"), "<u4")
        ends = np.zeros(len(points) + 1, np.int64)
        np.cumsum(1 + (points >= 0x80).astype(np.int64) + (points >= 0x800) + (points >= 0x10000), out=ends[1:])
        offsets = ends[offsets]
    return TextColumn(np.frombuffer(joined.encode("utf-8", "surrogatepass"), np.uint8), offsets, valid)


# CSV


class CsvSource:
    """The rows of a CSV file with a header, as records; a cell that is empty is absent, a line that is empty no row.

    Parameters
    ----------
    path : path-like
        The file. Its columns are those of a record; others are ignored.
    encoding : str
        The encoding of the file; a byte order mark is ignored.
    """

    def __init__(self, path: str | os.PathLike[str], *, encoding: str = "utf-8-sig") -> None:
        self.path = Path(path)
        self.encoding = encoding
        try:
            self._undecodable = "not_utf8" if codecs.lookup(encoding).name.startswith("utf-8") else "undecodable"
            b"".decode(encoding)  # refuses codecs that do not make text
        except (LookupError, UnicodeError):
            raise RecordsError("there is no such encoding") from None

    def __repr__(self) -> str:
        return f"CsvSource({str(self.path)!r})"

    def __iter__(self) -> Iterator[dict[str, str] | MalformedRow]:
        row = 0
        try:
            with self.path.open(encoding=self.encoding, errors="surrogateescape", newline="") as file:
                reader = csv.reader(file, strict=True)
                header = next(reader, [])
                places = _csv_places([cell.strip() for cell in header])
                for cells in reader:
                    if cells:
                        yield _csv_record(cells, len(header), places, self._undecodable)
                        row += 1
        except csv.Error as error:
            raise RecordsError(f"broken CSV: {error}; nothing after this row was read", row) from None
        except UnicodeError:
            raise RecordsError(f"the file is not in the encoding {self.encoding}", row) from None


def _csv_places(header: list[str]) -> list[tuple[str, int]]:
    places = [(name, place) for place, name in enumerate(header) if name in COLUMNS]
    _check_columns([name for name, _ in places])
    return places


def _check_columns(found: list[str]) -> None:
    if "person_id" not in found or not set(found) & set(NAME_COLUMNS):
        raise RecordsError(f"a source needs {WANTED}; found: {', '.join(found) or 'none of these'}")
    if repeated := sorted({name for name in found if found.count(name) > 1}):
        raise RecordsError(f"a column is there more than once: {', '.join(repeated)}")


_ESCAPED_BYTE = re.compile("[\udc80-\udcff]")


def _csv_record(
    cells: list[str], width: int, places: list[tuple[str, int]], undecodable: str
) -> dict[str, str] | MalformedRow:
    if len(cells) != width:
        return MalformedRow("too_few_cells" if len(cells) < width else "too_many_cells")
    record = {name: cell for name, place in places if (cell := cells[place])}
    joined = "".join(record.values())
    if not joined.isascii() and _ESCAPED_BYTE.search(joined):
        return MalformedRow(undecodable)
    # The limit of the csv module belongs to the whole process: someone else may have raised it.
    if len(joined) > MAX_CELL and any(len(cell) > MAX_CELL for cell in record.values()):
        return MalformedRow("cell_too_long")
    return record


# Arrow


def _arrow_batches(source: Any, report: ReportBuilder, batch_rows: int) -> Iterator[RowBatch]:
    try:
        pa = importlib.import_module("pyarrow")
    except ImportError:
        raise MissingExtraError("arrow", "reading Arrow data") from None
    try:
        if hasattr(source, "__arrow_c_stream__"):
            reader = pa.RecordBatchReader.from_stream(source)
        else:
            batch = pa.record_batch(source)
            reader = pa.RecordBatchReader.from_batches(batch.schema, [batch])
    except (pa.ArrowException, TypeError, ValueError):
        raise RecordsError("the Arrow data are not a table: a column for each field is needed") from None
    schema = reader.schema
    _check_columns([name for name in schema.names if name in COLUMNS])
    makers = {name: _arrow_maker(pa, name, schema.field(name).type) for name in COLUMNS if name in schema.names}

    def read() -> Iterator[RowBatch]:
        while True:
            try:
                batch = reader.read_next_batch()
            except StopIteration:
                return
            except pa.ArrowInvalid:
                raise RecordsError("the Arrow stream is damaged, or holds nulls for whole rows", report.read) from None
            for start in range(0, batch.num_rows, batch_rows):
                size = min(batch_rows, batch.num_rows - start)
                first = report.read
                columns = {}
                for name, make in makers.items():
                    try:
                        # Not a slice of the batch: its columns may be longer than it says it is.
                        columns[name] = _arrow_column(make(batch.column(name).slice(start, size)), size)
                    except pa.ArrowException:
                        raise RecordsError(f"column {name} cannot be read as text", first) from None
                report.read += size
                yield RowBatch(np.arange(first, report.read, dtype=np.int64), columns)

    return read()


def _arrow_maker(pa: Any, name: str, kind: Any) -> Callable[[Any], Any]:
    """How to make text of an Arrow array of this type."""
    large = pa.large_string()

    def cast(array: Any) -> Any:
        return array.cast(large)

    types = pa.types
    inner = kind.value_type if types.is_dictionary(kind) else kind
    if any(test(inner) for test in (types.is_string, types.is_large_string, types.is_string_view, types.is_null)):
        # Not every version casts a dictionary of string views at once.
        return (lambda array: array.dictionary_decode().cast(large)) if types.is_dictionary(kind) else cast
    if name == "dob":
        if types.is_integer(kind):
            return cast
        if types.is_date(kind) or types.is_timestamp(kind):
            return lambda array: array.cast(pa.date32()).cast(large)
        if types.is_list(kind) or types.is_large_list(kind):
            make = _arrow_maker(pa, name, kind.value_type)
            return lambda array: _arrow_joined(pa, array, make)
    raise RecordsError(f"column {name} is of Arrow type {kind}, which is not text" + (" or a date" * (name == "dob")))


def _arrow_joined(pa: Any, array: Any, make: Callable[[Any], Any]) -> Any:
    """Each list as one text with semicolons between its items that are not null."""
    compute = importlib.import_module("pyarrow.compute")
    lengths = compute.list_value_length(array).fill_null(0).to_numpy(zero_copy_only=False)
    items = make(array.flatten())
    parents = np.repeat(np.arange(len(array)), lengths)[items.is_valid().to_numpy(zero_copy_only=False)]
    offsets = np.searchsorted(parents, np.arange(len(array) + 1)).astype(np.int64)
    lists = pa.LargeListArray.from_arrays(pa.array(offsets), items.drop_null())
    return compute.binary_join(lists, pa.scalar(";", pa.large_string()))


def _arrow_column(array: Any, count: int) -> TextColumn:
    array.validate()
    start = array.offset
    bitmap, ends, text = array.buffers()
    offsets = np.require(np.frombuffer(ends, np.int64, count + 1, 8 * start), requirements="A")
    data = np.empty(0, np.uint8) if text is None else np.frombuffer(text, np.uint8)
    first, last = int(offsets[0]), int(offsets[-1])
    # Later code trusts the offsets, and these were made by someone else's library.
    if len(array) != count or first < 0 or last > len(data) or (offsets[1:] < offsets[:-1]).any():
        raise RecordsError("an Arrow column is damaged: its length or its offsets are wrong")
    valid = None
    if array.null_count:
        bits = np.frombuffer(bitmap, np.uint8)[start >> 3 : (start + count + 7) >> 3]
        valid = np.unpackbits(bits, bitorder="little")[start & 7 : (start & 7) + count]
    return TextColumn(data[first:last], offsets - first if first else offsets, valid)
