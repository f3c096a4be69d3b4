"""Doors: which agency a need is brought to first, and where it is sent from a wrong one.

The world's misdirection is applied to the doors that a policy keeps open: with a door an agency a
first visit goes astray at that rate; with one door for everything there is no wrong one.
"""

from __future__ import annotations

import numpy as np

from localsim.dynamics.columns import Array
from localsim.dynamics.facts import Facts
from localsim.dynamics.town import Town
from localsim.policy.access import Access, Hub

NO_DESK = -1


def open_doors(facts: Facts, town: Town, regimes: list[tuple[Access, Array]]) -> None:
    """Set doors, routes and desk slots for each regime's access and areas (bool[A])."""
    doors = [_doors(facts, access) for access, _ in regimes]
    regime = np.zeros(len(facts.place.codes), np.int64)
    for r, (_, areas) in enumerate(regimes):
        regime[areas] = r
    town.rules = town.rules._replace(
        regime=regime,
        own_desk=np.stack([d[0] for d in doors]),
        first_door=np.stack([d[1] for d in doors]),
        next_door=np.stack([d[2] for d in doors]),
        joint_door=np.array([isinstance(access, Hub) for access, _ in regimes]),
    )
    _staff_desks(facts, town, regimes)


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
        first[k] = _towards(home, [g for g in kept if g != home], astray, doors)
        # From doors that are kept no longer, too: cases wait there while the policy changes.
        for here in range(doors):
            others = [g for g in kept if g not in (home, here)]
            onward[k, here] = _towards(home, others, astray, doors)
    return own, first, onward


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


def _staff_desks(facts: Facts, town: Town, regimes: list[tuple[Access, Array]]) -> None:
    """Give each desk its slots; a hub has those of all the desks that it replaces."""
    patches, agencies = town.patches, len(facts.agencies)
    with_desk = len({t.agency for t in facts.casework if t.desk})
    one = np.maximum(
        1, np.ceil(patches.desk_residents * facts.value("doors.slots_per_1000") / 1000.0)
    ).astype(np.int64)
    town.nodes.work["slots"][: patches.desks, 0] = one
    hubs = patches.desk[:, agencies]
    town.nodes.work["slots"][hubs, 0] = one[hubs] * max(1, with_desk)
