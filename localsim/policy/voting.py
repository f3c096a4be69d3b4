"""Participatory budgeting: which projects a set of approval ballots funds.

Three rules: the greedy one that most councils use, the method of equal shares, and sequential
Phragmén. All are exact: a tie is a tie, and goes to the name that comes first.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from fractions import Fraction

from localsim.errors import LocalsimError, nearest
from localsim.policy.add_one import complete_by_adding_one
from localsim.policy.ballots import Amount, Election
from localsim.policy.equal_shares import equal_shares
from localsim.policy.phragmen import sequential_phragmen

RULES = ("greedy", "equal_shares", "phragmen")
SATISFACTIONS = ("cost", "cardinality")


def fund(
    ballots: Sequence[Iterable[str]],
    costs: Mapping[str, Amount],
    budget: Amount,
    rule: str,
    satisfaction: str = "cost",
    completion: str | None = None,
) -> frozenset[str]:
    """Return the names of the projects that a vote funds.

    Parameters
    ----------
    ballots
        A set of approved project names for each voter; an empty one is a voter who approves
        nothing.
    costs
        Cost of each project, in the money of the budget. Whole numbers, floats, fractions and
        decimals are all taken for exactly what they are.
    budget
        Money to be spent.
    rule
        ``"greedy"`` (most satisfaction a pound first, whatever still fits), ``"equal_shares"`` or
        ``"phragmen"``.
    satisfaction
        What a voter gains from a funded project she approves: its ``"cost"``, or one whatever the
        cost (``"cardinality"``). Phragmén's rule has no use for it.
    completion
        ``"add1"``, for equal shares: raise every voter's endowment by one unit of money until the
        outcome would overspend, and keep the last that does not. ``None``: leave money unspent.

    Raises
    ------
    LocalsimError
        If a rule, satisfaction or completion is unknown, a ballot approves a project without a
        cost, or an amount is negative, not finite or no number.

    Notes
    -----
    As in the published definitions, equal shares funds nothing that gives nobody satisfaction:
    under ``"cost"`` that includes projects that cost nothing. The greedy rule and Phragmén's fund
    what nobody approves last, if money is left.
    """
    _known("rule", rule, RULES)
    _known("satisfaction", satisfaction, SATISFACTIONS)
    if completion is not None:
        _known("completion", completion, ("add1",))
        if rule != "equal_shares":
            raise LocalsimError(
                f"completion {completion!r} raises the endowments of equal shares, and the rule is "
                f"{rule!r}; leave completion out, or use rule 'equal_shares'."
            )
    election = Election.of(ballots, costs, budget)
    if rule == "greedy":
        funded = greedy(election, satisfaction)
    elif rule == "phragmen":
        funded = sequential_phragmen(election)
    elif completion is None:
        funded = equal_shares(election, satisfaction)
    else:
        funded = complete_by_adding_one(election, satisfaction)
    return frozenset(election.names[project] for project in funded)


def greedy(election: Election, satisfaction: str) -> list[int]:
    """Take projects by total satisfaction per pound, skipping what no longer fits.

    Returns the indices of the funded projects, in the order of choice.
    """
    # What costs nothing fits whenever its turn comes.
    density: list[Fraction | int] = [
        votes if satisfaction == "cost" or not cost else Fraction(votes, cost)
        for votes, cost in zip(election.votes, election.costs, strict=True)
    ]
    left = election.budget
    funded = []
    # The sort is stable, so that equal densities stay in alphabetical order.
    for project in sorted(range(len(density)), key=lambda p: -density[p]):
        if election.costs[project] <= left:
            left -= election.costs[project]
            funded.append(project)
    return funded


def _known(what: str, word: str, known: tuple[str, ...]) -> None:
    if word not in known:
        raise LocalsimError(f"{what} {word!r} is unknown; {nearest(str(word), known)}")
