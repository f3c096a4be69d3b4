"""The policies by name, each with what the document it comes from says.

Each is built of answers alone. Where a document leaves a question open, the status quo's answer
stands.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from localsim.errors import LocalsimError, nearest
from localsim.policy.budgets import Pooled, RingFenced
from localsim.policy.contract import Judgement, Targets
from localsim.policy.listening import Record, Voice
from localsim.policy.policy import Devolved, Policy
from localsim.policy.rules import (
    Historic,
    JointPanel,
    MedianVoter,
    NeedsFormula,
    Rule,
    TargetsFirst,
)
from localsim.policy.supply import Market
from localsim.policy.vote_rules import EqualShares, GreedyVote


def status_quo() -> Policy:
    """Kingston before 2010: silo agencies, with a twentieth left to neighbourhood committees.

    Kingston's councillors met in neighbourhood committees with delegated budgets from 1994; the
    rest was spent by each agency in its own lines, to the national indicator set.
    """
    return Policy(
        name="status_quo",
        tier="authority",
        devolved=Devolved(share=0.05, tier="neighbourhood", listening=Voice(), rule=MedianVoter()),
        description="silo agencies with neighbourhood committees, as Kingston was before 2010",
    )


def top_down() -> Policy:
    """National silos: ring-fenced lines, national targets first, 188 items to report.

    The national indicator set of 2008 counted 188 measures, reported by every area to every
    department (source T10).
    """
    return Policy(
        name="top_down",
        tier="nation",
        rule=TargetsFirst(),
        contract=Targets(items=188),
        description="national silo budgets and targets, a door per agency",
    )


def needs_formula() -> Policy:
    """A strong centre: national money by a formula of need, estimates shrunk to what it predicts.

    The best case for the centre: the same money, spread by public indicators of need.
    """
    return Policy(
        name="needs_formula",
        tier="nation",
        listening=Record(shrink=True),
        rule=NeedsFormula(),
        contract=Targets(items=188),
        description="national money by a formula of need",
    )


def local_integrated_services() -> Policy:
    """One Norbiton: agencies pool money for a place and a panel with its residents commissions.

    The Local Integrated Services pilot asked public bodies to pool what they spend in Norbiton
    and to commission together with residents, reaching beyond those who usually come, from
    voluntary and co-operative providers as well as their own.
    """
    return Policy(
        name="local_integrated_services",
        tier="neighbourhood",
        budgets=Pooled(share=0.6, ramp=0.5),
        listening=Voice(outreach=0.5, hours=6.0),
        rule=JointPanel(),
        contract=Judgement(items=35),
        supply=Market(community=True, capacity_building=0.5, projects=1),
        description="One Norbiton: pooled money, commissioned by a joint panel with residents",
    )


def participatory_budgeting(rule: str = "equal_shares", share: float = 0.02) -> Policy:
    """A fiftieth of the money is voted on by residents, project by project, in neighbourhoods.

    Tower Hamlets put about two per cent of spending to such a vote in 2009 (source U23).
    `rule` is ``"equal_shares"`` or ``"greedy"``.
    """
    rules: dict[str, Rule] = {"equal_shares": EqualShares(), "greedy": GreedyVote()}
    if rule not in rules:
        raise LocalsimError(
            f"participatory_budgeting: there is no voting rule {rule!r}; {nearest(rule, rules)}"
        )
    vote = Devolved(share=share, tier="neighbourhood", listening=Voice(), rule=rules[rule])
    return replace(
        status_quo(),
        name="participatory_budgeting",
        budgets=RingFenced(),
        rule=Historic(),
        devolved=vote,
        description=f"two per cent voted on by residents ({rule.replace('_', ' ')})",
    )


PRESETS: dict[str, Callable[[], Policy]] = {
    "status_quo": status_quo,
    "top_down": top_down,
    "needs_formula": needs_formula,
    "local_integrated_services": local_integrated_services,
    "participatory_budgeting": participatory_budgeting,
}
