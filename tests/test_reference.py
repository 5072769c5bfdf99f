"""The rules as a table that can be read, and what must hold for any two names."""

from __future__ import annotations

import contextlib
import datetime
from fractions import Fraction
from itertools import combinations, permutations, product

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from phonosearch import LEVELS, PersonIndex, compare, double_metaphone, osa_distance, soundex
from phonosearch._answer import level_name
from phonosearch._dates import AskedAge, parse_date
from phonosearch._hearing import readings
from phonosearch._letters import similarity
from phonosearch._names import Form, form_of_kind, forms
from phonosearch._reference import (
    CLOSE,
    EXACT,
    LEVEL_OF_KIND,
    NO_LEVEL,
    VARIANT,
    Alignment,
    PartKind,
    _assignment,
    _counted,
    _has_matching,
    align,
    align_person,
    kind_of,
    merge,
    relate,
)
from phonosearch._reference_agreement import (
    AgeKind,
    DateKind,
    GenerationKind,
    OtherEvidence,
    SexKind,
    age_kind,
    date_kind,
    precision_of,
    sex_kind,
)
from phonosearch._rules import _rarity, rules


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
        ("Anne-Marie Smith", "Annmarie Smith", "sounds"),
        ("Anne Marie Smith", "Annmarie Smith", None),
        ("Park Min-joo", "Park Mingu", "sounds"),
        ("Angela Mul|en", "Angela Mullen", "variant"),
        ("Angela Mul|en", "Angela Mulden", "close"),
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
        edits, longer = osa_distance(one, other), max(len(one), len(other))
        assert edits >= 1
        if edits > rules().edits_allowed(longer) and not (readings(one) or readings(other)):
            assert edits <= min(rules().alike_edits, longer // 2)
            assert double_metaphone(one)[0][:3] == double_metaphone(other)[0][:3]
            assert points >= rules().alike_points
    if kind == PartKind.NONE:
        assert points <= most_of_none()


KNOWN = ("spelling", "nickname", "nickname_sibling")


@pytest.mark.parametrize(
    ("one", "other", "known"), [("steven", "stephen", "spelling"), ("william", "bill", "nickname"),
                                ("peggy", "maggie", "nickname_sibling"), ("robert", "rob", "nickname")],
)  # fmt: skip
def test_variants_that_look_alike_earn_more(one: str, other: str, known: str) -> None:
    part = rules().part
    for beside in (False, True):
        earned = part[known] + part[f"{known}_letters"] * similarity(one, other, beside) // 1000
        assert relate(one, other, beside)[1] == relate(other, one, beside)[1] == earned


def test_a_kind_earns_more_than_a_weaker_one() -> None:
    part = rules().part
    assert part["exact"] == 1000
    # Letters alone earn less than a spelling that the tables know. A nickname that shares no letter with the name earns
    # less than an initial, since people seldom judge the two one name; one that looks like it earns more.
    most = rules().letter_curve[-1][1]
    best = {kind: part[kind] + part[f"{kind}_letters"] * most // 1000 for kind in KNOWN}
    assert part["exact"] > best["spelling"] > most
    assert part["spelling"] > part["initial"] > part["nickname"] > part["nickname_sibling"] > part["none_above"]
    assert best["spelling"] > best["nickname"] > best["nickname_sibling"] > part["initial"]
    # What no level accepts earns less than an initial, and never so much that it contradicts at no cost.
    assert 0 < part["none_above"] < part["initial"]
    assert part["none_divisor"] > 1
    assert most_of_none() < min(part["initial"], rules().name["contradicted_below"])


def most_of_none() -> int:
    """The most that two parts earn that no level accepts."""
    part, most = rules().part, rules().letter_curve[-1][1]
    return part["none_above"] + (most - part["none_above"]) // part["none_divisor"]


NO_LEVEL_PAIRS = [
    ("smith", "baker"), ("warsame", "watson"), ("holt", "hatall"), ("davison", "eves"), ("hall", "hull"),
    ("jumblatt", "dzumblat"),
]


@pytest.mark.parametrize(("one", "other"), NO_LEVEL_PAIRS)
def test_letters_that_no_level_accepts_earn_little_above_a_limit(one: str, other: str) -> None:
    kind, earned = relate(one, other)
    by_letters = similarity(one, other)
    if kind != PartKind.NONE or by_letters <= rules().part["none_above"]:
        assert earned == by_letters
    else:
        assert rules().part["none_above"] <= earned < by_letters
        assert earned <= most_of_none()


def test_the_letters_are_met_on_both_sides_of_the_limit() -> None:
    kinds = {
        (kind_of(one, other) == PartKind.NONE, similarity(one, other) > rules().part["none_above"])
        for one, other in NO_LEVEL_PAIRS
    }
    assert {(True, True), (True, False), (False, True)} <= kinds


# Scores


def points(found: Alignment) -> int:
    return (
        sum(pair.points for pair in found.pairs)
        + found.order_points + found.form_points + found.date_points + found.sex_points + found.age_points
        + found.place_points
    )  # fmt: skip


@given(names, names, st.sampled_from(DateKind), st.integers(1, 3), st.sampled_from(SexKind))
@example("John Smith", "John Smith", DateKind.EXACT, 3, SexKind.EXACT)
@example("a a", "a b", DateKind.NOT_ASKED, 3, SexKind.NOT_ASKED)
def test_scores(query: str, name: str, date: DateKind, precision: int, sex: SexKind) -> None:
    assume(date in STATES[precision] or not date)
    asked, recorded = forms(query), forms(name)
    found = align(asked, recorded, date=date, precision=precision, sex=sex)
    assert points(found) == found.score
    assert 0 <= found.score <= 1000
    # Only a part that contradicts costs points, and beside another that agrees.
    most = rules().name["contradicted_cost"]
    for pair in found.pairs:
        assert pair.points >= -most
        if pair.points < 0:
            assert any(other.kind != PartKind.NONE for other in found.pairs if other is not pair)
            if not found.merged:
                of_name = form_of_kind(recorded, found.name_form)
                one, other = asked[found.query_form].parts[pair.query], of_name.parts[pair.name]
                assert relate(one, other)[1] < rules().name["contradicted_below"]
    assert sum(pair.points for pair in found.pairs) >= 0
    assert found.order_points <= 0
    assert found.form_points <= 0
    full = asked[0].parts == recorded[0].parts
    best_evidence = date in (DateKind.NOT_ASKED, DateKind.EXACT) and sex in (SexKind.NOT_ASKED, SexKind.EXACT)
    assert (found.score == 1000) == (full and best_evidence)
    used = [{pair.query for pair in found.pairs}, {pair.name for pair in found.pairs}]
    assert all(len(side) == len(found.pairs) for side in used), "each part is used once"


# A part left out, and one that contradicts.
real_parts = st.sampled_from(
    [
        "james",
        "john",
        "mary",
        "smith",
        "jones",
        "lee",
        "li",
        "ng",
        "ho",
        "wu",
        "jo",
        "patel",
        "khan",
        "murphy",
        "zbrough",
        "quxley",
        "warsame",
        "watson",
        "holt",
        "hatall",
        "llwellin",
        "allen",
        "maguire",
        "moore",
        "anwar",
        "naylor",
        "day",
        "davies",
        "begum",
        "kowalczyk",
    ]
)  # fmt: skip
whole_parts = st.text("abchijmnstz", min_size=2, max_size=9) | real_parts


def of_none(*words: str) -> bool:
    return all(relate(a, b)[0] == PartKind.NONE for a, b in combinations(words, 2))


def left_out_and_contradicted(shared: list[str], asked: str, recorded: str, place: int) -> tuple[Alignment, Alignment]:
    query, name = [*shared[:place], asked, *shared[place:]], [*shared[:place], recorded, *shared[place:]]
    full = [[Form(tuple(words), "full")] for words in (query, shared, name)]
    return align(full[0], full[1]), align(full[0], full[2])


@given(st.lists(whole_parts, min_size=1, max_size=4), whole_parts, whole_parts, st.integers(0, 3))
@example(["james"], "zbrough", "smith", 0)
@example(["james"], "aa", "ab", 0)
@example(["james", "david"], "zbrough", "smith", 0)
@example(["james", "david"], "warsame", "watson", 2)
def test_left_out_costs_less_than_contradicted(shared: list[str], asked: str, recorded: str, place: int) -> None:
    """Always, whatever the parts have in common and weigh."""
    assume(of_none(asked, recorded, *shared))
    left_out, contradicted = left_out_and_contradicted(shared, asked, recorded, place)
    assert left_out.score > contradicted.score
    assert left_out.level == EXACT < contradicted.level


def align_words(query: list[str], name: list[str], share_date: DateKind = DateKind.NOT_ASKED) -> int:
    return align([Form(tuple(query), "full")], [Form(tuple(name), "full")], date=share_date).score


@given(st.lists(whole_parts, min_size=1, max_size=3), st.lists(whole_parts, min_size=1, max_size=3), whole_parts)
@example(["flores"], ["manu"], "mark")
def test_dropping_what_contradicts_never_lowers_a_score(shared: list[str], asked: list[str], recorded: str) -> None:
    """Neither on record nor in the query, and also where the points left for the name are few."""
    assume(of_none(recorded, *asked, *shared))
    for date in (DateKind.NOT_ASKED, DateKind.CONTRADICTED):
        assert align_words([*shared, *asked], shared, date) >= align_words([*shared, *asked], [*shared, recorded], date)
        assert align_words(shared, [*shared, *asked], date) >= align_words([*shared, recorded], [*shared, *asked], date)


@given(
    st.lists(st.tuples(st.integers(30, 260), st.integers(30, 260), st.integers(0, 614), st.booleans()), max_size=6),
    st.sampled_from([12, 30]), st.integers(0, 600),
)  # fmt: skip
def test_the_pairs_that_count_give_the_least_score(
    pairs: list[tuple[int, int, int, bool]], missing: int, left_out: int
) -> None:
    """What lets a contradiction never score above leaving out: no choice of contradictions left out scores less."""
    pairs = [(100, 120, 1000, True), *pairs]
    lighter, heavier = ([pick(*pair[:2]) for pair in pairs] for pick in (min, max))
    earns, agreeing = [pair[2] for pair in pairs], [pair[3] for pair in pairs]

    def mean(counted: tuple[bool, ...]) -> Fraction:
        earned = sum(100 * w * e for w, e, counts in zip(lighter, earns, counted, strict=True) if counts)
        whole = sum(100 * w for w, counts in zip(lighter, counted, strict=True) if counts)
        gone = sum(w for w, counts in zip(heavier, counted, strict=True) if not counts)
        return Fraction(earned, whole + missing * (gone + left_out))

    choices = product(*((True,) if agrees else (False, True) for agrees in agreeing))
    counted = _counted(lighter, heavier, earns, agreeing, missing, left_out)
    assert mean(tuple(counted)) == min(map(mean, choices))


def test_left_out_costs_less_for_all_real_names_with_one_part_that_agrees() -> None:
    words = [word for word in _rarity(rules().rarity_text) if len(word) > 1]
    tried = 0
    for place in range(0, 20_000, 10):
        shared, asked, recorded = words[place // 100], words[place], words[place * 7919 % len(words)]
        if of_none(shared, asked, recorded):
            left_out, contradicted = left_out_and_contradicted([shared], asked, recorded, 1)
            tried += 1
            assert left_out.score > contradicted.score, (shared, asked, recorded)
    assert tried > 1500


@given(names, names)
def test_levels_up_to_close_are_symmetric(one: str, other: str) -> None:
    there, back = align(forms(one), forms(other)).level, align(forms(other), forms(one)).level
    assert there == back or min(there, back) > CLOSE


@given(names)
def test_a_name_matches_itself_in_any_order(name: str) -> None:
    words = name.split()
    assert align(forms(name), forms(name)).score == 1000
    assume(not set(words) & (rules().titles | rules().suffixes) and len(set(words)) == len(words))
    turned = align(forms(name), forms(" ".join((words[-1], *words[:-1]))))
    assert turned.level == EXACT
    assert turned.score == 1000 - (rules().name["order_cost"] if len(words) > 1 else 0)
    turned = align(forms(name), forms(" ".join(reversed(words))))
    assert turned.level == EXACT
    assert turned.score >= 1000 - rules().name["disorder_cost" if len(words) > 2 else "order_cost"]
    assert turned.score <= 1000 - (rules().name["order_cost"] if len(words) > 1 else 0)


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


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Salman bin Muhammad", "Muhammad bin Salman"), ("Abdullah bin Omar al-Harbi", "Omar bin Abdullah al-Harbi"),
        ("Juan Carlos Garcia", "Carlos Juan Garcia"),
    ],
)  # fmt: skip
def test_son_and_father_are_not_exchanged_for_little(one: str, other: str) -> None:
    score = align(forms(one), forms(other)).score
    assert score <= 1000 - rules().name["disorder_cost"]
    assert align(forms(one), forms(one)).score == 1000


def test_order_and_form_cost_a_little() -> None:
    same, turned = (align(forms("John Smith"), forms(name)) for name in ("John Smith", "Smith John"))
    assert (same.score, turned.score) == (1000, 1000 - rules().name["order_cost"])
    joined = align(forms("Smith Annmarie"), forms("Ann Marie Smith"))
    assert joined.score == 1000 - rules().name["order_cost"] - rules().name["form_cost"]
    joined = align(forms("Ann Marie Smith"), forms("Annmarie Smith"))
    assert joined.merged
    assert (joined.level, joined.score) == (VARIANT, 1000 - rules().name["form_cost"])


@pytest.mark.parametrize(
    ("asked", "turned", "recorded"),
    [
        ("Annmari O'Sullivan", "O'Sullivan Annmari", "Anne-Marie O'Sullivan"),
        ("Ian Mcdonnald", "Mcdonnald Ian", "Ian Mc Donald"),
        ("Jongoon Kim", "Kim Jongoon", "Jong-un Kim"),
    ],
)
def test_family_name_first_costs_a_little_where_parts_are_joined(asked: str, turned: str, recorded: str) -> None:
    one, other = (align(forms(name), forms(recorded)) for name in (asked, turned))
    assert one.level < NO_LEVEL
    assert one.form_points == other.form_points == -rules().name["form_cost"]
    assert other.score == one.score - rules().name["order_cost"]


@pytest.mark.parametrize(
    ("asked", "recorded", "kind"),
    [
        ("1984-03-07", ["1984-03-07"], DateKind.EXACT),
        ("1984-03", ["1984-03-07"], DateKind.EXACT),
        ("1984", ["1984-03-07"], DateKind.EXACT),
        ("1984-03-07", ["1984-03"], DateKind.PARTIAL),
        ("1984-03-07", ["1984-07-03"], DateKind.SWAPPED),
        ("1984-03-07", ["1948-03-07"], DateKind.DIGITS_SWAPPED),
        ("1984-03-07", ["1983-04-07"], DateKind.DIGITS_SWAPPED),
        ("1984-03-07", ["1985-04-07"], DateKind.SIMILAR),
        ("1984-10-12", ["1984-12-10"], DateKind.SWAPPED),
        ("1984-11-05", ["1984-05-11"], DateKind.SWAPPED),
        ("1984-11-05", ["1985-05-11"], DateKind.CONTRADICTED),
        ("1984-11-05", ["1984-05-01"], DateKind.SIMILAR),
        ("1984-11-05", ["1952-11-05"], DateKind.SIMILAR),
        ("1984-11-05", ["1976-11-07"], DateKind.CONTRADICTED),
        ("1984-01-01", ["1984-01-01"], DateKind.EXACT_PLACEHOLDER),
        ("1984-01-01", ["1984"], DateKind.PARTIAL),
        ("1984-01-01", ["1984-01"], DateKind.PARTIAL),
        ("1984-01", ["1984-01-01"], DateKind.EXACT),
        ("1984", ["1984-01-01"], DateKind.EXACT),
        ("1984-03-07", ["1984-01-01"], DateKind.PLACEHOLDER),
        ("1984-01-01", ["1984-03-07"], DateKind.PLACEHOLDER),
        ("1984-01-01", ["1984-03"], DateKind.PLACEHOLDER),
        ("1984-03", ["1984-01-01"], DateKind.PLACEHOLDER),
        ("1984-03", ["1984-01"], DateKind.CONTRADICTED),
        ("1984-01-07", ["1984-01-01"], DateKind.PLACEHOLDER),
        ("1984-10-01", ["1984-01-01"], DateKind.PLACEHOLDER),
        ("1985-01-01", ["1984-01-01"], DateKind.ONE_DIGIT),
        ("1984-03-07", ["1985-01-01"], DateKind.CONTRADICTED),
        ("1984-03-12", ["1984-03-21"], DateKind.DIGITS_SWAPPED),
        ("1984-03-12", ["1984-03-23"], DateKind.SIMILAR),
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


# What a date of birth may be found to be, by how much of it is asked.
STATES = {
    1: (DateKind.EXACT, DateKind.ABSENT, DateKind.NEAR_YEAR, DateKind.CONTRADICTED),
    2: (
        DateKind.EXACT, DateKind.PARTIAL, DateKind.PLACEHOLDER, DateKind.ABSENT, DateKind.NEAR_YEAR,
        DateKind.CONTRADICTED,
    ),
    3: tuple(kind for kind in DateKind if kind),
}
NAME_OF = {1: "dob_year", 2: "dob_month", 3: "dob"}


def shares(precision: int, with_sex: bool) -> tuple[int, dict[str, int], dict[str, int]]:
    """Points for a name, by the states of a date and by those of a sex."""
    birth = rules().birth_field(precision, 0)
    share, points = rules().shares(*([birth] if birth else []), *(["sex"] if with_sex else []))
    return share, points[0] if birth else {}, points[-1] if with_sex else {}


def weight_of(field: str, kind: DateKind | SexKind) -> int:
    """The weight of a state; one that a coarser date has no row for is that of a whole date, and at most exact."""
    weights, state = rules().weights, kind.name.lower()
    return weights.get((field, state), min(weights.get(("dob", state), 0), weights[field, "exact"]))


@pytest.mark.parametrize("precision", [0, 1, 2, 3])
@pytest.mark.parametrize("with_sex", [False, True])
def test_shares(precision: int, with_sex: bool) -> None:
    share, by_date, by_sex = shares(precision, with_sex)
    assert share + by_date.get("exact", 0) + by_sex.get("exact", 0) == 1000
    assert (share == 1000) == (not precision and not with_sex)
    assert (bool(by_date), bool(by_sex)) == (bool(precision), with_sex)
    for points, asked in ((by_date, precision), (by_sex, with_sex)):
        assert not asked or points["contradicted"] == 0 < points["absent"] < points["exact"] < share
        assert all(0 <= earned <= points["exact"] for earned in points.values())
    if precision:
        assert {kind.name.lower() for kind in DateKind if kind} <= set(by_date)
        by_weight = sorted(STATES[precision], key=lambda kind: weight_of(NAME_OF[precision], kind))
        earned = [by_date[kind.name.lower()] for kind in by_weight]
        assert earned == sorted(set(earned)), "the heavier state earns more"
    if with_sex:
        assert {kind.name.lower() for kind in SexKind if kind} == set(by_sex)


def test_the_more_of_a_date_is_asked_the_more_it_takes() -> None:
    for with_sex in (False, True):
        nothing, year, month, day = (shares(precision, with_sex)[1].get("exact", 0) for precision in range(4))
        assert nothing == 0
        assert 0 < year < month < day
    # A sex takes less beside a date than without.
    for precision in (1, 2, 3):
        assert shares(precision, True)[2]["exact"] < shares(0, True)[2]["exact"]


def test_the_states_of_a_whole_date_stand_in_the_order_of_their_weights() -> None:
    """The best of several dates on record is the one of greatest kind, so that must be the one that earns most."""
    for precision, states in STATES.items():
        met = [kind for kind in DateKind if kind in states and kind != DateKind.ABSENT]
        _, by_date, _ = shares(precision, False)
        earned = [by_date[kind.name.lower()] for kind in met]
        assert earned == sorted(set(earned)), precision


@pytest.mark.parametrize("asked", ["1984", "1984-03", "1984-03-07", "1984-01-01"])
def test_only_the_states_of_a_precision_are_met(asked: str) -> None:
    """Of dates near and far, by year, month and day: those that `STATES` names, all of them."""
    recorded = [
        parse_date(f"{year}{rest}")
        for year in (1975, 1980, 1982, 1983, 1984, 1985, 1986, 1948, 2000)
        for rest in ("", "-03", "-04", "-07", "-03-07", "-07-03", "-03-17", "-03-08", "-12-31", "-04-07", "-01-01")
    ]
    date = parse_date(asked)
    met = {date_kind(date, [one]) for one in recorded} | {date_kind(date, [])}
    missed = set(STATES[precision_of(date)]) - met
    assert met <= set(STATES[precision_of(date)])
    # What is exact of 1 January is a placeholder; and its day and month exchanged are itself.
    first = {DateKind.EXACT, DateKind.SWAPPED}
    assert missed == (first if asked.endswith("-01-01") else {DateKind.EXACT_PLACEHOLDER} if len(asked) > 7 else set())


def test_what_other_evidence_earns() -> None:
    for precision in (1, 2, 3):
        share, by_date, by_sex = shares(precision, True)
        for kind in STATES[precision]:
            for sex in (SexKind.EXACT, SexKind.ABSENT, SexKind.CONTRADICTED):
                found = align(forms("John Smith"), forms("John Smith"), date=kind, precision=precision, sex=sex)
                earned = {"name": share, "date": by_date[kind.name.lower()], "sex": by_sex[sex.name.lower()]}
                assert OtherEvidence(kind, precision, sex).points() == {"age": 0, "place": 0} | earned
                assert (found.date_points, found.sex_points) == (by_date[kind.name.lower()], by_sex[sex.name.lower()])
                assert sum(pair.points for pair in found.pairs) == share
    assert OtherEvidence().points() == {"name": 1000, "date": 0, "sex": 0, "age": 0, "place": 0}


@pytest.mark.parametrize("sex", [SexKind.NOT_ASKED, SexKind.EXACT])
def test_the_nearer_an_age_the_more_it_earns_and_the_wider_its_range_the_less(sex: SexKind) -> None:
    earned = []
    for years in (1, 5, 6, 10, 11, 20, 40):
        found = {kind.name: OtherEvidence(sex=sex, age=kind, years=years).points()["age"] for kind in AgeKind if kind}
        order = "CONTRADICTED", "NEAR_5", "NEAR_2", "NEAR_1", "ABSENT", "POSSIBLE", "EXACT"
        nearness = [found[name] for name in order]
        assert nearness[0] == 0
        assert nearness == sorted(set(nearness))
        earned.append(found["EXACT"] - found["ABSENT"])
    assert earned == sorted(earned, reverse=True)
    assert len(set(earned)) == 5


@pytest.mark.parametrize(
    ("low", "high", "recorded", "kind"),
    [
        (34, 34, ["1992-11-23"], AgeKind.EXACT),
        (34, 34, ["1991-11-24"], AgeKind.EXACT),
        (34, 34, ["1992-11-24"], AgeKind.NEAR_1),
        (34, 34, ["1991-11-23"], AgeKind.NEAR_1),
        (34, 34, ["1990-11-23"], AgeKind.NEAR_2),
        (34, 34, ["1987-11-23"], AgeKind.NEAR_5),
        (34, 34, ["1986-11-23"], AgeKind.CONTRADICTED),
        (34, 34, ["1997-11-23"], AgeKind.NEAR_5),
        (34, 34, ["1997-11-24"], AgeKind.CONTRADICTED),
        (30, 40, ["1990-01-01"], AgeKind.EXACT),
        (30, 40, ["1986"], AgeKind.EXACT),
        (30, 40, ["1995"], AgeKind.EXACT),
        (30, 40, ["1985"], AgeKind.POSSIBLE),
        (30, 40, ["1996"], AgeKind.POSSIBLE),
        (30, 40, ["1984"], AgeKind.NEAR_1),
        (30, 40, ["1985-11"], AgeKind.POSSIBLE),
        (30, 40, ["1985-12"], AgeKind.EXACT),
        (30, 40, ["1985-10"], AgeKind.NEAR_1),
        (0, 0, ["2026-11-23"], AgeKind.EXACT),
        (0, 0, ["2026-11-24"], AgeKind.NEAR_1),
        (34, 34, ["1950", "1992"], AgeKind.POSSIBLE),
        (34, 34, ["1992-03", "1992"], AgeKind.EXACT),
        (34, 34, [], AgeKind.ABSENT),
    ],
)
def test_ages(low: int, high: int, recorded: list[str], kind: AgeKind) -> None:
    asked = AskedAge(low, high, parse_date("2026-11-23"))
    assert age_kind(asked, [parse_date(date) for date in recorded]) == kind


def test_who_was_born_on_29_february_completes_a_year_on_1_march_where_there_is_no_such_day() -> None:
    born = [parse_date("1984-02-29")]
    for day, age in (("2026-02-28", 41), ("2026-03-01", 42), ("2024-02-28", 39), ("2024-02-29", 40)):
        assert age_kind(AskedAge(age, age, parse_date(day)), born) == AgeKind.EXACT
    assert age_kind(None, born) == AgeKind.NOT_ASKED


@given(st.dates(datetime.date(1900, 1, 1), datetime.date(2020, 12, 31)))
@example(datetime.date(1984, 3, 7))
@example(datetime.date(1984, 10, 12))
def test_two_digits_exchanged_anywhere_are_told(day: datetime.date) -> None:
    asked = parse_date(day.isoformat())
    for one, other in combinations(range(8), 2):
        digits = list(day.isoformat().replace("-", ""))
        if digits[one] == digits[other]:
            continue
        digits[one], digits[other] = digits[other], digits[one]
        text = "".join(digits)
        with contextlib.suppress(ValueError):
            recorded = parse_date(f"{text[:4]}-{text[4:6]}-{text[6:]}")
            kind = date_kind(asked, [recorded])
            assert kind == date_kind(recorded, [asked])
            turned = asked.year == recorded.year and (asked.month, asked.day) == (recorded.day, recorded.month)
            first = asked.year == recorded.year and (1, 1) in (asked[1:], recorded[1:])
            assert kind == (
                DateKind.SWAPPED if turned else DateKind.PLACEHOLDER if first else DateKind.DIGITS_SWAPPED
            )


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


@pytest.mark.parametrize(
    ("asked", "recorded", "kind"),
    [
        ("John Smith Jr", ["John Smith Jnr."], GenerationKind.EXACT),
        ("John Smith JR", ["John Smith II"], GenerationKind.EXACT),
        ("John Smith Jr", ["John Smith Sr"], GenerationKind.CONTRADICTED),
        ("John Smith III", ["John Smith II OBE"], GenerationKind.CONTRADICTED),
        ("John Smith Jr", ["John Smith OBE"], GenerationKind.ABSENT),
        ("John Smith Jr", ["Jack Smith", "John Smith Jr"], GenerationKind.EXACT),
        ("John Smith Jr", ["John Smith Sr", "John Smith Jr"], GenerationKind.EXACT),
        ("John Smith", ["John Smith Jr"], GenerationKind.NOT_ASKED),
        ("J R Smith", ["John Smith Jr"], GenerationKind.NOT_ASKED),
        ("Jr Smith", ["John Smith Sr"], GenerationKind.NOT_ASKED),
        ("Smith Jr", ["Smith Sr"], GenerationKind.CONTRADICTED),
        ("Jr", ["Jr"], GenerationKind.NOT_ASKED),
    ],
)
def test_generations(asked: str, recorded: list[str], kind: GenerationKind) -> None:
    """Jr is not Sr; whom the record says nothing of is less against it, and nobody is left out."""
    found = align_person(forms(asked), [forms(name) for name in recorded])
    assert found.generation_kind == kind
    costs = {GenerationKind.ABSENT: "generation_absent", GenerationKind.CONTRADICTED: "generation_cost"}
    assert found.generation_points == (-rules().name[costs[kind]] if kind in costs else 0)
    plain = align_person([form._replace(generations=frozenset()) for form in forms(asked)], list(map(forms, recorded)))
    assert (found.level, found.score) == (plain.level, plain.score + found.generation_points)
    people = [{"person_id": "P1", "names": [{"full_name": name} for name in recorded]}]
    compared = compare(asked, people[0])
    assert (compared.score, compared.level) == (found.score, level_name(found.level))
    (hit,) = PersonIndex.build(people).search(asked, level="wide").hits
    assert (hit.score, hit.evidence) == (compared.score, compared.evidence)


def test_a_generation_takes_no_more_than_there_is() -> None:
    found = compare("John Smith Jr", "Vazquez Sr")
    assert found.score == 0
    assert sum(item.points for item in found.evidence) == 0


@pytest.mark.parametrize(
    ("asked", "recorded", "level"),
    [
        ("SEAN O SULLIVAN", "Sean O'Sullivan", "exact"), ("Sean Osullivan", "SEAN O SULLIVAN", "exact"),
        ("Sean Sullivan", "SEAN O SULLIVAN", "variant"), ("SEAN O SULLIVAN", "Sean Sullivan", "variant"),
        ("Sean O Hagan", "Sean Hagan", "variant"), ("Sean O Sullivan", "Sean O'Brien", "wide"),
        ("Sean O Sullivan", "Sean Oliver", "wide"), ("John O Smith", "John Oliver Smith", "variant"),
        ("John O Sullivan", "John Oliver Sullivan", "variant"), ("John O Smith", "John Smith", "exact"),
    ],
)  # fmt: skip
def test_an_o_apart_is_a_prefix_where_it_makes_a_known_name(asked: str, recorded: str, level: str) -> None:
    assert LEVELS[align(forms(asked), forms(recorded)).level] == level
    assert compare(asked, recorded).level == level


def test_an_o_that_was_joined_is_shown_as_it_was_written() -> None:
    evidence = compare("Dr Sean O Sullivan", "Sean O'Sullivan").evidence
    assert [item.text for item in evidence if item.part in ("osullivan", "dr")] == [
        "“O Sullivan” is the same as “O'Sullivan”.", "“Dr” was asked for, but is not compared.",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("asked", "recorded", "level"),
    [
        ("AJ Smith", "Anthony James Smith", "variant"), ("Anthony James Smith", "AJ Smith", "variant"),
        ("JRR Tolkien", "John Ronald Reuel Tolkien", "variant"), ("JR Smith", "John Robert Smith", "variant"),
        ("J R R Tolkien", "JRR Tolkien", "variant"), ("TJ Hooker", "T J Hooker", "variant"),
        ("Al Smith", "Anthony Lee Smith", "close"), ("Jo Smith", "James Oliver Smith", "wide"),
        ("Li Wang", "Laura Ivy Wang", "wide"), ("Ng Smith", "Nina Grace Smith", "wide"), ("TJ", "Thomas James", None),
    ],
)  # fmt: skip
def test_initials_written_together_are_initials(asked: str, recorded: str, level: str | None) -> None:
    assert level_name(align(forms(asked), forms(recorded)).level) == level
    assert compare(asked, recorded).level == level


def test_what_stands_for_no_name_is_not_compared() -> None:
    for asked, recorded in (
        ("Jane Smith née Brown", "Jane Smith Brown"), ("John Smith aka Jack Jones", "John Smith Jack Jones"),
        ("Unknown Smith", "Smith"), ("Smith", "Unknown Smith"),
    ):  # fmt: skip
        assert align(forms(asked), forms(recorded)).score == compare(asked, recorded).score == 1000
    told = compare("Unknown Smith", "John Smith").evidence[-1]
    assert (told.part, told.kind, told.points) == ("unknown", "not_compared", 0)
    assert compare("Jane Nee", "Jane Smith").level == "wide"


@pytest.mark.parametrize(
    ("asked", "recorded"),
    [
        ("عبد الرحمن", "Abdul Rahman"), ("أحمد", "Ahmed"), ("علي حسن", "Ali Hassan"), ("이민수", "Lee Minsu"),
        ("이민수", "Minsu Lee"), ("欧阳修", "Ouyang Xiu"), ("عبد الله", "Abdullah"),
    ],
)  # fmt: skip
def test_names_in_other_scripts(asked: str, recorded: str) -> None:
    assert compare(asked, recorded).level in ("exact", "variant")
    assert compare(recorded, asked).level in ("exact", "variant")
