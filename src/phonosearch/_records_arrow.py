"""Whatever speaks Arrow to batches of columns."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from ._errors import MissingExtraError, RecordsError
from ._load_report import ReportBuilder
from ._row_batches import COLUMNS, RowBatch, TextColumn, check_columns

__all__ = ["arrow_batches"]


def arrow_batches(source: Any, report: ReportBuilder, batch_rows: int) -> Iterator[RowBatch]:
    """The source as batches of at most ``batch_rows`` entries; its schema is checked at once."""
    try:
        pa = importlib.import_module("pyarrow")
    except ImportError:
        raise MissingExtraError("arrow", "reading Arrow data") from None
    try:
        if hasattr(source, "__arrow_c_stream__"):
            reader = pa.RecordBatchReader.from_stream(source)
        else:
            batch = pa.record_batch(source)
            reader = pa.RecordBatchReader.from_batches(batch.schema, [batch])
    except (pa.ArrowException, TypeError, ValueError):
        raise RecordsError("the Arrow data are not a table: a column for each field is needed") from None
    schema = reader.schema
    known = [name for name in schema.names if name in COLUMNS]
    check_columns(known, len(schema.names) - len(known))
    report.columns(schema.names, "table")
    makers = {name: _arrow_maker(pa, name, schema.field(name).type) for name in COLUMNS if name in schema.names}

    def read() -> Iterator[RowBatch]:
        while True:
            try:
                batch = reader.read_next_batch()
            except StopIteration:
                return
            except pa.ArrowInvalid:
                raise RecordsError("the Arrow stream is damaged, or holds nulls for whole rows", report.read) from None
            for start in range(0, batch.num_rows, batch_rows):
                size = min(batch_rows, batch.num_rows - start)
                first = report.read
                columns = {}
                for name, make in makers.items():
                    try:
                        # Not a slice of the batch: its columns may be longer than it says it is.
                        columns[name] = _arrow_column(make(batch.column(name).slice(start, size)), size)
                    except pa.ArrowException:
                        raise RecordsError(f"column {name} cannot be read as text", first) from None
                report.read += size
                yield RowBatch(np.arange(first, report.read, dtype=np.int64), columns)

    return read()


def _arrow_maker(pa: Any, name: str, kind: Any) -> Callable[[Any], Any]:
    """How to make text of an Arrow array of this type."""
    large = pa.large_string()

    def cast(array: Any) -> Any:
        return array.cast(large)

    types = pa.types
    inner = kind.value_type if types.is_dictionary(kind) else kind
    if any(test(inner) for test in (types.is_string, types.is_large_string, types.is_string_view, types.is_null)):
        # Not every version casts a dictionary of string views at once.
        return (lambda array: array.dictionary_decode().cast(large)) if types.is_dictionary(kind) else cast
    if name == "dob":
        if types.is_integer(kind):
            return cast
        if types.is_date(kind) or types.is_timestamp(kind):
            return lambda array: array.cast(pa.date32()).cast(large)
    if name in ("dob", "place") and (types.is_list(kind) or types.is_large_list(kind)):
        make = _arrow_maker(pa, name, kind.value_type)
        return lambda array: _arrow_joined(pa, array, make)
    wanted = "text, a date or a whole number (a year)" if name == "dob" else "text"
    raise RecordsError(
        f'column {name} is of Arrow type {kind}, which is not {wanted}; cast it: column.cast("string") in pyarrow, or '
        "as text where the data come from"
    )


def _arrow_joined(pa: Any, array: Any, make: Callable[[Any], Any]) -> Any:
    """Each list as one text with semicolons between its items that are not null."""
    compute = importlib.import_module("pyarrow.compute")
    lengths = compute.list_value_length(array).fill_null(0).to_numpy(zero_copy_only=False)
    items = make(array.flatten())
    parents = np.repeat(np.arange(len(array)), lengths)[items.is_valid().to_numpy(zero_copy_only=False)]
    offsets = np.searchsorted(parents, np.arange(len(array) + 1)).astype(np.int64)
    lists = pa.LargeListArray.from_arrays(pa.array(offsets), items.drop_null())
    return compute.binary_join(lists, pa.scalar(";", pa.large_string()))


def _arrow_column(array: Any, count: int) -> TextColumn:
    array.validate()
    start = array.offset
    bitmap, ends, text = array.buffers()
    offsets = np.require(np.frombuffer(ends, np.int64, count + 1, 8 * start), requirements="A")
    data = np.empty(0, np.uint8) if text is None else np.frombuffer(text, np.uint8)
    first, last = int(offsets[0]), int(offsets[-1])
    # Later code trusts the offsets, and these were made by someone else's library.
    if len(array) != count or first < 0 or last > len(data) or (offsets[1:] < offsets[:-1]).any():
        raise RecordsError("an Arrow column is damaged: its length or its offsets are wrong")
    valid = None
    if array.null_count:
        bits = np.frombuffer(bitmap, np.uint8)[start >> 3 : (start + count + 7) >> 3]
        valid = np.unpackbits(bits, bitorder="little")[start & 7 : (start & 7) + count]
    return TextColumn(data[first:last], offsets - first if first else offsets, valid)
