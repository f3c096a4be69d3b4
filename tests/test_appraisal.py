"""An appraisal pairs exactly, says how sure it is, and never prints a number it does not have."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from localsim.appraisal import appraise
from localsim.appraisal.differences import BETTER, COLUMNS, holm
from localsim.appraisal.headlines import HEADLINES
from localsim.appraisal.subject import Subject
from localsim.errors import LocalsimError
from localsim.metrics import METRICS

LOWER = next(name for name, metric in METRICS.items() if metric.better == "lower")
HIGHER = next(name for name, metric in METRICS.items() if metric.better == "higher")
NEUTRAL = next(name for name, metric in METRICS.items() if metric.better is None)
NUMBERS = ["baseline_mean", "policy_mean", "difference", "se", "low", "high"]


@dataclass(frozen=True)
class Made:
    """Results made by hand."""

    table: pd.DataFrame
    series: pd.DataFrame = field(default_factory=pd.DataFrame)
    experiment: dict = field(default_factory=lambda: {"place": "synthetic", "policies": []})


def made(values, *, assumptions="sampled", **known):
    """Lay out {policy: {metric: {group: values by replication}}} as results."""
    rows = [
        (replication, policy, metric, group, value, "months")
        for policy, metrics in values.items()
        for metric, groups in metrics.items()
        for group, column in groups.items()
        for replication, value in enumerate(column)
        if value is not None
    ]
    table = pd.DataFrame(
        rows, columns=["replication", "policy", "metric", "group", "value", "unit"]
    )
    said = {"place": "synthetic", "policies": list(values), "years": 5, "assumptions": assumptions}
    return Made(table, experiment=said | known)


def two(base, other, metric=LOWER, **known):
    return made({"status_quo": {metric: {"all": base}}, "other": {metric: {"all": other}}}, **known)


def only(appraisal):
    assert len(appraisal.differences) == 1
    return appraisal.differences.iloc[0]


finite = st.floats(-1e9, 1e9, allow_subnormal=False)
columns = st.integers(1, 8).flatmap(lambda n: st.lists(finite, min_size=n, max_size=n))
pairs = st.integers(1, 8).flatmap(
    lambda n: st.tuples(*[st.lists(finite, min_size=n, max_size=n)] * 2)
)


def test_the_table_has_the_promised_columns_and_words():
    found = appraise(two([1.0, 2.0, 4.0], [2.0, 3.5, 4.0])).differences
    assert tuple(found.columns) == COLUMNS
    assert set(found["better"]) <= set(BETTER)


@settings(max_examples=40)
@given(columns)
def test_identical_policies_differ_by_exactly_zero(values):
    row = only(appraise(two(values, values)))
    assert row["difference"] == 0.0
    assert row["relative_difference"] == 0.0
    assert row["better"] == "no clear difference"
    if len(values) > 1:
        assert row["se"] == row["low"] == row["high"] == 0.0
        assert row["variance_reduction"] == np.inf
        assert row["p"] == 1.0
        assert row["note"] == "exactly equal in every replication"


@settings(max_examples=40)
@given(pairs)
def test_swapping_labels_negates_exactly(pair):
    results = two(*pair)
    ours = only(appraise(results, "status_quo"))
    theirs = only(appraise(results, "other"))
    assert ours["difference"] == -theirs["difference"]
    assert ours["low"] == -theirs["high"]
    assert ours["high"] == -theirs["low"]
    assert ours["se"] == theirs["se"]
    assert ours["p"] == theirs["p"]
    assert ours["variance_reduction"] == theirs["variance_reduction"]
    swapped = {"better": "worse", "worse": "better"}
    assert ours["better"] == swapped.get(theirs["better"], theirs["better"])


@settings(max_examples=40)
@given(pairs)
def test_no_number_is_ever_missing(pair):
    found = appraise(two(*pair)).differences
    assert not found.isna().any().any()


@settings(max_examples=25)
@given(pairs, st.randoms(use_true_random=False))
def test_the_order_of_rows_changes_nothing(pair, random):
    results = two(*pair)
    order = list(range(len(results.table)))
    random.shuffle(order)
    shuffled = Made(results.table.iloc[order], experiment=results.experiment)
    one, other = appraise(results), appraise(shuffled)
    pd.testing.assert_frame_equal(one.differences, other.differences, check_exact=True)
    assert str(one.summary()) == str(other.summary())


def test_the_interval_is_students_on_the_differences():
    from scipy import stats

    rng = np.random.default_rng(7)
    base, other = rng.normal(size=12), rng.normal(0.4, 1, size=12)
    row = only(appraise(two(base, other), level=0.9))
    test = stats.ttest_rel(other, base)
    interval = test.confidence_interval(0.9)
    assert row[["low", "high", "p"]].to_numpy(float) == pytest.approx(
        [interval.low, interval.high, test.pvalue]
    )


def test_intervals_cover_the_truth_as_often_as_they_say():
    rng, trials, truth = np.random.default_rng(11), 2000, 0.3
    base = rng.normal(size=(6, trials))
    other = base + truth + rng.normal(size=(6, trials)) * 0.5
    names = [f"made_up_{i}" for i in range(trials)]
    frame = pd.concat(
        pd.DataFrame(values, columns=names)
        .rename_axis("replication")
        .reset_index()
        .melt("replication", var_name="metric")
        .assign(policy=policy, group="all", unit="months")
        for policy, values in (("status_quo", base), ("other", other))
    )
    found = appraise(Made(frame), level=0.9).differences
    covered = ((found["low"] <= truth) & (truth <= found["high"])).mean()
    assert covered == pytest.approx(0.9, abs=4 * np.sqrt(0.9 * 0.1 / trials))


@pytest.mark.parametrize("rho", [0.0, 0.5, 0.9, 0.99])
def test_the_variance_reduction_is_that_of_the_correlation(rho):
    rng = np.random.default_rng(3)
    common, own, mine = rng.normal(size=(3, 20_000))
    base = np.sqrt(rho) * common + np.sqrt(1 - rho) * own
    other = np.sqrt(rho) * common + np.sqrt(1 - rho) * mine
    row = only(appraise(two(base, other)))
    assert row["variance_reduction"] == pytest.approx(1 / (1 - rho), rel=0.05)


def test_verdicts_follow_the_metrics_direction():
    rise = ([1.0, 2.0, 3.0], [5.1, 6.0, 7.2])
    assert only(appraise(two(*rise, metric=LOWER)))["better"] == "worse"
    assert only(appraise(two(*rise, metric=HIGHER)))["better"] == "better"
    assert only(appraise(two(*rise, metric=NEUTRAL)))["better"] == "neither"
    assert only(appraise(two(*rise, metric="made_up")))["better"] == "neither"
    assert only(appraise(two([1.0, 5.0, 3.0], [2.0, 1.0, 4.0])))["better"] == "no clear difference"


def test_a_constant_difference_has_an_interval_of_no_width_and_says_so():
    appraisal = appraise(two([0.1] * 4, [0.4] * 4))
    row = only(appraisal)
    assert row["low"] == row["difference"] == row["high"] == 0.4 - 0.1
    assert "no width" in row["note"]
    assert "exactly" in str(appraisal.summary())


def test_a_difference_of_nothing_but_rounding_is_no_difference():
    base = np.array([3.1e6, 3.2e6, 3.3e6])
    appraisal = appraise(two(base, base * (1 + 2**-52)))
    row = only(appraisal)
    assert row["difference"] > 0
    assert row["better"] == "no clear difference"
    assert "rounding" in row["note"]
    assert "same" in str(appraisal.summary())


def test_one_replication_gives_no_interval_and_says_so():
    appraisal = appraise(two([1.0], [2.0]))
    row = only(appraisal)
    assert (row["low"], row["high"], row["se"]) == (-np.inf, np.inf, np.inf)
    assert row["better"] == "no clear difference"
    assert row["note"] == "one replication: no interval"
    assert "One replication" in str(appraisal.summary())


def test_missing_replications_are_left_out_in_pairs():
    appraisal = appraise(two([1.0, 2.0, 3.0, 9.0], [2.0, None, 5.0, 8.0]))
    row = only(appraisal)
    assert row["replications"] == 3
    assert row["difference"] == pytest.approx((1 + 2 - 1) / 3)
    assert row["baseline_mean"] == pytest.approx((1 + 3 + 9) / 3)
    assert "3 of 4 replications" in appraisal.notes[0]
    assert "3 of 4 replications" in str(appraisal.summary())


def test_a_policy_that_never_finished_is_named():
    results = two([1.0, 2.0], [2.0, 4.0], policies=[{"name": "status_quo"}, {"name": "broken"}])
    assert "broken has no finished run" in str(appraise(results).summary())
    values = {"status_quo": [1.0, None], "other": [2.0, None], "late": [None, 3.0]}
    results = made({name: {LOWER: {"all": column}} for name, column in values.items()})
    assert any("late shares no replication" in note for note in appraise(results).notes)


def test_values_that_are_not_numbers_count_as_missing():
    row = only(appraise(two([1.0, np.nan, np.inf, 4.0], [2.0, 1.0, 1.0, 4.0])))
    assert row["replications"] == 2
    assert row["difference"] == 0.5


def test_a_metric_that_never_meets_is_named_in_the_notes():
    results = made(
        {
            "status_quo": {LOWER: {"all": [1.0, 2.0]}, HIGHER: {"all": [1.0, 2.0]}},
            "other": {LOWER: {"all": [1.0, 2.0]}, HIGHER: {"inside": [1.0, 2.0]}},
        }
    )
    appraisal = appraise(results)
    assert list(appraisal.differences["metric"]) == [LOWER]
    assert HIGHER in " ".join(appraisal.notes)


def test_something_from_nothing_is_infinitely_more():
    assert only(appraise(two([0.0, 0.0], [1.0, 2.0])))["relative_difference"] == np.inf


@pytest.mark.parametrize(
    ("results", "options", "sentence"),
    [
        (two([1.0], [2.0]), {"baseline": "status quo"}, "did you mean 'status_quo'"),
        (two([1.0], [2.0]), {"level": 1.0}, "between 0 and 1"),
        (two([1.0], [2.0]), {"level": 95}, "between 0 and 1"),
        (two([1.0], [2.0]), {"level": "high"}, "finite number"),
        (two([1.0, None], [None, 2.0]), {}, "nothing is paired"),
        (made({"status_quo": {LOWER: {"all": [1.0]}}}), {}, "another policy"),
        (Made(two([1.0], [2.0]).table.iloc[:0]), {}, "empty"),
        (Made(two([1.0], [2.0]).table.drop(columns="unit")), {}, "no column 'unit'"),
        (Made(two([1.0], [2.0]).table.astype({"value": str})), {}, "not numbers"),
        (Made(pd.concat([two([1.0], [2.0]).table] * 2)), {}, "twice over"),
    ],
)
def test_mistakes_end_in_a_sentence(results, options, sentence):
    with pytest.raises(LocalsimError, match=sentence):
        appraise(results, **options)


@given(st.lists(st.floats(0, 1), min_size=1, max_size=20))
def test_holm_never_lowers_a_p_value_and_keeps_their_order(values):
    p = np.array(values)
    adjusted = holm(p)
    assert (adjusted >= p).all()
    assert (adjusted <= 1).all()
    assert adjusted.min() == min(1.0, p.min() * p.size)
    order = np.argsort(p, kind="stable")
    assert (np.diff(adjusted[order]) >= 0).all()


def test_holm_on_the_published_steps():
    assert holm(np.array([0.01, 0.04, 0.03])) == pytest.approx([0.03, 0.06, 0.06])


def full(policies=4, replications=10, **known):
    rng = np.random.default_rng(5)
    groups = [
        "all", "inside", "outside", "area fifth 1 (most deprived)", "area fifth 5 (least deprived)",
        "owned", "social rented",
    ]  # fmt: skip
    names = [
        "status_quo",
        *(f"a policy with rather a long name, number {i}" for i in range(1, policies)),
    ]
    values = {
        name: {m: {g: rng.normal(1e5, 1e3, replications) for g in groups} for m in METRICS}
        for name in names
    }
    return made(values, **known)


@pytest.mark.parametrize("policies", [2, 4, 7])
@pytest.mark.parametrize("replications", [1, 10])
def test_a_summary_is_one_screen(policies, replications):
    text = str(appraise(full(policies, replications)).summary())
    lines = text.splitlines()
    assert len(lines) <= 46
    assert max(map(len, lines)) <= 100
    assert "nan" not in text.lower()
    assert "Status quo" in text
    assert f"{policies} policies" in text


def test_every_headline_is_a_metric():
    assert set(HEADLINES) <= set(METRICS)


def test_a_summary_says_what_its_intervals_mean_and_what_pairing_achieved():
    assert "doubt about the assumptions" in str(appraise(full(assumptions="sampled")).summary())
    assert "luck alone" in str(appraise(full(assumptions="fixed")).summary())
    assert "Variance-reduction factor" in str(appraise(full()).summary())
    assert "Who gains" in str(appraise(full()).summary())


def test_a_summary_rounds_to_what_the_error_allows():
    base = np.arange(10.0)
    other = base + 12.3456 + np.tile([-0.3, 0.3], 5)
    text = str(appraise(two(base, other)).summary())
    assert "+12.3±0.2" in text


def test_looking_at_many_differences_asks_more_of_each():
    rng = np.random.default_rng(2)
    names = [f"made_up_{i}" for i in range(8)]
    values = {p: {n: {"all": rng.normal(size=6)} for n in names} for p in ("status_quo", "other")}
    table = appraise(made(values)).summary().table
    assert (table["holm_p"] >= table["p"]).all()
    assert len(table) == len(names)


def test_what_is_equal_for_certain_is_not_counted_among_the_looks():
    rise = {LOWER: {"all": [1.0, 2.0, 3.0]}}
    copies = {f"copy_{i}": rise for i in range(5)}
    other = {LOWER: {"all": [1.3, 2.2, 3.4]}}
    table = appraise(made({"status_quo": rise, **copies, "other": other})).summary().table
    assert list(table["holm_p"]) == [1.0] * 5 + [table["p"].iloc[-1]]


def test_a_notebook_gets_a_table_with_names_escaped():
    table = full().table.replace({"policy": {"status_quo": "<b>as it was</b>"}})
    results = Made(table, experiment={})
    shown = appraise(results, baseline="<b>as it was</b>").summary()._repr_html_()
    assert "<table>" in shown
    assert "<b>" not in shown


def test_an_assumption_that_is_held_is_named():
    table = pd.DataFrame({"replication": [0, 1]})
    said = {"assumptions": {"mode": "fixed", "held": {"supply.price.private": 1.0}}}
    subject = Subject.of(Made(table, experiment=said))
    assert "assumptions fixed (supply.price.private held at 1)" in subject.source()
    assert "every assumption stood at one value" in subject.meaning(0.95)
