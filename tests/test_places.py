"""Places: what a text names, the compiled twin of it, and places as evidence."""

from __future__ import annotations

import re
from itertools import product
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from phonosearch import CsvSource, LimitError, Person, PersonIndex, PhonosearchError, QueryError, compare
from phonosearch._kernel import text_rules
from phonosearch._place_text import places_of
from phonosearch._places import Place, outward, pack_postcode, read_place
from phonosearch._reference_agreement import OtherEvidence, PlaceKind, place_asked, place_kind
from phonosearch._rules import rules

pa = pytest.importorskip("pyarrow", reason="pyarrow, of the extra [arrow], is not installed")


@pytest.mark.parametrize(
    ("text", "towns", "postcodes"),
    [
        ("Leeds", ["leeds"], []),
        ("Headingley, Leeds LS6 2AB", ["headingley", "leeds"], ["LS62AB"]),
        ("LS6 2AB", [], ["LS62AB"]),
        ("ls62ab", [], ["LS62AB"]),
        ("Ls 6-2 aB", [], ["LS62AB"]),
        ("LS6\t2AB Leeds", ["leeds"], ["LS62AB"]),
        ("LS6", [], ["LS6"]),
        ("Leeds ls6", ["leeds"], ["LS6"]),
        ("London SW1A 1AA", ["london"], ["SW1A1AA"]),
        ("EC1A 1BB; W1A 0AX|M1 1AE\nB33 8TH\rCR2 6XH,DN55 1PT", [],
         ["EC1A1BB", "W1A0AX", "M11AE", "B338TH", "CR26XH", "DN551PT"]),
        ("Leeds; leeds, LEEDS LS6 2AB ls62ab", ["leeds"], ["LS62AB"]),
        ("Stratford-upon-Avon", ["stratford upon avon"], []),
        ("King’s Lynn", ["kings lynn"], []),
        ("Łódź", ["lodz"], []),
        ("Лидс", ["lids"], []),
        # None of these is a postcode: no such area, no such letters, no such shape.
        ("QQ1 1AA", ["qql laa"], []),
        ("LS6 2CB", ["ls cb"], []),
        ("LS6 2A", ["ls a"], []),
        ("LS06 2AB", ["lso ab"], []),
        ("AA64", ["aaa"], []),
        ("A64", ["aa"], []),
        # A district alone is the last of what it stands in, and never beside a postcode.
        ("LS6 Leeds", ["ls leeds"], []),
        ("LS6, Leeds", ["leeds"], ["LS6"]),
        ("LS6 2AB LS7", ["ls"], ["LS62AB"]),
    ],
)  # fmt: skip
def test_what_a_place_names(text: str, towns: list[str], postcodes: list[str]) -> None:
    found = read_place(text)
    assert (set(found.towns), set(found.postcodes)) == (set(towns), set(postcodes)), found
    assert places_of(text_rules(), text.encode()) == (found.towns, tuple(map(pack_postcode, found.postcodes)))


@pytest.mark.parametrize("text", ["", " ", "???", "12", "12, 34; 5|", "\ud800", "Leeds \udfff", "=", " - "])
def test_what_names_no_place_is_refused(text: str) -> None:
    with pytest.raises(QueryError, match=r"^place: ") as caught:
        read_place(text)
    assert not isinstance(caught.value, LimitError)
    assert places_of(text_rules(), text.encode("utf-8", "surrogatepass")) is None


@pytest.mark.parametrize("text", [
    "x" * 257, "é" * 257, ",".join("abcdefghi"), " ".join(f"LS{n} 2AB" for n in range(1, 10)), "a " * 17, "x" * 101,
])  # fmt: skip
def test_limits_are_checked(text: str) -> None:
    with pytest.raises(LimitError, match=r"^place: ") as caught:
        read_place(text)
    assert caught.value.got > caught.value.limit
    assert places_of(text_rules(), text.encode()) is None
    assert len(read_place(",".join("abcdefgh")).towns) == rules().limits["place_parts"]


def test_bytes_that_are_no_text_are_no_place() -> None:
    for raw in (b"\xff", b"Leeds \xc3", b"\xed\xa0\x80", b"x" * 5000):
        assert places_of(text_rules(), raw) is None


DISTRICTS = sorted(
    f"{area}{district}"
    for area in ("M", "LS", "EC", "W", "ZE", "QQ", "I")
    for district in ("0", "1", "9", "10", "99", "1A", "1C", "4Y", "05", "1I")
)
TOKENS = ["Leeds", "St", "Ives", "LS6", "2AB", "ls", "6", "2ab", "W1A", "0AX", "Łódź", "李", "12", "O’Brien", "a", "É"]


@st.composite
def place_texts(draw: st.DrawFn) -> str:
    pieces = st.one_of(
        st.sampled_from(TOKENS),
        st.sampled_from(TOKENS),
        st.sampled_from(DISTRICTS),
        st.builds("{}{}{}".format, st.sampled_from(DISTRICTS), st.sampled_from(["", " ", "-"]), st.sampled_from(
            ["2AB", "0zz", "1AC", "9XH", "2A"]
        )),
        st.text(max_size=5),
    )  # fmt: skip
    between = st.sampled_from([" ", " ", "", ", ", ";", "  ", "-", "\n", ". "])
    return "".join(piece + draw(between) for piece in draw(st.lists(pieces, max_size=7)))


@given(place_texts())
@example("LS6 2AB" + " x" * 16)
@example("É LS6")
def test_the_compiled_reader_reads_as_the_reference(text: str) -> None:
    found = places_of(text_rules(), text.encode("utf-8", "surrogatepass"))
    if found is None:
        with pytest.raises(PhonosearchError) as caught:
            read_place(text)
        assert getattr(caught.value, "field", None) == "place"
        return
    expected = read_place(text)
    assert found == (expected.towns, tuple(map(pack_postcode, expected.postcodes)))
    assert all(re.fullmatch(r"[a-z]+( [a-z]+)*", town) for town in expected.towns)


@given(st.lists(st.sampled_from(DISTRICTS), min_size=2, max_size=2), st.lists(st.sampled_from(["", "2AB", "9ZZ"]),
       min_size=2, max_size=2))  # fmt: skip
def test_packed_postcodes_are_equal_where_postcodes_are(districts: list[str], inward: list[str]) -> None:
    one, other = (district + rest for district, rest in zip(districts, inward, strict=True))
    assert (pack_postcode(one) == pack_postcode(other)) == (one == other)
    same_district = pack_postcode(one) // 37**3 == pack_postcode(other) // 37**3
    assert same_district == (outward(one) == outward(other))
    assert 0 < pack_postcode(one) < 37**7 < 1 << 40


@pytest.mark.parametrize(
    ("asked", "recorded", "kind"),
    [
        ("Leeds", ["Leeds"], PlaceKind.EXACT),
        ("Leeds", ["York", "Leeds LS6 2AB"], PlaceKind.EXACT),
        ("Headingley, Leeds", ["Leeds"], PlaceKind.TOWN),
        ("Headingley, Leeds", ["Leeds", "Headingley"], PlaceKind.EXACT),
        ("Leeds", ["Headingley, Leeds"], PlaceKind.EXACT),
        ("Leeds", ["York"], PlaceKind.CONTRADICTED),
        ("Leeds", ["LS6 2AB"], PlaceKind.ABSENT),
        ("Leeds", [], PlaceKind.ABSENT),
        ("LS6", ["LS6 2AB"], PlaceKind.EXACT),
        ("LS6", ["LS6"], PlaceKind.EXACT),
        ("LS6", ["LS7 2AB"], PlaceKind.CONTRADICTED),
        ("LS6", ["Leeds"], PlaceKind.ABSENT),
        ("Leeds LS6", ["Leeds"], PlaceKind.TOWN),
        ("Leeds LS6", ["York"], PlaceKind.CONTRADICTED),
        ("LS6 2AB", ["LS6 2AB"], PlaceKind.EXACT),
        ("Leeds LS6 2AB", ["LS6 2AB"], PlaceKind.EXACT),
        ("LS6 2AB", ["LS6 2AD"], PlaceKind.DISTRICT),
        ("LS6 2AB", ["LS6"], PlaceKind.DISTRICT),
        ("LS6 2AB", ["LS7"], PlaceKind.CONTRADICTED),
        ("LS6 2AB", ["Leeds"], PlaceKind.ABSENT),
        ("Leeds LS6 2AB", ["Leeds LS8 1AA"], PlaceKind.TOWN),
        ("Leeds LS6 2AB", ["York LS6 2AD"], PlaceKind.DISTRICT),
        ("Leeds LS6 2AB", ["York"], PlaceKind.CONTRADICTED),
    ],
)
def test_how_places_agree(asked: str, recorded: list[str], kind: PlaceKind) -> None:
    assert place_kind(read_place(asked), [read_place(text) for text in recorded]) == kind
    person = {"person_id": "P1", "full_name": "John Smith", "place": recorded}
    index = PersonIndex.build([person])
    (hit,) = index.search("Jon Smith", place=asked).hits
    found = compare({"full_name": "Jon Smith", "place": asked}, person)
    assert (hit.score, hit.evidence) == (found.score, found.evidence)
    assert (hit.evidence[-1].part, hit.evidence[-1].kind) == ("place", kind.name.lower())
    assert hit.evidence == index.explain("Jon Smith", "P1", place=asked).evidence


def test_nothing_asked_of_a_place_is_no_evidence() -> None:
    assert place_kind(None, [Place(("leeds",))]) == PlaceKind.NOT_ASKED
    assert place_asked(None) == 0
    assert [place_asked(read_place(text)) for text in ("Leeds", "Leeds LS6", "LS6 2AB")] == [1, 2, 3]


@pytest.mark.parametrize("asked", [1, 2, 3])
def test_the_more_of_a_place_agrees_the_more_it_earns(asked: int) -> None:
    """And of several places on record the one that is most telling is the one that counts."""
    kinds = [kind for kind in PlaceKind if kind and (asked > 2 or kind != PlaceKind.DISTRICT)]
    earned = [OtherEvidence(place=kind, asked=asked).points()["place"] for kind in kinds]
    assert earned[0] == 0
    assert earned == sorted(set(earned))
    # A contradicted place costs little beside what is absent: people move.
    assert earned[1] - earned[0] < earned[-1] - earned[1]


READERS = ("mapping", "person", "csv", "arrow", "arrow lists", "rows")
PLACES = {"P1": ["Leeds LS6 2AB"], "P2": ["York", "Leeds"], "P3": [], "P4": ["York", "York", "york"]}


def source(kind: str, folder: Path) -> Any:
    names = dict.fromkeys(PLACES, "John Smith")
    joined = {person: ";".join(places) for person, places in PLACES.items()}
    if kind == "mapping":
        return [{"person_id": p, "full_name": n, "place": PLACES[p] or None} for p, n in names.items()]
    if kind == "person":
        return [Person(p, n, place=tuple(PLACES[p])) for p, n in names.items()]
    if kind == "rows":
        return [{"person_id": p, "full_name": n, "place": t} for p, n in names.items() for t in PLACES[p] or [None]]
    if kind == "csv":
        lines = [f"{person},John Smith,{place}" for person, place in joined.items()]
        (folder / "people.csv").write_text("\n".join(["person_id,full_name,place", *lines]), encoding="utf-8")
        return CsvSource(folder / "people.csv")
    column = [*PLACES.values()] if kind == "arrow lists" else [*joined.values()]
    return pa.table({"person_id": [*names], "full_name": [*names.values()], "place": column})


@pytest.mark.parametrize("kind", READERS)
def test_every_source_gives_the_same_places(kind: str, tmp_path: Path) -> None:
    index = PersonIndex.build(source(kind, tmp_path))
    assert index.report.warnings == ()
    assert index.report.unused_columns == ()
    assert index.fingerprint == PersonIndex.build(source("mapping", tmp_path)).fingerprint
    assert [hit.person_id for hit in index.search("John Smith", place="York").hits] == ["P2", "P4", "P3", "P1"]
    index.save(tmp_path / "index")
    again = PersonIndex.open(tmp_path / "index")
    again.verify()
    assert again.search("John Smith", place="York").digest == index.search("John Smith", place="York").digest


def test_a_place_that_is_none_is_left_out_with_a_warning_and_the_person_stays() -> None:
    bad: list[Any] = ["???", "x" * 300, "Leeds;???", ["York", 5], 5, float("nan"), "", " ; ", "Leeds \ud800"]
    index = PersonIndex.build([{"person_id": f"P{n}", "full_name": "Ann Lee", "place": p} for n, p in enumerate(bad)])
    assert len(index) == index.report.indexed == len(bad)
    warned = {note.row: note.reason for note in index.report.warnings}
    assert set(warned) == {0, 1, 2, 3, 4, 8}
    assert all(reason.startswith("a place was left out: ") for reason in warned.values())
    assert not any(word in index.report.to_json() for word in ("Leeds", "York", "xxx"))
    kinds = {hit.person_id: hit.evidence[-1].kind for hit in index.search("Ann Lee", place="Leeds").hits}
    assert kinds == dict.fromkeys((f"P{n}" for n in (0, 1, 4, 5, 6, 7, 8)), "absent") | {
        "P2": "exact", "P3": "contradicted",
    }  # fmt: skip


def test_a_column_without_places_takes_nothing_and_one_place_eight_bytes() -> None:
    people = [{"person_id": f"P{n}", "full_name": "Ann Lee", "place": "Leeds LS6 2AB"} for n in range(1000)]

    def size(records: list[dict[str, str]]) -> int:
        arrays = PersonIndex.build(records)._arrays
        return sum(array.nbytes for name, array in arrays.items() if name.startswith("place"))

    assert size(people) <= 8 * 1000 + 100
    assert size([{**person, "place": ""} for person in people]) < 16


@pytest.mark.parametrize("threads", [1, 3])
def test_the_order_of_the_rows_changes_nothing(threads: int) -> None:
    rows = [
        {"person_id": f"P{n % 40}", "full_name": "Ann Lee", "place": f"Town{chr(97 + n % 17)} LS{n % 23} 2AB"}
        for n in range(400)
    ]
    one = PersonIndex.build(rows, threads=threads)
    other = PersonIndex.build(reversed(rows))
    assert one.fingerprint == other.fingerprint
    assert all((one._arrays[name] == other._arrays[name]).all() for name in one._arrays)
    other = PersonIndex.build([*rows[:-1], {**rows[-1], "place": "York"}])
    assert one.fingerprint != other.fingerprint


places_asked = st.sampled_from(["Leeds", "York, Leeds", "LS6", "LS6 2AB", "Leeds LS6 2AB", "Hull HU1 1AA"])
people = st.lists(
    st.fixed_dictionaries(
        {"full_name": st.sampled_from(["Ann Lee", "Anne Leigh", "Ann Marie Lee", "Lee Ann", "Bob Ray"])},
        optional={"place": places_asked | st.lists(places_asked, max_size=3), "sex": st.sampled_from("MFX")},
    ),
    min_size=1,
    max_size=8,
)


@given(people, places_asked, st.sampled_from(["exact", "variant", "sounds", "close", "wide"]))
def test_a_place_changes_no_membership_and_another_person_no_score(
    records: list[dict[str, Any]], place: str, level: str
) -> None:
    records = [{"person_id": f"P{number}", **record} for number, record in enumerate(records)]
    index = PersonIndex.build(records)
    plain, placed = (index.search("Ann Lee", level=level, **other) for other in ({}, {"place": place}))
    assert plain.total == placed.total
    assert {hit.person_id for hit in plain.hits} == {hit.person_id for hit in placed.hits}
    assert plain.ladder() == placed.ladder()
    more = PersonIndex.build([*records, {"person_id": "Q", "full_name": "Zoe Quackenbush", "place": "Aachen AB1 1AA"}])
    assert more.search("Ann Lee", level=level, place=place).hits == placed.hits
    for hit in placed.hits:
        assert sum(item.points for item in hit.evidence) == hit.score


def test_a_question_for_a_place(tmp_path: Path) -> None:
    index = PersonIndex.build(source("mapping", tmp_path))
    whole = index.search({"full_name": "John Smith", "place": "York"})
    assert whole.digest == index.search("John Smith", place="York").digest
    assert whole.digest == index.search("John Smith", place=["York", "york", None]).digest
    assert whole.digest == index.search(Person("?", "John Smith", place=("York",))).digest
    assert whole.digest == index.search({"full_name": "John Smith", "place": "york"}, place="York").digest
    assert whole.digest != index.search("John Smith").digest != index.search("John Smith", place="Leeds").digest
    assert index.search_many([{"full_name": "John Smith", "place": "York"}])[0].hits == whole.hits
    table = index.search_many(pa.table({"full_name": ["John Smith", "John Smith"], "place": ["York", None]}))
    assert [hit["score"] for hit in table.to_pylist()[0]["hits"]] == [hit.score for hit in whole.hits]
    assert [hit["score"] for hit in table.to_pylist()[1]["hits"]] == [
        hit.score for hit in index.search("John Smith").hits
    ]
    assert index.search("John Smith", place="York").hits[0].score == 1000
    # Pairs of people are found by names, dates and sexes.
    assert len(list(index.pairs())) == 6


@pytest.mark.parametrize("place", ["", "???", 5, "LS6 2AB, LS7 2AB", "x" * 300, b"Leeds", ["???"]])
def test_what_is_no_place_is_refused_with_what_to_do(tmp_path: Path, place: Any) -> None:
    index = PersonIndex.build(source("mapping", tmp_path))
    for ask in (
        lambda: index.search("John Smith", place=place),
        lambda: index.search({"full_name": "John Smith", "place": place}),
        lambda: index.explain("John Smith", "P1", place=place),
        lambda: compare({"full_name": "John Smith", "place": place}, "John Smith"),
    ):
        with pytest.raises(QueryError) as caught:
            ask()
        assert caught.value.field == "place"
        assert not any(word in str(caught.value) for word in ("LS6", "???", "xxx", "Leeds"))


@pytest.mark.parametrize(
    ("place", "said"),
    [
        ("???", ["it holds no letters and no UK postcode"]),
        ("x" * 257, ["it is longer than 256 characters"]),
        (",".join("abcdefghi"), ["it names more than 8 towns or postcodes"]),
        ("ab " * 34, ["a town in it has more than 16 words"]),
        (" ".join(["abcdefghijkl"] * 9), ["a town in it is longer than 100 letters"]),
        ("Leeds \ud800", ["it is not valid Unicode"]),
        ("Leeds; ; ?? |" + "x" * 257, ["it holds no letters and no UK postcode", "it is longer than 256 characters"]),
    ],
)  # fmt: skip
def test_a_place_that_is_left_out_is_told_why(place: str, said: list[str]) -> None:
    rows = [{"person_id": f"P{n}", "full_name": "Ann Lee", "place": place} for n in range(2)]
    for records in (rows, pa.table({"person_id": ["P0", "P1"], "full_name": ["Ann", "Ann"], "place": [place] * 2})
                    if place.isascii() else rows):  # fmt: skip
        notes = PersonIndex.build(records).report.warnings
        assert [(note.row, note.reason) for note in notes] == [
            (row, f"a place was left out: {reason}") for row in range(2) for reason in said
        ]


def test_places_that_begin_and_end_alike_are_not_mistaken_for_each_other() -> None:
    """Of a place that was read lately a builder compares the first and the last eight bytes, and the length."""
    places = ["a" * length for length in range(2, 21)]
    places += ["abcdefgh", "abcdefgha", "abcdefghh", "abcdefghabcdefgh", "abcdefghxabcdefgh", "abcdefghyabcdefgh"]
    rows = [*enumerate(places), *enumerate(reversed(places), len(places)), *enumerate(places, 2 * len(places))]
    index = PersonIndex.build(
        [{"person_id": f"P{number:03}", "full_name": "John Smith", "place": place} for number, place in rows]
    )
    for place in places:
        hits = [hit for hit in index.search("John Smith", place=place, limit=len(rows)).hits if hit.score == 1000]
        assert [hit.person_id for hit in hits] == [f"P{number:03}" for number, town in rows if town == place]


def test_a_place_that_comes_again_when_a_builder_has_forgotten_it() -> None:
    """Long places take all numbers of the short ones before, without being among those that were read lately."""
    most = 1 << 14
    short = ["".join(letters) for letters in product("bdfghjklmnprstvw", "aeiou", "bdfghjklmnprstvw", "aeiou", "nrt")]
    places = short[:most] + [f"{town}abcdefghijklmnop" for town in short[: most - 1]] + [short[most - 2]]
    index = PersonIndex.build(
        pa.table({
            "person_id": [f"P{number:05}" for number in range(len(places))],
            "full_name": ["John Smith"] * len(places), "place": places,
        })
    )  # fmt: skip
    hits = index.search("John Smith", place=short[most - 2], limit=3).hits
    assert [(hit.person_id, hit.score == 1000) for hit in hits[:2]] == [
        (f"P{most - 2:05}", True), (f"P{len(places) - 1:05}", True),
    ]  # fmt: skip
    assert hits[2].score < 1000


def test_more_places_than_a_builder_remembers() -> None:
    """A builder remembers what the last thousands of texts said; neither what it forgot nor what stayed is mistaken."""
    towns = ["".join(letters) for letters in product("bdfghjklmnprstvw", "aeiou", "bdfghjklmnprstvw", "aeiou", "nrt")]
    rows = [*enumerate(towns), *enumerate(towns)]
    names = pa.table({
        "person_id": [f"P{number}" for number, _ in rows], "full_name": ["John Smith"] * len(rows),
        "place": [town for _, town in rows],
    })  # fmt: skip
    assert len(set(towns)) > 1 << 14
    index = PersonIndex.build(names, threads=1)
    for number in (0, 1, 16_383, 16_384, 16_385, len(towns) - 1):
        first, second = index.search("John Smith", place=towns[number], limit=2).hits
        assert (first.person_id, first.score) == (f"P{number}", 1000)
        assert second.score < 1000
