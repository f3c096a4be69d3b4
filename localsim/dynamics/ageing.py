"""Growing older: residents pass from age to age, so that the old become more and the young fewer.

A row stays whose it is. Everybody has a birthday in truth, and is followed by somebody younger;
what is left when these cancel is what passes here. Who passes is drawn by resident and year and
depends on no policy.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from localsim import streams
from localsim.dynamics import facts as fact
from localsim.dynamics.columns import Array
from localsim.dynamics.facts import Facts
from localsim.dynamics.town import Town

GROWN, MIDDLE, ELDERLY = 18, 30, 65
_AGES = 128  # ages are int8


def passing(age: Array, per_year: float) -> Array:
    """Return the share of each age, in years, that passes on to the next in a year, float64[128].

    `age` int8[N]. So many pass each birthday that those of every age from 65 grow by `per_year`,
    those of 30 to 64 keep their number, and those of 18 to 29 lose alike; where fewer are of an
    age than should pass, all of them do.
    """
    there = np.bincount(age, minlength=_AGES).astype(np.float64)
    beyond = np.cumsum(there[::-1])[::-1]  # of that age and above
    ages = np.arange(_AGES)
    older = np.append(beyond[1:], 0.0)
    # The first of the young lose a part of those who are missed, the last pass all of them on.
    part = np.clip((ages - GROWN + 1) / (MIDDLE - GROWN), 0.0, 1.0)
    past = per_year * np.where(ages + 1 >= ELDERLY, older, beyond[ELDERLY] * part)
    return np.minimum(1.0, np.divide(past, there, out=np.zeros(_AGES), where=there > 0.0))


def older(facts: Facts, per_year: float, year: int) -> Facts:
    """Return the facts once a year has made the residents older, whom else it has not moved."""
    people = facts.population
    luck = streams.uniform(facts.key("ageing"), people.entity, episode=year)
    age = people.age + (luck < passing(people.age, per_year)[people.age])
    return replace(facts, population=people.at_ages(age.astype(np.int8)))


def settle_ages(facts: Facts, town: Town) -> None:
    """Let idle needs open as residents' ages now have it; needs that are open stay.

    What is left of a threshold is used up at the new rate; whom age has made ineligible has none
    for the next need.
    """
    area = facts.population.area
    for k, theme in enumerate(facts.casework):
        need, threshold = town.needs.need[k], town.needs.threshold[k]
        now = fact.relative_onset(facts, theme)
        rows = np.flatnonzero(now != need["relative"])
        before, after = need["relative"][rows].astype(np.float64), now[rows].astype(np.float64)
        need["relative"][rows] = now[rows]
        idle = (need["case"][rows] < 0) & np.isfinite(threshold[rows])
        rows, before, after = rows[idle], before[idle], after[idle]
        level = town.hazard.level[area[rows], k]
        left = (threshold[rows] - level) * before
        ends = after <= 0.0
        threshold[rows] = np.where(ends, np.inf, level + left / np.where(ends, 1.0, after))
