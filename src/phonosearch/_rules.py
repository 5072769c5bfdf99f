"""The rules as data: reads the tables of ``data/`` once and names their version.

Everything that a match level or a score depends on is here, so one fingerprint tells whether two installations answer
alike.
"""

from __future__ import annotations

import hashlib
import os
import re
import tomllib
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import Any

import anyascii

from phonosearch._errors import RulesError

__all__ = ["LEVELS", "Rules", "rules"]

LEVELS = ("exact", "variant", "sounds", "close", "wide")

DATA = Path(__file__).parent / "data"
UNICODE_VERSION = "14.0"
NICKNAME_TABLES = ("nicknames.tsv", "diminutives.tsv")
EQUIVALENT_TABLES = ("equivalents.tsv",)
SPELLING_TABLES = ("spellings.tsv", "romanisations.tsv")
SURNAME_TABLES = ("surnames.tsv", "respellings.tsv")
VARIANT_TABLES = (*NICKNAME_TABLES, *EQUIVALENT_TABLES, *SPELLING_TABLES, *SURNAME_TABLES)
TABLES = (
    "rules.toml", *VARIANT_TABLES, "orthographies.tsv", "letters.tsv", "rarity.tsv", "weights.tsv",
    "unicode_unassigned.tsv",
)  # fmt: skip
OWN_VARIANTS = "PHONOSEARCH_VARIANTS"  # names a force's own file of variants
ENGLISH_ENDINGS = frozenset(("en", "gd"))  # languages whose diminutives end in -ie or -y at will
VARIANT_LETTERS = 13  # the kernel packs a word of the tables into one number


Row = tuple[str, ...]


@dataclass(frozen=True)
class Variants:
    """The rows of the tables of variants, as text, with the comments of the tables.

    The kernel makes its groups from the text; those here are made for the reference, when first asked for.

    Attributes
    ----------
    short_forms, equivalents, given, surnames : str
        Lines of language, source and words: a formal name and its short forms, one name in several languages, and
        the spellings of given names and of surnames.
    """

    short_forms: str
    equivalents: str
    given: str
    surnames: str

    @cached_property
    def nicknames(self) -> tuple[Row, ...]:
        """The groups of the nickname relation, each led by its formal name."""
        return _nicknames(*(list(_rows(text)) for text in (self.short_forms, self.equivalents, self.given)))

    @cached_property
    def spellings(self) -> tuple[Row, ...]:
        """The groups of the spelling relation."""
        return tuple(row[2:] for row in _rows(self.given + self.surnames))

    @cached_property
    def nickname_groups(self) -> dict[str, frozenset[int]]:
        """The groups of ``nicknames`` that a word stands in."""
        return _group_of(self.nicknames)

    @cached_property
    def spelling_groups(self) -> dict[str, frozenset[int]]:
        """The groups of ``spellings`` that a word stands in."""
        return _group_of(self.spellings)


@dataclass(frozen=True, slots=True)
class Rules:
    """The rules in force, read from the data files.

    Attributes
    ----------
    version : str
        Version of the tables and the first 12 hexadecimal digits of the fingerprint; stands in every answer.
    fingerprint : str
        SHA-256 over all tables, the force's own file of variants, the Unicode version and the version of the
        transliteration package.
    """

    version: str
    fingerprint: str
    limits: dict[str, int]
    letters: dict[str, str]
    digits: dict[str, str]
    joiners: dict[str, str]
    apostrophes: frozenset[str]
    optional_marks: tuple[tuple[int, int], ...]
    invisible_letters: frozenset[str]
    family_name_first: tuple[tuple[int, int], ...]
    unassigned_text: str
    titles: frozenset[str]
    suffixes: frozenset[str]
    placeholders: frozenset[str]
    markers: frozenset[str]
    generations: dict[str, int]
    particles: frozenset[str]
    inner_particles: frozenset[str]
    prefixes: frozenset[str]
    initial_prefixes: frozenset[str]
    initial_prefix_min_rest: int
    compound_ends: frozenset[str]
    compound_stems: frozenset[str]
    compound_articles: frozenset[str]
    joined_initials: dict[str, Any]
    alternate_beginnings: tuple[tuple[str, str], ...]
    alternate_min_rest: int
    alternate_endings: tuple[tuple[str, str], ...]
    alternate_ending_min_rest: int
    edits: tuple[tuple[int, int], ...]
    bands: tuple[tuple[int, str], ...]
    alike_points: int
    alike_edits: int
    heard: dict[str, int]
    orthographies_text: str
    part: dict[str, int]
    name: dict[str, int]
    name_range: int
    age_widths: tuple[int, ...]
    weights: dict[tuple[str, str], int]
    above_contradiction: dict[str, dict[str, int]]  # the weights of a field's states, over that of its contradiction
    variants: Variants
    sequences: dict[str, str]
    first_letters: dict[str, str]
    hangul_finals: dict[str, str]
    family_names: dict[str, str]
    compound_family_names: frozenset[str]
    letter_costs: dict[str, int]
    letter_groups: frozenset[tuple[str, str]]  # both ways round
    letters_text: str
    letter_curve: tuple[tuple[int, int], ...]
    spelling_less: int
    rarity_scale: dict[str, int]
    rarity_text: str
    postcode_areas: frozenset[str]
    postcode_third: str
    postcode_fourth: str
    postcode_never_inward: str

    @property
    def unassigned(self) -> tuple[tuple[int, int], ...]:
        """The code points without a character: the first and the last of each range."""
        return _unassigned(self.unassigned_text)

    @property
    def letter_points(self) -> dict[tuple[str, str], tuple[int, int]]:
        """The points of the facts about two words, alone and beside other parts; the kernel reads the text itself."""
        return _letter_points(self.letters_text)

    @property
    def nicknames(self) -> tuple[Row, ...]:
        """The groups of the nickname relation, each led by its formal name."""
        return self.variants.nicknames

    @property
    def spellings(self) -> tuple[Row, ...]:
        """The groups of the spelling relation."""
        return self.variants.spellings

    @property
    def nickname_groups(self) -> dict[str, frozenset[int]]:
        """The groups of ``nicknames`` that a word stands in."""
        return self.variants.nickname_groups

    @property
    def spelling_groups(self) -> dict[str, frozenset[int]]:
        """The groups of ``spellings`` that a word stands in."""
        return self.variants.spelling_groups

    def rarity_of(self, word: str) -> int:
        """Tenths of bits that a part says about who bears it."""
        return _rarity(self.rarity_text).get(word, self.rarity_scale["unknown"])

    def is_special(self, word: str) -> bool:
        """Whether a list of words of the rules, but that of suffixes, or a table of variants holds a word."""
        lists = (
            self.titles, self.placeholders, self.markers, self.particles, self.inner_particles, self.prefixes,
            self.initial_prefixes, self.compound_ends, self.compound_stems, self.compound_articles,
            self.spelling_groups, self.nickname_groups,
        )  # fmt: skip
        return any(word in words for words in lists)

    def is_known(self, word: str) -> bool:
        """Whether a word stands in the table of rarity or in one of spellings."""
        return word in _rarity(self.rarity_text) or word in self.spelling_groups

    def band_of(self, score: int) -> str:
        """A score in words: "almost certainly", "probable", "possible" or "unlikely" one name."""
        return next(words for least, words in self.bands if score >= least)

    def shares(self, *fields: str) -> tuple[int, tuple[dict[str, int], ...]]:
        """Points of 1000 for the name, then by state for each field of ``weights.tsv`` that is asked.

        The 1000 points are shared out as the weights of the Fellegi-Sunter model range: the name's by
        ``other.name_range``, a field's from its contradiction to its full agreement.
        """
        above = [self.above_contradiction[field] for field in fields]
        total = self.name_range + sum(states["exact"] for states in above)
        points = tuple({state: 1000 * tenths // total for state, tenths in states.items()} for states in above)
        return 1000 - sum(states["exact"] for states in points), points

    def birth_field(self, precision: int, years: int) -> str | None:
        """The field of a date of birth asked to the year (1), month (2) or day (3), or of a range of ages."""
        if years:
            return f"age_{next(width for width in self.age_widths if years <= width)}"
        return (None, "dob_year", "dob_month", "dob")[precision]

    def place_field(self, asked: int) -> str | None:
        """The field of a place of which the towns (1), a district (2) or a postcode (3) is asked."""
        return (None, "place_town", "place_district", "place_postcode")[asked]

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


@cache
def _rarity(text: str) -> dict[str, int]:
    """The table of rarity by word; the kernel reads the text itself."""
    return {word: int(tenths) for tenths, words in _rows(text) for word in words.split()}


@cache
def _unassigned(text: str) -> tuple[tuple[int, int], ...]:
    return _ranges(_rows(text))


@cache
def _letter_points(text: str) -> dict[tuple[str, str], tuple[int, int]]:
    return {(kind, key): (int(alone), int(beside)) for kind, key, alone, beside in _rows(text)}


def _above_contradiction(weights: dict[tuple[str, str], int]) -> dict[str, dict[str, int]]:
    """The states of each field; those of a date known in part are those of a whole one, where it has none itself."""
    fields: dict[str, dict[str, int]] = {}
    for (field, state), tenths in weights.items():
        fields.setdefault(field, {})[state] = tenths
    found = {}
    for field, own in fields.items():
        states = own
        if field.startswith("dob"):
            states = {state: min(tenths, own["exact"]) for state, tenths in (fields["dob"] | own).items()}
        found[field] = {state: max(tenths - states["contradicted"], 0) for state, tenths in states.items()}
    return found


def _read(name: str) -> str:
    return (DATA / name).read_text(encoding="utf-8")


def _rows(text: str) -> tuple[Row, ...]:
    return tuple(tuple(line.split("\t")) for line in text.splitlines() if line and not line.startswith("#"))


def _table(texts: dict[str, str], names: tuple[str, ...]) -> str:
    """Tables as one text, of which each line ends in a newline."""
    return "".join(texts[name] if texts[name].endswith("\n") else f"{texts[name]}\n" for name in names)


def _ranges(rows: Any) -> tuple[tuple[int, int], ...]:
    return tuple(sorted((int(first, 16), int(last, 16)) for first, last in rows))


def _endings(short: str) -> tuple[str, ...]:
    """The other usual spelling of an English diminutive in -ie or -y (Lizzie, Lizzy)."""
    if short.endswith("ie"):
        stem, other = short[:-2], "y"
    elif short.endswith("y"):
        stem, other = short[:-1], "ie"
    else:
        return ()
    if not 3 <= len(stem) <= VARIANT_LETTERS - 2 or stem[-1] in "aeiou":
        return ()
    return (stem + other,)


def _spelled(rows: list[Row]) -> dict[str, dict[str, None]]:
    """The words with which each word shares a row, itself among them, in the order of the rows."""
    others: dict[str, dict[str, None]] = {}
    for row in rows:
        group = dict.fromkeys(row[2:])
        for word in group:
            if word in others:
                others[word] = others[word] | group
            else:
                others[word] = group
    return others


def _nicknames(short_forms: list[Row], equivalents: list[Row], spellings: list[Row]) -> tuple[Row, ...]:
    """The groups of the nickname relation, each led by its formal name.

    One group a formal name and language, so that two short forms are siblings in one language only; one more for each
    other spelling of the formal name. A row of equivalents is a group, with the other spellings of those members that
    head a row of spellings (Michele is Michael in Italy, and a spelling of Michelle elsewhere), and with the English
    short forms in the first row of its first member: Krzysztof is called Chris in England. ``_groups.Groups`` makes
    the same for the kernel.
    """
    spelled = _spelled(spellings)
    headed: dict[str, list[str]] = {}
    for row in spellings:
        headed.setdefault(row[2], []).extend(row[2:])
    formals = {row[2] for row in short_forms}
    groups: dict[tuple[str, str], dict[str, None]] = {}
    for language, _, formal, *shorts in short_forms:
        members = dict.fromkeys(shorts)
        if language in ENGLISH_ENDINGS:
            members.update((word, None) for short in shorts for word in _endings(short) if word not in formals)
        for spelling in spelled.get(formal, (formal,)):
            key = (language, spelling)
            groups[key] = groups[key] | members if key in groups else members
    found = dict.fromkeys(
        (formal, *(word for word in members if word != formal)) for (_, formal), members in groups.items()
    )
    english: dict[str, list[str]] = {}
    for language, _, formal, *shorts in short_forms:
        if language == "en":
            english.setdefault(formal, shorts)
    for _, _, *words in equivalents:
        members = {}
        for word in words:
            members.update(dict.fromkeys(headed.get(word, (word,))))
        members.update(dict.fromkeys(english.get(words[0], ())))
        members.pop(words[0], None)
        found[(words[0], *members)] = None
    return tuple(found)


def _own_variants(text: str) -> list[tuple[str, Row]]:
    """The rows of a force's own file, checked: the relation, then the row as in the tables."""
    found = []
    for number, line in enumerate(text.split("\n"), 1):
        line = line.rstrip("\r")
        if not line.strip() or line.startswith("#"):
            continue
        relation, *row = line.split("\t")
        words = row[2:]
        if relation not in ("nickname", "spelling"):
            raise RulesError(OWN_VARIANTS, "the first column must be nickname or spelling", number)
        if len(words) < 2 or not all(row):
            raise RulesError(OWN_VARIANTS, "needs relation, language, source and two names or more, none empty", number)
        if not all(re.fullmatch(f"[a-z]{{2,{VARIANT_LETTERS}}}", word) for word in words):
            raise RulesError(
                OWN_VARIANTS, f"a name must be one word of 2 to {VARIANT_LETTERS} letters a-z, as normalised", number
            )
        if len(set(words)) < len(words):
            raise RulesError(OWN_VARIANTS, "a name stands twice", number)
        found.append((relation, tuple(row)))
    return found


def _read_own() -> str:
    path = os.environ.get(OWN_VARIANTS, "")
    if not path:
        return ""
    try:
        return Path(path).read_text(encoding="utf-8-sig")
    except OSError as error:
        raise RulesError(OWN_VARIANTS, f"the file cannot be read ({error.strerror})") from None
    except ValueError:
        raise RulesError(OWN_VARIANTS, "the file is not UTF-8 text") from None


def _group_of(rows: tuple[tuple[str, ...], ...]) -> dict[str, frozenset[int]]:
    groups: dict[str, list[int]] = {}
    for number, row in enumerate(rows):
        for word in row:
            if word in groups:
                groups[word].append(number)
            else:
                groups[word] = [number]
    return {word: frozenset(numbers) for word, numbers in groups.items()}


@cache
def rules() -> Rules:
    """The rules in force."""
    texts = {name: _read(name) for name in TABLES}
    digest = hashlib.sha256()
    for name, text in texts.items():
        digest.update(f"{name}\0".encode())
        digest.update(text.encode())
        digest.update(b"\0")
    own = _read_own()
    if own:
        digest.update(f"{OWN_VARIANTS}\0{own}\0".encode())
    digest.update(f"unicode {UNICODE_VERSION}\0anyascii {anyascii.__version__}".encode())
    fingerprint = digest.hexdigest()
    table = tomllib.loads(texts["rules.toml"])
    weights = {(field, state): int(tenths) for field, state, _, _, tenths in _rows(texts["weights.tsv"])}
    own_rows = _own_variants(own)
    own_text = {
        relation: "".join("\t".join(row) + "\n" for of, row in own_rows if of == relation)
        for relation in ("nickname", "spelling")
    }
    fold, words = table["fold"], table["words"]
    return Rules(
        version=f"{table['version']}+{fingerprint[:12]}",
        fingerprint=fingerprint,
        limits=table["limits"],
        letters=fold["letters"],
        digits=fold["digits"],
        joiners=fold["joiners"],
        apostrophes=frozenset(fold["apostrophes"]),
        optional_marks=_ranges(fold["optional_marks"]),
        invisible_letters=frozenset(chr(int(code, 16)) for code in fold["invisible_letters"]),
        family_name_first=_ranges(fold["family_name_first"]),
        unassigned_text=texts["unicode_unassigned.tsv"],
        titles=frozenset(words["titles"]),
        suffixes=frozenset(words["suffixes"]),
        placeholders=frozenset(words["placeholders"]),
        markers=frozenset(words["markers"]),
        generations=words["generations"],
        particles=frozenset(words["particles"]),
        inner_particles=frozenset(words["inner_particles"]),
        prefixes=frozenset(words["prefixes"]),
        initial_prefixes=frozenset(words["initial_prefixes"]["letters"]),
        initial_prefix_min_rest=words["initial_prefixes"]["min_rest"],
        compound_ends=frozenset(words["compound_ends"]),
        compound_stems=frozenset(words["compound_stems"]),
        compound_articles=frozenset(words["compound_articles"]),
        joined_initials=words["joined_initials"],
        alternate_beginnings=tuple((one, other) for one, other in words["alternate_beginnings"]["pairs"]),
        alternate_min_rest=words["alternate_beginnings"]["min_rest"],
        alternate_endings=tuple((one, other) for one, other in words["alternate_endings"]["pairs"]),
        alternate_ending_min_rest=words["alternate_endings"]["min_rest"],
        edits=tuple((up_to, edits) for up_to, edits in table["close"]["edits"]),
        bands=tuple((least, words) for least, words in table["bands"]["least"]),
        alike_points=table["close"]["alike_points"],
        alike_edits=table["close"]["alike_edits"],
        heard=table["close"]["heard"],
        orthographies_text=texts["orthographies.tsv"],
        part=table["part"],
        name=table["name"],
        name_range=table["other"]["name_range"],
        age_widths=tuple(table["other"]["age_widths"]),
        weights=weights,
        above_contradiction=_above_contradiction(weights),
        variants=Variants(
            short_forms=_table(texts, NICKNAME_TABLES) + own_text["nickname"],
            equivalents=_table(texts, EQUIVALENT_TABLES),
            given=_table(texts, SPELLING_TABLES) + own_text["spelling"],
            surnames=_table(texts, SURNAME_TABLES),
        ),
        sequences=fold["sequences"],
        first_letters=fold["first_letters"],
        hangul_finals=fold["hangul_finals"],
        family_names=fold["family_names"],
        compound_family_names=frozenset(fold["compound_family_names"].split()),
        letter_costs=table["letters"]["costs"],
        letter_groups=frozenset(
            pair
            for group in table["letters"]["groups"]
            for pair in (tuple(group.split(":")), tuple(group.split(":")[::-1]))
        ),
        letters_text=texts["letters.tsv"],
        letter_curve=tuple((evidence, points) for evidence, points in table["letters"]["curve"]),
        spelling_less=table["letters"]["spelling_less"],
        rarity_scale=table["rarity"],
        rarity_text=texts["rarity.tsv"],
        postcode_areas=frozenset(table["postcode"]["areas"].split()),
        postcode_third=table["postcode"]["third"],
        postcode_fourth=table["postcode"]["fourth"],
        postcode_never_inward=table["postcode"]["never_inward"],
    )
