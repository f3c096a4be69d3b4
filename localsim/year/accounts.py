"""Accounts: who holds what cash, and the month's payments, each entered in the ledger."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from localsim.compiled import compiled
from localsim.dynamics import facts as fact
from localsim.dynamics.columns import CONTACTS, CRISES, FLOWS, NEED_MONTHS, Array, Tally
from localsim.dynamics.facts import Facts
from localsim.ledger import Ledger

ZONES = ("inside", "outside")
ACUTE = "acute services"
ENTITLEMENTS = "entitlements"
PROVIDERS = "providers' reserves"


@compiled
def zone_flows(tally: Tally, zone_of_cell: Array, out: Array) -> None:
    """Add up the counters of each zone's cells, in a fixed order, into float64[Z, K, F]."""
    out[:] = 0.0
    for cell in range(tally.flows.shape[0]):
        z = zone_of_cell[cell]
        for k in range(tally.flows.shape[1]):
            for f in range(tally.flows.shape[2]):
                out[z, k, f] += tally.flows[cell, k, f]


@dataclass(eq=False)
class Accounts:
    """Cash and standing payments.

    `lines` float64[R, T] is the cash of each regime's lines, `desks` float64[R] what is set aside
    for assessments, `reserves` float64[M, P] the providers'. `amenity_gbp` float64[R, T, Z],
    `pay_gbp` float64[M, P] and `cost_gbp` float64[M, P] stand for a year: what is spent on
    amenities, what providers are paid, and what their work costs them. `contact_gbp` float64[R]
    is the price of a visit; `paid` float64[Z, K, F] the counters that have been paid for.
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
            paid=np.zeros((len(ZONES), casework, len(FLOWS))),
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
    node_owner: Array,
    regime_of_zone: Array,
    open_ended: Array,
    months: float,
) -> None:
    """Pay providers, amenities, assessments, acute services and entitlements for a window.

    `flows` float64[Z, K, F] are the counters since the fork by zone; `node_owner` int64[M, 3] the
    regime, theme and zone of each node (-1 for desks); `regime_of_zone` int64[Z];
    `open_ended` bool[R].
    """
    share = months / 12.0
    agencies = [theme.agency for theme in facts.themes]
    for node, p in zip(*np.nonzero(accounts.pay_gbp), strict=True):
        regime, t, z = node_owner[node]
        pay = accounts.pay_gbp[node, p] * share
        cost = accounts.cost_gbp[node, p] * share
        if open_ended[regime]:
            accounts.lines[regime, t] += ledger.receive(agencies[t], ZONES[z], pay)
        accounts.lines[regime, t] -= pay
        accounts.reserves[node, p] += pay - cost
        ledger.spend(agencies[t], "service", ZONES[z], cost)
    for regime, t, z in zip(*np.nonzero(accounts.amenity_gbp), strict=True):
        amount = accounts.amenity_gbp[regime, t, z] * share
        if open_ended[regime]:
            accounts.lines[regime, t] += ledger.receive(agencies[t], ZONES[z], amount)
        accounts.lines[regime, t] -= ledger.spend(agencies[t], "service", ZONES[z], amount)
    _pay_events(facts, accounts, ledger, flows, regime_of_zone)


def _pay_events(
    facts: Facts, accounts: Accounts, ledger: Ledger, flows: Array, regime_of_zone: Array
) -> None:
    new = flows - accounts.paid
    crisis = fact.per_theme(facts, "crisis_gbp")
    entitlement = fact.per_theme(facts, "entitlement_gbp_per_year") / 12.0
    for z, zone in enumerate(ZONES):
        regime = regime_of_zone[z]
        for k, theme in enumerate(facts.casework):
            visits = new[z, k, CONTACTS] * accounts.contact_gbp[regime]
            if visits:
                accounts.desks[regime] -= ledger.spend(theme.agency, "assessment", zone, visits)
            acute = new[z, k, CRISES] * crisis[k]
            if acute:
                ledger.receive(ACUTE, zone, acute)
                ledger.spend(ACUTE, f"crisis: {theme.name}", zone, acute)
            # A window's correction can leave a stray rounding error below zero.
            due = max(0.0, new[z, k, NEED_MONTHS]) * entitlement[k]
            if due:
                ledger.receive(ENTITLEMENTS, zone, due)
                ledger.spend(ENTITLEMENTS, f"entitlement: {theme.name}", zone, due)
    accounts.paid = flows.copy()
