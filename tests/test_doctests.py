"""The examples of the compiled modules and of the documents, run as they stand.

In a document, ``>>>`` lines are Python and ``$`` lines of a ``console`` block are commands; both see the files of the
blocks above them. ``...`` in an output stands for anything.

When the rules change on purpose, ``python tests/test_doctests.py --write`` puts the outputs of today into the documents
and the docstrings of the Python modules; read the difference before it is committed.
"""

from __future__ import annotations

import contextlib
import difflib
import doctest
import importlib
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

import phonosearch
from phonosearch._reference import relate

ROOT = Path(__file__).parents[1]
COMPILED = sorted(path.stem for path in (ROOT / "src" / "phonosearch").glob("*.pyx"))
DOCUMENTS = ("README.md", "docs/how-to.md", "docs/reference.md", "docs/rules.md")
FLAGS = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE
BLOCK = re.compile(r"^```(python|console)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
HEREDOC = re.compile(r"<<'(\w+)'")


def run(test: doctest.DocTest) -> int:
    """Run the examples, with the report of failures on stdout; say how many there were."""
    outcome = doctest.DocTestRunner(optionflags=FLAGS).run(test, clear_globs=False)
    assert not outcome.failed, test.name
    return outcome.attempted


@pytest.mark.parametrize("name", COMPILED)
def test_examples_of_a_compiled_module(name: str) -> None:
    module = importlib.import_module(f"phonosearch.{name}")
    finder = doctest.DocTestFinder(recurse=False)
    docstrings = [(name, module), *((key, value) for key, value in vars(module).items() if not key.startswith("__"))]
    for key, value in docstrings:
        if value is module or getattr(value, "__module__", None) == module.__name__:
            for test in finder.find(value, f"{name}.{key}", module=False, globs=dict(vars(module))):
                run(test)


def test_a_compiled_module_has_examples() -> None:
    """So that the test above does not pass for want of them."""
    assert ">>>" in (phonosearch.soundex.__doc__ or "") + (phonosearch.double_metaphone.__doc__ or "")


def test_the_steps_of_the_worked_example_are_those_of_today() -> None:
    text = (ROOT / "docs" / "rules.md").read_text(encoding="utf-8")
    letters, _, rest = text.partition("## How a score is computed")
    steps = rest.partition("## Scores in words")[0]
    asked = {"full_name": "Jon Michael Wolstenhome", "dob": "1984-07"}
    found = phonosearch.compare(asked, {"full_name": "Jonathan Wolstenholme", "dob": "1984-07-03"})
    nickname, slip = (relate(*words, True)[1] for words in (("jon", "jonathan"), ("wolstenhome", "wolstenholme")))
    first, second, left_out, date = (piece.points for piece in found.evidence)
    stated = {int(number) for number in re.findall(r"\*\*(\d+)\*\*", steps)}
    assert {nickname, slip, first, first + second, date, found.score} <= stated
    assert f"{first} + {second} + {left_out} + {date} = **{found.score}**" in steps
    assert f"= {slip} points" in letters


def console(text: str) -> list[tuple[str, str, str]]:
    """Run the commands of a block, each followed by what it prints: those that print something else, both outputs."""
    lines = iter(text.splitlines())
    commands: list[tuple[str, list[str]]] = []
    for line in lines:
        if not line.startswith("$ "):
            commands[-1][1].append(line)
            continue
        command = line[2:]
        if end := HEREDOC.search(command):
            for inner in lines:
                command += f"\n{inner}"
                if inner == end[1]:
                    break
        commands.append((command, []))
    environment = {**os.environ, "COLUMNS": "110", "PYTHONIOENCODING": "utf-8", "PYTHON": sys.executable}
    define = 'phonosearch() { "$PYTHON" -m phonosearch "$@"; }; python() { "$PYTHON" "$@"; }\n'
    wrong = []
    for command, expected in commands:
        done = subprocess.run(
            ["bash", "-c", define + command], env=environment, capture_output=True, text=True, check=False, timeout=120
        )
        got, want = done.stdout + done.stderr, "\n".join([*expected, ""])
        if not doctest.OutputChecker().check_output(want, got, FLAGS):
            wrong.append((command, want, got))
    return wrong


@pytest.mark.parametrize("document", DOCUMENTS)
def test_document(document: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for extra in ("typer", "rich", "pyarrow"):
        pytest.importorskip(extra, reason=f"the examples need {extra}")
    shutil.copytree(ROOT / "docs", tmp_path / "docs")
    monkeypatch.chdir(tmp_path)
    names: dict[str, object] = {}
    attempted = 0
    for number, (language, text) in enumerate(BLOCK.findall((ROOT / document).read_text(encoding="utf-8")), 1):
        if language == "console":
            for command, want, got in console(text):
                raise AssertionError(f"block {number}: {command}\n{got}\nis not\n{want}")
            attempted += 1
        elif ">>>" in text:
            test = doctest.DocTestParser().get_doctest(text, names, f"{document}, block {number}", document, 0)
            test.globs = names
            attempted += run(test)
    assert attempted


# Writing the outputs again


def renewed(want: str, got: str) -> str:
    """An output as it is today, with ``...`` where the old one has it: each of its lines by the one most like it."""
    lines, now, place, skipped = [], got.rstrip("\n").split("\n"), 0, False
    for line in want.rstrip("\n").split("\n"):
        if line.strip() == "...":
            lines.append(line)
            skipped = True
            continue
        left = now[place:]
        if not left:
            break
        if skipped:
            place += max(range(len(left)), key=lambda at: difflib.SequenceMatcher(None, line, left[at]).ratio())
        same = doctest.OutputChecker().check_output(line + "\n", now[place] + "\n", FLAGS)
        today = re.sub(r"\(rules [^)]*\)", "(rules ...)", re.sub(r"rules='[^']*'", "rules='...'", now[place].rstrip()))
        lines.append(line if same and "..." in line else today or "<BLANKLINE>")
        place, skipped = place + 1, False
    if lines and not skipped and "..." not in want:
        lines += [line.rstrip() or "<BLANKLINE>" for line in now[place:]]
    return "\n".join(lines) + "\n"


class Collector(doctest.DocTestRunner):
    """Runs examples and remembers those that print something else."""

    def __init__(self) -> None:
        super().__init__(optionflags=FLAGS)
        self.wrong: list[tuple[str, str]] = []

    def report_failure(self, out: object, test: doctest.DocTest, example: doctest.Example, got: str) -> None:
        if example.want:
            self.wrong.append((example.want, got))


def replaced(text: str, wrong: list[tuple[str, str]]) -> str:
    for want, got in wrong:
        indented = re.compile(
            "".join(rf"(?:[ ]*){re.escape(line)}\n" if line else r"[ ]*\n" for line in want[:-1].split("\n"))
        )
        found = indented.search(text)
        if found is None:
            print("not found:", want)
            continue
        margin = re.match(" *", found[0])[0].removesuffix(re.match(" *", want)[0])  # type: ignore[index]
        new = "".join(f"{margin}{line}\n" for line in renewed(want, got)[:-1].split("\n"))
        text = text[: found.start()] + new + text[found.end() :]
    return text


def put(path: Path, wrong: list[tuple[str, str]]) -> None:
    if wrong:
        path.write_text(replaced(path.read_text(encoding="utf-8"), wrong), encoding="utf-8")
        print(f"{path.name}: {len(wrong)} outputs")


def write() -> None:
    for document in DOCUMENTS:
        path, names, wrong = ROOT / document, dict[str, object](), list[tuple[str, str]]()
        with tempfile.TemporaryDirectory() as folder, contextlib.chdir(folder):
            shutil.copytree(ROOT / "docs", "docs")
            for language, text in BLOCK.findall(path.read_text(encoding="utf-8")):
                if language == "console":
                    wrong += [(want, got) for _, want, got in console(text)]
                elif ">>>" in text:
                    test = doctest.DocTestParser().get_doctest(text, names, document, document, 0)
                    test.globs = names
                    runner = Collector()
                    runner.run(test, clear_globs=False)
                    wrong += runner.wrong
        put(path, wrong)
    for path in sorted((ROOT / "src" / "phonosearch").glob("*.py")):
        if path.stem == "__main__" or ">>>" not in path.read_text(encoding="utf-8"):
            continue
        module = importlib.import_module("phonosearch" if path.stem == "__init__" else f"phonosearch.{path.stem}")
        runner = Collector()
        for test in doctest.DocTestFinder(exclude_empty=True).find(module):
            runner.run(test)
        put(path, runner.wrong)


if __name__ == "__main__":
    if sys.argv[1:] != ["--write"]:
        raise SystemExit(__doc__)
    write()
