"""Residents decide: by lot, each for herself, issue by issue, and the young on their share."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from recount import decided
from test_rules import evidence, purse

from localsim.errors import LocalsimError
from localsim.model import Model
from localsim.place import Place
from localsim.policy.budgets import Pooled
from localsim.policy.evidence import Participants
from localsim.policy.listening import Voice
from localsim.policy.policy import Devolved, Policy
from localsim.policy.presets import status_quo
from localsim.policy.resident_rules import (
    IndividualChoice,
    PanelByLot,
    Referendum,
    seated,
    shares_of,
)
from localsim.policy.rules import Historic, MedianVoter
from localsim.policy.vote_rules import SequentialPhragmen, YouthVote
from localsim.themes import Amenity, Casework, Quadratic


def people(weight, **other):
    weight = np.array(weight, dtype=float)
    area = other.pop("area", np.zeros(len(weight), int))
    return Participants(np.array(area), weight, 0.1, **other)


@settings(max_examples=50)
@given(st.data())
def test_a_panel_takes_the_lowest_tickets_and_a_balanced_one_every_stratum(data):
    count = data.draw(st.integers(1, 60))
    seats = data.draw(st.integers(1, 40))
    draw = np.random.default_rng(data.draw(st.integers(0, 10**6)))
    lot, stratum = draw.random(count), draw.integers(0, 4, count)
    strata = draw.random(4) + 0.01
    strata /= strata.sum()
    some = people(np.ones((count, 2)), lot=lot, stratum=stratum, strata=strata)
    by_lot = seated(some, seats, stratified=False)
    assert by_lot.size == min(count, seats)
    assert set(lot[by_lot]) == set(np.sort(lot)[:seats])
    balanced = seated(some, seats, stratified=True)
    assert balanced.size == len(set(balanced.tolist())) == min(count, seats)
    for one in range(4):
        wanted = int(np.floor(strata[one] * seats))
        there = int((stratum == one).sum())
        assert (stratum[balanced] == one).sum() >= min(wanted, there)


def test_a_lot_is_drawn_anew_each_year_and_knows_nothing_of_who_else_came():
    model = Model(Place.synthetic(2000, 4, seed=3), seed=5, warmup_years=0)
    policy = Policy("p", tier="nation", listening=Voice(hours=0.2), rule=PanelByLot(seats=12))

    def tickets(hours, year):
        twin = model.fork(Policy("p", tier="nation", listening=Voice(hours=hours)))
        twin.year = year
        (hearing,) = decided(twin)._hearings[0]
        return dict(zip(hearing.rows.tolist(), hearing.evidence.participants.lot, strict=True))

    few, many, later = tickets(2.0, 0), tickets(0.1, 0), tickets(0.1, 1)
    assert set(few) < set(many)
    assert all(many[row] == ticket for row, ticket in few.items())
    both = set(many) & set(later)
    assert both
    assert all(many[row] != later[row] for row in both)
    assert policy.rule.seats == 12


def test_a_panel_by_lot_joins_the_record_and_its_members_shares():
    some = people([[3.0, 1], [0, 8], [1, 1]], lot=np.array([0.2, 0.1, 0.9]))
    seen = evidence([[3, 1]], [10.0], (Casework("work"), Casework("health")), participants=some)
    panel = shares_of(some.weight)[[0, 1]].mean(axis=0)  # the third has no seat
    for part in (0.0, 0.25, 1.0):
        spent = PanelByLot(part, seats=2).allocate(seen, purse([0, 0], 100.0))[0]
        assert spent == pytest.approx(100.0 * ((1 - part) * np.array([0.75, 0.25]) + part * panel))


def test_each_spends_her_own_part_where_she_lives():
    some = people([[1.0, 3], [0, 2], [0, 0]], area=[0, 1, 1])
    seen = evidence(
        [[1, 1], [1, 1]], [30.0, 60.0], (Casework("work"), Casework("health")), participants=some
    )
    spent = IndividualChoice().allocate(seen, purse([0, 0], 300.0))
    assert spent == pytest.approx(np.array([[25.0, 75.0], [50.0, 150.0]]))
    # A line goes where residents would have it.
    fenced = IndividualChoice().allocate(seen, purse([75.0, 0], 0.0))
    assert fenced[:, 0] == pytest.approx([75.0 * 0.25 / 0.75, 75.0 * 0.5 / 0.75])


def test_only_those_with_a_case_hold_a_budget_where_need_is_asked_for():
    rule = IndividualChoice(holders="in_need")
    some = people(
        [[1.0, 3], [1, 0], [0, 2]], area=[0, 0, 1], on_the_books=np.array([True, False, True])
    )
    seen = evidence(
        [[1, 1], [1, 1]], [30.0, 60.0], (Casework("work"), Casework("health")), participants=some,
        historic_gbp=np.array([[1.0, 1], [3, 1]]),
    )  # fmt: skip
    spent = rule.allocate(seen, purse([0, 0], 200.0))
    assert spent == pytest.approx(np.array([[25.0, 75.0], [0.0, 100.0]]))
    # What is not pooled is not theirs: it goes where it always went.
    assert rule.allocate(seen, purse([80.0, 0], 0.0))[:, 0] == pytest.approx([20.0, 60.0])
    both = rule.allocate(seen, purse([80.0, 0], 200.0))
    assert both == pytest.approx(spent + np.array([[20.0, 0], [60, 0]]))
    nobody = replace(seen, participants=replace(some, on_the_books=np.zeros(3, bool)))
    assert rule.allocate(nobody, purse([80.0, 0], 200.0)) == pytest.approx(
        Historic().allocate(nobody, purse([80.0, 0], 200.0))
    )
    with pytest.raises(LocalsimError, match="held by 'in need'"):
        IndividualChoice(holders="in need")


def test_at_the_tier_of_the_person_all_of_the_pool_is_everybody_s_own():
    place = Place.synthetic(1500, 5, seed=3)
    policy = Policy("own", tier="person", budgets=Pooled(1.0, ramp=1.0), rule=IndividualChoice())
    model = decided(Model(place, policy, seed=5, warmup_years=1))
    (hearing,) = model._hearings[0]
    some = hearing.evidence.participants
    (one,) = model.commissioners.who.values()
    share = model.regimes[0].pooled_share
    mean = shares_of(some.weight).mean(axis=0)
    plan = model.regimes[0].plan.sum(axis=0)
    lines = plan.sum() * (1 - share)
    assert one.unit == "each for herself"
    pooled = plan - share * plan.sum() * mean
    assert pooled.sum() == pytest.approx(lines)
    assert (pooled > 0.0).all()
    model.run(1)  # the books balance


GOODS = (Amenity("a", benefit=Quadratic(1.0)), Amenity("b", benefit=Quadratic(1.0)))


def test_a_referendum_carries_what_most_hold_worth_its_price():
    # A level of 2 is worth 2v − 2; at the price of a pound it costs 2: worth it above v = 2.
    some = people([[3.0, 1], [2.5, 1], [0, 9]])
    seen = evidence([[1, 1]], [10.0], GOODS, participants=some)
    assert Referendum(2.0).allocate(seen, purse([0, 0], 0.0, 1.0))[0].tolist() == [20.0, 0.0]
    assert Referendum(2.0).allocate(seen, purse([0, 0], 0.0, 5.0))[0].tolist() == [0.0, 0.0]
    tie = evidence([[1, 1]], [10.0], GOODS, participants=people([[3.0, 1], [0, 1]]))
    assert Referendum(2.0).allocate(tie, purse([0, 0], 0.0, 1.0)).sum() == 0.0


def test_a_purse_pays_for_the_largest_majorities_first():
    some = people([[3.0, 9], [0.0, 9], [9, 9]])
    seen = evidence([[1, 1]], [10.0], GOODS, participants=some, historic_gbp=np.ones((1, 2)))
    spent = Referendum(2.0).allocate(seen, purse([5.0, 0], 39.0))
    assert spent[0].tolist() == [5.0, 20.0]
    assert Referendum(2.0).allocate(seen, purse([5.0, 0], 40.0))[0].tolist() == [25.0, 20.0]
    nobody = evidence([[1, 1]], [10.0], GOODS, historic_gbp=np.ones((1, 2)))
    money = purse([5.0, 0], 40.0)
    assert (Referendum().allocate(nobody, money) == Historic().allocate(nobody, money)).all()


def test_at_a_price_the_median_voter_sets_the_median_level_for_all():
    some = people([[3.0, 4], [5.0, 1], [11.0, 2]])
    themes = (Amenity("a", benefit=Quadratic(2.0)), Casework("work"))
    seen = evidence([[1, 1], [1, 1]], [10.0, 30.0], themes, participants=some)
    spent = MedianVoter().allocate(seen, purse([0, 0], 0.0, 2.0))
    assert spent == pytest.approx(np.outer([10.0, 30.0], [(5 - 2) / 2, 2 / 2]))


def test_only_the_young_have_a_vote_on_the_youth_share():
    weight = [[9.0, 1], [9, 1], [9, 1], [1, 9]]
    themes = (Casework("work"), Amenity("skate park"))
    ages = np.array([30, 40, 18, 15])
    seen = evidence([[1, 1]], [10.0], themes, participants=people(weight, age=ages))
    assert YouthVote(10.0).allocate(seen, purse([0, 0], 20.0))[0].tolist() == [0.0, 20.0]
    grown = evidence([[1, 1]], [10.0], themes, participants=people(weight[:3]))
    money = purse([0, 0], 20.0)
    assert (YouthVote(10.0).allocate(grown, money) == Historic().allocate(grown, money)).all()


def test_a_youth_share_is_decided_by_those_of_11_to_17_who_come():
    from dataclasses import replace

    slice_ = Devolved(0.1, "authority", Voice(hours=1.0, ages=(11, 17)), YouthVote())
    policy = replace(status_quo(), name="young mayor", devolved=slice_)
    model = decided(Model(Place.synthetic(4000, 4, seed=3), policy, seed=5, warmup_years=0))
    hearing = model._hearings[0][1]
    age = model.population.age[hearing.rows]
    assert age.size > 0
    assert ((age >= 11) & (age <= 17)).all()
    model.run(1)
    from localsim.metrics import measure

    found = {(m, g): x for m, g, x in measure(model)}
    assert found["participation", "aged 11 to 17"] > 0.0
    assert found["participation", "all"] == 0.0  # of adults


def test_sequential_phragmen_leaves_a_minority_its_part():
    some = people([[9.0, 1], [9, 1], [9, 1], [1, 9], [1, 9]])
    seen = evidence([[1, 1]], [100.0], (Casework("work"), Casework("health")), participants=some)
    spent = SequentialPhragmen(100.0).allocate(seen, purse([0, 0], 300.0))
    assert spent[0].tolist() == [200.0, 100.0]


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (lambda: PanelByLot(1.5), "residents' part must lie between 0 and 1"),
        (lambda: PanelByLot(seats=0), "seats must be a whole number from 1"),
        (lambda: Referendum(0.0), "above zero"),
        (lambda: YouthVote(0.0), "above zero"),
    ],
)
def test_answers_that_cannot_be_are_refused(make, sentence):
    with pytest.raises(LocalsimError, match=sentence):
        make()
