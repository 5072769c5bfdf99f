"""The edit distances as their definitions read: a full table, nothing skipped."""

from __future__ import annotations

from collections.abc import Sequence


def table_distance(a: Sequence[object], b: Sequence[object], *, swaps: bool) -> int:
    """Levenshtein distance of Wagner and Fischer (1974); with swaps, optimal string alignment."""
    table = [[0] * (len(b) + 1) for _ in range(len(a) + 1)]
    for i in range(len(a) + 1):
        for j in range(len(b) + 1):
            if i == 0 or j == 0:
                table[i][j] = i + j
                continue
            best = min(
                table[i - 1][j] + 1,
                table[i][j - 1] + 1,
                table[i - 1][j - 1] + (a[i - 1] != b[j - 1]),
            )
            if swaps and i > 1 and j > 1 and a[i - 1] == b[j - 2] and a[i - 2] == b[j - 1]:
                best = min(best, table[i - 2][j - 2] + 1)
            table[i][j] = best
    return table[len(a)][len(b)]
