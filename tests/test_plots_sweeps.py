"""A sweep is drawn as what it is: means, intervals over replications, a line a level."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from scipy import stats

import localsim as ls
from localsim import plots

DIAL, BY = "place.kappa", "near.tier"
GAPS = {0: 3.0, 1: -1.0, 2: 0.5, 3: -0.5, 4: 2.0}


def swept(values=(0.0, 0.2, 0.4), replications=5):
    rows = []
    points = [(value, tier) for value in values for tier in ("area", "nation")]
    for point, (value, tier) in enumerate(points):
        for replication in range(replications):
            gap = 100 * value + (50 if tier == "nation" else 0) + GAPS[replication]
            for policy, extra in (("far", 0.0), ("near", gap)):
                value_ = 1000.0 + 7 * replication + extra
                rows.append((point, replication, policy, "crises", "all", value_, "crises"))
    columns = ["point", "replication", "policy", "metric", "group", "value", "unit"]
    table = pd.DataFrame(rows, columns=columns)
    design = pd.DataFrame(points, columns=[DIAL, BY])
    return SimpleNamespace(table=table, design=design, series=None, experiment={"years": 5})


def drawn(figure):
    """Return x, mean and half-width of every line."""
    found = []
    for line, _, (bars,) in figure.axes[0].containers:
        half = [(s[1][1] - s[0][1]) / 2 for s in bars.get_segments()]
        found.append((line.get_xdata(), line.get_ydata(), np.array(half)))
    return found


def test_a_line_is_the_mean_difference_and_its_bars_are_students():
    figure = plots.sweep(swept(), "near", "far", DIAL, "crises", by=BY)
    half = stats.t.ppf(0.975, 4) * np.std(list(GAPS.values()), ddof=1) / np.sqrt(5)
    mean = np.mean(list(GAPS.values()))
    (_, area, bars), (_, nation, _) = drawn(figure)
    assert area == pytest.approx([mean, 20 + mean, 40 + mean])
    assert nation == pytest.approx(area + 50)
    assert bars == pytest.approx([half] * 3)
    assert [text.get_text() for text in figure.legends[0].texts] == [
        "tier area", "tier nation",
    ]  # fmt: skip


def test_what_is_not_named_is_averaged_over_within_a_replication():
    ((x, mean, bars),) = drawn(plots.sweep(swept(), "near", "far", DIAL, "crises"))
    assert x == pytest.approx([0.0, 0.2, 0.4])
    assert mean == pytest.approx([25.8, 45.8, 65.8])
    # Five independent values, not ten: the levels of what is averaged over share their luck.
    assert bars == pytest.approx(
        [stats.t.ppf(0.975, 4) * np.std(list(GAPS.values()), ddof=1) / np.sqrt(5)] * 3
    )


def test_words_stand_beside_each_other_and_one_replication_has_no_bars():
    figure = plots.sweep(swept(replications=1), "near", "far", BY, "crises")
    axes = figure.axes[0]
    assert [text.get_text() for text in axes.get_xticklabels()] == ["area", "nation"]
    ((_, _, bars),) = drawn(figure)
    assert bars == pytest.approx([0.0, 0.0])


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"dial": "place.kapa"}, "did you mean 'place.kappa'"),
        ({"by": "near.tire"}, "did you mean 'near.tier'"),
        ({"policy": "naer"}, "did you mean 'near'"),
        ({"metric": "crisis"}, "did you mean 'crises'"),
        ({"group": "al"}, "did you mean 'all'"),
        ({"results": swept(np.linspace(0, 1, 60))}, "60 values, and at most 40"),
        ({"results": swept(np.linspace(0, 1, 20)), "dial": BY, "by": DIAL}, "at most 7"),
    ],
)
def test_what_cannot_be_drawn_is_refused_in_a_sentence(changes, said):
    asked = {"results": swept(), "policy": "near", "baseline": "far", "dial": DIAL,
             "metric": "crises"}  # fmt: skip
    with pytest.raises(ls.LocalsimError, match=said):
        plots.sweep(**(asked | changes))


def test_a_single_point_is_no_sweep():
    results = swept()
    results.design = None
    with pytest.raises(ls.LocalsimError, match="single point"):
        plots.sweep(results, "near", "far", DIAL)
