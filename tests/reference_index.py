"""The answers of an index by definition: every record against the reference matcher, one after another."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Mapping
from functools import cache
from itertools import pairwise, product
from typing import Any, NamedTuple

from phonosearch import LEVELS, Hit, PhonosearchError, _reference
from phonosearch._answer import alignment_of_row
from phonosearch._dates import PartialDate, parse_date
from phonosearch._evidence import Evidence, form_kind
from phonosearch._names import Form, form_of_kind, forms
from phonosearch._places import Place, read_place
from phonosearch._query import read_age
from phonosearch._records import KINDS
from phonosearch._reference import EXACT, NO_LEVEL, VARIANT, Alignment, PartKind
from phonosearch._sentences import evidence_of

relate = cache(_reference.relate)
all_forms = cache(forms)


class Person(NamedTuple):
    """One person as the index holds them."""

    person_id: str
    texts: tuple[str, ...]
    kinds: tuple[str, ...]
    names: tuple[list[Form], ...]
    dates: tuple[PartialDate, ...]
    sex: str | None
    places: tuple[Place, ...]


class Found(NamedTuple):
    """One person and their best reading."""

    person_id: str
    alignment: Alignment


def _listed(value: Any) -> list[str]:
    if value is None:
        return []
    return value.split(";") if isinstance(value, str) else list(value)


def gather(records: Iterable[Mapping[str, Any]]) -> list[Person]:
    """People of records: a name once each, by kind and text; all dates; a sex that no row contradicts."""
    names: dict[str, dict[str, int]] = {}
    dates: dict[str, set[PartialDate]] = {}
    sexes: dict[str, set[str]] = {}
    places: dict[str, list[Place]] = {}
    for record in records:
        person_id = record["person_id"]
        given = [record] if any(record.get(field) for field in ("full_name", "forenames", "surname")) else []
        usable = []
        for name in [*given, *record.get("names", ())]:
            text = name.get("full_name") or " ".join(
                part for part in (name.get("forenames"), name.get("surname")) if part
            )
            try:
                all_forms(text)
            except PhonosearchError:
                continue
            usable.append((text, KINDS.index(name.get("kind", "primary"))))
        if not usable:
            continue
        known = names.setdefault(person_id, {})
        for text, kind in usable:
            known[text] = min(kind, known.get(text, kind))
        dates.setdefault(person_id, set()).update(parse_date(date) for date in _listed(record.get("dob")))
        for place in _listed(record.get("place")):
            with contextlib.suppress(PhonosearchError):
                places.setdefault(person_id, []).append(read_place(place))
        sexes.setdefault(person_id, set()).update([record["sex"]] if record.get("sex") else [])
    people = []
    for person_id in sorted(names):
        ordered = sorted(names[person_id].items(), key=lambda item: (item[1], item[0].encode()))
        sex = sexes[person_id]
        people.append(
            Person(
                person_id,
                tuple(text for text, _ in ordered),
                tuple(KINDS[kind] for _, kind in ordered),
                tuple(all_forms(text) for text, _ in ordered),
                tuple(sorted(dates[person_id])),
                next(iter(sex)) if len(sex) == 1 else None,
                tuple(places.get(person_id, ())),
            )
        )
    return people


@cache
def _cached_level(full: tuple[bool, ...], size: int, kinds: tuple[tuple[PartKind, ...], ...], base: int) -> int:
    """``_reference._level``: it reads of the query which parts are more than an initial, of the name its size."""
    query = ["ab" if more else "a" for more in full]
    return _reference._level(query, ["ab"] * size, [list(row) for row in kinds], base)


class ReferenceIndex:
    """Searches by reading every record.

    Relations of parts and levels of grids are remembered; both depend on nothing but their arguments. A search
    reads the people under any part that relates to the query at all, by itself or as a half of a joined part: without
    one there is no pair at any level.
    """

    def __init__(self, records: Iterable[Mapping[str, Any]]) -> None:
        self.people = gather(records)
        self.under: dict[str, list[int]] = {}
        for number, person in enumerate(self.people):
            for part in {part for name in person.names for form in name for part in form.parts}:
                self.under.setdefault(part, []).append(number)
        self._near: dict[str, list[str]] = {}

    def _touching(self, part: str) -> list[str]:
        if part not in self._near:
            self._near[part] = [
                other
                for other in self.under
                if _reference.kind_of(part, other) != PartKind.NONE or (part.startswith(other) and part != other)
            ]
        return self._near[part]

    def _candidates(self, query: list[Form]) -> list[int]:
        parts = {part for form in query for part in form.parts}
        full = query[0].parts
        joined = {one + other for one, other in pairwise(full)}
        touching = {other for part in parts for other in self._touching(part)} | (joined & self.under.keys())
        return sorted({number for part in touching for number in self.under[part]})

    def level(self, query: list[Form], name: list[Form]) -> int:
        """The level of the best reading of one name."""
        readings = [
            (q.parts, n.parts, EXACT if not (i or j) else VARIANT)
            for (i, q), (j, n) in product(enumerate(query), enumerate(name))
        ]
        merged = _reference.merge(query[0].parts, name[0].parts), _reference.merge(name[0].parts, query[0].parts)
        if merged != (query[0].parts, name[0].parts):
            readings.append((*merged, VARIANT))
        return min(
            _cached_level(
                tuple(len(part) > 1 for part in asked),
                len(recorded),
                tuple(tuple(relate(a, b)[0] for b in recorded) for a in asked),
                base,
            )
            for asked, recorded, base in readings
        )

    def found(self, query: str, **other: Any) -> list[Found]:
        """All that level ``wide`` finds, in the order of an answer."""
        asked = all_forms(query)
        found = []
        for number in self._candidates(asked):
            person = self.people[number]
            if any(self.level(asked, name) < NO_LEVEL for name in person.names):
                found.append(Found(person.person_id, align(asked, person, other)))
        return sorted(found, key=lambda hit: (-hit.alignment.score, hit.person_id))


def align(query: list[Form], person: Person, other: Mapping[str, Any]) -> Alignment:
    """The reference on one person; ``other`` is asked besides the name, as a search takes it."""
    dob = other.get("dob")
    return _reference.align_person(
        query,
        person.names,
        asked_date=parse_date(dob) if dob else None,
        dates=person.dates,
        asked_sex=other.get("sex"),
        sex=person.sex,
        asked_age=read_age(other.get("age"), other.get("age_on")),
        asked_place=read_place(other["place"]) if other.get("place") else None,
        places=person.places,
    )


def scan(records: Iterable[Mapping[str, Any]], query: str, **other: Any) -> list[Found]:
    """What ``ReferenceIndex.found`` returns, with no shortcut at all."""
    found = [Found(person.person_id, align(forms(query), person, other)) for person in gather(records)]
    return sorted(
        (hit for hit in found if hit.alignment.level < NO_LEVEL), key=lambda hit: (-hit.alignment.score, hit.person_id)
    )


def alignment(hit: Hit) -> Alignment:
    """The alignment that the kernel gave for a hit."""
    return alignment_of_row(hit._row)


def evidence(found: Alignment, asked_name: str, recorded_name: str) -> tuple[Evidence, ...]:
    """An alignment in the words of the library."""
    pairs = [number for pair in found.pairs for number in pair]
    row = [0, found.score, found.level, found.name, found.query_form, found.name_form, found.merged, len(found.pairs)]
    row += [found.order_points, found.form_points, found.date_kind or found.age_kind]
    row += [found.date_points + found.age_points, found.sex_kind, found.sex_points]
    asked, recorded = forms(asked_name)[found.query_form], form_of_kind(forms(recorded_name), found.name_form)
    names = asked_name, recorded_name
    row += [0, found.place_kind, found.place_points, found.generation_kind, found.generation_points]
    return evidence_of([*row, *pairs], asked.parts, recorded.parts, names, form_kind(asked.kind, recorded.kind))


def check_against(index: Any, expected: list[Found], query: str, **other: Any) -> None:
    """Assert that a search finds just what was expected, at every level, with the same evidence."""
    ladder = {level: sum(hit.alignment.level <= number for hit in expected) for number, level in enumerate(LEVELS)}
    for number, level in enumerate(LEVELS):
        answer = index.search(query, level=level, limit=100_000, **other)
        wanted = [hit for hit in expected if hit.alignment.level <= number]
        got = [Found(hit.person_id, alignment(hit)) for hit in answer.hits]
        assert got == wanted, (level, query, other)
        assert answer.total == len(wanted)
        assert [hit.score for hit in answer.hits] == [hit.alignment.score for hit in wanted]
        assert [hit.level for hit in answer.hits] == [LEVELS[hit.alignment.level] for hit in wanted]
        assert answer.ladder() == ladder
        # A short page is found without scoring everybody.
        for limit in (1, 4):
            page = index.search(query, level=level, limit=limit, **other)
            assert [Found(hit.person_id, alignment(hit)) for hit in page.hits] == wanted[:limit], (level, limit)
            assert page.total == len(wanted)
