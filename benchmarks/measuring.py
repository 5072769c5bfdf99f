"""The clock, the tables and the account of the machine that the benchmarks share."""

from __future__ import annotations

import gc
import importlib.metadata
import os
import platform
import resource
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Generic, NamedTuple, TypeVar

import numpy as np

__all__ = [
    "PASSES", "Clocked", "clock", "machine", "memory", "number", "peak_memory", "percentiles", "ratio", "table",
    "timed_build", "versions",
]  # fmt: skip

PASSES = 5
"""The first pass sees every query for the first time; the best of all is free of what else the machine did."""

PACKAGES = (
    "phonosearch", "numpy", "pyarrow", "tantivy", "RapidFuzz", "DoubleMetaphone", "asyncpg", "matplotlib",
)  # fmt: skip

_Query = TypeVar("_Query")
_Result = TypeVar("_Result")


class Clocked(NamedTuple, Generic[_Result]):
    """Milliseconds of each query at first sight and at best, and what it found."""

    first: list[float]
    best: list[float]
    found: list[_Result]


def clock(queries: Sequence[_Query], search: Callable[[_Query], _Result], passes: int = PASSES) -> Clocked[_Result]:
    """Ask all queries, one after another, several times over."""
    first: list[float] = []
    best = [float("inf")] * len(queries)
    found: list[_Result] = []
    for _ in range(passes):
        found.clear()
        for at, query in enumerate(queries):
            start = time.perf_counter_ns()
            result = search(query)
            ms = (time.perf_counter_ns() - start) / 1e6
            if len(first) == at:
                first.append(ms)
            best[at] = min(best[at], ms)
            found.append(result)
    return Clocked(first, best, found)


def timed_build(build: Callable[[], _Result]) -> tuple[_Result, float]:
    """What it builds, and the seconds that it took."""
    gc.collect()
    start = time.perf_counter()
    built = build()
    return built, time.perf_counter() - start


def percentiles(ms: Sequence[float]) -> tuple[float, float, float]:
    """The median, and what 95 % and 99 % stay under."""
    if not ms:
        return float("nan"), float("nan"), float("nan")
    middle, high, highest = np.percentile(ms, [50, 95, 99])
    return float(middle), float(high), float(highest)


def number(value: float) -> str:
    """Three significant digits."""
    if np.isnan(value):
        return "–"
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def ratio(value: float, of: float) -> str:
    return "–" if np.isnan(value) else f"{value / of:.1f}"


def table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> Iterator[str]:
    """A table in Markdown, line by line."""
    yield f"| {' | '.join(head)} |"
    yield "|" + "---|" * len(head)
    for row in rows:
        yield f"| {' | '.join(map(str, row))} |"
    yield ""


def machine() -> str:
    """The model of the processor."""
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


def peak_memory() -> int:
    """The greatest resident memory of this process so far, in bytes.

    What ``getrusage`` says counts the process that this one was begun from, so it is the last resort.
    """
    try:
        lines = Path("/proc/self/status").read_text(encoding="ascii", errors="replace").splitlines()
        return 1024 * next(int(line.split()[1]) for line in lines if line.startswith("VmHWM:"))
    except (OSError, StopIteration):
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)


def versions() -> str:
    """Versions of Python and of the packages that are measured, also of those that are absent."""
    found = [f"Python {platform.python_version()}"]
    for package in PACKAGES:
        try:
            found.append(f"{package} {importlib.metadata.version(package)}")
        except importlib.metadata.PackageNotFoundError:
            found.append(f"no {package}")
    return ", ".join(found)
