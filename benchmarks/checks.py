"""What every searcher must have found: a fast wrong answer ends the benchmark."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from typing import NamedTuple

import pyarrow as pa

import phonosearch as ps
from people import BenchmarkQuery
from phonosearch._names import forms

__all__ = ["Row", "WrongAnswerError", "check_page", "check_recorded", "check_search", "is_named"]


class WrongAnswerError(Exception):
    """A searcher did not find what it must."""


class Row(NamedTuple):
    """One result: whose it is, and the normalised parts of the name that was found."""

    person_id: str
    parts: Sequence[str]


def is_named(query: BenchmarkQuery, rows: Iterable[Row]) -> bool:
    """Whether the person, or a namesake who has all parts of the right name, is among the results."""
    wanted = Counter(query.parts)
    return any(row.person_id == query.person_id or wanted <= Counter(row.parts) for row in rows)


def check_page(name: str, rows: Sequence[int], names: int, page: int) -> None:
    """No more than a page, each row once, and rows that exist."""
    if len(rows) > page or len(set(rows)) < len(rows) or not all(0 <= row < names for row in rows):
        raise WrongAnswerError(f"{name}: not a page of distinct names")


def check_recorded(name: str, queries: Sequence[BenchmarkQuery], found: Sequence[Sequence[Row]], floor: float) -> None:
    """Of names asked for as recorded, at least a share is found."""
    recorded = [is_named(query, rows) for query, rows in zip(queries, found, strict=True) if query.kind == "present"]
    if recorded and sum(recorded) < floor * len(recorded):
        raise WrongAnswerError(f"{name}: finds {sum(recorded)} of {len(recorded)} recorded names")


def _exact_totals(people: pa.Table, queries: Sequence[BenchmarkQuery]) -> list[int]:
    """How many people have all parts of a query, or only such: level exact, by sets of parts and no index."""
    asked = [Counter(forms(query.text)[0].parts) for query in queries]
    wanted = {part for parts in asked for part in parts}
    holders: defaultdict[str, list[tuple[str, Counter[str]]]] = defaultdict(list)
    for batch in people.select(["person_id", "full_name"]).to_batches():
        for person_id, name in zip(*(column.to_pylist() for column in batch.columns), strict=True):
            shared = wanted.intersection(ps.normalise(name))
            if shared:
                parts = forms(name)[0].parts  # without titles: of ten million people some are called Miss
                for part in shared.intersection(parts):
                    holders[part].append((person_id, Counter(parts)))
    return [
        len({owner for part in parts for owner, held in holders[part] if parts <= held or parts >= held})
        for parts in asked
    ]


def _levels(people: pa.Table, text: str) -> dict[str, int]:
    """The level of everybody who has one, by comparing names pair by pair."""
    first: dict[str, int] = {}
    for person_id, name in zip(*(people[column].to_pylist() for column in ("person_id", "full_name")), strict=True):
        level = ps.compare(text, name).level
        if level:
            first[person_id] = min(ps.LEVELS.index(level), first.get(person_id, len(ps.LEVELS)))
    return first


def check_search(
    people: pa.Table,
    index: ps.PersonIndex,
    queries: Sequence[BenchmarkQuery],
    exact: int = 200,
    compared: int = 5_000,
    compared_queries: int = 10,
) -> str:
    """Hold the index to other ways to the same answer; says what was done.

    Totals of level exact against sets of parts, over everybody; the people of every level against comparisons pair by
    pair, over the first names; pages against their totals.
    """
    some = queries[:exact]
    totals = [index.search(query.text, level="exact").total for query in some]
    if totals != _exact_totals(people, some):
        raise WrongAnswerError("phonosearch: totals of level exact differ from those of sets of parts")
    # The last of the first names may belong to somebody who has more.
    slice_of_all = people.slice(0, compared)
    ids = slice_of_all["person_id"].to_pylist()
    known = {person_id for person_id in ids if person_id != ids[-1]}
    pairs = queries[:compared_queries]
    for query in pairs:
        levels = _levels(slice_of_all, query.text)
        for number, level in enumerate(ps.LEVELS[:-1]):
            answer = index.search(query.text, level=level, limit=100_000)
            if len(answer.hits) != answer.total:
                raise WrongAnswerError(f"phonosearch: level {level}: a page is not as long as its total")
            wanted = {person_id for person_id, lowest in levels.items() if lowest <= number} & known
            if {hit.person_id for hit in answer.hits} & known != wanted:
                raise WrongAnswerError(f"phonosearch: level {level}: not those whom comparing finds")
    return (
        f"Totals of level exact agree with sets of parts for {len(some)} queries; levels exact to {ps.LEVELS[-2]} find"
        f" those whom comparing name by name finds among the first {len(known):,} people, for {len(pairs)} queries"
    )
