"""The tables of variants: their format, what they must relate, what they must not, and a force's own file."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from importlib.resources import files
from pathlib import Path

import pytest

from phonosearch import compare
from phonosearch._normalise import normalise
from phonosearch._rules import (
    EQUIVALENT_TABLES,
    NICKNAME_TABLES,
    SPELLING_TABLES,
    SURNAME_TABLES,
    VARIANT_LETTERS,
    VARIANT_TABLES,
    rules,
)

DATA = files("phonosearch") / "data"
LANGUAGES = " ar bg cs cy de el en es eu fa fr ga gd he hu it ko ku lt nd nl pl pt ro ru sa sh so tr uk vi wa xx zh "
LEAST = {"nicknames.tsv": 1000, "diminutives.tsv": 3800, "equivalents.tsv": 250, "spellings.tsv": 1000,
         "romanisations.tsv": 800, "surnames.tsv": 1000, "respellings.tsv": 300}  # fmt: skip
MOST_BYTES = 330_000


def text_of(name: str) -> str:
    return (DATA / name).read_text(encoding="utf-8")


def rows_of(name: str) -> list[list[str]]:
    return [line.split("\t") for line in text_of(name).splitlines() if not line.startswith("#")]


@pytest.mark.parametrize("name", VARIANT_TABLES)
def test_every_row_has_a_language_a_stated_source_and_two_words(name):
    text = text_of(name)
    header = " ".join(line[2:] for line in text.splitlines() if line.startswith("#"))
    rows = rows_of(name)
    assert len(rows) >= LEAST[name]
    assert "\r" not in text
    for language, source, *words in rows:
        assert f" {language} " in LANGUAGES
        assert re.search(rf"[Ss]ource {source}:", header), source
        assert len(words) >= 2, words
        assert len(set(words)) == len(words), words
        assert all(re.fullmatch(f"[a-z]{{2,{VARIANT_LETTERS}}}", word) for word in words), words


def test_every_table_states_a_licence():
    assert all(re.search("Apache-2.0|MIT", text_of(name)) for name in VARIANT_TABLES)


def test_no_row_stands_twice_in_a_table():
    for name in VARIANT_TABLES:
        rows = [tuple(row) for row in rows_of(name)]
        assert len(set(rows)) == len(rows), name


def test_the_tables_stay_small():
    assert sum(len(text_of(name)) for name in VARIANT_TABLES) < MOST_BYTES


def test_words_are_as_names_are_normalised():
    for name in VARIANT_TABLES:
        for row in rows_of(name)[::25]:
            for word in row[2:]:
                assert normalise(f"{word} {word}") == [word, word], word


def test_the_kinds_of_tables_are_all_the_tables():
    assert {*NICKNAME_TABLES, *EQUIVALENT_TABLES, *SPELLING_TABLES, *SURNAME_TABLES} == set(VARIANT_TABLES)


def relation(a: str, b: str) -> str | None:
    r = rules()
    if r.spelling_groups.get(a, frozenset()) & r.spelling_groups.get(b, frozenset()):
        return "spelling"
    return r.share_nickname(a, b)


SPELLINGS = """
mohammed muhammad, mohammed mohamad, siobhan shivaun, aoife eefa, geoffrey jeffrey, catherine kathryn, niamh neve,
caoimhe keeva, saoirse seersha, tadhg tighe, eoghan owen, diarmuid dermot, alasdair alistair, ruaridh rory, euan ewan,
dafydd davydd, rhys reece, hywel howell, gruffydd griffith, llewellyn llywelyn, hussain husayn, yusuf youssef,
chaudhry choudhury, rahman rehman, uddin uddeen, miah mia, akhtar aktar, khatun khatoon, kaur kour, singh sinh,
iqbal eqbal, begum begam, syed sayyid, smith smythe, reid reade, thompson thomson, stewart steuart, nicolson nicholson,
wang wong, huang wong, zhang cheung, xu hsu, li lee, park pak, choi choe, kofi koffi, kwame kouame, mamadou mamadu,
sergey serguei, yevgeny evgeni, aleksey alexei, dmitry dmitri, khrushchev chruschtschow, gorbachev gorbatschow,
tchaikovski chaykovskiy, yuri jurij, mikhail michail, shakespeare shakspere, st saint, wyatt wiat
"""
NICKNAMES = """
william wm, john jno, thomas thos, charles chas, james jas, george geo, samuel saml, benjamin benj, margaret margt,
elizabeth eliz, catherine cath, henry hy, frederick fredk, alexander alexr, richard richd, edward edwd, robert robt,
daniel danl, nathaniel nathl, abraham abm, joseph jos, mary polly, ann nancy, margaret peggy, dorothy dolly, henry hal,
edward ned, john jack, helen nell, eleanor nell, sarah sally, hester hetty, kathryn kitty, theresa tess, elizabeth bess,
euphemia effie, frances fanny, susan sukey, gary gaz, barry baz, sharon shaz, darren daz, jeremy jez, lauren loz,
karen kaz, patricia trish, terence tel, derek del, patrick paidi, bridget biddy, james hamish, john jock, david dai,
william gwil, gruffydd guto, katarzyna kasia, malgorzata gosia, barbara basia, joanna asia, krzysztof krzysiek,
wojciech wojtek, stanislaw staszek, andrzej jedrek, gheorghe gica, aleksandr sasha, mikhail misha, ivan vanya,
nikolai kolya, vladimir vova, dmitry dima, sergey seryozha, ekaterina katya, maria masha, natalia natasha, jose pepe,
francisco paco, ignacio nacho, jesus chuy, guadalupe lupe, enrique quique, jose ze, giuseppe beppe, luigi gigi,
vincenzo enzo, alessandro sandro, johannes hans, heinrich heinz, cornelis kees, mohammed mo, mohammed mohd,
sheikh sk, fatoumata fatou, babatunde tunde, konstantinos kostas, mehmet memo, elizabeth lizzy, elizabeth lizzie,
john ivan, michael mikhail, peter piotr, andrew andrzej, joseph youssef, catherine katarzyna, stephen szczepan
"""
UNRELATED = """
john jonathan, maria marta, robert rupert, robert bill, alexander alexandra, mario maria, johnson johnston, ron erin,
ivan igor, paul saul, anna hannahlee, david daniel, mark martin, marie anne, ahmed mohammed, hassan hussain,
ali omar, fatima farida, salah salih, akram ikram, nasir nazir, singh kaur, begum bibi, khan shah, hernandez fernandez,
hall hale, lloyd floyd, parveen praveen, kamal kamil, marcin mariusz, jan janusz, jerzy jaroslaw, natalia nadia,
charles charlotte, francis frances, paul paula, george georgina, thomas timothy, brian barnaby, wang zhang, chan chang,
kim jin, alison alan, ian alan, emma emily, ellen eileen, ruth rose, dennis denise, simon samuel, joan john
"""


def pairs(text: str) -> list[tuple[str, str]]:
    return [(a, b) for a, b in (pair.split() for pair in text.split(","))]


@pytest.mark.parametrize(("a", "b"), pairs(SPELLINGS))
def test_established_spellings(a, b):
    assert relation(a, b) == "spelling"


@pytest.mark.parametrize(("a", "b"), pairs(NICKNAMES))
def test_nicknames_and_equivalents(a, b):
    assert relation(a, b) in ("nickname", "spelling")


@pytest.mark.parametrize(("a", "b"), pairs(UNRELATED))
def test_different_names_stay_different(a, b):
    assert relation(a, b) is None


def test_two_short_forms_are_siblings_and_every_spelling_shares_them():
    assert relation("liz", "betty") == "nickname_sibling"
    assert relation("kathryn", "kate") == "nickname"
    assert relation("elisabeth", "betty") == "nickname"


@pytest.mark.parametrize(
    ("short", "formal"),
    [("chris", "krzysztof"), ("matt", "mateusz"), ("liz", "elzbieta"), ("jack", "ivan"), ("bill", "guillermo")],
)
def test_english_short_forms_of_names_in_other_languages(short, formal):
    assert relation(short, formal) == relation(formal, short)
    assert relation(short, formal) in ("nickname", "nickname_sibling")
    assert compare(f"{short} Nowak", f"{formal} Nowak").level == "variant"


def test_short_forms_of_two_languages_are_no_siblings():
    assert relation("maruja", "marysia") is None


# -- a force's own file ----------------------------------------------------------------------------------------------

PROGRAM = """
import sys
import phonosearch as ps
from phonosearch._rules import rules
action, path = sys.argv[1:]
if action == "build":
    ps.PersonIndex.build([{"person_id": "1", "full_name": "Quillon Zzyzx"}]).save(path)
try:
    if action == "open":
        ps.PersonIndex.open(path)
    print(rules().fingerprint, ps.compare("Quill Zzyzx", "Quillon Zzyzx").evidence[0].kind,
          ps.compare("Zyzick", "Zzyzx").evidence[0].kind)
except ps.PhonosearchError as error:
    print(type(error).__name__, error)
"""


def run(action: str, path: Path, variants: Path | None) -> str:
    environment = {key: value for key, value in os.environ.items() if key != "PHONOSEARCH_VARIANTS"}
    if variants is not None:
        environment["PHONOSEARCH_VARIANTS"] = str(variants)
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, action, str(path)], env=environment, capture_output=True, text=True, check=True
    )
    return done.stdout


def test_own_variants_join_the_rules_and_their_fingerprint(tmp_path):
    own = tmp_path / "own.tsv"
    own.write_text(
        "# ours\nnickname\ten\tforce\tquillon\tquill\n\nspelling\ten\tforce\tzzyzx\tzyzick\n", encoding="utf-8"
    )
    index = tmp_path / "a.phs"
    plain, ours = run("compare", index, None).split(), run("build", index, own).split()
    assert ours[1:] == ["nickname", "spelling"]
    assert plain[1:] != ours[1:]
    assert plain[0] == rules().fingerprint != ours[0]
    assert run("open", index, own).split() == ours
    assert run("open", index, None).startswith("RulesMismatchError")


@pytest.mark.parametrize(
    ("text", "line", "reason"),
    [
        ("# ours\nalias\ten\tforce\tquillon\tquill\n", "line 2", "nickname or spelling"),
        ("nickname\ten\tforce\tquillon\n", "line 1", "two names or more"),
        ("nickname\t\tforce\tquillon\tquill\n", "line 1", "none empty"),
        ("nickname\ten\tforce\tQuillon\tquill\n", "line 1", "as normalised"),
        ("nickname\ten\tforce\tquillonquillonquillon\tquill\n", "line 1", "2 to 13 letters"),
        ("spelling\ten\tforce\tquillon\tquillon\n", "line 1", "twice"),
    ],
)
def test_own_variants_are_checked_without_telling_a_name(tmp_path, text, line, reason):
    own = tmp_path / "own.tsv"
    own.write_text(text, encoding="utf-8")
    said = run("compare", tmp_path / "a.phs", own)
    assert said.startswith("RulesError")
    assert line in said
    assert reason in said
    assert "quill" not in said.lower()


def test_own_variants_that_cannot_be_read(tmp_path):
    assert "cannot be read" in run("compare", tmp_path / "a.phs", tmp_path / "none.tsv")
    own = tmp_path / "own.tsv"
    own.write_bytes(b"nickname\ten\tforce\tquillon\tqu\xefll\n")
    assert "not UTF-8" in run("compare", tmp_path / "a.phs", own)
