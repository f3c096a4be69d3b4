"""A regime's year: a policy running its areas, from the money to the slots it buys."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from localsim.dynamics.columns import Array
from localsim.dynamics.facts import Facts
from localsim.dynamics.town import Town
from localsim.ledger import Ledger
from localsim.policy.access import Hub
from localsim.policy.budgets import OpenEnded, Pooled, RingFenced
from localsim.policy.counting import WithNeighbours
from localsim.policy.listening import Voice
from localsim.policy.policy import Policy
from localsim.policy.supply import COMMUNITY_KINDS, Awarded
from localsim.year.accounts import ZONES, Accounts
from localsim.year.awards import award, building_gbp, letting_gbp, tenders_due
from localsim.year.commission import Providers
from localsim.year.decide import Bench, Hearing, decide, fences, purse_of
from localsim.year.effort import hold_to
from localsim.year.overheads import CAPACITY, TENDERING, overheads_gbp
from localsim.year.pooling import lines_pooled, shared_out
from localsim.year.sharing import work_along

BIDDERS = "bidders' own funds"


@dataclass(eq=False)
class Regime:
    """A policy, the areas it runs (bool[A]) and the pools there (nodes int64[n]).

    `agreed` is the policy as written and `policy` as it is in force, with so many freedoms
    `granted`; `terms_changed` is what a change of those leaves to be paid for. `borrowed` bool[A]
    marks areas for which the loan was taken. `begun` is the year in which the regime began there;
    `changes` are how many answers had to change then on how much money a year; an `evaluated` one
    is watched, so that others can learn from it.
    """

    index: int
    policy: Policy
    areas: Array
    nodes: Array
    zones_of_nodes: list[str]
    heads_by_zone: Array
    pooled_share: float = 0.0
    desks_share: float = 1.0
    begun: int = 0
    changes: list[tuple[int, float]] = field(default_factory=list)
    evaluated: bool = False
    granted: int = 0
    terms_changed: list[tuple[int, float]] = field(default_factory=list)
    plan: Array = field(default_factory=lambda: np.zeros((0, 0)))

    def __post_init__(self) -> None:
        self.agreed = self.policy
        self.borrowed = np.zeros(self.areas.size, dtype=bool)

    @property
    def main_zone(self) -> str:
        """The zone in which most of the regime's residents live."""
        return ZONES[int(np.argmax(self.heads_by_zone))]

    @property
    def open_ended(self) -> bool:
        """Whether money comes as it is spent."""
        return isinstance(self.policy.budgets, OpenEnded)

    @property
    def hears_voices(self) -> bool:
        """Whether any who decide listen to those who take part."""
        return any(isinstance(bench.listening, Voice) for bench in self.benches)

    @property
    def benches(self) -> list[Bench]:
        """Those who decide: the policy's tier, and the one it leaves a slice to."""
        policy, slice_ = self.policy, self.policy.devolved
        share = slice_.share if slice_ is not None else 0.0
        agreed = isinstance(policy.counting, WithNeighbours)
        benches = [Bench(policy.tier, policy.listening, policy.rule, 1.0 - share, False, agreed)]
        if slice_ is not None and share > 0.0:
            benches.append(Bench(slice_.tier, slice_.listening, slice_.rule, share, True))
        return benches


def fund(
    facts: Facts,
    regime: Regime,
    accounts: Accounts,
    ledger: Ledger,
    zone: Array,
    policy_year: int,
    funding: Array,
) -> None:
    """Pay a year's lines in, draw the ring-fences, and move on the share that is pooled.

    `funding` float64[T] is what each line is of its usual size. What the policy's own last year
    left over is clawed back first, as far as it is not carried.
    """
    r = regime.index
    budgets = regime.policy.budgets
    accounts.lines[r] += accounts.desks[r] / len(facts.themes)
    accounts.desks[r] = 0.0
    if regime.open_ended:  # what was not needed goes back to whom it came from
        for t, theme in enumerate(facts.themes):
            unspent = max(0.0, float(accounts.lines[r, t]))
            accounts.lines[r, t] -= ledger.give_back(theme.agency, regime.main_zone, unspent)
    else:
        if policy_year > regime.begun:
            _claw_back(facts, regime, accounts, ledger)
        for t, theme in enumerate(facts.themes):
            for z, name in enumerate(ZONES):
                amount = float(facts.historic_gbp[regime.areas & (zone == z), t].sum())
                amount *= float(funding[t])
                if amount:
                    accounts.lines[r, t] += ledger.receive(theme.agency, name, amount)
    accounts.lines[r] = fences(budgets, facts, accounts.lines[r])
    if isinstance(budgets, Pooled):
        gap = budgets.share - regime.pooled_share
        regime.pooled_share += budgets.ramp * gap * facts.value("pooling.willingness")


def _claw_back(facts: Facts, regime: Regime, accounts: Accounts, ledger: Ledger) -> None:
    """Give back to the agencies what was left unspent and may not be carried."""
    budgets = regime.policy.budgets
    if not isinstance(budgets, RingFenced | Pooled) or budgets.carry == 1.0:
        return
    lines = accounts.lines[regime.index]
    for t, theme in enumerate(facts.themes):
        due = (1.0 - budgets.carry) * max(0.0, float(lines[t]))
        for z, name in enumerate(ZONES):
            lines[t] -= ledger.give_back(theme.agency, name, due * regime.heads_by_zone[z])


def pay_overheads(
    facts: Facts,
    regime: Regime,
    accounts: Accounts,
    providers: Providers,
    ledger: Ledger,
    hearings: list[Hearing],
    contacts: Array,
    year: int,
    policy_year: int,
) -> None:
    """Pay for running the policy, and set money aside for assessments; lines bear it alike.

    `contacts` float64[A] are the last year's visits. Where lines cannot bear it all, every
    overhead is cut in proportion.
    """
    r, policy = regime.index, regime.policy
    changes = regime.terms_changed + (regime.changes if policy_year == regime.begun else [])
    regime.terms_changed = []
    costs = overheads_gbp(facts, policy, regime.areas, hearings, changes, regime.evaluated)
    if isinstance(policy.supply, Awarded):
        tenders = tenders_due(facts, providers, policy.supply, regime.nodes, year)
        costs[TENDERING] = tenders * letting_gbp(facts, policy.supply)
        costs[CAPACITY] = building_gbp(facts, providers, policy.supply, regime.nodes)
        full = facts.value("tender.bidder_gbp")
        small = full * facts.value("tender.grant_ratio")  # a community provider's application
        each = [small if kind in COMMUNITY_KINDS else full for kind in policy.supply.bidders]
        own = tenders * math.fsum(each)
        ledger.receive(BIDDERS, regime.main_zone, own)
        ledger.spend(BIDDERS, TENDERING, regime.main_zone, own)
    price = facts.value("doors.contact_gbp")
    if isinstance(policy.access, Hub):
        price *= facts.value("doors.hub_assess_ratio")
    accounts.contact_gbp[r] = price
    aside = float(contacts[regime.areas].sum()) * price
    wanted = math.fsum(costs.values()) + aside
    regime.desks_share = 1.0
    if regime.open_ended:
        part, zone = wanted / len(facts.themes), regime.main_zone
        for t, theme in enumerate(facts.themes):
            accounts.lines[r, t] += ledger.receive(theme.agency, zone, part)
    lines = np.maximum(accounts.lines[r], 0.0)
    available = float(lines.sum())
    scale = min(1.0, available / wanted) if wanted > 0.0 else 0.0
    if price > 0.0:  # what cannot be paid for is not staffed
        regime.desks_share = scale if wanted > 0.0 else float(available > 0.0)
        if regime.desks_share == 0.0:
            accounts.contact_gbp[r] = 0.0  # those who come wait at a closed door
    if scale == 0.0:
        return
    shares = lines / available
    for purpose, cost in costs.items():
        for t, theme in enumerate(facts.themes):
            for z, name in enumerate(ZONES):
                amount = cost * scale * shares[t] * regime.heads_by_zone[z]
                if amount:
                    accounts.lines[r, t] -= ledger.spend(theme.agency, purpose, name, amount)
    accounts.lines[r] -= aside * scale * shares
    accounts.desks[r] += aside * scale


def allocate(
    facts: Facts, regime: Regime, accounts: Accounts, hearings: list[Hearing]
) -> list[Array]:
    """Let every decider of the regime spend its purse; returns each decision, float64[A', T].

    Leaves the sum in `regime.plan` float64[A, T] and moves cash to the lines it is spent from.
    """
    historic = facts.historic_gbp
    people = facts.place.residents.astype(np.float64)
    regime.plan = np.zeros_like(historic)
    totals = historic[regime.areas].sum(axis=0)
    heads = people / max(1.0, float(people[regime.areas].sum()))
    lines = np.maximum(accounts.lines[regime.index], 0.0)
    share = np.where(totals > 0.0, historic / np.where(totals > 0.0, totals, 1.0), heads[:, None])
    net = historic if regime.open_ended else share * lines
    budgets, pooled = regime.policy.budgets, regime.pooled_share
    themes = lines_pooled(facts, budgets)
    dealt = shared_out(facts, budgets, net, pooled, regime.areas, regime.policy.tier)
    decisions = []
    for hearing in hearings:
        mine = net[hearing.areas]
        shared_gbp = None if dealt is None else float(dealt[hearing.areas].sum())
        purse = purse_of(budgets, mine, pooled, hearing.bench, themes, shared_gbp)
        decisions.append(decide(hearing, purse))
        regime.plan[hearing.areas] += decisions[-1]
    if not regime.open_ended:
        planned = regime.plan.sum(axis=0)
        _move(accounts.lines[regime.index], planned)
    return decisions


def _move(lines: Array, planned: Array) -> None:
    """Move cash between lines, in place, so that each can pay what is planned from it."""
    left = float(lines.sum() - planned.sum())
    spare = np.maximum(lines - planned, 0.0)
    total = float(spare.sum())
    keep = spare / total if total > 0.0 else np.full(lines.size, 1.0 / lines.size)
    lines[:] = planned + left * keep


def buy(
    facts: Facts,
    town: Town,
    regime: Regime,
    accounts: Accounts,
    providers: Providers,
    ledger: Ledger,
    zone: Array,
    year: int,
    cheaper: Callable[[Array, float], float],
) -> None:
    """Buy the year's slots and amenities of a regime with what was planned.

    `cheaper` says, of areas and the money spent there, what capital leaves of the price of a slot.
    """
    first = town.patches.desks
    pools = town.patches.pool[regime.areas]
    spending = regime.plan[regime.areas][:, facts.casework_index]
    money = np.bincount(
        pools.ravel() - first,
        weights=spending.ravel(),
        minlength=town.patches.nodes - first,
    )[regime.nodes - first]
    left = cheaper(regime.areas, float(money.sum()))
    bought = award(
        facts,
        accounts,
        providers,
        ledger,
        regime.policy.supply,
        regime.nodes,
        money / left,
        regime.zones_of_nodes,
        year,
    )
    town.nodes.work["slots"][regime.nodes] = bought.slots
    accounts.pay_gbp[regime.nodes] = bought.pay_gbp * left
    accounts.cost_gbp[regime.nodes] = bought.cost_gbp * left
    accounts.forgone_gbp[regime.nodes] = bought.forgone_gbp * left
    hold_to(facts, town, providers, regime.policy.contract, regime.nodes)
    work_along(facts, town, regime.policy.supply, regime.nodes)
    accounts.amenity_gbp[regime.index] = 0.0
    for t in facts.amenity_index:
        for z in range(len(ZONES)):
            amount = float(regime.plan[regime.areas & (zone == z), t].sum())
            accounts.amenity_gbp[regime.index, t, z] = amount
