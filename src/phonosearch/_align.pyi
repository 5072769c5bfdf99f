from phonosearch._text import TextRules

def compare_names(
    rules: TextRules, query_text: bytes, name_text: bytes, birth_kind: int = 0, sex_kind: int = 0, birth: int = 3,
    place_kind: int = 0, place: int = 1, generations: int = 0
) -> tuple[int, ...]: ...
