"""Parts that only these rules bring together: alternate endings, and words that begin with the same sounds.

The kernel finds them by paths of its own, so the words here are chosen to take them.
"""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from phonosearch import PersonIndex, double_metaphone, osa_distance
from phonosearch._answer import alignment_of_row
from phonosearch._core import NameIndex
from phonosearch._expansion import _use_vectors
from phonosearch._kernel import text_rules
from phonosearch._letters import similarity
from phonosearch._names import forms
from phonosearch._pair import compare_names
from phonosearch._reference import (
    CLOSE,
    LEVEL_OF_KIND,
    PartKind,
    align,
    alternate_ending,
    heard_as,
    kind_of,
    relate,
)
from phonosearch._rules import _rarity, rules
from reference_index import check_against, scan


def found_by_search(index: PersonIndex, word: str, level: str) -> dict[str, PartKind]:
    """The parts of an index of single words that a search accepts, and as what."""
    return {
        hit.person_id: alignment_of_row(hit._row).pairs[0].kind
        for hit in index.search(word, level=level, limit=100_000).hits
    }


def index_of(words: list[str]) -> PersonIndex:
    return PersonIndex.build({"person_id": word, "full_name": word} for word in words)


# Alternate endings

ENDINGS = [
    ("kowalski", "kowalska"), ("nowicki", "nowicka"), ("grodzki", "grodzka"), ("dvorsky", "dvorska"),
    ("novak", "novakova"), ("horacek", "horackova"), ("moravec", "moravcova"), ("ivanov", "ivanova"),
    ("medvedev", "medvedeva"), ("pushkin", "pushkina"), ("chaikovskiy", "chaikovskaya"), ("dostoevsky", "dostoevskaya"),
    ("kazlauskas", "kazlauskaite"), ("petrauskas", "petrauskiene"), ("butkus", "butkute"),
    ("papadopoulos", "papadopoulou"), ("ioannidis", "ioannidou"), ("theodorakis", "theodoraki"),
]  # fmt: skip
NO_ENDINGS = [
    ("martin", "martina"), ("alexander", "alexandra"), ("george", "georgina"), ("paul", "paula"), ("josef", "josefa"),
    ("ski", "ska"), ("iski", "iska"), ("novak", "dvorakova"), ("kowalski", "nowalska"), ("christian", "christiana"),
    ("roman", "romana"), ("eva", "ev"), ("kova", "ek"), ("no", "noova"),
]  # fmt: skip


@pytest.mark.parametrize(("one", "other"), ENDINGS)
def test_the_surnames_of_a_man_and_a_woman_are_one(one: str, other: str) -> None:
    assert alternate_ending(one, other)
    assert alternate_ending(other, one)
    for a, b in ((one, other), (other, one)):
        kind, earned = relate(a, b)
        assert kind == PartKind.SPELLING
        assert earned == rules().part["spelling"] + rules().part["spelling_letters"] * similarity(a, b) // 1000
        assert found_by_search(index_of([b, "quxley"]), a, "variant") == {b: PartKind.SPELLING}
        row = compare_names(text_rules(), f"anna {a}".encode(), f"anna {b}".encode())
        assert alignment_of_row(row) == align(forms(f"anna {a}"), forms(f"anna {b}"))


@pytest.mark.parametrize(("one", "other"), NO_ENDINGS)
def test_what_only_looks_like_an_alternate_ending(one: str, other: str) -> None:
    for a, b in ((one, other), (other, one)):
        assert not alternate_ending(a, b)
        assert kind_of(a, b) != PartKind.SPELLING
        assert PartKind.SPELLING not in found_by_search(index_of([b]), a, "wide").values()


@pytest.mark.parametrize("rest", [2, 3, 4, 5, 20, 57, 58, 59])
def test_every_ending_after_a_short_and_a_long_beginning(rest: int) -> None:
    """Exactly as many letters as the rule asks for, fewer, more, and as many as a part may have."""
    stem = "bar" * 20
    met = 0
    for one, other in rules().alternate_endings:
        a, b = (stem[:rest] + ending for ending in (one, other))
        if max(len(a), len(b)) > 60:
            continue
        met += 1
        assert alternate_ending(a, b) == alternate_ending(b, a)
        if rest >= rules().alternate_ending_min_rest:
            assert alternate_ending(a, b)
        for query, name in ((a, b), (b, a)):
            row = compare_names(text_rules(), query.encode(), name.encode())
            assert alignment_of_row(row).pairs[0][2:] == relate(query, name)
            check_against(index_of([name]), scan([{"person_id": name, "full_name": name}], query), query)
    assert met or rest > 57


stems = st.sampled_from(["kowal", "novak", "petr", "papad", "iva", "niko", "dostoev", "x"])
ending = st.sampled_from(sorted({ending for pair in rules().alternate_endings for ending in pair}))
surnames = st.builds(str.__add__, stems, ending)


@given(st.lists(surnames, min_size=1, max_size=12), surnames, st.sampled_from(["", "anna ", "a ", "jan maria "]))
def test_surnames_of_any_ending_are_found_as_the_reference_accepts_them(
    recorded: list[str], asked: str, begin: str
) -> None:
    people = [{"person_id": f"P{place}", "full_name": begin + word} for place, word in enumerate(recorded)]
    check_against(PersonIndex.build(people), scan(people, begin + asked), begin + asked)


# Words that begin with the same sounds


def beyond_edits(a: str, b: str) -> bool:
    """Whether level ``close`` accepts a pair for the sounds it begins with, and for nothing else."""
    if kind_of(a, b) != PartKind.CLOSE or osa_distance(a, b) <= rules().edits_allowed(max(len(a), len(b))):
        return False
    return not (heard_as(a, b) or heard_as(b, a))


@cache
def families() -> list[list[str]]:
    """Real names by the three sounds that they begin with: of each some, spread over the table of rarity."""
    by_sounds: dict[str, list[str]] = {}
    for word in _rarity(rules().rarity_text):
        code = double_metaphone(word)[0]
        if len(word) > 3 and len(code) >= 3:
            by_sounds.setdefault(code[:3], []).append(word)
    return [words[:: len(words) // 12][:12] for _, words in sorted(by_sounds.items()) if len(words) >= 24]


@cache
def respelt() -> list[list[str]]:
    """Two or more names each, of which each is near another for its beginning only."""
    out = []
    for words in families():
        near = [word for word in words if any(beyond_edits(word, other) for other in words)]
        if near:
            out.append(near)
    return out


# asked, recorded, accepted
ALIKE = [
    ("levesque", "levasseur", True), ("cheesman", "chism", True), ("coffield", "coviello", True),
    ("pettyjohn", "bettyjo", True), ("chester", "chastain", True), ("thurber", "tharpe", True),
    ("mcleod", "mclellan", False), ("manger", "mungia", False), ("ashbrook", "ashby", False),
]  # fmt: skip


@pytest.mark.parametrize(("asked", "recorded", "accepted"), ALIKE)
def test_names_that_begin_alike(asked: str, recorded: str, accepted: bool) -> None:
    for a, b in ((asked, recorded), (recorded, asked)):
        assert double_metaphone(a)[0][:3] == double_metaphone(b)[0][:3]
        assert osa_distance(a, b) > rules().edits_allowed(max(len(a), len(b)))
        assert kind_of(a, b) == (PartKind.CLOSE if accepted else PartKind.NONE)
        assert found_by_search(index_of([b]), a, "close") == ({b: PartKind.CLOSE} if accepted else {})


def test_the_limits_of_beginning_alike() -> None:
    """Every pair that is accepted keeps to the rule, and every pair that keeps to it is accepted."""
    r, accepted, refused = rules(), 0, 0
    for words in families():
        for number, a in enumerate(words):
            for b in words[:number]:
                kind, earned = relate(a, b)
                if kind not in (PartKind.CLOSE, PartKind.NONE):
                    continue
                edits, longer = osa_distance(a, b), max(len(a), len(b))
                if edits <= r.edits_allowed(longer) or heard_as(a, b) or heard_as(b, a):
                    assert kind == PartKind.CLOSE
                elif edits > r.alike_edits or edits > longer // 2:
                    assert kind == PartKind.NONE
                elif kind == PartKind.CLOSE:
                    assert earned >= r.alike_points
                    accepted += 1
                else:
                    refused += 1
    assert accepted > 300
    assert refused > 300


@pytest.mark.parametrize("chunk", range(4))
def test_search_finds_words_that_begin_alike_just_as_the_reference(chunk: int) -> None:
    words = sorted({word for family in respelt()[chunk::4] for word in family})
    index, taken = index_of(words), 0
    for asked in words[::3]:
        expected = {}
        for word in words:
            kind = kind_of(asked, word)
            if LEVEL_OF_KIND[kind] <= CLOSE:
                expected[word] = kind
                taken += beyond_edits(asked, word)
        assert found_by_search(index, asked, "close") == expected
    assert taken > 50, "the words must be found for their beginning alone"


@st.composite
def families_of_names(draw: st.DrawFn) -> tuple[list[str], str]:
    """Some people of whom several bear names that begin alike, and one to ask for."""
    chosen = draw(st.lists(st.sampled_from(respelt()), min_size=1, max_size=2))
    surname = st.sampled_from([word for family in chosen for word in family])
    full = st.lists(surname | st.sampled_from(["anna", "john", "j"]), min_size=1, max_size=3)
    recorded, asked = draw(st.lists(full, min_size=1, max_size=8)), draw(full)
    if draw(st.booleans()):
        # Chance seldom brings two words together that are near for their beginning only.
        one = draw(surname)
        near = [word for family in chosen for word in family if beyond_edits(one, word)]
        asked[0] = one
        recorded[0][0] = draw(st.sampled_from(near)) if near else one
    return [" ".join(words) for words in recorded], " ".join(asked)


def test_names_of_several_parts_that_begin_alike_equal_the_reference() -> None:
    taken: list[bool] = []

    @settings(max_examples=max(100, settings.default.max_examples))
    @given(families_of_names())
    def equal(made: tuple[list[str], str]) -> None:
        recorded, asked = made
        people = [{"person_id": f"P{place}", "full_name": name} for place, name in enumerate(recorded)]
        check_against(PersonIndex.build(people), scan(people, asked), asked)
        taken.append(any(beyond_edits(a, b) for a in asked.split() for name in recorded for b in name.split()))

    equal()
    assert sum(taken) > len(taken) // 5  # enough of them took that path


def test_words_of_other_sounds_stay_apart() -> None:
    """Neither search nor reference takes words of two sounds for words that begin alike."""
    words = sorted(word for word in _rarity(rules().rarity_text) if len(word) > 1)
    short = [word for word in words if len(double_metaphone(word)[0]) < 3][::12]
    index = index_of(short)
    assert len(short) > 100
    for asked in short[::10]:
        kinds = {word: kind_of(asked, word) for word in short}
        assert found_by_search(index, asked, "close") == {
            word: kind for word, kind in kinds.items() if LEVEL_OF_KIND[kind] <= CLOSE
        }
        assert not any(beyond_edits(asked, word) for word in short)


# Many parts at once

WORDS = sorted({
    "katherine", "katharine", "kathrine", "catherine", "cathrin", "katerina", "katrine", "stephen", "stehpen", "steven",
    "stefan", "stephan", "stephenson", "stevenson", "steavenson", "stephens", "sztefan", "montgomery", "montgomerie",
    "mongomery", "mountgomery", "montgommery", "montogmery", "montgomrey", "mentgamery", "wojcik", "voychick", "woycik",
    "vojcik", "voitchik", "wojtkowiak", "wojtkowiack", "zz", "ab", "abc", "acb", "bca", "abcd", "abdc",
    *(f"constantinopolitano{end}" for end in ("polous", "poulos", "poulso", "pulos", "ppoulos")),
    *("a" * length + "b" * (length % 3) for length in (2, 3, 8, 9, 16, 17, 31, 32, 33, 40, 60)),
    *(f"mar{one}{other}" for one in "aeiou" for other in ("y", "yn", "ianne", "ilyn", "gret")),
})  # fmt: skip


@pytest.mark.parametrize("level", [0, 1, 2, 3])
def test_many_parts_at_once_are_found_as_one_by_one(level: int) -> None:
    before = _use_vectors(level)
    try:
        index = index_of(WORDS)     # what was expanded before is kept with an index
        found = {word: set(found_by_search(index, word, "close")) for word in WORDS}
    finally:
        _use_vectors(before)
    for word in WORDS:
        assert found[word] == {other for other in WORDS if LEVEL_OF_KIND[kind_of(word, other)] <= CLOSE}
    assert sum(map(len, found.values())) > 2 * len(WORDS)


def test_notes_of_another_reading_lead_nowhere_else() -> None:
    index = index_of(WORDS)
    arrays = dict(index._arrays)
    assert len(arrays["heard_note"]) > 3
    assert len(set(arrays["heard_note"] >> 27)) > 1
    for note in (0, 1, 2**27 - 1, 2**27, 31 << 27, 2**32 - 1):
        arrays["heard_note"] = np.full_like(arrays["heard_note"], note)
        crafted = NameIndex(text_rules(), arrays)
        for word in WORDS:
            assert len(crafted.count(word.encode())) == 5
