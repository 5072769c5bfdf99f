from collections.abc import Sequence
from typing import Any, overload

import numpy as np
from numpy.typing import NDArray

from phonosearch._encode_many import _Arrow

__all__ = ["levenshtein_distance_many", "osa_distance_many"]

_Texts = Sequence[str | None] | NDArray[Any] | _Arrow

@overload
def levenshtein_distance_many(
    a: _Texts, b: NDArray[Any], *, max_distance: int | None = None, threads: int | None = 1
) -> NDArray[np.int32]: ...
@overload
def levenshtein_distance_many(
    a: str, b: list[str], *, max_distance: int | None = None, threads: int | None = 1
) -> list[int]: ...
@overload
def levenshtein_distance_many(
    a: _Texts, b: Sequence[str | None], *, max_distance: int | None = None, threads: int | None = 1
) -> list[int | None]: ...
@overload
def levenshtein_distance_many(
    a: _Texts, b: _Arrow, *, max_distance: int | None = None, threads: int | None = 1
) -> Any: ...
@overload
def osa_distance_many(
    a: _Texts, b: NDArray[Any], *, max_distance: int | None = None, threads: int | None = 1
) -> NDArray[np.int32]: ...
@overload
def osa_distance_many(
    a: str, b: list[str], *, max_distance: int | None = None, threads: int | None = 1
) -> list[int]: ...
@overload
def osa_distance_many(
    a: _Texts, b: Sequence[str | None], *, max_distance: int | None = None, threads: int | None = 1
) -> list[int | None]: ...
@overload
def osa_distance_many(
    a: _Texts, b: _Arrow, *, max_distance: int | None = None, threads: int | None = 1
) -> Any: ...
def _use_vectors(level: int) -> int: ...
