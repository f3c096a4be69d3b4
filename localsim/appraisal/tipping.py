"""Tipping values: where, along one assumption or answer, the sign of a difference flips."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from localsim.appraisal.differences import paired
from localsim.appraisal.inputs import ResultsLike
from localsim.appraisal.pointwise import differences_by_point, points_of, the_policy
from localsim.appraisal.wording import WHOLE, label, plain, title
from localsim.errors import LocalsimError
from localsim.experiment.validate import finite, one_of

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from localsim.experiment import Experiment

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Tipping:
    """A difference along one dimension, and where it changes sign.

    Attributes
    ----------
    table : pandas.DataFrame
        One row a value of the dimension: value, difference (mean over replications and over
        whatever else the design varied), se, low, high.
    values : tuple of float
        Where the mean difference crosses zero, between two values that were run, by a straight
        line; none if it never does.
    unclear : tuple of (float, float)
        The stretches of the dimension in which the interval of the difference holds zero.
    """

    name: str
    metric: str
    group: str
    policy: str
    baseline: str
    unit: str
    level: float
    table: pd.DataFrame
    values: tuple[float, ...]
    unclear: tuple[tuple[float, float], ...]

    def __str__(self) -> str:
        what = (
            f"{title(self.policy)} against {title(self.baseline).lower()}, "
            f"{label(self.metric).lower()} ({self.group})"
        )
        low, high = self.table["value"].iloc[0], self.table["value"].iloc[-1]
        tried = f"{self.name} from {plain(low)} to {plain(high)}"
        if not self.values:
            side = "above" if self.table["difference"].iloc[0] > 0 else "below"
            text = f"{what}: the difference stays {side} zero for {tried}"
        else:
            text = f"{what}: the difference changes sign at {self.name} = " + ", ".join(
                plain(value) for value in self.values
            )
        if not self.unclear:
            return f"{text}; clearly so at every value."
        spans = " and ".join(f"{plain(a)} to {plain(b)}" for a, b in self.unclear)
        return f"{text}; it is not clear from {spans}."

    def __repr__(self) -> str:
        return str(self)

    def plot(self) -> Figure:
        """Return the figure of the difference: see :func:`localsim.plots.tipping`."""
        from localsim.plots import tipping  # matplotlib is slow to import

        return tipping(self)


def tipping(
    experiment: Experiment,
    results: ResultsLike,
    name: str,
    metric: str,
    *,
    policy: str | None = None,
    group: str = WHOLE,
    level: float = 0.95,
) -> Tipping:
    """Say at which value of one dimension the difference between two policies changes sign.

    Parameters
    ----------
    experiment, results
        An experiment with a design that varies ``name``, a number, and what it came to.
    metric, policy, group
        Whose difference from the baseline in what; the only policy, if it is not named.
    level
        Coverage of the intervals, one value at a time.

    Raises LocalsimError if the design does not vary the name, or not as a number.
    """
    from localsim.metrics import METRICS

    chosen = the_policy([p.name for p in experiment.policies], experiment.baseline, policy)
    if not 0.0 < finite("level", level) < 1.0:
        raise LocalsimError(f"level is {level}; it lies between 0 and 1, such as 0.95.")
    if experiment.design is None:
        raise LocalsimError(
            "the experiment has no design, so nothing was varied; give it a Grid over the name."
        )
    one_of("dimension", name, experiment.design.columns)
    found = differences_by_point(results, metric, group, chosen, experiment.baseline)
    points = points_of(experiment, list(found.index))[name]
    if not pd.api.types.is_numeric_dtype(points) or pd.api.types.is_bool_dtype(points):
        raise LocalsimError(f"{name!r} takes words; only along a number can a sign change.")
    # A value's replications: means over what else was varied, so that pairs stay pairs.
    by_value = found.groupby(points.to_numpy()).mean()
    gaps = by_value.to_numpy(dtype=np.float64)
    if len(gaps) < 2:
        raise LocalsimError(f"{name!r} has one value in the results; two or more are wanted.")
    rows = paired(gaps.T, np.zeros_like(gaps.T), level)
    values = by_value.index.to_numpy(dtype=np.float64)
    table = pd.DataFrame(
        {"value": values, **{key: rows[key] for key in ("difference", "se", "low", "high")}}
    )
    crossings = zeros(values, table["difference"].to_numpy())
    return Tipping(
        name,
        metric,
        group,
        chosen,
        experiment.baseline,
        METRICS[metric].unit,
        level,
        table,
        tuple(crossings),
        tuple(unclear(values, table["low"].to_numpy(), table["high"].to_numpy())),
    )


def zeros(x: Floats, y: Floats) -> list[float]:
    """Return where a line through points (x ascending) changes sign; a touch is no change."""
    found = []
    side, last = 0.0, 0
    for i, value in enumerate(y):
        now = float(np.sign(value))
        if now == 0.0:
            continue
        if side and now != side:
            if i - last > 1:  # nought in between: the middle of where it is nought
                found.append(float((x[last + 1] + x[i - 1]) / 2))
            else:
                found.append(float(x[last] - y[last] * (x[i] - x[last]) / (value - y[last])))
        side, last = now, i
    return found


def unclear(x: Floats, low: Floats, high: Floats) -> list[tuple[float, float]]:
    """Return the stretches of x in which a band from low to high holds zero, by straight lines."""
    # Where neither end of the band has a clear sign: its ends' crossings part the axis.
    edges = sorted({float(x[0]), float(x[-1]), *zeros(x, low), *zeros(x, high), *map(float, x)})
    spans: list[tuple[float, float]] = []
    for start, end in pairwise(edges):
        middle = (start + end) / 2
        inside = np.interp(middle, x, low) <= 0.0 <= np.interp(middle, x, high)
        if inside and spans and spans[-1][1] == start:
            spans[-1] = (spans[-1][0], end)
        elif inside:
            spans.append((start, end))
    return spans
