"""The figure of trajectories: month by month under every policy."""

from __future__ import annotations

from typing import Literal

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from localsim.appraisal.differences import Floats, paired
from localsim.appraisal.inputs import ResultsLike, policies_of, units
from localsim.appraisal.subject import Subject
from localsim.appraisal.wording import Scale, label, ordered_metrics, title
from localsim.errors import LocalsimError
from localsim.experiment.validate import one_of
from localsim.plots.style import (
    DASHES,
    FAINT,
    SMALL,
    chart,
    colours,
    finish,
    grid,
    legend_label,
    number_axis,
    panel,
)

LEVEL = 0.95
MOST = 9
BANDS = ("difference", "level")


def trajectories(
    results: ResultsLike,
    metrics: list[str] | None = None,
    group: str = "all",
    band: Literal["difference", "level"] = "difference",
) -> Figure:
    """Return lines of the mean over replications, month by month, with 95 % intervals.

    Parameters
    ----------
    results
        What was run, with its ``series``.
    metrics
        One panel each; by default the first nine that have trajectories.
    group
        Whose: "all", "inside", "outside" and so on.
    band
        "difference" draws around every line the paired interval of its distance from the
        baseline (the experiment's, or else its first policy): where it leaves out the baseline's
        line, the month differs. "level" draws the interval of each mean by itself, which holds
        all doubt that the policies share.

    Raises
    ------
    LocalsimError
        If there are no trajectories, or the metric or the group is not among them.
    """
    series = results.series
    if series.empty:
        raise LocalsimError("These results hold no trajectories: their series table is empty.")
    one_of("band", band, BANDS)
    one_of("group with trajectories", group, series["group"].astype(str).unique())
    rows = series[series["group"] == group]
    known = ordered_metrics(rows["metric"].astype(str).unique())
    chosen = known[:MOST] if metrics is None else list(metrics)
    for name in chosen:
        one_of("metric with trajectories", name, known)
    subject, policies = Subject.of(results), policies_of(results)
    base = str(results.experiment.get("baseline") or policies[0])
    base = base if base in policies else policies[0]
    columns = 3 if len(chosen) > 4 else 2
    across = min(columns, len(chosen))
    figure = chart(1.0 + 3.2 * across, 2.1 * -(-len(chosen) // columns))
    names = units(results.table)
    panels = grid(figure, len(chosen), columns)
    for axes, metric in zip(panels, chosen, strict=True):
        found = rows[rows["metric"] == metric]
        _draw(axes, found, policies, base if band == "difference" else None, names.get(metric, ""))
        panel(axes, label(metric))
    for axes in panels[-across:]:
        axes.set_xlabel("years", fontsize=SMALL + 0.5)
    whose = {"all": "the whole place", "inside": "inside the pilot", "outside": "outside the pilot"}
    return finish(
        figure,
        f"Month by month since the policies began: {whose.get(group, group)}",
        [
            _reading(subject, title(base).lower() if band == "difference" else None),
            subject.source(),
        ],
        panels[0].get_legend_handles_labels(),
    )


def _draw(axes: Axes, rows: pd.DataFrame, policies: list[str], base: str | None, unit: str) -> None:
    """Draw one metric's line and band for each policy."""
    laid = {
        str(policy): frame.pivot_table(index="replication", columns="month", values="value")
        for policy, frame in rows.groupby("policy", observed=True)
    }
    scale = Scale.of(unit, max(float(frame.mean().abs().max()) for frame in laid.values()))
    colour = colours(policies)
    for policy in [policy for policy in policies if policy in laid]:
        values = laid[policy] * scale.factor
        years, mean = values.columns.to_numpy() / 12, values.mean().to_numpy()
        axes.plot(
            years,
            mean,
            color=colour[policy],
            linestyle=DASHES[policies.index(policy) % len(DASHES)],
            linewidth=1.5,
            label=legend_label(policy),
        )
        rival = laid[base] * scale.factor if base in laid else values * 0.0
        half = _half(values, rival.reindex_like(values))
        axes.fill_between(
            years, mean - half, mean + half, color=colour[policy], alpha=0.18, linewidth=0
        )
    axes.set_xlim(0, rows["month"].max() / 12)
    axes.xaxis.set_major_locator(MaxNLocator(6, integer=True))
    number_axis(axes, "y")
    axes.grid(axis="y", color=FAINT, linewidth=0.5)
    axes.set_axisbelow(True)
    axes.set_ylabel(scale.unit, fontsize=SMALL + 0.5)


def _half(values: pd.DataFrame, rival: pd.DataFrame) -> Floats:
    """Return half the paired interval, float64[months], of replications × months; 0 for none."""
    a, b = values.to_numpy(), rival.to_numpy()
    kept = (np.isfinite(a) & np.isfinite(b)).any(axis=0)
    half = np.zeros(kept.size)
    found = paired(a[:, kept], b[:, kept], LEVEL)
    half[kept] = (found["high"] - found["low"]) / 2
    return np.where(np.isfinite(half), half, 0.0)


def _reading(subject: Subject, base: str | None) -> str:
    if subject.replications == 1:
        return "Lines: the one replication that was run."
    if base is None:
        return (
            "Lines: mean over replications. Bands: 95% interval of that mean. All policies meet "
            "the same luck, so a difference can be clear although bands overlap."
        )
    return (
        f"Lines: mean over replications. Bands: 95% interval of a policy’s difference from {base}, "
        f"paired: where a band leaves out the line of {base}, the month differs. The levels "
        "themselves are less sure than that, and the axes do not start at zero."
    )
