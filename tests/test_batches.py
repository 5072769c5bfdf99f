"""The kernels over many strings: the same as over one, whatever holds them, with any number of threads and vectors."""

from __future__ import annotations

import doctest
import itertools
import random
import string
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Any

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

import phonosearch as ps
from phonosearch import _distance_many
from phonosearch._distance_many import _use_vectors
from phonosearch._encoders import double_metaphone, soundex
from phonosearch._errors import LimitError, MissingExtraError, QueryError
from reference_distance import table_distance
from test_distance import ALPHABETS, drawn, mutated

LIMIT = 65_536
LEVELS = (0, 1, 2, 3)
DISTANCES = {
    "levenshtein": (ps.levenshtein_distance, ps.levenshtein_distance_many, False),
    "osa": (ps.osa_distance, ps.osa_distance_many, True),
}
both_distances = pytest.mark.parametrize(("single", "many", "swaps"), DISTANCES.values(), ids=DISTANCES.keys())

Strings = Sequence["str | None"]

encodable = st.characters(codec="utf-8")
strings = st.one_of(
    st.text(string.ascii_letters, max_size=12),
    st.text(string.ascii_letters + " -'éÇçñüßøł", max_size=12),
    st.text(encodable, max_size=20),
    st.text("ab", min_size=15, max_size=70),
)


class Array:
    """What speaks the Arrow PyCapsule interface for arrays, and nothing else."""

    def __init__(self, array: Any) -> None:
        self.array = array

    def __arrow_c_array__(self, requested_schema: Any = None) -> Any:
        return self.array.__arrow_c_array__(requested_schema)


class Stream:
    """And for streams."""

    def __init__(self, array: Any) -> None:
        self.array = array

    def __arrow_c_stream__(self, requested_schema: Any = None) -> Any:
        return self.array.__arrow_c_stream__(requested_schema)


def arrow_batches(names: Strings) -> Iterator[Any]:
    pa = pytest.importorskip("pyarrow", reason="pyarrow is not installed")
    plain = pa.array(names, pa.string())
    half = len(names) // 2
    yield plain
    yield pa.array(names, pa.large_string())
    if hasattr(pa, "string_view"):
        yield pa.array(names, pa.string_view())
    yield plain.dictionary_encode()
    yield pa.array(["Zoë", None, *names, "after"], pa.string())[2:-1]
    yield pa.array(["before", *names, None], pa.large_string())[1:-1]
    yield pa.chunked_array([plain[:half], plain[half:], plain[:0]], pa.string())
    yield pa.chunked_array([plain.dictionary_encode()])
    yield pa.chunked_array([], pa.string()) if not names else pa.chunked_array([plain])
    yield Array(plain)
    yield Stream(pa.chunked_array([plain[:half], plain[half:]], pa.string()))


def numpy_batches(names: Strings) -> Iterator[Any]:
    yield np.array(names, dtype=object)
    if not all(name is not None and name[-1:] != "\x00" for name in names):
        return
    array = np.array(names, dtype=str)
    yield array
    yield array.astype(array.dtype.newbyteorder())
    yield np.repeat(array, 2)[::2]
    yield np.array([name.encode() for name in names if name is not None], dtype=bytes)
    if hasattr(np.dtypes, "StringDType"):
        yield np.array(names, dtype=np.dtypes.StringDType())


def as_list(result: Any) -> list[Any]:
    """The rows of a result in any container: codes as str, pairs as tuples, distances with None for missing."""
    if isinstance(result, list):
        return result
    if not isinstance(result, np.ndarray):
        result.validate(full=True)
        rows = result.to_pylist()
        return [tuple(row.values()) if isinstance(row, dict) else row for row in rows]
    if result.dtype == np.int32:
        return [None if value == -1 else value for value in result.tolist()]
    if result.dtype.kind == "S":
        result = result.astype(str)
    rows = result.tolist()
    if result.ndim == 1:
        return rows
    return [None if row == [None, None] else tuple(row) for row in rows]


@contextmanager
def vectors(level: int) -> Iterator[None]:
    before = _use_vectors(level)
    try:
        yield
    finally:
        _use_vectors(before)


# Encoders


@given(st.lists(st.none() | strings, max_size=12), st.sampled_from([1, 3, 4, 7, None]))
@example(["Smith", None, "", "Müller", "Çelik"], 4)
@example([], None)
def test_codes_in_every_container(names: list[str | None], length: int | None) -> None:
    codes = [None if name is None else soundex(name) for name in names]
    pairs = [None if name is None else double_metaphone(name, length) for name in names]
    for batch in itertools.chain([names, tuple(names)], numpy_batches(names), arrow_batches(names)):
        assert as_list(ps.soundex_many(batch)) == codes
        assert as_list(ps.double_metaphone_many(batch, length)) == pairs


def test_containers_of_codes() -> None:
    assert ps.soundex_many(np.array([b"Smith"])).dtype == np.dtype("S4")
    assert ps.double_metaphone_many(np.array([b"Smith"]), 3).dtype == np.dtype("S3")
    assert ps.double_metaphone_many(np.array(["Washington", "b"]), None).dtype == np.dtype("U6")


@given(st.text(st.characters(max_codepoint=0x590) | st.characters(min_codepoint=0x1DF0, max_codepoint=0x1F10)))
def test_letters_of_the_fold_table(name: str) -> None:
    marked = "".join(letter + mark for letter, mark in zip(name, "\u0327\u0301" * len(name), strict=False))
    for text in (name, marked, name + "\u0327" + name, "c\u0301\u0327" + name, "ć\u0327", "\u0327" + name):
        assert ps.soundex_many([text]) == [soundex(text)]
        assert ps.double_metaphone_many([text]) == [double_metaphone(text)]


def test_every_character_that_the_fold_table_may_hold() -> None:
    letters = [chr(c) for c in (*range(0x600), *range(0x1DF0, 0x1F10))]
    texts = [before + letter + after for letter in letters for before, after in (("", ""), ("c", "\u0327a"))]
    assert ps.soundex_many(texts) == [soundex(text) for text in texts]
    assert ps.double_metaphone_many(texts) == [double_metaphone(text) for text in texts]


@pytest.mark.parametrize("after", ["", "a", "h", "ski", " ", "-", "'", "Ç", "\x00", "er", "ia"])
def test_steps_of_short_words(after: str) -> None:
    """Words of up to 32 bytes go by a table of steps, whole codes letter by letter."""
    letters = string.ascii_lowercase
    words = [a + b + c + after for a in letters for b in letters for c in letters]
    words += [before + word for word in words[:: 7] for before in ("ca", "wi", "Sch", "mc", "van ", "k", "DANG")]
    found = ps.double_metaphone_many(words)
    for word, pair, (primary, alternate) in zip(words, found, ps.double_metaphone_many(words, None), strict=True):
        cut = primary[:4], (alternate or primary)[:4]
        assert pair == (cut[0], "" if cut[0] == cut[1] else cut[1]), word


@given(st.text(string.ascii_letters + "hwHW'. ", max_size=24))
def test_soundex_in_steps_of_two(name: str) -> None:
    assert ps.soundex_many([name]) == [soundex(name)]


# Distances


@both_distances
@given(
    left=st.lists(st.none() | strings, max_size=12),
    one=strings,
    seed=st.integers(0, 2**32),
    limit=st.sampled_from([None, 0, 1, 2, 3, 7, 8, 100]),
)
@example(left=["Smith", None, "", "Müller"], one="Smyth", seed=0, limit=2)
@example(left=[], one="", seed=0, limit=None)
def test_distances_in_every_container(
    single: Callable[..., int], many: Callable[..., Any], swaps: bool, left: list[str | None], one: str, seed: int,
    limit: int | None,
) -> None:  # fmt: skip
    rng = random.Random(seed)
    right = [
        None if rng.random() < 0.1 else mutated(rng, name or one, name or "ab", rng.randrange(5)) for name in left
    ]
    to_one = [None if name is None else single(one, name, max_distance=limit) for name in left]
    rows = [
        None if a is None or b is None else single(a, b, max_distance=limit) for a, b in zip(left, right, strict=True)
    ]
    for batch in itertools.chain([left, tuple(left)], numpy_batches(left), arrow_batches(left)):
        assert as_list(many(one, batch, max_distance=limit)) == to_one
        assert as_list(many(right, batch, max_distance=limit)) == rows
        assert as_list(many(batch, right, max_distance=limit)) == rows


@both_distances
@given(
    seed=st.integers(0, 2**32),
    alphabet=st.sampled_from([*ALPHABETS[:3], "aé", "a\x00"]),
    length=st.integers(0, 26),
    limit=st.integers(0, 9),
    count=st.integers(1, 90),
)
def test_vectors_equal_scalar_and_table(
    single: Callable[..., int], many: Callable[..., Any], swaps: bool, seed: int, alphabet: str, length: int,
    limit: int, count: int,
) -> None:  # fmt: skip
    rng = random.Random(seed)
    one = drawn(rng, alphabet, length)
    others = [
        mutated(rng, one, alphabet, rng.randrange(limit + 3)) if at % 3 else drawn(rng, alphabet, rng.randrange(24))
        for at in range(count)
    ]
    expected = [min(table_distance(one, other, swaps=swaps), limit + 1) for other in others[:12]]
    found = []
    for level in LEVELS:
        with vectors(level):
            found.append(many(one, others, max_distance=limit))
    assert found[0][:12] == expected
    assert found[0] == found[1] == found[2] == found[3] == [single(one, other, max_distance=limit) for other in others]


@both_distances
def test_vectors_on_a_vocabulary(single: Callable[..., int], many: Callable[..., Any], swaps: bool) -> None:
    rng = random.Random(5)
    words = [drawn(rng, "aeinrst" if at % 2 else string.ascii_lowercase, rng.randrange(14)) for at in range(5_000)]
    for one in (*words[:6], "", "a" * 16, "ab" * 9, "abcdefghijklmnopqrstuvw", "abcdefgh" * 4, "aeinrst" * 5):
        near = [mutated(rng, one, "aeinrst", rng.randrange(9)) for _ in range(300)]
        for limit in (*range(9), 30, None):
            expected = [single(one, word, max_distance=limit) for word in words + near]
            for level in LEVELS:
                with vectors(level):
                    assert many(one, words + near, max_distance=limit) == expected


@both_distances
@pytest.mark.parametrize("limit", range(5))
def test_bands_at_every_length(single: Callable[..., int], many: Callable[..., Any], swaps: bool, limit: int) -> None:
    """Queries and strings of every length that the lanes take, and more; mutated at both ends and in between."""
    rng = random.Random(limit)
    for length in (*range(36), 63, 64):
        for alphabet in ("ab", "aA -'09z\x00\x7f"):
            one = drawn(rng, alphabet, length)
            others = [mutated(rng, one, alphabet, rng.randrange(limit + 3)) for _ in range(60)]
            others += ["", one, one[::-1], one[1:], one[:-1], "b" + one, one + "b", one[2:] + "bb", "bb" + one[:-2]]
            others += [drawn(rng, alphabet, max(0, length + shift)) for shift in range(-limit - 1, limit + 2)]
            expected = [single(one, other, max_distance=limit) for other in others]
            for level in LEVELS:
                with vectors(level):
                    assert many(one, others, max_distance=limit) == expected, (one, level)


@both_distances
def test_turns_of_every_size(single: Callable[..., int], many: Callable[..., Any], swaps: bool) -> None:
    """As many strings as fill the lanes, a block or several; and one more or less, in the last place of the memory."""
    pa = pytest.importorskip("pyarrow", reason="pyarrow is not installed")
    rng = random.Random(6)
    words: list[str | None] = [mutated(rng, "Stephens", "aeSt", rng.randrange(6)) for _ in range(2_049)]
    for at in range(1, len(words), 7):
        words[at] = ("Zoë", None, "")[at % 3]
    plain = [word for word in words if word is not None and word.isascii()]
    for some in (words, plain):
        expected = [None if word is None else single("Stephens", word, max_distance=3) for word in some]
        for count in (0, 1, 7, 8, 9, 15, 16, 17, 31, 32, 33, 63, 64, 65, 127, 129, 1_023, 1_024, 1_025, len(some)):
            batch = pa.array(some[:count], pa.string())
            for level in LEVELS:
                with vectors(level):
                    assert many("Stephens", batch, max_distance=3).to_pylist() == expected[:count]


@pytest.mark.parametrize("kind", ["U", "S"])
@pytest.mark.parametrize("width", [1, 2, 7, 8, 9, 15, 16, 17, 31, 32, 33, 47, 48, 49, 70])
def test_rows_of_every_width(kind: str, width: int) -> None:
    rng = random.Random(width)
    letters = "abé\u0100\u8041\U00010041\U0010ffff" if kind == "U" else "ab"
    words = [drawn(rng, "ab\x00" if at % 3 else letters, rng.randrange(width + 1)) + "b" for at in range(70)]
    words = [word[-width:] if at % 5 else "" for at, word in enumerate(words)]
    for count in (1, 2, 3, 4, 5, 33, 70):
        array = np.array(words[:count], dtype=f"{kind}{width}")
        assert ps.osa_distance_many("abba", array).tolist() == [ps.osa_distance("abba", word) for word in words[:count]]
        assert as_list(ps.soundex_many(array)) == [soundex(word) for word in words[:count]]
        for length in (3, 4, None):
            found = as_list(ps.double_metaphone_many(array, length))
            assert found == [double_metaphone(word, length) for word in words[:count]]


def test_code_points_that_are_none() -> None:
    rows = np.array([[0x80000041, 0x61], [0x61, 0xFFFFFFFF], [0x41, 0x61]], dtype=np.uint32)
    array = rows.view("U2").reshape(-1)
    assert ps.osa_distance_many("Aa", array, max_distance=2).tolist() == [1, 2, 0]


@given(
    st.text("abcdefgh ", max_size=34),
    st.integers(1, 41),
    st.integers(0, 4),
    st.sampled_from([None, 0, 1, 2, 3, 4, 7, 31]),
    st.sampled_from(sorted(DISTANCES)),
    st.data(),
)
def test_rows_of_fixed_width_in_every_place(
    one: str, width: int, wide: int, limit: int | None, name: str, data: st.DataObject
) -> None:
    """Of any width up to the lanes' and beyond, at the end of their memory, among rows that are not ASCII."""
    single, many, _ = DISTANCES[name]
    rng = random.Random(data.draw(st.integers(0, 1 << 32)))
    size = data.draw(st.sampled_from([1, 3, 7, 8, 9, 15, 16, 17, 64, 65, 1023, 1024, 1025, 1100]))
    words = [mutated(rng, one, "abch", rng.randint(0, 4)) for _ in range(size)]
    words = ["\0".join((word, "b")) if rng.random() < 0.02 else word for word in words]
    for _ in range(wide):
        words[rng.randrange(size)] = rng.choice(["é", "Łódź", "李小龙", "a\x80", "x" * rng.randint(0, width) + "ß"])
    texts = np.array(words, dtype=f"U{width}")
    raw = np.array([word.encode() for word in texts.tolist()])  # as wide as it must be, lest a character is cut
    bytes_ = raw.astype(f"S{max(width, raw.dtype.itemsize)}")
    expected = [single(one, word, max_distance=limit) for word in texts.tolist()]
    for level in LEVELS:
        with vectors(level):
            for batch in (texts, bytes_, texts[size // 2 :], bytes_[size // 2 :]):
                found = many(one, batch, max_distance=limit).tolist()
                assert found == expected[size - len(batch) :], (level, batch.dtype, len(batch))


def test_bytes_that_are_no_utf8_are_refused_beside_plain_rows() -> None:
    for level in LEVELS:
        with vectors(level), pytest.raises(QueryError, match=r"b\[1\]"):
            ps.osa_distance_many("anna", np.array([b"anna", b"\xff", b"ann"]), max_distance=1)


@both_distances
def test_a_limit_beyond_the_lanes(single: Callable[..., int], many: Callable[..., Any], swaps: bool) -> None:
    """Blocks without a long string and with one, for queries that the lanes take."""
    rng = random.Random(9)
    short = [drawn(rng, "abc", rng.randint(0, 32)) for _ in range(70)]
    mixed = [*short, drawn(rng, "abc", 33), drawn(rng, "abc", 90)]
    for words, limit, length in itertools.product((short, mixed), (None, 20, 33, 63, 64, 65, 200), (0, 5, 20, 32)):
        one = drawn(rng, "abc", length)
        expected = [single(one, word, max_distance=limit) for word in words]
        for level in LEVELS:
            with vectors(level):
                assert many(one, words, max_distance=limit) == expected, (level, limit, length)


def test_levels_of_vectors_are_bounded() -> None:
    with vectors(99):
        assert 0 <= _use_vectors(-5) <= LEVELS[-1]
        assert _use_vectors(0) == 0


@both_distances
def test_long_strings(single: Callable[..., int], many: Callable[..., Any], swaps: bool) -> None:
    rng = random.Random(8)
    words = [drawn(rng, "abcd", length) for length in (15, 16, 17, 31, 32, 33, 63, 64, 65, 128, 300, 3_000)]
    words += [mutated(rng, word, "abcd", 3) for word in words]
    for limit in (None, 0, 2, 7, 40):
        for one in words:
            assert many(one, words, max_distance=limit) == [single(one, word, max_distance=limit) for word in words]
        other = words[::-1]
        expected = [single(a, b, max_distance=limit) for a, b in zip(words, other, strict=True)]
        assert many(words, other, max_distance=limit) == expected


def test_surrogates_and_nul() -> None:
    odd = ["a\ud800b", "\x00", "", "ab\x00", "😀"]
    for one in odd:
        assert ps.osa_distance_many(one, odd) == [ps.osa_distance(one, other) for other in odd]
    assert ps.osa_distance_many(odd, odd[::-1]) == [
        ps.osa_distance(a, b) for a, b in zip(odd, odd[::-1], strict=True)
    ]


def test_containers_of_distances() -> None:
    pa = pytest.importorskip("pyarrow", reason="pyarrow is not installed")
    array = pa.array(["Ann", None])
    assert ps.levenshtein_distance_many("Anne", array).equals(pa.array([1, None], pa.int32()))
    assert ps.levenshtein_distance_many(array, array).null_count == 1
    assert ps.levenshtein_distance_many([None, "Ann"], array).null_count == 2
    assert ps.levenshtein_distance_many("Anne", array[:1]).null_count == 0
    found = ps.levenshtein_distance_many(array, np.array(["Ann", "Bob"]))
    assert (found.dtype, found.tolist()) == (np.dtype(np.int32), [0, -1])
    assert ps.levenshtein_distance_many(array, ["Ann", "Bob"]) == [0, None]


# Threads


@pytest.fixture(scope="module")
def crowd() -> list[str | None]:
    """More than one piece for each of some threads, with all kinds of rows."""
    rng = random.Random(9)
    names: list[str | None] = [drawn(rng, string.ascii_letters, rng.randrange(1, 12)) for _ in range(9_000)]
    for at in range(0, len(names), 17):
        names[at] = None
    for at in range(0, len(names), 13):
        names[at] = "Çelik " + drawn(rng, "éöцß北", 3)
    names[4_000] = "x" * 3_000
    return names


@pytest.mark.parametrize("threads", [1, 2, 4, None])
def test_threads_give_the_same(crowd: list[str | None], threads: int | None) -> None:
    pa = pytest.importorskip("pyarrow", reason="pyarrow is not installed")
    for batch in (crowd, np.array(crowd, dtype=object), pa.array(crowd)[3:]):
        kept = crowd if not isinstance(batch, pa.Array) else crowd[3:]
        other = kept[::-1]
        assert as_list(ps.soundex_many(batch, threads=threads)) == as_list(ps.soundex_many(batch))
        for length in (4, None):
            found = as_list(ps.double_metaphone_many(batch, length, threads=threads))
            assert found == [None if name is None else double_metaphone(name, length) for name in kept]
        for limit in (2, None):
            found = as_list(ps.osa_distance_many("Celik", batch, max_distance=limit, threads=threads))
            single = partial(ps.osa_distance, "Celik", max_distance=limit)
            assert found == [None if name is None else single(name) for name in kept]
        found = as_list(ps.levenshtein_distance_many(other, batch, max_distance=5, threads=threads))
        assert found == as_list(ps.levenshtein_distance_many(other, batch, max_distance=5))


FUNCTIONS: dict[str, Callable[..., Any]] = {
    "soundex": ps.soundex_many,
    "double_metaphone": ps.double_metaphone_many,
    "levenshtein": lambda names, **options: ps.levenshtein_distance_many("Smith", names, **options),
    "osa": lambda names, **options: ps.osa_distance_many(names, ["Smith"] * 3, **options),
}
every_function = pytest.mark.parametrize("function", FUNCTIONS.values(), ids=FUNCTIONS.keys())


@every_function
@pytest.mark.parametrize("threads", [0, -1, 1.5, "2", True])
def test_wrong_threads(function: Callable[..., Any], threads: object) -> None:
    with pytest.raises(QueryError, match="threads"):
        function(["a", "b", "c"], threads=threads)


# Errors


@every_function
@pytest.mark.parametrize("wrong", [b"Secret", 42, ["Secret"]])
def test_a_wrong_element_is_named_by_position(function: Callable[..., Any], wrong: object) -> None:
    for batch in (["Smith", None, wrong], np.array(["Smith", None, wrong, 1], dtype=object)[:3]):
        with pytest.raises(TypeError, match=r"^(names|a|b)\[2\]: expected str or None") as caught:
            function(batch)
        assert "ecret" not in str(caught.value)


@every_function
@pytest.mark.parametrize("wrong", [b"Secret", bytearray(b"Secret"), 42, None, np.arange(3)])
def test_a_batch_must_be_a_batch(function: Callable[..., Any], wrong: object) -> None:
    with pytest.raises(TypeError) as caught:
        function(wrong)
    assert "ecret" not in str(caught.value)


@every_function
def test_the_limit_on_length(function: Callable[..., Any]) -> None:
    pa = pytest.importorskip("pyarrow", reason="pyarrow is not installed")
    for letter in ("q", "é", "北"):
        longest = ["x", letter * LIMIT, None]
        over = ["x", letter * (LIMIT + 1), None]
        assert len(as_list(function(longest))) == 3
        for make in (list, lambda names: np.array(names, dtype=object), pa.array, lambda names: np.array(names[:2])):
            if function is FUNCTIONS["osa"] and len(make(over)) != 3:
                continue
            with pytest.raises(LimitError) as caught:
                function(make(over))
            assert (caught.value.limit, caught.value.got) == (LIMIT, LIMIT + 1)
            assert caught.value.field.endswith("[1]")
            assert letter not in str(caught.value)


@both_distances
def test_wrong_arguments_of_distances(single: Callable[..., int], many: Callable[..., Any], swaps: bool) -> None:
    with pytest.raises(ValueError, match="a and b must be of one length, not 1 and 2"):
        many(["a"], ["b", "c"])
    with pytest.raises(ValueError, match="max_distance must not be negative"):
        many("a", ["b"], max_distance=-1)
    with pytest.raises(TypeError):
        many("a", ["b"], max_distance="1")
    with pytest.raises(TypeError):
        many("a", ["b"], 1)
    with pytest.raises(TypeError):
        many("a", "b")
    with pytest.raises(LimitError) as caught:
        many("a" * (LIMIT + 1), [])
    assert caught.value.field == "a"
    assert many("a", ["bcd"], max_distance=10**30) == [3]


@every_function
def test_other_types_of_arrow_are_refused(function: Callable[..., Any]) -> None:
    pa = pytest.importorskip("pyarrow", reason="pyarrow is not installed")
    for wrong in (pa.array([1, 2, 3]), pa.array([b"x"] * 3), pa.table({"name": ["x"]})):
        with pytest.raises(TypeError, match="expected Arrow strings"):
            function(wrong)


@every_function
def test_broken_arrow_data(function: Callable[..., Any]) -> None:
    pa = pytest.importorskip("pyarrow", reason="pyarrow is not installed")

    def array(kind: Any, width: Any, offsets: list[int], data: bytes = b"abcdef") -> Any:
        buffers = [None, pa.py_buffer(np.array(offsets, dtype=width)), pa.py_buffer(data)]
        return pa.Array.from_buffers(kind, len(offsets) - 1, buffers)

    for kind, width in ((pa.string(), np.int32), (pa.large_string(), np.int64)):
        top = int(np.iinfo(width).max)
        for offsets in ([0, 1, 2, 7], [0, 4, 2, 6], [-2, 0, 1, 2], [0, top, -top, 3], [0, 3, -1, 2]):
            with pytest.raises(ValueError):  # noqa: PT011 (pyarrow finds some of them, with an error of its own)
                function(array(kind, width, offsets))
        assert len(function(array(kind, width, [1, 1, 2, 6]))) == 3
        for data in (b"ab\xff", b"ab\xc0\xafcd", b"ab\xed\xa0\x80", b"ab\xf5\x80\x80\x80", b"ab\xe2\x82"):
            with pytest.raises(QueryError, match=r"\[2\]: is no valid UTF-8"):
                function(array(kind, width, [0, 1, 2, len(data)], data))
    with pytest.raises(QueryError, match="UTF-8"):
        function(np.array([b"a", b"b", b"\xff"]))


@every_function
def test_without_pyarrow(function: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> None:
    pa = pytest.importorskip("pyarrow", reason="pyarrow is not installed")
    array = pa.array(["a", "b", "c"])
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(MissingExtraError) as caught:
        function(array)
    assert caught.value.extra == "arrow"


def test_docstring_examples() -> None:
    outcome = doctest.testmod(_distance_many)
    assert outcome.attempted >= 4
    assert outcome.failed == 0


@pytest.mark.parametrize("nothing", [None, 5, 1.5, object()])
def test_what_is_no_batch_is_refused_with_what_to_give(nothing: Any) -> None:
    for call in (
        ps.soundex_many, ps.double_metaphone_many, lambda names: ps.osa_distance_many("a", names),
        lambda names: ps.levenshtein_distance_many(names, ["a"]),
    ):  # fmt: skip
        with pytest.raises(TypeError, match=f"got {type(nothing).__name__}; give a list"):
            call(nothing)
    with pytest.raises(TypeError, match="a single str; give a list"):
        ps.soundex_many("Smith")  # type: ignore[type-var]


def test_batches_may_come_from_anything_that_can_be_gone_through() -> None:
    class Old:
        def __getitem__(self, at: int) -> str:
            return ["Smith", "Jones"][at]

    for names in (iter(["Smith", "Jones"]), {"Smith": 1, "Jones": 2}, Old()):
        assert ps.soundex_many(names) == ["S530", "J520"]  # type: ignore[call-overload]


@both_distances
@pytest.mark.parametrize("limit", ["1", 1.5, [], 1j])
def test_a_limit_that_is_no_number_says_what_to_give(
    single: Callable[..., int], many: Callable[..., Any], swaps: bool, limit: Any
) -> None:
    for call in (lambda: single("a", "b", max_distance=limit), lambda: many("a", ["b"], max_distance=limit)):
        with pytest.raises(TypeError, match=r"max_distance must be a whole number, not \w+; .*leave it out"):
            call()
    assert many("a", ["b"], max_distance=np.int16(3)) == [single("a", "b", max_distance=np.int16(3))] == [1]
