"""One piece of evidence, and the sentences that hold no words of the names."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from phonosearch._reference import PartKind
from phonosearch._reference_agreement import AgeKind, DateKind, GenerationKind, PlaceKind, SexKind

__all__ = [
    "BIRTH_EVIDENCE", "GENERATION_EVIDENCE", "PART_KINDS", "PLACE_EVIDENCE", "SEX_EVIDENCE", "Evidence", "form_kind",
]  # fmt: skip


class Evidence(NamedTuple):
    """One reason for a score.

    Attributes
    ----------
    part : str
        The part of the query or of the name that it speaks of, as it is compared, or "order", "form", "dob", "age",
        "sex", "place", "generation" (Jr, Sr, II, III).
    kind : str
        "exact", "spelling", "nickname", "initial", "both_keys", "soundex", "metaphone", "close", "different",
        "left_out" (asked for, not on record), "not_asked" (on record, not asked for), "not_compared" (a title, a
        suffix such as OBE, a number), "order", "joined", "particles",
        or the agreement of a date of birth, an age, a sex, a place or a generation.
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


_DATE_SENTENCES = {
    DateKind.EXACT: "The date of birth agrees.",
    DateKind.PARTIAL: "The date of birth agrees as far as it is on record.",
    DateKind.EXACT_PLACEHOLDER: "The date of birth agrees; it is 1 January, often written for an unknown day.",
    DateKind.SWAPPED: "The date of birth agrees with day and month exchanged.",
    DateKind.PLACEHOLDER: "The year of birth agrees; one date is 1 January, often written for an unknown day.",
    DateKind.DIGITS_SWAPPED: "The date of birth agrees with two digits exchanged.",
    DateKind.ONE_DIGIT: "The date of birth differs in one digit.",
    DateKind.NEAR_YEAR: "The date of birth is at most two years away and differs in nothing else that both say.",
    DateKind.SIMILAR: "The date of birth on record is another one, but like it in part.",
    DateKind.ABSENT: "No date of birth is on record that can be compared.",
    DateKind.CONTRADICTED: "The date of birth on record is another one.",
}
_AGE_SENTENCES = {
    AgeKind.EXACT: "The age agrees with the date of birth.",
    AgeKind.POSSIBLE: "The age agrees with the date of birth as far as it is on record.",
    AgeKind.NEAR_1: "The age is within one year of that by the date of birth.",
    AgeKind.NEAR_2: "The age is within two years of that by the date of birth.",
    AgeKind.NEAR_5: "The age is within five years of that by the date of birth.",
    AgeKind.ABSENT: "No date of birth is on record that can be compared with the age.",
    AgeKind.CONTRADICTED: "The age does not agree with the date of birth.",
}
_SEX_SENTENCES = {
    SexKind.EXACT: "The sex agrees.",
    SexKind.ABSENT: "No sex is on record.",
    SexKind.CONTRADICTED: "The sex on record is another one.",
}
_PLACE_SENTENCES = {
    PlaceKind.EXACT: "The place agrees, by its postcode or by all the towns asked.",
    PlaceKind.DISTRICT: "The postcode district of the place agrees.",
    PlaceKind.TOWN: "A town of the place agrees, but not all that was asked.",
    PlaceKind.ABSENT: "No place is on record that can be compared.",
    PlaceKind.CONTRADICTED: "The place on record is another one.",
}

_GENERATION_SENTENCES = {
    GenerationKind.EXACT: "The generation (Sr, Jr, II, III) agrees.",
    GenerationKind.ABSENT: "No generation (Sr, Jr, II, III) is on record.",
    GenerationKind.CONTRADICTED: "The generation on record (Sr, Jr, II, III) is another one.",
}


PART_KINDS = {int(kind): "different" if kind == PartKind.NONE else kind.name.lower() for kind in PartKind}


def _other(part: str, sentences: Mapping[Any, str]) -> dict[int, tuple[str, str, str]]:
    return {int(kind): (part, kind.name.lower(), text) for kind, text in sentences.items()}


# By the number of the agreement: the part, the kind and the sentence. Those of dates and of ages are numbered apart.
BIRTH_EVIDENCE = _other("dob", _DATE_SENTENCES) | _other("age", _AGE_SENTENCES)
SEX_EVIDENCE = _other("sex", _SEX_SENTENCES)
PLACE_EVIDENCE = _other("place", _PLACE_SENTENCES)
GENERATION_EVIDENCE = _other("generation", _GENERATION_SENTENCES)


def form_kind(*kinds: str) -> str | None:
    """How two forms came about that are not both full, of the kinds of both."""
    return "joined" if {"prefixes", "hyphens"} & set(kinds) else "particles" if "particles" in kinds else None
