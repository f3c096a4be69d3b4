"""Taking part: one rule for every event, from a leaflet's invitation to a ballot at the door."""

from __future__ import annotations

import numpy as np

from localsim import streams
from localsim.dynamics import facts as fact
from localsim.dynamics.columns import Array
from localsim.dynamics.facts import EVERYBODY, Facts, Rows
from localsim.dynamics.town import Town
from localsim.place import ETHNIC_GROUPS, TENURES
from localsim.policy.listening import Voice
from localsim.population import Population

YOUNG = 30  # years: adults below this age take part less
OLDEST = 75  # years: and so do those of this age and above


def profiles(people: Population) -> dict[str, Array]:
    """Return who belongs to each group that takes part less, bool[N], by assumption."""
    return {
        "deprived": people.income_deprived,
        "young": people.age < YOUNG,
        "oldest": people.age >= OLDEST,
        "renter": people.tenure != TENURES.index("owned"),
        "minority": people.ethnic_group != ETHNIC_GROUPS.index("white"),
        "language": ~people.english_at_home,
    }


def seldom_heard(facts: Facts) -> Array:
    """Return whom outreach is for, bool[N]: everybody of a group that takes part less."""
    seldom: Array = np.any(list(profiles(facts.population).values()), axis=0)
    return seldom


def propensity(facts: Facts, rows: Rows = EVERYBODY, episode: int = 0) -> Array:
    """Return residents' logit of taking part before stake, cost, trust and outreach.

    `rows` are some of them, `episode` tells those who live there from those before them.
    """
    people = facts.population
    rho = facts.value("hidden.correlation")
    own = streams.normal(facts.key("participation/propensity"), people.entity[rows], episode)
    person = -rho * fact.hidden(facts, rows, episode) + np.sqrt(1.0 - rho**2) * own
    logit: Array = facts.value("participation.b0") + facts.value("participation.sigma") * person
    census = people.census
    adult, first = census.age_band >= fact.ADULT, profiles(census)
    for name, who in profiles(people).items():
        # Profiles move people about the census's mean of adults, at which the level is calibrated.
        usual = first[name][adult].mean() if adult.any() else 0.0
        logit += facts.value(f"participation.b_{name}") * (who[rows] - usual)
    return logit


def moved_by_age(facts: Facts, before: Population) -> Array:
    """Return how residents' logit of taking part moves from what their ages were, float64[N]."""
    was, now = profiles(before), profiles(facts.population)
    moved = np.zeros(facts.population.size)
    for name, who in now.items():
        moved += facts.value(f"participation.b_{name}") * (who.astype(float) - was[name])
    return moved


def take_part(
    facts: Facts,
    town: Town,
    logit: Array,
    seldom: Array,
    areas: Array,
    voice: Voice,
    stake_gbp: float,
    year: int,
    event: str,
) -> Array:
    """Return the rows of the residents of some areas (bool[A]) who take part, int64[n].

    One rule for every event: logit⁻¹(b₀ + b_s·ln(stake, £ a head) − b_c·ln(1 + 4·hours) + b_t·trust
    + profile + b_o·outreach + ε), `logit` float64[N] the parts of it that last and `seldom`
    bool[N] those whom outreach is for. Only those of the ages asked may take part.
    """
    rows = invited(facts, areas, voice.ages)
    chance = logit[rows] + facts.value("participation.b_stake") * np.log(max(stake_gbp, 0.01))
    chance -= facts.value("participation.b_cost") * np.log1p(4.0 * voice.hours)
    chance += facts.value("participation.b_trust") * town.trust_now(rows)
    outreach = facts.value("participation.b_outreach") * voice.outreach
    chance += outreach * seldom[rows]
    draw = streams.uniform(
        facts.key(f"participation/{event}"), facts.population.entity[rows], episode=year
    )
    taking: Array = rows[draw < 1.0 / (1.0 + np.exp(np.minimum(-chance, 700.0)))]
    return taking


def invited(facts: Facts, areas: Array, ages: tuple[int, int]) -> Array:
    """Return the rows of the residents of some areas (bool[A]) of some ages, int64[n]."""
    youngest, eldest = ages
    rows = rows_of(facts, areas)
    age = facts.population.age[rows]
    some: Array = rows[(age >= youngest) & (age <= eldest)]
    return some


def rows_of(facts: Facts, areas: Array) -> Array:
    """Return the rows of the residents of some areas (bool[A]), int64[n]."""
    ends = facts.population.offsets
    spans = [np.arange(ends[a], ends[a + 1], dtype=np.int64) for a in np.flatnonzero(areas)]
    return np.concatenate([np.zeros(0, np.int64), *spans])
