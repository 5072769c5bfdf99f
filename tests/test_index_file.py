"""A damaged or crafted index file is refused, or at least cannot crash a search.

``python tests/test_index_file.py FOLDER SEED COUNT`` opens crafted files and searches them; the tests run it in a
process of its own, where a crash can be seen.
"""

from __future__ import annotations

import faulthandler
import random
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import settings

from phonosearch import (
    LEVELS,
    CorruptIndexError,
    IndexFormatError,
    PersonIndex,
    PhonosearchError,
    RulesMismatchError,
    _storage,
)
from phonosearch.testing import population

Arrays = dict[str, Any]

EVERYTHING = settings.default.max_examples >= 1000  # the profile "ci"
PEOPLE: list[dict[str, Any]] = [
    *population(12, seed=4),
    {"person_id": "Q1", "full_name": "Ian Mc Donald", "dob": ["1984-03-07", "1985"], "sex": "M",
     "place": ["Leeds LS6 2AB", "York"]},
    {"person_id": "Q2", "full_name": "Siân O’Brien", "names": [{"full_name": "Sian Jones", "kind": "maiden"}]},
    {"person_id": "Q3", "full_name": "Maria de la Cruz van der Berg"},
    {"person_id": "Q4", "full_name": "??"},
    {"person_id": "Q5", "full_name": "J R R Tolkien"},
    {"person_id": "Q6", "full_name": "Smith", "place": "Headingley, Leeds"},
    {"person_id": "Q7", "full_name": "John Smith Jones Baker", "dob": "1984"},
    {"person_id": "Q8", "full_name": "李小龙", "dob": "1984-03", "names": [{"full_name": "Bruce Lee"}]},
]
QUERIES = [
    "Ian McDonald", "Sian O'Brien", "Maria Cruz", "??", "J Tolkien", "JRR Tolkien", "Smith", "John Smith", "J S", "Z",
    "Li Xiaolong", "Bruce Lea", "Maria Vanderberg", "de la Cruz", "Jones Baker Smith John", "Jon Smyth Jonse",
    "Mohammed Khan", "Ann Marie Smith", "Siobhan Wright", "x" * 60,
]  # fmt: skip


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("index")


@pytest.fixture(scope="module")
def saved(folder: Path) -> bytes:
    assert len(PEOPLE) == 20
    index = PersonIndex.build(PEOPLE)
    assert index.report.rejected == ()
    index.save(folder / "index")
    return (folder / "index").read_bytes()


def refused(path: Path, *, mmap: bool = False) -> IndexFormatError:
    with pytest.raises(IndexFormatError) as error:
        PersonIndex.open(path, mmap=mmap)
    return error.value


def test_the_file_itself_is_good(folder: Path, saved: bytes) -> None:
    for mmap in (True, False):
        index = PersonIndex.open(folder / "index", mmap=mmap)
        index.verify()
        assert len(index) == 20
        assert index.search("Ian McDonald").hits[0].person_id == "Q1"
        assert index.report.read == 20


def test_every_changed_byte_is_found(folder: Path, saved: bytes) -> None:
    path = folder / "changed"
    chosen = random.Random(0)
    offsets = range(len(saved)) if EVERYTHING else sorted(chosen.sample(range(len(saved)), 2000))
    path.write_bytes(saved)
    with path.open("r+b", buffering=0) as file:
        for offset in offsets:
            for value in (saved[offset] ^ chosen.randint(1, 255), saved[offset]):
                file.seek(offset)
                file.write(bytes([value]))
                if value != saved[offset]:
                    assert refused(path, mmap=bool(offset % 2)).path == str(path), offset
    assert len(PersonIndex.open(path)) == 20


def test_every_truncation_is_found(folder: Path, saved: bytes) -> None:
    path = folder / "truncated"
    path.write_bytes(saved)
    with path.open("r+b") as file:
        for length in range(len(saved) - 1, -1, -1):
            file.truncate(length)
            assert isinstance(refused(path), CorruptIndexError), length


@pytest.mark.parametrize("extra", [b"\0", b"\0" * 64, b"x" * 1000])
def test_an_extended_file_is_refused(folder: Path, saved: bytes, extra: bytes) -> None:
    (folder / "extended").write_bytes(saved + extra)
    assert isinstance(refused(folder / "extended"), CorruptIndexError)


class Unsynced(_storage._Files):
    """Thousands of files that need not outlive a power cut."""

    def fsync(self, fd: int) -> None:
        pass

    def sync_dir(self, path: str) -> None:
        pass


def crafted(folder: Path, change: Callable[[Arrays], object], **meta: str) -> Path:
    """The index with other arrays or meta data, under checksums that are right."""
    arrays, known = _storage.load(folder / "index", mmap=False)
    arrays = {name: values.copy() for name, values in arrays.items()}
    change(arrays)
    _storage.save(folder / "crafted", arrays, {**known, **meta}, files=Unsynced())
    return folder / "crafted"


def test_crafting_alone_is_not_refused(folder: Path, saved: bytes) -> None:
    index = PersonIndex.open(crafted(folder, lambda arrays: None))
    index.verify()
    assert index.search("Ian McDonald").digest == PersonIndex.open(folder / "index").search("Ian McDonald").digest


def test_other_rules_are_told(folder: Path, saved: bytes) -> None:
    with pytest.raises(RulesMismatchError) as error:
        PersonIndex.open(crafted(folder, lambda arrays: None, rules="0" * 64, rules_version="9+0"))
    assert error.value.built == "9+0"
    assert error.value.running == PersonIndex.open(folder / "index").rules


@pytest.mark.parametrize("text", [b"", b"{}", b"[]", b"\xff", b'{"read":1}', b'{"read":2,"indexed":1,"rejected":[]}'])
def test_a_report_that_is_none_is_refused(folder: Path, saved: bytes, text: bytes) -> None:
    def change(arrays: Arrays) -> None:
        arrays["report"] = np.frombuffer(text, np.uint8)

    error = refused(crafted(folder, change))
    assert isinstance(error, CorruptIndexError)
    assert error.section == "report"


def test_another_fingerprint_is_found_by_verify(folder: Path, saved: bytes) -> None:
    index = PersonIndex.open(crafted(folder, lambda arrays: None, fingerprint="0" * 64))
    with pytest.raises(CorruptIndexError):
        index.verify()


def names_of_arrays() -> list[str]:
    return sorted(PersonIndex.build(PEOPLE)._arrays)


@pytest.mark.parametrize("name", names_of_arrays())
def test_an_array_that_is_missing_or_of_another_type_is_refused(folder: Path, saved: bytes, name: str) -> None:
    other = {1: "u4", 4: "u1"}
    changes: dict[str, Callable[[Arrays], object]] = {
        "i4": lambda arrays: arrays.update({name: arrays[name].astype("i4")}),
        "u8": lambda arrays: arrays.update({name: arrays[name].astype("u8")}),
        "u1 or u4": lambda arrays: arrays.update({name: arrays[name].astype(other[arrays[name].itemsize])}),
        "missing": lambda arrays: arrays.pop(name),
    }
    if name == "name_text":
        del changes["missing"]  # an index without display names
    for title, change in changes.items():
        error = refused(crafted(folder, change))
        assert isinstance(error, CorruptIndexError), title
        assert error.section.partition("_")[0] == name.partition("_")[0]


@pytest.mark.parametrize("name", [name for name in names_of_arrays() if name.endswith("_start")])
def test_starts_that_do_not_rise_to_the_end_are_refused(folder: Path, saved: bytes, name: str) -> None:
    good = PersonIndex.open(folder / "index", mmap=False)._arrays[name]
    assert good[-1] > 0

    def put(place: int, value: int) -> Callable[[Arrays], object]:
        return lambda arrays: arrays[name].__setitem__(place, value)

    last = int(good[-1])
    changes = [put(0, last + 1), put(0, 0xFFFFFFFF), put(-1, last - 1), put(-1, last + 1), put(-1, 0xFFFFFFFF)]
    if len(good) > 2:
        changes += [put(1, 0xFFFFFFFF), put(1, last + 1)]
    changes += [
        lambda arrays: arrays.update({name: arrays[name][:-1]}),
        lambda arrays: arrays.update({name: np.append(arrays[name], arrays[name][-1:] + 1)}),
        lambda arrays: arrays.update({name: arrays[name][::-1]}),
        lambda arrays: arrays.update({name: arrays[name][:0]}),
    ]
    for number, change in enumerate(changes):
        assert isinstance(refused(crafted(folder, change)), CorruptIndexError), number


def test_a_person_of_several_names_without_any_is_refused(folder: Path, saved: bytes) -> None:
    def change(arrays: Arrays) -> None:
        arrays["several_start"][1:-1] = 0

    assert len(PersonIndex.open(folder / "index")._arrays["several_start"]) > 3
    assert isinstance(refused(crafted(folder, change)), CorruptIndexError)


# Whatever is accepted can be searched


def search_everything(index: PersonIndex) -> int:
    """Ask all there is to ask; how many hits there were."""
    hits = 0
    for number, query in enumerate(QUERIES):
        options: dict[str, Any] = {"dob": "1984-03-07", "sex": "M", "place": "Leeds LS6 2AB"} if number % 2 else {}
        for level in LEVELS:
            answer = index.search(query, level=level, limit=100, **options)
            hits += len(answer.hits)
            for hit in answer.hits:
                hit.explain()
                repr(hit)
        answer.ladder()
        repr(answer.digest)
    for person in PEOPLE:
        if person["person_id"] in index:
            index.explain(QUERIES[7], person["person_id"], dob="1984")
            index.explain(QUERIES[0], person["person_id"])
    return hits


def mutations(arrays: Arrays) -> Iterator[tuple[str, Arrays]]:
    """Each array, wrong in each of these ways."""
    chosen = np.random.default_rng(0)
    for name, values in sorted(arrays.items()):
        if name == "report":
            continue
        top = np.iinfo(values.dtype).max
        ways: dict[str, Any] = {
            "zeros": np.zeros_like(values),
            "ones": np.ones_like(values),
            "greatest": np.full_like(values, top),
            "half": np.full_like(values, top // 2 + 1),
            "reversed": values[::-1],
            "shorter": values[:-1],
            "longer": np.append(values, values[-1:]),
            "empty": values[:0],
            "twice": np.concatenate([values, values]),
            "shuffled": chosen.permutation(values),
            "small": chosen.integers(0, 40, len(values)).astype(values.dtype),
            "random": chosen.integers(0, top, len(values)).astype(values.dtype),
        }
        for way, changed in ways.items():
            yield f"{name} {way}", {**arrays, name: np.ascontiguousarray(changed)}


def random_mutations(arrays: Arrays, seed: int, count: int) -> Iterator[tuple[str, Arrays]]:
    """Some values of one to three arrays changed."""
    chosen = np.random.default_rng(seed)
    names = sorted(name for name, values in arrays.items() if name != "report" and len(values))
    for number in range(count):
        changed = dict(arrays)
        picked = chosen.choice(names, chosen.integers(1, 4), replace=False)
        for name in picked:
            values = changed[name].copy()
            top = int(np.iinfo(values.dtype).max)
            for _ in range(int(chosen.integers(1, 6))):
                place = chosen.integers(len(values))
                near = int(values[place]) + int(chosen.integers(-3, 4))
                other = int(values[chosen.integers(len(values))])
                wild = int(chosen.integers(0, top, endpoint=True))
                value = (near, other, wild, int(values[place]) ^ 1 << int(chosen.integers(8 * values.itemsize)))
                values[place] = value[chosen.integers(4)] & top
            changed[name] = values
        yield f"random {number} {','.join(picked)}", changed


def run_crafted(folder: Path, seed: int, count: int) -> None:
    """Open and search crafted files; a line for each error that is not one of a refused file."""
    faulthandler.enable()
    arrays, meta = _storage.load(folder / "index", mmap=False)
    arrays = {name: values.copy() for name, values in arrays.items()}
    every = random_mutations(arrays, seed, count) if count else mutations(arrays)
    accepted = number = hits = 0
    for title, changed in every:
        number += 1
        (folder / "title").write_text(title)
        _storage.save(folder / "crafted", changed, meta, files=Unsynced())
        try:
            index = PersonIndex.open(folder / "crafted", mmap=False)
        except CorruptIndexError:
            continue
        except Exception as error:
            print(f"open: {title}: {error!r}")
            continue
        accepted += 1
        try:
            hits += search_everything(index)
        except PhonosearchError:
            continue
        except Exception as error:
            last = error.__traceback__
            while last is not None and last.tb_next:
                last = last.tb_next
            where = f"{Path(last.tb_frame.f_code.co_filename).name}:{last.tb_lineno}" if last else ""
            print(f"search: {title}: {error!r} at {where}")
    print(f"{number} files, {accepted} accepted, {hits} hits")


@pytest.mark.parametrize("count", [0, 300], ids=["every array", "at random"])
def test_no_crafted_file_crashes_a_search(folder: Path, saved: bytes, count: int) -> None:
    more = 10 * count if EVERYTHING else count
    run = subprocess.run(
        [sys.executable, __file__, str(folder), "1", str(more)], capture_output=True, text=True, timeout=1200
    )
    title = (folder / "title").read_text()
    assert run.returncode == 0, f"{title}\n{run.stderr}"
    *errors, summary = run.stdout.splitlines()
    assert errors == []
    files, accepted = int(summary.split()[0]), int(summary.split()[2])
    assert files >= 300
    assert 0 < accepted < files


if __name__ == "__main__":
    run_crafted(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))
