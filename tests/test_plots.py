"""Figures say what they show, keep their parts apart and leave nothing behind."""

from __future__ import annotations

import itertools
import subprocess
import sys
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg

from localsim import plots
from localsim.appraisal import appraise
from localsim.errors import LocalsimError
from localsim.metrics import METRICS
from localsim.place import Place

NEED = "need_months_unmet"
GROUPS = (
    "all", "inside", "outside", "area fifth 1 (most deprived)", "area fifth 2", "area fifth 3",
    "area fifth 4", "area fifth 5 (least deprived)", "owned", "social rented", "private rented",
    "rent free",
)  # fmt: skip
LONG = tuple(f"a policy whose name goes on for much longer than it should, {i}" for i in range(4))
SHAPES = {
    "four by nine": ({"policies": ("status_quo", "top_down", "one norbiton", "third")}, 9),
    "two by two": ({"policies": ("status_quo", "top_down")}, 2),
    "long names": ({"policies": ("status_quo", *LONG)}, 5),
    "one run": ({"policies": ("status_quo", "top_down"), "replications": 1}, 3),
}


@dataclass(frozen=True)
class Made:
    """Results made by hand."""

    table: pd.DataFrame
    series: pd.DataFrame
    experiment: dict = field(default_factory=dict)


def made(policies=("status_quo", "top_down"), replications=5, place="kingston", groups=GROUPS):
    rng = np.random.default_rng(4)
    rows, paths = [], []
    names = [NEED, *(name for name in METRICS if name != NEED)]
    for key in itertools.product(range(replications), policies, names, groups):
        rows.append((*key, rng.normal(5e4, 1e3), METRICS[key[2]].unit))
        if key[3] in ("all", "inside"):
            paths += [(*key, month, rng.normal(800, 20)) for month in range(1, 13)]
    keys = ["replication", "policy", "metric", "group"]
    return Made(
        pd.DataFrame(rows, columns=[*keys, "value", "unit"]),
        pd.DataFrame(paths, columns=[*keys, "month", "value"]),
        {"place": {"name": place}, "policies": [{"name": p} for p in policies], "years": 1,
         "assumptions": {"mode": "sampled"}},
    )  # fmt: skip


def boxes(figure):
    """Return the extents of what must not overlap: titles, notes, legend, axes with labels."""
    FigureCanvasAgg(figure).draw()
    parts = [*figure.texts, *figure.legends, *figure.axes]
    return [(part, part.get_tightbbox()) for part in parts]


def assert_readable(figure):
    page = figure.bbox
    found = boxes(figure)
    for part, box in found:
        assert box.x0 >= page.x0 - 1, part
        assert box.x1 <= page.x1 + 1, part
        assert box.y0 >= page.y0 - 1, part
        assert box.y1 <= page.y1 + 1, part
    for (one, first), (two, second) in itertools.combinations(found, 2):
        across = min(first.x1, second.x1) - max(first.x0, second.x0)
        down = min(first.y1, second.y1) - max(first.y0, second.y0)
        assert min(across, down) <= 1, (one, two)
    for axes in figure.axes:
        for labels in (axes.get_xticklabels(), axes.get_yticklabels()):
            shown = [t.get_window_extent() for t in labels if t.get_visible() and t.get_text()]
            for one, two in itertools.combinations(shown, 2):
                assert not one.overlaps(two), axes.get_title(loc="left")


def words(figure):
    texts = [text.get_text() for text in figure.texts]
    for axes in figure.axes:
        texts += [axes.get_title(loc="left"), axes.get_xlabel(), axes.get_ylabel()]
    return "\n".join(texts)


@pytest.mark.parametrize("shape", SHAPES)
def test_differences_are_readable(shape):
    options, panels = SHAPES[shape]
    appraisal = appraise(made(**options))
    metrics = list(METRICS)[:panels]
    figure = appraisal.plot(metrics)
    assert len(figure.axes) == panels
    assert_readable(figure)
    said = words(figure)
    assert all(METRICS[name].label in said.replace("\n", " ") for name in metrics)
    assert "status quo" in said
    assert ("One replication gives no intervals" in said) == (shape == "one run")


@pytest.mark.parametrize("shape", SHAPES)
def test_trajectories_are_readable(shape):
    options, panels = SHAPES[shape]
    figure = plots.trajectories(made(**options), list(METRICS)[:panels], group="inside")
    assert len(figure.axes) == panels
    assert_readable(figure)
    assert "years" in words(figure)
    assert "inside the pilot" in words(figure)


@pytest.mark.parametrize("shape", SHAPES)
def test_who_gains_is_readable(shape):
    figure = plots.who_gains(appraise(made(**SHAPES[shape][0])))
    assert len(figure.axes) == 2
    assert_readable(figure)
    assert "Who gains" in words(figure)


def test_by_default_the_headlines_are_drawn():
    results = made()
    assert 3 <= len(appraise(results).plot().axes) <= 9
    assert 3 <= len(plots.trajectories(results).axes) <= 9


def test_dots_and_bars_stand_where_the_table_says():
    appraisal = appraise(made(groups=("all",)))
    figure = appraisal.plot([NEED])
    row = appraisal.differences[appraisal.differences["metric"] == NEED].iloc[0]
    (bars,) = figure.axes[0].containers
    (segment,) = bars.lines[2][0].get_segments()
    scale = bars.lines[0].get_xdata()[0] / row["difference"]
    assert segment[:, 0] == pytest.approx([row["low"] * scale, row["high"] * scale])
    assert not figure.legends


def test_a_band_is_the_interval_of_the_difference_or_of_the_level():
    results = made()
    rows = results.series[(results.series["metric"] == NEED) & (results.series["group"] == "all")]
    laid = rows.pivot_table(index="replication", columns=["policy", "month"], values="value")
    gap = laid["top_down"] - laid["status_quo"]
    for band, values in (("difference", gap), ("level", laid["top_down"])):
        figure = plots.trajectories(results, [NEED], band=band)
        edge = figure.axes[0].collections[1].get_paths()[0].vertices[:, 1]
        half = 2.7764451 * values.sem()  # Student's quantile for four degrees of freedom
        assert np.ptp(edge[[1, -2]]) == pytest.approx(2 * half.iloc[0], rel=1e-6)


def test_real_places_carry_their_attribution_and_made_up_ones_do_not():
    assert "Crown copyright" in words(appraise(made()).plot([NEED]))
    assert "Crown copyright" not in words(appraise(made(place="synthetic")).plot([NEED]))
    assert "Source: localsim" in words(appraise(made(place="synthetic")).plot([NEED]))


@pytest.mark.parametrize("place", [Place.norbiton(), Place.synthetic(900), Place.synthetic(50, 1)])
def test_a_map_is_readable_and_to_scale(place):
    values = np.arange(len(place.codes)) - 1.0
    figure = plots.place_map(place, values, "a value, per resident")
    assert_readable(figure)
    assert figure.axes[0].get_aspect() == 1
    assert "a value, per resident" in words(figure)
    dots = figure.axes[0].collections[-1]
    assert len(dots.get_offsets()) == len(place.codes)


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (lambda: appraise(made()).plot(["need"]), "no metric called 'need'"),
        (
            lambda: plots.trajectories(made(), ["trusty"]),
            "no metric with trajectories called 'trusty'",
        ),
        (
            lambda: plots.trajectories(made(), group="owned"),
            "no group with trajectories called 'owned'",
        ),
        (lambda: plots.trajectories(made(), band="mean"), "no band called 'mean'"),
        (lambda: plots.who_gains(appraise(made()), "nothing"), "no metric called 'nothing'"),
        (lambda: plots.who_gains(appraise(made(groups=("all",)))), "area fifth or by tenure"),
        (lambda: plots.place_map(Place.norbiton(), [1.0], "x"), "one value for each of its 6"),
        (lambda: plots.place_map(Place.norbiton(), [np.nan] * 6, "x"), "is a number"),
        (lambda: plots.trajectories(Made(made().table, pd.DataFrame())), "no trajectories"),
    ],
)
def test_mistakes_end_in_a_sentence(call, sentence):
    with pytest.raises(LocalsimError, match=sentence):
        call()


def test_a_figure_shows_itself_in_a_notebook():
    assert plots.who_gains(appraise(made()))._repr_png_().startswith(b"\x89PNG")


def test_pyplot_is_never_imported():
    code = "import sys, localsim.plots; sys.exit('matplotlib.pyplot' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
