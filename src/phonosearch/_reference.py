"""The slow, obvious matcher: the specification of what matches at which level and what it scores.

Nothing in a search runs this; tests hold the kernel to it, and it is the place to read the rules. Every number comes
from ``data/rules.toml``; everything is an integer.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import IntEnum
from functools import cache
from itertools import product
from typing import NamedTuple

from phonosearch._dates import PartialDate
from phonosearch._distance import osa_distance
from phonosearch._encoders import double_metaphone, soundex
from phonosearch._names import Form
from phonosearch._normalise import is_raw
from phonosearch._rules import LEVELS, rules

__all__ = [
    "NO_LEVEL", "Alignment", "DateKind", "Pair", "PartKind", "SexKind", "align", "align_person", "date_kind", "merge",
    "relate", "sex_kind",
]  # fmt: skip

EXACT, VARIANT, SOUNDS, CLOSE, WIDE = range(len(LEVELS))
NO_LEVEL = len(LEVELS)


class PartKind(IntEnum):
    """How two parts agree."""

    NONE = 0
    CLOSE = 1
    METAPHONE = 2
    SOUNDEX = 3
    BOTH_KEYS = 4
    INITIAL = 5
    NICKNAME = 6
    SPELLING = 7
    EXACT = 8


LEVEL_OF_KIND = {
    PartKind.NONE: NO_LEVEL,
    PartKind.CLOSE: CLOSE,
    PartKind.METAPHONE: SOUNDS,
    PartKind.SOUNDEX: SOUNDS,
    PartKind.BOTH_KEYS: SOUNDS,
    PartKind.INITIAL: VARIANT,
    PartKind.NICKNAME: VARIANT,
    PartKind.SPELLING: VARIANT,
    PartKind.EXACT: EXACT,
}


class DateKind(IntEnum):
    """How a date of birth that was asked for agrees with those on record."""

    NOT_ASKED = 0
    CONTRADICTED = 1
    ABSENT = 2
    NEAR_YEAR = 3
    ONE_DIGIT = 4
    SWAPPED = 5
    PARTIAL = 6
    EXACT = 7


class SexKind(IntEnum):
    """How a sex that was asked for agrees with the one on record."""

    NOT_ASKED = 0
    CONTRADICTED = 1
    ABSENT = 2
    EXACT = 3


class Pair(NamedTuple):
    """One part of the query beside one part of the name."""

    query: int
    name: int
    kind: PartKind
    points: int


class Alignment(NamedTuple):
    """The best reading of one name against the query, and its lowest level; ``score`` is the sum of all points.

    ``query_form`` and ``name_form`` number the forms; ``merged`` says that adjacent parts of the full forms were joined
    because the other name holds them joined.
    """

    level: int
    score: int
    query_form: int
    name_form: int
    merged: bool
    pairs: tuple[Pair, ...]
    order_points: int
    form_points: int
    date_kind: DateKind
    date_points: int
    sex_kind: SexKind
    sex_points: int
    name: int = 0


def _alternate_beginning(a: str, b: str) -> bool:
    r = rules()
    for one, other in r.alternate_beginnings:
        for x, y in ((one, other), (other, one)):
            if a.startswith(x) and b.startswith(y):
                rest = a[len(x) :]
                if len(rest) >= r.alternate_min_rest and rest == b[len(y) :]:
                    return True
    return False


@cache
def _keys(part: str) -> tuple[str, frozenset[str]]:
    return soundex(part), frozenset(double_metaphone(part)) - {""}


def relate(a: str, b: str) -> tuple[PartKind, int]:
    """How two parts agree, and the points of 1000 that this earns."""
    r = rules()
    points = r.part
    if a == b:
        return PartKind.EXACT, points["exact"]
    if is_raw(a) or is_raw(b):
        return PartKind.NONE, 0
    if r.spelling_groups.get(a, frozenset()) & r.spelling_groups.get(b, frozenset()) or _alternate_beginning(a, b):
        return PartKind.SPELLING, points["spelling"]
    if nickname := r.share_nickname(a, b):
        return PartKind.NICKNAME, points[nickname]
    longer = max(len(a), len(b))
    edits = osa_distance(a, b)
    common = 1000 - 1000 * edits // longer
    if len(a) == 1 or len(b) == 1:
        if a[0] == b[0]:
            return PartKind.INITIAL, points["initial"]
        return PartKind.NONE, points["none_span"] * common // 1000
    (soundex_a, metaphone_a), (soundex_b, metaphone_b) = _keys(a), _keys(b)
    same_soundex, same_metaphone = soundex_a == soundex_b, bool(metaphone_a & metaphone_b)
    if same_soundex or same_metaphone:
        earned = points["sounds_base"] + points["sounds_span"] * common // 1000
        if same_soundex and same_metaphone:
            return PartKind.BOTH_KEYS, earned + points["both_keys"]
        return (PartKind.SOUNDEX if same_soundex else PartKind.METAPHONE), earned
    if edits <= r.edits_allowed(longer):
        return PartKind.CLOSE, points["close_base"] + points["close_span"] * common // 1000
    return PartKind.NONE, points["none_span"] * common // 1000


def merge(parts: Sequence[str], others: Sequence[str]) -> tuple[str, ...]:
    """Adjacent parts joined, from the left, where the other name holds the joined word as a part.

    Four or three initials, or any two parts.
    """
    out: list[str] = []
    position = 0
    while position < len(parts):
        for count in (4, 3, 2):
            run = parts[position : position + count]
            if len(run) == count and "".join(run) in others and (count == 2 or all(len(part) == 1 for part in run)):
                break
        else:
            run = parts[position : position + 1]
        out.append("".join(run))
        position += len(run)
    return tuple(out)


def _has_matching(edges: list[list[bool]], size: int, must: frozenset[int]) -> bool:
    """Whether ``size`` query parts, those of ``must`` among them, can be paired with different name parts."""

    def extend(query: int, used: int, paired: int) -> bool:
        if query == len(edges):
            return paired >= size
        if query not in must and extend(query + 1, used, paired):
            return True
        return any(
            edge and not used >> name & 1 and extend(query + 1, used | 1 << name, paired + 1)
            for name, edge in enumerate(edges[query])
        )

    return extend(0, 0, 0)


def _level(query: Sequence[str], name: Sequence[str], kinds: list[list[PartKind]], base: int) -> int:
    size = min(len(query), len(name))
    for level in range(base, WIDE):
        edges = [[LEVEL_OF_KIND[kind] <= level for kind in row] for row in kinds]
        if _has_matching(edges, size, frozenset()):
            return level
    full_parts = [position for position, part in enumerate(query) if len(part) > 1]
    if len(query) > 1 and full_parts:
        # What is left of the query must still hold a part that is more than an initial.
        must = frozenset(full_parts) if len(full_parts) == 1 and len(name) >= len(query) else frozenset()
        edges = [[LEVEL_OF_KIND[kind] <= CLOSE for kind in row] for row in kinds]
        if _has_matching(edges, min(len(name), len(query) - 1), must):
            return WIDE
    return NO_LEVEL


def _assignment(weights: list[list[int]]) -> list[tuple[int, int]]:
    """Pairs (row, column) of the greatest total, every row of the fewer in one; the first of equals."""
    columns = len(weights[0])

    @cache
    def best(row: int, used: int) -> int:
        if row == len(weights):
            return 0
        return max(
            weights[row][column] + best(row + 1, used | 1 << column)
            for column in range(columns)
            if not used >> column & 1
        )

    pairs, used = [], 0
    for row in range(len(weights)):
        for column in range(columns):
            if not used >> column & 1 and (weights[row][column] + best(row + 1, used | 1 << column) == best(row, used)):
                pairs.append((row, column))
                used |= 1 << column
                break
    return pairs


def _date_kind(asked: PartialDate, recorded: PartialDate) -> DateKind:
    known = [(a, b) for a, b in zip(asked, recorded, strict=True) if a and b]
    if all(a == b for a, b in known):
        precise = all(b or not a for a, b in zip(asked, recorded, strict=True))
        return DateKind.EXACT if precise else DateKind.PARTIAL
    if len(known) == 3 and asked.year == recorded.year and (asked.month, asked.day) == (recorded.day, recorded.month):
        return DateKind.SWAPPED
    if len(known) == 3:
        one, other = ("{:04d}{:02d}{:02d}".format(*date) for date in (asked, recorded))
        differing = [place for place in range(8) if one[place] != other[place]]
        if len(differing) == 1:
            return DateKind.ONE_DIGIT
        first, last = differing[0], differing[-1]
        if differing == [first, first + 1] and (one[first], one[last]) == (other[last], other[first]):
            return DateKind.SWAPPED
    if all(a == b for a, b in known[1:]) and abs(asked.year - recorded.year) <= 2:
        return DateKind.NEAR_YEAR
    return DateKind.CONTRADICTED


def date_kind(asked: PartialDate | None, recorded: Sequence[PartialDate]) -> DateKind:
    """The best agreement of a date asked for with any on record."""
    if asked is None:
        return DateKind.NOT_ASKED
    return max((_date_kind(asked, date) for date in recorded), default=DateKind.ABSENT)


def sex_kind(asked: str | None, recorded: str | None) -> SexKind:
    """The agreement of a sex asked for with the one on record."""
    if asked is None:
        return SexKind.NOT_ASKED
    if recorded is None:
        return SexKind.ABSENT
    return SexKind.EXACT if asked == recorded else SexKind.CONTRADICTED


def _align_parts(
    query: Sequence[str], name: Sequence[str], base: int, share: int
) -> tuple[int, tuple[Pair, ...], int, int]:
    """Level, pairs with their points, and the costs (not positive) of another order and of another form."""
    r = rules()
    related = [[relate(a, b) for b in name] for a in query]
    level = _level(query, name, [[kind for kind, _ in row] for row in related], base)
    # A pair that a level accepts comes before any that none accepts, whatever the letters have in common.
    weights = [[earned + (1 << 20 if kind != PartKind.NONE else 0) for kind, earned in row] for row in related]
    if len(query) <= len(name):
        matched = _assignment(weights)
    else:
        turned = [list(column) for column in zip(*weights, strict=True)]
        matched = sorted((row, column) for column, row in _assignment(turned))
    left_out = abs(len(query) - len(name))
    alone = sum(related[row][column][0] != PartKind.NONE for row, column in matched) < 2
    whole = 1000 * (100 * len(matched) + r.name["left_out_alone" if alone else "left_out"] * left_out)
    pairs, total, points = [], 0, 0
    for row, column in matched:
        kind, earned = related[row][column]
        total += earned
        so_far = share * 100 * total // whole
        pairs.append(Pair(row, column, kind, so_far - points))
        points = so_far
    columns = [pair.name for pair in pairs if pair.kind != PartKind.NONE]
    order = -min(r.name["order_cost"], points) if columns != sorted(columns) else 0
    form = -min(r.name["form_cost"], points + order) if base != EXACT else 0
    return level, tuple(pairs), order, form


def _readings(
    query: Sequence[Form], name: Sequence[Form], number: int, date: DateKind, sex: SexKind
) -> list[Alignment]:
    """Every form of the query beside every form of a name, then the merged reading."""
    r = rules()
    date_points = r.dob[date.name.lower()] if date else 0
    sex_points = r.sex[sex.name.lower()] if sex else 0
    share = 1000 - (r.dob["share"] if date else 0) - (r.sex["share"] if sex else 0)
    readings = [
        (q.parts, n.parts, number_q, number_n, False)
        for (number_q, q), (number_n, n) in product(enumerate(query), enumerate(name))
    ]
    merged_query, merged_name = merge(query[0].parts, name[0].parts), merge(name[0].parts, query[0].parts)
    if merged_query != query[0].parts or merged_name != name[0].parts:
        readings.append((merged_query, merged_name, 0, 0, True))
    found = []
    for query_parts, name_parts, query_form, name_form, merged in readings:
        base = VARIANT if merged or query_form or name_form else EXACT
        level, pairs, order, form = _align_parts(query_parts, name_parts, base, share)
        score = sum(pair.points for pair in pairs) + order + form + date_points + sex_points
        found.append(
            Alignment(
                level, score, query_form, name_form, merged, pairs, order, form, date, date_points, sex, sex_points,
                number,
            )
        )  # fmt: skip
    return found


def _best(readings: Sequence[Alignment]) -> Alignment:
    """The reading of greatest score, then of lowest level, then the first; with the lowest level of all.

    Level and score are found apart, so that one more reading or one more name never lowers a score.
    """
    best = min(readings, key=lambda reading: (-reading.score, reading.level))
    return best._replace(level=min(reading.level for reading in readings))


def align(
    query: Sequence[Form],
    name: Sequence[Form],
    *,
    date: DateKind = DateKind.NOT_ASKED,
    sex: SexKind = SexKind.NOT_ASKED,
) -> Alignment:
    """The best reading of one name against the query, and the lowest level of any."""
    return _best(_readings(query, name, 0, date, sex))


def align_person(
    query: Sequence[Form],
    names: Sequence[Sequence[Form]],
    *,
    asked_date: PartialDate | None = None,
    dates: Sequence[PartialDate] = (),
    asked_sex: str | None = None,
    sex: str | None = None,
) -> Alignment:
    """The best reading over all names of a person, and the lowest level of any; ``name`` is the number of the best."""
    date, agreement = date_kind(asked_date, dates), sex_kind(asked_sex, sex)
    return _best(
        [reading for number, name in enumerate(names) for reading in _readings(query, name, number, date, agreement)]
    )
