"""Pooling unlike work: a slot for each kind, or two that take whoever came first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from localsim.check import inputs
from localsim.check.inputs import Floats
from localsim.check.luck import FEWEST, repeat
from localsim.check.queues import AT_ONCE, PRECISION, YEARS, arrivals_for, residents_for
from localsim.check.world import frictionless, read, town
from localsim.errors import LocalsimError
from localsim.model import Model
from localsim.policy.policy import Policy
from localsim.themes import Casework

KINDS = ("one", "other")


@dataclass(frozen=True)
class PoolUnlike:
    """Mean wait with a slot for each kind of work, and with two shared slots; with their errors.

    In the unit of the service means; `exact` holds what each should be.
    """

    separate: float
    separate_se: float
    pooled: float
    pooled_se: float
    exact: Mapping[str, float]


def pool_unlike(
    rho: float,
    service_means: Sequence[float],
    *,
    replications: int | None = None,
    seed: int = 0,
) -> PoolUnlike:
    """Serve two kinds of work apart, a slot each, and together, first come first served.

    Parameters
    ----------
    rho
        How busy each slot is when work is kept apart, above zero and below one.
    service_means
        Mean service of each of the two kinds, above zero.
    replications, seed
        How often it is repeated, and the luck; by default until standard errors are at most
        1 % of the exact values.

    Waits exclude service and are averaged over arrivals. Kept apart each kind is an M/M/1 queue;
    shared, the exact value is that of the Markov chain, solved numerically. Where services are
    unlike enough, pooling hurts. Raises `LocalsimError` for numbers that cannot be.
    """
    busy = inputs.above_zero("rho", rho)
    if busy >= 1.0:
        raise LocalsimError(f"rho is {rho}: the queues would grow without end; stay below one.")
    means = inputs.numbers("service_means", service_means)
    if means.size != 2 or (means <= 0.0).any():
        raise LocalsimError(
            f"service_means must be two numbers above zero, one a kind, not {service_means!r}."
        )
    rates = busy / means
    total = float(rates.sum())
    part = rates / total
    apart = busy / (1.0 - busy) * float(part @ means)
    exact = {"separate": apart, "pooled": shared_wait(rates, means)}
    people = residents_for(busy, 2.0 * busy / (1.0 - busy))
    # Half of the mean wait is owed to each kind, however rare it is.
    arrivals = arrivals_for(busy, busy, PRECISION) * float((1.0 / part).sum()) / 4.0
    a_month = arrivals / FEWEST / YEARS / 12.0
    months = total / a_month  # in the unit of the means
    common = {
        "present_per_month": AT_ONCE, "heal_per_month": 0.0, "solve_share": 1.0,
    }  # fmt: skip

    def casework(name: str, each: Floats, lengths: Floats, slots: int) -> Casework:
        """Return casework of one kind or two, for a team of so many slots."""
        kinds = KINDS[: each.size]
        values = {f"{number}.{kind}": v for number, v in common.items() for kind in kinds}
        values |= {f"service_months.{k}": m * months for k, m in zip(kinds, lengths, strict=True)}
        values |= {
            "onset_per_year": 12.0 * a_month * float(each.sum()) / total / people,
            "slot_gbp": float(people),
            "budget_gbp_per_indicator": float(slots),
        }
        if each.size > 1:
            values["severe_share"] = float(each[1] / each.sum())
        return Casework(
            name, eligible="everyone", severities=kinds, desk=False, team="nation", values=values
        )

    worlds = {
        "separate": [casework(k, rates[[i]], means[[i]], 1) for i, k in enumerate(KINDS)],
        "pooled": [casework("both", rates, means, 2)],
    }
    place, policy = town([people]), Policy("teams", tier="nation")

    def once(replication: int) -> dict[str, float]:
        waits = {}
        for way, themes in worlds.items():
            model = Model(place, policy, seed=seed, replication=replication, themes=themes,
                          assumptions=frictionless(), warmup_years=1)  # fmt: skip
            model.run(YEARS)
            waits[way] = read(model)["queue_wait_months", "all"] / months
        return waits

    found = repeat(once, exact, PRECISION, replications)
    separate, pooled = found["separate"], found["pooled"]
    return PoolUnlike(separate.mean, separate.se, pooled.mean, pooled.se, exact)


def shared_wait(arrivals: Floats, means: Floats) -> float:
    """Return the mean wait of two kinds of work, float64[2] each, at two shared slots.

    The chain is the kinds in service and how many wait: level by level alike once both slots are
    busy, so that its stationary law is matrix-geometric (Neuts 1981).
    """
    total = float(arrivals.sum())
    p, (m1, m2) = arrivals / total, 1.0 / means
    # Both slots busy with 11, 12 or 22; one that falls free takes a one with chance p[0].
    down = np.array(
        [
            [2 * m1 * p[0], 2 * m1 * p[1], 0.0],
            [m2 * p[0], m1 * p[0] + m2 * p[1], m1 * p[1]],
            [0.0, 2 * m2 * p[0], 2 * m2 * p[1]],
        ]
    )
    stay = -np.diag(total + down.sum(axis=1))
    inverse = np.linalg.inv(stay)
    ratio, change = np.zeros((3, 3)), 1.0
    while change > 1e-15:
        after = -(total * np.eye(3) + ratio @ ratio @ down) @ inverse
        change, ratio = float(np.abs(after - ratio).max()), after
    flow = np.zeros((6, 6))  # nobody; a one; an other; then nobody waiting behind 11, 12, 22
    flow[0, 1:3] = arrivals
    flow[1, [0, 3, 4]] = [m1, *arrivals]
    flow[2, [0, 4, 5]] = [m2, *arrivals]
    flow[3, 1], flow[4, 1], flow[4, 2], flow[5, 2] = 2 * m1, m2, m1, 2 * m2
    flow[:3] -= np.diag(flow[:3].sum(axis=1)) @ np.eye(6)[:3]
    flow[3:, 3:] = stay + ratio @ down
    levels = np.linalg.inv(np.eye(3) - ratio)
    mass = np.concatenate([np.ones(3), levels.sum(axis=1)])
    equations = np.column_stack([flow[:, 1:], mass])
    law = np.linalg.solve(equations.T, np.array([0.0] * 5 + [1.0]))
    waiting = law[3:] @ ratio @ levels @ levels
    return float(waiting.sum()) / total
