"""The kernel finds, scores and explains exactly what the reference matcher does."""

from __future__ import annotations

import datetime
import os
import random
import time
from functools import cache
from itertools import product
from typing import Any

import pytest
from hypothesis import assume, example, given, reject, settings
from hypothesis import strategies as st

from phonosearch import LEVELS, PersonIndex, compare, testing
from phonosearch._agreement import Asked, age_agreement, date_agreement
from phonosearch._answer import alignment_of_row, level_name
from phonosearch._dates import AskedAge, PartialDate, pack, parse_date
from phonosearch._kernel import text_rules
from phonosearch._names import forms
from phonosearch._pair import compare_names
from phonosearch._reference import align, align_person
from phonosearch._reference_agreement import AgeKind, DateKind, PlaceKind, SexKind, age_kind, date_kind
from phonosearch._rules import rules
from phonosearch.testing import population, queries, variants
from reference_index import Found, ReferenceIndex, alignment, all_forms, check_against, evidence, gather, scan
from reference_index import align as reference_align

WORDS = (
    # spellings, nicknames, words that sound alike
    "john jon jonathan jack ian smith smyth smithe smit smiht schmidt stephen steven stephan steve mohammed muhammad "
    "md elizabeth liz beth lizzie eliza catherine katherine kate ann anne anna sara sarah peter pete wright rite "
    # prefixes and particles, joined and apart
    "mc mac donald mcdonald macdonald o brien obrien abdul rahman abdulrahman abd al el de la del dela van der vander "
    "vanderberg berg von bin ben ibn st stjohn d y e ap ni "
    # the ends of compound names
    "nur din nureddin nooruddin uddin ullah habibullah allah salah "
    # initials, titles, suffixes, very short and very long parts
    "j s a z jj js dr mr sir jr iii phd aa ab ba abc acb abcd abdc ho ng li "
    + "x" * 59 + " " + "x" * 60 + " " + "x" * 61 + " " + "ab" * 20
).split()  # fmt: skip
OTHER_SCRIPTS = ["O'Brien", "Smith-Jones", "Siân", "Łukasz", "ß", "Ünal", "李小龙", "Ольга", "محمد", "김민수"]
RAW = ["??", "!!", "12345", "😀", "😀😀", "=", "?" * 70]


@st.composite
def edited(draw: st.DrawFn) -> str:
    """A word with up to three letters dropped, added, replaced or exchanged: about the limit of level ``close``."""
    word = list(draw(st.sampled_from(WORDS)))
    for _ in range(draw(st.integers(1, 3))):
        place = draw(st.integers(0, len(word) - 1))
        change = draw(st.sampled_from(["drop", "add", "replace", "swap"]))
        if change == "drop" and len(word) > 1:
            del word[place]
        elif change == "add":
            word.insert(place, draw(st.sampled_from("abehnstz")))
        elif change == "replace":
            word[place] = draw(st.sampled_from("abehnstz"))
        else:
            word[place : place + 2] = reversed(word[place : place + 2])
    return "".join(word)


words = st.one_of(
    st.sampled_from(WORDS),
    st.sampled_from(WORDS),
    edited(),
    st.text("abhnz", min_size=1, max_size=9),
    st.sampled_from(OTHER_SCRIPTS),
)


@st.composite
def name_texts(draw: st.DrawFn, longest: int = 4) -> str:
    parts = draw(st.lists(words, min_size=1, max_size=longest))
    separators = st.sampled_from(draw(st.sampled_from(["  ", " ", " ", " ", "-", " -", " -|:"])))
    suffix = draw(st.sampled_from([""] * 6 + [" Jr", " Sr.", " III", " jnr esq", " ii obe sr"]))
    return "".join(draw(separators) + part for part in parts)[1:] + suffix


names = st.one_of(name_texts(), name_texts(), name_texts(), name_texts(), name_texts(6), st.sampled_from(RAW))
DATES = [
    "1984", "1985", "1989", "1984-03", "1984-04", "1984-03-07", "1984-07-03", "1984-03-17", "1986-03-07", "1990",
    "1948-03-07", "1983-04-07", "1984-01-01", "1984-01", "1985-01-01",
]  # fmt: skip
dates = st.sampled_from(DATES)
sexes = st.sampled_from("MFX")
ages = st.one_of(
    st.integers(33, 46), st.sampled_from(["34", "35-44", " 20 – 30 ", "0", "91-130", (38, 40), [40, 79], (0, 39)])
)
PLACES = [
    "Leeds", "Headingley, Leeds", "Headingley, Leeds LS6 2AB", "LS6 2AB", "ls6", "LS6 2AD", "York YO1 7HH", "York",
    "Hull",
]  # fmt: skip
places = st.sampled_from(PLACES)
kinds = st.sampled_from(["primary", "alias", "maiden", "previous", "nickname", "weak"])


@st.composite
def other_evidence(draw: st.DrawFn) -> dict[str, Any]:
    """What may be asked besides a name, as a search takes it."""
    asked: dict[str, Any] = {}
    birth = draw(st.sampled_from(["", "", "dob", "age"]))
    if birth == "dob":
        asked["dob"] = draw(dates)
    elif birth == "age":
        asked |= {"age": draw(ages), "age_on": draw(st.sampled_from(["2026-03-07", "2024-02-29", "1990-01-01"]))}
    if draw(st.booleans()):
        asked["sex"] = draw(sexes)
    if draw(st.booleans()):
        asked["place"] = draw(places)
    return asked


@st.composite
def records(draw: st.DrawFn) -> list[dict[str, Any]]:
    # Few identifiers, so that some rows are of one person.
    out = []
    for text in draw(st.lists(names, min_size=1, max_size=25)):
        record: dict[str, Any] = {"person_id": f"P{draw(st.integers(0, 30))}", "full_name": text}
        more = draw(st.lists(st.fixed_dictionaries({"full_name": names, "kind": kinds}), max_size=2))
        if more:
            record["names"] = more
        dob = draw(st.none() | dates | st.lists(dates, min_size=2, max_size=3))
        if dob is not None:
            record["dob"] = dob
        sex = draw(st.none() | sexes)
        if sex is not None:
            record["sex"] = sex
        place = draw(st.none() | places | st.lists(places | st.just("???"), min_size=1, max_size=3))
        if place is not None:
            record["place"] = place
        out.append(record)
    return out


@settings(max_examples=2 * settings.default.max_examples)
@given(records(), names, other_evidence(), st.data())
def test_search_equals_the_reference(
    people: list[dict[str, Any]], query: str, other: dict[str, Any], data: st.DataObject
) -> None:
    if data.draw(st.booleans(), "the query is a name of the population"):
        query = data.draw(st.sampled_from([person["full_name"] for person in people]))
    check_against(PersonIndex.build(people), scan(people, query, **other), query, **other)


def page_of(*names: str) -> list[dict[str, Any]]:
    return [{"person_id": f"P{number}", "full_name": name} for number, name in enumerate(names)]


@given(records(), names, other_evidence())
@example(page_of("John Smith", "John Smyth", "Jon Smith", "John Wolstenholme", "John Q Smith"), "John Smith", {})
@example(page_of("Smith John", "John Smith", "Smith Smyth", "John O'Smith", "JOHN SMITH"), "Smith John Smith", {})
@example(page_of("Anna von Berg", "Anna Berg", "Berg Anna", "Annaberg", "Anna Vonberg"), "Anna von Berg", {})
@example(page_of("Anna Berg", "Annamaria", "Anna Maria", "Annamaria Berg"), "Anna-Maria Berg", {})
def test_hits_that_share_evidence_have_each_their_own(
    people: list[dict[str, Any]], query: str, other: dict[str, Any]
) -> None:
    for hit in PersonIndex.build(people).search(query, level="wide", limit=1000, **other).hits:
        assert hit.evidence == evidence(alignment(hit), query, hit.name)
        assert sum(item.points for item in hit.evidence) == hit.score


@settings(max_examples=max(20, settings.default.max_examples // 5))
@given(name_texts(9), name_texts(9))
def test_names_of_many_parts_equal_the_reference(one: str, other: str) -> None:
    assume(max(len(one), len(other)) <= rules().limits["name_code_points"])
    people = [{"person_id": "P1", "full_name": one}, {"person_id": "P2", "full_name": other}]
    for query in (one, other):
        check_against(PersonIndex.build(people), scan(people, query), query)


RARE = ("wolstenholme", "karagounis", "bhattarcharya", "quennevillic", "zubrzyckian")


def just_below(asked: str, most: int) -> str:
    """A name that level close finds, with slips that leave it at a score of ``most`` or hardly less."""
    chance, found = random.Random(0), dict[str, int]()
    for _ in range(600):
        parts = asked.split()
        for place, part in enumerate(parts):
            for _ in range(chance.choice((0, 0, 1, 1, 2))):
                at = chance.randrange(1, len(part))
                part = part[:at] + chance.choice("aeiourstln") + part[at + chance.choice((0, 1)) :]
            parts[place] = part
        if chance.random() < 0.3 and len(parts) > 2:
            parts.pop(chance.randrange(len(parts)))
        name = " ".join(parts)
        compared = compare(asked, name)
        if compared.level not in ("wide", None) and compared.score <= most:
            found[name] = compared.score
    best = max(found, key=found.__getitem__)
    assert found[best] > most - 3
    return best


FEW = ["john", "jon", "smith", "smyth", "ann", "anna", "j", "s", "de", "la", "cruz", "quxley"]
few_names = st.lists(st.sampled_from(FEW), min_size=1, max_size=5).map(" ".join)


@given(
    st.lists(few_names, min_size=1, max_size=40),
    st.lists(st.sampled_from(FEW), min_size=2, max_size=7).map(" ".join),
)
def test_queries_of_more_parts_than_the_names_equal_the_reference(texts: list[str], query: str) -> None:
    people = page_of(*texts)
    check_against(PersonIndex.build(people), scan(people, query), query)


@cache
def every_name_of_few_parts() -> tuple[PersonIndex, ReferenceIndex]:
    """All names of up to three of these parts, and some of the longer ones: every way to pair off or to fail to."""
    parts = ["john", "jon", "smith", "ann", "j", "la", "quxley"]
    texts = [" ".join(name) for size in (1, 2, 3) for name in product(parts, repeat=size)]
    texts += [" ".join(name) for size in (4, 5) for name in product(parts[::2], repeat=size)][::5]
    people = page_of(*texts)
    return PersonIndex.build(people), ReferenceIndex(people)


@pytest.mark.parametrize(
    "query",
    [
        "John Smith Ann", "Jon Jonn Smith", "Smith Smith Smith", "John Jon Ann Anna", "Ann John John Jonn Smith Smyth",
        "Ann la Smith", "John de la Smith", "Quxley Quxlye Zyxqwv", "Zyxqwv Qzjxkv Smith", "Ann Smith ??",
        "J Smith Ann", "J J Smith", "J Ann", "J A Q", "J", "L S J John", "A B C D E F G H I J K L M N O P",
        "John Jon Smith Ann Quxley Peter Mary Jane Paul Susan James Robert David Michael Lee Anna",
    ],
)  # fmt: skip
def test_every_way_to_pair_off_equals_the_reference(query: str) -> None:
    index, oracle = every_name_of_few_parts()
    found = oracle.found(query)
    assert found
    check_against(index, found, query)


@cache
def every_name_of_parts_alike() -> tuple[PersonIndex, ReferenceIndex]:
    """All names of two and three of these parts: level close pairs Marlo and Martin with Marlon and with Maria, Carlin
    with Marlon alone, and Marie with Maria alone."""
    parts = ["marlon", "marlo", "martin", "carlin", "maria", "marie", "quxley"]
    people = page_of(*[" ".join(name) for size in (2, 3) for name in product(parts, repeat=size)])
    return PersonIndex.build(people), ReferenceIndex(people)


@pytest.mark.parametrize("query", ["Marlon Maria", "Maria Marlon", "Marlo Martin", "Carlin Marie", "Marie Quxley"])
def test_parts_that_match_both_of_two_equal_the_reference(query: str) -> None:
    """What stands beside a posting is learned by the first search, and read by the second."""
    index, oracle = every_name_of_parts_alike()
    found = oracle.found(query)
    assert found
    for _ in range(2):
        check_against(index, found, query)


@pytest.mark.parametrize("others", [2, 3, 5])
@pytest.mark.parametrize(("one", "other"), [("jones", "choknes"), ("charles", "xarlesz"), ("patrick", "patjreeck")])
def test_a_contradicting_name_may_be_the_best_of_a_person(one: str, other: str, others: int) -> None:
    """P1 is found by a name that scores little; another, which no level finds, keeps P1 before P2.

    Its parts leave as little as can be between its score and the bound on what contradicts.
    """
    asked, contradicting = " ".join((*RARE[:others], one)), " ".join((*RARE[:others], other))
    expected = compare(asked, contradicting)
    assert expected.level == "wide"
    index = PersonIndex.build([
        {"person_id": "P1", "names": [{"full_name": RARE[0]}, {"full_name": contradicting}]},
        {"person_id": "P2", "full_name": just_below(asked, expected.score)},
    ])  # fmt: skip
    (hit,) = index.search(asked, limit=1).hits
    assert (hit.person_id, hit.score) == ("P1", expected.score)


@pytest.mark.parametrize("query", ["Z", "Z Smith", "Z Z", "zed z"])
def test_an_initial_does_not_match_a_raw_name(query: str) -> None:
    people = [{"person_id": f"P{place}", "full_name": name} for place, name in enumerate([*RAW, "Zed Smith", "Smith"])]
    check_against(PersonIndex.build(people), scan(people, query), query)


PAIRS = [
    ("Mc Donald", "McDonald"),
    ("Ian Mc Donald", "Donald Mcian"),
    ("Abdul Rahman", "Abdulrahman"),
    ("Ab Cd Ef", "Abcd Ef"),
    ("Abcd Ef", "Ab Cdef"),
    ("Ann Marie Smith", "Annmarie Smith"),
    ("Anne Marie", "Marianne"),
    ("J J Smith", "JJ Smith"),
    ("Anthony James Smith", "AJ Smith"),
    ("H", "Anna Bh"),
    ("Sean O Sullivan", "Sean OSullivan"),
    ("Jane née Smith", "Jane Smith Unknown"),
    ("Jan van der Berg", "Jan Vanderberg"),
    ("de la Cruz", "Cruz"),
    ("John John", "John"),
    ("John John", "John Jon"),
    ("A A A", "A A"),
    ("x" * 60 + " y", "x" * 60),
    ("x" * 30 + " " + "x" * 30, "x" * 60),
    ("x" * 31 + " " + "x" * 30, "x" * 61),
    ("Smith J", "J Smith"),
    ("J S", "John Smith"),
    ("J Smith", "Karl Smith"),
    ("M Smith", "Mike Jones"),
]  # fmt: skip


@pytest.mark.parametrize("turned", [False, True])
@pytest.mark.parametrize(("one", "other"), PAIRS)
def test_joined_split_and_repeated_parts(one: str, other: str, turned: bool) -> None:
    if turned:
        one, other = other, one
    people = [{"person_id": "P1", "full_name": other}, {"person_id": "P2", "full_name": "Unrelated Quxley"}]
    check_against(PersonIndex.build(people), scan(people, one), one)


def test_the_shortcuts_of_the_oracle_change_nothing() -> None:
    people = list(population(150, seed=5))
    oracle = ReferenceIndex(people)
    asked = [query.text for query in queries(people, 15, seed=5)] + ["Mc Donald", "J Smith", "Ann Marie Smith"]
    found = 0
    for query in asked:
        assert oracle.found(query) == scan(people, query)
        found += len(oracle.found(query))
    assert found > len(asked)


def _asked(people: list[dict[str, Any]], count: int, seed: int) -> list[tuple[str, dict[str, Any]]]:
    """Queries of every kind of mistake, some with a date of birth, an age or a sex of somebody."""
    out: list[tuple[str, dict[str, Any]]] = []
    plain = queries(people, count, seed=seed)
    for number, query in enumerate(plain):
        text = query.text
        person = people[(number * 7919) % len(people)]
        if number % 4 == 3:
            whole = (person.get("names") or [person])[0]
            text = whole.get("full_name") or f"{whole['forenames']} {whole['surname']}"
            made = variants(text, seed=number)
            text = made[0].name if made else text
        dob = person.get("dob")
        dob = dob[0] if isinstance(dob, list) else dob
        other: dict[str, Any] = {"sex": person.get("sex")} if number % 5 == 1 else {}
        if number % 4 == 2:
            other["place"] = person["place"]
        if dob and number % 3 == 1:
            other["dob"] = dob
        elif dob and number % 3 == 2:
            low = max(2026 - int(dob[:4]) - number % 4, 0)
            other |= {"age": (low, low + number % 12), "age_on": "2026-11-23"}
        out.append((text, other))
    return out


@pytest.mark.slow
def test_search_equals_the_reference_on_a_large_population(capsys: pytest.CaptureFixture[str]) -> None:
    count = int(os.environ.get("PHONOSEARCH_DIFFERENTIAL_QUERIES", "100"))
    people = list(population(20_000, seed=1))
    index = PersonIndex.build(people)
    oracle = ReferenceIndex(people)
    asked = _asked(people, count, seed=1)
    assert len(asked) == count > 0
    began, found = time.perf_counter(), 0
    for text, other in asked:
        expected = oracle.found(text, **other)
        check_against(index, expected, text, **other)
        found += len(expected)
    assert found > count
    took = time.perf_counter() - began
    with capsys.disabled():
        print(f"\n{count:,} queries, {found:,} people found, {took:.0f} s, {count / took:.1f} queries a second")


# Comparison of two names


@given(
    names, names, other_evidence(), st.none() | dates | st.lists(dates, min_size=2, max_size=3), st.none() | sexes,
    st.none() | places | st.lists(places, min_size=2, max_size=3),
)  # fmt: skip
@example("John Smith", "Smith John", {"dob": "1984", "sex": "M"}, "1984-03-07", None, None)
@example("John Smith", "Smith John", {"age": "30-40", "age_on": "2020-01-01", "place": "LS6"}, "1984", None, "Leeds")
def test_compare_equals_search_and_reference(
    query: str,
    name: str,
    other: dict[str, Any],
    dob: str | list[str] | None,
    sex: str | None,
    place: str | list[str] | None,
) -> None:
    asked = {"full_name": query} | other
    record = {"person_id": "P1", "full_name": name, "dob": dob, "sex": sex, "place": place}
    found = compare(asked, record)
    (person,) = gather([record])
    expected = reference_align(forms(query), person, other)
    assert (found.score, found.level) == (expected.score, level_name(expected.level))
    assert found.evidence == evidence(expected, query, name)
    assert sum(item.points for item in found.evidence) == found.score
    index = PersonIndex.build([{key: value for key, value in record.items() if value is not None}])
    hits = index.search(asked, level="wide").hits
    assert len(hits) == (found.level is not None)
    for hit in hits:
        assert (hit.score, hit.level, hit.evidence) == (found.score, found.level, found.evidence)
    told = index.explain(asked, "P1")
    assert (told.score, told.level, told.evidence) == (found.score, found.level, found.evidence)


@given(names, names, st.sampled_from(DateKind), st.integers(1, 3), st.sampled_from(SexKind))
def test_compared_names_equal_the_reference(
    query: str, name: str, date: DateKind, precision: int, sex: SexKind
) -> None:
    row = compare_names(text_rules(), query.encode(), name.encode(), int(date), int(sex), precision)
    assert alignment_of_row(row) == align(forms(query), forms(name), date=date, precision=precision, sex=sex)


@given(
    names, names, st.sampled_from(AgeKind), st.integers(0, 4), st.sampled_from(SexKind), st.sampled_from(PlaceKind),
    st.integers(1, 3),
)  # fmt: skip
def test_names_compared_beside_an_age_and_a_place_equal_the_reference(
    query: str, name: str, age: AgeKind, width: int, sex: SexKind, place: PlaceKind, asked: int
) -> None:
    row = compare_names(text_rules(), query.encode(), name.encode(), age, sex, 4 + width, place, asked)
    years = rules().age_widths[width]
    expected = align(forms(query), forms(name), age=age, years=years, sex=sex, place=place, asked=asked)
    assert alignment_of_row(row) == expected


def test_the_precision_of_a_date_decides_its_share() -> None:
    """Every agreement of a date with every one of a sex, and the default of the precision."""
    shares = set()
    for date in DateKind:
        for sex in SexKind:
            for precision in (1, 2, 3):
                row = compare_names(text_rules(), b"John Smith", b"Jon Smith", date, sex, precision)
                expected = align(forms("John Smith"), forms("Jon Smith"), date=date, precision=precision, sex=sex)
                assert alignment_of_row(row) == expected
                shares.add((expected.date_points, expected.sex_points))
            assert row == compare_names(text_rules(), b"John Smith", b"Jon Smith", date, sex)
    assert len(shares) > 30
    # A date that is not asked has no precision.
    assert len({compare_names(text_rules(), b"John", b"John", 0, 0, precision) for precision in (1, 2, 3)}) == 1


@pytest.mark.parametrize(
    "wrong",
    [
        (19, 0, 4), (12, 0, 3), (-1, 0, 3), (11, 0, 4), (1, 0, 9), (0, 4, 3), (0, -1, 3), (1, 1, 0), (1, 1, 4),
        (0, 0, 3, 6, 1), (0, 0, 3, -1, 1), (0, 0, 3, 1, 0), (0, 0, 3, 1, 4),
    ],
)  # fmt: skip
def test_agreements_that_do_not_exist_are_refused(wrong: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="no such agreement"):
        compare_names(text_rules(), b"John", b"John", *wrong)


@pytest.mark.parametrize("dob", ["1984", "1984-03", "1984-03-07"])
def test_compare_and_search_take_the_precision_of_the_date_asked(dob: str) -> None:
    """The share of the date is that of what is asked, not of what is on record."""
    person = {"person_id": "P1", "full_name": "Jon Smith", "dob": "1984-03-07", "sex": "M"}
    asked = {"full_name": "John Smith", "dob": dob, "sex": "M"}
    share, (by_date, by_sex) = rules().shares(("dob_year", "dob_month", "dob")[dob.count("-")], "sex")
    (hit,) = PersonIndex.build([person]).search(asked).hits
    found = compare(asked, person)
    assert [item.points for item in found.evidence][-2:] == [by_date["exact"], by_sex["exact"]]
    assert (hit.score, hit.evidence) == (found.score, found.evidence)
    assert found.score < 1000 == share + by_date["exact"] + by_sex["exact"]


@given(st.lists(names, min_size=1, max_size=3), st.lists(names, min_size=1, max_size=3))
def test_of_several_names_the_best_two_are_compared(one: list[str], other: list[str]) -> None:
    found = compare(
        {"names": [{"full_name": name} for name in one]}, {"names": [{"full_name": name} for name in other]}
    )
    every = [align_person(all_forms(name), list(map(all_forms, other))) for name in one]
    assert found.score == max(reading.score for reading in every)
    assert found.level == level_name(min(reading.level for reading in every))


@st.composite
def partial_dates(draw: st.DrawFn) -> PartialDate:
    year, month, day = draw(st.integers(1980, 1995)), draw(st.integers(0, 12)), draw(st.integers(0, 28))
    if month and draw(st.booleans()):
        month, day = draw(st.sampled_from([(1, 1), (1, 0), (10, 1), (1, 10)]))
    return PartialDate(year, month, day if month else 0)


@given(partial_dates(), st.lists(partial_dates(), max_size=3))
def test_dates_agree_as_in_the_reference(asked: PartialDate, recorded: list[PartialDate]) -> None:
    assert date_agreement(pack(asked), [pack(date) for date in recorded]) == date_kind(asked, recorded)


@given(
    st.integers(0, 130), st.integers(0, 39),
    st.dates(datetime.date(1950, 1, 1), datetime.date(2030, 12, 31)) | st.sampled_from([datetime.date(2024, 2, 29)]),
    st.lists(partial_dates() | st.just(PartialDate(1988, 2, 29)), max_size=3),
)  # fmt: skip
def test_ages_agree_as_in_the_reference(low: int, more: int, day: datetime.date, recorded: list[PartialDate]) -> None:
    on = PartialDate(day.year, day.month, day.day)
    asked = Asked(age=(low, low + more, pack(on)))
    assert age_agreement(asked, [pack(date) for date in recorded]) == age_kind(AskedAge(low, low + more, on), recorded)


@given(st.integers(0, 100), st.dates(datetime.date(1990, 1, 1), datetime.date(2030, 12, 31)))
def test_an_age_agrees_with_the_days_of_birth_that_the_calendar_says(age: int, day: datetime.date) -> None:
    """Who has that age on that day was born on one of 365 or 366 days, one after another."""
    asked = AskedAge(age, age, PartialDate(day.year, day.month, day.day))
    first = day.replace(year=day.year - age - 1, day=min(day.day, 28)) - datetime.timedelta(days=40)
    days = [first + datetime.timedelta(days=number) for number in range(460)]
    kinds = [age_kind(asked, [PartialDate(one.year, one.month, one.day)]) for one in days]
    agree = [one for one, kind in zip(days, kinds, strict=True) if kind == AgeKind.EXACT]
    assert (agree[-1] - agree[0]).days + 1 == len(agree) in (365, 366)
    assert agree[-1].year == day.year - age
    assert (agree[-1].month, agree[-1].day) <= (day.month, day.day)
    assert set(kinds) == {AgeKind.EXACT, AgeKind.NEAR_1}


def test_an_asked_age_and_an_asked_date_exclude_each_other() -> None:
    both = {"date": 1984 << 9, "age": (3, 4, 1984 << 9 | 33)}
    for wrong in (both, {"sex": 4}, {"sex": -1}, {"age": (3, 4)}, {"towns": (b"a",) * 9}):
        with pytest.raises(ValueError, match=r"no such evidence|values to unpack"):
            Asked(**wrong)  # type: ignore[arg-type]


@st.composite
def mistyped_dates(draw: st.DrawFn) -> tuple[PartialDate, PartialDate]:
    """A whole date, and one with two digits exchanged, a digit replaced, or day and month exchanged."""
    date = draw(st.dates(datetime.date(1900, 1, 1), datetime.date(2020, 12, 31)))
    digits = list(date.isoformat().replace("-", ""))
    one, other = draw(st.tuples(st.integers(0, 7), st.integers(0, 7)))
    change = draw(st.sampled_from(["exchange", "replace", "turn", "exchange and replace"]))
    if "exchange" in change:
        digits[one], digits[other] = digits[other], digits[one]
    if "replace" in change:
        digits[one] = draw(st.sampled_from("0123456789"))
    if change == "turn":
        digits[4:] = digits[6:] + digits[4:6]
    year, month, day = int("".join(digits[:4])), int("".join(digits[4:6])), int("".join(digits[6:]))
    try:
        datetime.date(year, month, day)
    except ValueError:
        reject()
    assume(1800 <= year <= 2200)
    return PartialDate(date.year, date.month, date.day), PartialDate(year, month, day)


@given(mistyped_dates())
def test_mistyped_dates_agree_as_in_the_reference(dates: tuple[PartialDate, PartialDate]) -> None:
    one, other = dates
    assert date_agreement(pack(one), [pack(other)]) == date_kind(one, [other])
    assert date_agreement(pack(other), [pack(one)]) == date_kind(other, [one])


def test_every_kind_of_date_agreement_is_met() -> None:
    asked = [parse_date(date) for date in DATES]
    met = {date_kind(one, [other]) for one in asked for other in asked}
    assert met == set(DateKind) - {DateKind.NOT_ASKED, DateKind.ABSENT}
    for one in asked:
        for other in asked:
            assert date_agreement(pack(one), [pack(other)]) == date_kind(one, [other])


def test_found_is_ordered_by_score_then_person() -> None:
    people = [{"person_id": f"P{number:03}", "full_name": "John Smith"} for number in range(300)]
    people += [{"person_id": f"Q{number:03}", "full_name": "Jon Smyth"} for number in range(300)]
    index = PersonIndex.build(reversed(people))
    # Pages before, at and after the point where selecting a page gives way to sorting all.
    expected = [Found(hit.person_id, hit.alignment) for hit in scan(people, "John Smith")]
    assert len(expected) == 600
    for limit in (1, 20, 149, 150, 151, 300, 599, 600, 601):
        got = index.search("John Smith", limit=limit).hits
        assert [hit.person_id for hit in got] == [hit.person_id for hit in expected[:limit]]


# What is kept between searches


def test_answers_do_not_depend_on_what_was_asked_before() -> None:
    """Expansions of query parts are kept between searches; more words are asked than are kept."""
    people = list(testing.population(300, seed=11))
    asked = [query.text for query in testing.queries(people, 60, seed=12)]
    asked += ["Bartholomew-Featherstonehaugh Ann", "ann ann", "Ann Anne", "A Smith", "Mc Donald", "999", "li 李"]
    fresh = {
        (text, level): PersonIndex.build(people).search(text, level=level, dob="1984", sex="F").digest
        for text in asked[-9:]
        for level in LEVELS
    }
    used = PersonIndex.build(people)
    for level in reversed(LEVELS):
        for text in asked:
            used.search(text, level=level, limit=3)
    letters = "abcdefghijklmnopqrstu"
    for number in range(9000):
        word = "".join(letters[number // 21**place % 21] for place in range(4))
        used.search(f"{word}son", level="variant", limit=1)
    for turn in range(2):
        for (text, level), digest in fresh.items():
            assert used.search(text, level=level, dob="1984", sex="F").digest == digest, (turn, text, level)


def test_many_relations_that_are_remembered_change_no_answer() -> None:
    """So many that the table of them grows."""
    people = list(testing.population(3000, seed=21))
    asked = [query.text for query in testing.queries(people, 120, seed=22)]
    used = PersonIndex.build(people)
    digests = [used.search(text, level="wide", limit=1000).digest for text in asked]
    assert sum(used.search(text, level="wide", limit=0).total for text in asked) > 1 << 13
    for text, digest in [*zip(asked, digests, strict=True)][-20:]:
        assert used.search(text, level="wide", limit=1000).digest == digest
        assert PersonIndex.build(people).search(text, level="wide", limit=1000).digest == digest


AGED = {"age": "40-45", "age_on": "2026-11-23", "sex": "M", "place": "York"}


@pytest.mark.parametrize("level", LEVELS)
def test_a_page_is_part_of_the_whole_with_other_evidence(level: str) -> None:
    """Which scores are bounded and which are computed depends on the page."""
    people = list(testing.population(1500, seed=13))
    index = PersonIndex.build(people)
    for query in testing.queries(people, 25, seed=14):
        for other in ({}, {"dob": "1980-05-02"}, {"sex": "M"}, {"dob": "1975", "sex": "F"}, AGED):
            whole = index.search(query.text, level=level, limit=5000, **other)
            assert len(whole.hits) == whole.total
            for offset, limit in ((0, 1), (0, 4), (2, 7), (9, 30)):
                page = index.search(query.text, level=level, limit=limit, offset=offset, **other)
                assert page.total == whole.total
                assert page.hits == whole.hits[offset : offset + limit]


@pytest.mark.parametrize("level", ["sounds", "close", "wide"])
def test_a_page_is_part_of_the_whole_where_scores_lie_near_each_other(level: str) -> None:
    """Bounds that nearly agree stand in no order, and the page may end among them."""
    asked = "Catherine Montgomery"
    names = {asked[:at] + letter + asked[at + 1 :] for at in range(1, len(asked)) for letter in "aeioumnrt"}
    index = PersonIndex.build({"person_id": name, "full_name": name} for name in sorted(names) if name.count(" ") == 1)
    whole = index.search(asked, level=level, limit=1000)
    assert len(whole.hits) == whole.total > 20
    for limit in range(1, whole.total):
        assert index.search(asked, level=level, limit=limit).hits == whole.hits[:limit]


def check_pages(index: PersonIndex, asked: str, level: str) -> None:
    """Every page that begins with the first hit is a part of the whole answer."""
    whole = index.search(asked, level=level, limit=1000)
    assert len(whole.hits) == whole.total > 0
    for limit in range(1, whole.total):
        page = index.search(asked, level=level, limit=limit)
        assert [(hit.person_id, hit.score) for hit in page.hits] == [
            (hit.person_id, hit.score) for hit in whole.hits[:limit]
        ]


# Of each person the names that a level finds are not always those that score most.
NEAR_NAMES = {
    "Catherine Montgomery": (
        "Katrin Mandgomri", "Catherine Montgomerz", "Catherime Montgomery", "Kathryn Montgomerie", "Cadrian Mintkamar",
        "Cathrine Montgomry", "Catherine Mowtgomery", "Kitrin Muntgumry", "Catherine Montpomery", "Cate Montgomery",
    ),
    "Anna Smithson": (
        "Anna Smithfon", "Ian Smoothsen", "Anna Smithson", "Una Smathsin", "Anna Smitkson", "Annie Smythson",
        "Anna Snithson", "Onna Smoothson", "Hanna Smithson", "Anna Smihtson",
    ),
}  # fmt: skip


@pytest.mark.parametrize("asked", NEAR_NAMES)
@pytest.mark.parametrize("level", ["variant", "sounds", "close", "wide"])
def test_a_name_that_the_level_does_not_find_counts_for_the_page(asked: str, level: str) -> None:
    names = NEAR_NAMES[asked]
    index = PersonIndex.build(
        {"person_id": f"{one}{other}", "names": [{"full_name": names[one]}, {"full_name": names[other]}]}
        for one in range(len(names)) for other in range(len(names)) if one != other
    )  # fmt: skip
    check_pages(index, asked, level)


# Names that a level finds and that score little, and names of which no level pairs any part with what is asked, though
# their letters are much alike: a person of both is ranked by either.
FOUND_AND_APART = {
    "Catherine Montgomery": (
        (
            "Catherine", "Catherine Xx", "Mungumri Catarina", "Catherine Lee Brown", "Brown Montgomery",
            "Montgomery Brown Lee",
        ),
        (
            "Catvrhine Maonnlgomery", "Kacherikne Amlontcgomery", "Cathsrsizne Mongcgopery", "Motzguomery",
            "Kaherie Mbntgzpmery Lee", "Catmrie Mosntgoperey", "Cathsrsizne Quillfeather", "Xavier Mongcgopery",
        ),
    ),
    "Anna Smithson Wolstenholme": (
        ("Anna", "Ann", "Anna Green", "Smithson Green Brown", "Green Wolstenholme"),
        (
            "Aara Hsmirthsvon Woltenolm", "Vnnt Smuitnhscon Woestechmlme", "Smhzthsodn Wostanvolme", "Wostanvolme",
            "Cana Smidtmmhson Wstenheolme Lee", "Xavier Hsmirthsvon Woltenolm", "Aara Quillfeather Woltenolm",
        ),
    ),
}  # fmt: skip


@pytest.mark.parametrize("asked", FOUND_AND_APART)
def test_a_name_of_which_no_part_is_related_counts_for_the_page(asked: str) -> None:
    found, apart = FOUND_AND_APART[asked]
    assert {compare(asked, name).level for name in apart} == {None}
    assert max(compare(asked, name).score for name in apart) > min(compare(asked, name).score for name in found)
    people = [
        {"person_id": f"{one}{other}", "names": [{"full_name": found[one]}, {"full_name": apart[other]}]}
        for one in range(len(found)) for other in range(len(apart))
    ]  # fmt: skip
    index = PersonIndex.build(people)
    check_against(index, scan(people, asked), asked)
    for level in ("close", "wide"):
        check_pages(index, asked, level)
