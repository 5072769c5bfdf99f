from collections.abc import Callable, Sequence
from typing import Self

from phonosearch._arrays import PackedNames
from phonosearch._errors import CorruptIndexError
from phonosearch._evidence import Evidence
from phonosearch._query import Query

__all__ = ["EvidenceReader", "evidence_of"]

def evidence_of(
    row: Sequence[int],
    asked: tuple[str, ...],
    recorded: tuple[str, ...],
    names: tuple[str, str],
    form: str | None = None,
) -> tuple[Evidence, ...]: ...

class EvidenceReader:
    def __new__(
        cls, names: PackedNames, query: Query, inconsistent: Callable[[Exception], CorruptIndexError]
    ) -> Self: ...
    def read(self, row: Sequence[int], name: str) -> tuple[Evidence, ...]: ...
