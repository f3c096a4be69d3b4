"""Asset transfer: a community takes a building over, with its room, its upkeep and its risk.

What a slot costs contains premises. A voluntary provider that holds a building of its own pays no
rent and has room for more; in turn it bears upkeep and, some years, a repair, and takes what
letting brings. Where that uses its reserves up it fails, and the building goes back.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from localsim import streams
from localsim.dynamics.columns import Array
from localsim.dynamics.facts import Facts
from localsim.dynamics.town import Town
from localsim.ledger import Ledger
from localsim.policy.supply import IN_HOUSE, VOLUNTARY, Awarded
from localsim.year.accounts import PROVIDERS, Accounts
from localsim.year.commission import Providers
from localsim.year.giving import Givers, readiness

if TYPE_CHECKING:
    from localsim.year.programme import Regime

LETTINGS = "lettings"


def rent_free(facts: Facts, providers: Providers, nodes: Array, cost: Array) -> None:
    """Take premises out of what work costs those who hold a building, in place.

    `cost` float64[n, P] is that of a slot in pools, nodes int64[n].
    """
    held = providers.upkeep_gbp[nodes] > 0.0
    if held.any():
        cost[held, VOLUNTARY] *= 1.0 - facts.value("assets.premises_share")


def keep_buildings(
    facts: Facts,
    town: Town,
    accounts: Accounts,
    providers: Providers,
    ledger: Ledger,
    givers: Givers,
    regimes: list[Regime],
    year: int,
) -> None:
    """Let communities take buildings over that they are offered, and bear a year of those held."""
    for regime in regimes:
        supply = regime.policy.supply
        if isinstance(supply, Awarded) and supply.buildings:
            _take_over(facts, town, providers, givers, regime, supply.buildings, year)
        held = regime.nodes[providers.upkeep_gbp[regime.nodes] > 0.0]
        for node in held:
            zone = regime.zones_of_nodes[int(np.searchsorted(regime.nodes, node))]
            _bear(facts, accounts, providers, ledger, int(node), zone, year)


def _take_over(
    facts: Facts,
    town: Town,
    providers: Providers,
    givers: Givers,
    regime: Regime,
    offered: float,
    year: int,
) -> None:
    """Hand over buildings that are on offer and that somebody in their areas would look after."""
    nodes = regime.nodes
    who = providers.who[nodes, VOLUNTARY]
    free = providers.alive[nodes, VOLUNTARY] & (providers.upkeep_gbp[nodes] == 0.0)
    free &= streams.uniform(facts.key("assets/offer"), who) < offered
    if not free.any():
        return
    core, pools = givers.core, town.patches.pool
    area = facts.population.area[core.rows]
    people = facts.population.entity[core.rows]
    money = np.zeros(town.patches.nodes)
    np.add.at(money, pools, facts.historic_gbp[:, facts.casework_index])
    for k in np.unique(providers.theme[nodes[free]]):
        pool = pools[area, k]
        count = np.bincount(pool, minlength=town.patches.nodes)
        chance = readiness(facts, count)[pool]
        key = facts.key(f"assets/{facts.casework[k].name}/organise")
        forward = streams.uniform(key, people, episode=year) < chance
        found = np.bincount(pool, weights=forward, minlength=town.patches.nodes) > 0.0
        for node in nodes[free & (providers.theme[nodes] == k) & found[nodes]]:
            price = float(providers.price[node, IN_HOUSE])
            room = facts.value("assets.room_share") * money[node] / max(price, 1e-300)
            providers.capacity[node, VOLUNTARY] += room
            size = float(providers.capacity[node, VOLUNTARY])
            providers.upkeep_gbp[node] = facts.value("assets.premises_share") * price * size


def _bear(
    facts: Facts,
    accounts: Accounts,
    providers: Providers,
    ledger: Ledger,
    node: int,
    zone: str,
    year: int,
) -> None:
    """Take a year's lettings in and pay a year's upkeep, and a repair where one falls due."""
    usual = float(providers.upkeep_gbp[node])
    who = providers.who[node : node + 1, VOLUNTARY]
    broken = streams.uniform(facts.key("assets/repair"), who, episode=year)[0]
    cost = usual * facts.value("assets.upkeep_ratio")
    if broken < facts.value("assets.repair_chance"):
        cost += usual * facts.value("assets.repair_years")
    income = ledger.receive(LETTINGS, zone, usual * facts.value("assets.income_ratio"))
    accounts.reserves[node, VOLUNTARY] += income - ledger.spend(PROVIDERS, "upkeep", zone, cost)
