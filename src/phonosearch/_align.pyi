from phonosearch._text import TextRules

def compare_names(
    rules: TextRules, query_text: bytes, name_text: bytes, date_kind: int = 0, sex_kind: int = 0, precision: int = 3
) -> tuple[int, ...]: ...
