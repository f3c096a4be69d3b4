"""Overheads: what it costs to run a place one way rather than another.

Every policy pays for what it does: reporting, deciding, meeting, pooling, tendering, building
capacity, and changing over. Overheads come out of the same money as services.
"""

from __future__ import annotations

import math

import numpy as np

from localsim.dynamics.columns import Array
from localsim.dynamics.facts import Facts
from localsim.policy.access import Hub
from localsim.policy.budgets import Pooled
from localsim.policy.capital import CapitalBudget
from localsim.policy.counting import WithNeighbours
from localsim.policy.deal import NoDeal
from localsim.policy.listening import Voice
from localsim.policy.policy import Policy
from localsim.policy.resident_rules import IndividualChoice
from localsim.policy.supply import Shared
from localsim.year.amenity import neighbours
from localsim.year.decide import Bench, Hearing
from localsim.year.pooling import partners, pools
from localsim.year.units import units_of

COMPLIANCE = "compliance"
DECIDING = "deciding"
ENGAGEMENT = "engagement"
COORDINATION = "coordination"
TRANSITION = "transition"
TENDERING = "tendering"
CAPACITY = "capacity building"
PREMISES = "premises"
SUPPORT = "volunteer support"
OVERHEADS = (
    COMPLIANCE, DECIDING, ENGAGEMENT, COORDINATION, TENDERING, CAPACITY, SUPPORT, PREMISES,
    TRANSITION,
)  # fmt: skip


def overheads_gbp(
    facts: Facts,
    policy: Policy,
    areas: Array,
    hearings: list[Hearing],
    changes: list[tuple[int, float]],
    evaluated: bool,
) -> dict[str, float]:
    """Return a year's overheads of a policy in its areas (bool[A]) by purpose.

    `changes` are answers that have to change this year, with a year's money where they do.
    """
    place = facts.place
    heads = float(place.residents[areas].sum())
    costs = {
        COMPLIANCE: policy.contract.items * facts.value("compliance.gbp_per_item_per_head") * heads,
        DECIDING: math.fsum(_deciding_gbp(facts, hearing) for hearing in hearings),
        ENGAGEMENT: math.fsum(_engagement_gbp(facts, hearing) for hearing in hearings),
    }
    costs[COORDINATION] = _coordination_gbp(facts, policy, areas)
    if isinstance(policy.access, Hub):
        per_head = policy.access.outreach * facts.value("engagement.outreach_gbp_per_head")
        costs[ENGAGEMENT] += per_head * heads
        if policy.access.co_located:
            costs[PREMISES] = facts.value("doors.co_location_gbp_per_head") * heads
    share = facts.value("transition.share_per_answer")
    due = [changed * share * pot for changed, pot in changes]
    if evaluated:
        due.append(facts.value("transition.evaluation_gbp_per_year"))
    if due:
        costs[TRANSITION] = math.fsum(due)
    return costs


def _coordination_gbp(facts: Facts, policy: Policy, areas: Array) -> float:
    """Return what pools with partners, a deal with the centre, and neighbours cost to keep."""
    budgets, cost = policy.budgets, 0.0
    if isinstance(budgets, Pooled) and budgets.share > 0.0:
        meetings = pools(facts, budgets, areas, policy.tier) * partners(facts, budgets)
        cost += meetings * facts.value("coordination.gbp_per_partner")
    if isinstance(policy.capital, CapitalBudget) and policy.capital.share > 0.0:
        cost += (len(facts.agencies) - 1) * facts.value("coordination.gbp_per_partner")
    if not isinstance(policy.deal, NoDeal):
        cost += facts.value("deal.gbp_per_year")
    if isinstance(policy.counting, WithNeighbours):
        agreements = neighbours(facts.place, units_of(facts.place, policy.tier)[0], areas)
        cost += agreements * facts.value("coordination.gbp_per_neighbour")
    if isinstance(policy.supply, Shared):
        served = np.unique(facts.place.units("authority")[areas]).size
        others = policy.supply.authorities - 1
        cost += served * others * facts.value("coordination.gbp_per_partner")
    return cost


def _deciding_gbp(facts: Facts, hearing: Hearing) -> float:
    """Return what a body that decides costs, and what it costs to let each decide for herself."""
    body, rule = facts.value("deciding.gbp_per_decider"), hearing.bench.rule
    people = hearing.evidence.participants
    if hearing.bench.tier != "person" or people is None:
        return body
    if isinstance(rule, IndividualChoice):
        people = rule.holding(people)
    return body + len(people) * facts.value("deciding.gbp_per_person")


def _engagement_gbp(facts: Facts, hearing: Hearing) -> float:
    bench: Bench = hearing.bench
    if not isinstance(bench.listening, Voice) or bench.tier == "person":
        return 0.0
    heads = float(facts.place.residents[hearing.areas].sum())
    reach = bench.listening.outreach * facts.value("engagement.outreach_gbp_per_head") * heads
    return hearing.rows.size * facts.value("engagement.participant_gbp") + reach
