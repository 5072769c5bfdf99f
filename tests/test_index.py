"""What an index promises: complete, repeatable, explained and accounted for."""

from __future__ import annotations

import copy
import csv
import datetime
import gc
import itertools
import logging
import pickle
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test

from phonosearch import (
    LEVELS,
    Answer,
    CorruptIndexError,
    CsvSource,
    LimitError,
    Name,
    Person,
    PersonIndex,
    PhonosearchError,
    QueryError,
    RecordsError,
    RulesMismatchError,
    UnknownPersonError,
    _index,
    compare,
)
from phonosearch._index import MAX_LIMIT
from phonosearch._names import forms
from phonosearch._rules import rules
from phonosearch.testing import population, population_columns, queries, variants
from reference_index import check_against, gather, scan
from timing import fastest, timing

PEOPLE: list[dict[str, Any]] = [
    {"person_id": "P1", "forenames": "Stephen", "surname": "Smith", "dob": "1984-03-07", "sex": "M"},
    {"person_id": "P2", "full_name": "Siân O’Brien", "sex": "F"},
    {"person_id": "P3", "full_name": "Steven Smyth", "dob": ["1984-03-07", "1985-03-07"]},
    {
        "person_id": "P4",
        "full_name": "Margaret Jones",
        "names": [{"full_name": "Margaret Smith", "kind": "maiden"}, {"full_name": "Peggy Jones", "kind": "nickname"}],
        "dob": "1951",
        "sex": "F",
    },
    {"person_id": "P5", "full_name": "??"},
    {"person_id": "P6", "full_name": "Stephan Quxley Schmidt"},
]


def ids(answer: Answer) -> list[str]:
    return [hit.person_id for hit in answer.hits]


@pytest.fixture(scope="module")
def index() -> PersonIndex:
    return PersonIndex.build(PEOPLE)


@pytest.fixture(scope="module")
def town() -> tuple[list[dict[str, Any]], PersonIndex]:
    people = list(population(1500, seed=3))
    return people, PersonIndex.build(people)


@pytest.fixture(scope="module")
def asked(town: tuple[list[dict[str, Any]], PersonIndex]) -> list[str]:
    texts = [query.text for query in queries(town[0], 40, seed=3)]
    texts += [variant.name for text in texts[:15] for variant in variants(text, seed=1)]
    return [*texts, "J Smith", "Smith", "Mc Donald", "Ann Marie Brown", "Mohammed Khan", "Zzyzx Qqfoo"]


# Sources


def as_persons() -> list[Person]:
    out = []
    for record in PEOPLE:
        fields = {**record, "names": tuple(Name(**name) for name in record.get("names", ()))}
        if isinstance(fields.get("dob"), list):
            fields["dob"] = tuple(fields["dob"])
        out.append(Person(**fields))
    return out


def as_rows() -> list[dict[str, str]]:
    out = []
    for record in PEOPLE:
        dob = record.get("dob", "")
        rest = {"person_id": record["person_id"], "dob": dob if isinstance(dob, str) else ";".join(dob)}
        rest["sex"] = record.get("sex", "")
        text = record.get("full_name") or f"{record['forenames']} {record['surname']}"
        out.append({**rest, "full_name": text, "kind": ""})
        out += [{**rest, **name} for name in record.get("names", ())]
    return out


def from_csv(folder: Path) -> PersonIndex:
    with (folder / "people.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, ["person_id", "full_name", "kind", "dob", "sex"])
        writer.writeheader()
        writer.writerows(as_rows())
    return PersonIndex.build(CsvSource(folder / "people.csv"))


def from_arrow(_: Path) -> PersonIndex:
    pa = pytest.importorskip("pyarrow", reason="the extra arrow is not installed")
    return PersonIndex.build(pa.Table.from_pylist(as_rows()))


SOURCES: dict[str, Callable[[Path], PersonIndex]] = {
    "mappings": lambda _: PersonIndex.build(PEOPLE),
    "generator": lambda _: PersonIndex.build(record for record in PEOPLE),
    "persons": lambda _: PersonIndex.build(as_persons()),
    "rows": lambda _: PersonIndex.build(as_rows()),
    "csv": from_csv,
    "arrow": from_arrow,
}


@pytest.mark.parametrize("source", SOURCES)
def test_every_source_gives_the_same_index(source: str, tmp_path: Path, index: PersonIndex) -> None:
    built = SOURCES[source](tmp_path)
    assert built.fingerprint == index.fingerprint
    assert len(built) == 6
    assert built.report.rejected == built.report.warnings == ()
    assert built.report.read == built.report.indexed == (6 if source in ("mappings", "generator", "persons") else 8)
    assert (built.report.persons, built.report.names) == (6, 8)
    for level in LEVELS:
        one, other = (some.search("Steven Smith", level=level, dob="1984-03", sex="M") for some in (built, index))
        assert one.digest == other.digest
    assert ids(built.search("Steven Smith", dob="1985-03-07")) == ["P3", "P1", "P6"]


def test_an_empty_index_answers() -> None:
    empty = PersonIndex.build([])
    assert len(empty) == 0
    assert "P1" not in empty
    for level in LEVELS:
        answer = empty.search("John Smith", level=level)
        assert (answer.total, answer.hits) == (0, ())
        assert answer.ladder() == dict.fromkeys(LEVELS, 0)
    with pytest.raises(UnknownPersonError):
        empty.explain("John", "P1")


def test_columns_of_the_test_population_give_its_index(town: tuple[list[dict[str, Any]], PersonIndex]) -> None:
    columns = population_columns(1500, seed=3)
    rows = [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]
    assert PersonIndex.build(rows).fingerprint == town[1].fingerprint


# The account

# record, the reason why it is rejected (its beginning)
INVALID: list[tuple[Any, str]] = [
    ({"full_name": "John Smith"}, "there is no person_id"),
    ({"person_id": "", "full_name": "John Smith"}, "there is no person_id"),
    ({"person_id": 5, "full_name": "John Smith"}, "the person_id is not text"),
    ({"person_id": "x" * 257, "full_name": "John Smith"}, "the person_id is longer"),
    ({"person_id": "B"}, "there is no name"),
    ({"person_id": "B", "full_name": " "}, "there is no name"),
    ({"person_id": "B", "full_name": "\u200b"}, "there is no name"),
    ({"person_id": "B", "full_name": 5}, "a name field is not text"),
    ({"person_id": "B", "full_name": "x" * 257}, "a name is longer"),
    ({"person_id": "B", "full_name": " ".join("abcdefghijklmnopq")}, "a name has more than 16 parts"),
    ({"person_id": "B", "full_name": "John \ud800"}, "the text is not valid Unicode"),
    ({"person_id": "B\ud800", "full_name": "John"}, "the text is not valid Unicode"),
    ({"person_id": "B", "names": "John"}, "names is not a list"),
    ({"person_id": "B", "names": [5]}, "an item of names"),
    ("John Smith", "the record is neither"),
    (None, "the record is neither"),
]


@pytest.mark.parametrize(("record", "reason"), INVALID)
def test_an_invalid_record_is_accounted_for(record: Any, reason: str) -> None:
    built = PersonIndex.build([PEOPLE[0], record, PEOPLE[1]])
    report = built.report
    assert (report.read, report.indexed, len(report.rejected)) == (3, 2, 1)
    assert report.rejected[0].row == 1
    assert report.rejected[0].reason.startswith(reason)
    assert built.fingerprint == PersonIndex.build(PEOPLE[:2]).fingerprint


def test_all_invalid_records_at_once() -> None:
    assert INVALID
    report = PersonIndex.build([record for record, _ in INVALID] + PEOPLE).report
    assert report.read == report.indexed + len(report.rejected)
    assert [note.row for note in report.rejected] == list(range(len(INVALID)))
    assert [note.reason.startswith(reason) for note, (_, reason) in zip(report.rejected, INVALID, strict=True)]


# field, what it holds, the beginning of the warning
DOUBTFUL = [
    ("dob", "7 March 1984", "a date of birth was left out"),
    ("dob", "1984-02-30", "a date of birth was left out"),
    ("dob", 19.84, "a date of birth was left out"),
    ("sex", "male", "the sex was left out"),
    ("sex", 1, "the sex was left out"),
    ("kind", "formal", "the kind of a name was left out"),
]


@pytest.mark.parametrize(("field", "value", "reason"), DOUBTFUL)
def test_a_doubtful_field_is_left_out_and_reported(field: str, value: Any, reason: str) -> None:
    built = PersonIndex.build([{"person_id": "P1", "full_name": "John Smith", field: value}])
    assert [note.row for note in built.report.warnings] == [0]
    assert built.report.warnings[0].reason.startswith(reason)
    hit = built.search("John Smith", dob="1984", sex="M").hits[0]
    assert {item.kind for item in hit.evidence if item.part in ("dob", "sex")} == {"absent"}


@pytest.mark.parametrize(
    ("kind", "taken", "said"),
    [("formal", "alias", "the name is an alias"), ("Maiden", "alias", "the name is an alias"),
     (5, "primary", "the name is primary")],
)  # fmt: skip
def test_the_report_says_what_an_unknown_kind_was_taken_for(kind: Any, taken: str, said: str) -> None:
    built = PersonIndex.build([{"person_id": "P1", "full_name": "John Smith", "kind": kind}])
    assert built.search("John Smith").hits[0].name_kind == taken
    assert [said in note.reason for note in built.report.warnings] == [True]


def test_one_bad_name_of_several_is_left_out_and_reported() -> None:
    names = [{"full_name": "x" * 300}, {"full_name": "Jon Smith"}]
    built = PersonIndex.build([{"person_id": "P1", "full_name": "John Smith", "names": names}])
    assert built.report.rejected == ()
    assert [note.reason.startswith("one of several names") for note in built.report.warnings] == [True]
    assert built.report.names == 2


records_of_any_kind = st.one_of(
    st.none(),
    st.dictionaries(
        st.sampled_from(["person_id", "full_name", "forenames", "surname", "names", "dob", "sex", "kind", "x"]),
        st.one_of(
            st.none(), st.integers(), st.text(st.characters(), max_size=5), st.sampled_from(["P1", "John Lee", "1984"]),
            st.lists(st.one_of(st.text(max_size=3), st.dictionaries(st.just("full_name"), st.text(max_size=3)))),
        ),
    ),
)  # fmt: skip


@given(st.lists(records_of_any_kind, max_size=8))
def test_the_account_is_balanced_whatever_comes(source: list[Any]) -> None:
    built = PersonIndex.build(source)
    report = built.report
    assert report.read == len(source) == report.indexed + len(report.rejected)
    assert report.persons == len(built) <= report.indexed
    rows = [note.row for note in report.rejected]
    assert rows == sorted(set(rows))


def test_repeated_rows_are_one_name() -> None:
    row = {"person_id": "P1", "full_name": "John Smith", "dob": "1984-03-07", "sex": "M"}
    once, often = PersonIndex.build([row]), PersonIndex.build([row, row, {**row, "kind": "alias"}])
    assert (often.report.read, often.report.indexed, often.report.names) == (3, 3, 1)
    assert often.fingerprint == once.fingerprint
    assert often.search("John Smith").hits[0].name_kind == "primary"


def test_different_dates_of_birth_on_several_rows_are_all_kept_without_a_warning() -> None:
    dates = ["1984-03-07", "1961-11-20", "1984-03-07"]
    built = PersonIndex.build([{"person_id": "P1", "full_name": "John Smith", "dob": dob} for dob in dates])
    assert built.report.warnings == ()
    for dob in dates:
        assert [item.kind for item in built.search("John Smith", dob=dob).hits[0].evidence][-1] == "exact"


def test_any_of_several_names_finds_the_person_once(index: PersonIndex) -> None:
    found = {}
    for query in ("Margaret Jones", "Margaret Smith", "Peggy Jones", "Margaret"):
        (hit,) = index.search(query, level="exact").hits
        found[query] = (hit.person_id, hit.name, hit.name_kind)
    assert found == {
        "Margaret Jones": ("P4", "Margaret Jones", "primary"),
        "Margaret Smith": ("P4", "Margaret Smith", "maiden"),
        "Peggy Jones": ("P4", "Peggy Jones", "nickname"),
        # Less is left out of the name whose surname is the commoner.
        "Margaret": ("P4", "Margaret Smith", "maiden"),
    }


def test_many_names_and_dates_of_one_person() -> None:
    rows = [{"person_id": "P1", "full_name": f"Ann {'abcdefghij'[n % 10]}{'klmnopqrst'[n // 10]}z"} for n in range(100)]
    rows += [{"person_id": "P1", "full_name": "Ann", "dob": f"{1900 + n}"} for n in range(100)]
    built = PersonIndex.build(rows)
    assert (len(built), built.report.names) == (1, 101)
    for n in (0, 57, 99):
        hit = built.search(rows[n]["full_name"], level="exact", dob=f"{1900 + n}").hits[0]
        assert (hit.name, hit.score) == (rows[n]["full_name"], 1000)


def test_contradictory_sexes_are_reported_and_left_out() -> None:
    rows = [{"person_id": "P1", "full_name": "Sam Lee", "sex": sex} for sex in ("M", "F", "M")]
    built = PersonIndex.build(rows)
    assert [(note.row, note.id) for note in built.report.warnings] == [(1, "P1"), (2, "P1")]
    for sex in "MFX":
        assert [item.kind for item in built.search("Sam Lee", sex=sex).hits[0].evidence][-1] == "absent"


def test_without_display_names(town: tuple[list[dict[str, Any]], PersonIndex], asked: list[str]) -> None:
    people, shown = town
    hidden = PersonIndex.build(people, display_names=False)
    assert hidden.fingerprint != shown.fingerprint
    for query in asked[:30]:
        one, other = (some.search(query, level="wide", limit=50) for some in (shown, hidden))
        assert [(hit.person_id, hit.score, hit.level) for hit in one.hits] == [
            (hit.person_id, hit.score, hit.level) for hit in other.hits
        ]
        for hit, plain in zip(one.hits, other.hits, strict=True):
            facts = [[(item.part, item.kind, item.points) for item in some.evidence] for some in (plain, hit)]
            assert facts[0] == facts[1]
            assert compare(plain.name, hit.name).level == "exact"
    told = hidden.explain("Steven", people[0]["person_id"])
    assert sum(item.points for item in told.evidence) == told.score


def test_without_display_names_each_part_is_shown_with_a_capital() -> None:
    names = ["mary o'brien-SMITH", "van der berg, anna", "J R", "12345", "ǆ!", "😀 ?", "Ольга Ünal", "x" * 61]
    hidden = PersonIndex.build(
        [{"person_id": f"P{number}", "full_name": name} for number, name in enumerate(names)], display_names=False
    )
    for number, name in enumerate(names):
        hits = {hit.person_id: hit.name for hit in hidden.search(name, level="exact").hits}
        assert hits[f"P{number}"] == " ".join(forms(name)[0].parts).title()


def test_without_display_names_none_is_in_the_file(tmp_path: Path) -> None:
    people = [{"person_id": "P1", "full_name": "Ångström Ünïqüe"}]
    for display, there in ((True, True), (False, False)):
        PersonIndex.build(people, display_names=display).save(tmp_path / "index")
        assert ("Ünïqüe".encode() in (tmp_path / "index").read_bytes()) == there


# Search


def test_answers_are_what_the_reference_finds(town: tuple[list[dict[str, Any]], PersonIndex], asked: list[str]) -> None:
    people, built = town
    some = people[:120]
    small = PersonIndex.build(some)
    found = 0
    for number, query in enumerate(asked[:25]):
        dob, sex = ("1984-03-07", "F") if number % 2 else (None, None)
        expected = scan(some, query, dob=dob, sex=sex)
        check_against(small, expected, query, dob=dob, sex=sex)
        found += len(expected)
    assert found > 0
    assert len(built) == len(gather(people))


def test_search_by_mapping_and_person(index: PersonIndex) -> None:
    plain = index.search("Steven Smith", dob="1984-03", sex="M")
    for query in (
        {"full_name": "Steven Smith", "dob": "1984-03", "sex": "M"},
        {"forenames": "Steven", "surname": "Smith", "dob": "1984-03", "sex": "m"},
        Person("?", full_name="Steven Smith", dob="1984-03", sex="M"),
        Person("?", forenames="Steven", surname="Smith", dob=("1984-03",), sex="M"),
        Person("?", names=(Name("Steven Smith"),), dob="1984-03", sex="M"),
    ):
        assert index.search(query).digest == plain.digest
    assert index.search({"surname": "Smith"}).digest == index.search("Smith").digest
    assert index.search("Smith", dob=datetime.date(1984, 3, 7)).digest == index.search("Smith", dob="1984-03-07").digest


@pytest.mark.parametrize("dob", ["", " ", "7 March 1984", "1984-02-30"])
def test_what_is_no_date_is_refused_with_what_to_do(index: PersonIndex, dob: str) -> None:
    for ask in (lambda: index.search("John", dob=dob), lambda: index.search({"full_name": "John", "dob": dob})):
        with pytest.raises(QueryError, match=r"^dob: is not a date from 1800 to 2200; write .*, or leave it out$"):
            ask()


def test_an_age_may_be_given_in_several_ways(index: PersonIndex) -> None:
    on = "2026-11-23"
    whole = {"full_name": "Steven Smith", "age": 42, "age_on": on}
    for one, other in (
        (index.search("Steven Smith", age="42", age_on=on), index.search(whole)),
        (index.search("Steven Smith", age=np.int64(42), age_on=datetime.date(2026, 11, 23)), index.search(whole)),
        (index.search("Steven Smith", age=" 42", age_on=f" {on}\t"), index.search(whole)),
        (index.search("Steven Smith", age="40 - 45", age_on=on), index.search("Steven Smith", age=[40, 45], age_on=on)),
        (index.search(whole, age="42", age_on=on), index.search(whole)),
    ):
        assert one.digest == other.digest
        assert one.hits == other.hits
    answer = index.search("Steven Smith", age=42, age_on=on)
    assert answer.digest != index.search("Steven Smith", age=42, age_on="2026-11-24").digest
    assert answer.total == index.search("Steven Smith").total
    assert answer.hits[0].evidence[-1].part == "age"
    assert answer.hits[0].evidence[-1].text == "The age agrees with the date of birth."


@pytest.mark.parametrize("dob", [datetime.date(1984, 3, 7), 1984, ["1984-03-07"], ("1984", 1984, None)])
def test_search_by_a_person_with_any_date_that_can_be_indexed(index: PersonIndex, dob: Any) -> None:
    person = Person("P1", full_name="Stephen Smith", dob=dob)
    assert PersonIndex.build([person]).report.warnings == ()
    plain = index.search("Stephen Smith", dob=dob[0] if isinstance(dob, list | tuple) else dob)
    assert index.search(person).digest == plain.digest
    assert index.search("Stephen Smith", dob=dob).digest == plain.digest


@pytest.mark.parametrize(
    "dob",
    [
        " 1984 ", "\t1984-03-07", "1984;", "1984;1984", "1984 | 1986-03", np.int64(1984), np.uint16(1984), 1984,
        datetime.datetime(1984, 3, 7, 23, 59), float("nan"), [float("nan"), "1984"],
    ],
)  # fmt: skip
def test_what_is_read_as_a_date_of_birth_on_record_is_read_so_when_asked(dob: Any) -> None:
    recorded = PersonIndex.build([{"person_id": "P1", "full_name": "Ann Lee", "dob": dob}])
    assert not recorded.report.warnings
    for asked in ("1984", "1986-03", "1950"):
        found = compare({"full_name": "Ann Lee", "dob": asked}, {"full_name": "Ann Lee", "dob": dob})
        assert found.score == recorded.search("Ann Lee", dob=asked).hits[0].score
    if isinstance(dob, str) and "1986" in dob:
        with pytest.raises(QueryError, match="several dates of birth"):
            recorded.search("Ann Lee", dob=dob)
    else:
        assert recorded.search("Ann Lee", dob=dob).hits[0].score == 1000


def test_nothing_is_asked_by_what_a_data_frame_leaves_empty(index: PersonIndex) -> None:
    nan = float("nan")
    row = dict.fromkeys(("forenames", "dob", "sex", "age", "age_on", "place"), nan) | {"full_name": "Steven Smith"}
    assert index.search(row).digest == index.search("Steven Smith").digest
    same = index.search("Steven Smith", dob="1984-03-07", sex=" m\t")
    assert same.digest == index.search("Steven Smith", dob="1984-03-07", sex="M").digest


@pytest.mark.parametrize(
    ("field", "values"),
    [
        ("dob", ["1950-01-02", "1984-03-07"]), ("dob", ("1984", "1984-03")), ("place", ["Leeds", "York"]),
        ("names", ["Steven Smith", "Steve Smith"]), ("names", [{"full_name": "S Smith"}, Name("Steven Smith")]),
    ],
)  # fmt: skip
def test_a_question_of_several_values_is_refused_and_not_cut_to_the_first(
    index: PersonIndex, field: str, values: Any
) -> None:
    name = {} if field == "names" else {"full_name": "Steven Smith"}
    asks: list[Callable[[Any], object]] = [
        lambda value: index.search({**name, field: value}),
        lambda value: index.search_many(["John", {**name, field: value}]),
        lambda value: index.explain({**name, field: value}, "P1"),
        lambda value: index.search(Person("?", **name, **{field: tuple(value)})),
    ]
    if field != "names":
        asks.append(lambda value: index.search("Steven Smith", **{field: value}))
    for ask in asks:
        with pytest.raises(QueryError, match=r"holds several .*one of them at a time, or use compare") as caught:
            ask(values)
        assert caught.value.field == field
        ask(values[:1])
        ask([values[0], values[0]])
    assert compare({**name, field: values}, "Steven Smith").score
    assert compare("Steven Smith", {**name, field: values}).score


def test_the_full_name_beside_other_names_is_refused(index: PersonIndex) -> None:
    with pytest.raises(QueryError, match="holds several names"):
        index.search({"full_name": "Stephen Smith", "names": ["Peggy Jones"]})
    same = {"full_name": "Stephen Smith", "names": ["Stephen Smith", {"forenames": "Stephen", "surname": "Smith"}]}
    assert index.search(same).digest == index.search("Stephen Smith").digest


def test_names_that_contradict_each_other_are_refused(index: PersonIndex) -> None:
    row = {"full_name": "Stephen Smith", "forenames": "Peggy", "surname": "Jones"}
    for query in (row, Person("?", **row), row | {"forenames": None}, {"names": [row]}):
        for ask in (index.search, lambda query: compare(query, "John"), lambda query: compare("John", query)):
            with pytest.raises(QueryError, match="beside forenames or a surname that say another name") as caught:
                ask(query)
            assert caught.value.field == "full_name"
    for alike in ({"forenames": "Stephen ", "surname": " Smith"}, {"forenames": ""}, {"surname": None}):
        found = index.search({"full_name": "Stephen Smith"} | alike)
        assert found.digest == index.search("Stephen Smith").digest


def test_what_is_given_twice_must_agree(index: PersonIndex) -> None:
    within = {"full_name": "Steven Smith", "dob": "1984-03", "sex": "M", "place": "Leeds"}
    plain = index.search(within).digest
    assert index.search(within, dob=["1984-03"], sex="m", place="leeds").digest == plain
    for beside in ({"dob": "1984"}, {"sex": "F"}, {"place": "York"}):
        with pytest.raises(QueryError, match="in the query and beside it, and they differ; leave one") as caught:
            index.search(within, **beside)  # type: ignore[arg-type]
        assert caught.value.field in beside
    aged = {"full_name": "Steven Smith", "age": 42, "age_on": "2026-11-23"}
    for other in ({"age": 41, "age_on": "2026-11-23"}, {"age": 42, "age_on": "2026-11-22"}):
        with pytest.raises(QueryError, match="they differ"):
            index.search(aged, **other)  # type: ignore[arg-type]


def test_what_is_not_asked_of_a_query_is_passed_over(index: PersonIndex) -> None:
    query = {"full_name": "Steven Smith", "person_id": 5, "kind": ["?"]}
    assert index.search(query).digest == index.search("Steven Smith").digest

def test_a_level_contains_the_one_before_with_the_same_scores(
    town: tuple[list[dict[str, Any]], PersonIndex], asked: list[str]
) -> None:
    grew = 0
    for query in asked:
        before: dict[str, tuple[int, str]] = {}
        for level in LEVELS:
            answer = town[1].search(query, level=level, limit=MAX_LIMIT, dob="1980-01-01")
            found = {hit.person_id: (hit.score, hit.level) for hit in answer.hits}
            assert len(found) == answer.total == answer.ladder()[level]
            assert before.items() <= found.items()
            assert all(LEVELS.index(hit.level) <= LEVELS.index(level) for hit in answer.hits)
            grew += len(found) > len(before)
            before = found
    assert grew > len(asked)


def test_a_page_is_a_slice_of_the_whole(town: tuple[list[dict[str, Any]], PersonIndex], asked: list[str]) -> None:
    built, longest = town[1], 0
    for query in asked[:25]:
        for level in ("close", "wide"):
            whole = built.search(query, level=level, limit=MAX_LIMIT)
            longest = max(longest, whole.total)
            assert whole.total == len(whole.hits)
            keys = [(-hit.score, hit.person_id) for hit in whole.hits]
            assert keys == sorted(keys)
            for offset, limit in ((0, 0), (0, 1), (0, 7), (3, 5), (1, 1000), (whole.total, 5), (whole.total + 9, 5)):
                page = built.search(query, level=level, limit=limit, offset=offset)
                assert page.total == whole.total
                assert page.hits == whole.hits[offset : offset + limit]
    assert longest > 20


def test_other_people_change_neither_a_hit_nor_its_score(
    town: tuple[list[dict[str, Any]], PersonIndex], asked: list[str]
) -> None:
    people, _ = town
    small, large = PersonIndex.build(people[:300]), PersonIndex.build(people)
    found = 0
    for query in asked:
        few = small.search(query, level="wide", limit=MAX_LIMIT).hits
        many = {hit.person_id: hit for hit in large.search(query, level="wide", limit=MAX_LIMIT).hits}
        assert all(many.get(hit.person_id) == hit for hit in few)
        found += len(few)
    assert found > len(asked)


def test_an_answer_goes_to_another_process_whole(index: PersonIndex) -> None:
    answer = index.search("Steven Smith", level="wide", dob="1984-03", sex="M", limit=3)
    again = pickle.loads(pickle.dumps(answer))
    assert again == answer
    assert again.statement == answer.statement
    assert again.ladder() == answer.ladder()
    assert list(again.hits) == list(answer.hits)
    assert [hit.evidence for hit in again.hits] == [hit.evidence for hit in answer.hits]
    assert [(hit.band, hit.name_kind) for hit in again.hits] == [(hit.band, hit.name_kind) for hit in answer.hits]
    assert len(answer) == 3


def test_hits_are_made_when_they_are_asked_for(index: PersonIndex) -> None:
    asked: dict[str, Any] = {"level": "wide", "dob": "1984-03", "limit": 7}
    read = index.search("Steven Smith", **asked)
    hits = read.hits
    assert read.hits is hits
    assert (len(read), type(hits)) == (len(hits), tuple)
    (unread,) = index.search_many([{"full_name": "Steven Smith", "dob": "1984-03"}], level="wide", limit=7)
    assert (len(unread), unread.total, repr(unread), unread.statement) == (
        len(hits), read.total, repr(read), read.statement
    )  # fmt: skip
    assert pickle.loads(pickle.dumps(unread)).hits == hits
    assert copy.deepcopy(index.search_many(["Steven Smith"])[0]) == index.search("Steven Smith")
    assert hash(unread) == hash(read)
    assert unread == read


def test_a_page_that_is_read_late_is_that_of_its_search(index: PersonIndex) -> None:
    names = ["Steven Smith", "Mohammed Khan", "Smith", "Zyxqwv"]
    late = [index.search(name, level="wide") for name in names]
    for name in reversed(names):
        assert index.search(name, level="close").hits is not None
    at_once = [index.search(name, level="wide").hits for name in names]
    assert [answer.hits for answer in late] == at_once
    assert sum(map(len, at_once)) > 1


def test_hits_outlive_their_answer_and_the_index(tmp_path: Path) -> None:
    people = [{"person_id": f"P{number}", "full_name": "Steven Smith"} for number in range(100)]
    PersonIndex.build(people).save(tmp_path / "index")
    index = PersonIndex.open(tmp_path / "index")
    answer = index.search("Stephen Smyth", limit=50)
    evidence = [hit.evidence for hit in index.search("Stephen Smyth", limit=50).hits]
    del index
    gc.collect()
    hits = answer.hits[20:]
    del answer
    gc.collect()
    assert [hit.evidence for hit in hits] == evidence[20:]
    assert [hit.person_id for hit in hits] == sorted(person["person_id"] for person in people)[20:50]


def test_a_page_has_room_for_the_longest_identifiers_and_names() -> None:
    names = [" ".join(f"{letter}{'aeiou'[at % 5]}bert" for at, letter in enumerate("bcdfghjklmnpqrst"[:parts]))
             for parts in (1, 2, 3, 7, 16)]
    people = [
        {"person_id": f"{'x' * (length - 3)}{number:03}", "full_name": name}
        for number, (length, name) in enumerate(itertools.product((3, 4, 5, 255, 256), names * 8))
    ]
    index = PersonIndex.build(people)
    for name in names:
        answer = index.search(name, level="wide", limit=1000)
        assert len(answer) == len(answer.hits) == answer.total >= 40
        for hit in answer.hits:
            assert people[int(hit.person_id[-3:])] == {"person_id": hit.person_id, "full_name": hit.name}
            assert sum(item.points for item in hit.evidence) == hit.score


def test_threads_may_read_the_hits_of_one_answer(index: PersonIndex) -> None:
    expected = index.search("Smith", limit=1000).hits
    for _ in range(20):
        answer = index.search("Smith", limit=1000)
        with ThreadPoolExecutor(4) as pool:
            found = list(pool.map(lambda answer: answer.hits, [answer] * 8))
        assert all(hits == expected for hits in found)


def test_what_comes_back_cannot_be_altered(index: PersonIndex) -> None:
    answer = index.search("Steven Smith", limit=1)
    digest = answer.digest
    for thing, attributes in (
        (answer, ["total", "hits", "level", "limit", "offset", "rules", "fingerprint", "digest", "statement", "new"]),
        (compare("Jon", "John"), ["score", "level", "band", "evidence", "new"]),
        (answer.hits[0], ["score", "level", "person_id", "evidence", "new"]),
    ):
        for attribute in attributes:
            with pytest.raises(AttributeError):
                setattr(thing, attribute, None)
            with pytest.raises(AttributeError):
                delattr(thing, attribute)
    for again in (answer, copy.copy(answer), pickle.loads(pickle.dumps(answer))):
        assert again.digest == digest
        assert (again.limit, again.offset, again.rules) == (1, 0, index.rules)


def test_nobody_else_makes_a_hit(index: PersonIndex) -> None:
    (hit,) = index.search("Steven Smith", limit=1).hits
    with pytest.raises(TypeError, match="a search makes hits"):
        type(hit)()
    with pytest.raises(AttributeError):
        hit.score = 1000  # type: ignore[misc]
    make, arguments = hit.__reduce__()  # type: ignore[misc]
    row = arguments[3]  # type: ignore[index]
    numbers = np.frombuffer(row, dtype=np.int32)
    pairs = np.where(np.arange(len(numbers)) == 7, 1 << 20, numbers).astype(np.int32).tobytes()
    for wrong in (b"", b"x" * 59, b"\xff" * 60, row[:-4], row + row[:4], pairs):
        with pytest.raises(ValueError, match="no hit"):
            make(*arguments[:3], wrong, ())  # type: ignore[operator]
    assert make(*arguments) == hit  # type: ignore[operator]
    with pytest.raises(ValueError, match="no hit"):
        make(*arguments[:2], 256, arguments[3], ())  # type: ignore[operator]



@pytest.mark.parametrize("threads", [1, 2, 4, None])
def test_a_batch_is_the_same_as_one_by_one(
    town: tuple[list[dict[str, Any]], PersonIndex], asked: list[str], threads: int | None
) -> None:
    built = town[1]
    batch: list[Any] = [*asked, {"full_name": asked[0], "dob": "1984", "sex": "F"}]
    for level in ("variant", "wide"):
        answers = built.search_many(iter(batch), level=level, limit=5, offset=1, threads=threads)
        single = [built.search(query, level=level, limit=5, offset=1) for query in batch]
        assert [answer.digest for answer in answers] == [answer.digest for answer in single]
    assert built.search_many([], threads=threads) == []


def test_searches_at_once_do_not_disturb_one_another(
    town: tuple[list[dict[str, Any]], PersonIndex], asked: list[str]
) -> None:
    built = PersonIndex.build(town[0])
    alone = [town[1].search(query, level="wide").digest for query in asked]
    gate = threading.Barrier(4)

    def work(number: int) -> list[str]:
        gate.wait()
        turned = asked[number * 9 :] + asked[: number * 9]
        found = [built.search(query, level="wide").digest for query in turned]
        return found[len(asked) - number * 9 :] + found[: len(asked) - number * 9]

    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(work, range(4))) == [alone] * 4
    built.verify()


def test_an_index_is_what_it_was_after_searches(town: tuple[list[dict[str, Any]], PersonIndex]) -> None:
    built = town[1]
    before = {name: values.tobytes() for name, values in built._arrays.items()}
    for query in ("John Smith", "??", "J"):
        built.search(query, level="wide")
        built.explain(query, town[0][0]["person_id"])
    assert {name: values.tobytes() for name, values in built._arrays.items()} == before
    built.verify()


def test_a_changed_record_is_found_out() -> None:
    built = PersonIndex.build(PEOPLE)
    built.verify()
    built._arrays["dob"][0] ^= 1 << 29  # the sex
    with pytest.raises(CorruptIndexError):
        built.verify()


def test_the_ladder_counts_what_each_level_finds(index: PersonIndex) -> None:
    answer = index.search("Steven Smith", limit=1)
    assert list(answer.ladder()) == list(LEVELS)
    assert answer.ladder() == {level: index.search("Steven Smith", level=level).total for level in LEVELS}
    assert answer.total == answer.ladder()[answer.level]
    assert len(answer.hits) == 1 < answer.total
    for empty in (index.search("Smith", limit=0), index.search("Smith", offset=100)):
        assert len(empty) == 0
        assert empty
    assert not index.search("Zzyzx Qqq")


def test_what_an_answer_says(index: PersonIndex) -> None:
    answer = index.search("Stephen Smith", dob="1984-03-07", sex="M", limit=5)
    hit = answer.hits[0]
    assert (hit.person_id, hit.score, hit.level, hit.name, hit.name_kind) == (
        "P1", 1000, "exact", "Stephen Smith", "primary",
    )  # fmt: skip
    assert sum(item.points for item in hit.evidence) == hit.score
    assert hit.explain().count("\n") + 1 == len(hit.evidence) == 4
    assert (answer.level, answer.limit, answer.offset, len(answer)) == ("close", 5, 0, len(answer.hits))
    assert (answer.rules, answer.fingerprint) == (index.rules, index.fingerprint)
    assert f"{answer.total:,} people" in answer.statement
    assert "0 people" in index.search("Nobody Atall").statement
    assert hit == index.search("Stephen Smith", dob="1984-03-07", sex="M").hits[0]
    assert hash(hit) == hash(index.search("Stephen Smith", dob="1984-03-07", sex="M").hits[0])
    assert hit != index.search("Stephen Smith").hits[0]
    assert (hit == "P1") is False


@pytest.mark.parametrize("query", ["?", "- -", "123", "・", "(1984)"])
def test_a_query_without_letters_finds_what_is_written_so_and_says_so(query: str) -> None:
    people = [{"person_id": "P1", "full_name": query}, {"person_id": "P2", "full_name": "John Smith"}]
    for records in (people, people[1:]):
        answer = PersonIndex.build(records).search(query, level="wide")
        assert ids(answer) == [person["person_id"] for person in records[:-1]]
        assert "no letters" in answer.statement
        assert "no letters" in pickle.loads(pickle.dumps(answer)).statement
        assert answer.total == answer.ladder()["exact"]


@pytest.mark.parametrize("query", ["J", "John ?", "李", "4nn"])
def test_a_query_with_letters_does_not_say_that_it_has_none(index: PersonIndex, query: str) -> None:
    assert "no letters" not in index.search(query).statement


def test_digests_tell_questions_and_answers_apart(index: PersonIndex) -> None:
    other = PersonIndex.build(PEOPLE[:-1])
    digests = [
        index.search("Stephen Smith").digest,
        index.search("stephen smith").digest,
        index.search("Stephen Smith", level="exact").digest,
        index.search("Stephen Smith", limit=1).digest,
        index.search("Stephen Smith", offset=1).digest,
        index.search("Stephen Smith", dob="1984").digest,
        index.search("Stephen Smith", sex="M").digest,
        other.search("Stephen Smith").digest,
    ]
    assert len(set(digests)) == len(digests)
    assert index.search("Stephen Smith").digest == digests[0]


# Explanations


def test_why_a_person_is_found(index: PersonIndex) -> None:
    for hit in index.search("Steven Smith", level="wide", dob="1984-03", sex="M").hits:
        told = index.explain("Steven Smith", hit.person_id, level="wide", dob="1984-03", sex="M")
        assert told.found
        assert (told.level, told.score, told.name, told.evidence) == (hit.level, hit.score, hit.name, hit.evidence)
        assert told.text.splitlines()[0].startswith("Found at level wide")
        assert told.text.splitlines()[1:] == hit.explain().splitlines()
        assert str(told) == told.text


def test_why_a_person_is_not_found(index: PersonIndex) -> None:
    told = index.explain("Steven Baker", "P1")
    assert (told.found, told.level) == (False, "wide")
    assert "level wide finds this person" in told.text
    assert "“Baker” does not match “Smith”" in told.text.splitlines()[0]
    told = index.explain("Steven Smith", "P1", level="exact")
    assert (told.found, told.level) == (False, "variant")
    assert "level variant finds this person" in told.text
    assert "“Steven” and “Stephen”" in told.text.splitlines()[0]
    told = index.explain("Xyz Qqq", "P1")
    assert (told.found, told.level) == (False, None)
    assert told.text.startswith("Not found at any level")
    assert "does not match" in told.text.splitlines()[0]


def test_explanations_agree_with_search(town: tuple[list[dict[str, Any]], PersonIndex], asked: list[str]) -> None:
    people, built = town
    for query in asked[:12]:
        levels = {hit.person_id: hit for hit in built.search(query, level="wide", limit=MAX_LIMIT).hits}
        for person in people[:150]:
            told = built.explain(query, person["person_id"])
            hit = levels.get(person["person_id"])
            assert told.level == (hit.level if hit else None)
            assert told.found == (hit is not None and hit.level != "wide")
            assert sum(item.points for item in told.evidence) == told.score
            assert hit is None or hit.score == told.score


@pytest.mark.parametrize("person_id", [None, 5, b"P1"])
def test_a_person_id_that_is_no_text_is_refused(index: PersonIndex, person_id: Any) -> None:
    assert person_id not in index
    with pytest.raises(TypeError, match=r"person_id must be text .* not .*; give it as text"):
        index.explain("John", person_id)


@pytest.mark.parametrize("person_id", ["P9", "", "p1", "P1 ", "P", "\ud800"])
def test_an_unknown_person_cannot_be_explained(index: PersonIndex, person_id: Any) -> None:
    assert person_id not in index
    with pytest.raises(UnknownPersonError, match="check the person_id") as caught:
        index.explain("John", person_id)
    assert caught.value.rejected == ()


def test_people_whose_dates_of_birth_contradict_each_other_are_told(tmp_path: Path) -> None:
    dates = {"A": ["1984", "1984-03"], "B": ["1984", "1985"], "C": ["1984-03-07"] * 2, "D": [None, "1984"],
             "E": ["1984-03-07", "1984-07-03", "1984"], "F": ["1984-03-07;1984-03-08"]}  # fmt: skip
    rows = [
        {"person_id": person_id, "full_name": "John Smith", "dob": dob, "sex": sex}
        for person_id, several in dates.items()
        for dob, sex in zip(several, "FFX", strict=False)
    ]
    for records in (rows, rows[::-1]):
        built = PersonIndex.build(records)
        built.save(tmp_path / "index")
        for index in (built, PersonIndex.open(tmp_path / "index")):
            assert index.contradictory_dates() == ("B", "E", "F")
            assert index.report.contradictory_dates == 3
            assert repr(index.report).endswith(", contradictory_dates=3)")
    alone = PersonIndex.build(rows[:2])
    assert (alone.contradictory_dates(), alone.report.contradictory_dates) == ((), 0)
    assert "contradictory" not in repr(alone.report)
    assert PersonIndex.build([]).contradictory_dates() == ()


def test_a_date_that_could_not_be_read_is_explained(tmp_path: Path) -> None:
    index = PersonIndex.build(
        [
            {"person_id": "P1", "full_name": "John Smith", "dob": "spring 1984"},
            {"person_id": "P2", "full_name": "John Smith"},
            {"person_id": "P3", "full_name": "John Smith", "dob": "1984"},
            {"person_id": "P3", "full_name": "Jon Smith", "dob": 84.5},
            {"person_id": "P4", "full_name": "John Smith", "dob": 84.5},
            {"person_id": "P4", "full_name": "Jack Smith", "dob": "?"},
        ]
    )
    index.save(tmp_path / "index")
    for opened in (index, PersonIndex.open(tmp_path / "index")):
        texts = {person: opened.explain("John Smith", person, dob="1984").text for person in ("P1", "P2", "P3", "P4")}
        assert texts["P1"].endswith(
            "No date of birth is on record that can be compared.\n"
            "A date of birth of this person, row 0 of the source, counted from 0, could not be read: a date "
            "of birth was left out: it is no date from 1800 to 2200 as YYYY, YYYY-MM or YYYY-MM-DD."
        )
        assert texts["P2"].endswith("No date of birth is on record that can be compared.")
        assert "could not be read" not in texts["P3"], "another date is on record"
        assert [line.split(",")[1] for line in texts["P4"].splitlines() if "could not be read" in line] == [
            " row 4 of the source", " row 5 of the source",
        ]
        asked = opened.explain("John Smith", "P1", age=40, age_on="2024-06-01").text
        assert "that can be compared with the age.\nA date of birth of this person, row 0" in asked
        assert "could not be read" not in opened.explain("John Smith", "P1").text
        assert "spring" not in texts["P1"]


def test_a_person_who_was_rejected_is_explained_by_the_reason() -> None:
    long = "x" * 300
    built = PersonIndex.build([
        {"person_id": "P1", "full_name": "Canary Smith"},
        {"person_id": "P2", "full_name": ""},
        {"person_id": "P1", "full_name": long},
        {"person_id": "P2", "full_name": long},
        {"person_id": None, "full_name": "Nobody Known"},
    ])
    with pytest.raises(UnknownPersonError, match=r"row 1 of the source, counted from 0 \(and 1 more\), was") as one:
        built.explain("Canary Smith", "P2")
    assert [note.row for note in one.value.rejected] == [1, 3]
    assert one.value.rejected == tuple(note for note in built.report.rejected if note.id == "P2")
    assert "Canary" not in str(one.value)
    left_out = (
        "Another record of this person, row 2 of the source, counted from 0, is not in the index: a name is longer "
        "than 256 characters."
    )
    assert built.explain("Mary Jones", "P1").text.endswith(left_out)
    assert left_out not in built.explain("Canary Smith", "P1").text


def test_people_are_known_by_their_identifier() -> None:
    odd = ["P", "P1", "P10", "P2", "é", "ee", "Ünal", "李", "😀", "a" * 256, " P", "P\0"]
    built = PersonIndex.build([{"person_id": person_id, "full_name": "John Smith"} for person_id in odd])
    assert all(person_id in built for person_id in odd)
    assert ids(built.search("John Smith")) == sorted(odd)
    assert all(built.explain("John Smith", person_id).found for person_id in odd)


def test_a_blank_identifier_identifies_nobody() -> None:
    built = PersonIndex.build([{"person_id": blank, "full_name": "John Smith"} for blank in ("", " ", " \t ")])
    assert len(built) == 0
    assert [note.reason for note in built.report.rejected] == ["there is no person_id"] * 3


def test_names_that_differ_in_one_row_are_noted() -> None:
    row = {"person_id": "P1", "forenames": "Bob", "surname": "Both"}
    for full_name, noted in (("Robert Other", 1), ("Bob Both", 0), ("", 0), ("x" * 3000, 0)):
        built = PersonIndex.build([{**row, "full_name": full_name}])
        assert len(built.report.warnings) == noted, full_name[:20]


# Errors

EVIDENCE = {"dob", "sex", "age", "age_on", "place"}
BAD_SEARCHES: list[tuple[Any, dict[str, Any], str]] = [
    ("", {}, "name"),
    ("   ", {}, "name"),
    ("\0", {}, "name"),
    ("\u200b", {}, "name"),
    ("John \ud800", {}, "name"),
    ({}, {}, "name"),
    ({"full_name": "", "surname": " "}, {}, "name"),
    ({"surname": 5}, {}, "surname"),
    ({"full_name": b"John"}, {}, "full_name"),
    ({"name": "John"}, {}, "query"),
    (None, {}, "query"),
    (5, {}, "query"),
    (b"John", {}, "query"),
    (["John"], {}, "query"),
    ("John", {"level": "Close"}, "level"),
    ("John", {"level": ""}, "level"),
    ("John", {"level": None}, "level"),
    ("John", {"level": 3}, "level"),
    ("John", {"level": ["close"]}, "level"),
    ("John", {"limit": -1}, "limit"),
    ("John", {"limit": 1.5}, "limit"),
    ("John", {"limit": "5"}, "limit"),
    ("John", {"limit": None}, "limit"),
    ("John", {"limit": True}, "limit"),
    ("John", {"offset": -1}, "offset"),
    ("John", {"offset": "0"}, "offset"),
    ("John", {"dob": "7/3/1984"}, "dob"),
    ("John", {"dob": ""}, "dob"),
    ("John", {"dob": "1984-02-30"}, "dob"),
    ("John", {"dob": "1984-00"}, "dob"),
    ("John", {"dob": "0000"}, "dob"),
    ("John", {"dob": 19.84}, "dob"),
    ("John", {"dob": True}, "dob"),
    ("John", {"dob": b"1984"}, "dob"),
    ("John", {"sex": "male"}, "sex"),
    ("John", {"sex": ""}, "sex"),
    ("John", {"sex": "U"}, "sex"),
    ("John", {"sex": 1}, "sex"),
    ("John", {"age": 34}, "age_on"),
    ("John", {"age": 34, "age_on": "2026-11"}, "age_on"),
    ("John", {"age": 34, "age_on": "today"}, "age_on"),
    ("John", {"age": 34, "age_on": 2026}, "age_on"),
    ("John", {"age_on": "2026-11-23"}, "age_on"),
    *[
        ("John", {"age": wrong, "age_on": "2026-11-23"}, "age")
        for wrong in (
            "", "old", "-5", "30-", "40-30", "131", "0-40", "1.5", 1.5, -1, 131, True, (30,), (30, "40"), b"34",
        )
    ],
    ("John", {"age": 34, "age_on": "2026-11-23", "dob": "1992"}, "age"),
    ({"full_name": "John", "dob": "1992"}, {"age": 34, "age_on": "2026-11-23"}, "age"),
    ({"full_name": "John", "age": 34, "age_on": "2026-11-23"}, {"dob": "1992"}, "age"),
    ({"full_name": "John", "age": 34}, {}, "age_on"),
    ({"full_name": "John", "age": 34, "age_on": "2026-11-23", "dob": "1992"}, {}, "age"),
]
OVER: list[tuple[Any, dict[str, Any], str, int, int]] = [
    ("x" * 257, {}, "name", 256, 257),
    ({"forenames": "x" * 200, "surname": "y" * 200}, {}, "name", 256, 401),
    (" ".join("abcdefghijklmnopq"), {}, "name", 16, 17),
    ("John", {"limit": MAX_LIMIT + 1}, "limit", MAX_LIMIT, MAX_LIMIT + 1),
    ("John", {"offset": 1 << 62}, "offset", (1 << 62) - 1, 1 << 62),
    ("John", {"offset": 1 << 200}, "offset", (1 << 62) - 1, 1 << 200),
]


@pytest.mark.parametrize(("query", "options", "field"), BAD_SEARCHES)
def test_bad_questions_are_refused(index: PersonIndex, query: Any, options: dict[str, Any], field: str) -> None:
    with pytest.raises(QueryError) as error:
        index.search(query, **options)
    assert error.value.field == field
    assert not isinstance(error.value, LimitError)
    same = {key: value for key, value in options.items() if key in ("level", *EVIDENCE)}
    if same == options:
        with pytest.raises(QueryError):
            index.explain(query, "P1", **options)
    if not EVIDENCE & options.keys():
        with pytest.raises(QueryError):
            index.search_many(["John", query], **options)


BAD_PERSONS = [
    Person("?", full_name=5),  # type: ignore[arg-type]
    Person("?", forenames=5, surname="Smith"),  # type: ignore[arg-type]
    Person("?", surname=["Smith"]),  # type: ignore[arg-type]
    Person("?", names=(5,)),  # type: ignore[arg-type]
    Person("?", names=5),  # type: ignore[arg-type]
    Person("?", names=(Name(5),)),  # type: ignore[arg-type]
    Person("?", full_name="John", dob=1.5),  # type: ignore[arg-type]
    Person("?", full_name="John", dob="x"),
    Person("?", full_name="John", sex="male"),
    Person("?"),
]


@pytest.mark.parametrize("number", range(len(BAD_PERSONS)))
def test_a_person_with_fields_of_other_types_is_refused(index: PersonIndex, number: int) -> None:
    person = BAD_PERSONS[number]
    for ask in (index.search, lambda query: compare(query, "John"), lambda query: compare("John", query)):
        with pytest.raises(QueryError):
            ask(person)


@pytest.mark.parametrize("queries", ["John", None, 5, {"full_name": "John"}])
def test_what_is_no_list_of_queries_is_refused(index: PersonIndex, queries: Any) -> None:
    with pytest.raises(QueryError):
        index.search_many(queries)


@pytest.mark.parametrize(("query", "options", "field", "limit", "got"), OVER)
def test_what_is_over_a_limit_is_refused(
    index: PersonIndex, query: Any, options: dict[str, Any], field: str, limit: int, got: int
) -> None:
    with pytest.raises(LimitError) as error:
        index.search(query, **options)
    assert (error.value.field, error.value.limit, error.value.got) == (field, limit, got)


def test_limits_themselves_are_allowed(index: PersonIndex) -> None:
    assert index.search("John", limit=MAX_LIMIT, offset=(1 << 62) - 1).hits == ()
    assert index.search(" ".join("abcdefghijklmnop")).level == "close"
    assert index.search("x" * 256).total == 0
    assert ids(index.search("Stephen\0Smith", level="exact")) == ["P1"]


def test_names_may_be_strings_of_numpy() -> None:
    name, other = np.array(["Stephen Smith", "Steven Smyth"])
    index = PersonIndex.build([{"person_id": "P1", "full_name": name}])
    asked = index.search(str(other))
    assert asked.total == 1
    assert index.search(other) == index.search({"full_name": other}) == index.search_many([other])[0] == asked
    assert index.explain(other, "P1").evidence == asked.hits[0].evidence
    expected = compare(str(other), str(name))
    for one in (name, {"full_name": name}, {"full_name": "Nobody Atall", "names": [name]}):
        found = compare(other, one)
        assert (found.score, found.level, found.evidence) == (expected.score, expected.level, expected.evidence)


def test_whole_numbers_may_be_those_of_numpy(index: PersonIndex) -> None:
    answer = index.search("Smith", limit=np.int64(1), offset=np.uint8(1))  # type: ignore[arg-type]
    assert answer.digest == index.search("Smith", limit=1, offset=1).digest
    assert (type(answer.limit), type(answer.offset)) == (int, int)
    (same,) = index.search_many(["Smith"], limit=np.int32(1), offset=np.int64(1), threads=np.int8(2))  # type: ignore[arg-type]
    assert same.digest == answer.digest
    assert list(index.pairs(min_score=np.int16(800))) == list(index.pairs(min_score=800))  # type: ignore[arg-type]
    for wrong in (np.bool_(1), np.float64(1)):
        with pytest.raises(QueryError, match="must be a whole number from 0"):
            index.search("Smith", limit=wrong)  # type: ignore[arg-type]


def test_what_cannot_be_called_is_no_progress(index: PersonIndex) -> None:
    for ask in (index.search_many, lambda _, progress: index.pairs(progress=progress)):
        with pytest.raises(QueryError, match="must be a function of two numbers") as caught:
            ask([], progress=5)
        assert caught.value.field == "progress"


@pytest.mark.parametrize("threads", [0, -1, 1.5, "2", True])
def test_bad_threads_are_refused(index: PersonIndex, threads: Any) -> None:
    with pytest.raises(QueryError) as error:
        index.search_many(["John", "Ann"], threads=threads)
    assert error.value.field == "threads"


@pytest.mark.parametrize("source", [None, 5, "people.csv", b"x", {"person_id": "P1"}, Person("P1", "John")])
def test_what_is_no_source_of_records_is_refused(source: Any) -> None:
    with pytest.raises(RecordsError):
        PersonIndex.build(source)


@pytest.mark.parametrize(
    ("one", "other"),
    [("", "John"), ("John", " "), (5, "John"), ("John", None), ({}, "John"), ({"full_name": "J", "x": 1}, "John"),
     ({"full_name": "John", "dob": "x"}, "John"), ("John", {"full_name": "John", "sex": "male"}), ("John", "\ud800"),
     ({"full_name": 5}, "John"), ({"full_name": ["John"]}, "John"), ({"names": [{"full_name": 5}]}, "John"),
     ({"forenames": 5, "surname": "Smith"}, "John"), ("x" * 257, "John")],
)  # fmt: skip
def test_what_cannot_be_compared_is_refused(one: Any, other: Any) -> None:
    with pytest.raises(QueryError):
        compare(one, other)


# Personal data stay out of errors, reprs and logs

CANARY = "Zanarquil"
CANARY_DATE = "1871-11-23"
CANARIES = (CANARY.lower(), CANARY_DATE, "1871", "zznrqsecret")


def check_silent(*things: object) -> None:
    assert things
    for thing in things:
        for text in (repr(thing), str(thing)) if isinstance(thing, BaseException) else (repr(thing),):
            assert not [canary for canary in CANARIES if canary in text.lower()], text


def test_reprs_show_no_name_and_no_date() -> None:
    name = Name(CANARY, kind="alias")
    person = Person("P1", CANARY, names=(name,), dob=CANARY_DATE, sex="F")
    built = PersonIndex.build([person, {"person_id": "P2", "full_name": CANARY, "dob": "zznrqsecret", "sex": CANARY}])
    answer = built.search(person, level="wide")
    assert answer.total == 2
    hit = answer.hits[0]
    told, compared = built.explain(person, "P1"), compare(person, {"full_name": f"{CANARY} Smith", "dob": CANARY_DATE})
    check_silent(
        name, person, answer, hit, *hit.evidence, hit.evidence, told, told.evidence, compared, compared.evidence, built,
        built.report, *built.report.warnings, answer._query,
    )  # fmt: skip
    assert len(built.report.warnings) == 2
    assert CANARY.lower() in told.text.lower()
    assert all(value != CANARY.lower() for value in (str(answer), str(hit), str(compared)))


BAD_WITH_CANARIES: list[Callable[[PersonIndex], object]] = [
    lambda index: index.search(f"{CANARY}\ud800"),
    lambda index: index.search(CANARY * 40),
    lambda index: index.search(" ".join([CANARY] * 17)),
    lambda index: index.search(CANARY, dob=f"{CANARY_DATE}x"),
    lambda index: index.search(CANARY, dob="1871-02-30"),
    lambda index: index.search(CANARY, sex=CANARY),
    lambda index: index.search(CANARY, place=f"{CANARY} LS6 2AB LS7 2AB"),
    lambda index: index.search(CANARY, place=CANARY * 40),
    lambda index: index.search(CANARY, age=CANARY, age_on=CANARY_DATE),
    lambda index: index.search(CANARY, age=34, age_on=f"{CANARY_DATE}x"),
    lambda index: compare(CANARY, {"full_name": CANARY, "age": 34, "age_on": CANARY_DATE}),
    lambda index: index.search(CANARY, level=CANARY),
    lambda index: index.search(CANARY, limit=CANARY),
    lambda index: index.search({CANARY: CANARY}),
    lambda index: index.search({"surname": [CANARY]}),
    lambda index: index.search([CANARY]),
    lambda index: index.search_many([CANARY], threads=CANARY),
    lambda index: index.explain(CANARY, CANARY),
    lambda index: index.explain(CANARY * 40, "P1"),
    lambda index: compare(CANARY, {"full_name": CANARY, CANARY: 1}),
    lambda index: compare({"full_name": CANARY, "dob": f"{CANARY_DATE}x"}, CANARY),
    lambda index: compare({"forenames": [CANARY], "surname": CANARY}, CANARY),
    lambda index: PersonIndex.build({CANARY: CANARY}),
    lambda index: PersonIndex.build(CANARY),
]


@pytest.mark.parametrize("number", range(len(BAD_WITH_CANARIES)))
def test_errors_show_no_name_and_no_date(number: int, index: PersonIndex, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    with pytest.raises(PhonosearchError) as error:
        BAD_WITH_CANARIES[number](index)
    check_silent(error.value, error.value.args, vars(error.value))
    assert error.value.__cause__ is None
    assert error.value.__context__ is None or error.value.__suppress_context__
    assert caplog.text == ""


@pytest.mark.parametrize(("record", "_"), INVALID)
def test_reports_show_no_name(record: Any, _: str) -> None:
    if isinstance(record, dict):
        record = {key: CANARY + value if isinstance(value, str) else value for key, value in record.items()}
    report = PersonIndex.build([record]).report
    check_silent(report, *report.rejected, *(note.reason for note in report.rejected))


# Time


def search_of_copies(text: str, copies: int) -> Callable[[], object]:
    """The search for a name in an index of nothing else."""
    index = PersonIndex.build({"person_id": f"P{number}", "full_name": text} for number in range(copies))
    assert index.search(text, level="wide").total == copies
    return lambda: index.search(text, level="wide")


@timing
@pytest.mark.parametrize("unit", ["a", "ab", "sch", "'a", "a\u0301", "李", "?", "x1"])
def test_time_grows_no_faster_than_the_characters(unit: str) -> None:
    # Up to four parts, whatever one character becomes.
    most = 120 if unit == "李" else 240
    short, long = (search_of_copies((unit * length)[:length], 200) for length in (most // 2, most))
    assert fastest(long) <= 3 * fastest(short)


@timing
@pytest.mark.parametrize("unit", ["a", "mc", "de la", "smith", "??a"])
def test_time_grows_no_faster_than_the_cube_of_the_parts(unit: str) -> None:
    """Pairing parts takes their third power: twice as many, eight times as long."""
    words = (f"{unit} " * 16).split()
    short, long = (search_of_copies(" ".join(words[:parts]), 20) for parts in (8, 16))
    assert fastest(long, 3) <= 3 * 8 * fastest(short, 3)


@timing
def test_time_grows_no_faster_than_the_people() -> None:
    """All people under one part: the worst case of a search that reads the people under the rarest part."""

    def search(count: int) -> Callable[[], object]:
        index = PersonIndex.build({"person_id": f"P{number}", "full_name": "Aaaa Aaaa Aaab"} for number in range(count))
        return lambda: index.search("Aaaa Aaab Aaaa", level="wide")

    assert fastest(search(4000)) <= 3 * fastest(search(2000))


# Growing, saving and opening, against the reference

stateful_words = st.sampled_from(
    ["john", "jon", "smith", "smyth", "mc", "donald", "mcdonald", "j", "z", "de", "van", "berg", "vanberg", "liz", "al"]
)
stateful_names = st.lists(stateful_words, min_size=1, max_size=4).map(" ".join) | st.sampled_from(["??", "李小龙"])
stateful_dates = st.sampled_from(["1984", "1984-03", "1984-03-07", "1985-03-07"])


class IndexMachine(RuleBasedStateMachine):
    """Records come in; the index is built, saved and opened; every answer is that of reading all records."""

    folder: Path

    def __init__(self) -> None:
        super().__init__()
        self.records: list[dict[str, Any]] = []
        self.index = PersonIndex.build([])
        self.indexed = 0
        self.path = self.folder / "index"

    @rule(
        person=st.integers(0, 9),
        name=stateful_names,
        dob=st.none() | stateful_dates,
        sex=st.none() | st.sampled_from("MFX"),
        kind=st.sampled_from(["primary", "alias", "weak"]),
    )
    def add(self, person: int, name: str, dob: str | None, sex: str | None, kind: str) -> None:
        record = {"person_id": f"P{person}", "full_name": name, "dob": dob, "sex": sex, "kind": kind}
        self.records.append({key: value for key, value in record.items() if value is not None})

    @precondition(lambda self: self.records)
    @rule(data=st.data())
    def repeat(self, data: st.DataObject) -> None:
        self.records.append(data.draw(st.sampled_from(self.records)))

    @rule(data=st.data())
    def build(self, data: st.DataObject) -> None:
        self.index = PersonIndex.build(data.draw(st.permutations(self.records)))
        self.indexed = len(self.records)

    @rule(mmap=st.booleans())
    def save_and_open(self, mmap: bool) -> None:
        self.index.save(self.path)
        opened = PersonIndex.open(self.path, mmap=mmap)
        assert opened.fingerprint == self.index.fingerprint
        assert opened.report == self.index.report
        opened.verify()
        self.index = opened

    @rule(query=stateful_names, dob=st.none() | stateful_dates, sex=st.none() | st.sampled_from("MFX"))
    def search(self, query: str, dob: str | None, sex: str | None) -> None:
        expected = scan(self.records[: self.indexed], query, dob=dob, sex=sex)
        check_against(self.index, expected, query, dob=dob, sex=sex)

    @rule(query=stateful_names)
    def explain(self, query: str) -> None:
        levels = {hit.person_id: hit.level for hit in self.index.search(query, level="wide").hits}
        for person in gather(self.records[: self.indexed]):
            assert self.index.explain(query, person.person_id).level == levels.get(person.person_id)

    @invariant()
    def counts(self) -> None:
        people = gather(self.records[: self.indexed])
        assert len(self.index) == len(people) == self.index.report.persons
        assert self.index.report.names == sum(len(person.names) for person in people)
        assert self.index.report.read == self.index.report.indexed == self.indexed


def test_an_index_grows_as_its_records_do(tmp_path: Path) -> None:
    machine = type("Machine", (IndexMachine,), {"folder": tmp_path})
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=max(25, settings.default.max_examples // 10),
            stateful_step_count=30,
            suppress_health_check=[HealthCheck.too_slow],
        ),
    )


def test_an_index_of_other_rules_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, index: PersonIndex
) -> None:
    index.save(tmp_path / "index")

    class Other:
        fingerprint, version = "0" * 64, "9+000000000000"

    monkeypatch.setattr(_index, "rules", Other)
    with pytest.raises(RulesMismatchError) as error:
        PersonIndex.open(tmp_path / "index")
    assert (error.value.built, error.value.running) == (rules().version, Other.version)
