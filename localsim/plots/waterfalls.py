"""The waterfall: from one policy to another, an answer at a time."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from matplotlib.figure import Figure

from localsim.appraisal.attribution import question
from localsim.appraisal.headlines import NEED
from localsim.appraisal.subject import Subject
from localsim.appraisal.wording import (
    INSIDE,
    OUTSIDE,
    WHOLE,
    Scale,
    decimals,
    direction,
    label,
    rounded,
    title,
)
from localsim.plots.style import (
    BODY,
    FAINT,
    GREY,
    SMALL,
    chart,
    finish,
    number_axis,
)

if TYPE_CHECKING:
    from localsim.appraisal import Attribution

PLACES = {WHOLE: "the whole place", INSIDE: "inside the pilot", OUTSIDE: "outside it"}
GOOD, BAD, NEITHER, TOTAL = "#0072b2", "#d55e00", "#888888", "#333333"


def waterfall(attribution: Attribution, metric: str = NEED, group: str | None = None) -> Figure:
    """Return a bar for each answer that differs, from where the last ended, and one for the whole.

    Bars are Shapley values; thin lines their intervals. The group is the pilot's inside where
    there is one, else everybody.

    Raises
    ------
    LocalsimError
        If the attribution has no such metric or group.
    """
    rows, whole = attribution.rows(metric, group), attribution.of_whole(metric, group)
    values = rows["value"].to_numpy()
    ends = np.cumsum(values)
    starts = ends - values
    largest = float(np.abs([*ends, *starts, whole["value"]]).max())
    scale = Scale.of(str(whole["unit"]), largest)
    names = [question(answer) for answer in rows["answer"]]
    figure = chart(8.0, 0.36 * (len(rows) + 1) + 0.9)
    axes = figure.subplots()
    for i, (start, value) in enumerate(zip(starts, values, strict=True)):
        axes.barh(i, value * scale.factor, left=start * scale.factor, height=0.62,
                  color=_colour(metric, value))  # fmt: skip
    axes.barh(len(rows), whole["value"] * scale.factor, height=0.62, color=TOTAL)
    lows = np.append(rows["low"].to_numpy() + starts, whole["low"])
    highs = np.append(rows["high"].to_numpy() + starts, whole["high"])
    middles = np.append(ends, whole["value"])
    halves = np.where(np.isfinite(highs - lows), (highs - lows) / 2, 0.0)
    axes.errorbar(
        middles * scale.factor,
        np.arange(len(rows) + 1),
        xerr=halves * scale.factor,
        fmt="none",
        ecolor="black",
        elinewidth=1.0,
        capsize=2.5,
    )
    for i, end in enumerate(ends[:-1]):
        axes.plot([end * scale.factor] * 2, [i, i + 1], color=GREY, linewidth=0.7, zorder=0)
    axes.axvline(0, color=GREY, linewidth=0.9, zorder=0)
    axes.set_yticks(range(len(rows) + 1), [*names, "altogether"])
    axes.set_ylim(len(rows) + 0.6, -0.6)
    axes.margins(x=0.12)
    for i, value in enumerate([*values, float(whole["value"])]):
        axes.annotate(
            _signed(value, halves[i], scale, largest),
            (1.01, i),
            xycoords=("axes fraction", "data"),
            va="center",
            fontsize=SMALL + 0.5,
            annotation_clip=False,
        )
    axes.tick_params(axis="y", length=0, labelsize=BODY)
    axes.tick_params(axis="x", labelsize=SMALL + 0.5)
    axes.spines[["top", "right", "left"]].set_visible(False)
    axes.grid(axis="x", color=FAINT, linewidth=0.5)
    axes.set_axisbelow(True)
    number_axis(axes, "x")
    axes.set_xlabel(f"{label(metric).lower()}, {scale.unit}", fontsize=BODY)
    subject = Subject.of(attribution.results)
    heading = (
        f"What makes {title(attribution.b)} differ from {title(attribution.a).lower()} "
        f"({PLACES.get(str(whole['group']), whole['group'])})"
    )
    return finish(figure, heading, [_reading(attribution, metric), subject.source()])


def _colour(metric: str, value: float) -> str:
    better = direction(metric)
    if better is None or value == 0.0:
        return NEITHER
    return GOOD if (value > 0.0) == (better == "higher") else BAD


def _signed(value: float, half: float, scale: Scale, largest: float) -> str:
    """Return a contribution and half its interval as text."""
    places = max(0, 2 - max(0, -decimals(largest * scale.factor))) if largest > 0.0 else 0
    error = f" ± {rounded(half * scale.factor, places)}" if half > 0.0 else ""
    return rounded(value * scale.factor, places, signed=True) + error


def _reading(attribution: Attribution, metric: str) -> str:
    """Return how to read the figure."""
    colours = "" if direction(metric) is None else "blue is for the better, orange for the worse; "
    subject = Subject.of(attribution.results)
    one = (attribution.whole["replications"] == 1).all()
    lines = (
        "one replication gives no intervals."
        if one
        else f"lines: {attribution.level * 100:g}% intervals of each contribution. "
        + subject.meaning(attribution.level)
    )
    return (
        "Bars: an answer’s mean effect over all orders of changing the answers (Shapley value), "
        f"from where the last bar ended; {colours}{lines}"
    )
