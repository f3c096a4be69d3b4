"""The place as it was, and three ways of running it from further away."""

from __future__ import annotations

from localsim.policy.budgets import Pooled
from localsim.policy.contract import LinearContract, Targets
from localsim.policy.listening import Record, Voice
from localsim.policy.policy import Devolved, Policy
from localsim.policy.rules import MedianVoter, NeedsFormula, Planner, TargetsFirst

COUNCIL = ("family", "place")  # of the default themes, those whose money is the council's


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


def silo_budgeting() -> Policy:
    """Each agency in its own line, as ever, with no slice for neighbourhoods.

    A department budgets for its own outputs, year upon year, and no pound crosses from one line to
    another: what Total Place set out to count and to change (source T01).
    """
    return Policy(
        name="silo_budgeting",
        tier="authority",
        description="each agency its own line, as it always was, and nothing devolved",
    )


def outcome_budgeting() -> Policy:
    """The council puts its own lines into one purse and spends by outcomes.

    Budgeting for outcomes asks first what is to be achieved and then which line achieves it, within
    what one council holds: other agencies' money stays theirs. Providers are paid by what their
    work achieves, as far as that can be measured.
    """
    return Policy(
        name="outcome_budgeting",
        tier="authority",
        budgets=Pooled(share=1.0, ramp=1.0, themes=COUNCIL),
        rule=Planner(),
        contract=LinearContract(),
        description="one council purse, planned for outcomes, and outcomes paid for",
    )
