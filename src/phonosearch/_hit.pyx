"""One person found. A class of the kernel, which makes a page of them in the time that Python takes for one."""

cimport cython
from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_GET_SIZE
from libc.stdint cimport int32_t

from phonosearch._align cimport ROW_HEAD
from phonosearch._sentences cimport EvidenceReader

from phonosearch._records import KINDS
from phonosearch._rules import LEVELS, rules

__all__ = ["Hit"]

cdef tuple LEVEL_NAMES = tuple(LEVELS)
cdef tuple KIND_NAMES = KINDS + ("alias",) * (256 - len(KINDS))


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
            found = self.reader.read_row(<const int32_t*>PyBytes_AS_STRING(self.row), self.name)
            with cython.critical_section(self):
                self.known = found
        return found

    @property
    def _row(self):
        """The alignment row."""
        cdef const int32_t* numbers = <const int32_t*>PyBytes_AS_STRING(self.row)
        cdef Py_ssize_t at
        return tuple([numbers[at] for at in range(PyBytes_GET_SIZE(self.row) // <Py_ssize_t>sizeof(int32_t))])

    def __reduce__(self):
        """With the evidence as it is: another process has no index to read it from."""
        kind = KIND_NAMES.index(self.name_kind)
        return _hit_with_evidence, (self.person_id, self.name, kind, self.row, self.evidence)

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
    cdef Hit hit
    if PyBytes_GET_SIZE(row) < <Py_ssize_t>(ROW_HEAD * sizeof(int32_t)) or not 0 <= kind < 256:
        raise ValueError("no hit")
    if not 0 <= (<const int32_t*>PyBytes_AS_STRING(row))[2] < len(LEVEL_NAMES):
        raise ValueError("no hit")
    hit = new_hit(person_id, name, kind, row, None)
    hit.known = evidence
    return hit


cdef Hit new_hit(str person_id, str name, int kind, bytes row, EvidenceReader reader):
    """A hit of an alignment row."""
    cdef Hit hit = Hit.__new__(Hit)
    cdef const int32_t* numbers = <const int32_t*>PyBytes_AS_STRING(row)
    hit.person_id = person_id
    hit.score = numbers[1]
    hit.level = LEVEL_NAMES[numbers[2]]
    hit.name = name
    hit.name_kind = KIND_NAMES[kind]
    hit.row = row
    hit.reader = reader
    return hit
