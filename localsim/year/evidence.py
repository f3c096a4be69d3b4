"""Evidence: what one decider makes of what can be seen, pooled over its own unit."""

from __future__ import annotations

import numpy as np

from localsim.dynamics.columns import Array
from localsim.dynamics.facts import Facts
from localsim.policy.evidence import Evidence, Participants
from localsim.policy.listening import ADULTS, Listening, Record, Voice
from localsim.themes import Amenity
from localsim.year.listen import hear, heard_need
from localsim.year.sight import Sight
from localsim.year.taking_part import invited


def evidence(
    sight: Sight,
    tier: str,
    listening: Listening,
    areas: Array,
    unit: int,
    rows: Array,
    counted: Array,
) -> Evidence:
    """Return what the decider of a unit (areas bool[A]) sees.

    `rows` are those who took part; at the tier of the person, everybody decides for herself.
    """
    facts = sight.facts
    place = facts.place
    people = place.residents[areas].astype(np.float64)
    expected = _expected(facts, areas)
    record = _pooled(sight.recorded[areas], people, facts.formula[areas])
    if isinstance(listening, Record) and listening.shrink:
        noise = np.full(len(facts.themes), facts.value("record.noise_sd") ** 2)
        record = _shrunk(sight, record, areas, noise / max(1, people.size))
    participants: Participants | None = None
    heard: Array | None = None
    if tier == "person":
        mine = invited(facts, areas, ADULTS)
        participants = hear(facts, sight.town, sight.priorities, mine, areas, sight.year)
    elif isinstance(listening, Voice):
        participants = hear(
            facts, sight.town, sight.priorities, rows, areas, sight.year, listening.ages
        )
        if rows.size and sight.at_home is not None:
            heard = _heard(sight, tier, listening, areas, unit, rows, participants)
    return Evidence(
        areas=tuple(place.codes[a] for a in np.flatnonzero(areas)),
        themes=facts.shown,
        residents=people,
        value=record if heard is None else heard,
        record=record,
        heard=heard,
        formula=expected,
        historic_gbp=facts.historic_gbp[areas],
        counted=counted,
        waits_months=_waits(facts, sight, areas),
        indicators={name: column[areas] for name, column in place.indicators.items()},
        participants=participants,
    )


def _heard(
    sight: Sight,
    tier: str,
    listening: Voice,
    areas: Array,
    unit: int,
    rows: Array,
    participants: Participants,
) -> Array:
    """Return what was heard, pounds a head and year, float64[A', T], spread by the formula."""
    facts, at_home = sight.facts, sight.at_home
    assert at_home is not None
    formula = facts.formula[areas]
    people = facts.place.residents[areas].astype(np.float64)
    said, cases = heard_need(facts, at_home, rows, unit, sight.year, tier, sight.years_open)
    level = participants.weight.mean(axis=0)
    level[facts.casework_index] = said
    heard = _pooled(np.tile(level, (people.size, 1)) * formula, people, formula)
    if not listening.shrink:
        return heard
    noise = np.empty(len(facts.themes))
    # A count's variance is its mean; the mean of n weights has a n-th of theirs.
    noise[facts.casework_index] = facts.value("voice.noise_sd") ** 2 + 1.0 / np.maximum(cases, 0.5)
    yearly = facts.value("needs.value_sd_yearly")
    for t in facts.amenity_index:
        within = facts.value(f"{facts.themes[t].name}.value_sd_within")
        noise[t] = (within**2 + yearly**2) / rows.size
    return _shrunk(sight, heard, areas, noise)


def _pooled(value: Array, people: Array, formula: Array) -> Array:
    """Pool values a head over a unit's areas, then let them differ by the public formula."""
    total = people.sum()
    if total <= 0.0:
        return value * 0.0
    mean = (value * people[:, None]).sum(axis=0) / total
    index = (formula * people[:, None]).sum(axis=0) / total
    pooled: Array = mean * formula / np.where(index > 0.0, index, 1.0)
    return pooled


def _expected(facts: Facts, areas: Array) -> Array:
    """Return what public indicators alone predict, pounds a head, float64[A', T]."""
    place = facts.place
    mean = facts.historic_gbp.sum(axis=0) / max(1.0, float(place.residents.sum()))
    expected = facts.formula[areas] * mean
    for theme, t in zip(facts.amenities, facts.amenity_index, strict=True):
        if theme.area_values is None:
            expected[:, t] = facts.value(f"{theme.name}.value_gbp")
        else:
            expected[:, t] = float(np.mean(theme.area_values))
    return expected


def _shrunk(sight: Sight, estimate: Array, areas: Array, noise: Array) -> Array:
    """Draw an estimate towards what the public figures predict: w = s²/(s² + e²).

    `noise` float64[T] is e², the variance of the estimate's relative error. Casework is predicted
    by the formula at the level of the whole place's record, an amenity by its public value.
    """
    facts = sight.facts
    people = facts.place.residents.astype(np.float64)
    prior = _expected(facts, areas)
    level = (sight.recorded * people[:, None]).sum(axis=0) / max(1.0, float(people.sum()))
    shrunk = estimate.copy()
    for t, theme in enumerate(facts.themes):
        sd = facts.value("record.prior_sd")
        expected = prior[:, t]
        if isinstance(theme, Amenity):
            sd = facts.value(f"{theme.name}.value_sd_between")
        else:
            expected = facts.formula[areas, t] * level[t]
        both = sd**2 + noise[t]
        weight = sd**2 / both if both > 0.0 else 1.0
        shrunk[:, t] = weight * estimate[:, t] + (1.0 - weight) * expected
    return shrunk


def _waits(facts: Facts, sight: Sight, areas: Array) -> Array:
    waits = np.zeros(len(facts.themes))
    starts = sight.starts[areas].sum(axis=0)
    months = sight.access_months[areas].sum(axis=0)
    waits[facts.casework_index] = np.where(starts > 0.0, months / np.maximum(starts, 1.0), 0.0)
    return waits
