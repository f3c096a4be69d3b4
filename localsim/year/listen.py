"""Listening: the record of demand, and the voice of those who take part.

The record counts needs that were presented, some months ago, with noise; what is never presented
is not in it. Voice hears the residents who take part, who are not a cross-section; those hidden
from the record tend, by a correlation of the world, to be silent too. Both are in pounds a year:
what it would cost to meet the need that arises in one.
"""

from __future__ import annotations

import numpy as np

from localsim import streams
from localsim.dynamics import facts as fact
from localsim.dynamics.columns import AT_DOOR, NEED_MONTHS, NO_NEED, OPENED, Array
from localsim.dynamics.facts import Facts
from localsim.dynamics.town import Town
from localsim.place import TENURES
from localsim.policy.evidence import Participants
from localsim.policy.listening import ADULTS
from localsim.year.priorities import Priorities, passing
from localsim.year.taking_part import YOUNG, invited

_LONGEST_MONTHS = 600.0  # a need that neither heals nor is solved: a lifetime
MARKS = 3  # deprived, renting, under thirty: the strata by which a panel can be balanced


def hear(
    facts: Facts,
    town: Town,
    priorities: Priorities,
    rows: Array,
    areas: Array,
    year: int,
    ages: tuple[int, int] = ADULTS,
) -> Participants:
    """Return what participants (rows) put first: their weights on themes this year.

    A weight is what a year of the theme is worth to them, raised while they are in need of it.
    `areas` bool[A] and `ages` say who could have taken part.
    """
    people = facts.population
    area = people.area[rows]
    weight = priorities.lasting[:, rows].T * priorities.base[area]
    boost = facts.value("needs.value_of_own_need")
    who = people.entity[rows]
    for t in range(len(facts.themes)):
        weight[:, t] *= passing(facts, t, who, year)
    for k, t in enumerate(facts.casework_index):
        weight[:, t] *= 1.0 + boost * (town.needs.need["case"][k, rows] >= 0)
    able = invited(facts, areas, ages)
    marks = 1 << MARKS
    return Participants(
        area=(np.cumsum(areas) - 1)[area],
        weight=weight,
        turnout=rows.size / max(1, able.size),
        age=people.age[rows].astype(np.int64),
        lot=streams.uniform(facts.key("panel/lot"), who, episode=year),
        stratum=_stratum(facts, rows),
        strata=np.bincount(_stratum(facts, able), minlength=marks) / max(1, able.size),
        on_the_books=_on_the_books(town, rows),
    )


def _on_the_books(town: Town, rows: Array) -> Array:
    """Return which residents (rows) have a case with a service, bool[n].

    A need that was never presented is on nobody's books, and one dropped on the way is off them.
    """
    case = town.needs.need["case"][:, rows]
    asked = town.cases.row["phase"][np.maximum(case, 0)] >= AT_DOOR
    known: Array = (asked & (case >= 0)).any(axis=0)
    return known


def _stratum(facts: Facts, rows: Array) -> Array:
    """Return which of eight strata residents belong to, by three marks, int64[n]."""
    people = facts.population
    rents = people.tenure[rows] != TENURES.index("owned")
    young = people.age[rows] < YOUNG
    stratum: Array = 4 * people.income_deprived[rows].astype(np.int64) + 2 * rents + young
    return stratum


def needs_at_home(facts: Facts, town: Town) -> Array:
    """Return how many needs of each casework theme stand open in each household, int64[K, H]."""
    cases = open_cases(town)
    household = facts.population.household[cases["resident"]]
    homes = facts.household_sizes.size
    counts = np.bincount(cases["theme"] * homes + household, minlength=len(facts.casework) * homes)
    return counts.reshape(len(facts.casework), homes)


def open_cases(town: Town) -> Array:
    """Return the rows of the needs that stand open."""
    cases = town.cases.row[: int(town.cases.sizes[1])]
    standing: Array = cases[cases["phase"] != NO_NEED]
    return standing


def years_open(facts: Facts, since: Array) -> Array:
    """Return how long a need of each casework theme stands open on average, float64[K], years.

    A public figure of the whole place: months needs stood open in the last year over needs that
    opened (`since` float64[A, K, F] counts both). Where none did, how long a need would take to
    heal, or to be presented and solved at once.
    """
    months = since[:, :, NEED_MONTHS].sum(axis=0)
    opened = since[:, :, OPENED].sum(axis=0)
    severe = fact.severe_share(facts)[:, None]
    shares = np.hstack([1.0 - severe, severe])
    heal, present, solve = (
        fact.per_severity(facts, name)
        for name in ("heal_per_month", "present_per_month", "solve_share")
    )
    ends = np.maximum(heal + present * solve, 1.0 / _LONGEST_MONTHS)
    at_once = (shares / ends).sum(axis=1)
    known = (opened > 0.0) & (months > 0.0)
    years: Array = np.where(known, months / np.maximum(opened, 1.0), at_once) / 12.0
    return years


def heard_need(
    facts: Facts,
    at_home: Array,
    rows: Array,
    unit: int,
    year: int,
    tier: str,
    durations: Array,
) -> tuple[Array, Array]:
    """Return the cost of meeting a year's need a head as participants report it, float64[K].

    Open needs in participants' households (`at_home` int64[K, H]), over the people in those
    households, over how long such a need stands open (`durations` float64[K], years), times the
    cost of a case; with noise. Also the number of needs that were heard of, float64[K].
    """
    noise = facts.value("voice.noise_sd")
    name = np.array([streams.entity(tier, unit)], dtype=np.uint64)
    present = facts.population.household[rows]
    people = facts.household_sizes[present].sum()
    heard = at_home[:, present].sum(axis=1).astype(np.float64)
    value: Array = (heard / people / durations) @ fact.need_cost_gbp(facts)
    for k, theme in enumerate(facts.casework):
        wobble = float(streams.normal(facts.key(f"{theme.name}/voice"), name, episode=year)[0])
        value[k] *= np.exp(noise * wobble - 0.5 * noise**2)
    return value, heard


def recorded_need(facts: Facts, presented: Array, year: int) -> Array:
    """Return the cost of meeting recorded demand, float64[A, K] pounds a year.

    `presented` float64[A, K] is the year's presentations as the record shows them.
    """
    noise = facts.value("record.noise_sd")
    need: Array = presented @ fact.need_cost_gbp(facts)
    for k, theme in enumerate(facts.casework):
        if noise > 0.0:
            need[:, k] *= np.exp(noise * facts.draw(f"{theme.name}/record", year) - 0.5 * noise**2)
    return need
