"""The model: what it refuses, what luck does, and invariants over random places and policies."""

import copy
import math
import pickle
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from recount import conserved, places, policies

from localsim import streams
from localsim.assumptions import Assumptions
from localsim.dynamics.columns import ONSET
from localsim.errors import LedgerError, LocalsimError
from localsim.metrics import measure
from localsim.model import Model
from localsim.place import Place
from localsim.policy.access import Hub
from localsim.policy.budgets import OpenEnded, RingFenced
from localsim.policy.policy import Pilot, Policy
from localsim.policy.presets import PRESETS, local_integrated_services, status_quo, top_down
from localsim.policy.rules import Planner
from localsim.themes import Casework, default_themes

PLACE = Place.synthetic(400, areas=4, neighbourhood_areas=2, seed=3)
SIGNED = {"amenity_benefit_gbp", "trust", "carried_gbp"}


@pytest.fixture(scope="module")
def warm():
    return Model(PLACE, seed=5, warmup_years=1)


def same_world(one, other):
    """Say whether two models hold the same needs, cases, queues, cash and counters."""
    pairs = [(one.accounts.lines, other.accounts.lines)]
    for part in ("needs", "nodes", "tally", "hazard"):
        pairs += list(zip(getattr(one.town, part), getattr(other.town, part), strict=True))
    return all(np.array_equal(a, b) for a, b in pairs)


# ── what cannot be ────────────────────────────────────────────────────────────────────────────

BAD = [
    ({"place": "norbiton"}, "place must be a Place such as Place.norbiton"),
    ({"place": None}, "place must be a Place"),
    ({"policy": "top_down"}, "policy must be a Policy or a Pilot"),
    ({"policy": top_down}, "call it: add brackets"),
    ({"policy": Pilot(top_down(), "Narnia", status_quo())}, "no area of synthetic is called"),
    ({"policy": Policy("p", budgets=RingFenced({"wrk": 1.0}))}, "no theme here"),
    ({"seed": "abc"}, "seed must be a whole number .* not 'abc'"),
    ({"seed": -1}, "seed must be a whole number .* not -1"),
    ({"seed": math.nan}, "seed must be a whole number .* not nan"),
    ({"seed": 1.5}, "seed must be a whole number .* not 1.5"),
    ({"seed": True}, "seed must be a whole number .* not True"),
    ({"seed": 10**400}, "seed must be a whole number"),
    ({"replication": -1}, "replication must be a whole number"),
    ({"replication": None}, "replication must be a whole number"),
    ({"warmup_years": 1.5}, "warmup_years must be a whole number from 0 to 200, not 1.5"),
    ({"warmup_years": -1}, "warmup_years"),
    ({"warmup_years": True}, "warmup_years"),
    ({"warmup_years": 10**9}, "warmup_years"),
    ({"ticks_per_month": 0}, "ticks_per_month must be a whole number from 1 to 1,000"),
    ({"ticks_per_month": math.nan}, "ticks_per_month"),
    ({"themes": []}, "at least one theme"),
    ({"themes": 3}, "a list of Casework and Amenity"),
    ({"themes": ["work"]}, "Themes are Casework or Amenity"),
    ({"assumptions": {"place.kappa": 0.1}}, "assumptions must be an Assumptions"),
    ({"zone": [True]}, "zone must be one True or False for each of 4 areas"),
    ({"zone": [0, 1, 1, 0]}, "zone must be one True or False"),
    ({"borders": [0.5, 0, 0, 0]}, "borders must be one whole number"),
    ({"borders": [-1, 0, 0, 0]}, "borders must be one whole number"),
    ({"assumptions": Assumptions.default().replace({"trust.half_life_months": 0})},
     "half_life_months' must be above zero"),
]  # fmt: skip


def case(**values):
    """Return arguments with one theme of some values."""
    return {"themes": [Casework("need", eligible="everyone", values=values)]}


BAD += [
    (case(onset_per_year=1e9), "'need.onset_per_year' is 1e\\+09; up to 120,000"),
    (case(**{"crisis_per_month.open": 1e9}), "'need.crisis_per_month.open' is 1e\\+09"),
    (case(budget_gbp_per_indicator=1e12), "counted to the penny"),
    (case(onset_per_year=-1), "cannot be negative"),
    (case(onset_per_year=math.nan), "finite"),
    ({"assumptions": Assumptions.default().replace(
        {"doors.misdirection": 1, "doors.drop": 0})}, "reach the right desk"),
]  # fmt: skip


@pytest.mark.parametrize(("wrong", "sentence"), BAD)
def test_what_cannot_be_is_refused_in_a_sentence(wrong, sentence):
    with pytest.raises(LocalsimError, match=sentence):
        Model(**{"place": PLACE, "warmup_years": 0} | wrong)


@pytest.mark.parametrize("years", [-1, 0.5, math.nan, "two", True, 10**6, None])
def test_years_to_run_are_whole(warm, years):
    with pytest.raises(LocalsimError, match="years to run must be a whole number"):
        copy.copy(warm).run(years)


@pytest.mark.parametrize("policy", ["top_down", None, Planner()])
def test_a_fork_needs_a_policy(warm, policy):
    with pytest.raises(LocalsimError, match="policy must be a Policy or a Pilot"):
        warm.fork(policy)


@pytest.mark.parametrize("name", PRESETS)
@pytest.mark.parametrize("residents", [1, [1, 0], [0, 3, 0], 2])
def test_tiny_places_run(name, residents):
    model = Model(Place.synthetic(residents), PRESETS[name](), warmup_years=1)
    model.run(2)
    conserved(model)
    assert all(math.isfinite(value) for *_, value in measure(model))


def test_a_pilot_where_nobody_lives_runs():
    place = Place.synthetic([0, 20], neighbourhood_areas=1)
    pilot = Pilot(local_integrated_services(), "S1", status_quo())
    model = Model(place, pilot, warmup_years=1)
    model.run(2)
    assert all(math.isfinite(value) for *_, value in measure(model))
    assert all(np.isfinite(path).all() for path in model.series.values())


@pytest.mark.parametrize("name", PRESETS)
def test_a_budget_of_zero_runs(name):
    poor = [replace(t, values={"budget_gbp_per_indicator": 0.0}) for t in default_themes()]
    model = Model(PLACE, PRESETS[name](), themes=poor, warmup_years=1)
    model.run(1)
    conserved(model)
    assert model.ledger.spent_by("service") == 0.0
    assert all(math.isfinite(value) for *_, value in measure(model))


def test_no_onset_no_needs_but_those_at_the_start():
    quiet = [
        replace(t, values={"onset_per_year": 0.0} if isinstance(t, Casework) else {})
        for t in default_themes()
    ]
    model = Model(PLACE, themes=quiet, warmup_years=0)
    model.run(3)
    conserved(model)
    theme = Casework("quiet", eligible="everyone", values={"onset_per_year": 0.0})
    model = Model(PLACE, themes=[theme], warmup_years=1)
    model.run(1)
    assert model.town.tally.flows[:, :, 0].sum() == 0.0
    assert model.open_needs == 0


# ── luck ──────────────────────────────────────────────────────────────────────────────────────


def test_the_same_luck_gives_the_same_run_and_other_luck_another(warm):
    again = Model(PLACE, seed=5, warmup_years=1)
    assert same_world(warm, again)
    assert not same_world(warm, Model(PLACE, seed=6, warmup_years=1))
    assert not same_world(warm, Model(PLACE, seed=5, replication=1, warmup_years=1))


def test_a_seed_of_none_draws_a_fresh_one_and_numpy_numbers_are_seeds():
    seeds = {Model(PLACE, seed=None, warmup_years=0).seed for _ in range(3)}
    assert len(seeds) == 3
    assert Model(PLACE, seed=np.int64(7), warmup_years=0).seed == 7


@pytest.mark.parametrize("name", PRESETS)
def test_the_warm_up_is_the_same_whatever_follows(warm, name):
    direct = Model(PLACE, PRESETS[name](), seed=5, warmup_years=1)
    fork = warm.fork(PRESETS[name]())
    assert np.array_equal(direct.town.needs.threshold, warm.town.needs.threshold)
    assert same_world(direct, fork)
    direct.run(2)
    fork.run(2)
    assert same_world(direct, fork)
    assert measure(direct) == measure(fork)


def test_two_policies_live_in_one_world(warm):
    one, other = warm.fork(top_down()), warm.fork(local_integrated_services())
    assert one.facts is other.facts is warm.facts
    assert (one.values == other.values).all()
    for rule in ("severity", "theme", "world", "assess", "desk", "pool", "keys"):
        assert (getattr(one.town.rules, rule) == getattr(other.town.rules, rule)).all()
    assert (one.town.rules.regime == other.town.rules.regime).all()
    for column in ("price", "cost", "quality", "observed", "capacity"):
        assert (getattr(one.providers, column) == getattr(other.providers, column)).all()
    assert one.accounts.held_gbp == other.accounts.held_gbp
    one.run(1)
    other.run(1)
    for column in ("price", "cost", "quality"):
        assert (getattr(one.providers, column) == getattr(other.providers, column)).all()


def test_identical_policies_differ_by_nothing(warm):
    one = warm.fork(local_integrated_services())
    other = warm.fork(replace(local_integrated_services(), name="other"))
    one.run(3)
    other.run(3)
    assert measure(one) == measure(other)


def test_forks_leave_their_model_and_each_other_alone(warm):
    before = pickle.dumps(warm.town.needs)
    one, other = warm.fork(top_down()), warm.fork(top_down())
    one.run(2)
    assert pickle.dumps(warm.town.needs) == before
    assert warm.month == other.month == 0
    other.run(2)
    assert same_world(one, other)


def test_a_pickled_model_goes_on_as_it_would_have(warm):
    model = warm.fork(Pilot(local_integrated_services(), "Synthetic nation", status_quo()))
    model.run(1)
    again = pickle.loads(pickle.dumps(model))
    model.run(1)
    again.run(1)
    assert same_world(model, again)
    assert measure(model) == measure(again)


def test_thresholds_are_the_residents_own(warm):
    model = Model(PLACE, seed=5, warmup_years=0)
    k = 0
    theme = model.facts.casework[k]
    draw = streams.exponential(model.facts.key(f"{theme.name}/onset"), model.population.entity)
    able = model.town.needs.need["relative"][k] > 0.0
    threshold, relative = model.town.needs.threshold[k], model.town.needs.need["relative"][k]
    later = able & (threshold > 0.0)
    assert threshold[later] == pytest.approx(draw[later] / relative[later])
    assert (model.town.rules.keys[k, ONSET] == model.facts.key(f"{theme.name}/onset")).all()


APART = {"needs.coupling": 0.0, "trust.gain": 0.0, "doors.misdirection": 0.0}


def test_the_order_of_themes_changes_nothing_but_their_order():
    numbers = Assumptions.default().replace(APART)
    # Each in an agency of its own, so that no desk is shared.
    themes = [replace(theme, agency=theme.name) for theme in default_themes()]
    one = Model(PLACE, themes=themes, assumptions=numbers, seed=2, warmup_years=1)
    other = Model(PLACE, themes=themes[::-1], assumptions=numbers, seed=2, warmup_years=1)
    one.run(1)
    other.run(1)
    for k, theme in enumerate(one.facts.casework):
        j = other.facts.casework.index(theme)
        np.testing.assert_allclose(
            one.town.tally.flows[:, k], other.town.tally.flows[:, j], atol=1e-9
        )
        assert (one.town.tally.waits[:, k] == other.town.tally.waits[:, j]).all()


def test_an_unrelated_theme_moves_no_draw_of_the_others():
    numbers = Assumptions.default().replace(APART)
    themes = [replace(theme, agency=theme.name) for theme in default_themes()]
    more = [Casework("parking", agency="parking"), *themes]
    # Decisions and prevention are left out: money for the new theme pays for overheads too.
    one = Model(PLACE, themes=themes, assumptions=numbers, seed=2, warmup_years=0)
    other = Model(PLACE, themes=more, assumptions=numbers, seed=2, warmup_years=0)
    assert (one.town.needs.threshold == other.town.needs.threshold[1:]).all()
    assert (one.town.rules.keys == other.town.rules.keys[1:]).all()
    assert (one.values == other.values).all()
    assert (one.priorities.lasting == other.priorities.lasting[1:]).all()


# ── the setter of trust ───────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("level", [-0.01, 1.01, math.nan, math.inf, "high"])
def test_trust_is_a_level_from_0_to_1(warm, level):
    model = warm.fork(top_down())
    with pytest.raises(LocalsimError, match="trust"):
        model.residents[0].trust = level
    with pytest.raises(LocalsimError, match="trust"):
        model.residents.set("trust", level)
    conserved(model)


def test_trust_may_be_set_at_both_ends(warm):
    model = warm.fork(top_down())
    model.residents.set("trust", np.linspace(0.0, 1.0, 400))
    assert model.residents.get("trust") == pytest.approx(np.linspace(0.0, 1.0, 400), abs=1e-6)
    conserved(model)


# ── any place, any policy ─────────────────────────────────────────────────────────────────────


def steps(model, months):
    """Step and hold every month: money balances (the ledger raises), people are conserved."""
    for _ in range(months):
        model.step()
        conserved(model)
        assert model.accounts.held_gbp == pytest.approx(
            model.ledger.should_hold_gbp, rel=0, abs=0.005
        )


@settings(max_examples=25, suppress_health_check=[HealthCheck.too_slow])
@given(places(), policies(), st.integers(0, 99), st.booleans())
def test_money_and_people_are_conserved_whatever_is_decided(place, policy, seed, sampled):
    numbers = Assumptions.default()
    numbers = numbers.sample(seed, 0) if sampled else numbers
    model = Model(place, policy, seed=seed, assumptions=numbers, warmup_years=1)
    people = model.population.size
    steps(model, 14)
    assert model.population.size == people == int(place.residents.sum())
    for metric, group, value in measure(model):
        assert math.isfinite(value), (metric, group)
        assert value >= 0.0 or metric in SIGNED, (metric, group)
    for path in model.series.values():
        assert np.isfinite(path).all()


@settings(max_examples=10, suppress_health_check=[HealthCheck.too_slow])
@given(policies(), policies(), st.integers(0, 99))
def test_a_pilot_of_any_policy_balances_inside_and_outside(inside, elsewhere, seed):
    pilot = Pilot(inside, "Neighbourhood 2", elsewhere)
    model = Model(PLACE, pilot, seed=seed, warmup_years=1)
    steps(model, 13)
    assert all(math.isfinite(value) for *_, value in measure(model))
    back = model.fork(status_quo())
    steps(back, 2)


def test_cash_that_vanishes_stops_the_run(warm):
    for column in ("lines", "desks", "reserves"):
        model = warm.fork(local_integrated_services())
        model.step()
        getattr(model.accounts, column).flat[0] += 0.01
        with pytest.raises(LedgerError, match="is unexplained"):
            model.step()


def test_money_is_the_same_under_every_policy(warm):
    came = []
    for policy in (top_down(), Policy("hub", access=Hub()), local_integrated_services()):
        model = warm.fork(policy)
        model.run(2)
        own = [
            gbp for (who, _), gbp in model.ledger.received.items() if who in model.facts.agencies
        ]
        came.append(math.fsum(own))
    assert came == pytest.approx([came[0]] * 3)
    free = warm.fork(Policy("open", budgets=OpenEnded(), rule=Planner()))
    free.run(1)
    assert free.spent_gbp > 0.0
