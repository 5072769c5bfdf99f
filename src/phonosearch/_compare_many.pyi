from collections.abc import Sequence
from typing import Any, overload

from numpy.typing import NDArray

from phonosearch._encode_many import _Arrow

__all__ = ["compare_many"]

_Texts = Sequence[str | None] | NDArray[Any] | _Arrow

@overload
def compare_many(a: str | _Texts, b: NDArray[Any], *, threads: int | None = 1) -> NDArray[Any]: ...
@overload
def compare_many(
    a: str | _Texts, b: Sequence[str | None], *, threads: int | None = 1
) -> list[tuple[int, str | None] | None]: ...
@overload
def compare_many(a: str | _Texts, b: _Arrow, *, threads: int | None = 1) -> Any: ...
