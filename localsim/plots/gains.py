"""The figure of who gains: the change in each area fifth and tenure."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from localsim.appraisal.headlines import NEED
from localsim.appraisal.subject import Subject
from localsim.appraisal.wording import (
    FIFTH,
    TENURES,
    direction,
    label,
    ordered_groups,
    title,
)
from localsim.errors import LocalsimError
from localsim.experiment.validate import one_of
from localsim.plots.style import (
    BODY,
    FAINT,
    GREY,
    MARKERS,
    SMALL,
    chart,
    colours,
    finish,
    legend_label,
    number_axis,
    panel,
)

if TYPE_CHECKING:
    from localsim.appraisal import Appraisal


def who_gains(appraisal: Appraisal, metric: str = NEED) -> Figure:
    """Return the change in a metric, in per cent of the baseline, by area fifth and tenure.

    Raises
    ------
    LocalsimError
        If the metric is not in the appraisal, or not by area fifth or tenure.
    """
    rows = appraisal.differences
    one_of("metric", metric, rows["metric"].unique())
    rows = rows[(rows["metric"] == metric) & (rows["baseline_mean"] != 0)]
    groups = ordered_groups(rows["group"])
    sets = {
        "By area, in fifths of residents by deprivation": [
            g for g in groups if g.startswith(FIFTH)
        ],
        "By tenure of the home": [g for g in groups if g in TENURES],
    }
    sets = {heading: members for heading, members in sets.items() if members}
    if not sets:
        raise LocalsimError(f"These results do not give {metric!r} by area fifth or by tenure.")
    subject, policies = Subject.of(appraisal.results), list(appraisal.policies)
    base = title(appraisal.baseline).lower()
    figure = chart(9.0, 3.6)
    widths = [len(members) for members in sets.values()]
    panels = figure.subplots(1, len(sets), sharey=True, squeeze=False, width_ratios=widths)[0]
    for axes, (heading, members) in zip(panels, sets.items(), strict=True):
        _draw(axes, rows, policies, members, [appraisal.baseline, *policies])
        panel(axes, heading, width=60)
    panels[0].set_ylabel(f"change, % of {base}", fontsize=BODY)
    return finish(
        figure,
        f"Who gains: change in {label(metric)[0].lower()}{label(metric)[1:]} against {base}",
        [_reading(appraisal, metric, base), subject.source()],
        panels[0].get_legend_handles_labels(),
    )


def _draw(
    axes: Axes, rows: pd.DataFrame, policies: list[str], groups: list[str], names: list[str]
) -> None:
    """Draw a dot and an interval for each group and policy."""
    colour = colours(names)
    step = 0.7 / len(policies)
    for i, policy in enumerate(policies):
        found = rows[rows["policy"] == policy].set_index("group").reindex(groups)
        size = found["baseline_mean"].abs().to_numpy() / 100
        half = ((found["high"] - found["low"]) / 2).to_numpy() / size
        axes.errorbar(
            np.arange(len(groups)) + (i - (len(policies) - 1) / 2) * step,
            found["difference"].to_numpy() / size,
            yerr=np.where(np.isfinite(half), half, 0.0),
            fmt=MARKERS[i % len(MARKERS)],
            color=colour[policy],
            markersize=5,
            elinewidth=1.4,
            capsize=2.5,
            label=legend_label(policy),
        )
    axes.axhline(0, color=GREY, linewidth=0.9, zorder=0)
    for edge in range(1, len(groups)):
        axes.axvline(edge - 0.5, color=FAINT, linewidth=0.6, zorder=0)
    ticks = [
        g.removeprefix(FIFTH).replace(" (", "\n").replace(")", "").replace(" ", "\n")
        for g in groups
    ]
    axes.set_xticks(range(len(groups)), ticks)
    axes.set_xlim(-0.5, len(groups) - 0.5)
    axes.grid(axis="y", color=FAINT, linewidth=0.5)
    axes.set_axisbelow(True)
    number_axis(axes, "y")
    axes.tick_params(axis="x", length=0, labelsize=SMALL)


def _reading(appraisal: Appraisal, metric: str, base: str) -> str:
    better = direction(metric)
    way = {"lower": "Below zero is better. ", "higher": "Above zero is better. "}.get(
        better or "", ""
    )
    if (appraisal.differences["replications"] == 1).all():
        return f"{way}One replication gives no intervals."
    return (
        f"{way}Bars: {appraisal.level * 100:g}% interval of the paired difference, as a share of "
        f"the group’s mean under {base}."
    )
