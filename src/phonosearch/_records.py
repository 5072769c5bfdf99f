"""Records, and any source of them as columnar batches.

A source is anything that speaks Arrow, or any iterable of mappings or `Person` objects, such as `CsvSource`. What is
wrong with one record is reported and reading goes on; only a source that cannot be read at all raises.
"""

from __future__ import annotations

import datetime
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from ._errors import RecordsError
from ._load_report import STATUS, WARNINGS, ColumnNote, LoadReport, MalformedRow, ReportBuilder, RowNote, reasons
from ._records_arrow import arrow_batches
from ._records_csv import CsvSource
from ._row_batches import COLUMNS, KINDS, NAME_COLUMNS, RowBatch, TextColumn

__all__ = [
    "COLUMNS",
    "KINDS",
    "STATUS",
    "WARNINGS",
    "ColumnNote",
    "CsvSource",
    "LoadReport",
    "MalformedRow",
    "Name",
    "Person",
    "ReportBuilder",
    "RowBatch",
    "RowNote",
    "TextColumn",
    "absent",
    "batches",
    "reasons",
]

MAX_SHAPES = 1024  # of records that are remembered

_Optional = str | None
_Entry = tuple[int, str, _Optional, _Optional, _Optional, _Optional, _Optional, _Optional, _Optional]


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
    place : str or tuple of str, optional
        One or several places: towns, UK postcodes, or both ("Headingley, Leeds LS6 2AB").

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
    place: tuple[str, ...] | str | None = None

    def __repr__(self) -> str:
        return f"Person(person_id={self.person_id!r})"


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
        return arrow_batches(source, report, batch_rows)
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
    shapes: set[tuple[object, ...]] = set()
    file = source if isinstance(source, CsvSource) else None  # its records have the columns that are known only
    for row, item in enumerate(source):
        report.read += 1
        record: Mapping[object, object]
        if type(item) is dict or isinstance(item, Mapping):
            record = item
            if file is None and (keys := tuple(record)) not in shapes:
                report.columns(keys, "record")
                # Most sources have a few shapes of record; one that has a new one each time must not fill memory.
                if len(shapes) >= MAX_SHAPES:
                    shapes.clear()
                shapes.add(keys)
        elif isinstance(item, Person):
            record = {name: getattr(item, name) for name in Person.__slots__}
        else:
            malformed = item if isinstance(item, MalformedRow) else MalformedRow("not_a_record")
            report.reject(row, malformed.person_id, malformed.reason)
            continue
        get = record.get
        person_id = get("person_id")
        if not isinstance(person_id, str) or not person_id:
            missing = person_id == "" if isinstance(person_id, str) else absent(person_id)
            report.reject(row, None, "missing_id" if missing else "id_not_text")
            continue
        full_name, forenames, surname = get("full_name"), get("forenames"), get("surname")
        kind, dob, sex, names, place = get("kind"), get("dob"), get("sex"), get("names"), get("place")
        if dob is not None and type(dob) is not str:
            dob = _dob_text(dob, lambda: report.warn(row, person_id, "dob_type"))  # noqa: B023  # called at once
        if place is not None and type(place) is not str:
            place = _place_text(place, lambda: report.warn(row, person_id, "place_type"))  # noqa: B023  # called at once
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
            entries.append((row, person_id, full_name, forenames, surname, kind, dob, sex, place))  # type: ignore[arg-type]
        else:
            for name in _names(record, row, person_id, report):
                entries.append((row, person_id, *name, dob, sex, place))  # type: ignore[arg-type]
        if len(entries) >= batch_rows:
            yield _batch(entries)
            entries = []
    if file is not None:
        report.columns(file.columns, "table")
    if entries:
        yield _batch(entries)


def _names(
    record: Mapping[object, object], row: int, person_id: str, report: ReportBuilder
) -> list[tuple[str | None, str | None, str | None, str | None]]:
    """The usable names of a record; the reasons of the others go to the report."""
    candidates: list[object] = []
    problems: list[str] = []
    if not all(absent(value) or (isinstance(value, str) and not value) for value in map(record.get, NAME_COLUMNS)):
        candidates.append(record)
    more = record.get("names")
    if isinstance(more, list | tuple):
        candidates += more
    elif not absent(more):
        problems.append("names_not_a_list")
    usable = []
    for item in candidates:
        if isinstance(item, Name):
            fields: Mapping[object, object] = {name: getattr(item, name) for name in Name.__slots__}
        elif isinstance(item, Mapping):
            fields = item
            if item is not record:
                report.columns(item, "name")
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


def absent(value: object) -> bool:
    """Whether a value stands for none; data frames say so with NaN or NaT, which differ from themselves."""
    return value is None or (isinstance(value, float | datetime.date) and value != value)


def _text(value: object, warn: Callable[[], None]) -> str | None:
    if isinstance(value, str):
        return value
    if not absent(value):
        warn()
    return None


def _dob_text(value: object, warn: Callable[[], None]) -> str | None:
    found = []
    for item in value if isinstance(value, list | tuple) else (value,):
        if isinstance(item, str):
            found.append(item)
        elif absent(item):
            continue
        elif isinstance(item, datetime.date):
            found.append(f"{item.year:04}-{item.month:02}-{item.day:02}")
        elif isinstance(item, int | np.integer) and not isinstance(item, bool) and 0 <= item <= 9999:
            found.append(f"{item:04}")
        else:
            warn()
    return ";".join(found) if found else None


def _place_text(value: object, warn: Callable[[], None]) -> str | None:
    found = [
        text
        for item in (value if isinstance(value, list | tuple) else (value,))
        if (text := _text(item, warn)) is not None
    ]
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
