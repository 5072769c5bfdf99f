"""The same question to the same records gives the same answer to the byte.

``python tests/test_repeatability.py --write`` writes the golden file again.
"""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from phonosearch import LEVELS, PersonIndex, _index, _records
from phonosearch._rules import rules
from phonosearch.testing import population, queries, variants

GOLDEN = Path(__file__).parent / "golden" / "digests.json"
NOTE = (
    "The answers to fixed questions about 2,000 made-up people (phonosearch.testing, seed 0). They may change only "
    "when the version of the rules rises, or when the made-up people or the sentences of the evidence do, which a "
    "digest is taken over too: then write this file again with "
    "`python tests/test_repeatability.py --write` and say in the change why answers differ."
)
Question = tuple[str, str | None, str | None]


def questions(people: list[dict[str, Any]], count: int) -> list[Question]:
    """Names as recorded and got wrong, some with a date of birth or a sex."""
    out: list[Question] = []
    for number, query in enumerate(queries(people, count)):
        person = people[(number * 37) % len(people)]
        name = (person.get("names") or [person])[0]
        text = query.text
        if number % 3 == 2:
            full = name.get("full_name") or f"{name['forenames']} {name['surname']}"
            text = next((variant.name for variant in variants(full, seed=number)), full)
        dob = person.get("dob") if number % 4 == 1 else None
        sex = person.get("sex") if number % 4 in (1, 2) else None
        out.append((text, dob[0] if isinstance(dob, list) else dob, sex))
    return [*out, ("J Smith", None, None), ("Mc Donald", None, None), ("Mohammed Khan", None, "M"), ("??", None, None)]


def ask(index: PersonIndex, asked: list[Question], limit: int = 20) -> list[tuple[int, str]]:
    """Total and digest of each question at each level."""
    answers = [
        index.search(text, level=level, dob=dob, sex=sex, limit=limit) for text, dob, sex in asked for level in LEVELS
    ]
    return [(answer.total, answer.digest) for answer in answers]


@cache
def people(size: int) -> list[dict[str, Any]]:
    return list(population(size, seed=0))


def rows(records: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """A row for each name, the fields of the person in one row only: together they say the same."""
    out = []
    for record in records:
        names = record.get("names") or [{key: record[key] for key in ("forenames", "surname") if key in record}]
        rest = {key: record[key] for key in ("dob", "sex", "place") if key in record}
        for number, name in enumerate(names):
            fields = rest if number == len(names) - 1 else {}
            out.append({"person_id": record["person_id"], **name, **fields})
    return out


@pytest.fixture(scope="module")
def small() -> tuple[list[dict[str, Any]], PersonIndex, list[Question], list[tuple[int, str]]]:
    records = rows(people(300))
    index = PersonIndex.build(people(300))
    asked = questions(people(300), 8)
    answers = ask(index, asked)
    assert sum(total for total, _ in answers) > 100
    return records, index, asked, answers


def test_the_order_of_loading_changes_nothing(small: Any) -> None:
    records, index, asked, answers = small
    random_ = random.Random(0)
    first = {name: values.tobytes() for name, values in index._arrays.items()}
    for number in range(200):
        random_.shuffle(records)
        shuffled = PersonIndex.build(records)
        assert shuffled.fingerprint == index.fingerprint
        # Equal arrays give equal answers; the answers are asked for now and then all the same.
        assert {name: values.tobytes() for name, values in shuffled._arrays.items()} == first
        if number % 20 == 0:
            assert ask(shuffled, asked) == answers


def test_batches_of_rows_change_nothing(small: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    records, index, asked, answers = small
    original = _records.batches
    counts = []
    for batch_rows in (1, 7, 100, 65_536):

        def split(source: object, *, report: Any, batch_rows: int = batch_rows) -> Iterator[Any]:
            made = list(original(source, report=report, batch_rows=batch_rows))
            counts.append(len(made))
            return iter(made)

        monkeypatch.setattr(_index, "batches", split)
        built = PersonIndex.build(records)
        assert built.fingerprint == index.fingerprint
        assert ask(built, asked) == answers
    assert counts == sorted(counts, reverse=True)
    assert counts[0] > counts[1] > counts[-1] == 1


@pytest.mark.parametrize("threads", [1, 2, 4])
def test_threads_change_nothing(small: Any, threads: int) -> None:
    _, index, asked, answers = small
    batch = [{"full_name": text, "dob": dob, "sex": sex} for text, dob, sex in asked]
    by_level = [index.search_many(batch, level=level, threads=threads) for level in LEVELS]
    found = [(answer.total, answer.digest) for answered in zip(*by_level, strict=True) for answer in answered]
    assert found == answers


@pytest.mark.parametrize("mmap", [True, False])
def test_saving_and_opening_change_nothing(small: Any, mmap: bool, tmp_path: Path) -> None:
    _, index, asked, answers = small
    index.save(tmp_path / "one")
    opened = PersonIndex.open(tmp_path / "one", mmap=mmap)
    assert (opened.fingerprint, opened.rules, opened.report) == (index.fingerprint, index.rules, index.report)
    assert ask(opened, asked) == answers
    opened.save(tmp_path / "two")
    assert ask(PersonIndex.open(tmp_path / "two", mmap=mmap), asked) == answers


def test_asking_again_changes_nothing(small: Any) -> None:
    _, index, asked, answers = small
    assert ask(index, list(reversed(asked)))[-len(LEVELS) :] == answers[: len(LEVELS)]
    assert ask(index, asked) == answers


SCRIPT = """
import json, sys
sys.path.insert(0, sys.argv[1])
from test_repeatability import PersonIndex, ask, people, questions, rows
index = PersonIndex.build(rows(people(300)))
print(json.dumps([index.fingerprint, ask(index, questions(people(300), 8))]))
"""


@pytest.mark.parametrize("seed", ["0", "1", "4294967295"])
def test_processes_and_hash_seeds_change_nothing(small: Any, seed: str) -> None:
    _, index, _, answers = small
    run = subprocess.run(
        [sys.executable, "-c", SCRIPT, str(Path(__file__).parent)],
        env={**os.environ, "PYTHONHASHSEED": seed},
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    )
    fingerprint, found = json.loads(run.stdout)
    assert fingerprint == index.fingerprint
    assert [tuple(pair) for pair in found] == answers


# The golden file


def golden() -> dict[str, Any]:
    index = PersonIndex.build(people(2000))
    asked = questions(people(2000), 60)
    answers = iter(ask(index, asked))
    return {
        "note": NOTE,
        "rules": rules().version,
        "fingerprint": index.fingerprint,
        "answers": [
            {"query": text, "dob": dob, "sex": sex, "levels": {level: list(next(answers)) for level in LEVELS}}
            for text, dob, sex in asked
        ],
    }


def write() -> None:
    GOLDEN.parent.mkdir(exist_ok=True)
    text = json.dumps(golden(), ensure_ascii=False, indent=1)
    # A level a line.
    text = text.replace("[\n     ", "[").replace(",\n     ", ", ").replace("\n    ]", "]")
    GOLDEN.write_text(text + "\n", encoding="utf-8")


def test_answers_are_those_on_file() -> None:
    expected = json.loads(GOLDEN.read_text(encoding="utf-8"))
    found = golden()
    assert len(expected["answers"]) >= 60
    assert expected["rules"] == found["rules"], NOTE
    assert expected["fingerprint"] == found["fingerprint"], NOTE
    for one, other in zip(expected["answers"], found["answers"], strict=True):
        assert one == other, NOTE


def test_the_golden_file_asks_enough() -> None:
    answers = json.loads(GOLDEN.read_text(encoding="utf-8"))["answers"]
    totals = [[levels[0] for levels in answer["levels"].values()] for answer in answers]
    assert all(total == sorted(total) for total in totals)
    assert all(any(total[number] > total[number - 1] for total in totals) for number in range(1, len(LEVELS)))
    assert any(answer["dob"] for answer in answers)
    assert any(answer["sex"] for answer in answers)


if __name__ == "__main__":
    if sys.argv[1:] != ["--write"]:
        raise SystemExit(__doc__)
    write()
