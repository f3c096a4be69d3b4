"""Volunteers and gifts: who organises what all want done, and what a levy crowds out."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from localsim.check import inputs
from localsim.check.luck import FEWEST, repeat
from localsim.check.world import frictionless, grown_ups, read
from localsim.model import Model
from localsim.policy.budgets import OpenEnded
from localsim.policy.policy import Policy
from localsim.policy.rules import Fixed
from localsim.policy.supply import MOST_PROJECTS, Community
from localsim.themes import Amenity, Log

PRECISION = 0.01
_LARGEST = 100_000
_RESIDENTS = 2000  # of a place, about; more areas where few could organise
_AREAS = 200
_GOOD = Amenity.of_values("good", [1.0], Log())


@dataclass(frozen=True)
class Volunteers:
    """How often nobody organises what everybody would like done, with its error.

    `exact` holds what it should be.
    """

    nobody: float
    nobody_se: float
    exact: Mapping[str, float]


@dataclass(frozen=True)
class CrowdOut:
    """What is provided in all, privately and publicly, pounds a year.

    `exact` holds what each field should be.
    """

    total: float
    private: float
    public: float
    exact: Mapping[str, float]


def volunteers(
    n: int, cost_ratio: float, *, replications: int | None = None, seed: int = 0
) -> Volunteers:
    """Ask for projects that need one organiser each, and count those that find none.

    Parameters
    ----------
    n
        How many could organise each.
    cost_ratio
        The trouble of organising over what each of them draws from its being done, zero or more.
    replications, seed
        How often it is repeated, and the luck; by default until the standard error is at most
        1 % of the exact value.

    Exactly, (c/b)^(n/(n−1)) of projects find nobody (Diekmann 1985); one alone organises whatever
    is worth the trouble. Raises `LocalsimError` for numbers that cannot be.
    """
    eligible = inputs.whole("n", n, most=_LARGEST)
    dear = min(1.0, inputs.number("cost_ratio", cost_ratio, least=0.0))
    lone = 1.0 if dear == 1.0 else 0.0
    nobody = dear ** (eligible / (eligible - 1)) if eligible > 1 else lone
    areas = max(1, min(_AREAS, _RESIDENTS // eligible))
    # What one replication of the fewest has to hold for the error to come out at most as wanted.
    tries = (1.0 - nobody) / nobody / PRECISION**2 / FEWEST if nobody > 0.0 else 1.0
    projects = max(1, min(MOST_PROJECTS, math.ceil(1.2 * tries / areas)))
    place = grown_ups([eligible] * areas)
    policy = Policy("asking", supply=Community(projects=projects))
    world = frictionless(
        {"volunteers.core_share": 1.0, "volunteers.cost_ratio": dear, "supply.capacity_share": 0.0}
    )
    theme = Amenity.of_values("good", [1.0] * areas, Log())

    def once(replication: int) -> dict[str, float]:
        model = Model(
            place, policy, seed=seed, replication=replication, themes=[theme], assumptions=world,
            warmup_years=0,
        )  # fmt: skip
        model.step()  # who organises in a year is settled at its start
        return {"nobody": read(model)["projects_without_organiser", "all"]}

    found = repeat(once, {"nobody": nobody}, PRECISION, replications)["nobody"]
    return Volunteers(found.mean, found.se, {"nobody": nobody})


def crowd_out(donors: int, weight: float, wealth: float, public: float) -> CrowdOut:
    """Let donors give to a shared good that a levy on them provides too.

    Parameters
    ----------
    donors
        How many, all alike.
    weight
        Of the shared good in a donor's utility, 0 to 1; the rest is of what a donor keeps.
    wealth
        What each has before the levy, pounds, zero or more.
    public
        The levy on each, pounds, zero up to `wealth`.

    Exactly, with weight α, n donors and wealth w, the total is αnw/(α + (1−α)n) as long as anybody
    gives, and public provision otherwise: a levy crowds gifts out one for one (Bergstrom, Blume
    and Varian 1986). Raises `LocalsimError` for numbers that cannot be.
    """
    number = inputs.whole("donors", donors, most=_LARGEST)
    alpha = inputs.number("weight", weight, least=0.0, most=1.0)
    each = inputs.number("wealth", wealth, least=0.0)
    levy = inputs.number("public", public, least=0.0, most=each)
    world = frictionless(
        {
            "volunteers.core_share": 1.0,
            "gifts.wealth_gbp": each,
            "gifts.relative_income_deprived": 1.0,
            "gifts.weight": alpha,
        }
    )
    provided = Fixed(np.array([[number * levy]]))
    policy = Policy("levy", budgets=OpenEnded(), rule=provided, supply=Community(projects=1))
    model = Model(
        grown_ups([number]), policy, themes=[_GOOD], assumptions=world, warmup_years=0
    )  # fmt: skip
    model.run(1)
    figures = read(model)
    given = figures["gifts_gbp", "all"] + figures["volunteer_time_gbp", "all"]
    spent = figures["service_gbp", "all"]
    wanted = alpha * number * each / (alpha + (1.0 - alpha) * number)
    exact = {"total": max(wanted, number * levy), "public": number * levy}
    exact["private"] = exact["total"] - exact["public"]
    return CrowdOut(given + spent, given, spent, exact)
