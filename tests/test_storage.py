"""The file format: whatever was saved comes back, and whatever was damaged is refused."""

from __future__ import annotations

import errno
import io
import json
import os
import random
import re
import resource
import signal
import stat
import struct
import subprocess
import sys
import textwrap
import threading
import time
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from phonosearch import _storage
from phonosearch._checksum import Checks, bounds, checksum64
from phonosearch._errors import CorruptIndexError, FormatTooNewError, FormatTooOldError, IndexFormatError
from phonosearch._storage import ENTRY, FOOTER, HEADER, META, _Files, load, save, verify

M64 = (1 << 64) - 1
P1, P2 = 0x9E3779B185EBCA87, 0xC2B2AE3D27D4EB4F

OLD = {"ids": np.arange(5, dtype="u8"), "text": np.frombuffer(b"old", "u1")}
NEW = {"ids": np.arange(9, dtype="u8"), "text": np.frombuffer(b"brand new", "u1"), "none": np.empty(0, "i4")}


def checksum64_and_bounds(data: Any) -> tuple[int, Any]:
    checks = Checks([data], [True])
    checks.work()
    return checks.results()[0]


def reference_checksum(data: bytes) -> int:
    """The definition in the docstring of `_checksum`, word by word."""

    def step(x: int, p: int) -> int:
        return (x ^ x >> 32) * p & M64

    padded = data + bytes(-len(data) % 64)
    acc = [(i + 1) * P2 & M64 for i in range(8)]
    for j, (word,) in enumerate(struct.iter_unpack("<Q", padded)):
        acc[j % 8] = step(acc[j % 8] ^ word, P1)
    h = len(data) * P1 & M64
    for lane in acc:
        h = step(h ^ lane, P2)
    h ^= h >> 32
    h = h * P1 & M64
    h ^= h >> 29
    h = h * P2 & M64
    return h ^ h >> 32


def reference_bounds(values: list[int]) -> tuple[int, int, bool]:
    return max(values[::2], default=0), max(values[1::2], default=0), values == sorted(values)


@given(
    st.lists(st.integers(0, 2**32 - 1), max_size=70),
    st.integers(0, 3),
    st.integers(0, 2**32 - 1),
    st.integers(0, 5000),
    st.booleans(),
)
def test_bounds_are_those_of_the_numbers(some: list[int], times: int, other: int, place: int, rising: bool) -> None:
    values = np.array((sorted(some) if rising else some) * 60**times, np.uint32)[:9000]
    if rising:
        values = np.sort(values)
    if place < len(values):
        values[place] = other
    expected = reference_bounds(values.tolist())
    assert bounds(values) == expected
    assert checksum64_and_bounds(values) == (checksum64(values), expected)
    assert checksum64_and_bounds(values.tobytes()) == (reference_checksum(values.tobytes()), expected)


@pytest.mark.parametrize("size", [2046, 2047, 2048, 2049, 4096, 4097, 8200])
def test_a_fall_anywhere_is_seen(size: int) -> None:
    rising = np.arange(size, dtype=np.uint32)
    assert checksum64_and_bounds(rising)[1][2]
    for place in {1, 15, 16, 17, 2047, 2048, 2049, 4095, 4096, size - 1} & set(range(1, size)):
        values = rising.copy()
        values[place] = place - 2 if place > 1 else 0
        values[place - 1] = place - 1 if place > 1 else 1
        assert not checksum64_and_bounds(values)[1][2], place


@given(st.lists(st.tuples(st.lists(st.integers(0, (1 << 32) - 1), max_size=40), st.booleans()), max_size=12))
def test_threads_that_share_buffers_check_each_of_them(given_buffers: list[tuple[list[int], bool]]) -> None:
    buffers = [np.array(values, np.uint32) for values, _ in given_buffers]
    checks = Checks(buffers, [numbers for _, numbers in given_buffers])
    threads = [threading.Thread(target=checks.work) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert checks.results() == [
        (checksum64(values), reference_bounds(values.tolist()) if numbers else None)
        for values, (_, numbers) in zip(buffers, given_buffers, strict=True)
    ]


def test_what_cannot_be_checked_is_refused() -> None:
    with pytest.raises(ValueError, match="aligned"):
        Checks([memoryview(bytes(16))[1:9]], [True])
    with pytest.raises(ValueError, match="each buffer"):
        Checks([b""], [])
    with pytest.raises(TypeError):
        Checks([b"", "text"], [False, False])  # type: ignore[list-item]


def test_work_is_done_meanwhile_if_the_file_is_large(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "index"
    save(path, OLD, {"kind": "old"})
    done: list[int] = []
    small = _storage.load_with_bounds(path, meanwhile=lambda: done.append(1))
    assert not done
    monkeypatch.setattr(_storage, "THREADS_FROM", 0)
    large = _storage.load_with_bounds(path, meanwhile=lambda: done.append(2))
    assert done == [2]
    assert small[1:] == large[1:]
    assert {name: values.tolist() for name, values in small[0].items()} == {
        name: values.tolist() for name, values in large[0].items()
    }

    def fail() -> None:
        raise KeyError("meanwhile")

    before = threading.active_count()
    with pytest.raises(KeyError, match="meanwhile"):
        _storage.load_with_bounds(path, meanwhile=fail)
    assert threading.active_count() == before


def names(directory: Path) -> list[str]:
    return sorted(path.name for path in directory.iterdir())


def same(left: dict[str, Any], right: dict[str, Any]) -> bool:
    return list(left) == list(right) and all(
        left[name].dtype == right[name].dtype and np.array_equal(left[name], right[name]) for name in left
    )


def refused(path: Path) -> IndexFormatError:
    """The error of a file that must be refused in both ways of reading, and left as it is."""
    before = path.read_bytes()
    with pytest.raises(IndexFormatError) as mapped:
        load(path)
    with pytest.raises(IndexFormatError) as private:
        load(path, mmap=False)
    assert type(mapped.value) is type(private.value)
    assert str(mapped.value) == str(private.value)
    assert path.read_bytes() == before
    return mapped.value


# The checksum


def test_checksum_of_known_inputs() -> None:
    assert checksum64(b"") == 0xBD6175CD75A3E6CD
    assert checksum64(b"a") == 0x3FEF3A2E284C078B


@pytest.mark.parametrize("length", [*range(140), 191, 192, 193, 4096, 5000])
def test_checksum_is_the_documented_one(length: int) -> None:
    data = random.Random(length).randbytes(length)
    assert checksum64(data) == reference_checksum(data)
    assert checksum64(memoryview(b"x" + data)[1:]) == reference_checksum(data), "unaligned"


@given(st.binary(max_size=400))
def test_checksum_of_any_bytes(data: bytes) -> None:
    assert checksum64(data) == reference_checksum(data)


@given(st.binary(min_size=1, max_size=300), st.data())
def test_a_change_within_one_word_changes_the_checksum(data: bytes, draw: st.DataObject) -> None:
    word = draw.draw(st.integers(0, (len(data) - 1) // 8))
    width = len(data[8 * word : 8 * word + 8])
    other = draw.draw(st.binary(min_size=width, max_size=width))
    changed = data[: 8 * word] + other + data[8 * word + width :]
    assert (checksum64(changed) == checksum64(data)) == (changed == data)


def test_every_flipped_bit_changes_the_checksum() -> None:
    data = bytearray(random.Random(1).randbytes(200))
    sums = {checksum64(data)}
    for bit in range(8 * len(data)):
        data[bit >> 3] ^= 1 << (bit & 7)
        sums.add(checksum64(data))
        data[bit >> 3] ^= 1 << (bit & 7)
    # All different from one another as well: so any two flipped bits are found too.
    assert len(sums) == 8 * len(data) + 1


def test_zeros_of_every_length_differ() -> None:
    assert len({checksum64(bytes(n)) for n in range(300)}) == 300


def test_checksum_takes_any_contiguous_buffer_only() -> None:
    array = np.arange(100, dtype="u4")
    assert checksum64(array.data) == checksum64(array.tobytes())
    with pytest.raises(BufferError, match="contiguous"):
        checksum64(array[::2].data)
    with pytest.raises(TypeError):
        checksum64("text")  # type: ignore[arg-type]


# Round trips


@pytest.mark.parametrize("mmap", [True, False])
def test_round_trip(tmp_path: Path, mmap: bool) -> None:
    sections: dict[str, Any] = {
        "a": np.array([1, 2, 255], "u1"),
        "b": np.array([0, 65535], "u2"),
        "c": np.array([1 << 31], "u4"),
        "d": np.array([M64, 0], "u8"),
        "e": np.array([-1, 1], "i4"),
        "f": np.array([-(1 << 63)], "i8"),
        "empty": np.empty(0, "u8"),
        "x" * 64: np.zeros(1000, "u1"),
    }
    meta: dict[str, str | int] = {"rules": "a b ü 山 \ud800", "count": -(1 << 70), "": ""}
    save(tmp_path / "index", sections, meta)
    loaded, meta_back = load(tmp_path / "index", mmap=mmap)
    assert same(loaded, sections)
    assert meta_back == meta
    for array in loaded.values():
        assert not array.flags.writeable
        assert array.ctypes.data % 64 == 0
    with pytest.raises(ValueError, match="read-only"):
        loaded["a"][0] = 9
    verify(tmp_path / "index")


def test_no_sections_at_all(tmp_path: Path) -> None:
    save(tmp_path / "index", {}, {})
    assert load(tmp_path / "index") == ({}, {})


SECTION_NAMES = st.text(st.characters(min_codepoint=32, max_codepoint=126), min_size=1, max_size=64).filter(
    lambda name: name != "__meta__"
)
ARRAYS = st.tuples(st.sampled_from(["u1", "u2", "u4", "u8", "i4", "i8"]), st.binary(max_size=300)).map(
    lambda pair: np.frombuffer(pair[1][: len(pair[1]) // 8 * 8], pair[0])
)


@given(
    st.dictionaries(SECTION_NAMES, ARRAYS),
    st.dictionaries(st.text(), st.text() | st.integers()),
)
def test_any_sections_come_back(
    tmp_path_factory: pytest.TempPathFactory, sections: dict[str, Any], meta: dict[str, str | int]
) -> None:
    path = tmp_path_factory.getbasetemp() / "any"
    save(path, sections, meta)
    loaded, meta_back = load(path)
    assert same(loaded, sections)
    assert meta_back == meta


def test_foreign_byte_order_and_strides_are_saved_plain(tmp_path: Path) -> None:
    save(tmp_path / "index", {"big": np.arange(6, dtype=">u4"), "every": np.arange(10, dtype="i8")[::-3]}, {})
    loaded, _ = load(tmp_path / "index")
    assert same(loaded, {"big": np.arange(6, dtype="<u4"), "every": np.array([9, 6, 3, 0], "<i8")})


def test_bytes_depend_on_the_content_and_the_file_id_only(tmp_path: Path) -> None:
    for name in ("a", "b"):
        save(tmp_path / name, NEW, {"k": 1}, file_id=b"0123456789abcdef")
    save(tmp_path / "c", NEW, {"k": 1})
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes() != (tmp_path / "c").read_bytes()


def test_arrays_outlive_a_replaced_file(tmp_path: Path) -> None:
    path = tmp_path / "index"
    save(path, OLD, {})
    mapped, _ = load(path)
    save(path, NEW, {})
    assert same(mapped, OLD)
    assert same(load(path)[0], NEW)


def test_only_the_owner_can_read_the_file(tmp_path: Path) -> None:
    path = tmp_path / "index"
    path.write_bytes(b"")
    path.chmod(0o644)
    save(path, OLD, {})
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_relative_paths_and_strings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    save("index", OLD, {})
    assert same(load("index")[0], OLD)
    assert names(tmp_path) == ["index"]


@pytest.mark.parametrize(
    ("sections", "meta"),
    [
        ({"a": np.zeros((2, 2), "u1")}, {}),
        ({"a": np.zeros(2, "f8")}, {}),
        ({"a": np.zeros(2, "i2")}, {}),
        ({"a": np.zeros(2, bool)}, {}),
        ({"a": np.array(["x"])}, {}),
        ({"a": np.array([None])}, {}),
        ({"": OLD["ids"]}, {}),
        ({"x" * 65: OLD["ids"]}, {}),
        ({"ü": OLD["ids"]}, {}),
        ({"a\0": OLD["ids"]}, {}),
        ({META: OLD["ids"]}, {}),
        ({str(n): OLD["ids"] for n in range(257)}, {}),
        ({}, {"a": 1.5}),
        ({}, {"a": True}),
        ({}, {"a": None}),
        ({}, {1: "a"}),
        ({}, {"a": "x" * (16 << 20)}),
    ],
)
def test_what_cannot_be_saved_is_refused_before_a_file_exists(tmp_path: Path, sections: Any, meta: Any) -> None:
    with pytest.raises(ValueError, match=r"section|meta"):
        save(tmp_path / "index", sections, meta)
    assert not names(tmp_path)


def test_a_file_id_has_sixteen_bytes(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="16 bytes"):
        save(tmp_path / "index", OLD, {}, file_id=b"short")


def test_the_most_sections(tmp_path: Path) -> None:
    sections = {f"s{n}": np.array([n], "u4") for n in range(256)}
    save(tmp_path / "index", sections, {})
    assert same(load(tmp_path / "index")[0], sections)


# Damage


@pytest.fixture
def small(tmp_path: Path) -> Path:
    path = tmp_path / "small"
    sections = {"ids": np.array([1, 2, 3], "u4"), "none": np.empty(0, "u8"), "last": np.array([4], "i8")}
    save(path, sections, {"rules": "1", "n": 3})
    return path


def test_every_changed_byte_is_found(small: Path) -> None:
    good = small.read_bytes()
    rng = random.Random(0)
    for offset in range(len(good)):
        for flip in (1 << rng.randrange(8), 0xFF):
            data = bytearray(good)
            data[offset] ^= flip
            small.write_bytes(data)
            if not 16 <= offset < 32:
                assert isinstance(refused(small), CorruptIndexError | FormatTooOldError | FormatTooNewError)
            else:
                assert "checksum" in refused(small).section  # type: ignore[attr-defined]


def test_every_truncation_is_found(small: Path) -> None:
    good = small.read_bytes()
    for length in range(len(good)):
        small.write_bytes(good[:length])
        assert isinstance(refused(small), CorruptIndexError)


@pytest.mark.parametrize("extra", [1, 7, 8, 63, 64, 65, 4096, 100_000])
def test_every_extension_is_found(small: Path, extra: int) -> None:
    good = small.read_bytes()
    for tail in (bytes(extra), random.Random(extra).randbytes(extra), (good * (extra // len(good) + 1))[:extra]):
        small.write_bytes(good + tail)
        assert "length of the file" in str(refused(small))


@given(st.binary(max_size=2000))
def test_any_bytes_are_refused(tmp_path_factory: pytest.TempPathFactory, data: bytes) -> None:
    path = tmp_path_factory.getbasetemp() / "noise"
    path.write_bytes(data)
    refused(path)


@given(st.data())
def test_any_patch_is_refused(tmp_path_factory: pytest.TempPathFactory, draw: st.DataObject) -> None:
    path = tmp_path_factory.getbasetemp() / "patched"
    save(path, OLD, {"rules": "1"}, file_id=bytes(16))
    good = path.read_bytes()
    start = draw.draw(st.integers(0, len(good) - 1))
    patch = draw.draw(st.binary(min_size=1, max_size=200))[: len(good) - start]
    changed = good[:start] + patch + good[start + len(patch) :]
    if changed != good:
        path.write_bytes(changed)
        refused(path)


class Crafted:
    """A good file taken apart, to be put together wrong but with every checksum right."""

    def __init__(self, path: Path) -> None:
        data = path.read_bytes()
        self.header = list(HEADER.unpack_from(data))
        length = self.header[6]
        self.entries = [list(entry) for entry in ENTRY.iter_unpack(data[HEADER.size : HEADER.size + length])]
        self.body = bytearray(data[HEADER.size + length : -FOOTER.size])
        self.body_start = HEADER.size + length
        self.footer = list(FOOTER.unpack(data[-FOOTER.size :]))

    def place(self, number: int) -> slice:
        offset, length = self.entries[number][3:5]
        return slice(offset - self.body_start, offset - self.body_start + length)

    def write(self, path: Path, *, reseal_sections: bool = True) -> None:
        if reseal_sections:
            for number, entry in enumerate(self.entries):
                if self.place(number).start >= 0 and self.place(number).stop <= len(self.body):
                    entry[5] = checksum64(bytes(self.body[self.place(number)]))
        table = b"".join(ENTRY.pack(*entry) for entry in self.entries)
        self.header[7] = checksum64(table)
        head = HEADER.pack(*self.header)
        footer = FOOTER.pack(*self.footer)[:-8]
        # The reader seals what the header calls the table.
        sealed = (head + table + self.body + footer)[: HEADER.size + self.header[6]]
        path.write_bytes(head + table + self.body + footer + checksum64(sealed + footer).to_bytes(8, "little"))


def set_header(field: int, value: object) -> Callable[[Crafted], None]:
    return lambda crafted: crafted.header.__setitem__(field, value)


def set_entry(number: int, field: int, value: object) -> Callable[[Crafted], None]:
    return lambda crafted: crafted.entries[number].__setitem__(field, value)


def set_meta(text: bytes) -> Callable[[Crafted], None]:
    def change(crafted: Crafted) -> None:
        place = crafted.place(0)
        crafted.body[place] = text.ljust(place.stop - place.start)

    return change


def swap_entries(crafted: Crafted) -> None:
    crafted.entries[1], crafted.entries[2] = crafted.entries[2], crafted.entries[1]


def overlap(crafted: Crafted) -> None:
    crafted.entries[2][3] = crafted.entries[1][3]


def dirty_padding(crafted: Crafted) -> None:
    crafted.body[crafted.place(1).stop] = 1


def dirty_end(crafted: Crafted) -> None:
    crafted.body[-1] = 1


def empty_table(crafted: Crafted) -> None:
    crafted.header[6] = 0


def hidden_bytes(crafted: Crafted) -> None:
    crafted.body += bytes(64)
    crafted.header[4] += 64


EDGES = [(1 << 32) - 64, 1 << 32, (1 << 63) - 64, 1 << 63, M64 - 63, M64]

CRAFTED: list[tuple[str, Callable[[Crafted], None], str]] = [
    ("magic", set_header(0, b"\x89PHS\n\x1a\n\0"), "magic"),
    ("other byte order", set_header(2, 0x04030201), "byte order"),
    *[(f"total {n}", set_header(4, n), "length of the file") for n in [0, *EDGES]],
    *[(f"table at {n}", set_header(5, n), "offset of the section table") for n in [0, 63, 128, *EDGES]],
    *[(f"table of {n}", set_header(6, n), "length of the section table") for n in [0, 95, 97, 96 * 258, *EDGES]],
    *[(f"section at {n}", set_entry(1, 3, n), "offset of section 1") for n in [0, 64, 1, *EDGES]],
    *[(f"section of {n}", set_entry(1, 4, n), "length of section 1") for n in [13, *EDGES[:-1], M64 - 3]],
    ("odd length", set_entry(1, 4, 11), "length of section 1"),
    ("section over the next", set_entry(2, 4, 64), "offset of section 3"),
    ("section over the footer", set_entry(3, 4, 72), "length of section 3"),
    ("overlap", overlap, "offset of section 2"),
    ("not in order", swap_entries, "offset of section 1"),
    ("unknown type", set_entry(1, 1, b"f8\0\0"), "type of section 1"),
    ("object type", set_entry(1, 1, b"O\0\0\0"), "type of section 1"),
    ("type with more behind it", set_entry(1, 1, b"u1\0x"), "type of section 1"),
    ("meta of another type", set_entry(0, 1, b"u2\0\0"), "type of section 0"),
    ("empty name", set_entry(1, 0, b""), "name of section 1"),
    ("name outside ASCII", set_entry(1, 0, "ü".encode()), "name of section 1"),
    ("name with a zero", set_entry(1, 0, b"a\0b"), "name of section 1"),
    ("same name twice", set_entry(2, 0, b"ids"), "name of section 2"),
    ("meta twice", set_entry(1, 0, META.encode()), "name of section 1"),
    ("no meta", set_entry(0, 0, b"other"), "name of section 0"),
    ("reserved bytes", set_entry(1, 2, 1), "reserved bytes of section 1"),
    ("padding", dirty_padding, "padding before section none"),
    ("padding at the end", dirty_end, "padding before the footer"),
    ("table left out", empty_table, "length of the section table"),
    ("bytes that belong to nothing", hidden_bytes, "end of the last section"),
    ("meta no JSON", set_meta(b"{"), "section __meta__"),
    ("meta no UTF-8", set_meta(b'{"a":"\xff"}'), "section __meta__"),
    ("meta a list", set_meta(b"[]"), "section __meta__"),
    ("meta null", set_meta(b"null"), "section __meta__"),
    ("meta key twice", set_meta(b'{"a":1,"a":2}'), "section __meta__"),
    ("meta NaN", set_meta(b'{"a":NaN}'), "section __meta__"),
    ("meta float", set_meta(b'{"a":1.5}'), "section __meta__"),
    ("meta true", set_meta(b'{"a":true}'), "section __meta__"),
    ("meta nested", set_meta(b'{"a":{}}'), "section __meta__"),
]


@pytest.mark.parametrize(("change", "where"), [c[1:] for c in CRAFTED], ids=[c[0] for c in CRAFTED])
def test_crafted_files_with_right_checksums_are_refused(
    small: Path, change: Callable[[Crafted], None], where: str
) -> None:
    crafted = Crafted(small)
    change(crafted)
    crafted.write(small, reseal_sections=not where.startswith("length of section"))
    size = small.stat().st_size
    tracemalloc.start()
    try:
        error = refused(small)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert isinstance(error, CorruptIndexError)
    assert error.section.startswith(where)
    assert error.path == str(small)
    assert peak < 2 * size + 200_000


def test_crafting_alone_is_not_refused(small: Path) -> None:
    before = small.read_bytes()
    Crafted(small).write(small)
    assert small.read_bytes() == before


def test_wrong_section_checksum_under_a_right_seal(small: Path) -> None:
    crafted = Crafted(small)
    crafted.entries[1][5] ^= 1
    crafted.write(small, reseal_sections=False)
    error = refused(small)
    assert isinstance(error, CorruptIndexError)
    assert error.section == "checksum of section ids"
    assert error.expected != error.got


def test_other_versions_say_which_way(small: Path) -> None:
    crafted = Crafted(small)
    crafted.header[1] = 2
    crafted.write(small)
    old = refused(small)
    assert isinstance(old, FormatTooOldError)
    assert (old.got, old.oldest) == (2, 6)
    crafted.header[1] = 7
    crafted.write(small)
    new = refused(small)
    assert isinstance(new, FormatTooNewError)
    assert (new.got, new.newest) == (7, 6)


@pytest.mark.parametrize("field", [0, 1, 2])
def test_a_wrong_footer_is_refused(small: Path, field: int) -> None:
    crafted = Crafted(small)
    crafted.footer[field] = bytes(8) if field == 0 else 2
    crafted.write(small)
    assert "footer" in str(refused(small)) or "algorithm" in str(refused(small))


def test_too_much_meta_is_refused_unread(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    save(tmp_path / "index", {}, {"a": "b" * 100})
    monkeypatch.setattr(_storage, "MAX_META", 100)
    assert "length of section 0" in str(refused(tmp_path / "index"))


def test_deeply_nested_meta_is_refused(tmp_path: Path) -> None:
    save(tmp_path / "index", {}, {"a": "b" * 500_000})
    crafted = Crafted(tmp_path / "index")
    set_meta(b"[" * 400_000)(crafted)
    crafted.write(tmp_path / "index")
    assert "section __meta__" in str(refused(tmp_path / "index"))


def test_a_refused_file_costs_no_memory(tmp_path: Path, small: Path) -> None:
    crafted = Crafted(small)
    crafted.header[4] = 1 << 44
    crafted.write(small)
    sparse = tmp_path / "sparse"
    crafted.write(sparse)
    with sparse.open("r+b") as file:
        file.truncate(1 << 33)
    code = f"""
        import resource
        from phonosearch._errors import CorruptIndexError
        from phonosearch._storage import load
        used = int(open("/proc/self/statm").read().split()[0]) * resource.getpagesize()
        resource.setrlimit(resource.RLIMIT_AS, (used + (32 << 20),) * 2)
        for path in {str(small)!r}, {str(sparse)!r}:
            for mmap in True, False:
                try:
                    load(path, mmap=mmap)
                except CorruptIndexError:
                    continue
                raise SystemExit("not refused")
    """
    subprocess.run([sys.executable, "-c", textwrap.dedent(code)], check=True, timeout=60)


def test_what_is_no_file_of_ours(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        load(tmp_path / "absent")
    with pytest.raises(IsADirectoryError):
        load(tmp_path)
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path / "pipe", Path("/dev/zero")):
        with pytest.raises(CorruptIndexError, match="no file but a pipe, a socket or a device; give a file") as caught:
            load(path)
        assert caught.value.expected == "a regular file"


def test_what_is_no_file_is_never_replaced(tmp_path: Path) -> None:
    pipe, link = tmp_path / "pipe", tmp_path / "link"
    os.mkfifo(pipe)
    link.symlink_to(pipe)
    for path in (pipe, link):
        with pytest.raises(OSError, match="not a regular file") as caught:
            save(path, {"a": np.zeros(1, np.uint8)}, {})
        assert caught.value.filename == str(path)
    assert pipe.is_fifo()
    assert link.is_symlink()
    assert sorted(tmp_path.iterdir()) == [link, pipe]


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read every file")
def test_an_unreadable_file_is_a_permission_error(small: Path) -> None:
    small.chmod(0)
    with pytest.raises(PermissionError):
        load(small)


def test_no_file_descriptor_is_left_open(small: Path) -> None:
    def count() -> int:
        return len(names(Path("/proc/self/fd")))

    before = count()
    for mmap in (True, False):
        sections, _ = load(small, mmap=mmap)
        del sections
        small_bytes = small.read_bytes()
        small.write_bytes(small_bytes[:-1])
        refused(small)
        small.write_bytes(small_bytes)
    assert count() == before


# Saving


class Faulty(_Files):
    """Lets the N-th operation fail, that one only or all from then on, and writes in bits."""

    def __init__(self, fail_at: int, code: int, *, persistent: bool, chunk: int = 1 << 30) -> None:
        self.fail_at, self.code, self.persistent, self.chunk = fail_at, code, persistent, chunk
        self.done: list[str] = []

    def step(self, operation: str) -> None:
        self.done.append(operation)
        number = len(self.done)
        if number == self.fail_at or (self.persistent and number > self.fail_at):
            raise OSError(self.code, os.strerror(self.code))

    def open(self, path: str) -> int:
        self.step("open")
        return super().open(path)

    def write(self, fd: int, data: memoryview) -> int:
        self.step("write")
        return super().write(fd, data[: self.chunk])

    def fsync(self, fd: int) -> None:
        self.step("fsync")
        super().fsync(fd)

    def close(self, fd: int) -> None:
        super().close(fd)
        self.step("close")

    def replace(self, source: str, target: str) -> None:
        self.step("replace")
        super().replace(source, target)

    def unlink(self, path: str) -> None:
        self.step("unlink")
        super().unlink(path)

    def sync_dir(self, path: str) -> None:
        self.step("sync_dir")
        super().sync_dir(path)


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EIO])
@pytest.mark.parametrize("persistent", [False, True])
@pytest.mark.parametrize("exists", [True, False])
def test_whichever_operation_fails_the_old_file_stays(
    tmp_path: Path, code: int, persistent: bool, exists: bool
) -> None:
    path = tmp_path / "index"
    for fail_at in range(1, 10_000):
        path.unlink(missing_ok=True)
        if exists:
            save(path, OLD, {"v": 1})
        old = path.read_bytes() if exists else None
        files = Faulty(fail_at, code, persistent=persistent, chunk=100)
        try:
            save(path, NEW, {"v": 2}, files=files)
        except OSError as error:
            assert error.errno == code  # noqa: PT017
        else:
            break
        failed = files.done[fail_at - 1]
        if failed == "sync_dir":
            assert same(load(path)[0], NEW)
        elif old is None:
            assert not path.exists()
        else:
            assert path.read_bytes() == old
        leftovers = [name for name in names(tmp_path) if name != "index"]
        assert not leftovers or (persistent and "unlink" in files.done)
        for name in leftovers:
            (tmp_path / name).unlink()
    assert files.done[0] == "open"
    assert files.done[-4:] == ["fsync", "close", "replace", "sync_dir"]
    assert fail_at == len(files.done) + 1 > 8
    assert same(load(path)[0], NEW)


@pytest.mark.parametrize("chunk", [1, 7, 64, 4096])
def test_short_writes_are_carried_on(tmp_path: Path, chunk: int) -> None:
    save(tmp_path / "short", NEW, {"v": 2}, file_id=bytes(16), files=Faulty(0, 0, persistent=False, chunk=chunk))
    save(tmp_path / "whole", NEW, {"v": 2}, file_id=bytes(16))
    assert (tmp_path / "short").read_bytes() == (tmp_path / "whole").read_bytes()


def test_a_write_that_writes_nothing_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="Input/output") as caught:
        save(tmp_path / "index", NEW, {}, files=Faulty(0, 0, persistent=False, chunk=0))
    assert caught.value.errno == errno.EIO
    assert not names(tmp_path)


def test_the_directory_must_exist(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        save(tmp_path / "absent" / "index", OLD, {})


def test_a_directory_in_the_way_stays(tmp_path: Path) -> None:
    (tmp_path / "index").mkdir()
    with pytest.raises(OSError, match="directory"):
        save(tmp_path / "index", OLD, {})
    assert names(tmp_path) == ["index"]


def test_the_temporary_file_follows_no_link(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("secrets.token_hex", lambda _: "known")
    victim = tmp_path / "victim"
    victim.write_bytes(b"precious")
    (tmp_path / ".phonosearch-known.tmp").symlink_to(victim)
    with pytest.raises(FileExistsError):
        save(tmp_path / "index", OLD, {})
    assert victim.read_bytes() == b"precious"


def test_real_disk_limits_pass_through(tmp_path: Path) -> None:
    save(tmp_path / "index", OLD, {})
    before = (tmp_path / "index").read_bytes()
    limit = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, limit[1]))
    try:
        with pytest.raises(OSError, match="large") as caught:
            save(tmp_path / "index", {"big": np.zeros(1_000_000, "u1")}, {})
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limit)
        signal.signal(signal.SIGXFSZ, handler)
    assert caught.value.errno == errno.EFBIG
    assert (tmp_path / "index").read_bytes() == before
    assert names(tmp_path) == ["index"]


SAVER = """
import sys, numpy as np
from phonosearch._storage import save
print("ready", flush=True)
n = int(sys.argv[2])
while True:
    n += 1
    save(sys.argv[1], {"same": np.full(200_000, n, "u4")}, {"n": n})
"""


@pytest.mark.parametrize("kills", [10, pytest.param(200, marks=pytest.mark.slow)])
def test_a_killed_writer_leaves_a_whole_file(tmp_path: Path, kills: int) -> None:
    path = tmp_path / "index"
    rng = random.Random(kills)
    last = 0
    save(path, {"same": np.full(200_000, 0, "u4")}, {"n": 0})
    for _ in range(kills):
        with subprocess.Popen([sys.executable, "-c", SAVER, str(path), str(last)], stdout=subprocess.PIPE) as child:
            assert isinstance(child.stdout, io.BufferedReader)
            assert child.stdout.readline() == b"ready\n"
            time.sleep(rng.random() * 0.05)
            child.kill()
        sections, meta = load(path)
        n = meta["n"]
        assert isinstance(n, int)
        assert n >= last
        assert (sections["same"] == n).all()
        last = n
    assert last > 0


def test_meta_is_plain_json_in_the_file(small: Path) -> None:
    crafted = Crafted(small)
    assert json.loads(bytes(crafted.body[crafted.place(0)])) == {"rules": "1", "n": 3}


# One mapping for all processes

READER = """
import sys
from phonosearch import _storage
arrays, _ = _storage.load(sys.argv[1])
print(int(arrays["numbers"].sum()), flush=True)
sys.stdin.readline()
"""


def mapped(pid: int, path: Path) -> dict[str, int]:
    """The kilobytes of a process's mapping of a file, by what they are."""
    sizes: dict[str, int] = {}
    inside = False
    for line in Path(f"/proc/{pid}/smaps").read_text().splitlines():
        if "-" in line.split(maxsplit=1)[0]:
            inside = line.endswith(str(path))
        elif inside and line.endswith(" kB"):
            field, size, _ = line.split()
            sizes[field.rstrip(":")] = sizes.get(field.rstrip(":"), 0) + int(size)
    return sizes


def test_processes_share_one_mapping(tmp_path: Path) -> None:
    if not Path("/proc/self/smaps").exists():
        pytest.skip(reason="there is no /proc/self/smaps to see who shares what")
    numbers = np.arange(1 << 21, dtype=np.uint32)
    path = tmp_path / "index"
    save(path, {"numbers": numbers}, {})
    readers = [
        subprocess.Popen(
            [sys.executable, "-c", READER, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        for _ in range(2)
    ]
    try:
        for reader in readers:
            assert reader.stdout is not None
            assert int(reader.stdout.readline()) == int(numbers.sum())
        for reader in readers:
            sizes = mapped(reader.pid, path)
            # All of the file is in memory, none of it this process's own, and each answers for half of it.
            assert sizes["Rss"] >= numbers.nbytes >> 10
            assert sizes["Private_Dirty"] == sizes["Private_Clean"] == sizes["Anonymous"] == 0
            assert sizes["Shared_Clean"] + sizes["Shared_Dirty"] == sizes["Rss"]
            assert sizes["Pss"] <= 0.6 * sizes["Rss"]
    finally:
        for reader in readers:
            reader.communicate("\n")


@pytest.mark.parametrize("place", ["missing/people.phs", "folder"])
def test_an_error_of_saving_names_what_was_asked_for(tmp_path: Path, place: str) -> None:
    (tmp_path / "folder").mkdir()
    with pytest.raises(OSError, match=re.escape(place)) as error:
        save(tmp_path / place, {}, {})
    assert error.value.filename == str(tmp_path / place)
    assert ".tmp" not in str(error.value)


def test_another_kind_of_file_is_called_that(tmp_path: Path) -> None:
    path = tmp_path / "people.csv"
    for text in ("x", "person_id,full_name\n", "person_id,full_name\n" * 100):
        path.write_text(text)
        said = str(refused(path))
        assert "this is no index of phonosearch, or its first bytes are damaged; give a file that was saved by" in said
