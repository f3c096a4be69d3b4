"""Pooling: which lines go into one purse, at which tier, and how a large pool is shared out."""

from __future__ import annotations

import numpy as np

from localsim.dynamics.columns import Array
from localsim.dynamics.facts import Facts
from localsim.policy.budgets import TIERS, Budgets, Pooled
from localsim.year.units import units_of


def lines_pooled(facts: Facts, budgets: Budgets) -> Array | None:
    """Return which themes' lines are pooled, bool[T], or None where nothing says which."""
    if not isinstance(budgets, Pooled) or budgets.themes is None:
        return None
    return np.array([theme.name in budgets.themes for theme in facts.themes])


def partners(facts: Facts, budgets: Pooled) -> int:
    """Return how many agencies beyond the first have a line in the pool."""
    within = {t.agency for t in facts.themes if budgets.themes is None or t.name in budgets.themes}
    return max(0, len(within) - 1)


def pools(facts: Facts, budgets: Pooled, areas: Array, deciding: str) -> int:
    """Return how many pools are kept in a regime's areas (bool[A]): one a unit of the tier."""
    tier = budgets.tier if budgets.tier is not None and is_above(budgets.tier, deciding) else None
    return int(np.unique(units_of(facts.place, tier or deciding)[0][areas]).size)


def is_above(tier: str | None, deciding: str) -> bool:
    """Say whether money is pooled at a tier above the one that decides."""
    return tier is not None and TIERS.index(tier) < TIERS.index(deciding)


def shared_out(
    facts: Facts, budgets: Budgets, net: Array, pooled_share: float, areas: Array, deciding: str
) -> Array | None:
    """Return what each area has of money pooled above those who decide, float64[A], or None.

    `net` float64[A, T] is the regime's money as it came; `areas` bool[A] are the regime's. Each
    pool is divided over its areas by what the public formula expects of need there.
    """
    if not isinstance(budgets, Pooled) or not is_above(budgets.tier, deciding):
        return None
    assert budgets.tier is not None
    marked = lines_pooled(facts, budgets)
    themes = np.ones(len(facts.themes), dtype=bool) if marked is None else marked
    brought = pooled_share * np.where(areas, net[:, themes].sum(axis=1), 0.0)
    people = facts.place.residents.astype(np.float64)
    mean = facts.historic_gbp.sum(axis=0) / max(1.0, float(people.sum()))
    need = np.where(areas, people * (facts.formula * mean)[:, themes].sum(axis=1), 0.0)
    units = facts.place.units(budgets.tier)
    pool = np.bincount(units, weights=brought)
    claims = np.bincount(units, weights=need)
    known = claims > 0.0
    rate = np.where(known, pool / np.where(known, claims, 1.0), 0.0)
    shares: Array = np.where(known[units], need * rate[units], brought)
    return shares
