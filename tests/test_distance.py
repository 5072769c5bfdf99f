"""The distance kernel against the full table and against rapidfuzz."""

from __future__ import annotations

import doctest
import random
import signal
import string
import sys
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from phonosearch import _distance
from phonosearch._distance import (
    _levenshtein_lowercase,
    _osa_lowercase,
    levenshtein_distance,
    osa_distance,
)
from phonosearch._errors import LimitError
from reference_distance import table_distance

try:
    from rapidfuzz.distance import OSA, Levenshtein
except ImportError:
    OSA = Levenshtein = None

needs_rapidfuzz = pytest.mark.skipif(OSA is None, reason="rapidfuzz, the oracle, is not installed")

LIMIT = 65_536
SMALL_CUTOFFS = range(33)
# One letter for each width of storage, both ends of the planes, and the code points that are no characters.
ALPHABETS = [
    "ab",
    "abc",
    string.ascii_lowercase,
    "aé\x00\xff",
    "aĀ中\uffff",
    "aé中😀\U0010ffff",
    "a\ud800\udfff\x00",
    "".join(map(chr, range(0x400, 0x460))),
]
LENGTHS = [0, 1, 63, 64, 65, 127, 128, 129, 255, 256, 300]
KERNELS = {"levenshtein": (levenshtein_distance, False), "osa": (osa_distance, True)}

both_kernels = pytest.mark.parametrize(("distance", "swaps"), KERNELS.values(), ids=KERNELS.keys())


def mutated(rng: random.Random, word: str, alphabet: str, edits: int) -> str:
    letters = list(word)
    for _ in range(edits):
        at = rng.randrange(len(letters) + 1)
        match rng.randrange(4):
            case 0:
                letters.insert(at, rng.choice(alphabet))
            case 1:
                del letters[at : at + 1]
            case 2:
                letters[at : at + 1] = rng.choice(alphabet)
            case _:
                letters[at : at + 2] = letters[at : at + 2][::-1]
    return "".join(letters)


def drawn(rng: random.Random, alphabet: str, length: int) -> str:
    return "".join(rng.choices(alphabet, k=length))


@st.composite
def related(draw: Callable[..., Any], max_size: int = 40) -> tuple[str, str]:
    """A string and a near or far relative of it, both over one small alphabet."""
    alphabet = draw(st.sampled_from(ALPHABETS))
    word = draw(st.text(alphabet, max_size=max_size))
    if draw(st.booleans()):
        return word, draw(st.text(alphabet, max_size=max_size))
    return word, mutated(random.Random(draw(st.integers(0, 2**32))), word, alphabet, draw(st.integers(0, 12)))


@st.composite
def long_related(draw: Callable[..., Any]) -> tuple[str, str]:
    """Like related, across the ends of machine words; seeded, because drawing letter by letter is slow."""
    rng = random.Random(draw(st.integers(0, 2**32)))
    alphabet = draw(st.sampled_from(ALPHABETS))
    word = drawn(rng, alphabet, draw(st.integers(40, 200)))
    if draw(st.booleans()):
        return word, drawn(rng, alphabet, draw(st.integers(40, 200)))
    return word, mutated(rng, word, alphabet, draw(st.integers(0, 60)))


any_text = st.text(st.characters(exclude_categories=()), max_size=30)
pairs = st.one_of(related(), st.tuples(any_text, any_text), long_related())


def check_cutoffs(distance: Callable[..., int], a: str, b: str, expected: int) -> None:
    assert distance(a, b) == expected
    assert distance(a, b, max_distance=None) == expected
    half = max(len(a), len(b)) // 2
    for k in (*SMALL_CUTOFFS, half, max(expected - 1, 0), expected, expected + 1, LIMIT, 2**31 - 1, 2**31, 10**30):
        assert distance(a, b, max_distance=k) == min(expected, k + 1), k


@both_kernels
@given(pair=pairs)
def test_equals_reference(distance: Callable[..., int], swaps: bool, pair: tuple[str, str]) -> None:
    a, b = pair
    check_cutoffs(distance, a, b, table_distance(a, b, swaps=swaps))


@needs_rapidfuzz
@both_kernels
@given(pair=pairs)
def test_equals_rapidfuzz(distance: Callable[..., int], swaps: bool, pair: tuple[str, str]) -> None:
    a, b = pair
    oracle = OSA.distance if swaps else Levenshtein.distance
    assert distance(a, b) == oracle(a, b)
    for k in (*SMALL_CUTOFFS, max(len(a), len(b)) // 2):
        assert distance(a, b, max_distance=k) == oracle(a, b, score_cutoff=k), k


def boundary_cases() -> list[tuple[str, str]]:
    rng = random.Random(20260101)
    cases = []
    for length in LENGTHS:
        for edits in (1, 4, 40):
            alphabet = rng.choice(ALPHABETS)
            word = drawn(rng, alphabet, length)
            cases.append((word, mutated(rng, word, alphabet, edits)))
        # A swap across each end of a machine word, framed so that no common affix hides it.
        for at in range(63, length - 1, 64):
            word = "x" + drawn(rng, "abc", length)
            cases.append((word, "y" + word[1:at] + word[at : at + 2][::-1] + word[at + 2 :] + "z"))
        cases.append((drawn(rng, "abcd", length), drawn(rng, "abcd", rng.choice(LENGTHS))))
    return cases


BOUNDARY_CASES = boundary_cases()


def test_tables_are_not_empty() -> None:
    assert ALPHABETS
    assert KERNELS
    assert len(BOUNDARY_CASES) > 4 * len(LENGTHS)
    assert {len(a) for a, _ in BOUNDARY_CASES} >= set(LENGTHS)


@both_kernels
@pytest.mark.parametrize("case", range(len(BOUNDARY_CASES)))
def test_word_boundaries(distance: Callable[..., int], swaps: bool, case: int) -> None:
    a, b = BOUNDARY_CASES[case]
    expected = table_distance(a, b, swaps=swaps)
    check_cutoffs(distance, a, b, expected)
    check_cutoffs(distance, b, a, expected)


@needs_rapidfuzz
@both_kernels
@pytest.mark.parametrize("seed", range(6))
def test_long_strings_equal_rapidfuzz(distance: Callable[..., int], swaps: bool, seed: int) -> None:
    rng = random.Random(seed)
    oracle = OSA.distance if swaps else Levenshtein.distance
    alphabet = ALPHABETS[seed]
    a = drawn(rng, alphabet, rng.randrange(1000, 4000))
    for b in (mutated(rng, a, alphabet, 10 ** (seed % 3 + 1)), drawn(rng, alphabet, len(a) + rng.randrange(-200, 200))):
        expected = oracle(a, b)
        for k in (None, 0, 1, 31, 64, 100, expected // 2, expected - 1, expected, expected + 1, 2 * expected):
            wanted = expected if k is None else min(expected, k + 1)
            assert distance(a, b, max_distance=k) == wanted, k


@needs_rapidfuzz
@both_kernels
def test_more_distinct_letters_than_slots(distance: Callable[..., int], swaps: bool) -> None:
    rng = random.Random(7)
    oracle = OSA.distance if swaps else Levenshtein.distance
    letters = [chr(c) for c in range(0x100, 0xD000)]
    rng.shuffle(letters)
    a = "".join(letters[:3000])
    # Steps of 2**16 fall together in many hash functions.
    clash = "".join(chr(0x10000 * plane + 0x1234) for plane in range(17)) * 4
    for x, y in ((a, mutated(rng, a, a, 200)), (clash, clash[::-1]), (clash[:60], clash[30:])):
        assert distance(x, y) == oracle(x, y)


@both_kernels
def test_longest_strings(distance: Callable[..., int], swaps: bool) -> None:
    a = "ab" * (LIMIT // 2)
    assert distance(a, a) == 0
    assert distance(a, "") == LIMIT
    assert distance(a, "", max_distance=9) == 10
    assert distance("x" + a[2:] + "x", "y" + a[2:] + "y") == 2
    assert distance("x" + a[2:] + "x", "y" + a[2:] + "y", max_distance=1) == 2


@both_kernels
@given(pair=pairs)
def test_identity_symmetry_and_bounds(distance: Callable[..., int], swaps: bool, pair: tuple[str, str]) -> None:
    a, b = pair
    d = distance(a, b)
    assert distance(a, a) == distance(b, b) == 0
    assert (d == 0) == (a == b)
    assert distance(b, a) == d
    assert abs(len(a) - len(b)) <= d <= max(len(a), len(b))
    assert osa_distance(a, b) <= levenshtein_distance(a, b) <= 2 * osa_distance(a, b)


@given(pair=pairs, other=st.one_of(st.text("abc", max_size=40), any_text))
def test_levenshtein_triangle(pair: tuple[str, str], other: str) -> None:
    a, b = pair
    assert levenshtein_distance(a, b) <= levenshtein_distance(a, other) + levenshtein_distance(other, b)


def test_osa_is_no_metric() -> None:
    assert osa_distance("ca", "ac") + osa_distance("ac", "abc") < osa_distance("ca", "abc")


@both_kernels
@given(pair=related(max_size=12), before=st.text("ab", max_size=6), after=st.text("ab", max_size=6))
def test_common_affixes_do_not_count(
    distance: Callable[..., int], swaps: bool, pair: tuple[str, str], before: str, after: str
) -> None:
    a, b = (before + word + after for word in pair)
    assert table_distance(a, b, swaps=swaps) == table_distance(*pair, swaps=swaps) == distance(a, b)


EXAMPLES = [
    ("Stephen", "Stehpen", 2, 1),
    ("Smith", "Smiht", 2, 1),
    ("kitten", "sitting", 3, 3),
    ("ca", "abc", 3, 3),
    ("Müller", "Muller", 1, 1),
    ("Łukasz", "Lukas", 2, 2),
    ("Александр", "Алексаднр", 2, 1),
    ("王小明", "王明小", 2, 1),
    ("e\u0301", "\u00e9", 2, 2),
    ("a\ud800b", "ab\ud800", 2, 1),
    ("\ud800", "\udfff", 1, 1),
    ("\ud83d\ude00", "😀", 2, 2),
    ("a\x00b", "ab\x00", 2, 1),
    ("\x00", "", 1, 1),
    ("", "", 0, 0),
    ("A", "a", 1, 1),
]


@pytest.mark.parametrize(("a", "b", "levenshtein", "osa"), EXAMPLES, ids=ascii)
def test_examples(a: str, b: str, levenshtein: int, osa: int) -> None:
    check_cutoffs(levenshtein_distance, a, b, levenshtein)
    check_cutoffs(osa_distance, a, b, osa)


def test_examples_are_not_empty() -> None:
    assert EXAMPLES


def test_subclass_of_str() -> None:
    class Name(str):
        pass

    assert osa_distance(Name("Stephen"), "Stehpen") == 1


@both_kernels
@pytest.mark.parametrize(
    "wrong", [None, 1, 1.0, b"abc", bytearray(b"abc"), ["a"], ("a",), object()], ids=lambda wrong: type(wrong).__name__
)
def test_wrong_types(distance: Callable[..., int], swaps: bool, wrong: object) -> None:
    with pytest.raises(TypeError, match=r"^a must be a str, not \w+$"):
        distance(wrong, "abc")
    with pytest.raises(TypeError, match=r"^b must be a str, not \w+$"):
        distance("abc", wrong)


@both_kernels
@pytest.mark.parametrize("wrong", ["1", 1.0, b"1", [1]], ids=repr)
def test_wrong_type_of_cutoff(distance: Callable[..., int], swaps: bool, wrong: object) -> None:
    with pytest.raises(TypeError):
        distance("abc", "abd", max_distance=wrong)
    with pytest.raises(TypeError):
        distance("abc", "abd", 1)


@both_kernels
@pytest.mark.parametrize("k", [-1, -2, -(2**31), -(2**63), -(10**30)])
def test_negative_cutoff(distance: Callable[..., int], swaps: bool, k: int) -> None:
    with pytest.raises(ValueError, match="max_distance must not be negative"):
        distance("abc", "abc", max_distance=k)


@both_kernels
@pytest.mark.parametrize("letter", ["q", "é", "中", "😀"])
def test_too_long(distance: Callable[..., int], swaps: bool, letter: str) -> None:
    long = letter * (LIMIT + 1)
    for field, arguments in (("a", (long, "b")), ("b", ("b", long)), ("a", (long, long))):
        # A wrong cutoff shows that the limit is looked at first.
        for k in (None, 0, -1, "wrong"):
            with pytest.raises(LimitError) as caught:
                distance(*arguments, max_distance=k)
            assert (caught.value.field, caught.value.limit, caught.value.got) == (field, LIMIT, LIMIT + 1)
            assert "code points" in str(caught.value)
            assert letter not in str(caught.value)


@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="the platform has no interval timer")
@both_kernels
def test_long_call_can_be_interrupted(distance: Callable[..., int], swaps: bool) -> None:
    ticks = 0

    def tick(number: int, frame: object) -> None:
        nonlocal ticks
        ticks += 1

    rng = random.Random(3)
    a, b = (drawn(rng, "abcdefgh", LIMIT) for _ in range(2))
    before = signal.signal(signal.SIGALRM, tick)
    try:
        signal.setitimer(signal.ITIMER_REAL, 0.005, 0.005)
        distance(a, b)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    # Without looks at signals, all that arrive during the call fall together into one.
    assert ticks >= 4


LOWERCASE = {"levenshtein": (_levenshtein_lowercase, False), "osa": (_osa_lowercase, True)}
both_lowercase = pytest.mark.parametrize(("distance", "swaps"), LOWERCASE.values(), ids=LOWERCASE.keys())


def unmatched(word: bytes, offset: int) -> list[int]:
    """Letters as they are, every other byte as something that occurs only once."""
    return [c if 97 <= c <= 122 else offset + i for i, c in enumerate(word)]


def lowercase_words() -> st.SearchStrategy[bytes]:
    letters = st.one_of(st.sampled_from(b"ab"), st.integers(97, 122), st.sampled_from(b"`{AZ-\x00\xff"))
    return st.one_of(
        st.lists(st.sampled_from(b"abc"), max_size=64).map(bytes), st.lists(letters, max_size=64).map(bytes)
    )


@both_lowercase
@given(a=lowercase_words(), b=lowercase_words(), edits=st.integers(0, 8), near=st.booleans())
def test_lowercase_kernel(
    distance: Callable[..., int], swaps: bool, a: bytes, b: bytes, edits: int, near: bool
) -> None:
    if near:
        b = mutated(random.Random(edits), a.decode("latin-1"), "abc", edits).encode("latin-1")[:64]
    expected = table_distance(unmatched(a, 1000), unmatched(b, 2000), swaps=swaps)
    for k in (-(2**31), -1, len(a) // 2, expected, 2**31 - 1):
        assert distance(a, b, k) == (expected if k < 0 else min(expected, k + 1)), k
    for k in SMALL_CUTOFFS:
        assert distance(a, b, k) == min(expected, k + 1), k


@both_lowercase
def test_lowercase_lengths(distance: Callable[..., int], swaps: bool) -> None:
    rng = random.Random(11)
    for la in (0, 1, 2, 31, 32, 33, 63, 64):
        for lb in (0, 1, 63, 64):
            a, b = (drawn(rng, "abc", length).encode() for length in (la, lb))
            assert distance(a, b, -1) == table_distance(a, b, swaps=swaps)
    assert distance(b"stephen", b"stehpen", 2) == (1 if swaps else 2)
    for arguments in ((b"a" * 65, b"a"), (b"a", b"a" * 65)):
        with pytest.raises(ValueError, match="at most 64 bytes"):
            distance(*arguments, -1)


def test_docstring_examples() -> None:
    outcome = doctest.testmod(_distance)
    assert outcome.attempted >= 2
    assert outcome.failed == 0


def test_public_names() -> None:
    assert set(_distance.__all__) == {"levenshtein_distance", "osa_distance"}
    assert sys.modules["phonosearch._distance"] is _distance
