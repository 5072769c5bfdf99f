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

from phonosearch._dates import AskedAge, PartialDate
from phonosearch._distance import osa_distance
from phonosearch._encoders import double_metaphone, soundex
from phonosearch._hearing import readings
from phonosearch._letters import similarity
from phonosearch._names import Form
from phonosearch._normalise import is_raw
from phonosearch._places import Place
from phonosearch._reference_agreement import (
    AgeKind,
    DateKind,
    GenerationKind,
    OtherEvidence,
    PlaceKind,
    SexKind,
    age_kind,
    date_kind,
    generation_kind,
    generation_points,
    place_asked,
    place_kind,
    precision_of,
    sex_kind,
)
from phonosearch._rules import LEVELS, rules

__all__ = [
    "NO_LEVEL", "Alignment", "Pair", "PartKind", "align", "align_person", "alternate_ending", "heard_as", "kind_of",
    "merge", "relate", "weight",
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


class Pair(NamedTuple):
    """One part of the query beside one part of the name."""

    query: int
    name: int
    kind: PartKind
    points: int


class Alignment(NamedTuple):
    """The best reading of one name against the query, and its lowest level; ``score`` is the sum of all points.

    ``query_form`` numbers the forms of the query, ``name_form`` is the number of a kind of form; ``merged`` says that
    adjacent parts of the full forms were joined because the other name holds them joined.
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
    age_kind: AgeKind = AgeKind.NOT_ASKED
    age_points: int = 0
    place_kind: PlaceKind = PlaceKind.NOT_ASKED
    place_points: int = 0
    generation_kind: GenerationKind = GenerationKind.NOT_ASKED
    generation_points: int = 0


def _alternate_beginning(a: str, b: str) -> bool:
    r = rules()
    for one, other in r.alternate_beginnings:
        for x, y in ((one, other), (other, one)):
            if a.startswith(x) and b.startswith(y):
                rest = a[len(x) :]
                if len(rest) >= r.alternate_min_rest and rest == b[len(y) :]:
                    return True
    return False


def alternate_ending(a: str, b: str) -> bool:
    r = rules()
    for one, other in r.alternate_endings:
        for x, y in ((one, other), (other, one)):
            if a.endswith(x) and b.endswith(y):
                rest = len(a) - len(x)
                if rest >= r.alternate_ending_min_rest and a[:rest] == b[: len(b) - len(y)]:
                    return True
    return False


@cache
def _keys(part: str) -> tuple[str, frozenset[str]]:
    return soundex(part), frozenset(double_metaphone(part)) - {""}


def kind_of(a: str, b: str) -> PartKind:
    """How two parts agree."""
    r = rules()
    if a == b:
        return PartKind.EXACT
    if is_raw(a) or is_raw(b):
        return PartKind.NONE
    if (
        r.spelling_groups.get(a, frozenset()) & r.spelling_groups.get(b, frozenset())
        or _alternate_beginning(a, b)
        or alternate_ending(a, b)
    ):
        return PartKind.SPELLING
    if r.share_nickname(a, b):
        return PartKind.NICKNAME
    if len(a) == 1 or len(b) == 1:
        return PartKind.INITIAL if a[0] == b[0] else PartKind.NONE
    (soundex_a, metaphone_a), (soundex_b, metaphone_b) = _keys(a), _keys(b)
    same_soundex, same_metaphone = soundex_a == soundex_b, bool(metaphone_a & metaphone_b)
    if same_soundex and same_metaphone:
        return PartKind.BOTH_KEYS
    if same_soundex or same_metaphone:
        return PartKind.SOUNDEX if same_soundex else PartKind.METAPHONE
    if osa_distance(a, b) <= r.edits_allowed(max(len(a), len(b))):
        return PartKind.CLOSE
    begin_alike = double_metaphone(a)[0][:3] == double_metaphone(b)[0][:3] and len(double_metaphone(a)[0]) >= 3
    if begin_alike and _letters_alike(a, b, r.alike_points):
        return PartKind.CLOSE
    return PartKind.CLOSE if heard_as(a, b) or heard_as(b, a) else PartKind.NONE


def _letters_alike(a: str, b: str, points: int) -> bool:
    return osa_distance(a, b) <= min(rules().alike_edits, max(len(a), len(b)) // 2) and similarity(a, b) >= points


def heard_as(a: str, b: str) -> bool:
    """Whether ``b``, no well-known name, is written for what is heard when ``a`` is read by another orthography."""
    r = rules()
    return r.rarity_of(b) >= r.heard["written"] and any(
        _keys(heard)[1] & _keys(b)[1] and _letters_alike(heard, b, r.heard["points"]) for heard in readings(a)
    )


def relate(a: str, b: str, beside: bool = False) -> tuple[PartKind, int]:
    """How two parts agree, and the points of 1000 that this earns; ``beside``: the query has other parts."""
    kind, points = kind_of(a, b), rules().part
    if kind in (PartKind.EXACT, PartKind.INITIAL):
        return kind, points[kind.name.lower()]
    if is_raw(a) or is_raw(b) or len(a) == 1 or len(b) == 1:
        return kind, 0
    earned = similarity(a, b, beside)
    if kind in (PartKind.SPELLING, PartKind.NICKNAME):
        known = "spelling" if kind == PartKind.SPELLING else rules().share_nickname(a, b) or "nickname"
        return kind, points[known] + points[f"{known}_letters"] * earned // 1000
    if kind == PartKind.NONE:
        above = max(earned - points["none_above"], 0)
        earned += above // points["none_divisor"] - above
    return kind, earned


def weight(part: str) -> int:
    """What a part weighs in a name, in tenths of bits: a rare one more than a common one."""
    scale = rules().rarity_scale
    return scale["base"] + (scale["initial"] if len(part) == 1 else rules().rarity_of(part))


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


def _align_parts(
    query: Sequence[str], name: Sequence[str], base: int, share: int, turned: bool
) -> tuple[int, tuple[Pair, ...], int, int]:
    """Level, pairs with their points, and the costs (not positive) of another order and of another form.

    ``turned``: that the last parts come first is no more than another way to write this reading.
    """
    r = rules()
    related = [[relate(a, b, len(query) > 1) for b in name] for a in query]
    level = _level(query, name, [[kind for kind, _ in row] for row in related], base)
    # A pair that a level accepts comes before any that none accepts, whatever the letters have in common.
    worth = [[earned + (1 << 20 if kind != PartKind.NONE else 0) for kind, earned in row] for row in related]
    if len(query) <= len(name):
        matched = _assignment(worth)
    else:
        across = [list(column) for column in zip(*worth, strict=True)]
        matched = sorted((row, column) for column, row in _assignment(across))
    query_weight, name_weight = [weight(part) for part in query], [weight(part) for part in name]
    kinds = [related[row][column][0] for row, column in matched]
    earns = [related[row][column][1] for row, column in matched]
    # Agreement says as much as the commoner of the two parts.
    weights = [min(query_weight[row], name_weight[column]) for row, column in matched]
    heavier = [max(query_weight[row], name_weight[column]) for row, column in matched]
    left_out = sum(query_weight[row] for row in set(range(len(query))) - {row for row, _ in matched})
    left_out += sum(name_weight[column] for column in set(range(len(name))) - {column for _, column in matched})
    agreeing = [kind != PartKind.NONE for kind in kinds]
    missing = r.name["left_out_alone" if sum(agreeing) < 2 else "left_out"]
    counted = _counted(weights, heavier, earns, agreeing, missing, left_out)
    left_out += sum(heavy for heavy, counts in zip(heavier, counted, strict=True) if not counts)
    whole = 100 * sum(heavy for heavy, counts in zip(weights, counted, strict=True) if counts) + missing * left_out
    pairs, total, points = [], 0, 0
    for place, (row, column) in enumerate(matched):
        total += weights[place] * earns[place] * counted[place]
        so_far = share * 100 * total // (1000 * whole)
        pairs.append(Pair(row, column, kinds[place], so_far - points))
        points = so_far
    for place, earned in enumerate(earns):
        # Where others agree, a part that contradicts says more than that it does not agree: the more, the more they
        # weigh.
        short = r.name["contradicted_below"] - earned
        others = sum(heavy for at, heavy in enumerate(weights) if agreeing[at] and at != place)
        if short > 0 and others:
            cost = share * r.name["contradicted_cost"] * short * others
            cost = min(cost // (1000 * r.name["contradicted_below"] * (others + weights[place])), points)
            pairs[place] = pairs[place]._replace(points=pairs[place].points - cost)
            points -= cost
    columns = [pair.name for pair in pairs if pair.kind != PartKind.NONE]
    order = -min(r.name[_order_of(columns, turned)], points) if columns != sorted(columns) else 0
    form = -min(r.name["form_cost"], points + order) if base != EXACT else 0
    return level, tuple(pairs), order, form


def _order_of(columns: Sequence[int], turned: bool) -> str:
    """The cost of parts in another order. That the last come first and keep their order is usual (family name first);
    any other order may be somebody else (A bin B, B bin A), and so may that one where particles were left out."""
    falls = sum(one > other for one, other in zip(columns, (*columns[1:], columns[0]), strict=True))
    return "order_cost" if turned and falls == 1 else "disorder_cost"


def _counted(
    weights: list[int], heavier: list[int], earns: list[int], agreeing: list[bool], missing: int, left_out: int
) -> list[bool]:
    """Which pairs count. A pair that contradicts is taken as left out where its letters would raise the score above
    that of a name that leaves the heavier of the two parts out: left out costs less than contradicted.

    Of all choices that of the least mean is taken, found by going over the pairs with the mean so far until nothing
    changes (Dinkelbach 1967).
    """
    counted = [True] * len(weights)
    while any(agreeing):
        earned = whole = 0
        for place, counts in enumerate(counted):
            earned += 100 * weights[place] * earns[place] * counts
            whole += 100 * weights[place] if counts else missing * heavier[place]
        whole += missing * left_out
        better = [
            agreeing[place]
            or 100 * weights[place] * earns[place] * whole < earned * (100 * weights[place] - missing * heavier[place])
            for place in range(len(weights))
        ]
        if better == counted:
            break
        counted = better
    return counted


def _readings(query: Sequence[Form], name: Sequence[Form], number: int, other: OtherEvidence) -> list[Alignment]:
    """Every form of the query beside every form of a name, then the merged reading."""
    earned = other.points()
    share, date_points, age_points, sex_points, place_points = earned.values()
    readings = [(q, n, at, n.number, False) for (at, q), n in product(enumerate(query), name)]
    merged_query, merged_name = merge(query[0].parts, name[0].parts), merge(name[0].parts, query[0].parts)
    if merged_query != query[0].parts or merged_name != name[0].parts:
        readings.append((Form(merged_query, "full"), Form(merged_name, "full"), 0, 0, True))
    found = []
    for q, n, query_form, name_form, merged in readings:
        base = VARIANT if merged or query_form or name_form else EXACT
        holds_all = "particles" not in (q.kind, n.kind)
        level, pairs, order, form = _align_parts(q.parts, n.parts, base, share, holds_all)
        score = sum(pair.points for pair in pairs) + order + form + sum(earned.values()) - share
        found.append(
            Alignment(
                level, score, query_form, name_form, merged, pairs, order, form, other.date, date_points, other.sex,
                sex_points, number, other.age, age_points, other.place, place_points,
            )
        )  # fmt: skip
    return found


def _best(readings: Sequence[Alignment], generation: GenerationKind) -> Alignment:
    """The reading of greatest score, then of lowest level, then the first; with the lowest level of all. The generation
    takes its points from that.

    Level and score are found apart, so that one more reading or one more name never lowers a score.
    """
    best = min(readings, key=lambda reading: (-reading.score, reading.level))
    points = generation_points(generation, best.score)
    return best._replace(
        level=min(reading.level for reading in readings),
        score=best.score + points,
        generation_kind=generation,
        generation_points=points,
    )


def align(
    query: Sequence[Form],
    name: Sequence[Form],
    *,
    date: DateKind = DateKind.NOT_ASKED,
    precision: int = 3,
    sex: SexKind = SexKind.NOT_ASKED,
    age: AgeKind = AgeKind.NOT_ASKED,
    years: int = 1,
    place: PlaceKind = PlaceKind.NOT_ASKED,
    asked: int = 1,
) -> Alignment:
    """The best reading of one name against the query, and the lowest level of any."""
    other = OtherEvidence(date, precision, sex, age, years, place, asked)
    generation = generation_kind(query[0].generations, [name[0].generations])
    return _best(_readings(query, name, 0, other), generation)


def align_person(
    query: Sequence[Form],
    names: Sequence[Sequence[Form]],
    *,
    asked_date: PartialDate | None = None,
    dates: Sequence[PartialDate] = (),
    asked_sex: str | None = None,
    sex: str | None = None,
    asked_age: AskedAge | None = None,
    asked_place: Place | None = None,
    places: Sequence[Place] = (),
) -> Alignment:
    """The best reading over all names of a person, and the lowest level of any; ``name`` is the number of the best."""
    other = OtherEvidence(
        date_kind(asked_date, dates),
        precision_of(asked_date),
        sex_kind(asked_sex, sex),
        age_kind(asked_age, dates),
        asked_age.years if asked_age else 1,
        place_kind(asked_place, places),
        place_asked(asked_place),
    )
    return _best(
        [reading for number, name in enumerate(names) for reading in _readings(query, name, number, other)],
        generation_kind(query[0].generations, [name[0].generations for name in names]),
    )
