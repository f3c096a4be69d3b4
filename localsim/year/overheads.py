"""Overheads: what it costs to run a place one way rather than another.

Every policy pays for what it does: reporting, deciding, meeting, pooling, tendering, building
capacity, and changing over. Overheads come out of the same money as services.
"""

from __future__ import annotations

import math

from localsim.dynamics.columns import Array
from localsim.dynamics.facts import Facts
from localsim.policy.budgets import Pooled
from localsim.policy.listening import Voice
from localsim.policy.policy import Policy
from localsim.policy.presets import status_quo
from localsim.year.decide import Bench, Hearing

COMPLIANCE = "compliance"
DECIDING = "deciding"
ENGAGEMENT = "engagement"
COORDINATION = "coordination"
TRANSITION = "transition"
TENDERING = "tendering"
CAPACITY = "capacity building"
OVERHEADS = (COMPLIANCE, DECIDING, ENGAGEMENT, COORDINATION, TENDERING, CAPACITY, TRANSITION)


def overheads_gbp(
    facts: Facts,
    policy: Policy,
    areas: Array,
    hearings: list[Hearing],
    first_year: bool,
) -> dict[str, float]:
    """Return a year's overheads of a policy in its areas (bool[A]) by purpose."""
    place = facts.place
    heads = float(place.residents[areas].sum())
    costs = {
        COMPLIANCE: policy.contract.items * facts.value("compliance.gbp_per_item_per_head") * heads,
        DECIDING: len(hearings) * facts.value("deciding.gbp_per_decider"),
        ENGAGEMENT: math.fsum(_engagement_gbp(facts, hearing) for hearing in hearings),
    }
    if isinstance(policy.budgets, Pooled) and policy.budgets.share > 0.0:
        units = sum(not hearing.bench.devolved for hearing in hearings)
        partners = len(facts.agencies) - 1
        costs[COORDINATION] = units * partners * facts.value("coordination.gbp_per_partner")
    if first_year:
        changed = len(policy.changes_from(status_quo()))
        pot = float(facts.historic_gbp[areas].sum())
        costs[TRANSITION] = changed * facts.value("transition.share_per_answer") * pot
    return costs


def _engagement_gbp(facts: Facts, hearing: Hearing) -> float:
    bench: Bench = hearing.bench
    if not isinstance(bench.listening, Voice):
        return 0.0
    heads = float(facts.place.residents[hearing.areas].sum())
    reach = bench.listening.outreach * facts.value("engagement.outreach_gbp_per_head") * heads
    return hearing.rows.size * facts.value("engagement.participant_gbp") + reach
