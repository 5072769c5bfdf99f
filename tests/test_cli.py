"""The command line: what each command prints, its exit codes, and that no text of the data acts on the terminal."""

from __future__ import annotations

import csv
import errno
import json
import os
import pty
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("typer", reason="the extra 'cli' is not installed")
pytest.importorskip("rich", reason="the extra 'cli' is not installed")

from typer.testing import CliRunner, Result

import phonosearch as ps
from phonosearch import _cli
from phonosearch._screen import shown

PEOPLE = """person_id,full_name,kind,dob,sex
P1,John Smith,,1984-03-07,M
P2,Jon Smyth,,,
P3,Siân O’Brien,maiden,1990,F
P3,Siân Hughes,,1990,F
P4,Мохаммед Хан,,,
"""
FLAWED = PEOPLE + "P5,,,,\nP6,Ann Lee,,31/12/1999,F\nP7,Bo Yu\n,Nobody Known,,,\n"


@pytest.fixture
def people(tmp_path: Path) -> Path:
    path = tmp_path / "people.csv"
    path.write_text(PEOPLE, encoding="utf-8")
    return path


@pytest.fixture
def index(tmp_path: Path, people: Path) -> Path:
    path = tmp_path / "people.phs"
    ps.PersonIndex.build(ps.CsvSource(people)).save(path)
    return path


@pytest.fixture
def odd_index(tmp_path: Path) -> Callable[[str, str], Path]:
    def make(person_id: str, name: str) -> Path:
        path = tmp_path / "odd.phs"
        ps.PersonIndex.build([{"person_id": person_id, "full_name": name}]).save(path)
        return path

    return make


def run(*arguments: object) -> Result:
    return CliRunner(env={"COLUMNS": "140"}).invoke(_cli.app, [str(argument) for argument in arguments])


def run_json(*arguments: object, code: int = 0) -> Any:
    result = run(*arguments, "--json")
    assert result.exit_code == code, result.output
    assert result.stdout.isascii()
    return json.loads(result.stdout)


def run_process(*arguments: object, **environment: str) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [sys.executable, "-m", "phonosearch", *map(str, arguments)],
        env=os.environ | environment, capture_output=True, check=False, timeout=60,
    )  # fmt: skip


def assert_refused(result: Result, code: int, *texts: str) -> None:
    assert result.exit_code == code, result.output
    assert result.stdout == ""
    assert result.stderr.count("\n") == 1
    assert result.stderr.startswith("phonosearch: ")
    for text in texts:
        assert text in result.stderr


class TestBuild:
    def test_reports_what_became_of_every_row(self, people: Path, tmp_path: Path) -> None:
        output = tmp_path / "out.phs"
        result = run("build", people, "-o", output)
        assert result.exit_code == 0, result.output
        assert "5 rows read, 5 indexed, 0 rejected, 0 warnings" in result.stdout
        assert "4 people with 5 names" in result.stdout
        assert len(ps.PersonIndex.open(output)) == 4

    def test_rejected_rows_give_exit_code_3_and_the_index_is_written(self, people: Path, tmp_path: Path) -> None:
        people.write_text(FLAWED, encoding="utf-8")
        output = tmp_path / "out.phs"
        result = run("build", people, "-o", output)
        assert result.exit_code == 3
        assert "9 rows read, 6 indexed, 3 rejected, 1 warnings" in result.stdout
        assert "the row has fewer cells than the header" in result.stdout
        assert "without the 3 rejected rows; list them with --rejects" in result.stdout
        assert "P5" not in result.stdout
        assert len(ps.PersonIndex.open(output)) == 5

    def test_lists_rejected_rows_and_warnings(self, people: Path, tmp_path: Path) -> None:
        people.write_text(FLAWED, encoding="utf-8")
        rejects = tmp_path / "rejects.csv"
        assert run("build", people, "-o", tmp_path / "out.phs", "--rejects", rejects).exit_code == 3
        with rejects.open(encoding="utf-8", newline="") as file:
            rows = list(csv.reader(file))
        assert rows[0] == ["outcome", "row", "id", "reason", "line"]
        assert [row[:3] for row in rows[1:]] == [
            ["rejected", "5", "P5"], ["rejected", "7", "P7"], ["rejected", "8", ""], ["warning", "6", "P6"],
        ]  # fmt: skip
        assert [row[4] for row in rows[1:]] == ["7", "9", "10", "8"]
        assert stat.S_IMODE(rejects.stat().st_mode) == 0o600

    def test_lists_rejected_rows_on_standard_output(
        self, people: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.chdir(tmp_path)
        people.write_text(FLAWED, encoding="utf-8")
        output = tmp_path / "out.phs"
        for command, code, told in ((["build", people, "-o", output], 3, "rows read"), (["check", output], 0, "sound")):
            result = run(*command, "--rejects", "-")
            assert result.exit_code == code
            assert [row["id"] for row in csv.DictReader(result.stdout.splitlines())] == ["P5", "P7", "", "P6"]
            assert told in result.stderr
            assert_refused(run(*command, "--rejects", "-", "--json"), 2, "name a file")
        assert not (tmp_path / "-").exists()

    def test_json(self, people: Path, tmp_path: Path) -> None:
        people.write_text(FLAWED, encoding="utf-8")
        found = run_json("build", people, "-o", tmp_path / "out.phs", code=3)
        assert (found["read"], found["indexed"], found["rejected"], found["people"]) == (9, 6, 3, 5)
        assert sum(row["count"] for row in found["reasons"] if row["outcome"] == "rejected") == 3
        assert found["bytes"] == (tmp_path / "out.phs").stat().st_size

    def test_tells_the_columns_that_it_does_not_use(self, people: Path, tmp_path: Path) -> None:
        output = tmp_path / "out.phs"
        assert "not used" not in run("build", people, "-o", output).stdout
        people.write_text(PEOPLE.replace("dob", "date_of_birth").replace("kind", "\x1b[2Jnote"), encoding="utf-8")
        told = "Columns not used: \\u001b[2Jnote, date_of_birth (is it dob?)"
        expected = [
            {"name": "\x1b[2Jnote", "suggestion": None}, {"name": "date_of_birth", "suggestion": "dob"},
        ]  # fmt: skip
        for command in (["build", people, "-o", output], ["check", output]):
            assert told in run(*command).stdout
            assert run_json(*command)["unused_columns"] == expected

    def test_tells_who_has_contradictory_dates_of_birth(self, people: Path, tmp_path: Path) -> None:
        output, rejects = tmp_path / "out.phs", tmp_path / "rejects.csv"
        assert "contradict each other" not in run("build", people, "-o", output).stdout
        people.write_text(PEOPLE + "P1,Mary Jones,,1951-11-20,M\n", encoding="utf-8")
        for command in (["build", people, "-o", output], ["check", output]):
            assert "1 person has dates of birth that contradict" in run(*command, "--rejects", rejects).stdout
            assert run_json(*command)["contradictory_dates"] == 1
            (row,) = csv.DictReader(rejects.read_text(encoding="utf-8").splitlines())
            assert (row["outcome"], row["row"], row["id"]) == ("contradiction", "", "P1")
            assert "1951" not in "".join(row.values())

    def test_without_names_as_given(self, people: Path, tmp_path: Path) -> None:
        output = tmp_path / "out.phs"
        assert run("build", people, "-o", output, "--no-names").exit_code == 0
        assert "Siân".encode() not in output.read_bytes()
        assert run_json("search", output, "Sian Hughes")["hits"][0]["name"] == "Sian Hughes"

    @pytest.mark.parametrize("suffix", [".parquet", ".arrow", ".feather"])
    @pytest.mark.parametrize("streamed", [False, True])
    def test_arrow_files_give_the_same_index(self, people: Path, tmp_path: Path, suffix: str, streamed: bool) -> None:
        pa = pytest.importorskip("pyarrow", reason="the extra 'arrow' is not installed")
        import pyarrow.parquet as pq

        with people.open(encoding="utf-8", newline="") as file:
            rows = [{key: value or None for key, value in row.items()} for row in csv.DictReader(file)]
        table, path = pa.Table.from_pylist(rows), tmp_path / f"people{suffix}"
        if suffix == ".parquet":
            pq.write_table(table, path)
        else:
            kind = pa.ipc.new_stream if streamed else pa.ipc.new_file
            with kind(path, table.schema) as writer:
                writer.write_table(table, max_chunksize=2)
        found = run_json("build", path, "-o", tmp_path / "out.phs")
        assert found["fingerprint"] == ps.PersonIndex.build(ps.CsvSource(people)).fingerprint

    def test_another_encoding(self, people: Path, tmp_path: Path) -> None:
        people.write_text("person_id,full_name\nP1,Zoë\n", encoding="cp1252")
        assert run("build", people, "-o", tmp_path / "out.phs").exit_code == 3
        assert run("build", people, "-o", tmp_path / "out.phs", "--encoding", "cp1252").exit_code == 0

    @pytest.mark.parametrize(("delimiter", "option"), [(";", ";"), ("\t", "tab"), ("\t", "\\t"), ("\t", "\t")])
    def test_another_delimiter(self, people: Path, tmp_path: Path, delimiter: str, option: str) -> None:
        output = tmp_path / "out.phs"
        before = ps.PersonIndex.build(ps.CsvSource(people)).fingerprint
        people.write_text(PEOPLE.replace(",", delimiter), encoding="utf-8")
        assert_refused(run("build", people, "-o", output), 2, "one cell that holds a", "give that as the delimiter")
        assert run("build", people, "-o", output, "--delimiter", option).exit_code == 0
        assert ps.PersonIndex.open(output).fingerprint == before
        assert_refused(run("build", people, "-o", output, "--delimiter", ";;"), 2, "must be one character")

    @pytest.mark.parametrize(
        ("content", "text"),
        [
            (b"", "person_id"),
            (b"id,name\n1,Ann\n", "person_id"),
            (b'person_id,full_name\nP1,"Secretia\n', "broken CSV"),
            (b"person_id,full_name,full_name\nP1,Secretia,Secretia\n", "more than once"),
        ],
    )
    def test_a_broken_csv_is_refused(self, tmp_path: Path, content: bytes, text: str) -> None:
        path = tmp_path / "people.csv"
        path.write_bytes(content)
        result = run("build", path, "-o", tmp_path / "out.phs")
        assert_refused(result, 2, text)
        assert "Secretia" not in result.stderr
        assert not (tmp_path / "out.phs").exists()

    @pytest.mark.parametrize("suffix", [".parquet", ".arrow"])
    def test_a_broken_arrow_file_is_refused(self, tmp_path: Path, suffix: str) -> None:
        pytest.importorskip("pyarrow", reason="the extra 'arrow' is not installed")
        path = tmp_path / f"people{suffix}"
        path.write_bytes(b"Secretia" * 100)
        assert_refused(run("build", path, "-o", tmp_path / "out.phs"), 2, "cannot be read as")

    def test_arrow_files_need_pyarrow(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setitem(sys.modules, "pyarrow", None)
        result = run("build", tmp_path / "people.parquet", "-o", tmp_path / "out.phs")
        assert_refused(result, 2, "pip install 'phonosearch[arrow]'")

    def test_bad_paths_are_refused(self, people: Path, tmp_path: Path) -> None:
        output = tmp_path / "out.phs"
        assert_refused(run("build", tmp_path / "none.csv", "-o", output), 2, "none.csv", "No such file")
        assert_refused(run("build", people, "-o", tmp_path / "none" / "out.phs"), 2, "No such file")
        assert_refused(run("build", people, "-o", tmp_path), 2, "Is a directory")
        assert_refused(run("build", tmp_path, "-o", output), 2, f"{tmp_path.name}: Is a directory")
        os.mkfifo(tmp_path / "pipe")
        assert_refused(run("build", people, "-o", tmp_path / "pipe"), 2, "pipe: not a regular file")
        assert_refused(run("build", people, "-o", people), 2, "named twice")
        assert_refused(run("build", people, "-o", output, "--rejects", output), 2, "named twice")
        assert_refused(run("build", people, "-o", output, "--encoding", "klingon"), 2, "no such encoding")
        assert not output.exists()
        assert people.read_text(encoding="utf-8") == PEOPLE

    @pytest.mark.parametrize("suffix", [".parquet", ".arrow"])
    def test_bad_paths_of_arrow_files_are_refused_like_others(self, tmp_path: Path, suffix: str) -> None:
        pytest.importorskip("pyarrow", reason="the extra 'arrow' is not installed")
        path = tmp_path / f"people{suffix}"
        assert_refused(run("build", path, "-o", tmp_path / "out.phs"), 2, f"{path.name}: No such file")
        path.mkdir()
        assert_refused(run("build", path, "-o", tmp_path / "out.phs"), 2, f"{path.name}: Is a directory")

    def test_whether_a_file_can_be_read_is_found_out_by_opening_it(
        self, people: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        # root may read every file, so the answer of the system is put in its place
        monkeypatch.setattr(os, "access", lambda *_, **__: False)
        output = tmp_path / "out.phs"
        for _ in range(2):
            assert run("build", people, "-o", output, "--rejects", tmp_path / "rejects.csv").exit_code == 0
            assert run("check", output, "--rejects", tmp_path / "rejects.csv").exit_code == 0

        def denied(*_: object, **__: object) -> None:
            raise PermissionError(errno.EACCES, "Permission denied", str(output))

        monkeypatch.setattr(ps.PersonIndex, "open", denied)
        assert_refused(run("search", output, "Secretia"), 2, "out.phs: Permission denied")

    def test_shows_progress_on_a_terminal_only(self, people: Path, tmp_path: Path) -> None:
        arguments = [sys.executable, "-m", "phonosearch", "build", str(people), "-o", str(tmp_path / "out.phs")]
        main, side = pty.openpty()
        done = subprocess.run(
            arguments, env=os.environ | {"TERM": "xterm"}, stdout=subprocess.PIPE, stderr=side, check=True, timeout=60
        )
        os.close(side)
        assert b"Indexing" in os.read(main, 65536)
        os.close(main)
        assert b"5 rows read" in done.stdout
        assert run_process(*arguments[3:]).stderr == b""


class TestSearch:
    def test_table_ladder_and_statement(self, index: Path) -> None:
        result = run("search", index, "Jon Smith")
        assert result.exit_code == 0
        answer = ps.PersonIndex.open(index).search("Jon Smith")
        assert "P1" in result.stdout
        assert "John Smith" in result.stdout
        assert " · ".join(f"{level} {count}" for level, count in answer.ladder().items()) in result.stdout
        assert answer.statement in result.stdout
        assert answer.digest in result.stdout
        assert "\x1b" not in result.stdout

    def test_nobody_gives_exit_code_1(self, index: Path) -> None:
        result = run("search", index, "Quackenbush", "--level", "exact")
        assert result.exit_code == 1
        assert "Complete at level exact" in result.stdout

    def test_a_page_behind_the_last_hit_is_no_failure(self, index: Path) -> None:
        assert run("search", index, "John Smith", "--offset", 1000).exit_code == 0
        assert run("search", index, "John Smith", "--limit", 0).exit_code == 0

    def test_explains_every_hit(self, index: Path) -> None:
        result = run("search", index, "Jon Smith", "--explain")
        for hit in ps.PersonIndex.open(index).search("Jon Smith").hits:
            for line in hit.explain().splitlines():
                assert line.strip() in result.stdout
            assert f"{hit.score}  {hit.band}" in result.stdout
        result = run("search", index, "Jon Smith")
        assert "Band" in result.stdout
        assert hit.band in result.stdout

    def test_json(self, index: Path) -> None:
        arguments = ("search", index, "Jon Smith", "--dob", "1984-03", "--sex", "m", "--limit", "1", "--explain")
        found = run_json(*arguments)
        answer = ps.PersonIndex.open(index).search("Jon Smith", dob="1984-03", sex="M", limit=1)
        assert found["digest"] == answer.digest
        assert found["total"] == answer.total
        assert found["ladder"] == answer.ladder()
        (hit,) = found["hits"]
        assert (hit["rank"], hit["person_id"], hit["kind"]) == (1, "P1", "primary")
        assert sum(item["points"] for item in hit["evidence"]) == hit["score"]
        assert run(*arguments, "--json").stdout == run(*arguments, "--json").stdout

    def test_an_age_in_place_of_a_date(self, index: Path) -> None:
        asked = ("--age", "40-45", "--age-on", "2026-11-23", "--place", "Leeds")
        found = run_json("search", index, "Jon Smith", *asked)
        answer = ps.PersonIndex.open(index).search("Jon Smith", age="40-45", age_on="2026-11-23", place="Leeds")
        assert (found["digest"], found["age"], found["age_on"]) == (answer.digest, "40-45", "2026-11-23")
        told = run_json("explain", index, "Jon Smith", "P1", *asked)
        assert [item["part"] for item in told["evidence"]][-2:] == ["age", "place"]

    def test_nobody_in_json(self, index: Path) -> None:
        assert run_json("search", index, "Quackenbush", "--level", "exact", code=1)["hits"] == []

    def test_levels_ranks_and_pages(self, index: Path) -> None:
        assert run_json("search", index, "Jon Smyth", "--level", "exact")["total"] == 1
        second = run_json("search", index, "Jon Smyth", "--level", "variant", "--offset", 1)["hits"]
        assert [hit["rank"] for hit in second] == [2]

    @pytest.mark.parametrize(
        ("arguments", "texts"),
        [
            (["Secretia", "--level", "loud"], ["level: must be one of exact, variant"]),
            (["Secretia", "--dob", "31/12/1999"], ["dob: is not a date"]),
            (["Secretia", "--age", "34"], ["age_on: is needed with an age", "the clock"]),
            (["Secretia", "--age", "1999", "--age-on", "2026-11-23"], ["age: is not an age from 0 to 130"]),
            (["Secretia", "--age", "34", "--age-on", "31/12/1999"], ["age_on: is not a day"]),
            (["Secretia", "--place", "???"], ["place: has no letters and no postcode"]),
            (["Secretia", "--sex", "Secretia"], ["sex: must be one of M, F, X"]),
            (["Secretia", "--limit", "-1"], ["limit: must be a whole number"]),
            (["Secretia", "--limit", "100001"], ["over the limit of 100,000"]),
            (["Secretia", "--limit", "Secretia"], ["--limit: must be a whole number"]),
            (["Secretia " * 100], ["over the limit of 256"]),
            ([""], ["name: is empty"]),
            (["Secretia \udce9"], ["lone surrogate"]),
            (["John", "Secretia"], ["put a name of several words in quotes", "search --help"]),
            (["--secretia"], ["no such option"]),
            (["Secretia", "--dob"], ["--dob is given without its value"]),
            ([], ["NAME is missing"]),
        ],
    )
    def test_a_bad_question_is_refused_without_repeating_it(
        self, index: Path, arguments: list[str], texts: list[str]
    ) -> None:
        result = run("search", index, *arguments)
        assert_refused(result, 2, *texts)
        for secret in ("secretia", "1999", "\udce9"):
            assert secret not in result.stderr.lower()


class TestOtherCommands:
    def test_explain(self, index: Path) -> None:
        found = run("explain", index, "Jon Smith", "P1")
        assert found.exit_code == 0
        assert "Found at level close" in found.stdout
        missing = run("explain", index, "Jon Smith", "P3", "--level", "exact")
        assert missing.exit_code == 0
        assert "Not found" in missing.stdout
        assert "P3" in missing.stdout

    def test_explain_json(self, index: Path) -> None:
        found = run_json("explain", index, "Jon Smith", "P1", "--dob", "1984", "--sex", "M")
        assert found["found"] is True
        assert sum(item["points"] for item in found["evidence"]) == found["score"]
        assert run_json("explain", index, "Jon Smith", "P1", "--level", "exact")["found"] is False

    def test_explain_an_unknown_person(self, index: Path) -> None:
        result = run("explain", index, "Secretia", "P404")
        assert_refused(result, 2, "no person with this person_id")
        assert "P404" not in result.stderr

    def test_explain_a_rejected_person(self, people: Path, tmp_path: Path) -> None:
        people.write_text(FLAWED, encoding="utf-8")
        output = tmp_path / "out.phs"
        assert run("build", people, "-o", output).exit_code == 3
        assert_refused(run("explain", output, "Secretia", "P5"), 2, "row 5 of the source, counted from 0, was rejected")
        assert_refused(run("explain", output, "Secretia", "P5", "--json"), 2, "correct the record")

    def test_compare(self) -> None:
        result = run("compare", "Jon Smith", "John Smythe")
        expected = ps.compare("Jon Smith", "John Smythe")
        assert result.exit_code == 0
        assert f"Score {expected.score} ({expected.band}), level {expected.level}" in result.stdout
        assert expected.explain() in result.stdout
        found = run_json("compare", "Jon Smith", "John Smythe")
        assert (found["score"], found["level"], found["band"]) == (expected.score, expected.level, expected.band)
        assert run_json("compare", "Jon Smith", "Kyle Waters")["level"] is None
        assert_refused(run("compare", "", "Secretia"), 2, "is empty")

    def test_encode(self) -> None:
        result = run("encode", "Dr Smith")
        assert result.exit_code == 0
        assert "S530" in result.stdout
        assert "SM0" in result.stdout
        found = run_json("encode", "Siân Ashcraft")
        assert [part["part"] for part in found["parts"]] == ["sian", "ashcraft"]
        assert found["parts"][1]["soundex"] == "A261"
        keys = found["parts"][1]["double_metaphone"], found["parts"][1]["alternate"]
        assert keys == ps.double_metaphone("ashcraft")

    @pytest.mark.parametrize("name", ["", " ", "\udce9", "x" * 257])
    def test_encode_refuses_what_a_search_refuses(self, name: str) -> None:
        assert_refused(run("encode", name), 2, "name: ")

    def test_check(self, index: Path) -> None:
        result = run("check", index)
        assert result.exit_code == 0
        assert result.stdout.startswith("The index is sound.\n")
        assert "part_letters" not in result.stdout
        assert "part_letters" in run("check", index, "--sections").stdout
        assert ps.PersonIndex.open(index).fingerprint in result.stdout
        found = run_json("check", index)
        assert (found["sound"], found["people"], found["names"]) == (True, 4, 5)
        assert found["bytes"] == index.stat().st_size
        assert sum(section["bytes"] for section in found["sections"]) < found["bytes"]

    def test_check_lists_the_rejected_rows_of_the_build(self, people: Path, tmp_path: Path) -> None:
        people.write_text(FLAWED, encoding="utf-8")
        output, first, later = tmp_path / "out.phs", tmp_path / "first.csv", tmp_path / "later.csv"
        run("build", people, "-o", output, "--rejects", first)
        assert run("check", output, "--rejects", later).exit_code == 0
        lists = [list(csv.reader(path.read_text(encoding="utf-8").splitlines())) for path in (first, later)]
        assert len(lists[0]) == 5
        assert [row[:4] for row in lists[0]] == [row[:4] for row in lists[1]]
        assert stat.S_IMODE(later.stat().st_mode) == 0o600
        before = output.read_bytes()
        assert_refused(run("check", output, "--rejects", output), 2, "named twice")
        assert output.read_bytes() == before

    def test_version_and_help(self) -> None:
        assert run("--version").stdout.startswith(f"phonosearch {ps.__version__} ")
        for arguments in (["--help"], ["build", "--help"], ["search", "--help"]):
            assert run(*arguments).exit_code == 0
        assert run().exit_code in (0, 2)
        assert_refused(run("Secretia"), 2, "no such command")


class TestDamage:
    COMMANDS = (["search", "{}", "Secretia"], ["explain", "{}", "Secretia", "P1"], ["check", "{}"])

    @pytest.fixture(params=["truncated", "changed", "extended", "other", "newer"])
    def damaged(self, index: Path, request: pytest.FixtureRequest) -> Path:
        data = bytearray(index.read_bytes())
        if request.param == "truncated":
            del data[len(data) // 2 :]
        elif request.param == "changed":
            data[len(data) // 2] ^= 1
        elif request.param == "extended":
            data += b"Secretia"
        elif request.param == "other":
            data[:] = b"Secretia" * 1000
        else:
            data[8:12] = (99).to_bytes(4, "little")
        index.write_bytes(data)
        return index

    @pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command[0])
    def test_a_damaged_index_gives_exit_code_4(self, damaged: Path, command: list[str]) -> None:
        result = run(*(argument.format(damaged) for argument in command))
        assert_refused(result, 4, damaged.name)
        assert "Secretia" not in result.stderr

    @pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command[0])
    def test_a_missing_index_gives_exit_code_2(self, tmp_path: Path, command: list[str]) -> None:
        assert_refused(run(*(argument.format(tmp_path / "none.phs") for argument in command)), 2, "No such file")
        assert_refused(run(*(argument.format(tmp_path) for argument in command)), 2, "Is a directory")

    def test_other_rules_give_exit_code_4(self, index: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        def refuse(path: object) -> None:
            raise ps.RulesMismatchError(str(path), "0+old", "1+new")

        monkeypatch.setattr(ps.PersonIndex, "open", refuse)
        assert_refused(run("search", index, "Secretia"), 4, "build it again")

    def test_a_defect_gives_its_own_exit_code_and_no_value(self, monkeypatch: pytest.MonkeyPatch) -> None:
        def fail(*_: object) -> None:
            raise KeyError("Secretia")

        monkeypatch.setattr(ps, "compare", fail)
        result = run("compare", "Secretia", "Secretia")
        assert_refused(result, 70, "a defect of phonosearch: KeyError at test_cli.py:")
        assert "Secretia" not in result.stderr


class TestTerminal:
    @pytest.mark.parametrize(
        ("text", "expected"),
        [
            ("Siân Ó Briain", "Siân Ó Briain"),
            ("محمد", "محمد"),
            ("a\x1b[31mb", "a\\u001b[31mb"),
            ("a\r\nb\tc\x7f\x9b", "a\\u000d\\u000ab\\u0009c\\u007f\\u009b"),
            ("\u202ebob\u2066", "\\u202ebob\\u2066"),
            ("\u200b\u200d\ufeff\u00ad", "\\u200b\\u200d\\ufeff\\u00ad"),
            ("\u2028\u3164\ufe0f\u034f", "\\u2028\\u3164\\ufe0f\\u034f"),
            ("\ud800\U000e0041", "\\ud800\\U000e0041"),
            ("a\\u202eb", "a\\\\u202eb"),
        ],
    )
    def test_what_acts_on_a_terminal_is_shown_as_its_code(self, text: str, expected: str) -> None:
        assert shown(text) == expected

    def test_what_the_encoding_lacks_is_shown_as_its_code(self) -> None:
        assert shown("“Siân” · Хан", "ascii") == '"Si\\u00e2n" | \\u0425\\u0430\\u043d'
        assert shown("Siân Хан", "latin-1") == "Siân \\u0425\\u0430\\u043d"

    @pytest.mark.parametrize("options", [[], ["--explain"]])
    def test_a_name_cannot_act_on_the_terminal(self, odd_index: Callable[[str, str], Path], options: list[str]) -> None:
        path = odd_index("P\x1b[2J\u202e1", "Bob \x1b]0;x\x07 [red]Jones[/red] \u200b :smile: \u2067")
        result = run("search", path, "Bob Jones", *options, "--level", "wide")
        assert result.exit_code == 0, result.output
        assert "Bob \\u001b]0;x\\u0007 [red]Jones[/red] \\u200b :smile: \\u2067" in result.stdout
        assert "P\\u001b[2J\\u202e1" in result.stdout
        assert not set("\x1b\x07\u202e\u200b\u2067") & set(result.stdout)

    def test_a_path_cannot_act_on_the_terminal(self, tmp_path: Path) -> None:
        result = run("check", tmp_path / "\x1b[2J[bold]none")
        assert_refused(result, 2, "\\u001b[2J[bold]none")

    def test_json_is_ascii(self, odd_index: Callable[[str, str], Path]) -> None:
        path = odd_index("P\u202e1", "Siân \x1bJones")
        (hit,) = run_json("search", path, "Sian Jones", "--level", "wide")["hits"]
        assert (hit["person_id"], hit["name"]) == ("P\u202e1", "Siân \x1bJones")

    @pytest.mark.parametrize(
        "command",
        [
            ["search", "{}", "Siân O’Brien", "--explain"],
            ["search", "{}", "Мохаммед Хан", "--json"],
            ["explain", "{}", "Siân", "P3"],
            ["compare", "“Siân”", "Хан"],
            ["encode", "Łukasz"],
            ["check", "{}"],
            ["--help"],
            ["search", "--help"],
        ],
        ids=lambda command: command[0],
    )
    def test_an_ascii_terminal(self, index: Path, command: list[str]) -> None:
        done = run_process(*(part.format(index) for part in command), PYTHONIOENCODING="ascii")
        assert done.returncode == 0, done.stderr
        assert done.stdout.isascii()
        assert done.stderr == b""

    def test_no_colour_in_a_pipe_or_when_it_is_not_wanted(self, index: Path) -> None:
        assert b"\x1b" not in run_process("search", index, "John Smith").stdout
        main, side = pty.openpty()
        environment = os.environ | {"TERM": "xterm-256color", "NO_COLOR": "1"}
        arguments = [sys.executable, "-m", "phonosearch", "search", str(index), "John Smith"]
        subprocess.run(arguments, env=environment, stdout=side, stderr=side, check=True, timeout=60)
        os.close(side)
        assert b"\x1b[32" not in os.read(main, 65536)
        os.close(main)

    def test_a_narrow_table_folds_and_cuts_nothing_off(self, odd_index: Callable[[str, str], Path]) -> None:
        path = odd_index("P" + "0123456789" * 6, "Bob Jones")
        done = run_process("search", path, "Bob Jones", COLUMNS="60")
        assert sum(done.stdout.count(str(digit).encode()) for digit in range(10)) > 60
        assert "…".encode() not in done.stdout

    def test_a_closed_pipe_is_no_defect(self, index: Path) -> None:
        reader, writer = os.pipe()
        os.close(reader)
        done = subprocess.run(
            [sys.executable, "-m", "phonosearch", "search", str(index), "John Smith"],
            stdout=writer, stderr=subprocess.PIPE, check=False, timeout=60,
        )  # fmt: skip
        os.close(writer)
        assert b"Traceback" not in done.stderr
        assert b"defect" not in done.stderr
        assert done.returncode == 141


@pytest.mark.parametrize("missing", ["typer", "rich"])
def test_without_the_extra_says_how_to_install_it(missing: str) -> None:
    code = f"import sys; sys.modules[{missing!r}] = None; from phonosearch.__main__ import main; main()"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr.count("\n") == 1
    assert "pip install 'phonosearch[cli]'" in done.stderr


def test_an_empty_load_does_not_replace_an_index(people: Path, tmp_path: Path) -> None:
    index = tmp_path / "people.phs"
    assert run("build", people, "-o", index).exit_code in (0, 3)
    before = index.read_bytes()
    bad = tmp_path / "bad.csv"
    bad.write_text("person_id,full_name\nP1,\n")
    result = run("build", bad, "-o", index)
    assert result.exit_code == 2
    assert "none could be indexed" in " ".join(result.output.replace("│", " ").split())
    assert index.read_bytes() == before
