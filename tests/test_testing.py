"""The generator of people and mistakes: repeatable everywhere, in proportion, and never an empty mistake."""

from __future__ import annotations

import hashlib
import importlib.util
import itertools
import json
import os
import subprocess
import sys
import unicodedata
from collections import Counter
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from phonosearch import testing
from phonosearch._errors import MissingExtraError
from phonosearch.testing import KINDS, population, population_columns, queries, variants

GOLDEN_PEOPLE = "2a3c6b2499f92e8c5ddccd0f8bbf6ea8ecce662b84aae30bcf9bc5a8cbb81a09"
GOLDEN_QUERIES = "39070d10bc78bd73726a3027338b49522558c18dd7e6455eb8f258958dbb65be"

needs_names = pytest.mark.skipif(importlib.util.find_spec("names") is None, reason="the package names is not installed")
seeds = st.integers(-(2**70), 2**70)
latin = st.text(alphabet="abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZéłŁÓñç -'", max_size=25)


def digest(values):
    text = "\n".join(json.dumps(value, sort_keys=True, ensure_ascii=True) for value in values)
    return hashlib.sha256(text.encode("ascii")).hexdigest()


def osa(a, b):
    rows = [list(range(len(b) + 1))]
    for i, x in enumerate(a, 1):
        row = [i]
        for j, y in enumerate(b, 1):
            best = min(rows[i - 1][j] + 1, row[j - 1] + 1, rows[i - 1][j - 1] + (x != y))
            if i > 1 and j > 1 and x == b[j - 2] and a[i - 2] == y:
                best = min(best, rows[i - 2][j - 2] + 1)
            row.append(best)
        rows.append(row)
    return rows[-1][-1]


@pytest.fixture(scope="module")
def people():
    return list(population(20_000))


def names_of(person):
    return person.get("names") or [person]


def test_the_same_people_everywhere():
    assert digest(population(1000)) == GOLDEN_PEOPLE


def test_the_same_queries_everywhere():
    assert digest(queries(population(1000), 500)) == GOLDEN_QUERIES


@pytest.mark.parametrize("hash_seed", ["1", "2"])
def test_independent_of_string_hashes(hash_seed):
    code = (
        "import hashlib, json; from phonosearch.testing import *\n"
        "made = [list(population(300, seed=5)), variants('Siân Lee O\\'Brien', count=40), queries(population(50), 9)]\n"
        "print(hashlib.sha256(json.dumps(made).encode()).hexdigest())"
    )
    made = [list(population(300, seed=5)), variants("Siân Lee O'Brien", count=40), queries(population(50), 9)]
    source = Path(testing.__file__).parents[1]
    environment = {**os.environ, "PYTHONHASHSEED": hash_seed, "PYTHONPATH": str(source), "PYTHONUTF8": "1"}
    run = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
    assert run.stdout.strip() == hashlib.sha256(json.dumps(made).encode()).hexdigest()


@given(seed=seeds, size=st.integers(0, 30), more=st.integers(0, 30))
def test_a_person_does_not_depend_on_the_size(seed, size, more):
    assert list(population(size, seed=seed)) == list(itertools.islice(population(size + more, seed=seed), size))


def test_another_seed_gives_other_people():
    assert sum(a == b for a, b in zip(population(200), population(200, seed=1), strict=True)) == 0


def test_identifiers_are_distinct_and_ordered(people):
    assert [person["person_id"] for person in people] == [f"P{i:07d}" for i in range(1, len(people) + 1)]


def share(people, holds):
    return 100 * sum(map(bool, map(holds, people))) / len(people)


@pytest.mark.parametrize(
    ("percent", "holds"),
    [
        (8, lambda p: "names" in p),
        (4, lambda p: "dob" not in p),
        (5, lambda p: isinstance(p.get("dob"), str) and len(p["dob"]) < 10),
        (2, lambda p: isinstance(p.get("dob"), list)),
        (3, lambda p: "sex" not in p),
        (1, lambda p: p.get("sex") == "X"),
        (35, lambda p: " " in names_of(p)[0]["forenames"]),
        (2, lambda p: "-" in names_of(p)[0]["surname"]),
    ],
    ids=["names", "no dob", "partial dob", "several dobs", "no sex", "X", "middle", "double-barrelled"],
)
def test_proportions(people, percent, holds):
    assert share(people, holds) == pytest.approx(percent, rel=0.2)


def test_practices_of_naming(people):
    surnames = Counter((names_of(p)[0]["surname"], p.get("sex")) for p in people)
    assert surnames["Singh", "M"] > 20
    assert surnames["Kaur", "F"] > 20
    assert surnames["Begum", "F"] > 20
    assert surnames["Bibi", "F"] > 20
    assert surnames["Singh", "F"] == surnames["Begum", "M"] == surnames["Kaur", "M"] == 0
    assert {name["kind"] for p in people for name in p.get("names", [])} == {
        "primary",
        "alias",
        "maiden",
        "previous",
        "nickname",
        "weak",
    }
    written = " ".join(names_of(p)[0]["forenames"] + names_of(p)[0]["surname"] for p in people)
    assert all(mark in written for mark in ["'", "-", "â", "Ł", "Ó", "ë", "ş"])


def test_frequent_names_and_a_long_tail(people):
    surnames = Counter(names_of(p)[0]["surname"] for p in people)
    assert surnames.most_common(1)[0][0] == "Smith"
    assert sum(count == 1 for count in surnames.values()) > 2500


def test_dates_of_birth_are_dates(people):
    for person in people:
        dob = person.get("dob", [])
        for one in [dob] if isinstance(dob, str) else dob:
            date.fromisoformat(one + "-01-01"[len(one) - 4 :] if len(one) < 10 else one)


def test_several_names_are_different(people):
    for person in people:
        if "names" in person:
            kinds = [name["kind"] for name in person["names"]]
            assert kinds[0] == "primary"
            assert "primary" not in kinds[1:]
            assert len({json.dumps(name) for name in person["names"]}) == len(kinds) > 1


def test_tables_are_composed_and_well_formed():
    for file, width in (("testing_names.tsv", 5), ("testing_errors.tsv", 3)):
        text = (Path(testing.__file__).parent / "data" / file).read_text(encoding="utf-8")
        assert unicodedata.is_normalized("NFC", text)
        assert "Licence:" in text
        rows = [line.split("\t") for line in text.splitlines() if not line.startswith("#")]
        assert {len(row) for row in rows} == {width}
        assert len(set(map(tuple, rows))) == len(rows)
        assert all(cell == cell.strip() != "" for row in rows for cell in row)
    assert all(key in testing._keys()[near] for key, keys in testing._keys().items() for near in keys)


def test_columns_equal_the_records():
    columns = population_columns(1500, seed=3)
    assert list(columns) == ["person_id", "full_name", "kind", "dob", "sex", "place"]
    expected = []
    for person in population(1500, seed=3):
        dob = person.get("dob")
        for name in names_of(person):
            full_name = name["full_name"] if "full_name" in name else name["forenames"] + " " + name["surname"]
            dobs = ";".join(dob) if isinstance(dob, list) else dob
            row = (person["person_id"], full_name, name.get("kind", "primary"), dobs, person.get("sex"))
            expected.append((*row, person["place"]))
    assert list(zip(*columns.values(), strict=True)) == expected


def test_no_people():
    assert list(population(0)) == []
    assert set(map(len, population_columns(0).values())) == {0}


def test_bad_arguments_are_refused_at_once():
    with pytest.raises(ValueError, match="size"):
        population(-1)
    with pytest.raises(ValueError, match="source"):
        population(1, source="census")


@needs_names
def test_source_pypi():
    people = list(population(3000, source="pypi"))
    assert people == list(population(3000, source="pypi"))
    surnames = Counter(names_of(p)[0]["surname"] for p in people)
    assert surnames.most_common(1)[0][0] == "Smith"
    builtin = {names_of(p)[0]["surname"] for p in population(3000)}
    assert len(surnames.keys() - builtin) > 500


def test_source_pypi_without_the_package(monkeypatch):
    testing._source.cache_clear()
    monkeypatch.setitem(sys.modules, "names", None)
    with pytest.raises(MissingExtraError, match=r"phonosearch\[testing\]") as caught:
        population(1, source="pypi")
    assert caught.value.extra == "testing"


@pytest.mark.parametrize(
    ("name", "kind", "expected"),
    [
        ("Robert Smith", "swapped", {"Smith Robert"}),
        ("Mary Ann", "joined", {"Mary-Ann", "Maryann"}),
        ("Smith-Jones", "joined", {"Smithjones"}),
        ("O'Neil", "split", {"O Neil"}),
        ("Jo Smith-Lee", "split", {"Jo Smith Lee"}),
        ("Robert John Smith", "initial", {"R John Smith", "Robert J Smith"}),
        ("Peggy Hall", "nickname", {"Margaret Hall"}),
        ("GEOFFREY HALL", "nickname", {"GEOFF HALL"}),
        ("Ann Mary Lee Hall", "dropped", {"Ann Lee Hall", "Ann Mary Hall"}),
    ],
)
def test_rearrangements(name, kind, expected):
    found = variants(name, kinds=[kind], count=20)
    assert {variant.name for variant in found} == expected
    assert {(variant.kind, variant.edits) for variant in found} == {(kind, 1)}


@pytest.mark.parametrize(
    ("name", "kind", "expected"),
    [
        ("Stephen", "heard", "Stefen"),
        ("McDonald", "heard", "MacDonald"),
        ("Kathryn", "heard", "Katryn"),
        ("Leigh", "heard", "Ley"),
        ("Hannah", "heard", "Annah"),
        ("Catherine", "heard", "Katherine"),
        ("Wilson", "heard", "Vilson"),
        ("Burns", "written", "Bums"),
        ("Claire", "written", "Daire"),
        ("Ian", "typed", "Ina"),
        ("Jo", "typed", "Oj"),
        ("McDonald", "typed", "McDobald"),
        ("SMITH", "typed", "SNITH"),
    ],
)
def test_a_known_mistake_is_among_the_variants(name, kind, expected):
    assert expected in {variant.name for variant in variants(name, kinds=[kind], count=300)}


@pytest.mark.parametrize("name", ["", " ", "-", "'"])
def test_nothing_to_get_wrong(name):
    assert variants(name, count=5) == []


def test_bad_arguments_of_variants():
    with pytest.raises(ValueError, match="sung"):
        variants("Ann", kinds=["typed", "sung"])
    with pytest.raises(ValueError, match="unknown kinds"):
        variants("Ann", kinds="typed")
    with pytest.raises(ValueError, match="edits"):
        variants("Ann", edits=0)
    with pytest.raises(ValueError, match="count"):
        variants("Ann", count=-1)
    assert variants("Ann", kinds=[]) == []


@given(name=st.text(max_size=30) | latin, seed=seeds, kind=st.sampled_from(KINDS), edits=st.integers(1, 3))
def test_a_variant_differs_from_the_name_and_from_the_others(name, seed, kind, edits):
    found = variants(name, seed=seed, kinds=[kind], count=5, edits=edits)
    assert found == variants(name, seed=seed, kinds={kind}, count=5, edits=edits)
    assert len(found) <= 5
    texts = [variant.name.casefold() for variant in found]
    assert len({" ".join(name.split()).casefold(), *texts}) == len(texts) + 1
    assert {variant.kind for variant in found} <= {kind}
    assert all(variant.edits == (edits if kind in ("typed", "heard", "written") else 1) for variant in found)


@given(name=latin, seed=seeds, edits=st.integers(1, 4))
def test_typing_mistakes_are_within_the_edits_claimed(name, seed, edits):
    plain = " ".join(name.split()).casefold()
    for variant in variants(name, seed=seed, kinds=["typed"], count=4, edits=edits):
        assert 1 <= osa(plain, variant.name.casefold()) <= variant.edits == edits
        assert len(variant.name.split()) == len(name.split())


@given(name=latin.filter(lambda name: any(map(str.isalpha, name))), seed=seeds)
def test_there_is_a_typing_mistake_for_every_name(name, seed):
    assert len(variants(name, seed=seed, kinds=["typed"])) == 1


def test_queries_have_answers(people):
    known = {person["person_id"]: person for person in people}
    asked = queries(people, 1000, seed=9)
    assert Counter(query.kind for query in asked) == {"present": 400, "one_edit": 200, "two_edits": 200, "respelt": 200}
    for query in asked:
        name = names_of(known[query.person_id])[0]
        text = f"{name['forenames'].split()[0]} {name['surname']}"
        distance = osa(text.casefold(), query.text.casefold())
        if query.kind == "present":
            assert query.text == text
        elif query.kind == "respelt":
            assert distance > 0
        else:
            assert 1 <= distance <= (1 if query.kind == "one_edit" else 2)
    assert queries(people, 100, seed=9) == asked[:100]


def test_queries_of_records_with_full_names():
    people = [
        {"person_id": "a", "names": [{"full_name": "Ann Mary Hall"}]},
        {"person_id": "a", "full_name": "Ann Hall"},
    ]
    assert {query.text for query in queries(people, 20) if query.kind == "present"} == {"Ann Hall"}


def test_queries_need_people():
    assert queries([], 0) == []
    with pytest.raises(ValueError, match="people"):
        queries([], 1)
    with pytest.raises(ValueError, match="got wrong"):
        queries([{"person_id": "a", "full_name": "'"}], 2)
