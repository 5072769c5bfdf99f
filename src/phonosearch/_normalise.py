"""Text to parts: any Unicode to words of a-z, by fixed and versioned rules.

``fold`` maps a text to a-z, digits, spaces and joiners (hyphens); ``cut`` makes the parts of a name of that. The
compiled kernel does the same for Latin letters by a table made with ``fold``, and calls ``fold`` for every other text.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from bisect import bisect_right
from functools import cache, lru_cache

from anyascii import anyascii

from phonosearch._errors import LimitError, QueryError
from phonosearch._rules import rules

__all__ = ["check_text", "cut", "fold", "fold_character", "is_raw", "normalise", "raw_part"]

RAW_MARK = "="  # begins the one part of a name without letters; never a letter, so it equals only itself
MAX_REMEMBERED = 65_536  # characters


def check_text(text: str, field: str = "name") -> None:
    """Refuse what no rule covers, before any work on the text.

    Raises
    ------
    LimitError
        More code points than a name may have.
    QueryError
        A lone surrogate, which is not text.
    """
    if not isinstance(text, str):
        raise QueryError(field, f"must be text (str), not {type(text).__name__}")
    limit = rules().limits["name_code_points"]
    if len(text) > limit:
        raise LimitError(field, limit, len(text), "characters")
    if not text.isascii() and any("\ud800" <= character <= "\udfff" for character in text):
        raise QueryError(field, "holds a lone surrogate, which is not a character; decode the source correctly")


def _within(ranges: tuple[tuple[int, int], ...], code: int) -> bool:
    position = bisect_right(ranges, (code, 0x110000)) - 1
    return position >= 0 and ranges[position][0] <= code <= ranges[position][1]


@lru_cache(maxsize=MAX_REMEMBERED)
def fold_character(character: str) -> str:
    """What one character of NFKC text contributes: letters a-z, digits, a space, a joiner, or nothing."""
    r = rules()
    if character.isascii():
        if character.isalnum():
            return character.lower()
        return "" if character in r.apostrophes else character if character in r.joiners else " "
    code = ord(character)
    if character in r.apostrophes or character in r.invisible_letters or _within(r.optional_marks, code):
        return ""
    if _within(r.unassigned, code):
        return " "
    lower = character.lower()
    if lower in r.letters:
        return r.letters[lower]
    category = unicodedata.category(character)
    if category == "Cf" or 0xFE00 <= code <= 0xFE0F or 0xE0100 <= code <= 0xE01EF or code == 0x34F:
        return ""
    if category == "Pd":
        return "-"
    if category[0] in "CZPS":
        return " "
    if category == "Nd":
        return str(unicodedata.decimal(character))
    base = unicodedata.normalize("NFKD", character)[0]
    if base.isascii() and base.isalpha():
        plain = unicodedata.normalize("NFKD", character.casefold())
        return "".join(letter for letter in plain if letter.isascii() and letter.isalnum())
    if character.casefold() != character and character.casefold() in r.letters:
        return r.letters[character.casefold()]
    if base in r.letters or base.lower() in r.letters:
        return r.letters[base.lower()]
    letters = "".join(letter for letter in anyascii(character).lower() if letter.isascii() and letter.isalnum())
    if "가" <= character <= "힣" and letters[-1] in r.hangul_finals and not letters.endswith("ng"):
        letters = letters[:-1] + r.hangul_finals[letters[-1]]
    return letters


class _BeforeNfkc(dict[int, str | int | None]):
    """What becomes of a code point before NFKC, for ``str.translate``; looked up once."""

    def __init__(self) -> None:
        # NFKC turns the spacing accents into a space and a mark, which would split the name.
        super().__init__((ord(character), None) for character in rules().apostrophes)

    def __missing__(self, code: int) -> str | int:
        found = " " if _within(rules().unassigned, code) else code
        if len(self) < MAX_REMEMBERED:
            self[code] = found
        return found


@cache
def _before_nfkc() -> _BeforeNfkc:
    return _BeforeNfkc()


def fold(text: str) -> str:
    """Letters a-z, digits, spaces and joiners of a text.

    NFKC, case, accents, other scripts, default-ignorable characters, apostrophes: see ``fold_character``. Two to four
    Han or Hangul characters, the only ones, are parted after the family name: two of four characters, and of three that
    begin with a family name of two, else one.
    """
    if not text.isascii():
        text = unicodedata.normalize("NFKC", text.translate(_before_nfkc()))
        text = _part_family_names(text)
        for sequence, letters in rules().sequences.items():
            text = text.replace(sequence, letters).replace(sequence.capitalize(), letters)
        text = _first_letters().sub(lambda found: rules().first_letters[found[0]], text)
    return "".join(map(fold_character, text))


@cache
def _first_letters() -> re.Pattern[str]:
    return re.compile(rf"(?<![^\s-])[{''.join(rules().first_letters)}]")


def _part_family_names(text: str) -> str:
    """Part the only run of Han or Hangul characters; where there are several, the writer has parted the name. Then read
    the family names that are read in a way of their own."""
    r = rules()
    runs = _family_name_first().findall(text)
    if not runs:
        return text
    if len(runs) == 1 and 2 <= len(runs[0]) <= 4:
        first = text.index(runs[0])
        compound = len(runs[0]) == 4 or (len(runs[0]) == 3 and runs[0][:2] in r.compound_family_names)
        cut = first + 1 + compound
        text = f"{text[:cut]} {text[cut:]}"
    return re.sub(r"\S+", lambda found: r.family_names.get(found[0], found[0]), text)


@cache
def _family_name_first() -> re.Pattern[str]:
    return re.compile("[" + "".join(f"{chr(first)}-{chr(last)}" for first, last in rules().family_name_first) + "]+")


@cache
def _joiners() -> re.Pattern[str]:
    return re.compile("([" + "".join(map(re.escape, rules().joiners)) + "])")


def _letters_of(chunk: str) -> str:
    """Digits among letters become the letters they look like; digits alone are nothing."""
    if chunk.isalpha():
        return chunk
    if chunk.isdigit():
        return ""
    digits = rules().digits
    return "".join(digits.get(character, "") if character.isdigit() else character for character in chunk)


def cut(folded: str) -> tuple[list[str], list[str | None]]:
    """Cut folded text into parts of letters, and say of each how it is joined to the one before: None where a word
    begins, else the letter that the joiner between them looks like, or nothing.

    A part over the limit is cut.
    """
    r = rules()
    longest = r.limits["part_letters"]
    found: list[str] = []
    joins: list[str | None] = []
    for word in folded.split():
        begun, between = False, ""
        for place, piece in enumerate(_joiners().split(word)):
            if place % 2:
                between += piece
            elif letters := _letters_of(piece):
                found += [letters[start : start + longest] for start in range(0, len(letters), longest)]
                joins.append(r.joiners.get(between, "") if begun else None)
                joins += [None] * (len(found) - len(joins))
                begun, between = True, ""
    return found, joins


def raw_part(text: str) -> str | None:
    """The one part of a name that yields no letters: its raw form, case and width folded (a digest of a long
    one); None for blank text."""
    raw = "".join(unicodedata.normalize("NFKC", text).casefold().split())
    raw = "".join(character for character in raw if unicodedata.category(character) not in ("Cc", "Cf"))
    if len(raw.encode()) > rules().limits["part_letters"]:
        raw = hashlib.sha256(raw.encode()).hexdigest()[:32]
    return RAW_MARK + raw if raw else None


def is_raw(part: str) -> bool:
    """Whether a part is the raw form of a name without letters."""
    return part.startswith(RAW_MARK)


def normalise(text: str) -> list[str]:
    """The parts of a name: lower-case letters a-z; empty for blank text. Titles and suffixes are still among them.

    Parameters
    ----------
    text : str
        At most 256 characters, in any script.

    Raises
    ------
    QueryError, LimitError

    Notes
    -----
    Unicode Standard Annex 15 (NFKC), then the tables of the rules. Linear in the text.

    Examples
    --------
    >>> normalise("Siân O’Brien-Müller")
    ['sian', 'obrien', 'muller']
    >>> normalise("Ольга Кузнецова")
    ['olga', 'kuznetsova']
    """
    check_text(text)
    found, _ = cut(fold(text))
    if found:
        return found
    raw = raw_part(text)
    return [raw] if raw else []
