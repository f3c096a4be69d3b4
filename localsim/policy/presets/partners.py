"""Ways to bring the money of many agencies together for a place or a region."""

from __future__ import annotations

from localsim.policy.budgets import Pooled
from localsim.policy.capital import CapitalBudget
from localsim.policy.contract import Targets
from localsim.policy.policy import Policy
from localsim.policy.rules import Planner
from localsim.policy.supply import Market


def place_based_budget() -> Policy:
    """Total Place: what all agencies spend in a place, counted, pooled and planned together.

    Thirteen pilots counted some £82bn of public money (source T01) and asked what the whole place
    would do with it: one purse, one capital budget, one inspection of the area in the place of
    many, and whoever does the work best.
    """
    return Policy(
        name="place_based_budget",
        tier="authority",
        budgets=Pooled(share=0.6, ramp=0.5),
        rule=Planner(),
        contract=Targets(items=35),
        supply=Market(),
        capital=CapitalBudget(),
        description="agencies' money for the place pooled, planned and put to tender",
    )


def city_region() -> Policy:
    """A sub-region pools what reaches across councils: work, skills and transport.

    City regions took on employment, skills, transport and housing over the heads of councils. Of
    the default themes that is work, and streets and transport in place; where there is a theme of
    housing, pool it too, with ``Pooled(themes=…)``.
    """
    return Policy(
        name="city_region",
        tier="sub-region",
        budgets=Pooled(share=0.8, ramp=0.5, tier="sub-region", themes=("work", "place")),
        rule=Planner(),
        supply=Market(),
        description="a sub-region's purse for work, skills and transport, planned and tendered",
    )
