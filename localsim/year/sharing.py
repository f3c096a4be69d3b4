"""Sharing between authorities, and co-production with users: who else carries the work.

Shared staff spread what is fixed in a service's cost over the authorities that share, and fit each
of them a little less. Users who are asked to work along give hours of their own, and more services
solve their need.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from localsim.dynamics.columns import SERVICE_MONTHS, Array
from localsim.dynamics.facts import Facts
from localsim.dynamics.town import Town
from localsim.ledger import Ledger
from localsim.policy.supply import Shared, Supply
from localsim.year.accounts import ZONES, Accounts

if TYPE_CHECKING:
    from localsim.year.programme import Regime

USERS = "users' time"


def fixed_cost(facts: Facts, supply: Supply) -> float:
    """Return what in-house slots cost over what they cost an authority alone."""
    if not isinstance(supply, Shared):
        return 1.0
    fixed = facts.value("sharing.fixed_share")
    return 1.0 - fixed + fixed / supply.authorities


def work_along(facts: Facts, town: Town, supply: Supply, nodes: Array) -> None:
    """Change the chance of solving in a regime's pools (int64[n]) by sharing and co-production."""
    better = facts.value("coproduction.success") * supply.coproduction
    if isinstance(supply, Shared):
        better -= facts.value("sharing.fit_loss") * (1.0 - 1.0 / supply.authorities)
    if better:
        town.nodes.work["success"][nodes] *= math.exp(better)


def pay_users_time(
    facts: Facts, accounts: Accounts, regimes: list[Regime], ledger: Ledger, flows: Array
) -> None:
    """Enter the hours that users gave in a month, at what it would cost to pay for them.

    `flows` float64[R, Z, K, F] are the counters since the policy began.
    """
    price = facts.value("volunteers.gbp_per_hour") * facts.value("coproduction.hours_per_month")
    for regime in regimes:
        asked = regime.policy.supply.coproduction
        if not asked:
            continue
        new = flows[regime.index] - accounts.paid[regime.index]
        for z, zone in enumerate(ZONES):
            amount = asked * price * max(0.0, float(new[z, :, SERVICE_MONTHS].sum()))
            if amount:
                ledger.receive(USERS, zone, amount)
                ledger.spend(USERS, "users' time", zone, amount)
