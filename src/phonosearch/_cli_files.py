"""Files of people for the command line, read under a progress bar."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path, PosixPath
from typing import Any, NamedTuple

from rich.progress import Progress, TaskID

import phonosearch as ps

__all__ = ["Source", "arrow_file", "csv_file"]


class Source(NamedTuple):
    """Records to build from, and how much there is of them."""

    records: object
    total: int | None


class _WatchedFile(io.FileIO):
    """A file that tells a progress bar how much of it is being read."""

    advance: Callable[[int], None]

    def readinto(self, buffer: Any) -> int | None:
        count = super().readinto(buffer)
        self.advance(count or 0)
        return count


class _WatchedPath(PosixPath):
    """A path that opens a watched file."""

    advance: Callable[[int], None]

    def open(self, *_: Any, **options: Any) -> Any:
        file = _WatchedFile(self)
        file.advance = self.advance
        return io.TextIOWrapper(io.BufferedReader(file, 1 << 18), **options)


def csv_file(path: Path, encoding: str, delimiter: str, progress: Progress, task: TaskID) -> Source:
    source = ps.CsvSource(path, encoding=encoding, delimiter="\t" if delimiter in ("tab", "\\t") else delimiter)
    watched = _WatchedPath(path)
    watched.advance = partial(progress.advance, task)
    source.path = watched
    return Source(source, path.stat().st_size or None)


def arrow_file(path: Path, progress: Progress, task: TaskID) -> Source:
    try:
        import pyarrow as pa  # type: ignore[import-untyped,unused-ignore]
        import pyarrow.parquet as pq  # type: ignore[import-untyped,unused-ignore]
    except ImportError:
        raise ps.MissingExtraError("arrow", f"reading {path.suffix.lower()} files") from None
    path.open("rb").close()  # pyarrow has words of its own for a file that cannot be opened
    total = None
    try:
        if path.suffix.lower() == ".parquet":
            file = pq.ParquetFile(path)
            total, schema, pieces = file.metadata.num_rows, file.schema_arrow, file.iter_batches()
        else:
            mapped = pa.memory_map(str(path))
            try:
                reader = pa.ipc.open_file(mapped)
                pieces = (reader.get_batch(number) for number in range(reader.num_record_batches))
            except pa.ArrowInvalid:
                mapped.seek(0)
                pieces = reader = pa.ipc.open_stream(mapped)
            schema = reader.schema
    except pa.ArrowException:
        raise ps.RecordsError(f"the file cannot be read as {path.suffix.lower()[1:]}") from None

    def watched() -> Iterator[Any]:
        for piece in pieces:
            yield piece
            progress.advance(task, piece.num_rows)

    return Source(pa.RecordBatchReader.from_batches(schema, watched()), total)
