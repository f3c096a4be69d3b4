"""Volunteers and gifts: who organises a project, and what residents give of time and money.

A project needs one organiser. Organising costs c, and everybody who could do it draws b from its
being done; in the symmetric equilibrium of this volunteer's dilemma each comes forward with
probability 1 − (c/b)^(1/(n−1)), so that nobody does with probability (c/b)^(n/(n−1)) (Diekmann
1985). To what is organised donors give time and money at their Nash equilibrium: utility
x^(1−α−β)·G^α·g^β of what they keep (x), of the shared good (G, public and given) and of giving
itself (g, warm glow), with public provision paid by a levy on all adults alike (Bergstrom, Blume
and Varian 1986; Andreoni 1990).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from localsim import streams
from localsim.dynamics.columns import Array
from localsim.dynamics.facts import ADULT, Facts
from localsim.ledger import Ledger
from localsim.policy.supply import Awarded
from localsim.year.accounts import GIFTS, ZONES, Accounts
from localsim.year.overheads import SUPPORT
from localsim.year.priorities import Priorities

if TYPE_CHECKING:
    from localsim.year.programme import Regime

VOLUNTEERS = "volunteers' time"
GIVEN = "given"
_HALVINGS = 120


@dataclass(frozen=True, eq=False)
class CivicCore:
    """Those who organise and give: the share of adults readiest to take part.

    `rows` int64[n], sorted by area; `start` int64[A + 1], where each area's begin; `donors`
    float64[A, 2], how many of them are not and are income-deprived; `adults` float64[A].
    """

    rows: Array
    start: Array
    donors: Array
    adults: Array

    @classmethod
    def of(cls, facts: Facts, priorities: Priorities) -> CivicCore:
        """Return the core of a place; ties in readiness go by a draw of each resident's own."""
        people = facts.population
        adult = np.flatnonzero(people.age_band >= ADULT)
        ready = priorities.propensity[adult]
        size = round(facts.value("volunteers.core_share") * adult.size)
        chosen = np.ones(adult.size, dtype=bool)
        if size < adult.size:
            last = np.partition(ready, adult.size - size - 1)[adult.size - size - 1 :].min()
            chosen = ready > last
            tied = np.flatnonzero(ready == last)
            luck = streams.uniform(facts.key("volunteers/core"), people.entity[adult[tied]])
            chosen[tied[np.argsort(luck, kind="stable")][: size - int(chosen.sum())]] = True
        rows = adult[chosen]
        areas = len(facts.place.codes)
        area = people.area[rows]
        deprived = people.income_deprived[rows].astype(np.int64)
        donors = np.bincount(area * 2 + deprived, minlength=2 * areas).reshape(areas, 2)
        return cls(
            rows=rows,
            start=np.searchsorted(area, np.arange(areas + 1)),
            donors=donors.astype(np.float64),
            adults=np.bincount(people.area[adult], minlength=areas).astype(np.float64),
        )


@dataclass(frozen=True, eq=False)
class Giving:
    """What residents give in a year.

    `asked` and `organised` int64[A] are projects; `worth_gbp` float64[A, J] is what gifts less the
    support of volunteers add to each amenity. `monthly` has regime, theme, agency and zone, and a
    month's money given, volunteers' time and support, in pounds.
    """

    asked: Array
    organised: Array
    worth_gbp: Array
    monthly: list[tuple[int, int, str, str, float, float, float]]

    @classmethod
    def none(cls, facts: Facts) -> Giving:
        """Return a year in which nobody is asked."""
        areas = len(facts.place.codes)
        nobody = np.zeros(areas, np.int64)
        return cls(nobody, nobody, np.zeros((areas, len(facts.amenities))), [])


def projects_asked(facts: Facts, regimes: list[Regime]) -> Array:
    """Return how many projects each area's residents are asked to organise, int64[A]."""
    asked = np.zeros(len(facts.place.codes), np.int64)
    for regime in regimes:
        if isinstance(regime.policy.supply, Awarded):
            asked[regime.areas] = regime.policy.supply.projects
    return asked


def readiness(facts: Facts, number: Array) -> Array:
    """Return the chance that one of `number` who could organise comes forward, at equilibrium."""
    dear = min(1.0, facts.value("volunteers.cost_ratio"))
    # One alone has nobody to wait for, and does it if it is worth the trouble.
    lone = 1.0 if dear < 1.0 else 0.0
    others = np.maximum(number - 1.0, 1.0)
    chance: Array = np.where(number > 1, 1.0 - dear ** (1.0 / others), lone)
    return chance


def organise(facts: Facts, core: CivicCore, asked: Array, year: int) -> Array:
    """Return how many of the projects asked for (int64[A]) find an organiser, int64[A]."""
    number = np.diff(core.start)
    ready = readiness(facts, number)
    area = np.repeat(np.arange(number.size), number)
    chance, who = ready[area], facts.population.entity[core.rows]
    key = facts.key("volunteers/organise")
    organised = np.zeros(number.size, np.int64)
    for project in range(int(asked.max(initial=0))):
        forward = streams.uniform(key, who, episode=year, number=project) < chance
        found = np.bincount(area, weights=forward, minlength=number.size) > 0.0
        organised += found & (project < asked)
    return organised


def nash_gifts(
    donors: Array, means_gbp: Array, public_gbp: Array, weight: float, warm_glow: float
) -> Array:
    """Return what each donor gives at the Nash equilibrium, pounds, float64[A, C].

    `donors` float64[A, C] of each class, `means_gbp` float64[A, C] what one has after the levy,
    `public_gbp` float64[A] what the public purse provides. What one gives falls with what all
    give, so that there is one equilibrium, found by halving.
    """

    def best(total: Array) -> Array:
        """Return the best gift of each class when the shared good is `total` in all."""
        whole = total[:, None]
        bend = (1.0 - weight) * whole - weight * means_gbp
        lift = 4.0 * weight * warm_glow * means_gbp * whole
        root = np.sqrt(bend**2 + lift)
        over = np.where(bend > 0.0, bend + root, 1.0)
        small = 2.0 * warm_glow * means_gbp * whole / over
        large = (root - bend) / (2.0 * weight) if weight > 0.0 else means_gbp
        gift: Array = np.minimum(np.where(bend > 0.0, small, large), means_gbp)
        return gift

    low = np.zeros_like(public_gbp)
    high = (donors * means_gbp).sum(axis=1)
    for _ in range(_HALVINGS):
        middle = 0.5 * (low + high)
        above = middle >= (donors * best(public_gbp + middle)).sum(axis=1)
        high, low = np.where(above, middle, high), np.where(above, low, middle)
    # The equilibrium itself, not the best answer to it: without warm glow a donor's answer turns
    # a rounding error in the total into one n times as large.
    gifts = best(public_gbp + high)
    given = (donors * gifts).sum(axis=1)
    scale = np.divide(high, given, out=np.zeros_like(given), where=given > 0.0)
    balanced: Array = gifts * scale[:, None]
    return balanced


class Givers:
    """The residents of a place as those who organise and give; who they are is drawn when asked."""

    def __init__(self, facts: Facts, priorities: Priorities) -> None:
        self._facts = facts
        self._priorities = priorities
        self._core: CivicCore | None = None

    def __deepcopy__(self, memo: dict[int, object]) -> Givers:
        return self  # what it finds out is the same in every copy

    @property
    def core(self) -> CivicCore:
        """Those who organise and give."""
        if self._core is None:
            self._core = CivicCore.of(self._facts, self._priorities)
        return self._core

    def give(self, accounts: Accounts, regimes: list[Regime], zone: Array, year: int) -> Giving:
        """Return what residents organise and give this year, once spending has been decided."""
        asked = projects_asked(self._facts, regimes)
        if not asked.any() or not self._facts.amenities:
            return Giving.none(self._facts)
        return give(self._facts, self.core, accounts, regimes, asked, zone, year)


def give(
    facts: Facts,
    core: CivicCore,
    accounts: Accounts,
    regimes: list[Regime],
    asked: Array,
    zone: Array,
    year: int,
) -> Giving:
    """Let residents organise and give, now that public spending on amenities is known.

    Support of volunteers is paid out of the amenities that they work for: `accounts.amenity_gbp`
    falls by it, and where it is more than there is, no more volunteers are taken.
    """
    organised = organise(facts, core, asked, year)
    public = np.zeros((asked.size, len(facts.amenities)))
    for regime in regimes:
        public += regime.plan[:, facts.amenity_index]
    total = public.sum(axis=1)
    shares = np.full_like(public, 1.0 / public.shape[1])
    np.divide(public, total[:, None], out=shares, where=total[:, None] > 0.0)
    levy = np.divide(total, core.adults, out=np.zeros_like(total), where=core.adults > 0.0)
    wealth = facts.value("gifts.wealth_gbp")
    means = wealth * np.array([1.0, facts.value("gifts.relative_income_deprived")])
    gifts = core.donors * nash_gifts(
        core.donors * (organised / np.maximum(asked, 1))[:, None],
        np.maximum(means - levy[:, None], 0.0),
        total,
        facts.value("gifts.weight"),
        facts.value("gifts.warm_glow"),
    )
    given = gifts.sum(axis=1) * organised / np.maximum(asked, 1)
    hour = facts.value("volunteers.gbp_per_hour")
    per_pound = facts.value("volunteers.support_gbp_per_hour") / hour if hour > 0.0 else 0.0
    time = given * facts.value("gifts.time_share")
    money = given - time
    if per_pound > 0.0:
        time = np.minimum(time, total / per_pound)
    support = time * per_pound
    worth = (time + money - support)[:, None] * shares
    monthly = []
    for regime in regimes:
        for j, t in enumerate(facts.amenity_index.tolist()):
            for z, name in enumerate(ZONES):
                here = regime.areas & (zone == z)
                parts = [float((x * shares[:, j])[here].sum()) for x in (money, time, support)]
                if any(parts):
                    agency = facts.themes[t].agency
                    accounts.amenity_gbp[regime.index, t, z] -= parts[2]
                    monthly.append((regime.index, t, agency, name, *(x / 12.0 for x in parts)))
    return Giving(asked, organised, worth, monthly)


def pay_giving(giving: Giving, accounts: Accounts, regimes: list[Regime], ledger: Ledger) -> None:
    """Enter a month's gifts, and pay for the support of those who give their time."""
    for regime, t, agency, zone, money, time, support in giving.monthly:
        for payer, amount in ((GIFTS, money), (VOLUNTEERS, time)):
            if amount:
                ledger.receive(payer, zone, amount)
                ledger.spend(payer, GIVEN, zone, amount)
        if support:
            if regimes[regime].open_ended:
                accounts.lines[regime, t] += ledger.receive(agency, zone, support)
            accounts.lines[regime, t] -= ledger.spend(agency, SUPPORT, zone, support)
