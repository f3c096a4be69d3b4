"""Ways to bring the money of many agencies together for a place or a region."""

from __future__ import annotations

from localsim.policy.budgets import Pooled
from localsim.policy.capital import CapitalBudget
from localsim.policy.contract import Targets
from localsim.policy.counting import WithNeighbours
from localsim.policy.deal import EarnedAutonomy, NegotiatedTargets
from localsim.policy.policy import Policy
from localsim.policy.rules import Planner, TargetsFirst
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


def local_area_agreement() -> Policy:
    """Up to 35 targets agreed with the centre for one area, and money aligned to meet them.

    From 2008 every upper-tier area agreed on up to 35 of the national indicators (source T10),
    and its partners aligned a part of what they spent to them.
    """
    return Policy(
        name="local_area_agreement",
        tier="authority",
        budgets=Pooled(share=0.1, ramp=0.5),
        rule=TargetsFirst(),
        deal=NegotiatedTargets(items=35),
        description="35 negotiated targets, and a tenth of the money aligned to meet them",
    )


def multi_area_agreement() -> Policy:
    """The same between neighbours: councils of a sub-region agree with the centre, and each other.

    Multi-area agreements let councils act together where a labour market or a road crosses their
    borders; who decides answers for all of them.
    """
    return Policy(
        name="multi_area_agreement",
        tier="sub-region",
        budgets=Pooled(share=0.1, ramp=0.5, tier="sub-region"),
        rule=TargetsFirst(),
        counting=WithNeighbours(),
        deal=NegotiatedTargets(items=35),
        description="35 targets negotiated for a sub-region, and a tenth of the money aligned",
    )


def earned_autonomy() -> Policy:
    """Freedoms one by one, while the centre believes in the place: fewer items, then one purse.

    Places that kept their pledges were to be inspected less and trusted with more; those that did
    not were to lose it again.
    """
    return Policy(
        name="earned_autonomy",
        tier="authority",
        budgets=Pooled(share=0.6, ramp=0.5),
        rule=Planner(),
        deal=EarnedAutonomy(freedoms=("items", "pooling"), items=35),
        description="national targets and ring-fences, lifted as long as results are believed in",
    )
