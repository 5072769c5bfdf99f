"""Places: the towns and the UK postcodes that a text names (reference); ``_place_text.pyx`` is its compiled twin."""

from __future__ import annotations

import re
from itertools import pairwise
from typing import NamedTuple

from phonosearch._errors import LimitError, QueryError
from phonosearch._names import forms
from phonosearch._normalise import check_text, cut, fold, is_raw
from phonosearch._rules import rules

__all__ = ["Place", "outward", "pack_postcode", "read_place"]

_SEPARATORS = re.compile(r"[,;|\n\r]")
_TOKEN = re.compile(r"[0-9A-Za-z]+")
_BETWEEN = re.compile(r"[ \t-]*")  # what may stand between the tokens of one postcode
_OUTWARD = re.compile(r"([A-Z]{1,2})([0-9]|[1-9][0-9]|[0-9][A-Z])")
_INWARD = re.compile(r"[0-9][A-Z]{2}")
_DIGITS = " ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"  # of a packed postcode
_TOKENS = 4  # "L S 6 2AB"


class Place(NamedTuple):
    """The towns, as normalised words, and the postcodes that a text names, each once, in order.

    A postcode has no space; one of up to four characters is a district, its outward code alone.

    Examples
    --------
    >>> read_place("Headingley, Leeds ls6 2ab")
    Place(towns=('headingley', 'leeds'), postcodes=('LS62AB',))
    >>> read_place("LS6")
    Place(towns=(), postcodes=('LS6',))
    """

    towns: tuple[str, ...] = ()
    postcodes: tuple[str, ...] = ()


def _is_outward(code: str) -> bool:
    r, found = rules(), _OUTWARD.fullmatch(code)
    if not found or found[1] not in r.postcode_areas:
        return False
    letters = r.postcode_third if len(found[1]) == 1 else r.postcode_fourth
    return found[2].isdecimal() or found[2][1] in letters


def _is_postcode(code: str) -> bool:
    inward = code[-3:]
    return (
        _INWARD.fullmatch(inward) is not None
        and not set(inward[1:]) & set(rules().postcode_never_inward)
        and _is_outward(code[:-3])
    )


def outward(postcode: str) -> str:
    """The district of a postcode.

    Examples
    --------
    >>> outward("LS62AB"), outward("LS6")
    ('LS6', 'LS6')
    """
    return postcode[:-3] if len(postcode) > 4 else postcode


def pack_postcode(postcode: str) -> int:
    """The number of a postcode, below 37 ** 7; that of its district ends in three zeros to the base 37."""
    district = outward(postcode)
    number = 0
    for character in district.ljust(4) + postcode[len(district) :].ljust(3):
        number = number * 37 + _DIGITS.index(character)
    return number


def _take_postcodes(segment: str) -> tuple[str, list[str]]:
    """A segment without its postcodes, and those."""
    tokens = list(_TOKEN.finditer(segment))
    spans, found, at = [], [], 0
    while at < len(tokens):
        for count in range(_TOKENS, 0, -1):
            run = tokens[at : at + count]
            together = all(
                _BETWEEN.fullmatch(segment, one.end(), other.start()) for one, other in pairwise(run)
            )
            code = "".join(token[0] for token in run).upper()
            if len(run) == count and together and _is_postcode(code):
                found.append(code)
                spans.append((run[0].start(), run[-1].end()))
                at += count
                break
        else:
            at += 1
    if tokens and not found and _is_outward(tokens[-1][0].upper()):
        found.append(tokens[-1][0].upper())
        spans.append(tokens[-1].span())
    rest, last = "", 0
    for start, end in spans:
        rest += segment[last:start] + " "
        last = end
    return rest + segment[last:], found


def _town(text: str) -> str | None:
    """The words of a town; None where there are none."""
    if not cut(fold(text))[0]:
        return None
    parts = forms(text, "place")[0].parts
    return None if is_raw(parts[0]) else " ".join(parts)


def read_place(text: str) -> Place:
    """The towns and postcodes of a text; commas, semicolons, bars and line breaks part them.

    Raises
    ------
    QueryError
        Not text, or no letters and no postcode in it.
    LimitError
        Over ``limits.place_code_points``, ``place_parts`` or ``place_letters``.
    """
    limits = rules().limits
    if isinstance(text, str) and len(text) > limits["place_code_points"]:
        raise LimitError("place", limits["place_code_points"], len(text), "characters")
    check_text(text, "place")
    towns: dict[str, None] = {}
    postcodes: dict[str, None] = {}
    for segment in _SEPARATORS.split(text):
        rest, found = _take_postcodes(segment)
        postcodes.update(dict.fromkeys(found))
        town = _town(rest)
        if town is not None:
            if len(town) > limits["place_letters"]:
                raise LimitError("place", limits["place_letters"], len(town), "letters of one town")
            towns[town] = None
    most = max(len(towns), len(postcodes))
    if most > limits["place_parts"]:
        raise LimitError("place", limits["place_parts"], most, "towns or postcodes")
    if not most:
        raise QueryError("place", "has no letters and no postcode; give a town or a UK postcode, or leave it out")
    return Place(tuple(towns), tuple(postcodes))
