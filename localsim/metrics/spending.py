"""What the money came to: by purpose, by zone and by payer, with what nobody was paid for."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from localsim.year.accounts import CRISIS, ENTITLEMENT, GIFTS, STAFF, ZONES
from localsim.year.capital import DEBT_SERVICE, INVESTMENT
from localsim.year.giving import GIVEN, VOLUNTEERS
from localsim.year.overheads import OVERHEADS
from localsim.year.sharing import USERS

if TYPE_CHECKING:
    from localsim.model import Model

Row = tuple[str, str, float]
ALL = "all"
_IN_KIND = {
    "volunteer_time_gbp": VOLUNTEERS, "user_time_gbp": USERS, "pay_forgone_gbp": STAFF,
}  # fmt: skip
_OPEN_ENDED = {"crisis_cost_gbp": CRISIS, "entitlements_gbp": ENTITLEMENT}


def zones(model: Model) -> list[tuple[str, str | None]]:
    """Return the zones that money is reported by, with their names: all, and a pilot's two."""
    zones: list[tuple[str, str | None]] = [(ALL, None)]
    if model.reports_zones:
        zones += [(zone, zone) for zone in ZONES]
    return zones


def money(model: Model) -> Iterator[Row]:
    """Yield (metric, group, value) of money, in kind or in pounds, since the policy began."""
    for group, zone in zones(model):
        yield from _spent(model, group, zone)
        yield from _providers(model, group, zone)
    yield from _by_payer(model)
    yield "carried_gbp", ALL, model.ledger.should_hold_gbp


def _spent(model: Model, group: str, zone: str | None) -> Iterator[Row]:
    ledger = model.ledger
    for name, kind in _OPEN_ENDED.items():
        yield name, group, ledger.spent_on(kind, zone)
    own = {theme.agency for theme in model.themes}
    yield "spend_gbp", group, sum(ledger.spent_by(payer=payer, zone=zone) for payer in sorted(own))
    yield "service_gbp", group, ledger.spent_by("service", zone)
    yield "assessment_gbp", group, ledger.spent_by("assessment", zone)
    yield "investment_gbp", group, ledger.spent_by(INVESTMENT, zone)
    yield "debt_service_gbp", group, ledger.spent_by(DEBT_SERVICE, zone)
    here = slice(None) if zone is None else model.zone == ZONES.index(zone)
    yield "debt_gbp", group, float(model.estate.debt_gbp[here].sum())
    counts = slice(None) if zone is None else ZONES.index(zone)
    yield "freedom_years", group, float(np.sum(model.centre.freedom_years[counts]))
    yield "pledges_missed", group, float(np.sum(model.centre.pledges_missed[counts]))
    total = 0.0
    for purpose in OVERHEADS:
        amount = sum(ledger.spent_by(purpose, zone, payer) for payer in sorted(own))
        total += amount
        yield f"{purpose.replace(' ', '_')}_gbp", group, amount
    yield "overhead_gbp", group, total
    yield "gifts_gbp", group, ledger.received_from(GIFTS, zone)
    full = ledger.spent_by("service", zone) + ledger.spent_by(GIVEN, zone, GIFTS)
    for name, payer in _IN_KIND.items():
        in_kind = ledger.spent_by(payer=payer, zone=zone)
        full += in_kind
        yield name, group, in_kind
    yield "full_cost_gbp", group, full


def _providers(model: Model, group: str, zone: str | None) -> Iterator[Row]:
    providers, zone_of_node = model.providers, model.owners.node[:, 2]
    here = slice(None) if zone is None else ZONES.index(zone)
    yield "providers_failed", group, float(np.sum(providers.failed[here]))
    mine = slice(None) if zone is None else zone_of_node == here
    yield "buildings_held", group, float((providers.upkeep_gbp[mine] > 0.0).sum())


def _by_payer(model: Model) -> Iterator[Row]:
    """Yield the place's own spending by agency, and open-ended lines by who pays them."""
    for agency in model.own_payers:
        yield "spend_gbp", f"payer: {agency}", model.ledger.spent_by(payer=agency)
    casework = model.facts.casework
    for name, kind in _OPEN_ENDED.items():
        crisis = kind == CRISIS
        payers = {theme.crisis_payer if crisis else theme.entitlement_payer for theme in casework}
        for payer in sorted(payers):
            yield name, f"payer: {payer}", model.ledger.spent_on(kind, payer=payer)
