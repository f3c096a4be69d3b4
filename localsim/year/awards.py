"""Awards: money buys slots, from the agency's own staff or from whoever is awarded work.

Slots are whole; what is left of a pool's money stays in its line. Bidders are ranked by price and
by quality as it is observed, which years of work sharpen; the ranking stands for the length of the
contract. Providers are paid the price of their offer: what their work costs beyond it draws on
their reserves.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from localsim import streams
from localsim.dynamics.columns import Array
from localsim.dynamics.facts import Facts
from localsim.ledger import Ledger
from localsim.policy.supply import (
    COMMUNITY,
    IN_HOUSE,
    KINDS,
    PRIVATE,
    VOLUNTARY,
    Awarded,
    Community,
    Supply,
)
from localsim.year.accounts import PROVIDERS, Accounts
from localsim.year.assets import rent_free
from localsim.year.commission import Providers
from localsim.year.fortunes import enter
from localsim.year.sharing import fixed_cost

_MOST_SLOTS = 1e9


@dataclass(frozen=True, eq=False)
class Bought:
    """What a regime's pools buy for a year: slots int64[n, P], what is paid and what it costs.

    `forgone_gbp` float64[n, P] is what the staff of cheaper providers are paid less.
    """

    slots: Array
    pay_gbp: Array
    cost_gbp: Array
    forgone_gbp: Array


def award(
    facts: Facts,
    accounts: Accounts,
    providers: Providers,
    ledger: Ledger,
    supply: Supply,
    nodes: Array,
    money_gbp: Array,
    zones: list[str],
    year: int,
) -> Bought:
    """Return what a regime's pools (nodes int64[n]) buy for money_gbp float64[n] a year.

    `zones` names the zone of each pool.
    """
    price, cost = providers.price[nodes], providers.cost[nodes]
    if not isinstance(supply, Awarded):
        own = price * fixed_cost(facts, supply)
        slots = np.zeros(price.shape, np.int64)
        slots[:, IN_HOUSE] = whole(money_gbp, own[:, IN_HOUSE])
        return Bought(slots, slots * own, slots * own, np.zeros(price.shape))
    lower_pay = facts.value("supply.lower_pay_share") * np.maximum(price[:, [IN_HOUSE]] - cost, 0.0)
    due = _due(providers, supply, nodes, year)
    kinds = [KINDS.index(kind) for kind in supply.bidders]
    enter(facts, accounts, providers, ledger, kinds, nodes[due], money_gbp[due],
          [zone for zone, is_due in zip(zones, due, strict=True) if is_due], year)  # fmt: skip
    scale = float(supply.lot_slots) ** -facts.value("supply.scale")
    price[:, IN_HOUSE + 1 :] *= scale
    cost[:, IN_HOUSE + 1 :] *= scale
    rent_free(facts, providers, nodes, cost)
    room = np.minimum(providers.capacity[nodes], _MOST_SLOTS)
    room[:, VOLUNTARY] = np.minimum(room[:, VOLUNTARY], _bearable(
        facts, accounts.reserves[nodes, VOLUNTARY], price[:, VOLUNTARY], cost[:, VOLUNTARY]
    ))  # fmt: skip
    cost[:, IN_HOUSE + 1 :] *= _costs_of_the_year(facts, providers, nodes, year)
    providers.order[nodes[due]] = _ranked(providers, supply, nodes[due], price[due], kinds)
    providers.awarded[nodes[due]] = year
    slots = _filled(facts, providers, supply, nodes, price, money_gbp, room, kinds, year)
    _bring_capital(facts, accounts, ledger, nodes, slots * price, zones)
    return Bought(slots, slots * price, slots * cost, slots * lower_pay)


def _bearable(facts: Facts, reserves_gbp: Array, price_gbp: Array, cost_gbp: Array) -> Array:
    """Return how many slots voluntary providers dare to offer below cost, float64[n].

    What they expect to lose in the year, after gifts, is at most a part of their reserves.
    """
    lost = np.maximum(cost_gbp - price_gbp, 0.0) * (1.0 - facts.value("supply.gift_share"))
    most = facts.value("supply.reserve_use") * np.maximum(reserves_gbp, 0.0)
    slots: Array = np.full(lost.size, _MOST_SLOTS)
    np.divide(most, lost, out=slots, where=lost > 0.0)
    return np.minimum(slots, _MOST_SLOTS, out=slots)


def _costs_of_the_year(facts: Facts, providers: Providers, nodes: Array, year: int) -> Array:
    """Return what a year's work costs those outside the agency over the usual, float64[n, P-1]."""
    sd = facts.value("supply.cost_sd")
    if sd == 0.0:
        return np.ones((nodes.size, len(KINDS) - 1))
    who = providers.who[nodes, IN_HOUSE + 1 :]
    draw = streams.normal(facts.key("supply/cost of the year"), who, episode=year)
    return np.exp(sd * draw - 0.5 * sd**2)


def _ranked(
    providers: Providers, supply: Awarded, nodes: Array, price_gbp: Array, kinds: list[int]
) -> Array:
    """Return the bidders of pools, best observed value first, int64[n, P]; ties by kind."""
    score = supply.quality_weight * np.log(providers.observed[nodes])
    score -= (1.0 - supply.quality_weight) * np.log(np.maximum(price_gbp, 1e-300))
    for p in range(IN_HOUSE + 1, len(KINDS)):
        if p not in kinds:
            score[:, p] = -np.inf
    order: Array = np.argsort(-score, axis=1, kind="stable")
    return order


def _filled(
    facts: Facts,
    providers: Providers,
    supply: Awarded,
    nodes: Array,
    price_gbp: Array,
    money_gbp: Array,
    room: Array,
    kinds: list[int],
    year: int,
) -> Array:
    """Give each pool's bidders what they have room for, in their order; returns slots int64[n, P].

    `room` float64[n, P] is in slots.
    """
    there = providers.alive[nodes]
    there[:, [p for p in range(IN_HOUSE + 1, len(KINDS)) if p not in kinds]] = False
    if isinstance(supply, Community):
        luck = streams.uniform(facts.key("supply/grant"), providers.who[nodes], episode=year)
        there[:, COMMUNITY] &= (luck >= facts.value("supply.grant_loss"))[:, COMMUNITY]
    most = room.astype(np.int64)
    slots = np.zeros(price_gbp.shape, np.int64)
    rows, left = np.arange(nodes.size), money_gbp.astype(np.float64)
    for p in providers.order[nodes].T:
        price = price_gbp[rows, p]
        wanted = np.minimum(whole(left, price), most[rows, p])
        lots = np.where(p == IN_HOUSE, wanted, wanted // supply.lot_slots * supply.lot_slots)
        slots[rows, p] = np.where(there[rows, p], lots, 0)
        left -= slots[rows, p] * price
    return slots


def _bring_capital(
    facts: Facts,
    accounts: Accounts,
    ledger: Ledger,
    nodes: Array,
    pay_gbp: Array,
    zones: list[str],
) -> None:
    """Let firms that win work for the first time bring in reserves of their own."""
    months = facts.value("supply.reserve_months")
    new = (pay_gbp[:, PRIVATE] > 0.0) & (accounts.reserves[nodes, PRIVATE] == 0.0)
    for row in np.flatnonzero(new):
        own = float(pay_gbp[row, PRIVATE]) * months / 12.0
        accounts.reserves[nodes[row], PRIVATE] = ledger.receive(PROVIDERS, zones[row], own)


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


def letting_gbp(facts: Facts, supply: Awarded) -> float:
    """Return what letting one contract costs those who let it; grants are cheaper to let."""
    cost = facts.value("tender.authority_gbp")
    return cost * facts.value("tender.grant_ratio") if isinstance(supply, Community) else cost


def building_gbp(facts: Facts, providers: Providers, supply: Awarded, nodes: Array) -> float:
    """Return what a year of capacity building costs, by the slots that it adds."""
    if not supply.community_bids:
        return 0.0
    added = supply.capacity_building * facts.value("supply.building")
    slots = providers.capacity[np.ix_(nodes, COMMUNITY)].sum() * added
    return float(slots * facts.value("supply.building_gbp"))


def whole(money_gbp: Array, price_gbp: Array) -> Array:
    """Return how many whole slots money buys; none where a slot has no price."""
    with np.errstate(divide="ignore", invalid="ignore"):
        count = np.where(price_gbp > 0.0, money_gbp / price_gbp, 0.0)
    slots: Array = np.floor(np.minimum(count, _MOST_SLOTS) + 1e-9).astype(np.int64)
    return slots
