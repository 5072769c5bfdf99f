from collections.abc import Iterable

from phonosearch._letter_tables import LetterTables

class LetterRules(LetterTables):
    def evidence_many(self, ones: Iterable[str], others: Iterable[str], beside: bool = False) -> list[int]: ...
