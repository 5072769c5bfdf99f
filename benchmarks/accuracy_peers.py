"""What scores names in the accuracy benchmark: phonosearch and its peers, behind one small interface.

Peers are given names as phonosearch normalises them (a-z and single spaces), which is no disadvantage to them.
"""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from functools import cache, partial
from itertools import permutations
from pathlib import Path
from typing import ClassVar, NamedTuple

import numpy as np
import numpy.typing as npt

import phonosearch as ps
from accuracy_tasks import Floats, Integers, Person, SearchQuery

__all__ = [
    "Found", "Peer", "PlainRules", "compare_pairs", "peers", "plain", "search_people", "search_with",
]  # fmt: skip

DATE_WEIGHT = 0.3
"""What agreeing dates of birth add to the similarity of names, which is 1 at most."""


class Found(NamedTuple):
    """Of each query: the rank of the person meant (0: not on the page), the page, its greatest score, all found."""

    ranks: Integers
    pages: list[list[str]]
    best: Floats
    totals: Integers


def compare_pairs(pairs: Sequence[tuple[str, str]]) -> Floats:
    """Scores of phonosearch."""
    return np.array([ps.compare(one, other).score for one, other in pairs], dtype=np.float64)


def search_people(index: ps.PersonIndex, queries: Sequence[SearchQuery], level: str, dated: bool, page: int) -> Found:
    """Answers of phonosearch."""
    ranks, pages, best, totals = [], [], [], []
    for query in queries:
        answer = index.search(query.name, level=level, limit=page, dob=query.dob if dated else None)
        hits = answer.hits
        ids = [hit.person_id for hit in hits]
        ranks.append(ids.index(query.person_id) + 1 if query.person_id in ids else 0)
        pages.append(ids)
        best.append(hits[0].score if hits else 0)
        totals.append(answer.total)
    return Found(np.array(ranks), pages, np.array(best, dtype=np.float64), np.array(totals))


@cache
def plain(name: str) -> str:
    """A name as peers are given it."""
    return " ".join(ps.normalise(name))


class Peer:
    """A scorer of RapidFuzz."""

    most: ClassVar[int | None] = None
    """How many pairs of a task it is asked, where it is slow."""
    searches: ClassVar[bool] = True

    def __init__(self, name: str, scorer: Callable[..., float], best: float = 1.0) -> None:
        self.name = name
        self._scorer = scorer
        self._best = best

    def pairs(self, pairs: Sequence[tuple[str, str]]) -> Floats:
        """Similarity of each pair."""
        from rapidfuzz import process

        ones, others = [plain(one) for one, _ in pairs], [plain(other) for _, other in pairs]
        return np.asarray(process.cpdist(ones, others, scorer=self._scorer, dtype=np.float64)) / self._best

    def prepare(self, names: Sequence[str]) -> None:
        """Take in the names to search."""
        self._names = [plain(name) for name in names]

    def scores(self, queries: Sequence[str]) -> Floats:
        """Similarity of each query with each name."""
        from rapidfuzz import process

        asked = [plain(query) for query in queries]
        return np.asarray(process.cdist(asked, self._names, scorer=self._scorer, dtype=np.float64)) / self._best


@cache
def _keys(name: str) -> frozenset[str]:
    """Soundex and Double Metaphone keys of the parts; the former hold digits, so the two are never confused."""
    found = set()
    for part in name.split():
        found |= {ps.soundex(part), *ps.double_metaphone(part)}
    return frozenset(found - {""})


class KeyedPeer(Peer):
    """Names that share a key come before all others, each by similarity."""

    def pairs(self, pairs: Sequence[tuple[str, str]]) -> Floats:
        shared = [bool(_keys(plain(one)) & _keys(plain(other))) for one, other in pairs]
        return np.add(super().pairs(pairs), shared)

    def prepare(self, names: Sequence[str]) -> None:
        super().prepare(names)
        rows: defaultdict[str, list[int]] = defaultdict(list)
        for row, name in enumerate(self._names):
            for key in _keys(name):
                rows[key].append(row)
        self._rows = {key: np.array(found) for key, found in rows.items()}

    def scores(self, queries: Sequence[str]) -> Floats:
        scores = super().scores(queries)
        for row, query in enumerate(queries):
            block = np.zeros(scores.shape[1], dtype=bool)
            for key in _keys(plain(query)):
                if key in self._rows:
                    block[self._rows[key]] = True
            scores[row, block] += 1
        return scores


def _digits(dates: Sequence[str | None]) -> npt.NDArray[np.uint8]:
    """Eight digits of each date; zeros for one that is not known."""
    text = "".join((date or "0000-00-00").replace("-", "") for date in dates)
    return np.frombuffer(text.encode("ascii"), dtype=np.uint8).reshape(-1, 8)


def search_with(
    peer: Peer, people: Sequence[Person], queries: Sequence[SearchQuery], dated: bool, page: int, seed: int
) -> Found:
    """Ranks by a peer, which orders everybody; ties fall at random."""
    rows = {person.person_id: row for row, person in enumerate(people)}
    born, known = _digits([person.dob for person in people]), np.array([person.dob is not None for person in people])
    peer.prepare([person.name for person in people])
    ranks, pages, best = [], [], []
    # Added to all rows alike, so that ties on the page are as random as the ranks.
    jitter = np.random.default_rng(seed).random(len(people)) * 1e-9
    for start in range(0, len(queries), 100):
        some = queries[start : start + 100]
        scores = peer.scores([query.name for query in some])
        for query, row in zip(some, scores, strict=True):
            if dated and query.dob is not None:
                row += DATE_WEIGHT * np.where(known, (born == _digits([query.dob])).mean(axis=1), 0)
            row += jitter
            ranks.append(1 + int((row > row[rows[query.person_id]]).sum()))
            top = np.argpartition(-row, min(page, len(row) - 1))[:page]
            pages.append([people[at].person_id for at in top[np.argsort(-row[top])]])
            best.append(row.max())
    return Found(np.array(ranks), pages, np.array(best), np.full(len(queries), len(people)))


_NOMENKLATURA = """
import json, sys
from followthemoney.proxy import EntityProxy
from nomenklatura.matching.logic_v2.model import LogicV2

config, scores = LogicV2.default_config(), []
for number, pair in enumerate(json.load(sys.stdin)):
    # What is known of an entity is kept by its identifier, so each needs one of its own.
    one, other = (
        EntityProxy.from_dict({"id": f"{side}{number}", "schema": "Person", "properties": {"name": [name]}})
        for side, name in enumerate(pair)
    )
    scores.append(LogicV2.compare(one, other, config).score)
json.dump(scores, sys.stdout)
"""


class NomenklaturaPeer(Peer):
    """The name matcher of OpenSanctions; it is given the names as they are, since it knows scripts itself.

    It runs in a process of its own, because its many dependencies may differ from those of the environment.
    """

    most = 1500
    searches = False

    def __init__(self, folder: Path) -> None:
        self.name = "nomenklatura logic-v2"
        self._environment = os.environ | {"PYTHONPATH": str(folder.resolve())}

    def pairs(self, pairs: Sequence[tuple[str, str]]) -> Floats:
        command = [sys.executable, "-c", _NOMENKLATURA]
        run = partial(subprocess.run, command, capture_output=True, text=True, env=self._environment, timeout=300)
        done = run(input=json.dumps(pairs))
        if done.returncode:
            raise RuntimeError(done.stderr.strip().splitlines()[-1])
        return np.array(json.loads(done.stdout), dtype=np.float64)


class JellyfishPeer(Peer):
    """Jaro-Winkler of jellyfish."""

    searches = False

    def __init__(self) -> None:
        self.name = "jellyfish jaro_winkler"

    def pairs(self, pairs: Sequence[tuple[str, str]]) -> Floats:
        from jellyfish import jaro_winkler_similarity

        return np.array([jaro_winkler_similarity(plain(one), plain(other)) for one, other in pairs])


def peers(packages: Path) -> Iterator[Peer]:
    """Those that can be run; prints why another is left out."""
    if importlib.util.find_spec("rapidfuzz") is None:
        print("left out: all peers: rapidfuzz is not installed", file=sys.stderr)
        return
    from rapidfuzz import fuzz
    from rapidfuzz.distance import OSA, JaroWinkler

    yield Peer("RapidFuzz JaroWinkler", JaroWinkler.similarity)
    yield Peer("RapidFuzz OSA", OSA.normalized_similarity)
    yield Peer("RapidFuzz token_sort_ratio", fuzz.token_sort_ratio, 100)
    yield Peer("RapidFuzz WRatio", fuzz.WRatio, 100)
    yield KeyedPeer("Soundex or Double Metaphone, then JaroWinkler", JaroWinkler.similarity)
    for other in (JellyfishPeer(), NomenklaturaPeer(packages / "nomenklatura")):
        try:
            other.pairs([("Jon Smith", "John Smyth")])
        except (ImportError, RuntimeError, subprocess.TimeoutExpired) as error:
            print(f"left out: {other.name}: {error}", file=sys.stderr)
        else:
            yield other


class PlainRules:
    """What a plain rule returns: every part of the shorter name pairs off, in any order, with one of the longer.

    Two parts may pair off when they share a key ("keys"), or when they do or are within two edits ("keys or 2 edits");
    ``found_with_variants``: or when they are a known variant of each other, as every level from `variant` on must have.
    """

    names: ClassVar[tuple[str, ...]] = ("keys", "keys or 2 edits")

    def __init__(self, people: Sequence[Person]) -> None:
        numbers: dict[str, int] = {}
        self._rows: dict[int, npt.NDArray[np.int64]] = {}
        self._parts: dict[int, npt.NDArray[np.int64]] = {}
        rows: defaultdict[int, list[int]] = defaultdict(list)
        parts: defaultdict[int, list[list[int]]] = defaultdict(list)
        for row, person in enumerate(people):
            found = [numbers.setdefault(part, len(numbers)) for part in ps.normalise(person.name)]
            rows[len(found)].append(row)
            parts[len(found)].append(found)
        for size in rows:
            self._rows[size], self._parts[size] = np.array(rows[size]), np.array(parts[size])
        self._words = list(numbers)
        self._with_key: defaultdict[str, list[int]] = defaultdict(list)
        for number, word in enumerate(self._words):
            for key in _keys(word):
                self._with_key[key].append(number)
        words = [{"person_id": str(number), "full_name": word} for number, word in enumerate(self._words)]
        self._vocabulary = ps.PersonIndex.build(words)

    def found(self, name: str) -> dict[str, npt.NDArray[np.int64]]:
        """Rows of the people that each rule returns."""
        asked = ps.normalise(name)
        return self._by_rule(asked, np.zeros((len(asked), len(self._words)), dtype=bool))

    def found_with_variants(self, name: str) -> dict[str, npt.NDArray[np.int64]]:
        """The same, where a part may also pair off with its variants."""
        asked = ps.normalise(name)
        variants = np.zeros((len(asked), len(self._words)), dtype=bool)
        for at, part in enumerate(asked):
            hits = self._vocabulary.search(part, level="variant", limit=len(self._words)).hits
            variants[at, [int(hit.person_id) for hit in hits]] = True
        return self._by_rule(asked, variants)

    def _by_rule(self, asked: Sequence[str], also: npt.NDArray[np.bool_]) -> dict[str, npt.NDArray[np.int64]]:
        from rapidfuzz import process
        from rapidfuzz.distance import OSA

        keyed = also.copy()
        for at, part in enumerate(asked):
            for key in _keys(part):
                keyed[at, self._with_key.get(key, [])] = True
        distances = process.cdist(asked, self._words, scorer=OSA.distance, score_cutoff=2, dtype=np.uint8)
        return {
            rule: np.concatenate([self._matched(may, size) for size in self._rows])
            for rule, may in zip(self.names, (keyed, keyed | (np.asarray(distances) <= 2)), strict=True)
        }

    def _matched(self, may: npt.NDArray[np.bool_], size: int) -> npt.NDArray[np.int64]:
        """Rows of names of so many parts whose parts, or all the parts asked for, pair off."""
        table = may[:, self._parts[size]]
        asked = len(may)
        matched = np.zeros(table.shape[1], dtype=bool)
        for chosen in permutations(range(max(asked, size)), min(asked, size)):
            places = zip(range(asked), chosen, strict=True) if asked <= size else zip(chosen, range(size), strict=True)
            matched |= np.logical_and.reduce([table[one, :, other] for one, other in places])
        return self._rows[size][matched]
