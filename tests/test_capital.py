"""Capital: what is borrowed is built, pays later, wears, and is repaid with interest."""

import numpy as np
import pytest
from hamlet import hamlet
from hypothesis import given
from hypothesis import strategies as st
from recount import decided

import localsim as ls
from localsim.check.world import read
from localsim.errors import LocalsimError
from localsim.policy.budgets import OpenEnded, Pooled
from localsim.policy.capital import Borrow, CapitalBudget, NoCapital
from localsim.policy.policy import Pilot, Policy
from localsim.policy.presets import status_quo
from localsim.policy.rules import Rule
from localsim.year.capital import DEBT_SERVICE, INVESTMENT, LENDER, payment

PLACE = hamlet()
HEADS = float(PLACE.residents.sum())
WORLD = {
    "capital.interest": 0.05, "capital.depreciation": 0.1, "capital.prudential_share": 1.0,
    "capital.capacity_years": 1.0, "capital.prevention_years": 2.0,
    "capital.saved_per_gbp": 0.5, "capital.prevented_per_100_gbp": 0.2,
}  # fmt: skip


def begun(capital, numbers=None, **answers):
    world = ls.Assumptions.default().replace(WORLD | (numbers or {}))
    policy = Policy("invests", capital=capital, **answers)
    return ls.Model(PLACE, policy, seed=5, warmup_years=1, assumptions=world)


# ── debts ─────────────────────────────────────────────────────────────────────────────────────


@given(st.floats(1, 1e6), st.floats(0, 0.2), st.integers(1, 40))
def test_equal_payments_clear_a_debt_exactly(owed, interest, payments):
    first, left = None, owed
    for still in range(payments, 0, -1):
        left *= 1.0 + interest
        paid = payment(left, interest, still)
        first = paid if first is None else first
        assert paid == pytest.approx(first, rel=1e-6)
        left -= paid
    assert left == pytest.approx(0.0, abs=1e-6 * owed)


def test_a_loan_is_taken_once_and_repaid_to_the_last_pound():
    model = begun(Borrow(100.0, years=3))
    for year in range(1, 6):
        model.run(1)
        service = model.ledger.spent_by(DEBT_SERVICE)
        each = 100.0 * HEADS * 0.05 / (1.0 - 1.05**-3)
        assert service == pytest.approx(each * min(3, year - 1))
        assert model.ledger.received[LENDER, "inside"] == pytest.approx(100.0 * HEADS)
        assert model.ledger.spent_by(INVESTMENT, payer=LENDER) == pytest.approx(100.0 * HEADS)
    assert model.estate.debt_gbp.sum() == pytest.approx(0.0, abs=1e-6)
    assert read(model)["debt_gbp", "all"] == pytest.approx(0.0, abs=1e-6)


def test_debts_are_reported_at_the_end_and_not_credited():
    metrics = read(_after(begun(Borrow(100.0, years=20)), 3))
    each = 100.0 * HEADS * 0.05 / (1.0 - 1.05**-20)
    assert metrics["debt_service_gbp", "all"] == pytest.approx(2 * each)
    left = ((100.0 * HEADS * 1.05 - each) * 1.05) - each
    assert metrics["debt_gbp", "all"] == pytest.approx(left)
    assert metrics["investment_gbp", "all"] == pytest.approx(100.0 * HEADS)
    # What the lender's money built is no spending of the place's; what it repays is.
    own = sum(metrics["spend_gbp", f"payer: {agency}"] for agency in ("council", "jobcentre"))
    assert metrics["spend_gbp", "all"] > own > 0.0


def _after(model, years):
    model.run(years)
    return model


def test_a_lender_grants_no_more_than_can_be_serviced():
    model = begun(Borrow(1e6, years=10), {"capital.prudential_share": 0.1})
    model.run(2)
    most = 0.1 * model.facts.historic_gbp.sum()
    assert model.ledger.spent_by(DEBT_SERVICE) == pytest.approx(most)


def test_what_lines_cannot_bear_stays_owed_and_bears_interest():
    world = ls.Assumptions.default().replace(WORLD | {"funding.grant_share": 1.0})
    policy = Policy("invests", capital=Borrow(1e6, years=1))
    nothing = ls.Scenario("nothing comes in", grants=[1.0, 0.0])
    model = ls.Model(PLACE, policy, seed=5, warmup_years=0, assumptions=world, scenario=nothing)
    model.run(1)
    owed = 1.05 * model.estate.debt_gbp.sum()
    cash = model.accounts.lines + model.accounts.desks[:, None] / len(model.themes)
    left = np.maximum(cash, 0.0).sum()
    model.run(1)
    assert model.ledger.spent_by(DEBT_SERVICE) == pytest.approx(left)
    assert 0.0 < left < owed
    assert model.estate.debt_gbp.sum() == pytest.approx(owed - left)
    model.run(1)
    assert model.estate.debt_gbp.sum() == pytest.approx(1.05 * (owed - left))


def test_debts_outlive_the_policy_that_made_them():
    model = begun(Borrow(100.0, years=5))
    model.run(1)
    twin = model.fork(status_quo())
    twin.run(1)
    assert twin.ledger.spent_by(DEBT_SERVICE) > 0.0
    assert read(twin)["debt_gbp", "all"] > 0.0
    assert read(twin)["investment_gbp", "all"] == 0.0


def test_a_pilot_borrows_for_its_own_areas():
    inside = [PLACE.codes[0], PLACE.codes[1]]
    pilot = Pilot(Policy("invests", capital=Borrow(100.0)), inside, status_quo())
    metrics = read(_after(ls.Model(PLACE, pilot, seed=5, warmup_years=1), 3))
    for metric in ("investment_gbp", "debt_gbp", "debt_service_gbp"):
        assert metrics[metric, "outside"] == 0.0
        assert metrics[metric, "inside"] == pytest.approx(metrics[metric, "all"])
        assert metrics[metric, "inside"] > 0.0


# ── what comes of it ──────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(("use", "wait"), [("capacity", 1), ("prevention", 2)])
def test_what_is_built_pays_after_its_time_and_wears(use, wait):
    model = begun(Borrow(100.0, into=use))
    column = ("capacity", "prevention").index(use)
    stands = []
    for _ in range(5):
        decided(model)
        stands.append(model.estate.built.sum(axis=0)[column] / HEADS)
        model.year += 1
        model.month += 12
    expected = [0.0] * wait + [100.0 * 0.9**age for age in range(5 - wait)]
    assert stands == pytest.approx(expected)
    assert model.estate.built.sum(axis=0)[1 - column] == 0.0


def test_prevention_lowers_the_rate_at_which_needs_open():
    models = [begun(capital) for capital in (NoCapital(), Borrow(100.0))]
    slopes = []
    for model in models:
        model.run(2)
        decided(model)
        slopes.append(model.town.hazard.slope.copy())
    none, built = slopes
    # The same policies but for money: prevention of amenities differs by less than a hundredth.
    ratio = built[none > 0.0] / none[none > 0.0]
    assert ratio == pytest.approx(np.full(ratio.size, 0.8), rel=0.01)


def test_capacity_buys_more_slots_for_the_same_money():
    def slots(capital, numbers=None):
        model = begun(capital, {"transition.share_per_answer": 0.0} | (numbers or {}))
        model.run(1)
        decided(model)
        paid = (model.accounts.pay_gbp[:, 0]).sum()
        return int(model.town.nodes.work["slots"][model.town.patches.desks :].sum()), paid

    none, paid = slots(NoCapital())
    more, also = slots(Borrow(500.0, 50, "capacity"), {"capital.interest": 0.0})
    assert more > 1.05 * none
    assert also < 1.02 * paid
    useless, _ = slots(Borrow(500.0, 50, "capacity"), {"capital.saved_per_gbp": 0.0})
    assert useless <= none


def test_a_capital_budget_is_set_aside_from_every_line_every_year():
    model = begun(CapitalBudget(0.1, "prevention"))
    model.fund()
    spent = {name: model.ledger.spent_by(INVESTMENT, payer=name) for name in model.own_payers}
    lines = dict.fromkeys(model.own_payers, 0.0)
    for t, theme in enumerate(model.themes):
        lines[theme.agency] += float(model.accounts.lines[0, t])
    for name in model.own_payers:
        assert spent[name] == pytest.approx((spent[name] + lines[name]) * 0.1)
    model.listen()
    model.allocate()
    partner = model.facts.value("coordination.gbp_per_partner")
    assert model.ledger.spent_by("coordination") == pytest.approx(3 * partner)


def test_a_loan_of_nothing_moves_nothing_but_the_cost_of_another_answer():
    free = {"transition.share_per_answer": 0.0}
    one, other = (read(_after(begun(c, free), 2)) for c in (NoCapital(), Borrow(0.0)))
    assert one == other


# ── asked for ─────────────────────────────────────────────────────────────────────────────────


def test_what_cannot_be_is_refused():
    for wrong, said in (
        (lambda: Borrow(-1.0), "the loan a head"),
        (lambda: Borrow(1.0, years=0), "the years of repayment"),
        (lambda: Borrow(1.0, into="prevntion"), "did you mean 'prevention'"),
        (lambda: CapitalBudget(2.0), "between 0 and 1"),
        (lambda: Policy("p", capital=Borrow), r"call it: add brackets"),
        (lambda: Policy("p", budgets=OpenEnded(), capital=Borrow(1.0)), "no lines to invest"),
    ):
        with pytest.raises(LocalsimError, match=said):
            wrong()


class Sees(Rule):
    """Keeps what a rule is shown of capital: nothing."""

    def allocate(self, evidence, purse):
        assert not any("capital" in name or "debt" in name for name in vars(evidence))
        return np.zeros((len(evidence.areas), len(evidence.themes)))


def test_money_that_is_repaid_is_not_there_to_be_spent():
    usual = _after(begun(NoCapital(), rule=Sees(), budgets=Pooled(1.0)), 2)
    repaying = _after(begun(Borrow(200.0, 2), rule=Sees(), budgets=Pooled(1.0)), 2)
    gap = usual.ledger.should_hold_gbp - repaying.ledger.should_hold_gbp
    answers = usual.facts.value("transition.share_per_answer") * usual.facts.historic_gbp.sum()
    assert gap == pytest.approx(repaying.ledger.spent_by(DEBT_SERVICE) + answers)
