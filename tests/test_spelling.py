"""The words that sentences show: those of the name as it was given, each of which yields its part."""

from __future__ import annotations

import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

import phonosearch as ps
from phonosearch._names import forms
from phonosearch._normalise import normalise
from phonosearch._rules import rules
from phonosearch._sentences import evidence_of
from phonosearch._spelling import plain_word, words_not_compared, words_of
from phonosearch._wording import is_plain

WORDS = (
    "John", "smith", "SMITH", "O'Brien", "O’BRIEN,", "Mc", "Donald", "van", "der", "Dr", "Jr.", "bin", "J.", "(Bob)",
    "Ann-Marie", "Mul|en", "Siân", "a-b-c", "--x--", "4nn", "1984", "李", "王小明", "Ольга", "ﬁona", "x\u200by", "-",
    "q" * 70, "Jean‐Luc", "ʻOkina", "e\u0301va", "Straße", "王-李",
)  # fmt: skip
NAMES = st.lists(st.sampled_from(WORDS), min_size=1, max_size=5).map(" ".join) | st.text(max_size=30)


def given_words(name: str, parts: tuple[str, ...]) -> list[str]:
    return [plain_word(part) for part in parts] if (words := words_of(name, parts)) is None else list(words)


@example("王小明 王-李")
@example("\u3000?")
@given(NAMES)
def test_a_word_stands_in_the_name_or_is_the_part(name: str) -> None:
    try:
        found = forms(name)
    except ps.QueryError:
        return
    for form in found:
        words = given_words(name, form.parts)
        assert len(words) == len(form.parts)
        for word, part in zip(words, form.parts, strict=True):
            if part.startswith("="):
                assert word in (name.strip(), plain_word(part))
            elif word != plain_word(part):
                written = re.sub(r" \(\w+\)", "", word)
                assert all(piece in name or piece.lower() in part for piece in written.split())
                if not set(written) & set(rules().joiners):
                    assert "".join(normalise(written)) == part


@given(NAMES.map(str.title))
def test_what_is_plain_shows_its_parts(name: str) -> None:
    if is_plain(name) and len(name) <= rules().limits["name_code_points"]:
        assert words_of(name, forms(name)[0].parts) is None


@pytest.mark.parametrize(
    ("name", "form", "words"),
    [
        ("Dr SIÂN O’BRIEN", 0, ["SIÂN", "O’BRIEN"]),
        ("o'brien, mary", 0, ["o'brien", "mary"]),
        ("Ian Mc Donald", 1, ["Ian", "Mc Donald"]),
        ("JEAN-CLAUDE van Damme", 0, ["JEAN", "CLAUDE", "van", "Damme"]),
        ("JEAN-CLAUDE van Damme", 1, ["JEAN", "CLAUDE", "Damme"]),
        ("Mul|en", 1, ["Mul|en"]),
        ("“Bob” (Robert)", 0, ["Bob", "Robert"]),
        ("Ольга Кузнецова", 0, ["Ольга (Olga)", "Кузнецова (Kuznetsova)"]),
        ("王小明", 0, ["Wang", "Xiaoming"]),
        ("?", 0, ["?"]),
    ],
)
def test_words_of_names(name: str, form: int, words: list[str]) -> None:
    assert given_words(name, forms(name)[form].parts) == words


def test_hits_and_explanations_show_the_words_of_both_sides() -> None:
    maiden = {"full_name": "SHAN JONES", "kind": "maiden"}
    people = [{"person_id": "P1", "full_name": "SIÂN O’BRIEN", "names": [maiden]}]
    asked = "sian o brien-hughes"
    index = ps.PersonIndex.build(people)
    (hit,) = index.search(asked).hits
    sentences = [item.text for item in hit.evidence]
    assert "“sian” is the same as “SIÂN”." in sentences
    assert "“hughes” is not in the name on record." in sentences
    assert any("“o brien”" in text and "“O’BRIEN”" in text for text in sentences)
    assert index.explain(asked, "P1").evidence == hit.evidence == ps.compare(asked, hit.name).evidence
    assert {item.part for item in hit.evidence} >= {"sian", "hughes"}
    (other,) = index.search("Shân Jones").hits
    assert [item.text for item in other.evidence] == [
        "“Shân” is the same as “SHAN”.", "“Jones” is the same.",
    ]  # fmt: skip
    # Without the names as given, the record shows its parts.
    (bare,) = ps.PersonIndex.build(people, display_names=False).search(asked).hits
    assert "“sian” is the same." in [item.text for item in bare.evidence]
    assert [item.points for item in bare.evidence] == [item.points for item in hit.evidence]


@pytest.mark.parametrize(
    ("asked", "left"),
    [
        ("John Smith Jr OBE", ["OBE"]),
        ("John Smith Jr", []),
        ("Mr john de smith 1984", ["Mr", "1984"]),
        ("Dr.Smith", ["Dr"]),
        ("SMITH, J.R.R.", []),
        ("Maria de la Cruz", []),
        ("Mul|en", []),
        ("王小明", []),
        ("?", []),
    ],
)
def test_what_is_not_compared_is_said(asked: str, left: list[str]) -> None:
    (hit,) = ps.PersonIndex.build([{"person_id": "P1", "full_name": asked}]).search(asked).hits
    said = [item for item in hit.evidence if item.kind == "not_compared"]
    assert [item.text for item in said] == [f"“{word}” was asked for, but is not compared." for word in left]
    assert not any(item.points for item in said)
    assert hit.evidence == ps.compare(asked, hit.name).evidence


@given(NAMES)
def test_each_word_is_compared_or_said_not_to_be(name: str) -> None:
    try:
        parts = forms(name)[0].parts
    except ps.QueryError:
        return
    left = words_not_compared(name, parts)
    assert all(any(letters.isalnum() for letters in word) for word in left)
    if parts == tuple(normalise(name)):
        assert not any(word.isalpha() for word in left)


@given(NAMES, NAMES)
def test_the_words_change_nothing_but_the_sentences(one: str, other: str) -> None:
    try:
        found = ps.compare(one, other)
    except ps.QueryError:
        return
    row = found._row
    asked = forms(one)[row[4]].parts
    recorded = next(form.parts for form in forms(other) if form.number == row[5])
    plain = evidence_of(row, asked, recorded, ("John", "John"))
    shown = [item for item in found.evidence if item.part != "form" and item.kind != "not_compared"]
    assert [(item.part, item.kind, item.points) for item in shown] == [
        (item.part, item.kind, item.points) for item in plain if item.part != "form"
    ]
