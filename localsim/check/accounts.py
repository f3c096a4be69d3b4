"""Accounts: how often they are drawn up changes no wait, and every month balances."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from localsim import streams
from localsim.check import inputs
from localsim.check.sameness import Difference
from localsim.check.world import read
from localsim.model import Model
from localsim.place import Place
from localsim.policy.access import Access, Hub, LeadProfessional, Silo
from localsim.policy.budgets import Budgets, OpenEnded, Pooled, RingFenced
from localsim.policy.capital import USES, Borrow, Capital, CapitalBudget, NoCapital
from localsim.policy.contract import Contract, Judgement, Targets
from localsim.policy.counting import OwnGains, WithNeighbours
from localsim.policy.deal import EarnedAutonomy, NegotiatedTargets, NoDeal
from localsim.policy.listening import Listening, Record, Voice
from localsim.policy.policy import TIERS, Devolved, Pilot, Policy
from localsim.policy.presets import status_quo
from localsim.policy.rules import (
    Historic,
    JointPanel,
    MedianVoter,
    NeedsFormula,
    PerHead,
    Planner,
    Rule,
    TargetsFirst,
)
from localsim.policy.supply import Community, InHouse, Market, Shared, Supply
from localsim.policy.vote_rules import EqualShares, GreedyVote

WAIT = ("wait_mean_months", "all")


@dataclass(frozen=True)
class TickHalving:
    """Mean wait with accounts twice a month less that with accounts once, in months.

    `difference_se` is the Monte Carlo error of the mean wait itself, within which the difference
    should be; `exact` says that it should be zero.
    """

    difference: float
    difference_se: float
    exact: Mapping[str, float]


def tick_halving(
    place: Place | None = None, *, years: int = 2, replications: int = 6, seed: int = 0
) -> TickHalving:
    """Halve the window in which accounts are drawn up and return what that does to waits.

    By default in Norbiton under the status quo, five years of it before the years measured.
    """
    where = place or Place.norbiton()
    number = inputs.whole("replications", replications, least=2, most=10_000)
    waits = np.empty((number, 2))
    for replication in range(number):
        for column, ticks in enumerate((1, 2)):
            model = Model(where, seed=seed, replication=replication, ticks_per_month=ticks)
            model.run(years)
            waits[replication, column] = read(model)[WAIT]
    error = float(waits[:, 0].std(ddof=1) / math.sqrt(number))
    return TickHalving(float(np.diff(waits).mean()), error, {"difference": 0.0})


def ledger(place: Place | None = None, *, policies: int = 12, seed: int = 0) -> Difference:
    """Run policies picked at random and return the largest gap of any month's books, in pounds.

    The gap is between the cash that all holders have and what came in less what was spent; each
    policy is run for two years after a year of the status quo, every other one as a pilot in one
    area of the place (by default Norbiton).
    """
    where = place or Place.norbiton()
    number = inputs.whole("policies", policies, most=10_000)
    worst = 0.0
    for draw in range(number):
        policy = random_policy(seed, draw)
        run: Policy | Pilot = policy
        if draw % 2 and len(where.codes) > 1:
            run = Pilot(policy, where.codes[draw % len(where.codes)], status_quo())
        model = Model(where, run, seed=seed, replication=draw, warmup_years=1)
        for _ in range(24):
            model.step()
            worst = max(worst, abs(model.accounts.held_gbp - model.ledger.should_hold_gbp))
    return Difference(worst, {"difference": 0.0})


def random_policy(seed: int, draw: int) -> Policy:
    """Return a policy whose answers are picked at random, the same for the same numbers."""
    key = streams.key(seed, draw, "check: a random policy")
    luck = iter(streams.uniform(key, np.arange(64, dtype=np.uint64)).tolist())

    def one_of[T](answers: Sequence[T]) -> T:
        return answers[int(next(luck) * len(answers))]

    share = next(luck)
    listening: list[Listening] = [Record(), Record(shrink=True), Voice(outreach=next(luck))]
    rules: list[Rule] = [
        Historic(), PerHead(), NeedsFormula(), Planner(), TargetsFirst(), MedianVoter(),
        JointPanel(next(luck)), GreedyVote(), EqualShares(),
    ]  # fmt: skip
    budgets: list[Budgets] = [
        RingFenced(), RingFenced(carry=share), Pooled(share, ramp=next(luck)),
        Pooled(share, 1.0, one_of(TIERS), carry=next(luck)), OpenEnded(0.5 + share),
    ]  # fmt: skip
    capital: list[Capital] = [
        NoCapital(), Borrow(500.0 * next(luck), 1 + int(30 * share), one_of(USES)),
        CapitalBudget(0.2 * next(luck), one_of(USES)),
    ]  # fmt: skip
    contracts: list[Contract] = [Targets(int(400 * next(luck))), Judgement(int(60 * next(luck)))]
    doors: list[Access] = [Silo(), Hub(), LeadProfessional(), Hub("severity", co_located=True)]
    supply: list[Supply] = [
        InHouse(), Market(quality_weight=next(luck)),
        Market(community=True, capacity_building=next(luck), contract_years=1, projects=2),
        Community(buildings=share, coproduction=share, lot_slots=2), Shared(3),
    ]  # fmt: skip
    money = one_of(budgets)
    slice_ = Devolved(0.3 * next(luck), one_of(TIERS), one_of(listening), one_of(rules))
    has_slice = next(luck) < 0.5 and not isinstance(money, OpenEnded)
    return Policy(
        name=f"random {draw}",
        tier=one_of(TIERS),
        budgets=money,
        listening=one_of(listening),
        rule=one_of(rules),
        contract=one_of(contracts),
        access=one_of(doors),
        supply=one_of(supply),
        counting=one_of([OwnGains(), WithNeighbours()]),
        capital=NoCapital() if isinstance(money, OpenEnded) else one_of(capital),
        deal=one_of(
            [NoDeal(), NegotiatedTargets(pledge=share), EarnedAutonomy(pledge=0.1 * share)]
        ),
        devolved=slice_ if has_slice else None,
    )
