"""What was asked: a name and, perhaps, a date of birth or an age, a sex and a place; checked before any work."""

from __future__ import annotations

import datetime
import operator
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TypeVar

from phonosearch._agreement import Asked
from phonosearch._dates import FIRST_YEAR, LAST_YEAR, AskedAge, PartialDate, pack, parse_date
from phonosearch._errors import QueryError
from phonosearch._kernel import text_rules
from phonosearch._names import KINDS, Form, forms
from phonosearch._places import Place, pack_postcode, read_place
from phonosearch._records import Name, Person, absent
from phonosearch._rules import LEVELS, rules

__all__ = [
    "SEXES", "Query", "QueryLike", "age_of", "dates_of", "fields_of", "level_number", "names_of", "places_of",
    "read_age", "read_asked_place", "read_query", "read_sex", "whole_number",
]  # fmt: skip

SEXES = ("M", "F", "X")

QueryLike = str | Mapping[str, object] | Person

_Value = TypeVar("_Value")


@dataclass(repr=False, eq=False)     # not frozen, which would take a microsecond of every search
class Query:
    """A checked query; nobody alters it."""

    text: str
    date: PartialDate | None
    sex: str | None
    age: AskedAge | None = None
    place: Place | None = None

    @cached_property
    def forms(self) -> list[Form]:
        """The forms of the name."""
        _, parts, kinds = text_rules().forms(self.text)
        return [Form(*form) for form in zip(parts, map(KINDS.__getitem__, kinds), strict=True)]

    @property
    def encoded(self) -> bytes:
        """The name in UTF-8."""
        return self.text.encode()

    @property
    def asked(self) -> Asked | None:
        """What is asked besides the name, in the kernel's form; None for nothing."""
        if self.date is None and self.sex is None and self.age is None and self.place is None:
            return None
        date = pack(self.date) if self.date else 0
        age = (self.age.low, self.age.high, pack(self.age.on)) if self.age else None
        place = self.place or Place()
        return Asked(
            date,
            SEXES.index(self.sex) + 1 if self.sex else 0,
            age,
            tuple(town.encode() for town in place.towns),
            pack_postcode(place.postcodes[0]) if place.postcodes else 0,
        )

    def __repr__(self) -> str:
        return f"Query(<{len(self.text)} characters>)"


def whole_number(value: object) -> int | None:
    """A whole number of any type, such as one of NumPy's; None for anything else, and for True."""
    if type(value) is int:
        return value
    try:
        return None if isinstance(value, bool) else operator.index(value)  # type: ignore[arg-type]
    except TypeError:
        return None


def level_number(level: str) -> int:
    """The rung of a level on the ladder, from 0."""
    try:
        return _NUMBER_OF_LEVEL[level]
    except (KeyError, TypeError):
        raise QueryError("level", f"must be one of {', '.join(LEVELS)}") from None


_NUMBER_OF_LEVEL = {level: number for number, level in enumerate(LEVELS)}


def _date_text(value: object) -> object:
    """A date as text, in the forms that are read on record too; anything else as it is."""
    if isinstance(value, str):
        return value.strip(" \t")
    if isinstance(value, datetime.date):
        return f"{value.year:04}-{value.month:02}-{value.day:02}"
    number = whole_number(value)
    return value if number is None else str(number)


def _read_date(value: object) -> PartialDate:
    text = _date_text(value)
    if not isinstance(text, str):
        raise QueryError("dob", f"must be text or a date, not {type(value).__name__}")
    try:
        return parse_date(text)
    except ValueError:
        problem = f"is not a date from {FIRST_YEAR} to {LAST_YEAR}; write 1984, 1984-03 or 1984-03-07, or leave it out"
        raise QueryError("dob", problem) from None


_BETWEEN_DATES = re.compile("[;|]")
_AGES = re.compile(r"\s*([0-9]{1,3})\s*(?:[-–]\s*([0-9]{1,3})\s*)?")


def _ages(value: object) -> tuple[int, int]:
    """The least and the greatest age of 34, "34", "30-40" or (30, 40)."""
    if isinstance(value, str):
        found = _AGES.fullmatch(value)
        if not found:
            raise ValueError
        return int(found[1]), int(found[2] or found[1])
    both = value if isinstance(value, list | tuple) else (value, value)
    if len(both) != 2 or any(isinstance(age, bool) for age in both):
        raise ValueError
    low, high = map(operator.index, both)
    return low, high


def read_age(age: object, age_on: object) -> AskedAge | None:
    """An age that is asked for, and the day on which it is meant."""
    if absent(age):
        if not absent(age_on):
            raise QueryError("age_on", "is given without an age; give the age too, or leave both out")
        return None
    most, widest = rules().limits["age"], rules().age_widths[-1]
    try:
        low, high = _ages(age)
    except (ValueError, TypeError):
        low, high = -1, -1
    if not 0 <= low <= high <= most:
        raise QueryError("age", f"is not an age from 0 to {most}; write 34, or a range as 30-40, or leave it out")
    if high - low >= widest:
        raise QueryError("age", f"is a range of more than {widest} years, which says little; narrow it or leave it out")
    if absent(age_on):
        raise QueryError(
            "age_on",
            "is needed with an age: give the day on which the person was said to be of it, as 2026-11-23; no answer "
            "depends on the clock",
        )
    text = _date_text(age_on)
    try:
        day = parse_date(text) if isinstance(text, str) else PartialDate(0)
    except ValueError:
        day = PartialDate(0)
    if not day.day:
        raise QueryError("age_on", f"is not a day from {FIRST_YEAR} to {LAST_YEAR}; write it as 2026-11-23")
    return AskedAge(low, high, day)


def read_sex(value: object) -> str | None:
    """A sex that is asked for."""
    if absent(value):
        return None
    sex = value.strip(" \t").upper() if isinstance(value, str) else ""
    if sex not in SEXES:
        raise QueryError("sex", f"must be one of {', '.join(SEXES)}, or left out")
    return sex


FIELDS = ("person_id", "full_name", "forenames", "surname", "names", "kind", "dob", "sex", "age", "age_on", "place")


_KNOWN = frozenset(FIELDS)


def fields_of(value: object) -> dict[str, object]:
    """The fields of a text, a mapping, a Person or a Name."""
    if isinstance(value, str):
        return {"full_name": value}
    if type(value) is dict or isinstance(value, Mapping):     # the second asks more slowly
        if not _KNOWN.issuperset(value):
            raise QueryError("query", f"has an unknown field; use {', '.join(FIELDS)}")
        return dict(value)
    if isinstance(value, Person | Name):
        return {field: getattr(value, field) for field in FIELDS if hasattr(value, field)}
    raise QueryError("query", f"must be text, a mapping or a Person, not {type(value).__name__}")


def _plain(text: str) -> str:
    """Text that the kernel takes: not of a subclass, such as a string of NumPy's."""
    return text if type(text) is str else str.__str__(text)


def _name_text(fields: Mapping[str, object]) -> str:
    found = {}
    for field in ("full_name", "forenames", "surname"):
        value = fields.get(field)
        if not isinstance(value, str) and not absent(value):
            raise QueryError(field, f"must be text (str), not {type(value).__name__}")
        found[field] = _plain(value) if isinstance(value, str) else ""
    whole, parts = found["full_name"], " ".join(part for part in (found["forenames"], found["surname"]) if part)
    if whole and parts and whole.split() != parts.split():
        raise QueryError(
            "full_name", "is given beside forenames or a surname that say another name; leave the one or the other out"
        )
    return whole or parts


def names_of(fields: Mapping[str, object]) -> list[str]:
    """The names of what is asked or compared, each once, in order; not yet read."""
    names = [_name_text(fields)]
    others = fields.get("names")
    if not others:
        return names
    if not isinstance(others, list | tuple):
        raise QueryError("names", f"must be a list or tuple, not {type(others).__name__}")
    names += [_plain(other) if isinstance(other, str) else _name_text(fields_of(other)) for other in others]
    return [name for name in dict.fromkeys(names) if name] or [""]


def dates_of(given: object) -> tuple[PartialDate, ...]:
    """The dates of birth of what is asked or compared: one, several or None; in a text also parted by semicolons or
    bars, as on record."""
    if given is None:
        return ()
    found: list[PartialDate] = []
    for item in given if isinstance(given, list | tuple) else (given,):
        if isinstance(item, str):
            found += map(_read_date, [text for text in _BETWEEN_DATES.split(item) if text.strip(" \t")] or [item])
        elif not absent(item):
            found.append(_read_date(item))
    return tuple(found)


def age_of(fields: Mapping[str, object]) -> AskedAge | None:
    """The age of what is asked, which has no date of birth beside it."""
    age = read_age(fields.get("age"), fields.get("age_on"))
    if age is not None and dates_of(fields.get("dob")):
        raise QueryError("age", _AGE_AND_DATE)
    return age


_AGE_AND_DATE = "is asked beside a date of birth, which says more; leave one of them out"


def places_of(given: object) -> tuple[Place, ...]:
    """The places of what is asked or compared: one, several or None."""
    items = given if isinstance(given, list | tuple) else (given,)
    return tuple(read_place(item) for item in items if not absent(item))


def read_asked_place(place: Place) -> Place:
    """A place that is asked for."""
    if len(place.postcodes) > 1:
        raise QueryError("place", "holds several postcodes; ask for one of them")
    return place


def _one(field: str, several: str, values: Sequence[_Value]) -> _Value | None:
    """The one value that a question may hold; to ask by the first of several would pass over the others in silence."""
    if len(values) > 1 and any(value != values[0] for value in values):
        raise QueryError(
            field, f"holds several {several}; ask by one of them at a time, or use compare for two whole records"
        )
    return values[0] if values else None


def _either(field: str, beside: _Value | None, within: _Value | None) -> _Value | None:
    """What is given beside a query or within it; both may say the same."""
    if beside is not None and within is not None and beside != within:
        raise QueryError(field, "is given in the query and beside it, and they differ; leave one of them out")
    return within if beside is None else beside


def read_query(
    query: QueryLike,
    dob: object = None,
    sex: object = None,
    age: object = None,
    age_on: object = None,
    place: object = None,
) -> Query:
    """Check what was asked: one name, and at most one date of birth or age, sex and place.

    Raises
    ------
    QueryError
        An empty name, a wrong type, an unknown field, something that is not a date, an age, a sex or a place; several
        of one of them, or names that contradict each other.
    LimitError
        A name over the limits.
    """
    # Most queries are a name alone: what is None is not looked at, which would take a microsecond.
    date = None if dob is None else _one("dob", _DATES, dates_of(dob))
    years = None if age is None and age_on is None else read_age(age, age_on)
    known_sex = None if sex is None else read_sex(sex)
    asked = None if place is None else _one("place", _PLACES, places_of(place))
    if isinstance(query, str):
        text = _plain(query)
    else:
        fields = fields_of(query)
        text = _one("names", "names", names_of(fields)) or ""
        years = _either("age", years, age_of(fields))
        date = _either("dob", date, _one("dob", _DATES, dates_of(fields.get("dob"))))
        known_sex = _either("sex", known_sex, read_sex(fields.get("sex")))
        asked = _either("place", asked, _one("place", _PLACES, places_of(fields.get("place"))))
    if not text_rules().check(text.encode("utf-8", "surrogatepass")):
        forms(text)  # says what is wrong
    if years is not None and date is not None:
        raise QueryError("age", _AGE_AND_DATE)
    if asked is not None:
        read_asked_place(asked)
    return Query(text, date, known_sex, years, asked)


_DATES, _PLACES = "dates of birth", "places"
