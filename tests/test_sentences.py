"""Sentences of the evidence of a search, by what each must say of the words as they were given."""

from __future__ import annotations

import threading
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

import phonosearch as ps
from phonosearch import _reference
from phonosearch._distance import osa_distance
from phonosearch._encoders import double_metaphone, soundex
from phonosearch._names import form_of_kind, forms
from phonosearch._normalise import is_raw
from phonosearch._rules import rules
from phonosearch._spelling import plain_word, words_of
from phonosearch.testing import population, queries

ROW_HEAD = 19


def words(name: str, parts: tuple[str, ...]) -> tuple[str, ...]:
    return words_of(name, parts) or tuple(map(plain_word, parts))


def spelt(one: str, other: str) -> str:
    edits = osa_distance(one, other)
    return "1 letter different" if edits == 1 else f"{edits} letters different"


def sentence(kind: str, asked: str, recorded: str, a: str, b: str) -> str:
    """What is said of a pair of parts that were written as ``a`` and ``b``."""
    if kind == "exact":
        return f"“{a}” is the same." if a.casefold() == b.casefold() else f"“{a}” is the same as “{b}”."
    if kind == "spelling":
        if _reference.alternate_ending(asked, recorded):
            return f"“{a}” and “{b}” are one surname, of a man and of a woman."
        return f"“{a}” and “{b}” are established spellings of one name."
    if kind == "nickname":
        return f"“{a}” and “{b}” are forms of one name (nickname or diminutive)."
    if kind == "initial":
        return f"“{a}” is the initial of “{b}”." if len(asked) == 1 else f"“{b}” is the initial of “{a}”."
    if kind == "different":
        return f"“{a}” does not match “{b}”."
    if kind == "close":
        if osa_distance(asked, recorded) <= rules().edits_allowed(max(len(asked), len(recorded))):
            return f"“{a}” is spelt almost like “{b}” ({spelt(asked, recorded)})."
        if _reference.heard_as(recorded, asked):
            return f"“{a}” may be how “{b}” is heard ({spelt(asked, recorded)})."
        if _reference.heard_as(asked, recorded):
            return f"“{b}” may be how “{a}” is heard ({spelt(asked, recorded)})."
        return f"“{a}” is spelt almost like “{b}” ({spelt(asked, recorded)})."
    shared = sorted(set(double_metaphone(asked)) & set(double_metaphone(recorded)) - {""})
    keys = [f"Double Metaphone {shared[0]}"] if shared else []
    if kind != "metaphone":
        assert soundex(asked) == soundex(recorded)
        keys.append(f"Soundex {soundex(asked)}")
    return f"“{a}” sounds like “{b}” ({', '.join(keys)}; {spelt(asked, recorded)})."


def check(query: str, hit: ps.Hit) -> int:
    """Hold the evidence of the parts of a hit to what it must be; how many pieces that were."""
    row = hit._row
    assert all(type(item) is ps.Evidence and len(item) == 4 for item in hit.evidence)
    for item in hit.evidence:
        assert item == ps.Evidence(*item)
        assert hash(item) == hash(tuple(item))
        assert item.text == item.text.encode().decode()
    if row[6]:
        return 0        # parts were joined
    one, other = forms(query)[row[4]], form_of_kind(forms(hit.name), row[5])
    asked, recorded = one.parts, other.parts
    a, b = words(query, asked), words(hit.name, recorded)
    pieces = iter(hit.evidence)
    pairs = [row[at : at + 4] for at in range(ROW_HEAD, len(row), 4)]
    for here, there, kind, points in pairs:
        item = next(pieces)
        assert item.part == asked[here]
        assert (item.points, item.kind) == (points, _reference.PartKind(kind).name.lower().replace("none", "different"))
        assert item.text == sentence(item.kind, asked[here], recorded[there], a[here], b[there])
    for here in sorted(set(range(len(asked))) - {pair[0] for pair in pairs}):
        assert next(pieces) == (asked[here], "left_out", f"“{a[here]}” is not in the name on record.", 0)
    for there in sorted(set(range(len(recorded))) - {pair[1] for pair in pairs}):
        text = f"“{b[there]}” in the name on record was not asked for."
        assert next(pieces) == (recorded[there], "not_asked", text, 0)
    return len(pairs)


# Words of each width that Python keeps a text in, in any case; well-known names, and what is like them.
WORDS = st.sampled_from(
    ["John", "Jon", "JOHN", "john", "Johnny", "J", "Smith", "Smyth", "smith", "Smithers", "Schmidt", "Stephen",
     "Steven", "Catherine", "Kathryn", "Kowalski", "Kowalska", "Müller", "Mueller", "Muller", "Łukasz", "Lukash",
     "Wojciech", "Voychek", "O'Brien", "Obrien", "Elisabeth", "Elizbeth", "Bob", "Robert", "Иван", "Ivan", "李小龙",
     "Straße", "STRASSE", "Ann-Marie", "Nguyen", "Win", "Dąkiński", "Dakinski", "de", "Mc", "Donald", "Jr", "𝐉𝐨𝐡𝐧",
     "Wolfeschlegelsteinhausenbergerdorff", "Wolfeschlegelsteinhausenbergdorff", "999"]
)  # fmt: skip
NAMES = st.lists(WORDS, min_size=1, max_size=4).map(" ".join)


@given(NAMES, st.lists(NAMES, min_size=1, max_size=6))
def test_evidence_of_a_search_says_what_it_must(query: str, names: list[str]) -> None:
    index = ps.PersonIndex.build([{"person_id": str(at), "full_name": name} for at, name in enumerate(names)])
    try:
        answer = index.search(query, level="wide")
    except ps.QueryError:
        return
    for hit in answer.hits:
        if not is_raw(forms(hit.name)[0].parts[0]):
            check(query, hit)
        assert hit.evidence == ps.compare(query, hit.name).evidence


@pytest.fixture(scope="module")
def index() -> ps.PersonIndex:
    return ps.PersonIndex.build(population(4000, seed=3))


def test_evidence_of_pages_says_what_it_must(index: ps.PersonIndex) -> None:
    found: Counter[str] = Counter()
    for query in queries(population(4000, seed=3), 250, seed=5):
        for hit in index.search(query.text, level="wide", limit=30).hits:
            check(query.text, hit)
            found.update(item.kind for item in hit.evidence)
    kinds = {"exact", "spelling", "nickname", "initial", "both_keys", "soundex", "metaphone", "close", "different"}
    assert kinds | {"left_out", "not_asked"} <= set(found), found


def read_evidence(answer: ps.Answer, to: list[tuple[ps.Evidence, ...]]) -> None:
    to.extend(hit.evidence for hit in answer.hits)


def test_threads_read_the_same_evidence(index: ps.PersonIndex) -> None:
    for query in ("Jon Smyth", "Katherine Browne", "Mary Anne Taylor"):
        alone = index.search(query, level="wide", limit=300)
        answer = index.search(query, level="wide", limit=300)
        read: list[list[tuple[ps.Evidence, ...]]] = [[] for _ in range(4)]
        threads = [threading.Thread(target=read_evidence, args=(answer, to)) for to in read]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        expected = [hit.evidence for hit in alone.hits]
        assert len(expected) > 20
        assert all(found == expected for found in read)
