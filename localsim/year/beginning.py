"""Beginnings: a policy takes over a running place, its regimes and its money."""

from __future__ import annotations

import numpy as np

from localsim.dynamics.columns import Array
from localsim.dynamics.facts import Facts
from localsim.dynamics.town import Town
from localsim.policy.policy import Policy
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


def hand_over(facts: Facts, accounts: Accounts, regimes: list[Regime]) -> None:
    """Divide the cash of those before among the regimes, theme by theme as money came of old."""
    lines = accounts.lines.sum(axis=0)
    total = facts.historic_gbp.sum(axis=0)
    share = np.array([facts.historic_gbp[regime.areas].sum(axis=0) for regime in regimes])
    part = np.where(total > 0.0, share / np.where(total > 0.0, total, 1.0), 1.0 / len(regimes))
    accounts.lines = part * (lines + accounts.desks.sum() / lines.size)
    accounts.desks = np.zeros(len(regimes))
    accounts.contact_gbp = np.zeros(len(regimes))
    accounts.amenity_gbp = np.zeros((len(regimes), len(facts.themes), len(ZONES)))
