"""Rules by which residents decide themselves: by lot, each for herself, issue by issue."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import final

import numpy as np
from numpy.typing import NDArray

from localsim.errors import LocalsimError, nearest
from localsim.place.margins import apportion
from localsim.policy.budgets import check_amount, check_share, check_whole
from localsim.policy.evidence import Evidence, Floats, Participants, Purse
from localsim.policy.rules import Historic, Rule, spread
from localsim.themes import Amenity, Quadratic

HOLDERS = ("everyone", "in_need")


def shares_of(weight: Floats) -> Floats:
    """Return what each participant would spend on each theme, as shares, float64[n, T].

    Who values nothing would spend on all alike.
    """
    totals = weight.sum(axis=1, keepdims=True)
    shares: Floats = np.where(
        totals > 0.0, weight / np.where(totals > 0.0, totals, 1.0), 1.0 / weight.shape[1]
    )
    return shares


def seated(people: Participants, seats: int, stratified: bool) -> NDArray[np.intp]:
    """Return the positions of those whom the lot gives a seat, int64[n ≤ seats].

    Lowest tickets first. Stratified, every stratum has seats by its share of those who could have
    taken part, by largest remainders; what it cannot fill goes to anybody's lowest tickets.
    """
    order = np.argsort(people.lot, kind="stable")
    if not stratified:
        return order[:seats]
    places = apportion(np.array([seats]), people.strata[None, :])[0]
    stratum = people.stratum[order]
    rank = np.zeros(order.size, dtype=np.int64)
    for one in range(people.strata.size):
        mine = stratum == one
        rank[mine] = np.arange(mine.sum())
    first = rank < places[stratum]
    spare = seats - int(first.sum())
    return np.sort(np.concatenate([order[first], order[~first][:spare]]))


@final
@dataclass(frozen=True)
class PanelByLot(Rule):
    """Agencies, who know the record, and residents drawn by lot decide together.

    `seats` are drawn by lot among those who take part, `stratified` by deprivation, tenure and
    youth as in the whole unit. `residents` is their part of the decision: they would spend as
    they put first, agencies in proportion to need on the record.
    """

    residents: float = 0.5
    seats: int = 24
    stratified: bool = False

    def __post_init__(self) -> None:
        check_share("PanelByLot: the residents' part", self.residents)
        check_whole("PanelByLot: seats", self.seats, 1, 100_000)

    def allocate(self, evidence: Evidence, purse: Purse) -> Floats:
        """Return the purse spread by the two sides' shares."""
        need = evidence.need_gbp if evidence.record is None else _need(evidence, evidence.record)
        if need.sum() <= 0.0:
            need = evidence.historic_gbp
        wanted = need.sum(axis=0)
        wanted = wanted / wanted.sum() if wanted.sum() > 0.0 else wanted
        people = evidence.participants
        if people is not None and len(people) > 0:
            panel = seated(people, self.seats, self.stratified)
            own = shares_of(people.weight[panel]).mean(axis=0)
            wanted = (1.0 - self.residents) * wanted + self.residents * own
        return spread(need, evidence, purse, wanted)


def _need(evidence: Evidence, value: Floats) -> Floats:
    need: Floats = value * evidence.residents[:, None]
    return need


@final
@dataclass(frozen=True)
class IndividualChoice(Rule):
    """Each has an equal part of the money and spends it, where she lives, on what she puts first.

    `holders` are ``"everyone"``, and lines then go to areas as residents there would have them; or
    ``"in_need"``, those with a case on a service's books, who spend what is pooled, while lines
    stay as they were. At the tier of the person every adult may hold a budget; at another tier
    only those who take part, and they choose for all.
    """

    holders: str = "everyone"

    def __post_init__(self) -> None:
        if self.holders not in HOLDERS:
            raise LocalsimError(
                f"IndividualChoice: no budgets are held by {self.holders!r}; "
                f"{nearest(str(self.holders), HOLDERS)}"
            )

    def holding(self, people: Participants) -> Participants:
        """Return those of the participants who hold a budget."""
        return people if self.holders == "everyone" else people.where(people.on_the_books)

    def allocate(self, evidence: Evidence, purse: Purse) -> Floats:
        """Return the sum of what each holder spends of her part."""
        people = evidence.participants
        if people is not None:
            people = self.holding(people)
        if people is None or len(people) == 0:
            return Historic().allocate(evidence, purse)
        shares = shares_of(people.weight)
        chosen = np.column_stack(
            [
                np.bincount(people.area, weights=shares[:, t], minlength=len(evidence.areas))
                for t in range(len(evidence.themes))
            ]
        )
        wanted = chosen.sum(axis=0)
        if self.holders == "everyone":
            return spread(chosen, evidence, purse, wanted)
        lines = Historic().allocate(evidence, replace(purse, pooled_gbp=0.0))
        return lines + spread(chosen, evidence, replace(purse, fenced_gbp=0.0 * lines[0]), wanted)


@final
@dataclass(frozen=True)
class Referendum(Rule):
    """Every theme is put to the vote by itself: a level of pounds a head for all, or nothing.

    A participant is for it where it is worth its price to her; a strict majority carries it. Out
    of a purse the themes with the largest majorities are paid first, and the rest of the money is
    carried; lines stay as before. The method is that of Kollman, Miller and Page (1997, "Political
    institutions and sorting in a Tiebout model", American Economic Review 87).
    """

    level_gbp: float = 10.0

    def __post_init__(self) -> None:
        check_amount("Referendum: the level", self.level_gbp, above_zero=True)

    def allocate(self, evidence: Evidence, purse: Purse) -> Floats:
        """Return lines as historic, and what was carried by vote."""
        people = evidence.participants
        if people is None or len(people) == 0:
            return Historic().allocate(evidence, purse)
        price = 1.0 if purse.price is None else purse.price
        themes = range(len(evidence.themes))
        margin = np.array([self._margin(evidence, people, t, price) for t in themes])
        carried = margin > 0
        heads = evidence.residents[:, None]
        if purse.price is not None:
            return self.level_gbp * heads * carried
        spending = Historic().allocate(evidence, Purse(purse.fenced_gbp, 0.0))
        cost = self.level_gbp * float(evidence.residents.sum())
        affordable = int(purse.pooled_gbp // cost) if cost > 0.0 else 0
        first = np.argsort(-margin, kind="stable")[: min(affordable, int(carried.sum()))]
        spending[:, first] += self.level_gbp * heads
        return spending

    def _margin(self, evidence: Evidence, people: Participants, t: int, price: float) -> int:
        """Return by how many more participants are for a theme's level than against."""
        theme, value = evidence.themes[t], people.weight[:, t]
        worth = value  # what a year of the theme is worth, whatever is spent on it
        if isinstance(theme, Amenity) and isinstance(theme.benefit, Quadratic):
            worth = value * self.level_gbp - theme.benefit.b / 2.0 * self.level_gbp**2
        cost = price * self.level_gbp
        return int((worth > cost).sum()) - int((worth < cost).sum())
