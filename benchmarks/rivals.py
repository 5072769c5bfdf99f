"""Other ways to search names, behind one small interface.

Each is given names and queries that phonosearch normalised (a-z and single spaces), which is not counted in its time.
"""

from __future__ import annotations

import importlib.metadata
import shutil
import sys
import tempfile
from abc import ABC, abstractmethod
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from functools import partial, reduce
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

__all__ = ["Rival", "rivals"]

Rows = npt.NDArray[np.int32]
_NONE: Rows = np.zeros(0, dtype=np.int32)


class Rival(ABC):
    """A searcher of names by row number."""

    name: ClassVar[str]
    packages: ClassVar[tuple[str, ...]] = ("rapidfuzz",)
    scans: ClassVar[bool] = False
    """Whether it reads every name for every query, so that it is asked fewer."""

    @abstractmethod
    def build(self, names: Sequence[str]) -> None:
        """Take in the names."""

    @abstractmethod
    def search(self, text: str, k: int) -> list[int]:
        """Row numbers of the best ``k`` names, best first."""

    @abstractmethod
    def size(self) -> int:
        """Bytes of the index, without the names that it ranks by."""

    def close(self) -> None:  # noqa: B027
        """Free what it holds."""


def _text_size(names: Sequence[str]) -> int:
    return sum(map(sys.getsizeof, names)) + 8 * len(names)


class _Scan(Rival):
    scans = True

    def build(self, names: Sequence[str]) -> None:
        self._names = names

    @abstractmethod
    def _scorer(self) -> Callable[..., float]: ...

    def search(self, text: str, k: int) -> list[int]:
        from rapidfuzz import process

        return [row for _, _, row in process.extract(text, self._names, scorer=self._scorer(), limit=k)]

    def size(self) -> int:
        return _text_size(self._names)


class RatioScan(_Scan):
    """RapidFuzz over all names, by normalised indel similarity."""

    name = "RapidFuzz ratio, scan"

    def _scorer(self) -> Callable[..., float]:
        from rapidfuzz import fuzz

        return fuzz.ratio


class JaroWinklerScan(_Scan):
    """RapidFuzz over all names, by Jaro-Winkler similarity."""

    name = "RapidFuzz JaroWinkler, scan"

    def _scorer(self) -> Callable[..., float]:
        from rapidfuzz.distance import JaroWinkler

        return JaroWinkler.similarity


def _rank(text: str, names: Sequence[str], rows: list[int], k: int) -> list[int]:
    from rapidfuzz import fuzz, process

    choices = [names[row] for row in rows]
    return [rows[at] for _, _, at in process.extract(text, choices, scorer=fuzz.token_sort_ratio, limit=k)]


class _Tantivy(Rival):
    """Every part within an edit distance of a part of the name; the first 500 ranked by RapidFuzz."""

    packages = ("tantivy", "rapidfuzz")
    distance: ClassVar[int]
    candidates: ClassVar[int] = 500

    def build(self, names: Sequence[str]) -> None:
        import tantivy

        builder = tantivy.SchemaBuilder()
        builder.add_text_field("name", tokenizer_name="whitespace", index_option="basic")
        builder.add_unsigned_field("row", fast=True)
        self._schema = builder.build()
        self._folder = tempfile.mkdtemp(prefix="phonosearch-tantivy-")
        index = tantivy.Index(self._schema, path=self._folder)
        writer = index.writer(512_000_000, 1)
        for row, name in enumerate(names):
            document = tantivy.Document()
            document.add_text("name", name)
            document.add_unsigned("row", row)
            writer.add_document(document)
        writer.commit()
        writer.wait_merging_threads()
        index.reload()
        self._searcher: Any = index.searcher()
        self._names = names

    def search(self, text: str, k: int) -> list[int]:
        from tantivy import Occur, Query

        terms = [
            (Occur.Must, Query.fuzzy_term_query(self._schema, "name", part, distance=self.distance))
            for part in text.split()
        ]
        hits = self._searcher.search(Query.boolean_query(terms), self.candidates, count=False).hits
        rows = self._searcher.fast_field_values("row", [address for _, address in hits])
        return _rank(text, self._names, rows, k)

    def size(self) -> int:
        return sum(file.stat().st_size for file in Path(self._folder).iterdir())

    def close(self) -> None:
        del self._searcher
        shutil.rmtree(self._folder, ignore_errors=True)


class TantivyTwo(_Tantivy):
    """tantivy, distance 2."""

    name = "tantivy fuzzy d=2, 500 + RapidFuzz"
    distance = 2


class TantivyOne(_Tantivy):
    """tantivy, distance 1."""

    name = "tantivy fuzzy d=1, 500 + RapidFuzz"
    distance = 1


class MetaphoneAny(Rival):
    """Any part shares a primary or alternate Double Metaphone code with a part of the name; ranked by RapidFuzz."""

    name = "dict of Double Metaphone, any part + RapidFuzz"
    packages = ("DoubleMetaphone", "rapidfuzz")

    def build(self, names: Sequence[str]) -> None:
        from doublemetaphone import doublemetaphone

        codes_of: dict[str, tuple[str, ...]] = {}
        rows: defaultdict[str, list[int]] = defaultdict(list)
        for row, name in enumerate(names):
            for part in name.split():
                codes = codes_of.get(part)
                if codes is None:
                    codes = codes_of[part] = tuple({code for code in doublemetaphone(part) if code})
                for code in codes:
                    rows[code].append(row)
        self._rows = {code: np.unique(np.array(found, dtype=np.int32)) for code, found in rows.items()}
        self._names = names

    def _rows_of(self, part: str) -> Rows:
        """Rows with a part that shares a code with this one."""
        from doublemetaphone import doublemetaphone

        found = [self._rows[code] for code in sorted({*doublemetaphone(part)}) if code in self._rows]
        return np.unique(np.concatenate([_NONE, *found]))

    def _candidates(self, parts: list[Rows]) -> Rows:
        return np.unique(np.concatenate([_NONE, *parts]))

    def search(self, text: str, k: int) -> list[int]:
        rows = self._candidates([self._rows_of(part) for part in text.split()])
        return _rank(text, self._names, rows.tolist(), k)

    def size(self) -> int:
        arrays = sum(sys.getsizeof(code) + sys.getsizeof(rows) for code, rows in self._rows.items())
        return sys.getsizeof(self._rows) + arrays


class MetaphoneAll(MetaphoneAny):
    """As `MetaphoneAny`, and every part must."""

    name = "dict of Double Metaphone, every part + RapidFuzz"

    def _candidates(self, parts: list[Rows]) -> Rows:
        return reduce(partial(np.intersect1d, assume_unique=True), parts)


_ALL: tuple[type[Rival], ...] = (TantivyTwo, TantivyOne, MetaphoneAny, MetaphoneAll, RatioScan, JaroWinklerScan)


def rivals() -> Iterator[Rival]:
    """Those that can be run; prints why another is left out."""
    for rival in _ALL:
        missing = []
        for package in rival.packages:
            try:
                importlib.metadata.version(package)
            except importlib.metadata.PackageNotFoundError:
                missing.append(package)
        if missing:
            print(f"left out: {rival.name}: not installed: {', '.join(missing)}", file=sys.stderr)
        else:
            yield rival()
