"""The family of errors: each carries its data as attributes and its remedy in its text.

No message holds a name, a date of birth or an identifier from the data.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from phonosearch._load_report import RowNote

__all__ = [
    "CorruptIndexError",
    "FormatTooNewError",
    "FormatTooOldError",
    "IndexFormatError",
    "LimitError",
    "MissingExtraError",
    "PhonosearchError",
    "QueryError",
    "RecordsError",
    "RulesError",
    "RulesMismatchError",
    "UnknownPersonError",
]


class PhonosearchError(Exception):
    """Base of every error that phonosearch raises on purpose."""

    def __reduce__(self) -> tuple[object, ...]:
        # By this a worker process hands an error over; what the class was called with has become its text.
        return _made_again, (type(self), self.args), self.__dict__


def _made_again(kind: type[PhonosearchError], args: tuple[object, ...]) -> PhonosearchError:
    return kind.__new__(kind, *args)


class QueryError(PhonosearchError, ValueError):
    """The query cannot be asked as it stands.

    Attributes
    ----------
    field : str
        The part of the query that is wrong ("name", "dob", "level", ...).
    query : int or None
        Which of the queries of ``search_many`` it is, from 0.
    """

    def __init__(self, field: str, problem: str) -> None:
        super().__init__(f"{field}: {problem}")
        self.field = field
        self.query: int | None = None

    def place(self, query: int) -> None:
        """Say which of many queries it is."""
        self.query = query
        self.args = (f"query {query}: {self}",)


class LimitError(QueryError):
    """An input is larger than its documented limit; nothing of it was processed.

    Attributes
    ----------
    limit, got : int
        The limit and what was given.
    unit : str
        What they count ("characters", "parts", ...).
    """

    def __init__(self, field: str, limit: int, got: int, unit: str) -> None:
        super().__init__(field, f"{got:,} {unit} is over the limit of {limit:,}; give no more than that")
        self.limit = limit
        self.got = got
        self.unit = unit


class UnknownPersonError(PhonosearchError, LookupError):
    """The index holds no person with the identifier asked for.

    Attributes
    ----------
    rejected : tuple of RowNote
        The rows of the source that had this identifier and were rejected when the index was built, with the reasons.
    """

    def __init__(self, rejected: tuple[RowNote, ...] = ()) -> None:
        if rejected:
            more = f" (and {len(rejected) - 1:,} more)" if len(rejected) > 1 else ""
            super().__init__(
                f"this person is not in the index, because row {rejected[0].row} of the source, counted from 0{more}, "
                f"was rejected: {rejected[0].reason}; correct the record and build the index again"
            )
        else:
            super().__init__(
                "no person with this person_id is in the index, and no row that was rejected is known to have it; "
                "check the person_id"
            )
        self.rejected = rejected


class RecordsError(PhonosearchError, ValueError):
    """A source of records cannot be read at all (a missing column, a wrong encoding, broken quoting).

    Attributes
    ----------
    row : int or None
        The row (from 0) where reading stopped, if there is one.
    line : int or None
        The line (from 1) of a CSV file where that row begins, if it can be told.
    """

    def __init__(self, problem: str, row: int | None = None, line: int | None = None) -> None:
        where = "" if row is None else f"row {row} of the source, counted from 0"
        where += "" if row is None or line is None else f" (line {line})"
        super().__init__(f"{where}: {problem}" if where else problem)
        self.row = row
        self.line = line


class RulesError(PhonosearchError, ValueError):
    """The force's own file of variants cannot be read or breaks its format; nothing of it was used.

    Attributes
    ----------
    line : int or None
        The line (from 1) that is wrong, if there is one.
    """

    def __init__(self, source: str, problem: str, line: int | None = None) -> None:
        where = source if line is None else f"{source}, line {line}"
        super().__init__(f"{where}: {problem}; correct the file, or unset {source}")
        self.line = line


class MissingExtraError(PhonosearchError, ImportError):
    """A feature needs an optional dependency that is not installed.

    Attributes
    ----------
    extra : str
        The extra to install.
    """

    def __init__(self, extra: str, feature: str) -> None:
        super().__init__(f"{feature} needs an optional dependency: pip install 'phonosearch[{extra}]'")
        self.extra = extra


class IndexFormatError(PhonosearchError):
    """An index file cannot be used.

    Attributes
    ----------
    path : str
        The file.
    """

    def __init__(self, path: str, problem: str) -> None:
        super().__init__(f"{path}: {problem}")
        self.path = path


class CorruptIndexError(IndexFormatError):
    """The file is damaged (truncated, extended, or changed since it was written), or was never an index.

    Attributes
    ----------
    section : str
        Where the damage was found.
    expected, got : object
        What the file should have held there, and what it holds.
    """

    def __init__(self, path: str, section: str, expected: object, got: object) -> None:
        super().__init__(
            path,
            _NO_INDEX.get(section)
            or f"damaged in {section}: expected {expected}, got {got}; restore it from a copy or build it again",
        )
        self.section = section
        self.expected = expected
        self.got = got


# Such a file is more often another one that was named than an index that was damaged.
_NO_INDEX = {
    "magic": (
        "this is no index of phonosearch, or its first bytes are damaged; give a file that was saved by phonosearch, "
        "or restore it from a copy"
    ),
    "kind of file": "this is no file but a pipe, a socket or a device; give a file that was saved by phonosearch",
}


class FormatTooOldError(IndexFormatError):
    """The file was written in a format that this version no longer reads."""

    def __init__(self, path: str, got: int, oldest: int) -> None:
        super().__init__(path, f"format {got} is older than {oldest}, the oldest that is read; build it again")
        self.got = got
        self.oldest = oldest


class FormatTooNewError(IndexFormatError):
    """The file was written by a newer version of phonosearch."""

    def __init__(self, path: str, got: int, newest: int) -> None:
        super().__init__(path, f"format {got} is newer than {newest}, the newest that is read; upgrade phonosearch")
        self.got = got
        self.newest = newest


class RulesMismatchError(IndexFormatError):
    """The index was built under other rules than those in force, so its answers could differ.

    Attributes
    ----------
    built, running : str
        The rules of the file and of this installation.
    """

    def __init__(self, path: str, built: str, running: str) -> None:
        super().__init__(path, f"built under rules {built}, but rules {running} are in force; build it again")
        self.built = built
        self.running = running
