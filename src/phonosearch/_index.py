"""The index of people: build, search, explain, save and open."""

from __future__ import annotations

import hashlib
import os
from collections import deque
from collections.abc import Iterable, Iterator
from functools import cached_property
from queue import SimpleQueue
from typing import TYPE_CHECKING, Any, NoReturn, overload

import numpy as np
import numpy.typing as npt

from phonosearch import _storage
from phonosearch._answer import Answer, Explanation, Source, explain_verdict, level_name
from phonosearch._batch import BatchIndex
from phonosearch._builder import Builder
from phonosearch._dates import contradict
from phonosearch._errors import CorruptIndexError, LimitError, QueryError, RulesMismatchError, UnknownPersonError
from phonosearch._hit import Page
from phonosearch._kernel import text_rules
from phonosearch._load_report import unread_date_reasons
from phonosearch._many import (
    PIECE,
    ArrowData,
    Pair,
    Progress,
    ask_arrow,
    check_progress,
    find_pairs,
    in_order,
    is_arrow,
    pool_of,
    read_queries,
    thread_count,
)
from phonosearch._packer import pack
from phonosearch._query import Query, QueryLike, level_number, read_query, whole_number
from phonosearch._records import LoadReport, ReportBuilder, RowBatch, RowNote, batches
from phonosearch._rules import LEVELS, rules
from phonosearch._sentences import EvidenceReader

if TYPE_CHECKING:
    from concurrent.futures import Future

__all__ = ["MAX_LIMIT", "PersonIndex"]

MAX_LIMIT = 100_000

# What the records say beside the identifiers, whatever the layout of the arrays.
_SUBSTANCE = (
    "name_start", "name_kind", "name_text", "name_text_start", "dob", "dob_several_start", "dob_several", "sex",
    "place", "place_several_start", "place_several", "place_town", "place_town_start",
)  # fmt: skip
# In place of the names as given, where they are not kept: their parts.
_PARTS = (
    "part_letters", "part_start", "class_start", "form_part", "long_start", "owner_start", "owner", "several_form",
)  # fmt: skip
_REPORT = "report"
_SEVERAL_DATES, _PLACE = np.uint32(1 << 31), np.uint32((1 << 29) - 1)  # in dob

Arrays = dict[str, npt.NDArray[Any]]


def _fingerprint(kernel: BatchIndex) -> str:
    digest = hashlib.sha256(rules().fingerprint.encode())

    def add(name: str, values: npt.NDArray[Any] | None) -> None:
        if values is not None:
            digest.update(f"\0{name}\0{len(values)}\0".encode())
            digest.update(values.data.cast("B") if len(values) else b"")

    identifiers, starts = kernel.plain_ids()
    add("person_id", identifiers)
    add("person_id_start", starts)
    for name in _SUBSTANCE + (() if "name_text" in kernel.arrays else _PARTS):
        add(name, kernel.plain(name))
    return digest.hexdigest()


def _read(batch: RowBatch, free: SimpleQueue[Builder]) -> tuple[RowBatch, npt.NDArray[np.uint8], npt.NDArray[np.uint8]]:
    """Let a builder that is free read a batch."""
    builder = free.get()
    try:
        return batch, *builder.add(batch)
    finally:
        free.put(builder)


def _read_all(source: Iterator[RowBatch], builders: list[Builder], report: ReportBuilder) -> int:
    """Let the builders read the batches, one each at a time; how many rows are indexed."""
    if len(builders) == 1:
        return sum(report.entries(batch, *builders[0].add(batch)) for batch in source)
    free: SimpleQueue[Builder] = SimpleQueue()
    for builder in builders:
        free.put(builder)
    indexed = 0
    waiting: deque[Future[Any]] = deque()
    with pool_of(len(builders)) as pool:
        for batch in source:
            waiting.append(pool.submit(_read, batch, free))
            if len(waiting) > 2 * len(builders):  # no more of the source in memory than keeps all busy
                indexed += report.entries(*waiting.popleft().result())
        for future in waiting:
            indexed += report.entries(*future.result())
    return indexed


def _contradictory(arrays: Arrays) -> npt.NDArray[np.intp]:
    """The people whose dates of birth contradict each other."""
    dob, starts = arrays["dob"], arrays["dob_several_start"]
    people: npt.NDArray[np.intp] = np.flatnonzero(dob & _SEVERAL_DATES)
    found: npt.NDArray[np.bool_] = contradict(arrays["dob_several"], starts[:-1])[dob[people] & _PLACE]
    return people[found]


class PersonIndex:
    """An immutable index of people by their names; any number of threads may search it at once.

    Make one with ``PersonIndex.build`` or ``PersonIndex.open``.

    Attributes
    ----------
    report : LoadReport
        What became of every row that was offered.
    fingerprint : str
        SHA-256 of the set of records and the rules; the order of loading does not change it.
    rules : str
        Version of the rules that the index was built under.

    Examples
    --------
    >>> index = PersonIndex.build([
    ...     {"person_id": "P1", "forenames": "Stephen", "surname": "Smith", "dob": "1984-03-07"},
    ...     {"person_id": "P2", "full_name": "Siân O’Brien", "sex": "F"},
    ... ])
    >>> answer = index.search("Steven Smyth", dob="1984-03")
    >>> [(hit.person_id, hit.level) for hit in answer.hits]
    [('P1', 'variant')]
    """

    def __init__(self, kernel: BatchIndex, report: LoadReport, fingerprint: str) -> None:
        self._kernel = kernel
        self._arrays: Arrays = kernel.arrays
        self._path = "index"
        self.report = report
        self.fingerprint = fingerprint
        self.rules = rules().version
        self._source = Source(self.rules, fingerprint, kernel.count)

    def __reduce__(self) -> NoReturn:
        raise TypeError("an index is not handed to another process: save it, and open the file there")

    @classmethod
    def build(cls, records: object, *, display_names: bool = True, threads: int | None = 1) -> PersonIndex:
        """Index people.

        Parameters
        ----------
        records : iterable of mappings or Person, CsvSource, or Arrow data
            See ``Person`` for the fields. Arrow is anything with ``__arrow_c_stream__`` (extra ``arrow``). Several
            rows with one ``person_id`` are one person.
        display_names : bool
            Keep the names as they were given, to show them. Without them an answer shows normalised names.
        threads : int or None
            How many to use; None for one a processor. They change nothing in the index.

        Raises
        ------
        RecordsError
            The source cannot be read at all. A single bad row never raises: ``index.report`` lists it.
        MissingExtraError
            Arrow data, and pyarrow is not installed.

        Notes
        -----
        Linear in the records, but for sorting the people and the distinct parts of their names.
        """
        report = ReportBuilder()
        builders = [Builder(text_rules()) for _ in range(thread_count(threads))]
        indexed = _read_all(batches(records, report=report), builders, report)
        arrays, contradictions = pack(builders, display=display_names, threads=len(builders))
        kernel = BatchIndex(text_rules(), arrays)
        for row, person in contradictions:
            report.warn(row, kernel.person_id_of(person), "sex_conflict")
        several_dates = len(_contradictory(arrays))
        done = report.finish(indexed, kernel.people, kernel.names, several_dates)
        return cls(kernel, done, _fingerprint(kernel))

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the index to one file, atomically: a reader sees the old file or the new one.

        The file holds personal data; it is readable by its owner only.

        Raises
        ------
        OSError
            The disk is full, the folder cannot be written, what is there is no regular file, ...; an older file is
            untouched.
        """
        report = np.frombuffer(self.report.to_json().encode(), dtype=np.uint8)
        meta = {"rules": rules().fingerprint, "rules_version": self.rules, "fingerprint": self.fingerprint}
        _storage.save(path, {**self._arrays, _REPORT: report}, meta)

    @classmethod
    def open(cls, path: str | os.PathLike[str], *, mmap: bool = True) -> PersonIndex:
        """Open a saved index.

        Checksums and structure are validated, so that no file can crash a search.

        Parameters
        ----------
        path : path
        mmap : bool
            Map the file, shared between processes, or read it into private memory. A mapped file must not be
            truncated in place by another program; ``save`` never does.

        Raises
        ------
        CorruptIndexError, FormatTooOldError, FormatTooNewError
        RulesMismatchError
            The index was built under other rules.
        OSError
        """
        arrays, meta, bounds = _storage.load_with_bounds(path, mmap=mmap, meanwhile=text_rules)
        name = os.fspath(path)
        built = meta.get("rules")
        if built != rules().fingerprint:
            raise RulesMismatchError(name, str(meta.get("rules_version", "unknown")), rules().version)
        try:
            report = LoadReport.from_json(bytes(arrays.pop(_REPORT)).decode())
        except (KeyError, ValueError):
            raise CorruptIndexError(name, _REPORT, "a load report", "something else") from None
        try:
            kernel = BatchIndex(text_rules(), arrays, bounds)
        except ValueError as error:
            raise CorruptIndexError(name, str(error), "a consistent array", "an inconsistent one") from None
        index = cls(kernel, report, str(meta.get("fingerprint", "")))
        index._path = name
        return index

    def verify(self) -> None:
        """Compute the fingerprint from the records again.

        Raises
        ------
        CorruptIndexError
            It is not the one that was stored.
        """
        try:
            found = _fingerprint(self._kernel)
        except ValueError as error:
            raise self._inconsistent(error) from None
        if found != self.fingerprint:
            raise CorruptIndexError(self._path, "fingerprint", self.fingerprint, found)

    def contradictory_dates(self) -> tuple[str, ...]:
        """Who has dates of birth on record that cannot be one date, by ``person_id``.

        All of the dates are kept, and asked. Some people do give several; but two people under one ``person_id`` look
        like this too, so see whether the list is longer than the source explains. ``report.contradictory_dates`` is
        its length.

        Raises
        ------
        CorruptIndexError

        Examples
        --------
        >>> index = PersonIndex.build([
        ...     {"person_id": "P1", "full_name": "John Smith", "dob": "1984-03-07"},
        ...     {"person_id": "P1", "full_name": "Mary Jones", "dob": "1951-11"},
        ...     {"person_id": "P2", "full_name": "Ann Lee", "dob": ("1984", "1984-03")},
        ... ])
        >>> index.contradictory_dates()
        ('P1',)
        """
        try:
            return tuple(map(self._kernel.person_id_of, _contradictory(self._arrays).tolist()))
        except (ValueError, IndexError) as error:
            raise self._inconsistent(error) from None

    def __len__(self) -> int:
        """How many people there are."""
        return int(self._kernel.people)

    def __repr__(self) -> str:
        return f"PersonIndex({len(self):,} people, fingerprint={self.fingerprint[:12]}, rules={self.rules!r})"

    def __contains__(self, person_id: object) -> bool:
        return isinstance(person_id, str) and self._kernel.find_person(person_id.encode("utf-8", "surrogatepass")) >= 0

    def search(
        self,
        query: QueryLike,
        *,
        level: str = "close",
        limit: int = 20,
        offset: int = 0,
        dob: object = None,
        sex: object = None,
        age: object = None,
        age_on: object = None,
        place: object = None,
    ) -> Answer:
        """Find every person whose name satisfies the level.

        Parameters
        ----------
        query : str, mapping or Person
            A name, or ``{"forenames": ..., "surname": ...}``, which may hold ``dob``, ``sex``, ``age``, ``age_on``
            and ``place`` too; what it holds besides (``person_id``, ``kind``) is not asked. A question has one name
            and one date of birth, age, sex and place: several are refused. ``*`` and ``?`` are no wildcards: they part
            words.
        level : {"exact", "variant", "sounds", "close", "wide"}
            The rule of membership; each level holds all that the one before it finds.
        limit, offset : int
            The page; at most 100,000 hits.
        dob : str, date or None
            "1984", "1984-03" or "1984-03-07". Moves the score, never the membership.
        sex : {"M", "F", "X"} or None
            Moves the score, never the membership.
        age : int, str, tuple of two int, or None
            In place of a date of birth: 34, or a range as "30-40" or (30, 40). It is compared with the dates of birth
            on record. Moves the score, never the membership.
        age_on : str or date
            The day on which the person was said to be of that age; needed with it.
        place : str or None
            Towns, a UK postcode or its district, or all: "Headingley, Leeds LS6 2AB". Moves the score, never the
            membership.

        Returns
        -------
        Answer
            With the exact total, whatever the page.

        Raises
        ------
        QueryError, LimitError
            Also where the query holds several of what it may hold one of, where ``full_name`` and ``forenames`` and
            ``surname`` say different names, and where the query and an argument say different things.

        Notes
        -----
        Time follows the people under the rarest part of the query, not the size of the index.
        """
        number = level_number(level)
        limit, offset = _page(limit, offset)
        return self._answer(read_query(query, dob, sex, age, age_on, place), number, limit, offset)

    def _answer(self, query: Query, level: int, limit: int, offset: int) -> Answer:
        page = Page(self._kernel, query, self._inconsistent)
        try:
            self._kernel.search(query.encoded, level, offset, limit, query.asked, page)
        except (ValueError, IndexError) as error:
            raise self._inconsistent(error) from None
        return Answer(page, query, LEVELS[level], limit, offset, self._source)

    def _answers(self, queries: list[Query], level: int, limit: int, offset: int) -> list[Answer]:
        pages = [Page(self._kernel, query, self._inconsistent) for query in queries]
        texts, beside = [query.text for query in queries], [query.asked for query in queries]
        try:
            self._kernel.search_pages(texts, beside, pages, level, offset, limit)
        except (ValueError, IndexError) as error:
            raise self._inconsistent(error) from None
        name, source = LEVELS[level], self._source
        return [Answer(page, query, name, limit, offset, source) for query, page in zip(queries, pages, strict=True)]

    def _inconsistent(self, error: Exception) -> CorruptIndexError:
        """What only a crafted file can make the kernel find."""
        return CorruptIndexError(self._path, str(error), "a consistent array", "an inconsistent one")

    @overload
    def search_many(
        self,
        queries: Iterable[QueryLike],
        *,
        level: str = "close",
        limit: int = 20,
        offset: int = 0,
        threads: int | None = 1,
        progress: Progress | None = None,
    ) -> list[Answer]: ...
    @overload
    def search_many(
        self,
        queries: ArrowData,
        *,
        level: str = "close",
        limit: int = 20,
        offset: int = 0,
        threads: int | None = 1,
        progress: Progress | None = None,
    ) -> Any: ...
    def search_many(
        self,
        queries: object,
        *,
        level: str = "close",
        limit: int = 20,
        offset: int = 0,
        threads: int | None = 1,
        progress: Progress | None = None,
    ) -> list[Answer] | Any:
        """Search for each of many queries; the answers are those of ``search``, in the order of the queries.

        Parameters
        ----------
        queries : iterable of str, mapping or Person, or Arrow data
            A mapping may hold ``dob``, or ``age`` and ``age_on``, ``sex`` and ``place``. Arrow (extra ``arrow``): a
            column of names, or a table with ``full_name`` or ``forenames`` and ``surname``, and perhaps those. Other
            columns are not asked, such as the number of a ticket; one that is probably one of these by another name
            (``DOB``) is refused.
        level, limit, offset
            As for ``search``.
        threads : int or None
            How many to use; None for one a processor. The kernel runs without the GIL.
        progress : callable, optional
            Called in this thread with the number of queries done and the number of all. An error that it raises, or
            Ctrl-C, ends the search: no further piece of 128 queries begins.

        Returns
        -------
        list of Answer, or pyarrow.Table
            For Arrow data a row a query: ``total`` (int64) and ``hits``, a list of structs of ``person_id``, ``score``,
            ``level``, ``name`` and ``name_kind``. Both are null where the query is. The table is built without the
            GIL and holds no evidence, which makes it the fastest way to ask many.

        Raises
        ------
        QueryError, LimitError
            For the first query that cannot be asked, whose place is its ``query``; nothing is searched then.
        MissingExtraError
            Arrow data, and pyarrow is not installed.
        """
        number = level_number(level)
        limit, offset = _page(limit, offset)
        threads = thread_count(threads)
        check_progress(progress)
        if is_arrow(queries):
            return ask_arrow(self._kernel, queries, (number, limit, offset), threads, progress, self._inconsistent)
        checked = read_queries(queries)
        pieces = [checked[start : start + PIECE] for start in range(0, len(checked), PIECE)]
        answers: list[Answer] = []
        for found in in_order(lambda piece: self._answers(piece, number, limit, offset), pieces, threads):
            answers += found
            if progress is not None:
                progress(len(answers), len(checked))
        return answers

    def pairs(
        self,
        *,
        level: str = "close",
        min_score: int = 0,
        threads: int | None = 1,
        progress: Progress | None = None,
    ) -> Iterator[Pair]:
        """All pairs of people who match each other: who may be on record twice.

        Each person is asked for by each of their names, with their (first) date of birth and their sex, by exactly the
        rules of ``search``. A pair comes once, with the greatest score of all their names, whichever of the two is
        asked for.

        Parameters
        ----------
        level : {"exact", "variant", "sounds", "close", "wide"}
            The rule that a pair satisfies.
        min_score : int
            Leave out pairs below this score, from 0 to 1000.
        threads : int or None
            How many to use; None for one a processor. They change nothing in what comes out.
        progress : callable, optional
            Called with the number of people done and the number of all.

        Yields
        ------
        Pair
            By ``person_id``, then score descending, then ``other_id``. Closing the iterator ends the work.

        Raises
        ------
        QueryError

        Notes
        -----
        As many searches as there are names: time grows with the people and with the pairs, not with their square.

        Examples
        --------
        >>> index = PersonIndex.build([
        ...     {"person_id": "P1", "full_name": "Stephen Smith", "dob": "1984-03-07"},
        ...     {"person_id": "P2", "full_name": "Steven Smyth", "dob": "1984-03-07"},
        ...     {"person_id": "P3", "full_name": "Mary Jones"},
        ... ])
        >>> [(pair.person_id, pair.other_id, pair.level) for pair in index.pairs(min_score=750)]
        [('P1', 'P2', 'variant')]
        """
        number = level_number(level)
        score = whole_number(min_score)
        if score is None or not 0 <= score <= 1000:
            raise QueryError("min_score", "must be a whole number from 0 to 1000, which is the greatest score")
        threads = thread_count(threads)
        check_progress(progress)
        return find_pairs(
            self._kernel, self._first_form, (number, score), threads, progress, self._inconsistent
        )

    def explain(
        self,
        query: QueryLike,
        person_id: str,
        *,
        level: str = "close",
        dob: object = None,
        sex: object = None,
        age: object = None,
        age_on: object = None,
        place: object = None,
    ) -> Explanation:
        """Why a search finds a person, or why it does not.

        Rows of a person who is not found that were rejected when the index was built are told as well: the name that
        was looked for may be in one of them. So are rows whose date of birth could not be read, where a date or an age
        is asked and no date is on record; the evidence itself is that of a search, which knows only what is on record.
        The query is as for ``search``; ``compare`` takes two whole records, with
        all their names, dates and places.

        Raises
        ------
        UnknownPersonError
            The person is not in the index; ``rejected`` tells why, where the record was offered and rejected.
        TypeError
            The person_id is not text.
        QueryError, LimitError

        Examples
        --------
        >>> index = PersonIndex.build([
        ...     {"person_id": "P1", "full_name": "Stephen Smith"},
        ...     {"person_id": "P2", "full_name": ""},
        ... ])
        >>> index.explain("Steven Jones", "P2")
        Traceback (most recent call last):
            ...
        phonosearch._errors.UnknownPersonError: this person is not in the index, because row 1 of the source, ...
        """
        number = level_number(level)
        checked = read_query(query, dob, sex, age, age_on, place)
        if not isinstance(person_id, str):
            raise TypeError(f"person_id must be text (str), not {type(person_id).__name__}; give it as text")
        person = self._kernel.find_person(person_id.encode("utf-8", "surrogatepass"))
        if person < 0:
            raise UnknownPersonError(tuple(self._rejected.get(person_id, ())))
        form = int(self._first_form[person])
        try:
            row, name = self._kernel.align(checked.encoded, person, form, checked.asked)
        except (ValueError, IndexError) as error:
            raise self._inconsistent(error) from None
        score, found = row[1], row[2]
        evidence = EvidenceReader(self._kernel, checked, self._inconsistent).read(row, name)
        reached = level_name(found)
        verdict = explain_verdict(reached, LEVELS[number], evidence)
        words = [verdict, *(f"{item.points:+5d}  {item.text}" for item in evidence)]
        if any(item.part in ("dob", "age") and item.kind == "absent" for item in evidence):
            words += [
                f"A date of birth of this person, row {note.row} of the source, counted from 0, could not be read: "
                f"{note.reason}."
                for note in self._unread_dates.get(person_id, ())
            ]
        if found > number:
            words += [
                f"Another record of this person, row {note.row} of the source, counted from 0, is not in the index: "
                f"{note.reason}."
                for note in self._rejected.get(person_id, ())
            ]
        return Explanation(person_id, found <= number, reached, score, name, evidence, "\n".join(words))

    @cached_property
    def _rejected(self) -> dict[str, list[RowNote]]:
        """The rejected rows by the person_id that they had."""
        return _by_person(self.report.rejected)

    @cached_property
    def _unread_dates(self) -> dict[str, list[RowNote]]:
        """The rows whose date of birth was left out, by the person_id that they had."""
        return _by_person(note for note in self.report.warnings if note.reason in unread_date_reasons())

    @cached_property
    def _first_form(self) -> npt.NDArray[np.uint32]:
        """By person, their form; any number for a person of several."""
        owner = self._arrays["owner"]
        alone = owner < len(self)  # those of people of several forms are greater
        first = np.zeros(len(self), dtype=np.uint32)
        first[owner[alone]] = np.repeat(
            np.arange(len(self._arrays["owner_start"]) - 1, dtype=np.uint32), np.diff(self._arrays["owner_start"])
        )[alone]
        return first


def _by_person(notes: Iterable[RowNote]) -> dict[str, list[RowNote]]:
    found: dict[str, list[RowNote]] = {}
    for note in notes:
        if note.id is not None:
            found.setdefault(note.id, []).append(note)
    return found


def _page(limit: object, offset: object) -> tuple[int, int]:
    """The page that is asked for, checked."""
    if type(limit) is int and type(offset) is int and 0 <= limit <= MAX_LIMIT and 0 <= offset < 1 << 62:
        return limit, offset
    found = []
    for field, value in (("limit", limit), ("offset", offset)):
        number = whole_number(value)
        if number is None or number < 0:
            raise QueryError(field, "must be a whole number from 0")
        found.append(number)
    size, start = found
    if size > MAX_LIMIT:
        raise LimitError("limit", MAX_LIMIT, size, "hits a page")
    if start >= 1 << 62:
        raise LimitError("offset", (1 << 62) - 1, start, "hits")
    return size, start
