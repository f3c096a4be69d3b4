"""Deciding: each decider of a regime listens, and spreads its purse by its rule."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from localsim.dynamics.columns import ACCESS_MONTHS, FIRST_STARTS, RELABELLED_MONTHS, Array
from localsim.dynamics.facts import Facts
from localsim.dynamics.town import Town
from localsim.place import TENURES
from localsim.policy.budgets import Budgets, OpenEnded, Pooled, RingFenced
from localsim.policy.evidence import Evidence, Participants, Purse
from localsim.policy.listening import Listening, Record, Voice
from localsim.policy.rules import Rule, checked
from localsim.themes import Amenity
from localsim.year import amenity
from localsim.year.listen import (
    Priorities,
    hear,
    heard_need,
    needs_at_home,
    recorded_need,
    take_part,
)


@dataclass(eq=False)
class Sight:
    """What can be seen of a place this year, before anybody in particular looks.

    `recorded` float64[A, T], pounds a head as the record has it, area by area; `access_months`
    and `starts` float64[A, K], the last year's measured waits; `at_home` int64[K, H], needs open
    in each household, which its members may speak of, or None where nobody is asked.
    """

    recorded: Array
    access_months: Array
    starts: Array
    at_home: Array | None


@dataclass(frozen=True)
class Bench:
    """Those who decide: a tier, how it listens and by which rule, over a share of the money."""

    tier: str
    listening: Listening
    rule: Rule
    share: float
    devolved: bool
    with_neighbours: bool = False


@dataclass(eq=False)
class Hearing:
    """One decider's unit: areas (bool[A]), evidence and the rows of residents who took part."""

    bench: Bench
    unit: int
    areas: Array
    evidence: Evidence
    rows: Array


def look(
    facts: Facts,
    town: Town,
    values: Array,
    presented: Array | None,
    since: Array,
    year: int,
    speak: bool,
) -> Sight:
    """Draw up the year's record; without a year's history it shows what was spent before.

    `presented` float64[A, K] is a year's recorded presentations, `since` float64[A, K, F] the
    counters of the last year by area; `speak` says whether any residents will be asked.
    """
    people = np.maximum(facts.place.residents.astype(np.float64), 1.0)[:, None]
    recorded = facts.historic_gbp / people
    if presented is not None:
        recorded[:, facts.casework_index] = recorded_need(facts, presented, year) / people
    recorded[:, facts.amenity_index] = amenity.signals(facts, values, year)
    at_home = needs_at_home(facts, town) if speak else None
    # Waits are seen as they are reported, which is not always as they were.
    at_end = town.rules.target["at_end"][town.rules.regime]
    hidden = np.where(at_end[:, None], 0.0, since[:, :, RELABELLED_MONTHS])
    access = since[:, :, ACCESS_MONTHS] - hidden
    return Sight(recorded, access, since[:, :, FIRST_STARTS], at_home)


def by_area(facts: Facts, cells: Array) -> Array:
    """Add up cells (area by tenure) to areas."""
    areas = len(facts.place.codes)
    total: Array = cells.reshape(areas, len(TENURES), *cells.shape[1:]).sum(axis=1)
    return total


def listen(
    facts: Facts,
    town: Town,
    priorities: Priorities,
    sight: Sight,
    bench: Bench,
    areas: Array,
    year: int,
) -> list[Hearing]:
    """Return what each decider of a bench hears of its own unit."""
    units = facts.place.units(bench.tier)
    own = np.where(areas, units, units.max() + 1)
    parties = areas.astype(np.int64) if bench.with_neighbours else own
    shares = _counted(facts, own, parties)
    hearings = []
    for unit in np.unique(units[areas]):
        mine = areas & (units == unit)
        stake = bench.share * facts.historic_gbp[mine].sum()
        stake /= max(1.0, float(facts.place.residents[mine].sum()))
        rows = np.zeros(0, np.int64)
        if isinstance(bench.listening, Voice):
            rows = take_part(
                facts, town, priorities, mine, bench.listening, stake, year, bench.tier
            )
        evidence = _evidence(
            facts, town, priorities, sight, bench, mine, int(unit), rows, shares[unit], year
        )
        hearings.append(Hearing(bench, int(unit), mine, evidence, rows))
    return hearings


def _counted(facts: Facts, units: Array, parties: Array) -> Array:
    """Return the share of benefit that each unit counts, float64[U, T]; casework stays at home."""
    shares = np.ones((int(units.max()) + 1, len(facts.themes)))
    for theme, t in zip(facts.amenities, facts.amenity_index, strict=True):
        shares[:, t] = amenity.counted(facts, units, theme, parties)
    return shares


def _pooled(value: Array, people: Array, formula: Array) -> Array:
    """Pool values a head over a unit's areas, then let them differ by the public formula."""
    total = people.sum()
    if total <= 0.0:
        return value * 0.0
    mean = (value * people[:, None]).sum(axis=0) / total
    index = (formula * people[:, None]).sum(axis=0) / total
    pooled: Array = mean * formula / np.where(index > 0.0, index, 1.0)
    return pooled


def _evidence(
    facts: Facts,
    town: Town,
    priorities: Priorities,
    sight: Sight,
    bench: Bench,
    areas: Array,
    unit: int,
    rows: Array,
    counted: Array,
    year: int,
) -> Evidence:
    place = facts.place
    people = place.residents[areas].astype(np.float64)
    formula = facts.formula[areas]
    record = _pooled(sight.recorded[areas], people, formula)
    expected = _expected(facts, areas)
    if isinstance(bench.listening, Record) and bench.listening.shrink:
        record = _shrunk(facts, record, expected, people)
    participants: Participants | None = None
    heard: Array | None = None
    if isinstance(bench.listening, Voice):
        participants = hear(facts, town, priorities, rows, areas, year)
        if rows.size and sight.at_home is not None:
            heard = np.tile(participants.weight.mean(axis=0), (people.size, 1)) * formula
            said = heard_need(facts, sight.at_home, rows, unit, year, bench.tier)
            heard[:, facts.casework_index] = said * formula[:, facts.casework_index]
            heard = _pooled(heard, people, formula)
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


def _shrunk(facts: Facts, record: Array, expected: Array, people: Array) -> Array:
    """Draw an estimate towards what the public figures predict: w = s²/(s² + e²)."""
    noise = facts.value("record.noise_sd") ** 2 / max(1, people.size)
    shrunk = record.copy()
    for t, theme in enumerate(facts.themes):
        prior = facts.value("record.prior_sd")
        if isinstance(theme, Amenity):
            prior = facts.value(f"{theme.name}.value_sd_between")
        between = prior**2
        weight = between / (between + noise) if between + noise > 0.0 else 1.0
        level = expected[:, t]
        if not isinstance(theme, Amenity):  # the formula predicts shares, not the level
            total = float((level * people).sum())
            level = level * (float((record[:, t] * people).sum()) / total if total > 0.0 else 0.0)
        shrunk[:, t] = weight * record[:, t] + (1.0 - weight) * level
    return shrunk


def _waits(facts: Facts, sight: Sight, areas: Array) -> Array:
    waits = np.zeros(len(facts.themes))
    starts = sight.starts[areas].sum(axis=0)
    months = sight.access_months[areas].sum(axis=0)
    waits[facts.casework_index] = np.where(starts > 0.0, months / np.maximum(starts, 1.0), 0.0)
    return waits


def purse_of(
    budgets: Budgets,
    net: Array,
    pooled_share: float,
    bench: Bench,
    themes: Array | None = None,
    shared_gbp: float | None = None,
) -> Purse:
    """Return a decider's purse out of its areas' money after overheads, float64[A', T].

    `themes` bool[T] marks the lines that are pooled, if not all are; `shared_gbp` is the
    decider's part of money that is pooled above it.
    """
    lines = bench.share * net.sum(axis=0)
    if bench.devolved:
        return Purse(np.zeros(lines.size), float(lines.sum()))
    if isinstance(budgets, OpenEnded):
        return Purse(lines, 0.0, budgets.price)
    if isinstance(budgets, Pooled):
        into = pooled_share if themes is None else pooled_share * themes
        pooled = float((into * lines).sum()) if themes is not None else pooled_share * lines.sum()
        if shared_gbp is not None:
            pooled = bench.share * shared_gbp
        return Purse((1.0 - into) * lines, float(pooled), pools=themes)
    return Purse(lines, 0.0)


def fences(budgets: Budgets, facts: Facts, lines: Array) -> Array:
    """Return a year's money by theme once ring-fences by share have been drawn, float64[T]."""
    if not isinstance(budgets, RingFenced) or budgets.shares is None:
        return lines
    shares = np.array([budgets.shares.get(t.name, 0.0) for t in facts.themes])
    fenced: Array = shares * lines.sum()
    return fenced


def decide(hearing: Hearing, purse: Purse) -> Array:
    """Return a decider's spending, float64[A', T], pounds a year."""
    return checked(hearing.bench.rule, hearing.evidence, purse)
