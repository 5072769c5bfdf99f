"""The rules as data: reads the tables of ``data/`` once and names their version.

Everything that a match level or a score depends on is here, so one fingerprint tells whether two installations answer
alike.
"""

from __future__ import annotations

import hashlib
import tomllib
from dataclasses import dataclass
from functools import cache
from importlib.metadata import version
from importlib.resources import files
from typing import Any

__all__ = ["LEVELS", "Rules", "rules"]

LEVELS = ("exact", "variant", "sounds", "close", "wide")

UNICODE_VERSION = "14.0"
NICKNAME_TABLES = ("nicknames.tsv", "diminutives.tsv", "equivalents.tsv")
TABLES = ("rules.toml", *NICKNAME_TABLES, "spellings.tsv", "unicode_unassigned.tsv")


@dataclass(frozen=True, slots=True)
class Rules:
    """The rules in force, read from the data files.

    Attributes
    ----------
    version : str
        Version of the tables and the first 12 hexadecimal digits of the fingerprint; stands in every answer.
    fingerprint : str
        SHA-256 over all tables, the Unicode version and the version of the transliteration package.
    """

    version: str
    fingerprint: str
    limits: dict[str, int]
    letters: dict[str, str]
    digits: dict[str, str]
    apostrophes: frozenset[str]
    optional_marks: tuple[tuple[int, int], ...]
    invisible_letters: frozenset[str]
    family_name_first: tuple[tuple[int, int], ...]
    unassigned: tuple[tuple[int, int], ...]
    titles: frozenset[str]
    suffixes: frozenset[str]
    particles: frozenset[str]
    inner_particles: frozenset[str]
    prefixes: frozenset[str]
    alternate_beginnings: tuple[tuple[str, str], ...]
    alternate_min_rest: int
    edits: tuple[tuple[int, int], ...]
    part: dict[str, int]
    name: dict[str, int]
    dob: dict[str, int]
    sex: dict[str, int]
    nicknames: tuple[tuple[str, ...], ...]
    spellings: tuple[tuple[str, ...], ...]
    nickname_groups: dict[str, frozenset[int]]
    spelling_groups: dict[str, frozenset[int]]
    sequences: dict[str, str]

    def share_nickname(self, a: str, b: str) -> str | None:
        """How two given names are forms of one: the key of its points, or None."""
        shared = self.nickname_groups.get(a, frozenset()) & self.nickname_groups.get(b, frozenset())
        if not shared:
            return None
        return "nickname" if any(self.nicknames[group][0] in (a, b) for group in shared) else "nickname_sibling"

    def edits_allowed(self, letters: int) -> int:
        """Edits that level ``close`` allows when the longer part has so many letters."""
        for up_to, edits in self.edits:
            if letters <= up_to:
                return edits
        return self.edits[-1][1]


Row = tuple[str, ...]


def _read(name: str) -> str:
    return (files("phonosearch") / "data" / name).read_text(encoding="utf-8")


def _rows(text: str) -> tuple[tuple[str, ...], ...]:
    return tuple(tuple(line.split("\t")) for line in text.splitlines() if line and not line.startswith("#"))


def _ranges(rows: Any) -> tuple[tuple[int, int], ...]:
    return tuple(sorted((int(first, 16), int(last, 16)) for first, last in rows))


def _nicknames(rows: list[Row], spellings: tuple[Row, ...]) -> tuple[Row, ...]:
    """One row a given name; the spellings of a name share their diminutives."""
    short: dict[str, set[str]] = {}
    for formal, *others in rows:
        short.setdefault(formal, set()).update(others)
    for group in spellings:
        shared = set().union(*(short.get(name, ()) for name in group)) - set(group)
        if shared:
            short.update((name, short.get(name, set()) | shared) for name in group)
    return tuple((formal, *sorted(short[formal] - {formal})) for formal in sorted(short))


def _group_of(rows: tuple[tuple[str, ...], ...]) -> dict[str, frozenset[int]]:
    groups: dict[str, set[int]] = {}
    for number, row in enumerate(rows):
        for word in row:
            groups.setdefault(word, set()).add(number)
    return {word: frozenset(numbers) for word, numbers in groups.items()}


@cache
def rules() -> Rules:
    """The rules in force."""
    texts = {name: _read(name) for name in TABLES}
    digest = hashlib.sha256()
    for name, text in texts.items():
        digest.update(f"{name}\0{text}\0".encode())
    digest.update(f"unicode {UNICODE_VERSION}\0anyascii {version('anyascii')}".encode())
    fingerprint = digest.hexdigest()
    table = tomllib.loads(texts["rules.toml"])
    spellings = _rows(texts["spellings.tsv"])
    nicknames = _nicknames([row for name in NICKNAME_TABLES for row in _rows(texts[name])], spellings)
    fold, words = table["fold"], table["words"]
    return Rules(
        version=f"{table['version']}+{fingerprint[:12]}",
        fingerprint=fingerprint,
        limits=table["limits"],
        letters=fold["letters"],
        digits=fold["digits"],
        apostrophes=frozenset(fold["apostrophes"]),
        optional_marks=_ranges(fold["optional_marks"]),
        invisible_letters=frozenset(chr(int(code, 16)) for code in fold["invisible_letters"]),
        family_name_first=_ranges(fold["family_name_first"]),
        unassigned=_ranges(_rows(texts["unicode_unassigned.tsv"])),
        titles=frozenset(words["titles"]),
        suffixes=frozenset(words["suffixes"]),
        particles=frozenset(words["particles"]),
        inner_particles=frozenset(words["inner_particles"]),
        prefixes=frozenset(words["prefixes"]),
        alternate_beginnings=tuple((one, other) for one, other in words["alternate_beginnings"]["pairs"]),
        alternate_min_rest=words["alternate_beginnings"]["min_rest"],
        edits=tuple((up_to, edits) for up_to, edits in table["close"]["edits"]),
        part=table["part"],
        name=table["name"],
        dob=table["dob"],
        sex=table["sex"],
        nicknames=nicknames,
        spellings=spellings,
        nickname_groups=_group_of(nicknames),
        spelling_groups=_group_of(spellings),
        sequences=fold["sequences"],
    )
