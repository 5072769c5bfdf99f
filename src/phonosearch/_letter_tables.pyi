from phonosearch._rarity import RarityTable

GAPS: tuple[str, ...]
PLACES: tuple[str, ...]
SKELETONS: tuple[str, ...]
LEFT: tuple[str, ...]

class LetterTables(RarityTable): ...
