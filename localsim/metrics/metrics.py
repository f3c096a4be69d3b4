"""Metrics: what a model comes to, each a number with a unit and a direction.

All are read from counters that the month keeps and from the ledger. A metric whose denominator is
nothing (a wait where nobody was served) is left out rather than reported as a number.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from localsim.dynamics.columns import (
    ACCESS_MONTHS,
    CONTACTS,
    CRISES,
    EXPIRED,
    FIRST_STARTS,
    LEFT,
    NEED_MONTHS,
    OPENED,
    OVER_TARGET,
    PASS_OFFS,
    PRESENTATIONS,
    RELABELLED,
    RELABELLED_MONTHS,
    RETURNED,
    SERVICE_MONTHS,
    SOLVED,
    STARTS,
    SYSTEM_MONTHS,
    TIMED,
    TIMED_MONTHS,
    WAIT_MONTHS,
    WAITED,
    Array,
)
from localsim.dynamics.waits import quantile
from localsim.metrics.reach import never_heard, never_reached
from localsim.metrics.spending import ALL, Row, money
from localsim.place import TENURES
from localsim.policy.listening import ADULTS
from localsim.population import groups_of
from localsim.year.accounts import ZONES
from localsim.year.overheads import OVERHEADS

if TYPE_CHECKING:
    from localsim.model import Model

FIFTHS = (
    "area fifth 1 (most deprived)",
    "area fifth 2",
    "area fifth 3",
    "area fifth 4",
    "area fifth 5 (least deprived)",
)


@dataclass(frozen=True)
class Metric:
    """A number that is reported: its unit, and whether lower or higher is better, if either."""

    name: str
    label: str
    unit: str
    better: str | None
    description: str


METRICS: dict[str, Metric] = {
    metric.name: metric
    for metric in (
        Metric(
            "need_months_unmet", "Unmet need", "need-months", "lower",
            "Months during which needs stood open and were not being served, over all needs.",
        ),
        Metric(
            "need_months_open", "Open need", "need-months", "lower",
            "Months during which needs stood open, served or not.",
        ),
        Metric("crises", "Crises", "crises", "lower", "Unserved needs that came to a crisis."),
        Metric(
            "wait_median_months", "Wait, median", "months", "lower",
            "From first asking for help to the first service; half waited longer.",
        ),
        Metric(
            "wait_p90_months", "Wait, one in ten over", "months", "lower",
            "From first asking for help to the first service; a tenth waited longer.",
        ),
        Metric(
            "wait_mean_months", "Wait, mean", "months", "lower",
            "From first asking for help to the first service.",
        ),
        Metric(
            "queue_wait_months", "Wait in a service's queue", "months", "lower",
            "Mean over all arrivals at a service, returns included; service not counted.",
        ),
        Metric(
            "queue_waited", "Had to wait at a service", "share", "lower",
            "Share of arrivals at a service that found no free slot.",
        ),
        Metric(
            "system_months", "Time with agencies", "months", "lower",
            "Mean time from asking for help until solved, healed or given up, a person asking.",
        ),
        Metric(
            "target_time_months", "Time that a target is set for", "months", "lower",
            "Mean true time from asking to the first service, or until solved, under a target.",
        ),
        Metric(
            "target_time_reported_months", "The same as reported", "months", None,
            "Mean of the same times as they are reported, some as met that were not.",
        ),
        Metric(
            "over_target", "Over the target", "share", "lower",
            "Share of the times for which a target is set that truly missed it.",
        ),
        Metric(
            "over_target_reported", "Over the target as reported", "share", None,
            "Share of the same times that are reported to have missed it.",
        ),
        Metric(
            "reported_at_target", "Reported as just met", "share", "lower",
            "Share of the same times that missed the target and are reported as having met it.",
        ),
        Metric("solved", "Needs solved", "needs", "higher", "Needs that a service solved."),
        Metric(
            "expired", "Needs that expired", "needs", "lower",
            "Needs that were not served by a month's end, in a world where they do not last.",
        ),
        Metric(
            "opened", "Needs opened", "needs", "lower",
            "Needs that arose, or that newcomers brought.",
        ),
        Metric(
            "moved_away", "Needs that moved away", "needs", None,
            "Needs that were open when their household left the place.",
        ),
        Metric(
            "presented", "Needs presented", "needs", None, "Needs brought to an agency, each once.",
        ),
        Metric(
            "returns_per_solved", "Returns a solved need", "returns", "lower",
            "Failed services that came straight back (failure demand).",
        ),
        Metric(
            "contacts_per_solved", "Contacts a solved need", "contacts", "lower",
            "Assessments at desks.",
        ),
        Metric(
            "pass_offs_per_solved", "Pass-offs a solved need", "pass-offs", "lower",
            "Assessments that ended in being sent to another desk.",
        ),
        Metric(
            "trust", "Trust in local services", "0 to 1", "higher",
            "Mean at the end; it moves by what residents get less what they had come to expect.",
        ),
        Metric(
            "participation", "Took part", "share of adults a year", "higher",
            "Adults who took part in an event of deciding; one who took part twice counts twice.",
        ),
        Metric(
            "never_heard", "Never heard", "share of groups", "lower",
            "Groups of residents, neighbourhood by neighbourhood, of whom nobody took part.",
        ),
        Metric(
            "never_reached", "Never reached", "share of those in need", "lower",
            "Residents in need at the end whom no service has reached since the policy began.",
        ),
        Metric(
            "projects_without_organiser", "Projects nobody organised", "share", "lower",
            "Of the projects that residents were asked to organise.",
        ),
        Metric(
            "amenity_benefit_gbp", "Benefit of amenities", "£", "higher",
            "True benefit of shared goods over that of historic spending.",
        ),
        Metric(
            "spend_gbp", "Money spent", "£", None,
            "Spent by the place's agencies, with what providers' reserves and gifts bear.",
        ),
        Metric("service_gbp", "Spent on services", "£", None, "Slots, and amenities."),
        Metric("assessment_gbp", "Spent on assessments", "£", "lower", "Contacts at desks."),
        Metric(
            "overhead_gbp", "Cost of running it", "£", "lower",
            "Reporting, deciding, engaging, pooling, tendering, building capacity, changing over.",
        ),
        *(
            Metric(
                f"{purpose.replace(' ', '_')}_gbp", f"Cost of {purpose}", "£", "lower",
                f"Overheads of {purpose}, borne by the place's own lines.",
            )
            for purpose in OVERHEADS
        ),
        Metric(
            "crisis_cost_gbp", "Cost of crises", "£", "lower",
            "Paid by acute services, from open-ended lines outside the place's, as they come.",
        ),
        Metric(
            "entitlements_gbp", "Entitlements paid", "£", "lower",
            "Benefits while needs are open, paid by the Treasury as they fall due.",
        ),
        Metric(
            "gifts_gbp", "Gifts of money", "£", None,
            "Given to residents' own projects, and to providers that work below cost.",
        ),
        Metric(
            "volunteer_time_gbp", "Volunteers' time", "£", None,
            "Hours given to residents' own projects, at what it would cost to pay for them.",
        ),
        Metric(
            "user_time_gbp", "Users' time", "£", None,
            "Hours that users worked along with services, at the same price.",
        ),
        Metric(
            "pay_forgone_gbp", "Pay gone without", "£", None,
            "By staff of providers that are cheaper because they pay less.",
        ),
        Metric(
            "full_cost_gbp", "Services at full cost", "£", None,
            "Spent on services, with gifts, volunteers' and users' time, and pay gone without.",
        ),
        Metric(
            "buildings_held", "Buildings in community hands", "buildings", None,
            "At the end.",
        ),
        Metric(
            "providers_failed", "Providers failed", "providers", "lower",
            "Private, voluntary and co-operative ones that left because their reserves were gone.",
        ),
        Metric(
            "investment_gbp", "Invested", "£", None,
            "Spent on capital: borrowed money, and what agencies set aside.",
        ),
        Metric("debt_service_gbp", "Repaid with interest", "£", None, "Paid by lines on loans."),
        Metric(
            "debt_gbp", "Debt at the end", "£", "lower",
            "Still owed at the end; reported, never credited against what was built.",
        ),
        Metric(
            "freedom_years", "Years of freedoms", "years", None,
            "Years in which the centre had granted a place any freedom of its deal.",
        ),
        Metric(
            "pledges_missed", "Pledges missed", "years", "lower",
            "Years in which measured waits fell by less than a deal had pledged.",
        ),
        Metric("carried_gbp", "Money carried on", "£", None, "Cash held at the end, reserves too."),
        Metric(
            "open_at_end", "Needs open at the end", "needs", "lower", "Reported, never credited.",
        ),
    )
}  # fmt: skip


def measure(model: Model) -> list[Row]:
    """Return (metric, group, value) of everything since the policy began.

    Groups: ``all``; ``inside`` and ``outside`` of the pilot; fifths of areas by deprivation;
    tenures; ``theme: …``, in which one theme alone is counted; and for money ``payer: …``.
    """
    rows: list[Row] = []
    for group, cells in _cell_groups(model):
        rows += _casework(model, group, cells, slice(None))
        rows += _trust(model, group, cells)
    rows += _participation(model)
    rows += never_heard(model)
    rows += never_reached(model, _cell_groups(model))
    for k, theme in enumerate(model.facts.casework):
        rows += _casework(
            model, f"theme: {theme.label or theme.name}", slice(None), slice(k, k + 1)
        )
    for group, areas in _area_groups(model):
        rows += _waits(model, group, areas, slice(None))
        rows.append(("amenity_benefit_gbp", group, float(model.amenity_gbp[areas].sum())))
        asked, organised = model.projects[:, areas].sum(axis=1)
        if asked:
            rows.append(("projects_without_organiser", group, float(1.0 - organised / asked)))
    for k, theme in enumerate(model.facts.casework):
        group = f"theme: {theme.label or theme.name}"
        rows += _waits(model, group, slice(None), slice(k, k + 1))
    rows += money(model)
    return rows


def _area_groups(model: Model) -> Iterator[tuple[str, Array]]:
    yield ALL, np.ones(len(model.place.codes), dtype=bool)
    if model.reports_zones:
        yield ZONES[0], model.inside
        yield ZONES[1], ~model.inside
    for number, name in enumerate(FIFTHS, start=1):
        areas = model.place.area_fifth == number
        if areas.any():
            yield name, areas


def _cell_groups(model: Model) -> Iterator[tuple[str, Array]]:
    for name, areas in _area_groups(model):
        yield name, np.repeat(areas, len(TENURES))
    tenure = np.tile(np.arange(len(TENURES)), len(model.place.codes))
    for number, name in enumerate(TENURES):
        if (model.population.tenure == number).any():
            yield name, tenure == number


def _casework(model: Model, group: str, cells: Array | slice, themes: slice) -> Iterator[Row]:
    tally = model.town.tally
    if not model.facts.casework:
        return
    total = tally.flows[cells][:, themes].sum(axis=(0, 1))
    # Windows' corrections leave rounding errors where nothing is open.
    open_months = max(0.0, float(total[NEED_MONTHS]))
    yield "need_months_unmet", group, max(0.0, open_months - float(total[SERVICE_MONTHS]))
    yield "need_months_open", group, open_months
    for name, flow in (
        ("crises", CRISES),
        ("solved", SOLVED),
        ("opened", OPENED),
        ("presented", PRESENTATIONS),
        ("expired", EXPIRED),
        ("moved_away", LEFT),
    ):
        yield name, group, float(total[flow])
    yield "open_at_end", group, float(tally.stock["open_now"][cells][:, themes].sum())
    for name, over, under in (
        ("returns_per_solved", RETURNED, SOLVED),
        ("contacts_per_solved", CONTACTS, SOLVED),
        ("pass_offs_per_solved", PASS_OFFS, SOLVED),
        ("wait_mean_months", ACCESS_MONTHS, FIRST_STARTS),
        ("queue_wait_months", WAIT_MONTHS, STARTS),
        ("queue_waited", WAITED, STARTS),
        ("system_months", SYSTEM_MONTHS, PRESENTATIONS),
    ):
        if total[under] > 0.0:
            yield name, group, max(0.0, float(total[over] / total[under]))
    timed = float(total[TIMED])
    if timed > 0.0:
        months, missed, met = (float(total[f]) for f in (TIMED_MONTHS, OVER_TARGET, RELABELLED))
        yield "target_time_months", group, months / timed
        reported = months - float(total[RELABELLED_MONTHS])
        yield "target_time_reported_months", group, reported / timed
        yield "over_target", group, missed / timed
        yield "over_target_reported", group, (missed - met) / timed
        yield "reported_at_target", group, met / timed


def _waits(model: Model, group: str, areas: Array | slice, themes: slice) -> Iterator[Row]:
    counts = model.town.tally.waits[areas][:, themes].sum(axis=(0, 1))
    if counts.sum() > 0:
        yield "wait_median_months", group, quantile(counts, 0.5)
        yield "wait_p90_months", group, quantile(counts, 0.9)


def _trust(model: Model, group: str, cells: Array) -> Iterator[Row]:
    heads = model.heads_of_cell[cells]
    people = float(heads.sum())
    if people == 0.0:
        return
    change = float(model.town.tally.trust[cells].sum()) / people
    yield "trust", group, model.facts.value("trust.council") + change


def _participation(model: Model) -> Iterator[Row]:
    """Yield how many of each group took part: where, and who, residents are."""
    people, cell = model.population, model.town.needs.person["cell"]
    years = max(1, -(-model.month // 12))  # those begun, as people take part at their start
    adult = people.age >= ADULTS[0]
    cells = model.heads_of_cell.size
    came = np.bincount(cell[adult], weights=model.took_part[adult], minlength=cells)
    able = np.bincount(cell[adult], minlength=cells)
    for group, mine in _cell_groups(model):
        if able[mine].any():
            yield "participation", group, float(came[mine].sum() / able[mine].sum()) / years
    for group, who in groups_of(people):
        if who.any():
            yield "participation", group, float(model.took_part[who].mean()) / years
