from collections.abc import Iterable

from phonosearch._text import TextRules

def compare_names(
    rules: TextRules, query_text: bytes, name_text: bytes, date_kind: int = 0, sex_kind: int = 0, precision: int = 3
) -> tuple[int, ...]: ...
def date_agreement(asked: int, dates: Iterable[int]) -> int: ...
