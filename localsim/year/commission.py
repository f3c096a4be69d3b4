"""Providers: who could do the work of a pool, how well, at what price, and held to what."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from localsim import streams
from localsim.dynamics import facts as fact
from localsim.dynamics.columns import Array
from localsim.dynamics.facts import Facts
from localsim.dynamics.town import Town
from localsim.policy.supply import COMMUNITY, IN_HOUSE, KINDS, VOLUNTARY
from localsim.year.accounts import ZONES


@dataclass(eq=False)
class Providers:
    """What is true of each provider (pool and kind), float64[M, P]; policies do not touch it.

    `price` and `cost` are pounds a slot-year, `quality` the ratio of solving, `observed` the
    quality that those who award work see, `capacity` the slots it could fill. `who` uint64[M, P]
    are their names for draws; `alive` bool[M, P] says who is there, `generation` int64[M, P] how
    many came before (-1 before the first), `looks` int64[M, P] and `error` after how many years
    of its work, and with what errors added up, it is seen. `awarded` int64[M] is the year of the
    last award, -1 before any, and `order` int64[M, P] the bidders then, best first; `theme`
    int64[M] the casework theme of a pool; `failed` int64[Z] how many failed since a policy began.
    `upkeep_gbp` float64[M] is what a year's upkeep of the building that a pool's voluntary provider
    holds cost the authority, and 0 where it holds none.
    `rates` and `effort` float64[M, J] are what a pool's contract pays for the measure of each of
    its tasks, and the effort that it has, above the intrinsic level; nothing beyond its own tasks.
    """

    price: Array
    cost: Array
    quality: Array
    observed: Array
    capacity: Array
    who: Array
    alive: Array
    generation: Array
    looks: Array
    error: Array
    awarded: Array
    order: Array
    theme: Array
    failed: Array
    upkeep_gbp: Array
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
        error = seen * streams.normal(facts.key("provider/observed"), who)
        error[:, IN_HOUSE] = 0.0  # an agency knows its own staff
        capacity = np.zeros(shape)
        capacity[:, : COMMUNITY[0]] = np.inf
        tasks = max((len(t.tasks) for t in facts.casework if t.tasks), default=2)
        return cls(
            price=price * slot[:, None],
            cost=cost * slot[:, None],
            quality=quality,
            observed=quality * np.exp(error),
            capacity=capacity,
            who=who,
            alive=np.arange(len(KINDS)) == IN_HOUSE + np.zeros(shape, np.int64),
            generation=np.full(shape, -1),
            looks=np.zeros(shape, np.int64),
            error=error,
            awarded=np.full(patches.nodes, -1, np.int64),
            order=np.tile(np.arange(len(KINDS)), (patches.nodes, 1)),
            theme=np.concatenate([np.full(patches.desks, -1), patches.pool_theme]),
            failed=np.zeros(len(ZONES), np.int64),
            upkeep_gbp=np.zeros(patches.nodes),
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
