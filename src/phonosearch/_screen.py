"""Text on a terminal: tables and lines in which nothing that comes from data can act on the terminal."""

from __future__ import annotations

import os
import unicodedata
from collections.abc import Iterator, Sequence

from rich import box
from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text

import phonosearch as ps

__all__ = ["Screen", "shown"]

LEVEL_STYLES = {"exact": "bold green", "variant": "green", "sounds": "cyan", "close": "yellow", "wide": "magenta"}

# What takes no room on the screen, or hides that something is there, besides the categories of _hidden.
_BLANK = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u180b\u180c\u180d\u180f\u2800\u3164\uffa0")
_PLAIN = str.maketrans({"“": '"', "”": '"', "’": "'", "·": "|", "…": "..."})


def _hidden(character: str) -> bool:
    return (
        unicodedata.category(character) in ("Cc", "Cf", "Cs", "Cn", "Co", "Zl", "Zp")
        or character in _BLANK
        or "\ufe00" <= character <= "\ufe0f"
        or "\U000e0100" <= character <= "\U000e01ef"
    )


def shown(text: str, encoding: str = "utf-8") -> str:
    r"""The text with all that could act on a terminal, or that the encoding lacks, as \u202e.

    A backslash becomes two, so that nothing else reads so.
    """
    if text.isascii() and text.isprintable() and "\\" not in text:
        return text
    if not encoding.lower().startswith("utf"):
        text = text.translate(_PLAIN)

    def one(character: str) -> str:
        if character == "\\":
            return "\\\\"
        code = ord(character)
        try:
            if not _hidden(character):
                character.encode(encoding)
                return character
        except UnicodeEncodeError:
            pass
        return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"

    return "".join(map(one, text))


class Screen:
    """Rich output of plain text: no markup, nothing wrapped but tables, and only what the encoding can hold."""

    def __init__(self, *, stderr: bool = False) -> None:
        self.console = Console(stderr=stderr, markup=False, highlight=False, emoji=False)
        if not self.console.is_terminal and "COLUMNS" not in os.environ:
            self.console.width = 120

    def text(self, text: object, style: str = "") -> Text:
        """One piece of text, made safe."""
        return Text(shown(str(text), self.console.encoding), style)

    def line(self, *pieces: str | Text) -> None:
        """One line; a narrow terminal wraps it."""
        whole = Text.assemble(*(self.text(piece) if isinstance(piece, str) else piece for piece in pieces))
        self.console.print(whole, soft_wrap=True)

    def table(self, columns: str, rows: Iterator[Sequence[RenderableType | object]]) -> None:
        """A table; a column whose heading ends with ">" is set to the right."""
        table = Table(box=box.SIMPLE_HEAD, show_edge=False, header_style="bold")
        for heading in columns.split("|"):
            right = heading.endswith(">")
            table.add_column(heading.rstrip(">"), justify="right" if right else "left", overflow="fold")
        for row in rows:
            table.add_row(*(cell if isinstance(cell, Text | Group) else self.text(cell) for cell in row))
        self.console.print(table)

    def level(self, level: str | None) -> Text:
        """The name of a level in its colour."""
        return self.text(level or "none", LEVEL_STYLES.get(level or "", "red"))

    def ladder(self, ladder: dict[str, int], asked: str) -> None:
        """How many people each level finds; the level that was asked for stands out."""
        pieces: list[str | Text] = []
        for level, count in ladder.items():
            pieces += [" · "] if pieces else []
            pieces.append(self.text(f"{level} {count:,}", LEVEL_STYLES[level] if level == asked else "dim"))
        self.line(*pieces)

    def sentences(self, evidence: Sequence[ps.Evidence]) -> Text:
        """The evidence, a line for each piece, its points first."""
        lines = (self.text(f"{item.points:+5d}  {item.text}", "dim") for item in evidence)
        return Text("\n").join(lines)
