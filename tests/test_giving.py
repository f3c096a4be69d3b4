"""Volunteers and gifts: who organises, what is given, and what it does to the books."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from recount import TOWNSHIP as PLACE

from localsim import check
from localsim.assumptions import Assumptions
from localsim.errors import LocalsimError
from localsim.metrics import measure
from localsim.model import Model
from localsim.policy.policy import Pilot, Policy
from localsim.policy.presets import local_integrated_services, status_quo
from localsim.policy.supply import Community, InHouse, Market
from localsim.themes import Casework
from localsim.year.giving import CivicCore, nash_gifts, organise

few = settings(max_examples=12, deadline=None)


def figures(model):
    return {(metric, group): value for metric, group, value in measure(model)}


@pytest.fixture(scope="module")
def warm():
    return Model(PLACE, seed=8, warmup_years=1)


# ── known answers ───────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(("n", "expected"), [(2, 0.25), (5, 0.420448)])
def test_nobody_organises_as_often_as_the_dilemma_says(n, expected):
    result = check.volunteers(n, 0.5)
    assert result.exact["nobody"] == pytest.approx(expected, abs=1e-6)
    assert result.nobody_se <= 0.0101 * expected
    assert abs(result.nobody - expected) <= 3.5 * result.nobody_se


@settings(max_examples=6, deadline=None)
@given(st.integers(2, 60), st.floats(0.2, 0.95), st.integers(0, 1000))
def test_the_dilemma_holds_for_any_number_and_any_trouble(n, cost_ratio, seed):
    result = check.volunteers(n, cost_ratio, seed=seed)
    expected = cost_ratio ** (n / (n - 1))
    assert abs(result.nobody - expected) <= 4.5 * max(result.nobody_se, 1e-9)


def test_the_ends_of_the_dilemma():
    assert check.volunteers(1, 0.9).nobody == 0.0  # nobody else to wait for
    assert check.volunteers(1, 1.0).nobody == 1.0
    assert check.volunteers(6, 0.0).nobody == 0.0
    assert check.volunteers(6, 2.0).nobody == 1.0
    for wrong in ((0, 0.5), (2.5, 0.5), (3, -0.1), (3, float("nan"))):
        with pytest.raises(LocalsimError):
            check.volunteers(*wrong)


@pytest.mark.parametrize("public", [0, 0.3, 0.6, 0.9])
def test_a_levy_crowds_gifts_out_one_for_one(public):
    result = check.crowd_out(10, 0.5, 10, public)
    assert result.total == pytest.approx(9.090909090909, abs=1e-9)
    assert result.public == pytest.approx(10 * public, abs=1e-9)
    assert result.private == pytest.approx(result.total - result.public, abs=1e-9)


@few
@given(st.integers(1, 400), st.floats(0.0, 1.0), st.floats(0.0, 1e5), st.floats(0.0, 1.0))
def test_crowding_out_is_exact_for_any_donors(donors, weight, wealth, share):
    result = check.crowd_out(donors, weight, wealth, share * wealth)
    for field, value in result.exact.items():
        assert getattr(result, field) == pytest.approx(value, rel=1e-9, abs=1e-9)


def test_a_levy_beyond_ones_wealth_is_refused():
    with pytest.raises(LocalsimError, match="public must lie between 0 and 5"):
        check.crowd_out(3, 0.5, 5, 6)


# ── the equilibrium ─────────────────────────────────────────────────────────────────────────────


@few
@given(
    st.lists(st.integers(0, 50), min_size=2, max_size=2).filter(any),
    st.floats(0.0, 0.6), st.floats(0.001, 0.3), st.floats(0.0, 500.0), st.floats(1.0, 100.0),
)  # fmt: skip
def test_nobody_would_rather_give_another_amount(donors, weight, glow, public, means):
    each = np.array([[means, 0.5 * means]])
    gifts = nash_gifts(np.array([donors], float), each, np.array([public]), weight, glow)[0]
    total = public + float(np.dot(donors, gifts))

    def utility(c, gift):
        good = total - gifts[c] + gift
        return (
            (1 - weight - glow) * np.log(each[0, c] - gift)
            + weight * np.log(good)
            + glow * np.log(gift)
        )

    for c, number in enumerate(donors):
        if number:
            best = utility(c, gifts[c])
            for other in (0.5, 0.9, 0.999, 1.001, 1.1):
                if other * gifts[c] < each[0, c]:
                    assert utility(c, other * gifts[c]) <= best + 1e-9


def test_warm_glow_softens_crowding_out():
    donors, means = np.array([[50.0, 0.0]]), np.array([[100.0, 50.0]])

    def crowded_out(glow):
        without, under = (
            50.0 * nash_gifts(donors, means - levy, np.array([50.0 * levy]), 0.2, glow)[0, 0]
            for levy in (0.0, 0.2)
        )
        return (without - under) / (50.0 * 0.2)

    assert crowded_out(0.0) == pytest.approx(1.0)
    assert 0.0 < crowded_out(0.1) < 0.5


# ── in a place ──────────────────────────────────────────────────────────────────────────────────


def test_the_civic_core_is_who_takes_part_and_is_smaller_where_people_are_deprived(warm):
    core = CivicCore.of(warm.facts, warm.priorities)
    people = warm.population
    adult = people.age_band >= 3
    share = warm.facts.value("volunteers.core_share")
    assert core.rows.size == round(share * adult.sum())
    assert adult[core.rows].all()
    inside = warm.priorities.propensity[core.rows].min()
    outside = np.setdiff1d(np.flatnonzero(adult), core.rows)
    assert inside >= warm.priorities.propensity[outside].max()
    assert people.income_deprived[core.rows].mean() < people.income_deprived[adult].mean()
    assert core.donors.sum() == core.rows.size
    assert np.diff(core.start).tolist() == core.donors.sum(axis=1).tolist()


def test_more_projects_leave_the_luck_of_the_first_as_it_was(warm):
    core = CivicCore.of(warm.facts, warm.priorities)
    asked = np.ones(len(PLACE.codes), np.int64)
    one, two = (organise(warm.facts, core, n * asked, 3) for n in (1, 2))
    assert ((two - one >= 0) & (two - one <= 1)).all()
    assert (organise(warm.facts, core, asked, 3) == one).all()
    assert any((organise(warm.facts, core, asked, y) != one).any() for y in range(4, 12))


def test_projects_bring_time_and_money_to_amenities_and_nothing_else_is_drawn_anew(warm):
    base = Policy("c", supply=Community())
    plain, asking = (warm.fork(replace(base, supply=Community(projects=n))) for n in (0, 3))
    plain.run(2)
    asking.run(2)
    without, with_ = figures(plain), figures(asking)
    assert with_["volunteer_time_gbp", "all"] > 0.0 == without["volunteer_time_gbp", "all"]
    assert with_["gifts_gbp", "all"] > without["gifts_gbp", "all"]
    assert with_["amenity_benefit_gbp", "all"] > without["amenity_benefit_gbp", "all"]
    assert ("projects_without_organiser", "all") not in without
    assert 0.0 <= with_["projects_without_organiser", "all"] <= 1.0
    # The place's own lines bear the support and not a pound more.
    assert with_["spend_gbp", "all"] == pytest.approx(without["spend_gbp", "all"], rel=1e-3)
    hours = with_["volunteer_time_gbp", "all"] / asking.facts.value("volunteers.gbp_per_hour")
    support = hours * asking.facts.value("volunteers.support_gbp_per_hour")
    assert with_["volunteer_support_gbp", "all"] == pytest.approx(support)


def test_without_an_organiser_nothing_is_given(warm):
    world = Assumptions.default().replace({"volunteers.cost_ratio": 1.0})
    model = Model(PLACE, Policy("c", supply=Community(projects=2)), assumptions=world,
                  warmup_years=0)  # fmt: skip
    model.run(1)
    found = figures(model)
    assert found["projects_without_organiser", "all"] == 1.0
    assert found["volunteer_time_gbp", "all"] == 0.0


def test_support_is_never_more_than_the_amenities_have(warm):
    world = Assumptions.default().replace(
        {"volunteers.support_gbp_per_hour": 11.0, "gifts.warm_glow": 0.5}
    )
    policy = Policy("c", supply=Community(projects=1))
    model = Model(PLACE, policy, assumptions=world, warmup_years=0)
    model.run(1)
    assert model.accounts.amenity_gbp.min() >= -1e-6
    assert (model.giving.worth_gbp + model.regimes[0].plan[:, -1:] >= -1e-6).all()


def test_a_pilot_asks_only_its_own_residents(warm):
    policy = replace(local_integrated_services(), supply=Market(community=True, projects=4))
    pilot = Pilot(policy, [PLACE.codes[0], PLACE.codes[1]], status_quo())
    model = Model(PLACE, pilot, seed=8, warmup_years=0)
    model.run(1)
    assert (model.projects[0] == [4, 4, 0, 0, 0, 0]).all()
    assert figures(model)["volunteer_time_gbp", "outside"] == 0.0


def test_where_there_is_no_amenity_nobody_is_asked():
    model = Model(PLACE, Policy("c", supply=Community(projects=2)), themes=[Casework("need")],
                  warmup_years=0)  # fmt: skip
    model.run(1)
    assert not model.projects.any()


def test_only_a_community_is_asked():
    with pytest.raises(LocalsimError, match="set community=True"):
        Market(projects=1)
    with pytest.raises(LocalsimError, match="projects"):
        Community(projects=-1)
    assert local_integrated_services().supply.projects == 1
    assert isinstance(status_quo().supply, InHouse)
