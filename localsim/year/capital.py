"""Capital: what has been built, what is under way, what is owed, and what comes of it.

All is kept by area, so that assets and debts stay with the place when another policy takes over.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np

from localsim.dynamics.columns import Array
from localsim.dynamics.facts import Facts
from localsim.ledger import Ledger
from localsim.policy.capital import USES, Borrow, CapitalBudget
from localsim.year.accounts import ZONES, Accounts
from localsim.year.programme import Regime

LENDER = "lender"
INVESTMENT = "investment"
DEBT_SERVICE = "debt service"
_NONE = 1e-12  # an interest too small to tell from none


@dataclass(eq=False)
class Loan:
    """What is owed in each area, float64[A], and how many yearly payments are left."""

    owed: Array
    payments: int


@dataclass(eq=False)
class Estate:
    """The capital of a place.

    `built` float64[A, U] is what stands, in pounds, by area and use; `coming` has the year in
    which an investment begins to pay, its use and its amounts, float64[A]; `loans` what is owed.
    """

    built: Array
    coming: list[tuple[int, int, Array]] = field(default_factory=list)
    loans: list[Loan] = field(default_factory=list)

    @classmethod
    def none(cls, facts: Facts) -> Estate:
        """Return the capital of a place before anything is invested: none."""
        return cls(np.zeros((len(facts.place.codes), len(USES))))

    @property
    def debt_gbp(self) -> Array:
        """What is owed in each area, float64[A]."""
        total: Array = sum((loan.owed for loan in self.loans), np.zeros(len(self.built)))
        return total

    def pass_year(self, facts: Facts, year: int) -> None:
        """Let what stands wear, what was under way begin to pay, and debts bear interest."""
        self.built *= 1.0 - facts.value("capital.depreciation")
        for start, use, amount in self.coming:
            if start <= year:
                self.built[:, use] += amount
        self.coming = [entry for entry in self.coming if entry[0] > year]
        for loan in self.loans:
            loan.owed *= 1.0 + facts.value("capital.interest")
        self.loans = [loan for loan in self.loans if loan.owed.any()]

    def prevented(self, facts: Facts) -> Array:
        """Return what prevention leaves of the rate at which needs open, float64[A]."""
        people = np.maximum(facts.place.residents.astype(np.float64), 1.0)
        per_head = self.built[:, USES.index("prevention")] / people
        left: Array = (1.0 - facts.value("capital.prevented_per_100_gbp")) ** (per_head / 100.0)
        return left

    def cheaper(self, facts: Facts, areas: Array, money_gbp: float) -> float:
        """Return what capacity leaves of the price of a slot where `money_gbp` a year is spent.

        Each pound that stands in the areas (bool[A]) saves so much a year: M/(M + s·K).
        """
        stands = float(self.built[areas, USES.index("capacity")].sum())
        saved = facts.value("capital.saved_per_gbp") * stands
        return money_gbp / (money_gbp + saved) if saved > 0.0 and money_gbp > 0.0 else 1.0


def payment(owed: float, interest: float, payments: int) -> float:
    """Return the equal yearly payment, the first now, that clears a debt in so many payments."""
    if interest < _NONE:
        return owed / payments
    return owed * interest / (1.0 + interest) / -math.expm1(-payments * math.log1p(interest))


def service_debt(
    facts: Facts, estate: Estate, regime: Regime, accounts: Accounts, ledger: Ledger
) -> None:
    """Pay what falls due this year on loans that bear on a regime's areas, before all else.

    Where lines cannot bear it, what is not paid stays owed.
    """
    for loan in estate.loans:
        owed = float(loan.owed[regime.areas].sum())
        if owed > 0.0:
            due = payment(owed, facts.value("capital.interest"), loan.payments)
            paid = _take(facts, regime, accounts, ledger, DEBT_SERVICE, due)
            loan.owed[regime.areas] *= 1.0 - paid / owed


def manage(
    facts: Facts,
    estate: Estate,
    regimes: list[Regime],
    accounts: Accounts,
    ledger: Ledger,
    zone: Array,
    year: int,
) -> None:
    """Begin a year of capital, once lines have come in: repay what is due, then invest."""
    estate.pass_year(facts, year)
    for regime in regimes:
        service_debt(facts, estate, regime, accounts, ledger)
    for loan in estate.loans:  # what is owed after the last payment stays due at once
        loan.payments = max(1, loan.payments - 1)
    for regime in regimes:
        invest(facts, estate, regime, accounts, ledger, zone, year)


def invest(
    facts: Facts,
    estate: Estate,
    regime: Regime,
    accounts: Accounts,
    ledger: Ledger,
    zone: Array,
    year: int,
) -> None:
    """Take up the loan, or set the capital budget aside, and spend it on what the policy says."""
    capital, areas = regime.policy.capital, regime.areas
    if isinstance(capital, Borrow):
        areas = regime.areas & ~regime.borrowed
        regime.borrowed |= areas
        if not areas.any():
            return
        built = _by_heads(facts, areas, _lent(facts, estate, capital, areas))
        for z, name in enumerate(ZONES):
            part = ledger.receive(LENDER, name, float(built[zone == z].sum()))
            ledger.spend(LENDER, INVESTMENT, name, part)
        estate.loans.append(Loan(built.copy(), capital.years))
    elif isinstance(capital, CapitalBudget):
        lines = np.maximum(accounts.lines[regime.index], 0.0)
        amount = capital.share * float(lines.sum())
        _take(facts, regime, accounts, ledger, INVESTMENT, amount)
        built = _by_heads(facts, areas, amount)
    else:
        return
    wait = max(1, round(facts.value(f"capital.{capital.into}_years")))
    estate.coming.append((year + wait, USES.index(capital.into), built))


def _lent(facts: Facts, estate: Estate, capital: Borrow, areas: Array) -> float:
    """Return the loan that is granted for areas: what is asked, as far as it can be serviced."""
    heads = float(facts.place.residents[areas].sum())
    interest = facts.value("capital.interest")
    most = facts.value("capital.prudential_share") * float(facts.historic_gbp[areas].sum())
    for loan in estate.loans:
        owed = float(loan.owed[areas].sum())
        most -= payment(owed * (1.0 + interest), interest, loan.payments)
    a_pound = payment(1.0 + interest, interest, capital.years)
    return min(capital.gbp_per_head * heads, max(0.0, most) / a_pound)


def _by_heads(facts: Facts, areas: Array, amount: float) -> Array:
    people = np.where(areas, facts.place.residents, 0).astype(np.float64)
    share: Array = amount * people / max(1.0, float(people.sum()))
    return share


def _take(
    facts: Facts, regime: Regime, accounts: Accounts, ledger: Ledger, purpose: str, due: float
) -> float:
    """Spend a sum out of all lines in proportion, as far as they go; returns what was spent."""
    lines = np.maximum(accounts.lines[regime.index], 0.0)
    held = float(lines.sum())
    if held <= 0.0 or due <= 0.0:
        return 0.0
    paid = min(due, held)
    for t, theme in enumerate(facts.themes):
        for z, name in enumerate(ZONES):
            amount = paid * float(lines[t] / held * regime.heads_by_zone[z])
            accounts.lines[regime.index, t] -= ledger.spend(theme.agency, purpose, name, amount)
    return paid
