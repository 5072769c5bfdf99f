"""Time, recall and size of phonosearch and its rivals: one run, one thread, the same people and the same queries."""

from __future__ import annotations

import argparse
import collections
import datetime
import gc
import importlib.metadata
import json
import os
import platform
import re
import shlex
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa

import phonosearch as ps
from people import MIXTURE, BenchmarkQuery, benchmark_queries, people_table, source
from rivals import Rival, rivals

PAGE = 20
PASSES = 5  # the best of them is free of what else the machine did, and its caches are those of many queries
KINDS = (*MIXTURE, "three_part")
PACKAGES = ("phonosearch", "numpy", "pyarrow", "tantivy", "RapidFuzz", "DoubleMetaphone")

# Times of a process that does nothing else: import, open, search.
FIRST_ANSWER = """
import json, sys, time
start = time.perf_counter()
import phonosearch as ps
imported = time.perf_counter()
index = ps.PersonIndex.open(sys.argv[1])
opened = time.perf_counter()
[hit.evidence for hit in index.search(sys.argv[2]).hits]
answered = time.perf_counter()
print(json.dumps([imported - start, opened - imported, answered - opened]))
"""


class Row(NamedTuple):
    """One result: whose it is, and the normalised parts of the name that was found."""

    person_id: str
    parts: Sequence[str]


class Timed(NamedTuple):
    """Milliseconds and results of each query."""

    queries: list[BenchmarkQuery]
    ms: list[float]
    rows: list[list[Row]]

    def of(self, kinds: Iterable[str]) -> list[float]:
        return [ms for query, ms in zip(self.queries, self.ms, strict=True) if query.kind in kinds]


class Measured(NamedTuple):
    """All that is known of one searcher."""

    name: str
    build: float
    size: int
    timed: Timed


def clock(
    queries: list[BenchmarkQuery], search: Callable[[BenchmarkQuery], Any], passes: int = PASSES
) -> tuple[list[float], list[Any]]:
    """Milliseconds of each query, the best of several passes over all of them, and its result."""
    ms = [float("inf")] * len(queries)
    found: list[Any] = []
    for _ in range(passes):
        found.clear()
        for at, query in enumerate(queries):
            start = time.perf_counter_ns()
            result = search(query)
            ms[at] = min(ms[at], (time.perf_counter_ns() - start) / 1e6)
            found.append(result)
    return ms, found


def timed_build(build: Callable[[], Any]) -> tuple[Any, float]:
    """What it builds, and the seconds that it took."""
    gc.collect()
    start = time.perf_counter()
    built = build()
    return built, time.perf_counter() - start


def measure_rival(rival: Rival, names: list[str], ids: list[str], queries: list[BenchmarkQuery]) -> Measured:
    _, first = timed_build(lambda: rival.build(names))
    rival.close()
    _, second = timed_build(lambda: rival.build(names))
    build = min(first, second)
    gc.collect()
    gc.freeze()
    text = {query: " ".join(ps.normalise(query.text)) for query in queries}
    ms, found = clock(queries, lambda query: rival.search(text[query], PAGE))
    rows = [[Row(ids[row], names[row].split()) for row in result] for result in found]
    measured = Measured(rival.name, build, rival.size(), Timed(queries, ms, rows))
    rival.close()
    gc.unfreeze()
    return measured


def search_index(
    index: ps.PersonIndex, queries: list[BenchmarkQuery], level: str, evidence: bool
) -> tuple[Timed, list[int]]:
    """The queries at one level, and how many people each finds; ``evidence``: every reason of every hit is made too."""

    def search(query: BenchmarkQuery) -> ps.Answer:
        answer = index.search(query.text, level=level, limit=PAGE)
        if evidence:
            for hit in answer.hits:
                hit.evidence  # noqa: B018
        return answer

    ms, found = clock(queries, search)
    rows = [[Row(hit.person_id, ps.normalise(hit.name)) for hit in answer.hits] for answer in found]
    return Timed(queries, ms, rows), [answer.total for answer in found]


def recall(timed: Timed, kind: str) -> str:
    """Of the queries of a kind: share with the right name, and with the right person, in the page."""
    named = meant = asked = 0
    for query, rows in zip(timed.queries, timed.rows, strict=True):
        if query.kind != kind:
            continue
        asked += 1
        wanted = collections.Counter(query.parts)
        person = any(row.person_id == query.person_id for row in rows)
        named += person or any(wanted <= collections.Counter(row.parts) for row in rows)
        meant += person
    return f"{named / asked:.3f} ({meant / asked:.3f})" if asked else "–"


def percentiles(ms: list[float]) -> tuple[float, float, float]:
    middle, high, highest = np.percentile(ms, [50, 95, 99])
    return float(middle), float(high), float(highest)


def number(value: float) -> str:
    """Three significant digits."""
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> Iterator[str]:
    yield f"| {' | '.join(head)} |"
    yield "|" + "---|" * len(head)
    for row in rows:
        yield f"| {' | '.join(map(str, row))} |"
    yield ""


def machine() -> str:
    cpu = platform.processor() or platform.machine()
    info = Path("/proc/cpuinfo")
    if info.exists():
        cpu = next(
            (line.partition(":")[2].strip() for line in info.read_text().splitlines() if "model name" in line), cpu
        )
    return cpu


def memory() -> str:
    try:
        return f"{os.sysconf('SC_PHYS_PAGES') * os.sysconf('SC_PAGE_SIZE') / 2**30:.0f} GiB"
    except (AttributeError, ValueError):
        return "unknown"


def versions() -> str:
    found = [f"Python {platform.python_version()}"]
    for package in PACKAGES:
        try:
            found.append(f"{package} {importlib.metadata.version(package)}")
        except importlib.metadata.PackageNotFoundError:
            found.append(f"no {package}")
    return ", ".join(found)


def levels_section(index: ps.PersonIndex, queries: list[BenchmarkQuery]) -> Iterator[str]:
    yield "## phonosearch by level and kind of query"
    yield ""
    yield "Milliseconds without evidence; recall as above; people found (`total`)."
    yield ""
    rows = []
    for level in ps.LEVELS:
        timed, totals = search_index(index, queries, level, evidence=False)
        for kind in (*KINDS, "common"):
            of_kind = [total for query, total in zip(queries, totals, strict=True) if query.kind == kind]
            if of_kind:
                rows.append([
                    level, kind, *map(number, percentiles(timed.of([kind]))),
                    recall(timed, kind) if kind != "common" else "–",
                    f"{np.median(of_kind):,.0f}", f"{np.percentile(of_kind, 99):,.0f}", f"{max(of_kind):,}",
                ])  # fmt: skip
    head = ["level", "kind", "median", "p95", "p99", "recall", "people median", "p99", "most"]
    yield from table(head, rows)
    rows = []
    for query in queries:
        if query.kind == "common":
            (ms,), (answer,) = clock([query], lambda query: index.search(query.text, limit=PAGE), passes=20)
            rows.append([query.text, *(f"{count:,}" for count in answer.ladder().values()), number(ms)])
    yield "Common names: exact totals of each level, and the best of 20 searches at level close."
    yield ""
    yield from table(["name", *ps.LEVELS, "ms"], rows)


def index_section(
    people: pa.Table, index: ps.PersonIndex, build: float, queries: list[BenchmarkQuery]
) -> Iterator[str]:
    yield "## Index of phonosearch"
    yield ""
    with tempfile.TemporaryDirectory(prefix="phonosearch-") as folder:
        path, bare = Path(folder) / "people.psx", Path(folder) / "bare.psx"
        start = time.perf_counter()
        index.save(path)
        saved = time.perf_counter() - start
        ps.PersonIndex.build(people, display_names=False).save(bare)
        opened = []
        for _ in range(5):
            start = time.perf_counter()
            ps.PersonIndex.open(path)
            opened.append((time.perf_counter() - start) * 1000)
        command = [sys.executable, "-c", FIRST_ANSWER, str(path), queries[0].text]
        first = [json.loads(subprocess.run(command, check=True, capture_output=True).stdout) for _ in range(5)]
        imported, began, answered = (number(1000 * float(np.median(times))) for times in zip(*first, strict=True))
        size, small = path.stat().st_size, bare.stat().st_size
    texts = [query.text for query in queries if query.kind in MIXTURE]
    rates = []
    for threads in (1, 2):
        seconds = []
        for _ in range(PASSES):
            start = time.perf_counter()
            index.search_many(texts, limit=PAGE, threads=threads)
            seconds.append(time.perf_counter() - start)
        rates.append(f"{len(texts) / min(seconds):,.0f}")
    yield from table(
        ["what", "value"],
        [
            ["build from Arrow, s", number(build)],
            ["build, ns a name", f"{build / people.num_rows * 1e9:,.0f}"],
            ["save, s", number(saved)],
            ["file, bytes a person", f"{size / len(index):.1f}"],
            ["file without names to display, bytes a person", f"{small / len(index):.1f}"],
            ["open in a process that has searched, ms", number(float(np.median(opened)))],
            ["new process: import, ms", imported],
            ["new process: open, ms", began],
            ["new process: first answer with evidence, ms", answered],
            ["search_many, one thread, queries a second", rates[0]],
            ["search_many, two threads, queries a second", rates[1]],
        ],
    )


def report(size: int, count: int, scans: int, seed: int) -> Iterator[str]:
    """Markdown, line by line."""
    load = os.getloadavg()[0]
    people = people_table(size, seed)
    queries = benchmark_queries(people, count, seed)
    asked = [query for query in queries if query.kind in KINDS]
    mixed = [query for query in queries if query.kind in MIXTURE]

    _, first = timed_build(lambda: ps.PersonIndex.build(people))
    index, second = timed_build(lambda: ps.PersonIndex.build(people))
    build = min(first, second)
    gc.collect()
    gc.freeze()
    plain, _ = search_index(index, asked, "close", evidence=False)
    shown, _ = search_index(index, asked, "close", evidence=True)
    with tempfile.TemporaryDirectory(prefix="phonosearch-") as folder:
        index.save(Path(folder) / "people.psx")
        stored = (Path(folder) / "people.psx").stat().st_size
    found = [
        Measured("**phonosearch**, level close", build, stored, plain),
        Measured("**phonosearch**, level close, with evidence", build, stored, shown),
    ]
    of_index = list(index_section(people, index, build, queries))
    of_levels = list(levels_section(index, queries))
    gc.unfreeze()

    names = [" ".join(ps.normalise(name)) for name in people["full_name"].to_pylist()]
    ids = people["person_id"].to_pylist()
    for rival in rivals():
        print(f"{rival.name} ...", file=sys.stderr)
        found.append(measure_rival(rival, names, ids, mixed[:scans] if rival.scans else asked))

    command = shlex.join(["python", "benchmarks/compare_rivals.py", *sys.argv[1:]])
    yield f"# phonosearch and its rivals, {size:,} people"
    yield ""
    yield f"- {datetime.date.today().isoformat()}: `{command}`"
    yield f"- {machine()}, {os.cpu_count()} cores, {memory()}, {platform.system()}; load at the start {load:.1f}"
    yield f"- {versions()}; names: {source()}; {people.num_rows:,} names of {size:,} people; rules {index.rules}"
    yield f"- One process, one thread, warm; top {PAGE}; for each query the best of {PASSES} passes; the better"
    yield "  of two builds."
    yield f"- The main mixture: {len(mixed):,} queries of a forename and a surname, 40 % as recorded, 20 % with one"
    yield f"  typing mistake, 20 % with two, 20 % respelt. Scans are asked the first {min(scans, len(mixed))} of them."
    yield "- Rivals are given names and queries that phonosearch normalised, not counted in their time."
    yield "- Sentences of evidence are kept between queries: passes after the first find them ready."
    yield "- phonosearch counts every person who satisfies the level; rivals do not count."
    yield ""
    yield "## Time and size"
    yield ""
    yield "Milliseconds a query of the main mixture. Bytes: the file of phonosearch, with the names to display; the"
    yield "index of a rival, without the names that it ranks by, or for a scan the names."
    yield ""
    times = [percentiles(one.timed.of(MIXTURE)) for one in found]
    yield from table(
        ["searcher", "median", "p95", "p99", "build, s", "bytes a person", "median / phonosearch", "p99 / phonosearch"],
        (
            [
                one.name, *map(number, ms), number(one.build) if one.build > 0.001 else "–", f"{one.size / size:.0f}",
                f"{ms[0] / times[0][0]:.1f}", f"{ms[2] / times[0][2]:.1f}",
            ]
            for one, ms in zip(found, times, strict=True)
        ),
    )  # fmt: skip
    yield f"## Recall in the first {PAGE}"
    yield ""
    yield "The right person or a namesake (all parts of the right name are in that of a hit), and in brackets the right"
    yield f"person, who may have more than {PAGE} namesakes."
    yield ""
    yield from table(
        ["searcher", *KINDS],
        ([one.name, *(recall(one.timed, kind) for kind in KINDS)] for one in (found[0], *found[2:])),
    )
    yield from of_index
    yield from of_levels


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--people", type=int, default=100_000)
    parser.add_argument("--queries", type=int, default=1000, help="of the main mixture; others come on top")
    parser.add_argument("--scans", type=int, default=20, help="queries for rivals that read every name")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument(
        "--output", type=Path, nargs="?", const=Path(), metavar="FILE",
        help="write the Markdown there too; without FILE, to benchmarks/results",
    )  # fmt: skip
    arguments = parser.parse_args()
    text = "\n".join(report(arguments.people, arguments.queries, arguments.scans, arguments.seed))
    print(text, end="")
    output = arguments.output
    if output == Path():
        cpu = re.sub(r"[^a-z0-9]+", "-", machine().lower()).strip("-")
        file = f"{datetime.date.today().isoformat()}-{cpu}-{arguments.people}.md"
        output = Path(__file__).parent / "results" / file
    if output:
        output.parent.mkdir(parents=True, exist_ok=True)
        output.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
