"""Selecting by a metric: what is won by funding the providers that look best."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from scipy.special import ndtri

from localsim.agents.institutions import Provider
from localsim.check import inputs
from localsim.check.luck import FEWEST, repeat
from localsim.check.world import frictionless, town
from localsim.model import Model
from localsim.policy.budgets import OpenEnded
from localsim.policy.policy import Policy
from localsim.policy.rules import Fixed
from localsim.policy.supply import Community
from localsim.themes import Casework

PRECISION = 0.01
_LEAST_SHARE = 1e-3
_LEAST_RHO = 1e-4  # stands for none: without any spread of quality there is nothing to measure
_SPREAD = 0.2  # of the log of quality as it is observed
_KINDS_OF_WORK = 8
_FEWEST_PROVIDERS, _MOST_PROVIDERS = 400, 8000
_SLOT_GBP = 1000.0
_KINDS = ("voluntary", "cooperative")
_PRICES = ("price.voluntary", "cost.voluntary", "price.cooperative")
_OUTSIDE = ("voluntary", "co-operative")
_NO_NEED = {"onset_per_year": 0.0, "slot_gbp": _SLOT_GBP}


@dataclass(frozen=True)
class Selection:
    """Mean outcome and mean metric of those funded, in sds over all providers, with errors.

    `exact` holds what each should be.
    """

    outcome: float
    outcome_se: float
    metric: float
    metric_se: float
    exact: Mapping[str, float]


def selection(q: float, rho: float, *, replications: int | None = None, seed: int = 0) -> Selection:
    """Award work to the share of providers whose observed quality is highest.

    Parameters
    ----------
    q
        The share that is funded, from 0.001 to 1.
    rho
        Correlation of the log of quality as observed, the metric, with that of true quality, the
        outcome: 0 to 1.
    replications, seed
        How often it is repeated, and the luck; by default until standard errors are at most 1 %
        of the exact values.

    Every pool of work has two providers that apply beside the agency's own staff, at a price so
    high that they win where their observed quality is among the best share q. Exactly, the metric
    of those who win is φ(z)/q and their outcome ρφ(z)/q, z the level exceeded by the share q.
    Raises `LocalsimError` for numbers that cannot be.
    """
    share = inputs.number("q", q, least=_LEAST_SHARE, most=1.0)
    alike = inputs.number("rho", rho, least=0.0, most=1.0)
    bar = max(-float(ndtri(share)), -30.0)
    density = math.exp(-0.5 * bar**2) / math.sqrt(2.0 * math.pi) if share < 1.0 else 0.0
    exact = {"outcome": alike * density / share, "metric": density / share}
    price = math.exp(bar * _SPREAD)
    enough = 4.0 * _SLOT_GBP * max(1.0, price)  # for a slot of each
    true_sd = max(alike, _LEAST_RHO) * _SPREAD
    world = frictionless(
        {
            "supply.fit_sd": true_sd,
            "supply.observation_sd": math.sqrt(max(0.0, 1.0 - alike**2)) * _SPREAD,
            "supply.capacity_share": 1.5 * _SLOT_GBP / enough,
        }
        | {f"supply.quality.{kind}": 1.0 for kind in _KINDS}
        | {f"supply.{what}": price for what in _PRICES}
    )
    wanted = _providers(share, exact["outcome"]) / _KINDS_OF_WORK / len(_KINDS)
    place = town([1] * math.ceil(wanted))
    themes = [Casework(f"work{n}", team="area", desk=False, values=_NO_NEED)
              for n in range(_KINDS_OF_WORK)]  # fmt: skip
    policy = Policy(
        "fund the best",
        budgets=OpenEnded(),
        rule=Fixed(np.full((len(place.codes), _KINDS_OF_WORK), enough)),
        supply=Community(quality_weight=0.5),
    )

    def once(replication: int) -> dict[str, float]:
        model = Model(
            place, policy, seed=seed, replication=replication, themes=themes, assumptions=world,
            warmup_years=0,
        )  # fmt: skip
        model.step()  # who is awarded work for a year is settled at its start
        firms = [agent for agent in model.ordinary_agents.select(agent_type=Provider)
                 if agent.kind in _OUTSIDE and agent.slots > 0]  # fmt: skip
        return {
            "outcome": float(np.mean([math.log(firm.quality) for firm in firms])) / true_sd,
            "metric": float(np.mean([math.log(firm.observed_quality) for firm in firms])) / _SPREAD,
        }

    found = repeat(once, exact, PRECISION, replications)
    return Selection(
        found["outcome"].mean, found["outcome"].se,
        found["metric"].mean, found["metric"].se,
        exact,
    )  # fmt: skip


def _providers(share: float, outcome: float) -> float:
    """Return how many providers one replication of the fewest needs for its error to be small."""
    error = max(PRECISION * outcome, 4e-3)
    return min(_MOST_PROVIDERS, max(_FEWEST_PROVIDERS, 1.0 / error**2 / share / FEWEST))
