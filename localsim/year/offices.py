"""Offices: the Mesa agents who decide and provide, made when a place or a policy begins."""

from __future__ import annotations

from typing import Any

import numpy as np

from localsim.agents.institutions import Agency, Centre, Commissioner, Provider
from localsim.dynamics.columns import Array
from localsim.dynamics.facts import Facts
from localsim.dynamics.town import Patches, Town
from localsim.policy.supply import KINDS
from localsim.year.accounts import Accounts
from localsim.year.commission import Providers
from localsim.year.decide import Hearing
from localsim.year.programme import Regime
from localsim.year.units import units_of


def enrol(model: Any, facts: Facts, patches: Patches) -> Centre:
    """Make the institutions that stay: agencies, providers and the centre, which is returned."""
    for name in facts.agencies:
        themes = {t.name: i for i, t in enumerate(facts.themes) if t.agency == name}
        Agency(model, name, themes)
    for row, k in enumerate(patches.pool_theme):
        for p, kind in enumerate(KINDS):
            Provider(model, kind, facts.casework[k].name, patches.desks + row, p)
    return Centre(model)


def figure(town: Town, accounts: Accounts, providers: Providers, what: str) -> Array:
    """Return a figure of every provider, [M, P]; `what` is one of those that `Books` names."""
    column: Array = {
        "slots": town.nodes.work["slots"],
        "busy": town.nodes.work["busy"],
        "reserves_gbp": accounts.reserves,
        "capacity": providers.capacity,
        "price_gbp": providers.price,
        "quality": providers.quality,
        "observed_quality": providers.observed,
    }[what]
    return column


class Commissioners:
    """Those who decide under a policy: by regime, whether of a devolved slice, and unit."""

    def __init__(self) -> None:
        self.who: dict[tuple[int, bool, int], Commissioner] = {}

    def appoint(self, model: Any, facts: Facts, regimes: list[Regime]) -> None:
        """Make those who decide in these regimes, in the place of those before."""
        for agent in self.who.values():
            agent.remove()
        self.who = {}
        for regime in regimes:
            for bench in regime.benches:
                units, names = units_of(facts.place, bench.tier)
                for unit in np.unique(units[regime.areas]):
                    areas = regime.areas & (units == unit)
                    self.who[regime.index, bench.devolved, int(unit)] = Commissioner(
                        model, regime.policy.name, bench.tier, names[unit], areas, bench.devolved
                    )

    def minute(self, regime: Regime, hearings: list[Hearing], decisions: list[Array]) -> None:
        """Let those who decided remember who took part and what they decided."""
        for hearing, decision in zip(hearings, decisions, strict=True):
            one = self.who[regime.index, hearing.bench.devolved, hearing.unit]
            one.participants = int(hearing.rows.size)
            one.decision_gbp = decision
