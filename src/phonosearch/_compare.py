"""Two names, or two people, side by side."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from phonosearch import _align
from phonosearch._answer import Evidence, evidence_of, form_kind, level_name
from phonosearch._dates import PartialDate
from phonosearch._errors import QueryError
from phonosearch._kernel import text_rules
from phonosearch._names import forms
from phonosearch._query import QueryLike, read_date, read_sex
from phonosearch._records import Person
from phonosearch._reference import date_kind, sex_kind

__all__ = ["Comparison", "compare"]


@dataclass(frozen=True, slots=True, repr=False)
class Comparison:
    """How two names or people agree.

    Attributes
    ----------
    score : int
        0 to 1000; 1000 only when all that the first holds agrees exactly.
    level : str or None
        The first match level that accepts the pair; None if none does.
    evidence : tuple of Evidence
        Why, in points that add up to the score.
    """

    score: int
    level: str | None
    evidence: tuple[Evidence, ...]

    def explain(self) -> str:
        """One readable sentence for each part, with its points."""
        return "\n".join(f"{item.points:+5d}  {item.text}" for item in self.evidence)

    def __repr__(self) -> str:
        return f"Comparison(score={self.score}, level={self.level!r})"


def _joined(forenames: object, surname: object) -> str:
    given = [part for part in (forenames, surname) if part]
    if not all(isinstance(part, str) for part in given):
        raise QueryError("name", "forenames and surname must be text (str)")
    return " ".join(str(part) for part in given)


def _person(value: QueryLike) -> tuple[list[str], tuple[PartialDate, ...], str | None]:
    """Names, dates of birth and sex of what is compared."""
    if isinstance(value, str):
        return [value], (), None
    if isinstance(value, Mapping):
        try:
            value = Person(**value)  # type: ignore[arg-type]
        except TypeError:
            try:
                value = Person(person_id="-", **value)  # type: ignore[arg-type]
            except TypeError:
                raise QueryError("person", "has an unknown field; use those of phonosearch.Person") from None
    if not isinstance(value, Person):
        raise QueryError("person", f"must be text, a mapping or a Person, not {type(value).__name__}")
    names = [value.full_name or _joined(value.forenames, value.surname)]
    for name in value.names or ():
        if isinstance(name, str):
            names.append(name)
        elif isinstance(name, Mapping):
            names.append(str(name.get("full_name") or "") or _joined(name.get("forenames"), name.get("surname")))
        else:
            names.append(name.full_name or _joined(name.forenames, name.surname))
    names = [name for name in dict.fromkeys(names) if name]
    if not names:
        raise QueryError("name", "is empty; give at least one letter")
    recorded = (value.dob,) if isinstance(value.dob, str | int) or hasattr(value.dob, "isoformat") else value.dob or ()
    dates = tuple(date for date in map(read_date, recorded) if date)
    return names, dates, read_sex(value.sex)


def compare(a: QueryLike, b: QueryLike) -> Comparison:
    """Compare two names, or two people, by exactly the rules of a search.

    The first is what is asked, the second what is on record: a date of birth or a sex counts when the first has one. Of
    several names the two that agree best are compared. The score is graded also where no level accepts the pair.

    Parameters
    ----------
    a, b : str, mapping or Person

    Raises
    ------
    QueryError, LimitError
        As for a search.

    Notes
    -----
    Costs a few microseconds and the square of the number of parts.

    Examples
    --------
    >>> found = compare("Jon Smith", "John Smythe")
    >>> found.level
    'variant'
    >>> sum(item.points for item in found.evidence) == found.score
    True
    """
    asked_names, asked_dates, asked_sex = _person(a)
    names, dates, sex = _person(b)
    agreement = max((date_kind(date, dates) for date in asked_dates), default=date_kind(None, ()))
    same_sex = sex_kind(asked_sex, sex)
    best = None
    for asked in asked_names:
        asked_forms = forms(asked)
        for name in names:
            name_forms = forms(name)
            encoded = asked.encode(), name.encode()
            row = _align.compare_names(text_rules(), *encoded, int(agreement), int(same_sex))
            score, level, query_form, name_form = row[1], row[2], row[4], row[5]
            if best is None or (level, -score) < (best[0][2], -best[0][1]):
                best = row, asked_forms[query_form], name_forms[name_form]
    assert best is not None
    row, one, other = best
    evidence = evidence_of(row, one.parts, other.parts, form_kind(one, other))
    return Comparison(row[1], level_name(row[2]), evidence)
