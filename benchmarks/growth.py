"""Growth of phonosearch with the number of people: time, size and memory; each size in a process of its own.

``python benchmarks/growth.py --people 100000`` prints the figures of one size as JSON.
"""

from __future__ import annotations

import argparse
import gc
import itertools
import json
import math
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import phonosearch as ps
from checks import Row, check_recorded, is_named
from measuring import clock, number, peak_memory, percentiles, table, timed_build
from people import MIXTURE, benchmark_queries, people_table

__all__ = ["LEVELS", "Size", "growth_section", "measure_sizes"]

PAGE = 20
LEVELS = ("sounds", "close", "wide")
_WIDE = 200  # queries at level wide, which takes a hundred times as long
_WARMING = 200


@dataclass(frozen=True)
class Size:
    """What was measured with so many people.

    Attributes
    ----------
    first, best : dict
        For each level the median and the 99th percentile of milliseconds, at first sight and of the best pass.
    found : dict
        For each level the median and the 99th percentile of the people found.
    recall : float
        Share of the queries of the main mixture with the right name on the page, at level close.
    build, bare_build, open : float
        Seconds; ``bare`` is without names to display.
    size, bare_size : float
        Bytes a person.
    peak : float
        GiB, the most memory of the process by the end of both builds, with the mapped people in it.
    """

    people: int
    names: int
    first: dict[str, tuple[float, float]]
    best: dict[str, tuple[float, float]]
    found: dict[str, tuple[float, float]]
    recall: float
    build: float
    bare_build: float
    open: float
    size: float
    bare_size: float
    peak: float


def measure(size: int, count: int, seed: int) -> Size:
    """Build, save, open and search so many people."""
    people = people_table(size, seed)
    with tempfile.TemporaryDirectory(prefix="phonosearch-") as folder:
        path, bare = Path(folder) / "people.psx", Path(folder) / "bare.psx"
        # One index at a time: at ten million each takes half a gibibyte and more.
        index, bare_build = timed_build(lambda: ps.PersonIndex.build(people, display_names=False))
        index.save(bare)
        del index
        index, build = timed_build(lambda: ps.PersonIndex.build(people))
        index.save(path)
        del index
        peak = peak_memory() / 2**30
        stored, bare_stored = (file.stat().st_size / size for file in (path, bare))
        start = time.perf_counter()
        index = ps.PersonIndex.open(path)
        opened = time.perf_counter() - start
    queries = [query for query in benchmark_queries(people, count, seed) if query.kind in MIXTURE]
    warming = [query.text for query in benchmark_queries(people, _WARMING, seed + 1) if query.kind in MIXTURE]
    gc.collect()
    gc.freeze()
    first: dict[str, tuple[float, float]] = {}
    best: dict[str, tuple[float, float]] = {}
    found: dict[str, tuple[float, float]] = {}
    recall = math.nan
    for level in LEVELS:
        for text in warming:
            index.search(text, level=level, limit=PAGE)
        asked = queries[:_WIDE] if level == "wide" else queries
        clocked = clock(asked, lambda query, level=level: index.search(query.text, level=level, limit=PAGE))  # type: ignore[misc]
        totals = [answer.total for answer in clocked.found]
        for figures, values in ((first, clocked.first), (best, clocked.best), (found, totals)):
            middle, _, highest = percentiles(values)
            figures[level] = (middle, highest)
        if level == "close":
            rows = [[Row(hit.person_id, ps.normalise(hit.name)) for hit in answer.hits] for answer in clocked.found]
            check_recorded("phonosearch, level close", asked, rows, 0.99)
            recall = sum(map(is_named, asked, rows)) / len(asked)
    return Size(
        people=size, names=people.num_rows, first=first, best=best, found=found, recall=recall, build=build,
        bare_build=bare_build, open=opened, size=stored, bare_size=bare_stored, peak=peak,
    )  # fmt: skip


def measure_sizes(sizes: Sequence[int], count: int, seed: int) -> list[Size]:
    """Every size in a new process, so that its memory is its own."""
    found = []
    for size in sizes:
        print(f"growth: {size:,} people ...", file=sys.stderr)
        command = [sys.executable, __file__, f"--people={size}", f"--queries={count}", f"--seed={seed}"]
        done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
        found.append(Size(**json.loads(done.stdout)))
    return found


def _a_decade(small: Size, large: Size, before: float, after: float) -> str:
    """By how much something grows for ten times the people."""
    return f"{(after / before) ** (1 / math.log10(large.people / small.people)):.2f}"


def growth_section(sizes: Sequence[Size]) -> Iterator[str]:
    """Markdown, line by line."""
    yield "## Growth of phonosearch"
    yield ""
    yield "Milliseconds of the main mixture: median and 99th percentile of the best pass, and in brackets of the"
    yield "first sight. Each size in a process of its own, opened from its file; level wide is asked the first"
    yield f"{_WIDE} queries."
    yield ""
    cells = [(level, at) for level in LEVELS for at in (0, 1)]
    head = ["people", "names", *(f"{level}, {('median', 'p99')[at]}" for level, at in cells)]
    rows = []
    for one in sizes:
        times = [f"{number(one.best[level][at])} ({number(one.first[level][at])})" for level, at in cells]
        rows.append([f"{one.people:,}", f"{one.names:,}", *times])
    yield from table(head, rows)
    yield "People found, median and 99th percentile; this is what a search counts, and what it cannot escape."
    yield ""
    rows = [[f"{one.people:,}", *(f"{one.found[level][at]:,.0f}" for level, at in cells)] for one in sizes]
    yield from table(["people", *head[2:]], rows)
    yield "Bare: without names to display. Peak: the most memory of the process while it built, saved and built again,"
    yield "with the file of people that it mapped."
    yield ""
    yield from table(
        [
            "people", "recall", "build, s", "build, ns a name", "bare build, s", "bytes a person", "bare", "open, ms",
            "peak, GiB",
        ],
        (
            [
                f"{one.people:,}", f"{one.recall:.3f}", number(one.build), f"{one.build / one.names * 1e9:,.0f}",
                number(one.bare_build), f"{one.size:.1f}", f"{one.bare_size:.1f}", number(one.open * 1000),
                f"{one.peak:.2f}",
            ]
            for one in sizes
        ),
    )  # fmt: skip
    if len(sizes) > 1:
        yield "How many times as much for ten times the people:"
        yield ""
        yield from table(
            ["from", "to", *head[2:], "build", "bytes"],
            (
                [
                    f"{small.people:,}", f"{large.people:,}",
                    *(_a_decade(small, large, small.best[level][at], large.best[level][at]) for level, at in cells),
                    _a_decade(small, large, small.build, large.build),
                    _a_decade(small, large, small.size * small.people, large.size * large.people),
                ]
                for small, large in itertools.pairwise(sizes)
            ),
        )  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--people", type=int, default=100_000)
    parser.add_argument("--queries", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    print(json.dumps(asdict(measure(arguments.people, arguments.queries, arguments.seed))))


if __name__ == "__main__":
    main()
