"""The rivals' benchmark in small: every rival that can be run here, the checks, and the report."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

import phonosearch as ps
import plots
import rival_postgres
import rival_sqlite
from checks import Row, WrongAnswerError, check_page, check_recorded, check_search
from compare_rivals import KINDS, RIVALS, measure_rival, normalised
from growth import LEVELS, Size, growth_section, measure
from hard_queries import hard_queries, slowest_section, take_apart
from measuring import clock, percentiles
from people import BenchmarkQuery, _batches, benchmark_queries, people_table, source
from phonosearch import testing
from rivals import Rival, RivalError

SIZE = 500


@pytest.fixture(scope="module")
def people() -> pa.Table:
    return people_table(SIZE)


@pytest.fixture(scope="module")
def index(people: pa.Table) -> ps.PersonIndex:
    return ps.PersonIndex.build(people)


@pytest.fixture(scope="module")
def queries(people: pa.Table) -> list[BenchmarkQuery]:
    return [query for query in benchmark_queries(people, 40) if query.kind in KINDS]


def test_batches_hold_the_population() -> None:
    made = pa.Table.from_batches(_batches(SIZE, 7, people=64))
    assert made.equals(pa.table(testing.population_columns(SIZE, seed=7, source=source())))


def test_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    ticks = iter(np.cumsum([0, 9, 0, 4, 0, 2, 0, 6]) * 1_000_000)
    monkeypatch.setattr("measuring.time", SimpleNamespace(perf_counter_ns=lambda: int(next(ticks))))
    first, best, found = clock(["a", "b"], str.upper, passes=2)
    assert (first, best, found) == ([9, 4], [2, 4], ["A", "B"])


def test_percentiles_of_nothing() -> None:
    assert np.isnan(percentiles([])).all()


# Rivals


@pytest.fixture(params=RIVALS, ids=lambda kind: kind.name)
def rival(request: pytest.FixtureRequest) -> Rival:
    one: Rival = request.param()
    if why := one.missing():
        pytest.skip(reason=why)
    return one


def test_rival(rival: Rival, people: pa.Table, queries: list[BenchmarkQuery]) -> None:
    """Built twice, warmed up by nothing, and held to the checks."""
    names = [normalised(name) for name in people["full_name"].to_pylist()]
    measured = measure_rival(rival, names, people["person_id"].to_pylist(), queries, [])
    assert rival.note
    assert measured.build >= 0
    assert measured.size > 0
    assert len(measured.timed.rows) == len(queries)
    assert all(0 < best <= first for best, first in zip(measured.timed.best, measured.timed.first, strict=True))
    for query, rows in zip(queries, measured.timed.rows, strict=True):
        if query.kind == "three_part":
            assert query.person_id in [row.person_id for row in rows]
    folder = getattr(rival, "_folder", None)
    assert folder is None or not Path(folder).exists()


@pytest.mark.parametrize("kind", rival_sqlite.SQLITE, ids=lambda kind: kind.name)
def test_sqlite_ranks(
    kind: type[Rival], people: pa.Table, queries: list[BenchmarkQuery], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its own order is what chooses the candidates: where all fit among them, nobody notices that it has none."""
    monkeypatch.setattr(rival_sqlite, "CANDIDATES", 20)
    if why := kind().missing():
        pytest.skip(reason=why)
    names = [normalised(name) for name in people["full_name"].to_pylist()]
    measure_rival(kind(), names, people["person_id"].to_pylist(), queries, [])


def test_names_of_rivals_differ() -> None:
    assert len({kind.name for kind in RIVALS}) == len(RIVALS)


def test_postgres_is_stopped() -> None:
    rival = rival_postgres.Trigrams()
    if why := rival.missing():
        pytest.skip(reason=why)
    rival.prepare()
    cluster = rival._cluster
    assert cluster is not None
    server = cluster._server
    assert server is not None
    assert server.poll() is None
    rival.close()
    assert server.poll() is not None
    assert not cluster.folder.exists()


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder for temporary files that other users may enter, as that of pytest they may not."""
    with tempfile.TemporaryDirectory() as name:
        Path(name).chmod(0o755)
        yield Path(name)


def test_postgres_ends_with_us(open_folder: Path) -> None:
    """A server must not outlive a benchmark that is ended from outside."""
    if why := rival_postgres.Trigrams().missing():
        pytest.skip(reason=why)
    script = Path(__file__).with_name("compare_rivals.py")
    command: list[str | Path] = [sys.executable, script, "--people=200", "--queries=20", "--hard=20", "--growth="]
    environment = {**os.environ, "TMPDIR": str(open_folder)}
    process = subprocess.Popen([*command, "--only=pg_trgm"], env=environment, stdout=subprocess.DEVNULL)
    try:
        for _ in range(1200):
            if process.poll() is not None or list(open_folder.glob("*-pg-*/.s.PGSQL.*")):
                break
            time.sleep(0.05)
    finally:
        process.terminate()
    assert process.wait(60) == 143
    assert not list(open_folder.iterdir())


def test_postgres_that_cannot_start(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    with pytest.raises(RivalError, match="PostgreSQL cannot be started: "):
        rival_postgres._Cluster(tmp_path / "nothing here")
    assert not list(tmp_path.iterdir())


def test_missing_package(monkeypatch: pytest.MonkeyPatch) -> None:
    class Absent(rival_postgres.Trigrams):
        packages = ("no-such-package",)

    assert Absent().missing() == "not installed: no-such-package"
    monkeypatch.setattr(rival_postgres, "_binaries", lambda: None)
    monkeypatch.setattr(rival_postgres.Trigrams, "packages", ())
    assert "PostgreSQL is not installed" in rival_postgres.Trigrams().missing()


# Checks


def test_wrong_pages() -> None:
    check_page("right", [2, 0], names=3, page=2)
    for rows in ([0, 0], [3], [-1], [0, 1, 2]):
        with pytest.raises(WrongAnswerError):
            check_page("wrong", rows, names=3, page=2)


def test_too_few_recorded() -> None:
    queries = [BenchmarkQuery("", "present", person, (person,)) for person in ("a", "b")]
    found = [[Row("a", ["x"])], [Row("c", ["y"])]]
    check_recorded("enough", queries, found, 0.5)
    with pytest.raises(WrongAnswerError, match="finds 1 of 2"):
        check_recorded("too few", queries, found, 0.6)


class _Wrong:
    """An index that leaves out the last hit or miscounts."""

    def __init__(self, index: ps.PersonIndex, level: str) -> None:
        self.index, self.level = index, level

    def search(self, text: str, level: str = "close", limit: int = 20) -> Any:
        answer = self.index.search(text, level=level, limit=limit)
        less = level == self.level and answer.total > 0
        return SimpleNamespace(total=answer.total - less, hits=answer.hits[less:])


def test_wrong_searches(people: pa.Table, index: ps.PersonIndex, queries: list[BenchmarkQuery]) -> None:
    assert "agree" in check_search(people, index, queries, compared=SIZE)
    for level in ("exact", "close"):
        with pytest.raises(WrongAnswerError):
            check_search(people, _Wrong(index, level), queries, compared=SIZE)  # type: ignore[arg-type]


# Sections


def test_hard_queries(people: pa.Table, index: ps.PersonIndex) -> None:
    hard = hard_queries(people)
    assert len({text for _, text in hard}) == len(hard)
    for _, text in hard:
        taken = take_apart(index, text, "wide", passes=1)
        assert taken.total == index.search(text, level="wide").total
        assert min(taken) >= 0


def test_slowest(people: pa.Table, index: ps.PersonIndex) -> None:
    lines = list(slowest_section(people, index, 30, seed=0))
    assert lines[0] == "### The 10 slowest of 30"
    assert sum(line.startswith("| ") for line in lines) == 1 + 2 + 1 + 10


def test_growth() -> None:
    sizes = [measure(size, 40, 0) for size in (200, SIZE)]
    assert [one.people for one in sizes] == [200, SIZE]
    for one in sizes:
        assert one.bare_size < one.size
        assert one.recall > 0.9
        assert all(0 < one.best[level][0] <= one.best[level][1] for level in LEVELS)
    lines = list(growth_section(sizes))
    assert sum(f"| {SIZE} |" in line for line in lines) == 4


def test_plots_are_repeatable(tmp_path: Path) -> None:
    if why := plots.missing():
        pytest.skip(reason=why)
    times = dict.fromkeys(LEVELS, (0.1, 1.0))
    sizes = [Size(n, n, times, times, times, 1.0, 0.1, 0.1, 0.1, 90.0, 70.0, 1.0) for n in (100, 1000)]
    points = {name: [plots.Point(n, 0.1, 1.0, 0.9) for n in (100, 1000)] for name in ("phonosearch, level close", "b")}
    drawn = []
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
        names = plots.draw(tmp_path / folder / "report", points, 1000, sizes)
        drawn.append([(name, (tmp_path / folder / name).read_bytes()) for name in names])
    assert [name for name, _ in drawn[0]] == ["report-latency.svg", "report-recall.svg", "report-growth.svg"]
    assert drawn[0] == drawn[1]


def test_report(tmp_path: Path) -> None:
    """The whole command, with one rival."""
    output = tmp_path / "report.md"
    script = Path(__file__).with_name("compare_rivals.py")
    command: list[str | Path] = [
        sys.executable, script, "--people=600", "--queries=40", "--slow=10", "--hard=50", "--growth=300,600",
        "--only=ratio", "--output", output,
    ]  # fmt: skip
    subprocess.run(command, check=True, capture_output=True)
    text = output.read_text(encoding="utf-8")
    for wanted in (
        "## Time, recall and size", "| RapidFuzz ratio, scan |", "## Recall in the first 20", "## The rivals",
        "## Growth of phonosearch", "## Hard queries of phonosearch", "### The 10 slowest of 50",
        "## Index of phonosearch", "## phonosearch by level and kind of query",
    ):  # fmt: skip
        assert wanted in text
    drawn = 0 if plots.missing() else 3
    assert len(list(tmp_path.glob("*.svg"))) == text.count(".svg)") == drawn
    assert ("No plots: " in text) == (not drawn)
