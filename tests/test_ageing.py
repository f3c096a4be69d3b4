"""Growing older and growing in number: scenarios that move who lives there, under every policy."""

import copy
import pickle
from dataclasses import replace

import numpy as np
import pytest
from hamlet import hamlet
from hypothesis import given, settings
from hypothesis import strategies as st
from recount import conserved

import localsim as ls
from localsim.dynamics.ageing import older, passing, settle_ages
from localsim.dynamics.columns import OPENED
from localsim.dynamics.facts import OLD, relative_onset
from localsim.errors import LocalsimError
from localsim.place import AGES
from localsim.scenarios import SCENARIOS, Scenario, ageing, growth
from localsim.year.taking_part import propensity, seldom_heard

TOWN = ls.Place.synthetic(6000, areas=6, neighbourhood_areas=3, seed=4)
FAST = Scenario("fast", ageing=0.1)
STILL = {f"turnover.{kind}": 0.0 for kind in ("owned", "social_rented", "private_rented")}


def rows(model):
    return {(metric, group): value for metric, group, value in ls.measure(model)}


@pytest.fixture(scope="module")
def aged():
    model = ls.Model(TOWN, ls.policies.silo_budgeting(), scenario=FAST, warmup_years=2, seed=3)
    model.run(4)
    return model


@pytest.fixture(scope="module")
def steady():
    model = ls.Model(TOWN, ls.policies.silo_budgeting(), warmup_years=2, seed=3)
    model.run(4)
    return model


# ── birthdays ────────────────────────────────────────────────────────────────────────────────────


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10**6), st.floats(0.0, 0.02))
def test_the_old_grow_by_the_rate_the_middle_stays_and_the_young_lose_alike(seed, rate):
    draw = np.random.default_rng(seed)
    age = np.concatenate([np.arange(97).repeat(40), draw.integers(0, 97, 500)]).astype(np.int8)
    share = passing(age, rate)
    there = np.bincount(age, minlength=128).astype(float)
    gone = share * there
    after = there - gone + np.append(0.0, gone[:-1])
    assert (share >= 0.0).all()
    assert (share <= 1.0).all()
    assert after.sum() == pytest.approx(age.size)
    assert after[:18] == pytest.approx(there[:18])
    assert after[30:65] == pytest.approx(there[30:65])
    assert after[65:97] == pytest.approx((1.0 + rate) * there[65:97])
    lost = there[18:30] - after[18:30]
    assert lost == pytest.approx(np.full(12, rate * there[65:].sum() / 12))


def test_people_are_conserved_and_grow_older_by_a_year_or_not_at_all():
    facts = ls.Model(TOWN, warmup_years=0).facts
    then = older(facts, 0.1, 1)
    was, now = facts.population, then.population
    years = now.age - was.age
    assert set(np.unique(years)) == {0, 1}
    assert (years[was.age < 18] == 0).all()
    for name in set(was.columns) - {"age", "age_band"}:
        assert now.columns[name] is was.columns[name]
    counts = np.zeros((len(TOWN.codes), len(AGES)), np.int64)
    np.add.at(counts, (now.area, now.age_band), 1)
    assert (counts.sum(axis=1) == TOWN.residents).all()
    assert (counts[:, :3] == TOWN.margins["age"][:, :3]).all()
    first = np.array([0, 11, 16, 18, 30, 45, 65, 128])
    assert (now.age >= first[now.age_band]).all()
    assert (now.age < first[now.age_band + 1]).all()
    assert (older(facts, 0.1, 1).population.age == now.age).all()
    assert (older(facts, 0.1, 2).population.age != now.age).any()
    assert (facts.population.age == was.age).all()


def test_those_who_pass_keep_what_is_left_of_their_luck_at_the_new_rate():
    model = ls.Model(TOWN, warmup_years=1, seed=3)
    before = copy.deepcopy(model.town)
    facts = older(model.facts, 0.1, 1)
    settle_ages(facts, model.town)
    names = [theme.name for theme in facts.casework]
    health, work = names.index("health"), names.index("work")
    now_old = (facts.population.age_band == OLD) & (model.facts.population.age_band != OLD)
    assert now_old.sum() > 10
    for k, theme in enumerate(facts.casework):
        assert (model.town.needs.need["relative"][k] == relative_onset(facts, theme)).all()
        same = ~now_old
        assert (model.town.needs.threshold[k][same] == before.needs.threshold[k][same]).all()
    idle = now_old & (before.needs.need["case"][health] < 0)
    level = model.town.hazard.level[facts.population.area[idle], health]
    was = before.needs.threshold[health][idle] - level
    assert model.town.needs.threshold[health][idle] - level == pytest.approx(was / 2.0)
    idle = now_old & (before.needs.need["case"][work] < 0)
    assert np.isinf(model.town.needs.threshold[work][idle]).all()
    assert (model.town.needs.need["case"] == before.needs.need["case"]).all()


# ── a place run through it ────────────────────────────────────────────────────────────────────────


def test_the_old_are_more_and_need_health_more_often(aged, steady):
    conserved(aged)
    shares = [(model.population.age_band == OLD).mean() for model in (steady, aged)]
    assert shares[1] / shares[0] == pytest.approx(1.1**4, rel=0.05)
    names = [theme.name for theme in aged.facts.casework]
    opened = {
        name: [model.town.tally.flows[:, k, OPENED].sum() for model in (steady, aged)]
        for k, name in enumerate(names)
    }
    assert opened["health"][1] > opened["health"][0]
    assert opened["work"][1] < opened["work"][0]
    old = aged.population.age_band == OLD
    work = names.index("work")
    assert (aged.town.needs.need["relative"][work][old] == 0.0).all()
    # Whoever grew old in need of work is in it still, or was served; nobody old falls into it.
    assert aged.accounts.held_gbp == pytest.approx(aged.ledger.should_hold_gbp, abs=0.005)


def test_nobody_grows_older_in_the_warm_up_or_without_the_scenario(steady):
    census = steady.facts.place.margins["age"].sum(axis=0)
    assert (np.bincount(steady.population.age_band, minlength=len(AGES)) == census).all()
    model = ls.Model(TOWN, scenario=FAST, warmup_years=3, seed=3)
    assert (model.population.age == steady.population.age).all()
    model.run(1)
    assert (model.population.age != steady.population.age).any()


def test_ageing_by_nothing_is_nothing_to_the_bit(steady):
    model = ls.Model(
        TOWN, ls.policies.silo_budgeting(), warmup_years=2, seed=3,
        scenario=Scenario("nothing", ageing=0.0, growth="growth.residents_per_year"),
    )  # fmt: skip
    model.run(4)
    assert rows(model) == rows(steady)


def test_everybody_is_as_old_under_one_policy_as_under_another():
    start = ls.Model(TOWN, scenario=FAST, warmup_years=1, seed=3)
    policy = ls.policies.local_integrated_services()
    one, same, other = (
        start.fork(p) for p in (policy, replace(policy, name="another"), ls.policies.top_down())
    )
    for model in (one, same, other):
        model.run(2)
    assert rows(one) == rows(same)
    assert (one.population.age == other.population.age).all()
    assert (one.town.needs.need["relative"] == other.town.needs.need["relative"]).all()
    assert (start.population.age != one.population.age).any()
    fork = other.fork(policy)
    half = fork.fork(policy)
    for _ in range(6):
        half.step()
    again = half.fork(policy)
    again.step()
    assert (again.population.age == other.population.age).all()
    fork.run(1)
    straight = start.fork(ls.policies.top_down())
    straight.run(3)
    assert (fork.population.age == straight.population.age).all()


def test_who_takes_part_follows_the_new_age():
    world = ls.Assumptions.default().replace(STILL)
    model = ls.Model(TOWN, scenario=FAST, assumptions=world, warmup_years=0, seed=3)
    first = model.priorities.propensity
    model.run(3)
    now = model.priorities
    assert (now.propensity != first).any()
    assert now.propensity == pytest.approx(propensity(model.facts), abs=1e-9)
    assert (now.seldom_heard == seldom_heard(model.facts)).all()


def test_residents_show_their_new_age(aged):
    row = int(np.flatnonzero(aged.population.age != ls.Population.of(TOWN).age)[0])
    resident = aged.residents[row]
    assert resident.age == aged.population.age[row] > ls.Population.of(TOWN).age[row]
    model = ls.Model(TOWN, scenario=FAST, warmup_years=0, seed=3)
    seen = model.residents[row]
    assert seen.age == ls.Population.of(TOWN).age[row]
    ages = model.columns.static["age"]
    model.run(2)
    assert (model.columns.static["age"] != ages).any()


def test_an_aged_population_travels_as_it_is(aged):
    twin = pickle.loads(pickle.dumps(aged.population))
    assert (twin.age == aged.population.age).all()
    assert (twin.age_band == aged.population.age_band).all()
    assert (twin.census.age == aged.population.census.age).all()
    assert aged.population.census.census is aged.population.census
    first = ls.Population.of(TOWN)
    assert pickle.loads(pickle.dumps(first)).columns is first.columns


def test_a_town_that_grows_faster_needs_more_and_has_no_more_money(steady):
    model = ls.Model(
        TOWN, ls.policies.silo_budgeting(), scenario=Scenario("g", growth=0.05), warmup_years=2,
        seed=3,
    )  # fmt: skip
    model.run(4)
    now, usual = rows(model), rows(steady)
    assert now["opened", "all"] > 1.03 * usual["opened", "all"]
    assert now["spend_gbp", "all"] == pytest.approx(usual["spend_gbp", "all"], rel=0.02)
    slow = Scenario("none", growth=0.0)
    world = ls.Assumptions.default().replace({"growth.residents_per_year": 0.0})
    one, other = (
        ls.Model(hamlet(), scenario=scenario, assumptions=numbers, warmup_years=1)
        for scenario, numbers in ((slow, None), ("steady", world))
    )
    one.run(3)
    other.run(3)
    assert rows(one) == rows(other)


# ── asked for ─────────────────────────────────────────────────────────────────────────────────────


def test_the_named_ones_rest_on_numbers_with_a_source():
    value = ls.Assumptions.default().value
    assert SCENARIOS["ageing"] is ageing
    assert SCENARIOS["growth"] is growth
    assert ageing().ageing_per_year(value) == value("ageing.older_per_year") == 0.011
    assert ageing().growth_per_year(value) == value("growth.residents_per_year")
    assert growth().growth_per_year(value) == value("growth.fast_residents_per_year") == 0.019
    assert growth().ageing_per_year(value) == 0.0
    for name in ("ageing.older_per_year", "growth.fast_residents_per_year"):
        assert ls.Assumptions.default().row(name).sourced
    assert "65 and over: ageing.older_per_year a year" in ageing().describe()
    assert "residents: +5.00% a year" in Scenario("g", growth=0.05).describe()
    assert hash(Scenario("a", ageing=0.01)) != hash(Scenario("a", ageing=0.02))


@pytest.mark.parametrize(
    ("given_", "said"),
    [
        ({"ageing": -0.01}, "ageing is a share a year between 0 and 0.1"),
        ({"ageing": True}, "ageing is a share a year"),
        ({"growth": 0.5}, "growth is a share a year between -0.1 and 0.1"),
        ({"growth": float("nan")}, "growth is a share a year"),
        ({"growth": [0.01]}, "growth is a share a year"),
    ],
)
def test_what_is_no_share_a_year_is_refused(given_, said):
    with pytest.raises(LocalsimError, match=said):
        Scenario("s", **given_)


def test_a_name_of_no_assumption_is_refused():
    with pytest.raises(LocalsimError, match=r"rests on 'ageing.older', which is no assumption"):
        ls.Model(hamlet(), scenario=Scenario("s", ageing="ageing.older"), warmup_years=0)


def test_a_config_writes_them(tmp_path):
    file = tmp_path / "asked.yaml"
    text = "place: norbiton\npolicies: [status_quo]\nscenario: "
    for written, meant in (
        ("ageing", ageing()),
        ("growth", growth()),
        ("{name: s, ageing: 0.02, growth: growth.fast_residents_per_year}",
         Scenario("s", ageing=0.02, growth="growth.fast_residents_per_year")),
    ):  # fmt: skip
        file.write_text(text + written, encoding="utf-8")
        assert ls.Experiment.from_config(file).scenario == meant
    file.write_text(text + "{ageing: 2}", encoding="utf-8")
    with pytest.raises(LocalsimError, match=r"scenario: .*ageing is a share a year"):
        ls.Experiment.from_config(file)
