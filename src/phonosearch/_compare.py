"""Two names, or two people, side by side."""

from __future__ import annotations

from dataclasses import dataclass

from phonosearch import _align
from phonosearch._answer import Evidence, band_of, evidence_of, form_kind, level_name
from phonosearch._kernel import text_rules
from phonosearch._names import forms
from phonosearch._query import QueryLike, dates_of, names_of, sex_of
from phonosearch._reference import NO_LEVEL, date_kind, precision_of, sex_kind

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

    @property
    def band(self) -> str:
        """The score in words: "almost certainly", "probable", "possible" or "unlikely" one name."""
        return band_of(self.score)

    def explain(self) -> str:
        """One readable sentence for each part, with its points."""
        return "\n".join(f"{item.points:+5d}  {item.text}" for item in self.evidence)

    def __repr__(self) -> str:
        return f"Comparison(score={self.score}, level={self.level!r})"


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
    asked_dates, dates = dates_of(a), dates_of(b)
    agreement, precision = max(
        ((date_kind(date, dates), precision_of(date)) for date in asked_dates), default=(date_kind(None, ()), 3)
    )
    same_sex = sex_kind(sex_of(a), sex_of(b))
    names = [(name, forms(name)) for name in names_of(b)]
    best = None
    level = NO_LEVEL
    for asked in names_of(a):
        asked_forms = forms(asked)
        for name, name_forms in names:
            encoded = asked.encode(), name.encode()
            row = _align.compare_names(text_rules(), *encoded, int(agreement), int(same_sex), precision)
            level = min(level, row[2])
            if best is None or row[1] > best[0][1]:
                best = row, asked_forms[row[4]], name_forms[row[5]]
    assert best is not None
    row, one, other = best
    evidence = evidence_of(row, one.parts, other.parts, form_kind(one.kind, other.kind))
    return Comparison(row[1], level_name(level), evidence)
