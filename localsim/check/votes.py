"""Votes on projects, as participatory budgeting counts them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from localsim.policy.ballots import Amount
from localsim.policy.voting import fund


@dataclass(frozen=True)
class Vote:
    """The names of the projects that a vote funds."""

    funded: frozenset[str]


def vote(
    ballots: Sequence[Iterable[str]],
    costs: Mapping[str, Amount],
    budget: Amount,
    rule: str,
    satisfaction: str = "cost",
    completion: str | None = None,
) -> Vote:
    """Count approval ballots by a rule of participatory budgeting, as the model's votes do.

    Arguments and errors are those of `localsim.policy.voting.fund`. There is no closed form; any
    other exact counter of the same rule must agree on any ballots.
    """
    return Vote(fund(ballots, costs, budget, rule, satisfaction, completion))
