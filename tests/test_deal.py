"""Deals: freedoms follow the centre's belief, which follows what is measured."""

import math
from dataclasses import replace
from itertools import pairwise
from statistics import NormalDist

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from recount import TOWNSHIP as PLACE
from recount import decided

import localsim as ls
from localsim.agents.institutions import Belief
from localsim.check.world import read
from localsim.dynamics.columns import (
    ACCESS_MONTHS,
    FIRST_STARTS,
    FLOWS,
    RELABELLED_MONTHS,
    TIMED,
    TIMED_MONTHS,
)
from localsim.errors import LocalsimError
from localsim.policy.budgets import Pooled, RingFenced
from localsim.policy.capital import Borrow, NoCapital
from localsim.policy.contract import Judgement, Targets
from localsim.policy.deal import FREEDOMS, EarnedAutonomy, NegotiatedTargets, NoDeal
from localsim.policy.policy import Pilot, Policy
from localsim.policy.presets import status_quo
from localsim.policy.rules import Planner
from localsim.policy.schedule import RollOut
from localsim.year.capital import LENDER
from localsim.year.dealing import DAY, judge, measured_wait

AUTONOMY = Policy(
    "earned autonomy", rule=Planner(), budgets=Pooled(0.8, 1.0), capital=Borrow(50.0),
    deal=EarnedAutonomy(),
)  # fmt: skip
AGREEMENT = Policy("local area agreement", deal=NegotiatedTargets(items=35))
WORLD = {
    "deal.prior_belief": 0.5, "deal.prior_sd": 0.2, "deal.noise_sd": 0.2,
    "deal.grant_belief": 0.6, "deal.withdraw_belief": 0.4,
}  # fmt: skip


@pytest.fixture(scope="module")
def warm():
    numbers = ls.Assumptions.default().replace(WORLD)
    return ls.Model(PLACE, seed=8, warmup_years=2, assumptions=numbers)


def year(waits, areas=6, kinds=4):
    """Return counters of a year in which everybody waited so long."""
    flows = np.zeros((areas, kinds, len(FLOWS)))
    flows[..., FIRST_STARTS] = 10.0
    flows[..., ACCESS_MONTHS] = 10.0 * waits
    return flows


def told(model, *waits):
    """Let the centre judge years of these measured waits, one after another."""
    for last, now in pairwise(waits):
        judge(model.facts, model.centre, model.regimes, year(last), year(now))
    return model.regimes[0]


# ── belief ────────────────────────────────────────────────────────────────────────────────────


@given(
    st.floats(0.05, 0.95), st.floats(0.01, 1), st.floats(0.01, 1),
    st.lists(st.floats(-2, 2), min_size=1, max_size=8),
)  # fmt: skip
def test_belief_is_the_normal_posterior(prior, sd, noise, gains):
    belief = Belief.of(prior, sd)
    assert belief.probability == pytest.approx(prior)
    for gain in gains:
        belief.update(gain, noise)
    precision = 1.0 / sd**2 + len(gains) / noise**2
    mean = (sd * NormalDist().inv_cdf(prior) / sd**2 + sum(gains) / noise**2) / precision
    assert belief.mean == pytest.approx(mean, abs=1e-9)
    assert belief.sd == pytest.approx(1.0 / math.sqrt(precision))
    assert belief.probability == pytest.approx(NormalDist().cdf(mean * math.sqrt(precision)))


def test_a_centre_that_is_sure_learns_nothing_and_one_without_noise_at_once():
    sure = Belief.of(0.7, 0.0)
    sure.update(-5.0, 0.2)
    assert sure.probability == 0.7
    quick = Belief.of(0.1, 0.3)
    quick.update(0.01, 0.0)
    assert quick.probability == 1.0


def test_what_is_judged_is_what_is_reported():
    flows = year(2.0)
    assert measured_wait(flows) == pytest.approx(2.0)
    assert measured_wait(np.zeros_like(flows)) is None
    flows[..., TIMED], flows[..., TIMED_MONTHS], flows[..., RELABELLED_MONTHS] = 10.0, 30.0, 12.0
    assert measured_wait(flows) == pytest.approx(1.8)


# ── freedoms ──────────────────────────────────────────────────────────────────────────────────


def test_freedoms_are_earned_one_a_year_in_the_order_asked(warm):
    model = warm.fork(AUTONOMY)
    regime = model.regimes[0]
    assert regime.granted == 0
    assert regime.policy.budgets == RingFenced()
    assert regime.policy.capital == NoCapital()
    assert regime.policy.contract == Targets(188)
    assert model.centre.items_reported == 188
    told(model, 4.0, 2.0)
    assert regime.policy.contract == Targets(35)
    assert model.centre.items_reported == 35
    assert regime.policy.budgets == RingFenced()
    told(model, 2.0, 1.0)
    assert regime.policy.budgets == AUTONOMY.budgets
    assert regime.policy.capital == NoCapital()
    told(model, 1.0, 0.5)
    assert regime.policy == replace(AUTONOMY, contract=Targets(35))
    assert list(model.centre.pledges_missed) == [0, 0]


def test_freedoms_are_withdrawn_when_waits_rise(warm):
    model = warm.fork(AUTONOMY)
    told(model, 8.0, 4.0, 2.0)
    assert model.regimes[0].granted == 2
    told(model, 2.0, 16.0)
    assert model.centre.beliefs[0].probability < 0.4
    assert model.regimes[0].granted == 1
    assert model.regimes[0].policy.budgets == RingFenced()
    assert model.regimes[0].pooled_share == 0.0
    told(model, 16.0, 30.0, 60.0)
    assert model.regimes[0].granted == 0
    assert model.centre.items_reported == 188
    assert model.centre.pledges_missed.sum() == 3
    assert model.centre.freedom_years.sum() == 3  # years that began with any freedom


def test_between_the_two_beliefs_nothing_changes(warm):
    model = warm.fork(AUTONOMY)
    steady = [2.0 * 0.95**k for k in range(5)]  # each pledge kept, and no more than that
    told(model, *((1.0 + DAY) * wait - DAY for wait in steady))
    assert model.regimes[0].granted == 0
    assert model.centre.beliefs[0].probability == pytest.approx(0.5, abs=0.05)


def test_negotiated_targets_stand_until_the_centre_loses_faith(warm):
    model = warm.fork(AGREEMENT)
    assert model.regimes[0].policy.contract.items == 35
    assert model.centre.items_reported == 35
    told(model, 1.0, 3.0)
    assert model.regimes[0].policy.contract.items == 188
    told(model, 3.0, 1.0, 0.3)
    assert model.regimes[0].policy.contract.items == 35


def test_a_deal_never_adds_items(warm):
    policy = Policy("few", contract=Judgement(10), deal=NegotiatedTargets(items=35))
    assert warm.fork(policy).regimes[0].policy.contract == Judgement(10)


def test_answers_that_are_not_asked_for_stand_from_the_start(warm):
    policy = replace(AUTONOMY, deal=EarnedAutonomy(["pooling"]))
    regime = warm.fork(policy).regimes[0]
    assert regime.policy.capital == AUTONOMY.capital
    assert regime.policy.contract == AUTONOMY.contract
    assert regime.policy.budgets == RingFenced()


# ── what it costs and what it moves ───────────────────────────────────────────────────────────


def test_a_deal_costs_its_keep_and_so_does_every_change_of_its_terms(warm):
    plain, dealt = (decided(warm.fork(p)) for p in (status_quo(), replace(AGREEMENT, name="a")))
    assert plain.ledger.spent_by("coordination") == 0.0
    assert dealt.ledger.spent_by("coordination") == warm.facts.value("deal.gbp_per_year")
    model = warm.fork(AUTONOMY)
    model.run(1)
    before = model.ledger.spent_by("transition")
    granted = model.regimes[0].granted
    told(model, 4.0, 1.0)
    assert model.regimes[0].granted > granted
    price = warm.facts.value("transition.share_per_answer") * warm.facts.historic_gbp.sum()
    changed = sum(answers for answers, _ in model.regimes[0].terms_changed)
    assert changed >= 1
    decided(model)
    assert model.ledger.spent_by("transition") == pytest.approx(before + changed * price)
    decided(model)
    assert model.ledger.spent_by("transition") == pytest.approx(before + changed * price)


def test_a_loan_waits_for_the_freedom_to_borrow(warm):
    policy = replace(AUTONOMY, deal=EarnedAutonomy(["borrowing"]))
    model = warm.fork(policy)
    model.fund()
    assert not any(payer == LENDER for payer, _ in model.ledger.received)
    told(model, 4.0, 1.0)
    model.fund()
    assert sum(v for (payer, _), v in model.ledger.received.items() if payer == LENDER) > 0.0
    told(model, 1.0, 9.0, 1.0, 0.1)
    model.fund()
    assert len(model.estate.loans) == 1


def test_fewer_items_save_compliance_only_while_they_are_granted(warm):
    def compliance(model):
        before = model.ledger.spent_by("compliance")
        decided(model)
        return model.ledger.spent_by("compliance") - before

    model = warm.fork(AUTONOMY)
    full = compliance(model)
    told(model, 4.0, 2.0)
    assert compliance(model) == pytest.approx(full * 35 / 188)


@pytest.mark.parametrize("policy", [AUTONOMY, AGREEMENT], ids=lambda policy: policy.name)
def test_a_place_with_a_deal_is_judged_by_what_it_does(warm, policy):
    model = warm.fork(policy)
    model.run(4)
    measured = read(model)
    missed, free = measured["pledges_missed", "all"], measured["freedom_years", "all"]
    assert 0.0 <= missed <= 4.0
    assert 0.0 <= free <= 4.0
    assert model.centre.beliefs[0].sd < WORLD["deal.prior_sd"]
    again = warm.fork(policy)
    again.run(4)
    assert read(again) == measured


def test_luck_alone_earns_freedoms_in_one_world_and_not_in_another():
    policy = Policy("tries", deal=EarnedAutonomy(["items"], pledge=0.0))
    earned = []
    for seed in range(4):
        model = ls.Model(PLACE, policy, seed=seed, warmup_years=5)
        model.run(4)
        earned.append(read(model)["freedom_years", "all"])
    assert min(earned) == 0.0
    assert max(earned) >= 2.0


def test_a_pledge_of_less_is_missed_less_often(warm):
    def missed(pledge):
        model = warm.fork(replace(AGREEMENT, deal=NegotiatedTargets(35, pledge)))
        model.run(4)
        return read(model)["pledges_missed", "all"]

    assert missed(0.99) == 4.0
    assert missed(0.0) < 4.0


def test_without_a_deal_there_is_no_belief_and_nothing_to_miss(warm):
    model = warm.fork(status_quo())
    model.run(1)
    assert model.centre.beliefs == {}
    assert read(model)["pledges_missed", "all"] == read(model)["freedom_years", "all"] == 0.0


def test_a_pilot_has_a_deal_of_its_own(warm):
    place = PLACE
    pilot = Pilot(AGREEMENT, [place.codes[0], place.codes[1]], status_quo())
    model = ls.Model(place, pilot, seed=2, warmup_years=1)
    model.run(2)
    metrics = read(model)
    assert set(model.centre.beliefs) == {0}
    assert metrics["freedom_years", "inside"] == metrics["freedom_years", "all"] > 0.0
    assert metrics["freedom_years", "outside"] == 0.0


def test_belief_and_freedoms_go_on_when_a_pilot_is_rolled_out():
    inside = [PLACE.codes[0], PLACE.codes[1]]
    policy = RollOut(Pilot(AUTONOMY, inside, status_quo()), 2)
    model = ls.Model(PLACE, policy, seed=2, warmup_years=1)
    told(model, 4.0, 1.0)
    belief, granted = model.centre.beliefs[0], model.regimes[0].granted
    assert granted == 1
    model.month += 24
    model.change()
    assert model.centre.beliefs[0] is belief
    assert model.regimes[0].granted == granted
    assert model.regimes[0].policy == AUTONOMY.deal.in_force(AUTONOMY, granted)


# ── asked for ─────────────────────────────────────────────────────────────────────────────────


def test_what_cannot_be_agreed_is_refused():
    for wrong, said in (
        (lambda: EarnedAutonomy(["pooling", "taxing"]), "there is no freedom 'taxing'"),
        (lambda: EarnedAutonomy("pooling"), "must be a list of names"),
        (lambda: EarnedAutonomy(["items", "items"]), "each freedom is named once"),
        (lambda: EarnedAutonomy(pledge=2.0), "the pledge must lie between 0 and 1"),
        (lambda: NegotiatedTargets(items=-1), "the items that are reported"),
        (lambda: Policy("p", deal=EarnedAutonomy), "call it: add brackets"),
    ):
        with pytest.raises(LocalsimError, match=said):
            wrong()


def test_no_deal_leaves_every_answer_as_it_stands():
    assert NoDeal().in_force(AUTONOMY, 0) == AUTONOMY
    assert EarnedAutonomy().in_force(AUTONOMY, len(FREEDOMS)).budgets == AUTONOMY.budgets
