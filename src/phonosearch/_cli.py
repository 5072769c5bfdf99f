"""The commands: build, search, explain, compare, encode and check.

Names and dates of birth may stand in what a command prints on stdout, never in what it prints of an error. Text that
comes from data cannot act on the terminal: see ``_screen``. Exit codes: 0 done; 1 nothing found; 2 it cannot be done as
asked; 3 built, but rows were rejected; 4 the index is damaged or of another version; 70 a defect of phonosearch; 141
the program that reads the output ended first.
"""

from __future__ import annotations

import csv
import errno
import io
import json
import os
import sys
import time
import traceback
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Group
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn
from typer.core import TyperGroup

import phonosearch as ps
from phonosearch import _storage
from phonosearch._cli_files import arrow_file, csv_file
from phonosearch._normalise import check_text
from phonosearch._rules import rules
from phonosearch._screen import Screen, shown

__all__ = ["app"]

STANDARD_OUTPUT = Path("-")
FOUND_NOTHING, CANNOT, SOME_REJECTED, BAD_INDEX, DEFECT, READER_LEFT = 1, 2, 3, 4, 70, 141


def _print_json(document: dict[str, Any]) -> None:
    print(json.dumps(document, ensure_ascii=True, indent=2))


def _evidence(evidence: Sequence[ps.Evidence]) -> list[dict[str, Any]]:
    return [item._asdict() for item in evidence]


# Errors. Typer names both the classes and the modules of its usage errors differently from version to version, and
# their messages repeat what was typed, which can be a name.

_UsageError: type[Exception] = typer.BadParameter.__bases__[0]


def _usage_problem(error: Any) -> str:
    kind = type(error).__name__
    param = getattr(error, "param", None)
    label = ""
    if param:
        label = next((opt for opt in param.opts if opt.startswith("--")), param.metavar or param.name)
    if kind == "NoSuchOption":
        problem = "there is no such option; before a name that begins with a hyphen write --"
    elif kind == "MissingParameter":
        problem = f"{label} is missing"
    elif kind == "BadOptionUsage":
        problem = f"{error.option_name} is given without its value, or with one that it does not take"
    elif param:
        problem = f"{label}: must be a whole number"
    elif hasattr(getattr(getattr(error, "ctx", None), "command", None), "commands"):
        problem = "there is no such command"
    else:
        problem = "too many arguments; put a name of several words in quotes"
    where = getattr(getattr(error, "ctx", None), "command_path", "phonosearch")
    return f"{problem} (see: {where} --help)"


def _complain(problem: str) -> None:
    encoding = getattr(sys.stderr, "encoding", None) or "ascii"
    print(f"phonosearch: {shown(problem, encoding)}", file=sys.stderr)


class _Commands(TyperGroup):
    """The command line with one line for an error, and no traceback."""

    def main(self, *args: Any, **kwargs: Any) -> Any:
        for stream in (sys.stdout, sys.stderr):
            if isinstance(stream, io.TextIOWrapper):
                stream.reconfigure(errors="backslashreplace")
        kwargs["standalone_mode"] = False
        code: int | None
        try:
            code = super().main(*args, **kwargs)
        except SystemExit as error:
            if not isinstance(error.__context__, BrokenPipeError):
                raise
            code = READER_LEFT
        except _UsageError as error:
            code = CANNOT
            if type(error).__name__ == "NoArgsIsHelpError":
                error.show()  # type: ignore[attr-defined]
            else:
                _complain(_usage_problem(error))
        except ps.IndexFormatError as error:
            code = BAD_INDEX
            _complain(str(error))
        except ps.PhonosearchError as error:
            code = CANNOT
            _complain(str(error))
        except OSError as error:
            code = CANNOT
            # The file name of an error can be a number, of a file that is open already.
            named = isinstance(error.filename, str | bytes | os.PathLike)
            _complain(f"{os.fsdecode(error.filename)}: {error.strerror}" if named else error.strerror or str(error))
        except Exception as error:
            code = DEFECT
            at = traceback.extract_tb(error.__traceback__)[-1]
            _complain(f"a defect of phonosearch: {type(error).__name__} at {Path(at.filename).name}:{at.lineno}")
        sys.exit(code or 0)


app = typer.Typer(
    cls=_Commands,
    help="Person search by the sound and spelling of names: complete, repeatable, explained.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)

# Not readable=True, the default: whether a file can be read, and what is said if not, is found out by opening it.
IndexFile = Annotated[Path, typer.Argument(metavar="INDEX", help="A file that build has written.", readable=False)]
Rejects = Annotated[
    Path | None,
    typer.Option(
        metavar="FILE",
        help="Write rejected rows, warnings and contradictory people as CSV; row 0 is the first, on line 2. - is "
        "standard output, and what else there is to say goes to standard error then.",
        readable=False,
    ),
]
Level = Annotated[str, typer.Option(help="exact, variant, sounds, close or wide; each finds all of the one before it.")]
BirthDate = Annotated[str | None, typer.Option(metavar="DATE", help="1984, 1984-03 or 1984-03-07; moves the score.")]
Sex = Annotated[str | None, typer.Option(metavar="M|F|X", help="Moves the score.")]
Age = Annotated[str | None, typer.Option(metavar="AGE", help="34 or 30-40, in place of a date; moves the score.")]
AgeOn = Annotated[str | None, typer.Option(metavar="DAY", help="The day on which the age is meant, as 2026-11-23.")]
Where = Annotated[str | None, typer.Option(metavar="PLACE", help="A town, a postcode or both; moves the score.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON document, in ASCII.")]


def _print_version(wanted: bool) -> None:
    if wanted:
        print(f"phonosearch {ps.__version__} (rules {rules().version}, index format {_storage.FORMAT_VERSION})")
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version and exit.")
    ] = False,
) -> None:
    pass


def _check_rejects(rejects: Path | None, as_json: bool, *others: Path) -> None:
    if rejects == STANDARD_OUTPUT and as_json:
        raise ps.RecordsError("--rejects: with --json, standard output takes the JSON document; name a file")
    if rejects and rejects != STANDARD_OUTPUT:
        _check_target(rejects, *others)


def _check_target(target: Path, *others: Path) -> None:
    if target.is_dir():
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(target))
    if not target.parent.is_dir():
        raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), str(target.parent))
    if any(target.resolve() == other.resolve() for other in others):
        raise OSError(errno.EEXIST, "the same file is named twice; nothing was written", str(target))


def _columns(notes: Sequence[ps.ColumnNote]) -> list[dict[str, Any]]:
    return [note._asdict() for note in notes]


def _print_unusual(screen: Screen, report: ps.LoadReport) -> None:
    """What is no fault of a row, if anything; in colour where it looks like a mistake."""
    if report.contradictory_dates:
        who = "1 person has" if report.contradictory_dates == 1 else f"{report.contradictory_dates:,} people have"
        screen.line(
            f"{who} dates of birth that contradict each other; all are kept. Two people under one person_id look like "
            "this too: --rejects FILE lists them"
        )
    if not report.unused_columns:
        return
    names = (
        f"{note.name or '(no name)'}" + (f" (is it {note.suggestion}?)" if note.suggestion else "")
        for note in report.unused_columns
    )
    style = "yellow" if any(note.suggestion for note in report.unused_columns) else ""
    screen.line(screen.text(f"Columns not used: {', '.join(names)}", style))


def _write_rejects(path: Path, index: ps.PersonIndex, source: object = None) -> None:
    """A line for each rejected row, each warning and each person with dates of birth that contradict each other.

    The line of the file is known right after reading a CSV file.
    """
    report = index.report
    target: AbstractContextManager[Any] = nullcontext(sys.stdout)
    if path != STANDARD_OUTPUT:
        path.touch(mode=0o600)
        target = path.open("w", encoding="utf-8", errors="backslashreplace", newline="")
    with target as file:
        writer = csv.writer(file, lineterminator="\n" if path == STANDARD_OUTPUT else "\r\n")
        writer.writerow(("outcome", "row", "id", "reason", "line"))
        for outcome, notes in (("rejected", report.rejected), ("warning", report.warnings)):
            for note in notes:
                line = source.line(note.row) if isinstance(source, ps.CsvSource) else None
                writer.writerow((outcome, *note, line))
        writer.writerows(
            ("contradiction", None, person_id, "the dates of birth of this person contradict each other", None)
            for person_id in index.contradictory_dates()
        )


@app.command()
def build(
    people: Annotated[
        Path, typer.Argument(metavar="PEOPLE", help="A .csv, .parquet, .arrow or .feather file.", readable=False)
    ],
    output: Annotated[
        Path, typer.Option("--output", "-o", metavar="INDEX", help="The index file to write.", readable=False)
    ],
    names: Annotated[bool, typer.Option("--names/--no-names", help="Keep the names as given, to show them.")] = True,
    rejects: Rejects = None,
    encoding: Annotated[str, typer.Option(help="The encoding of a CSV file.")] = "utf-8-sig",
    delimiter: Annotated[str, typer.Option(help="What stands between the cells of a CSV file; tab for a tab.")] = ",",
    as_json: AsJson = False,
) -> None:
    """Index people from a file, and account for every row of it.

    Columns: person_id, then full_name or forenames and surname; kind, dob, sex and place if known. Others are not used,
    and listed. Exit code 3: the index is written, but some rows were rejected.
    """
    _check_target(output, people)
    _storage.check_replaceable(output)
    _check_rejects(rejects, as_json, people, output)
    screen, errors = Screen(stderr=rejects == STANDARD_OUTPUT), Screen(stderr=True)
    columns = TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeRemainingColumn()
    arrow = people.suffix.lower() in (".parquet", ".arrow", ".feather")
    started = time.perf_counter()
    progress = Progress(*columns, console=errors.console, transient=True)
    with progress if errors.console.is_terminal and not as_json else nullcontext():
        task = progress.add_task("Indexing", total=None)
        source = arrow_file(people, progress, task) if arrow else csv_file(people, encoding, delimiter, progress, task)
        progress.update(task, total=source.total)
        index = ps.PersonIndex.build(source.records, display_names=names)
    seconds = time.perf_counter() - started
    report = index.report
    if rejects:
        _write_rejects(rejects, index, source.records)
    if not len(index) and output.exists():
        # An index that officers search must not give way to an empty one because a source failed.
        raise ps.RecordsError(
            f"{report.read:,} rows were read and none could be indexed, so the index there was kept; --rejects FILE "
            "lists the reasons"
        )
    index.save(output)
    reasons = [
        (outcome, count, reason)
        for outcome, notes in (("rejected", report.rejected), ("warning", report.warnings))
        for reason, count in Counter(note.reason for note in notes).most_common()
    ]
    size, rate = output.stat().st_size, round(report.read / seconds)
    if as_json:
        _print_json({
            "index": str(output), "bytes": size, "fingerprint": index.fingerprint, "rules": index.rules,
            "read": report.read, "indexed": report.indexed, "rejected": len(report.rejected),
            "warnings": len(report.warnings), "people": report.persons, "names": report.names,
            "seconds": round(seconds, 3), "rows_per_second": rate,
            "unused_columns": _columns(report.unused_columns), "contradictory_dates": report.contradictory_dates,
            "reasons": [{"outcome": outcome, "count": count, "reason": reason} for outcome, count, reason in reasons],
        })  # fmt: skip
    else:
        screen.line(
            f"{report.read:,} rows read, {report.indexed:,} indexed, {len(report.rejected):,} rejected, "
            f"{len(report.warnings):,} warnings"
        )
        screen.line(f"{report.persons:,} people with {report.names:,} names in {seconds:.2f} s, {rate:,} rows/s")
        _print_unusual(screen, report)
        if reasons:
            screen.table("Outcome|Rows>|Reason", ((outcome, f"{count:,}", why) for outcome, count, why in reasons))
        screen.line(f"Written: {output}, {size:,} bytes, fingerprint {index.fingerprint[:16]}")
        if report.rejected:
            place = "on standard output" if rejects == STANDARD_OUTPUT else f"in {rejects}"
            where = f"they are listed {place}" if rejects else "list them with --rejects FILE"
            without = f"The index is without the {len(report.rejected):,} rejected rows; {where}"
            screen.line(screen.text(without, "yellow"))
    if report.rejected:
        raise typer.Exit(SOME_REJECTED)


@app.command()
def search(
    index: IndexFile,
    name: Annotated[
        str, typer.Argument(metavar="NAME", help="A name, in quotes; in any order and any script; no wildcards.")
    ],
    level: Level = "close",
    dob: BirthDate = None,
    sex: Sex = None,
    age: Age = None,
    age_on: AgeOn = None,
    place: Where = None,
    limit: Annotated[int, typer.Option(help="How many hits to show.")] = 20,
    offset: Annotated[int, typer.Option(help="How many hits to pass over first.")] = 0,
    explain: Annotated[bool, typer.Option("--explain", help="Say of each hit why it was found.")] = False,
    as_json: AsJson = False,
) -> None:
    """Find every person whose name satisfies the level.

    Exit code 1: nobody does.
    """
    people = ps.PersonIndex.open(index)
    started = time.perf_counter()
    answer = people.search(
        name, level=level, limit=limit, offset=offset, dob=dob, sex=sex, age=age, age_on=age_on, place=place
    )
    seconds = time.perf_counter() - started
    if as_json:
        hits = []
        for rank, hit in enumerate(answer.hits, offset + 1):
            fields = {
                "rank": rank, "person_id": hit.person_id, "score": hit.score, "level": hit.level, "name": hit.name,
                "kind": hit.name_kind, "band": hit.band,
            }  # fmt: skip
            hits.append(fields | ({"evidence": _evidence(hit.evidence)} if explain else {}))
        # No time: the same question to the same index gives the same bytes.
        _print_json({
            "query": name, "level": level, "dob": dob, "sex": sex, "age": age, "age_on": age_on, "place": place,
            "limit": limit, "offset": offset, "total": answer.total, "ladder": answer.ladder(),
            "statement": answer.statement, "rules": answer.rules, "fingerprint": answer.fingerprint,
            "digest": answer.digest, "hits": hits,
        })  # fmt: skip
    else:
        screen = Screen()
        if answer.hits:
            _print_hits(screen, answer, explain=explain)
        screen.ladder(answer.ladder(), answer.level)
        screen.line(answer.statement)
        screen.line(screen.text(f"{seconds * 1000:.2f} ms · digest {answer.digest}", "dim"))
    if not answer.total:
        raise typer.Exit(FOUND_NOTHING)


def _print_hits(screen: Screen, answer: ps.Answer, *, explain: bool) -> None:
    def rows() -> Iterator[Sequence[object]]:
        for rank, hit in enumerate(answer.hits, answer.offset + 1):
            place = f"{rank:,}", hit.person_id, hit.score
            name = screen.text(hit.name)
            if explain:
                # The sentences need the room of a column; the points add up to the score.
                why = Group(name, screen.sentences(hit.evidence), screen.text(f"{hit.score:5d}  {hit.band}", "dim"))
                yield *place, screen.level(hit.level), why, hit.name_kind
            else:
                yield *place, hit.band, screen.level(hit.level), name, hit.name_kind

    screen.table(f"#>|Person|Score>|{'' if explain else 'Band|'}Level|Name|Kind", rows())


@app.command()
def explain(
    index: IndexFile,
    name: Annotated[str, typer.Argument(metavar="NAME", help="The name that was searched for.")],
    person_id: Annotated[str, typer.Argument(metavar="PERSON_ID", help="The person who was found, or was not.")],
    level: Level = "close",
    dob: BirthDate = None,
    sex: Sex = None,
    age: Age = None,
    age_on: AgeOn = None,
    place: Where = None,
    as_json: AsJson = False,
) -> None:
    """Say why a search finds a person, or why it does not.

    Exit code 2: the person is not in the index; the record may have been rejected, and then the reason is told.
    """
    people = ps.PersonIndex.open(index)
    why = people.explain(name, person_id, level=level, dob=dob, sex=sex, age=age, age_on=age_on, place=place)
    if as_json:
        _print_json({
            "query": name, "person_id": why.person_id, "asked_level": level, "dob": dob, "sex": sex,
            "age": age, "age_on": age_on, "place": place, "found": why.found, "level": why.level, "score": why.score,
            "band": rules().band_of(why.score),
            "name": why.name, "text": why.text, "evidence": _evidence(why.evidence),
        })  # fmt: skip
        return
    screen = Screen()
    verdict = why.text.split("\n", 1)[0]
    screen.line(screen.text(verdict, "green" if why.found else "yellow"))
    score = f"score {why.score} ({rules().band_of(why.score)})"
    screen.line(f"Person {why.person_id}, by the name {why.name}: {score}, level ", screen.level(why.level))
    screen.line(screen.sentences(why.evidence))


@app.command()
def compare(
    a: Annotated[str, typer.Argument(metavar="A", help="The name that is asked for.")],
    b: Annotated[str, typer.Argument(metavar="B", help="The name on record.")],
    as_json: AsJson = False,
) -> None:
    """Compare two names by the rules of a search."""
    found = ps.compare(a, b)
    if as_json:
        _print_json({
            "a": a, "b": b, "score": found.score, "level": found.level, "band": found.band,
            "evidence": _evidence(found.evidence),
        })  # fmt: skip
        return
    screen = Screen()
    screen.line(f"Score {found.score} ({found.band}), level ", screen.level(found.level))
    screen.line(screen.sentences(found.evidence))


@app.command()
def encode(name: Annotated[str, typer.Argument(metavar="NAME")], as_json: AsJson = False) -> None:
    """Show the parts of a name as they are compared, with their phonetic keys."""
    check_text(name)
    rows = [(part, ps.soundex(part), *ps.double_metaphone(part)) for part in ps.normalise(name)]
    if not rows:
        raise ps.QueryError("name", "is empty; give at least one letter")
    if as_json:
        keys = ("part", "soundex", "double_metaphone", "alternate")
        _print_json({"name": name, "parts": [dict(zip(keys, row, strict=True)) for row in rows]})
        return
    Screen().table("Part|Soundex|Double Metaphone|Alternate", iter(rows))


@app.command()
def check(
    index: IndexFile,
    rejects: Rejects = None,
    sections: Annotated[bool, typer.Option("--sections", help="List the sections of the file too.")] = False,
    as_json: AsJson = False,
) -> None:
    """Verify every byte of an index, and that its records are those that were saved.

    The first line is the verdict; what the index holds comes after. Exit code 4: the index is damaged, or another
    version of phonosearch wrote it.
    """
    _check_rejects(rejects, as_json, index)
    _storage.verify(index)
    people = ps.PersonIndex.open(index)
    people.verify()
    report = people.report
    if rejects:
        _write_rejects(rejects, people)
    parts = [(name, f"{array.dtype.kind}{array.itemsize}", len(array), array.nbytes) for name, array in
                _storage.load(index)[0].items()]  # fmt: skip
    facts = {
        "index": str(index), "bytes": index.stat().st_size, "format": _storage.FORMAT_VERSION, "rules": people.rules,
        "fingerprint": people.fingerprint, "people": len(people), "names": report.names, "rows_read": report.read,
        "rows_indexed": report.indexed, "rows_rejected": len(report.rejected), "warnings": len(report.warnings),
    }  # fmt: skip
    if as_json:
        keys = ("name", "type", "items", "bytes")
        _print_json({"sound": True} | facts | {
            "unused_columns": _columns(report.unused_columns), "contradictory_dates": report.contradictory_dates,
            "sections": [dict(zip(keys, row, strict=True)) for row in parts],
        })  # fmt: skip
        return
    screen = Screen(stderr=rejects == STANDARD_OUTPUT)
    screen.line(screen.text("The index is sound.", "green"))
    for key, value in facts.items():
        screen.line(f"{key.replace('_', ' '):14}{f'{value:,}' if isinstance(value, int) else value}")
    _print_unusual(screen, report)
    if sections:
        screen.table("Section|Type|Items>|Bytes>", ((name, kind, f"{n:,}", f"{b:,}") for name, kind, n, b in parts))
