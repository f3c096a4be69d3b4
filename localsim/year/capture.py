"""Capture: those who decide lean towards the priorities of an elite.

Whether local deciders are captured more than the centre cannot be said in advance (Bardhan and
Mookherjee 2000, "Capture and governance at local and national levels"): the share is a fact of the
world, of each tier's own, and falls with the turnout of those who take part.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from localsim.dynamics import facts as fact
from localsim.dynamics.columns import Array
from localsim.dynamics.facts import Facts
from localsim.dynamics.town import Town
from localsim.policy.evidence import Evidence, Participants
from localsim.policy.policy import TIERS
from localsim.year.listen import open_cases
from localsim.year.priorities import Priorities
from localsim.year.taking_part import rows_of

BODIES = tuple(tier for tier in TIERS if tier != "person")  # a person decides for nobody else


def dial(facts: Facts, tier: str) -> float:
    """Return the share of capture at a tier where nobody takes part."""
    if tier not in BODIES:
        return 0.0
    return facts.value(f"capture.{tier.replace('-', '_')}")


@dataclass(frozen=True)
class Leaning:
    """How far a decider leans, 0 to 1, and to what: the elite's shares of themes, float64[T]."""

    share: float
    elite: Array


def captured_share(facts: Facts, tier: str, turnout: float) -> float:
    """Return t = c·(1 − turnout)^γ, the elite's part in what a decider of a tier weighs."""
    falls = facts.value("capture.turnout")
    return float(dial(facts, tier) * (1.0 - min(1.0, turnout)) ** falls)


def open_needs(facts: Facts, town: Town, priorities: Priorities) -> Array | None:
    """Return how many needs the elite of each area have open, float64[A, K].

    None where no tier is captured, so that nobody counts them.
    """
    if not any(dial(facts, tier) for tier in BODIES):
        return None
    cases = open_cases(town)
    areas, casework = len(facts.place.codes), len(facts.casework)
    theirs = priorities.elite[cases["resident"]].astype(np.float64)
    cell = facts.population.area[cases["resident"]].astype(np.int64) * casework + cases["theme"]
    return np.bincount(cell, weights=theirs, minlength=areas * casework).reshape(areas, casework)


def elite_shares(
    facts: Facts, priorities: Priorities, areas: Array, elite_open: Array, durations: Array
) -> Array | None:
    """Return the shares of themes in what the elite of some areas (bool[A]) want, float64[T].

    Of casework, what it would cost to meet their own needs of a year; of an amenity, what it is
    worth to them. None where there is no elite, or it wants nothing.
    """
    people = facts.population
    rows = rows_of(facts, areas)
    rows = rows[priorities.elite[rows]]
    if rows.size == 0:
        return None
    wants = np.zeros(len(facts.themes))
    cases = elite_open[areas].sum(axis=0) / rows.size / durations
    wants[facts.casework_index] = cases @ fact.need_cost_gbp(facts)
    for t in facts.amenity_index:
        worth = priorities.base[people.area[rows], t] * priorities.lasting[t, rows]
        wants[t] = worth.mean()
    total = wants.sum()
    return wants / total if total > 0.0 else None


def bend(evidence: Evidence, leaning: Leaning) -> Evidence:
    """Return the evidence as a captured decider weighs it: themes by (1 − t)·s + t·e.

    Theme by theme, over the unit: how a theme's claims lie between areas stays as it was, and so
    does their sum. What participants put first is bent alike.
    """
    t, elite = leaning.share, leaning.elite

    def bent(value: Array | None) -> Array | None:
        if value is None:
            return None
        need = value * evidence.residents[:, None]
        total = need.sum()
        heads = max(1.0, float(evidence.residents.sum()))
        claimed = need.sum(axis=0)
        some = claimed > 0.0
        ratio = elite * total / np.where(some, claimed, 1.0)
        kept: Array = value * np.where(some, 1.0 - t + t * ratio, 1.0)
        return kept + np.where(some, 0.0, t * elite * total / heads)

    people = evidence.participants
    if people is not None:
        people = _leaning(people, t, elite)
    value = bent(evidence.value)
    assert value is not None
    return replace(
        evidence,
        value=value,
        record=bent(evidence.record),
        heard=bent(evidence.heard),
        participants=people,
    )


def _leaning(people: Participants, t: float, elite: Array) -> Participants:
    totals = people.weight.sum(axis=1, keepdims=True)
    return replace(people, weight=(1.0 - t) * people.weight + t * totals * elite)
