"""A name as the matcher sees it: its forms, each a tuple of parts.

The first form is the name as it stands, without titles, suffixes and placeholders; an O that stands apart is joined to
what it makes a known name with. Others leave the particles out, join what is often written joined (prefixes, ends of
compound names, what hyphens part), or part initials that are written together; they count from level ``variant`` on.
The kernel holds the same function for the records of an index; a test holds the two together.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from phonosearch._errors import LimitError, QueryError
from phonosearch._normalise import check_text, cut, fold, is_raw, raw_part
from phonosearch._rules import Rules, rules

__all__ = ["KINDS", "Form", "form_of_kind", "forms", "initials_in"]

KINDS = ("full", "particles", "prefixes", "hyphens")  # by the numbers of the kernel
ASSIMILATED = "="


class Form(NamedTuple):
    """One reading of a name: its parts, how they came about, and the generations that suffixes of the name say."""

    parts: tuple[str, ...]
    kind: str
    generations: frozenset[int] = frozenset()

    @property
    def number(self) -> int:
        """The number of the kind."""
        return KINDS.index(self.kind)


def _named(parts: Sequence[str], r: Rules) -> slice:
    """What titles and suffixes leave."""
    first, last = 0, len(parts)
    while last - first > 1 and parts[first] in r.titles:
        first += 1
    while last - first > 1 and parts[last - 1] in r.suffixes:
        last -= 1
    return slice(first, last)


def _are_initials(part: str, first: bool, r: Rules) -> bool:
    """Whether a part is initials written together; the first one may be a suffix elsewhere (JR Smith)."""
    written = r.joined_initials
    if not 2 <= len(part) <= written["letters"]:
        return False
    vowels = [letter in written["vowels"] for letter in part]
    if any(vowels) and not (vowels == [True, False] and part[1] in written["after_vowel"]):
        return False
    return first if part in r.suffixes else not r.is_special(part)


def _full(parts: Sequence[str], joins: Sequence[str | None], r: Rules) -> tuple[list[str], list[str | None], list[str]]:
    """The parts that are compared: without placeholders and markers, and prefixes of one letter joined to what they
    make a known name with. How each is joined to the one before, and what it is without such a prefix."""
    last = len(parts) - 1
    kept = [
        place
        for place, part in enumerate(parts)
        if not (part in r.placeholders or (part in r.markers and 0 < place < last))
    ] or list(range(len(parts)))
    full: list[str] = []
    joined: list[str | None] = []
    bare: list[str] = []
    for at, place in enumerate(kept):
        part, beside = parts[place], at > 0 and kept[at - 1] == place - 1
        if (
            beside
            and parts[place - 1] in r.initial_prefixes
            and len(part) >= r.initial_prefix_min_rest
            and r.is_known(parts[place - 1] + part)
        ):
            full[-1] += part
            bare[-1] = part
        else:
            full.append(part)
            bare.append(part)
            joined.append(joins[place] if beside else None)
    return full, joined, bare


def _parted(
    full: Sequence[str], joins: Sequence[str | None], initials: int, r: Rules
) -> tuple[list[str], list[str | None]]:
    """The parts, with initials that are written together as parts of their own where ``initials_in`` says that they may
    be, and how each is joined to the one before."""
    parts: list[str] = []
    joined: list[str | None] = []
    for at, part in enumerate(full):
        room = r.limits["parts"] - len(parts) - (len(full) - at - 1)
        whole = joins[at] is None and joins[at + 1 : at + 2] in ([], [None])
        may = at + 1 < len(full) if initials == 1 else initials and len(full) > 1
        apart = may and whole and len(part) <= room and _are_initials(part, at == 0, r)
        pieces = list(part) if apart else [part]
        parts += pieces
        joined += [joins[at], *[None] * (len(pieces) - 1)]
    return parts, joined


def _without_particles(parts: Sequence[str], bare: Sequence[str], r: Rules) -> list[str]:
    last = len(parts) - 1
    return [
        bare[position]
        for position, part in enumerate(parts)
        if position == last or not (part in r.particles or (position > 0 and part in r.inner_particles))
    ]


def _joined(parts: Sequence[str], joins: Sequence[str | None], r: Rules) -> list[str]:
    """Every part joined to those before it where ``joins`` says by what; None: not joined. ASSIMILATED: the first
    letter of the part takes the place of the last one before it."""
    out: list[str] = []
    position = 0
    while position < len(parts):
        end, joined = position + 1, parts[position]
        while end < len(parts) and (between := joins[end]) is not None:
            joined = (joined[:-1] + parts[end][0] if between == ASSIMILATED else joined + between) + parts[end]
            end += 1
        if len(joined) > r.limits["part_letters"]:
            end, joined = position + 1, parts[position]
        out.append(joined)
        position = end
    return out


def _prefixed(parts: Sequence[str], r: Rules) -> list[str | None]:
    """By what each part is joined to the one before: prefixes to what follows, the ends of compound names to what
    stands before them, with the article between."""
    joins: list[str | None] = [None]
    for at in range(1, len(parts)):
        part, before, after = parts[at], parts[at - 1], parts[at + 1 : at + 2]
        if part in r.compound_stems and before in r.compound_articles and at > 1:
            joins.append(ASSIMILATED)
        elif (
            before in r.prefixes or part in r.compound_ends
            or (part in r.compound_articles and after and after[0] in r.compound_stems)
        ):
            joins.append("")
        else:
            joins.append(None)
    return joins


def initials_in(name: str) -> int:
    """Where in a name initials may be written together: nowhere if a letter of it is of another script (Greek and what
    comes after it in Unicode), 1 before another part, 2 also last, since a comma says that the family name is first."""
    if not name.isascii() and any(letter >= "\u0370" and letter.isalpha() for letter in name):
        return 0
    return 2 if "," in name else 1


def _forms(parts: Sequence[str], joins: Sequence[str | None], initials: int) -> list[Form]:
    """The forms of what ``cut`` gives, the full form first."""
    r = rules()
    if len(parts) == 1 and is_raw(parts[0]):
        return [Form((parts[0],), "full")]
    named = _named(parts, r)
    full, joined, bare = _full(parts[named], joins[named], r)
    generations = frozenset(r.generations[part] for part in parts[named.stop :] if part in r.generations)
    found = [Form(tuple(full), "full", generations)]
    for candidate, kind in (
        (_without_particles(full, bare, r), "particles"),
        (_joined(full, _prefixed(full, r), r), "prefixes"),
        (_joined(*_parted(full, joined, initials, r), r), "hyphens"),
    ):
        form = Form(tuple(candidate), kind, generations)
        if candidate and all(form.parts != other.parts for other in found):
            found.append(form)
    return found


def form_of_kind(found: Sequence[Form], number: int) -> Form:
    """The form of a kind, by its number."""
    return next(form for form in found if form.number == number)


def forms(name: str, field: str = "name") -> list[Form]:
    """The forms of a name.

    Raises
    ------
    LimitError
        Over 256 characters, or over 16 parts.
    QueryError
        Not text, or nothing but blanks.

    Examples
    --------
    >>> [form.parts for form in forms("Dr Ian Mc Donald")]
    [('ian', 'mc', 'donald'), ('ian', 'mcdonald')]
    """
    check_text(name, field)
    parts, joins = cut(fold(name))
    if not parts:
        raw = raw_part(name)
        if raw is None:
            raise QueryError(field, "is empty; give at least one letter")
        parts, joins = [raw], [None]
    limit = rules().limits["parts"]
    if len(parts) > limit:
        raise LimitError(field, limit, len(parts), "parts")
    return _forms(parts, joins, initials_in(name))
