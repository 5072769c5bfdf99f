"""The reader of ``rules.toml``: what it reads, the standard library reads alike; what it does not, it refuses."""

from __future__ import annotations

import tomllib
from importlib.resources import files
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from phonosearch._rules import rules
from phonosearch._toml import read_toml

TEXT = (files("phonosearch") / "data" / "rules.toml").read_bytes()

bare = st.text("abcAZ019_-", min_size=1, max_size=4)
strings = st.text(st.characters(exclude_categories=["Cs", "Cc"], exclude_characters='"\\'), max_size=6)
values = st.recursive(
    st.integers(-(10**18) + 1, 10**18 - 1) | strings,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(bare, inner, max_size=3),
    max_leaves=12,
)
blanks = st.sampled_from(["", " ", "\t "])
breaks = st.sampled_from(["", " ", "\n", "  # a remark\n", "\n\n\t"])


@st.composite
def written(draw: st.DrawFn, value: Any) -> str:
    """A value in one of the ways in which it may be written."""
    if isinstance(value, str):
        return f'"""{draw(st.sampled_from(["", chr(10)]))}{value}"""' if draw(st.booleans()) else f'"{value}"'
    if isinstance(value, list):
        items = [draw(breaks) + draw(written(item)) + draw(breaks) for item in value]
        return "[" + ",".join(items) + ("," if items and draw(st.booleans()) else "") + draw(breaks) + "]"
    if isinstance(value, dict):
        pairs = [f"{key}{draw(blanks)}= {draw(written(item))}" for key, item in value.items()]
        return "{" + ",".join(draw(blanks) + pair + draw(blanks) for pair in pairs) + "}"
    return str(value)


@st.composite
def documents(draw: st.DrawFn) -> str:
    lines = []
    for _ in range(draw(st.integers(0, 8))):
        if draw(st.booleans()):
            lines.append(f"[{'.'.join(draw(st.lists(bare, min_size=1, max_size=3)))}]{draw(breaks)}")
        else:
            key = draw(bare | strings.map(lambda key: f'"{key}"'))
            lines.append(f"{draw(blanks)}{key} = {draw(written(draw(values)))} {draw(st.sampled_from(['', '# why']))}")
    return "\n".join(lines) + draw(st.sampled_from(["", "\n"]))


def standard(text: str) -> dict[str, Any] | None:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        return None


def ours(text: str) -> dict[str, Any] | None:
    try:
        return read_toml(text.encode())
    except ValueError:
        return None


def test_the_rules_are_read_as_the_standard_library_reads_them() -> None:
    assert read_toml(TEXT) == tomllib.loads(TEXT.decode())
    assert rules().part == tomllib.loads(TEXT.decode())["part"]


@given(documents())
@example("a = 1\n[a]\n")
@example("[a.b]\n[a]\nb = 1")
@example("[a]\n[a]\n")
@example("[a.b]\n[a]\n")
@example("a = {b = 1}\n[a.c]\n")
@example("a = 1 b = 2")
@example('"" = -0')
def test_whatever_is_written_so_is_read_alike(text: str) -> None:
    assert ours(text) == standard(text)


@given(st.text("ab=[]{}\".,#\n -+_01\\'\t\0\r", max_size=14))
@example('a = """"b"""')
@example('a = """b""""')
@example("a = 00")
@example("a = 1_0")
@example("a = 1.5")
@example("a = 2026-01-01")
@example("a = 'b'")
@example("a.b = 1")
@example("[[a]]")
@example('a = "\\u0041"')
@example("a = [1 2]")
@example("a = {b = 1,}")
@example("a = 1\r\n")
@example("# \0")
@example('a = "b')
@example('a = """b')
def test_what_is_not_refused_is_read_alike(text: str) -> None:
    assert ours(text) in (None, standard(text))


def test_an_error_names_the_line() -> None:
    with pytest.raises(ValueError, match=r"line 3: a whole number, a string"):
        read_toml(b"a = 1\n\nb = true\n")
    with pytest.raises(ValueError, match="too deep"):
        read_toml(b"a = " + b"[" * 1000)
    with pytest.raises(UnicodeDecodeError):
        read_toml(b"a = 1 # \xff")
