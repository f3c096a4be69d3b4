"""Who else carries the work: other authorities, users, and communities that hold a building."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from recount import TOWNSHIP as PLACE
from recount import conserved, decided, places

from localsim.assumptions import Assumptions
from localsim.dynamics.columns import SERVICE_MONTHS
from localsim.errors import LocalsimError
from localsim.metrics import measure
from localsim.model import Model
from localsim.policy.policy import Pilot, Policy
from localsim.policy.presets import status_quo
from localsim.policy.supply import (
    IN_HOUSE,
    PRIVATE,
    VOLUNTARY,
    Community,
    InHouse,
    Market,
    Shared,
)


def world(**numbers):
    return Assumptions.default().replace({k.replace("__", "."): v for k, v in numbers.items()})


def figures(model):
    return {(metric, group): value for metric, group, value in measure(model)}


@pytest.fixture(scope="module")
def warm():
    return Model(PLACE, seed=8, warmup_years=1)


# ── sharing between authorities ─────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("authorities", [2, 3, 10])
def test_sharing_spreads_fixed_cost_fits_less_and_has_to_be_coordinated(warm, authorities):
    alone, shared = (
        decided(warm.fork(replace(status_quo(), name="s", supply=supply)))
        for supply in (InHouse(), Shared(authorities))
    )
    value = shared.facts.value
    slots = shared.town.nodes.work["slots"][:, IN_HOUSE]
    fixed = value("sharing.fixed_share")
    price = shared.accounts.pay_gbp[:, IN_HOUSE][slots > 0] / slots[slots > 0]
    usual = shared.providers.price[:, IN_HOUSE][slots > 0]
    assert price == pytest.approx(usual * (1 - fixed + fixed / authorities))
    better = shared.town.nodes.work["success"] / alone.town.nodes.work["success"]
    lost = value("sharing.fit_loss") * (1 - 1 / authorities)
    assert better[shared.town.patches.desks :] == pytest.approx(np.exp(-lost))
    served = 2  # authorities in the place
    cost = served * (authorities - 1) * value("coordination.gbp_per_partner")
    assert shared.ledger.spent_by("coordination") == pytest.approx(cost)


def test_where_nothing_is_fixed_and_fit_matters_sharing_loses():
    numbers = world(sharing__fixed_share=0.0, sharing__fit_loss=0.3)
    start = Model(PLACE, seed=2, assumptions=numbers, warmup_years=1)
    unmet = []
    for supply in (InHouse(), Shared(4)):
        model = start.fork(replace(status_quo(), name="s", supply=supply))
        model.run(4)
        unmet.append(figures(model)["solved", "all"])
    assert unmet[1] < unmet[0]


# ── co-production ───────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("supply", [InHouse, Shared, Market, Community])
def test_users_who_work_along_give_time_and_more_is_solved(warm, supply):
    plain, along = (
        warm.fork(Policy("p", supply=supply(coproduction=share))) for share in (0.0, 0.5)
    )
    for model in (plain, along):
        decided(model)
    value = warm.facts.value
    ratio = along.town.nodes.work["success"] / plain.town.nodes.work["success"]
    pools = slice(along.town.patches.desks, None)
    assert ratio[pools] == pytest.approx(np.exp(0.5 * value("coproduction.success")))
    along = warm.fork(Policy("p", supply=supply(coproduction=0.5)))
    along.run(1)
    months = along.town.tally.flows[..., SERVICE_MONTHS].sum()
    hours = 0.5 * value("coproduction.hours_per_month") * months
    found = figures(along)
    assert found["user_time_gbp", "all"] == pytest.approx(hours * value("volunteers.gbp_per_hour"))
    # Their time is nobody's money, and is in the full cost.
    plain = warm.fork(Policy("p", supply=supply()))
    plain.run(1)
    assert figures(plain)["user_time_gbp", "all"] == 0.0
    assert found["full_cost_gbp", "all"] == pytest.approx(
        found["service_gbp", "all"] + found["user_time_gbp", "all"]
        + found["pay_forgone_gbp", "all"]
    )  # fmt: skip


# ── full cost ───────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("share", [0.0, 0.5, 1.0])
def test_what_is_cheaper_for_lower_pay_is_booked_at_full_cost(share):
    numbers = world(
        supply__lower_pay_share=share, supply__price__private=0.8, supply__cost_sd=0.0,
    )  # fmt: skip
    policy = Policy("m", supply=Market(quality_weight=0.0))
    model = Model(PLACE, policy, assumptions=numbers, warmup_years=0)
    model.run(1)
    slots = model.town.nodes.work["slots"][:, PRIVATE]
    saved = 0.2 * model.providers.price[:, IN_HOUSE] * slots
    found = figures(model)
    assert saved.sum() > 0.0
    assert found["pay_forgone_gbp", "all"] == pytest.approx(share * saved.sum())
    assert found["full_cost_gbp", "all"] == pytest.approx(
        found["service_gbp", "all"] + share * saved.sum()
    )


def test_in_house_work_costs_what_it_costs(warm):
    model = warm.fork(status_quo())
    model.run(1)
    found = figures(model)
    assert found["full_cost_gbp", "all"] == pytest.approx(found["service_gbp", "all"])


# ── buildings ───────────────────────────────────────────────────────────────────────────────────

EAGER = {"volunteers__cost_ratio": 0.0, "supply__cost_sd": 0.0, "supply__grant_loss": 0.0}
TRANSFER = Policy("t", supply=Community(buildings=1.0, quality_weight=0.0, contract_years=1))


def test_a_community_takes_a_building_over_with_its_room_its_upkeep_and_what_letting_brings():
    numbers = world(**EAGER, assets__repair_chance=0.0, supply__gift_share=1.0,
                    assets__income_ratio=1.2)  # fmt: skip
    model = Model(PLACE, TRANSFER, assumptions=numbers, warmup_years=0)
    model.run(1)
    assert not model.providers.upkeep_gbp.any()  # nobody was there yet who could
    room = model.providers.capacity[:, VOLUNTARY].copy()
    decided(model)
    held = model.providers.upkeep_gbp > 0.0
    there = model.providers.alive[:, VOLUNTARY]
    assert held.any()
    assert there[held].all()
    value = model.facts.value
    price = model.providers.price[held, IN_HOUSE]
    pool_gbp = np.zeros(room.size)
    np.add.at(pool_gbp, model.town.patches.pool, model.facts.historic_gbp[:, :4])
    more = model.providers.capacity[held, VOLUNTARY] - room[held]
    assert more == pytest.approx(value("assets.room_share") * pool_gbp[held] / price)
    size = model.providers.capacity[held, VOLUNTARY]
    usual = value("assets.premises_share") * price * size
    assert model.providers.upkeep_gbp[held] == pytest.approx(usual)
    slots = model.town.nodes.work["slots"][:, VOLUNTARY]
    used = held & (slots > 0)
    assert used.any()
    paid, cost = (x[used, VOLUNTARY] / slots[used]
                  for x in (model.accounts.pay_gbp, model.accounts.cost_gbp))  # fmt: skip
    assert paid == pytest.approx(model.providers.price[used, VOLUNTARY])
    rent_free = model.providers.cost[used, VOLUNTARY] * (1 - value("assets.premises_share"))
    assert cost == pytest.approx(rent_free)
    upkeep = model.providers.upkeep_gbp.sum()
    assert model.ledger.spent_by("upkeep") == pytest.approx(upkeep * value("assets.upkeep_ratio"))
    assert model.ledger.received_from("lettings") == pytest.approx(1.2 * upkeep)
    assert figures(model)["buildings_held", "all"] == held.sum()


def test_a_building_that_eats_reserves_up_goes_back():
    numbers = world(**EAGER, assets__repair_chance=1.0, assets__income_ratio=0.0,
                    assets__repair_years=20.0, supply__entry=0.0)  # fmt: skip
    model = Model(PLACE, TRANSFER, assumptions=numbers, warmup_years=0)
    model.run(1)
    decided(model)
    held = model.providers.upkeep_gbp > 0.0
    assert held.any()
    model.live()
    model.pay()
    assert not model.providers.upkeep_gbp.any()
    assert model.providers.failed.sum() >= held.sum()
    assert not model.providers.alive[held, VOLUNTARY].any()
    assert figures(model)["buildings_held", "all"] == 0.0


def test_where_nobody_would_look_after_a_building_or_none_is_offered_none_changes_hands():
    for supply, numbers in (
        (Community(buildings=1.0), world(volunteers__cost_ratio=1.0)),
        (Community(buildings=0.0), world(**EAGER)),
    ):
        model = Model(PLACE, Policy("t", supply=supply), assumptions=numbers, warmup_years=0)
        model.run(3)
        assert not model.providers.upkeep_gbp.any()
        assert model.ledger.received_from("lettings") == 0.0


def test_a_share_of_buildings_on_offer_is_the_same_ones_and_more_as_it_rises():
    held = []
    for share in (0.3, 0.7):
        policy = replace(TRANSFER, supply=Community(buildings=share, contract_years=1))
        model = Model(PLACE, policy, seed=1, assumptions=world(**EAGER), warmup_years=0)
        model.run(1)
        decided(model)
        held.append(model.providers.upkeep_gbp > 0.0)
    assert held[0].sum() < held[1].sum()
    assert (held[1] | ~held[0]).all()


def test_buildings_need_a_community():
    with pytest.raises(LocalsimError, match="set community=True"):
        Market(buildings=0.5)
    for wrong in ({"buildings": 2.0}, {"coproduction": -0.1}):
        with pytest.raises(LocalsimError):
            Community(**wrong)
    with pytest.raises(LocalsimError, match="authorities"):
        Shared(1)
    with pytest.raises(LocalsimError, match="coproduction"):
        InHouse(coproduction=1.5)


# ── what it may move ────────────────────────────────────────────────────────────────────────────

CASEWORK = ("need_months_unmet", "opened", "presented", "solved", "crises", "returns_per_solved",
            "wait_mean_months", "contacts_per_solved", "trust", "participation")  # fmt: skip


def test_projects_move_amenities_and_money_and_where_nothing_is_prevented_no_case():
    start = Model(PLACE, seed=4, assumptions=world(place__prevention=0.0), warmup_years=1)
    plain, asking = (start.fork(Policy("c", supply=Community(projects=n))) for n in (0, 2))
    plain.run(3)
    asking.run(3)
    before, after = figures(plain), figures(asking)
    moved = {m for m, g in after if g == "all" and after[m, g] != before.get((m, g))}
    assert not moved & set(CASEWORK)
    assert moved >= {"amenity_benefit_gbp", "volunteer_time_gbp", "gifts_gbp", "full_cost_gbp"}


@pytest.mark.parametrize("supply", [InHouse, Market, Community])
def test_working_along_moves_no_money_of_the_place_in_its_first_year(warm, supply):
    found = []
    for share in (0.1, 1.0):  # both change hands, which itself has a price
        model = warm.fork(Policy("p", supply=supply(coproduction=share)))
        model.run(1)
        found.append(figures(model))
    for metric in ("service_gbp", "overhead_gbp", "amenity_benefit_gbp", "gifts_gbp"):
        assert found[0][metric, "all"] == found[1][metric, "all"], metric
    assert found[0]["returns_per_solved", "all"] > found[1]["returns_per_solved", "all"]


def test_buildings_that_nobody_takes_change_nothing(warm):
    start = Model(PLACE, seed=4, assumptions=world(volunteers__cost_ratio=1.0), warmup_years=1)
    kept, offered = (
        start.fork(Policy("c", supply=Community(buildings=share))) for share in (0.0, 1.0)
    )
    kept.run(3)
    offered.run(3)
    assert measure(kept) == measure(offered)


# ── money ───────────────────────────────────────────────────────────────────────────────────────

SHARES = st.floats(0.0, 1.0)
HANDS = st.one_of(
    st.builds(InHouse, coproduction=SHARES),
    st.builds(Shared, st.integers(2, 9), coproduction=SHARES),
    st.builds(
        Market, community=st.just(True), projects=st.integers(0, 3), buildings=SHARES,
        lot_slots=st.integers(1, 4), contract_years=st.integers(1, 3), coproduction=SHARES,
        quality_weight=SHARES,
    ),
    st.builds(
        Community, projects=st.integers(0, 3), buildings=SHARES, coproduction=SHARES,
        capacity_building=SHARES, quality_weight=SHARES,
    ),
)  # fmt: skip
ROUGH = {
    "supply__cost_sd": 0.5, "supply__reserve_months": 0.5, "supply__capacity_share": 0.3,
    "assets__repair_chance": 0.5, "supply__entry": 0.5, "gifts__warm_glow": 0.05,
}  # fmt: skip


@settings(max_examples=15, deadline=None)
@given(places(), HANDS, st.integers(0, 1000), st.booleans())
def test_money_and_people_are_conserved_whatever_hands_are_used(place, supply, seed, pilot):
    policy = replace(status_quo(), name="any hands", supply=supply)
    run = policy
    if pilot and len(place.codes) > 1:
        run = Pilot(policy, place.codes[0], status_quo())
    model = Model(place, run, seed=seed, assumptions=world(**ROUGH), warmup_years=0)
    for _ in range(37):
        model.step()  # which holds the month's cash against the ledger
    conserved(model)
    balance = model.ledger.balance()
    assert model.accounts.held_gbp == pytest.approx(balance["carried_gbp"], abs=0.01)
    for metric, _, value in measure(model):
        assert np.isfinite(value), metric
