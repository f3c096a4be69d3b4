"""Capture bends what a decider weighs, by tier and turnout, and nothing else."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from recount import TOWNSHIP, decided

from localsim.assumptions import Assumptions
from localsim.experiment import Experiment
from localsim.model import Model
from localsim.place import TENURES, Place
from localsim.policy.budgets import Pooled
from localsim.policy.evidence import Evidence, Participants
from localsim.policy.listening import Record, Voice
from localsim.policy.policy import Policy
from localsim.policy.presets import needs_formula, top_down
from localsim.policy.resident_rules import PanelByLot
from localsim.policy.rules import Historic, NeedsFormula, Planner
from localsim.themes import Casework
from localsim.year.capture import BODIES, Leaning, bend, captured_share

DIALS = [f"capture.{tier.replace('-', '_')}" for tier in BODIES]
FREE = Assumptions.default().replace(dict.fromkeys(DIALS, 0.0))
CAPTURED = Assumptions.default().replace(dict.fromkeys(DIALS, 0.4))
SHARE = st.floats(0.0, 1.0)
AMOUNT = st.just(0.0) | st.floats(1e-6, 1e4)


def seen(need, residents, **other):
    need = np.array(need)
    value = need / np.array(residents)[:, None]
    usual = {
        "areas": ("A", "B"),
        "themes": tuple(Casework(name) for name in ("work", "family", "health")),
        "residents": np.array(residents),
        "value": value,
        "record": value,
        "heard": None,
        "formula": np.ones_like(value),
        "historic_gbp": need,
        "counted": np.ones(3),
        "waits_months": np.zeros(3),
        "indicators": {},
        "participants": None,
    }
    return Evidence(**usual | other)


@settings(max_examples=40)
@given(st.data())
def test_what_is_weighed_is_bent_by_just_so_much_and_neither_sums_nor_places_move(data):
    need = np.array(data.draw(st.lists(st.lists(AMOUNT, min_size=3, max_size=3),
                                       min_size=2, max_size=2)))  # fmt: skip
    if need.sum() == 0.0:
        need[0, 0] = 1.0
    elite = np.array(data.draw(st.lists(st.floats(0.01, 1.0), min_size=3, max_size=3)))
    elite /= elite.sum()
    t = data.draw(SHARE)
    weight = np.array([[1.0, 2, 3], [0, 5, 0]])
    people = Participants(np.array([0, 1]), weight, 0.1)
    before = seen(need, [200.0, 50.0], participants=people)
    after = bend(before, Leaning(t, elite))
    total = need.sum()
    assert after.need_gbp.sum() == pytest.approx(total)
    shares = need.sum(axis=0) / total
    bent = after.need_gbp.sum(axis=0) / total
    assert bent == pytest.approx((1 - t) * shares + t * elite)
    some = need.sum(axis=0) > 0.0
    where, still = (x[:, some] / x[:, some].sum(axis=0) for x in (need, after.need_gbp))
    if t < 1.0:
        assert still == pytest.approx(where, abs=1e-9)
    assert after.participants.weight.sum(axis=1) == pytest.approx(weight.sum(axis=1))
    mine = after.participants.weight[1] / 5.0
    assert mine == pytest.approx((1 - t) * np.array([0, 1, 0]) + t * elite)
    assert (after.historic_gbp == before.historic_gbp).all()
    assert after.heard is None


def test_capture_falls_with_turnout_and_each_tier_has_its_own():
    numbers = FREE.replace({"capture.nation": 0.3, "capture.area": 0.1, "capture.turnout": 2.0})
    facts = Model(TOWNSHIP, assumptions=numbers, warmup_years=0).facts
    assert captured_share(facts, "nation", 0.0) == pytest.approx(0.3)
    assert captured_share(facts, "nation", 0.5) == pytest.approx(0.3 * 0.25)
    assert captured_share(facts, "area", 0.0) == pytest.approx(0.1)
    assert captured_share(facts, "authority", 0.0) == 0.0
    assert captured_share(facts, "nation", 1.0) == 0.0
    assert captured_share(facts, "person", 0.0) == 0.0  # nobody decides for anybody else


def test_the_elite_are_owners_who_are_not_deprived_and_want_less_work_for_the_workless():
    place = Place.norbiton()
    model = Model(place, seed=2, warmup_years=1, assumptions=CAPTURED)
    people, elite = model.population, model.priorities.elite
    assert (people.tenure[elite] == TENURES.index("owned")).all()
    assert not people.income_deprived[elite].any()
    assert (people.age[elite] >= 18).all()
    model = decided(model.fork(Policy("p", tier="neighbourhood", listening=Record())))
    (hearing,) = model._hearings[0]
    wants = hearing.leaning.elite
    names = [theme.name for theme in model.themes]
    need = hearing.evidence.need_gbp.sum(axis=0)
    assert wants.sum() == pytest.approx(1.0)
    assert wants[names.index("work")] < 0.7 * need[names.index("work")] / need.sum()


POOLED = Policy("pooled", tier="authority", budgets=Pooled(1.0, ramp=1.0), rule=Planner())


@pytest.mark.parametrize(
    ("policy", "moves"),
    [
        (POOLED, True),
        (replace(POOLED, rule=NeedsFormula()), True),
        (replace(POOLED, rule=Historic()), False),  # no discretion, nothing to capture
        (top_down(), False),
        (replace(POOLED, tier="person"), False),
    ],
    ids=["planner", "formula", "historic", "top_down", "person"],
)
def test_what_is_decided_moves_and_nothing_else(policy, moves):
    free, captured = (
        decided(Model(TOWNSHIP, policy, seed=3, assumptions=world, warmup_years=0))
        for world in (FREE, CAPTURED)
    )
    for one, other in zip(free._hearings[0], captured._hearings[0], strict=True):
        assert (one.evidence.value == other.evidence.value).all()
        assert (one.rows == other.rows).all()
    assert (free.regimes[0].plan != captured.regimes[0].plan).any() == moves
    assert free.ledger.balance() == captured.ledger.balance()
    assert (free.accounts.lines.sum() - captured.accounts.lines.sum()) == pytest.approx(0.0)


@pytest.mark.slow
def test_capture_low_turnout_and_hidden_need_turn_a_community_s_gain_into_a_loss_in_norbiton():
    """The same panel beats the needs formula where none of the three holds, and not where all do.

    Dials stay in the ranges of the assumptions; the panel has the formula's hands and doors.
    """
    panel = replace(
        needs_formula(), name="panel", tier="neighbourhood", budgets=Pooled(1.0, ramp=1.0),
        listening=Voice(hours=6.0), rule=PanelByLot(stratified=True),
    )  # fmt: skip
    kind = dict.fromkeys(("capture.neighbourhood", "hidden.effect", "hidden.correlation"), 0.0)
    hard = {
        "capture.neighbourhood": 0.4, "capture.turnout": 0.0,
        "hidden.effect": 1.0, "hidden.correlation": 0.9,
    }  # fmt: skip
    default = Assumptions.default()
    assert all(default.row(n).low <= x <= default.row(n).high for n, x in (kind | hard).items())

    def worse(held):
        results = Experiment(
            Place.norbiton(), [needs_formula(), panel], years=4, warmup_years=4, replications=8,
            seed=3, assumptions="fixed", held=held, metrics=["need_months_unmet"],
        ).run(progress=False, workers=1)  # fmt: skip
        table = results.pivot("need_months_unmet")
        gap = (table["panel"] - table["needs_formula"]).to_numpy(float)
        return gap.mean(), gap.std(ddof=1) / np.sqrt(gap.size)

    gain, error = worse(kind)
    assert gain < -3 * error
    loss, error = worse(hard)
    assert loss > 3 * error
