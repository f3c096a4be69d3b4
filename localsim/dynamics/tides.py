"""Tides: demand that comes and goes by the month, and what of it is not served by its end.

Both are the world's, and nothing in the package's own. A month's shock moves the rate at which
needs open, in all areas together and in each by itself; unserved needs may expire.
"""

from __future__ import annotations

import numpy as np

from localsim import streams
from localsim.compiled import Whole, compiled
from localsim.dynamics.columns import (
    EXPIRE,
    EXPIRED,
    QUEUEING,
    Window,
)
from localsim.dynamics.facts import Facts
from localsim.dynamics.month import close_need
from localsim.dynamics.queues import leave_queue
from localsim.dynamics.town import Town
from localsim.streams import unit

EVERYWHERE = "everywhere"


def surge(facts: Facts, town: Town, month: int) -> None:
    """Set the rates at which needs open in a month of the calendar, from those of its year.

    A theme's rate in an area is multiplied by 1 + sd·(√ρ·z + √(1−ρ)·z_a), z common to all areas
    and z_a its own, both standard normal, and by nothing less than zero.
    """
    sd = facts.value("needs.shock_sd")
    if sd == 0.0:
        return
    rho = facts.value("needs.shock_correlation")
    common = streams.entities([EVERYWHERE])
    for k, theme in enumerate(facts.casework):
        both = facts.key(f"{theme.name}/shock to all"), facts.key(f"{theme.name}/shock")
        z = streams.normal(both[0], common, episode=month)
        own = streams.normal(both[1], facts.area_entities, episode=month)
        shock = 1.0 + sd * (np.sqrt(rho) * z + np.sqrt(1.0 - rho) * own)
        town.hazard.slope[:, k] = town.year_slope[:, k] * np.maximum(shock, 0.0)


def ebb(facts: Facts, town: Town, month: int) -> None:
    """Let needs that wait for a service expire at the end of a month, at the world's share."""
    share = facts.value("needs.expire_share")
    if share > 0.0:
        _expire(town.window(0.0), share, month)


@compiled
def _expire(w: Window, share: float, month: Whole) -> None:
    cases, nodes, rules, tally = w.cases, w.nodes, w.rules, w.tally
    for c in range(cases.sizes[1]):
        if cases.row[c].phase != QUEUEING:
            continue
        k = cases.row[c].theme
        who, episode = cases.row[c].entity, cases.row[c].episode
        if unit(rules.keys[k, EXPIRE], who, episode, month) < share:
            leave_queue(cases, nodes, c)
            tally.flows[cases.row[c].cell, k, EXPIRED] += 1
            close_need(w, c, w.start)
