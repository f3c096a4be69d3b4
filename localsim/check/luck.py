"""Repeating a check with other luck until its mean is known well enough."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from localsim.check import inputs

FEWEST = 20  # replications, unless the user says how many
_PATIENCE = 20  # times as many at most


@dataclass(frozen=True)
class Estimate:
    """The mean of a figure over replications, and its standard error."""

    mean: float
    se: float


def repeat(
    once: Callable[[int], Mapping[str, float]],
    exact: Mapping[str, float],
    target: float,
    replications: int | None,
    fewest: int = FEWEST,
) -> dict[str, Estimate]:
    """Return the estimate of every figure that one replication returns.

    Replications are added until every standard error is at most `target` of the exact value,
    where there is one, or for as many as were asked for (at least two); the first look is after
    the `fewest`.
    """
    wanted = fewest
    if replications is not None:
        wanted = inputs.whole("replications", replications, least=2, most=1_000_000)
    runs: list[Mapping[str, float]] = []
    while True:
        runs += [once(number) for number in range(len(runs), wanted)]
        estimates = {name: _estimate([run[name] for run in runs]) for name in runs[0]}
        over = max(
            estimates[name].se / (target * abs(value)) if value else 0.0
            for name, value in exact.items()
        )
        if replications is not None or over <= 1.0 or wanted >= _PATIENCE * fewest:
            return estimates
        # An error falls with the root of the runs; a little more, so that once is mostly enough.
        wanted = min(_PATIENCE * fewest, math.ceil(wanted * min(4.0, 1.1 * over**2)) + 1)


def _estimate(values: list[float]) -> Estimate:
    sample = np.array(values, dtype=np.float64)
    return Estimate(float(sample.mean()), float(sample.std(ddof=1) / math.sqrt(sample.size)))
