"""Voters' purses in the method of equal shares, in floats with an error bound and in whole numbers.

The floats are quick and say what they cannot tell; the whole numbers replay the same purchases
and decide.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from localsim.policy.ballots import Election

Floats = NDArray[np.float64]

# What a purse is set to when it may hold a trace, as against one that holds exactly nothing.
_TRACE = 1e-300
# A purse this little above the share, as a part of it, may not be above it at all.
_BORDER = 1e-6


@dataclass(frozen=True)
class Terms:
    """What stays the same in an election however much each voter holds.

    Attributes
    ----------
    election
        The ballots, costs and budget.
    unit_gain
        Whether every approved project gives a satisfaction of one, rather than of its cost.
    stands
        Projects that cost something and that someone approves.
    free
        Projects that cost nothing and satisfy someone all the same.
    cost
        Cost of each project, in the election's units split by the number of voters.
    votes
        Number of voters who approve each project.
    kind
        A number shared by projects of the same cost and supporters, which always tie.
    elder
        For each project, the one of its kind that comes before it by name, or itself.
    reference
        The amount of money that floats count in, so that they stay near one.
    rounding
        Largest relative error of a sum over ballots.
    float_cost, float_gain, float_weights
        Costs and satisfactions in the reference amount (a satisfaction of one stays one), and the
        weights of each project's supporters.
    """

    election: Election
    unit_gain: bool
    stands: tuple[int, ...]
    free: tuple[int, ...]
    cost: tuple[int, ...]
    votes: tuple[int, ...]
    kind: NDArray[np.intp]
    elder: tuple[int, ...]
    reference: int
    rounding: float
    float_cost: Floats
    float_gain: Floats
    float_weights: tuple[Floats, ...]

    @classmethod
    def of(cls, election: Election, satisfaction: str) -> Terms:
        """Work out the terms of an election under ``"cost"`` or ``"cardinality"``."""
        votes = election.votes
        unit_gain = satisfaction == "cardinality"
        cost = tuple(c * max(election.voters, 1) for c in election.costs)
        stands = tuple(p for p, c in enumerate(cost) if c and votes[p])
        free = tuple(p for p, c in enumerate(cost) if unit_gain and not c and votes[p])
        reference = max((cost[p] for p in stands), default=1)
        kinds: dict[tuple[int, bytes], list[int]] = {}
        for p, who in enumerate(election.supporters):
            kinds.setdefault((cost[p], who.tobytes()), []).append(p)
        kind = np.zeros(len(cost), dtype=np.intp)
        elder = list(range(len(cost)))
        for number, alike in enumerate(kinds.values()):
            kind[alike] = number
            for older, younger in pairwise(alike):
                elder[younger] = older
        float_cost = np.array([c / reference for c in cost])
        weights = election.weights.astype(np.float64)
        return cls(
            election=election,
            unit_gain=unit_gain,
            stands=stands,
            free=free,
            cost=cost,
            votes=votes,
            kind=kind,
            elder=tuple(elder),
            reference=reference,
            rounding=election.rounding,
            float_cost=float_cost,
            float_gain=np.ones(len(cost)) if unit_gain else float_cost,
            float_weights=tuple(weights[who] for who in election.supporters),
        )

    def price(self, project: int, payers: int) -> Fraction:
        """Return the price of a unit of satisfaction when so many share the cost alike."""
        return Fraction(self.cost[project] if self.unit_gain else 1, payers)

    def float_floor(self, project: int) -> float:
        """Return a price of a unit of satisfaction that a project certainly reaches."""
        floor = float(self.float_cost[project] / self.float_gain[project]) / self.votes[project]
        return floor * (1 - self.rounding)


class ExactPurses:
    """Purses of the distinct ballots as whole numbers over one denominator."""

    def __init__(self, terms: Terms, endowment: int) -> None:
        self.terms = terms
        self.held = np.full(len(terms.election.weights), endowment, dtype=object)
        self.denominator = 1
        self.bought = 0

    def _share(self, project: int) -> tuple[int, int] | None:
        """Return the most that one supporter pays, as units over payers, or None if too poor."""
        who = self.terms.election.supporters[project]
        weights = self.terms.election.weights[who].tolist()
        missing = self.terms.cost[project] * self.denominator
        payers = self.terms.votes[project]
        for purse, weight in sorted(zip(self.held[who].tolist(), weights, strict=True)):
            if missing <= purse * payers:
                return missing, payers
            missing -= purse * weight
            payers -= weight
        return None

    def price(self, project: int) -> Fraction | None:
        """Return the price of a unit of satisfaction, or None if nobody can pay for it."""
        share = self._share(project)
        if share is None:
            return None
        gain = 1 if self.terms.unit_gain else self.terms.cost[project]
        return Fraction(share[0], share[1] * self.denominator * gain)

    def buy(self, project: int) -> float:
        """Take a project's share, or all that they hold, from its supporters; return the share."""
        share = self._share(project)
        if share is None:
            raise ArithmeticError(f"project {project} was bought, but nobody can pay for it")
        missing, payers = share
        common = math.gcd(missing, payers)
        finer = payers // common
        self.denominator *= finer
        self.held = self.held * finer
        who = self.terms.election.supporters[project]
        finer_share = missing // common
        self.held[who] = np.maximum(self.held[who] - finer_share, 0)
        self.bought += 1
        return finer_share / (self.denominator * self.terms.reference)

    def catch_up(self, history: list[int]) -> None:
        """Replay the purchases made since the purses were last asked."""
        for project in history[self.bought :]:
            self.buy(project)

    def as_floats(self) -> Floats:
        """Return the purses, rounded, in the reference amount of money."""
        return (self.held / (self.denominator * self.terms.reference)).astype(np.float64)


@dataclass(frozen=True)
class Offer:
    """What one project would ask of its supporters now.

    Attributes
    ----------
    share, doubt
        The most that one supporter would pay, and a bound on its error.
    low, high
        Bounds on the price of a unit of satisfaction; ``high`` is infinite where it is unsure
        whether the project can be paid for.
    payers
        How many share the whole cost alike, where it is certain that everyone else holds exactly
        nothing; otherwise None. Such a price needs no purse to be known exactly.
    """

    share: float
    doubt: float
    low: float
    high: float
    payers: int | None


class FloatPurses:
    """Purses of the distinct ballots as floats, each within ``doubt`` of the truth."""

    def __init__(self, terms: Terms, endowment: int) -> None:
        self.terms = terms
        self.rounding = terms.rounding
        start = endowment / terms.reference
        self.held = np.full(len(terms.election.weights), start)
        self.fresh_doubt = self.rounding * start
        self.doubt = self.fresh_doubt
        self.worst_doubt = self.doubt

    def offer(self, project: int) -> Offer | None:
        """Return what a project would ask, or None if its supporters certainly cannot pay."""
        terms = self.terms
        cost, votes = float(terms.float_cost[project]), terms.votes[project]
        held = self.held[terms.election.supporters[project]]
        share = cost / votes
        if held.min() > share * (1 + _BORDER) + self.doubt:
            return self._sure(project, share, self.rounding * share, votes)
        weights = terms.float_weights[project]
        unsure = self.doubt * votes + self.rounding * cost
        surplus = float(held @ weights) - cost
        if surplus < -unsure:
            return None
        level = self._level(held, weights, cost, votes) if surplus > unsure else None
        return self._sure(project, *level) if level else self._unsure(project)

    def _level(
        self, held: Floats, weights: Floats, cost: float, votes: int
    ) -> tuple[float, float, int | None] | None:
        """Return the share that covers a cost, its error and who pay alike, or None if unsure."""
        order = held.argsort()
        held, weights = held[order], weights[order]
        purse = held * weights
        put_in = purse.cumsum()
        payers = votes - weights.cumsum() + weights
        enough = put_in - purse + held * payers >= cost
        first = int(enough.argmax())
        if not enough[first]:
            return None
        spent_before = float(put_in[first - 1]) if first else 0.0
        share = (cost - spent_before) / float(payers[first])
        # The sum of what everyone would pay rises with the share at least as fast as there are
        # payers certainly above it, which turns an error in the sum into one in the share.
        above = int(held.searchsorted(share * (1 + _BORDER)))
        certain = float(payers[above]) if above < len(payers) else 0.0
        emptied = float(weights[:first] @ (held[:first] > 0))
        error = self.doubt * emptied + self.rounding * cost
        if not certain or error + certain * self.doubt > certain * _BORDER * share / 4:
            return None
        alike = certain == payers[first] and not emptied
        doubt = error / certain + self.rounding * share
        return share, doubt, int(certain) if alike else None

    def _sure(self, project: int, share: float, doubt: float, payers: int | None) -> Offer:
        gain = float(self.terms.float_gain[project])
        slack = doubt + 4 * self.rounding * share
        return Offer(share, doubt, (share - slack) / gain, (share + slack) / gain, payers)

    def _unsure(self, project: int) -> Offer:
        return Offer(math.nan, math.inf, self.terms.float_floor(project), math.inf, None)

    def buy(self, project: int, offer: Offer) -> None:
        """Take a project's share from its supporters, or all that they hold."""
        who = self.terms.election.supporters[project]
        self.doubt += offer.doubt + self.rounding * offer.share
        self.worst_doubt = max(self.worst_doubt, self.doubt)
        left = self.held[who] - offer.share
        self.held[who] = np.where(left < -self.doubt, 0.0, np.maximum(left, _TRACE))

    def set_to(self, exact: ExactPurses) -> None:
        """Forget all error by reading the exact purses."""
        self.held = exact.as_floats()
        self.doubt = self.fresh_doubt
