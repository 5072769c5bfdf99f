"""A name as the matcher sees it: its forms, each a tuple of parts.

The first form is the name as it stands, without titles and suffixes. Others leave the particles out, or join what is
often written joined: prefixes, ends of compound names, what hyphens part; they count from level ``variant`` on. The
kernel holds the same function for the records of an index; a test holds the two together.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from phonosearch._errors import LimitError, QueryError
from phonosearch._normalise import check_text, cut, fold, is_raw, raw_part
from phonosearch._rules import Rules, rules

__all__ = ["KINDS", "Form", "form_of_kind", "forms"]

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


def _without_particles(parts: Sequence[str], r: Rules) -> list[str]:
    last = len(parts) - 1
    return [
        part
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


def _forms(parts: Sequence[str], joins: Sequence[str | None]) -> list[Form]:
    """The forms of what ``cut`` gives, the full form first."""
    r = rules()
    if len(parts) == 1 and is_raw(parts[0]):
        return [Form((parts[0],), "full")]
    named = _named(parts, r)
    full = parts[named]
    generations = frozenset(r.generations[part] for part in parts[named.stop :] if part in r.generations)
    found = [Form(tuple(full), "full", generations)]
    for candidate, kind in (
        (_without_particles(full, r), "particles"),
        (_joined(full, _prefixed(full, r), r), "prefixes"),
        (_joined(full, joins[named], r), "hyphens"),
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
    return _forms(parts, joins)
