"""The examples of the compiled modules and of the documents, run as they stand.

In a document, ``>>>`` lines are Python and ``$`` lines of a ``console`` block are commands; both see the files of the
blocks above them. ``...`` in an output stands for anything.
"""

from __future__ import annotations

import doctest
import importlib
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import phonosearch

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


def console(text: str, number: int) -> None:
    """Run the commands of a block; each is followed by what it prints."""
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
    for command, expected in commands:
        done = subprocess.run(
            ["bash", "-c", define + command], env=environment, capture_output=True, text=True, check=False, timeout=120
        )
        got, want = done.stdout + done.stderr, "\n".join([*expected, ""])
        assert doctest.OutputChecker().check_output(want, got, FLAGS), f"block {number}: {command}\n{got}"


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
            console(text, number)
            attempted += 1
        elif ">>>" in text:
            test = doctest.DocTestParser().get_doctest(text, names, f"{document}, block {number}", document, 0)
            test.globs = names
            attempted += run(test)
    assert attempted
