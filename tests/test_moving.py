"""People come and go: conserved, by their own luck, and the same under every policy."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from recount import TOWNSHIP, conserved, places, policies

import localsim as ls
from localsim.assumptions import Assumptions
from localsim.dynamics.columns import FLOWS, LEFT, OPENED
from localsim.dynamics.moving import EPISODES, growth, moves_of
from localsim.metrics import measure
from localsim.place import TENURES

RATES = ("turnover.owned", "turnover.social_rented", "turnover.private_rented")
STILL = Assumptions.default().replace(dict.fromkeys(RATES, 0.0))
RESTLESS = STILL.replace(dict(zip(RATES, (0.2, 0.4, 0.8), strict=True)))
STREET = ls.Place.synthetic(2000, areas=2, seed=4)
CLOSED = [FLOWS.index(name) for name in ("healed", "solved", "left")]


@given(places(), policies(), st.floats(0.0, 1.0), st.integers(0, 9))
@settings(max_examples=12, deadline=None)
def test_people_and_their_needs_are_conserved(place, policy, rate, seed):
    moving = STILL.replace(dict.fromkeys(RATES, rate))
    model = ls.Model(place, policy, assumptions=moving, seed=seed, warmup_years=1)
    before = int(model.town.tally.stock["open_now"].sum())
    model.run(1)
    conserved(model)
    flows = model.town.tally.flows.sum(axis=(0, 1))
    closed = flows[CLOSED].sum()
    assert before + flows[OPENED] - closed == model.town.tally.stock["open_now"].sum()
    assert model.resident_count == model.population.size == place.residents.sum()
    if rate == 0.0:
        assert flows[LEFT] == 0.0


def test_where_nobody_moves_the_rates_of_others_are_nothing():
    """A rate of zero draws nothing, whatever the luck of the other tenures."""
    still = ls.Model(STREET, assumptions=STILL, warmup_years=1)
    assert still.moves is None
    lone = STILL.replace({"turnover.private_rented": 0.5})
    model = ls.Model(STREET, assumptions=lone, warmup_years=1)
    heads = model.population.householder[model.moves.rows]
    tenure = model.population.tenure[model.moves.rows[heads]]
    assert set(tenure) <= {TENURES.index("private rented"), TENURES.index("rent free")}


def test_households_move_together_once_a_year_and_all_the_year_round():
    model = ls.Model(STREET, assumptions=RESTLESS, warmup_years=1)
    moves, people = model.moves, model.population
    assert len(set(moves.rows.tolist())) == moves.rows.size
    gone = np.isin(people.household, people.household[moves.rows])
    assert sorted(moves.rows) == np.flatnonzero(gone).tolist()
    for month in range(12):
        rows = moves.rows[moves.begins[month] : moves.begins[month + 1]]
        assert rows.size
        together = np.isin(people.household[moves.rows], people.household[rows])
        assert together.sum() == rows.size


def test_as_many_move_as_the_rate_says():
    model = ls.Model(STREET, assumptions=RESTLESS, warmup_years=0)
    heads = model.population.householder
    share = np.zeros(3)
    for year in range(10):
        rows = moves_of(model.facts, model.town, year).rows
        for n, tenure in enumerate(("owned", "social rented", "private rented")):
            of = heads & (model.population.tenure == TENURES.index(tenure))
            share[n] += of[rows].sum() / of.sum() / 10
    np.testing.assert_allclose(share, (0.2, 0.4, 0.8), atol=0.02)


def test_who_moves_and_what_they_bring_is_the_same_under_every_policy():
    start = ls.Model(STREET, assumptions=RESTLESS, warmup_years=1)
    one, other = (start.fork(p) for p in (ls.policies.status_quo(), ls.policies.top_down()))
    for model in (one, other):
        model.run(2)
    assert (one.moves.rows == other.moves.rows).all()
    assert (one.moves.opens == other.moves.opens).all()
    assert (one.moves.seeking == other.moves.seeking).all()
    # Those who moved in last have met the same number of needs of their own luck.
    last = one.moves.rows[one.moves.begins[11] :]
    episodes = [model.town.needs.need["episode"][:, last] // EPISODES for model in (one, other)]
    assert (episodes[0] == episodes[1]).all()
    assert (episodes[0] == one.moves.year + 1).all()


def test_newcomers_bring_the_needs_of_the_place_and_luck_of_their_own():
    model = ls.Model(TOWNSHIP, assumptions=RESTLESS, warmup_years=0)
    at_start = (model.town.needs.threshold == 0.0).mean(axis=1)
    opened = np.zeros(len(at_start))
    seen = 0
    for year in range(40):
        moves = moves_of(model.facts, model.town, year)
        opened += moves.opens.sum(axis=0)
        seen += moves.rows.size
    np.testing.assert_allclose(opened / seen, at_start, atol=0.05)
    first, second = (moves_of(model.facts, model.town, year) for year in (0, 1))
    both = np.intersect1d(first.rows, second.rows)
    luck = [m.seeking[np.argsort(m.rows)][np.isin(np.sort(m.rows), both)] for m in (first, second)]
    assert abs(np.corrcoef(*luck)[0, 1]) < 0.2


def test_newcomers_have_priorities_and_a_mind_to_take_part_of_their_own():
    start = ls.Model(STREET, assumptions=RESTLESS, warmup_years=1)
    one, other = start.fork(ls.policies.status_quo()), start.fork(ls.policies.top_down())
    before, came = start.priorities, []
    for model in (one, other):
        model.run(1)
        came.append(model.moves.rows)
    assert one.priorities is other.priorities  # the same under every policy
    stayed = np.setdiff1d(np.arange(one.population.size), came[0])
    for trait in ("propensity", "lasting"):
        old, new = getattr(before, trait).T, getattr(one.priorities, trait).T
        assert (old[stayed] == new[stayed]).all()
        assert (old[came[0]] != new[came[0]]).all()
    spread = one.priorities.lasting[:, came[0]].mean(axis=1) / before.lasting.mean(axis=1)
    np.testing.assert_allclose(spread, 1.0, atol=0.2)
    still = ls.Model(STREET, assumptions=STILL, warmup_years=1)
    assert still.fork(ls.policies.top_down()).priorities is still.priorities


def test_trust_leaves_with_those_who_felt_it():
    gained = RESTLESS.replace(dict.fromkeys(RATES, 1.0) | {"trust.half_life_months": 1e6})
    still = STILL.replace({"trust.half_life_months": 1e6})
    levels = []
    for world in (gained, still):
        model = ls.Model(STREET, assumptions=world, warmup_years=4)
        levels.append(abs(model.town.needs.person["trust"]).mean())
    assert levels[0] < 0.5 * levels[1]


def test_a_fork_in_mid_year_keeps_the_years_moves():
    model = ls.Model(STREET, assumptions=RESTLESS, warmup_years=1)
    for _ in range(5):
        model.step()
    twin = model.fork(ls.policies.top_down())
    moves = twin.moves
    for _ in range(7):
        twin.step()
    assert twin.moves is moves
    twin.step()
    assert twin.moves.year == moves.year + 1
    conserved(twin)


def test_a_diary_tells_who_moved_away():
    diary = ls.Diary(STREET, assumptions=RESTLESS, warmup_years=1, looks_per_month=30)
    diary.run(1)
    told = {metric: value for metric, group, value in measure(diary) if group == "all"}
    spells = diary.spells
    assert (spells["ended"] == "moved away").sum() == pytest.approx(told["moved_away"], rel=0.02)
    assert not spells.duplicated(["resident", "theme", "need", "start", "phase"]).any()


def test_a_growing_place_has_more_needs_and_less_to_spend_a_head():
    growing = STILL.replace({"growth.residents_per_year": 0.02})
    rows = []
    for world in (STILL.replace({"growth.residents_per_year": 0.0}), growing):
        model = ls.Model(STREET, assumptions=world, warmup_years=1)
        model.run(5)
        rows.append({metric: v for metric, group, v in measure(model) if group == "all"})
    few, many = rows
    assert many["opened"] > few["opened"] * 1.01
    assert many["spend_gbp"] == pytest.approx(few["spend_gbp"], rel=0.02)  # money does not grow
    assert many["amenity_benefit_gbp"] < few["amenity_benefit_gbp"]


def test_growth_compounds_from_the_end_of_the_warm_up():
    model = ls.Model(
        STREET, assumptions=STILL.replace({"growth.residents_per_year": 0.1}), warmup_years=3
    )
    model.step()
    assert growth(0.1, -3) == growth(0.1, 0) == 1.0
    assert growth(0.1, 2) == pytest.approx(1.21)
    slope = model.town.hazard.slope.sum()
    model.run(1)
    assert model.town.hazard.slope.sum() == pytest.approx(1.1 * slope, rel=0.03)
