"""Partial dates of birth: a year, a year and a month, or a whole date."""

from __future__ import annotations

import calendar
import re
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

__all__ = ["AskedAge", "PartialDate", "contradict", "pack", "parse_date", "unpack"]

FIRST_YEAR, LAST_YEAR = 1800, 2200

_FORM = re.compile(r"([0-9]{4})(?:-([0-9]{2})(?:-([0-9]{2}))?)?")


class PartialDate(NamedTuple):
    """A date known to the year, the month or the day; 0 stands for unknown.

    Examples
    --------
    >>> parse_date("1984-03")
    PartialDate(year=1984, month=3, day=0)
    >>> str(parse_date("1984-03"))
    '1984-03'
    """

    year: int
    month: int = 0
    day: int = 0

    def __str__(self) -> str:
        if not self.month:
            return f"{self.year:04}"
        return f"{self.year:04}-{self.month:02}" + (f"-{self.day:02}" if self.day else "")


class AskedAge(NamedTuple):
    """An age that a person was said to be of on a day: completed years, from ``low`` to ``high``."""

    low: int
    high: int
    on: PartialDate

    def __str__(self) -> str:
        return f"{self.low}-{self.high} on {self.on}"

    @property
    def years(self) -> int:
        """How many ages there are in the range."""
        return self.high - self.low + 1


def _checked(date: PartialDate) -> PartialDate:
    year, month, day = date
    if not FIRST_YEAR <= year <= LAST_YEAR:
        raise ValueError(f"the year is not from {FIRST_YEAR} to {LAST_YEAR}")
    # The calendar is slow, and most days are in every month.
    if (
        not 0 <= month <= 12
        or not 0 <= day <= (31 if month else 0)
        or (day > 28 and day > calendar.monthrange(year, month)[1])
    ):
        raise ValueError("no such day in the calendar")
    return date


def parse_date(text: str) -> PartialDate:
    """Read "1984", "1984-03" or "1984-03-07"; the error of anything else never repeats the value."""
    found = _FORM.fullmatch(text)
    if not found:
        raise ValueError("a date is written YYYY, YYYY-MM or YYYY-MM-DD")
    # "1984-00" would read as an unknown month: whoever means that leaves it out.
    if found[2] == "00" or found[3] == "00":
        raise ValueError("no such day in the calendar")
    return _checked(PartialDate(int(found[1]), int(found[2] or 0), int(found[3] or 0)))


def pack(date: PartialDate) -> int:
    """The date as ``year << 9 | month << 5 | day``: packed dates sort as dates."""
    year, month, day = _checked(date)
    return year << 9 | month << 5 | day


def unpack(value: int) -> PartialDate:
    """The date that `pack` made ``value`` of."""
    return _checked(PartialDate(value >> 9, value >> 5 & 15, value & 31))


def contradict(dates: npt.NDArray[np.uint32], starts: npt.NDArray[np.uint32]) -> npt.NDArray[np.bool_]:
    """Of runs of packed dates, each from its start to the next: whether they cannot all be parts of one date."""
    found = np.zeros(len(starts), np.bool_)
    if len(starts):
        for field in (dates >> 9, dates >> 5 & 15, dates & 31):
            # 0 is unknown, and agrees with all.
            least = np.minimum.reduceat(np.where(field == 0, np.uint32(0xFFFFFFFF), field), starts)
            found |= least < np.maximum.reduceat(field, starts)
    return found
