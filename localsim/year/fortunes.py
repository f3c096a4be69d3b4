"""Fortunes of providers: they enter, grow where they are used, become known, and fail.

A provider whose reserves are used up leaves: its creditors bear what is missing, its cases go back
to the queue, the agency's own staff take its slots over for the rest of the year at their price,
and its place stays empty until another enters.
"""

from __future__ import annotations

import numpy as np

from localsim import streams
from localsim.dynamics.closures import send_back
from localsim.dynamics.columns import Array
from localsim.dynamics.facts import Facts
from localsim.dynamics.town import Town
from localsim.ledger import HALF_A_PENNY, Ledger
from localsim.policy.supply import COMMUNITY, IN_HOUSE, KINDS, VOLUNTARY
from localsim.year.accounts import PROVIDERS, ZONES, Accounts, Owners, Standing
from localsim.year.commission import Providers

CREDITORS = "creditors"


def enter(
    facts: Facts,
    accounts: Accounts,
    providers: Providers,
    ledger: Ledger,
    kinds: list[int],
    nodes: Array,
    money_gbp: Array,
    zones: list[str],
    year: int,
) -> None:
    """Let providers of some kinds enter pools (nodes int64[n]) whose contracts are due.

    The first of a kind is there when it is asked for; who follows one that failed comes at a rate
    of the world, with a quality and a fit of its own. Community providers bring reserves, and start
    with the slots that they have room for (`money_gbp` float64[n] of the pool, `zones` its zone).
    """
    fit = facts.value("supply.fit_sd")
    share, months = facts.value("supply.capacity_share"), facts.value("supply.reserve_months")
    for p in kinds:
        who = providers.who[nodes, p]
        first = providers.generation[nodes, p] < 0
        luck = streams.uniform(facts.key("supply/entry"), who, episode=year)
        comes = first | (luck < facts.value("supply.entry"))
        comes &= ~providers.alive[nodes, p] & (providers.price[nodes, IN_HOUSE] > 0.0)
        for row in np.flatnonzero(comes):
            node = nodes[row]
            generation = int(providers.generation[node, p]) + 1
            providers.generation[node, p] = generation
            providers.alive[node, p] = True
            if generation > 0:
                name = who[row : row + 1]
                draws = [
                    float(streams.normal(facts.key(f"provider/{what}"), name, number=n)[0])
                    for what, n in (("fit", generation), ("fit", generation - 1))
                ]
                providers.quality[node, p] *= np.exp(fit * (draws[0] - draws[1]))
                providers.looks[node, p] = 0
                providers.error[node, p] = float(_look(facts, name, 0, generation)[0])
                _see(providers, np.array([node]), p)
            if p in COMMUNITY:
                capacity = share * money_gbp[row] / providers.price[node, IN_HOUSE]
                own = capacity * providers.price[node, p] * months / 12.0
                providers.capacity[node, p] = capacity
                accounts.reserves[node, p] += ledger.receive(PROVIDERS, zones[row], own)


def _look(facts: Facts, who: Array, looks: int, generation: int) -> Array:
    """Return the error of one more look at providers, float64[n]."""
    key = facts.key("provider/observed")
    draw = streams.normal(key, who, episode=looks, number=generation)
    return facts.value("supply.observation_sd") * draw


def _see(providers: Providers, nodes: Array, p: int) -> None:
    """Set what is seen of providers: their quality, with the mean error of all looks at them."""
    error = providers.error[nodes, p] / (1.0 + providers.looks[nodes, p])
    providers.observed[nodes, p] = providers.quality[nodes, p] * np.exp(error)


def review(facts: Facts, town: Town, providers: Providers, building: dict[int, float]) -> None:
    """Grow the community capacity that was used, let the rest decay, and learn from work done.

    `building` maps a node to the effort of capacity building there, 0 to 1. Every year of work is
    one more look at a provider: the error of what is seen falls with the root of the looks.
    """
    growth, decay = facts.value("supply.growth"), facts.value("supply.decay")
    programme = facts.value("supply.building")
    for p in range(IN_HOUSE + 1, len(KINDS)):
        used = town.nodes.work["slots"][:, p] > 0
        worked = np.flatnonzero(used)
        providers.looks[worked, p] += 1
        history = np.stack([providers.looks[worked, p], providers.generation[worked, p]], axis=1)
        for looks, generation in np.unique(history, axis=0).tolist():
            same = worked[(history == (looks, generation)).all(axis=1)]
            providers.error[same, p] += _look(facts, providers.who[same, p], looks, generation)
        _see(providers, worked, p)
        if p in COMMUNITY:
            change = np.where(used, growth, -decay)
            for node, intensity in building.items():
                change[node] += programme * intensity
            providers.capacity[:, p] *= np.maximum(0.0, 1.0 + change)


def close_failed(
    facts: Facts,
    town: Town,
    accounts: Accounts,
    providers: Providers,
    ledger: Ledger,
    owners: Owners,
    standing: Standing,
) -> Standing:
    """Close providers whose reserves are used up, and return the month's payments without them."""
    failing = np.argwhere(accounts.reserves < -HALF_A_PENNY)
    if failing.size == 0:
        return standing
    for node, p in failing:
        zone = int(owners.node[node, 2])
        accounts.reserves[node, p] += ledger.receive(
            CREDITORS, ZONES[zone], -float(accounts.reserves[node, p])
        )
        providers.failed[zone] += 1
        providers.alive[node, p] = False
        accounts.forgone_gbp[node, p] = 0.0
        if p in COMMUNITY:
            providers.capacity[node, p] = 0.0
        if p == VOLUNTARY:
            providers.upkeep_gbp[node] = 0.0  # a building that it held goes back
        freed = float(accounts.pay_gbp[node, p])
        price = float(providers.price[node, IN_HOUSE])
        taken = int(freed / price + 1e-9) if price > 0.0 else 0
        work = town.nodes.work["slots"]
        work[node, IN_HOUSE] += taken
        work[node, p] = 0
        for paid, each in (
            (accounts.pay_gbp, providers.price),
            (accounts.cost_gbp, providers.cost),
        ):
            paid[node, p] = 0.0
            paid[node, IN_HOUSE] += taken * each[node, IN_HOUSE]
        send_back(town, int(node), int(p))
    return Standing.of(facts, accounts, owners)
