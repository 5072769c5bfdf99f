"""What was asked: a name with, perhaps, a date of birth and a sex, checked before any work is done."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from phonosearch._dates import PartialDate, pack, parse_date
from phonosearch._errors import QueryError
from phonosearch._kernel import text_rules
from phonosearch._names import Form, forms
from phonosearch._records import Person
from phonosearch._rules import LEVELS

__all__ = ["SEXES", "Query", "QueryLike", "level_number", "read_date", "read_query", "read_sex"]

SEXES = ("M", "F", "X")

QueryLike = str | Mapping[str, object] | Person


@dataclass(frozen=True, repr=False)
class Query:
    """A checked query."""

    text: str
    date: PartialDate | None
    sex: str | None

    @cached_property
    def forms(self) -> list[Form]:
        """The forms of the name."""
        return forms(self.text)

    @property
    def encoded(self) -> bytes:
        """The name in UTF-8."""
        return self.text.encode()

    @property
    def packed_date(self) -> int:
        """The date in the kernel's form, 0 for none."""
        return pack(self.date) if self.date else 0

    @property
    def sex_number(self) -> int:
        """The sex in the kernel's form, 0 for none."""
        return SEXES.index(self.sex) + 1 if self.sex else 0

    def __repr__(self) -> str:
        return f"Query(<{len(self.text)} characters>)"


def level_number(level: str) -> int:
    """The rung of a level on the ladder, from 0."""
    if level not in LEVELS:
        raise QueryError("level", f"must be one of {', '.join(LEVELS)}")
    return LEVELS.index(level)


def read_date(value: object) -> PartialDate | None:
    """A date of birth that is asked for: "1984", "1984-03", "1984-03-07", a date, or None."""
    if value is None:
        return None
    text = value.isoformat()[:10] if hasattr(value, "isoformat") else value
    if isinstance(text, int) and not isinstance(text, bool):
        text = str(text)
    if not isinstance(text, str):
        raise QueryError("dob", f"must be text or a date, not {type(value).__name__}")
    try:
        return parse_date(text)
    except ValueError:
        raise QueryError("dob", "is not a date; write 1984, 1984-03 or 1984-03-07") from None


def read_sex(value: object) -> str | None:
    """A sex that is asked for."""
    if value is None:
        return None
    if not isinstance(value, str) or value.upper() not in SEXES:
        raise QueryError("sex", f"must be one of {', '.join(SEXES)}, or left out")
    return value.upper()


def _text(value: object, field: str) -> str:
    if value is None:
        return ""
    if not isinstance(value, str):
        raise QueryError(field, f"must be text (str), not {type(value).__name__}")
    return value


def _name_of(query: Mapping[str, object]) -> str:
    known = {"full_name", "forenames", "surname", "dob", "sex"}
    if unknown := query.keys() - known:
        raise QueryError("query", f"has {len(unknown)} unknown field(s); use {', '.join(sorted(known))}")
    full = _text(query.get("full_name"), "full_name")
    if full:
        return full
    given = (_text(query.get("forenames"), "forenames"), _text(query.get("surname"), "surname"))
    return " ".join(part for part in given if part)


def read_query(query: QueryLike, dob: object = None, sex: object = None) -> Query:
    """Check what was asked.

    Raises
    ------
    QueryError
        An empty name, a wrong type, an unknown field, something that is not a date or a sex.
    LimitError
        A name over the limits.
    """
    if isinstance(query, str):
        text = query
    elif isinstance(query, Person):
        text = " ".join(part for part in (query.forenames, query.surname) if part)
        text = query.full_name or text
        if not text and query.names:
            first = query.names[0]
            text = first.full_name or " ".join(part for part in (first.forenames, first.surname) if part)
        dates = (query.dob,) if isinstance(query.dob, str) else query.dob or ()
        dob = dob if dob is not None else next(iter(dates), None)
        sex = sex if sex is not None else query.sex
    elif isinstance(query, Mapping):
        text = _name_of(query)
        dob = dob if dob is not None else query.get("dob")
        sex = sex if sex is not None else query.get("sex")
    else:
        raise QueryError("query", f"must be text, a mapping or a Person, not {type(query).__name__}")
    if not isinstance(text, str) or not text_rules().check(text.encode("utf-8", "surrogatepass")):
        forms(text)  # says what is wrong
    return Query(text, read_date(dob), read_sex(sex))
