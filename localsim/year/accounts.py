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
from localsim.policy.supply import VOLUNTARY

ZONES = ("inside", "outside")
CRISIS = "crisis: "
ENTITLEMENT = "entitlement: "
PROVIDERS = "providers' reserves"
GIFTS = "gifts"
STAFF = "staff of cheaper providers"


@compiled
def _add_up(flows: Array, regime_of_cell: Array, zone_of_cell: Array, out: Array) -> None:
    """Add up the counters of cells, in a fixed order, into float64[R, Z, K, F]."""
    for cell in range(flows.shape[0]):
        r, z = regime_of_cell[cell], zone_of_cell[cell]
        for k in range(flows.shape[1]):
            for f in range(flows.shape[2]):
                out[r, z, k, f] += flows[cell, k, f]


@dataclass(eq=False)
class Owners:
    """Whose each pool and each cell is, and what the world pays for a case.

    `node` int64[M, 3] is the regime, theme and zone of a pool (-1 for desks); `regime_of_cell` and
    `zone_of_cell` int64[L]; `open_ended` bool[R]. `crisis_gbp` and `entitlement_gbp` are the price
    of a crisis and of a month in need, by casework theme.
    """

    node: Array
    regime_of_cell: Array
    zone_of_cell: Array
    open_ended: Array
    crisis_gbp: list[float]
    entitlement_gbp: list[float]

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
        return cls(
            node=node,
            regime_of_cell=np.repeat(regime, cells),
            zone_of_cell=np.repeat(zone, cells),
            open_ended=np.array(open_ended),
            crisis_gbp=fact.per_theme(facts, "crisis_gbp").tolist(),
            entitlement_gbp=(fact.per_theme(facts, "entitlement_gbp_per_year") / 12.0).tolist(),
        )

    def flows(self, tally: Tally) -> Array:
        """Return the counters of each regime and zone, float64[R, Z, K, F]."""
        out = np.zeros((self.open_ended.size, len(ZONES), *tally.flows.shape[1:]))
        _add_up(tally.flows, self.regime_of_cell, self.zone_of_cell, out)
        return out


@dataclass(eq=False)
class Accounts:
    """Cash and standing payments.

    `lines` float64[R, T] is the cash of each regime's lines, `desks` float64[R] what is set aside
    for assessments, `reserves` float64[M, P] the providers'. `amenity_gbp` float64[R, T, Z],
    `pay_gbp`, `cost_gbp` and `forgone_gbp` float64[M, P] stand for a year: what is spent on
    amenities, what providers are paid, what their work costs them, what their staff go without.
    `contact_gbp` float64[R] is the price of a visit; `paid` float64[R, Z, K, F] the counters that
    have been paid for.
    """

    lines: Array
    desks: Array
    reserves: Array
    amenity_gbp: Array
    pay_gbp: Array
    cost_gbp: Array
    forgone_gbp: Array
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
            forgone_gbp=np.zeros((nodes, providers)),
            contact_gbp=np.zeros(1),
            paid=np.zeros((1, len(ZONES), casework, len(FLOWS))),
        )

    @property
    def held_gbp(self) -> float:
        """All cash that is really there."""
        return float(self.lines.sum() + self.desks.sum() + self.reserves.sum())


@dataclass(frozen=True, eq=False)
class Standing:
    """What is paid every month until work is commissioned anew.

    `nodes` and `kinds` int64[n] are the providers at work and `to_reserves` float64[n] what a
    month adds to the reserves of each. `services` has each one's line (regime, theme), agency and
    zone, what it is paid, what its work costs, what it is given and what its staff go without;
    `amenities` likewise the line, agency, zone and amount.
    """

    nodes: Array
    kinds: Array
    to_reserves: Array
    services: list[tuple[int, int, str, str, float, float, float, float]]
    amenities: list[tuple[int, int, str, str, float]]

    @classmethod
    def of(cls, facts: Facts, accounts: Accounts, owners: Owners) -> Standing:
        """Return a month's payments for what has been commissioned."""
        share = 1.0 / 12.0
        agencies = [theme.agency for theme in facts.themes]
        nodes, kinds = np.nonzero(accounts.pay_gbp)
        pays = accounts.pay_gbp[nodes, kinds] * share
        costs = accounts.cost_gbp[nodes, kinds] * share
        # What is paid below cost draws on the provider's reserves, but for what is given to it.
        gifts = np.maximum(costs - pays, 0.0) * facts.value("supply.gift_share")
        gifts[kinds != VOLUNTARY] = 0.0
        forgone = accounts.forgone_gbp[nodes, kinds] * share
        money = zip(pays.tolist(), costs.tolist(), gifts.tolist(), forgone.tolist(), strict=True)
        return cls(
            nodes,
            kinds,
            pays - costs + gifts,
            [
                (regime, t, agencies[t], ZONES[z], *amounts)
                for (regime, t, z), amounts in zip(owners.node[nodes].tolist(), money, strict=True)
            ],
            [
                (r, t, agencies[t], ZONES[z], float(accounts.amenity_gbp[r, t, z]) * share)
                for r, t, z in np.argwhere(accounts.amenity_gbp).tolist()
            ],
        )


def pay_month(
    facts: Facts,
    accounts: Accounts,
    standing: Standing,
    ledger: Ledger,
    flows: Array,
    owners: Owners,
) -> None:
    """Pay providers, amenities, assessments, acute services and entitlements for a month.

    `flows` float64[R, Z, K, F] are the counters since the fork.
    """
    # Out of the arrays and back: Python counts quicker in its own numbers.
    lines, open_ended = accounts.lines.tolist(), owners.open_ended.tolist()
    accounts.reserves[standing.nodes, standing.kinds] += standing.to_reserves
    for regime, t, agency, zone, pay, cost, gift, forgone in standing.services:
        if gift:
            ledger.receive(GIFTS, zone, gift)
        if open_ended[regime]:
            lines[regime][t] += ledger.receive(agency, zone, pay)
        lines[regime][t] -= pay
        ledger.spend(agency, "service", zone, cost)
        if forgone:
            ledger.receive(STAFF, zone, forgone)
            ledger.spend(STAFF, "pay forgone", zone, forgone)
    for regime, t, agency, zone, amount in standing.amenities:
        if open_ended[regime]:
            lines[regime][t] += ledger.receive(agency, zone, amount)
        lines[regime][t] -= ledger.spend(agency, "service", zone, amount)
    accounts.lines[:] = lines
    _pay_events(facts, accounts, ledger, flows, owners)


def _pay_events(
    facts: Facts, accounts: Accounts, ledger: Ledger, flows: Array, owners: Owners
) -> None:
    new = flows - accounts.paid
    events = new.take((CONTACTS, CRISES, NEED_MONTHS), axis=3).tolist()
    for regime, price in enumerate(accounts.contact_gbp.tolist()):
        for zone, themes in zip(ZONES, events[regime], strict=True):
            if not any(map(any, themes)):
                continue
            for theme, crisis, entitlement, (contacts, crises, months) in zip(
                facts.casework, owners.crisis_gbp, owners.entitlement_gbp, themes, strict=True
            ):
                visits = contacts * price
                if visits:
                    accounts.desks[regime] -= ledger.spend(theme.agency, "assessment", zone, visits)
                acute = crises * crisis
                if acute:
                    ledger.receive(theme.crisis_payer, zone, acute)
                    ledger.spend(theme.crisis_payer, f"{CRISIS}{theme.name}", zone, acute)
                # A window's correction can leave a stray rounding error below zero.
                due = max(0.0, months) * entitlement
                if due:
                    payer = theme.entitlement_payer
                    ledger.receive(payer, zone, due)
                    ledger.spend(payer, f"{ENTITLEMENT}{theme.name}", zone, due)
    accounts.paid = flows
