from phonosearch._text import TextRules

class Comparer:
    @property
    def rules(self) -> TextRules: ...
    def __new__(cls, rules: TextRules) -> Comparer: ...

def compare_names(
    rules: TextRules, query_text: bytes, name_text: bytes, birth_kind: int = 0, sex_kind: int = 0, birth: int = 3,
    place_kind: int = 0, place: int = 1, generations: int = 0
) -> tuple[int, ...]: ...
def score_names(
    rules: TextRules, query: str, name: str, birth_kind: int = 0, sex_kind: int = 0, birth: int = 3,
    place_kind: int = 0, place: int = 1, generations: int = 0
) -> int: ...
