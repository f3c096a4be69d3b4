"""The compiled month: events, cases and queues against brute force, and time that is exact."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from recount import conserved

from localsim.assumptions import Assumptions
from localsim.dynamics.agenda import note, sort
from localsim.dynamics.columns import (
    CONTACTS,
    CRISES,
    DROPPED,
    FIRST_STARTS,
    FLOWS,
    HEALED,
    IN_SERVICE,
    LAPSED,
    LEFT,
    NEED_MONTHS,
    OPENED,
    PASS_OFFS,
    PRESENTATIONS,
    RETURNED,
    SERVICE_MONTHS,
    SOLVED,
    STARTS,
    SYSTEM_MONTHS,
    WAIT_BIN_RATIO,
    WAIT_BINS,
    WAITED,
    WEEKS_PER_MONTH,
    grown_heap,
    new_agenda,
    new_heap,
)
from localsim.dynamics.heap import pop, push
from localsim.dynamics.queues import wait_bin
from localsim.model import Model
from localsim.place import Place
from localsim.policy import presets
from localsim.policy.access import Hub
from localsim.policy.policy import Policy
from localsim.themes import Casework

PLACE = Place.synthetic(900, areas=5, seed=2, neighbourhood_areas=3)


def flows(model):
    return model.town.tally.flows


@pytest.fixture(scope="module")
def warm():
    return Model(PLACE, seed=11, warmup_years=2)


@given(st.lists(st.tuples(st.sampled_from([0.0, 0.5, 1.0, 2.5]), st.integers(0, 9))))
def test_events_leave_the_heap_in_the_order_of_time_then_of_who(events):
    heap = new_heap(max(1, len(events)))
    for stamp, (time, ref) in enumerate(events):
        push(heap, time, ref, stamp + 100, stamp)
    out = [pop(heap) for _ in events]
    assert [(time, ref) for time, ref, _, _ in out] == sorted(events)
    assert sorted(stamp for *_, stamp in out) == list(range(len(events)))
    for time, ref, case, stamp in out:  # what belongs together stays together
        assert (time, ref) == events[stamp]
        assert case == stamp + 100
    assert heap.size[0] == 0


@given(st.lists(st.tuples(st.floats(2.0, 3.0) | st.sampled_from([1.9, 2.5]), st.integers(0, 9))))
def test_what_is_due_is_sorted_by_time_then_by_who(events):
    agenda = new_agenda(max(1, len(events)))
    for stamp, (time, ref) in enumerate(events):
        note(agenda, time, ref, stamp + 100, stamp)
    sort(agenda, 2.0, 3.0)
    out = agenda.event[: agenda.size[1]].tolist()
    assert [(time, ref) for time, ref, _, _ in out] == sorted(events)
    for time, ref, case, stamp in out:  # what belongs together stays together
        assert (time, ref) == events[stamp]
        assert case == stamp + 100


def test_an_agenda_without_room_grows_and_changes_nothing(warm):
    roomy, tight = warm.fork(presets.status_quo()), warm.fork(presets.status_quo())
    tight.town.agenda = new_agenda(1)
    roomy.run(1)
    tight.run(1)
    assert tight.town.agenda.event.size > 1
    assert np.array_equal(flows(roomy), flows(tight))


def test_a_grown_heap_holds_the_same_events():
    heap = new_heap(2)
    push(heap, 2.0, 1, 5, 7)
    push(heap, 1.0, 2, 6, 8)
    larger = grown_heap(heap)
    assert larger.event.size == 4
    assert [pop(larger), pop(larger)] == [(1.0, 2, 6, 8), (2.0, 1, 5, 7)]


@pytest.mark.parametrize("weeks", [0.0, 0.01, 1.0, 4.0, 52.0, 300.0])
def test_a_wait_falls_into_the_bin_that_ends_at_it_or_after(weeks):
    b = wait_bin(weeks / WEEKS_PER_MONTH)
    assert WAIT_BIN_RATIO ** (b - 1) - 1 - 1e-9 < weeks <= WAIT_BIN_RATIO**b - 1 + 1e-9 or b == 0
    assert (b == 0) == (weeks == 0.0)


def test_a_wait_beyond_the_last_bin_is_counted_in_it():
    assert wait_bin(1e9) == WAIT_BINS - 1
    assert wait_bin(-1e-12) == 0


@pytest.mark.parametrize(
    "policy", [presets.local_integrated_services(), Policy("hub", access=Hub())], ids=["lis", "hub"]
)
def test_people_and_cases_are_conserved_month_by_month(warm, policy):
    model = warm.fork(policy)
    conserved(model)
    busy = model.town.nodes.work["busy"].copy()
    for _ in range(18):
        model.step()
        conserved(model)
        work = model.town.nodes.work
        # Where more are at work than there are slots, slots were cut, and nobody was taken on.
        assert (work["busy"] <= np.maximum(work["slots"], busy)).all()
        busy = work["busy"].copy()


def test_cut_slots_are_given_up_one_by_one_and_never_filled(warm):
    model = warm.fork(presets.status_quo())
    model.step()
    town = model.town
    pools = slice(town.patches.desks, None)
    town.nodes.work["slots"][pools] = 0
    at_work = town.nodes.work["busy"][pools].sum()
    assert at_work > 0
    for _ in range(60):
        town.advance(3.0)
        now = town.nodes.work["busy"][pools].sum()
        assert now <= at_work
        at_work = now
    assert at_work == 0


def test_what_opens_is_solved_heals_or_stays_open(warm):
    model = warm.fork(presets.top_down())
    before = model.open_needs
    model.run(2)
    total = flows(model).sum(axis=(0, 1))
    closed = total[SOLVED] + total[HEALED] + total[LEFT]
    assert total[OPENED] - closed == model.open_needs - before
    at_work = int(model.town.tally.stock["in_service"].sum())
    ended = total[SOLVED] + total[RETURNED] + total[LAPSED]
    started_before = int(warm.town.tally.stock["in_service"].sum())
    # Those who moved away while they were served have started and not ended.
    assert 0 <= total[STARTS] + started_before - ended - at_work <= total[LEFT]
    assert total[PRESENTATIONS] <= total[CONTACTS]
    assert total[DROPPED] <= total[PASS_OFFS] <= total[CONTACTS]
    assert total[FIRST_STARTS] <= total[STARTS]
    assert total[WAITED] <= total[STARTS]
    assert model.town.tally.waits.sum() == total[FIRST_STARTS]
    assert (total >= -1e-6).all()


def test_months_are_the_stocks_added_up_over_tiny_ticks(warm):
    fine, coarse = warm.fork(presets.status_quo()), warm.fork(presets.status_quo())
    ticks, sums = 1000, dict.fromkeys(("open_now", "in_system", "in_service"), 0.0)
    for _ in range(ticks):
        for stock in sums:
            sums[stock] += fine.town.tally.stock[stock].sum() / ticks
        fine.town.advance(1.0 / ticks)
    coarse.town.advance(1.0)
    for stock, flow in (
        ("open_now", NEED_MONTHS),
        ("in_system", SYSTEM_MONTHS),
        ("in_service", SERVICE_MONTHS),
    ):
        exact = flows(coarse)[:, :, flow].sum()
        assert exact == pytest.approx(flows(fine)[:, :, flow].sum(), rel=1e-9)
        events = flows(coarse).sum()
        assert abs(sums[stock] - exact) < events / ticks


@pytest.mark.parametrize("ticks", [2, 3, 7])
def test_the_tick_changes_no_event(ticks):
    one = Model(PLACE, seed=4, warmup_years=1)
    more = Model(PLACE, seed=4, warmup_years=1, ticks_per_month=ticks)
    one.run(1)
    more.run(1)
    whole = [f for f, name in enumerate(FLOWS) if not name.endswith("months")]
    assert (flows(one)[..., whole] == flows(more)[..., whole]).all()
    np.testing.assert_allclose(flows(one), flows(more), atol=1e-6)
    assert (one.town.tally.waits == more.town.tally.waits).all()


def alone(**values):
    """A theme of one severity without a desk, on perfect terms except as given."""
    usual = {
        "onset_per_year": 12.0, "present_per_month.open": 1e6, "heal_per_month.open": 0.0,
        "service_months.open": 0.05, "solve_share.open": 1.0, "return_share": 1.0,
        "slot_gbp": 100.0, "budget_gbp_per_indicator": 1000.0,
    }  # fmt: skip
    return Casework("alone", eligible="everyone", desk=False, team="nation", values=usual | values)


STAYING = ("turnover.owned", "turnover.social_rented", "turnover.private_rented",
           "growth.residents_per_year")  # fmt: skip


def run_alone(months=12, **values):
    numbers = dict.fromkeys(("needs.coupling", "contract.speed", "contract.success"), 0.0)
    numbers |= dict.fromkeys(STAYING, 0.0)
    model = Model(
        PLACE,
        themes=[alone(**values)],
        assumptions=Assumptions.default().replace(numbers),
        warmup_years=0,
    )
    for _ in range(months):
        model.step()
    return model, flows(model).sum(axis=(0, 1))


def test_onset_presentation_and_service_take_the_times_they_are_given():
    model, total = run_alone(months=24)
    # A need opens at the rate of 1 a month while idle and is served in 0.05: 1/(1 + 0.05).
    opened = total[OPENED] / model.resident_count / 24
    assert opened == pytest.approx(1.0 / 1.05, rel=4 / math.sqrt(total[OPENED]))
    served = total[SERVICE_MONTHS] / total[STARTS]
    assert served == pytest.approx(0.05, rel=4 / math.sqrt(total[STARTS]))
    assert total[WAITED] == 0
    assert total[SOLVED] + model.open_needs == total[OPENED]


def test_failures_come_back_and_each_attempt_is_a_start():
    _, total = run_alone(**{"solve_share.open": 0.5})
    assert total[STARTS] / total[SOLVED] == pytest.approx(2.0, rel=0.05)
    assert total[LAPSED] == 0
    _, total = run_alone(**{"solve_share.open": 0.5, "return_share": 0.0})
    assert total[RETURNED] == 0
    assert total[LAPSED] / total[STARTS] == pytest.approx(0.5, rel=0.05)


def test_needs_heal_and_come_to_crises_only_while_nobody_serves_them():
    _, unserved = run_alone(
        **{"heal_per_month.open": 0.5, "crisis_per_month.open": 0.25, "slot_gbp": 1e9}
    )
    assert unserved[STARTS] == unserved[SOLVED] == 0
    months = unserved[NEED_MONTHS]
    assert unserved[HEALED] / months == pytest.approx(0.5, rel=0.06)
    assert unserved[CRISES] / months == pytest.approx(0.25, rel=0.08)
    _, served = run_alone(**{"heal_per_month.open": 50.0, "service_months.open": 3.0})
    assert served[SERVICE_MONTHS] == pytest.approx(served[NEED_MONTHS], rel=0.01)
    assert served[HEALED] < 0.01 * served[SOLVED]


def test_open_needs_hasten_others():
    def opened(coupling):
        model = Model(
            PLACE,
            themes=[
                Casework("a", eligible="everyone", values={"onset_per_year": 6.0}),
                Casework("b", eligible="everyone", values={"onset_per_year": 0.6}),
            ],
            assumptions=Assumptions.default().replace({"needs.coupling": coupling}),
            warmup_years=0,
        )
        model.run(1)
        return flows(model)[:, 1, OPENED].sum()

    assert opened(1.0) > 1.2 * opened(0.0)


def test_only_the_eligible_fall_into_need(warm):
    people, town = warm.population, warm.town
    k = [theme.name for theme in warm.facts.casework].index("family")
    row = town.cases.row[: town.cases.sizes[1]]
    families = row["resident"][(row["phase"] > 0) & (row["theme"] == k)]
    assert families.size
    assert people.householder[families].all()
    assert (people.children[families] > 0).all()


def test_cases_at_a_desk_reach_a_door_that_is_kept_when_doors_change():
    sure = Assumptions.default().replace({"doors.drop": 0.0, "doors.assess_months": 2.0})
    model = Model(PLACE, seed=3, warmup_years=1, assumptions=sure)
    hub = model.fork(Policy("hub", access=Hub()))
    row = hub.town.cases.row
    old = (row["phase"] > 1) & (row["phase"] < 4) & (row["agency"] < len(hub.facts.agencies))
    assert old.any()
    passed = 0.0
    for _ in range(36):
        hub.step()
        passed = flows(hub)[:, :, PASS_OFFS].sum()
    assert 0 < passed <= old.sum()  # each once, and nobody who came later
    silo = hub.fork(presets.status_quo())
    silo.run(1)
    conserved(silo)
    row = silo.town.cases.row
    left = (row["agency"] == len(hub.facts.agencies)) & (row["phase"] > 1) & (row["phase"] < 4)
    assert (row["joined"][left] <= hub.town.months).all()


def test_service_stops_the_clocks_of_healing_and_crisis(warm):
    row = warm.town.cases.row[: warm.town.cases.sizes[1]]
    served = row[row["phase"] == IN_SERVICE]
    assert served.size
    assert (served["heal_at"] > 0.0).all()  # the months that are left
