"""How a part is read that follows the spelling of another language: the specification, in plain Python.

``_heard.pyx`` is its compiled twin.
"""

from __future__ import annotations

from functools import cache
from typing import NamedTuple

from phonosearch._rules import rules

__all__ = ["Orthography", "orthographies", "readings"]

LONGEST_PIECE = 6


class Orthography(NamedTuple):
    """Letters and pairs of letters that no name of it holds, and what English ears write for pieces of a name; ``^``
    stands before a name, ``$`` after it."""

    lacks: frozenset[str]
    written: dict[str, str]

    def read(self, part: str) -> str:
        """The part as it is heard; the part itself where this is not its orthography."""
        text = f"^{part}$"
        if any(lacked in text for lacked in self.lacks):
            return part
        out, place = "", 0
        while place < len(text):
            length = next(
                (size for size in range(LONGEST_PIECE, 1, -1) if text[place : place + size] in self.written), 1
            )
            piece = text[place : place + length]
            out += self.written.get(piece, piece.strip("^$"))
            place += length
        return out


@cache
def orthographies(text: str) -> tuple[Orthography, ...]:
    """The lines of ``orthographies.tsv``."""
    found = []
    for line in text.splitlines():
        if line and not line.startswith("#"):
            _, _, lacks, pieces = line.split("\t")
            written = dict(piece.split("=") for piece in pieces.split())
            found.append(Orthography(frozenset(lacks.split()), written))
    return tuple(found)


@cache
def readings(part: str) -> tuple[str, ...]:
    """What else than the part itself somebody may write who hears it; nothing of well-known names."""
    r = rules()
    if not 1 < len(part) <= r.heard["letters"] or r.rarity_of(part) < r.heard["rarity"]:
        return ()
    read = dict.fromkeys(orthography.read(part) for orthography in orthographies(r.orthographies_text))
    return tuple(heard for heard in read if heard != part and len(heard) > 1)
