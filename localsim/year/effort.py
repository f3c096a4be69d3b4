"""Effort: how a provider answers its contract, task by task, and what that does to its work.

A provider who is paid b for the measures of its tasks gives the effort e, above its intrinsic
level, that maximises bᵀe − ½·eᵀCe: e = C⁻¹b, where no task's effort in all would fall below
nothing. The best rates are those at which the planner's certainty equivalent
Bᵀe − ½·eᵀCe − (r/2)·bᵀΣb is highest (Holmström and Milgrom 1991).
"""

from __future__ import annotations

import numpy as np

from localsim.dynamics.columns import Array, no_targets
from localsim.dynamics.facts import Facts
from localsim.dynamics.town import Town
from localsim.errors import LocalsimError
from localsim.policy.contract import FULL_SET, Contract, Judgement, LinearContract, Targets
from localsim.themes.tasks import Tasks
from localsim.year.commission import Providers


def rates_under(facts: Facts, contract: Contract, tasks: Tasks) -> Array:
    """Return what a contract pays for a unit of effort on each task, float64[J].

    Raises `LocalsimError` for rates on tasks that there are not, or that are not measured.
    """
    if isinstance(contract, Targets):
        pull = facts.value("contract.target_power") * min(1.0, contract.items / FULL_SET)
        return np.where(tasks.measured, pull, 0.0)
    if isinstance(contract, Judgement):
        return np.full(len(tasks), facts.value("contract.judgement_power"))
    if not isinstance(contract, LinearContract):
        return np.zeros(len(tasks))
    if contract.rates is None:
        return best_rates(tasks)
    if len(contract.rates) != len(tasks):
        raise LocalsimError(
            f"LinearContract: rates lists {len(contract.rates)} tasks; the work has {len(tasks)}."
        )
    rates = np.array(contract.rates, dtype=np.float64)
    if rates[~tasks.measured].any():
        task = int(np.flatnonzero(~tasks.measured & (rates != 0.0))[0])
        raise LocalsimError(
            f"LinearContract: nothing is measured of task {task} that could be paid for; "
            "its rate must be 0."
        )
    return rates


def best_rates(tasks: Tasks) -> Array:
    """Return the rates at which the planner's certainty equivalent is highest, float64[J].

    What cannot be measured is paid nothing; elsewhere the marginal gain (C⁻¹B)_j of a rate meets
    its marginal cost in effort and risk, ((C⁻¹ + rΣ)·b)_j.
    """
    known = tasks.measured
    rates = np.zeros(len(tasks))
    if known.any():
        answer = np.linalg.inv(np.array(tasks.cost))
        gain = answer @ np.array(tasks.benefit)
        both = np.ix_(known, known)
        price = answer[both] + tasks.risk_aversion * np.array(tasks.noise)[both]
        rates[known] = np.linalg.solve(price, gain[known])
    return rates


def effort(tasks: Tasks, rates: Array) -> Array:
    """Return the effort on each task, above its intrinsic level, that answers rates; float64[J]."""
    cost, least = np.array(tasks.cost), -np.array(tasks.intrinsic)
    free: Array = np.linalg.solve(cost, rates)
    if (free >= least).all():
        return free
    from scipy.optimize import nnls  # only where a task is given up altogether

    # The effort in all x that is nearest to its unbounded best in the norm of C, and none below 0.
    root = np.linalg.cholesky(cost).T
    found, _ = nnls(root, root @ (free - least))
    answer: Array = found + least
    return answer


def set_targets(facts: Facts, town: Town, contracts: list[Contract]) -> None:
    """Set each regime's target for waiting, where its contract has one."""
    target = no_targets(len(contracts))
    for r, contract in enumerate(contracts):
        if isinstance(contract, Targets | LinearContract) and contract.target_months is not None:
            target["months"][r] = contract.target_months
            target["window"][r] = facts.value("contract.relabel_months")
            target["at_end"][r] = contract.clock == "end"
    town.rules = town.rules._replace(target=target)


def terms(facts: Facts, providers: Providers, node: int) -> tuple[Array, Array]:
    """Return the rates that a pool is paid and the effort it gives, by task of its own work."""
    own = len(facts.tasks[int(providers.theme[node])])
    return providers.rates[node, :own].copy(), providers.effort[node, :own].copy()


def hold_to(
    facts: Facts, town: Town, providers: Providers, contract: Contract, nodes: Array
) -> None:
    """Set how fast and how well a regime's pools (nodes int64[n]) work under its contract.

    What was calibrated is work under a full set of targets; effort counts from there.
    """
    usual = Targets(FULL_SET)
    for k in np.unique(providers.theme[nodes]):
        mine = nodes[providers.theme[nodes] == k]
        tasks = facts.tasks[k]
        rates = rates_under(facts, contract, tasks)
        given = effort(tasks, rates)
        more = given - effort(tasks, rates_under(facts, usual, tasks))
        town.nodes.work["duration"][mine] = np.exp(-float(np.dot(tasks.speed, more)))
        better = np.exp(float(np.dot(tasks.success, more)))
        town.nodes.work["success"][mine] = providers.quality[mine] * better
        providers.rates[mine, : len(tasks)] = rates
        providers.effort[mine, : len(tasks)] = given
