"""Ratios of times within one run: the least of several repetitions of each side."""

import time
from collections.abc import Callable

import pytest

# Left out where a sanitizer distorts times.
timing = pytest.mark.timing


def fastest(work: Callable[[], object], repeats: int = 9) -> float:
    best = 1e9
    for _ in range(repeats):
        began = time.perf_counter()
        work()
        best = min(best, time.perf_counter() - began)
    return best
