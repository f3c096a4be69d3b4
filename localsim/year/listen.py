"""Listening: the record of demand, and the voice of those who take part.

The record counts needs that were presented, some months ago, with noise; what is never presented
is not in it. Voice hears the residents who take part, who are not a cross-section; those hidden
from the record tend, by a correlation of the world, to be silent too.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from localsim import streams
from localsim.dynamics import facts as fact
from localsim.dynamics.columns import NO_NEED, Array
from localsim.dynamics.facts import ADULT, Facts
from localsim.dynamics.town import Town
from localsim.place import TENURES
from localsim.policy.evidence import Participants
from localsim.policy.listening import Voice

YOUNG = 3  # age band 18-29


@dataclass(frozen=True, eq=False)
class Priorities:
    """What residents put first: float32[T, N], lasting, pounds a year; and who takes part.

    Residents' weights on an amenity are spread about what it is truly worth in their area, so that
    those who take part know their own place. `propensity` float64[N] is the logit of taking part
    before stake, cost and outreach; `seldom_heard` bool[N] are those whom outreach is for.
    """

    lasting: Array
    propensity: Array
    seldom_heard: Array

    def __deepcopy__(self, memo: dict[int, object]) -> Priorities:
        return self  # never changes

    @classmethod
    def of(cls, facts: Facts, values: Array) -> Priorities:
        """Draw the lasting traits of a replication; `values` float64[A, J] of the amenities."""
        people = facts.population
        heads = float(people.size)
        lasting = np.empty((len(facts.themes), people.size), np.float32)
        for t, theme in enumerate(facts.themes):
            if theme in facts.amenities:
                spread = facts.value(f"{theme.name}.value_sd_within")
                mean = values[:, facts.amenities.index(theme)][people.area]
            else:
                spread = facts.value("needs.value_sd_within")
                mean = facts.historic_gbp[:, t].sum() / heads
            lasting[t] = mean * _lognormal(facts, f"{theme.name}/priority", spread, 0)
        return cls(lasting, _propensity(facts), _seldom_heard(facts))


def _lognormal(facts: Facts, stream: str, sd: float, year: int) -> Array:
    """Return draws with mean one for every resident, float64[N]."""
    if sd == 0.0:
        return np.ones(facts.population.size)
    normal = streams.normal(facts.key(stream), facts.population.entity, episode=year)
    return np.exp(sd * normal - 0.5 * sd**2)


def _seldom_heard(facts: Facts) -> Array:
    people = facts.population
    rents = people.tenure != TENURES.index("owned")
    heard: Array = people.income_deprived | rents | (people.age_band == YOUNG)
    return heard


def _propensity(facts: Facts) -> Array:
    people = facts.population
    rho = facts.value("hidden.correlation")
    own = streams.normal(facts.key("participation/propensity"), people.entity)
    person = -rho * fact.hidden(facts) + np.sqrt(1.0 - rho**2) * own
    logit = facts.value("participation.b0") + facts.value("participation.sigma") * person
    for who, name in (
        (people.income_deprived, "deprived"),
        (people.age_band == YOUNG, "young"),
        (people.tenure != TENURES.index("owned"), "renter"),
    ):
        # Profiles move people about their mean, so that the level stays what was calibrated.
        logit += facts.value(f"participation.b_{name}") * (who - who.mean())
    return np.where(people.age_band >= ADULT, logit, -np.inf)


def take_part(
    facts: Facts,
    town: Town,
    priorities: Priorities,
    areas: Array,
    voice: Voice,
    stake_gbp: float,
    year: int,
    event: str,
) -> Array:
    """Return the rows of the adults of some areas (bool[A]) who take part, int64[n].

    One rule for every event: logit⁻¹(b₀ + b_s·ln(stake, £ a head) − b_c·ln(1 + 4·hours) + b_t·trust
    + profile + b_o·outreach + ε).
    """
    offsets = town.needs.offsets
    rows = np.concatenate(
        [np.arange(offsets[a], offsets[a + 1]) for a in np.flatnonzero(areas)] or [np.zeros(0)]
    ).astype(np.int64)
    rows = rows[np.isfinite(priorities.propensity[rows])]
    logit = priorities.propensity[rows]
    logit = logit + facts.value("participation.b_stake") * np.log(max(stake_gbp, 0.01))
    logit -= facts.value("participation.b_cost") * np.log1p(4.0 * voice.hours)
    logit += facts.value("participation.b_trust") * town.trust_now(rows)
    outreach = facts.value("participation.b_outreach") * voice.outreach
    logit += outreach * priorities.seldom_heard[rows]
    draw = streams.uniform(
        facts.key(f"participation/{event}"), facts.population.entity[rows], episode=year
    )
    taking: Array = rows[draw < 1.0 / (1.0 + np.exp(np.minimum(-logit, 700.0)))]
    return taking


def adults(facts: Facts, areas: Array) -> int:
    """Return how many adults live in some areas (bool[A])."""
    return int(facts.place.margins["age"][areas, ADULT:].sum())


def hear(
    facts: Facts, town: Town, priorities: Priorities, rows: Array, areas: Array, year: int
) -> Participants:
    """Return what participants (rows) put first: their weights on themes this year.

    A weight is what a year of the theme is worth to them, raised while they are in need of it.
    """
    position = np.cumsum(areas) - 1
    weight = priorities.lasting[:, rows].T.astype(np.float64)
    passing = facts.value("needs.value_sd_yearly")
    boost = facts.value("needs.value_of_own_need")
    who = facts.population.entity[rows]
    for t, theme in enumerate(facts.themes):
        if passing > 0.0:
            key = facts.key(f"{theme.name}/priority of the year")
            weight[:, t] *= np.exp(passing * streams.normal(key, who, episode=year))
    for k, t in enumerate(facts.casework_index):
        weight[:, t] *= 1.0 + boost * (town.needs.need["case"][k, rows] >= 0)
    return Participants(
        area=position[town.needs.person["area"][rows]],
        weight=weight,
        turnout=rows.size / max(1, adults(facts, areas)),
    )


def needs_at_home(facts: Facts, town: Town) -> Array:
    """Return how many needs of each casework theme stand open in each household, int64[K, H]."""
    cases = town.cases.row[: int(town.cases.sizes[1])]
    cases = cases[cases["phase"] != NO_NEED]
    household = facts.population.household[cases["resident"]]
    homes = facts.household_sizes.size
    counts = np.bincount(cases["theme"] * homes + household, minlength=len(facts.casework) * homes)
    return counts.reshape(len(facts.casework), homes)


def heard_need(facts: Facts, at_home: Array, rows: Array, unit: int, year: int, tier: str) -> Array:
    """Return the cost of meeting need a head as participants report it, float64[K].

    Open needs in participants' households (`at_home` int64[K, H]), over the people in those
    households, times the cost of a case; with noise. It counts needs that stand open, where the
    record counts those that were brought in a year: needs that last weigh more in voice.
    """
    noise = facts.value("voice.noise_sd")
    cost = fact.case_cost_gbp(facts)
    value = np.zeros(len(facts.casework))
    name = np.array([streams.entity(tier, unit)], dtype=np.uint64)
    present = facts.population.household[rows]
    people = facts.household_sizes[present].sum()
    for k, theme in enumerate(facts.casework):
        wobble = float(streams.normal(facts.key(f"{theme.name}/voice"), name, episode=year)[0])
        value[k] = at_home[k, present].sum() / people * cost[k] * np.exp(noise * wobble)
    return value


def recorded_need(facts: Facts, presented: Array, year: int) -> Array:
    """Return the cost of meeting recorded demand, float64[A, K] pounds a year.

    `presented` float64[A, K] is the year's presentations as the record shows them.
    """
    noise = facts.value("record.noise_sd")
    need = presented * fact.case_cost_gbp(facts)[None, :]
    for k, theme in enumerate(facts.casework):
        if noise > 0.0:
            need[:, k] *= np.exp(noise * facts.draw(f"{theme.name}/record", year) - 0.5 * noise**2)
    return need
