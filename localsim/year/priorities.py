"""Priorities: what a year of each theme is worth to each resident, and who the elite are.

What a resident puts first has a lasting part and a passing part of the year. An amenity is worth
to an area what it is worth to those who live there: outcomes are scored on the year that they
fall in, whatever was heard in the year before.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np

from localsim import streams
from localsim.dynamics.columns import Array
from localsim.dynamics.facts import ADULT, Facts
from localsim.place import TENURES
from localsim.population import Population
from localsim.year.taking_part import moved_by_age, propensity, seldom_heard

_YEARS_KEPT = 4


@dataclass(frozen=True, eq=False)
class Priorities:
    """Lasting traits of a replication: what residents put first, and who tend to take part.

    `base` float64[A, T] is what a year of a theme is worth to the mean resident of an area, in
    pounds: an amenity's value there, of casework what was spent on it a head; `lasting`
    float32[T, N] are residents' own multiples of it, with mean one. `propensity` float64[N] is
    the logit of taking part before stake, cost and outreach; `seldom_heard` bool[N] are those
    whom outreach is for; `elite` bool[N] are adults who own their home and are not
    income-deprived.
    """

    base: Array
    lasting: Array
    propensity: Array
    seldom_heard: Array
    elite: Array
    _worth: dict[int | None, Array] = field(default_factory=dict)
    _next: dict[int, Priorities] = field(default_factory=dict)

    def __deepcopy__(self, memo: dict[int, object]) -> Priorities:
        return self  # never changes

    @classmethod
    def of(cls, facts: Facts, values: Array) -> Priorities:
        """Draw the lasting traits; `values` float64[A, J] are those of the amenities by area."""
        people = facts.population
        heads = max(1.0, float(people.size))
        base = np.tile(facts.historic_gbp.sum(axis=0) / heads, (len(facts.place.codes), 1))
        base[:, facts.amenity_index] = values
        lasting = np.empty((len(facts.themes), people.size), np.float32)
        for t, theme in enumerate(facts.themes):
            sd = _spread(facts, t)
            lasting[t] = _lognormal(facts, f"{theme.name}/priority", sd, people.entity, 0)
        owner = people.tenure == TENURES.index("owned")
        elite = owner & ~people.income_deprived & (people.age_band >= ADULT)
        return cls(base, lasting, propensity(facts), seldom_heard(facts), elite)

    def with_newcomers(self, facts: Facts, rows: Array, episode: int) -> Priorities:
        """Return the same once others live in some rows (int64[n]), who draw an episode of theirs.

        Every policy of a replication asks for the same, so that it is kept.
        """
        if episode not in self._next:
            self._next.clear()
            lasting, logit = self.lasting.copy(), self.propensity.copy()
            entity = facts.population.entity[rows]
            for t, theme in enumerate(facts.themes):
                sd = _spread(facts, t)
                lasting[t, rows] = _lognormal(facts, f"{theme.name}/priority", sd, entity, episode)
            logit[rows] = propensity(facts, rows, episode)
            self._next[episode] = replace(
                self, lasting=lasting, propensity=logit, _worth={}, _next={}
            )
        return self._next[episode]

    def at_other_ages(self, facts: Facts, before: Population) -> Priorities:
        """Return the same once residents have grown older: how they tend to take part moves."""
        return replace(
            self,
            propensity=self.propensity + moved_by_age(facts, before),
            seldom_heard=seldom_heard(facts),
            _next={},
        )

    def worth(self, facts: Facts, year: int | None = None) -> Array:
        """Return what each amenity is worth to the mean resident of each area, float64[A, J].

        Without a year, the lasting part alone; where an amenity's values are given by area, just
        these. Every policy of a replication asks for the same years, so that the last are kept.
        """
        if year not in self._worth:
            if len(self._worth) > _YEARS_KEPT:
                self._worth.clear()
            self._worth[year] = self._worth_in(facts, year)
        return self._worth[year]

    def _worth_in(self, facts: Facts, year: int | None) -> Array:
        area = facts.population.area
        heads = facts.place.residents
        mean = np.ones((heads.size, len(facts.amenities)))
        for j, t in enumerate(facts.amenity_index):
            if facts.amenities[j].area_values is not None:
                continue
            own = self.lasting[t]
            if year is not None:
                own = own * passing(facts, t, facts.population.entity, year)
            total = np.bincount(area, weights=own, minlength=heads.size)
            mean[:, j] = np.where(heads > 0, total / np.maximum(heads, 1), 1.0)
        worth: Array = self.base[:, facts.amenity_index] * mean
        return worth


def passing(facts: Facts, theme: int, who: Array, year: int) -> Array:
    """Return the passing part of what some residents (entities) put first this year, mean one."""
    name = facts.themes[theme].name
    sd = facts.value("needs.value_sd_yearly")
    return _lognormal(facts, f"{name}/priority of the year", sd, who, year)


def _spread(facts: Facts, theme: int) -> float:
    """Return how far residents' lasting priorities differ on a theme, sd of the log."""
    own = f"{facts.themes[theme].name}.value_sd_within"
    return facts.value(own if theme in facts.amenity_index else "needs.value_sd_within")


def _lognormal(facts: Facts, stream: str, sd: float, who: Array, year: int) -> Array:
    """Return draws with mean one for some residents, float64[n]."""
    if sd == 0.0:
        return np.ones(who.size)
    return np.exp(sd * streams.normal(facts.key(stream), who, episode=year) - 0.5 * sd**2)
