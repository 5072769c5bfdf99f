"""Complete, repeatable, explained person search by the sound and spelling of names.

>>> import phonosearch as ps
>>> index = ps.PersonIndex.build([{"person_id": "P1", "full_name": "John Smythe"}])
>>> index.search("Jon Smith").hits[0].person_id
'P1'
"""

from phonosearch._answer import Answer, Explanation
from phonosearch._compare import Comparison, compare
from phonosearch._compare_many import compare_many
from phonosearch._distance import levenshtein_distance, osa_distance
from phonosearch._distance_many import levenshtein_distance_many, osa_distance_many
from phonosearch._encode_many import double_metaphone_many, soundex_many
from phonosearch._encoders import double_metaphone, soundex
from phonosearch._errors import (
    CorruptIndexError,
    FormatTooNewError,
    FormatTooOldError,
    IndexFormatError,
    LimitError,
    MissingExtraError,
    PhonosearchError,
    QueryError,
    RecordsError,
    RulesError,
    RulesMismatchError,
    UnknownPersonError,
)
from phonosearch._evidence import Evidence
from phonosearch._hit import Hit
from phonosearch._index import PersonIndex
from phonosearch._many import Pair
from phonosearch._normalise import normalise
from phonosearch._records import ColumnNote, CsvSource, LoadReport, Name, Person, RowNote
from phonosearch._rules import LEVELS

__all__ = [
    "LEVELS",
    "Answer",
    "ColumnNote",
    "Comparison",
    "CorruptIndexError",
    "CsvSource",
    "Evidence",
    "Explanation",
    "FormatTooNewError",
    "FormatTooOldError",
    "Hit",
    "IndexFormatError",
    "LimitError",
    "LoadReport",
    "MissingExtraError",
    "Name",
    "Pair",
    "Person",
    "PersonIndex",
    "PhonosearchError",
    "QueryError",
    "RecordsError",
    "RowNote",
    "RulesError",
    "RulesMismatchError",
    "UnknownPersonError",
    "__version__",
    "compare",
    "compare_many",
    "double_metaphone",
    "double_metaphone_many",
    "levenshtein_distance",
    "levenshtein_distance_many",
    "normalise",
    "osa_distance",
    "osa_distance_many",
    "soundex",
    "soundex_many",
]


def __getattr__(name: str) -> str:
    if name == "__version__":
        from importlib.metadata import version  # takes longer than the rest of the package to import

        return version("phonosearch")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
