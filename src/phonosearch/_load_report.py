"""The account of every record offered: what of it was indexed, rejected or left out, and why."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Literal, NamedTuple

import numpy as np
import numpy.typing as npt

from ._distance import osa_distance
from ._errors import LimitError, QueryError
from ._places import read_place
from ._row_batches import COLUMNS, KINDS, MAX_CELL, NAME_COLUMNS, Bytes, RowBatch, TextColumn
from ._rules import rules

__all__ = [
    "STATUS", "WARNINGS", "ColumnNote", "LoadReport", "MalformedRow", "ReportBuilder", "RowNote", "probably_meant",
    "reasons",
]  # fmt: skip

# The codes of the kernel: a status for each entry, and warning bits.
STATUS = {
    1: "empty_name",
    2: "name_too_long",
    3: "too_many_parts",
    4: "invalid_unicode",
    5: "missing_id",
    6: "id_too_long",
}
WARNINGS = {1: "bad_dob", 2: "bad_sex", 4: "bad_kind", 16: "both_names", 32: "bad_place"}

_REJECTIONS = {
    "not_a_record": "the record is neither a mapping nor a Person",
    "missing_id": "there is no person_id",
    "id_not_text": "the person_id is not text",
    "id_too_long": "the person_id is longer than {person_id_bytes} bytes in UTF-8",
    "empty_name": "there is no name: every name field is absent or empty",
    "name_not_text": "a name field is not text",
    "name_not_a_record": "an item of names is neither a mapping nor a Name",
    "names_not_a_list": "names is not a list or tuple",
    "name_too_long": "a name is longer than {name_code_points} characters",
    "too_many_parts": "a name has more than {parts} parts",
    "invalid_unicode": "the text is not valid Unicode",
    "too_few_cells": "the row has fewer cells than the header",
    "too_many_cells": "the row has more cells than the header",
    "not_utf8": "not valid UTF-8: give the encoding that the file is in",
    "undecodable": "not valid in the encoding that was given: give the one that the file is in",
    "cell_too_long": f"a cell is longer than {MAX_CELL:,} characters",
}
_SENTENCES = {
    **_REJECTIONS,
    **{f"other_{key}": f"one of several names was left out: {text}" for key, text in _REJECTIONS.items()},
    "bad_dob": "a date of birth was left out: it is no date from 1800 to 2200 as YYYY, YYYY-MM or YYYY-MM-DD",
    "dob_type": "a date of birth was left out: it is neither text, a year nor a date",
    "bad_sex": "the sex was left out: it is not M, F or X",
    "sex_type": "the sex was left out: it is not text",
    "bad_place": "a place was left out: it holds no letters and no UK postcode",
    "place_too_long": "a place was left out: it is longer than {place_code_points} characters",
    "too_many_towns": "a place was left out: it names more than {place_parts} towns or postcodes",
    "town_too_long": "a place was left out: a town in it is longer than {place_letters} letters",
    "town_of_many_parts": "a place was left out: a town in it has more than {parts} words",
    "place_unicode": "a place was left out: it is not valid Unicode",
    "place_type": "a place was left out: it is not text",
    "both_names": "forenames and surname were left out: full_name says another name",
    "sex_conflict": "the sex was left out: it contradicts another row of this person",
    "bad_kind": "the kind of a name was left out, so the name is an alias: it is not one of " + ", ".join(KINDS),
    "kind_type": "the kind of a name was left out, so the name is primary: it is not text",
    "id_blanks": "the person_id begins or ends with a blank, which was kept: without it, it is another one",
}
# The limit that a place is over, by what the error about it counts.
_PLACE_LIMITS = {
    "characters": "place_too_long",
    "towns or postcodes": "too_many_towns",
    "letters of one town": "town_too_long",
    "parts": "town_of_many_parts",
}
_BLANK = np.isin(np.arange(256), list(b" \t\r\n\v\f"))

MAX_NOTED_ID = 1024
_MOST_PLACES = 4096  # that are remembered

# What others call the columns, in small letters and without what stands between them.
_SYNONYMS = {
    "person_id": ("id", "pid", "urn", "nominalid", "nominalurn", "personurn", "personref", "reference"),
    "full_name": ("name", "nameinfull", "wholename", "personname", "displayname"),
    "forenames": ("firstname", "firstnames", "forename", "givenname", "givennames", "given", "first", "christianname"),
    "surname": ("lastname", "familyname", "family", "last"),
    "kind": ("nametype", "namekind", "type", "nameuse"),
    "dob": ("dateofbirth", "birthdate", "birthday", "birth", "born", "yearofbirth", "birthyear", "yob"),
    "sex": ("gender", "sexcode", "gendercode"),
    "place": ("town", "city", "postcode", "address", "location", "residence", "placeofresidence"),
    "age": ("ageyears", "ageinyears", "yearsold"),
    "age_on": ("agedate", "ageasof", "dateofage"),
}
# Which columns there are; only a record in Python can hold names within it.
Place = Literal["table", "record", "name"]
_KNOWN: Mapping[Place, tuple[str, ...]] = {
    "table": COLUMNS, "record": (*COLUMNS, "names"), "name": (*NAME_COLUMNS, "kind"),
}  # fmt: skip


@cache
def reasons() -> Mapping[str, str]:
    """The sentence for each reason; those about a limit tell the limit of the rules, which are not read on import."""
    limits = rules().limits
    return {key: sentence.format_map(limits) for key, sentence in _SENTENCES.items()}


def unread_date_reasons() -> tuple[str, ...]:
    """The reasons that say that a date of birth was left out."""
    return reasons()["bad_dob"], reasons()["dob_type"]


class RowNote(NamedTuple):
    """What was wrong with one row of the source.

    Parameters
    ----------
    row : int
        The row, counted from 0; neither the header of a CSV file nor an empty line counts, and ``CsvSource.line``
        gives the line.
    id : str or None
        The person_id, where it can be told; of a row of a CSV file that has too few or too many cells it is what
        stands in the column ``person_id``.
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


class ColumnNote(NamedTuple):
    """A column of the source, or a key of its mappings, that nothing was read from.

    Parameters
    ----------
    name : str
        As the source spells it; of a key in ``names``, with ``names.`` before it.
    suggestion : str or None
        The column that is probably meant. Where it only looks like one, that is one that the source lacks; where
        others call a column so, the source may have it as well.

    Examples
    --------
    >>> ColumnNote("date_of_birth", "dob").suggestion
    'dob'
    """

    name: str
    suggestion: str | None

    def __repr__(self) -> str:
        return f"ColumnNote(suggestion={self.suggestion!r})"


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
    unused_columns : tuple of ColumnNote
        The columns, or keys of mappings, whose names are not known: nothing was read from them. By name.
    contradictory_dates : int
        How many people have dates of birth that cannot be one; ``PersonIndex.contradictory_dates`` says who. All of
        the dates are kept.

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
    unused_columns: tuple[ColumnNote, ...] = ()
    contradictory_dates: int = 0

    def __repr__(self) -> str:
        unusual = f", unused_columns={len(self.unused_columns)}" if self.unused_columns else ""
        unusual += f", contradictory_dates={self.contradictory_dates}" if self.contradictory_dates else ""
        return (
            f"LoadReport(read={self.read}, indexed={self.indexed}, rejected={len(self.rejected)}, "
            f"warnings={len(self.warnings)}, persons={self.persons}, names={self.names}{unusual})"
        )

    def to_json(self) -> str:
        """The whole report, with the identifiers, as JSON text."""
        return json.dumps({field: getattr(self, field) for field in self.__slots__}, separators=(",", ":"))

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
            # Files of this format that were written before these were accounted for lack them.
            columns = tuple(ColumnNote(*note) for note in found.pop("unused_columns", ()))
            counts["contradictory_dates"] = found.pop("contradictory_dates", 0)
            good = not found and all(type(count) is int and count >= 0 for count in counts.values())
            for row, person_id, reason in (*notes["rejected"], *notes["warnings"]):
                good = good and type(row) is int and isinstance(person_id, str | None) and type(reason) is str
            for name, suggestion in columns:
                good = good and type(name) is str and isinstance(suggestion, str | None)
            good = good and counts["read"] == counts["indexed"] + len(notes["rejected"])
        except (ValueError, TypeError, LookupError, AttributeError, RecursionError):
            good = False
        if not good:
            raise ValueError("the text is not a load report")
        return cls(**counts, rejected=notes["rejected"], warnings=notes["warnings"], unused_columns=columns)


class MalformedRow(NamedTuple):
    """What a source yields in place of a record that it could not read: a key of `reasons`, and the person_id where it
    can be told."""

    reason: str
    person_id: str | None = None

    def __repr__(self) -> str:
        return f"MalformedRow(reason={self.reason!r})"


class ReportBuilder:
    """Collects what happens to rows while they are read and indexed."""

    def __init__(self) -> None:
        self.read = 0
        self._rejected: dict[int, RowNote] = {}
        self._warnings: dict[tuple[int, str], RowNote] = {}
        self._places: dict[str | None, tuple[str, ...]] = {}  # what stands for no place is often the same
        self._columns: dict[Place, set[str]] = {place: set() for place in _KNOWN}

    def columns(self, found: Iterable[object], place: Place) -> None:
        """Note the columns of a table, or the keys of a record or of one of its ``names``."""
        self._columns[place].update(map(str, found))

    def reject(self, row: int, person_id: str | None, reason: str) -> None:
        """Note that the row is not indexed. ``reason`` is a key of `reasons`; the first one of a row stands."""
        self._rejected.setdefault(row, RowNote(row, _noted(person_id), reasons()[reason]))

    def warn(self, row: int, person_id: str | None, reason: str) -> None:
        """Note that something of the row was left out; the same thing of the same row is noted once."""
        self._warnings.setdefault((row, reason), RowNote(row, _noted(person_id), reasons()[reason]))

    def entries(self, batch: RowBatch, status: Bytes, warn: Bytes) -> int:
        """Note what the kernel says of the entries of a batch; return how many of its rows are indexed."""
        rows = batch.rows
        if not len(rows):
            return 0
        distinct = 1 + int(np.count_nonzero(rows[1:] != rows[:-1]))
        blanks = _blanks_at_ends(batch.columns.get("person_id"))
        if not status.any() and not warn.any() and not blanks.size:
            return distinct
        for number in blanks[status[blanks] == 0].tolist():
            self.warn(int(rows[number]), batch.columns["person_id"].text(number), "id_blanks")
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
                        for found in self._place_reasons(batch, number) if reason == "bad_place" else (reason,):
                            self.warn(row, person_id, found)
            last = row
        return distinct - rejected_rows

    def _place_reasons(self, batch: RowBatch, number: int) -> tuple[str, ...]:
        """Why places of an entry were left out: the kernel says only that one was."""
        column = batch.columns.get("place")
        text = column.text(number) if column else ""
        found = self._places.get(text)
        if found is None:
            if len(self._places) >= _MOST_PLACES:
                self._places.clear()
            found = self._places[text] = _place_reasons(text)
        return found

    def finish(self, indexed: int, persons: int, names: int, contradictory_dates: int = 0) -> LoadReport:
        """The report, if the account is balanced; ``indexed`` is the sum of what `entries` returned."""
        if self.read != indexed + len(self._rejected):
            counts = f"{self.read} rows read, {indexed} indexed, {len(self._rejected)} rejected"
            raise RuntimeError(f"{counts}: the account is not balanced")
        rejected = tuple(note for _, note in sorted(self._rejected.items()))
        # Sorting is stable: the warnings of one row stay in the order in which they were found.
        warnings = tuple(sorted(self._warnings.values(), key=lambda note: note.row))
        unused = tuple(note for place, found in self._columns.items() for note in _unused(found, place))
        return LoadReport(self.read, indexed, rejected, warnings, persons, names, unused, contradictory_dates)


def _unused(found: set[str], place: Place) -> list[ColumnNote]:
    """The columns that are not known, and what each of them probably is."""
    known = _KNOWN[place]
    within = "names." if place == "name" else ""
    lacking = set(known) - found
    # A name is read from full_name or from its parts: who has one has no need of the other.
    if "full_name" in found:
        lacking -= {"forenames", "surname"}
    elif found & {"forenames", "surname"}:
        lacking.discard("full_name")
    return [
        ColumnNote(within + name, probably_meant(name, lacking) or _called(name, known))
        for name in sorted(found.difference(known))
    ]


def _letters(name: str) -> str:
    return "".join(filter(str.isalpha, name.lower()))


def _called(name: str, columns: Iterable[str]) -> str | None:
    """The column that others call so, if there is one."""
    letters = _letters(name)
    return next((column for column in columns if _is_called(letters, column)), None)


def _is_called(letters: str, column: str) -> bool:
    return letters == column.replace("_", "") or letters in _SYNONYMS.get(column, ())


def probably_meant(name: str, lacking: Iterable[str]) -> str | None:
    """Which of the columns that a source lacks one of a name that is not known probably is."""
    letters = _letters(name)
    if not 1 < len(letters) < 64:
        return None
    distances = []
    for column in set(_SYNONYMS).intersection(lacking):
        plain = column.replace("_", "")
        most = 2 if len(plain) > 5 else 1
        distance = 0 if _is_called(letters, column) else osa_distance(letters, plain, max_distance=most)
        # A short word is near too many others: its first letter is to agree, and none to be another ("doc", "seq").
        another = len(letters) == len(plain) < 5 and sorted(letters) != sorted(plain)
        if distance == 0 or (distance <= most and letters[0] == plain[0] and not another):
            distances.append((distance, column))
    return min(distances)[1] if distances else None


def _place_reasons(text: str | None) -> tuple[str, ...]:
    if text is None:
        return ("place_unicode",)
    found = {}
    for item in re.split("[;|]", text):
        try:
            item.encode()
            if item.strip(" \t"):
                read_place(item)
        except UnicodeEncodeError:
            found["place_unicode"] = True
        except LimitError as error:
            found[_PLACE_LIMITS.get(error.unit, "bad_place")] = True
        except QueryError:
            found["bad_place"] = True
    return tuple(found) or ("bad_place",)


def _blanks_at_ends(column: TextColumn | None) -> npt.NDArray[np.intp]:
    """The entries that begin or end with a blank."""
    if column is None or not (column.data < 33).any():  # the usual case, in a twentieth of the time
        return np.empty(0, np.intp)
    starts, ends = column.offsets[:-1], column.offsets[1:]
    last = len(column.data) - 1
    at_ends = _BLANK[column.data[np.minimum(starts, last)]] | _BLANK[column.data[np.maximum(ends - 1, 0)]]
    return np.flatnonzero(at_ends & (ends > starts))


def _noted(person_id: str | None) -> str | None:
    # A part of an identifier could be the identifier of another person.
    return None if person_id is None or len(person_id) > MAX_NOTED_ID else person_id
