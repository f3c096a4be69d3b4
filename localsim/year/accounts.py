"""Accounts: who holds what cash, and the month's payments, each entered in the ledger."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from localsim.compiled import compiled
from localsim.dynamics import facts as fact
from localsim.dynamics.columns import CONTACTS, CRISES, FLOWS, NEED_MONTHS, Array, Tally
from localsim.dynamics.facts import Facts
from localsim.dynamics.town import Town
from localsim.ledger import Ledger
from localsim.place import TENURES

ZONES = ("inside", "outside")
ACUTE = "acute services"
ENTITLEMENTS = "entitlements"
PROVIDERS = "providers' reserves"


@compiled
def _add_up(tally: Tally, regime_of_cell: Array, zone_of_cell: Array, out: Array) -> None:
    """Add up the counters of cells, in a fixed order, into float64[R, Z, K, F]."""
    for cell in range(tally.flows.shape[0]):
        r, z = regime_of_cell[cell], zone_of_cell[cell]
        for k in range(tally.flows.shape[1]):
            for f in range(tally.flows.shape[2]):
                out[r, z, k, f] += tally.flows[cell, k, f]


@dataclass(eq=False)
class Owners:
    """Whose each pool and each cell is.

    `node` int64[M, 3] is the regime, theme and zone of a pool (-1 for desks); `regime_of_cell` and
    `zone_of_cell` int64[L]; `open_ended` bool[R].
    """

    node: Array
    regime_of_cell: Array
    zone_of_cell: Array
    open_ended: Array

    @classmethod
    def of(cls, facts: Facts, town: Town, zone: Array, open_ended: list[bool]) -> Owners:
        """Return who owns what while the town's regimes stand; `zone` int64[A]."""
        node = np.full((town.patches.nodes, 3), -1, np.int64)
        regime = town.rules.regime
        for k, t in enumerate(facts.casework_index):
            node[town.patches.pool[:, k], 0] = regime
            node[town.patches.pool[:, k], 1] = t
            node[town.patches.pool[:, k], 2] = zone
        cells = len(TENURES)
        return cls(node, np.repeat(regime, cells), np.repeat(zone, cells), np.array(open_ended))

    def flows(self, tally: Tally) -> Array:
        """Return the counters of each regime and zone, float64[R, Z, K, F]."""
        out = np.zeros((self.open_ended.size, len(ZONES), *tally.flows.shape[1:]))
        _add_up(tally, self.regime_of_cell, self.zone_of_cell, out)
        return out


@dataclass(eq=False)
class Accounts:
    """Cash and standing payments.

    `lines` float64[R, T] is the cash of each regime's lines, `desks` float64[R] what is set aside
    for assessments, `reserves` float64[M, P] the providers'. `amenity_gbp` float64[R, T, Z],
    `pay_gbp` float64[M, P] and `cost_gbp` float64[M, P] stand for a year: what is spent on
    amenities, what providers are paid, and what their work costs them. `contact_gbp` float64[R]
    is the price of a visit; `paid` float64[R, Z, K, F] the counters that have been paid for.
    """

    lines: Array
    desks: Array
    reserves: Array
    amenity_gbp: Array
    pay_gbp: Array
    cost_gbp: Array
    contact_gbp: Array
    paid: Array

    @classmethod
    def opened(cls, themes: int, casework: int, nodes: int, providers: int) -> Accounts:
        """Return empty accounts of one regime."""
        return cls(
            lines=np.zeros((1, themes)),
            desks=np.zeros(1),
            reserves=np.zeros((nodes, providers)),
            amenity_gbp=np.zeros((1, themes, len(ZONES))),
            pay_gbp=np.zeros((nodes, providers)),
            cost_gbp=np.zeros((nodes, providers)),
            contact_gbp=np.zeros(1),
            paid=np.zeros((1, len(ZONES), casework, len(FLOWS))),
        )

    @property
    def held_gbp(self) -> float:
        """All cash that is really there."""
        return float(self.lines.sum() + self.desks.sum() + self.reserves.sum())


def pay_month(
    facts: Facts,
    accounts: Accounts,
    ledger: Ledger,
    flows: Array,
    owners: Owners,
    months: float,
) -> None:
    """Pay providers, amenities, assessments, acute services and entitlements for a window.

    `flows` float64[R, Z, K, F] are the counters since the fork.
    """
    share = months / 12.0
    agencies = [theme.agency for theme in facts.themes]
    for node, p in zip(*np.nonzero(accounts.pay_gbp), strict=True):
        regime, t, z = owners.node[node]
        pay = accounts.pay_gbp[node, p] * share
        cost = accounts.cost_gbp[node, p] * share
        if owners.open_ended[regime]:
            accounts.lines[regime, t] += ledger.receive(agencies[t], ZONES[z], pay)
        accounts.lines[regime, t] -= pay
        accounts.reserves[node, p] += pay - cost
        ledger.spend(agencies[t], "service", ZONES[z], cost)
    for regime, t, z in zip(*np.nonzero(accounts.amenity_gbp), strict=True):
        amount = accounts.amenity_gbp[regime, t, z] * share
        if owners.open_ended[regime]:
            accounts.lines[regime, t] += ledger.receive(agencies[t], ZONES[z], amount)
        accounts.lines[regime, t] -= ledger.spend(agencies[t], "service", ZONES[z], amount)
    _pay_events(facts, accounts, ledger, flows)


def _pay_events(facts: Facts, accounts: Accounts, ledger: Ledger, flows: Array) -> None:
    new = flows - accounts.paid
    crisis = fact.per_theme(facts, "crisis_gbp")
    entitlement = fact.per_theme(facts, "entitlement_gbp_per_year") / 12.0
    for regime, z in np.ndindex(new.shape[:2]):
        zone = ZONES[z]
        for k, theme in enumerate(facts.casework):
            visits = new[regime, z, k, CONTACTS] * accounts.contact_gbp[regime]
            if visits:
                accounts.desks[regime] -= ledger.spend(theme.agency, "assessment", zone, visits)
            acute = new[regime, z, k, CRISES] * crisis[k]
            if acute:
                ledger.receive(ACUTE, zone, acute)
                ledger.spend(ACUTE, f"crisis: {theme.name}", zone, acute)
            # A window's correction can leave a stray rounding error below zero.
            due = max(0.0, new[regime, z, k, NEED_MONTHS]) * entitlement[k]
            if due:
                ledger.receive(ENTITLEMENTS, zone, due)
                ledger.spend(ENTITLEMENTS, f"entitlement: {theme.name}", zone, due)
    accounts.paid = flows
