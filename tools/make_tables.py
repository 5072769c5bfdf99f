"""Writes the generated tables of ``src/phonosearch/data``; run it to refresh them, then raise the rules version.

    python tools/make_tables.py

Needs the package ``nicknames`` and Python 3.11, whose Unicode version (14.0) is the oldest that phonosearch supports.
"""

import csv
import sys
import unicodedata
from collections import defaultdict
from importlib.metadata import version
from importlib.resources import files
from pathlib import Path

# Links of the source that name two different people to a reader of English.
EXCLUDED = {
    ("robert", "bill"), ("robert", "billy"), ("robert", "rupert"), ("bill", "robert"), ("billy", "fred"),
    ("jonathan", "john"), ("johnathan", "john"), ("johnathon", "john"), ("jonathon", "john"), ("nathan", "john"),
    ("andrew", "randy"), ("demaris", "mary"), ("marietta", "polly"),
}  # fmt: skip

DATA = Path(__file__).parents[1] / "src" / "phonosearch" / "data"


def nicknames() -> None:
    groups: dict[str, set[str]] = defaultdict(set)
    with (files("nicknames") / "names.csv").open(encoding="utf-8") as source:
        for row in csv.DictReader(source):
            if row["relationship"] == "has_nickname":
                formal, short = row["name1"].strip().lower(), row["name2"].strip().lower()
                if all(word.isascii() and word.isalpha() and len(word) > 1 for word in (formal, short)) and (
                    (formal, short) not in EXCLUDED
                ):
                    groups[formal].add(short)
    lines = [
        f"# Diminutives of English given names: the formal name, then its short forms. {len(groups)} groups.",
        f"# Source: PyPI nicknames {version('nicknames')} (carltonnorthern/nicknames), Apache-2.0; see NOTICE.",
        *("\t".join([formal, *sorted(groups[formal])]) for formal in sorted(groups)),
    ]
    (DATA / "nicknames.tsv").write_text("\n".join(lines) + "\n", encoding="utf-8")


def unassigned() -> None:
    if unicodedata.unidata_version != "14.0.0":
        sys.exit("run this with Python 3.11: the table states Unicode 14.0")
    ranges: list[list[int]] = []
    for code in range(0x110000):
        if unicodedata.category(chr(code)) == "Cn":
            if ranges and ranges[-1][1] == code - 1:
                ranges[-1][1] = code
            else:
                ranges.append([code, code])
    lines = [
        "# Code points without a character in Unicode 14.0 (first, last; hexadecimal). They separate words, so that a",
        "# newer Unicode in a newer Python cannot change how a name is read. Source: unicodedata of Python 3.11.",
        *(f"{first:x}\t{last:x}" for first, last in ranges),
    ]
    (DATA / "unicode_unassigned.tsv").write_text("\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    nicknames()
    unassigned()
