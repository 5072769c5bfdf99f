"""Speed of the kernels, of building and of searching; each fails on a wrong answer, however fast.

Run with ``pytest benchmarks``. ``PHONOSEARCH_BENCH_PEOPLE`` says how many people, 20,000 if unset. What is demanded are
ratios within one run, never times.
"""

from __future__ import annotations

import os
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

import phonosearch as ps
from people import COMMON, MIXTURE, BenchmarkQuery, benchmark_queries, people_table

pytest.importorskip("pytest_benchmark", reason="pytest-benchmark is not installed")

PEOPLE = int(os.environ.get("PHONOSEARCH_BENCH_PEOPLE", "20000"))
QUERIES = 200


@pytest.fixture(scope="session")
def people() -> pa.Table:
    return people_table(PEOPLE)


@pytest.fixture(scope="session")
def index(people: pa.Table) -> ps.PersonIndex:
    return ps.PersonIndex.build(people)


@pytest.fixture(scope="session")
def queries(people: pa.Table) -> list[BenchmarkQuery]:
    return benchmark_queries(people, QUERIES)


@pytest.fixture(scope="session")
def words(people: pa.Table) -> list[str]:
    """Distinct parts of names."""
    names = people["full_name"].slice(0, 20_000).to_pylist()
    return sorted({part for name in names for part in ps.normalise(name)})[:10_000]


@pytest.fixture(scope="session")
def pairs(words: list[str]) -> list[tuple[str, str]]:
    """Each part, and another or itself misspelt."""
    found = []
    for at, word in enumerate(words):
        other = words[at * 7919 % len(words)]
        found.append((word, other if at % 2 else word[: len(word) // 2] + "x" + word[len(word) // 2 + 1 :]))
    return found


def best(function: Callable[[], object], repeats: int = 7) -> float:
    """Seconds of the fastest of several calls."""
    seconds = []
    for _ in range(repeats):
        start = time.perf_counter()
        function()
        seconds.append(time.perf_counter() - start)
    return min(seconds)


# Encoders and distances


def test_soundex(benchmark: Any, words: list[str]) -> None:
    oracle = pytest.importorskip("jellyfish", reason="jellyfish is not installed")
    codes = benchmark(lambda: [ps.soundex(word) for word in words])
    assert codes == [oracle.soundex(word) for word in words]


def test_soundex_many(benchmark: Any, words: list[str]) -> None:
    oracle = pytest.importorskip("jellyfish", reason="jellyfish is not installed")
    array = np.array(words)
    codes = benchmark(ps.soundex_many, array)
    assert codes.tolist() == [oracle.soundex(word) for word in words]
    assert best(lambda: [oracle.soundex(word) for word in words]) > 3 * best(lambda: ps.soundex_many(array))


def _filled(codes: Sequence[str]) -> tuple[str, str]:
    """The oracle cuts nothing, and repeats a code that is no alternate."""
    primary, alternate = (code[:4] for code in codes)
    return primary, "" if alternate == primary else alternate


def test_double_metaphone(benchmark: Any, words: list[str]) -> None:
    oracle = pytest.importorskip("doublemetaphone", reason="doublemetaphone is not installed").doublemetaphone
    codes = benchmark(lambda: [ps.double_metaphone(word) for word in words])
    assert codes == [_filled(oracle(word)) for word in words]
    ours, theirs = (best(lambda one=one: [one(word) for word in words]) for one in (ps.double_metaphone, oracle))
    assert theirs > ours


def test_double_metaphone_many(benchmark: Any, words: list[str]) -> None:
    oracle = pytest.importorskip("doublemetaphone", reason="doublemetaphone is not installed").doublemetaphone
    array = np.array(words)
    codes = benchmark(ps.double_metaphone_many, array)
    assert [tuple(pair) for pair in codes.tolist()] == [_filled(oracle(word)) for word in words]
    assert best(lambda: [oracle(word) for word in words]) > 3 * best(lambda: ps.double_metaphone_many(array))


@pytest.fixture(scope="session")
def column(words: list[str]) -> pa.Array:
    """Enough words for the time a call takes to vanish."""
    return pa.array((words * (-(-50_000 // len(words))))[:50_000])


@pytest.mark.parametrize("threads", [1, 2])
def test_soundex_of_arrow(benchmark: Any, column: pa.Array, threads: int) -> None:
    oracle = pytest.importorskip("jellyfish", reason="jellyfish is not installed").soundex
    codes = benchmark(ps.soundex_many, column, threads=threads)
    benchmark.extra_info["nanoseconds a name"] = 1e9 * best(lambda: ps.soundex_many(column)) / len(column)
    names = column.to_pylist()
    assert codes.to_pylist() == [oracle(name) for name in names]
    assert best(lambda: [oracle(name) for name in names], 3) > 6 * best(lambda: ps.soundex_many(column))


@pytest.mark.parametrize("threads", [1, 2])
def test_double_metaphone_of_arrow(benchmark: Any, column: pa.Array, threads: int) -> None:
    oracle = pytest.importorskip("doublemetaphone", reason="doublemetaphone is not installed").doublemetaphone
    codes = benchmark(ps.double_metaphone_many, column, threads=threads)
    benchmark.extra_info["nanoseconds a name"] = 1e9 * best(lambda: ps.double_metaphone_many(column)) / len(column)
    names = column.to_pylist()
    assert [tuple(row.values()) for row in codes.to_pylist()] == [_filled(oracle(name)) for name in names]
    assert best(lambda: [oracle(name) for name in names], 3) > 6 * best(lambda: ps.double_metaphone_many(column))


@pytest.mark.parametrize("limit", [1, 2, 3])
@pytest.mark.parametrize("name", ["levenshtein", "osa"])
def test_distances_to_one(benchmark: Any, name: str, limit: int, words: list[str], column: pa.Array) -> None:
    """Against the rival's matrix of the same queries: it reads the strings once for all, we once for each."""
    process = pytest.importorskip("rapidfuzz.process", reason="rapidfuzz is not installed")
    distance = pytest.importorskip("rapidfuzz.distance", reason="rapidfuzz is not installed")
    scorer = {"levenshtein": distance.Levenshtein.distance, "osa": distance.OSA.distance}[name]
    many = {"levenshtein": ps.levenshtein_distance_many, "osa": ps.osa_distance_many}[name]
    asked, names = words[:: len(words) // 20][:20], column.to_pylist()

    def ours() -> list[pa.Array]:
        return [many(word, column, max_distance=limit) for word in asked]

    def theirs() -> Any:
        return process.cdist(asked, names, scorer=scorer, score_cutoff=limit, dtype=np.uint8)

    found = benchmark(ours)
    assert np.array_equal(np.array([row.to_numpy() for row in found]), theirs())
    seconds, rival = best(ours, 20), best(theirs, 3)
    benchmark.extra_info["nanoseconds a token"] = 1e9 * seconds / len(asked) / len(column)
    benchmark.extra_info["times rapidfuzz"] = rival / seconds
    assert rival > 2 * seconds


@pytest.mark.parametrize("name", ["levenshtein", "osa"])
def test_distances_of_pairs(benchmark: Any, name: str, pairs: list[tuple[str, str]]) -> None:
    process = pytest.importorskip("rapidfuzz.process", reason="rapidfuzz is not installed")
    distance = pytest.importorskip("rapidfuzz.distance", reason="rapidfuzz is not installed")
    scorer = {"levenshtein": distance.Levenshtein.distance, "osa": distance.OSA.distance}[name]
    many = {"levenshtein": ps.levenshtein_distance_many, "osa": ps.osa_distance_many}[name]
    left, right = (list(side) for side in zip(*pairs, strict=True))
    arrays = pa.array(left), pa.array(right)
    found = benchmark(many, *arrays)
    assert found.to_pylist() == process.cpdist(left, right, scorer=scorer, dtype=np.int32).tolist()
    seconds = best(lambda: many(*arrays))
    benchmark.extra_info["nanoseconds a pair"] = 1e9 * seconds / len(pairs)
    assert best(lambda: process.cpdist(left, right, scorer=scorer, dtype=np.int32)) > seconds


@pytest.mark.parametrize("name", ["levenshtein", "osa"])
def test_distance(benchmark: Any, name: str, pairs: list[tuple[str, str]]) -> None:
    distance = pytest.importorskip("rapidfuzz.distance", reason="rapidfuzz is not installed")
    ours, theirs = {
        "levenshtein": (ps.levenshtein_distance, distance.Levenshtein.distance),
        "osa": (ps.osa_distance, distance.OSA.distance),
    }[name]
    found = benchmark(lambda: [ours(a, b) for a, b in pairs])
    assert found == [theirs(a, b) for a, b in pairs]
    assert best(lambda: [theirs(a, b) for a, b in pairs]) * 2 > best(lambda: [ours(a, b) for a, b in pairs])


# Comparing names

SLICE = 2_000


@pytest.fixture(scope="session")
def names_to_compare(people: pa.Table) -> dict[str, list[tuple[str, str]]]:
    """What was asked beside the name that was meant, and beside anybody's."""
    names = people["full_name"].to_pylist()
    first: dict[str, str] = {}
    for person_id, name in zip(people["person_id"].to_pylist(), names, strict=True):
        first.setdefault(person_id, name)
    asked = [query for query in benchmark_queries(people, 8 * SLICE) if query.kind in MIXTURE]
    return {
        "like": [(query.text, first[query.person_id]) for query in asked if query.person_id in first],
        "random": [(query.text, names[at * 7919 % len(names)]) for at, query in enumerate(asked)],
    }


def _timed(function: Callable[[], object]) -> float:
    start = time.perf_counter()
    function()
    return time.perf_counter() - start


@pytest.mark.parametrize("kind", ["like", "random"])
def test_compare_pairs(benchmark: Any, names_to_compare: dict[str, list[tuple[str, str]]], kind: str) -> None:
    """Each slice is of pairs that were never compared; words come again as they do in names."""
    asked = names_to_compare[kind]
    slices = [
        tuple(pa.array(side) for side in zip(*asked[at : at + SLICE], strict=True))
        for at in range(0, len(asked) - SLICE + 1, SLICE)
    ]
    ps.compare_many(*slices[0])         # letters beyond ASCII are folded when the first text has one
    fresh = iter(slices[1:])
    seconds: list[float] = []
    benchmark.pedantic(
        lambda a, b: seconds.append(_timed(lambda: ps.compare_many(a, b))),
        setup=lambda: (next(fresh), {}), rounds=len(slices) - 1,
    )
    benchmark.extra_info["nanoseconds a pair"] = 1e9 * min(seconds) / SLICE
    one_by_one = [(found.score, found.level) for found in (ps.compare(*pair) for pair in asked[:SLICE])]
    rows = ps.compare_many(*slices[0]).to_pylist()
    assert [(row["score"], row["level"]) for row in rows] == one_by_one
    assert best(lambda: [ps.compare(*pair).score for pair in asked[:SLICE]]) > best(lambda: ps.compare_many(*slices[0]))


def test_compare_one_with_many(benchmark: Any, people: pa.Table, queries: list[BenchmarkQuery]) -> None:
    """Each query is new."""
    names = people["full_name"].slice(0, 20_000)
    names = pa.concat_arrays(names.chunks)
    ps.compare_many(queries[0].text, names)
    fresh = iter(queries[1:])
    seconds: list[float] = []
    benchmark.pedantic(
        lambda text: seconds.append(_timed(lambda: ps.compare_many(text, names))),
        setup=lambda: ((next(fresh).text,), {}), rounds=20,
    )
    benchmark.extra_info["nanoseconds a name"] = 1e9 * min(seconds) / len(names)
    for query in queries[:3]:
        rows = ps.compare_many(query.text, names).to_pylist()
        found = [ps.compare(query.text, name) for name in names.to_pylist()]
        assert [(row["score"], row["level"]) for row in rows] == [(one.score, one.level) for one in found]


# Building, saving, opening


def test_build(benchmark: Any, people: pa.Table, index: ps.PersonIndex) -> None:
    built = benchmark.pedantic(ps.PersonIndex.build, (people,), rounds=3)
    assert len(built) == PEOPLE == len(set(people["person_id"].to_pylist()))
    assert (built.report.read, built.report.indexed) == (people.num_rows, people.num_rows)
    assert built.fingerprint == index.fingerprint


def test_build_in_another_order(people: pa.Table, index: ps.PersonIndex) -> None:
    order = np.random.default_rng(0).permutation(people.num_rows)
    assert ps.PersonIndex.build(people.take(order)).fingerprint == index.fingerprint


def test_open(benchmark: Any, index: ps.PersonIndex, tmp_path: Any) -> None:
    path = tmp_path / "people.psx"
    index.save(path)
    opened = benchmark(ps.PersonIndex.open, path)
    assert opened.fingerprint == index.fingerprint
    assert opened.search(COMMON[0]).digest == index.search(COMMON[0]).digest


# Searching


@pytest.fixture(scope="session")
def scan(people: pa.Table) -> Callable[[str], int]:
    """How many people the level exact finds, by sets of parts and no more."""
    names: list[tuple[str, Counter[str]]] = []
    holders: defaultdict[str, set[int]] = defaultdict(set)
    for person_id, name in zip(people["person_id"].to_pylist(), people["full_name"].to_pylist(), strict=True):
        parts = Counter(ps.normalise(name))
        for part in parts:
            holders[part].add(len(names))
        names.append((person_id, parts))

    def count(text: str) -> int:
        asked = Counter(ps.normalise(text))
        rows = set().union(*(holders[part] for part in asked if part in holders))
        return len({names[row][0] for row in rows if asked <= names[row][1] or asked >= names[row][1]})

    return count


def test_exact_totals(index: ps.PersonIndex, queries: list[BenchmarkQuery], scan: Callable[[str], int]) -> None:
    assert [index.search(query.text, level="exact").total for query in queries] == [
        scan(query.text) for query in queries
    ]


def test_totals_of_a_scan(people: pa.Table) -> None:
    """All levels against a comparison with everybody, among the first people."""
    rows = people.slice(0, 2_000)
    records = rows.select(["person_id", "full_name"]).to_pylist()
    small = ps.PersonIndex.build(rows.select(["person_id", "full_name", "kind"]))
    for text in (COMMON[0], COMMON[2], records[1]["full_name"]):
        first: dict[str, int] = {}
        for record in records:
            level = ps.compare(text, record["full_name"]).level
            number = ps.LEVELS.index(level) if level else len(ps.LEVELS)
            first[record["person_id"]] = min(number, first.get(record["person_id"], number))
        wanted = {level: sum(number <= at for number in first.values()) for at, level in enumerate(ps.LEVELS)}
        assert small.search(text).ladder() == wanted


@pytest.mark.parametrize("kind", [*MIXTURE, "three_part", "common"])
@pytest.mark.parametrize("level", ps.LEVELS)
def test_search(benchmark: Any, index: ps.PersonIndex, queries: list[BenchmarkQuery], level: str, kind: str) -> None:
    asked = [query for query in queries if query.kind == kind]

    def search() -> list[ps.Answer]:
        return [index.search(query.text, level=level) for query in asked]

    benchmark.extra_info["queries"] = len(asked)
    answers = benchmark.pedantic(search, rounds=3, warmup_rounds=1)
    assert [answer.digest for answer in answers] == [answer.digest for answer in search()]
    for query, answer in zip(asked, answers, strict=True):
        ladder = answer.ladder()
        assert answer.total == ladder[level]
        assert list(ladder.values()) == sorted(ladder.values())
        assert len(answer.hits) == min(20, answer.total)
        order = [(-hit.score, hit.person_id) for hit in answer.hits]
        assert order == sorted(order)
        if kind in ("present", "three_part"):
            assert index.explain(query.text, query.person_id, level=level).found


def test_evidence(benchmark: Any, index: ps.PersonIndex, queries: list[BenchmarkQuery]) -> None:
    def search() -> list[tuple[int, tuple[ps.Evidence, ...]]]:
        return [(hit.score, hit.evidence) for query in queries for hit in index.search(query.text).hits]

    for score, evidence in benchmark.pedantic(search, rounds=3, warmup_rounds=1):
        assert sum(item.points for item in evidence) == score


@pytest.mark.parametrize("threads", [1, 2])
def test_search_many(benchmark: Any, index: ps.PersonIndex, queries: list[BenchmarkQuery], threads: int) -> None:
    texts = [query.text for query in queries]
    answers = benchmark.pedantic(index.search_many, (texts,), {"threads": threads}, rounds=3, warmup_rounds=1)
    assert [answer.digest for answer in answers] == [index.search(text).digest for text in texts]


@pytest.mark.parametrize(
    ("kind", "wanted"), [("present", 1.0), ("one_edit", 0.95), ("two_edits", 0.9), ("respelt", 0.95)]
)
def test_recall(index: ps.PersonIndex, queries: list[BenchmarkQuery], kind: str, wanted: float) -> None:
    """The right name, though perhaps not the right namesake, is in the first page."""
    asked = [query for query in queries if query.kind == kind]
    found = 0
    for query in asked:
        names = [Counter(ps.normalise(hit.name)) for hit in index.search(query.text).hits]
        found += any(Counter(query.parts) <= name for name in names)
    assert found >= wanted * len(asked)


def test_faster_than_a_scan(people: pa.Table, index: ps.PersonIndex, queries: list[BenchmarkQuery]) -> None:
    process = pytest.importorskip("rapidfuzz.process", reason="rapidfuzz is not installed")
    names = [" ".join(ps.normalise(name)) for name in people["full_name"].to_pylist()]
    texts = [query.text for query in queries if query.kind in MIXTURE][:10]
    scanned = best(lambda: [process.extract(text.lower(), names, limit=20) for text in texts], 3)
    assert scanned > 5 * best(lambda: [index.search(text) for text in texts])
