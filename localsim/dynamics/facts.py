"""Facts of the world as arrays: assumptions and themes, made ready for the compiled month.

Nothing here knows a policy. Policies' doors, slots and contracts are written into the arrays that
`localsim.year` fills.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from localsim import streams
from localsim.assumptions import Assumptions
from localsim.dynamics.columns import DECISIONS, STEP_RULES, WORLD_RULES, Array
from localsim.dynamics.limits import check_limits
from localsim.errors import LocalsimError
from localsim.place import Place
from localsim.population import Population
from localsim.themes import Amenity, Casework, Theme
from localsim.themes.tasks import Tasks

WORKING = (2, 5)  # age bands 16-17 to 45-64, as a slice of place.AGES
ADULT = 3  # first age band of adults, 18-29
OLD = 6  # age band 65+
MOST_SERVICES = 20.0

type Rows = Array | slice
EVERYBODY = slice(None)


@dataclass(frozen=True, eq=False)
class Facts:
    """One world: a place, its people, its themes and every number of a replication.

    `casework` and `amenities` are the themes of each kind; `casework_index` and `amenity_index`
    say where they stand among all themes; `shown` are all themes as deciders see them.
    `historic_gbp` float64[A, T], a year's money as it was
    spread before; `formula` float64[A, T], expected need relative to the place's mean a head, from
    public figures alone; `household_sizes` int64[H].
    """

    place: Place
    population: Population
    themes: tuple[Theme, ...]
    assumptions: Assumptions
    seed: int
    replication: int
    casework: tuple[Casework, ...]
    amenities: tuple[Amenity, ...]
    casework_index: Array
    amenity_index: Array
    shown: tuple[Theme, ...]
    agencies: tuple[str, ...]
    area_entities: Array
    historic_gbp: Array
    formula: Array
    household_sizes: Array

    @classmethod
    def of(
        cls,
        place: Place,
        themes: tuple[Theme, ...],
        assumptions: Assumptions,
        seed: int,
        replication: int,
    ) -> Facts:
        """Return the facts of one replication."""
        for theme in themes:
            assumptions = theme.completed(assumptions)
        casework = tuple(theme for theme in themes if isinstance(theme, Casework))
        amenities = tuple(theme for theme in themes if isinstance(theme, Amenity))
        for amenity in amenities:
            if amenity.area_values is not None and len(amenity.area_values) != len(place.codes):
                raise LocalsimError(
                    f"Theme {amenity.name!r} gives {len(amenity.area_values)} area values; "
                    f"{place.name} has {len(place.codes)} areas."
                )
        agencies = tuple(dict.fromkeys(theme.agency for theme in themes))
        historic = np.column_stack(
            [
                indicator(place, theme.indicator)
                * assumptions.value(f"{theme.name}.budget_gbp_per_indicator")
                for theme in themes
            ]
        )
        facts = cls(
            place=place,
            population=Population.of(place),
            themes=themes,
            assumptions=assumptions,
            seed=seed,
            replication=replication,
            casework=casework,
            amenities=amenities,
            casework_index=np.array([themes.index(t) for t in casework], dtype=np.int64),
            amenity_index=np.array([themes.index(t) for t in amenities], dtype=np.int64),
            shown=tuple(theme.as_seen() for theme in themes),
            agencies=agencies,
            area_entities=streams.entities(list(place.codes)),
            historic_gbp=historic,
            formula=np.column_stack([_formula(place, t, assumptions) for t in themes]),
            household_sizes=np.bincount(Population.of(place).household),
        )
        check_limits(facts)
        return facts

    def __deepcopy__(self, memo: dict[int, object]) -> Facts:
        return self  # never changes

    def value(self, name: str) -> float:
        """Return an assumption's number in this replication."""
        return self.assumptions.value(name)

    def key(self, stream: str) -> streams.Key:
        """Return the key of a named stream in this replication."""
        return streams.key(self.seed, self.replication, stream)

    @cached_property
    def tasks(self) -> tuple[Tasks, ...]:
        """Each casework theme's tasks: its own, or the world's two, of which one is measured."""
        other = self.value("contract.substitution")
        usual = Tasks(
            benefit=[
                self.value("contract.worth_measured"),
                self.value("contract.worth_unmeasured"),
            ],
            cost=[[1.0, other], [other, 1.0]],
            noise=[self.value("contract.measure_variance"), math.inf],
            risk_aversion=self.value("contract.risk_aversion"),
            intrinsic=[self.value("contract.intrinsic")] * 2,
            speed=[self.value("contract.speed"), 0.0],
            success=[0.0, self.value("contract.success")],
        )
        return tuple(usual if theme.tasks is None else theme.tasks for theme in self.casework)

    def draw(self, stream: str, year: int) -> Array:
        """Return a standard normal draw for every area in a year, float64[A]."""
        return streams.normal(self.key(stream), self.area_entities, episode=year)


def indicator(place: Place, name: str) -> Array:
    """Return how many residents of each area a historic budget was counted by, float64[A]."""
    ages = place.margins["age"].astype(np.float64)
    if name == "residents":
        return place.residents.astype(np.float64)
    if name == "children":
        return ages[:, :ADULT].sum(axis=1)
    working: Array = ages[:, WORKING[0] : OLD].sum(axis=1)
    if name == "working age":
        return working
    if name == "employment-deprived":
        share = place.indicators.get("employment_deprived_share")
        if share is None:
            share = deprived_share(place)
        return working * share
    if name == "income-deprived":
        return place.margins["deprived"][:, 1].astype(np.float64)
    return place.margins["health"][:, 1:].sum(axis=1).astype(np.float64)


def deprived_share(place: Place) -> Array:
    """Return the income-deprived share of each area's residents, float64[A]."""
    people = np.maximum(place.residents, 1)
    return place.margins["deprived"][:, 1] / people


def _eligible_heads(place: Place, eligible: str) -> Array:
    ages = place.margins["age"].astype(np.float64)
    if eligible == "everyone":
        return ages.sum(axis=1)
    if eligible == "adults":
        return ages[:, ADULT:].sum(axis=1)
    if eligible == "working age":
        return ages[:, WORKING[0] : OLD].sum(axis=1)
    if eligible == "householders":
        return place.households.astype(np.float64)
    return ages[:, :ADULT].sum(axis=1)  # families go with children


def _formula(place: Place, theme: Theme, assumptions: Assumptions) -> Array:
    if isinstance(theme, Amenity):
        return np.ones(len(place.codes))
    assert isinstance(theme, Casework)
    ratio = assumptions.value(f"{theme.name}.relative_income_deprived")
    need = _eligible_heads(place, theme.eligible) * (1.0 + (ratio - 1.0) * deprived_share(place))
    per_head = need / np.maximum(place.residents, 1)
    mean = need.sum() / place.residents.sum()
    return per_head / mean if mean > 0.0 else np.ones(len(place.codes))


def eligible(population: Population, theme: Casework) -> Array:
    """Return who can have this need, bool[N]."""
    if theme.eligible == "everyone":
        return np.ones(population.size, dtype=bool)
    if theme.eligible == "adults":
        return population.age_band >= ADULT
    if theme.eligible == "working age":
        return (population.age_band >= WORKING[0]) & (population.age_band < OLD)
    if theme.eligible == "householders":
        return population.householder
    return population.householder & (population.children > 0)


def relative_onset(facts: Facts, theme: Casework) -> Array:
    """Return each resident's onset relative to the theme's rate, float32[N]."""
    people = facts.population
    ratio = facts.value(f"{theme.name}.relative_income_deprived")
    relative = np.where(people.income_deprived, ratio, 1.0)
    older = f"{theme.name}.relative_65_and_over"
    if older in facts.assumptions:
        relative = np.where(people.age_band == OLD, relative * facts.value(older), relative)
    return np.where(eligible(people, theme), relative, 0.0).astype(np.float32)


def hidden(facts: Facts, rows: Rows = EVERYBODY, episode: int = 0) -> Array:
    """Return how hidden residents (rows) are from services, standard normal, float64[rows].

    `episode` tells those who live in a row from who lived there before them.
    """
    return streams.normal(facts.key("hidden"), facts.population.entity[rows], episode)


def seeking(facts: Facts, rows: Rows = EVERYBODY, episode: int = 0) -> Array:
    """Return each resident's rate of presenting relative to the theme's, mean one, float32."""
    effect = facts.value("hidden.effect")
    if effect == 0.0:
        return np.ones(facts.population.entity[rows].size, dtype=np.float32)
    z = hidden(facts, rows, episode)
    return np.exp(-effect * z - 0.5 * effect**2).astype(np.float32)


def per_severity(facts: Facts, name: str) -> Array:
    """Return an assumption by casework theme and severity, float64[K, 2]."""
    table = np.zeros((len(facts.casework), 2))
    for k, theme in enumerate(facts.casework):
        for s, severity in enumerate(theme.severities):
            table[k, s] = facts.value(f"{theme.name}.{name}.{severity}")
    return table


def per_theme(facts: Facts, name: str) -> Array:
    """Return an assumption by casework theme, float64[K]."""
    return np.array([facts.value(f"{theme.name}.{name}") for theme in facts.casework])


def severe_share(facts: Facts) -> Array:
    """Return the chance that a new need is of the second severity, float64[K]."""
    shares = [
        facts.value(f"{theme.name}.severe_share") if len(theme.severities) == 2 else 0.0
        for theme in facts.casework
    ]
    return np.array(shares, dtype=np.float64)


def steps(facts: Facts) -> Array:
    """Return the teams that a case of each theme may be served by in turn, STEP_RULES[K, 1 + S]."""
    names = [theme.name for theme in facts.casework]
    most = max((len(theme.sequence) for theme in facts.casework), default=0)
    rules = np.zeros((len(names), 1 + most), STEP_RULES)
    for k, theme in enumerate(facts.casework):
        for s, name in enumerate((theme.name, *theme.sequence)):
            team = names.index(name)
            rules[k, s]["team"] = team
            rules[k, s]["agency"] = facts.agencies.index(facts.casework[team].agency)
            if s > 0:
                rules[k, s]["months"] = facts.value(f"{theme.name}.step_months.{name}")
                rules[k, s]["share"] = facts.value(f"{theme.name}.step_share.{name}")
    return rules


def assess_months(facts: Facts) -> Array:
    """Return the mean assessment at each agency's desk and, last, at a hub's; float64[G + 1].

    An agency has an assumption of its own, ``doors.assess_months.AGENCY``, where one was added.
    """
    usual = facts.value("doors.assess_months")
    own = [f"doors.assess_months.{agency}" for agency in facts.agencies]
    months = [facts.value(name) if name in facts.assumptions else usual for name in own]
    return np.array([*months, usual * facts.value("doors.hub_assess_ratio")])


def case_cost_gbp(facts: Facts) -> Array:
    """Return the expected cost of serving a need until it is solved, float64[K].

    Services of a mean length that solve at a rate p are expected 1/p times; one that never
    solves is counted as `MOST_SERVICES`.
    """
    severe = severe_share(facts)
    solve = np.maximum(per_severity(facts, "solve_share"), 1.0 / MOST_SERVICES)
    months = per_severity(facts, "service_months") / solve
    mean = (1.0 - severe) * months[:, 0] + severe * months[:, 1]
    cost: Array = mean / 12.0 * per_theme(facts, "slot_gbp")
    return cost


def need_cost_gbp(facts: Facts) -> Array:
    """Return what a need of each casework theme is expected to cost each team, float64[K, K].

    Needs by row, teams by column. A case that goes on is served once at each step before its last,
    and there until solved.
    """
    price, severe = per_theme(facts, "slot_gbp") / 12.0, severe_share(facts)
    shares = np.stack([1.0 - severe, severe], axis=1)
    once = (shares * per_severity(facts, "service_months")).sum(axis=1)
    solve = np.maximum(per_severity(facts, "solve_share"), 1.0 / MOST_SERVICES)
    services = (shares / solve).sum(axis=1)
    cost = np.diag(case_cost_gbp(facts))
    for k, (own, *rules) in enumerate(steps(facts)):
        ends, comes = _stops(rules, own["team"])
        cost[k, k] = ends[0] * cost[k, k] + (1.0 - ends[0]) * once[k] * price[k]
        for step, end, come in zip(rules, ends[1:], comes[1:], strict=True):
            times = end * services[k] + come - end
            cost[k, step["team"]] += times * step["months"] * price[step["team"]]
    return cost


def _stops(rules: Array, own: int) -> tuple[Array, Array]:
    """Return the shares of cases that end at each step and that come there, the own team first."""
    ends, comes = np.zeros(len(rules) + 1), np.zeros(len(rules) + 1)
    ends[0] = comes[0] = 1.0
    for s, step in enumerate(rules, start=1):
        onward = step["share"] * ends
        if step["team"] == own:
            onward[0] = 0.0  # only a case that has been elsewhere comes back
        ends -= onward
        ends[s] = comes[s] = onward.sum()
    return ends, comes


def theme_keys(facts: Facts) -> Array:
    """Return the stream keys of every decision in every casework theme, uint32[K, D, 2]."""
    keys = [
        [facts.key(f"{theme.name}/{decision}") for decision in DECISIONS]
        for theme in facts.casework
    ]
    return np.array(keys, dtype=np.uint32).reshape(len(keys), len(DECISIONS), 2)


def world_rules(facts: Facts) -> Array:
    """Return the rules that are the same for every theme, WORLD_RULES[1]."""
    rules = np.zeros(1, WORLD_RULES)
    rules["coupling"] = facts.value("needs.coupling")
    rules["drop"] = facts.value("doors.drop")
    rules["trust_gain"] = facts.value("trust.gain")
    half_life = facts.value("trust.half_life_months")
    if half_life == 0.0:
        raise LocalsimError("Assumption 'trust.half_life_months' must be above zero.")
    rules["trust_fade"] = math.log(2.0) / half_life
    rules["trust_memory"] = facts.value("trust.memory")
    rules["trust_presenting"] = facts.value("trust.presenting")
    return rules
