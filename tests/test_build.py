"""Reading records and packing them: the fast ways give what the plain ones give."""

from __future__ import annotations

import random
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from phonosearch import PersonIndex, QueryError, _index, _packer, _records
from phonosearch._builder import Builder
from phonosearch._kernel import text_rules
from phonosearch._packer import pack
from phonosearch.testing import population

WORDS = (
    "John", "smith", "O'Brien", "Mc", "Donald", "van", "der", "de", "Dr", "Jr", "ALI", "bin", "x", "J.", "4", "L33t",
    "Ann-Marie", "Sîan", "Wolfeschlegelstein", "abcdefghijklm", "abcdefghijklmn", "q" * 61, "李", "(", "Mrs",
)  # fmt: skip


def forms_in(index: PersonIndex) -> list[tuple[str, ...]]:
    return sorted(index._kernel.form_parts(form) for form in range(index._kernel.forms))


@example(" ".join(["John"] * 17))
@example(" ".join("abcdefghijklmnop"))
@example("a" * 256)
@example("Dr")
@example("'")
@given(st.lists(st.sampled_from(WORDS), min_size=1, max_size=6).map(" ".join) | st.text(max_size=40))
def test_names_read_by_word_are_those_that_the_rules_read(name: str) -> None:
    status, forms, _ = text_rules().forms(name)
    index = PersonIndex.build([{"person_id": "1", "full_name": "Zoe Quentin"}, {"person_id": "2", "full_name": name}])
    assert len(index) == 1 + (status == 0)
    assert forms_in(index) == sorted([("zoe", "quentin"), *forms])


def test_a_word_of_a_rejected_name_or_a_title_is_no_part() -> None:
    names = ["Dr John Smith", " ".join(f"{chr(97 + number)}qq" for number in range(17)), "Smith"]
    index = PersonIndex.build({"person_id": str(number), "full_name": name} for number, name in enumerate(names))
    assert index.report.indexed == 2
    assert index._kernel.parts == 2


def shuffled_rows(count: int, seed: int) -> list[dict[str, Any]]:
    """Rows of people with several names, some of whom contradict themselves, in a random order."""
    chosen = random.Random(seed)
    rows = []
    for person in population(count, seed=seed):
        for name in person.get("names") or [{"forenames": person["forenames"], "surname": person["surname"]}]:
            rows.append({**{key: person[key] for key in ("person_id", "dob", "sex", "place") if key in person}, **name})
            if chosen.random() < 0.1:
                rows.append({**rows[-1], "sex": chosen.choice("MFX"), "dob": "1984"})
            if chosen.random() < 0.02:
                rows.append({**rows[-1], "full_name": "", "forenames": None, "surname": None})
    chosen.shuffle(rows)
    return rows


def small_batches(monkeypatch: pytest.MonkeyPatch, batch_rows: int) -> None:
    original = _records.batches

    def batches(source: object, *, report: Any) -> Iterator[Any]:
        return original(source, report=report, batch_rows=batch_rows)

    monkeypatch.setattr(_index, "batches", batches)


@pytest.mark.parametrize("ordered", [True, False])
@pytest.mark.parametrize("display", [True, False])
def test_threads_change_nothing_in_an_index(monkeypatch: pytest.MonkeyPatch, ordered: bool, display: bool) -> None:
    rows = shuffled_rows(400, 5)
    if ordered:
        rows.sort(key=lambda row: row["person_id"])
    one = PersonIndex.build(rows, display_names=display)
    assert {"the sex was left out: it contradicts another row of this person"} <= {
        note.reason for note in one.report.warnings
    }
    small_batches(monkeypatch, 7)
    for threads in (1, 2, 3, 8, None):
        other = PersonIndex.build(rows, display_names=display, threads=threads)
        assert list(other._arrays) == list(one._arrays)
        for name, values in one._arrays.items():
            assert values.tobytes() == other._arrays[name].tobytes(), (threads, name)
        assert other.report == one.report
        assert other.fingerprint == one.fingerprint


@pytest.mark.parametrize("threads", [0, -1, True, 1.5, "2"])
def test_threads_are_a_whole_number(threads: Any) -> None:
    with pytest.raises(QueryError):
        PersonIndex.build([], threads=threads)


def test_an_error_in_a_thread_is_raised(monkeypatch: pytest.MonkeyPatch) -> None:
    small_batches(monkeypatch, 10)

    def broken() -> Iterator[dict[str, str]]:
        for number in range(500):
            yield {"person_id": str(number), "full_name": "John Smith"}
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        PersonIndex.build(broken(), threads=2)


def test_rows_that_contradict_are_told_in_the_order_of_the_source() -> None:
    sexes = ["M", None, "M", "F", "M", "X", "?"]
    rows: list[dict[str, Any]] = [
        {"person_id": "P1", "full_name": f"John {name}", "sex": sex} for name, sex in zip("abcdefg", sexes, strict=True)
    ]
    rows.insert(2, {"person_id": "P2", "full_name": "Jane", "sex": "F"})
    warnings = PersonIndex.build(rows).report.warnings
    assert [(note.row, note.id) for note in warnings if "contradicts" in note.reason] == [
        (4, "P1"), (5, "P1"), (6, "P1"),
    ]  # fmt: skip


def test_of_a_record_with_several_names_the_row_is_told_once() -> None:
    names = [{"full_name": "John Smith"}, {"full_name": "Jack Smith"}]
    rows: list[dict[str, Any]] = [
        {"person_id": "P1", "full_name": "Johnny", "names": names, "sex": "M"},
        {"person_id": "P0", "full_name": "Ann", "sex": "F"},
        {"person_id": "P1", "names": names, "sex": "F"},
        {"person_id": "P1", "full_name": "J Smith", "sex": "F"},
    ]
    warnings = PersonIndex.build(rows).report.warnings
    assert [(note.row, note.id) for note in warnings] == [(2, "P1"), (3, "P1")]


identifiers = st.lists(
    st.text(st.characters(codec="utf-8", exclude_characters=" \t"), min_size=1, max_size=80)
    | st.sampled_from(["a" * size for size in (1, 14, 15, 16, 30, 31, 240, 255, 256)])
    | st.integers(0, 50).map(lambda number: f"{'P' * 250}{number:03}")
    | st.integers(0, 10**6).map(lambda number: f"P{number:07}"),
    max_size=60,
)


@example([f"{'x' * 255}{letter}" for letter in "abcdefghijklmnopqrstuvwxyz"])
@given(identifiers)
def test_identifiers_are_found_again_in_order(ids: list[str]) -> None:
    index = PersonIndex.build({"person_id": person_id, "full_name": "Ann Lee"} for person_id in ids)
    kept = sorted(set(ids), key=lambda person_id: person_id.encode())
    assert [index._kernel.person_id_of(number) for number in range(len(index))] == kept
    assert [index._kernel.find_person(person_id.encode()) for person_id in kept] == list(range(len(kept)))
    texts, starts = index._kernel.plain_ids()
    assert [bytes(texts[start:end]).decode() for start, end in pairwise(starts)] == kept
    for person_id in ids:
        for other in (person_id[:-1], person_id + "\0", person_id + "a", "b" + person_id):
            assert (other in index) == (other in kept)
    assert "" not in index
    assert "z" * 300 not in index


def test_every_name_of_many_is_shown() -> None:
    people = []
    for number in range(70):
        names = [{"full_name": f"Ann{chr(97 + name % 26) * (1 + name // 26)} Lee"} for name in range(number % 40)]
        people.append({"person_id": f"P{number:02}", "full_name": f"Zed Person{'xyz'[number % 3]}", "names": names})
    index = PersonIndex.build(people)
    assert index.report.names == sum(1 + number % 40 for number in range(70))
    for person in people:
        for name in [person["full_name"], *(name["full_name"] for name in person["names"])]:
            hits = index.search(name, level="exact", limit=100).hits
            assert name in {hit.name for hit in hits if hit.person_id == person["person_id"]}
    counts = np.diff(index._kernel.plain("name_start"))
    assert counts.tolist() == [1 + number % 40 for number in range(70)]


def test_a_builder_is_packed_once() -> None:
    builder = Builder(text_rules())
    report = _records.ReportBuilder()
    for batch in _records.batches([{"person_id": "1", "full_name": "Ann Lee"}], report=report):
        builder.add(batch)
    arrays, contradictions = pack([builder])
    assert contradictions == []
    assert tuple(arrays) == tuple(name for name in _packer.ARRAYS if name in arrays)
    with pytest.raises(ValueError, match="packed"):
        pack([builder])
    with pytest.raises(ValueError, match="packed"):
        builder.add(batch)
