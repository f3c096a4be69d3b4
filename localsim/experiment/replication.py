"""One replication: a place warmed up once, then run under every policy with the same luck.

This is the unit of work that is sent to a worker. It holds all policies of a replication, so a
pair never splits, and it keeps what fails as data, so one failure costs one run.
"""

from __future__ import annotations

import traceback
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from localsim.errors import LocalsimError, nearest
from localsim.experiment.subject import Subject
from localsim.experiment.units import Unit

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from localsim.assumptions import Assumptions
    from localsim.model import Model
    from localsim.place import Place
    from localsim.policy.answers import Value
    from localsim.scenarios import Scenario

Keys = tuple[tuple[str, str], ...]
"""What is measured, in order: a metric's name and a group of residents each."""


@dataclass(frozen=True, eq=False)  # arrays have no one truth to compare by
class Plan:
    """What every replication of an experiment needs; the number of one is all that is added."""

    place: Place
    policies: tuple[Any, ...]
    years: int
    seed: int
    assumptions: Assumptions
    sampled: bool
    themes: Sequence[Any] | None
    warmup_years: int
    metrics: tuple[str, ...] | None
    scenario: Scenario
    zone: NDArray[np.bool_] | None
    borders: NDArray[np.int64] | None

    def at(self, point: Mapping[str, Value]) -> Plan:
        """Return the plan at a point of a design: assumptions held there, answers replaced."""
        if not point:
            return self
        there = Subject(self.assumptions, self.policies, self.scenario).at(point)
        return replace(
            self,
            assumptions=there.assumptions,
            policies=there.policies,
            scenario=there.scenario,
        )

    def assumptions_of(self, replication: int) -> Assumptions:
        """Return the assumptions of a replication: drawn from their ranges, or as they stand."""
        if not self.sampled:
            return self.assumptions
        return self.assumptions.sample(self.seed, replication)

    def start(self, replication: int) -> Model:
        """Return the model of a replication at the end of its warm-up."""
        from localsim.model import Model

        return Model(
            self.place,
            seed=self.seed,
            replication=replication,
            themes=self.themes,
            assumptions=self.assumptions_of(replication),
            scenario=self.scenario,
            zone=self.zone,
            borders=self.borders,
            warmup_years=self.warmup_years,
        )


@dataclass(frozen=True)
class Run:
    """What one policy came to in one replication: a value a row, and a row of months a path."""

    policy: str
    rows: Keys
    numbers: NDArray[np.float64]
    paths: Keys
    months: NDArray[np.float64]


@dataclass(frozen=True)
class Failure:
    """A run that could not be finished: the first line of its error, and its traceback."""

    policy: str
    error: str
    traceback: str


@dataclass(frozen=True)
class Replication:
    """The runs of one unit, in the order of the policies, and those that failed.

    `died` says that it was never finished because workers were lost with it: that is a fact about
    the machines rather than about the model, so it is worth another try.
    """

    unit: Unit
    runs: tuple[Run, ...]
    failures: tuple[Failure, ...]
    died: bool = False


def replicate(plan: Plan, unit: Unit, values: Mapping[str, Any] | None = None) -> Replication:
    """Warm a place up once and run every policy from there; a failure is kept, not raised.

    `values` are what a design gives for the unit's point.
    """
    try:
        here = plan if values is None else plan.at(values)
        start = here.start(unit.replication)
    except Exception as error:
        return lost(plan, unit, error)
    runs: list[Run] = []
    failures: list[Failure] = []
    for policy in here.policies:
        try:
            model = start.fork(policy)
            model.run(here.years)
            runs.append(read(here, policy.name, model))
        except Exception as error:
            failures.append(_failure(policy.name, error))
    return Replication(unit, tuple(runs), tuple(failures))


def lost(plan: Plan, unit: Unit, error: BaseException, *, died: bool = False) -> Replication:
    """Return a unit in which every policy failed for the same reason."""
    failures = tuple(_failure(policy.name, error) for policy in plan.policies)
    return Replication(unit, (), failures, died)


def _failure(policy: str, error: BaseException) -> Failure:
    said = " ".join(str(error).split())
    kind = "" if isinstance(error, LocalsimError) else f"{type(error).__name__}: "
    text = "".join(traceback.format_exception(error))
    return Failure(policy, f"{kind}{said}" if said else type(error).__name__, text)


def read(plan: Plan, policy: str, model: Model) -> Run:
    """Return what a policy came to in a model that has run; a metric is a finite number."""
    from localsim import metrics

    measured, series = list(metrics.measure(model)), model.series
    for metric, _, _ in measured:
        if metric not in metrics.METRICS:
            raise LocalsimError(
                f"the model measured {metric!r}; {nearest(metric, metrics.METRICS)}"
            )
    wanted = {m for m, *_ in (*measured, *series)} if plan.metrics is None else set(plan.metrics)
    rows = tuple((str(m), str(group)) for m, group, _ in measured if m in wanted)
    values = np.array([value for m, _, value in measured if m in wanted], dtype=np.float64)
    for place in np.flatnonzero(~np.isfinite(values))[:1]:
        metric, group = rows[place]
        raise LocalsimError(
            f"the metric {metric!r} of group {group!r} is {values[place]}; a metric is a finite "
            "number."
        )
    paths = tuple((str(m), str(group)) for m, group in series if m in wanted)
    kept = [path for (m, _), path in series.items() if m in wanted]
    months = np.array(kept, dtype=np.float64) if kept else np.zeros((0, 0))
    for place, month in np.argwhere(~np.isfinite(months))[:1]:
        metric, group = paths[place]
        raise LocalsimError(
            f"the metric {metric!r} of group {group!r} is {months[place, month]} in month "
            f"{month + 1}; a metric is a finite number."
        )
    return Run(policy, _shared(rows), values, _shared(paths), months)


@lru_cache(maxsize=64)
def _shared(keys: Keys) -> Keys:
    """Return one object for all equal keys: it is written once a batch that travels."""
    return keys
