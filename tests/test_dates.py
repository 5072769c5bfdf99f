"""Partial dates: one strict form in, the same form out."""

from __future__ import annotations

import contextlib
import datetime

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from phonosearch._dates import PartialDate, contradict, pack, parse_date, unpack

FULL = st.dates(datetime.date(1800, 1, 1), datetime.date(2200, 12, 31))


@pytest.mark.parametrize(
    ("text", "date"),
    [
        ("1984", (1984, 0, 0)),
        ("1984-03", (1984, 3, 0)),
        ("1984-03-07", (1984, 3, 7)),
        ("2000-02-29", (2000, 2, 29)),
        ("1800", (1800, 0, 0)),
        ("2200-12-31", (2200, 12, 31)),
    ],
)
def test_reads_and_writes_the_three_forms(text: str, date: tuple[int, int, int]) -> None:
    assert parse_date(text) == date
    assert str(parse_date(text)) == text


@pytest.mark.parametrize(
    "text",
    [
        "", " ", "84", "1984 ", " 1984", "1984\n", "1984-3", "1984-03-7", "1984-", "1984-03-", "1984-00", "1984-13",
        "1984-02-30", "1984-03-00", "1984-00-07", "1900-02-29", "1799", "2201", "0000", "9999", "1984/03/07",
        "07-03-1984", "1984-03-07T00:00", "+1984", "-1984", "١٩٨٤", "１９８４", "1984-03-07\x00", "19840307",
        "1984;1985", "\ud800",
    ],
)  # fmt: skip
def test_refuses_everything_else_without_repeating_it(text: str) -> None:
    with pytest.raises(ValueError, match=r"^(a date is written|no such day|the year)") as caught:
        parse_date(text)
    assert len(text) < 2 or text not in str(caught.value)


@given(FULL)
def test_agrees_with_the_calendar(day: datetime.date) -> None:
    date = parse_date(day.isoformat())
    assert date == (day.year, day.month, day.day)
    assert unpack(pack(date)) == date
    assert str(date) == day.isoformat()


@given(st.integers(1800, 2200), st.integers(-1, 14), st.integers(-1, 33))
def test_a_date_is_accepted_exactly_when_it_exists(year: int, month: int, day: int) -> None:
    try:
        datetime.date(year, month or 1, day or 1)
        real = month > 0 or day == 0
    except ValueError:
        real = False
    date = PartialDate(year, month, day)
    if real:
        assert unpack(pack(date)) == date
        assert parse_date(str(date)) == date
    else:
        with pytest.raises(ValueError, match="no such day"):
            pack(date)


@given(FULL, FULL)
def test_packed_dates_sort_as_dates(a: datetime.date, b: datetime.date) -> None:
    assert (pack(parse_date(a.isoformat())) < pack(parse_date(b.isoformat()))) == (a < b)


@given(st.text(max_size=12))
def test_any_text_is_read_or_refused(text: str) -> None:
    with contextlib.suppress(ValueError):
        assert str(parse_date(text)) == text


@pytest.mark.parametrize("value", [0, 1, -1, 1984 << 9 | 13 << 5, 1984 << 9 | 1, 1984 << 9 | 2 << 5 | 30, 1 << 40])
def test_refuses_integers_that_are_no_date(value: int) -> None:
    with pytest.raises(ValueError, match=r"no such day|the year"):
        unpack(value)


def both_hold(one: PartialDate, other: PartialDate) -> bool:
    return all(a == b or not a or not b for a, b in zip(one, other, strict=True))


SOME = st.builds(
    PartialDate, st.sampled_from([1983, 1984]), st.integers(0, 2), st.integers(0, 2)
).map(lambda date: date if date.month else PartialDate(date.year))  # fmt: skip


@given(st.lists(st.lists(SOME, min_size=1, max_size=4), max_size=6))
def test_dates_contradict_where_two_of_them_do(runs: list[list[PartialDate]]) -> None:
    dates = np.array([pack(date) for run in runs for date in run], np.uint32)
    starts = np.cumsum([0, *map(len, runs)])[:-1].astype(np.uint32)
    expected = [any(not both_hold(a, b) for a in run for b in run) for run in runs]
    assert contradict(dates, starts).tolist() == expected
