"""How much two words speak for being one name, letter by letter: the specification of the similarity of parts.

The words are aligned by fixed costs (Needleman and Wunsch 1970); the steps of the alignment and a few facts about the
pair then earn points that ``tools/train_letters.py`` learned from labelled pairs. Points are centibans, hundredths of
the decimal logarithm of the odds (Good 1950), so they add up. ``_similarity`` is the compiled twin; a test holds the
two together.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from itertools import groupby, pairwise
from typing import NamedTuple

from phonosearch._encoders import double_metaphone, soundex
from phonosearch._rules import rules

__all__ = ["Step", "align_letters", "evidence", "facts", "ordered", "similarity"]

VOWELS = frozenset("aeiouy")
MOST_EDITS, MOST_LONGER, MOST_SHORTER, MOST_EDITS_BY_RARITY = 7, 6, 12, 3
MOST_BEGIN, MOST_END, MOST_WITHIN = 5, 4, 6
MOST_LEFT, MOST_CONSONANTS, MOST_SOUNDS = 4, 4, 4


class Step(NamedTuple):
    """One step of an alignment: letters of one word beside letters of the other.

    ``kind`` is match, sub (one letter for another), swap (two letters exchanged), group (letters that sound alike), or,
    for a letter that the other word lacks, double (beside its like), lead (before the other word begins), trail (after
    it has ended) or gap.
    """

    kind: str
    one: str
    other: str
    initial: bool
    final: bool


def ordered(a: str, b: str) -> tuple[str, str]:
    """The shorter word first, then the first in the alphabet, so that the order given does not matter."""
    return (a, b) if (len(a), a) <= (len(b), b) else (b, a)


def group_key(one: str, other: str) -> str:
    """Two groups of letters as the tables name them: the longer first, then the first in the alphabet."""
    return ":".join(sorted((one, other), key=lambda letters: (-len(letters), letters)))


def _lacking(word: str, position: int, place: int, other: str) -> str:
    """The kind of a letter that the other word lacks, ``place`` letters into that word."""
    if place == len(other):
        return "trail"
    if place == 0:
        return "lead"
    letter = word[position]
    # In three and more of a letter only the first and the last stand beside one of their like.
    alike = [letter == other for other in (word[position - 1 : position], word[position + 1 : position + 2])]
    return "double" if sum(alike) == 1 else "gap"


def _shared(a: str, b: str) -> tuple[int, int]:
    """How many letters both words begin with and, of the rest, end with."""
    begin = next((at for at, (x, y) in enumerate(zip(a, b, strict=False)) if x != y), min(len(a), len(b)))
    rest = min(len(a), len(b)) - begin
    return begin, next((at for at in range(rest) if a[-1 - at] != b[-1 - at]), rest)


def align_letters(a: str, b: str) -> list[Step]:
    """The steps of the cheapest alignment of two ordered words; of equal ones that of fewest edits, then the first."""
    costs, groups = rules().letter_costs, rules().letter_groups
    # What both share there is matched without a choice, but for a letter each that may belong to a group (Nick, Nic).
    begin, end = (max(shared - 1, 0) for shared in _shared(a, b))
    cheapest = {(begin, begin): (0, 0)}
    last: dict[tuple[int, int], tuple[str, int, int]] = {}
    for i in range(begin, len(a) - end + 1):
        for j in range(begin, len(b) - end + 1):
            options = []
            if i > begin and j > begin:
                options.append(("match" if a[i - 1] == b[j - 1] else "sub", 1, 1))
            if i > begin:
                options.append((_lacking(a, i - 1, j, b), 1, 0))
            if j > begin:
                options.append((_lacking(b, j - 1, i, a), 0, 1))
            if i > begin + 1 and j > begin + 1 and a[i - 2] == b[j - 1] != a[i - 1] == b[j - 2]:
                options.append(("swap", 2, 2))
            for one, other in ((2, 1), (1, 2), (2, 2)):
                if i >= begin + one and j >= begin + other and (a[i - one : i], b[j - other : j]) in groups:
                    options.append(("group", one, other))
            for kind, one, other in options:
                vowels = kind == "sub" and a[i - 1] in VOWELS and b[j - 1] in VOWELS
                cost, edits = cheapest[i - one, j - other]
                so_far = (cost + costs["vowels" if vowels else kind], edits + (kind != "match"))
                if (i, j) not in cheapest or so_far < cheapest[i, j]:
                    cheapest[i, j], last[i, j] = so_far, (kind, one, other)
    steps: list[Step] = []
    i, j = len(a) - end, len(b) - end
    while (i, j) != (begin, begin):
        kind, one, other = last[i, j]
        steps.append(
            Step(
                kind, a[i - one : i], b[j - other : j],
                initial=(not one or one == i) and (not other or other == j), final=i == len(a) and j == len(b),
            )
        )  # fmt: skip
        i, j = i - one, j - other
    first = [Step("match", letter, letter, place == 0, False) for place, letter in enumerate(a[:begin])]
    rest = [
        Step("match", letter, letter, False, place == 1)
        for place, letter in zip(range(end, 0, -1), a[len(a) - end :], strict=True)
    ]
    return first + steps[::-1] + rest


def _place(short: str, word: str) -> str | None:
    """Where a word holds a shorter one whole."""
    if word.startswith(short):
        return "begin"
    if word.endswith(short):
        return "end"
    return "inside" if short in word else None


def _stem(word: str) -> str:
    """A word without its last vowels, nor the doubling before them, as short forms add them (Robbie: rob)."""
    stem = word.rstrip("aeiouy")
    return stem[:-1] if len(stem) > 2 and stem[-1] == stem[-2] else stem


def _shortened(a: str, b: str) -> Iterator[tuple[str, str]]:
    """How the shorter word may be a short form of the longer: where the longer holds the shorter, or its stem, and
    whether it holds the consonants of the stem in their order."""
    place, stem = _place(a, b), _stem(a)
    if place:
        yield "within", f"{place}:{min(len(a), MOST_WITHIN)}"
    elif stem != a and len(stem) > 1 and stem in b:
        yield "stem", f"{'begin' if b.startswith(stem) else 'inside'}:{min(len(stem), MOST_WITHIN)}"
    consonants = [letter for letter in stem if letter not in VOWELS]
    letters = iter(b)
    if consonants and all(letter in letters for letter in consonants):
        first = "initial" if a[0] == b[0] else "other"
        yield "skeleton", f"{first}:{min(len(consonants), MOST_CONSONANTS)}:{int(len(b) > len(a) + 1)}"


def _left(one: str, other: str, place: str) -> str | None:
    """The key of what differs between two words in one place, unless it is long."""
    return f"{place}:{group_key(one, other)}" if max(len(one), len(other)) <= MOST_LEFT else None


def _segments(steps: list[Step]) -> Iterator[tuple[str, str]]:
    """The letters that stand beside each other between two matches, or between a match and an end of the words."""
    runs = [(matches, list(run)) for matches, run in groupby(steps, lambda step: step.kind == "match")]
    for number, (matches, run) in enumerate(runs):
        place = "inside" if 0 < number < len(runs) - 1 else "end" if number else "begin"
        key = None if matches else _left("".join(s.one for s in run), "".join(s.other for s in run), place)
        if key:
            yield "segment", key


def _ends(a: str, b: str) -> Iterator[tuple[str, str]]:
    """How many letters both words begin and end with, and what is left of each between, which may hold matches."""
    begin, end = _shared(a, b)
    yield "shared", f"{min(begin, MOST_BEGIN)}:{min(end, MOST_END)}"
    place = "begin" if not begin else "end" if not end else "inside"
    key = _left(a[begin : len(a) - end], b[begin : len(b) - end], place) if begin + end > 1 else None
    if key:
        yield "residue", key


def _rarity_bin(word: str) -> int:
    scale = rules().rarity_scale
    return min(max((rules().rarity_of(word) - scale["first"]) // scale["step"], 0), scale["bins"] - 1)


def facts(a: str, b: str) -> Iterator[tuple[str, str]]:
    """What about two different words earns points: the table and the key of each fact."""
    a, b = ordered(a, b)
    steps = align_letters(a, b)
    for step in steps:
        if step.kind == "sub":
            yield "sub", "".join(sorted(step.one + step.other))
            if step.initial:
                yield "sub_initial", ""
            if step.final:
                yield "sub_final", ""
        elif step.kind == "group":
            yield "group", group_key(step.one, step.other)
        elif step.kind == "swap":
            yield "swap", ""
        else:
            yield step.kind, step.one or step.other
            if step.initial and step.kind != "match":
                yield "lacking_initial", ""
    edits = sum(step.kind != "match" for step in steps)
    shorter = min(len(a), MOST_SHORTER)
    yield "edits", f"{min(edits, MOST_EDITS)}:{shorter}"
    yield "longer", f"{min(len(b) - len(a), MOST_LONGER)}:{shorter}"
    if edits == len(steps):
        yield "unmatched", f"{min(len(a), MOST_WITHIN)}"
    yield from _segments(steps)
    yield from _ends(a, b)
    yield from _shortened(a, b)
    if soundex(a) == soundex(b):
        yield "soundex", f"{sum(sound != '0' for sound in soundex(a))}"
    shared = set(double_metaphone(a)) & set(double_metaphone(b)) - {""}
    if shared:
        yield "metaphone", f"{max(map(len, shared))}"
    rarity = sorted((_rarity_bin(a), _rarity_bin(b)))
    yield "commoner", f"{min(edits, MOST_EDITS_BY_RARITY)}:{rarity[0]}"
    yield "rarer", f"{rarity[1]}"


@cache
def evidence(a: str, b: str, beside: bool = False) -> int:
    """Centibans for two different words being one name, against their being two.

    Every fact has points of its own ``beside`` other parts of a name: there a slip is likelier, and another name is
    likelier than another spelling. Which of the two it was is not known, so what says more counts.
    """
    points = rules().letter_points
    alone, slipped = map(sum, zip((0, 0), *(points.get(fact, (0, 0)) for fact in facts(a, b)), strict=True))
    return max(alone - rules().spelling_less, slipped) if beside else alone


def similarity(a: str, b: str, beside: bool = False) -> int:
    """The evidence on the scale of a part, 0 to 1000: a straight line between the knots of the curve."""
    curve = rules().letter_curve
    found = evidence(a, b, beside)
    if found <= curve[0][0]:
        return curve[0][1]
    for (low, low_points), (high, high_points) in pairwise(curve):
        if found <= high:
            return low_points + (high_points - low_points) * (found - low) // (high - low)
    return curve[-1][1]
