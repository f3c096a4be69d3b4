"""Participatory budgeting as a rule: residents approve projects, and a voting rule funds them."""

from __future__ import annotations

import math
from abc import abstractmethod
from dataclasses import dataclass
from typing import final

import numpy as np

from localsim.policy.budgets import check_amount
from localsim.policy.evidence import Evidence, Floats, Participants, Purse
from localsim.policy.rules import Historic, Rule, spread
from localsim.policy.voting import fund

# A voter sees a project in another area of the neighbourhood as worth this much of one at home
# only to the extent that she goes there; without evidence either way, half.
ELSEWHERE = 0.5
COPIES = 2
YOUTH = (11, 17)  # years


@dataclass(frozen=True)
class _Vote(Rule):
    """A project is one lot of a theme in an area; voters approve those above their own average.

    `lot_gbp` is the least size of a project; it grows so that a purse holds at most twenty lots.
    What no whole lot can use is carried.
    """

    lot_gbp: float = 5000.0

    def __post_init__(self) -> None:
        check_amount(f"{type(self).__name__}: the lot", self.lot_gbp, above_zero=True)

    @abstractmethod
    def _funded(
        self, ballots: list[set[str]], costs: dict[str, int], budget: int
    ) -> frozenset[str]:
        """Return the names of the projects that the ballots fund."""

    def _voters(self, people: Participants) -> Participants:
        """Return those of the participants who have a vote: all of them."""
        return people

    def allocate(self, evidence: Evidence, purse: Purse) -> Floats:
        """Return fenced lines as historic and the pooled purse as voted."""
        people = evidence.participants
        if people is not None:
            people = self._voters(people)
        if people is None or len(people) == 0:
            return Historic().allocate(evidence, purse)
        areas, themes = len(evidence.areas), len(evidence.themes)
        pooled = purse.pooled_gbp
        lot = math.ceil(max(self.lot_gbp, pooled / 20.0))
        value = people.weight[:, None, :] * np.where(
            np.arange(areas)[None, :, None] == people.area[:, None, None], 1.0, ELSEWHERE
        )
        if purse.pools is not None:  # nothing else is put to the vote
            value = value[:, :, purse.pools]
        approved = np.zeros((len(people), areas, themes), dtype=bool)
        on_offer = np.ones(themes, dtype=bool) if purse.pools is None else purse.pools
        approved[:, :, on_offer] = value > value.mean(axis=(1, 2), keepdims=True)
        names = [
            [[f"{code}/{t.name}/{copy}" for copy in range(COPIES)] for t in evidence.themes]
            for code in evidence.areas
        ]
        flat = [[name for row in names for name in row[t]] for t in range(themes)]
        costs = {name: lot for t in np.flatnonzero(on_offer) for name in flat[t]}
        where = {name: (a, t) for a in range(areas) for t in range(themes) for name in names[a][t]}
        ballots = [
            {name for a, t in zip(*np.nonzero(yes), strict=True) for name in names[a][t]}
            for yes in approved
        ]
        fenced = Purse(purse.fenced_gbp, 0.0)
        spending = spread(evidence.historic_gbp, evidence, fenced, np.ones(themes))
        for name in self._funded(ballots, costs, int(pooled)):
            spending[where[name]] += lot
        return spending


@final
@dataclass(frozen=True)
class GreedyVote(_Vote):
    """Most approvals first, whatever still fits."""

    def _funded(
        self, ballots: list[set[str]], costs: dict[str, int], budget: int
    ) -> frozenset[str]:
        return fund(ballots, costs, budget, "greedy", "cost")


@final
@dataclass(frozen=True)
class EqualShares(_Vote):
    """Every voter has the same share of the money (Peters, Pierczyński and Skowron 2021).

    Endowments are raised by a pound at a time while the outcome fits the purse.
    """

    def _funded(
        self, ballots: list[set[str]], costs: dict[str, int], budget: int
    ) -> frozenset[str]:
        return fund(ballots, costs, budget, "equal_shares", "cost", completion="add1")


@final
@dataclass(frozen=True)
class SequentialPhragmen(_Vote):
    """Money trickles to every voter alike, and the first group that can afford a project buys it.

    It stops at the first project that would overspend (Los, Christoff and Grossi 2022).
    """

    def _funded(
        self, ballots: list[set[str]], costs: dict[str, int], budget: int
    ) -> frozenset[str]:
        return fund(ballots, costs, budget, "phragmen")


@final
@dataclass(frozen=True)
class YouthVote(_Vote):
    """Those of 11 to 17 who take part vote on the money: most approvals first.

    The vote hears whom its listening asks: `Voice(ages=(11, 17))`. Adults among them have none.
    """

    def _voters(self, people: Participants) -> Participants:
        young = (people.age >= YOUTH[0]) & (people.age <= YOUTH[1])
        return people.where(young)

    def _funded(
        self, ballots: list[set[str]], costs: dict[str, int], budget: int
    ) -> frozenset[str]:
        return fund(ballots, costs, budget, "greedy", "cost")
