"""The figure of differences: a dot and an interval for every policy, metric and part of a place."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from localsim.appraisal.headlines import headline_metrics
from localsim.appraisal.subject import Subject
from localsim.appraisal.wording import INSIDE, OUTSIDE, WHOLE, Scale, direction, label, title
from localsim.experiment.validate import one_of
from localsim.plots.style import (
    BODY,
    FAINT,
    GREY,
    PALE,
    SMALL,
    chart,
    finish,
    grid,
    number_axis,
    panel,
    policy_label,
)

if TYPE_CHECKING:
    from localsim.appraisal import Appraisal

MOST = 9
PARTS = {
    INSIDE: ("inside the pilot", "#d55e00", "o"),
    OUTSIDE: ("outside the pilot", "#0072b2", "D"),
    WHOLE: ("the whole place", "#000000", "s"),
}


def differences(appraisal: Appraisal, metrics: list[str] | None = None) -> Figure:
    """Return dots and intervals of every policy's difference from the baseline.

    One panel a metric, each in its own unit; one row a policy; one marker for the pilot, the rest
    and the whole place. The better side of zero is shaded. Without ``metrics``, up to nine
    headline metrics are shown.

    Raises
    ------
    LocalsimError
        If a metric is not in the appraisal.
    """
    rows = appraisal.differences[appraisal.differences["group"].isin(list(PARTS))]
    chosen = headline_metrics(rows)[:MOST] if metrics is None else list(metrics)
    for name in chosen:
        one_of("metric", name, rows["metric"].unique())
    parts = [part for part in PARTS if (rows["group"] == part).any()]
    subject, policies = Subject.of(appraisal.results), list(appraisal.policies)
    columns = 3 if len(chosen) > 4 else 2
    deep = len(policies) * (0.16 * len(parts) + 0.22) + 0.85
    figure = chart(
        1.9 + 3.0 * min(columns, len(chosen)),
        deep * -(-len(chosen) // columns),
    )
    panels = grid(figure, len(chosen), columns, sharey=True)
    for axes, metric in zip(panels, chosen, strict=True):
        _draw(axes, rows[rows["metric"] == metric], policies, parts)
        panel(axes, label(metric), pad=14)
    panels[0].set_yticks(range(len(policies)), [policy_label(name) for name in policies])
    panels[0].set_ylim(len(policies) - 0.5, -0.5)
    for axes in panels:
        axes.tick_params(axis="y", labelsize=BODY, length=0)
    entries = panels[0].get_legend_handles_labels() if len(parts) > 1 else ((), ())
    heading = f"What differs from {title(appraisal.baseline).lower()}"
    return finish(figure, heading, [_reading(appraisal, rows), subject.source()], entries)


def _draw(axes: Axes, rows: pd.DataFrame, policies: list[str], parts: list[str]) -> None:
    """Draw one metric: rows of policies, a dot and an interval for each part of the place."""
    shown = rows[["difference", "low", "high"]].to_numpy()
    scale = Scale.of(str(rows["unit"].iloc[0]), float(np.abs(shown[np.isfinite(shown)]).max()))
    for i, part in enumerate(parts):
        name, colour, marker = PARTS[part]
        offset = (i - (len(parts) - 1) / 2) * 0.24
        found = rows[rows["group"] == part].set_index("policy").reindex(policies).dropna()
        where = np.array([policies.index(policy) for policy in found.index]) + offset
        half = (found["high"] - found["difference"]).to_numpy() * scale.factor
        axes.errorbar(
            found["difference"] * scale.factor,
            where,
            xerr=np.where(np.isfinite(half), half, 0.0),
            fmt=marker,
            color=colour,
            markersize=4.5,
            elinewidth=1.4,
            capsize=2.5,
            label=name,
        )
    if not shown.any():
        axes.annotate(
            "exactly equal",
            (0.98, 0.97),
            xycoords="axes fraction",
            ha="right",
            va="top",
            fontsize=SMALL,
            color=GREY,
        )
    axes.axvline(0, color=GREY, linewidth=0.9, zorder=0)
    axes.margins(x=0.1)
    for row in range(1, len(policies)):
        axes.axhline(row - 0.5, color=FAINT, linewidth=0.6, zorder=0)
    _shade(axes, direction(str(rows["metric"].iloc[0])))
    number_axis(axes, "x")
    axes.grid(axis="x", color=FAINT, linewidth=0.5)
    axes.set_axisbelow(True)
    unit = scale.unit.replace("%", "percentage points,").rstrip(",")
    axes.set_xlabel(unit, fontsize=SMALL + 0.5)


def _shade(axes: Axes, better: str | None) -> None:
    """Shade the better side of zero and name it."""
    low, high = axes.get_xlim()
    if low >= 0 or high <= 0:
        low, high = min(low, -0.15 * high), max(high, -0.15 * low)
    axes.set_xlim(low, high)
    if better is None:
        return
    left = better == "lower"
    axes.axvspan(*((low, 0) if left else (0, high)), color=PALE, zorder=-1)
    axes.text(
        0.01 if left else 0.99,
        1.0,
        "◂ better" if left else "better ▸",
        transform=axes.transAxes,
        ha="left" if left else "right",
        va="bottom",
        fontsize=SMALL,
        color="#0072b2",
    )


def _reading(appraisal: Appraisal, rows: pd.DataFrame) -> str:
    """Return how to read the figure, in a sentence or two."""
    subject = Subject.of(appraisal.results)
    if (rows["replications"] == 1).all():
        return "Dots: each policy less the baseline. One replication gives no intervals."
    return (
        f"Dots: mean of each policy less the baseline. Bars: {appraisal.level * 100:g}% interval "
        "of that paired difference. Shaded: the better side of zero. "
        f"{subject.meaning(appraisal.level)}"
    )
