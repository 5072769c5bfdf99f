import numpy as np
import numpy.typing as npt

from phonosearch._agreement import Asked
from phonosearch._core import NameIndex
from phonosearch._hit import Page

class BatchIndex(NameIndex):
    def search_batch(
        self,
        texts: list[str],
        asked: list[Asked | None],
        level: int,
        offset: int,
        limit: int,
    ) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]: ...
    def search_pages(
        self,
        texts: list[str],
        asked: list[Asked | None],
        pages: list[Page],
        level: int,
        offset: int,
        limit: int,
    ) -> None: ...
    def pairs_batch(
        self, form_of_person: npt.NDArray[np.uint32], begin: int, end: int, level: int, min_score: int
    ) -> npt.NDArray[np.int64]: ...
    def identifiers(self, people: npt.NDArray[np.int64]) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.int64]]: ...
    def names_as_given(
        self, people: npt.NDArray[np.int64], numbers: npt.NDArray[np.int64]
    ) -> tuple[npt.NDArray[np.uint8] | None, npt.NDArray[np.int64], npt.NDArray[np.uint8]]: ...
