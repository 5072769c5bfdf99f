"""What comes back: answers, hits, and the evidence for each, in numbers that add up and in words to read aloud.

The kernel gives one row of integers a hit; words are made from it when they are asked for. No ``repr`` holds a name or
a date of birth.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache, partial
from typing import NamedTuple

from phonosearch._distance import osa_distance
from phonosearch._encoders import double_metaphone, soundex
from phonosearch._hit import Hit
from phonosearch._normalise import is_raw
from phonosearch._query import Query
from phonosearch._reference import (
    LEVEL_OF_KIND,
    AgeKind,
    Alignment,
    DateKind,
    Pair,
    PartKind,
    PlaceKind,
    SexKind,
    alternate_ending,
    merge,
)
from phonosearch._rules import LEVELS
from phonosearch._spelling import is_plain, plain_word, words_of

__all__ = [
    "Answer", "Evidence", "Explanation", "alignment_of_row", "evidence_of", "explain_verdict", "form_kind",
    "level_name",
]  # fmt: skip

ROW_HEAD = 17

class Evidence(NamedTuple):
    """One reason for a score.

    Attributes
    ----------
    part : str
        The part of the query or of the name that it speaks of, as it is compared, or "order", "form", "dob", "age",
        "sex", "place".
    kind : str
        "exact", "spelling", "nickname", "initial", "both_keys", "soundex", "metaphone", "close", "different",
        "left_out" (asked for, not on record), "not_asked" (on record, not asked for), "order", "joined", "particles",
        or the agreement of a date of birth, an age, a sex or a place.
    text : str
        One sentence, with the words as they were asked and recorded.
    points : int
        What it adds to the score; costs are negative. The points of all evidence add up to the score.
    """

    part: str
    kind: str
    text: str
    points: int

    def __repr__(self) -> str:
        return f"Evidence(kind={self.kind!r}, points={self.points})"


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
    )


@lru_cache(maxsize=16384)
def _pair_sentence(kind: int, asked: str, recorded: str, asked_word: str = "", recorded_word: str = "") -> str:
    a, b = asked_word or plain_word(asked), recorded_word or plain_word(recorded)
    same = a.casefold() == b.casefold()
    a, b = f"“{a}”", f"“{b}”"
    if kind == PartKind.EXACT:
        return f"{a} is the same." if same else f"{a} is the same as {b}."
    if kind == PartKind.SPELLING:
        if alternate_ending(asked, recorded):
            return f"{a} and {b} are one surname, of a man and of a woman."
        return f"{a} and {b} are established spellings of one name."
    if kind == PartKind.NICKNAME:
        return f"{a} and {b} are forms of one name (nickname or diminutive)."
    if kind == PartKind.INITIAL:
        return f"{a} is the initial of {b}." if len(asked) == 1 else f"{b} is the initial of {a}."
    edits = osa_distance(asked, recorded)
    spelt = f"{edits} letter{'s' if edits != 1 else ''} different"
    if kind == PartKind.CLOSE:
        return f"{a} is spelt almost like {b} ({spelt})."
    if kind == PartKind.NONE:
        return f"{a} does not match {b}."
    shared = sorted((set(double_metaphone(asked)) & set(double_metaphone(recorded))) - {""})
    keys = [f"Double Metaphone {shared[0]}"] if shared else []
    if kind != PartKind.METAPHONE:
        keys.append(f"Soundex {soundex(asked)}")
    return f"{a} sounds like {b} ({', '.join(keys)}; {spelt})."


_DATE_SENTENCES = {
    DateKind.EXACT: "The date of birth agrees.",
    DateKind.PARTIAL: "The date of birth agrees as far as it is on record.",
    DateKind.EXACT_PLACEHOLDER: "The date of birth agrees; it is 1 January, often written for an unknown day.",
    DateKind.SWAPPED: "The date of birth agrees with day and month exchanged.",
    DateKind.PLACEHOLDER: "The year of birth agrees; one date is 1 January, often written for an unknown day.",
    DateKind.DIGITS_SWAPPED: "The date of birth agrees with two digits exchanged.",
    DateKind.ONE_DIGIT: "The date of birth differs in one digit.",
    DateKind.NEAR_YEAR: "The date of birth is at most two years away on the same day.",
    DateKind.SIMILAR: "The date of birth on record is another one, but like it in part.",
    DateKind.ABSENT: "No date of birth is on record.",
    DateKind.CONTRADICTED: "The date of birth on record is another one.",
}
_AGE_SENTENCES = {
    AgeKind.EXACT: "The age agrees with the date of birth.",
    AgeKind.NEAR_1: "The age is within one year of that by the date of birth.",
    AgeKind.NEAR_2: "The age is within two years of that by the date of birth.",
    AgeKind.NEAR_5: "The age is within five years of that by the date of birth.",
    AgeKind.ABSENT: "No date of birth is on record, so the age cannot be compared.",
    AgeKind.CONTRADICTED: "The age does not agree with the date of birth.",
}
_SEX_SENTENCES = {
    SexKind.EXACT: "The sex agrees.",
    SexKind.ABSENT: "No sex is on record.",
    SexKind.CONTRADICTED: "The sex on record is another one.",
}
_PLACE_SENTENCES = {
    PlaceKind.EXACT: "The place agrees.",
    PlaceKind.DISTRICT: "The postcode district of the place agrees.",
    PlaceKind.TOWN: "A town of the place agrees, but not all that was asked.",
    PlaceKind.ABSENT: "No place is on record that can be compared.",
    PlaceKind.CONTRADICTED: "The place on record is another one.",
}


_KINDS = {kind.value: "different" if kind == PartKind.NONE else kind.name.lower() for kind in PartKind}


# The first level that accepts each kind of evidence about a part; what other evidence says decides no membership.
_LEVEL_OF_EVIDENCE = {_KINDS[kind.value]: level for kind, level in LEVEL_OF_KIND.items()}


def evidence_of(
    row: Sequence[int],
    asked: tuple[str, ...],
    recorded: tuple[str, ...],
    names: tuple[str, str],
    form: str | None = None,
) -> tuple[Evidence, ...]:
    """The alignment in words: each part of both names stands in exactly one piece of evidence.

    ``asked`` and ``recorded`` are the parts of the forms that were read; where they were merged, of the full forms.
    ``form`` says how a form that is not the full one came about; ``names`` are both as they were given.
    """
    merged, pairs, order_points, form_points = row[6], row[7], row[8], row[9]
    if merged:
        asked, recorded = merge(asked, recorded), merge(recorded, asked)
        form = "joined"
    asked_words = recorded_words = None
    if merged or row[4] or not is_plain(names[0]):
        asked_words = words_of(names[0], asked)
    if merged or row[5] or not is_plain(names[1]):
        recorded_words = words_of(names[1], recorded)
    out = []
    for at in range(ROW_HEAD, ROW_HEAD + 4 * pairs, 4):
        here, other, kind = row[at], row[at + 1], row[at + 2]
        a = asked[here]
        if asked_words is None and recorded_words is None:
            text = _pair_sentence(kind, a, recorded[other])
        else:
            text = _pair_sentence(
                kind,
                a,
                recorded[other],
                "" if asked_words is None else asked_words[here],
                "" if recorded_words is None else recorded_words[other],
            )
        out.append(Evidence(a, _KINDS[kind], text, row[at + 3]))
    if pairs < len(asked):
        paired = row[ROW_HEAD::4]
        for position, part in enumerate(asked):
            if position not in paired:
                word = asked_words[position] if asked_words else plain_word(part)
                out.append(Evidence(part, "left_out", f"“{word}” is not in the name on record.", 0))
    if pairs < len(recorded):
        paired = row[ROW_HEAD + 1 :: 4]
        for position, part in enumerate(recorded):
            if position not in paired:
                word = recorded_words[position] if recorded_words else plain_word(part)
                out.append(Evidence(part, "not_asked", f"“{word}” in the name on record was not asked for.", 0))
    if order_points:
        out.append(Evidence("order", "order", "The parts stand in another order.", order_points))
    if form == "joined":
        out.append(Evidence("form", form, "Parts are joined or split.", form_points))
    elif form == "particles":
        out.append(Evidence("form", form, "A particle (de, bin, von …) is left out.", form_points))
    if row[10] > DateKind.EXACT:
        age = AgeKind(row[10])
        out.append(Evidence("age", age.name.lower(), _AGE_SENTENCES[age], row[11]))
    elif row[10]:
        date = DateKind(row[10])
        out.append(Evidence("dob", date.name.lower(), _DATE_SENTENCES[date], row[11]))
    if row[12]:
        sex = SexKind(row[12])
        out.append(Evidence("sex", sex.name.lower(), _SEX_SENTENCES[sex], row[13]))
    if row[15]:
        place = PlaceKind(row[15])
        out.append(Evidence("place", place.name.lower(), _PLACE_SENTENCES[place], row[16]))
    return tuple(out)


def form_kind(*kinds: str) -> str | None:
    """How two forms came about that are not both full, of the kinds of both."""
    return "joined" if {"prefixes", "hyphens"} & set(kinds) else "particles" if "particles" in kinds else None


class Answer:
    """The answer to one search: complete for its level, and a page of it.

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

    def __init__(
        self,
        *,
        total: int,
        hits: tuple[Hit, ...],
        level: str,
        limit: int,
        offset: int,
        rules: str,
        fingerprint: str,
        query: Query,
        count: Callable[[], list[int]],
    ) -> None:
        self.total = total
        self.hits = hits
        self.level = level
        self.limit = limit
        self.offset = offset
        self.rules = rules
        self.fingerprint = fingerprint
        self._query = query
        self._count = count

    def ladder(self) -> dict[str, int]:
        """How many people each level finds: exact totals, each holding those before it."""
        return dict(zip(LEVELS, self._count(), strict=True))

    def __getstate__(self) -> dict[str, object]:
        """All there is to know, for another process: it has no index to count in."""
        counts = self._count()
        return self.__dict__ | {"_count": partial(list, counts)}

    @cached_property
    def digest(self) -> str:
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
        page = f"hits {self.offset + 1:,} to {self.offset + len(self.hits):,}" if self.hits else "no hits"
        return f"Complete at level {self.level} (rules {self.rules}): {people} it; this page shows {page}." + (
            " The query holds no letters, so it finds only a name on record that is written just so."
            if is_raw(self._query.parts[0][0])
            else ""
        )

    def __len__(self) -> int:
        return len(self.hits)

    def __eq__(self, other: object) -> bool:
        return self.digest == other.digest if isinstance(other, Answer) else NotImplemented

    def __hash__(self) -> int:
        return hash(self.digest)

    def __repr__(self) -> str:
        return f"Answer(total={self.total}, level={self.level!r}, hits={len(self.hits)}, rules={self.rules!r})"


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
