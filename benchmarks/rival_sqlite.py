"""SQLite's full-text search, as a rival: by trigrams, and by Double Metaphone."""

from __future__ import annotations

import shutil
import sqlite3
import tempfile
from abc import abstractmethod
from collections.abc import Iterable, Sequence
from contextlib import closing
from pathlib import Path
from typing import ClassVar

from rivals import CANDIDATES, Rival, folder_size, rank

__all__ = ["SQLITE"]


def _any(terms: Iterable[str]) -> str:
    """An expression that any of some terms satisfies."""
    return " OR ".join(f'"{term}"' for term in sorted(set(terms)))


class _Fts5(Rival):
    """A table of full text without its content, in a file that fits into the cache; the first 500 by bm25."""

    tokenizer: ClassVar[str]
    floor = 0.8

    def missing(self) -> str:
        if absent := super().missing():
            return absent
        try:
            with closing(sqlite3.connect(":memory:")) as connection:
                connection.execute(f"CREATE VIRTUAL TABLE t USING fts5(terms, tokenize='{self.tokenizer}')")
        except sqlite3.OperationalError as error:
            return f"SQLite {sqlite3.sqlite_version}: {error}"
        return ""

    def version(self) -> str:
        return f"SQLite {sqlite3.sqlite_version}"

    def prepare(self) -> None:
        self._folder = tempfile.mkdtemp(prefix="phonosearch-sqlite-")
        self._connection = sqlite3.connect(Path(self._folder) / "names.db")
        for setting in ("journal_mode=OFF", "synchronous=OFF", "cache_size=-1000000", "mmap_size=4000000000"):
            self._connection.execute(f"PRAGMA {setting}")

    @abstractmethod
    def _terms(self, names: Sequence[str]) -> Iterable[str]:
        """What is put into the index for each name."""

    @abstractmethod
    def _match(self, parts: Sequence[str]) -> str:
        """The expression of a query; empty where nothing can match."""

    def build(self, names: Sequence[str]) -> None:
        run = self._connection.execute
        # With positions, though no term is a phrase: without them and without content bm25 finds nothing to count.
        run(f"CREATE VIRTUAL TABLE names USING fts5(terms, content='', detail=full, tokenize='{self.tokenizer}')")
        rows = enumerate(self._terms(names))
        self._connection.executemany("INSERT INTO names (rowid, terms) VALUES (?, ?)", rows)
        run("INSERT INTO names (names) VALUES ('optimize')")
        self._connection.commit()
        self._names = names

    def search(self, text: str, k: int) -> list[int]:
        wanted = self._match(text.split())
        if not wanted:
            return []
        found = self._connection.execute(
            "SELECT rowid FROM names WHERE names MATCH ? ORDER BY rank LIMIT ?", (wanted, CANDIDATES)
        )
        return rank(text, self._names, [row for (row,) in found], k)

    def size(self) -> int:
        return folder_size(Path(self._folder))

    def close(self) -> None:
        self._connection.close()
        shutil.rmtree(self._folder, ignore_errors=True)


class Trigrams(_Fts5):
    """Names that share three letters in a row with the query: those that share most and rarest."""

    name = "SQLite FTS5 trigram, 500 + RapidFuzz"
    note = "any trigram of any part, the best 500 by bm25; table without content, optimised, all in the cache"
    slow = True
    tokenizer = "trigram"

    def _terms(self, names: Sequence[str]) -> Iterable[str]:
        return names

    def _match(self, parts: Sequence[str]) -> str:
        return _any(part[at : at + 3] for part in parts for at in range(len(part) - 2))


class Sounds(_Fts5):
    """Names of which every part shares a primary or alternate Double Metaphone code with the query."""

    name = "SQLite FTS5 Double Metaphone, 500 + RapidFuzz"
    note = "every part shares a code with a part of the name, the best 500 by bm25; table as for trigrams"
    packages = ("DoubleMetaphone", "rapidfuzz")
    tokenizer = "ascii"

    def _codes(self, part: str) -> list[str]:
        from doublemetaphone import doublemetaphone

        # A zero stands for "th" in these codes and is a letter to the tokenizer.
        return [code for code in dict.fromkeys(doublemetaphone(part)) if code]

    def _terms(self, names: Sequence[str]) -> Iterable[str]:
        codes: dict[str, str] = {}
        for name in names:
            for part in name.split():
                if part not in codes:
                    codes[part] = " ".join(self._codes(part))
            yield " ".join(codes[part] for part in name.split())

    def _match(self, parts: Sequence[str]) -> str:
        every = [_any(self._codes(part)) for part in parts]
        return " AND ".join(f"({any_of})" for any_of in every) if all(every) else ""


SQLITE: tuple[type[Rival], ...] = (Trigrams, Sounds)
