"""The figure of trajectories: month by month under every policy."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from localsim.appraisal.headlines import headline_metrics
from localsim.appraisal.inputs import ResultsLike, policies_of, units
from localsim.appraisal.subject import Subject
from localsim.appraisal.wording import Scale, label
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


def trajectories(
    results: ResultsLike, metrics: list[str] | None = None, group: str = "all"
) -> Figure:
    """Return lines of the mean over replications, month by month, with a 95 % interval of it.

    One panel a metric, one line a policy, from the month the policies began. Without
    ``metrics``, up to nine headline metrics are shown; ``group`` is the group of residents.

    Raises
    ------
    LocalsimError
        If there are no trajectories, or the metric or the group is not among them.
    """
    series = results.series
    if series.empty:
        raise LocalsimError("These results hold no trajectories: their series table is empty.")
    one_of("group with trajectories", group, series["group"].astype(str).unique())
    rows = series[series["group"] == group]
    chosen = headline_metrics(series)[:MOST] if metrics is None else list(metrics)
    for name in chosen:
        one_of("metric with trajectories", name, rows["metric"].astype(str).unique())
    subject, policies = Subject.of(results), policies_of(results)
    columns = 3 if len(chosen) > 4 else 2
    figure = chart(
        1.0 + 3.2 * min(columns, len(chosen)),
        2.1 * -(-len(chosen) // columns),
    )
    names = units(results.table)
    panels = grid(figure, len(chosen), columns)
    for axes, metric in zip(panels, chosen, strict=True):
        _draw(axes, rows[rows["metric"] == metric], policies, names.get(metric, ""))
        panel(axes, label(metric))
    for axes in panels[-min(columns, len(chosen)) :]:
        axes.set_xlabel("years", fontsize=SMALL + 0.5)
    whose = {"all": "the whole place", "inside": "inside the pilot", "outside": "outside the pilot"}
    return finish(
        figure,
        f"Month by month since the policies began: {whose.get(group, group)}",
        [_reading(subject), subject.source()],
        panels[0].get_legend_handles_labels(),
    )


def _draw(axes: Axes, rows: pd.DataFrame, policies: list[str], unit: str) -> None:
    """Draw one metric's line and band for each policy."""
    from scipy import stats

    found = rows.assign(policy=rows["policy"].astype(str)).groupby(["policy", "month"])["value"]
    table = found.agg(["mean", "sem", "count"])
    scale = Scale.of(unit, float(table["mean"].abs().max()))
    colour = colours(policies)
    for i, policy in enumerate(policies):
        if policy not in table.index:
            continue
        path = table.loc[policy]
        years, mean = path.index.to_numpy() / 12, path["mean"].to_numpy() * scale.factor
        width = stats.t.ppf((1 + LEVEL) / 2, np.maximum(path["count"].to_numpy() - 1, 1))
        half = width * path["sem"].fillna(0.0).to_numpy() * scale.factor
        dash = DASHES[i % len(DASHES)]
        axes.plot(
            years, mean, dash, color=colour[policy], linewidth=1.5, label=legend_label(policy)
        )
        axes.fill_between(
            years, mean - half, mean + half, color=colour[policy], alpha=0.15, linewidth=0
        )
    axes.set_xlim(0, rows["month"].max() / 12)
    axes.xaxis.set_major_locator(MaxNLocator(6, integer=True))
    number_axis(axes, "y")
    axes.grid(axis="y", color=FAINT, linewidth=0.5)
    axes.set_axisbelow(True)
    axes.set_ylabel(scale.unit, fontsize=SMALL + 0.5)


def _reading(subject: Subject) -> str:
    if subject.replications == 1:
        return "Lines: the one replication that was run."
    return (
        "Lines: mean over replications. Bands: 95% interval of that mean. All policies meet the "
        "same luck, so a difference can be clear although bands overlap: judge it by the figure "
        "of differences."
    )
