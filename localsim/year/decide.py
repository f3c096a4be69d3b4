"""Deciding: each decider of a regime listens, and spreads its purse by its rule."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from localsim.dynamics.columns import Array
from localsim.dynamics.facts import Facts
from localsim.policy.budgets import Budgets, OpenEnded, Pooled, RingFenced
from localsim.policy.evidence import Evidence, Purse
from localsim.policy.listening import Listening, Voice
from localsim.policy.rules import Rule, checked
from localsim.year import amenity
from localsim.year.capture import Leaning, bend, captured_share, elite_shares
from localsim.year.evidence import evidence
from localsim.year.sight import Sight
from localsim.year.taking_part import take_part
from localsim.year.units import units_of


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
    """One decider's unit: areas (bool[A]), evidence and the rows of residents who took part.

    `leaning` is the decider's towards an elite, if it is captured.
    """

    bench: Bench
    unit: int
    areas: Array
    evidence: Evidence
    rows: Array
    leaning: Leaning | None = None


def listen(sight: Sight, bench: Bench, areas: Array) -> list[Hearing]:
    """Return what each decider of a bench hears of its own unit."""
    facts = sight.facts
    units, _ = units_of(facts.place, bench.tier)
    own = np.where(areas, units, units.max() + 1)
    parties = areas.astype(np.int64) if bench.with_neighbours else own
    shares = _counted(facts, own, parties)
    hearings = []
    for unit in np.unique(units[areas]):
        mine = areas & (units == unit)
        stake = bench.share * facts.historic_gbp[mine].sum()
        stake /= max(1.0, float(facts.place.residents[mine].sum()))
        rows = np.zeros(0, np.int64)
        if isinstance(bench.listening, Voice) and bench.tier != "person":
            logit, seldom = sight.priorities.propensity, sight.priorities.seldom_heard
            rows = take_part(
                facts, sight.town, logit, seldom, mine, bench.listening, stake, sight.year,
                bench.tier,
            )  # fmt: skip
        seen = evidence(sight, bench.tier, bench.listening, mine, int(unit), rows, shares[unit])
        leaning = _leaning(sight, bench.tier, mine, seen)
        hearings.append(Hearing(bench, int(unit), mine, seen, rows, leaning))
    return hearings


def _leaning(sight: Sight, tier: str, areas: Array, seen: Evidence) -> Leaning | None:
    turnout = seen.participants.turnout if seen.participants is not None else 0.0
    t = captured_share(sight.facts, tier, turnout)
    if t == 0.0 or sight.elite_open is None:
        return None
    elite = elite_shares(sight.facts, sight.priorities, areas, sight.elite_open, sight.years_open)
    return None if elite is None else Leaning(t, elite)


def _counted(facts: Facts, units: Array, parties: Array) -> Array:
    """Return the share of benefit that each unit counts, float64[U, T]; casework stays at home."""
    shares = np.ones((int(units.max()) + 1, len(facts.themes)))
    for theme, t in zip(facts.amenities, facts.amenity_index, strict=True):
        shares[:, t] = amenity.counted(facts, units, theme, parties)
    return shares


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
    seen = hearing.evidence
    if hearing.leaning is not None:
        seen = bend(seen, hearing.leaning)
    return checked(hearing.bench.rule, seen, purse)
