"""What comes back: answers, hits, and the evidence for each, in numbers that add up and in words to read aloud.

The kernel gives one row of integers a hit; hits and words are made from it when they are asked for. No ``repr`` holds a
name or a date of birth.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import NamedTuple

from phonosearch._evidence import PART_KINDS, Evidence
from phonosearch._hit import Hit, Page
from phonosearch._normalise import is_raw
from phonosearch._query import Query
from phonosearch._reference import LEVEL_OF_KIND, Alignment, Pair, PartKind
from phonosearch._reference_agreement import AgeKind, DateKind, GenerationKind, PlaceKind, SexKind
from phonosearch._rules import LEVELS

__all__ = ["Answer", "Explanation", "Source", "alignment_of_row", "explain_verdict", "level_name"]

ROW_HEAD = 19


def level_name(number: int) -> str | None:
    """The name of a level by its number; None for no level."""
    return LEVELS[number] if number < len(LEVELS) else None


def alignment_of_row(row: Sequence[int]) -> Alignment:
    """The alignment in a row of the kernel."""
    pairs = tuple(
        Pair(row[at], row[at + 1], PartKind(row[at + 2]), row[at + 3])
        for at in range(ROW_HEAD, ROW_HEAD + 4 * row[7], 4)
    )
    of_age = row[10] > DateKind.EXACT
    return Alignment(
        level=row[2],
        score=row[1],
        name=row[3],
        query_form=row[4],
        name_form=row[5],
        merged=bool(row[6]),
        pairs=pairs,
        order_points=row[8],
        form_points=row[9],
        date_kind=DateKind.NOT_ASKED if of_age else DateKind(row[10]),
        date_points=0 if of_age else row[11],
        sex_kind=SexKind(row[12]),
        sex_points=row[13],
        age_kind=AgeKind(row[10]) if of_age else AgeKind.NOT_ASKED,
        age_points=row[11] if of_age else 0,
        place_kind=PlaceKind(row[15]),
        place_points=row[16],
        generation_kind=GenerationKind(row[17]),
        generation_points=row[18],
    )


# The first level that accepts each kind of evidence about a part; what other evidence says decides no membership.
_LEVEL_OF_EVIDENCE = {PART_KINDS[kind]: level for kind, level in LEVEL_OF_KIND.items()}


class Source(NamedTuple):
    """What all answers of an index share: the rules, the records, and what counts the people of each level."""

    rules: str
    fingerprint: str
    ladder: Callable[[bytes], list[int]]


class Answer:
    """The answer to one search: complete for its level, and a page of it.

    ``len(answer)`` counts the hits of the page; ``bool(answer)`` says whether anybody was found, also where the page is
    empty.

    Attributes
    ----------
    total : int
        How many people satisfy the level: the exact count, whatever the page.
    hits : tuple of Hit
        The page from ``offset``, at most ``limit``, by score descending, then ``person_id`` ascending.
    level : str
        The rule that decided who is in.
    limit, offset : int
        The page that was asked for.
    rules, fingerprint : str
        The version of the rules, and the set of records that was searched.
    digest : str
        SHA-256 over the question, its page and the answer: equal digests, the same list.
    """

    # Private, with properties to read them: nobody alters an answer, and to make one costs no more than before.
    __slots__ = (
        "__weakref__", "_count", "_digest", "_hits", "_level", "_limit", "_offset", "_page", "_query", "_source",
        "_total",
    )  # fmt: skip

    def __init__(self, page: Page, query: Query, level: str, limit: int, offset: int, source: Source) -> None:
        self._page: Page | None = page
        self._hits: tuple[Hit, ...] | None = None
        self._total = page.total
        self._count = len(page)
        self._query = query
        self._level = level
        self._limit = limit
        self._offset = offset
        self._source = source
        self._digest: str | None = None

    @property
    def total(self) -> int:
        return self._total

    @property
    def hits(self) -> tuple[Hit, ...]:
        found = self._hits
        if found is None:  # two threads may both find so, and make equal ones
            assert self._page is not None
            found = self._hits = self._page.hits()
        return found

    @property
    def level(self) -> str:
        return self._level

    @property
    def limit(self) -> int:
        return self._limit

    @property
    def offset(self) -> int:
        return self._offset

    @property
    def rules(self) -> str:
        return self._source.rules

    @property
    def fingerprint(self) -> str:
        return self._source.fingerprint

    def ladder(self) -> dict[str, int]:
        """How many people each level finds: exact totals, each holding those before it."""
        return dict(zip(LEVELS, self._source.ladder(self._query.encoded), strict=True))

    def __getstate__(self) -> dict[str, object]:
        """All there is to know, for another process: it has no index to count in."""
        known = {name: getattr(self, name) for name in self.__slots__ if name != "__weakref__"}
        source = self._source
        counted = Source(source.rules, source.fingerprint, partial(_counted, source.ladder(self._query.encoded)))
        return known | {"_page": None, "_hits": self.hits, "_source": counted}

    def __setstate__(self, state: dict[str, object]) -> None:
        for name, value in state.items():
            setattr(self, name, value)

    @property
    def digest(self) -> str:
        if self._digest is None:
            self._digest = self._digest_of_all()
        return self._digest

    def _digest_of_all(self) -> str:
        asked = [self._query.text, str(self._query.date or ""), self._query.sex or ""]
        asked += [f"age {self._query.age}"] if self._query.age else []
        if self._query.place:
            asked += ["towns", *self._query.place.towns, "postcodes", *self._query.place.postcodes]
        document = {
            "rules": self.rules,
            "fingerprint": self.fingerprint,
            "query": asked,
            "level": self.level,
            "page": [self.offset, self.limit],
            "total": self.total,
            "hits": [hit._key() for hit in self.hits],
        }
        text = json.dumps(document, sort_keys=True, ensure_ascii=True, separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()

    @property
    def statement(self) -> str:
        """What this answer covers, in a sentence to put under the list.

        A second sentence says so where there was nothing to compare but the characters themselves.
        """
        people = "1 person satisfies" if self.total == 1 else f"{self.total:,} people satisfy"
        page = f"hits {self.offset + 1:,} to {self.offset + len(self):,}" if len(self) else "no hits"
        return f"Complete at level {self.level} (rules {self.rules}): {people} it; this page shows {page}." + (
            " The query holds no letters, so it finds only a name on record that is written just so."
            if is_raw(self._query.forms[0].parts[0])
            else ""
        )

    def __len__(self) -> int:
        return self._count

    def __bool__(self) -> bool:
        # By its length, a page past the last hit, or of none, would say that nobody was found.
        return self._total > 0

    def __eq__(self, other: object) -> bool:
        return self.digest == other.digest if isinstance(other, Answer) else NotImplemented

    def __hash__(self) -> int:
        return hash(self.digest)

    def __repr__(self) -> str:
        return f"Answer(total={self.total}, level={self.level!r}, hits={len(self)}, rules={self.rules!r})"


def _counted(totals: list[int], _text: bytes) -> list[int]:
    """The totals of an answer from another process."""
    return list(totals)


@dataclass(frozen=True, slots=True, repr=False)
class Explanation:
    """Why a search finds a person, or why not.

    Attributes
    ----------
    person_id : str
    found : bool
        Whether a search at the level asked finds the person.
    level : str or None
        The first level that does; None if no level does.
    score : int
    name : str
        The name of the person that comes nearest.
    evidence : tuple of Evidence
    text : str
        All of it to read.
    """

    person_id: str
    found: bool
    level: str | None
    score: int
    name: str
    evidence: tuple[Evidence, ...]
    text: str

    def __str__(self) -> str:
        return self.text

    def __repr__(self) -> str:
        return (
            f"Explanation(person_id={self.person_id!r}, found={self.found}, level={self.level!r}, score={self.score})"
        )


def explain_verdict(level: str | None, asked: str, evidence: Sequence[Evidence]) -> str:
    """The first sentence of an explanation."""
    if level is not None and LEVELS.index(level) <= LEVELS.index(asked):
        return f"Found at level {asked}: the names agree at level {level}."
    failed = next((item for item in evidence if item.kind == "different"), None)
    reason = f" {failed.text}" if failed else ""
    if level is None:
        return f"Not found at any level.{reason}"
    weakest = max(evidence, key=lambda item: _LEVEL_OF_EVIDENCE.get(item.kind, 0), default=None)
    if weakest is not None and _LEVEL_OF_EVIDENCE.get(weakest.kind, 0) > LEVELS.index(asked):
        reason = reason or f" {weakest.text}"
    return f"Not found at level {asked}; level {level} finds this person.{reason}"
