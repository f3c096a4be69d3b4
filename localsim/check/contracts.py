"""Contracts: what a planner pays for on tasks unlike in noise, and times relabelled as met."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from localsim.agents.institutions import Provider
from localsim.check import inputs
from localsim.check.inputs import Floats
from localsim.check.luck import repeat
from localsim.check.queues import Plan, arrivals_for
from localsim.check.world import frictionless, read, town
from localsim.model import Model
from localsim.policy.contract import LinearContract, Targets
from localsim.policy.policy import Policy
from localsim.themes import Casework
from localsim.themes.tasks import Tasks

PRECISION = 0.01
_BUSY = 0.3  # so little that times in system hardly depend on those before
_RAREST = 1e-3  # a share that is found by chance within a minute


@dataclass(frozen=True)
class TargetsSet:
    """The rates that a planner sets on each task, and the effort that answers; float64[J] each.

    `exact` holds what each should be.
    """

    contract: Floats
    effort: Floats
    exact: Mapping[str, Floats]


@dataclass(frozen=True)
class Relabelling:
    """Shares of times over a target, true and as reported, and of those reported as just met.

    `true_mean` is the mean true time, in the unit of the inputs. Each has its standard error;
    `exact` holds what each should be.
    """

    honest: float
    honest_se: float
    reported: float
    reported_se: float
    spike: float
    spike_se: float
    true_mean: float
    true_mean_se: float
    exact: Mapping[str, float]


def targets(
    benefit: Sequence[float],
    cost: Sequence[Sequence[float]],
    noise: Sequence[float] | Sequence[Sequence[float]],
    risk_aversion: float,
) -> TargetsSet:
    """Let a planner set a linear contract on a provider's tasks, and the provider answer it.

    Parameters
    ----------
    benefit
        B, what a unit of effort on each of J tasks is worth.
    cost
        C, J by J, symmetric and positive definite: effort e costs ½·eᵀCe.
    noise
        Variances of the J measures, or Σ, their covariance matrix; `math.inf` for a task that
        cannot be measured.
    risk_aversion
        r of the provider, zero or more.

    Exactly, b = (I + rCΣ)⁻¹B and e = C⁻¹b above the intrinsic level (Holmström and Milgrom 1991).
    What cannot be measured is paid nothing, and its worth draws on that of what competes with it:
    the same formula in its limit. Raises `LocalsimError` for numbers that cannot be.
    """
    work = Tasks(
        benefit, cost, noise, inputs.number("risk_aversion", risk_aversion, least=0.0),
        intrinsic=[inputs.LARGEST] * np.size(benefit),
    )  # fmt: skip
    theme = Casework("work", eligible="everyone", desk=False, tasks=work)
    policy = Policy("linear", contract=LinearContract())
    model = Model(town([1]), policy, themes=[theme], assumptions=frictionless(), warmup_years=0)
    model.step()
    provider = next(iter(model.agents_by_type[Provider]))
    contract = planned(np.array(work.benefit), np.array(work.cost), np.array(work.noise),
                       work.risk_aversion)  # fmt: skip
    exact = {"contract": contract, "effort": np.linalg.inv(np.array(work.cost)) @ contract}
    return TargetsSet(provider.rates, provider.effort, exact)


def planned(benefit: Floats, cost: Floats, noise: Floats, risk_aversion: float) -> Floats:
    """Return (I + rCΣ)⁻¹B, float64[J]; in the limit where a variance is infinite."""
    known = np.isfinite(np.diagonal(noise))
    across = cost[np.ix_(known, ~known)] @ np.linalg.inv(cost[np.ix_(~known, ~known)])
    alone = cost[np.ix_(known, known)] - across @ cost[np.ix_(~known, known)]
    worth = benefit[known] - across @ benefit[~known]
    rates = np.zeros(benefit.size)
    risk = risk_aversion * alone @ noise[np.ix_(known, known)]
    rates[known] = np.linalg.solve(np.eye(worth.size) + risk, worth)
    return rates


def relabelling(
    mean: float,
    target: float,
    window: float,
    *,
    replications: int | None = None,
    seed: int = 0,
) -> Relabelling:
    """Hold a queue to a target for the time until solved, where times near it can be relabelled.

    Parameters
    ----------
    mean
        Mean time in an M/M/1 system, queue and service.
    target
        Longest time that meets the target, zero or more, in the same unit.
    window
        Times up to this much longer are reported as just meeting it; zero or more.
    replications, seed
        How often it is repeated, and the luck; by default until standard errors are at most
        1 % of the exact values. Where fewer than one time in a thousand is over the target they
        are larger, so that a check ends within about a minute.

    Exactly, times are exponential, and their true mean is what it would be without a target.
    Raises `LocalsimError` for numbers that cannot be.
    """
    unit = inputs.above_zero("mean", mean)
    limit = inputs.number("target", target, least=0.0)
    reach = inputs.number("window", window, least=0.0)
    honest, reported = math.exp(-limit / unit), math.exp(-(limit + reach) / unit)
    exact = {
        "honest": honest, "reported": reported, "spike": honest - reported, "true_mean": unit,
    }  # fmt: skip
    rarest = max(_RAREST, min(share for share in exact.values() if share > 0.0))
    plan = Plan.of(_BUSY, 1, _BUSY, arrivals_for(_BUSY, min(1.0, rarest), PRECISION))
    months = plan.service_months / (1.0 - _BUSY) / unit
    world = frictionless({"contract.relabel_months": reach * months})
    policy = Policy(
        "a target", tier="nation", contract=Targets(target_months=limit * months, clock="end")
    )
    names = {
        "honest": "over_target", "reported": "over_target_reported",
        "spike": "reported_at_target", "true_mean": "target_time_months",
    }  # fmt: skip

    def once(replication: int) -> dict[str, float]:
        figures = read(plan.run(seed, replication, policy, world))
        found = {field: figures[metric, "all"] for field, metric in names.items()}
        return found | {"true_mean": found["true_mean"] / months}

    found = repeat(once, exact, PRECISION, replications)
    return Relabelling(
        found["honest"].mean, found["honest"].se,
        found["reported"].mean, found["reported"].se,
        found["spike"].mean, found["spike"].se,
        found["true_mean"].mean, found["true_mean"].se,
        exact,
    )  # fmt: skip
