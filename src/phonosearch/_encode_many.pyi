from collections.abc import Sequence
from typing import Any, Protocol, TypeAlias, overload

from numpy.typing import NDArray

__all__ = ["double_metaphone_many", "soundex_many"]

class _ArrowArray(Protocol):
    def __arrow_c_array__(self, requested_schema: Any = None) -> tuple[Any, Any]: ...

class _ArrowStream(Protocol):
    def __arrow_c_stream__(self, requested_schema: Any = None) -> Any: ...

_Arrow: TypeAlias = _ArrowArray | _ArrowStream

@overload
def soundex_many(names: NDArray[Any], *, threads: int | None = 1) -> NDArray[Any]: ...
@overload
def soundex_many(names: list[str], *, threads: int | None = 1) -> list[str]: ...
@overload
def soundex_many(names: Sequence[str | None], *, threads: int | None = 1) -> list[str | None]: ...
@overload
def soundex_many(names: _Arrow, *, threads: int | None = 1) -> Any: ...
@overload
def double_metaphone_many(
    names: NDArray[Any], max_length: int | None = 4, *, threads: int | None = 1
) -> NDArray[Any]: ...
@overload
def double_metaphone_many(
    names: list[str], max_length: int | None = 4, *, threads: int | None = 1
) -> list[tuple[str, str]]: ...
@overload
def double_metaphone_many(
    names: Sequence[str | None], max_length: int | None = 4, *, threads: int | None = 1
) -> list[tuple[str, str] | None]: ...
@overload
def double_metaphone_many(names: _Arrow, max_length: int | None = 4, *, threads: int | None = 1) -> Any: ...
