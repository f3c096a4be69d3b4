"""What a vote on projects is decided from: approval ballots, costs and a budget, in whole numbers.

Every amount of money is kept as a whole number of a unit small enough to hold all of them exactly,
so that no comparison between two projects can turn on rounding. Identical ballots are counted once
and weighted.
"""

from __future__ import annotations

import math
import sys
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from localsim.errors import LocalsimError, nearest

Amount = int | float | Fraction | Decimal | np.integer | np.floating
"""A sum of money: a float stands for exactly the binary fraction it holds."""

_PARTS = 10**9  # the smallest amount of money is one of so many parts
_LARGEST = 10**15


@dataclass(frozen=True)
class Election:
    """Approval ballots, costs and a budget, ready to be counted.

    Attributes
    ----------
    names
        Projects in alphabetical order, so that a lower index wins a tie.
    costs
        Cost of each project, in units.
    budget
        Money to be spent, in units.
    units_per_pound
        How many units make one unit of the money that the caller counted in.
    voters
        Number of ballots, the empty ones included.
    votes
        Number of voters who approve each project.
    supporters
        For each project, the indices of the distinct ballots that approve it.
    weights
        int64[distinct ballots], how many voters cast each.
    """

    names: tuple[str, ...]
    costs: tuple[int, ...]
    budget: int
    units_per_pound: int
    voters: int
    votes: tuple[int, ...]
    supporters: tuple[NDArray[np.intp], ...]
    weights: NDArray[np.int64]

    @property
    def rounding(self) -> float:
        """Largest relative error of a sum over ballots in double precision, generously."""
        return 8 * sys.float_info.epsilon * (len(self.weights) + 16)

    @classmethod
    def of(
        cls, ballots: Sequence[Iterable[str]], costs: Mapping[str, Amount], budget: Amount
    ) -> Election:
        """Check what the caller gave, group identical ballots and find the common unit."""
        if not isinstance(costs, Mapping):
            raise LocalsimError(f"costs is {costs!r}; give the cost of each project by its name.")
        if isinstance(ballots, str) or not isinstance(ballots, Iterable):
            raise LocalsimError(f"ballots is {ballots!r}; give a list of sets of project names.")
        names = _sorted_names(costs)
        money = [_ratio(costs[name], f"the cost of {name!r}") for name in names]
        pounds, parts = _ratio(budget, "the budget")
        unit = math.lcm(parts, *(below for _, below in money))

        column = {name: index for index, name in enumerate(names)}
        approvals = [_approved(number, ballot) for number, ballot in enumerate(ballots)]
        cast = Counter(approvals)
        try:
            approved = np.array([column[name] for ballot in cast for name in ballot], dtype=np.intp)
        except KeyError:
            raise _unknown_project(approvals, column) from None
        group = np.repeat(
            np.arange(len(cast)), np.array([len(ballot) for ballot in cast], dtype=np.intp)
        )
        by_project = approved.argsort(kind="stable")
        starts = np.bincount(approved, minlength=len(names)).cumsum()[:-1]
        supporters = tuple(np.split(group[by_project], starts)) if names else ()
        weights = np.fromiter(cast.values(), dtype=np.int64, count=len(cast))
        return cls(
            names=names,
            costs=tuple(above * (unit // below) for above, below in money),
            budget=pounds * (unit // parts),
            units_per_pound=unit,
            voters=len(approvals),
            votes=tuple(int(weights[who].sum()) for who in supporters),
            supporters=supporters,
            weights=weights,
        )


def _sorted_names(costs: Mapping[str, Amount]) -> tuple[str, ...]:
    for name in costs:
        if not isinstance(name, str):
            raise LocalsimError(
                f"costs: a project is called {name!r}, which is no text; "
                "name every project, because ties are broken by name."
            )
    return tuple(sorted(costs))


def _ratio(amount: Amount, what: str) -> tuple[int, int]:
    """Return an amount of money as the fraction that it is, or say why it is not one."""
    if isinstance(amount, np.integer):
        amount = int(amount)
    try:
        above, below = amount.as_integer_ratio()
    except AttributeError:
        raise LocalsimError(
            f"{what} is {amount!r}; give a number of pounds, such as 2500."
        ) from None
    except (OverflowError, ValueError):
        raise LocalsimError(f"{what} is {amount}; give a finite amount of money.") from None
    if above < 0:
        raise LocalsimError(f"{what} is {amount}; money to spend cannot be negative.")
    if (above and not below <= above * _PARTS) or above > _LARGEST * below:
        raise LocalsimError(
            f"{what} is {amount}; give nought, or from a billionth up to a million billion."
        )
    return above, below


def _approved(number: int, ballot: Iterable[str]) -> frozenset[str]:
    if isinstance(ballot, str) or not isinstance(ballot, Iterable):
        raise LocalsimError(
            f"ballots[{number}] is {ballot!r}; give a set of project names, such as {{'parks'}}."
        )
    try:
        return frozenset(ballot)
    except TypeError:
        raise LocalsimError(
            f"ballots[{number}] is {ballot!r}, which holds something that is no project name."
        ) from None


def _unknown_project(ballots: Sequence[frozenset[str]], column: Mapping[str, int]) -> LocalsimError:
    """Say which ballot approves a project that has no cost."""
    number, name = next(
        (number, name)
        for number, ballot in enumerate(ballots)
        for name in ballot
        if name not in column
    )
    hint = nearest(str(name), column) if column else "costs names no project."
    return LocalsimError(f"ballots[{number}] approves {name!r}, which has no cost; {hint}")
