"""Time, recall and size of phonosearch and its rivals: one run, one thread, the same people and the same queries."""

from __future__ import annotations

import argparse
import datetime
import gc
import json
import math
import os
import platform
import re
import shlex
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pyarrow as pa

import phonosearch as ps
import plots
from checks import Row, WrongAnswerError, check_page, check_recorded, check_search, is_named
from growth import Size, growth_section, measure_sizes
from hard_queries import hard_section, slowest_section
from measuring import PASSES, clock, machine, memory, number, percentiles, ratio, table, timed_build, versions
from people import MIXTURE, BenchmarkQuery, benchmark_queries, people_table, source
from rival_lucene import LUCENE
from rival_postgres import POSTGRES
from rival_sqlite import SQLITE
from rivals import IN_PROCESS, Rival, RivalError

PAGE = 20
KINDS = (*MIXTURE, "three_part")
WARMING = 200  # other queries, asked before those that are timed
RIVALS: tuple[type[Rival], ...] = (*IN_PROCESS, *SQLITE, *POSTGRES, *LUCENE)

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


class Timed(NamedTuple):
    """Milliseconds of each query, at first sight and at best, and its results."""

    queries: list[BenchmarkQuery]
    first: list[float]
    best: list[float]
    rows: list[list[Row]]

    def of(self, kinds: Iterable[str], ms: Sequence[float] | None = None) -> list[float]:
        """The best times of some kinds of query, or other times of theirs."""
        times = self.best if ms is None else ms
        return [one for query, one in zip(self.queries, times, strict=True) if query.kind in kinds]


class Measured(NamedTuple):
    """All that is known of one searcher at one size."""

    name: str
    people: int
    build: float
    size: int
    timed: Timed


class Absent(NamedTuple):
    """A rival that was not measured, and why."""

    name: str
    why: str


class Plan(NamedTuple):
    """How much is asked."""

    size: int
    queries: int
    slow: int
    hard: int
    growth: Sequence[int]
    seed: int
    only: str


def other_queries(people: pa.Table, seed: int) -> list[str]:
    """Queries to warm up with: of the same kinds as those that are timed, and not the same."""
    return [query.text for query in benchmark_queries(people, WARMING, seed + 1) if query.kind in KINDS]


def normalised(text: str) -> str:
    return " ".join(ps.normalise(text))


def measure_rival(
    rival: Rival, names: list[str], ids: list[str], queries: list[BenchmarkQuery], warming: Sequence[str]
) -> Measured:
    """Build twice, search, and check what was found."""
    builds = []
    try:
        for again in (False, True):
            rival.prepare()
            _, seconds = timed_build(lambda: rival.build(names))
            builds.append(seconds if rival.build_seconds is None else rival.build_seconds)
            if not again:
                rival.close()
        gc.collect()
        gc.freeze()
        texts = [normalised(query.text) for query in queries]
        others = [normalised(text) for text in (warming[:5] if rival.slow else warming)]
        first, best, found = rival.ask(others, texts, PAGE)
        size = rival.size()
    finally:
        rival.close()
        gc.unfreeze()
    for result in found:
        check_page(rival.name, result, len(names), PAGE)
    rows = [[Row(ids[row], names[row].split()) for row in result] for result in found]
    check_recorded(rival.name, queries, rows, rival.floor)
    return Measured(rival.name, len(set(ids)), min(builds), size, Timed(queries, first, best, rows))


def measure_rivals(people: pa.Table, asked: list[BenchmarkQuery], plan: Plan) -> tuple[list[Measured], list[Absent]]:
    """All that can be run here; of the others, why not."""
    names = [normalised(name) for name in people["full_name"].to_pylist()]
    ids = people["person_id"].to_pylist()
    warming = other_queries(people, plan.seed)
    mixed = [query for query in asked if query.kind in MIXTURE]
    measured, absent = list[Measured](), list[Absent]()
    for rival in (kind() for kind in RIVALS):
        if plan.only.casefold() not in rival.name.casefold():
            continue
        why = rival.missing()
        if not why:
            print(f"{rival.name}, {len(ids):,} names ...", file=sys.stderr)
            try:
                queries = mixed[: plan.slow] if rival.slow else asked
                measured.append(measure_rival(rival, names, ids, queries, warming))
                continue
            except WrongAnswerError:
                raise
            except RivalError as error:
                why = str(error)
            except Exception as error:  # a rival that breaks down must not cost the report of the others
                why = f"{type(error).__name__}: {error}"
        print(f"left out: {rival.name}: {why}", file=sys.stderr)
        absent.append(Absent(rival.name, why))
    return measured, absent


def search_index(
    index: ps.PersonIndex, queries: list[BenchmarkQuery], level: str, evidence: bool, warming: Sequence[str]
) -> tuple[Timed, list[int]]:
    """The queries at one level, and how many people each finds; ``evidence``: every reason of every hit is made too."""

    def search(text: str) -> ps.Answer:
        answer = index.search(text, level=level, limit=PAGE)
        if evidence:
            for hit in answer.hits:
                hit.evidence  # noqa: B018
        return answer

    for text in warming:
        search(text)
    first, best, found = clock([query.text for query in queries], search)
    rows = [[Row(hit.person_id, ps.normalise(hit.name)) for hit in answer.hits] for answer in found]
    return Timed(queries, first, best, rows), [answer.total for answer in found]


def recall(timed: Timed, kinds: Iterable[str]) -> tuple[float, float]:
    """Of the queries of some kinds: share with the right name, and with the right person, in the page."""
    asked = [(query, rows) for query, rows in zip(timed.queries, timed.rows, strict=True) if query.kind in kinds]
    if not asked:
        return math.nan, math.nan
    named = sum(is_named(query, rows) for query, rows in asked)
    meant = sum(any(row.person_id == query.person_id for row in rows) for query, rows in asked)
    return named / len(asked), meant / len(asked)


def recall_text(timed: Timed, kind: str) -> str:
    named, meant = recall(timed, [kind])
    return "–" if math.isnan(named) else f"{named:.3f} ({meant:.3f})"


def levels_section(index: ps.PersonIndex, queries: list[BenchmarkQuery], warming: Sequence[str]) -> Iterator[str]:
    yield "## phonosearch by level and kind of query"
    yield ""
    yield "Milliseconds without evidence; recall as above; people found (`total`)."
    yield ""
    rows = []
    for level in ps.LEVELS:
        timed, totals = search_index(index, queries, level, evidence=False, warming=warming)
        for kind in (*KINDS, "common"):
            of_kind = [total for query, total in zip(queries, totals, strict=True) if query.kind == kind]
            if of_kind:
                rows.append([
                    level, kind, *map(number, percentiles(timed.of([kind]))),
                    *map(number, percentiles(timed.of([kind], timed.first))[::2]),
                    recall_text(timed, kind) if kind != "common" else "–",
                    f"{np.median(of_kind):,.0f}", f"{np.percentile(of_kind, 99):,.0f}", f"{max(of_kind):,}",
                ])  # fmt: skip
    head = [
        "level", "kind", "median", "p95", "p99", "first sight, median", "p99", "recall", "people median", "p99", "most",
    ]  # fmt: skip
    yield from table(head, rows)
    rows = []
    for query in queries:
        if query.kind == "common":
            clocked = clock([query.text], lambda text: index.search(text, limit=PAGE), passes=20)
            ladder = clocked.found[0].ladder().values()
            rows.append([query.text, *(f"{count:,}" for count in ladder), number(clocked.best[0])])
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
    for asked in (texts, pa.array(texts)):
        for threads in (1, 2):
            seconds = []
            for _ in range(PASSES):
                start = time.perf_counter()
                index.search_many(asked, limit=PAGE, threads=threads)
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
            ["search_many of a list, one thread, queries a second", rates[0]],
            ["search_many of a list, two threads, queries a second", rates[1]],
            ["search_many of Arrow data, one thread, queries a second", rates[2]],
            ["search_many of Arrow data, two threads, queries a second", rates[3]],
        ],
    )


def searchers_table(found: Sequence[Measured], size: int) -> Iterator[str]:
    """One row a searcher; ratios are to the first."""
    mixed = [(percentiles(one.timed.of(MIXTURE)), percentiles(one.timed.of(MIXTURE, one.timed.first))) for one in found]
    (middle, _, highest), _ = mixed[0]
    yield from table(
        [
            "searcher", "median", "p95", "p99", "first sight, median", "p99", "recall", "build, s", "bytes a person",
            "median / phonosearch", "p99 / phonosearch",
        ],
        (
            [
                f"**{one.name}**" if one.name.startswith("phonosearch") else one.name, *map(number, best),
                *map(number, first[::2]), f"{recall(one.timed, MIXTURE)[0]:.3f}",
                number(one.build) if one.build > 0.001 else "–", f"{one.size / size:.0f}",
                ratio(best[0], middle), ratio(best[2], highest),
            ]
            for one, (best, first) in zip(found, mixed, strict=True)
        ),
    )  # fmt: skip


def rivals_section(measured: Sequence[Measured], absent: Sequence[Absent]) -> Iterator[str]:
    """How each rival that was measured is set up, and why others are absent."""
    yield "## The rivals"
    yield ""
    why = dict(absent)
    for kind in RIVALS:
        rival = kind()
        if rival.name in why:
            yield f"- {rival.name}: **left out**: {why[rival.name]}"
        elif rival.name in {one.name for one in measured}:
            version = rival.version()
            yield f"- {rival.name}{f' ({version})' if version else ''}: {rival.note}"
    yield ""


CAVEATS = """\
- One thread asks one query after another; top {page}. First {warming} other queries that do not count (5 for slow
  rivals, some thousands inside Lucene's virtual machine), then {passes} passes over all queries. First sight is the
  first pass; all other times are those of the best pass for each query, and of the better of two builds.
- The main mixture: {mixed:,} queries of a forename and a surname, 40 % as recorded, 20 % with one typing mistake,
  20 % with two, 20 % respelt. Slow rivals (scans, trigrams in SQLite) are asked the first {slow} of them: their p99 is
  little more than a maximum.
- Rivals are given names and queries that phonosearch normalised, not counted in their time. Their rows are names,
  ours are people.
- phonosearch counts every person who satisfies the level, and can say why; rivals do neither.
- What words expand to and what pairs of parts earn is kept between queries: passes after the first find them ready. At
  first sight of a query a later row of phonosearch finds the data of an earlier row in the caches of the processor.
- SQLite and the rivals in this process are called from Python. Between us and PostgreSQL lie a socket and a process,
  which count as they do for a user. Lucene is timed inside its virtual machine and RapidFuzz here; what lies between
  is not counted. The virtual machine compiles and collects garbage on other threads.
- PostgreSQL and SQLite keep all in memory and wait for no disk; no query runs in parallel."""


def report(plan: Plan, stem: Path | None) -> Iterator[str]:
    """Markdown, line by line; plots beside ``stem``, where there is one."""
    before = os.getloadavg()[0]
    size = plan.size
    people = people_table(size, plan.seed)
    queries = benchmark_queries(people, plan.queries, plan.seed)
    warming = other_queries(people, plan.seed)
    asked = [query for query in queries if query.kind in KINDS]
    mixed = [query for query in queries if query.kind in MIXTURE]

    sizes = measure_sizes(plan.growth, plan.queries, plan.seed)
    smaller = list[Measured]()
    for one in plan.growth:
        if one < size:
            some = people_table(one, plan.seed)
            some_asked = [query for query in benchmark_queries(some, plan.queries, plan.seed) if query.kind in KINDS]
            smaller += measure_rivals(some, some_asked, plan)[0]
            del some

    print(f"phonosearch, {size:,} people ...", file=sys.stderr)
    _, first = timed_build(lambda: ps.PersonIndex.build(people))
    index, second = timed_build(lambda: ps.PersonIndex.build(people))
    build = min(first, second)
    gc.collect()
    gc.freeze()
    with tempfile.TemporaryDirectory(prefix="phonosearch-") as folder:
        index.save(Path(folder) / "people.psx")
        stored = (Path(folder) / "people.psx").stat().st_size
    found = []
    for name, level, evidence in (
        ("level close", "close", False),
        ("level close, with evidence", "close", True),
        ("level sounds", "sounds", False),
    ):
        timed, _ = search_index(index, asked, level, evidence, warming)
        found.append(Measured(f"phonosearch, {name}", size, build, stored, timed))
    check_recorded(found[0].name, asked, found[0].timed.rows, 0.99)
    checked = check_search(people, index, asked)
    of_hard = [*hard_section(people, index), *slowest_section(people, index, plan.hard, plan.seed)]
    of_index = list(index_section(people, index, build, queries))
    of_levels = list(levels_section(index, queries, warming))
    rules = index.rules
    gc.unfreeze()
    del index

    measured, absent = measure_rivals(people, asked, plan)
    found += measured

    command = shlex.join(["python", "benchmarks/compare_rivals.py", *sys.argv[1:]])
    yield f"# phonosearch and its rivals, {size:,} people"
    yield ""
    yield f"- {datetime.date.today().isoformat()}: `{command}`"
    yield f"- {machine()}, {os.cpu_count()} cores, {memory()}, {platform.system()}; load {before:.1f} before,"
    yield f"  {os.getloadavg()[0]:.1f} after: what is above one was other work, which makes times longer"
    yield f"- {versions()}; names: {source()}; {people.num_rows:,} names of {size:,} people; rules {rules}"
    yield CAVEATS.format(page=PAGE, warming=WARMING, passes=PASSES, mixed=len(mixed), slow=min(plan.slow, len(mixed)))
    yield f"- {checked}. Every page of a rival held distinct names that exist, and each found the share of recorded"
    yield "  names that it must; otherwise there would be no report."
    yield ""
    yield "## Time, recall and size"
    yield ""
    yield "Milliseconds a query of the main mixture. Recall: share of these queries with the right name in the page;"
    yield "by kind below. Bytes: the file of phonosearch, with the names to display; the index of a rival, without"
    yield "the names that it ranks by, or for a scan the names."
    yield ""
    yield from searchers_table(found, size)
    yield f"## Recall in the first {PAGE}"
    yield ""
    yield "The right person or a namesake (all parts of the right name are in that of a hit), and in brackets the right"
    yield f"person, who may have more than {PAGE} namesakes."
    yield ""
    yield from table(
        ["searcher", *KINDS],
        ([one.name, *(recall_text(one.timed, kind) for kind in KINDS)] for one in found if "evidence" not in one.name),
    )
    yield from plots_section(stem, found, smaller, sizes, size)
    yield from rivals_section(measured, absent)
    if sizes:
        yield from growth_section(sizes)
    yield from of_hard
    yield from of_index
    yield from of_levels


def plots_section(
    stem: Path | None, found: Sequence[Measured], smaller: Sequence[Measured], sizes: Sequence[Size], size: int
) -> Iterator[str]:
    """Plots beside the report; or why there are none."""
    why = plots.missing() or ("" if stem else "they are drawn beside a report that is written to a file")
    if why or stem is None:
        yield f"No plots: {why}."
        yield ""
        return
    searchers: dict[str, list[plots.Point]] = {}
    for one in sorted((*found, *smaller), key=lambda one: one.people):
        if "evidence" in one.name:
            continue
        median, _, high = percentiles(one.timed.of(MIXTURE))
        point = plots.Point(one.people, median, high, recall(one.timed, MIXTURE)[0])
        searchers.setdefault(one.name, []).append(point)
    for level in ("close", "sounds"):
        points = searchers[f"phonosearch, level {level}"]
        points += [plots.Point(one.people, *one.best[level], math.nan) for one in sizes if one.people != size]
        points.sort()
    stem.parent.mkdir(parents=True, exist_ok=True)
    for file in plots.draw(stem, searchers, size, sizes):
        yield f"![{file}]({file})"
        yield ""


def sizes_of(text: str) -> list[int]:
    return sorted({int(one) for one in text.split(",") if one})


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--people", type=int, default=100_000)
    parser.add_argument("--queries", type=int, default=1000, help="of the main mixture; others come on top")
    parser.add_argument("--slow", type=int, default=100, help="queries for rivals that need a tenth of a second")
    parser.add_argument("--hard", type=int, default=10_000, help="queries of which the slowest are shown")
    parser.add_argument(
        "--growth", type=sizes_of, metavar="N,N,...",
        help="numbers of people to grow by; rivals grow with us up to --people. Without it: 10,000 and tenfold up to"
        " --people; '' for none",
    )  # fmt: skip
    parser.add_argument("--only", default="", metavar="TEXT", help="rivals with this text in their name")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument(
        "--output", type=Path, nargs="?", const=Path(), metavar="FILE",
        help="write the Markdown there too, and plots beside it; without FILE, to benchmarks/results",
    )  # fmt: skip
    arguments = parser.parse_args()
    # What a rival started is stopped also when somebody ends this process.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    output: Path | None = arguments.output
    if output == Path():
        cpu = re.sub(r"[^a-z0-9]+", "-", machine().lower()).strip("-")
        file = f"{datetime.date.today().isoformat()}-{cpu}-{arguments.people}.md"
        output = Path(__file__).parent / "results" / file
    growth = arguments.growth
    if growth is None:
        growth = [size for size in (10_000, 100_000, 1_000_000, 10_000_000) if size <= arguments.people]
    plan = Plan(
        arguments.people, arguments.queries, arguments.slow, arguments.hard, growth, arguments.seed, arguments.only
    )
    text = "\n".join(report(plan, output.with_suffix("") if output else None))
    print(text, end="")
    if output:
        output.parent.mkdir(parents=True, exist_ok=True)
        output.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
