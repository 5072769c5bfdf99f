"""The rules as a table that can be read, and what must hold for any two names."""

from __future__ import annotations

from itertools import combinations, permutations

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from phonosearch import LEVELS, double_metaphone, osa_distance, soundex
from phonosearch._dates import parse_date
from phonosearch._names import Form, forms
from phonosearch._reference import (
    CLOSE,
    EXACT,
    LEVEL_OF_KIND,
    NO_LEVEL,
    VARIANT,
    Alignment,
    DateKind,
    PartKind,
    SexKind,
    _assignment,
    _has_matching,
    align,
    align_person,
    date_kind,
    merge,
    relate,
    sex_kind,
)
from phonosearch._rules import rules


def level_of(query: str, name: str) -> str | None:
    found = align(forms(query), forms(name)).level
    return LEVELS[found] if found < NO_LEVEL else None


# query, name, the first level that accepts them
TABLE = {
    "the same after normalisation, in any order": [
        ("John Smith", "John Smith", "exact"),
        ("SMITH, John", "john smith", "exact"),
        ("Siân O’Brien", "Sian O'Brien", "exact"),
        ("Zoë Smith-Jones", "Zoe Smith Jones", "exact"),
        ("Ольга Кузнецова", "Olga Kuznetsova", "exact"),
        ("??", "??", "exact"),
        ("Dr John Smith", "John Smith PhD", "exact"),
    ],
    "left out on one side": [
        ("John Michael Smith", "John Smith", "exact"),
        ("John Smith", "John Michael Smith", "exact"),
        ("Smith", "John Michael Smith", "exact"),
        ("John Michael Smith", "Michael", "exact"),
    ],
    "contradicted": [
        ("John Michael Smith", "John David Smith", "wide"),
        ("John Smith", "David Smith", "wide"),
        ("John Smith", "John Baker", "wide"),
        ("John Smith", "David Baker", None),
        ("Smith", "Baker", None),
        ("John Michael Smith", "Peter David Smith", None),
    ],
    "known variants": [
        ("Mohammed Khan", "Muhammad Khan", "variant"),
        ("Stephen Smith", "Steven Smith", "variant"),
        ("Elizabeth Smith", "Liz Smith", "variant"),
        ("Liz Smith", "Elizabeth Smith", "variant"),
        ("Ian Macdonald", "Ian Mcdonald", "variant"),
    ],
    "initials": [
        ("J Smith", "John Smith", "variant"),
        ("John Smith", "J Smith", "variant"),
        ("J S", "John Smith", "variant"),
        ("Smith J", "John Smith", "variant"),
        ("J Smith", "Karl Smith", "wide"),
        ("JJ Smith", "J J Smith", "variant"),
        ("JRR Tolkien", "J R R Tolkien", "variant"),
        ("J R R Tolkien", "JRR Tolkien", "variant"),
        ("J S", "J B", None),
        ("J S Smith", "J B Smith", "wide"),
        ("J", "John", "variant"),
        ("J", "Karl", None),
    ],
    "joined and split": [
        ("Ian Mc Donald", "Ian McDonald", "variant"),
        ("Ian McDonald", "Ian Mc Donald", "variant"),
        ("Abdul Rahman Khan", "Abdulrahman Khan", "variant"),
        ("Ann Marie Smith", "Annmarie Smith", "variant"),
        ("Annmarie Smith", "Ann Marie Smith", "variant"),
        ("Mary Smithjones", "Mary Smith-Jones", "variant"),
    ],
    "particles": [
        ("Jan van der Berg", "Jan Berg", "exact"),  # left out
        ("Ahmed bin Khalid", "Ahmed Khalid", "exact"),
        ("Ahmed bin Khalid", "Ahmed ibn Khalid", "variant"),
        ("Maria de la Cruz", "Maria del Cruz", "variant"),
        ("Jan van der Berg", "Jan Vanderberg", "variant"),
        ("Juan de Silva", "Juan da Silva", "variant"),
    ],
    "the same sound": [
        ("Wright", "Rite", "sounds"),
        ("Robert Fischer", "Robert Fisher", "sounds"),
        ("Ashcraft", "Ashcroft", "sounds"),
    ],
    "a letter or two different": [
        ("Ian Lomax", "Ian Tomax", "close"),
        ("Anwen Zbrough", "Anwen Qbrough", "close"),
    ],
    "wide": [
        ("John Quxley Smith", "John Smith Baker", "wide"),
        ("J Smith", "J Baker", None),  # what is left would be an initial alone
        ("J Smith", "Smith", "exact"),
        ("J S", "K B", None),
        ("John Smith", "Smith", "exact"),
        ("John Smith", "Smith Baker", "wide"),
    ],
    "raw names": [
        ("??", "!!", None),
        ("Z", "??", None),
        ("??", "John", None),
    ],
}  # fmt: skip
ROWS = [pytest.param(*row, id=f"{title}: {row[0]} / {row[1]}") for title, rows in TABLE.items() for row in rows]


def test_every_level_has_cases() -> None:
    assert {level for rows in TABLE.values() for _, _, level in rows} == {*LEVELS, None}
    assert all(TABLE.values())


@pytest.mark.parametrize(("query", "name", "level"), ROWS)
def test_levels(query: str, name: str, level: str | None) -> None:
    assert level_of(query, name) == level


# Two parts

# one, other, how they agree
KINDS = [
    ("smith", "smith", PartKind.EXACT),
    ("mohammed", "muhammad", PartKind.SPELLING),
    ("macdonald", "mcdonald", PartKind.SPELLING),
    ("elizabeth", "liz", PartKind.NICKNAME),
    ("j", "john", PartKind.INITIAL),
    ("wright", "rite", PartKind.METAPHONE),
    ("ashcraft", "ashcroft", PartKind.BOTH_KEYS),
    ("tim", "tony", PartKind.SOUNDEX),
    ("lomax", "tomax", PartKind.CLOSE),
    ("smith", "baker", PartKind.NONE),
    ("j", "karl", PartKind.NONE),
    ("=??", "=??", PartKind.EXACT),
    ("=??", "=?!", PartKind.NONE),
    ("=??", "j", PartKind.NONE),
]


@pytest.mark.parametrize(("one", "other", "kind"), KINDS)
def test_kinds_of_agreement(one: str, other: str, kind: PartKind) -> None:
    assert relate(one, other)[0] == relate(other, one)[0] == kind


def test_every_level_is_that_of_a_kind() -> None:
    assert set(LEVEL_OF_KIND) == set(PartKind)
    assert {kind for _, _, kind in KINDS} == set(PartKind)


parts = st.text("abchijmnstz", min_size=1, max_size=9) | st.sampled_from(
    ["john", "jon", "smith", "smyth", "mc", "mcdonald", "macdonald", "donald", "liz", "eliza", "rite", "write", "j"]
)
names = st.lists(parts, min_size=1, max_size=4).map(" ".join)


@given(parts, parts)
def test_points_of_a_pair(one: str, other: str) -> None:
    kind, points = relate(one, other)
    assert relate(other, one) == (kind, points)
    assert 0 <= points <= 1000
    assert (points == 1000) == (one == other)
    shared = soundex(one) == soundex(other), bool((set(double_metaphone(one)) & set(double_metaphone(other))) - {""})
    if kind in (PartKind.SOUNDEX, PartKind.METAPHONE, PartKind.BOTH_KEYS):
        assert kind == {(True, False): 3, (False, True): 2, (True, True): 4}[shared]
    if kind == PartKind.CLOSE:
        assert shared == (False, False)
        assert 1 <= osa_distance(one, other) <= rules().edits_allowed(max(len(one), len(other)))


def test_a_kind_earns_more_than_a_weaker_one() -> None:
    part = rules().part
    assert part["exact"] > part["spelling"] > part["nickname"] > part["initial"] > part["none_span"]
    assert part["sounds_base"] > part["close_base"] > part["none_span"]
    assert part["sounds_base"] + part["sounds_span"] + part["both_keys"] < part["exact"]


# Scores


def points(found: Alignment) -> int:
    return (
        sum(pair.points for pair in found.pairs)
        + found.order_points + found.form_points + found.date_points + found.sex_points
    )  # fmt: skip


@given(names, names, st.sampled_from(DateKind), st.sampled_from(SexKind))
@example("John Smith", "John Smith", DateKind.EXACT, SexKind.EXACT)
def test_scores(query: str, name: str, date: DateKind, sex: SexKind) -> None:
    asked, recorded = forms(query), forms(name)
    found = align(asked, recorded, date=date, sex=sex)
    assert points(found) == found.score
    assert 0 <= found.score <= 1000
    assert all(pair.points >= 0 for pair in found.pairs)
    assert found.order_points <= 0
    assert found.form_points <= 0
    full = asked[0].parts == recorded[0].parts
    best_evidence = date in (DateKind.NOT_ASKED, DateKind.EXACT) and sex in (SexKind.NOT_ASKED, SexKind.EXACT)
    assert (found.score == 1000) == (full and best_evidence)
    used = [{pair.query for pair in found.pairs}, {pair.name for pair in found.pairs}]
    assert all(len(side) == len(found.pairs) for side in used), "each part is used once"


@given(st.lists(parts, min_size=1, max_size=3), parts, parts, st.integers(0, 3))
def test_left_out_costs_less_than_contradicted(shared: list[str], asked: str, recorded: str, place: int) -> None:
    everything = [asked, recorded, *shared]
    assume(all(relate(a, b)[0] == PartKind.NONE for a, b in combinations(everything, 2)))
    query, name = [*shared[:place], asked, *shared[place:]], [*shared[:place], recorded, *shared[place:]]
    full = [[Form(tuple(words), "full")] for words in (query, shared, name)]
    left_out, contradicted = align(full[0], full[1]), align(full[0], full[2])
    assert left_out.score > contradicted.score
    assert left_out.level == EXACT < contradicted.level


@given(names, names)
def test_levels_up_to_close_are_symmetric(one: str, other: str) -> None:
    there, back = align(forms(one), forms(other)).level, align(forms(other), forms(one)).level
    assert there == back or min(there, back) > CLOSE


@given(names)
def test_a_name_matches_itself_in_any_order(name: str) -> None:
    words = name.split()
    assert align(forms(name), forms(name)).score == 1000
    assume(not set(words) & (rules().titles | rules().suffixes))
    turned = align(forms(name), forms(" ".join(reversed(words))))
    assert turned.level == EXACT
    assert turned.score == 1000 - (rules().name["order_cost"] if words != words[::-1] else 0)


@given(names, st.lists(names, min_size=1, max_size=4))
def test_the_best_of_several_names_counts(query: str, several: list[str]) -> None:
    found = align_person(forms(query), [forms(name) for name in several])
    single = [align(forms(query), forms(name)) for name in several]
    assert found.level == min(one.level for one in single)
    assert found.score == max(one.score for one in single)
    assert found == single[found.name]._replace(name=found.name, level=found.level)


def test_a_further_name_never_lowers_a_score() -> None:
    query = forms("Nelson Foebel")
    alone = align_person(query, [forms("Nelson Goebel")])
    both = align_person(query, [forms("Nelson Goebel"), forms("Nelson")])
    assert both.score == alone.score
    assert both.level < alone.level


def test_order_and_form_cost_a_little() -> None:
    same, turned = (align(forms("John Smith"), forms(name)) for name in ("John Smith", "Smith John"))
    assert (same.score, turned.score) == (1000, 1000 - rules().name["order_cost"])
    joined = align(forms("Ann Marie Smith"), forms("Annmarie Smith"))
    assert joined.merged
    assert (joined.level, joined.score) == (VARIANT, 1000 - rules().name["form_cost"])


@pytest.mark.parametrize(
    ("asked", "recorded", "kind"),
    [
        ("1984-03-07", ["1984-03-07"], DateKind.EXACT),
        ("1984-03", ["1984-03-07"], DateKind.EXACT),
        ("1984", ["1984-03-07"], DateKind.EXACT),
        ("1984-03-07", ["1984-03"], DateKind.PARTIAL),
        ("1984-03-07", ["1984-07-03"], DateKind.SWAPPED),
        ("1984-03-07", ["1984-03-17"], DateKind.ONE_DIGIT),
        ("1984-03-07", ["1983-03-07"], DateKind.ONE_DIGIT),
        ("1979-03-07", ["1981-03-07"], DateKind.NEAR_YEAR),
        ("1984-03-07", ["1975-12-31"], DateKind.CONTRADICTED),
        ("1984-03-07", ["1975-12-31", "1984-03-17"], DateKind.ONE_DIGIT),
        ("1984-03-07", [], DateKind.ABSENT),
    ],
)
def test_dates(asked: str, recorded: list[str], kind: DateKind) -> None:
    assert date_kind(parse_date(asked), [parse_date(date) for date in recorded]) == kind


def test_nothing_asked_is_no_evidence() -> None:
    assert date_kind(None, [parse_date("1984")]) == DateKind.NOT_ASKED
    assert sex_kind(None, "M") == SexKind.NOT_ASKED
    assert [sex_kind("M", sex) for sex in ("M", "F", None)] == [SexKind.EXACT, SexKind.CONTRADICTED, SexKind.ABSENT]


def test_better_other_evidence_earns_more() -> None:
    r = rules()
    by_kind = [r.dob[kind.name.lower()] for kind in DateKind if kind and kind != DateKind.ABSENT]
    assert by_kind == sorted(by_kind)
    assert len(set(by_kind)) == len(by_kind) > 0
    assert r.dob["contradicted"] < r.dob["absent"] < r.dob["exact"] == r.dob["share"]
    assert r.sex["contradicted"] < r.sex["absent"] < r.sex["exact"] == r.sex["share"]


# The building blocks, against trying everything

grids = st.integers(1, 4).flatmap(
    lambda rows: st.integers(rows, 5).flatmap(
        lambda columns: st.lists(
            st.lists(st.integers(0, 4), min_size=columns, max_size=columns), min_size=rows, max_size=rows
        )
    )
)


@given(grids)
def test_assignment_is_the_first_of_the_best(weights: list[list[int]]) -> None:
    every = list(permutations(range(len(weights[0])), len(weights)))
    totals = [sum(row[column] for row, column in zip(weights, columns, strict=True)) for columns in every]
    best = every[totals.index(max(totals))]
    assert _assignment(weights) == list(enumerate(best))


@given(grids, st.booleans(), st.integers(0, 4), st.sets(st.integers(0, 4)))
def test_matching_exists_where_trying_everything_finds_one(
    weights: list[list[int]], turned: bool, size: int, must: set[int]
) -> None:
    edges = [[weight > 2 for weight in row] for row in weights]
    if turned:
        edges = [list(column) for column in zip(*edges, strict=True)]
    rows, columns = len(edges), len(edges[0])
    must &= set(range(rows))
    # Blank columns stand for parts of the query that are left unpaired.
    blank = [row + [False] * rows for row in edges]
    exists = False
    for chosen in permutations(range(columns + rows), rows):
        if any(column < columns and not blank[row][column] for row, column in enumerate(chosen)):
            continue
        paired = {row for row, column in enumerate(chosen) if column < columns}
        if len(paired) >= size and must <= paired:
            exists = True
            break
    assert _has_matching(edges, size, frozenset(must)) == exists


@given(st.lists(parts, min_size=1, max_size=5), st.lists(parts, min_size=1, max_size=5))
def test_merging_joins_only_what_the_other_name_holds(one: list[str], other: list[str]) -> None:
    other += ["".join(one[:2])]
    merged = merge(one, other)
    assert "".join(merged) == "".join(one)
    assert len(merged) < len(one) or len(one) == 1
    assert all(part in one or part in other for part in merged)
