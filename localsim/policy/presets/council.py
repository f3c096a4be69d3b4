"""Ways for one council to change its doors, its hands or its money."""

from __future__ import annotations

from localsim.policy.access import Hub, LeadProfessional
from localsim.policy.budgets import Pooled
from localsim.policy.capital import Borrow
from localsim.policy.contract import Judgement
from localsim.policy.policy import Policy
from localsim.policy.presets.centre import COUNCIL
from localsim.policy.rules import Planner
from localsim.policy.supply import Community, Shared


def one_council() -> Policy:
    """One Kingston: one council purse, one door, work judged whole, and a community that grows.

    The One Kingston programme set out to run the council as one organisation with its partners, to
    let residents deal with it once, and to build what communities can do for themselves.
    """
    return Policy(
        name="one_council",
        tier="authority",
        budgets=Pooled(share=1.0, ramp=1.0, themes=COUNCIL),
        rule=Planner(),
        contract=Judgement(),
        access=Hub(co_located=True),
        supply=Community(capacity_building=0.5),
        description="the council as one: its own lines pooled, one door, community capacity",
    )


def coordinated_care() -> Policy:
    """One professional leads a resident's case through health and care, whoever employs whom.

    Kingston Co-ordinated Care brought six partners together: the hospital, the council, general
    practitioners, the mental health trust, a charity and a community interest company (source K20).
    Their money for health and care is aligned; the line stays what it was.
    """
    return Policy(
        name="coordinated_care",
        tier="authority",
        budgets=Pooled(share=0.5, ramp=0.5, themes=("health",)),
        contract=Judgement(),
        access=LeadProfessional(),
        supply=Community(),
        description="a lead professional keeps each case; money for health and care is aligned",
    )


def citizens_hub() -> Policy:
    """One place to come to, whatever is the matter; behind the door nothing else changes.

    The Citizen's Hub puts the front desks of all agencies together, so that residents tell their
    story once and are not sent from door to door.
    """
    return Policy(
        name="citizens_hub",
        tier="authority",
        access=Hub(),
        description="one co-located door, the agencies behind it as they were",
    )


def prudential_borrowing(gbp_per_head: float = 50.0, years: int = 25) -> Policy:
    """A loan invested in prevention and repaid from the lines that it should relieve.

    The prudential code of 2004 lets a council borrow what it can afford to service, without asking
    for leave. `gbp_per_head` is asked for, and repaid over `years`.
    """
    return Policy(
        name="prudential_borrowing",
        tier="authority",
        rule=Planner(),
        capital=Borrow(gbp_per_head=gbp_per_head, years=years, into="prevention"),
        description="a loan spent on prevention, repaid over years",
    )


def shared_services() -> Policy:
    """Two authorities share their staff: fixed costs once, and a service that fits neither as well.

    Kingston and Richmond shared children's services from 2014 and agreed to share more (sources
    K18, K19: business cases, not findings).
    """
    return Policy(
        name="shared_services",
        tier="authority",
        supply=Shared(authorities=2),
        description="staff shared with another authority",
    )


def asset_transfer() -> Policy:
    """Voluntary organisations take over half of the agencies' buildings, and what they cost.

    The Quirk review of 2007 asked councils to hand buildings to communities; by 2009 a third of
    eighty councils had handed over none in five years (source E23).
    """
    return Policy(
        name="asset_transfer",
        tier="authority",
        contract=Judgement(),
        supply=Community(buildings=0.5),
        description="community organisations take buildings over, and work by grant",
    )
