"""Many searches at a time: Arrow in and out, progress, cancelling, and all pairs of people who match."""

from __future__ import annotations

import datetime
import itertools
import pickle
import struct
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import phonosearch as ps
from phonosearch import testing
from phonosearch._many import PIECE

SIZE = 900
QUERIES = ["John Smith", "Mohamed Kahn", "Nobody Atall", "Sean O Brien", "Maria", "J Smith", "李小龙"]


@pytest.fixture(scope="module")
def people() -> list[dict[str, Any]]:
    return list(testing.population(SIZE, seed=3))


@pytest.fixture(scope="module")
def index(people: list[dict[str, Any]]) -> ps.PersonIndex:
    return ps.PersonIndex.build(people)


def text_of(name: dict[str, Any]) -> str:
    return name.get("full_name") or f"{name['forenames']} {name['surname']}"


def shown(answer: ps.Answer) -> dict[str, Any]:
    return {
        "total": answer.total,
        "hits": [
            {
                "person_id": hit.person_id,
                "score": hit.score,
                "level": hit.level,
                "name": hit.name,
                "name_kind": hit.name_kind,
            }
            for hit in answer.hits
        ],
    }


@pytest.mark.parametrize("level", ps.LEVELS)
@pytest.mark.parametrize("threads", [1, 2, 4])
def test_arrow_answers_are_those_of_search(
    index: ps.PersonIndex, people: list[dict[str, Any]], level: str, threads: int
) -> None:
    names = [text_of((person.get("names") or [person])[0]) for person in people[:200]] + QUERIES
    table = index.search_many(pa.array(names), level=level, limit=5, offset=1, threads=threads)
    assert table.num_rows == len(names)
    expected = [shown(index.search(name, level=level, limit=5, offset=1)) for name in names]
    assert table.to_pylist() == expected
    assert sum(row["total"] for row in expected) > len(names)


def test_a_table_may_hold_parts_of_names_dates_and_sexes(index: ps.PersonIndex) -> None:
    table = pa.table(
        {
            "ticket": [1, 2, 3],
            "forenames": ["John", None, None],
            "surname": ["Smith", "Khan", None],
            "dob": pa.array(["1984-03", None, "1990"]),
            "sex": ["M", None, "F"],
        }
    )
    found = index.search_many(table).to_pylist()
    assert found[0] == shown(index.search("John Smith", dob="1984-03", sex="M"))
    assert found[1] == shown(index.search("Khan"))
    assert found[2] == {"total": None, "hits": None}


@pytest.mark.parametrize(
    "ages", [pa.array([34, None, 50]), pa.array(["34", None, "50"]), pa.array([[34, 34], None, [50, 50]])]
)
def test_a_table_may_hold_ages(index: ps.PersonIndex, ages: Any) -> None:
    names = ["John Smith", "Khan", "Mary Jones"]
    days = pa.array([datetime.date(2026, 11, 23)] * 3)
    found = index.search_many(pa.table({"full_name": names, "age": ages, "age_on": days})).to_pylist()
    assert found[0] == shown(index.search("John Smith", age=34, age_on="2026-11-23"))
    assert found[1] == shown(index.search("Khan"))
    assert found[2] == shown(index.search("Mary Jones", age=50, age_on="2026-11-23"))
    mappings = [{"full_name": name, "age": 34, "age_on": "2026-11-23"} for name in names]
    assert [shown(answer) for answer in index.search_many(mappings)] == [shown(index.search(one)) for one in mappings]


@pytest.mark.parametrize(
    "source",
    [
        pa.array(["John Smith", None]),
        pa.array(["x", "John Smith", None, "y"]).slice(1, 2),
        pa.array(["John Smith", None], pa.large_string()),
        pa.chunked_array([["John Smith"], [None]]),
        pa.array(["John Smith", None]).dictionary_encode(),
        pa.table({"full_name": ["John Smith", None]}),
        pa.record_batch({"full_name": ["John Smith", None]}),
    ],
)
def test_every_kind_of_arrow_data_is_read(index: ps.PersonIndex, source: Any) -> None:
    found = index.search_many(source, limit=3).to_pylist()
    assert found == [shown(index.search("John Smith", limit=3)), {"total": None, "hits": None}]


def test_no_queries_no_answers(index: ps.PersonIndex) -> None:
    assert index.search_many(pa.array([], pa.string())).num_rows == 0
    assert index.search_many([]) == []


@pytest.mark.parametrize("source", [pa.array([1, 2]), pa.table({"surname_": ["x"]}), pa.array([b"x"])])
def test_arrow_data_without_names_are_refused(index: ps.PersonIndex, source: Any) -> None:
    with pytest.raises(ps.QueryError):
        index.search_many(source)


@pytest.mark.parametrize(
    ("column", "meant"),
    [
        ("DOB", "dob"), ("date_of_birth", "dob"), (" sex ", "sex"), ("Gender", "sex"), ("Age", "age"),
        ("ageon", "age_on"), ("town", "place"), ("first_name", "forenames"), ("sruname", "surname"),
    ],
)  # fmt: skip
def test_a_column_that_is_probably_one_by_another_name_is_refused(
    index: ps.PersonIndex, column: str, meant: str
) -> None:
    table = pa.table({"ticket": [1], ("forenames" if meant == "surname" else "surname"): ["Smith"], column: ["1984"]})
    for source in (table, table.to_struct_array()):
        with pytest.raises(ps.QueryError, match=rf"number 2, counted from 0\), .* probably {meant}; name it") as no:
            index.search_many(source)
        assert no.value.field == "queries"
        assert column not in str(no.value)


def test_other_columns_of_a_table_are_not_asked(index: ps.PersonIndex) -> None:
    others = ("ticket", "id", "person_id", "seq", "doc", "kind", "first_name", "date_of_birth", "")
    table = pa.table({"full_name": ["John Smith"], "dob": ["1984"]} | {name: ["x"] for name in others})
    assert index.search_many(table).to_pylist() == [shown(index.search("John Smith", dob="1984"))]


def test_a_column_that_is_there_twice_is_refused(index: ps.PersonIndex) -> None:
    table = pa.table([["John Smith"], ["1984"], ["1985"]], names=["full_name", "dob", "dob"])
    with pytest.raises(ps.QueryError, match="more than once: dob; keep one"):
        index.search_many(table)


def test_rows_of_a_table_that_hold_too_much_are_refused(index: ps.PersonIndex) -> None:
    table = pa.table({"full_name": ["A Lee", "John Smith"], "surname": ["A Lee", "Khan"]})
    with pytest.raises(ps.QueryError, match=r"^query 1: full_name: is given beside forenames"):
        index.search_many(table)
    for column, value in (("dob", ["1984", "1985"]), ("place", ["Leeds", "York"])):
        with pytest.raises(ps.QueryError, match=rf"^query 0: {column}: holds several"):
            index.search_many(pa.table({"full_name": ["John Smith"], column: [value]}))
        index.search_many(pa.table({"full_name": ["John Smith"], column: [value[:1]]}))


def test_a_bad_query_is_told_by_its_place_and_nothing_is_searched(index: ps.PersonIndex) -> None:
    for queries in (pa.array(["John Smith", " "]), ["John Smith", {"full_name": " "}]):
        with pytest.raises(ps.QueryError) as caught:
            index.search_many(queries, progress=lambda done, total: pytest.fail("searched"))
        assert (caught.value.query, caught.value.field) == (1, "name")
        assert str(caught.value).startswith("query 1: name: is empty")
    with pytest.raises(ps.LimitError, match=r"^query 2: name: 300 characters is over the limit of 256") as limited:
        index.search_many(["John Smith", "Ann Lee", "x" * 300])
    assert (limited.value.query, limited.value.got) == (2, 300)
    with pytest.raises(ps.QueryError, match=r"^queries: must be a list") as whole:
        index.search_many("John Smith")
    assert whole.value.query is None


@pytest.mark.parametrize("bad", [" ", "x" * 300, " ".join("abcdefghijklmnopq"), "Ann \ud800", None, 7])
def test_a_bad_query_among_names_is_refused_as_it_is_alone(index: ps.PersonIndex, bad: Any) -> None:
    with pytest.raises(ps.QueryError) as alone:
        index.search(bad)
    for at in (0, 1, PIECE + 3):
        for others in ([], ["Ann Lee"], ["Ann Lee", "", "\ud800"]):
            queries: list[Any] = ["John Smith"] * at + [bad, *others]
            for given_as in (list, tuple, iter):
                with pytest.raises(type(alone.value)) as caught:
                    index.search_many(given_as(queries))
                assert (caught.value.query, str(caught.value)) == (at, f"query {at}: {alone.value}")


def test_names_that_are_no_plain_lists_are_asked_alike(index: ps.PersonIndex) -> None:
    class Name(str):
        pass

    expected = [index.search(name) for name in QUERIES]
    for queries in (tuple(QUERIES), iter(QUERIES), [Name(name) for name in QUERIES]):
        assert index.search_many(queries) == expected


def test_identifiers_may_be_long(people: list[dict[str, Any]]) -> None:
    long = [{**person, "person_id": f"{person['person_id']}{'ü' * (at % 100)}"} for at, person in enumerate(people)]
    index = ps.PersonIndex.build(long)
    names = QUERIES * 3 + [text_of((person.get("names") or [person])[0]) for person in people[:9]]
    table = index.search_many(pa.array(names), level="wide", limit=SIZE)
    assert table.to_pylist() == [shown(index.search(name, level="wide", limit=SIZE)) for name in names]


def test_an_index_without_names_as_given_shows_normalised_ones(people: list[dict[str, Any]]) -> None:
    index = ps.PersonIndex.build(people, display_names=False)
    assert index.search_many(pa.array(QUERIES)).to_pylist() == [shown(index.search(name)) for name in QUERIES]


@pytest.mark.parametrize("threads", [1, 3])
@pytest.mark.parametrize("make", [list, pa.array])
def test_progress_is_told_and_its_error_ends_the_search(index: ps.PersonIndex, threads: int, make: Any) -> None:
    names = QUERIES * (3 * PIECE // len(QUERIES) + 1)
    told: list[tuple[int, int]] = []
    index.search_many(make(names), threads=threads, progress=lambda done, total: told.append((done, total)))
    assert [total for _, total in told] == [len(names)] * len(told)
    assert [done for done, _ in told] == [min(PIECE * (at + 1), len(names)) for at in range(len(told))]
    assert told[-1][0] == len(names)

    def stop(done: int, total: int) -> None:
        raise ValueError("enough")

    with pytest.raises(ValueError, match="enough"):
        index.search_many(make(names), threads=threads, progress=stop)


# Pairs


def all_pairs(index: ps.PersonIndex, people: list[dict[str, Any]], level: str, min_score: int) -> list[ps.Pair]:
    """By one search for each name of each person, the best of both directions."""
    found: dict[tuple[str, str], tuple[int, int]] = {}
    for person in people:
        dob = person.get("dob")
        if isinstance(dob, list):
            dob = min(dob, default=None)
        names = person.get("names") or [person]
        for name in names:
            query = {field: name[field] for field in ("full_name", "forenames", "surname") if name.get(field)}
            answer = index.search(query, level=level, limit=100_000, dob=dob, sex=person.get("sex"))
            for hit in answer.hits:
                if hit.person_id != person["person_id"]:
                    key = person["person_id"], hit.person_id
                    score, reached = found.get(key, (-1, 9))
                    found[key] = max(score, hit.score), min(reached, ps.LEVELS.index(hit.level))
    pairs = []
    for (one, other), (score, reached) in found.items():
        back, way_back = found.get((other, one), (-1, 9))
        if one < other or way_back == 9:
            pairs.append(ps.Pair(one, other, max(score, back), ps.LEVELS[min(reached, way_back)]))
    pairs = [pair for pair in pairs if pair.score >= min_score]
    return sorted(pairs, key=lambda pair: (pair.person_id, -pair.score, pair.other_id))


@pytest.mark.parametrize(("level", "min_score"), [*itertools.product(ps.LEVELS, [0]), ("close", 450), ("wide", 450)])
def test_pairs_are_those_that_searches_find(
    index: ps.PersonIndex, people: list[dict[str, Any]], level: str, min_score: int
) -> None:
    expected = all_pairs(index, people, level, min_score)
    assert len(expected) > 5
    for threads in (1, 3):
        assert list(index.pairs(level=level, min_score=min_score, threads=threads)) == expected


def test_pairs_can_be_left_at_any_time(index: ps.PersonIndex) -> None:
    told: list[int] = []
    pairs = index.pairs(threads=2, progress=lambda done, total: told.append(done))
    assert len(list(itertools.islice(pairs, 3))) == 3
    pairs.close()
    assert len(told) < SIZE // PIECE


def test_bad_arguments_of_pairs_are_refused(index: ps.PersonIndex) -> None:
    for arguments in ({"level": "near"}, {"min_score": "9"}, {"min_score": -1}, {"min_score": 1001}, {"threads": 0}):
        with pytest.raises(ps.QueryError):
            index.pairs(**arguments)


NAMES = st.sampled_from(
    ["John Smith", "Jon Smyth", "John Paul Smith", "Smith", "J Smith", "O'Brien Sean", "Sean Brien",
     "Anne Marie de Vries", "Annemarie Vries", "Mary Smith-Jones", "Mohammed Khan", "Kahn Muhammad", "999", "李小龙",
     "John Smith Jr", "Jon Smith Sr"]
)  # fmt: skip
PEOPLE = st.lists(
    st.fixed_dictionaries(
        {"names": st.lists(st.fixed_dictionaries({"full_name": NAMES}), min_size=1, max_size=3)},
        optional={"dob": st.sampled_from(["1984", "1984-03-07", "1984-07-03"]), "sex": st.sampled_from(["M", "F"])},
    ),
    max_size=9,
)


@settings(max_examples=150, deadline=None)
@given(PEOPLE, st.sampled_from(ps.LEVELS), st.sampled_from([0, 400, 800]))
def test_pairs_of_few_people(rows: list[dict[str, Any]], level: str, min_score: int) -> None:
    people = [{**row, "person_id": f"P{number}"} for number, row in enumerate(rows)]
    index = ps.PersonIndex.build(people)
    assert list(index.pairs(level=level, min_score=min_score)) == all_pairs(index, people, level, min_score)


def test_many_hits_are_those_of_single_searches() -> None:
    people = [{"person_id": f"P{number:03}", "full_name": f"John {second} Smith"} for number, second in enumerate(
        ["Adam", "Bruno", "Carla", "Dora", "Egon", "Fritz", "Greta", "Hugo"] * 8
    )]  # fmt: skip
    several = ps.PersonIndex.build(people)
    queries = ["John Smith", "Jon Smyth", "Greta Smith", "J Smith"] * 20
    found = several.search_many(queries, limit=60)
    rows = sum(len(answer) for answer in found) * 25
    assert rows > 2 * (1 << 14)  # numbers of alignment rows: hits are made of them more than once
    assert found == [several.search(query, limit=60) for query in queries]


def test_arrow_text_that_is_not_utf8_says_what_to_do_and_shows_nothing(index: ps.PersonIndex) -> None:
    ends = pa.py_buffer(struct.pack("<2i", 0, 5))
    broken = pa.Array.from_buffers(pa.string(), 1, [None, ends, pa.py_buffer(b"Smi\xff!")])
    for queries in (broken, pa.table({"full_name": broken})):
        with pytest.raises(ps.QueryError, match="not valid UTF-8; decode it") as caught:
            index.search_many(queries)
        assert caught.value.__context__ is None


def test_an_index_is_not_pickled(index: ps.PersonIndex) -> None:
    with pytest.raises(TypeError, match="save it, and open the file there"):
        pickle.dumps(index)
