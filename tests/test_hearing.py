"""Parts that are related because one is written for what is heard of the other (``orthographies.tsv``)."""

from __future__ import annotations

import re
from functools import cache
from importlib.resources import files

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from phonosearch import PersonIndex, osa_distance
from phonosearch._answer import alignment_of_row
from phonosearch._encoders import double_metaphone
from phonosearch._hearing import LONGEST_PIECE, orthographies, readings
from phonosearch._kernel import text_rules
from phonosearch._letters import similarity
from phonosearch._names import forms
from phonosearch._pair import compare_names
from phonosearch._reference import CLOSE, LEVEL_OF_KIND, PartKind, align, kind_of, relate
from phonosearch._rules import _rarity, rules
from reference_index import check_against, scan

TEXT = (files("phonosearch") / "data" / "orthographies.tsv").read_text(encoding="utf-8")

# A name, what is written for it, and whether the rule relates them.
HEARD = [
    ("szewczyk", "shefchik", True), ("jimena", "heemena", True), ("llorente", "yorentay", True),
    ("xueqin", "shwechin", True), ("cui", "tsway", True), ("diep", "zip", True), ("mhairi", "varry", True),
    ("culzean", "cullane", True), ("tadhg", "tige", True), ("sadhbh", "syve", True), ("geoghegan", "gaygan", True),
    ("john", "hon", False), ("szewczyk", "shirley", False), ("wanda", "jolanta", False), ("meagher", "mirren", False),
]  # fmt: skip


def heard_only(a: str, b: str) -> bool:
    """Whether nothing else than this rule relates two words at level ``close``."""
    longer = max(len(a), len(b))
    if kind_of(a, b) != PartKind.CLOSE or osa_distance(a, b) <= rules().edits_allowed(longer):
        return False
    alike = double_metaphone(a)[0][:3] == double_metaphone(b)[0][:3] and len(double_metaphone(a)[0]) >= 3
    return not alike or osa_distance(a, b) > min(rules().alike_edits, longer // 2) or similarity(a, b) < 500


def index_of(words: list[str]) -> PersonIndex:
    return PersonIndex.build({"person_id": word, "full_name": word} for word in words)


def found_by_search(index: PersonIndex, word: str) -> dict[str, PartKind]:
    hits = index.search(word, level="close", limit=100_000).hits
    return {hit.person_id: alignment_of_row(hit._row).pairs[0].kind for hit in hits}


def test_every_orthography_is_one_that_the_kernel_holds() -> None:
    rows = [line.split("\t") for line in TEXT.splitlines() if not line.startswith("#")]
    assert "Apache-2.0" in TEXT
    assert "Source rule:" in TEXT
    assert rules().orthographies_text == TEXT
    for language, source, lacks, pieces in rows:
        assert re.search(rf"\b{language} [A-Z]", TEXT), language
        assert source == "rule"
        assert all(re.fullmatch(r"[a-z]{1,2}|\^[a-z]{1,2}|[a-z]\$", lacked) for lacked in lacks.split())
        table = [piece.split("=") for piece in pieces.split()]
        assert len(dict(table)) == len(table)
        for piece, written in table:
            assert re.fullmatch(r"\^?[a-z]+\$?", piece)
            assert len(piece) <= LONGEST_PIECE
            assert re.fullmatch("[a-z]*", written)
            assert len(written) <= 2 * len(piece.strip("^$"))
    assert len(orthographies(TEXT)) == len(rows) <= 16


def test_a_name_is_read_by_the_longest_pieces() -> None:
    assert readings("wojcik") == ("voychik",)
    assert "shefchyk" not in readings("szewczyk")
    assert "shevchyk" in readings("szewczyk")
    assert "himena" in readings("jimena")
    assert readings("zhiqiang") == ("jichang",)
    # A well-known name, one that no orthography of the table holds, a letter, and what is too long to be read.
    assert readings("john") == readings("jhonxqk") == readings("x") == readings("=??") == ()
    longest = "xa" * (rules().heard["letters"] // 2)
    assert readings(longest)
    assert not readings(longest + "xa")


@pytest.mark.parametrize(("name", "written", "accepted"), HEARD)
def test_what_is_written_for_a_name_that_is_heard(name: str, written: str, accepted: bool) -> None:
    for a, b in ((name, written), (written, name)):
        assert (LEVEL_OF_KIND[kind_of(a, b)] <= CLOSE) == accepted
        assert heard_only(a, b) == accepted
        assert found_by_search(index_of([b, "quxley"]), a) == ({b: PartKind.CLOSE} if accepted else {})
        for query, recorded in ((a, b), (f"anna {a}", f"anna {b}"), (f"{a} baker", f"{b} mason")):
            row = compare_names(text_rules(), query.encode(), recorded.encode())
            assert alignment_of_row(row) == align(forms(query), forms(recorded))


def test_the_limits_of_what_is_heard() -> None:
    """Every pair that is related by this rule alone keeps to it."""
    for name, written, accepted in HEARD:
        near = [
            heard
            for a, b in ((name, written), (written, name))
            for heard in readings(a)
            if (set(double_metaphone(heard)) & set(double_metaphone(b))) - {""}
            and osa_distance(heard, b) <= min(rules().alike_edits, max(len(heard), len(b)) // 2)
            and similarity(heard, b) >= rules().heard["points"]
        ]
        assert bool(near) == accepted, name


@cache
def foreign() -> list[str]:
    """Names of the table of rarity that some orthography reads, of each orthography some."""
    words = sorted(word for word in _rarity(rules().rarity_text) if readings(word))
    return words[:: len(words) // 600]


@cache
def written() -> list[str]:
    """What is heard of those names, as it stands and with a letter changed, and well-known names of the same keys."""
    out = set(foreign())
    for word in foreign():
        for heard in readings(word)[:2]:
            out |= {heard, heard.replace("i", "ee"), heard[:1] + heard[1:].replace("e", "ay", 1)}
    return sorted(word for word in out if len(word) <= 60)


@pytest.mark.parametrize("chunk", range(4))
def test_search_finds_what_is_heard_just_as_the_reference(chunk: int) -> None:
    words = written()[chunk::4]
    index, taken = index_of(words), 0
    for asked in words[::5]:
        kinds = {word: kind_of(asked, word) for word in words}
        expected = {word: kind for word, kind in kinds.items() if LEVEL_OF_KIND[kind] <= CLOSE}
        taken += any(heard_only(asked, word) for word in expected)
        assert found_by_search(index, asked) == expected
    assert taken > 5, "some must be found by this rule alone"


pieces = sorted({piece.strip("^$") for one in orthographies(TEXT) for piece in one.written})
vowels = st.sampled_from(["a", "e", "i", "o", "u", "ia", "ei", "y", "n", "r", "l", "ng", "sk"])
made = st.lists(st.tuples(st.sampled_from(pieces), vowels).map("".join), min_size=1, max_size=4).map("".join)
names = made | st.sampled_from(pieces) | st.builds(lambda place: foreign()[place % len(foreign())], st.integers(0))


@st.composite
def heard_pairs(draw: st.DrawFn) -> tuple[str, str]:
    """A name of some orthography, and what somebody may write for it, perhaps with a slip."""
    name = draw(names)
    heard = draw(st.sampled_from(readings(name) or (name,)))
    if draw(st.booleans()):
        place = draw(st.integers(0, len(heard) - 1))
        heard = heard[:place] + draw(st.sampled_from(["", "a", "e", "h", "ee", "r"])) + heard[place + 1 :]
    return name, heard or name


def test_the_kernel_relates_what_is_heard_as_the_reference_does() -> None:
    taken: list[bool] = []

    @settings(max_examples=3 * settings.default.max_examples)
    @given(heard_pairs(), st.sampled_from(["", "anna ", "j "]))
    def equal(pair: tuple[str, str], begin: str) -> None:
        for a, b in (pair, pair[::-1]):
            row = compare_names(text_rules(), f"{begin}{a}".encode(), f"{begin}{b}".encode())
            assert alignment_of_row(row) == align(forms(begin + a), forms(begin + b))
            assert relate(a, b)[0] == relate(b, a)[0]
        taken.append(heard_only(*pair))

    equal()
    assert sum(taken) > len(taken) // 50


@given(st.lists(heard_pairs(), min_size=1, max_size=6), st.sampled_from(["", "anna ", "a ", "jan maria "]))
def test_people_are_found_by_what_is_heard_as_the_reference_accepts_them(
    pairs: list[tuple[str, str]], begin: str
) -> None:
    words = [word for pair in pairs for word in pair]
    people = [{"person_id": f"P{place}", "full_name": begin + word} for place, word in enumerate(words)]
    for asked in {begin + words[0], words[1], f"{words[1]} {words[-1]}"}:
        check_against(PersonIndex.build(people), scan(people, asked), asked)
