from collections.abc import Iterable

import numpy as np
import numpy.typing as npt

from phonosearch._text import TextRules

def compare_names(
    rules: TextRules, query_text: bytes, name_text: bytes, date_kind: int = 0, sex_kind: int = 0
) -> npt.NDArray[np.int32]: ...
def date_agreement(asked: int, dates: Iterable[int]) -> int: ...
