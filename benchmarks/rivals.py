"""Other ways to search names, behind one small interface; here those that live in this process.

Each is given names and queries that phonosearch normalised (a-z and single spaces), which is not counted in its time.
"""

from __future__ import annotations

import importlib.metadata
import shutil
import sys
import tempfile
from abc import ABC, abstractmethod
from collections import defaultdict
from collections.abc import Callable, Sequence
from functools import partial, reduce
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from measuring import Clocked, clock

__all__ = ["CANDIDATES", "IN_PROCESS", "Rival", "RivalError", "folder_size", "rank"]

Rows = npt.NDArray[np.int32]
_NONE: Rows = np.zeros(0, dtype=np.int32)

CANDIDATES = 500
"""How many names an index gives to be ranked by RapidFuzz."""


class RivalError(Exception):
    """A rival cannot be run here; says why."""


class Rival(ABC):
    """A searcher of names by row number."""

    name: ClassVar[str]
    note: ClassVar[str]
    """How it is set up, for the report."""
    packages: ClassVar[tuple[str, ...]] = ("rapidfuzz",)
    slow: ClassVar[bool] = False
    """Whether a query takes a tenth of a second at a million names, so that it is asked fewer."""
    floor: ClassVar[float]
    """The least share of recorded names that it must find: less would be a mistake in how it is asked."""
    build_seconds: float | None = None
    """Of the last build, where it keeps its own time."""

    def missing(self) -> str:
        """Why it cannot be run here; empty if it can."""
        absent = []
        for package in self.packages:
            try:
                importlib.metadata.version(package)
            except importlib.metadata.PackageNotFoundError:
                absent.append(package)
        return f"not installed: {', '.join(absent)}" if absent else ""

    def version(self) -> str:
        """The version of what is no Python package."""
        return ""

    def prepare(self) -> None:  # noqa: B027
        """Start what it needs, outside of any time that counts."""

    @abstractmethod
    def build(self, names: Sequence[str]) -> None:
        """Take in the names."""

    @abstractmethod
    def search(self, text: str, k: int) -> list[int]:
        """Row numbers of the best ``k`` names, best first."""

    def ask(self, warming: Sequence[str], texts: Sequence[str], k: int) -> Clocked[list[int]]:
        """Search for all texts, after others that do not count; for those that keep their own time to override."""
        for text in warming:
            self.search(text, k)
        return clock(texts, lambda text: self.search(text, k))

    @abstractmethod
    def size(self) -> int:
        """Bytes of the index, without the names that it ranks by."""

    def close(self) -> None:  # noqa: B027
        """Free what it holds, and stop what it started."""


def folder_size(folder: Path) -> int:
    return sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())


def rank(text: str, names: Sequence[str], rows: Sequence[int], k: int) -> list[int]:
    """The best of some rows by RapidFuzz: as good an order as a few lines can give an index that has a poor one."""
    from rapidfuzz import fuzz, process

    choices = [names[row] for row in rows]
    return [rows[at] for _, _, at in process.extract(text, choices, scorer=fuzz.token_sort_ratio, limit=k)]


def _text_size(names: Sequence[str]) -> int:
    return sum(map(sys.getsizeof, names)) + 8 * len(names)


class _Scan(Rival):
    slow = True
    floor = 0.4  # a longer name that holds the whole query may be less similar than a shorter one that does not

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
    note = "every name is compared; ranked by normalised indel similarity of the whole text"

    def _scorer(self) -> Callable[..., float]:
        from rapidfuzz import fuzz

        return fuzz.ratio


class JaroWinklerScan(_Scan):
    """RapidFuzz over all names, by Jaro-Winkler similarity."""

    name = "RapidFuzz JaroWinkler, scan"
    note = "every name is compared; ranked by Jaro-Winkler similarity of the whole text"

    def _scorer(self) -> Callable[..., float]:
        from rapidfuzz.distance import JaroWinkler

        return JaroWinkler.similarity


class _Tantivy(Rival):
    """Every part within an edit distance of a part of the name; the first 500 ranked by RapidFuzz."""

    packages = ("tantivy", "rapidfuzz")
    distance: ClassVar[int]

    def prepare(self) -> None:
        self._folder = tempfile.mkdtemp(prefix="phonosearch-tantivy-")

    def build(self, names: Sequence[str]) -> None:
        import tantivy

        builder = tantivy.SchemaBuilder()
        builder.add_text_field("name", tokenizer_name="whitespace", index_option="basic")
        builder.add_unsigned_field("row", fast=True)
        self._schema = builder.build()
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
        hits = self._searcher.search(Query.boolean_query(terms), CANDIDATES, count=False).hits
        rows = self._searcher.fast_field_values("row", [address for _, address in hits])
        return rank(text, self._names, rows, k)

    def size(self) -> int:
        return folder_size(Path(self._folder))

    def close(self) -> None:
        self._searcher = None
        shutil.rmtree(self._folder, ignore_errors=True)


class TantivyTwo(_Tantivy):
    """tantivy, distance 2."""

    name = "tantivy fuzzy d=2, 500 + RapidFuzz"
    note = "every part within two edits of a part of the name; one segment writer, 500 candidates"
    floor = 0.8
    distance = 2


class TantivyOne(_Tantivy):
    """tantivy, distance 1."""

    name = "tantivy fuzzy d=1, 500 + RapidFuzz"
    note = "every part within one edit of a part of the name; one segment writer, 500 candidates"
    floor = 0.8
    distance = 1


class MetaphoneAny(Rival):
    """Any part shares a primary or alternate Double Metaphone code with a part of the name; ranked by RapidFuzz."""

    name = "dict of Double Metaphone, any part + RapidFuzz"
    note = "any part shares a primary or alternate code with a part of the name; all of them ranked"
    floor = 0.8
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
        return rank(text, self._names, rows.tolist(), k)

    def size(self) -> int:
        arrays = sum(sys.getsizeof(code) + sys.getsizeof(rows) for code, rows in self._rows.items())
        return sys.getsizeof(self._rows) + arrays


class MetaphoneAll(MetaphoneAny):
    """As `MetaphoneAny`, and every part must."""

    name = "dict of Double Metaphone, every part + RapidFuzz"
    note = "every part shares a code with a part of the name; all of them ranked"
    floor = 0.8

    def _candidates(self, parts: list[Rows]) -> Rows:
        return reduce(partial(np.intersect1d, assume_unique=True), parts)


IN_PROCESS: tuple[type[Rival], ...] = (
    TantivyTwo, TantivyOne, MetaphoneAny, MetaphoneAll, RatioScan, JaroWinklerScan,
)  # fmt: skip
