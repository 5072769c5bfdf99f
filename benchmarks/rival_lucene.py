"""Lucene as a rival: a small program in Java that indexes, searches and keeps its own time."""

from __future__ import annotations

import atexit
import re
import shutil
import subprocess
import tempfile
import time
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import ClassVar

from measuring import PASSES, Clocked
from rivals import CANDIDATES, Rival, RivalError, folder_size, rank

__all__ = ["LUCENE"]

JARS = Path("/usr/share/java")
NEEDED = ("lucene-core", "lucene-analyzers-common", "commons-codec")
SOURCE = Path(__file__).with_name("LuceneRival.java")

# One collector of garbage, and memory enough that it seldom runs: pauses of a virtual machine are not Lucene's fault.
VIRTUAL_MACHINE = ("-Xms1g", "-Xmx3g", "-Xmn512m", "-XX:+UseSerialGC")


def _jars() -> dict[str, Path]:
    """The newest jar of each library."""
    found = {}
    for needed in NEEDED:
        numbers = {
            path: [int(one) for one in path.stem[len(needed) + 1 :].split(".")]
            for path in JARS.glob(f"{needed}-[0-9]*.jar")
            if re.fullmatch(r"[\d.]*\d", path.stem[len(needed) + 1 :])
        }
        if numbers:
            found[needed] = max(numbers, key=lambda path: numbers[path])
    return found


def _run(program: str, classes: Path, *arguments: object) -> str:
    """What a program of Java prints."""
    paths = ":".join(map(str, [classes, *_jars().values()]))
    options = () if program == "javac" else VIRTUAL_MACHINE
    done = subprocess.run(
        [program, *options, "-cp", paths, *map(str, arguments)], capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise RivalError(f"{program}: {(done.stderr.strip().splitlines() or ['failed'])[0]}")
    return done.stdout


@cache
def _classes() -> Path:
    """The compiled program, kept as long as this process lives."""
    folder = tempfile.TemporaryDirectory(prefix="phonosearch-java-")
    atexit.register(folder.cleanup)
    _run("javac", Path(folder.name), "-d", folder.name, SOURCE)
    return Path(folder.name)


class _Lucene(Rival):
    """An index of parts and of their Double Metaphone codes, of one segment."""

    kind: ClassVar[str]
    floor = 0.8
    _folder: Path | None = None

    def missing(self) -> str:
        if absent := super().missing():
            return absent
        programs = [program for program in ("javac", "java") if not shutil.which(program)]
        if programs:
            return f"not installed: {', '.join(programs)} (Debian: default-jdk-headless)"
        absent_jars = [needed for needed in NEEDED if needed not in _jars()]
        if absent_jars:
            return f"no {', '.join(absent_jars)} in {JARS} (Debian: liblucene8-java, libcommons-codec-java)"
        return ""

    def version(self) -> str:
        java = subprocess.run(["java", "-version"], capture_output=True, text=True, check=True).stderr.split('"')[1]
        return ", ".join([*(path.stem for path in _jars().values()), f"Java {java}"])

    def prepare(self) -> None:
        _classes()
        self._folder = Path(tempfile.mkdtemp(prefix="phonosearch-lucene-"))

    def build(self, names: Sequence[str]) -> None:
        assert self._folder is not None
        self._names = names
        path = self._folder / "names"
        path.write_text("".join(f"{name}\n" for name in names), encoding="utf-8")
        self.build_seconds = float(_run("java", _classes(), "LuceneRival", "index", self._folder / "index", path))

    def _answers(self, warming: Sequence[str], texts: Sequence[str], k: int) -> list[tuple[list[float], list[int]]]:
        """For each text the milliseconds of every pass, and the rows found."""
        assert self._folder is not None
        paths = [self._folder / name for name in ("warming", "queries", "answers")]
        for path, lines in zip(paths, (warming, texts), strict=False):
            path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
        _run("java", _classes(), "LuceneRival", "search", self._folder / "index", self.kind, k, PASSES, *paths)
        found = []
        for line in paths[-1].read_text(encoding="utf-8").splitlines():
            times, rows = line.split("\t")
            found.append(([int(one) / 1e6 for one in times.split()], [int(row) for row in rows.split()]))
        return found

    def search(self, text: str, k: int) -> list[int]:
        return self.ask([], [text], k).found[0]

    def ask(self, warming: Sequence[str], texts: Sequence[str], k: int) -> Clocked[list[int]]:
        """The time of Lucene, and on top of it that of RapidFuzz here; what lies between them is not counted."""
        for text in warming:
            rank(text, self._names, range(min(CANDIDATES, len(self._names))), k)
        clocked: Clocked[list[int]] = Clocked([], [], [])
        answers = self._answers(warming, texts, CANDIDATES)
        for text, (times, rows) in zip(texts, answers, strict=True):
            ranking = []
            for _ in times:
                start = time.perf_counter_ns()
                best = rank(text, self._names, rows, k)
                ranking.append((time.perf_counter_ns() - start) / 1e6)
            clocked.first.append(times[0] + ranking[0])
            clocked.best.append(min(times) + min(ranking))
            clocked.found.append(best)
        return clocked

    def size(self) -> int:
        assert self._folder is not None
        return folder_size(self._folder / "index")

    def close(self) -> None:
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)
            self._folder = None


class Fuzzy(_Lucene):
    """FuzzyQuery of two edits for every part."""

    name = "Lucene fuzzy d=2, 500 + RapidFuzz"
    note = "every part within two edits; 50 expansions of a part (the default), best 500 by its own score"
    kind = "fuzzy"


class FuzzyOrSounds(_Lucene):
    """FuzzyQuery of two edits, or a common Double Metaphone code, for every part."""

    name = "Lucene fuzzy d=2 or Double Metaphone, 500 + RapidFuzz"
    note = "every part within two edits or with a common code; otherwise as before"
    kind = "either"


class Sounds(_Lucene):
    """A common Double Metaphone code for every part, in Lucene's own order."""

    name = "Lucene Double Metaphone only"
    note = "every part with a common code; the first page by Lucene's own score, nothing ranked after"
    packages = ()
    floor = 0.7
    kind = "sounds"

    def ask(self, warming: Sequence[str], texts: Sequence[str], k: int) -> Clocked[list[int]]:
        answers = self._answers(warming, texts, k)
        return Clocked([ms[0] for ms, _ in answers], [min(ms) for ms, _ in answers], [rows for _, rows in answers])


LUCENE: tuple[type[Rival], ...] = (Fuzzy, FuzzyOrSounds, Sounds)
