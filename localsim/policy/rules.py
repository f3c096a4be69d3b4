"""By which rule a purse is spread over areas and themes.

A rule sees `Evidence` and a `Purse` and returns pounds a year, float64[areas, themes]. What it
leaves is carried to the next year. To write your own, subclass `Rule` and give it `allocate`.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from localsim.errors import LocalsimError
from localsim.policy.budgets import check_amount, check_share
from localsim.policy.evidence import Evidence, Floats, Purse
from localsim.themes import Amenity, Quadratic, Theme


class Rule(ABC):
    """A way to decide; subclass it and return pounds a year, float64[areas, themes]."""

    @abstractmethod
    def allocate(self, evidence: Evidence, purse: Purse) -> Floats:
        """Return what is to be spent in each area on each theme, in pounds a year."""


def spread(shares: Floats, evidence: Evidence, purse: Purse, pooled: Floats) -> Floats:
    """Spread fenced lines over areas by `shares` [A, T], pooled money by theme shares `pooled` [T].

    A theme in which no area has any claim is spread by residents; a theme whose line is not
    pooled has no claim to pooled money.
    """
    open_to = np.ones(pooled.size, dtype=bool) if purse.pools is None else purse.pools
    pooled = np.where(open_to, pooled, 0.0)
    totals = shares.sum(axis=0)
    heads = _heads(evidence)
    with np.errstate(invalid="ignore", divide="ignore"):
        by_area = np.where(totals > 0.0, shares / totals, heads)
    total = pooled.sum()
    by_theme = pooled / total if total > 0.0 else open_to / max(1, int(open_to.sum()))
    spending: Floats = by_area * (purse.fenced_gbp + purse.pooled_gbp * by_theme)
    return spending


def _heads(evidence: Evidence) -> Floats:
    """Return each area's share of the unit's residents, float64[A, 1]; zero where nobody lives."""
    share: Floats = evidence.residents[:, None] / max(1.0, float(evidence.residents.sum()))
    return share


def checked(rule: Rule, evidence: Evidence, purse: Purse) -> Floats:
    """Return a rule's decision, or say how it breaks the purse."""
    name = type(rule).__name__
    given = rule.allocate(evidence, purse)
    try:
        decision = np.asarray(given, dtype=np.float64)
    except (TypeError, ValueError):
        raise LocalsimError(
            f"Rule {name} returned {given!r}; an array of pounds, areas by themes, was right."
        ) from None
    shape = (len(evidence.areas), len(evidence.themes))
    if decision.shape != shape:
        raise LocalsimError(
            f"Rule {name} returned an array of shape {decision.shape}; "
            f"{shape} was right: areas by themes."
        )
    if not np.isfinite(decision).all() or (decision < 0.0).any():
        raise LocalsimError(
            f"Rule {name} returned an amount that is negative or not finite; "
            "pounds a year are zero or more."
        )
    if purse.price is None:
        slack = 1e-9 * max(1.0, purse.total_gbp)
        over = np.maximum(decision.sum(axis=0) - purse.fenced_gbp, 0.0)
        if over.sum() > purse.pooled_gbp + slack:
            raise LocalsimError(
                f"Rule {name} spends £{over.sum():,.2f} beyond the ring-fenced lines; "
                f"£{purse.pooled_gbp:,.2f} is pooled."
            )
        closed = 0.0 if purse.pools is None else over[~purse.pools].sum()
        if closed > slack:
            raise LocalsimError(
                f"Rule {name} spends £{closed:,.2f} of pooled money on themes whose lines are "
                "not pooled; Purse.pools marks those that are."
            )
    return decision


@dataclass(frozen=True, eq=False)
class Fixed(Rule):
    """Spend exactly what is given: pounds a year, an array of areas by themes."""

    spend: Sequence[Sequence[float]] | Floats

    def allocate(self, evidence: Evidence, purse: Purse) -> Floats:
        """Return the given amounts."""
        return np.asarray(self.spend, dtype=np.float64)


@dataclass(frozen=True)
class Historic(Rule):
    """As it has always been: every line, and any pooled money, where the money went before."""

    def allocate(self, evidence: Evidence, purse: Purse) -> Floats:
        """Return the purse spread as historic spending was."""
        historic = evidence.historic_gbp
        return spread(historic, evidence, purse, historic.sum(axis=0))


@dataclass(frozen=True)
class PerHead(Rule):
    """The same a head everywhere, pooled money by the historic shares of themes."""

    def allocate(self, evidence: Evidence, purse: Purse) -> Floats:
        """Return the purse spread by residents."""
        heads = np.repeat(evidence.residents[:, None], len(evidence.themes), axis=1)
        return spread(heads, evidence, purse, evidence.historic_gbp.sum(axis=0))


@dataclass(frozen=True)
class NeedsFormula(Rule):
    """By need as estimated: areas, and themes for pooled money, in proportion to it."""

    def allocate(self, evidence: Evidence, purse: Purse) -> Floats:
        """Return the purse spread by estimated need."""
        need = evidence.need_gbp
        return spread(need, evidence, purse, need.sum(axis=0))


@dataclass(frozen=True)
class TargetsFirst(Rule):
    """Pooled money to themes by how far measured waits exceed the target; lines as historic.

    `target_months` is the wait that counts as met.
    """

    target_months: float = 0.5

    def __post_init__(self) -> None:
        check_amount("TargetsFirst: the target", self.target_months)

    def allocate(self, evidence: Evidence, purse: Purse) -> Floats:
        """Return the purse spread towards missed targets."""
        excess = np.maximum(evidence.waits_months - self.target_months, 0.0)
        historic = evidence.historic_gbp
        claims = excess if excess.sum() > 0.0 else historic.sum(axis=0)
        return spread(historic, evidence, purse, claims)


@dataclass(frozen=True)
class Planner(Rule):
    """Maximise expected benefit on the evidence, counting what the decider answers for.

    Casework and log amenities have marginal benefit v/g, quadratic ones v − b·g, at g pounds a
    head; all that can be moved ends at one marginal benefit, or meets the price where money is
    open-ended. The share of benefit that falls on others is not counted.
    """

    def allocate(self, evidence: Evidence, purse: Purse) -> Floats:
        """Return the spending that equalises counted marginal benefit."""
        everything = np.arange(len(evidence.themes))
        if purse.price is not None:
            return _demand(evidence, everything, purse.price)
        spending = np.zeros((len(evidence.areas), len(evidence.themes)))
        free = np.ones(everything.size, dtype=bool) if purse.pools is None else purse.pools.copy()
        if purse.pooled_gbp <= 0.0:
            free[:] = False
        for theme in everything[~free]:
            which = everything[theme : theme + 1]
            spending[:, which] = _fill(evidence, which, float(purse.fenced_gbp[theme]))
        # A line that would take more than its fence draws on the pool; one that would take less
        # keeps its fence. Fix the latter until none is left.
        while free.any():
            which = everything[free]
            money = purse.pooled_gbp + float(purse.fenced_gbp[free].sum())
            wish = _fill(evidence, which, money)
            short = wish.sum(axis=0) < purse.fenced_gbp[free] * (1.0 - 1e-12)
            spending[:, which] = wish
            if not short.any():
                break
            for theme in which[short]:
                alone = everything[theme : theme + 1]
                spending[:, alone] = _fill(evidence, alone, float(purse.fenced_gbp[theme]))
            free[which[short]] = False
        return spending


def wanted_level(theme: Theme, value: Floats, price: float) -> Floats:
    """Return the pounds a head at which a further pound is worth `price` to those who value so."""
    if isinstance(theme, Amenity) and isinstance(theme.benefit, Quadratic):
        return np.maximum((value - price) / theme.benefit.b, 0.0)
    return value / price


def _demand(evidence: Evidence, themes: NDArray[np.int64], price: float) -> Floats:
    """Return what would be spent if a pound had to bring `price` of counted benefit."""
    spending = np.zeros((len(evidence.areas), themes.size))
    for column, index in enumerate(themes):
        theme = evidence.themes[index]
        value, counted = evidence.value[:, index], evidence.counted[index]
        if counted > 0.0:
            spending[:, column] = wanted_level(theme, value, price / counted) * evidence.residents
    return spending


def _fill(evidence: Evidence, themes: NDArray[np.int64], money: float) -> Floats:
    """Spend a sum over some themes at one marginal benefit."""
    if money <= 0.0:
        return np.zeros((len(evidence.areas), themes.size))
    kinds = [evidence.themes[index] for index in themes]
    if not any(isinstance(t, Amenity) and isinstance(t.benefit, Quadratic) for t in kinds):
        wish = _demand(evidence, themes, 1.0)
        total = wish.sum()
        if total > 0.0:
            return wish * (money / total)
        return np.repeat(_heads(evidence), themes.size, axis=1) * (money / themes.size)
    from scipy.optimize import brentq

    def excess(log_price: float) -> float:
        return float(_demand(evidence, themes, float(np.exp(log_price))).sum()) - money

    low, high = -60.0, 60.0
    if excess(low) <= 0.0:  # even a worthless pound would not be spent: leave the rest
        return _demand(evidence, themes, float(np.exp(low)))
    price = float(np.exp(brentq(excess, low, high, xtol=1e-14)))
    wish = _demand(evidence, themes, price)
    total = wish.sum()
    return wish * (money / total) if total > 0.0 else wish


@dataclass(frozen=True)
class MedianVoter(Rule):
    """The median participant's share for each theme; lines by need in the areas.

    Where money is open-ended it is the median of the levels a head that participants would choose
    at the price, for all alike. Without participants money stays where it was.
    """

    def allocate(self, evidence: Evidence, purse: Purse) -> Floats:
        """Return the purse spread by the median of what participants would choose."""
        people = evidence.participants
        if people is None or len(people) == 0:
            return Historic().allocate(evidence, purse)
        if purse.price is not None:
            levels = [
                np.median(wanted_level(theme, people.weight[:, t], purse.price))
                for t, theme in enumerate(evidence.themes)
            ]
            return evidence.residents[:, None] * np.array(levels)
        totals = people.weight.sum(axis=1, keepdims=True)
        wanted = np.median(people.weight / np.where(totals > 0.0, totals, 1.0), axis=0)
        return spread(evidence.need_gbp, evidence, purse, wanted)


@dataclass(frozen=True)
class JointPanel(Rule):
    """Agencies, who know the record, and residents, who say what they see, decide together.

    `residents` is the residents' part of the decision. Each side would spend pooled money, and
    spread lines over areas, in proportion to need as it sees it.
    """

    residents: float = 0.5

    def __post_init__(self) -> None:
        check_share("JointPanel: the residents' part", self.residents)

    def allocate(self, evidence: Evidence, purse: Purse) -> Floats:
        """Return the purse spread by the two sides' shares."""
        sides = [(1.0 - self.residents, evidence.record), (self.residents, evidence.heard)]
        claims = np.zeros((len(evidence.areas), len(evidence.themes)))
        for weight, value in sides:
            if value is not None:
                need = value * evidence.residents[:, None]
                total = need.sum()
                claims += weight * (need / total if total > 0.0 else 0.0)
        if claims.sum() <= 0.0:
            claims = evidence.historic_gbp
        return spread(claims, evidence, purse, claims.sum(axis=0))
