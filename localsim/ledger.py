"""The ledger: every pound in is spent, carried or returned.

Double entry. Money enters from payers, moves between holders (lines of agencies, purses of
commissioners, reserves of providers) and leaves as spending with a purpose or as a return. Holders
keep their own cash; once a month the cash that is really there is held against what the ledger
says should be, and a month that is off by half a penny stops the run. Amounts are float64 and
never rounded.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Collection, Mapping

from localsim.errors import LedgerError

HALF_A_PENNY = 0.005

Entry = tuple[str, str, str]


class Ledger:
    """Flows of money by payer, purpose and zone, in pounds of 2011-12, since it was opened."""

    def __init__(self) -> None:
        self.received: dict[tuple[str, str], float] = defaultdict(float)
        self.spent: dict[Entry, float] = defaultdict(float)
        self.returned: dict[tuple[str, str], float] = defaultdict(float)
        self.opening_gbp = 0.0

    def receive(self, payer: str, zone: str, amount_gbp: float) -> float:
        """Record money that a payer puts in; returns the amount, for the holder to take."""
        if not _is_money(amount_gbp):
            raise _no_money(amount_gbp, f"received from {payer}")
        self.received[payer, zone] += amount_gbp
        return amount_gbp

    def spend(self, payer: str, purpose: str, zone: str, amount_gbp: float) -> float:
        """Record money that leaves for a purpose; returns the amount, for the holder to give."""
        if not _is_money(amount_gbp):
            raise _no_money(amount_gbp, f"spent on {purpose}")
        self.spent[payer, purpose, zone] += amount_gbp
        return amount_gbp

    def give_back(self, payer: str, zone: str, amount_gbp: float) -> float:
        """Record money that goes back to its payer."""
        if not _is_money(amount_gbp):
            raise _no_money(amount_gbp, f"returned to {payer}")
        self.returned[payer, zone] += amount_gbp
        return amount_gbp

    @property
    def should_hold_gbp(self) -> float:
        """What all holders together should have: opening, plus in, less spent and returned."""
        return (
            self.opening_gbp
            + math.fsum(self.received.values())
            - math.fsum(self.spent.values())
            - math.fsum(self.returned.values())
        )

    def close_month(self, month: int, held_gbp: float) -> None:
        """Hold the cash that is really there against the books.

        Raises `LedgerError` when they differ by half a penny or more.
        """
        gap = held_gbp - self.should_hold_gbp
        if not abs(gap) < HALF_A_PENNY:
            raise LedgerError(
                f"Month {month}: holders have £{held_gbp:,.2f}, the ledger says "
                f"£{self.should_hold_gbp:,.2f}; £{gap:+,.4f} is unexplained. Every pound must be "
                "spent, carried or returned."
            )

    def spent_by(
        self, purpose: str | None = None, zone: str | None = None, payer: str | None = None
    ) -> float:
        """Return what was spent: on one purpose or all, in one zone or all, by one payer or all."""
        if purpose is zone is payer is None:
            return math.fsum(self.spent.values())
        return math.fsum(
            amount
            for (who, why, where), amount in self.spent.items()
            if purpose in (None, why) and zone in (None, where) and payer in (None, who)
        )

    def spent_on(self, kind: str, zone: str | None = None, payer: str | None = None) -> float:
        """Return what was spent on all purposes whose names begin with a kind."""
        return math.fsum(
            amount
            for (who, why, where), amount in self.spent.items()
            if why.startswith(kind) and zone in (None, where) and payer in (None, who)
        )

    def received_from(self, payer: str, zone: str | None = None) -> float:
        """Return what one payer put in, in one zone or all."""
        return math.fsum(
            amount
            for (who, where), amount in self.received.items()
            if who == payer and zone in (None, where)
        )

    def spent_by_zone(self, payers: Collection[str], zones: Collection[str]) -> list[float]:
        """Return what some payers spent in each zone, looking at every entry once."""
        entries: dict[tuple[str, str], list[float]] = {}
        for (who, _, where), amount in self.spent.items():
            entries.setdefault((who, where), []).append(amount)
        return [
            sum([math.fsum(entries[payer, zone]) for payer in payers if (payer, zone) in entries])
            for zone in zones
        ]

    def balance(self) -> Mapping[str, float]:
        """Return the account in one line: opening, in, spent, returned, carried."""
        return {
            "opening_gbp": self.opening_gbp,
            "received_gbp": math.fsum(self.received.values()),
            "spent_gbp": math.fsum(self.spent.values()),
            "returned_gbp": math.fsum(self.returned.values()),
            "carried_gbp": self.should_hold_gbp,
        }


def _is_money(amount_gbp: float) -> bool:
    return -HALF_A_PENNY <= amount_gbp < math.inf


def _no_money(amount_gbp: float, what: str) -> LedgerError:
    return LedgerError(f"£{amount_gbp} {what} is no amount of money: it must be zero or more.")
