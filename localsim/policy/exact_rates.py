"""Purses in the method of equal shares as linear functions of the endowment, exactly.

While the same projects are bought by the same payers, every purse changes with the endowment at a
rate of its own. In floats a rival that asks exactly the same price cannot be told from one that is
about to be cheaper; in whole numbers it can.
"""

from __future__ import annotations

from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from localsim.policy.purses import ExactPurses, Terms


class ExactRates:
    """The exact purses of a count before each of its purchases, and how fast they change."""

    def __init__(self, terms: Terms, endowment: int) -> None:
        self.terms = terms
        self.purses = ExactPurses(terms, endowment)
        self.rate = np.full(len(terms.election.weights), Fraction(1), dtype=object)

    def catch_up(self, history: list[int]) -> None:
        """Replay the purchases made since the rates were last asked for."""
        for project in history[self.purses.bought :]:
            who = self.terms.election.supporters[project]
            share, speed = self._share(project)
            slower = self.rate[who] - speed
            slower[self._held(who) < share] = Fraction(0)
            self.rate[who] = slower
            self.purses.buy(project)

    def stay_dearer(self, project: int, rivals: NDArray[np.intp]) -> bool:
        """Say whether rivals that ask the same price as a project go on asking as much or more.

        What a rival's supporters could raise at the project's price is concave in the endowment:
        if it is just its cost, and does not rise, it never exceeds it.
        """
        share, speed = self._share(project)
        return all(self._stays(project, int(rival), share, speed) for rival in rivals)

    def _stays(self, project: int, rival: int, share: Fraction, speed: Fraction) -> bool:
        terms = self.terms
        ratio = Fraction(1)
        if not terms.unit_gain:
            ratio = Fraction(terms.cost[rival], terms.cost[project])
        who = terms.election.supporters[rival]
        weights = terms.election.weights[who].tolist()
        raised = rising = Fraction(0)
        most, faster = share * ratio, speed * ratio
        for held, rate, weight in zip(self._held(who), self.rate[who], weights, strict=True):
            if held == most:
                rising += weight * min(rate, faster)
            else:
                rising += weight * (rate if held < most else faster)
            raised += weight * min(held, most)
        return bool(raised == terms.cost[rival] and rising <= 0)

    def _held(self, who: NDArray[np.intp]) -> NDArray[np.object_]:
        denominator = self.purses.denominator
        return np.array(
            [Fraction(held, denominator) for held in self.purses.held[who].tolist()], dtype=object
        )

    def _share(self, project: int) -> tuple[Fraction, Fraction]:
        """Return the most that one supporter pays for a project, and how fast that changes."""
        terms = self.terms
        who = terms.election.supporters[project]
        gain = 1 if terms.unit_gain else terms.cost[project]
        price = self.purses.price(project)
        assert price is not None  # it was bought
        share = price * gain
        weights = terms.election.weights[who].tolist()
        payers, lost = 0, Fraction(0)
        for held, rate, weight in zip(self._held(who), self.rate[who], weights, strict=True):
            if held < share:
                lost += weight * rate
            else:
                payers += weight
        return share, -lost / payers
