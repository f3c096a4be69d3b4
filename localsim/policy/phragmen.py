"""Sequential Phragmén: money trickles to every voter alike, and the first group to afford buys.

Method: Brill, Freeman, Janson and Lackner (2017), "Phragmén's voting methods and justified
representation", AAAI-17, carried to projects of unequal cost by Los, Christoff and Grossi (2022),
"Proportional budget allocations: towards a systematization", IJCAI-22. A voter's load is the time
at which what she had trickled to her was last spent.
"""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np

from localsim.policy.ballots import Election


class _Loads:
    """Exact loads of the distinct ballots: whole numbers over one denominator."""

    def __init__(self, election: Election) -> None:
        self.election = election
        self.votes = election.votes
        self.weights = election.weights.astype(object)
        self.load = np.zeros(len(election.weights), dtype=object)
        self.denominator = 1
        self.bought = 0

    def level(self, project: int) -> Fraction:
        """Return the time at which a project's supporters can pay for it together."""
        who = self.election.supporters[project]
        borne = int((self.load[who] * self.weights[who]).sum())
        owed = self.election.costs[project] * self.denominator + borne
        return Fraction(owed, self.votes[project] * self.denominator)

    def catch_up(self, history: list[int]) -> None:
        """Replay the purchases made since the loads were last asked for."""
        for project in history[self.bought :]:
            level = self.level(project)
            finer = level.denominator // math.gcd(level.denominator, self.denominator)
            self.load = self.load * finer
            self.denominator *= finer
            load = level.numerator * (self.denominator // level.denominator)
            self.load[self.election.supporters[project]] = load
        self.bought = len(history)


def sequential_phragmen(election: Election) -> list[int]:
    """Buy projects in the order in which their supporters can afford them.

    It stops at the first moment when a project that could be bought, tied ones included, would
    overspend; projects above the whole budget never stand. Projects that nobody approves come
    last, in alphabetical order, for as long as all of them would fit.

    Returns the indices of the funded projects, in the order of purchase.
    """
    votes = election.votes
    standing = [p for p, cost in enumerate(election.costs) if cost <= election.budget]
    supported = [p for p in standing if votes[p]]
    history: list[int] = []
    left = election.budget
    exact = _Loads(election)

    scale = max((election.costs[p] for p in supported), default=0) or 1
    alone = np.full(len(votes), np.inf)  # level of each standing project if no load were borne
    carried = np.zeros((len(votes), len(election.weights)))
    for p in supported:
        who = election.supporters[p]
        alone[p] = election.costs[p] / scale / votes[p]
        carried[p, who] = election.weights[who] / votes[p]
    load = np.zeros(len(election.weights))

    for _ in supported:
        level = alone + carried @ load
        # A load is an average of costs and earlier loads, so that errors only add up.
        doubt = 2 * election.rounding * (len(history) + 1)
        tied = np.flatnonzero(level <= level.min() * (1 + doubt)).tolist()
        if len(tied) > 1:
            exact.catch_up(history)
            at = {p: exact.level(p) for p in tied}
            soonest = min(at.values())
            tied = [p for p in tied if at[p] == soonest]
        if any(election.costs[p] > left for p in tied):
            return history
        chosen = tied[0]
        load[election.supporters[chosen]] = level[chosen]
        alone[chosen] = np.inf
        left -= election.costs[chosen]
        history.append(chosen)

    waiting = [p for p in standing if not votes[p]]
    while waiting and max(election.costs[p] for p in waiting) <= left:
        chosen = waiting.pop(0)
        left -= election.costs[chosen]
        history.append(chosen)
    return history
