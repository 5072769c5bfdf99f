"""The hard queries of phonosearch, by name, and the slowest of many, with where their time goes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import NamedTuple

import pyarrow as pa

import phonosearch as ps
from checks import WrongAnswerError
from measuring import PASSES, clock, number, percentiles, table
from people import MIXTURE, benchmark_queries

__all__ = ["Taken", "hard_queries", "hard_section", "slowest_section", "take_apart"]

PAGE = 20
LEVELS = ("close", "wide")
SLOWEST = 10
_LONG = 500.0  # milliseconds; what takes longer is asked once more and no oftener


class Taken(NamedTuple):
    """Milliseconds of a search: at first sight, at best, and the parts of the best."""

    total: int
    first: float
    best: float
    finding: float
    scoring: float
    evidence: float


def take_apart(index: ps.PersonIndex, text: str, level: str, passes: int = PASSES) -> Taken:
    """Time a search whole, then without a page, then with all evidence read.

    Without a page nobody is scored: what remains is finding and counting people.
    """

    def shown(text: str) -> ps.Answer:
        answer = index.search(text, level=level, limit=PAGE)
        for hit in answer.hits:
            hit.evidence  # noqa: B018
        return answer

    once = clock([text], lambda text: index.search(text, level=level, limit=PAGE), passes=1)
    if once.first[0] > _LONG:
        passes = 1
    whole = clock([text], lambda text: index.search(text, level=level, limit=PAGE), passes)
    bare = clock([text], lambda text: index.search(text, level=level, limit=0), passes)
    full = clock([text], shown, passes)
    total = whole.found[0].total
    if bare.found[0].total != total or len(whole.found[0].hits) != min(PAGE, total):
        raise WrongAnswerError(f"phonosearch: level {level}: the total depends on the page")
    best, finding = whole.best[0], bare.best[0]
    return Taken(total, once.first[0], best, finding, max(best - finding, 0.0), max(full.best[0] - best, 0.0))


def _commonest(people: pa.Table) -> tuple[str, str, str]:
    """The commonest pair of first and last part, first part and last part, by the first names of all."""
    primary = [ps.normalise(name) for name in people["full_name"].slice(0, 200_000).to_pylist()]
    several = [parts for parts in primary if len(parts) > 1]
    pairs, first, last = (
        Counter(parts).most_common(1)[0][0]
        for parts in (
            [f"{parts[0]} {parts[-1]}" for parts in several], [parts[0] for parts in several],
            [parts[-1] for parts in several],
        )
    )  # fmt: skip
    return pairs.title(), first.title(), last.title()


def hard_queries(people: pa.Table) -> list[tuple[str, str]]:
    """What is hard about each, and its text."""
    pair, forename, surname = _commonest(people)
    found = [
        ("commonest pair", "John Smith"),
        ("commonest pair", "Mohammed Khan"),
        ("commonest pair of these people", pair),
        ("single surname", "Smith"),
        ("single surname, commonest of these people", surname),
        ("single forename", "John"),
        ("single forename, commonest of these people", forename),
        ("six common parts", "John Michael David James Robert Smith"),
        ("six parts with particles", "Maria Jose de la Cruz Garcia"),
        ("initial and common surname", "J Smith"),
        ("one letter", "J"),
        ("matches nobody", "Zyxqwv Qzjxkv"),
        ("two parts of 60 letters", f"{'mohammedabdulrahman' * 4:.60} {'papadopoulosfernandez' * 3:.60}"),
        ("16 common parts", "John David James Robert Mary Susan Ann Lee Paul Peter Maria Ali Khan Singh Jones Smith"),
        ("16 initials", "A B C D E F G H I J K L M N O P"),
        ("16 times one part", " ".join(["Smith"] * 16)),
        ("all the same letter, 60 times", "a" * 60),
        ("four parts of the same letter", "Aaaa Aaaaa Aaaaaa Aaaaaaa"),
        ("repeated letters", "Jjoohhnn Ssmmiitthh"),
    ]
    # What is commonest may be known by name already.
    texts = {text: what for what, text in reversed(found)}
    return [(what, text) for what, text in found if texts[text] == what]


def hard_section(people: pa.Table, index: ps.PersonIndex) -> Iterator[str]:
    """Markdown, line by line."""
    yield "## Hard queries of phonosearch"
    yield ""
    yield f"Milliseconds; the first {PAGE} people of the answer, the exact total. First: at first sight of the query."
    yield f"Best: of {PASSES} more, or of one where that takes over half a second. Finding: a search without a page."
    yield "Scoring: what a page adds. Evidence: what reading the reasons of a page adds."
    yield ""
    rows = []
    for level in LEVELS:
        for what, text in hard_queries(people):
            taken = take_apart(index, text, level)
            shown = text if len(text) <= 40 else f"{text[:37]}..."
            rows.append([level, what, shown, f"{taken.total:,}", *map(number, taken[1:])])
    times = ("first", "best", "finding", "scoring", "evidence")
    yield from table(["level", "what is hard", "name", "people", *times], rows)


def slowest_section(
    people: pa.Table, index: ps.PersonIndex, count: int, seed: int, level: str = "close"
) -> Iterator[str]:
    """Markdown, line by line."""
    queries = [query for query in benchmark_queries(people, count, seed + 2) if query.kind in MIXTURE]
    texts = [query.text for query in queries]
    clocked = clock(texts, lambda text: index.search(text, level=level, limit=PAGE).total, passes=3)
    slowest = sorted(range(len(queries)), key=lambda at: -clocked.best[at])[:SLOWEST]
    yield f"### The {len(slowest)} slowest of {len(queries):,}"
    yield ""
    yield f"Other queries of the main mixture at level {level}, not asked before. Milliseconds:"
    yield ""
    yield from table(
        ["", "median", "p95", "p99", "slowest"],
        (
            [what, *map(number, percentiles(ms)), number(max(ms))]
            for what, ms in (("best of 3 passes", clocked.best), ("first sight", clocked.first))
        ),
    )
    yield "The slowest by their best pass, each taken apart:"
    yield ""
    rows = []
    for at in slowest:
        taken = take_apart(index, queries[at].text, level)
        rows.append([
            queries[at].text, queries[at].kind, f"{taken.total:,}", number(clocked.first[at]), *map(number, taken[2:]),
        ])  # fmt: skip
    yield from table(["name", "kind", "people", "first", "best", "finding", "scoring", "evidence"], rows)
