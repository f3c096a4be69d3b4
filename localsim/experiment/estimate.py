"""How long an experiment would take and how much disk, from a short try of it."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from localsim.experiment.cluster import cores

if TYPE_CHECKING:
    from localsim.experiment.experiment import Experiment
    from localsim.model import Model

MONTHS = 12
TRY_SECONDS = 0.5
"""A policy is tried for about so long, at least three months, at most a year."""

STARTING_SECONDS = 3.0
BYTES_A_VALUE, BYTES_A_MONTH, BYTES_A_FOLDER = 18.0, 15.0, 40_000
"""What a number, a month of a trajectory and an empty folder take on disk, as measured."""


@dataclass(frozen=True)
class Estimate:
    """What a whole experiment would take: a rough guess, as good as its first year is typical."""

    runs: int
    warmups: int
    seconds_per_unit: float
    workers: int
    bytes: float

    @property
    def seconds(self) -> float:
        """How long it all takes, on so many workers."""
        start = STARTING_SECONDS if self.workers > 1 else 0.0
        return start + self.warmups * self.seconds_per_unit / self.workers


def estimate(experiment: Experiment) -> Estimate:
    """Try each policy for some months and return what the whole would take.

    Raises what the model raises if it cannot be run.
    """
    from localsim.metrics import METRICS, measure

    plan = experiment.plan
    points = 1
    if experiment.design is not None:
        points = len(experiment.design)
        plan = plan.at(experiment.design.point(0))
    replace(plan, warmup_years=0).start(0).step()  # kernels are loaded once, whatever is run
    model, building = _timed(replace(plan, warmup_years=0).start, 0)
    warming, months = _year(model)
    unit = building + plan.warmup_years * warming
    values = trajectories = 0
    for policy in plan.policies:
        fork, forking = _timed(model.fork, policy)
        running, _ = _year(fork, months)
        unit += forking + plan.years * running
        kept = set(plan.metrics or METRICS)
        rows, reading = _timed(lambda fork: list(measure(fork)), fork)
        unit += reading
        values += sum(metric in kept for metric, _, _ in rows)
        trajectories += sum(metric in kept for metric, _ in fork.series)
    units = points * experiment.replications
    monthly = trajectories * plan.years * MONTHS
    return Estimate(
        runs=units * len(plan.policies),
        warmups=units,
        seconds_per_unit=unit,
        workers=min(cores(), units),
        bytes=BYTES_A_FOLDER + units * (values * BYTES_A_VALUE + monthly * BYTES_A_MONTH),
    )


def _year(model: Model, months: int | None = None) -> tuple[float, int]:
    """Return how long a year takes, from some months, and how many; the first one is funded."""
    _, first = _timed(model.step)
    _, second = _timed(model.step)
    if months is None:
        months = max(3, min(MONTHS, int(TRY_SECONDS / max(second, 1e-6))))
    rest = second + sum(_timed(model.step)[1] for _ in range(months - 2))
    return first + (MONTHS - 1) * rest / (months - 1), months


def _timed[**P, T](
    function: Callable[P, T], *arguments: P.args, **named: P.kwargs
) -> tuple[T, float]:
    begun = time.perf_counter()
    result = function(*arguments, **named)
    return result, time.perf_counter() - begun
