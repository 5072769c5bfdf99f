"""The words of a name as they were given, for sentences about the parts that were made of them.

A reader looks for “O’Brien” on the record, not for “Obrien”. A word is shown only where it yields the part by itself;
what only the whole name explains (Chinese names are parted, say) shows its part.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from functools import lru_cache

from phonosearch._normalise import cut, fold, fold_character, is_raw
from phonosearch._rules import rules

__all__ = ["plain_word", "words_not_compared", "words_of"]

_Piece = tuple[str, str]  # a part and the characters that it was made of


def plain_word(part: str) -> str:
    """A part as a word."""
    return part.lstrip("=").title()


@lru_cache(maxsize=16384)
def words_of(name: str, parts: tuple[str, ...]) -> tuple[str, ...] | None:
    """For each part of a form of the name, what it was made of; None where that is the part itself.

    Letters that are not Latin are followed by the part, so that the word can be read aloud.
    """
    plain = " ".join(parts).title()
    if name == plain:
        return None
    if name.isascii() and name.lower() == plain.lower():
        return tuple(name.split())
    if is_raw(parts[0]):
        return (name.strip(),)
    given = [_pieces(word) for word in name.split()]
    pieces = [piece for found, _, _ in given for piece in found]
    # By the place of the first of its pieces, each word of several: the part that it is when joined, its end, itself.
    joined: dict[int, tuple[str, int, str]] = {}
    end = 0
    for found, whole, word in given:
        joined[end] = whole, end + len(found), word
        end += len(found)
    words = []
    at = 0
    for part in parts:
        for start in range(at, len(pieces)):
            found_at = _end_of(part, pieces, start, joined)
            if found_at is not None:
                words.append(found_at[1])
                at = found_at[0]
                break
        else:
            words.append(plain_word(part))
    return None if " ".join(words) == plain else tuple(words)


@lru_cache(maxsize=16384)
def words_not_compared(name: str, parts: tuple[str, ...]) -> tuple[str, ...]:
    """The words of a name that are in no part of its full form: titles, numbers, suffixes but those of generations.

    None of them where the parts cannot be told from the words.
    """
    if (name.isascii() and name.lower() == " ".join(parts)) or is_raw(parts[0]):
        return ()
    left = []
    at, letters = 0, ""
    for word in name.split():
        found, _, _ = _pieces(word)
        if not found and any(character.isalnum() for character in word):
            left.append(word)
        for part, written in found:
            # A part may be joined of a prefix and a word (O Brien).
            letters = letters + part if at < len(parts) and parts[at].startswith(letters + part) else ""
            if letters and letters == parts[at]:
                at, letters = at + 1, ""
            elif not letters and part not in rules().generations:
                left.append(written)
    return tuple(left) if at == len(parts) else ()


def _end_of(
    part: str, pieces: Sequence[_Piece], start: int, joined: dict[int, tuple[str, int, str]]
) -> tuple[int, str] | None:
    """Where the pieces from ``start`` that make the part end, and how they are written; None if they do not."""
    if pieces[start][0] == part:
        return start + 1, pieces[start][1]
    if start in joined and joined[start][0] == part:
        return joined[start][1:]
    letters, end = "", start
    while end < len(pieces) and len(letters) < len(part):
        letters += pieces[end][0]
        end += 1
    return (end, " ".join(word for _, word in pieces[start:end])) if letters == part else None


@lru_cache(maxsize=16384)
def _pieces(word: str) -> tuple[tuple[_Piece, ...], str, str]:
    """The parts of a word with their characters; the one part that they are when joined; and the word itself."""
    if word.isascii() and word.isalpha() and len(word) <= rules().limits["part_letters"]:
        return ((word.lower(), word),), word.lower(), word
    cuts = [bool(letters) and not letters.isalnum() for letters in map(fold_character, word)]
    parts, joins = cut(fold(word))
    whole = "".join((join or "") + part for part, join in zip(parts, joins, strict=True))
    texts = "".join(" " if parting else character for character, parting in zip(word, cuts, strict=True)).split()
    named = [(text, found) for text in texts if (found := cut(fold(text))[0])]
    if [found for _, found in named] != [[part] for part in parts]:
        named = [(plain_word(part), [part]) for part in parts]
    first = cuts.index(False) if False in cuts else 0
    last = len(cuts) - cuts[::-1].index(False) if False in cuts else 0
    return (
        tuple((part, _legible(text, part)) for text, (part,) in named),
        whole,
        _legible(word[first:last], whole),
    )


def _legible(text: str, part: str) -> str:
    latin = text.isascii() or all(
        not character.isalpha() or unicodedata.name(character, "").startswith(("LATIN", "MODIFIER"))
        for character in text
    )
    return text if latin else f"{text} ({plain_word(part)})"
