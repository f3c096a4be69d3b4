"""Sequential stopping: synthetic differences whose mean is known."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from localsim.appraisal.differences import paired
from localsim.errors import LocalsimError
from localsim.experiment.stopping import HalfWidth, differences, widths


def walk(rule, values):
    """Stop as a runner does, in rounds, and return how many replications were run and looks."""
    done = np.zeros((0, 1))
    looks = 0
    while rule.stop(widths(done, rule.level)) is None:
        done = values[: rule.next_look(done), None]
        looks += 1
    return len(done), looks


def covered(rule, sample, mean=0.0):
    hits, sizes = [], []
    for values in sample:
        half = widths(values[:, None], rule.level)
        n = rule.stop(half)
        hits.append(abs(values[:n].mean() - mean) <= half[n - 1])
        sizes.append(n)
    return np.mean(hits), np.mean(sizes)


def test_widths_are_those_of_the_appraisal():
    draws = np.random.default_rng(1).normal(1e6, 3.0, size=(30, 2))
    draws[4, 1] = np.nan
    for n in (2, 3, 10, 30):
        part = paired(draws[:n], np.zeros((n, 2)), 0.9)
        want = ((part["high"] - part["low"]) / 2).max()
        assert widths(draws[:n], 0.9)[-1] == pytest.approx(want, rel=1e-8)
    assert np.isinf(widths(draws[:1], 0.9)).all()


def test_a_width_rests_on_what_came_before_it_alone():
    draws = np.random.default_rng(2).normal(size=(50, 3))
    assert np.array_equal(widths(draws, 0.95)[:20], widths(draws[:20], 0.95))


def test_it_covers_the_truth_as_often_as_it_says_where_the_first_narrow_one_does_not():
    sample = np.random.default_rng(5).normal(size=(400, 120))
    careful = HalfWidth("crises", 0.5)
    hasty = HalfWidth("crises", 0.5, fewest=2, look_ahead=0)
    found, size = covered(careful, sample[:400])
    naive, fewer = covered(hasty, sample[:400])
    assert found > 0.93
    assert naive < 0.91
    assert fewer < size < 60


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10_000), st.floats(0.25, 3.0))
def test_rounds_never_run_one_replication_too_many(seed, target):
    rule = HalfWidth("crises", target)
    values = np.random.default_rng(seed).normal(size=400)
    at_once = rule.stop(widths(values[:, None], rule.level))
    stepwise, looks = walk(rule, values)
    assert stepwise == at_once
    assert looks <= 20


def test_a_far_target_is_approached_in_few_looks():
    rule = HalfWidth("crises", 0.06)
    values = np.random.default_rng(3).normal(size=2000)
    number, looks = walk(rule, values)
    assert number > 1000
    assert looks < 25


def test_a_failed_replication_is_no_difference():
    values = np.random.default_rng(4).normal(size=(200, 2))
    values[5:40:5, 1] = np.nan
    rule = HalfWidth("crises", 0.4)
    done = np.zeros((0, 2))
    while rule.stop(widths(done, rule.level)) is None:
        done = values[: rule.next_look(done)]
    assert len(done) == rule.stop(widths(values, rule.level))


def test_a_lucky_narrow_interval_does_not_stop_it():
    lucky = np.concatenate([np.full(12, 1.0), [1.1, 30.0, -20.0, 15.0], np.zeros(60)])
    rule = HalfWidth("crises", 0.5, fewest=10)
    half = widths(lucky[:, None], 0.95)
    assert half[11] <= 0.5
    assert rule.stop(half[:16]) is None
    assert rule.stop(half) is None


def test_patience_grows_with_replications():
    rule = HalfWidth("crises", 1.0)
    assert [rule.patience(n) for n in (10, 100, 200, 1000)] == [5, 5, 10, 50]
    half = np.concatenate([np.full(199, 2.0), np.full(30, 0.5)])
    assert rule.stop(half) == 210


def test_a_constant_difference_stops_at_the_fewest_and_its_look_ahead():
    half = widths(np.full((40, 1), 3.0), 0.95)
    assert HalfWidth("crises", 1e-9).stop(half) == 15


def test_what_was_reached_is_said():
    rule = HalfWidth("crises", 0.5)
    half = widths(np.random.default_rng(1).normal(size=(60, 1)), 0.95)
    stop = rule.stop(half)
    assert rule.said(half[:stop], "crises").startswith(f"target reached: after {stop}")
    assert "not for long enough" in rule.said(half[: stop - 1], "crises")
    assert "target not reached" in rule.said(half[:6], "crises")


def table(points=(0,)):
    draws = np.random.default_rng(7)
    rows = [
        {"replication": r, "point": p, "policy": policy, "metric": "crises", "group": "all",
         "value": draws.normal(), "unit": "crises"}
        for r in range(6) for p in points for policy in ("base", "one", "two")
    ]  # fmt: skip
    return pd.DataFrame(rows)


def test_differences_are_paired_by_policy_and_point():
    frame = table(points=(0, 1))
    found = differences(frame, HalfWidth("crises", 1.0), "base", 6)
    assert found.shape == (6, 4)
    assert differences(frame, HalfWidth("crises", 1.0, policy="two"), "base", 6).shape == (6, 2)
    key = ["replication", "point", "policy"]
    value = frame.set_index(key)["value"]
    assert found[3, 1] == value[3, 1, "one"] - value[3, 1, "base"]
    lost = frame[(frame["replication"] != 2) | (frame["policy"] != "base")]
    assert np.isnan(differences(lost, HalfWidth("crises", 1.0), "base", 6)[2]).all()


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"metric": "crisis"}, "did you mean 'crises'"),
        ({"target": 0.0}, "above zero"),
        ({"target": float("nan")}, "finite"),
        ({"level": 95}, "between 0 and 1"),
        ({"fewest": 1}, "fewest is 1"),
    ],
)
def test_what_cannot_be_a_rule_is_said(wrong, said):
    with pytest.raises(LocalsimError, match=said):
        HalfWidth(**({"metric": "crises", "target": 1.0} | wrong))
