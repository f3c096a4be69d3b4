"""How many times faster our votes are than pabutools', on the same ballots, in one run.

Both start from plain ballots and costs, so that each builds its own profile.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial

import numpy as np
from pabutools.election import (
    ApprovalBallot,
    ApprovalProfile,
    Cardinality_Sat,
    Cost_Sat,
    Instance,
    Project,
)
from pabutools.rules import (
    greedy_utilitarian_welfare,
    method_of_equal_shares,
    sequential_phragmen,
)

from benchmarks.table import Row, milliseconds
from localsim.policy.voting import fund

Vote = tuple[list[set[str]], dict[str, int], int]


def vote(voters: int = 500, projects: int = 60, seed: int = 0) -> Vote:
    """Return ballots, costs up to £2,000 and a budget of three tenths of their sum."""
    draw = np.random.default_rng(seed)
    costs = {f"project {i}": int(cost) for i, cost in enumerate(draw.integers(1, 2_001, projects))}
    liked = draw.random((voters, projects)) < 0.3 * draw.random(projects)
    ballots = [{name for name, yes in zip(costs, row, strict=True) if yes} for row in liked]
    return ballots, costs, int(0.3 * sum(costs.values()))


def pabutools_funds(
    ballots: list[set[str]],
    costs: dict[str, int],
    budget: int,
    rule: str,
    satisfaction: str = "cost",
    completion: str | None = None,
) -> frozenset[str]:
    """Return what pabutools funds, add1 going on to the first outcome that overspends."""
    projects = {name: Project(name, cost) for name, cost in costs.items()}
    profile = ApprovalProfile([ApprovalBallot(projects[n] for n in ballot) for ballot in ballots])
    instance = Instance(projects.values(), budget_limit=budget)
    sat = Cost_Sat if satisfaction == "cost" else Cardinality_Sat
    if rule == "greedy":
        funded = greedy_utilitarian_welfare(instance, profile, sat_class=sat)
    elif rule == "phragmen":
        funded = sequential_phragmen(instance, profile)
    else:
        funded = method_of_equal_shares(instance, profile, sat_class=sat)
    while completion and len(funded) < len(costs):
        instance.budget_limit += len(ballots)
        richer = method_of_equal_shares(instance, profile, sat_class=sat)
        if sum(project.cost for project in richer) > budget:
            break
        funded = richer
    return frozenset(project.name for project in funded)


def quickest(work: Callable[[], frozenset[str]], repeats: int) -> tuple[float, frozenset[str]]:
    """Return the least time in seconds of several runs, and what was funded."""
    least, funded = float("inf"), frozenset[str]()
    for _ in range(repeats):
        start = time.perf_counter()
        funded = work()
        least = min(least, time.perf_counter() - start)
    return least, funded


def rows() -> list[Row]:
    """Measure every rule and return a row of the results for each."""
    ballots, costs, budget = vote()
    measured = []
    for rule, satisfaction, completion in [
        ("greedy", "cost", None),
        ("greedy", "cardinality", None),
        ("phragmen", "cost", None),
        ("equal_shares", "cost", None),
        ("equal_shares", "cardinality", None),
        ("equal_shares", "cost", "add1"),
        ("equal_shares", "cardinality", "add1"),
    ]:
        how = (ballots, costs, budget, rule, satisfaction, completion)
        ours, mine = quickest(partial(fund, *how), 5)
        theirs, other = quickest(partial(pabutools_funds, *how), 1 if completion else 3)
        if mine != other:
            raise SystemExit(f"{rule}: we fund {sorted(mine)}, pabutools {sorted(other)}")
        name = f"{rule} + {completion}" if completion else rule
        name += ", one a project" if satisfaction == "cardinality" else ""
        measured.append(
            Row(
                f"Vote, {name}, {len(ballots)} ballots × {len(costs)} projects, against pabutools",
                milliseconds(ours),
                milliseconds(theirs),
                f"{theirs / ours:.0f} times faster",
                details=("the least of several runs by the wall clock; both fund the same",),
            )
        )
    return measured
