"""What matters: which assumptions and answers move the difference between two policies.

Morris's method screens many dimensions with few runs; Sobol's shares the variance out among a few.
Both are SALib's. Here the model is run in several replications at every point, the same ones at
all points, and the indices are those of the mean over replications. What luck adds is told apart:
once for all points together, and for every dimension from the replications' own disagreement about
its effect. A dimension without any effect has exactly none in every replication, because all
points meet the same luck.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from localsim.appraisal.inputs import ResultsLike
from localsim.appraisal.pointwise import complete, differences_by_point, the_policy
from localsim.appraisal.wording import WHOLE, label, plain, title
from localsim.errors import LocalsimError
from localsim.experiment.validate import finite, one_of, whole

if TYPE_CHECKING:
    from distributed import Client
    from matplotlib.figure import Figure

    from localsim.experiment import Experiment
    from localsim.experiment.dimensions import Asked

Floats = NDArray[np.float64]
Method = Literal["morris", "sobol"]

SIZES = {"morris": 10, "sobol": 64}
"""Trajectories (ten is Morris's own number and common) and base points (a power of two)."""

LEVELS = 4
"""Levels of Morris's grid, on which every step is two thirds of a range."""

RESAMPLES = 1000


@dataclass(frozen=True, eq=False)
class Sensitivity:
    """How much each dimension moves the difference between two policies.

    Attributes
    ----------
    method : str
        ``"morris"`` or ``"sobol"``.
    metric, group, policy, baseline, unit : str
        Whose difference in what.
    table : pandas.DataFrame
        One row a dimension, the strongest first.

        Morris: ``effect`` (mean elementary effect, μ: the change in the difference over the
        dimension's whole range), ``strength`` (mean of its size, μ*: Campolongo and others 2007),
        ``half`` (half the 95% interval of the strength), ``spread`` (σ: other effects elsewhere,
        a sign of interaction or bends) and ``luck`` (the strength that luck alone would show).

        Sobol: ``first`` (share of the variance of the mean difference that the dimension moves
        alone), ``first_half``, ``total`` (with all interactions), ``total_half`` (halves of 95%
        intervals) and ``luck`` (how much of the total is what luck alone would show).
    luck : float
        The share of the variance of single differences, over points and replications, that is
        the replications' and not the points'.
    points : pandas.DataFrame
        One row a point: the value of every dimension, the mean difference, its standard error.
    """

    method: str
    metric: str
    group: str
    policy: str
    baseline: str
    unit: str
    level: float
    luck: float
    table: pd.DataFrame
    points: pd.DataFrame
    replications: int
    results: ResultsLike

    @property
    def negative(self) -> float:
        """The share of points at which the mean difference is below zero."""
        return float((self.points["difference"] < 0).mean())

    def __str__(self) -> str:
        width = max(len(str(name)) for name in self.table["name"])
        what = f"{title(self.policy)} less {title(self.baseline).lower()}"
        lines = [
            f"What moves {label(self.metric).lower()} ({self.group}), {what}: {self.method}, "
            f"{len(self.points):,} points × {self.replications} replications.",
            f"The difference is below zero at {100 * self.negative:.0f}% of the points. Luck is "
            f"{100 * self.luck:.0f}% of the variance of single differences.",
        ]
        for row in self.table.to_dict("records"):
            if self.method == "morris":
                said = (
                    f"strength {plain(row['strength'])} ± {plain(row['half'])} {self.unit} "
                    f"(effect {plain(row['effect'], signed=True)}; luck {plain(row['luck'])})"
                )
            else:
                said = (
                    f"total {row['total']:.2f} ± {row['total_half']:.2f}, "
                    f"first {row['first']:.2f} ± {row['first_half']:.2f} (luck {row['luck']:.2f})"
                )
            lines.append(f"  {row['name']:<{width}}  {said}")
        return "\n".join(lines)

    def __repr__(self) -> str:
        return str(self)

    def plot(self) -> Figure:
        """Return the figure of indices: see :func:`localsim.plots.sensitivity`."""
        from localsim.plots import sensitivity  # matplotlib is slow to import

        return sensitivity(self)


def sensitivity(
    experiment: Experiment,
    dimensions: Mapping[str, Asked],
    metric: str,
    method: Method = "morris",
    *,
    policy: str | None = None,
    group: str = WHOLE,
    size: int | None = None,
    seed: int = 0,
    folder: str | Path | None = None,
    workers: int | None = None,
    client: Client | None = None,
    progress: bool = False,
) -> Sensitivity:
    """Run an experiment over a Morris or Sobol design and return what moves a difference.

    Parameters
    ----------
    experiment
        An experiment without a design; its replications are run at every point, two at least.
    dimensions
        Names of assumptions and answers, each with None (an assumption's own range and
        distribution), a Range, or a list of levels: as for any design.
    metric, policy, group
        The difference is this metric's in this group, of the policy (the only one, if it is not
        named) from the experiment's baseline.
    method
        ``"morris"``: size × (dimensions + 1) points; ``"sobol"``: size × (dimensions + 2).
    size
        Trajectories for Morris (10 by default); base points for Sobol (64), a power of two.
    seed
        Of the design, not of the model.
    folder
        An experiment folder to keep the runs in, from which an interrupted one goes on.

    Raises LocalsimError if a difference is missing or none varies.
    """
    if experiment.design is not None:
        raise LocalsimError(
            "the experiment has a design of its own; give one without, and the dimensions here."
        )
    whole("replications", experiment.replications, 2, 10_000_000)
    names = [p.name for p in experiment.policies]
    chosen = the_policy(names, experiment.baseline, policy)
    shares = sample(list(dimensions), method, size, seed)
    planned = planned_experiment(experiment, dimensions, shares)
    how: dict[str, Any] = {"workers": workers, "client": client, "progress": progress}
    if folder is not None:
        how["folder"] = folder
    results = planned.run(**how)
    return analyse(planned, results, shares, method, metric, policy=chosen, group=group)


def planned_experiment(
    experiment: Experiment, dimensions: Mapping[str, Asked], shares: Floats
) -> Experiment:
    """Return an experiment at the points where some shares of each dimension lie.

    ``shares`` is float64[points, dimensions], each the share of the dimension that lies below.
    """
    from localsim.experiment.design import LatinHypercube
    from localsim.experiment.dimensions import Dimension
    from localsim.experiment.points import Points

    drawn = experiment.replace(design=LatinHypercube(dimensions, 1)).design
    assert isinstance(drawn, LatinHypercube)  # bound to what it varies, so that it can draw
    found = [d for d in drawn.dimensions.values() if isinstance(d, Dimension)]
    columns = {
        dimension.name: [dimension.draw(float(u)) for u in column]
        for dimension, column in zip(found, shares.T, strict=True)
    }
    return experiment.replace(design=Points(columns))


def sample(names: list[str], method: str, size: int | None = None, seed: int = 0) -> Floats:
    """Return SALib's design on the unit cube, float64[points, dimensions]."""
    one_of("method", method, SIZES)
    if len(names) < 2:
        raise LocalsimError(
            "one dimension has all of the effect there is; vary two or more, or run a Grid."
        )
    size = whole("size", SIZES[method] if size is None else size, 2, 1_000_000)
    problem = _problem(names)
    if method == "morris":
        from SALib.sample import morris

        return np.asarray(morris.sample(problem, size, num_levels=LEVELS, seed=seed))
    if size & (size - 1):
        raise LocalsimError(f"size is {size}; a Sobol sequence is balanced at powers of two.")
    from SALib.sample import sobol

    return np.asarray(sobol.sample(problem, size, calc_second_order=False, seed=seed))


def analyse(
    experiment: Experiment,
    results: ResultsLike,
    shares: Floats,
    method: str,
    metric: str,
    *,
    policy: str,
    group: str = WHOLE,
    level: float = 0.95,
) -> Sensitivity:
    """Return the indices of results at the points that ``shares`` stand for."""
    from localsim.appraisal.pointwise import points_of
    from localsim.metrics import METRICS

    found = differences_by_point(results, metric, group, policy, experiment.baseline)
    values = complete(found, len(shares), experiment.replications, f"{title(method)}'s method")
    points = points_of(experiment, list(range(len(shares))))
    names = list(points.columns)
    table = indices(names, shares, values, method, level)
    points["difference"] = values.mean(axis=1)
    points["se"] = values.std(axis=1, ddof=1) / math.sqrt(values.shape[1])
    return Sensitivity(
        method,
        metric,
        group,
        policy,
        experiment.baseline,
        METRICS[metric].unit,
        level,
        luck_share(values),
        table,
        points,
        values.shape[1],
        results,
    )


def indices(
    names: list[str], shares: Floats, values: Floats, method: str, level: float = 0.95
) -> pd.DataFrame:
    """Return SALib's indices of the mean over replications, and what luck makes of them.

    Parameters
    ----------
    names
        Names of the dimensions.
    shares
        The design of :func:`sample`, float64[points, dimensions].
    values
        float64[points, replications], finite, the same replications at every point.
    method
        ``"morris"`` or ``"sobol"``.
    level
        Coverage of the intervals, which are SALib's bootstrap over trajectories or base points.

    Returns
    -------
    pandas.DataFrame
        As :attr:`Sensitivity.table`.
    """
    if not 0.0 < finite("level", level) < 1.0:
        raise LocalsimError(f"level is {level}; it lies between 0 and 1, such as 0.95.")
    mean = values.mean(axis=1)
    if not np.isfinite(mean).all():
        raise LocalsimError("some values are no finite numbers: an index needs all of them.")
    if np.ptp(mean) == 0.0:
        raise LocalsimError(
            "the difference is the same at every point: nothing that was varied moves it."
        )
    method_of: Callable[..., pd.DataFrame] = _morris if method == "morris" else _sobol
    table = method_of(names, shares, values, mean, level)
    strongest = "strength" if method == "morris" else "total"
    return table.sort_values(strongest, ascending=False, kind="stable").reset_index(drop=True)


def _morris(
    names: list[str], shares: Floats, values: Floats, mean: Floats, level: float
) -> pd.DataFrame:
    from SALib.analyze import morris

    found = morris.analyze(
        _problem(names), shares, mean,
        num_resamples=RESAMPLES, conf_level=level, num_levels=LEVELS, seed=1,
    )  # fmt: skip
    size = len(names) + 1
    noise: dict[int, list[float]] = {column: [] for column in range(len(names))}
    for point in range(len(shares) - 1):
        if point % size == size - 1:  # the next trajectory begins
            continue
        moved = np.flatnonzero(shares[point + 1] != shares[point])
        step = abs(float(shares[point + 1, moved[0]] - shares[point, moved[0]]))
        noise[int(moved[0])].append(_error(values[point + 1] - values[point]) / step)
    return pd.DataFrame(
        {
            "name": names,
            "effect": np.asarray(found["mu"], dtype=np.float64),
            "strength": np.asarray(found["mu_star"], dtype=np.float64),
            "half": np.asarray(found["mu_star_conf"], dtype=np.float64),
            "spread": np.asarray(found["sigma"], dtype=np.float64),
            # The mean size of a normal error is √(2/π) of its standard deviation.
            "luck": [math.sqrt(2 / math.pi) * float(np.mean(noise[c])) for c in noise],
        }
    )


def _sobol(
    names: list[str], shares: Floats, values: Floats, mean: Floats, level: float
) -> pd.DataFrame:
    from SALib.analyze import sobol

    found = sobol.analyze(
        _problem(names), mean,
        calc_second_order=False, num_resamples=RESAMPLES, conf_level=level, seed=1,
    )  # fmt: skip
    block = len(names) + 2
    a, b = values[::block], values[block - 1 :: block]
    variance = float(np.var(np.concatenate([a.mean(axis=1), b.mean(axis=1)])))
    luck = []
    for column in range(len(names)):
        moved = values[column + 1 :: block]
        errors = [_error(gap) ** 2 for gap in moved - a]
        luck.append(0.5 * float(np.mean(errors)) / variance)
    return pd.DataFrame(
        {
            "name": names,
            "first": np.asarray(found["S1"], dtype=np.float64),
            "first_half": np.asarray(found["S1_conf"], dtype=np.float64),
            "total": np.asarray(found["ST"], dtype=np.float64),
            "total_half": np.asarray(found["ST_conf"], dtype=np.float64),
            "luck": luck,
        }
    )


def _error(gap: Floats) -> float:
    """Return the standard error of a mean over replications; 0 for a single one."""
    return float(np.std(gap, ddof=1)) / math.sqrt(gap.size) if gap.size > 1 else 0.0


def luck_share(values: Floats) -> float:
    """Return the share of the variance of values[points, replications] that is not the points'.

    A two-way analysis of variance: points, replications (luck that is kind at every point
    alike), and what they do not explain together (luck that bears on points differently).
    """
    points, replications = values.shape
    if replications < 2 or points < 2:
        raise LocalsimError("luck is told apart by two replications or more at two points or more.")
    grand = values.mean()
    by_point, by_replication = values.mean(axis=1), values.mean(axis=0)
    rest = values - by_point[:, None] - by_replication[None, :] + grand
    unexplained = float((rest**2).sum()) / ((points - 1) * (replications - 1))
    of_points = max(0.0, float(np.var(by_point, ddof=1)) - unexplained / replications)
    of_luck = max(0.0, float(np.var(by_replication, ddof=1)) - unexplained / points) + unexplained
    total = of_points + of_luck
    return of_luck / total if total > 0.0 else 0.0


def _problem(names: list[str]) -> dict[str, Any]:
    """Return SALib's description of a design: every dimension by its shares, 0 to 1."""
    return {"num_vars": len(names), "names": list(names), "bounds": [[0.0, 1.0]] * len(names)}
