"""Which values of an assumption could be true, given what is on record?

History matching (Craig and others 1997; Vernon, Goldstein and Bower 2010; of stochastic models
Andrianakis and others 2015): instead of the one best fit, rule out what is implausible, wave by
wave. Each wave runs the model at some points, emulates every target by a Gaussian process
(scikit-learn's), and keeps what lies within three standard deviations of all targets, counting
what the emulator does not know, how well the target is known, and that the record is of one town
with its own luck. What is left is a region, not an answer; it may be empty, and then the model is
at odds with the record. The package's own table is fitted by ``experiments/calibrate.py``, which
solves for stocks and waits; this asks what else would have done as well.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from localsim.appraisal.pointwise import complete, optional, values_by_point
from localsim.appraisal.sensitivity import planned_experiment
from localsim.appraisal.wording import WHOLE, label, plain
from localsim.assumptions import source
from localsim.errors import LocalsimError
from localsim.experiment.validate import finite, one_of, whole

if TYPE_CHECKING:
    from localsim.experiment import Experiment
    from localsim.experiment.dimensions import Asked

Floats = NDArray[np.float64]

CUTOFF = 3.0
"""Nearly all of any distribution with one peak lies within three deviations (Pukelsheim 1994)."""

TRIED = 16_384
"""Points at which the emulators are asked what is not ruled out."""

REFUSED = {
    "CLAIM": "a claim made before the event",
    "OUT": "an evaluated outcome, which results are compared with",
    "CTX": "context, which enters nothing",
}


@dataclass(frozen=True)
class Target:
    """A number on record that the model should come to.

    Parameters
    ----------
    metric, group, policy
        What is to come out, in which group, under which policy.
    value
        The number on record, in the metric's unit.
    deviation
        Its standard deviation, above zero: how well it is known, and how near this model, which
        leaves things out, can be expected to come.
    source
        Its id among the sources. Only a source whose role is CAL may be fitted: a claim made
        before the event, or an outcome that results are compared with, is refused.
    """

    metric: str
    value: float
    deviation: float
    source: str
    policy: str = "status_quo"
    group: str = WHOLE

    def __post_init__(self) -> None:
        from localsim.metrics import METRICS

        one_of("metric", self.metric, METRICS)
        finite("value", self.value)
        if finite("deviation", self.deviation) <= 0.0:
            raise LocalsimError(
                f"the deviation of a target is {self.deviation}; above zero is wanted: no number "
                "on record is known exactly, and no model meets one exactly."
            )
        role = source(self.source).role
        if role != "CAL":
            raise LocalsimError(
                f"source {self.source} cannot be a target: its role is {role}, "
                f"{REFUSED.get(role, 'not for calibration')}; only a source whose role is CAL is "
                "fitted."
            )

    @property
    def name(self) -> str:
        """What it is called in tables."""
        part = "" if self.group == WHOLE else f" ({self.group})"
        return f"{self.metric}{part} [{self.source}]"


@dataclass(frozen=True, eq=False)
class Calibration:
    """What is not ruled out by the targets.

    Attributes
    ----------
    targets : tuple of Target
        What was to be met.
    table : pandas.DataFrame
        One row a dimension: name, low and high of what was tried, low_left and high_left of what
        is not ruled out (NaN where nothing is left).
    waves : pandas.DataFrame
        One row a wave: points run, ``left`` (share of the whole space not ruled out after it) and
        ``foreseen`` (share of its runs that the emulators of earlier waves had within three
        deviations: near one, or the emulators are not to be trusted).
    left : pandas.DataFrame
        Points not ruled out, a column a dimension, spread evenly over what is left.
    runs : pandas.DataFrame
        One row a point that was run: wave, dimensions, and for each target the mean.
    """

    targets: tuple[Target, ...]
    table: pd.DataFrame
    waves: pd.DataFrame
    left: pd.DataFrame
    runs: pd.DataFrame

    @property
    def share(self) -> float:
        """The share of the space that was tried which is not ruled out."""
        return float(self.waves["left"].iloc[-1])

    def __str__(self) -> str:
        names = ", ".join(
            f"{label(t.metric).lower()} {plain(t.value)} ± {plain(t.deviation)} ({t.source})"
            for t in self.targets
        )
        head = f"Targets: {names}. {len(self.runs):,} points in {len(self.waves)} waves."
        if self.left.empty:
            return (
                f"{head}\nNothing that was tried meets them: the model is at odds with its targets "
                "over these ranges."
            )
        lines = [f"{head} {100 * self.share:.1f}% of what was tried is not ruled out:"]
        width = max(len(name) for name in self.table["name"])
        lines += [
            f"  {row['name']:<{width}}  {plain(row['low_left'])} to {plain(row['high_left'])} "
            f"(tried {plain(row['low'])} to {plain(row['high'])})"
            for row in self.table.to_dict("records")
        ]
        return "\n".join(lines)

    def __repr__(self) -> str:
        return str(self)


Perform = Callable[[int, Floats], list[Floats]]
"""Runs a wave (its number, shares[points, dimensions]) and returns for each target the values,
float64[points, replications]."""


def calibrate(
    experiment: Experiment,
    dimensions: Mapping[str, Asked],
    targets: Sequence[Target],
    *,
    waves: int = 2,
    size: int = 40,
    seed: int = 0,
    folder: str | Path | None = None,
    workers: int | None = None,
    progress: bool = False,
) -> Calibration:
    """Rule out values of assumptions under which the model misses its targets.

    Parameters
    ----------
    experiment
        An experiment without a design that runs the targets' policies; its replications are run
        at every point, two at least. ``assumptions="fixed"`` keeps doubt about the others out.
    dimensions
        Names of numbers with what is tried: None for an assumption's own range, or a Range.
    targets
        Numbers on record, one at least.
    waves, size
        How many rounds, of how many points each (ten a dimension is a common number).
    seed
        Of the designs.
    folder
        Where the runs are kept, a folder a wave, from which an interrupted one goes on.

    Raises LocalsimError if a run is missing, or scikit-learn is not installed.
    """
    if experiment.design is not None:
        raise LocalsimError("give an experiment without a design, and the dimensions here.")
    whole("replications", experiment.replications, 2, 10_000_000)
    names = [policy.name for policy in experiment.policies]
    for target in targets:
        one_of("policy", target.policy, names)
    planned: list[Experiment] = []

    def perform(wave: int, shares: Floats) -> list[Floats]:
        there = planned_experiment(experiment, dimensions, shares)
        planned.append(there)
        how: dict[str, Any] = {"workers": workers, "progress": progress}
        if folder is not None:
            how["folder"] = Path(folder) / f"wave-{wave}"
        results = there.run(**how)
        found = []
        for target in targets:
            laid = values_by_point(results, target.metric, target.group, target.policy)
            found.append(complete(laid, len(shares), there.replications, "an emulator"))
        return found

    def values(shares: Floats) -> pd.DataFrame:
        design = planned_experiment(experiment, dimensions, shares).design
        assert design is not None  # it was given one
        return pd.DataFrame(list(design), columns=list(design.columns))

    return matched(perform, values, list(dimensions), targets, waves=waves, size=size, seed=seed)


def matched(
    perform: Perform,
    values: Callable[[Floats], pd.DataFrame],
    names: list[str],
    targets: Sequence[Target],
    *,
    waves: int = 2,
    size: int = 40,
    seed: int = 0,
) -> Calibration:
    """Do what :func:`calibrate` does with runs from anywhere; ``values`` names a point's values."""
    from scipy.stats import qmc

    if not targets:
        raise LocalsimError("there is no target; at least one is wanted.")
    waves, size = whole("waves", waves, 1, 100), whole("size", size, 10, 100_000)
    tried = qmc.Sobol(len(names), rng=seed).random(TRIED)
    left = np.ones(TRIED, dtype=bool)
    shares = qmc.LatinHypercube(len(names), rng=seed).random(size)
    emulators: list[list[_Emulator]] = []
    said, runs = [], []
    for wave in range(1, waves + 1):
        found = perform(wave, shares)
        foreseen = _foreseen(emulators, shares, found)
        fitted = [_Emulator.fit(shares, one, seed) for one in found]
        emulators.append(fitted)
        for target, emulator in zip(targets, fitted, strict=True):
            left &= emulator.implausibility(tried, target) <= CUTOFF
        said.append(
            {"wave": wave, "points": size, "left": float(left.mean()), "foreseen": foreseen}
        )
        means = {t.name: one.mean(axis=1) for t, one in zip(targets, found, strict=True)}
        runs.append(values(shares).assign(wave=wave, **means))
        inside = tried[left]
        if len(inside) < size:  # too little is left to spread a wave over
            break
        shares = inside[:: len(inside) // size][:size]
    kept = values(tried[left])
    span = values(np.array([[0.0] * len(names), [1.0] * len(names)]))
    table = pd.DataFrame(
        {
            "name": names,
            "low": [span[name].min() for name in names],
            "high": [span[name].max() for name in names],
            "low_left": [kept[name].min() for name in names],
            "high_left": [kept[name].max() for name in names],
        }
    )
    return Calibration(
        tuple(targets), table, pd.DataFrame(said), kept, pd.concat(runs, ignore_index=True)
    )


@dataclass(frozen=True)
class _Emulator:
    """A target as a smooth function of the point, with what is not known about it."""

    process: Any
    middle: float
    scale: float
    luck: float

    @classmethod
    def fit(cls, shares: Floats, values: Floats, seed: int) -> _Emulator:
        """Emulate means over replications, each known as well as its replications agree."""
        processes = optional("sklearn.gaussian_process", "calibration", "scikit-learn")
        kernels = optional("sklearn.gaussian_process.kernels", "calibration", "scikit-learn")
        mean, luck = values.mean(axis=1), float(values.var(axis=1, ddof=1).mean())
        middle, scale = float(mean.mean()), float(mean.std()) or 1.0
        smooth = kernels.ConstantKernel(1.0, (1e-2, 1e3)) * kernels.RBF(
            np.ones(shares.shape[1]), (0.05, 50.0)
        )
        process = processes.GaussianProcessRegressor(
            smooth,
            alpha=luck / values.shape[1] / scale**2 + 1e-8,
            n_restarts_optimizer=2,
            random_state=seed,
        )
        with warnings.catch_warnings():
            # A dimension that does nothing has no length: its bound is met, and that is no fault.
            warnings.simplefilter("ignore")
            process.fit(shares, (mean - middle) / scale)
        return cls(process, middle, scale, luck)

    def predict(self, shares: Floats) -> tuple[Floats, Floats]:
        """Return the expected mean at some points and the variance of that expectation."""
        mean, deviation = self.process.predict(shares, return_std=True)
        return self.middle + self.scale * mean, (self.scale * deviation) ** 2

    def implausibility(self, shares: Floats, target: Target) -> Floats:
        """Return how many deviations from a target each point is expected to lie."""
        mean, unsure = self.predict(shares)
        doubt = unsure + target.deviation**2 + self.luck  # the record is one town's, with its luck
        return np.asarray(np.abs(mean - target.value) / np.sqrt(doubt))


def _foreseen(emulators: list[list[_Emulator]], shares: Floats, found: list[Floats]) -> float:
    """Return which share of new means the last wave's emulators had within three deviations."""
    if not emulators:
        return float("nan")
    hits = []
    for emulator, values in zip(emulators[-1], found, strict=True):
        mean, unsure = emulator.predict(shares)
        doubt = np.sqrt(unsure + values.var(axis=1, ddof=1) / values.shape[1])
        hits.append(np.abs(values.mean(axis=1) - mean) <= CUTOFF * doubt)
    return float(np.mean(hits))
