"""The similarity of two words: the specification, and the compiled twin that must say the same."""

from __future__ import annotations

import dataclasses
import re
from collections import Counter
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from phonosearch._kernel import text_rules
from phonosearch._letters import (
    MOST_BEGIN,
    MOST_CONSONANTS,
    MOST_EDITS,
    MOST_EDITS_BY_RARITY,
    MOST_END,
    MOST_LONGER,
    MOST_SHORTER,
    MOST_SOUNDS,
    MOST_WITHIN,
    Step,
    align_letters,
    evidence,
    facts,
    group_key,
    ordered,
    similarity,
)
from phonosearch._rules import _rarity, rules
from phonosearch._similarity import LetterRules

# Words


def bearers() -> list[str]:
    """Every twentieth word of the table of rarity, from the commonest on."""
    return [word for word in _rarity(rules().rarity_text) if len(word) > 1][::20]


NAMES = bearers()
LETTERS = "abcdefghijklmnopqrstuvwxyz"
few_letters = st.text("abchkot", min_size=2, max_size=14)
real = st.sampled_from(NAMES)
long_words = st.text("aehkstx", min_size=15, max_size=60)
changes = st.lists(
    st.tuples(
        st.sampled_from(["drop", "add", "replace", "swap", "double", "group"]),
        st.integers(0, 59), st.sampled_from(LETTERS), st.sampled_from(sorted(rules().letter_groups)),
    ),
    min_size=1, max_size=6,
)  # fmt: skip


@st.composite
def edited(draw: st.DrawFn, words: st.SearchStrategy[str]) -> tuple[str, str]:
    """A word, and the same with letters dropped, added, replaced, exchanged, doubled or written otherwise."""
    word = draw(words)
    other = word
    for change, place, letter, (one, another) in draw(changes):
        at = place % len(other)
        begin, rest = other[:at], other[at:]
        other = {
            "drop": begin + rest[1:],
            "add": begin + letter + rest,
            "replace": begin + letter + rest[1:],
            "swap": begin + rest[1::-1] + rest[2:],
            "double": begin + rest[0] + rest,
            "group": other.replace(one, another, 1),
        }[change][:60] or letter
    return word, other


small_pairs = st.tuples(few_letters, few_letters)
real_pairs = edited(real) | st.tuples(real, real)
long_pairs = edited(long_words) | st.tuples(long_words, long_words | real)
pairs = small_pairs | real_pairs | edited(few_letters) | long_pairs


def compiled(a: str, b: str, beside: bool = False) -> int:
    (found,) = text_rules().letters.evidence_many([a], [b], beside)
    return found


def check_twin(a: str, b: str) -> None:
    assume(a != b and min(len(a), len(b)) > 1)
    assert compiled(a, b) == evidence(a, b)
    assert compiled(b, a) == evidence(b, a) == evidence(a, b)
    assert compiled(a, b, True) == compiled(b, a, True) == evidence(a, b, True) == evidence(b, a, True)


# The compiled twin. At least 1,000 pairs of each kind with the profile `ci`.


@settings(max_examples=2 * settings.default.max_examples)
@given(small_pairs)
@example(("ab", "ba"))
@example(("aa", "aaa"))
@example(("ckckck", "ckck"))
def test_words_of_few_letters(pair: tuple[str, str]) -> None:
    check_twin(*pair)


@settings(max_examples=2 * settings.default.max_examples)
@given(real_pairs)
@example(("filip", "phillip"))
@example(("catherine", "kathryn"))
def test_real_names_and_their_misspellings(pair: tuple[str, str]) -> None:
    check_twin(*pair)


@settings(max_examples=max(25, settings.default.max_examples))
@given(long_pairs)
@example(("a" * 60, "a" * 59))
@example(("a" * 60, "h" * 60))
@example(("a" * 60, "bc"))
@example(("ch" * 30, "k" * 60))
@example(("ab" * 30, "ba" * 30))
def test_long_words(pair: tuple[str, str]) -> None:
    check_twin(*pair)


def test_every_group_of_letters() -> None:
    """Each group first, last, between and beside another group, in both directions."""
    tried = 0
    for one, other in sorted(rules().letter_groups):
        for begin, end in (("", "n"), ("n", ""), ("n", "n"), ("a", "o"), ("c", "h"), (other, one)):
            a, b = begin + one + end, begin + other + end
            if a != b:
                assert compiled(a, b) == evidence(a, b), (a, b)
                tried += 1
    assert tried > 1000


def test_every_pair_of_short_words() -> None:
    words = [one + other for one in "ack" for other in "ahk"]
    words += [word + letter for word in words for letter in "ah"]
    every = [(a, b) for a in words for b in words if a != b]
    assert len(every) > 500
    ones, others = zip(*every, strict=True)
    assert text_rules().letters.evidence_many(ones, others) == [evidence(a, b) for a, b in every]


@pytest.mark.parametrize(("ones", "others"), [(["ab"], []), ([""], ["ab"]), (["ab"], ["a" * 61]), (["é"], ["ab"])])
def test_words_that_the_kernel_refuses(ones: list[str], others: list[str]) -> None:
    with pytest.raises(ValueError, match=r"."):
        text_rules().letters.evidence_many(ones, others)


# The alignment


def written(step: Step) -> str:
    return step.one if step.kind == "match" else f"{step.kind}({step.one}:{step.other})"


# the shorter word, the longer, the steps
ALIGNMENTS = [
    ("filip", "phillip", "group(f:ph) i double(:l) l i p"),
    ("jhon", "john", "j swap(ho:oh) n"),
    ("nic", "nick", "n i group(c:ck)"),
    ("smith", "schmidt", "group(s:sc) gap(:h) m i group(th:d) trail(:t)"),
    ("ann", "anne", "a n n trail(:e)"),
    ("smith", "bsmith", "lead(:b) s m i t h"),
    ("ann", "sarahann", "lead(:s) lead(:a) lead(:r) lead(:a) lead(:h) a n n"),
    ("rite", "wright", "group(r:wr) i gap(:g) gap(:h) t trail(e:)"),
    ("dark", "clark", "group(d:cl) a r k"),
    ("bohm", "boehm", "b group(o:oe) h m"),
    ("johns", "jones", "j o gap(h:) n gap(:e) s"),
    ("jan", "jon", "j sub(a:o) n"),
    ("ab", "ba", "swap(ab:ba)"),
    ("ax", "bx", "sub(a:b) x"),
    ("an", "nn", "sub(a:n) n"),
    ("kathryn", "catherine", "sub(k:c) a t h gap(:e) r sub(y:i) n trail(:e)"),
    ("anna", "anna", "a n n a"),
]


def test_the_alignments_are_of_every_kind() -> None:
    kinds = {step.kind for a, b, _ in ALIGNMENTS for step in align_letters(a, b)}
    assert kinds == {"match", "sub", "swap", "group", "double", "lead", "trail", "gap"}


@pytest.mark.parametrize(("a", "b", "steps"), ALIGNMENTS)
def test_alignments(a: str, b: str, steps: str) -> None:
    assert ordered(a, b) == ordered(b, a) == (a, b)
    assert " ".join(written(step) for step in align_letters(a, b)) == steps


@given(pairs)
def test_an_alignment_spells_both_words(pair: tuple[str, str]) -> None:
    a, b = ordered(*pair)
    steps = align_letters(a, b)
    assert "".join(step.one for step in steps) == a
    assert "".join(step.other for step in steps) == b
    assert all(step.one or step.other for step in steps)
    assert sum(step.final for step in steps) == 1
    assert steps[-1].final
    for step in steps:
        assert (step.kind == "match") == (step.one == step.other)
        assert (step.kind in ("gap", "double", "lead", "trail")) == (not (step.one and step.other))
        if step.kind == "group":
            assert (step.one, step.other) in rules().letter_groups
        if step.kind == "swap":
            assert step.one == step.other[::-1]


@given(pairs)
def test_no_alignment_is_cheaper_than_spelling_letter_by_letter(pair: tuple[str, str]) -> None:
    a, b = ordered(*pair)
    costs = rules().letter_costs
    vowels = frozenset("aeiouy")

    def cost(step: Step) -> int:
        if step.kind == "sub" and {step.one, step.other} <= vowels:
            return costs["vowels"]
        return costs[step.kind]

    plain = sum(costs["match"] if one == other else costs["sub"] for one, other in zip(a, b, strict=False))
    plain += max(costs["trail"], costs["gap"], costs["double"]) * (len(b) - len(a))
    assert sum(map(cost, align_letters(a, b))) <= plain


# Evidence and similarity


@given(pairs)
def test_the_order_of_the_words_does_not_matter(pair: tuple[str, str]) -> None:
    a, b = pair
    assume(a != b)
    assert Counter(facts(a, b)) == Counter(facts(b, a))
    assert similarity(a, b) == similarity(b, a)


@given(pairs, pairs)
def test_similarity_rises_with_evidence(one: tuple[str, str], other: tuple[str, str]) -> None:
    assume(one[0] != one[1] and other[0] != other[1])
    less, more = sorted((one, other), key=lambda pair: evidence(*pair))
    assert 0 <= similarity(*less) <= similarity(*more) < 1000


SHORTENED, ENDS, SEGMENTS = ("within", "stem", "skeleton"), ("shared", "residue"), ("segment",)


@pytest.mark.parametrize(
    ("one", "other", "kinds", "found"),
    [
        ("fred", "frederick", SHORTENED, ["within begin:4", "skeleton initial:3:1"]),
        ("tina", "christina", SHORTENED, ["within end:4", "skeleton other:2:1"]),
        ("liz", "elizabeth", SHORTENED, ["within inside:3", "skeleton other:2:1"]),
        ("robbie", "robert", SHORTENED, ["stem begin:3", "skeleton initial:2:0"]),
        ("lexie", "alexander", SHORTENED, ["stem inside:3", "skeleton other:2:1"]),
        ("bernie", "bernardo", SHORTENED, ["stem begin:4", "skeleton initial:3:1"]),
        ("meggie", "margaret", SHORTENED, ["skeleton initial:2:1"]),
        ("ann", "jo", SHORTENED, []),
        ("ann", "jim", SHORTENED, []),
        ("eve", "oeva", SHORTENED, ["stem inside:2", "skeleton other:1:0"]),
        ("petrov", "petrova", ENDS, ["shared 5:0", "residue end:a:"]),
        ("mcdonald", "donald", ENDS, ["shared 0:4", "residue begin:mc:"]),
        ("smith", "smyth", ENDS, ["shared 2:2", "residue inside:i:y"]),
        ("hanna", "hana", ENDS, ["shared 3:1", "residue inside:n:"]),
        ("johnson", "johansson", ENDS, ["shared 3:3", "residue inside:ans:n"]),
        ("jo", "ja", ENDS, ["shared 1:0"]),
        ("thompson", "thomassssson", ENDS, ["shared 4:3"]),
        ("petrov", "petrova", SEGMENTS, ["segment end:a:"]),
        ("kate", "cathy", SEGMENTS, ["segment begin:c:k", "segment end:thy:te"]),
        ("jiri", "dschirij", SEGMENTS, ["segment begin:dsch:j", "segment end:ij:i"]),
        ("haji", "hadschi", SEGMENTS, ["segment inside:dsch:j"]),
        ("jon", "jno", SEGMENTS, ["segment end:no:on"]),
        ("ab", "cd", SEGMENTS, ["segment begin:ab:cd"]),
        ("hans", "anton", SEGMENTS, ["segment begin:h:", "segment end:ton:s"]),
        ("thompson", "thomassssson", SEGMENTS, ["segment inside:asss:p", "segment inside:s:"]),
        ("ja", "ye", ("unmatched", "skeleton"), ["unmatched 2"]),
        ("anna", "bob", ("unmatched",), ["unmatched 3"]),
        ("ab", "ba", ("unmatched",), ["unmatched 2"]),
        ("ab", "a", ("unmatched",), []),
    ],
)
def test_facts_of_what_differs(one: str, other: str, kinds: tuple[str, ...], found: list[str]) -> None:
    for a, b in ((one, other), (other, one)):
        assert [f"{kind} {key}" for kind, key in facts(a, b) if kind in kinds] == found
    assert compiled(one, other) == evidence(one, other)


def test_the_curve_rises() -> None:
    curve = rules().letter_curve
    assert len(curve) >= 2
    assert all(low < high and few < many for (low, few), (high, many) in pairwise(curve))
    assert 0 <= curve[0][1] < curve[-1][1] < 1000


@pytest.mark.parametrize(
    ("name", "nearer", "farther"),
    [
        ("phillip", "filip", "willis"),
        ("john", "jhon", "joan"),
        ("catherine", "katherine", "catalina"),
        ("schmidt", "schmitt", "schmaltz"),
        ("williams", "wiliams", "wilkins"),
        ("mohammed", "mohamed", "mahmood"),
    ],
)
def test_what_is_written_for_one_sound_is_nearer(name: str, nearer: str, farther: str) -> None:
    assert evidence(name, nearer) > evidence(name, farther)


# The tables

LEFT = "(begin|inside|end):[a-z]{1,4}:[a-z]{0,4}"
SHAPES = {
    "match": "[a-z]", "gap": "[a-z]", "double": "[a-z]", "lead": "[a-z]", "trail": "[a-z]",
    "sub": "[a-z]{2}", "sub_initial": "", "sub_final": "", "lacking_initial": "", "swap": "",
    "group": "[a-z]{2}:[a-z]{1,2}", "soundex": r"\d", "metaphone": r"\d",
    "edits": r"\d+:\d+", "longer": r"\d+:\d+", "commoner": r"\d+:\d+", "rarer": r"\d+",
    "shared": r"\d:\d", "residue": LEFT, "segment": LEFT, "unmatched": r"\d",

    "skeleton": r"(initial|other):\d:[01]", "within": r"(begin|inside|end):\d", "stem": r"(begin|inside):\d",
}  # fmt: skip


def keys_of(kind: str) -> list[str]:
    return [key for of, key in rules().letter_points if of == kind]


def test_points_are_of_known_kinds() -> None:
    assert {kind for kind, _ in rules().letter_points} == set(SHAPES)
    for kind, key in rules().letter_points:
        assert re.fullmatch(SHAPES[kind], key), (kind, key)


def test_points_of_letters_stand_once() -> None:
    assert keys_of("sub") == [key for key in keys_of("sub") if key[0] < key[1]]
    assert keys_of("group") == [key for key in keys_of("group") if group_key(*key.split(":")) == key]
    for kind in ("residue", "segment"):
        keys = [key.split(":") for key in keys_of(kind)]
        assert len(keys) > 400
        assert all(group_key(one, other) == f"{one}:{other}" for _, one, other in keys)


def test_points_stay_within_the_classes() -> None:
    bins = rules().rarity_scale["bins"]
    most = {
        "edits": (MOST_EDITS, MOST_SHORTER), "longer": (MOST_LONGER, MOST_SHORTER),
        "commoner": (MOST_EDITS_BY_RARITY, bins - 1), "rarer": (bins - 1,), "shared": (MOST_BEGIN, MOST_END),
        "within": (MOST_WITHIN,), "stem": (MOST_WITHIN,), "unmatched": (MOST_WITHIN,), "skeleton": (MOST_CONSONANTS, 1),
        "soundex": (MOST_SOUNDS,), "metaphone": (MOST_SOUNDS,),
    }  # fmt: skip
    for kind, limits in most.items():
        assert keys_of(kind)
        for key in keys_of(kind):
            numbers = [int(number) for number in key.split(":") if number.isdigit()]
            assert all(number <= limit for number, limit in zip(numbers, limits, strict=True)), (kind, key)


def test_the_groups_are_both_ways_round() -> None:
    groups = rules().letter_groups
    assert len(groups) > 100
    assert groups == {(other, one) for one, other in groups}
    assert all(one != other and sorted((len(one), len(other))) in ([1, 2], [2, 2]) for one, other in groups)


def test_every_group_with_points_is_one_that_an_alignment_uses() -> None:
    assert len(keys_of("group")) > 50
    assert {tuple(key.split(":")) for key in keys_of("group")} <= rules().letter_groups


@given(pairs)
def test_the_facts_of_a_pair_are_keys_of_the_tables(pair: tuple[str, str]) -> None:
    assume(pair[0] != pair[1])
    for kind, key in facts(*pair):
        assert re.fullmatch(SHAPES[kind], key), (kind, key)


def changed(*, letter_points: dict[tuple[str, str], int] | None = None, beside: int = 0, **tables: Any) -> LetterRules:
    if letter_points is not None:
        tables["letters_text"] = "".join(
            f"{of}\t{key}\t{points}\t{beside}\n" for (of, key), points in letter_points.items()
        )
    return LetterRules(dataclasses.replace(rules(), **tables))


def both_ways(*groups: tuple[str, str]) -> frozenset[tuple[str, str]]:
    return frozenset(pair for group in groups for pair in (group, group[::-1]))


SCALE = rules().rarity_scale
CURVE = tuple((100 * knot, 50 * knot) for knot in range(17))
MALFORMED = [
    ({"letter_curve": CURVE[:1]}, "knots"),
    ({"letter_curve": CURVE}, "knots"),
    ({"letter_points": {("match", "a"): 601}}, "out of range"),
    ({"letter_points": {("match", "a"): -601}}, "out of range"),
    ({"letter_points": {("sub", "aa"): 1}}, "two letters"),
    ({"letter_costs": {**rules().letter_costs, "swap": 501}}, "costs"),
    ({"letter_costs": {**rules().letter_costs, "match": -501}}, "costs"),
    ({"letter_points": {("group", "abc:a"): 1}}, "two letters"),
    ({"letter_points": {("edits", "8:2"): 1}}, "out of range"),
    ({"letter_points": {("shared", "6:0"): 1}}, "out of range"),
    ({"letter_points": {("shared", "0:5"): 1}}, "out of range"),
    ({"letter_points": {("skeleton", "initial:5:0"): 1}}, "out of range"),
    ({"letter_points": {("unmatched", "7"): 1}}, "out of range"),
    ({"letter_points": {("residue", "end:abcde:a"): 1}}, "left of two words"),
    ({"letter_points": {("segment", "end:a:a"): 1}}, "left of two words"),
    ({"letter_points": {("residue", "end:A:a"): 1}}, "a-z"),
    ({"letter_points": {("soundex", "0"): 1}}, "out of range"),
    ({"letter_points": {("metaphone", "5"): 1}}, "out of range"),
    ({"letter_points": {("within", "end:7"): 1}}, "out of range"),
    ({"letter_points": {("stem", "end:2"): 1}}, "out of range"),
    ({"letter_points": {("group", "ab:abc"): 1}}, "two letters"),
    ({"letter_points": {("group", "Ab:a"): 1}}, "a-z"),
    ({"letter_points": {("commoner", "4:0"): 1}}, "out of range"),
    ({"letter_points": {("longer", "0:13"): 1}}, "out of range"),
    ({"letter_points": {("edits", "1:2:3"): 1}}, "out of range"),
    ({"letter_points": {("edits", "1:-2"): 1}}, "out of range"),
    ({"letter_points": {("edits", ":2"): 1}}, "out of range"),
    ({"letter_points": {("residue", "end:a"): 1}}, "left of two words"),
    ({"letter_points": {("residue", "end:a:b:c"): 1}}, "left of two words"),
    ({"letter_points": {("residue", "middle:a:b"): 1}}, "left of two words"),
    ({"letter_points": {("residue", ""): 1}}, "left of two words"),
    ({"letters_text": "match\ta\n"}, "points alone and beside"),
    ({"letters_text": "match\ta\t1\n"}, "points alone and beside"),
    ({"letters_text": "match\ta\t1\t1\t1\n"}, "points alone and beside"),
    ({"letters_text": "match\ta\tmany\t1\n"}, "out of range"),
    ({"letters_text": "match\ta\t1\tmany\n"}, "out of range"),
    ({"letters_text": "match\ta\t-\t1\n"}, "out of range"),
    ({"letters_text": "match\ta\t\t1\n"}, "out of range"),
    ({"letters_text": "match\ta\t1\t\n"}, "out of range"),
    ({"letters_text": "match\ta\t1\t1\nmatch\ta\t2\t2\n"}, "twice"),
    ({"letters_text": "segment\tend:a:b\t1\t1\nsegment\tend:a:b\t1\t1\n"}, "twice"),
    ({"letters_text": "segment\tend:a:b\t1\t1\nsegment\tend:b:a\t1\t1\n"}, "twice"),
    ({"letter_groups": both_ways(("ph", "fff"))}, "two letters"),
    ({"letter_groups": both_ways(("éa", "e"))}, "a-z"),
    ({"letter_groups": both_ways(*((a + b, "x") for a in LETTERS for b in "abcde"))}, "too many"),
    ({"rarity_scale": {**SCALE, "bins": 0}}, "scale"),
    ({"rarity_scale": {**SCALE, "bins": 17}}, "scale"),
    ({"rarity_scale": {**SCALE, "step": 0}}, "scale"),
    ({"rarity_scale": {**SCALE, "unknown": 256}}, "scale"),
    ({"rarity_text": "300\tsmith\n"}, "rarity"),
    ({"rarity_text": "smith\n"}, "rarity"),
    ({"rarity_text": "60\tsmith  jones\n"}, "rarity"),
    ({"rarity_text": "60\tSmith\n"}, "rarity"),
    ({"rarity_text": f"60\t{'a' * 14}\n"}, "rarity"),
]


@pytest.mark.parametrize(("tables", "said"), MALFORMED)
def test_malformed_tables_are_refused(tables: dict[str, Any], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        changed(**tables)


def test_the_tables_of_the_rules_are_those_that_count() -> None:
    """An alignment follows the tables it was made with, not others."""
    assert changed().evidence_many(["filip"], ["phillip"]) == [evidence("filip", "phillip")]
    nothing = changed(letter_points={})
    assert nothing.evidence_many(["filip", "ab"], ["phillip", "ba"]) == [0, 0]
    left = changed(letter_points={("residue", "inside:i:y"): 9, ("residue", "end:o:"): -4})
    assert left.evidence_many(["smith", "roberto", "syth"], ["smyth", "robert", "smith"]) == [9, -4, 0]
    only = changed(letter_points={("group", "ph:f"): 7, ("double", "l"): 30, ("swap", ""): 500})
    assert only.evidence_many(["filip", "ab"], ["phillip", "ba"]) == [37, 500]
    for fact, one, other in (
        (("residue", "inside:i:y"), "smith", "smyth"), (("swap", ""), "ab", "ba"), (("soundex", "3"), "smith", "smyth"),
        (("metaphone", "1"), "eye", "ou"), (("match", "b"), "ab", "b"), (("rarer", "12"), "qqx", "qqz"),
    ):  # fmt: skip
        both = changed(letter_points={fact: -33}, beside=9)
        assert [both.evidence_many([one], [other], beside) for beside in (False, True)] == [[-33], [9]], fact
    assert changed(letters_text="# none\n\nswap\t\t500\t1").evidence_many(["ab"], ["ba"]) == [500]
    rare = changed(letter_points={("rarer", str(SCALE["bins"] - 1)): 1}, rarity_text="58\tjames\n")
    assert rare.evidence_many(["james", "james"], ["jamesx", "jameson"]) == [1, 1]


def test_a_letter_many_times_over_makes_no_name() -> None:
    for letter, name in (("x", "xie"), ("z", "zoe")):
        earned = [similarity(letter * times, name) for times in (2, 3, 4, 6, 8, 12, 20, 40, 60)]
        assert max(earned[4:]) < earned[0]
        assert earned[-1] < 100


def test_beside_other_parts_what_says_more_counts() -> None:
    """Another spelling, by the points alone less a constant, or a slip; each of them in some of the labelled words."""
    less = rules().spelling_less
    spelling = changed(letter_points={("swap", ""): 200}, beside=200 - less - 1)
    slip = changed(letter_points={("swap", ""): 200}, beside=200 - less + 1)
    assert spelling.evidence_many(["ab"], ["ba"], True) == [200 - less]
    assert slip.evidence_many(["ab"], ["ba"], True) == [200 - less + 1]
    counted = {
        evidence(a, b, True) == evidence(a, b) - less for a, b in (("yusuf", "joesoef"), ("smith", "smjth"))
    }
    assert counted == {True, False}


@pytest.mark.parametrize("sign", [1, -1])
def test_the_longest_words_have_room_for_the_greatest_points(sign: int) -> None:
    """No sum of points runs over into what stands beside it: neither those of the other kind, nor edits and costs."""
    facts_of_all = {("unmatched", "6"): 600, ("edits", "7:12"): 600, ("longer", "0:12"): 600, ("swap", ""): 600}
    facts_of_all |= {("sub", one + other): 600 for one in LETTERS for other in LETTERS if one < other}
    facts_of_all |= {(kind, one): 600 for kind in ("match", "gap", "lead", "trail", "double") for one in LETTERS}
    facts_of_all |= {
        ("segment", f"{place}:{one}:{other}"): 600
        for place in ("begin", "inside", "end") for one in LETTERS for other in LETTERS if one > other
    }  # fmt: skip
    facts_of_all = {fact: sign * points for fact, points in facts_of_all.items()}
    words = ("ab" * 30, "ac" * 30), ("ab" * 30, "cd" * 30), ("a" * 60, "b"), ("abcd" * 15, "bacd" * 15)
    for one, other in words:
        found = []
        for alone, beside in ((1, 0), (1, 1), (1, -1), (0, 1)):
            tables = changed(
                letters_text="".join(f"{kind}\t{key}\t{alone * points}\t{beside * points}\n"
                                     for (kind, key), points in facts_of_all.items()),
                spelling_less=0,
            )  # fmt: skip
            found.append([tables.evidence_many([one], [other], flag)[0] for flag in (False, True)])
        points = found[0][0]
        assert abs(points) > 3000
        assert found == [[points, max(points, 0)], [points, points], [points, abs(points)], [0, max(points, 0)]]
