"""The people found by one search, and one of them.

The kernel writes a page without the GIL; people are made of it when somebody asks for them. So threads that search get
in each other's way no longer than it takes to make an answer, and who asks how many there are pays for no names.
"""

cimport cython
from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_FromStringAndSize, PyBytes_GET_SIZE
from cpython.ref cimport Py_INCREF
from cpython.tuple cimport PyTuple_New, PyTuple_SET_ITEM
from libc.stdint cimport int32_t, int64_t, uint8_t, uint32_t
from libc.stdlib cimport free, realloc

from phonosearch._align cimport FORM, NAME_FORM, ROW, ROW_HEAD, Alignment, row_size, write_row
from phonosearch._arrays cimport BLOCK_SHIFT, MAX_ID, NAME_KIND, PackedNames, ascii_or_utf8
from phonosearch._prefetch cimport PS_PREFETCH
from phonosearch._sentences cimport EvidenceReader
from phonosearch._workspace cimport memory_error

from phonosearch._records import KINDS
from phonosearch._rules import LEVELS, rules

__all__ = ["Hit", "Page"]

cdef tuple LEVEL_NAMES = tuple(LEVELS)
cdef tuple KIND_NAMES = KINDS + ("alias",) * (256 - len(KINDS))

cdef enum:
    USUAL = 32                  # numbers of a hit
    MOST = ROW + 1 + MAX_ID // 4
    SOON = 32                   # hits whose names are asked for at once


@cython.no_gc                    # nothing that a hit holds can lead back to it
cdef class Hit:
    """One person found.

    Attributes
    ----------
    person_id : str
    score : int
        0 to 1000; 1000 only when all that was asked agrees exactly.
    level : str
        The first level that finds this person.
    band : str
        The score in words: "almost certainly", "probable", "possible" or "unlikely".
    name, name_kind : str
        The name that matched, as it was given, and its kind.
    evidence : tuple of Evidence
        Why, in points that add up to the score.
    """

    def __init__(self, *args, **kwargs):
        raise TypeError("a search makes hits")

    @property
    def band(self):
        return rules().band_of(self.score)

    @property
    def evidence(self):
        cdef tuple found
        with cython.critical_section(self):     # another thread may be the first to read it, where there is no GIL
            found = self.known
        if found is None:
            found = (<Page>self.owner).read_row(self.row, self.name)
            with cython.critical_section(self):
                if self.known is None:
                    self.known = found
                found = self.known
        return found

    @property
    def _row(self):
        """The alignment row."""
        cdef size_t at
        return tuple([self.row[at] for at in range(row_size(self.row))])

    def __reduce__(self):
        """With the evidence as it is: another process has no index to read it from."""
        kind = KIND_NAMES.index(self.name_kind)
        row = PyBytes_FromStringAndSize(<const char*>self.row, row_size(self.row) * sizeof(int32_t))
        return _hit_with_evidence, (self.person_id, self.name, kind, row, self.evidence)

    def explain(self):
        """One readable sentence for each part, with its points."""
        return "\n".join([f"{item.points:+5d}  {item.text}" for item in self.evidence])

    def __repr__(self):
        return f"Hit(person_id={self.person_id!r}, score={self.score}, level={self.level!r})"

    def __eq__(self, other):
        return self._key() == other._key() if isinstance(other, Hit) else NotImplemented

    def __hash__(self):
        return hash(self._key())

    def _key(self):
        """What makes two hits equal, and what the digest of an answer is taken over."""
        return self.person_id, self.score, self.level, self.name, self.name_kind, self.evidence


def _hit_with_evidence(
    str person_id not None, str name not None, int kind, bytes row not None, tuple evidence not None
):
    """A hit from another process."""
    cdef const int32_t* numbers = <const int32_t*>PyBytes_AS_STRING(row)
    cdef size_t size = PyBytes_GET_SIZE(row)
    cdef Hit hit
    if size < ROW_HEAD * sizeof(int32_t) or not 0 <= kind < 256 or not 0 <= numbers[2] < len(LEVEL_NAMES):
        raise ValueError("no hit")
    if not 0 <= numbers[7] <= ROW or row_size(numbers) * sizeof(int32_t) != size:
        raise ValueError("no hit")
    hit = _hit(person_id, name, kind, numbers, row)
    hit.known = evidence
    return hit


cdef Hit _hit(str person_id, str name, int kind, const int32_t* row, object owner):
    cdef Hit hit = Hit.__new__(Hit)
    hit.person_id = person_id
    hit.score = row[1]
    hit.level = LEVEL_NAMES[row[2]]
    hit.name = name
    hit.name_kind = KIND_NAMES[kind]
    hit.row = row
    hit.owner = owner
    return hit


@cython.no_gc                    # nothing that a page holds can lead back to it
cdef class Page(EvidenceReader):
    """The people found by one search: how many, and a page of them as the kernel writes it.

    The parameters are those of ``EvidenceReader``.
    """

    def __dealloc__(self):
        free(self.sheet.numbers)

    @property
    def total(self):
        """How many people satisfy the level."""
        return self.sheet.total

    def __len__(self):
        return self.sheet.count

    def hits(self):
        """Make the people of the page, a tuple of ``Hit``."""
        cdef PackedNames names = self.names
        cdef tuple made = PyTuple_New(self.sheet.count)
        cdef const int32_t* row
        cdef size_t number
        cdef int64_t name
        cdef Hit hit
        self._prefetch_names()
        row = self.sheet.numbers
        try:
            for number in range(self.sheet.count):
                name = names.name_of(row[0], row[3])
                hit = _hit(
                    ascii_or_utf8(<const uint8_t*>_identifier(row) + sizeof(int32_t), _identifier(row)[0]),
                    names.shown_name(name, row[0], row[3], row[FORM], not row[NAME_FORM]),
                    names.name_kind[name] & NAME_KIND if name >= 0 else 0, row, self,
                )
                Py_INCREF(hit)
                PyTuple_SET_ITEM(made, number, hit)
                row = _next(row)
        except IndexError as error:
            raise self.inconsistent(error) from None
        return made

    cdef void _prefetch_names(self) noexcept:
        """Ask for what is read of the first names, all at once."""
        cdef PackedNames names = self.names
        cdef size_t _number, count = min(self.sheet.count, <size_t>SOON)
        cdef const int32_t* row = self.sheet.numbers
        for _number in range(count):
            PS_PREFETCH(&names.name_start.data[row[0] >> BLOCK_SHIFT])
            row = _next(row)
        row = self.sheet.numbers
        for _number in range(count):
            PS_PREFETCH(names.name_kind + names.name_start.data[row[0] >> BLOCK_SHIFT])
            if names.name_text != NULL:
                PS_PREFETCH(&names.name_text_start.data[names.name_start.data[row[0] >> BLOCK_SHIFT]])
            row = _next(row)


cdef inline const int32_t* _identifier(const int32_t* row) noexcept:
    """The length of the identifier in bytes, before it."""
    return row + row_size(row)


cdef inline const int32_t* _next(const int32_t* row) noexcept:
    """The row of the next hit."""
    cdef const int32_t* identifier = _identifier(row)
    return identifier + 1 + (identifier[0] + 3) // 4


cdef int begin_sheet(Sheet* sheet, size_t total, size_t count) except -1 nogil:
    sheet.total = total
    sheet.count = sheet.used = 0
    if count:
        _make_room(sheet, USUAL * count + MOST)
    return 0


cdef int write_hit(
    Sheet* sheet, PackedNames names, const Alignment* found, uint32_t person
) except -1 nogil:
    """Add a person: the alignment row, then the identifier, which is read here, since a crafted file may have none."""
    cdef int32_t* row
    cdef int32_t* identifier
    cdef int length
    if sheet.used + MOST > sheet.room:
        _make_room(sheet, sheet.room + sheet.room // 2 + MOST)
    row = sheet.numbers + sheet.used
    write_row(found, <int>person, row)
    identifier = row + row_size(row)
    length = names.identifier(person, <uint8_t*>(identifier + 1))
    if length < 0:
        with gil:
            raise ValueError("person_id")
    identifier[0] = length
    sheet.used += row_size(row) + 1 + (length + 3) // 4
    sheet.count += 1
    return 0


cdef int end_sheet(Sheet* sheet) except -1 nogil:
    """Give back what room is left: answers may be kept for long."""
    if sheet.used < sheet.room:
        _make_room(sheet, max(sheet.used, <size_t>1))
    return 0


cdef int _make_room(Sheet* sheet, size_t room) except -1 nogil:
    cdef int32_t* numbers = <int32_t*>realloc(sheet.numbers, room * sizeof(int32_t))
    if numbers == NULL:
        memory_error()
    sheet.numbers = numbers
    sheet.room = room
    return 0
