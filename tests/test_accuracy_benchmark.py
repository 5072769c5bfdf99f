"""The measures of the accuracy benchmark against values worked out by hand, and its data as far as they are there."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

ROOT = Path(__file__).parents[1]
BENCHMARKS = ROOT / "benchmarks"

if not (BENCHMARKS / "accuracy_tasks.py").is_file():
    pytest.skip(reason="benchmarks/ is no part of this tree", allow_module_level=True)

sys.path.append(str(BENCHMARKS))
import accuracy_tasks as tasks  # noqa: E402


def scored(*rows):
    scores, labels = zip(*rows, strict=True)
    return np.array(scores, dtype=float), np.array(labels, dtype=bool)


# Matches at 9, 7, 5 and 1; nonmatches at 8, 5 and 2.
MIXED = scored((9, True), (8, False), (7, True), (5, True), (5, False), (2, False), (1, True))


def test_area_under_curve_counts_ties_half():
    # Of 12 couples: 9 wins 3; 7 wins 2; 5 wins 1 and ties 1; 1 wins none.
    assert tasks.area_under_curve(*MIXED) == pytest.approx(6.5 / 12)


@pytest.mark.parametrize(("scores", "area"), [((2, 1), 1), ((1, 2), 0), ((1, 1), 0.5)])
def test_area_under_curve_of_one_couple(scores, area):
    assert tasks.area_under_curve(*scored((scores[0], True), (scores[1], False))) == area


def test_area_under_curve_without_nonmatches_is_no_number():
    assert np.isnan(tasks.area_under_curve(*scored((1, True), (2, True))))


def test_area_under_curve_equals_the_definition():
    random = np.random.default_rng(0)
    scores, labels = random.integers(0, 20, 300).astype(float), random.random(300) < 0.3
    couples = scores[labels][:, None] - scores[~labels][None, :]
    assert tasks.area_under_curve(scores, labels) == pytest.approx(((couples > 0) + 0.5 * (couples == 0)).mean())


def test_best_f1():
    # Accepting from 5: three of four matches and two nonmatches, 6/9. Accepting all: 8/11, which is more.
    assert tasks.best_f1(*MIXED) == pytest.approx(8 / 11)
    assert tasks.best_f1(*scored((3, True), (2, True), (1, False))) == 1


def test_recall_at_a_rate_of_false_positives_never_divides_a_tie():
    assert tasks.recall_at_fpr(*MIXED, 0) == 0.25
    # One nonmatch of three may pass; accepting from 5 would let two pass.
    assert tasks.recall_at_fpr(*MIXED, 0.34) == 0.5
    assert tasks.recall_at_fpr(*MIXED, 1) == 1
    assert tasks.recall_at_fpr(*scored((1, False), (1, True)), 0.5) == 0


def test_calibration_bands_are_closed_below_and_the_last_also_above():
    bands = tasks.calibration(*scored((0, False), (5, True), (5, False), (10, True)), [0, 5, 10])
    assert bands[0] == (1, 0)
    assert bands[1] == (3, pytest.approx(2 / 3))
    assert np.isnan(tasks.calibration(*scored((0, True)), [0, 5, 10])[1][1])


def test_ranks():
    ranks = np.array([1, 2, 0, 4])
    assert [tasks.recall_at(ranks, top) for top in (1, 2, 3, 4)] == [0.25, 0.5, 0.5, 0.75]
    assert tasks.mean_reciprocal_rank(ranks) == pytest.approx((1 + 0.5 + 0.25) / 4)
    assert tasks.mean_reciprocal_rank(ranks, top=2) == pytest.approx(1.5 / 4)


def test_marks_do_not_make_another_spelling():
    assert tasks.fold("Šukaŭ") == tasks.fold("sukau")
    assert tasks.fold("al-Ḥasan") == "alhasan"


def test_every_name_of_every_origin_has_something_heard():
    heard = tasks._heard()
    assert len(heard) == 20
    for forenames, surnames in heard.values():
        assert min(len(forenames), len(surnames)) >= 10
        assert all(by_ear and by_ear != name for names in (forenames, surnames) for name, by_ear in names.items())


def test_missing_data_are_left_out_with_the_reason(tmp_path, capsys):
    places = tasks.Places(tmp_path, tmp_path)
    makers = {name: tasks.PAIR_TASKS[name] for name in ("given", "nicknames")}
    assert list(tasks.available(makers, places, None, 0)) == []
    assert "left out: given: ancestry_given.dev.tsv was not found" in capsys.readouterr().err


def test_the_same_seed_makes_the_same_people_and_identifiers_say_nothing(tmp_path):
    places = tasks.Places(tmp_path, tmp_path)
    task = tasks.origin_task(places, others=200, each=5, seed=1)
    assert task == tasks.origin_task(places, others=200, each=5, seed=1)
    assert task != tasks.origin_task(places, others=200, each=5, seed=2)
    ids = [person.person_id for person in task.people]
    assert len(set(ids)) == len(ids) == 300
    assert ids != sorted(ids)
    assert {query.person_id for query in task.queries} <= set(ids)


def test_nothing_is_needed_that_is_not_in_the_environment():
    code = "import sys, accuracy; sys.exit(any(name in sys.modules for name in ('sklearn', 'pandas', 'matplotlib')))"
    done = subprocess.run([sys.executable, "-c", code], cwd=BENCHMARKS, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
