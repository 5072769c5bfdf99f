"""People to measure with, and names to search them by."""

from __future__ import annotations

import hashlib
import importlib.util
import os
from collections.abc import Iterator
from functools import cache
from importlib import resources
from itertools import islice
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.ipc

import phonosearch as ps
from phonosearch import testing

__all__ = [
    "COMMON",
    "MIXTURE",
    "BenchmarkQuery",
    "benchmark_queries",
    "people_stream",
    "people_table",
    "people_tables",
    "source",
]

MIXTURE = ("present", "one_edit", "two_edits", "respelt")
"""The kinds of the main mixture: 40 %, 20 %, 20 % and 20 %."""

COMMON = (
    "John Smith", "David Jones", "Mohammed Khan", "Margaret Wilson", "Mohammed Ali", "Susan Taylor", "Peter Brown",
    "Michael Williams", "Paul Evans", "Sarah Davies", "James Johnson", "Fatima Begum", "Muhammad Hussain",
    "Robert Moore", "Amandeep Singh", "Maria Garcia", "Mary Davis", "William Thomas", "Patricia Martin",
    "Jennifer Clark",
)  # fmt: skip
"""Names that many people bear."""


class BenchmarkQuery(NamedTuple):
    """A name to search for.

    Attributes
    ----------
    text, kind : str
        ``kind`` is one of `MIXTURE`, "three_part" (a whole name as recorded) or "common".
    person_id : str or None
        Who is meant; None where nobody in particular is.
    parts : tuple of str
        The normalised parts of the name before mistakes were made.
    """

    text: str
    kind: str
    person_id: str | None
    parts: tuple[str, ...]


def source() -> str:
    """Where the English names come from: "pypi" where the package ``names`` is installed."""
    return "pypi" if importlib.util.find_spec("names") else "builtin"


@cache
def _version() -> str:
    """Digest of all that the people are made of."""
    digest = hashlib.sha256(source().encode())
    files = resources.files("phonosearch")
    for file in ("testing.py", "data/testing_names.tsv"):
        digest.update((files / file).read_bytes())
    return digest.hexdigest()[:12]


def _cache_folder() -> Path:
    folder = os.environ.get("PHONOSEARCH_BENCH_CACHE")
    if folder:
        return Path(folder)
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "phonosearch-benchmarks"


_COLUMNS = ("person_id", "full_name", "kind", "dob", "sex", "place")
_SCHEMA = pa.schema([(column, pa.string()) for column in _COLUMNS])


def _batches(size: int, seed: int, people: int = 1 << 16) -> Iterator[pa.RecordBatch]:
    """The rows of `testing.population_columns`, piece by piece: whole columns of ten million people fill memory."""
    population = testing.population(size, seed=seed, source=source())
    while some := list(islice(population, people)):
        rows: list[tuple[str | None, ...]] = []
        for person in some:
            dob = person.get("dob")
            rest = (";".join(dob) if isinstance(dob, list) else dob, person.get("sex"), person["place"])
            for name in person.get("names") or [person]:
                full_name = name.get("full_name") or f"{name['forenames']} {name['surname']}"
                rows.append((person["person_id"], full_name, name.get("kind", "primary"), *rest))
        yield pa.record_batch([pa.array(column, pa.string()) for column in zip(*rows, strict=True)], schema=_SCHEMA)


def people_table(size: int, seed: int = 0) -> pa.Table:
    """Invented people, a row for each name; the same for the same ``size`` and ``seed``.

    Kept as Arrow IPC in the user's cache, or in ``PHONOSEARCH_BENCH_CACHE``, and mapped from there.
    """
    path = _cache_folder() / f"people-{_version()}-{size}-{seed}.arrow"
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        unfinished = path.with_suffix(f".{os.getpid()}")
        with pa.ipc.new_file(unfinished, _SCHEMA) as writer:
            for batch in _batches(size, seed):
                writer.write_batch(batch)
        unfinished.replace(path)
    with pa.memory_map(str(path)) as stream:
        return pa.ipc.open_file(stream).read_all()


MILLION = 1_000_000


def people_tables(size: int) -> Iterator[pa.Table]:
    """Any number of invented people, at most a million at a time, in the order of their identifiers."""
    for number in range(-(-size // MILLION)):
        table = people_table(min(MILLION, size - number * MILLION), seed=number)
        if size > MILLION:  # the identifiers of each million begin anew
            ids = pc.binary_join_element_wise(f"P{number:03}", pc.utf8_slice_codeunits(table["person_id"], 1), "")
            table = table.set_column(0, "person_id", ids)
        yield table


def people_stream(size: int, names: int = 1) -> pa.RecordBatchReader:
    """The people of `people_tables`, never all in memory; with two ``names`` each has another's name as an alias."""

    def batches() -> Iterator[pa.RecordBatch]:
        for table in people_tables(size):
            yield from table.to_batches()
            if names == 2:
                one = table.filter(pc.equal(table["kind"], "primary"))
                others = one["full_name"].take([(place + 7919) % one.num_rows for place in range(one.num_rows)])
                alias, unknown = pa.array(["alias"] * one.num_rows), pa.nulls(one.num_rows, pa.string())
                yield from pa.table([one["person_id"], others, alias, *[unknown] * 3], schema=schema).to_batches()

    schema = next(people_tables(min(size, MILLION))).schema
    return pa.RecordBatchReader.from_batches(schema, batches())


def _sample(table: pa.Table, most: int) -> list[dict[str, str]]:
    """Primary names, evenly spread over the table."""
    primary = np.flatnonzero(pc.equal(table["kind"], "primary").to_numpy())
    count = min(len(primary), most)
    rows = primary[np.arange(count) * len(primary) // count] if count else primary
    sample: list[dict[str, str]] = table.select(["person_id", "full_name"]).take(rows).to_pylist()
    return sample


def benchmark_queries(table: pa.Table, count: int, seed: int = 0) -> list[BenchmarkQuery]:
    """``count`` queries of the main mixture, then a tenth as many of three parts, then the common names."""
    people = _sample(table, 50_000)
    meant = {person["person_id"]: ps.normalise(person["full_name"]) for person in people}
    found = []
    for query in testing.queries(people, count, seed=seed):
        parts = meant[query.person_id]
        found.append(BenchmarkQuery(query.text, query.kind, query.person_id, (parts[0], *parts[1:][-1:])))
    whole = [person for person in people if len(meant[person["person_id"]]) == 3]
    wanted = min(len(whole), -(-count // 10))
    for number in range(wanted):
        person = whole[(number * len(whole) // wanted + seed) % len(whole)]
        name = person["full_name"]
        found.append(BenchmarkQuery(name, "three_part", person["person_id"], tuple(meant[person["person_id"]])))
    return found + [BenchmarkQuery(name, "common", None, tuple(ps.normalise(name))) for name in COMMON]
