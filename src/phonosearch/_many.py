"""Many searches at a time: queries in, answers or Arrow out, and the pairs of people who match each other.

The work is cut into pieces, which threads take in turn; what comes out stands in the order of what went in.
"""

from __future__ import annotations

import importlib
import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol, TypeVar

import numpy as np

from phonosearch._errors import MissingExtraError, QueryError
from phonosearch._kernel import text_rules
from phonosearch._load_report import probably_meant
from phonosearch._query import Query, read_query, whole_number
from phonosearch._records import KINDS, Person, absent
from phonosearch._rules import LEVELS

if TYPE_CHECKING:
    from concurrent.futures import Future, ThreadPoolExecutor

    from phonosearch._batch import BatchIndex

__all__ = [
    "PIECE", "ArrowData", "Pair", "Progress", "ask_arrow", "check_progress", "find_pairs", "in_order", "is_arrow",
    "pool_of", "read_queries", "thread_count",
]  # fmt: skip

Progress = Callable[[int, int], object]
"""Told how much is done, of how much."""


class _ArrowArray(Protocol):
    def __arrow_c_array__(self, requested_schema: Any = None) -> tuple[Any, Any]: ...


class _ArrowStream(Protocol):
    def __arrow_c_stream__(self, requested_schema: Any = None) -> Any: ...


ArrowData = _ArrowArray | _ArrowStream

_Piece = TypeVar("_Piece")
_Result = TypeVar("_Result")

PIECE = 128  # queries, or people: some tens of milliseconds
NAME_COLUMNS = ("full_name", "forenames", "surname")
OTHER_COLUMNS = ("dob", "sex", "age", "age_on", "place")


class Pair(NamedTuple):
    """Two people who match each other.

    Attributes
    ----------
    person_id, other_id : str
        Of the two, the first in order whose search finds the other (below level ``wide``, where each finds the other,
        the first in order), and the other.
    score : int
        0 to 1000: the greatest of the searches by a name, the date of birth and the sex of either.
    level : str
        The first level that finds one by the other.
    """

    person_id: str
    other_id: str
    score: int
    level: str


def thread_count(threads: object) -> int:
    """How many threads to use; None is one a processor."""
    if threads is None:
        return os.cpu_count() or 1
    number = whole_number(threads)
    if number is None or number < 1:
        raise QueryError("threads", "must be a whole number from 1, or None")
    return number


def check_progress(progress: object) -> None:
    """Refuse what cannot be called before any work is done."""
    if progress is not None and not callable(progress):
        raise QueryError("progress", "must be a function of two numbers, how many are done and of how many, or None")


@contextmanager
def pool_of(threads: int) -> Iterator[ThreadPoolExecutor]:
    """Threads; what they have not begun when the block is left by an error is never begun."""
    from concurrent.futures import ThreadPoolExecutor  # slow to import, and most programs need none

    pool = ThreadPoolExecutor(threads)
    try:
        yield pool
    finally:
        pool.shutdown(cancel_futures=True)


def in_order(work: Callable[[_Piece], _Result], pieces: Iterable[_Piece], threads: int) -> Iterator[_Result]:
    """What ``work`` makes of each piece, in their order, at most four a thread ahead of who takes them."""
    if threads == 1:
        yield from map(work, pieces)
        return
    waiting: deque[Future[_Result]] = deque()
    with pool_of(threads) as pool:
        for piece in pieces:
            waiting.append(pool.submit(work, piece))
            if len(waiting) > 4 * threads:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()


def is_arrow(source: object) -> bool:
    """Whether something speaks the Arrow PyCapsule interface."""
    return hasattr(source, "__arrow_c_stream__") or hasattr(source, "__arrow_c_array__")


def read_queries(queries: object) -> list[Query]:
    """Check queries that come as an iterable; an error says which one it is."""
    if isinstance(queries, str | bytes | Mapping | Person) or not isinstance(queries, Iterable):
        raise QueryError("queries", f"must be a list of queries, not one {type(queries).__name__}")
    known = _read_names(list(queries)) if isinstance(queries, list | tuple) else None
    return [query for query in known or _checked(queries) if query is not None]


def _read_names(queries: list[Any], *, nulls: bool = False) -> list[Query | None] | None:
    """Check queries that are names alone, as most are: in one call, which leaves the GIL to other threads.

    None where a query is anything else, or cannot be read.
    """
    names = [query for query in queries if query is not None] if nulls else queries
    if set(map(type, names)) != {str} or text_rules().first_unreadable(names) >= 0:
        return None
    return [None if query is None else Query(query, None, None) for query in queries]


def _checked(queries: Iterable[Any], *, nulls: bool = False) -> Iterator[Query | None]:
    for position, query in enumerate(queries):
        if query is None and nulls:
            yield None
            continue
        try:
            yield read_query(query)
        except QueryError as error:
            error.place(position)
            raise


def _arrow_rows(pa: Any, source: Any) -> list[Any]:
    """Names, mappings or None, from a column of strings or a table with columns of names and other evidence."""
    try:
        if hasattr(source, "__arrow_c_stream__"):
            array = pa.chunked_array(source)
        else:
            array = pa.chunked_array([pa.array(source)])
        if pa.types.is_dictionary(array.type):
            array = array.cast(array.type.value_type)
        if pa.types.is_struct(array.type):
            table = pa.Table.from_struct_array(array)
    except (pa.ArrowException, TypeError, ValueError):
        raise QueryError("queries", "are Arrow data that cannot be read") from None
    if not pa.types.is_struct(array.type):
        if not (pa.types.is_string(array.type) or pa.types.is_large_string(array.type)):
            raise QueryError("queries", f"must be strings, or a table with {', '.join(NAME_COLUMNS + OTHER_COLUMNS)}")
        return _values(array)
    _check_columns(table.column_names)
    names = [name for name in NAME_COLUMNS if name in table.column_names]
    wanted = [*names, *(name for name in OTHER_COLUMNS if name in table.column_names)]
    return [
        # The day of an age may fill its column, whichever rows have an age.
        {
            field: value
            for field, value in row.items()
            if value is not None and (field != "age_on" or not absent(row.get("age")))
        }
        if any(row[name] is not None for name in names)
        else None
        for row in _values(table.select(wanted))
    ]


def _values(data: Any) -> list[Any]:
    """The values of Arrow data; an error of decoding would carry the bytes of a name."""
    try:
        values: list[Any] = data.to_pylist()
    except UnicodeDecodeError:
        pass
    else:
        return values
    raise QueryError("queries", "hold text that is not valid UTF-8; decode it as what it is, or leave it out")


def _check_columns(found: list[str]) -> None:
    """Refuse a table that lacks a name, has a column twice, or has one by another name: it would not be asked.

    The error tells such a column by its place, since its name may be anything.
    """
    known = NAME_COLUMNS + OTHER_COLUMNS
    lacking = set(known).difference(found)
    if "full_name" in found:
        lacking -= {"forenames", "surname"}
    elif not lacking.issuperset(("forenames", "surname")):
        lacking.discard("full_name")
    for place, name in enumerate(found):
        meant = None if name in known else probably_meant(name, lacking)
        if meant is not None:
            raise QueryError(
                "queries",
                f"have a column of a name that is not known (number {place}, counted from 0), which is probably "
                f"{meant}; name it so, or leave it out",
            )
    if lacking.issuperset(NAME_COLUMNS):
        raise QueryError("queries", f"must have a column {', '.join(NAME_COLUMNS[:2])} or {NAME_COLUMNS[2]}")
    if repeated := [name for name in known if found.count(name) > 1]:
        raise QueryError("queries", f"have a column more than once: {', '.join(repeated)}; keep one of them")


def ask_arrow(
    kernel: BatchIndex,
    queries: object,
    page: tuple[int, int, int],
    threads: int,
    progress: Progress | None,
    inconsistent: Callable[[Exception], Exception],
) -> Any:
    """Search for Arrow data; a row for each query, as ``PersonIndex.search_many`` says.

    ``page`` is the level, limit and offset; ``inconsistent`` makes an error of what only a crafted file can cause.
    """
    level, limit, offset = page
    try:
        pa = importlib.import_module("pyarrow")
    except ImportError:
        raise MissingExtraError("arrow", "searching for Arrow data") from None
    rows = _arrow_rows(pa, queries)
    checked = _read_names(rows, nulls=True) or list(_checked(rows, nulls=True))
    pieces = [checked[at : at + PIECE] for at in range(0, len(checked), PIECE)]

    def ask(piece: list[Query | None]) -> Any:
        asked = [query for query in piece if query is not None]
        beside = [query.asked for query in asked]
        try:
            totals, lines = kernel.search_batch([query.text for query in asked], beside, level, offset, limit)
            return _arrow_answers(pa, kernel, piece, totals, lines)
        except ValueError as error:
            raise inconsistent(error) from None

    done = 0
    batches = []
    for piece, batch in zip(pieces, in_order(ask, pieces, threads), strict=True):
        batches.append(batch)
        done += len(piece)
        if progress is not None:
            progress(done, len(checked))
    return pa.Table.from_batches(batches, schema=_answer_schema(pa))


def _answer_schema(pa: Any) -> Any:
    hit = pa.struct(
        [
            ("person_id", pa.large_string()),
            ("score", pa.int16()),
            ("level", pa.dictionary(pa.int8(), pa.string())),
            ("name", pa.large_string()),
            ("name_kind", pa.dictionary(pa.int8(), pa.string())),
        ]
    )
    return pa.schema([("total", pa.int64()), ("hits", pa.list_(hit))])


def _arrow_answers(pa: Any, kernel: BatchIndex, piece: list[Query | None], totals: Any, lines: Any) -> Any:
    """The answers of some queries as a record batch."""
    schema = _answer_schema(pa)
    hit = schema.field("hits").type.value_type
    number, person, name, form, score, level = lines
    asked = np.array([query is not None for query in piece], dtype=bool)
    counts = np.zeros(len(piece), dtype=np.int64)
    counts[asked] = np.bincount(number, minlength=len(totals))
    starts = np.concatenate([[0], np.cumsum(counts)]).astype(np.int32)
    all_totals = np.zeros(len(piece), dtype=np.int64)
    all_totals[asked] = totals
    text, text_starts, kinds = kernel.names_as_given(person, name)
    if text is None:
        given = pa.array(
            [
                " ".join(kernel.form_parts(kernel.full_form(*ids))).title()
                for ids in zip(person.tolist(), name.tolist(), form.tolist(), strict=True)
            ],
            pa.large_string(),
        )
    else:
        given = _strings(pa, text, text_starts)
    fields = [
        _strings(pa, *kernel.identifiers(person)),
        pa.array(score.astype(np.int16)),
        pa.DictionaryArray.from_arrays(pa.array(level.astype(np.int8)), pa.array(LEVELS)),
        given,
        pa.DictionaryArray.from_arrays(
            pa.array(np.where(kinds < len(KINDS), kinds, KINDS.index("alias")).astype(np.int8)), pa.array(KINDS)
        ),
    ]
    hits = pa.ListArray.from_arrays(
        pa.array(starts), pa.StructArray.from_arrays(fields, fields=list(hit)), mask=pa.array(~asked)
    )
    return pa.RecordBatch.from_arrays([pa.array(all_totals, mask=~asked), hits], schema=schema)


def _strings(pa: Any, text: Any, starts: Any) -> Any:
    return pa.LargeStringArray.from_buffers(len(starts) - 1, pa.py_buffer(starts), pa.py_buffer(text))


def find_pairs(
    kernel: BatchIndex,
    form_of_person: Any,
    least: tuple[int, int],
    threads: int,
    progress: Progress | None,
    inconsistent: Callable[[Exception], Exception],
) -> Iterator[Pair]:
    """All pairs, as ``PersonIndex.pairs`` says; ``least`` is the level and the score."""
    people = kernel.people
    level, min_score = least

    def ask(begin: int) -> tuple[int, Any]:
        end = min(begin + PIECE, people)
        try:
            return end, kernel.pairs_batch(form_of_person, begin, end, level, min_score)
        except ValueError as error:
            raise inconsistent(error) from None

    for done, (one, other, _, _, score, reached) in in_order(ask, range(0, people, PIECE), threads):
        asked, identifier = -1, ""
        for first, second, points, number in zip(
            one.tolist(), other.tolist(), score.tolist(), reached.tolist(), strict=True
        ):
            if first != asked:
                asked, identifier = first, kernel.person_id_of(first)
            yield Pair(identifier, kernel.person_id_of(second), points, LEVELS[number])
        if progress is not None:
            progress(done, people)
