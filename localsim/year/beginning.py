"""Beginnings: a policy takes over a running place, its regimes and its money."""

from __future__ import annotations

import numpy as np

from localsim.dynamics.columns import Array
from localsim.dynamics.facts import Facts
from localsim.dynamics.town import Town
from localsim.policy.budgets import Pooled
from localsim.policy.policy import Pilot, Policy
from localsim.policy.schedule import Stage
from localsim.year.accounts import ZONES, Accounts
from localsim.year.programme import Regime


def regimes_of(
    facts: Facts, town: Town, zone: Array, answered: list[tuple[Policy, Array]]
) -> list[Regime]:
    """Return who runs which areas: `answered` has policies and their areas (bool[A])."""
    people = facts.place.residents.astype(np.float64)
    pools = town.patches.pool
    regimes = []
    for index, (policy, areas) in enumerate(answered):
        nodes, first = np.unique(pools[areas], return_index=True)
        home = np.flatnonzero(areas)[first // max(1, pools.shape[1])]
        heads = np.bincount(zone[areas], weights=people[areas], minlength=len(ZONES))
        regimes.append(
            Regime(
                index=index,
                policy=policy,
                areas=areas,
                nodes=nodes,
                zones_of_nodes=[ZONES[z] for z in zone[home].tolist()],
                heads_by_zone=heads / max(1.0, float(heads.sum())),
            )
        )
    return regimes


def hand_over(facts: Facts, accounts: Accounts, before: list[Regime], after: list[Regime]) -> None:
    """Divide the cash of those before among those after, theme by theme as money came of old."""
    everywhere = np.ones(len(facts.place.codes), dtype=bool)
    old = [regime.areas for regime in before] or [everywhere]
    new = [regime.areas for regime in after]
    lines = np.zeros((len(after), len(facts.themes)))
    for r, areas in enumerate(old):
        held = accounts.lines[r] + accounts.desks[r] / len(facts.themes)
        total = facts.historic_gbp[areas].sum(axis=0)
        share = np.array([facts.historic_gbp[areas & mine].sum(axis=0) for mine in new])
        heirs = np.array([[(areas & mine).any()] for mine in new])
        alike = heirs / heirs.sum()
        lines += np.where(total > 0.0, share / np.where(total > 0.0, total, 1.0), alike) * held
    accounts.lines = lines
    accounts.desks = np.zeros(len(after))
    accounts.contact_gbp = np.zeros(len(after))
    accounts.amenity_gbp = np.zeros((len(after), len(facts.themes), len(ZONES)))


def change_over(
    facts: Facts, before: list[Regime], after: list[Regime], stage: Stage, year: int
) -> None:
    """Say what each regime has to change, where, and what of the one before it stays.

    Areas whose policy stays the same change nothing and have paid. The share of lines that is
    pooled stays what it was where money was pooled before, as a mean by money; where agencies have
    learnt from a pilot, all pool as much as they have come to do there. What need not be worked
    out again is not paid for again.
    """
    spared = facts.value("transition.learnt_share") if stage.learnt else 0.0
    for regime in after:
        pots, shares = [], []
        there = [old for old in before if (regime.areas & old.areas).any()]
        for old in there:
            pot = float(facts.historic_gbp[regime.areas & old.areas].sum())
            changed = len(regime.policy.changes_from(old.policy))
            if regime.agreed.capital == old.agreed.capital:  # it borrows once
                regime.borrowed |= old.borrowed
            regime.changes.append((changed, pot * (1.0 - spared)))
            both = isinstance(regime.policy.budgets, Pooled)
            pots.append(pot)
            shares.append(old.pooled_share if both else 0.0)
        unchanged = bool(regime.changes) and not any(changed for changed, _ in regime.changes)
        regime.begun = min(old.begun for old in there) if unchanged else year
        if stage.learnt:
            regime.pooled_share = max(shares, default=0.0)
        elif sum(pots) > 0.0:
            regime.pooled_share = float(np.average(shares, weights=pots))
        watched = isinstance(stage.policy, Pilot) and regime.agreed is stage.policy.policy
        regime.evaluated = stage.evaluated and watched
