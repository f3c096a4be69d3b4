"""The border between winning and losing: a difference over two dials of a sweep."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Protocol

import numpy as np
import pandas as pd
from matplotlib.colors import TwoSlopeNorm
from matplotlib.figure import Figure

from localsim.appraisal.headlines import NEED
from localsim.appraisal.inputs import ResultsLike, units
from localsim.appraisal.subject import Subject
from localsim.appraisal.wording import WHOLE, Scale, direction, label, title
from localsim.errors import LocalsimError
from localsim.experiment.validate import one_of
from localsim.plots.style import BODY, SMALL, chart, finish, legend_label, number

if TYPE_CHECKING:
    from numpy.typing import NDArray

LEVEL = 0.95
BETTER_FIRST, WORSE_FIRST = "RdBu_r", "RdBu"


class Swept(ResultsLike, Protocol):
    """Results of a sweep: a table with a column ``point``, and a row a point in ``design``."""

    @property
    def design(self) -> pd.DataFrame | None:
        """The value of everything that is varied, a row a point."""


def border(
    results: Swept,
    policy: str,
    baseline: str,
    metric: str | Mapping[str, float] = NEED,
    group: str = WHOLE,
    dials: Sequence[str] | None = None,
) -> Figure:
    """Return a map of a policy's difference from a baseline over two dials of a sweep.

    Blue is where the policy is better, red where it is worse, the line is the border between them,
    and dots mark where the 95 % interval of the paired difference holds zero. Dials are two columns
    of the sweep's design, the first across; anything else that is varied is averaged over. Metrics
    of one unit may be added up, each by its weight: ``{"amenity_benefit_gbp": 1, "spend_gbp": -1}``
    is what is gained less what is spent.

    Raises
    ------
    LocalsimError
        If the results are of no sweep, there are not two dials of several numbers, or there is no
        such policy, metric or group.
    """
    table, design = results.table, results.design
    if design is None or "point" not in table.columns:
        raise LocalsimError(
            "These results are of a single point; a border is drawn over a sweep of two dials, "
            "such as design=ls.Grid({…}, {…})."
        )
    x, y = _dials(design, dials)
    for name in (policy, baseline):
        one_of("policy", name, table["policy"].astype(str).unique())
    weights = {metric: 1.0} if isinstance(metric, str) else dict(metric)
    for name in weights:
        one_of("metric", name, table["metric"].astype(str).unique())
    if not weights or len({units(table)[name] for name in weights}) > 1:
        raise LocalsimError(f"metric is {metric!r}; metrics of one unit are wanted, with weights.")
    one_of("group", group, table["group"].astype(str).unique())
    mean, clear = _surface(table, design, (policy, baseline), (weights, group), (x, y))
    scale = Scale.of(units(table)[next(iter(weights))], float(np.nanmax(np.abs(mean.to_numpy()))))
    values = mean.to_numpy() * scale.factor
    across, up = mean.columns.to_numpy(float), mean.index.to_numpy(float)
    figure = chart(6.6, 4.6)
    axes = figure.subplots()
    largest = float(np.nanmax(np.abs(values))) or 1.0
    colours = WORSE_FIRST if _better_up(weights) else BETTER_FIRST
    drawn = axes.pcolormesh(
        across,
        up,
        values,
        cmap=colours,
        norm=TwoSlopeNorm(0.0, -largest, largest),
        shading="nearest",
    )
    if np.nanmin(values) < 0.0 < np.nanmax(values):
        axes.contour(across, up, values, levels=[0.0], colors="black", linewidths=1.6)
    there = np.argwhere(~clear.to_numpy() & np.isfinite(values))
    axes.plot(across[there[:, 1]], up[there[:, 0]], "o", color="black", markersize=2.5)
    axes.set_xlabel(x, fontsize=BODY)
    axes.set_ylabel(y, fontsize=BODY)
    axes.tick_params(labelsize=SMALL)
    bar = figure.colorbar(drawn, ax=axes, format=lambda value, _: number(value))
    bar.set_label(f"{_named(weights)}, {scale.unit}", fontsize=BODY)
    bar.ax.tick_params(labelsize=SMALL)
    heading = f"{legend_label(policy)} against {title(baseline).lower()}: better or worse?"
    reading = (
        "Colour: mean paired difference; blue is where it is better. Line: the border. "
        f"Dots: the {LEVEL:.0%} interval holds zero."
    )
    return finish(figure, heading, [reading, Subject.of(results).source()])


def _better_up(weights: Mapping[str, float]) -> bool:
    """Whether more of a sum of metrics is better, by the first that has a good direction."""
    for name, weight in weights.items():
        if direction(name) is not None:
            return (direction(name) == "higher") == (weight > 0.0)
    return True


def _named(weights: Mapping[str, float]) -> str:
    """Return a sum of metrics in words."""
    said = ""
    for name, weight in weights.items():
        size = "" if abs(weight) == 1.0 else f"{abs(weight):g} × "
        joint = (" less " if weight < 0.0 else " plus ") if said else ("less " * (weight < 0.0))
        said += f"{joint}{size}{label(name).lower()}"
    return said


def _dials(design: pd.DataFrame, dials: Sequence[str] | None) -> tuple[str, str]:
    """Return the two dials, given or all there are."""
    varied = [
        name
        for name in design.columns
        if pd.api.types.is_numeric_dtype(design[name])
        and not pd.api.types.is_bool_dtype(design[name])
        and len(design[name].unique()) > 1
    ]
    if dials is None:
        if len(varied) != 2:
            raise LocalsimError(
                f"The sweep varies {len(varied)} numbers ({', '.join(varied) or 'none'}); name two "
                "of them: dials=('…', '…')."
            )
        return str(varied[0]), str(varied[1])
    if isinstance(dials, str) or len(dials) != 2:
        raise LocalsimError(f"dials is {dials!r}; the names of two columns are wanted.")
    for name in dials:
        one_of("dial", name, varied)
    return dials[0], dials[1]


def _surface(
    table: pd.DataFrame,
    design: pd.DataFrame,
    policies: tuple[str, str],
    what: tuple[Mapping[str, float], str],
    dials: tuple[str, str],
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the mean paired difference, dials y by x, and whether its interval leaves out zero."""
    from scipy import stats  # half a second to import: not before it is needed

    weights, group = what
    chosen = table[table["metric"].isin(list(weights)) & (table["group"] == group)]
    plain = chosen.assign(**{name: chosen[name].astype(str) for name in ("policy", "metric")})
    wide = plain.pivot_table(
        index=["point", "replication"], columns=["metric", "policy"], values="value"
    )
    parts = [
        weight * (wide[name, policies[0]] - wide[name, policies[1]])
        for name, weight in weights.items()
    ]
    gap = pd.concat(parts, axis=1).sum(axis=1, skipna=False).dropna().rename("gap").reset_index()
    if gap.empty:
        raise LocalsimError(
            f"No replication holds {_named(weights)} of {group!r} under both {policies[0]!r} and "
            f"{policies[1]!r}."
        )
    x, y = dials
    gap[x], gap[y] = (design.loc[gap["point"], dial].to_numpy() for dial in dials)
    # What else was varied is averaged within a replication: its points share their luck.
    each = gap.groupby([y, x, "replication"])["gap"].mean()
    cells = each.groupby(level=[y, x]).agg(["mean", "std", "count"])
    count = cells["count"].to_numpy()
    quantile: NDArray[np.float64] = stats.t.ppf((1 + LEVEL) / 2, np.maximum(count - 1, 1))
    half = np.where(count > 1, quantile * cells["std"].fillna(0.0) / np.sqrt(count), np.inf)
    sure = pd.Series(cells["mean"].abs().to_numpy() > half, index=cells.index)
    laid = pd.DataFrame({"mean": cells["mean"], "sure": sure.astype(float)}).reset_index()
    mean, clear = (laid.pivot_table(index=y, columns=x, values=name) for name in ("mean", "sure"))
    return mean, clear > 0.0
