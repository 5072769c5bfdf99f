"""The family of errors: what holds for each of them."""

from __future__ import annotations

import pickle

import pytest

import phonosearch as ps

ERRORS: list[ps.PhonosearchError] = [
    ps.QueryError("dob", "is wrong"),
    ps.LimitError("name", 256, 300, "characters"),
    ps.UnknownPersonError(),
    ps.UnknownPersonError((ps.RowNote(3, "P1", "there is no name"),)),
    ps.RecordsError("broken", 3, 5),
    ps.RulesError("variants.tsv", "broken", 7),
    ps.MissingExtraError("cli", "it"),
    ps.CorruptIndexError("a.phs", "magic", 1, 2),
    ps.CorruptIndexError("a.phs", "footer", 1, 2),
    ps.FormatTooOldError("a.phs", 1, 2),
    ps.FormatTooNewError("a.phs", 3, 2),
    ps.RulesMismatchError("a.phs", "1", "2"),
]


@pytest.mark.parametrize("error", ERRORS, ids=lambda error: type(error).__name__)
def test_an_error_comes_whole_from_a_worker_process(error: ps.PhonosearchError) -> None:
    again = pickle.loads(pickle.dumps(error))
    assert type(again) is type(error)
    assert (str(again), vars(again)) == (str(error), vars(error))


def test_the_place_of_a_query_comes_with_its_error() -> None:
    error = ps.QueryError("dob", "is wrong")
    error.place(4)
    again = pickle.loads(pickle.dumps(error))
    assert (str(again), again.query) == ("query 4: dob: is wrong", 4)
