"""Many names compare as one by one."""

from __future__ import annotations

from itertools import product

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

import phonosearch as ps
from test_pair import KEPT_WORDS, NAMES, compared, words


@pytest.mark.parametrize("threads", [1, 2])
def test_many_compare_as_one_by_one(threads: int) -> None:
    pairs = list(product(NAMES, NAMES))
    a, b = [one for one, _ in pairs], [other for _, other in pairs]
    expected = [compared(*pair) for pair in pairs]
    assert ps.compare_many(a, b, threads=threads) == expected
    rows = ps.compare_many(pa.array(a), pa.array(b), threads=threads).to_pylist()
    assert [(row["score"], row["level"]) for row in rows] == expected
    array = ps.compare_many(np.array(a), np.array(b), threads=threads)
    assert [(int(score), str(level) or None) for score, level in array] == expected
    for one in NAMES:
        assert ps.compare_many(one, NAMES, threads=threads) == [compared(one, other) for other in NAMES]


def test_one_name_stays_itself_when_words_are_forgotten() -> None:
    """The words of the one name are kept with all others."""
    names = [f"Jon {word}" for word in words(KEPT_WORDS + 4_000, 4)]
    for one in ("Jon Barnato", "Jon Smith-Barnato"):
        found = zip(names, ps.compare_many(one, names), strict=True)
        assert not [name for name, many in found if many != compared(one, name)]


def test_what_is_missing_has_no_score() -> None:
    assert ps.compare_many("Ann", [None, "Ann", "", "  "]) == [None, (1000, "exact"), None, None]
    assert ps.compare_many([None, "Ann"], ["Ann", "Ann"]) == [None, (1000, "exact")]
    assert ps.compare_many("Ann", pa.array([None, "Ann"])).to_pylist() == [None, {"score": 1000, "level": "exact"}]
    assert ps.compare_many("Ann", pa.array(["Xavier"])).to_pylist()[0]["level"] is None
    assert ps.compare_many("Ann", np.array(["", "Ann"])).tolist() == [(-1, ""), (1000, "exact")]
    assert ps.compare_many("Ann", []) == []


def test_what_cannot_be_compared_is_refused() -> None:
    with pytest.raises(ps.LimitError, match=r"b\[1\]"):
        ps.compare_many("Ann", ["Ann", "x" * 257])
    with pytest.raises(ps.LimitError, match=r"a\[0\]"):
        ps.compare_many([" ".join("abcdefghijklmnopq")], ["Ann"])
    with pytest.raises(ps.LimitError, match=r"b\[0\]"):
        ps.compare_many("Ann", ["é" * 257])
    with pytest.raises(ps.QueryError, match=r"b\[0\]"):
        ps.compare_many("Ann", ["Ann\ud800"])
    with pytest.raises(ps.QueryError, match="a"):
        ps.compare_many("", ["Ann"])
    with pytest.raises(ValueError, match="one length"):
        ps.compare_many(["Ann"], ["Ann", "Bob"])
    with pytest.raises(TypeError, match=r"b\[0\]"):
        ps.compare_many("Ann", [1])  # type: ignore[list-item]
    with pytest.raises(ps.QueryError, match="threads"):
        ps.compare_many("Ann", ["Ann"], threads=0)


@given(st.lists(st.tuples(st.text(min_size=1, max_size=20), st.text(min_size=1, max_size=20)), max_size=5))
def test_any_text_compares_as_one_by_one(pairs: list[tuple[str, str]]) -> None:
    for a, b in pairs:
        try:
            expected = compared(a, b)
        except ps.QueryError:
            continue
        assert ps.compare_many([a], [b]) == [expected]
        assert ps.compare_many(a, np.array([b + "|"]))[0][0] == ps.compare(a, b + "|").score
