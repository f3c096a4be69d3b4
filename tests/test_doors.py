"""Doors: routes as facts, cases that need several agencies, who keeps them, who is first."""

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from recount import conserved

from localsim import check
from localsim.assumptions import Assumptions
from localsim.diary import Diary
from localsim.dynamics.columns import (
    CONTACTS,
    DROPPED,
    PASS_OFFS,
    RETURNED,
    SERVICE_MONTHS,
    SOLVED,
    STARTS,
)
from localsim.errors import LocalsimError
from localsim.metrics import measure
from localsim.model import Model
from localsim.place import Place
from localsim.policy.access import Hub, LeadProfessional, Silo
from localsim.policy.policy import Policy
from localsim.policy.presets import status_quo
from localsim.themes import Casework, default_themes
from localsim.themes.routing import Routing

PLACE = Place.synthetic(900, areas=5, seed=2, neighbourhood_areas=3)
QUICK = {
    "onset_per_year": 1.0, "present_per_month.open": 20.0, "heal_per_month.open": 0.0,
    "service_months.open": 0.2, "solve_share.open": 1.0, "slot_gbp": 1000.0,
    "budget_gbp_per_indicator": 1000.0,
}  # fmt: skip
SURE = {
    "doors.misdirection": 0.0, "doors.drop": 0.0, "needs.coupling": 0.0,
    "doors.slots_per_1000": 50.0, "turnover.owned": 0.0, "turnover.social_rented": 0.0,
    "turnover.private_rented": 0.0,
}  # fmt: skip


def there_and_back(**values):
    """Health casework that calls for care, a hospital, and care again."""
    chain = {f"step_months.{name}": 0.1 for name in ("care", "hospital")} | {"step_share.care": 1.0}
    theme = Casework(
        "health", agency="health service", eligible="everyone",
        sequence=("care", "hospital", "care"), values=QUICK | chain | values,
    )  # fmt: skip
    others = [
        Casework(name, agency=agency, eligible="everyone", values=QUICK | {"onset_per_year": 0.0})
        for name, agency in (("care", "council"), ("hospital", "health service"))
    ]
    return [theme, *others]


def run(access, themes=None, months=18, **numbers):
    model = Model(
        PLACE, Policy("doors", access=access), themes=themes or there_and_back(), warmup_years=0,
        assumptions=Assumptions.default().replace(SURE | numbers), seed=3,
    )  # fmt: skip
    for _ in range(months):
        model.step()
    conserved(model)
    return model, model.town.tally.flows.sum(axis=(0, 1))


# ── sequences ────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("access", "visits", "passed"),
    [
        (Silo(), 4, 3),
        (Hub(), 4, 3),
        (Hub(co_located=True), 1, 0),
        (LeadProfessional(), 1, 0),
    ],
    ids=str,
)
def test_every_handover_is_a_pass_off_unless_somebody_walks_the_case_across(access, visits, passed):
    model, total = run(access, months=36)
    open_now = model.open_needs
    assert total[SOLVED] > 1000
    assert total[DROPPED] == total[RETURNED] == 0
    # Those still open have had some of their visits, at most all.
    assert visits * total[SOLVED] <= total[CONTACTS] <= visits * (total[SOLVED] + open_now)
    assert passed * total[SOLVED] <= total[PASS_OFFS] <= passed * (total[SOLVED] + open_now)
    assert 4 * total[SOLVED] <= total[STARTS] <= 4 * (total[SOLVED] + open_now)


def test_within_an_agency_a_case_is_not_passed_off():
    themes = there_and_back()
    themes[1] = replace(themes[1], agency="health service")
    model, total = run(Silo(), themes)
    assert total[PASS_OFFS] == 0
    assert total[SOLVED] <= total[CONTACTS] <= total[SOLVED] + model.open_needs


def test_a_share_of_cases_calls_for_a_step():
    _, total = run(Silo(), there_and_back(**{"step_share.care": 0.0, "step_share.hospital": 0.25}))
    assert total[STARTS] / total[SOLVED] == pytest.approx(1.25, abs=0.04)
    assert total[PASS_OFFS] == 0  # the hospital is the health service's own


def test_a_lead_professional_takes_longer_over_each_service_and_keeps_those_that_fail():
    for access, ratio in ((Silo(), 1.0), (LeadProfessional(), 1.5)):
        _, total = run(access, **{"doors.lead_service_ratio": 1.5})
        mean = (0.2 + 3 * 0.1) / 4
        assert total[SERVICE_MONTHS] / total[STARTS] == pytest.approx(ratio * mean, rel=0.05)
    failing = there_and_back(**{"solve_share.open": 0.5, "return_share": 1.0})
    _, silo = run(Silo(), failing)
    _, lead = run(LeadProfessional(), failing)
    assert silo[RETURNED] > 500
    # A failure goes back through the desk of the team that it has come to; a lead needs none.
    assert silo[CONTACTS] >= silo[RETURNED] + 4 * silo[SOLVED]
    assert lead[CONTACTS] < 1.1 * lead[SOLVED]


def test_some_drop_out_at_a_handover_and_come_back_to_where_they_were():
    _, total = run(Silo(), **{"doors.drop": 0.5})
    assert total[DROPPED] / total[PASS_OFFS] == pytest.approx(0.5, abs=0.03)
    # What has been done is done: no step is served twice.
    assert total[STARTS] <= 4 * (total[SOLVED] + 900)
    assert run(LeadProfessional(), **{"doors.drop": 0.5})[1][DROPPED] == 0


def test_cases_are_conserved_when_doors_change_under_them():
    themes = there_and_back(**{"solve_share.open": 0.6, "service_months.open": 1.0})
    numbers = Assumptions.default()
    for access in (Silo(), Hub(), LeadProfessional("severity"), Silo("severity"), Hub()):
        if access == Silo():
            model = Model(PLACE, Policy("silo"), themes=themes, assumptions=numbers, warmup_years=1)
        model = model.fork(Policy("next", access=access))
        conserved(model)
        for _ in range(5):
            model.step()
            conserved(model)


def test_a_diary_tells_a_handover_from_a_return():
    themes = there_and_back()
    diary = Diary(
        PLACE, Policy("silo"), themes=themes, residents=range(0, 900, 9), warmup_years=0,
        looks_per_month=300, assumptions=Assumptions.default().replace(SURE),
    )  # fmt: skip
    for _ in range(6):
        diary.step()
    spells = diary.spells
    handed = spells[spells["ended"] == "handed over"]
    assert len(handed)
    assert (handed["phase"] == "in service").all()
    assert spells["step"].max() == 3
    assert not (spells["ended"] == "came back unsolved").any()


def test_sequences_name_teams_that_there_are():
    with pytest.raises(LocalsimError, match="no team of casework takes over as 'car'"):
        Model(PLACE, themes=[Casework("health", sequence=("car",)), Casework("care")])
    with pytest.raises(LocalsimError, match="a list of themes' names"):
        Casework("health", sequence="care")


# ── doors ────────────────────────────────────────────────────────────────────────────────────────


def test_the_usual_misdirection_is_a_routing_among_others():
    """A rate of misdirection and the same written out as routing are the same to the bit."""
    numbers = Assumptions.default()
    astray = numbers.value("doors.misdirection")
    desks = ("jobcentre", "council", "advice centre", "health service")
    written = []
    for theme in default_themes():
        if isinstance(theme, Casework):
            wrong = [name for name in desks if name != theme.agency]
            first = {name: astray / 3 if name in wrong else 1.0 - astray for name in desks}
            onward = {
                here: {theme.agency: 1.0 - astray}
                | {name: astray / 2 for name in wrong if name != here}
                for here in wrong
            }
            theme = replace(theme, routing=Routing(first, onward))  # noqa: PLW2901 - made anew
        written.append(theme)
    usual, routed = (
        Model(PLACE, seed=2, themes=themes, warmup_years=1) for themes in (None, written)
    )
    usual.run(2)
    routed.run(2)
    assert dict_of(usual) == dict_of(routed)


def dict_of(model):
    return {(metric, group): value for metric, group, value in measure(model)}


def test_a_hub_has_no_wrong_door_whatever_the_routing():
    themes = there_and_back(**{"step_share.care": 0.0, "step_share.hospital": 0.0})
    lost = Routing({"council": 1.0}, {"council": {"health service": 1.0}})
    themes[0] = replace(themes[0], routing=lost)
    _, silo = run(Silo(), themes)
    assert silo[PASS_OFFS] / silo[SOLVED] == pytest.approx(1.0, abs=0.02)
    _, hub = run(Hub(), themes)
    assert hub[PASS_OFFS] == 0


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Routing({"a": 0.5}), "sum to one, not to 0.5"),
        (lambda: Routing({"a": 1.5}), "must be from 0 to 1"),
        (lambda: Routing([1.0]), "a share for each agency by name"),
        (lambda: Routing({"a": 1.0}, {"a": {"a": 0.6, "b": 0.6}}), "more than one"),
        (lambda: Routing({"a": 1.0}, {"a": {"b": 1.0}, "b": {"a": 1.0}}), "sent on for ever"),
        (lambda: Routing({"a": 1.0}, [0.5]), "a mapping by agency"),
        (lambda: Casework("work", routing={"a": 1.0}), "routing is a Routing"),
        (lambda: Silo("height"), "the order of 'height'"),
        (lambda: Hub(co_located=1), "True or False"),
        (lambda: Hub(outreach=2.0), "outreach"),
        (lambda: check.doors([0.0], [[0.0]], [1.0]), "nobody comes"),
        (lambda: check.doors([1.0], [[0.0]], [1.0]), "grow without end"),
        (lambda: check.doors([0.5], [[1.0]], [1.0]), "some never would be"),
        (lambda: check.doors([0.5, 0.1], [[0.0]], [1.0, 1.0]), "square of 2 rows"),
        (lambda: check.doors([0.5], [[0.6, 0.6]], [1.0]), "they must match"),
        (lambda: check.doors([0.5, 0], [[0.6, 0.6], [0, 0]], [3.0, 3.0]), "more than everybody"),
        (lambda: check.doors([0.5], [[0.0]], [0.0]), "must be above zero"),
    ],
)
def test_doors_that_cannot_be_are_refused(make, message):
    with pytest.raises(LocalsimError, match=message):
        make()


def test_a_routing_to_no_desk_is_refused():
    lost = Casework("work", agency="jobcentre", routing=Routing({"jobcenter": 1.0}))
    with pytest.raises(LocalsimError, match="names 'jobcenter', which keeps no desk"):
        Model(PLACE, themes=[lost], warmup_years=0)


def test_desks_are_the_network_of_queues_that_jackson_solved():
    result = check.doors([1, 0.5, 0], [[0, 0.4, 0.3], [0.1, 0, 0.4], [0.2, 0, 0.1]], [3, 2, 2.5])
    for field, expected in result.exact.items():
        error = getattr(result, f"{field}_se")
        assert error <= 0.01 * expected
        assert abs(getattr(result, field) - expected) <= 3.5 * error


@pytest.mark.slow
@settings(max_examples=4)
@given(st.data())
def test_any_network_of_desks_is_met(data):
    count = data.draw(st.integers(1, 3))
    share = st.floats(0.0, 0.9 / count)
    routing = [data.draw(st.lists(share, min_size=count, max_size=count)) for _ in range(count)]
    arrivals = data.draw(st.lists(st.floats(0.1, 1.0), min_size=count, max_size=count))
    visits = np.linalg.solve((np.eye(count) - np.array(routing)).T, arrivals)
    rates = visits / data.draw(st.lists(st.floats(0.1, 0.7), min_size=count, max_size=count))
    result = check.doors(arrivals, routing, rates.tolist(), replications=12)
    for field, expected in result.exact.items():
        # With few replications the error itself is unsure, and never less than rounding.
        error = max(getattr(result, f"{field}_se"), 1e-3 * expected)
        assert abs(getattr(result, field) - expected) <= 6.0 * error


# ── who is first ─────────────────────────────────────────────────────────────────────────────────


def test_by_severity_the_severe_wait_less_and_all_together_as_long():
    """Whose turn it is changes who waits, and not how much waiting there is in all."""
    busy, share, months = 0.8, 0.4, 0.002
    both = {"present_per_month": 1e9, "heal_per_month": 0.0, "solve_share": 1.0,
            "service_months": months}  # fmt: skip
    values = {f"{name}.{kind}": v for name, v in both.items() for kind in ("mild", "severe")}
    people = 20_000
    values |= {
        "onset_per_year": 12.0 * busy / months / people, "severe_share": share,
        "slot_gbp": float(people), "budget_gbp_per_indicator": 1.0,
    }  # fmt: skip
    theme = Casework("cases", eligible="everyone", severities=("mild", "severe"), desk=False,
                     team="nation", values=values)  # fmt: skip
    place = Place.synthetic([people], heterogeneity=0.0)
    means = {}
    for order in ("arrival", "severity"):
        model = Model(place, Policy("one", tier="nation", access=Silo(order)), themes=[theme],
                      assumptions=check.frictionless(), warmup_years=1)  # fmt: skip
        model.run(12)
        figures = dict_of(model)
        means[order] = figures["queue_wait_months", "all"] / months, figures
    waits = means["severity"][0], means["arrival"][0]
    assert waits[0] == pytest.approx(waits[1], rel=0.03)
    assert waits[1] == pytest.approx(busy / (1 - busy), rel=0.06)
    # Where a few wait far longer and most hardly, half of all wait less.
    median = ("wait_median_months", "all")
    assert means["severity"][1][median] < 0.8 * means["arrival"][1][median]


def test_the_severe_are_served_before_anybody_else_whoever_came_first():
    model = Model(PLACE, Policy("urgent", access=Silo("severity")), seed=5, warmup_years=2)
    town = model.town
    for _ in range(12):
        model.step()
        conserved(model)
        for node in range(town.patches.desks, town.patches.nodes):
            queue, c = [], int(town.nodes.queue["first"][node])
            while c >= 0:
                queue.append(int(town.cases.row["severity"][c]))
                c = int(town.cases.row["after"][c])
            assert queue == sorted(queue, reverse=True)


# ── what a hub may buy ───────────────────────────────────────────────────────────────────────────


def test_a_hub_pays_for_sitting_together_and_for_reaching_out():
    figures = {}
    for name, access in (("hub", Hub()), ("more", Hub(co_located=True, outreach=1.0))):
        model = Model(PLACE, replace(status_quo(), access=access), seed=1, warmup_years=1)
        model.run(2)
        figures[name] = dict_of(model)
    heads = model.resident_count * 2
    gbp = {name: model.facts.value(name) for name in (
        "doors.co_location_gbp_per_head", "engagement.outreach_gbp_per_head")}  # fmt: skip
    assert figures["hub"]["premises_gbp", "all"] == 0.0
    assert figures["more"]["premises_gbp", "all"] == pytest.approx(
        heads * gbp["doors.co_location_gbp_per_head"]
    )
    paid = [figures[name]["engagement_gbp", "all"] for name in ("hub", "more")]
    assert paid[1] - paid[0] == pytest.approx(
        heads * gbp["engagement.outreach_gbp_per_head"], rel=0.05
    )
    assert figures["more"]["presented", "all"] > figures["hub"]["presented", "all"]
    assert math.isfinite(figures["more"]["wait_mean_months", "all"])
