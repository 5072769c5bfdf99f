r"""One file of named one-dimensional arrays, checked whole before a byte of it is trusted.

Everything is little-endian. The sections follow one another in the order of the table, the first of them (the meta
data) after the table, each at the next multiple of 64; all bytes between them are zero.

=========  =====  ==================================================================
header     8      magic ``89 50 48 53 0D 0A 1A 0A`` ("\x89PHS\r\n\x1a\n")
           u4     format version
           u4     byte order tag 0x01020304
           16     random id of the file
           u8     total length of the file
           u8 u8  offset and length of the section table
           u8     checksum of the section table
table      64     name, zero-padded ASCII; once per section
           4      type: u1, u2, u4, u8, i4 or i8, zero-padded
           u4     zero
           u8 u8  offset and length in bytes
           u8     checksum of the section
footer     8      the magic with every bit inverted
           u4     checksum algorithm: 1 = checksum64
           u4     zero
           u8     checksum of the header, the table and the footer up to here
=========  =====  ==================================================================

A saved file is only ever replaced, never written or truncated in place: a process that has it mapped keeps the old
one. Whoever truncates a mapped file by other means kills its readers with SIGBUS; ``mmap=False`` is proof against that.
"""

from __future__ import annotations

import contextlib
import errno
import json
import mmap as _mmap
import os
import stat
import struct
from collections.abc import Callable, Mapping
from operator import itemgetter
from pathlib import Path
from threading import Thread
from typing import NamedTuple, NoReturn

import numpy as np
import numpy.typing as npt

from ._checksum import Checks, checksum64
from ._errors import CorruptIndexError, FormatTooNewError, FormatTooOldError

__all__ = ["FORMAT_VERSION", "check_replaceable", "load", "load_with_bounds", "save", "verify"]

Array = npt.NDArray[np.generic]
Meta = dict[str, str | int]
Bounds = tuple[int, int, bool]

MAGIC = b"\x89PHS\r\n\x1a\n"
ANTI_MAGIC = bytes(byte ^ 0xFF for byte in MAGIC)
FORMAT_VERSION = OLDEST_VERSION = 6
BYTE_ORDER = 0x01020304
ALGORITHM = 1

HEADER = struct.Struct("<8sII16sQQQQ")
ENTRY = struct.Struct("<64s4sIQQQ")
FOOTER = struct.Struct("<8sIIQ")
UNSEALED = FOOTER.size - 8

ALIGNMENT = 64
META = "__meta__"
MAX_SECTIONS = 256
MAX_NAME = 64
MAX_META = 16 << 20
# A large file is checked by a few threads: one does not reach the bandwidth of the memory.
THREADS, THREADS_FROM = 4, 8 << 20
DTYPES = {code: np.dtype(f"<{code}") for code in ("u1", "u2", "u4", "u8", "i4", "i8")}


class _Files:
    """The operations of the file system that `save` needs; the tests let the N-th of them fail."""

    def open(self, path: str) -> int:
        """Create a file for writing that must not exist yet, not even as a link."""
        return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)

    def write(self, fd: int, data: memoryview) -> int:
        return os.write(fd, data)

    def fsync(self, fd: int) -> None:
        os.fsync(fd)

    def close(self, fd: int) -> None:
        os.close(fd)

    def replace(self, source: str, target: str) -> None:
        os.replace(source, target)  # noqa: PTH105

    def unlink(self, path: str) -> None:
        os.unlink(path)  # noqa: PTH108

    def sync_dir(self, path: str) -> None:
        fd = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            os.fsync(fd)
        finally:
            os.close(fd)


class _Section(NamedTuple):
    name: str
    dtype: np.dtype[np.generic]
    offset: int
    length: int
    checksum: int


def _aligned(offset: int) -> int:
    return -(-offset // ALIGNMENT) * ALIGNMENT


def _section_bytes(name: str, array: Array) -> tuple[str, memoryview]:
    code = f"{array.dtype.kind}{array.dtype.itemsize}"
    if code not in DTYPES or array.ndim != 1:
        raise ValueError(f"section {name}: one-dimensional arrays of {', '.join(DTYPES)} can be saved")
    plain = np.ascontiguousarray(array, dtype=DTYPES[code])
    return code, plain.view(np.uint8).data


def _meta_bytes(meta: Mapping[str, str | int]) -> memoryview:
    if not all(isinstance(key, str) and type(value) in (str, int) for key, value in meta.items()):
        raise ValueError("meta data map str to str or int")
    text = json.dumps(dict(meta), separators=(",", ":")).encode()
    if len(text) > MAX_META:
        raise ValueError(f"the meta data take {len(text):,} bytes; the limit is {MAX_META:,}")
    return memoryview(text)


def _pieces(sections: Mapping[str, Array], meta: Mapping[str, str | int], file_id: bytes) -> list[memoryview]:
    """The whole file as a list of buffers to be written one after another."""
    if len(sections) > MAX_SECTIONS:
        raise ValueError(f"{len(sections)} sections; the limit is {MAX_SECTIONS}")
    contents = [(META, "u1", _meta_bytes(meta))]
    for name, array in sections.items():
        if not _good_name(name) or name == META:
            raise ValueError(f"a section name is 1 to {MAX_NAME} printable ASCII characters other than {META!r}")
        contents.append((name, *_section_bytes(name, array)))
    table, body = bytearray(), []
    end = HEADER.size + ENTRY.size * len(contents)
    for name, code, data in contents:
        offset = _aligned(end)
        table += ENTRY.pack(name.encode(), code.encode(), 0, offset, data.nbytes, checksum64(data))
        body += [memoryview(bytes(offset - end)), data]
        end = offset + data.nbytes
    body.append(memoryview(bytes(_aligned(end) - end)))
    total = _aligned(end) + FOOTER.size
    head = HEADER.pack(
        MAGIC, FORMAT_VERSION, BYTE_ORDER, file_id, total, HEADER.size, len(table), checksum64(table)
    ) + bytes(table)
    foot = FOOTER.pack(ANTI_MAGIC, ALGORITHM, 0, 0)[:UNSEALED]
    seal = checksum64(head + foot).to_bytes(8, "little")
    return [memoryview(head), *body, memoryview(foot + seal)]


def _good_name(name: str) -> bool:
    return 1 <= len(name) <= MAX_NAME and name.isascii() and name.isprintable()


def check_replaceable(path: str | os.PathLike[str]) -> None:
    """Refuse a device, a pipe or a socket: a file would come in its place, even of /dev/null if root is asking."""
    with contextlib.suppress(FileNotFoundError):
        mode = os.stat(path).st_mode  # noqa: PTH116  # a Path would drop a trailing slash
        if not stat.S_ISREG(mode) and not stat.S_ISDIR(mode):
            raise OSError(errno.EINVAL, "not a regular file, so it is not replaced", os.fspath(path))


def save(
    path: str | os.PathLike[str],
    sections: Mapping[str, Array],
    meta: Mapping[str, str | int],
    *,
    file_id: bytes | None = None,
    files: _Files | None = None,
) -> None:
    """Write the file beside ``path`` and put it in place of what is there, as one step.

    A reader sees the old file or the new one, never part of one. When `save` returns, the new file is on the disk.
    When it raises, the old file is untouched, with one exception: if only the sync of the directory failed, the new
    file is in place but a power cut may still bring the old one back. A killed process may leave a file
    ``.phonosearch-*.tmp`` behind, which nothing reads. The file is readable by its owner only.
    """
    import secrets  # slow to import, and who only reads needs none

    files = files or _Files()
    target = os.fspath(path)
    check_replaceable(target)
    file_id = secrets.token_bytes(16) if file_id is None else file_id
    if len(file_id) != 16:
        raise ValueError("a file id has 16 bytes")
    pieces = _pieces(sections, meta, file_id)
    directory = os.path.dirname(target) or "."  # noqa: PTH120  # a Path would drop a trailing slash
    temporary = os.path.join(directory, f".phonosearch-{secrets.token_hex(8)}.tmp")  # noqa: PTH118
    try:
        fd = files.open(temporary)
        try:
            try:
                for piece in pieces:
                    _write_all(files, fd, piece)
                files.fsync(fd)
            finally:
                files.close(fd)
            files.replace(temporary, target)
        except BaseException:
            with contextlib.suppress(OSError):
                files.unlink(temporary)
            raise
    except OSError as error:
        if error.filename == temporary:  # a name that nobody gave
            error.filename, error.filename2 = target, None
        raise
    files.sync_dir(directory)


def _write_all(files: _Files, fd: int, data: memoryview) -> None:
    while data.nbytes:
        written = files.write(fd, data)
        if written <= 0:
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        data = data[written:]


class _Reader:
    """The checks of one file, from the outside in: nothing is used before it has been checked."""

    def __init__(self, path: str) -> None:
        self.path = path

    def damaged(self, section: str, expected: object, got: object) -> NoReturn:
        raise CorruptIndexError(self.path, section, expected, got)

    def require(self, section: str, expected: object, got: object) -> None:
        if expected != got:
            self.damaged(section, expected, got)

    def header(self, raw: bytes, size: int) -> None:
        """The first bytes of the file against its size: what must hold before memory is asked for."""
        smallest = _aligned(HEADER.size + ENTRY.size) + FOOTER.size
        # Never the bytes that are there: they may be anybody's data.
        if raw[: len(MAGIC)] != MAGIC[: len(raw)]:
            self.damaged("magic", "an index of phonosearch", "another kind of file")
        if len(raw) < HEADER.size or size < smallest:
            self.damaged("length of the file", f"at least {smallest} bytes", f"{size} bytes")
        _, version, order, _, total, offset, length, _ = HEADER.unpack(raw)
        self.require("byte order", f"{BYTE_ORDER:#010x}", f"{order:#010x}")
        if version < OLDEST_VERSION:
            raise FormatTooOldError(self.path, version, OLDEST_VERSION)
        if version > FORMAT_VERSION:
            raise FormatTooNewError(self.path, version, FORMAT_VERSION)
        self.require("length of the file", total, size)
        self.require("offset of the section table", HEADER.size, offset)
        count, rest = divmod(length, ENTRY.size)
        if rest or not 1 <= count <= MAX_SECTIONS + 1 or length > size - HEADER.size - FOOTER.size:
            self.damaged("length of the section table", f"1 to {MAX_SECTIONS + 1} entries within the file", length)

    def seal(self, data: memoryview) -> memoryview:
        """Check the footer; return the section table."""
        *_, length, table_sum = HEADER.unpack(data[: HEADER.size])
        magic, algorithm, zero, seal = FOOTER.unpack(data[-FOOTER.size :])
        if magic != ANTI_MAGIC:
            self.damaged("magic of the footer", "the inverted magic", "other bytes")
        self.require("checksum algorithm", ALGORITHM, algorithm)
        self.require("footer", 0, zero)
        head = bytes(data[: HEADER.size + length])
        self.require("checksum of header and footer", seal, checksum64(head + data[-FOOTER.size :][:UNSEALED]))
        table = data[HEADER.size : HEADER.size + length]
        self.require("checksum of the section table", table_sum, checksum64(table))
        return table

    def sections(self, table: memoryview, size: int) -> list[_Section]:
        """The section table, once every entry lies where the entries before it leave off."""
        found: dict[str, _Section] = {}
        end, limit = HEADER.size + len(table), size - FOOTER.size
        for number, entry in enumerate(ENTRY.iter_unpack(table)):
            raw_name, raw_code, zero, offset, length, checksum = entry
            where = f"section {number}"
            stripped = raw_name.rstrip(b"\0")
            name, code = stripped.decode("latin-1"), raw_code.rstrip(b"\0").decode("latin-1")
            if not _good_name(name):
                self.damaged(f"name of {where}", f"1 to {MAX_NAME} printable ASCII characters", stripped.hex())
            if name in found:
                self.damaged(f"name of {where}", "a name used once", repr(name))
            if (name == META) != (number == 0):
                self.damaged(f"name of {where}", f"{META!r} in the first entry only", repr(name))
            where += f" ({name})"
            if code not in DTYPES or (name == META and code != "u1"):
                self.damaged(f"type of {where}", "a known type", repr(code))
            self.require(f"reserved bytes of {where}", 0, zero)
            self.require(f"offset of {where}", _aligned(end), offset)
            if offset > limit or length > limit - offset or length % DTYPES[code].itemsize:
                self.damaged(f"length of {where}", f"whole {code} items before byte {limit}", length)
            if name == META and length > MAX_META:
                self.damaged(f"length of {where}", f"at most {MAX_META}", length)
            found[name] = _Section(name, DTYPES[code], offset, length, checksum)
            end = offset + length
        self.require("end of the last section", limit, _aligned(end))
        return list(found.values())

    def contents(
        self, data: memoryview, sections: list[_Section], table_end: int, meanwhile: Callable[[], object] | None
    ) -> dict[str, Bounds]:
        """Check all that the sections and the gaps between them hold; the bounds of the sections of u4."""
        end = table_end
        found = _checksums(data, sections, meanwhile)
        for (name, _, offset, length, checksum), (got, _) in zip(sections, found, strict=True):
            if any(data[end:offset]):
                self.damaged(f"padding before section {name}", "zero bytes", "others")
            self.require(f"checksum of section {name}", checksum, got)
            end = offset + length
        if any(data[end : -FOOTER.size]):
            self.damaged("padding before the footer", "zero bytes", "others")
        return {section.name: bounds for section, (_, bounds) in zip(sections, found, strict=True) if bounds}

    def meta(self, data: memoryview) -> Meta:
        try:
            meta = json.loads(
                str(data, "utf-8"), object_pairs_hook=_object, parse_constant=_refuse, parse_float=_refuse
            )
        except (ValueError, RecursionError):
            meta = None
        if type(meta) is not dict or not all(type(value) in (str, int) for value in meta.values()):
            self.damaged(f"section {META}", "one flat JSON object of strings and integers", "something else")
        return meta


def _checksums(
    data: memoryview, sections: list[_Section], meanwhile: Callable[[], object] | None
) -> list[tuple[int, Bounds | None]]:
    # The longest first, so that no thread is left with one of them at the end.
    order = sorted(range(len(sections)), key=lambda number: -sections[number].length)
    ordered = [sections[number] for number in order]
    checks = Checks(
        [data[section.offset : section.offset + section.length] for section in ordered],
        [section.dtype == np.uint32 for section in ordered],  # never in the other byte order
    )
    # Not a pool of concurrent.futures, whose import takes longer than the checksums of a million people.
    threads = [Thread(target=checks.work) for _ in range(THREADS - 1 if len(data) >= THREADS_FROM else 0)]
    for thread in threads:
        thread.start()
    try:
        if threads and meanwhile is not None:
            meanwhile()
        checks.work()
    finally:
        for thread in threads:
            thread.join()
    return [found for _, found in sorted(zip(order, checks.results(), strict=True), key=itemgetter(0))]


def _object(pairs: list[tuple[str, object]]) -> dict[str, object]:
    if len(found := dict(pairs)) < len(pairs):
        raise ValueError("a key is given twice")
    return found


def _refuse(_: str) -> NoReturn:
    raise ValueError("no such value in meta data")


def _buffer(fd: int, size: int, *, mmap: bool) -> _mmap.mmap:
    if mmap:
        # The threads that compute checksums map the pages that they come to; one call for all would keep them waiting.
        return _mmap.mmap(fd, size, flags=_mmap.MAP_SHARED, prot=_mmap.PROT_READ)
    return _mmap.mmap(-1, size, flags=_mmap.MAP_PRIVATE | _mmap.MAP_ANONYMOUS)


def load(path: str | os.PathLike[str], *, mmap: bool = True) -> tuple[dict[str, Array], Meta]:
    """The arrays and the meta data of `load_with_bounds`."""
    return load_with_bounds(path, mmap=mmap)[:2]


def load_with_bounds(
    path: str | os.PathLike[str], *, mmap: bool = True, meanwhile: Callable[[], object] | None = None
) -> tuple[dict[str, Array], Meta, dict[str, Bounds]]:
    """Read the sections, as read-only arrays, the meta data and, for sections of u4, the bounds (`_checksum.bounds`).

    Every byte of the file is checked before anything is returned, and the structure before memory is asked for.

    Parameters
    ----------
    path : path-like
        A file that `save` wrote.
    mmap : bool
        True shares the pages of the file with other processes; the file may be replaced meanwhile, but truncating it
        in place ends the process with SIGBUS. False reads a private copy.
    meanwhile : callable, optional
        Work that the caller will need, done while other threads compute checksums; not called for a small file. What
        it raises is raised.

    Raises
    ------
    CorruptIndexError
        The file is damaged; the error says where.
    FormatTooOldError, FormatTooNewError
        Another version of phonosearch is needed.
    OSError
        The file cannot be read.
    """
    name = os.fspath(path)
    reader = _Reader(name)
    # O_NONBLOCK: opening a pipe would wait for a writer for ever.
    fd = os.open(name, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    if stat.S_ISDIR(os.fstat(fd).st_mode):
        os.close(fd)
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), name)
    with open(fd, "rb", buffering=0) as file:  # noqa: PTH123  # a file descriptor, not a path
        status = os.fstat(fd)
        if not stat.S_ISREG(status.st_mode):
            reader.damaged("kind of file", "a regular file", stat.filemode(status.st_mode)[0])
        size = status.st_size
        reader.header(file.read(HEADER.size), size)
        mapped = _buffer(fd, size, mmap=mmap)
        if not mmap:
            file.seek(0)
            got = 0
            while got < size and (count := file.readinto(memoryview(mapped)[got:])):
                got += count
            reader.require("length of the file", size, got)
    data = memoryview(mapped).toreadonly()
    # Again, on the very bytes that are used: the file may have changed since.
    reader.header(bytes(data[: HEADER.size]), size)
    table = reader.seal(data)
    sections = reader.sections(table, size)
    bounds = reader.contents(data, sections, HEADER.size + len(table), meanwhile)
    meta = reader.meta(data[sections[0].offset : sections[0].offset + sections[0].length])
    whole = np.frombuffer(data, np.uint8)
    return {s.name: whole[s.offset : s.offset + s.length].view(s.dtype) for s in sections[1:]}, meta, bounds


def verify(path: str | os.PathLike[str]) -> None:
    """Check every byte of the file, as `load` does, on a private copy; raises what `load` raises."""
    load(Path(path), mmap=False)
