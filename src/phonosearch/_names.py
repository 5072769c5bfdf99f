"""A name as the matcher sees it: its forms, each a tuple of parts.

The first form is the name as it stands, without titles and suffixes. Others leave the particles out, or join what is
often written joined; they count from level ``variant`` on. The kernel holds the same function for the records of an
index; a test holds the two together.
"""

from __future__ import annotations

from typing import NamedTuple

from phonosearch._errors import LimitError, QueryError
from phonosearch._normalise import check_text, is_raw, normalise
from phonosearch._rules import Rules, rules

__all__ = ["Form", "forms", "forms_of_parts"]


class Form(NamedTuple):
    """One reading of a name: its parts, and how they came about ("full", "particles", "joined")."""

    parts: tuple[str, ...]
    kind: str


def _without_titles(parts: list[str], r: Rules) -> list[str]:
    first, last = 0, len(parts)
    while last - first > 1 and parts[first] in r.titles:
        first += 1
    while last - first > 1 and parts[last - 1] in r.suffixes:
        last -= 1
    return parts[first:last]


def _without_particles(parts: list[str], r: Rules) -> list[str]:
    last = len(parts) - 1
    return [
        part
        for position, part in enumerate(parts)
        if position == last or not (part in r.particles or (position > 0 and part in r.inner_particles))
    ]


def _joined(parts: list[str], r: Rules) -> list[str]:
    """Prefixes joined to what follows."""
    out: list[str] = []
    position = 0
    while position < len(parts):
        end = position
        while end + 1 < len(parts) and parts[end] in r.prefixes:
            end += 1
        joined = "".join(parts[position : end + 1])
        if len(joined) > r.limits["part_letters"]:
            joined, end = parts[position], position
        out.append(joined)
        position = end + 1
    return out


def forms_of_parts(parts: list[str]) -> list[Form]:
    """The forms of normalised parts; the first is the full form."""
    r = rules()
    if len(parts) == 1 and is_raw(parts[0]):
        return [Form((parts[0],), "full")]
    full = _without_titles(parts, r)
    found = [Form(tuple(full), "full")]
    core = _without_particles(full, r)
    for candidate, kind in ((core, "particles"), (_joined(full, r), "joined")):
        form = Form(tuple(candidate), kind)
        if candidate and all(form.parts != other.parts for other in found):
            found.append(form)
    return found


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
    parts = normalise(name)
    if not parts:
        raise QueryError(field, "is empty; give at least one letter")
    limit = rules().limits["parts"]
    if len(parts) > limit:
        raise LimitError(field, limit, len(parts), "parts")
    return forms_of_parts(parts)
