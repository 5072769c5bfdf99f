"""People and mistakes for testing applications: a seeded POLE population, and names as they get misspelt.

Everything is made of integers by SplitMix64, so the same seed gives the same people and the same mistakes on
every machine, platform and version of Python. The people are invented; the tables that they are made of are
``data/testing_names.tsv`` and ``data/testing_errors.tsv``.
"""

from __future__ import annotations

import re
import zlib
from bisect import bisect_right
from datetime import date, timedelta
from functools import cache
from importlib import resources, util
from itertools import accumulate
from pathlib import Path
from typing import TYPE_CHECKING, Any, Generic, NamedTuple, TypeVar

from phonosearch._errors import MissingExtraError

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Mapping

__all__ = ["KINDS", "Query", "Variant", "population", "population_columns", "queries", "variants"]

KINDS = ("typed", "heard", "written", "swapped", "joined", "split", "initial", "nickname", "dropped")
"""The kinds of mistake that `variants` makes."""

_T = TypeVar("_T")
_EDITED = KINDS[:3]
_MASK = (1 << 64) - 1
_GAMMA = 0x9E3779B97F4A7C15


class Variant(NamedTuple):
    """A name with a mistake in it.

    Attributes
    ----------
    name, kind : str
        The name as it was got wrong, and the kind of mistake, one of `KINDS`.
    edits : int
        How many such mistakes were made.
    """

    name: str
    kind: str
    edits: int


class Query(NamedTuple):
    """A name to search for, and the person who should be found.

    Attributes
    ----------
    text, person_id : str
        The first forename and the surname of this person, perhaps with mistakes.
    kind : str
        "present" (as recorded), "one_edit" or "two_edits" (that many typing mistakes), or "respelt" (by sound).
    """

    text: str
    person_id: str
    kind: str


class _Random:
    """SplitMix64 (Steele, Lea and Flood 2014), with the finaliser "Mix13" of Stafford (2011)."""

    __slots__ = ("state",)

    def __init__(self, state: int) -> None:
        self.state = state

    def word(self) -> int:
        """Return the next 64 bits."""
        self.state = z = (self.state + _GAMMA) & _MASK
        z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & _MASK
        z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & _MASK
        return z ^ (z >> 31)

    def below(self, n: int) -> int:
        """Return an integer in [0, n) by multiply and shift (Lemire 2019), whose bias is under n / 2**64."""
        return (self.word() * n) >> 64


def _stream(seed: int, number: int) -> _Random:
    """Return the generator of one person or query: a stream for each, so that none depends on how many there are."""
    return _Random(_Random((_Random(seed & _MASK).word() + number * _GAMMA) & _MASK).word())


class _Table(Generic[_T]):
    """Values with integer weights, to be drawn from."""

    __slots__ = ("cumulative", "total", "values")

    def __init__(self, rows: Iterable[tuple[_T, int]]) -> None:
        rows = list(rows)
        self.values = [value for value, _ in rows]
        self.cumulative = list(accumulate(weight for _, weight in rows))
        self.total = self.cumulative[-1] if rows else 0

    def at(self, word: int) -> _T:
        """Return the value that 64 random bits choose."""
        return self.values[bisect_right(self.cumulative, (word * self.total) >> 64)]


class _Names(NamedTuple):
    """How people of one origin and sex are named; composed, coined and borrowed are shares of 1,000.

    A table reads the high bits of a word, so its low bits are free to choose between tables.
    """

    forenames: _Table[str]
    forename_parts: list[_Table[str]]
    surnames: _Table[str]
    surname_parts: list[_Table[str]]
    borrowable: _Table[str]
    middle: str
    composed: int
    coined: int
    borrowed: int

    def forename(self, random: _Random) -> str:
        word = random.word()
        chance = (word & 0xFFFF) * 1000 >> 16
        if chance < self.coined:
            return _compose(self.forename_parts, random)
        return (self.borrowable if chance < self.coined + self.borrowed else self.forenames).at(word)

    def surname(self, random: _Random) -> str:
        word = random.word()
        if (word & 0xFFFF) * 1000 >> 16 < self.composed:
            return _compose(self.surname_parts, random)
        return self.surnames.at(word)


class _Source(NamedTuple):
    """All that people are made of."""

    origins: _Table[dict[str, _Names]]
    places: _Table[str]
    days: _Table[str]


_OTHER_NAMES = _Table([("alias", 30), ("maiden", 25), ("previous", 15), ("nickname", 20), ("weak", 10)])


def _compose(parts: list[_Table[str]], random: _Random) -> str:
    first, *rest = (part.at(random.word()) for part in parts)
    tail = "".join(rest)
    return first + (tail[:1].upper() + tail[1:] if first.endswith(("Mc", "'", "-", " ")) else tail)


def _read(file: str) -> list[list[str]]:
    text = (resources.files("phonosearch") / "data" / file).read_text(encoding="utf-8")
    return [line.split("\t") for line in text.splitlines() if not line.startswith("#")]


def _census(file: str) -> list[tuple[str, int]]:
    """Read a list of the package ``names``; a frequency that is rounded to nothing still counts for a little."""
    spec = util.find_spec("names")
    path = Path(spec.origin).with_name(file) if spec and spec.origin else None
    if path is None or not path.is_file():
        raise MissingExtraError("testing", "the source 'pypi'")
    rows = (line.split() for line in path.read_text(encoding="ascii").splitlines())
    named = ((row[0].capitalize(), 2 * int(row[1].replace(".", "")) + 1) for row in rows)
    return [(f"Mc{name[2:].capitalize()}" if name.startswith("Mc") else name, weight) for name, weight in named]


@cache
def _source(source: str) -> _Source:
    rows: dict[tuple[str, str, str], list[tuple[str, int]]] = {}
    for role, origin, sex, text, weight in _read("testing_names.tsv"):
        for one in "MF" if sex == "-" else sex:
            rows.setdefault((role, origin, one), []).append((text, int(weight)))
    if source == "pypi":
        last = _census("dist.all.last")
        for sex, file in (("M", "dist.male.first"), ("F", "dist.female.first")):
            rows["forename", "english", sex], rows["surname", "english", sex] = _census(file), last
            rows["composed", "english", sex] = rows["coined", "english", sex] = [("-", 0)]
    for role in ("surname", "surname3"):
        own = rows[role, "polish", "F"]
        rows[role, "polish", "F"] = [(re.sub("([sc]k)i$", r"\1a", text), weight) for text, weight in own]
    # Most are adults in the middle of life, as in the records of police forces.
    born = (date(1930, 1, 1) + timedelta(n) for n in range(365 * 83 + 20))
    days = _Table((day.isoformat(), day.year - 1929 if day.year <= 1990 else 3 * (2013 - day.year)) for day in born)

    def names(origin: str, sex: str) -> _Names:
        def table(role: str, of: str = origin) -> _Table[str]:
            return _Table(rows.get((role, of, sex), []))

        return _Names(
            table("forename"),
            [table("forename1"), table("forename2")],
            table("surname"),
            [table("surname1"), table("surname2"), table("surname3")],
            table("forename", "english"),
            "".join(table("middle").values),
            *(table(share).total for share in ("composed", "coined", "borrowed")),
        )

    shares = [(origin, row[0][1]) for (role, origin, sex), row in rows.items() if role == "share" and sex == "M"]
    origins = _Table(({sex: names(origin, sex) for sex in "MF"}, share) for origin, share in shares)
    return _Source(origins, _Table(rows["place", "-", "M"]), days)


def _several(names: _Names, sex: str, forenames: str, surname: str, random: _Random) -> list[dict[str, str]]:
    """Return the names of somebody who has several, the primary one first."""
    found = [{"forenames": forenames, "surname": surname, "kind": "primary"}]
    first = forenames.split()[0]
    short = _diminutives().get(first.casefold(), [])
    for _ in range(2 if random.below(8) == 0 else 1):
        kind = _OTHER_NAMES.at(random.word())
        if kind == "maiden" and sex != "F":
            kind = "previous"
        elif kind == "nickname" and not short:
            kind = "alias"
        if kind in ("maiden", "previous"):
            while (former := names.surname(random)) == surname:
                pass
            name = {"forenames": forenames, "surname": former, "kind": kind}
        elif kind == "nickname":
            name = {"full_name": f"{short[random.below(len(short))]} {surname}", "kind": kind}
        elif kind == "weak":
            name = {"full_name": short[random.below(len(short))] if short else first, "kind": kind}
        else:
            while (other := names.forename(random)) == first:
                pass
            alias = surname if random.below(2) else names.surname(random)
            name = {"full_name": f"{other} {alias}", "kind": kind}
        if name not in found:
            found.append(name)
    return found


def _dob(days: _Table[str], chance: int, random: _Random) -> str | list[str] | None:
    """Return a date of birth: `chance`, out of 1,024, makes 4 % absent, 5 % partial and 2 % doubtful."""
    if chance < 41:
        return None
    dob = days.at(random.word())
    if chance < 92:
        return dob[:4] if chance < 66 else dob[:7]
    if chance < 112:
        year, month, day = dob.split("-")
        return [dob, f"{year}-{day}-{month}" if month != day <= "12" else days.at(random.word())]
    return dob


def _person(source: _Source, seed: int, number: int) -> dict[str, Any]:
    random = _stream(seed, number)
    # One word decides all that is rare, ten bits for each: a draw is the greater part of the cost of a person.
    bits = random.word()
    sex = "M" if bits & 1023 < 532 else "F" if bits & 1023 < 1013 else "X"
    named = sex if sex != "X" else "MF"[bits >> 60 & 1]
    names = source.origins.at(random.word())[named]
    forenames, surname = names.forename(random), names.surname(random)
    if names.middle and names.middle != surname:
        forenames += f" {names.middle}"
    elif not names.middle:
        if bits >> 40 & 1023 < 358:
            forenames += f" {names.forename(random)}"
        if bits >> 50 & 1023 < 22 and "-" not in surname and " " not in surname:
            surname += f"-{names.surname(random)}"
    person: dict[str, Any] = {"person_id": f"P{number + 1:07d}"}
    if bits >> 30 & 1023 < 82:
        person["names"] = _several(names, sex, forenames, surname, random)
    else:
        person |= {"forenames": forenames, "surname": surname}
    dob = _dob(source.days, bits >> 20 & 1023, random)
    if dob is not None:
        person["dob"] = dob
    if bits >> 10 & 1023 >= 31:
        person["sex"] = sex
    person["place"] = source.places.at(random.word())
    return person


def population(size: int, *, seed: int = 0, source: str = "builtin") -> Iterator[dict[str, Any]]:
    """Make the people of a POLE system, as records of the form that an index is built from.

    Origins, names, dates of birth and gaps are in proportions like those of a police force of the United
    Kingdom. About three surnames in ten are composed of syllables, so the vocabulary grows with the population
    as it does among real people.

    Parameters
    ----------
    size : int
        How many people.
    seed : int, optional
        Another seed gives other people. A person does not depend on `size`.
    source : {"builtin", "pypi"}, optional
        Where English names come from: the tables of phonosearch, or the package ``names`` from PyPI with some
        88,000 surnames and their frequencies in the United States.

    Yields
    ------
    dict
        ``person_id``; ``forenames`` and ``surname``, or for some 8 % of people ``names``, a list of mappings with
        a ``kind`` each; ``dob``, a string ("1984-03-07", some only "1984-03" or "1984") or a list of several;
        ``sex`` ("M", "F", "X"); ``place``. An unknown ``dob`` or ``sex`` is left out.

    Raises
    ------
    ValueError
        `size` is negative, or there is no such `source`.
    MissingExtraError
        The package ``names`` is not installed.

    Examples
    --------
    >>> [person["person_id"] for person in population(2)]
    ['P0000001', 'P0000002']
    """
    if size < 0:
        raise ValueError("size must not be negative")
    if source not in ("builtin", "pypi"):
        raise ValueError(f"source must be 'builtin' or 'pypi', not {source!r}")
    tables = _source(source)
    return (_person(tables, seed, number) for number in range(size))


def _full_names(person: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Return the names of a person as (full name, kind)."""
    names = person.get("names") or [person]
    return [(n.get("full_name") or f"{n['forenames']} {n['surname']}", n.get("kind", "primary")) for n in names]


def population_columns(size: int, *, seed: int = 0, source: str = "builtin") -> dict[str, list[str | None]]:
    """Make the same people as `population`, as the columns of a flat table.

    Parameters
    ----------
    size, seed, source
        As for `population`.

    Returns
    -------
    dict
        ``person_id``, ``full_name``, ``kind``, ``dob`` (several joined by ";"), ``sex`` and ``place``, of equal
        length: a row for each name, so somebody with several names has several rows. What is unknown is None.

    Examples
    --------
    >>> columns = population_columns(100)
    >>> len(set(columns["person_id"])), len(columns["person_id"]) > 100
    (100, True)
    """
    rows = list[tuple[str | None, ...]]()
    for person in population(size, seed=seed, source=source):
        dob = person.get("dob")
        rest = (";".join(dob) if isinstance(dob, list) else dob, person.get("sex"), person["place"])
        for full_name, kind in _full_names(person):
            rows.append((person["person_id"], full_name, kind, *rest))
    columns = ("person_id", "full_name", "kind", "dob", "sex", "place")
    return {column: [row[i] for row in rows] for i, column in enumerate(columns)}


_Edit = tuple[int, int, str]
"""The replacement of name[start:end] by a text."""


@cache
def _keys() -> dict[str, str]:
    return {key: near.replace(" ", "") for role, key, near in _read("testing_errors.tsv") if role == "typed"}


@cache
def _rules(wanted: str) -> list[tuple[re.Pattern[str], str]]:
    rows = [(there, instead.strip("-")) for role, there, instead in _read("testing_errors.tsv") if role == wanted]
    return [(re.compile(there, re.IGNORECASE if wanted == "heard" else 0), instead) for there, instead in rows]


@cache
def _diminutives() -> dict[str, list[str]]:
    """Return the other forms of each forename that has any, by the forename in lower case."""
    found: dict[str, list[str]] = {}
    for role, forename, short in _read("testing_errors.tsv"):
        if role == "nickname":
            for one in short.split():
                found.setdefault(forename.casefold(), []).append(one)
                found.setdefault(one.casefold(), []).append(forename)
    return found


def _typed(name: str) -> list[list[_Edit]]:
    substituted, omitted, doubled, transposed, inserted = edits = [list[_Edit]() for _ in range(5)]
    for i, letter in enumerate(name):
        if not letter.isalpha():
            continue
        keys, following = _keys().get(letter.lower(), ""), name[i + 1 : i + 2]
        substituted += ((i, i + 1, key) for key in keys)
        omitted.append((i, i + 1, ""))
        doubled.append((i + 1, i + 1, letter))
        inserted += ((i + 1, i + 1, key) for key in keys)
        if following.isalpha() and following.casefold() != letter.casefold():
            transposed.append((i, i + 2, following + letter))
    return edits


def _rewritten(name: str, rules: str) -> list[list[_Edit]]:
    return [[(*m.span(), m.expand(text)) for pattern, text in _rules(rules) for m in pattern.finditer(name)]]


def _apply(name: str, edit: _Edit) -> str:
    """Make one edit, leaving a capital where one was."""
    start, end, text = edit
    if name.isupper():
        return name[:start] + text.upper() + name[end:]
    text, rest = text.lower(), name[end:]
    if name[start : start + 1].isupper() and (end > start or not name[:start][-1:].isalpha()):
        if not text or end == start:
            rest = (rest[:1].lower() if text else rest[:1].upper()) + rest[1:]
        text = text[:1].upper() + text[1:]
    return name[:start] + text + rest


def _changed(name: str, groups: list[list[_Edit]], edits: int, random: _Random) -> str | None:
    """Make as many edits as asked for at places that do not overlap, or return None where there are too few.

    The edits are to places of the name as it was, so none undoes or moves another.
    """
    chosen: list[_Edit] = []
    for _ in range(edits):
        groups = [group for group in groups if group]
        if not groups:
            return None
        group = groups[random.below(len(groups))]
        start, end, text = group[random.below(len(group))]
        chosen.append((start, end, text))
        groups = [[e for e in group if (e[0] >= end or e[1] <= start) and e[:2] != (start, end)] for group in groups]
    for edit in sorted(chosen, reverse=True):
        name = _apply(name, edit)
    return name


def _joined(parts: list[str]) -> list[str]:
    name = " ".join(parts)
    found = [name[: m.start()] + "-" + name[m.end() :] for m in re.finditer(" ", name)]
    for m in re.finditer(r"\b[ '’-]\b", name):
        rest = name[m.end() :]
        found.append(name[: m.start()] + (rest if name.isupper() else rest[:1].lower() + rest[1:]))
    return found


def _split(parts: list[str]) -> list[str]:
    name = " ".join(parts)
    found = [name[: m.start()] + " " + name[m.end() :] for m in re.finditer(r"\b['’-]\b", name)]
    for m in re.finditer(r"(?<=[^\W\d_]{3})(?=[^\W\d_]{3})|(?<=\bMc)(?=\w)", name):
        rest = name[m.start() :]
        found += (name[: m.start()] + mark + rest[:1].upper() + rest[1:] for mark in " -")
    return found


def _replaced(parts: list[str], others: Callable[[str], Iterable[str]]) -> list[str]:
    """Return the name with each of its forenames (all but the last part, if there are several) put otherwise."""
    forenames = enumerate(parts[:-1] or parts)
    return [" ".join([*parts[:i], one, *parts[i + 1 :]]) for i, part in forenames for one in others(part)]


def _nicknamed(part: str) -> list[str]:
    return [one.upper() if part.isupper() else one for one in _diminutives().get(part.casefold(), ())]


_REARRANGED: dict[str, Callable[[list[str]], list[str]]] = {
    "swapped": lambda parts: [" ".join(parts[i:] + parts[:i]) for i in range(1, len(parts))],
    "joined": _joined,
    "split": _split,
    "initial": lambda parts: _replaced(parts, lambda part: [part[0]]) if len(parts) > 1 else [],
    "nickname": lambda parts: _replaced(parts, _nicknamed),
    "dropped": lambda parts: [" ".join(parts[:i] + parts[i + 1 :]) for i in range(1, len(parts) - 1)],
}


def variants(
    name: str, *, seed: int = 0, kinds: Collection[str] | None = None, count: int = 1, edits: int = 1
) -> list[Variant]:
    """Get a name wrong as people and machines do.

    Parameters
    ----------
    name : str
        The name; forenames before the surname.
    seed : int, optional
        Another seed gives other mistakes.
    kinds : collection of str, optional
        The kinds of mistake to make, of `KINDS`; all of them by default:

        - "typed": a key beside the right one (on a UK keyboard), or a letter left out, doubled, added or transposed;
        - "heard": a spelling that sounds much the same;
        - "written": letters that look alike in handwriting or to a scanner;
        - "swapped": the parts in another order;
        - "joined", "split": a space, hyphen or apostrophe lost, or added or put for another;
        - "initial": a forename cut to its initial;
        - "nickname": a diminutive for the forename, or the forename for a diminutive;
        - "dropped": a middle part left out.
    count : int, optional
        How many different variants.
    edits : int, optional
        How many mistakes to make in each, for the kinds "typed", "heard" and "written"; the others make one.
        So many typing mistakes are an edit distance (optimal string alignment) of at most so many.

    Returns
    -------
    list of Variant
        Each differs from `name` and from the others in more than the case of letters. There are fewer than
        `count` where the kinds do not apply to the name or do not yield so many.

    Raises
    ------
    ValueError
        A kind is not one of `KINDS`, `count` is negative, or `edits` is less than 1.

    Examples
    --------
    >>> variants("Katherine Hughes", kinds=["nickname", "dropped"])
    []
    >>> variants("Robert Hughes", kinds=["swapped"])
    [Variant(name='Hughes Robert', kind='swapped', edits=1)]
    """
    if unknown := sorted(set(() if kinds is None else kinds).difference(KINDS)):
        raise ValueError(f"unknown kinds {unknown}; there are {list(KINDS)}")
    if count < 0 or edits < 1:
        raise ValueError("count must not be negative, and edits must be at least 1")
    random = _stream(seed, zlib.crc32(name.encode("utf-8", "surrogatepass")))
    parts = name.split()
    name = " ".join(parts)
    wanted = [kind for kind in KINDS if kinds is None or kind in kinds]
    changes = {kind: _typed(name) if kind == "typed" else _rewritten(name, kind) for kind in wanted if kind in _EDITED}
    rearranged = {kind: _REARRANGED[kind](parts) for kind in wanted if kind in _REARRANGED}
    wanted = [kind for kind in wanted if any(changes.get(kind, ())) or rearranged.get(kind)]
    seen, found = {name.casefold()}, list[Variant]()
    for _ in range(20 * count + 20):
        if len(found) >= count or not wanted:
            break
        kind = wanted[random.below(len(wanted))]
        if kind in changes:
            new = _changed(name, changes[kind], edits, random)
        else:
            left = rearranged[kind]
            new = left.pop(random.below(len(left)))
            if not left:
                wanted.remove(kind)
        # An edit can empty a part of the name, which would be another kind of mistake.
        if new and new.casefold() not in seen and (kind not in changes or len(new.split()) == len(parts)):
            seen.add(new.casefold())
            found.append(Variant(new, kind, edits if kind in changes else 1))
    return found


def queries(people: Iterable[Mapping[str, Any]], count: int, *, seed: int = 0) -> list[Query]:
    """Make queries whose answers are known, for measuring recall.

    Parameters
    ----------
    people : iterable of mappings
        Records as `population` makes them.
    count : int
        How many queries: of every five, two as recorded and one of each other kind (see `Query`).
    seed : int, optional
        Another seed gives other queries. A query does not depend on `count`.

    Returns
    -------
    list of Query
        Each for a person chosen at random, by the primary name.

    Raises
    ------
    ValueError
        `count` is negative, there are no people, or none has a name that can be got wrong.

    Examples
    --------
    >>> [query.kind for query in queries(population(50), 5)]
    ['present', 'one_edit', 'present', 'two_edits', 'respelt']
    """
    known = list(people)
    if count < 0 or (count and not known):
        raise ValueError("count must not be negative, and queries need people")
    kinds = ("present", "one_edit", "present", "two_edits", "respelt")
    return [_query(known, kinds[i % 5], _stream(~seed, i)) for i in range(count)]


def _query(people: list[Mapping[str, Any]], kind: str, random: _Random) -> Query:
    for _ in range(1000):
        person = people[random.below(len(people))]
        name = (person.get("names") or [person])[0]
        parts = str(name.get("full_name") or name["forenames"]).split()
        text = f"{parts[0]} {name['surname'] if 'surname' in name else ' '.join(parts[1:][-1:])}".strip()
        if kind == "present":
            return Query(text, str(person["person_id"]), kind)
        mistake = "heard" if kind == "respelt" else "typed"
        for variant in variants(text, seed=random.word(), kinds=(mistake,), edits=2 if kind == "two_edits" else 1):
            return Query(variant.name, str(person["person_id"]), kind)
    raise ValueError("the people have no names that can be got wrong")
