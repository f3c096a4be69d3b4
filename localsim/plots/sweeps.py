"""How a difference moves along one dial of a sweep, line by line of another."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from matplotlib.artist import Artist
from matplotlib.figure import Figure

from localsim.appraisal.headlines import NEED
from localsim.appraisal.inputs import units
from localsim.appraisal.subject import Subject
from localsim.appraisal.wording import WHOLE, Scale, label, title
from localsim.errors import LocalsimError
from localsim.experiment.validate import one_of
from localsim.plots.borders import LEVEL, Swept
from localsim.plots.style import (
    BODY,
    COLOURS,
    DASHES,
    FAINT,
    GREY,
    MARKERS,
    SMALL,
    chart,
    finish,
    legend_label,
    number,
    number_axis,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

MOST_LINES = len(COLOURS) - 1
MOST_LEVELS = 40


def sweep(
    results: Swept,
    policy: str,
    baseline: str,
    dial: str,
    metric: str = NEED,
    group: str = WHOLE,
    by: str | None = None,
) -> Figure:
    """Return a policy's paired difference from a baseline along a dial, a line a level of `by`.

    `dial` and `by` are columns of the sweep's design; anything else that is varied is averaged
    over. Bars are 95 % Student intervals over replications, in each of which all points met the
    same people and luck: neighbouring points err alike, so that a slope is surer than its bars.

    Raises
    ------
    LocalsimError
        If the results are of no sweep, a dial takes too many values to be drawn one by one, or
        there is no such policy, metric, group or dial.
    """
    design = results.design
    if design is None:
        raise LocalsimError(
            "These results are of a single point; a sweep has a design, such as ls.Grid({…})."
        )
    table = results.table
    for name in (policy, baseline):
        one_of("policy", name, table["policy"].astype(str).unique())
    one_of("metric", metric, table["metric"].astype(str).unique())
    one_of("group", group, table["group"].astype(str).unique())
    for column, most in ((dial, MOST_LEVELS), (by, MOST_LINES)):
        if column is not None:
            one_of("dial", column, design.columns)
            if design[column].nunique() > most:
                raise LocalsimError(
                    f"{column!r} takes {design[column].nunique():,} values, and at most {most} can "
                    "be drawn one by one; give a grid."
                )
    gap = _gaps(table, design, (policy, baseline), (metric, group), [*([by] if by else []), dial])
    lines = {"": gap} if by is None else {v: gap.xs(v, level=by) for v in design[by].unique()}
    largest = float(gap["mean"].abs().max())
    scale = Scale.of(units(table)[metric], largest)
    places = list(design[dial].unique())
    words = not pd.api.types.is_numeric_dtype(design[dial]) or pd.api.types.is_bool_dtype(
        design[dial]
    )
    figure = chart(6.6, 3.8)
    axes = figure.subplots()
    axes.axhline(0.0, color=GREY, linewidth=0.8)
    drawn: list[tuple[Artist, str]] = []
    width = 0.0 if words or len(places) < 2 else float(np.min(np.diff(sorted(places))))
    for index, (name, found) in enumerate(lines.items()):
        shift = 0.1 if words else 0.06 * width
        aside = (index - (len(lines) - 1) / 2) * shift
        at = [places.index(value) if words else float(value) for value in found.index]
        half = found["half"].to_numpy() * scale.factor
        bars = axes.errorbar(
            np.array(at) + aside,
            found["mean"].to_numpy() * scale.factor,
            yerr=np.where(np.isfinite(half), half, 0.0),
            color=COLOURS[1 + index],
            marker=MARKERS[index % len(MARKERS)],
            linestyle="" if words else DASHES[(1 + index) % len(DASHES)],
            markersize=5,
            linewidth=1.4,
            elinewidth=1.0,
            capsize=2.5,
        )
        drawn.append((bars.lines[0], "" if by is None else f"{_short(by, policy)} {_said(name)}"))
    if words:
        axes.set_xticks(range(len(places)), [_said(value) for value in places])
        axes.set_xlim(-0.5, len(places) - 0.5)
    else:
        number_axis(axes, "x")
    number_axis(axes, "y")
    axes.set_xlabel(_short(dial, policy), fontsize=BODY)
    axes.set_ylabel(f"{label(metric).lower()},\n{scale.unit}", fontsize=BODY)
    axes.tick_params(labelsize=SMALL)
    axes.grid(axis="y", color=FAINT, linewidth=0.6)
    axes.spines[["top", "right"]].set_visible(False)
    heading = f"{legend_label(policy)} less {title(baseline).lower()}, along {_short(dial, policy)}"
    bars_mean = f"Bars: {LEVEL:.0%} intervals of the paired difference over replications"
    reading = f"{bars_mean}; zero: no difference."
    named = [] if by is None else drawn
    entries = ([line for line, _ in named], [name for _, name in named])
    return finish(figure, heading, [reading, Subject.of(results).source()], entries)


def _short(dial: str, policy: str) -> str:
    """Return a dial's name without the policy's, which stands above the figure."""
    return dial.removeprefix(f"{policy}.")


def _said(value: object) -> str:
    return number(float(value)) if isinstance(value, float | np.floating) else str(value)


def _gaps(
    table: pd.DataFrame,
    design: pd.DataFrame,
    policies: tuple[str, str],
    what: tuple[str, str],
    dials: list[str],
) -> pd.DataFrame:
    """Return mean and half-width of the paired difference at every combination of dials."""
    from scipy import stats  # half a second to import: not before it is needed

    metric, group = what
    chosen = table[(table["metric"] == metric) & (table["group"] == group)]
    wide = chosen.assign(policy=chosen["policy"].astype(str)).pivot_table(
        index=["point", "replication"], columns="policy", values="value", observed=True
    )
    gap = (wide[policies[0]] - wide[policies[1]]).dropna().rename("gap").reset_index()
    if gap.empty:
        raise LocalsimError(
            f"No replication holds {metric!r} of {group!r} under both {policies[0]!r} and "
            f"{policies[1]!r}."
        )
    for dial in dials:
        gap[dial] = design.loc[gap["point"], dial].to_numpy()
    # What else is varied is averaged over within a replication: only those are independent.
    each = gap.groupby([*dials, "replication"], sort=False)["gap"].mean()
    cells = each.groupby(level=dials, sort=False).agg(["mean", "std", "count"])
    count = cells["count"].to_numpy()
    quantile: NDArray[np.float64] = stats.t.ppf((1 + LEVEL) / 2, np.maximum(count - 1, 1))
    spread = cells["std"].fillna(0.0).to_numpy() / np.sqrt(count)
    cells["half"] = np.where(count > 1, quantile * spread, np.inf)
    return cells
