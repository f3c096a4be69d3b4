"""The figure of a tipping value: a difference along one dimension, and where it changes sign."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from localsim.appraisal.wording import Scale, direction, label, title
from localsim.plots.style import (
    BODY,
    COLOURS,
    FAINT,
    GREY,
    PALE,
    SMALL,
    chart,
    finish,
    number,
    number_axis,
    panel,
)

if TYPE_CHECKING:
    from localsim.appraisal.tipping import Tipping


def tipping(found: Tipping, now: float | None = None) -> Figure:
    """Return a difference with its interval along one dimension; ``now`` marks a value on it."""
    figure = chart(7.5, 3.2)
    axes = figure.subplots()
    rows = found.table
    shown = rows[["low", "high"]].to_numpy()
    scale = Scale.of(found.unit, float(np.abs(shown[np.isfinite(shown)]).max()))
    axes.fill_between(
        rows["value"], rows["low"] * scale.factor, rows["high"] * scale.factor,
        color=COLOURS[1], alpha=0.2, linewidth=0, label=f"{100 * found.level:g}% interval",
    )  # fmt: skip
    axes.plot(
        rows["value"], rows["difference"] * scale.factor, "o-", color=COLOURS[1], markersize=4,
        label="mean difference",
    )  # fmt: skip
    axes.axhline(0, color=GREY, linewidth=0.9, zorder=0)
    for value in found.values:
        axes.axvline(value, color=COLOURS[2], linewidth=1.4, linestyle="--")
        axes.annotate(
            f" tips at {number(float(f'{value:.3g}'))}",
            (value, 1.0),
            xycoords=("data", "axes fraction"),
            va="top",
            fontsize=BODY,
            color=COLOURS[2],
        )
    if now is not None:
        axes.axvline(now, color=GREY, linewidth=1.2, linestyle=":")
        axes.annotate(
            "default ", (now, 0.0), xycoords=("data", "axes fraction"), ha="right", va="bottom",
            fontsize=SMALL, color=GREY,
        )  # fmt: skip
    _shade(axes, direction(found.metric))
    axes.set_xlabel(found.name, fontsize=BODY)
    axes.set_ylabel(scale.unit, fontsize=SMALL + 0.5)
    axes.grid(axis="y", color=FAINT, linewidth=0.5)
    axes.set_axisbelow(True)
    number_axis(axes, "x")
    number_axis(axes, "y")
    base = title(found.baseline).lower()
    panel(axes, "")
    return finish(
        figure,
        f"What would have to be true: {title(found.policy)} less {base}, "
        f"{label(found.metric).lower()}",
        [f"{found}", "Shaded: the better side of zero."],
        axes.get_legend_handles_labels(),
    )


def _shade(axes: Axes, better: str | None) -> None:
    """Shade the better side of zero, where there is one."""
    low, high = axes.get_ylim()
    low, high = min(low, -0.12 * high), max(high, -0.12 * low)
    axes.set_ylim(low, high)
    if better is not None:
        axes.axhspan(*((low, 0.0) if better == "lower" else (0.0, high)), color=PALE, zorder=-1)
