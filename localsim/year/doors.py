"""Doors: which agency a need is brought to first, and where it is sent from a wrong one.

The world's misdirection is applied to the doors that a policy keeps open: with a door an agency a
first visit goes astray at that rate; with one door for everything there is no wrong one.
"""

from __future__ import annotations

import numpy as np

from localsim.dynamics.columns import Array, usual_access
from localsim.dynamics.facts import Facts
from localsim.dynamics.order import set_order
from localsim.dynamics.town import Town
from localsim.errors import LocalsimError, nearest
from localsim.policy.access import Access, Hub, LeadProfessional
from localsim.themes import Casework
from localsim.themes.routing import Routing

NO_DESK = -1


def open_doors(facts: Facts, town: Town, regimes: list[tuple[Access, Array]]) -> None:
    """Set doors, routes, desk slots and queues for each regime's access and areas (bool[A])."""
    doors = [_doors(facts, access) for access, _ in regimes]
    regime = np.zeros(len(facts.place.codes), np.int64)
    for r, (_, areas) in enumerate(regimes):
        regime[areas] = r
    town.rules = town.rules._replace(
        regime=regime,
        own_desk=np.stack([d[0] for d in doors]),
        first_door=np.stack([d[1] for d in doors]),
        next_door=np.stack([d[2] for d in doors]),
        access=_access_rules(facts, [access for access, _ in regimes]),
    )
    town.nodes.work["slots"][: town.patches.desks, 0] = _desk_slots(facts, town)
    for access, areas in regimes:
        set_order(town, np.unique(town.patches.pool[areas]), access.order == "severity")


def _access_rules(facts: Facts, accesses: list[Access]) -> Array:
    rules = usual_access(len(accesses))
    for r, access in enumerate(accesses):
        if isinstance(access, Hub):
            rules["joint"][r] = True
            rules["warm"][r] = access.co_located
            rules["seeking"][r] = np.exp(facts.value("doors.hub_reach") * access.outreach)
        elif isinstance(access, LeadProfessional):
            rules["warm"][r] = rules["kept"][r] = True
            rules["pace"][r] = facts.value("doors.lead_service_ratio")
    return rules


def _doors(facts: Facts, access: Access) -> tuple[Array, Array, Array]:
    """Return own desk [K], first door [K, G] and next door [K, G, G], the last two cumulative."""
    agencies = len(facts.agencies)
    themes = len(facts.casework)
    doors = agencies + 1
    with_desk = sorted({facts.agencies.index(t.agency) for t in facts.casework if t.desk})
    astray = facts.value("doors.misdirection")
    own = np.full(themes, NO_DESK, np.int64)
    first = np.ones((themes, doors))
    onward = np.ones((themes, doors, doors))
    for k, theme in enumerate(facts.casework):
        if not theme.desk:
            continue
        joint = isinstance(access, Hub)
        home = agencies if joint else facts.agencies.index(theme.agency)
        kept = [agencies] if joint else with_desk
        own[k] = home
        if theme.routing is not None and not joint:
            first[k], onward[k] = _routed(facts, theme, theme.routing, kept)
            onward[k, -1] = first[k]  # from a hub's desk, whose cases wait while it is given up
            continue
        first[k] = _towards(home, [g for g in kept if g != home], astray, doors)
        # From doors that are kept no longer, too: cases wait there while the policy changes.
        for here in range(doors):
            others = [g for g in kept if g not in (home, here)]
            onward[k, here] = _towards(home, others, astray, doors)
        onward[k, home] = 0.0  # the right door
    return own, first, onward


def _routed(
    facts: Facts, theme: Casework, routing: Routing, kept: list[int]
) -> tuple[Array, Array]:
    """Return first door [G] and next door [G, G] of a theme's own routing, both cumulative."""
    names = (*facts.agencies, "")
    open_doors = [facts.agencies[g] for g in kept]
    for agency in routing.agencies:
        if agency not in open_doors:
            raise LocalsimError(
                f"Theme {theme.name!r}: its routing names {agency!r}, which keeps no desk; "
                + nearest(agency, open_doors)
            )
    first = np.cumsum([routing.first.get(agency, 0.0) for agency in names])
    first[np.flatnonzero(np.diff(first, prepend=0.0))[-1] :] = 1.0
    return first, np.cumsum(routing.matrix(names), axis=1)


def _towards(home: int, others: list[int], astray: float, doors: int) -> Array:
    """Return cumulative chances: home, or one of the others at the rate of going astray."""
    chance = np.zeros(doors)
    chance[home] = 1.0
    if others:
        chance[home] = 1.0 - astray
        chance[others] = astray / len(others)
    total: Array = np.cumsum(chance)
    total[max([home, *others]) :] = 1.0
    return total


def staff_desks(facts: Facts, town: Town, areas: Array, share: float) -> None:
    """Keep a share of the desks' slots in some areas (bool[A]), rounded up to whole ones."""
    desks = np.unique(town.patches.desk[areas])
    slots = np.ceil(share * _desk_slots(facts, town)[desks] - 1e-9)
    town.nodes.work["slots"][desks, 0] = slots.astype(np.int64)


def _desk_slots(facts: Facts, town: Town) -> Array:
    """Return the slots of each desk; a hub has those of all the desks that it replaces."""
    patches, agencies = town.patches, len(facts.agencies)
    with_desk = len({t.agency for t in facts.casework if t.desk})
    one = np.maximum(
        1, np.ceil(patches.desk_residents * facts.value("doors.slots_per_1000") / 1000.0)
    ).astype(np.int64)
    hubs = np.unique(patches.desk[:, agencies])
    one[hubs] *= max(1, with_desk)
    return one
