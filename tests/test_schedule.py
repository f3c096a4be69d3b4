"""One policy after another: what begins, who pays for it, and what stays as it was."""

import textwrap
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from recount import TOWNSHIP, conserved, policies

import localsim as ls
from localsim.errors import LocalsimError
from localsim.metrics import measure
from localsim.policy.schedule import Stage, pilots_of, policies_of, stages_of

QUO = ls.policies.status_quo()
LOCAL = replace(ls.policies.local_integrated_services(), tier="authority")
HERE = TOWNSHIP.codes[:2]
PILOT = ls.Pilot(LOCAL, HERE, QUO)
NUMBERS = ls.Assumptions.default()


def begun(policy, **others):
    return ls.Model(TOWNSHIP, policy, warmup_years=1, assumptions=NUMBERS, seed=3, **others)


@pytest.fixture(scope="module")
def start():
    inside = TOWNSHIP.mask(HERE)
    return begun(QUO, zone=inside)


def run(start, policy, years):
    model = start.fork(policy)
    model.run(years)
    return model


def rows(model):
    return {(metric, group): value for metric, group, value in measure(model)}


def test_before_it_ends_a_policy_is_as_if_it_did_not(start):
    alone = run(start, LOCAL, 2)
    ends = start.fork(ls.Until(LOCAL, 2))
    ends.run(2)
    assert rows(alone) == rows(ends)
    assert rows(run(start, PILOT, 2)) == rows(run(start, ls.RollOut(PILOT, 3, learning=False), 2))


def test_nothing_is_set_back_when_a_policy_ends(start):
    model = start.fork(ls.Until(LOCAL, 2))
    model.run(2)
    before, held = rows(model), model.accounts.held_gbp
    capacity, trust = model.providers.capacity.copy(), model.town.needs.person["trust"].copy()
    model.change()
    assert model.accounts.held_gbp == pytest.approx(held, abs=1e-6)
    assert (model.providers.capacity == capacity).all()
    assert (model.town.needs.person["trust"] == trust).all()
    assert rows(model) == before
    assert [regime.policy for regime in model.regimes] == [QUO]
    assert {c.policy for c in model.commissioners.who.values()} == {QUO.name}
    model.run(2)
    conserved(model)
    after = rows(model)
    for metric in ("solved", "opened", "spend_gbp", "compliance_gbp"):
        assert after[metric, "all"] > before[metric, "all"]
    assert len(model.flow_history) == 48


def test_no_more_are_served_at_once_than_is_paid_for_when_work_changes_hands(start):
    """Neither when providers take over from the agency's staff, nor when these come back."""
    model = start.fork(ls.Until(LOCAL, 1))
    served = model.town.nodes.work["busy"].sum(axis=1)
    changed = False
    for month in range(24):
        model.step()
        work = model.town.nodes.work
        busy, slots = work["busy"].sum(axis=1), work["slots"].sum(axis=1)
        assert (busy <= np.maximum(slots, served)).all(), month
        changed |= bool((work["busy"] > work["slots"]).any())
        served = busy
    assert changed  # somebody did end cases after having lost the work


@given(policies(), policies(), policies(), st.integers(1, 2), st.booleans())
@settings(max_examples=10, deadline=None)
def test_any_policy_may_follow_any_and_the_books_balance(first, second, third, years, learning):
    pilot = ls.Pilot(first, HERE, second)
    schedule = ls.Until(ls.RollOut(pilot, years, learning), years + 1, third)
    model = ls.Model(TOWNSHIP, schedule, warmup_years=0, seed=years)
    model.run(years + 2)  # a month off by half a penny would stop it
    conserved(model)
    assert [regime.agreed for regime in model.regimes] == [third]


def transition(model, zone=None):
    return model.ledger.spent_by("transition", zone)


def test_changing_over_is_paid_where_and_when_answers_change(start):
    pot = start.facts.historic_gbp.sum()
    inside = start.facts.historic_gbp[TOWNSHIP.mask(HERE)].sum()
    share = NUMBERS.value("transition.share_per_answer") * len(LOCAL.changes_from(QUO))
    once = run(start, ls.Until(LOCAL, 2, LOCAL), 4)
    assert transition(once) == pytest.approx(share * pot)
    there_and_back = run(start, ls.Until(LOCAL, 2, QUO), 4)
    assert transition(there_and_back) == pytest.approx(2 * share * pot)
    rolled = start.fork(ls.RollOut(PILOT, 2, learning=False))
    rolled.run(2)
    assert transition(rolled) == pytest.approx(share * inside)
    rolled.run(1)
    assert transition(rolled) == pytest.approx(share * pot)
    rolled.run(1)
    assert transition(rolled) == pytest.approx(share * pot)


def test_who_has_learnt_pays_for_watching_and_is_spared_the_working_out(start):
    pot = start.facts.historic_gbp.sum()
    inside = start.facts.historic_gbp[TOWNSHIP.mask(HERE)].sum()
    share = NUMBERS.value("transition.share_per_answer") * len(LOCAL.changes_from(QUO))
    watching = NUMBERS.value("transition.evaluation_gbp_per_year")
    spared = NUMBERS.value("transition.learnt_share")
    model = run(start, ls.RollOut(PILOT, 2, learning=True), 3)
    outside = (pot - inside) * (1.0 - spared)
    # A small pilot's lines bear what they can of being watched.
    assert transition(model) == pytest.approx(share * (inside + outside) + 2 * watching, rel=1e-6)


def test_consent_to_pool_carries_over_as_far_as_it_was_learnt(start):
    year = {}
    for learning in (False, True):
        model = start.fork(ls.RollOut(PILOT, 2, learning))
        model.run(2)
        piloted = model.regimes[0].pooled_share
        model.change()
        year[learning] = model.regimes[0].pooled_share
    assert piloted > 0.0
    assert year[True] == piloted
    gbp = model.facts.historic_gbp
    assert year[False] == pytest.approx(
        piloted * gbp[TOWNSHIP.mask(HERE)].sum() / gbp.sum(), rel=1e-12
    )
    unpooled = start.fork(ls.Until(LOCAL, 1, QUO))
    unpooled.run(1)
    unpooled.change()
    assert unpooled.regimes[0].pooled_share == 0.0


def test_learning_moves_only_what_it_costs_and_spares():
    """In a world where learning is free, spares nothing and nobody pools, it is nothing."""
    nothing = NUMBERS.replace(
        {
            "transition.learnt_share": 0.0,
            "transition.evaluation_gbp_per_year": 0.0,
            "pooling.willingness": 0.0,
        }
    )
    told = []
    for learning in (False, True):
        schedule = ls.RollOut(PILOT, 1, learning)
        model = ls.Model(TOWNSHIP, schedule, warmup_years=1, assumptions=nothing)
        model.run(3)
        told.append(rows(model))
    assert told[0] == told[1]


def test_cash_stays_with_the_areas_it_came_for(start):
    model = start.fork(ls.Until(PILOT, 1, ls.Pilot(ls.policies.top_down(), HERE, QUO)))
    model.run(1)
    inside = model.accounts.lines[0].sum() + model.accounts.desks[0]
    model.change()
    assert model.accounts.lines[0].sum() == pytest.approx(inside, abs=1e-6)


def test_stages_come_in_order_and_stop_where_the_whole_ends():
    rolled = ls.RollOut(PILOT, 2)
    assert stages_of(LOCAL) == (Stage(0, LOCAL),)
    assert [stage.year for stage in rolled.stages] == [0, 2]
    assert [stage.year for stage in ls.Until(rolled, 4).stages] == [0, 2, 4]
    assert [stage.year for stage in ls.Until(rolled, 2).stages] == [0, 2]
    assert ls.Until(rolled, 2).stages[1].policy == QUO
    assert policies_of(rolled) == [LOCAL, QUO, LOCAL]
    assert pilots_of(ls.Until(rolled, 4)) == [PILOT]
    assert rolled.name == "local_integrated_services rolled out"
    assert ls.Until(LOCAL, 3).name == "local_integrated_services for 3 years"
    assert "without what was learnt" in ls.RollOut(PILOT, 2, learning=False).describe()
    assert ls.Until(rolled, 4).describe().count("everywhere after 2 years") == 1


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: ls.RollOut(LOCAL), "what is rolled out is a Pilot"),
        (lambda: ls.RollOut(PILOT, 0), "after_years must be a whole number"),
        (lambda: ls.RollOut(PILOT, 2, learning=1), "learning is True or False"),
        (lambda: ls.Until("status_quo", 2), "what ends is a policy"),
        (lambda: ls.Until(LOCAL, 2, "status_quo"), "what follows is a policy"),
        (lambda: ls.Until(LOCAL, 1.5), "years must be a whole number"),
    ],
)
def test_what_is_no_schedule_is_a_sentence(make, said):
    with pytest.raises(LocalsimError, match=said):
        make()


def test_an_experiment_runs_schedules_beside_policies_with_inside_and_outside():
    experiment = ls.Experiment(
        TOWNSHIP, [QUO, PILOT, ls.RollOut(PILOT, 1), ls.Until(PILOT, 1)], 2, 2,
        assumptions="fixed", warmup_years=1,
    )  # fmt: skip
    results = experiment.run(progress=False, workers=1)
    assert not len(results.failures)
    table = results.pivot("transition_gbp", "outside")
    assert (table["local_integrated_services rolled out"] > table[PILOT.name]).all()
    inside = results.pivot("transition_gbp", "inside")
    assert (inside["local_integrated_services pilot for 1 years"] > inside[PILOT.name]).all()
    other = experiment.replace(policies=[QUO, ls.RollOut(PILOT, 1, learning=False)])
    same = experiment.replace(policies=[QUO, ls.RollOut(PILOT, 1)])
    assert other.fingerprint != same.fingerprint
    assert same == experiment.replace(policies=[QUO, ls.RollOut(PILOT, 1)])


def test_a_config_says_the_same(tmp_path):
    file = tmp_path / "asked.yaml"
    code = ls.Place.norbiton().codes[0]
    file.write_text(
        textwrap.dedent(f"""\
        place: norbiton
        policies:
          - status_quo
          - policy: local_integrated_services
            pilot: [{code}]
            roll_out: {{after_years: 3, learning: false}}
          - {{policy: top_down, until: {{years: 2}}, name: a try}}
          - policy: top_down
            pilot: [{code}]
            roll_out: {{}}
            until: {{years: 4, then: {{policy: needs_formula}}}}
            name: all of it
        """)
    )
    preset = ls.policies
    pilot = ls.Pilot(preset.local_integrated_services(), [code], QUO)
    down = ls.Pilot(preset.top_down(), [code], QUO)
    assert ls.Experiment.from_config(file) == ls.Experiment(
        "norbiton",
        [
            QUO,
            ls.RollOut(pilot, 3, learning=False),
            ls.Until(preset.top_down(), 2, QUO, "a try"),
            ls.Until(ls.RollOut(down), 4, preset.needs_formula(), "all of it"),
        ],
    )


@pytest.mark.parametrize(
    ("entry", "said"),
    [
        ("{policy: top_down, roll_out: {}}", "only a policy that is piloted is rolled out"),
        ("{policy: top_down, until: {}}", "until.years: this key is missing"),
        ("{policy: top_down, until: {year: 3}}", "did you mean 'years'"),
        ("{policy: top_down, until: {years: 3, then: top_don}}", "did you mean 'top_down'"),
        ("{policy: top_down, pilot: nowhere, roll_out: {}}", "nowhere"),
    ],
)
def test_a_mistaken_schedule_in_a_config_is_a_sentence(tmp_path, entry, said):
    file = tmp_path / "asked.yaml"
    file.write_text(f"place: norbiton\npolicies:\n  - {entry}\n")
    with pytest.raises(LocalsimError, match=said):
        ls.Experiment.from_config(file)
