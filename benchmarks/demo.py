"""A demonstration to read: 100,000 invented people, a dozen questions with their answers explained, and timings.

    python benchmarks/demo.py [PEOPLE]

Needs the extra ``cli``; builds from Arrow if pyarrow is installed.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Any, NamedTuple, TypeVar

import numpy as np
from rich.console import Group

import phonosearch as ps
from phonosearch import testing
from phonosearch._screen import Screen

PEOPLE, QUERIES, SEED = 100_000, 1_000, 0
T = TypeVar("T")
Outcomes = dict[str, list[tuple[bool, bool]]]


class Question(NamedTuple):
    """What is asked, and what the answer shows."""

    name: str
    point: str
    level: str = "close"
    dob: str | None = None


QUESTIONS = (
    Question("John Smith", "a common name: all of them, and the count is exact"),
    Question("Jon Smyth", "other established spellings of both parts"),
    Question("Jhon Simth", "two slips of the typist"),
    Question("Bob Jones", "a nickname"),
    Question("J Smith", "an initial"),
    Question("Khan Mohammed", "the parts exchanged, and another romanisation"),
    Question("Ian Mc Donald", "one part written as two"),
    Question("Sean O Brien", "without the accent and the apostrophe"),
    Question("Мохаммед Хан", "another script"),
    Question("李伟", "and another, family name first"),
    Question("David Jones", "a partial date of birth moves the order, never the membership", dob="1963-02"),
    Question("John David Smith", "a middle name that the record may leave out, but may not contradict"),
    Question("Marmaduke Featherstonehaugh", "nobody, and no guesses: the ladder says what the next level would find"),
    Question("Marmaduke Featherstonehaugh", "that level, at which one part may match nothing", level="wide"),
)


def timed(work: Callable[[], T]) -> tuple[T, float]:
    """What the work returns, and the seconds it took."""
    started = perf_counter()
    result = work()
    return result, perf_counter() - started


def source(people: list[dict[str, Any]]) -> tuple[object, str]:
    """The people as an Arrow table, or as they are where pyarrow is missing."""
    try:
        import pyarrow as pa  # type: ignore[import-untyped,unused-ignore]
    except ImportError:
        return people, "mappings"
    return pa.table(testing.population_columns(len(people), seed=SEED)), "an Arrow table"


def different(hits: Sequence[ps.Hit]) -> list[tuple[int, ps.Hit]]:
    """The first three hits whose names and reasons differ, with their ranks."""
    found: dict[tuple[str, str], tuple[int, ps.Hit]] = {}
    for rank, hit in enumerate(hits, 1):
        found.setdefault((hit.name, hit.explain()), (rank, hit))
        if len(found) == 3:
            break
    return list(found.values())


def ask(screen: Screen, index: ps.PersonIndex, question: Question) -> None:
    """Put one question and print the answer."""
    name, point, level, dob = question
    seconds = [timed(lambda: index.search(name, level=level, dob=dob))[1] for _ in range(20)]
    answer = index.search(name, level=level, dob=dob, limit=2_000)
    born = f", born {dob}" if dob else ""
    screen.line()
    asked = screen.text(f"“{name}”{born}, {level}", "bold")
    screen.line(asked, f"  {point}  ", screen.text(f"{median(seconds) * 1e3:.2f} ms", "cyan"))
    screen.ladder(answer.ladder(), level)

    def rows() -> Iterator[Sequence[object]]:
        for rank, hit in different(answer.hits):
            yield f"{rank:,}", hit.score, screen.level(hit.level), hit.name, Group(screen.sentences(hit.evidence))

    if answer.hits:
        screen.table("#>|Score>|Level|Name|Why", rows())


def explain(screen: Screen, index: ps.PersonIndex) -> None:
    """Ask for somebody whom a search did not find."""
    name = "John David Smith"
    missing = next((hit for hit in index.search(name, level="wide", limit=2_000).hits if hit.level == "wide"), None)
    if missing is None:
        return
    why = index.explain(name, missing.person_id)
    screen.line()
    screen.line(screen.text(f"Why does “{name}” not find {why.name}, {why.person_id}?", "bold"))
    screen.line(screen.text(why.text.split("\n", 1)[0], "yellow"))
    screen.line(screen.sentences(why.evidence))


def recall(index: ps.PersonIndex, queries: Sequence[testing.Query]) -> tuple[list[float], Outcomes]:
    """The seconds of each search; and by kind whether the person was in the first 20, and in the answer at all."""
    seconds, found = [], Outcomes()
    for query in queries:
        answer, taken = timed(lambda: index.search(query.text))  # noqa: B023  # called at once
        seconds.append(taken)
        first = query.person_id in {hit.person_id for hit in answer.hits}
        rest = () if first else index.search(query.text, offset=20, limit=answer.total).hits
        found.setdefault(query.kind, []).append((first, first or query.person_id in {hit.person_id for hit in rest}))
    return seconds, found


def main(size: int = PEOPLE) -> None:
    """Build, ask, measure."""
    screen = Screen()
    if not screen.console.is_terminal:
        screen.console.width = 140
    people = list(testing.population(size, seed=SEED))
    records, form = source(people)
    built, build_seconds = timed(lambda: ps.PersonIndex.build(records))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "people.phs"
        _, save_seconds = timed(lambda: built.save(path))
        size_bytes = path.stat().st_size
        index, open_seconds = timed(lambda: ps.PersonIndex.open(path))
        screen.line(screen.text(f"phonosearch {ps.__version__}, rules {index.rules}", "bold"))
        names = f"{index.report.names:,} names"
        screen.line(f"{len(index):,} invented people with {names}, built from {form}, saved, opened.")
        screen.line("Of hits alike in name and reasons the first is shown, with its rank. Points add up to the score.")
        for question in QUESTIONS:
            ask(screen, index, question)
        explain(screen, index)
        seconds, found = recall(index, testing.queries(people, QUERIES, seed=SEED))
        again = ps.PersonIndex.build(reversed(people))
    screen.line()
    screen.line(screen.text("Measured", "bold"))
    facts = [
        ("build", f"{size / build_seconds:,.0f} people/s", f"{build_seconds:.2f} s from {form}, one thread"),
        ("file", f"{size_bytes / size:,.0f} bytes/person", f"{size_bytes / 1e6:.1f} MB"),
        ("save, open", f"{save_seconds * 1e3:.0f} ms, {open_seconds * 1e3:.1f} ms", "every byte is checked on opening"),
        ("search, median", f"{median(seconds) * 1e3:.2f} ms", f"{len(seconds):,} searches, level close, limit 20"),
        ("search, p99", f"{np.quantile(seconds, 0.99) * 1e3:.2f} ms", f"slowest {max(seconds) * 1e3:.2f} ms"),
    ]
    for kind, outcomes in found.items():
        first, whole = (100 * sum(column) / len(outcomes) for column in zip(*outcomes, strict=True))
        note = f"{whole:.1f} % in the whole answer, of {len(outcomes)} searches"
        facts.append((f"recall@20, {kind.replace('_', ' ')}", f"{first:.1f} %", note))
    same = "the same fingerprint" if again.fingerprint == index.fingerprint else "ANOTHER FINGERPRINT"
    facts.append(("built again in reverse", same, index.fingerprint[:16]))
    screen.table("What|Result>|", iter(facts))


if __name__ == "__main__":
    main(*map(int, sys.argv[1:2]))
