"""The method of equal shares: every voter holds an equal part of the budget and buys with others.

Method: Peters, Pierczyński and Skowron (2021), "Proportional participatory budgeting with additive
utilities", NeurIPS 34. A project's supporters pay for it alike, except that nobody pays more than
she holds; the project bought next is the one whose supporters pay least for each unit of
satisfaction. That price only rises as purses empty, so a project whose earlier price is already
too high need not be asked again.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction

from localsim.policy.ballots import Election
from localsim.policy.purses import ExactPurses, FloatPurses, Floats, Offer, Terms


@dataclass(frozen=True)
class Purchase:
    """A project bought, the share that its supporters paid, and every purse just before."""

    project: int
    share: float
    held: Floats


@dataclass(frozen=True)
class Count:
    """One count of the ballots at one endowment.

    Attributes
    ----------
    purchases
        What was bought, in order.
    left
        float64[distinct ballots], what each voter holds in the end.
    doubt
        Largest error of any purse on the way.
    """

    purchases: tuple[Purchase, ...]
    left: Floats
    doubt: float

    @property
    def bought(self) -> list[int]:
        """Projects bought, in order."""
        return [purchase.project for purchase in self.purchases]


def equal_shares(election: Election, satisfaction: str) -> list[int]:
    """Return the indices of the projects that equal shares of the budget buy."""
    terms = Terms.of(election, satisfaction)
    return [*terms.free, *count_ballots(terms, election.budget).bought]


def count_ballots(terms: Terms, endowment: int) -> Count:
    """Give every voter an endowment, in units split by the number of voters, and let them buy."""
    purses = FloatPurses(terms, endowment)
    exact = ExactPurses(terms, endowment)
    purchases: list[Purchase] = []
    at_least = {p: terms.float_floor(p) for p in terms.stands}
    while offers := _cheapest(purses, at_least):
        before = purses.held.copy()
        alike = {
            p: terms.price(p, offer.payers)
            for p, offer in offers.items()
            if offer.payers is not None
        }
        only = len(offers) == 1 and math.isfinite(next(iter(offers.values())).high)
        if only or len(alike) == len(offers):
            chosen = min(offers, key=lambda p: (alike.get(p, 0), p))
            purses.buy(chosen, offers[chosen])
            share = offers[chosen].share
        else:
            exact.catch_up([purchase.project for purchase in purchases])
            prices: dict[int, Fraction] = {}
            for p in offers:
                price = exact.price(p)
                if price is None:
                    del at_least[p]
                else:
                    prices[p] = price
            if not prices:
                continue
            chosen = min(prices, key=lambda p: (prices[p], p))
            share = exact.buy(chosen)
            purses.set_to(exact)
        purchases.append(Purchase(chosen, share, before))
        del at_least[chosen]
    return Count(tuple(purchases), purses.held, purses.worst_doubt)


def _cheapest(purses: FloatPurses, at_least: dict[int, float]) -> dict[int, Offer]:
    """Return the offers that may be the cheapest, and forget projects nobody can pay for.

    ``at_least`` holds the projects still standing with a price that each is known to reach, and
    is brought up to date.
    """
    best = math.inf
    offers: dict[int, Offer] = {}
    elder = purses.terms.elder
    for p in sorted(at_least, key=at_least.__getitem__):
        if at_least[p] > best:
            break
        if elder[p] != p and elder[p] in at_least:
            continue  # the elder asks the same, and wins the tie
        offer = purses.offer(p)
        if offer is None:
            del at_least[p]
            continue
        at_least[p] = max(at_least[p], offer.low)
        best = min(best, offer.high)
        offers[p] = offer
    return {p: offer for p, offer in offers.items() if offer.low <= best}
