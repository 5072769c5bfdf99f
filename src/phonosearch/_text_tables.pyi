from collections.abc import Callable
from typing import Self

from phonosearch._rules import Rules
from phonosearch._similarity import LetterRules

class TextTables:
    def __new__(
        cls,
        rules: Rules,
        fold: Callable[[str], str],
        raw_part: Callable[[str], str | None],
        initials_in: Callable[[str], int],
    ) -> Self: ...
    @property
    def letters(self) -> LetterRules: ...
