from phonosearch._agreement import Asked
from phonosearch._finding import FindingIndex
from phonosearch._hit import Page

class NameIndex(FindingIndex):
    def search(
        self, text: bytes, level: int, offset: int, limit: int, asked: Asked | None, page: Page
    ) -> None: ...
    def count(self, text: bytes) -> list[int]: ...
    def align(
        self, text: bytes, person: int, form: int, asked: Asked | None = None
    ) -> tuple[tuple[int, ...], str]: ...
