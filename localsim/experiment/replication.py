"""One replication: a place warmed up once, then run under every policy with the same luck.

This is the unit of work that is sent to a worker. It holds all policies of a replication, so a
pair never splits, and it keeps what fails as data, so one failure costs one run.
"""

from __future__ import annotations

import math
import traceback
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from localsim.errors import LocalsimError, nearest
from localsim.experiment.dimensions import Subject

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from localsim.assumptions import Assumptions
    from localsim.model import Model
    from localsim.place import Place
    from localsim.policy.answers import Value
    from localsim.scenarios import Scenario

Row = tuple[str, str, float]
"""A metric's name, a group of residents, a value."""

Trajectory = tuple[str, str, NDArray[np.float64]]
"""A metric's name, a group of residents, a value a month since the policy began."""


@dataclass(frozen=True)
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
        there = Subject(self.assumptions, self.policies).applied(point)
        return replace(self, assumptions=there.assumptions, policies=there.policies)

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
    """What one policy came to in one replication."""

    replication: int
    policy: str
    rows: tuple[Row, ...]
    series: tuple[Trajectory, ...]


@dataclass(frozen=True)
class Failure:
    """A run that could not be finished: the first line of its error, and its traceback."""

    replication: int
    policy: str
    error: str
    traceback: str


@dataclass(frozen=True)
class Replication:
    """The runs of one replication, in the order of the policies, and those that failed."""

    number: int
    runs: tuple[Run, ...]
    failures: tuple[Failure, ...]


def replicate(plan: Plan, number: int) -> Replication:
    """Warm a place up once and run every policy from there; a failure is kept, not raised."""
    try:
        start = plan.start(number)
    except Exception as error:
        return lost(plan, number, error)
    runs: list[Run] = []
    failures: list[Failure] = []
    for policy in plan.policies:
        try:
            model = start.fork(policy)
            model.run(plan.years)
            runs.append(_read(plan, number, policy.name, model))
        except Exception as error:
            failures.append(_failure(number, policy.name, error))
    return Replication(number, tuple(runs), tuple(failures))


def lost(plan: Plan, number: int, error: BaseException) -> Replication:
    """Return a replication in which every policy failed for the same reason."""
    failures = tuple(_failure(number, policy.name, error) for policy in plan.policies)
    return Replication(number, (), failures)


def _failure(number: int, policy: str, error: BaseException) -> Failure:
    said = " ".join(str(error).split())
    kind = "" if isinstance(error, LocalsimError) else f"{type(error).__name__}: "
    text = "".join(traceback.format_exception(error))
    return Failure(number, policy, f"{kind}{said}" if said else type(error).__name__, text)


def _read(plan: Plan, number: int, policy: str, model: Model) -> Run:
    from localsim import metrics

    wanted = None if plan.metrics is None else set(plan.metrics)
    rows = []
    for metric, group, value in metrics.measure(model):
        if metric not in metrics.METRICS:
            raise LocalsimError(
                f"the model measured {metric!r}; {nearest(metric, metrics.METRICS)}"
            )
        if wanted is None or metric in wanted:
            rows.append((str(metric), str(group), _finite(metric, group, value)))
    return Run(number, policy, tuple(rows), tuple(_trajectories(model, wanted)))


def _finite(metric: str, group: str, value: float) -> float:
    number = float(value)
    if not math.isfinite(number):
        raise LocalsimError(
            f"the metric {metric!r} of group {group!r} is {number}; a metric is a finite number."
        )
    return number


def _trajectories(model: Model, wanted: set[str] | None) -> Iterator[Trajectory]:
    for (metric, group), values in model.series.items():
        if wanted is not None and metric not in wanted:
            continue
        months = np.asarray(values, dtype=np.float64)
        if not np.isfinite(months).all():
            month = int(np.flatnonzero(~np.isfinite(months))[0]) + 1
            raise LocalsimError(
                f"the metric {metric!r} of group {group!r} is {months[month - 1]} in month "
                f"{month}; a metric is a finite number."
            )
        yield str(metric), str(group), months
