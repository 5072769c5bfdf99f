"""Two names, or two people, side by side."""

from __future__ import annotations

from phonosearch import _pair
from phonosearch._agreement import date_agreement
from phonosearch._answer import level_name
from phonosearch._dates import pack
from phonosearch._errors import QueryError
from phonosearch._evidence import Evidence, form_kind
from phonosearch._kernel import text_rules
from phonosearch._names import form_of_kind, forms
from phonosearch._query import QueryLike, age_of, dates_of, fields_of, names_of, places_of, read_asked_place, read_sex
from phonosearch._reference import NO_LEVEL
from phonosearch._reference_agreement import PlaceKind, age_kind, place_asked, place_kind, precision_of, sex_kind
from phonosearch._rules import rules
from phonosearch._sentences import evidence_of

__all__ = ["Comparison", "compare"]

LEVEL_BITS = 3
LEVEL_MASK = (1 << LEVEL_BITS) - 1


class Comparison:
    """How two names or people agree.

    Attributes
    ----------
    score : int
        0 to 1000; 1000 only when all that the first holds agrees exactly.
    level : str or None
        The first match level that accepts the pair; None if none does.
    band : str
        The score in words: "almost certainly", "probable", "possible" or "unlikely" one name.
    evidence : tuple of Evidence
        Why, in points that add up to the score.
    """

    __slots__ = ("_besides", "_evidence", "_found", "_names")

    def __init__(self, found: int, asked: str, name: str, besides: tuple[int, ...] = ()) -> None:
        self._found = found
        self._names = asked, name
        self._besides = besides
        self._evidence: tuple[Evidence, ...] | None = None

    @property
    def score(self) -> int:
        return self._found >> LEVEL_BITS

    @property
    def level(self) -> str | None:
        return level_name(self._found & LEVEL_MASK)

    @property
    def band(self) -> str:
        return rules().band_of(self.score)

    @property
    def _row(self) -> tuple[int, ...]:
        # The names are compared once more: most who compare want no evidence, and it costs more than that anyway.
        asked, name = self._names
        return _pair.compare_names(text_rules(), asked.encode(), name.encode(), *self._besides)

    @property
    def evidence(self) -> tuple[Evidence, ...]:
        if self._evidence is None:
            asked, name = self._names
            row = self._row
            one, other = forms(asked)[row[4]], form_of_kind(forms(name), row[5])
            self._evidence = evidence_of(row, one.parts, other.parts, self._names, form_kind(one.kind, other.kind))
        return self._evidence

    def explain(self) -> str:
        """One readable sentence for each part, with its points."""
        return "\n".join(f"{item.points:+5d}  {item.text}" for item in self.evidence)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Comparison):
            return NotImplemented
        return (self.score, self.level, self.evidence) == (other.score, other.level, other.evidence)

    def __hash__(self) -> int:
        return hash((self.score, self.level, self.evidence))

    def __repr__(self) -> str:
        return f"Comparison(score={self.score}, level={self.level!r})"


def compare(a: QueryLike, b: QueryLike) -> Comparison:
    """Compare two names, or two people, by exactly the rules of a search.

    The first is what is asked, the second what is on record: a date of birth, an age, a sex or a place counts when the
    first has one. Of several names, dates or places those that agree best are compared. The score is graded also where
    no level accepts the pair.

    Parameters
    ----------
    a, b : str, mapping or Person

    Raises
    ------
    QueryError, LimitError
        As for a search.

    Notes
    -----
    Costs a few microseconds, with the square of the number of parts; ten times that once the evidence is asked for.

    Examples
    --------
    >>> found = compare("Jon Smith", "John Smythe")
    >>> found.level
    'variant'
    >>> sum(item.points for item in found.evidence) == found.score
    True
    """
    if type(a) is str and type(b) is str:
        return Comparison(_found(a, b), a, b)
    recorded = fields_of(b)
    dates = dates_of(recorded.get("dob"))
    if age_of(recorded) is not None:
        raise QueryError("age", "is on the second person, who is on record; give the date of birth there, as dob")
    fields = fields_of(a)
    asked_age = age_of(fields)
    agreement, birth = 0, 3
    if asked_age is not None:
        widths = rules().age_widths
        agreement, birth = age_kind(asked_age, dates), 4 + sum(width < asked_age.years for width in widths)
    else:
        packed = [pack(date) for date in dates]
        for date in dates_of(fields.get("dob")):
            agreement, birth = max((agreement, birth), (date_agreement(pack(date), packed), precision_of(date)))
    places = places_of(recorded.get("place"))
    same_place, place = PlaceKind.NOT_ASKED, 1
    for asked_place in map(read_asked_place, places_of(fields.get("place"))):
        same_place, place = max(
            (same_place, place), (place_kind(asked_place, places), place_asked(asked_place))
        )
    same_sex = sex_kind(read_sex(fields.get("sex")), read_sex(recorded.get("sex")))
    names = names_of(recorded)
    generations = 0
    for name in names if len(names) > 1 else ():
        generations |= text_rules().generations(name.encode("utf-8", "surrogatepass"))
    besides = (agreement, int(same_sex), birth, int(same_place), place, generations)
    best: tuple[int, str, str] | None = None
    level = NO_LEVEL
    for asked in names_of(fields):
        for name in names:
            found = _found(asked, name, *besides)
            level = min(level, found & LEVEL_MASK)
            if best is None or found >> LEVEL_BITS > best[0] >> LEVEL_BITS:
                best = found, asked, name
    assert best is not None
    return Comparison(best[0] & ~LEVEL_MASK | level, *best[1:], besides)


def _found(asked: str, name: str, *besides: int) -> int:
    """The score and the level of two names, in one number."""
    try:
        return _pair.score_names(text_rules(), asked, name, *besides)
    except ValueError:
        forms(asked)  # these say what is wrong
        forms(name)
        raise
