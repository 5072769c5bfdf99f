"""What is kept of words and of pairs of words changes no comparison."""

from __future__ import annotations

import random
from itertools import product

import phonosearch as ps
from phonosearch._answer import alignment_of_row, level_name
from phonosearch._kernel import text_rules
from phonosearch._names import forms
from phonosearch._pair import compare_names
from phonosearch._reference import align

KEPT_WORDS = 32768
SYLLABLES = ("bdklmnrst", "aeiou", "lmnrst", "aeiou", "bdklmnrst", "aeiou", "lns")   # far more words than are kept
NAMES = [
    "Jon Smith", "John Smythe", "Dr Ian Mc Donald", "Ann-Marie O'Brien", "Annmarie OBrien", "JRR Tolkien",
    "J R R Tolkien", "Smith, AJ", "Łukasz Wójcik", "王伟", "Salah Uddin", "Salahuddin", "Ann Ann", "Anna Annie Ann",
    "Kim Jong-un", "John Smith Jr", "John Smith Sr", "Wolfeschlegelsteinhausenbergerdorff", "x", "Jan van der Berg",
    "Abcdefghijklm Nopqrstuvwxyzab", "a b c d e f g h i j k l m n o p",
]  # fmt: skip


def words(count: int, seed: int) -> list[str]:
    """Distinct words, of which many are a few edits from another."""
    letters = random.Random(seed)
    found: dict[str, None] = {}
    while len(found) < count:
        found["".join(map(letters.choice, SYLLABLES))] = None
    return list(found)


def compared(a: str, b: str) -> tuple[int, str | None]:
    found = ps.compare(a, b)
    return found.score, found.level


def test_comparisons_do_not_depend_on_what_was_compared_before() -> None:
    """More words than are kept, so that all is forgotten once or more; each pair then among others than before."""
    vocabulary = words(KEPT_WORDS + 4_000, 1)
    order = random.Random(2)
    pairs = [
        (f"{order.choice(vocabulary)} {one}", f"{order.choice(vocabulary)} {order.choice(vocabulary)}")
        for one in vocabulary
    ]
    first = [compared(*pair) for pair in pairs]
    shuffled = random.Random(3).sample(range(len(pairs)), len(pairs))
    again = {at: compared(*pairs[at]) for at in shuffled}
    assert not [pairs[at] for at in shuffled if again[at] != first[at]]
    for at in shuffled[:300]:
        expected = align(forms(pairs[at][0]), forms(pairs[at][1]))
        assert first[at] == (expected.score, level_name(expected.level))


def test_words_are_the_same_alone_and_beside_others() -> None:
    """Beside other parts of a query letters earn otherwise; so do the same two words, in any order of asking."""
    for _ in range(2):
        for a, b in product(["Tomsen", "Tomsen Lee", "Lee Tomsen"], ["Thompson", "Thompson Li", "Li"]):
            row = compare_names(text_rules(), a.encode(), b.encode())
            assert alignment_of_row(row) == align(forms(a), forms(b))


def test_names_of_all_kinds_equal_the_reference() -> None:
    for a, b in product(NAMES, NAMES):
        row = compare_names(text_rules(), a.encode(), b.encode())
        assert alignment_of_row(row) == align(forms(a), forms(b)), (a, b)
