"""Ways to leave money and decisions to neighbourhoods and the people who live there."""

from __future__ import annotations

from dataclasses import replace

from localsim.errors import LocalsimError, nearest
from localsim.policy.access import LeadProfessional
from localsim.policy.budgets import Pooled, RingFenced
from localsim.policy.contract import Judgement
from localsim.policy.listening import Voice
from localsim.policy.policy import Devolved, Policy
from localsim.policy.presets.centre import status_quo
from localsim.policy.resident_rules import IndividualChoice
from localsim.policy.rules import Historic, JointPanel, MedianVoter, Rule
from localsim.policy.supply import Market
from localsim.policy.vote_rules import YOUTH, EqualShares, GreedyVote, YouthVote


def neighbourhoods_1994() -> Policy:
    """Every neighbourhood its own committee: the lines are theirs to spread, a twentieth to decide.

    Kingston's neighbourhood committees of 1994 took decisions on local services; here they see the
    record of their own neighbourhood, spend each line in it, and decide a twentieth of the money as
    the median of those who come.
    """
    return Policy(
        name="neighbourhoods_1994",
        tier="neighbourhood",
        devolved=Devolved(share=0.05, tier="neighbourhood", listening=Voice(), rule=MedianVoter()),
        description="neighbourhood committees, and a twentieth decided by those who come",
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


def personal_budgets() -> Policy:
    """Those whose need a service knows of spend a part of the money each, with one person to help.

    Individual Budgets and personal health budgets gave people with an eligible need what agencies
    would have spent on them, to spend as they chose, with somebody to plan it with (source E18).
    The lines are those that serve one person at a time: streets and parks are nobody's own. Where
    there is a theme of housing, pool it too, with ``Pooled(themes=…)``.
    """
    return Policy(
        name="personal_budgets",
        tier="person",
        budgets=Pooled(share=0.5, ramp=0.5, themes=("work", "family", "money", "health")),
        rule=IndividualChoice(holders="in_need"),
        contract=Judgement(),
        access=LeadProfessional(),
        supply=Market(community=True),
        description="each in need spends a part of the pooled money, helped by a lead professional",
    )


def young_mayor(share: float = 0.005) -> Policy:
    """A share of the money is the young mayor's: voted on by those of 11 to 17, and nobody else.

    A young mayor is elected by pupils and decides on a fund of their own. `share` is what part of
    every line goes into it.
    """
    vote = Devolved(
        share=share,
        tier="authority",
        listening=Voice(hours=0.5, ages=YOUTH),
        rule=YouthVote(lot_gbp=2000.0),
    )
    return Policy(
        name="young_mayor",
        tier="authority",
        devolved=vote,
        description="a youth share, voted on by those of 11 to 17",
    )
