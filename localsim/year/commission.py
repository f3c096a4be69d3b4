"""Commissioning: money buys slots, from the agency's own staff or from whoever is awarded work.

Slots are whole; what is left of a pool's money stays in its line. Providers are paid the price of
their offer; where it is below full cost the gap draws on their reserves, and a provider without
reserves is gone at the next commissioning.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from localsim import streams
from localsim.dynamics import facts as fact
from localsim.dynamics.columns import Array
from localsim.dynamics.facts import Facts
from localsim.dynamics.town import Town
from localsim.ledger import Ledger
from localsim.policy.supply import KINDS, Awarded, InHouse, Supply
from localsim.year.accounts import PROVIDERS, Accounts

IN_HOUSE, PRIVATE, VOLUNTARY, COOPERATIVE = range(len(KINDS))
COMMUNITY = (VOLUNTARY, COOPERATIVE)


@dataclass(eq=False)
class Providers:
    """What is true of each provider (pool and kind), float64[M, P]; policies do not touch it.

    `price` and `cost` are pounds a slot-year, `quality` the ratio of solving, `observed` the
    quality that those who award work see, `capacity` the slots it could fill; `awarded` int64[M]
    is the year of the last award, -1 before any; `theme` int64[M] the casework theme of a pool.
    `rates` and `effort` float64[M, J] are what a pool's contract pays for the measure of each of
    its tasks, and the effort that it has, above the intrinsic level; nothing beyond its own tasks.
    """

    price: Array
    cost: Array
    quality: Array
    observed: Array
    capacity: Array
    awarded: Array
    theme: Array
    rates: Array
    effort: Array

    @classmethod
    def of(cls, facts: Facts, town: Town) -> Providers:
        """Draw the providers of a replication; all that is community-run starts small."""
        patches = town.patches
        shape = (patches.nodes, len(KINDS))
        slot = np.zeros(patches.nodes)
        slot[patches.desks :] = fact.per_theme(facts, "slot_gbp")[patches.pool_theme]
        names = ("private", "voluntary", "cooperative")
        price = np.ones(shape)
        cost = np.ones(shape)
        quality = np.ones(shape)
        for p, name in enumerate(names, start=1):
            price[:, p] = facts.value(f"supply.price.{name}")
            cost[:, p] = price[:, p]
            quality[:, p] = facts.value(f"supply.quality.{name}")
        cost[:, VOLUNTARY] = max(
            facts.value("supply.cost.voluntary"), facts.value("supply.price.voluntary")
        )
        who = _entities(facts, town)
        fit, seen = facts.value("supply.fit_sd"), facts.value("supply.observation_sd")
        quality = quality * np.exp(fit * streams.normal(facts.key("provider/fit"), who))
        quality[:, IN_HOUSE] = 1.0  # what in-house staff achieve is what was calibrated
        observed = quality * np.exp(seen * streams.normal(facts.key("provider/observed"), who))
        capacity = np.zeros(shape)
        capacity[:, : COMMUNITY[0]] = np.inf
        tasks = max((len(t.tasks) for t in facts.casework if t.tasks), default=2)
        return cls(
            price=price * slot[:, None],
            cost=cost * slot[:, None],
            quality=quality,
            observed=observed,
            capacity=capacity,
            awarded=np.full(patches.nodes, -1, np.int64),
            theme=np.concatenate([np.full(patches.desks, -1), patches.pool_theme]),
            rates=np.zeros((patches.nodes, max(2, tasks))),
            effort=np.zeros((patches.nodes, max(2, tasks))),
        )


def _entities(facts: Facts, town: Town) -> streams.Entities:
    """Return a name for each pool and kind: its theme, its first area and the kind."""
    patches = town.patches
    names = [f"desk {node}" for node in range(patches.desks)]
    first: dict[int, str] = {}
    for a, row in enumerate(patches.pool):
        for k, node in enumerate(row):
            first.setdefault(int(node), f"{facts.casework[k].name}/{facts.place.codes[a]}")
    names += [first[node] for node in range(patches.desks, patches.nodes)]
    return np.stack([streams.entities([f"{n}/{kind}" for n in names]) for kind in KINDS], axis=1)


def commission(
    facts: Facts,
    accounts: Accounts,
    providers: Providers,
    ledger: Ledger,
    supply: Supply,
    nodes: Array,
    money_gbp: Array,
    zones: list[str],
    year: int,
) -> Array:
    """Return the slots, int64[n, P], that a regime's pools buy for money_gbp float64[n] a year.

    `zones` names the zone of each pool.
    """
    if isinstance(supply, InHouse):
        slots = np.zeros((nodes.size, len(KINDS)), np.int64)
        slots[:, IN_HOUSE] = _whole(money_gbp, providers.price[nodes, IN_HOUSE])
        return slots
    assert isinstance(supply, Awarded)
    due = _due(providers, supply, nodes, year)
    kinds = [IN_HOUSE, *(KINDS.index(kind) for kind in supply.bidders)]
    if supply.community_bids:
        _enter(facts, accounts, providers, ledger, nodes, money_gbp, zones)
    slots = np.zeros((nodes.size, len(KINDS)), np.int64)
    for row, node in enumerate(nodes):
        left = money_gbp[row]
        for p in _ranked(providers, supply, node, kinds):
            if p in COMMUNITY and accounts.reserves[node, p] < 0.0:
                continue
            price = providers.price[node, p]
            room = providers.capacity[node, p]
            wanted = int(_whole(np.array(left), np.array(price)))
            slots[row, p] = min(wanted, int(room) if np.isfinite(room) else wanted)
            left -= slots[row, p] * price
    providers.awarded[nodes[due]] = year
    return slots


def _due(providers: Providers, supply: Awarded, nodes: Array, year: int) -> Array:
    awarded = providers.awarded[nodes]
    due: Array = (awarded < 0) | (year - awarded >= supply.contract_years)
    return due


def tenders_due(
    facts: Facts, providers: Providers, supply: Awarded, nodes: Array, year: int
) -> int:
    """Return how many tenders are let this year: one a theme in which any contract is due."""
    due = nodes[_due(providers, supply, nodes, year)]
    return int(np.unique(providers.theme[due]).size)


def building_gbp(facts: Facts, providers: Providers, supply: Awarded, nodes: Array) -> float:
    """Return what a year of capacity building costs, by the slots that it adds."""
    if not supply.community_bids:
        return 0.0
    added = supply.capacity_building * facts.value("supply.building")
    slots = providers.capacity[np.ix_(nodes, COMMUNITY)].sum() * added
    return float(slots * facts.value("supply.building_gbp"))


def _whole(money_gbp: Array, price_gbp: Array) -> Array:
    """Return how many whole slots money buys; none where a slot has no price."""
    with np.errstate(divide="ignore", invalid="ignore"):
        count = np.where(price_gbp > 0.0, money_gbp / price_gbp, 0.0)
    whole: Array = np.floor(np.minimum(count, 1e9) + 1e-9).astype(np.int64)
    return whole


def _ranked(providers: Providers, supply: Awarded, node: int, kinds: list[int]) -> list[int]:
    """Return the bidders of a pool, best observed value first; ties in the order of kinds."""
    score = supply.quality_weight * np.log(providers.observed[node])
    price = np.maximum(providers.price[node], 1e-300)
    score = score - (1.0 - supply.quality_weight) * np.log(price)
    return sorted(kinds, key=lambda p: (-score[p], p))


def _enter(
    facts: Facts,
    accounts: Accounts,
    providers: Providers,
    ledger: Ledger,
    nodes: Array,
    money_gbp: Array,
    zones: list[str],
) -> None:
    """Let community providers enter where they have never been, with reserves of their own."""
    share = facts.value("supply.capacity_share")
    months = facts.value("supply.reserve_months")
    for row, node in enumerate(nodes):
        price = providers.price[node, IN_HOUSE]
        if providers.awarded[node] >= 0 or price <= 0.0:
            continue
        for p in COMMUNITY:
            capacity = share * money_gbp[row] / price
            own = capacity * providers.price[node, p] * months / 12.0
            providers.capacity[node, p] = capacity
            accounts.reserves[node, p] += ledger.receive(PROVIDERS, zones[row], own)


def review(facts: Facts, town: Town, providers: Providers, building: dict[int, float]) -> None:
    """Grow the community capacity that was used and let the rest decay.

    `building` maps a node to the effort of capacity building there, 0 to 1.
    """
    growth, decay = facts.value("supply.growth"), facts.value("supply.decay")
    programme = facts.value("supply.building")
    for p in COMMUNITY:
        used = town.nodes.work["slots"][:, p] > 0
        change = np.where(used, growth, -decay)
        for node, intensity in building.items():
            change[node] += programme * intensity
        providers.capacity[:, p] *= np.maximum(0.0, 1.0 + change)
