"""Who holds joined what a query holds apart, or the reverse: people who satisfy it by a merged reading."""

from libc.stdint cimport int32_t, uint8_t, uint32_t, uint64_t
from libc.string cimport memcpy

from phonosearch._align cimport Alignment, Query
from phonosearch._arrays cimport CLASSES, OWNER_SEVERAL
from phonosearch._relation cimport CLOSE, WIDE, PartInfo
from phonosearch._scoring cimport ScoringIndex
from phonosearch._workspace cimport JOINED, UNBOUNDED, UNKNOWN_SPLITS, Expansion, Workspace, has_bit


cdef class MergingIndex(ScoringIndex):
    """People found by merged readings, over the packed arrays; arguments and errors as those of ``PackedNames``."""

    cdef int search_merged(self, Workspace space) except -1 nogil:
        """Find the people whose name holds joined what the query holds apart, or the reverse."""
        cdef Query* query = &space.query
        cdef int queries = query.size[0], position, count, member, length
        cdef uint64_t splits
        cdef uint8_t word[4 * 64]
        cdef int32_t run[4]
        cdef PartInfo* part
        for position in range(queries):
            part = &query.parts[0][position]
            if part.raw:
                continue
            for count in range(2, min(4, queries - position) + 1):
                length = 0
                for member in range(position, position + count):
                    memcpy(word + length, query.parts[0][member].letters, query.parts[0][member].length)
                    length += query.parts[0][member].length
                if length > 61 or (count > 2 and length > count):
                    continue
                run[0] = self.find_word(word, length)
                if run[0] >= 0:
                    self._offer_merged(space, run, 1)
            splits = self._splits_of(space, position)
            for length in range(1, part.length):
                if splits >> length & 1:
                    run[0] = self.find_word(part.letters, length)
                    run[1] = self.find_word(part.letters + length, part.length - length)
                    self._offer_merged(space, run, 2)
            if 3 <= part.length <= 4:
                for member in range(part.length):
                    run[member] = self.find_word(part.letters + member, 1)
                    if run[member] < 0:
                        break
                else:
                    self._offer_merged(space, run, part.length)
        return 0

    cdef uint64_t _splits_of(self, Workspace space, int position) noexcept nogil:
        """Where a part of the query can be cut into two parts of the index; kept with its expansion, if that is."""
        cdef const PartInfo* part = &space.query.parts[0][position]
        cdef Expansion* known = space.find_kept(space.words[space.query.pool_start[0] + position], min(
            space.query.level, <int>CLOSE
        ))
        cdef uint64_t splits = 0
        cdef int length
        if known != NULL and known.splits != UNKNOWN_SPLITS:
            return known.splits
        for length in range(1, part.length):
            if (
                self.find_word(part.letters, length) >= 0
                and self.find_word(part.letters + length, part.length - length) >= 0
            ):
                splits |= <uint64_t>1 << length
        if known != NULL:
            known.splits = splits
        return splits

    cdef int _offer_merged(self, Workspace space, const int32_t* run, int count) except -1 nogil:
        """Count the people whose name holds the parts of a run side by side, if their best reading satisfies the level.

        The forms of the rarest part of the run are read, in the classes that have room for the run.
        """
        cdef size_t at, last
        cdef uint32_t rarest = run[0]
        cdef uint64_t fewest = <uint64_t>-1, forms
        cdef int member, group
        for member in range(count):
            forms = 0
            for group in range(CLASSES):
                forms += self.forms_with(run[member], group)
            if forms < fewest:
                fewest = forms
                rarest = run[member]
        for group in range(count - 1, CLASSES):
            last = CLASSES * <size_t>rarest + group
            for at in range(self.last_start.data[last], self.last_start.data[last + CLASSES]):
                self._offer_side_by_side(space, <uint32_t>at, run, count)
            last = CLASSES * <size_t>rarest + group
            for at in range(self.posting_start.data[last], self.posting_start.data[last + 1]):
                self._offer_side_by_side(space, self.posting_form.data[at], run, count)
        return 0

    cdef int _offer_side_by_side(self, Workspace space, uint32_t form, const int32_t* run, int count) except -1 nogil:
        cdef int size, position, member
        cdef const uint32_t* parts
        cdef uint32_t begin, end, several
        cdef int most = UNBOUNDED if space.query.level == WIDE else -1  # only the level is asked for
        cdef Alignment found
        if has_bit(space.seen, form):
            return 0
        parts = self.form(form, &size)
        for position in range(size - count + 1):
            for member in range(count):
                if parts[position + member] != <uint32_t>run[member]:
                    break
            else:
                break
        else:
            return 0
        begin = self.owner_start.data[form]
        end = self.owner_start.data[form + 1]
        while end > begin and self.owner.data[end - 1] & OWNER_SEVERAL:
            end -= 1
            several = self.owner.data[end] & ~<uint32_t>OWNER_SEVERAL
            if several >= self.several_person.size or has_bit(space.seen_several, several):
                continue            # or no such number, in a crafted file
            self.align_between(space, self.owner.data[end], 0, most, &found)
            if found.lowest <= space.query.level:
                space.add_found(self.owner.data[end], 1, 0, JOINED)
        if end > begin:
            self.align_between(space, form, 0, most, &found)
            # All that can be said of these people has been said: those who do not satisfy the level now never will.
            space.add_found(form, end - begin if found.lowest <= space.query.level else 0, 0, JOINED)
        return 0
