"""Answers about money, time and the centre move what they name, and to the bit nothing else."""

from dataclasses import replace

import pytest
from hamlet import hamlet
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from recount import policies

import localsim as ls
from localsim.check.world import read

FREE = {
    "transition.share_per_answer": 0.0, "coordination.gbp_per_partner": 0.0,
    "coordination.gbp_per_neighbour": 0.0, "deal.gbp_per_year": 0.0,
}  # fmt: skip
PLAIN = ls.Policy("plain", rule=ls.NeedsFormula())
MONEY = {
    "spend_gbp", "service_gbp", "full_cost_gbp", "carried_gbp", "overhead_gbp",
    "coordination_gbp", "investment_gbp", "debt_service_gbp", "debt_gbp",
}  # fmt: skip


DEALT = {"freedom_years", "pledges_missed"}


def run(policy, years=2, **numbers):
    world = ls.Assumptions.default().replace(FREE | numbers)
    model = ls.Model(hamlet(), policy, seed=3, warmup_years=1, assumptions=world)
    model.run(years)
    return read(model)


def moved(one, other):
    """Return the metrics that differ anywhere, in any bit."""
    assert one.keys() == other.keys()
    return {metric for metric, group in one if one[metric, group] != other[metric, group]}


@pytest.fixture(scope="module")
def plain():
    return run(PLAIN)


@pytest.mark.parametrize(
    ("answers", "metrics"),
    [
        # Free agreements, pools that no rule can use, and deals that no contract feels.
        ({"counting": ls.WithNeighbours()}, set()),
        ({"budgets": ls.Pooled(0.0)}, set()),
        ({"budgets": ls.Pooled(1.0, 0.0)}, set()),
        ({"budgets": ls.RingFenced(carry=1.0)}, set()),
        ({"capital": ls.Borrow(0.0)}, set()),
        ({"capital": ls.CapitalBudget(0.0)}, set()),
        (
            {"deal": ls.NegotiatedTargets(items=188, pledge=0.0)},
            {"freedom_years", "pledges_missed"},
        ),
        ({"deal": ls.EarnedAutonomy(["pooling"])}, {"freedom_years", "pledges_missed"}),
    ],
    ids=lambda one: str(sorted(one)) if isinstance(one, set) else str(one),
)
def test_an_answer_that_asks_for_nothing_moves_nothing(plain, answers, metrics):
    assert moved(plain, run(replace(PLAIN, **answers))) <= metrics


def test_a_pool_of_one_line_is_that_line(plain):
    assert (
        moved(plain, run(replace(PLAIN, budgets=ls.Pooled(1.0, 1.0, themes=["health"])))) == set()
    )


def test_a_loan_moves_only_the_books_until_it_is_repaid_or_works():
    numbers = {"capital.prevention_years": 5.0}
    before, after = (
        run(replace(PLAIN, capital=capital), years=1, **numbers)
        for capital in (ls.NoCapital(), ls.Borrow(100.0))
    )
    assert moved(before, after) == {"investment_gbp", "debt_gbp"}


def test_prevention_that_costs_nothing_moves_needs_and_never_adds_one():
    world = {"capital.prevention_years": 1.0, "capital.interest": 0.0,
             "capital.prudential_share": 1.0, "capital.prevented_per_100_gbp": 0.5}  # fmt: skip
    built = replace(PLAIN, capital=ls.Borrow(100.0, years=100))
    without, prevented = run(PLAIN, 3, **world), run(built, 3, **world)
    assert prevented["opened", "all"] < 0.9 * without["opened", "all"]
    useless = run(built, 3, **(world | {"capital.prevented_per_100_gbp": 0.0}))
    assert useless["opened", "all"] == pytest.approx(without["opened", "all"], rel=0.02)
    assert useless["debt_service_gbp", "all"] > 0.0


def test_capacity_leaves_onset_and_presenting_to_themselves_until_slots_are_bought():
    world = {"capital.capacity_years": 1.0, "capital.saved_per_gbp": 0.5,
             "capital.interest": 0.0, "capital.prudential_share": 1.0}  # fmt: skip
    built = replace(PLAIN, capital=ls.Borrow(300.0, 100, "capacity"))
    assert moved(run(PLAIN, 1, **world), run(built, 1, **world)) == {"investment_gbp", "debt_gbp"}
    later, usual = run(built, 3, **world), run(PLAIN, 3, **world)
    assert later["need_months_unmet", "all"] < usual["need_months_unmet", "all"]
    assert later["amenity_benefit_gbp", "all"] == pytest.approx(
        usual["amenity_benefit_gbp", "all"], rel=0.05
    )


def test_what_is_clawed_back_is_only_not_there_next_year():
    kept, strict = (replace(PLAIN, budgets=ls.RingFenced(carry=c)) for c in (1.0, 0.0))
    assert moved(run(kept, 1), run(strict, 1)) == set()
    one, other = run(kept, 2), run(strict, 2)
    assert MONEY & moved(one, other)
    assert not {"investment_gbp", "debt_gbp", "participation"} & moved(one, other)
    for metric in ("compliance_gbp", "deciding_gbp"):  # borne by lines in other proportions
        assert other[metric, "all"] == pytest.approx(one[metric, "all"])


def test_fewer_items_by_deal_are_fewer_items_by_contract():
    few = replace(PLAIN, contract=ls.Targets(35))
    dealt = replace(PLAIN, deal=ls.NegotiatedTargets(35, pledge=0.0))
    sure = {"deal.prior_sd": 0.0, "deal.prior_belief": 0.8}  # a centre that keeps its faith
    assert moved(run(few, **sure), run(dealt, **sure)) <= DEALT


def test_all_freedoms_at_once_are_the_policy_itself():
    free = {"deal.prior_sd": 0.0, "deal.prior_belief": 0.95}
    asked = replace(PLAIN, budgets=ls.Pooled(0.6, 1.0))
    earned = replace(asked, deal=ls.EarnedAutonomy(["pooling"], pledge=0.0))
    never = {"deal.prior_sd": 0.0, "deal.prior_belief": 0.05}
    fenced = replace(asked, budgets=ls.RingFenced())
    assert moved(run(fenced, **never), run(earned, **never)) <= {"pledges_missed"}
    assert moved(run(fenced, **free), run(earned, **free)) - DEALT


PATHS = st.lists(st.floats(0, 3), max_size=3)
TROUBLES = st.builds(
    ls.Scenario,
    st.just("any"),
    PATHS,
    st.lists(st.sampled_from(["health", "council"]), max_size=2, unique=True),
    st.dictionaries(st.sampled_from(["work", "money"]), PATHS, max_size=2),
)


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(policies(), TROUBLES, st.integers(0, 99))
def test_money_balances_under_any_answers_in_any_trouble(policy, trouble, seed):
    world = ls.Assumptions.default().sample(seed, 0)
    model = ls.Model(hamlet(), policy, seed=seed, warmup_years=1, assumptions=world,
                     scenario=trouble)  # fmt: skip
    model.run(3)  # a month that is off by half a penny stops it
    assert model.month == 36
    debts = model.estate.debt_gbp
    assert (debts >= 0.0).all()
    line = model.ledger.balance()
    held = line["opening_gbp"] + line["received_gbp"] - line["spent_gbp"] - line["returned_gbp"]
    assert model.accounts.held_gbp == pytest.approx(held, abs=0.005)
    back = model.fork(ls.policies.status_quo())
    back.run(1)
    assert (back.estate.debt_gbp <= debts * (1.0 + world.value("capital.interest")) + 1e-6).all()
