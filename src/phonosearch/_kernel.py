"""The rules in the compiled form that all indexes and comparisons share."""

from __future__ import annotations

from functools import cache

from phonosearch._names import initials_in
from phonosearch._normalise import fold, raw_part
from phonosearch._rules import rules
from phonosearch._text import TextRules

__all__ = ["text_rules"]


@cache
def text_rules() -> TextRules:
    """The compiled rules in force."""
    return TextRules(rules(), fold, raw_part, initials_in)
