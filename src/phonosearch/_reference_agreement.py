"""How what is asked besides a name agrees with what is on record, and what that earns: the specification.

``_agreement.pyx`` is its compiled twin.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import IntEnum
from typing import NamedTuple

from phonosearch._dates import AskedAge, PartialDate
from phonosearch._places import Place, outward
from phonosearch._rules import rules

__all__ = [
    "AgeKind", "DateKind", "GenerationKind", "OtherEvidence", "PlaceKind", "SexKind", "age_kind", "date_kind",
    "generation_kind", "generation_points", "place_asked", "place_kind", "precision_of", "sex_kind",
]  # fmt: skip


class DateKind(IntEnum):
    """How a date of birth that was asked for agrees with those on record."""

    NOT_ASKED = 0
    CONTRADICTED = 1
    SIMILAR = 2
    ABSENT = 3
    NEAR_YEAR = 4
    ONE_DIGIT = 5
    DIGITS_SWAPPED = 6
    PLACEHOLDER = 7
    PARTIAL = 8
    SWAPPED = 9
    EXACT_PLACEHOLDER = 10
    EXACT = 11


class AgeKind(IntEnum):
    """How an age that was asked for agrees with the dates of birth on record; numbered after those of ``DateKind``,
    since no query asks both."""

    NOT_ASKED = 0
    CONTRADICTED = 12
    ABSENT = 13
    NEAR_5 = 14
    NEAR_2 = 15
    NEAR_1 = 16
    POSSIBLE = 17
    EXACT = 18


class SexKind(IntEnum):
    """How a sex that was asked for agrees with the one on record."""

    NOT_ASKED = 0
    CONTRADICTED = 1
    ABSENT = 2
    EXACT = 3


class PlaceKind(IntEnum):
    """How a place that was asked for agrees with those on record."""

    NOT_ASKED = 0
    CONTRADICTED = 1
    ABSENT = 2
    TOWN = 3
    DISTRICT = 4
    EXACT = 5


class GenerationKind(IntEnum):
    """How a generation that was asked for (Jr, Sr, II, III) agrees with those on record."""

    NOT_ASKED = 0
    CONTRADICTED = 1
    ABSENT = 2
    EXACT = 3


class OtherEvidence(NamedTuple):
    """How what is asked besides the name agrees; ``precision`` of the date asked: 1 year, 2 month, 3 day; ``years`` in
    the range of ages asked; ``asked`` of the place: 1 towns, 2 a district, 3 a postcode."""

    date: DateKind = DateKind.NOT_ASKED
    precision: int = 3
    sex: SexKind = SexKind.NOT_ASKED
    age: AgeKind = AgeKind.NOT_ASKED
    years: int = 1
    place: PlaceKind = PlaceKind.NOT_ASKED
    asked: int = 1

    def points(self) -> dict[str, int]:
        """Points of 1000 left for the name, and those that each piece of evidence earns."""
        r = rules()
        asked: dict[str, tuple[str | None, IntEnum]] = {
            "date": (r.birth_field(self.precision, 0), self.date),
            "age": (r.birth_field(0, self.years), self.age),
            "sex": ("sex", self.sex),
            "place": (r.place_field(self.asked), self.place),
        }
        fields = {name: field for name, (field, kind) in asked.items() if field and kind}
        share, points = r.shares(*fields.values())
        earned = dict.fromkeys(asked, 0) | {
            name: by_state.get(asked[name][1].name.lower(), 0) for name, by_state in zip(fields, points, strict=True)
        }
        return {"name": share} | earned


def _is_placeholder(date: PartialDate) -> bool:
    """Whether it is 1 January, which is written for a day that is not known."""
    return (date.month, date.day) == (1, 1)


def _date_kind(asked: PartialDate, recorded: PartialDate) -> DateKind:
    known = [(a, b) for a, b in zip(asked, recorded, strict=True) if a and b]
    if all(a == b for a, b in known):
        precise = all(b or not a for a, b in zip(asked, recorded, strict=True))
        if precise and _is_placeholder(asked):
            return DateKind.EXACT_PLACEHOLDER
        return DateKind.EXACT if precise else DateKind.PARTIAL
    same_year = asked.year == recorded.year
    if len(known) == 3 and same_year and (asked.month, asked.day) == (recorded.day, recorded.month):
        return DateKind.SWAPPED
    if same_year and (_is_placeholder(asked) or _is_placeholder(recorded)):
        return DateKind.PLACEHOLDER
    fields_agree = sum(a == b for a, b in known)
    digits_differ = 8
    if len(known) == 3:
        one, other = ("{:04d}{:02d}{:02d}".format(*date) for date in (asked, recorded))
        differing = [place for place in range(8) if one[place] != other[place]]
        digits_differ = len(differing)
        if digits_differ == 1:
            return DateKind.ONE_DIGIT
        first, last = differing[0], differing[-1]
        if digits_differ == 2 and (one[first], one[last]) == (other[last], other[first]):
            return DateKind.DIGITS_SWAPPED
    if fields_agree == len(known) - 1 and not same_year and abs(asked.year - recorded.year) <= 2:
        return DateKind.NEAR_YEAR
    if len(known) == 3 and (same_year or fields_agree == 2 or digits_differ == 2):
        return DateKind.SIMILAR
    return DateKind.CONTRADICTED


def date_kind(asked: PartialDate | None, recorded: Sequence[PartialDate]) -> DateKind:
    """The best agreement of a date asked for with any on record."""
    if asked is None:
        return DateKind.NOT_ASKED
    return max((_date_kind(asked, date) for date in recorded), default=DateKind.ABSENT)


def precision_of(asked: PartialDate | None) -> int:
    """How much of a date is known: 0 nothing, 1 the year, 2 the month too, 3 the day too."""
    return 0 if asked is None else 1 + bool(asked.month) + bool(asked.month and asked.day)


def _age_kind(asked: AskedAge, born: PartialDate) -> AgeKind:
    def completed(*birthday: int) -> int:
        return asked.on.year - born.year - (birthday > asked.on[1:])

    youngest, oldest = completed(born.month or 12, born.day or 31), completed(born.month or 1, born.day or 1)
    if asked.low <= youngest and oldest <= asked.high:
        return AgeKind.EXACT
    beyond = max(asked.low - oldest, youngest - asked.high, 0)
    for years, kind in ((0, AgeKind.POSSIBLE), (1, AgeKind.NEAR_1), (2, AgeKind.NEAR_2), (5, AgeKind.NEAR_5)):
        if beyond <= years:
            return kind
    return AgeKind.CONTRADICTED


def age_kind(asked: AskedAge | None, recorded: Sequence[PartialDate]) -> AgeKind:
    """The best agreement of an age asked for with any date of birth on record.

    Exact: every day of birth that the record leaves possible makes an age in the range; possible: some day does; near:
    some in a range wider by so many years on both sides. Who was born on 29 February completes a year on 1 March where
    there is no such day.
    """
    if asked is None:
        return AgeKind.NOT_ASKED
    return max((_age_kind(asked, date) for date in recorded), default=AgeKind.ABSENT)


def sex_kind(asked: str | None, recorded: str | None) -> SexKind:
    """The agreement of a sex asked for with the one on record."""
    if asked is None:
        return SexKind.NOT_ASKED
    if recorded is None:
        return SexKind.ABSENT
    return SexKind.EXACT if asked == recorded else SexKind.CONTRADICTED


def place_asked(place: Place | None) -> int:
    """How much of a place is asked: 0 nothing, 1 towns, 2 a district, 3 a postcode; with the towns or without."""
    if place is None:
        return 0
    return 1 if not place.postcodes else 3 if len(place.postcodes[0]) > 4 else 2


def place_kind(asked: Place | None, recorded: Sequence[Place]) -> PlaceKind:
    """The agreement of a place asked for, of one postcode at most, with all that is on record together.

    The most telling of what is asked decides: a postcode that agrees speaks for the town too. What is not on record of
    a kind that is asked contradicts nothing.
    """
    if asked is None:
        return PlaceKind.NOT_ASKED
    towns = {town for place in recorded for town in place.towns}
    postcodes = {postcode for place in recorded for postcode in place.postcodes}
    district = {outward(postcode) for postcode in asked.postcodes} & {outward(postcode) for postcode in postcodes}
    agree = towns & set(asked.towns)
    exact = (set(asked.towns) <= towns, district, postcodes & set(asked.postcodes))[place_asked(asked) - 1]
    if exact:
        return PlaceKind.EXACT
    if district:
        return PlaceKind.DISTRICT
    if agree:
        return PlaceKind.TOWN
    if (asked.postcodes and postcodes) or (asked.towns and towns):
        return PlaceKind.CONTRADICTED
    return PlaceKind.ABSENT


def generation_kind(asked: frozenset[int], recorded: Sequence[frozenset[int]]) -> GenerationKind:
    """The agreement of the generations that the name asked for says with those that all names on record say."""
    if not asked:
        return GenerationKind.NOT_ASKED
    known = frozenset[int]().union(*recorded)
    if not known:
        return GenerationKind.ABSENT
    return GenerationKind.EXACT if asked & known else GenerationKind.CONTRADICTED


def generation_points(kind: GenerationKind, score: int) -> int:
    """What a generation takes from a score: nothing where it agrees."""
    name = rules().name
    cost = {
        GenerationKind.CONTRADICTED: name["generation_cost"], GenerationKind.ABSENT: name["generation_absent"]
    }.get(kind, 0)  # fmt: skip
    return -min(cost, score)
