"""A border is drawn where the difference changes sign, and doubt is marked."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

import localsim as ls
from localsim import plots

X, Y = "place.kappa", "record.noise_sd"


def swept(noise=0.1):
    luck = np.random.default_rng(0)
    grid = [(x, y) for x in np.linspace(0.0, 0.6, 5) for y in np.linspace(0.0, 0.4, 4)]
    design = pd.DataFrame(grid, columns=[X, Y])
    design["tier"] = "area"
    rows = [
        (point, replication, policy, "crises", "all", 100.0 + gap, "crises")
        for point, (x, y) in enumerate(grid)
        for replication in range(6)
        for policy, gap in (("far", 0.0), ("near", 10 * (x + y - 0.4) + noise * luck.normal()))
    ]
    columns = ["point", "replication", "policy", "metric", "group", "value", "unit"]
    table = pd.DataFrame(rows, columns=columns)
    return SimpleNamespace(table=table, design=design, series=None, experiment={"years": 5})


def test_the_line_lies_where_the_difference_is_nothing():
    figure = plots.border(swept(), "near", "far", "crises")
    axes = figure.axes[0]
    lines = [path for c in axes.collections for path in c.get_paths() if len(path.vertices) > 2]
    points = np.concatenate([path.vertices for path in lines if len(path.vertices) < 40])
    on_border = points[np.abs(points.sum(axis=1) - 0.4) < 0.03]
    assert len(on_border) >= 4
    assert (axes.get_xlabel(), axes.get_ylabel()) == (X, Y)


def test_doubt_is_marked_where_an_interval_holds_zero():
    def doubted(noise):
        axes = plots.border(swept(noise), "near", "far", "crises", dials=(X, Y)).axes[0]
        return len(axes.lines[0].get_xdata())

    assert doubted(0.001) < doubted(2.0)


def test_dials_that_are_none_are_told():
    results = swept()
    with pytest.raises(ls.LocalsimError, match="kappa"):
        plots.border(results, "near", "far", "crises", dials=("place.kapa", Y))
    with pytest.raises(ls.LocalsimError, match="names of two"):
        plots.border(results, "near", "far", "crises", dials=("place.kappa",))
    results.design = results.design.assign(third=np.arange(len(results.design)))
    with pytest.raises(ls.LocalsimError, match="varies 3 numbers"):
        plots.border(results, "near", "far", "crises")
    results.design = None
    with pytest.raises(ls.LocalsimError, match="single point"):
        plots.border(results, "near", "far", "crises")
    with pytest.raises(ls.LocalsimError, match="near"):
        plots.border(swept(), "nearer", "far", "crises")


def test_metrics_of_one_unit_add_up():
    results = swept(0.001)
    more = results.table.assign(metric="solved", value=3.0 * results.table["value"])
    results.table = pd.concat([results.table, more], ignore_index=True)
    one = plots.border(results, "near", "far", "crises").axes[0].collections[0].get_array()
    two = plots.border(results, "near", "far", {"crises": 1, "solved": -0.5})
    assert np.allclose(two.axes[0].collections[0].get_array(), -0.5 * one)
    assert two.axes[1].get_ylabel() == "crises less 0.5 × needs solved, crises"
    results.table.loc[results.table["metric"] == "solved", "unit"] = "needs"
    with pytest.raises(ls.LocalsimError, match="of one unit"):
        plots.border(results, "near", "far", {"crises": 1, "solved": -0.5})


def test_points_that_share_a_replication_are_one_observation():
    results = swept(2.0)
    again = results.table.assign(point=results.table["point"] + len(results.design))
    more = pd.concat([results.design, results.design.assign(tier="nation")], ignore_index=True)
    once = plots.border(results, "near", "far", "crises", dials=(X, Y)).axes[0].lines[0]
    results.table = pd.concat([results.table, again], ignore_index=True)
    results.design = more
    twice = plots.border(results, "near", "far", "crises", dials=(X, Y)).axes[0].lines[0]
    assert np.array_equal(once.get_xydata(), twice.get_xydata())
