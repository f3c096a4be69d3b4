"""The figure of what matters: the strength of every dimension, beside what luck alone shows."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from localsim.appraisal.subject import Subject
from localsim.appraisal.wording import Scale, label, title
from localsim.plots.style import (
    BODY,
    COLOURS,
    FAINT,
    GREY,
    SMALL,
    chart,
    finish,
    number_axis,
    panel,
)

if TYPE_CHECKING:
    from localsim.appraisal.sensitivity import Sensitivity

MOST = 15


def sensitivity(found: Sensitivity) -> Figure:
    """Return what moves a difference: one row a dimension, the fifteen strongest.

    Morris: the mean size of an effect over a dimension's whole range, and on the right its mean
    with its sign against its spread. Sobol: the share of the variance a dimension moves alone and
    in all. Grey ends where luck alone would.
    """
    rows = found.table.head(MOST)
    deep = 0.28 * len(rows) + 0.9
    morris = found.method == "morris"
    figure = chart(9.0 if morris else 7.5, max(deep, 2.9) if morris else deep)
    panels = (
        list(figure.subplots(1, 2, width_ratios=[1.25, 1.0])) if morris else [figure.subplots()]
    )
    (_strengths if morris else _shares)(panels[0], found)
    if morris:
        _spread(panels[1], found)
    panels[0].set_yticks(np.arange(len(rows)), list(rows["name"]))
    panels[0].set_ylim(len(rows) - 0.4, -0.6)
    panels[0].tick_params(axis="y", labelsize=BODY - 0.5, length=0)
    base = title(found.baseline).lower()
    notes = [
        f"{_reading(found)}{_left_out(len(found.table) - len(rows))}",
        f"{title(found.method)}’s method: {len(found.points):,} points × {found.replications} "
        f"replications. Luck is {100 * found.luck:.0f}% of the variance of single differences.",
        Subject.of(found.results).source(),
    ]
    heading = f"What moves {label(found.metric).lower()}: {title(found.policy)} less {base}"
    return finish(figure, heading, notes, panels[0].get_legend_handles_labels())


def _left_out(number: int) -> str:
    if number == 0:
        return ""
    return " The weakest is left out." if number == 1 else f" The {number} weakest are left out."


def _strengths(axes: Axes, found: Sensitivity) -> None:
    rows, scale = found.table.head(MOST), _scale(found)
    where = np.arange(len(rows))
    axes.barh(where, rows["luck"] * scale.factor, color=FAINT, label="luck alone", height=0.75)
    axes.errorbar(
        rows["strength"] * scale.factor, where, xerr=rows["half"] * scale.factor, fmt="o",
        color=COLOURS[1], markersize=5, elinewidth=1.4, capsize=2.5,
        label=f"strength, {100 * found.level:g}% interval",
    )  # fmt: skip
    _dress(axes)
    axes.set_xlabel(f"change over its whole range, {scale.unit}", fontsize=SMALL + 0.5)
    panel(axes, "How strong (μ*)")


def _scale(found: Sensitivity) -> Scale:
    """Return one scale for both panels of Morris's figure."""
    return Scale.of(found.unit, float((found.table["strength"] + found.table["half"]).max()))


def _spread(axes: Axes, found: Sensitivity) -> None:
    rows = found.table
    scale = _scale(found)
    x, y = rows["effect"] * scale.factor, rows["spread"] * scale.factor
    axes.plot(x, y, "o", color=COLOURS[1], markersize=5)
    for name, across, up in list(zip(rows["name"], x, y, strict=True))[:4]:
        left = across > 0
        axes.annotate(
            name, (across, up), xytext=(-6 if left else 6, 0), textcoords="offset points",
            ha="right" if left else "left", va="center", fontsize=SMALL,
        )  # fmt: skip
    axes.axvline(0, color=GREY, linewidth=0.9, zorder=0)
    axes.margins(x=0.15, y=0.15)
    axes.set_ylim(bottom=0)
    axes.set_xlabel(f"mean effect (μ), {scale.unit}", fontsize=SMALL + 0.5)
    axes.set_ylabel(f"spread (σ), {scale.unit}", fontsize=SMALL + 0.5)
    axes.grid(color=FAINT, linewidth=0.5)
    axes.set_axisbelow(True)
    number_axis(axes, "x")
    number_axis(axes, "y")
    panel(axes, "Which way, and how evenly")


def _shares(axes: Axes, found: Sensitivity) -> None:
    rows = found.table.head(MOST)
    where = np.arange(len(rows))
    axes.barh(where, 100 * rows["luck"], color=FAINT, label="luck alone", height=0.75)
    for name, column, offset, colour, marker in (
        ("in all, with interactions", "total", -0.14, COLOURS[1], "o"),
        ("alone", "first", 0.14, COLOURS[2], "D"),
    ):
        axes.errorbar(
            100 * rows[column], where + offset, xerr=100 * rows[f"{column}_half"], fmt=marker,
            color=colour, markersize=5, elinewidth=1.4, capsize=2.5, label=name,
        )  # fmt: skip
    _dress(axes)
    axes.axvline(0, color=GREY, linewidth=0.9, zorder=0)
    axes.set_xlabel(
        f"% of the variance of the mean difference ({100 * found.level:g}% intervals)",
        fontsize=SMALL + 0.5,
    )
    panel(axes, "")


def _dress(axes: Axes) -> None:
    axes.grid(axis="x", color=FAINT, linewidth=0.5)
    axes.set_axisbelow(True)
    number_axis(axes, "x")


def _reading(found: Sensitivity) -> str:
    if found.method == "morris":
        return (
            "Left: by how much the difference changes, whichever way, when one number moves over "
            "its whole range and the others lie anywhere. Right: far from zero, it pushes one "
            "way; high up, its effect depends on the others."
        )
    return (
        "How much of the doubt about the mean difference would go if this number were known: "
        "alone, and with its interactions."
    )
