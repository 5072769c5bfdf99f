"""Sources of records: every record offered comes out as entries or as a line of the report."""

from __future__ import annotations

import csv
import datetime
import doctest
import json
from collections import UserDict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from phonosearch import PersonIndex, _load_report, _records
from phonosearch._errors import MissingExtraError, RecordsError, UnknownPersonError
from phonosearch._records import (
    COLUMNS,
    KINDS,
    STATUS,
    WARNINGS,
    ColumnNote,
    CsvSource,
    LoadReport,
    Name,
    Person,
    ReportBuilder,
    RowBatch,
    RowNote,
    TextColumn,
    batches,
    reasons,
)
from phonosearch._rules import rules

Entry = tuple[Any, ...]


def unpacked(batch: RowBatch) -> list[Entry]:
    """(row, person_id, full_name, forenames, surname, kind, dob, sex) of each entry, by the definition."""
    count = len(batch.rows)
    assert batch.rows.dtype == np.int64
    for column in batch.columns.values():
        assert column.data.dtype == np.uint8
        assert column.data.flags.c_contiguous
        assert column.offsets.dtype == np.int64
        assert column.offsets.flags.aligned
        assert len(column.offsets) == count + 1
        assert column.offsets[0] == 0
        assert column.offsets[-1] == len(column.data)
        assert (np.diff(column.offsets) >= 0).all()
        assert column.valid is None or (column.valid.dtype == np.uint8 and len(column.valid) == count)
    return [
        (int(batch.rows[i]), *(batch.columns[c].text(i) if c in batch.columns else None for c in COLUMNS))
        for i in range(count)
    ]


def read(source: Any, batch_rows: int = 65_536) -> tuple[list[Entry], LoadReport]:
    """All entries, and the report of a kernel that accepts each of them."""
    report = ReportBuilder()
    entries: list[Entry] = []
    indexed = 0
    for batch in batches(source, report=report, batch_rows=batch_rows):
        entries += unpacked(batch)
        indexed += report.entries(batch, *(np.zeros(len(batch.rows), np.uint8) for _ in range(2)))
    return entries, report.finish(indexed, 0, len(entries))


def entry(row: int, person_id: str, **fields: str) -> Entry:
    return (row, person_id, *(fields.get(column) for column in COLUMNS[1:]))


def notes(*pairs: tuple[int, str | None, str]) -> tuple[RowNote, ...]:
    return tuple(RowNote(row, person_id, reasons()[reason]) for row, person_id, reason in pairs)


# Records in Python


def test_mappings_and_persons() -> None:
    names = (Name("Maggie Brown", kind="nickname"), Name(forenames="Margaret", surname="Smith", kind="maiden"))
    source: list[Any] = [
        {"person_id": "1", "full_name": "Zoë 山", "dob": "1984-03", "sex": "F", "unknown": object()},
        Person("2", "Margaret Brown", names=names, dob=("1984", "1985-01-02"), sex="F"),
        {"person_id": "3", "forenames": "Jo", "surname": "Lee", "kind": "alias"},
        UserDict({"person_id": "4", "names": [{"full_name": "Al Bo"}, Name("Bo Al", kind="weak")]}),
        {"person_id": "5", "full_name": "", "surname": "Only"},
    ]
    expected = [
        entry(0, "1", full_name="Zoë 山", dob="1984-03", sex="F"),
        entry(1, "2", full_name="Margaret Brown", dob="1984;1985-01-02", sex="F"),
        entry(1, "2", full_name="Maggie Brown", kind="nickname", dob="1984;1985-01-02", sex="F"),
        entry(1, "2", forenames="Margaret", surname="Smith", kind="maiden", dob="1984;1985-01-02", sex="F"),
        entry(2, "3", forenames="Jo", surname="Lee", kind="alias"),
        entry(3, "4", full_name="Al Bo"),
        entry(3, "4", full_name="Bo Al", kind="weak"),
        entry(4, "5", full_name="", surname="Only"),
    ]
    expected[5:6] = [entry(3, "4", full_name="Al Bo")]
    for batch_rows in (1, 2, 3, 100):
        entries, report = read(iter(source), batch_rows)
        assert entries == expected
        assert report == LoadReport(5, 5, (), (), 0, 8, (ColumnNote("unknown", None),))


def test_no_row_spans_two_batches() -> None:
    source = [{"person_id": str(n), "names": [{"surname": "A"}] * 5} for n in range(20)]
    seen: set[int] = set()
    for batch in batches(source, report=ReportBuilder(), batch_rows=3):
        rows = set(batch.rows.tolist())
        assert not rows & seen
        seen |= rows
    assert seen == set(range(20))


@pytest.mark.parametrize(
    ("record", "person_id", "reason"),
    [
        ("text", None, "not_a_record"),
        (None, None, "not_a_record"),
        (("1", "Ann"), None, "not_a_record"),
        ({}, None, "missing_id"),
        ({"person_id": None, "surname": "A"}, None, "missing_id"),
        ({"person_id": "", "surname": "A"}, None, "missing_id"),
        ({"person_id": float("nan"), "surname": "A"}, None, "missing_id"),
        ({"person_id": 1, "surname": "A"}, None, "id_not_text"),
        ({"person_id": b"1", "surname": "A"}, None, "id_not_text"),
        ({"person_id": np.array(["1", "2"]), "surname": "A"}, None, "id_not_text"),
        ({"person_id": "1"}, "1", "empty_name"),
        ({"person_id": "1", "full_name": ""}, "1", "empty_name"),
        ({"person_id": "1", "full_name": None, "names": []}, "1", "empty_name"),
        ({"person_id": "1", "full_name": float("nan"), "names": ()}, "1", "empty_name"),
        ({"person_id": "1", "names": [{}]}, "1", "empty_name"),
        ({"person_id": "1", "full_name": 5}, "1", "name_not_text"),
        ({"person_id": "1", "full_name": b"Ann"}, "1", "name_not_text"),
        ({"person_id": "1", "surname": np.array(["A", "B"])}, "1", "name_not_text"),
        ({"person_id": "1", "full_name": "Ann", "surname": ["A"]}, "1", "name_not_text"),
        ({"person_id": "1", "names": "Ann"}, "1", "names_not_a_list"),
        ({"person_id": "1", "names": {"full_name": "Ann"}}, "1", "names_not_a_list"),
        ({"person_id": "1", "names": np.array(["A", "B"])}, "1", "names_not_a_list"),
        ({"person_id": "1", "names": ["Ann"]}, "1", "name_not_a_record"),
        (Person(7, "Ann"), None, "id_not_text"),  # type: ignore[arg-type]
        (Person("1", names=None), "1", "empty_name"),  # type: ignore[arg-type]
    ],
)
def test_a_bad_record_is_rejected_and_reading_goes_on(record: Any, person_id: str | None, reason: str) -> None:
    good = {"person_id": "9", "surname": "Good"}
    entries, report = read([good, record, good])
    assert [e[0] for e in entries] == [0, 2]
    assert report == LoadReport(3, 2, notes((1, person_id, reason)), (), 0, 2)


@pytest.mark.parametrize(
    ("fields", "reason", "left"),
    [
        ({"dob": 1.5}, "dob_type", {}),
        ({"dob": True}, "dob_type", {}),
        ({"dob": 10**5000}, "dob_type", {}),
        ({"dob": -1}, "dob_type", {}),
        ({"dob": {"year": 1984}}, "dob_type", {}),
        ({"dob": ["1984", object(), 1985]}, "dob_type", {"dob": "1984;1985"}),
        ({"sex": 1}, "sex_type", {}),
        ({"sex": ["M"]}, "sex_type", {}),
        ({"kind": 1}, "kind_type", {}),
        ({"names": ["text"]}, "other_name_not_a_record", {}),
        ({"names": "text"}, "other_names_not_a_list", {}),
        ({"names": [{"surname": 1}]}, "other_name_not_text", {}),
        ({"names": [{}]}, "other_empty_name", {}),
    ],
)
def test_a_bad_field_is_left_out_and_the_person_kept(fields: Any, reason: str, left: dict[str, str]) -> None:
    entries, report = read([{"person_id": "1", "full_name": "Ann", **fields}])
    assert entries == [entry(0, "1", full_name="Ann", **left)]
    assert report == LoadReport(1, 1, (), notes((0, "1", reason)), 0, 1)


@pytest.mark.parametrize(
    ("dob", "text"),
    [
        (None, None), ("1984", "1984"), (1984, "1984"), (np.int64(1984), "1984"), (84, "0084"), ([], None), ((), None),
        (datetime.date(1984, 3, 7), "1984-03-07"), (datetime.datetime(1984, 3, 7, 23, 59), "1984-03-07"),
        (["1984", 1985, datetime.date(1986, 1, 2), None], "1984;1985;1986-01-02"), (float("nan"), None),
        ("nonsense", "nonsense"), ("", ""),
    ],
)  # fmt: skip
def test_dates_of_birth(dob: Any, text: str | None) -> None:
    entries, report = read([{"person_id": "1", "full_name": "Ann", "dob": dob}])
    assert entries[0][6] == text
    assert not report.warnings


def test_any_text_survives_including_lone_surrogates_and_zeros() -> None:
    texts = ["a", "", "é", "山", "\U0001f600", "\ud800", "\udc00x", "\0", "x" * 70_000, "ascii"]
    source = [{"person_id": f"{n}é", "full_name": text, "surname": "s"} for n, text in enumerate(texts)]
    assert [e[2] for e in read(source)[0]] == texts


@given(
    st.lists(st.tuples(st.text(min_size=1), st.text() | st.none(), st.text(min_size=1)), max_size=30), st.integers(1, 9)
)
def test_any_records_come_through(records: list[tuple[str, str | None, str]], batch_rows: int) -> None:
    source = ({"person_id": i, "forenames": f, "surname": s} for i, f, s in records)
    entries, report = read(source, batch_rows)
    assert [(e[1], e[3], e[4]) for e in entries] == records
    assert report.read == report.indexed == len(records)


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5) | st.binary(max_size=3) | st.dates(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(COLUMNS), inner, max_size=3),
    max_leaves=8,
)


@given(st.lists(ANYTHING | st.dictionaries(st.sampled_from([*COLUMNS, "names"]), ANYTHING), max_size=10))
def test_every_record_is_accounted_for_whatever_it_is(source: list[Any]) -> None:
    entries, report = read(source)
    rows = {e[0] for e in entries}
    rejected = [note.row for note in report.rejected]
    assert rows | set(rejected) == set(range(len(source)))
    assert not rows & set(rejected)
    assert len(rejected) == len(set(rejected))
    assert all(note.reason in reasons().values() for note in (*report.rejected, *report.warnings))


@pytest.mark.parametrize("source", ["text", b"bytes", {"person_id": "1"}, Person("1"), None, 5, Path("people.csv")])
def test_what_is_no_source_is_refused(source: Any) -> None:
    with pytest.raises(RecordsError, match="CsvSource"):
        batches(source, report=ReportBuilder())


def test_an_error_of_the_source_passes_through() -> None:
    def source() -> Iterator[dict[str, str]]:
        yield {"person_id": "1", "surname": "A"}
        raise OSError("disk")

    with pytest.raises(OSError, match="disk"):
        read(source())


# CSV


def csv_file(tmp_path: Path, data: bytes) -> Path:
    path = tmp_path / "people.csv"
    path.write_bytes(data)
    return path


def test_csv(tmp_path: Path) -> None:
    data = (
        '\ufeffnote,person_id,forenames,surname,dob,sex\r\nx,1,Zoë,"O""Brien, jr",1984-03,F\r\n,2,,"two\nlines",,\r\n'
        "\r\n,,,,,\r\nx,4,Too,Few\r\nx,5,Too,Many,,,\r\n,6,,,,\r\n,7,\0,\0,,M"
    )
    entries, report = read(CsvSource(csv_file(tmp_path, data.encode())))
    assert entries == [
        entry(0, "1", forenames="Zoë", surname='O"Brien, jr', dob="1984-03", sex="F"),
        entry(1, "2", surname="two\nlines"),
        entry(6, "7", forenames="\0", surname="\0", sex="M"),
    ]
    assert report.rejected == notes(
        (2, None, "missing_id"), (3, "4", "too_few_cells"), (4, "5", "too_many_cells"), (5, "6", "empty_name")
    )
    assert report.read == 7


@pytest.mark.parametrize("encoding", ["utf-8-sig", "UTF8", "cp1252"])
def test_csv_bytes_that_are_no_text_reject_their_row_only(tmp_path: Path, encoding: str) -> None:
    data = b'person_id,full_name,note\n1,Ann,\n2,"B\x81\x8d\nd",\n3,Cy,\x81\n4,\xe5\xb1\xb1,\n'
    if encoding == "cp1252":
        data = data.replace(b"\xe5\xb1\xb1", b"Zo\xeb")
    entries, report = read(CsvSource(csv_file(tmp_path, data), encoding=encoding))
    assert [e[1:3] for e in entries] == [("1", "Ann"), ("3", "Cy"), ("4", "Zoë" if encoding == "cp1252" else "山")]
    assert report.rejected == notes((1, "2", "undecodable" if encoding == "cp1252" else "not_utf8"))


def test_the_id_of_a_csv_row_that_is_rejected_is_told_where_it_can_be_read(tmp_path: Path) -> None:
    data = b"surname,person_id,dob\nLee,1\nLee,2,1984,,\nLee\nLee,,\nLee,,,\nLee,\x81,,\n\x81,7,\nLee,8,\n"
    index = PersonIndex.build(CsvSource(csv_file(tmp_path, data)))
    assert [note.id for note in index.report.rejected] == ["1", "2", None, None, None, None, "7"]
    for person, reason in (("1", "fewer cells"), ("2", "more cells"), ("7", "not valid UTF-8")):
        with pytest.raises(UnknownPersonError, match=reason):
            index.explain("Lee", person)


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        (b"", "needs a column person_id"),
        (b"\n", "found: none of these; name them in the first line"),
        (b"id,full_name\n1,Ann\n", "found: full_name and 1 unknown"),
        (b"person_id,dob\n1,1984\n", "found: person_id, dob; name them"),
        (b"1,Canary,1984\n2,Ann,1985\n", "none of these and 3 unknown; name them in the first line of the file"),
        (b"person_id;surname\n1;Ann\n", "1 unknown; the first line is one cell that holds a semicolon: give"),
        (b"person_id\tsurname\n1\tAnn\n", "one cell that holds a tab: give that as the delimiter"),
        ("person_id,surname\n1,Ann\n".encode("utf-16"), "read in the encoding utf-8-sig"),
        (b"person_id,full_name,full_name\n", "more than once: full_name"),
        (b"person_id,surname, person_id\n", "more than once: person_id"),
    ],
)
def test_csv_header(tmp_path: Path, data: bytes, problem: str) -> None:
    with pytest.raises(RecordsError, match=problem) as caught:
        read(CsvSource(csv_file(tmp_path, data)))
    assert "Canary" not in str(caught.value)


@pytest.mark.parametrize(
    ("tail", "problem"),
    [
        (b'3,"Canary\n4,Canary\n', "a quote is opened here and never closed.*; close it"),
        (b'3,"Canary"x,\n4,Canary\n', "after a quote comes neither .*; write a quote that belongs to the text twice"),
        (b'3,"' + b"Canary\n" * 20_000, "a quote is opened here and never closed.*; close it"),
        (b'3,"' + b"Canary\n" * 20_000 + b'4,"Ann"\n', "after a quote comes neither .*; write a quote"),
    ],
)
def test_broken_csv_names_the_row_and_no_value(tmp_path: Path, tail: bytes, problem: str) -> None:
    with pytest.raises(RecordsError, match=problem) as caught:
        read(CsvSource(csv_file(tmp_path, b"person_id,full_name\n1,Ann\n2,Bob\n" + tail)))
    assert (caught.value.row, caught.value.line) == (2, 4)
    assert str(caught.value).startswith("row 2 of the source, counted from 0 (line 4): broken CSV: ")
    assert "Canary" not in str(caught.value)


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize(
    ("long", "person_id"),
    [
        ("2," + "x" * 131_073 + ",", "2"),
        ('2,"' + "x" * 131_073 + '",', "2"),
        ('2,"a ""quoted"" line\n\n' + "5,x,y\n" * 30_000 + '""",', "2"),
        ('"2",,"' + "one, two\n" * 20_000 + '"', "2"),
        ('2,"x""' + "y" * 131_073 + '""","n\n5,z,\n"', "2"),
        ("x" * 131_073 + ",Bob,", None),
    ],
)
def test_a_csv_cell_that_is_too_long_rejects_its_row_only(
    tmp_path: Path, long: str, person_id: str | None, end: str
) -> None:
    text = f"person_id,full_name,note\n1,Ann,\n{long}\n3,Cy,\n\n4,Di".replace("\n", end)
    source = CsvSource(csv_file(tmp_path, text.encode()))
    before = csv.field_size_limit()
    entries, report = read(source)
    assert [e[:3] for e in entries] == [(0, "1", "Ann"), (2, "3", "Cy")]
    assert report.rejected == notes((1, person_id, "cell_too_long"), (3, "4", "too_few_cells"))
    lines = text.split(end)
    assert [lines[source.line(row) - 1] for row in (0, 2, 3)] == ["1,Ann,", "3,Cy,", "4,Di"]
    assert source.line(1) == 3
    assert csv.field_size_limit() == before


def test_a_csv_header_that_is_too_long_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RecordsError, match="a cell of the first line is longer than 131,072 characters; give a file"):
        read(CsvSource(csv_file(tmp_path, b"person_id,full_name," + b"x" * 131_073 + b"\n1,Ann,\n")))


def test_a_lowered_limit_of_the_csv_module_is_refused(tmp_path: Path) -> None:
    path = csv_file(tmp_path, b"person_id,full_name\n1,Ann\n")
    before = csv.field_size_limit(10)
    try:
        with pytest.raises(RecordsError, match=r"no CSV cell of more than 10 characters; call csv.field_size_limit\("):
            read(CsvSource(path))
    finally:
        csv.field_size_limit(before)


def test_a_raised_limit_of_the_csv_module_changes_nothing(tmp_path: Path) -> None:
    path = csv_file(tmp_path, b"person_id,full_name\n1," + b"x" * 131_073 + b"\n2," + b"y" * 131_072 + b"\n")
    before = csv.field_size_limit(1 << 30)
    try:
        entries, report = read(CsvSource(path))
    finally:
        csv.field_size_limit(before)
    assert [e[1] for e in entries] == ["2"]
    assert report.rejected == notes((0, "1", "cell_too_long"))


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_csv_lines_of_rows(tmp_path: Path, end: str) -> None:
    lines = [
        '"note\n",person_id,surname', ",1,Ann", "", ",2,Bob", ",3,Cy", '"a\n\nb",4,"D\n"', ",5", "", "", ",6,Flo",
        ",7,Guy",
    ]  # fmt: skip
    text = "\n".join(lines).replace("\n", end)
    source = CsvSource(csv_file(tmp_path, text.encode()))
    for _ in range(2):
        _, report = read(source)
        assert report.read == 7
        assert [source.line(row) for row in range(7)] == [3, 5, 6, 7, 11, 14, 15]
        assert [source.line(note.row) for note in report.rejected] == [11]
        assert [text.split(end)[source.line(row) - 1] for row in (0, 1, 6)] == [",1,Ann", ",2,Bob", ",7,Guy"]
    with pytest.raises(RecordsError, match="from 0"):
        source.line(-1)


@pytest.mark.parametrize("delimiter", [";", "\t", "|", "§"])
def test_csv_with_another_delimiter(tmp_path: Path, delimiter: str) -> None:
    data = 'person_id,surname,dob\n1,"Lee,\n",1984\n2,Bo\n'.replace(",", delimiter)
    entries, report = read(CsvSource(csv_file(tmp_path, data.encode()), delimiter=delimiter))
    assert entries == [entry(0, "1", surname=f"Lee{delimiter}\n", dob="1984")]
    assert report.rejected == notes((1, "2", "too_few_cells"))


@pytest.mark.parametrize("delimiter", ["", ";;", '"', "\n", "\r", None, 9])
def test_what_cannot_be_a_delimiter_is_refused(tmp_path: Path, delimiter: Any) -> None:
    with pytest.raises(RecordsError, match="the delimiter must be one character"):
        CsvSource(tmp_path / "people.csv", delimiter=delimiter)


def test_csv_in_other_encodings(tmp_path: Path) -> None:
    path = csv_file(tmp_path, "person_id,full_name\n1,山\n".encode("utf-16"))
    assert read(CsvSource(path, encoding="utf-16"))[0] == [entry(0, "1", full_name="山")]
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(RecordsError, match="not in the encoding utf-16; give the one"):
        read(CsvSource(path, encoding="utf-16"))
    with pytest.raises(RecordsError, match="no such encoding"):
        CsvSource(path, encoding="nonsense")
    with pytest.raises(FileNotFoundError):
        read(CsvSource(tmp_path / "absent"))


CELLS = st.text(st.characters(codec="utf-8", exclude_characters="\r"), max_size=8)


@given(st.lists(st.tuples(CELLS, CELLS, CELLS), max_size=10))
def test_whatever_csv_writes_comes_back(tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[str, ...]]) -> None:
    path = tmp_path_factory.getbasetemp() / "any.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["person_id", "forenames", "surname"])
        writer.writerows(rows)
    entries, report = read(CsvSource(path))
    assert [(e[1], e[3] or "", e[4] or "") for e in entries] == [row for row in rows if row[0] and (row[1] or row[2])]
    assert report.read == len(rows)


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(tmp_path_factory: pytest.TempPathFactory, data: bytes) -> None:
    path = tmp_path_factory.getbasetemp() / "noise.csv"
    path.write_bytes(b"person_id,full_name\n" + data)
    try:
        _, report = read(CsvSource(path))
    except RecordsError as error:
        assert error.row is not None  # noqa: PT017
    else:
        assert report.read == report.indexed + len(report.rejected)


# Arrow


@pytest.fixture(scope="module")
def pa() -> Any:
    return pytest.importorskip("pyarrow", reason="pyarrow, of the extra [arrow], is not installed")


IDS = ["1", "22", "é", None, "", "6"]
SURNAMES = ["Zoë", None, "山本", "", "\U0001f600", "Smith"]


@pytest.mark.parametrize("kind", ["string", "large_string", "string_view", "dictionary", "large dictionary"])
def test_arrow_string_kinds_slices_and_nulls(pa: Any, kind: str) -> None:
    def array(values: list[str | None]) -> Any:
        if kind == "dictionary":
            return pa.array(values, pa.string()).dictionary_encode()
        if kind == "large dictionary":
            return pa.array(values, pa.large_string()).dictionary_encode()
        return pa.array(values, getattr(pa, kind)())

    many = 40
    table = pa.table(
        {"extra": [1.5] * 6 * many, "surname": array(SURNAMES * many), "person_id": array(IDS * many),
         "forenames": pa.nulls(6 * many)}
    )  # fmt: skip
    expected = [(i, s) for i, s in zip(IDS * many, SURNAMES * many, strict=True)]
    for start, length in [(0, 240), (1, 239), (3, 7), (8, 64), (9, 0), (239, 1)]:
        for batch_rows in (1, 5, 8, 1000):
            entries, report = read(table.slice(start, length), batch_rows)
            assert [(e[1], e[4]) for e in entries] == expected[start : start + length]
            assert [e[0] for e in entries] == list(range(length))
            assert all(e[3] is None for e in entries)
            assert report.read == length


def test_arrow_streams_of_several_chunks_and_single_arrays(pa: Any) -> None:
    batch = pa.record_batch({"person_id": ["1", "2"], "full_name": ["A", None]})
    expected = [entry(0, "1", full_name="A"), entry(1, "2")]

    class OnlyArray:
        def __arrow_c_array__(self, requested_schema: object = None) -> object:
            return batch.__arrow_c_array__(requested_schema)

    assert read(batch)[0] == read(OnlyArray())[0] == read(pa.Table.from_batches([batch]))[0] == expected
    reader = pa.RecordBatchReader.from_batches(batch.schema, [batch, batch.slice(1), batch.slice(0, 0), batch])
    assert [(e[0], e[1]) for e in read(reader)[0]] == [(0, "1"), (1, "2"), (2, "2"), (3, "1"), (4, "2")]
    assert read(batch.to_struct_array())[0] == expected


def test_arrow_rows_that_are_null_as_a_whole_are_refused(pa: Any) -> None:
    rows = pa.array([{"person_id": "1", "surname": "Canary"}, None])
    with pytest.raises(RecordsError, match="nulls for whole rows") as caught:
        read(pa.chunked_array([rows[:1], rows]))
    assert caught.value.row == 1


@pytest.mark.parametrize("batch_rows", [1, 2, 100])
def test_arrow_columns_longer_than_their_batch_are_cut(pa: Any, batch_rows: int) -> None:
    rows = pa.array([{"person_id": str(n), "surname": f"s{n}"} for n in range(5)])
    entries, report = read(pa.chunked_array([rows[:3], rows[:1], rows]), batch_rows)
    assert [(e[1], e[4]) for e in entries] == [(str(n), f"s{n}") for n in (0, 1, 2, 0, 0, 1, 2, 3, 4)]
    assert report.read == 9


def test_an_error_of_an_arrow_producer_passes_through(pa: Any) -> None:
    batch = pa.record_batch({"person_id": ["1"], "surname": ["a"]})

    def source() -> Iterator[Any]:
        yield batch
        raise OSError("disk")

    with pytest.raises(OSError, match="disk"):
        read(pa.RecordBatchReader.from_batches(batch.schema, source()))


def test_arrow_equals_mappings(pa: Any) -> None:
    rows = [
        {"person_id": "1", "forenames": "Zoë", "surname": "Lee", "kind": "alias", "dob": "1984;1985", "sex": "F"},
        {"person_id": "2", "forenames": None, "surname": "山", "kind": None, "dob": None, "sex": None},
    ]
    assert read(pa.Table.from_pylist(rows))[0] == read(rows)[0]


def test_arrow_dates_of_birth(pa: Any) -> None:
    days = [datetime.date(1984, 3, 7), None, datetime.date(1799, 12, 31)]
    iso = ["1984-03-07", None, "1799-12-31"]
    late = [day and datetime.datetime(day.year, day.month, day.day, 23, 59, 59) for day in days]
    cases: list[tuple[Any, list[str | None]]] = [
        (pa.array(days, pa.date32()), iso),
        (pa.array(days, pa.date64()), iso),
        *[(pa.array(late, pa.timestamp(unit)), iso) for unit in ("s", "ms", "us", "ns")],
        (pa.array([1984, None, 85], pa.int16()), ["1984", None, "85"]),
        (pa.array([1984, None, 85], pa.uint64()), ["1984", None, "85"]),
        (pa.array(["1984", None, "x"]), ["1984", None, "x"]),
        (pa.nulls(3), [None] * 3),
        (pa.array([["1984", None, "1985-01"], None, ["x"]]), ["1984;1985-01", None, "x"]),
        (pa.array([["1984"], [], [None]], pa.large_list(pa.string())), ["1984", "", ""]),
        (pa.array([["a"], ["b", "c"], None, ["d"], ["e"]], pa.list_(pa.string_view())).slice(1, 3), ["b;c", None, "d"]),
        (pa.array([days, [], None], pa.list_(pa.date32())), ["1984-03-07;1799-12-31", "", None]),
    ]
    for array, expected in cases:
        table = pa.table({"person_id": ["1", "2", "3"], "surname": ["a", "b", "c"], "dob": array})
        entries, _ = read(table)
        assert [e[6] or None for e in entries] == [text or None for text in expected], array.type
        assert [e[6] for e in read(table, 1)[0]] == [e[6] for e in entries]


def test_arrow_null_list_with_items_behind_it(pa: Any) -> None:
    hidden = pa.ListArray.from_arrays(
        pa.array([0, 1, 3, 4], pa.int32()), pa.array(["a", "b", "c", "d"]), mask=pa.array([False, True, False])
    )
    table = pa.table({"person_id": ["1", "2", "3"], "surname": ["x"] * 3, "dob": hidden})
    assert [e[6] or None for e in read(table)[0]] == ["a", None, "d"]


@pytest.mark.parametrize(
    ("make", "problem"),
    [
        (lambda pa: pa.table({"person_id": [1], "full_name": ["a"]}), "person_id is of Arrow type int64, .* cast it"),
        (lambda pa: pa.table({"person_id": [b"1"], "full_name": ["a"]}), "column person_id is of Arrow type binary"),
        (lambda pa: pa.table({"person_id": ["1"], "full_name": [1]}), "column full_name is of Arrow type int64"),
        (lambda pa: pa.table({"person_id": ["1"], "full_name": ["a"], "dob": [1.5]}), "column dob is of Arrow type"),
        (lambda pa: pa.table({"person_id": ["1"], "full_name": ["a"], "sex": [True]}), "column sex is of Arrow type"),
        (lambda pa: pa.table({"full_name": ["a"], "x": ["b"]}), "found: full_name and 1 unknown; rename the"),
        (lambda pa: pa.table({"person_id": ["1"], "dob": ["a"]}), "full_name or forenames or surname"),
        (lambda pa: pa.table([["1"], ["2"], ["a"]], ["person_id", "person_id", "full_name"]), "more than once"),
        (lambda pa: pa.array(["a"]), "not a table"),
        (lambda pa: pa.chunked_array([["a"]]), "not a table"),
    ],
)
def test_arrow_data_without_the_columns_are_refused(pa: Any, make: Any, problem: str) -> None:
    with pytest.raises(RecordsError, match=problem):
        batches(make(pa), report=ReportBuilder())


def test_arrow_text_that_is_no_utf8_reaches_the_kernel_as_it_is(pa: Any) -> None:
    text = pa.Array.from_buffers(
        pa.large_string(), 2, [None, pa.py_buffer(np.array([0, 2, 3], "i8")), pa.py_buffer(b"\xff\xfea")]
    )
    (batch,) = batches(pa.table({"person_id": ["1", "2"], "full_name": text}), report=ReportBuilder())
    assert batch.columns["full_name"].data.tobytes() == b"\xff\xfea"
    assert [batch.columns["full_name"].text(i) for i in (0, 1)] == [None, "a"]


@pytest.mark.parametrize("offsets", [[0, 9, 3], [0, -1, 3], [2, 1, 3]])
def test_arrow_offsets_are_not_trusted(pa: Any, offsets: list[int]) -> None:
    text = pa.Array.from_buffers(
        pa.large_string(), 2, [None, pa.py_buffer(np.array(offsets, "i8")), pa.py_buffer(b"abc")]
    )
    with pytest.raises(RecordsError, match=r"damaged|cannot be read"):
        read(pa.table({"person_id": ["1", "2"], "full_name": text}))


def test_arrow_without_pyarrow(monkeypatch: pytest.MonkeyPatch) -> None:
    class Stream:
        def __arrow_c_stream__(self, requested_schema: object = None) -> object:
            raise AssertionError

    monkeypatch.setitem(__import__("sys").modules, "pyarrow", None)
    with pytest.raises(MissingExtraError, match=r"phonosearch\[arrow\]"):
        batches(Stream(), report=ReportBuilder())


# Columns that are not used


def unused(source: Any) -> dict[str, str | None]:
    _, report = read(source)
    assert repr(report).endswith(f", unused_columns={len(report.unused_columns)})") == bool(report.unused_columns)
    return {note.name: note.suggestion for note in report.unused_columns}


@pytest.mark.parametrize(
    ("column", "meant"),
    [
        ("date_of_birth", "dob"), ("DateOfBirth", "dob"), ("d.o.b", "dob"), ("DOB", "dob"), ("dbo", "dob"),
        ("YOB", "dob"), ("Gender", "sex"), ("SEX", "sex"), ("sexe", "sex"), ("name type", "kind"), ("job", None),
        ("doc", None), ("seq", None), ("set", None), ("price", None), ("plcae", "place"), ("age", None),
        ("name", "full_name"), ("first_name", "forenames"), ("given_name", "forenames"), ("last_name", "surname"),
        ("family_name", "surname"), ("Surname", "surname"), ("id", "person_id"),
        ("ticket", None), ("surnmae", None), ("", None), ("x" * 10_000, None), ("é", None),
    ],
)  # fmt: skip
def test_a_column_that_is_not_known_is_told_with_the_one_that_is_meant(
    pa: Any, tmp_path: Path, column: str, meant: str | None
) -> None:
    row = {"person_id": "1", "full_name": "Ann Lee", column: "1984"}
    assert unused([row, row]) == {column: meant}
    assert unused(pa.table({name: [value] for name, value in row.items()})) == {column: meant}
    lines = ",".join(row) + "\n" + ",".join(row.values()) + "\n"
    assert unused(CsvSource(csv_file(tmp_path, lines.encode()))) == {column: meant}


@pytest.mark.parametrize("column", ["dob", "sex", "kind", "forenames", "surname"])
def test_a_column_that_is_known_is_not_told(pa: Any, tmp_path: Path, column: str) -> None:
    row = {"person_id": "1", "full_name": "Ann Lee", column: ""}
    assert unused([row]) == {}
    assert unused(pa.table({name: [value] for name, value in row.items()})) == {}
    assert unused(CsvSource(csv_file(tmp_path, (",".join(row) + "\n").encode()))) == {}


def test_names_within_a_record_are_read_from_mappings_only(pa: Any, tmp_path: Path) -> None:
    row = {"person_id": "1", "full_name": "Ann Lee", "names": [{"full_name": "Anna Lee"}]}
    assert unused([row]) == {}
    assert unused(pa.table({name: [value] for name, value in row.items()})) == {"names": None}
    assert unused(CsvSource(csv_file(tmp_path, (",".join(row) + "\n").encode()))) == {"names": None}


def test_what_looks_like_a_column_is_taken_for_one_that_the_source_lacks() -> None:
    assert unused([{"person_id": "1", "full_name": "A", "dob": "1984", "dbo": "x", "surnmae": "A"}]) == {
        "dbo": None, "surnmae": None,
    }  # fmt: skip
    assert unused([{"person_id": "1", "surname": "A", "fullnam": "A", "Forenam": "B"}]) == {
        "fullnam": None, "Forenam": "forenames",
    }  # fmt: skip


def test_what_others_call_a_column_is_told_also_where_the_source_has_it() -> None:
    row = {"person_id": "1", "full_name": "A", "dob": "1984", "birthday": "x", "first_name": "A", "surname ": "A"}
    assert unused([row]) == {"birthday": "dob", "first_name": "forenames", "surname ": "surname"}
    assert unused([{"id": "1", "name": "A"}]) == {"id": "person_id", "name": "full_name"}


def test_keys_are_told_whichever_record_has_them() -> None:
    people = [{"person_id": str(number), "full_name": "Ann"} for number in range(5)]
    people[3]["gender"] = "F"
    names = [{"full_name": "Anna", "type": "alias", "dob": "1984"}, Name("Annie")]
    rows = [*people, Person("6", "Ann"), {"person_id": "7", "full_name": "Ann", "names": names, 5: 5}]
    assert unused(rows) == {"gender": "sex", "names.type": "kind", "names.dob": None, "5": None}
    assert [note.name for note in read(rows)[1].unused_columns] == ["5", "gender", "names.dob", "names.type"]
    # More shapes of record than are remembered.
    assert unused({"person_id": "1", "full_name": "A", f"k{number}": 1} for number in range(3000)) == {
        f"k{number}": None for number in range(3000)
    }


# The report


def batch_of(rows: list[int], ids: list[str]) -> RowBatch:
    data = np.frombuffer("".join(ids).encode(), np.uint8)
    offsets = np.cumsum([0, *(len(i.encode()) for i in ids)], dtype=np.int64)
    return RowBatch(np.array(rows, np.int64), {"person_id": TextColumn(data, offsets, None)})


def test_statuses_become_rejections_and_warnings_of_rows() -> None:
    report = ReportBuilder()
    report.read = 6
    report.reject(4, None, "not_a_record")
    batch = batch_of([0, 1, 1, 1, 2, 2, 3, 5, 5], ["a", "b", "b", "b", "c", "c", "d", "e", "e"])
    status = np.array([0, 2, 0, 2, 3, 1, 5, 0, 0], np.uint8)
    warn = np.array([0, 7, 1, 0, 1, 0, 0, 5, 1], np.uint8)
    assert report.entries(batch, status, warn) == 3
    done = report.finish(3, 3, 4)
    assert done.rejected == notes((2, "c", "too_many_parts"), (3, "d", "missing_id"), (4, None, "not_a_record"))
    assert done.warnings == notes(
        (1, "b", "other_name_too_long"), (1, "b", "bad_dob"), (5, "e", "bad_dob"), (5, "e", "bad_kind")
    )
    assert (done.read, done.indexed, done.persons, done.names) == (6, 3, 3, 4)


@given(st.data())
def test_every_row_of_a_batch_is_indexed_or_rejected_once(draw: st.DataObject) -> None:
    rows = sorted(draw.draw(st.lists(st.integers(0, 9), max_size=25)))
    codes = draw.draw(st.lists(st.sampled_from([0, 0, *STATUS]), min_size=len(rows), max_size=len(rows)))
    bits = draw.draw(st.lists(st.integers(0, sum(WARNINGS)), min_size=len(rows), max_size=len(rows)))
    report = ReportBuilder()
    report.read = len(set(rows))
    indexed = report.entries(batch_of(rows, ["x"] * len(rows)), np.array(codes, "u1"), np.array(bits, "u1"))
    good = {row for row, code in zip(rows, codes, strict=True) if not code}
    done = report.finish(indexed, 0, 0)
    assert indexed == len(good)
    assert [note.row for note in done.rejected] == sorted(set(rows) - good)
    first = dict(zip(reversed(rows), reversed(codes), strict=True))
    assert all(note.reason == reasons()[STATUS[first[note.row]]] for note in done.rejected)
    expected = {(r, "other_" + STATUS[c]) for r, c in zip(rows, codes, strict=True) if r in good and c}
    for row, code, bit in zip(rows, codes, bits, strict=True):
        expected |= {(row, WARNINGS[b]) for b in WARNINGS if not code and bit & b}
    assert sorted((n.row, n.reason) for n in done.warnings) == sorted((r, reasons()[key]) for r, key in expected)


@pytest.mark.parametrize("person_id", [" P9", "P9 ", " P9 ", "\tP9", "P9\n"])
def test_a_blank_at_the_ends_of_a_person_id_is_kept_and_told(pa: Any, person_id: str) -> None:
    row = {"person_id": person_id, "full_name": "Ann Lee"}
    good, bad = row | {"person_id": "P 8"}, row | {"full_name": ""}
    rows = [good, row, bad, row]
    for source in (rows, pa.Table.from_pylist(rows)):
        index = PersonIndex.build(source)
        assert person_id in index
        assert index.report.warnings == notes((1, person_id, "id_blanks"), (3, person_id, "id_blanks"))


def test_an_account_that_is_not_balanced_is_no_report() -> None:
    report = ReportBuilder()
    report.read = 2
    report.reject(0, None, "missing_id")
    report.reject(0, None, "empty_name")
    with pytest.raises(RuntimeError, match="2 rows read, 0 indexed, 1 rejected"):
        report.finish(0, 0, 0)
    assert report.finish(1, 1, 1).rejected == notes((0, None, "missing_id"))


def test_an_endless_identifier_is_not_noted() -> None:
    report = ReportBuilder()
    report.reject(0, "x" * 1025, "id_too_long")
    report.warn(1, "x" * 1024, "bad_sex")
    assert report._rejected[0].id is None
    assert report._warnings[1, "bad_sex"].id == "x" * 1024


NOTES = st.builds(RowNote, st.integers(), st.none() | st.text(), st.sampled_from(list(reasons().values())))
REPORTS = st.builds(
    lambda rejected, warnings, indexed, persons, names, dates, columns: LoadReport(
        indexed + len(rejected), indexed, tuple(rejected), tuple(warnings), persons, names, tuple(columns), dates
    ),
    *[st.lists(NOTES)] * 2,
    *[st.integers(0)] * 4,
    st.lists(st.builds(ColumnNote, st.text(), st.none() | st.sampled_from(COLUMNS))),
)


@given(REPORTS)
def test_a_report_survives_json(report: LoadReport) -> None:
    assert LoadReport.from_json(report.to_json()) == report


@pytest.mark.parametrize(
    "text",
    [
        "", "{}", "[]", "null", "[" * 100_000, '{"read":1}',
        '{"read":1,"indexed":0,"rejected":[],"warnings":[],"persons":0,"names":0}',
        '{"read":0,"indexed":0,"rejected":[],"warnings":[],"persons":0,"names":0,"more":0}',
        '{"read":0,"indexed":0,"rejected":[],"warnings":["abc"],"persons":0,"names":0}',
        '{"read":0,"indexed":0,"rejected":[],"warnings":[[0,1,"a"]],"persons":0,"names":0}',
        '{"read":0,"indexed":0,"rejected":5,"warnings":[],"persons":0,"names":0}',
        '{"read":0.0,"indexed":0,"rejected":[],"warnings":[],"persons":0,"names":0}',
        '{"read":-1,"indexed":-1,"rejected":[],"warnings":[],"persons":0,"names":0}',
        '{"read":0,"indexed":0,"rejected":[],"warnings":[],"persons":0,"names":0,"unused_columns":[[1,null]]}',
        '{"read":0,"indexed":0,"rejected":[],"warnings":[],"persons":0,"names":0,"unused_columns":["abc"]}',
        '{"read":0,"indexed":0,"rejected":[],"warnings":[],"persons":0,"names":0,"contradictory_dates":-1}',
    ],
)  # fmt: skip
def test_other_json_is_no_report(text: str) -> None:
    with pytest.raises(ValueError, match="not a load report"):
        LoadReport.from_json(text)


def test_a_report_from_before_columns_were_accounted_for_is_read() -> None:
    text = '{"read":0,"indexed":0,"rejected":[],"warnings":[],"persons":0,"names":0}'
    assert LoadReport.from_json(text) == LoadReport(0, 0, (), (), 0, 0)


def test_no_repr_shows_a_name_a_date_or_the_identifiers_of_a_report() -> None:
    canary = "Canary"
    name = Name(canary, canary, canary, kind=canary)
    person = Person("P1", canary, canary, canary, (name,), canary, canary)
    note = RowNote(1, canary, "reason")
    column = ColumnNote(canary, "dob")
    report = LoadReport(2, 1, (note,), (note,), 1, 1, (column,))
    (batch,) = batches([{"person_id": canary, "full_name": canary}], report=ReportBuilder())
    for shown in (name, person, note, column, report, batch, batch.columns["full_name"]):
        assert canary not in repr(shown)
        assert canary not in str(shown)
    assert repr(person) == "Person(person_id='P1')"
    assert repr(Name(canary, kind="alias")) == "Name(kind='alias')"
    assert json.loads(report.to_json())["rejected"] == [[1, canary, "reason"]]


def test_a_reason_about_a_limit_tells_the_limit() -> None:
    limit = rules().limits
    rows = [
        {"person_id": "P1", "full_name": "x" * (limit["name_code_points"] + 1)},
        {"person_id": "P2", "full_name": "Ann " * (limit["parts"] + 1)},
        {"person_id": "P" * (limit["person_id_bytes"] + 1), "full_name": "Ann"},
        {"person_id": "P4", "full_name": "Ann", "names": [{"full_name": "x" * (limit["name_code_points"] + 1)}]},
    ]
    report = PersonIndex.build(rows).report
    assert [note.reason for note in (*report.rejected, *report.warnings)] == [
        "a name is longer than 256 characters",
        "a name has more than 16 parts",
        "the person_id is longer than 256 bytes in UTF-8",
        "one of several names was left out: a name is longer than 256 characters",
    ]
    assert "131,072" in reasons()["cell_too_long"]


def test_tables_agree() -> None:
    assert KINDS == ("primary", "alias", "maiden", "previous", "nickname", "weak")
    assert {*STATUS.values(), *WARNINGS.values()} <= set(reasons())
    assert {f"other_{key}" for key in STATUS.values()} <= set(reasons())
    assert len(set(reasons().values())) == len(reasons())


def test_examples() -> None:
    results = [doctest.testmod(module) for module in (_records, _load_report)]
    assert sum(result.attempted for result in results) >= 4
    assert not any(result.failed for result in results)
