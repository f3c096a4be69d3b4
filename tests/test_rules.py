"""Rules spend within their purse, and each spends as its name says."""

import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import minimize

from localsim.errors import LocalsimError
from localsim.policy.evidence import Evidence, Participants, Purse
from localsim.policy.resident_rules import IndividualChoice, PanelByLot, Referendum
from localsim.policy.rules import (
    Fixed,
    Historic,
    JointPanel,
    MedianVoter,
    NeedsFormula,
    PerHead,
    Planner,
    Rule,
    TargetsFirst,
    checked,
)
from localsim.policy.vote_rules import EqualShares, GreedyVote, SequentialPhragmen, YouthVote
from localsim.themes import Amenity, Casework, Quadratic

RULES = [
    Historic(), PerHead(), NeedsFormula(), TargetsFirst(), Planner(), MedianVoter(), JointPanel(),
    JointPanel(0.0), JointPanel(1.0), GreedyVote(50.0), EqualShares(50.0),
    SequentialPhragmen(50.0), YouthVote(50.0), PanelByLot(), PanelByLot(1.0, 2, stratified=True),
    IndividualChoice(), IndividualChoice("in_need"), Referendum(2.0),
]  # fmt: skip
THEMES = (Casework("work"), Casework("health"), Amenity("parks"))


def evidence(value, residents=(100.0, 300.0), themes=THEMES, **other):
    value = np.array(value, dtype=float)
    usual = {
        "areas": tuple(f"A{a}" for a in range(len(value))),
        "themes": themes,
        "residents": np.array(residents, dtype=float),
        "value": value,
        "record": value,
        "heard": None,
        "formula": np.ones_like(value),
        "historic_gbp": value * np.array(residents, dtype=float)[:, None],
        "counted": np.ones(value.shape[1]),
        "waits_months": np.zeros(value.shape[1]),
        "indicators": {},
        "participants": None,
    }
    return Evidence(**usual | other)


def purse(fenced, pooled=0.0, price=None):
    return Purse(np.array(fenced, dtype=float), pooled, price)


AMOUNT = st.sampled_from([0.0, 1e-3, 0.7, 12.0, 900.0])


@st.composite
def cases(draw):
    """Any evidence and purse of two areas and three themes: zeros, and areas of nobody."""
    table = st.lists(st.lists(AMOUNT, min_size=3, max_size=3), min_size=2, max_size=2)
    people = draw(st.lists(st.sampled_from([0.0, 1.0, 250.0]), min_size=2, max_size=2))
    voters = draw(st.integers(0, 5))
    weight = draw(
        st.lists(st.lists(AMOUNT, min_size=3, max_size=3), min_size=voters, max_size=voters)
    )
    taking = Participants(
        area=np.array(draw(st.lists(st.integers(0, 1), min_size=voters, max_size=voters)), int),
        weight=np.array(weight, dtype=float).reshape(voters, 3),
        turnout=0.1,
        on_the_books=np.arange(voters) % 2 == 0,
    )
    seen = evidence(
        draw(table),
        people,
        (Casework("work"), Amenity("a", benefit=Quadratic(draw(st.sampled_from([0.1, 5.0])))),
         Amenity("parks")),
        heard=draw(st.none() | table.map(lambda rows: np.array(rows, dtype=float))),
        historic_gbp=np.array(draw(table), dtype=float),
        counted=np.array(draw(st.lists(st.sampled_from([0.0, 0.4, 1.0]), min_size=3, max_size=3))),
        waits_months=np.array(draw(st.lists(AMOUNT, min_size=3, max_size=3))),
        participants=taking,
    )  # fmt: skip
    fenced = draw(st.lists(st.sampled_from([0.0, 1.0, 5000.0]), min_size=3, max_size=3))
    return seen, purse(fenced, draw(st.sampled_from([0.0, 0.3, 700.0, 1e5])))


@pytest.mark.parametrize("rule", RULES, ids=repr)
@given(cases())
def test_every_rule_spends_within_its_purse_whatever_it_sees(rule, case):
    seen, money = case
    spent = checked(rule, seen, money)  # raises where it does not
    assert spent.shape == (2, 3)
    assert spent.sum() <= money.total_gbp * (1 + 1e-9) + 1e-9


@pytest.mark.parametrize("rule", RULES, ids=repr)
def test_every_rule_but_votes_spends_all_of_its_purse(rule):
    people = Participants(np.array([0, 1]), np.array([[1.0, 2, 3], [3.0, 1, 1]]), 0.1)
    seen = evidence([[4, 2, 1], [1, 3, 9]], participants=people)
    money = purse([1000.0, 2000.0, 500.0], 1500.0)
    spent = checked(rule, seen, money)
    if isinstance(rule, GreedyVote | EqualShares | SequentialPhragmen | Referendum):
        assert 3500.0 <= spent.sum() <= 5000.0
    else:
        assert spent.sum() == pytest.approx(5000.0)
    assert (spent.sum(axis=0) >= [1000.0, 2000.0, 500.0] - np.full(3, 1e-6)).all()


def test_historic_and_per_head():
    seen = evidence([[4, 2, 1], [1, 3, 9]])
    money = purse([100.0, 0, 0])
    assert Historic().allocate(seen, money)[:, 0] == pytest.approx([100 * 4 / 7, 100 * 3 / 7])
    assert PerHead().allocate(seen, money)[:, 0] == pytest.approx([25.0, 75.0])


def test_needs_formula_goes_by_estimated_need():
    seen = evidence([[4, 2, 1], [1, 3, 9]], historic_gbp=np.ones((2, 3)))
    spent = NeedsFormula().allocate(seen, purse([0, 0, 0], 1000.0))
    need = seen.value * seen.residents[:, None]
    assert spent == pytest.approx(1000.0 * need / need.sum())


def test_targets_first_follow_the_waits_that_miss_the_target():
    seen = evidence([[1, 1, 1], [1, 1, 1]], waits_months=np.array([0.4, 2.5, 1.5]))
    spent = TargetsFirst(0.5).allocate(seen, purse([0, 0, 0], 900.0)).sum(axis=0)
    assert spent == pytest.approx([0.0, 600.0, 300.0])
    met = TargetsFirst(9.0).allocate(seen, purse([0, 0, 0], 900.0)).sum(axis=0)
    assert met == pytest.approx([300.0, 300.0, 300.0])


def test_the_median_voter_decides_each_theme():
    weights = np.array([[1.0, 0, 0], [1, 1, 0], [0.0, 0, 2]])
    people = Participants(np.zeros(3, int), weights, 0.1)
    seen = evidence([[1, 1, 1], [1, 1, 1]], participants=people)
    spent = MedianVoter().allocate(seen, purse([0, 0, 0], 800.0)).sum(axis=0)
    assert spent == pytest.approx([800.0, 0.0, 0.0])  # medians of shares: 1/2, 0, 0
    nobody = Participants(np.zeros(0, int), np.zeros((0, 3)), 0.0)
    without = evidence([[4, 2, 1], [1, 3, 9]], participants=nobody)
    money = purse([10, 20, 30], 40.0)
    assert (MedianVoter().allocate(without, money) == Historic().allocate(without, money)).all()


def test_a_joint_panel_weighs_both_sides():
    record, heard = np.array([[1.0, 0, 0]]), np.array([[0.0, 0, 1]])
    seen = evidence(record, [10.0], record=record, heard=heard)
    spent = JointPanel(0.25).allocate(seen, purse([0, 0, 0], 100.0))
    assert spent[0] == pytest.approx([75.0, 0.0, 25.0])


def voters(*weights, area=0):
    return Participants(np.full(len(weights), area), np.array(weights, dtype=float), 0.1)


def test_votes_fund_what_residents_approve_and_spread_lines_as_before():
    people = voters([9, 1, 1], [8, 1, 1], [1, 1, 9])
    seen = evidence([[1, 1, 1]], [100.0], participants=people)
    money = purse([60.0, 0, 0], 300.0)
    greedy = GreedyVote(100.0).allocate(seen, money)
    assert greedy[0] == pytest.approx([60 + 200.0, 0, 100.0])
    equal = EqualShares(100.0).allocate(seen, money)
    assert equal[0] == pytest.approx([60 + 200.0, 0, 100.0])
    # A purse that holds no whole lot is carried.
    assert GreedyVote(1000.0).allocate(seen, money).sum() == pytest.approx(60.0)
    # Equal shares leave a minority its part where greedy gives it nothing.
    small = purse([0, 0, 0], 300.0)
    people = voters([9, 1, 1], [9, 1, 1], [9, 5, 1], [1, 1, 9], [1, 1, 9])
    seen = evidence([[1, 1, 1]], [100.0], participants=people)
    assert EqualShares(100.0).allocate(seen, small)[0, 2] == pytest.approx(100.0)
    assert GreedyVote(150.0).allocate(seen, small)[0, 2] == 0.0


def test_a_lot_below_a_pound_is_a_pound():
    seen = evidence([[1, 1, 1]], [100.0], participants=voters([9, 1, 1]))
    assert GreedyVote(0.5).allocate(seen, purse([0, 0, 0])).sum() == 0.0
    assert EqualShares(0.5).allocate(seen, purse([0, 0, 0], 5.0)).sum() == pytest.approx(2.0)


def benefit(spent, seen):
    """Counted benefit of a spending plan, summed as the planner should see it."""
    total = 0.0
    heads = seen.residents
    for t, theme in enumerate(seen.themes):
        level = spent[:, t] / heads
        v, c = seen.value[:, t], seen.counted[t]
        if isinstance(theme, Amenity) and isinstance(theme.benefit, Quadratic):
            total += c * (heads * (v * level - theme.benefit.b / 2 * level**2)).sum()
        else:
            total += c * (heads * v * np.log(np.maximum(level, 1e-12))).sum()
    return float(total)


PLANS = [
    (THEMES, [[4, 2, 1], [1, 3, 9]], [0, 0, 0], 6000.0),
    (THEMES, [[4, 2, 1], [1, 3, 9]], [3000, 100, 0], 900.0),
    (
        (Casework("work"), Amenity("a", benefit=Quadratic(0.5)), Amenity("parks")),
        [[4, 6, 1], [1, 9, 9]], [200, 0, 100], 3000.0,
    ),
]  # fmt: skip


@pytest.mark.parametrize(("themes", "value", "fenced", "pooled"), PLANS)
@pytest.mark.parametrize("counted", [(1.0, 1.0, 1.0), (1.0, 0.5, 0.8)])
def test_the_planner_finds_what_a_numerical_search_finds(themes, value, fenced, pooled, counted):
    seen = evidence(value, themes=themes, counted=np.array(counted))
    money = purse(fenced, pooled)
    plan = checked(Planner(), seen, money)
    start = Historic().allocate(seen, money)
    scale = money.total_gbp

    def loss(x):
        return -benefit(x.reshape(2, 3) * scale, seen) / scale

    limits = [{"type": "eq", "fun": lambda x: x.sum() - 1.0}]
    limits += [
        {"type": "ineq", "fun": lambda x, t=t: x.reshape(2, 3)[:, t].sum() - fenced[t] / scale}
        for t in range(3)
    ]
    found = minimize(
        loss, start.ravel() / scale, bounds=[(1e-9, 1.0)] * 6, constraints=limits,
        method="SLSQP", options={"ftol": 1e-13, "maxiter": 500},
    )  # fmt: skip
    assert found.success
    assert -loss(plan / scale) >= found.fun * -1 - 1e-6
    np.testing.assert_allclose(plan, found.x.reshape(2, 3) * scale, atol=2e-3 * scale)


@given(st.floats(0.2, 5.0), st.floats(0.1, 1.0))
def test_open_ended_money_is_spent_until_the_margin_meets_the_price(price, counted):
    themes = (Casework("work"), Amenity("a", benefit=Quadratic(0.5)), Amenity("parks"))
    seen = evidence([[4, 6, 1], [1, 9, 9]], themes=themes, counted=np.full(3, counted))
    level = checked(Planner(), seen, purse([0, 0, 0], 0.0, price)) / seen.residents[:, None]
    margin = counted * np.column_stack(
        [seen.value[:, 0] / level[:, 0], seen.value[:, 1] - 0.5 * level[:, 1],
         seen.value[:, 2] / level[:, 2]]
    )  # fmt: skip
    bought = level > 0.0
    assert bought[:, [0, 2]].all()
    assert margin[bought] == pytest.approx(price)
    assert (margin[~bought] <= price + 1e-9).all()


def test_a_planner_who_wants_no_more_leaves_the_rest():
    sated = tuple(Amenity(name, benefit=Quadratic(10.0)) for name in ("a", "b"))
    seen = evidence([[5.0, 1.0]], [100.0], themes=sated)
    spent = checked(Planner(), seen, purse([500.0, 500.0], 100.0))
    assert spent[0] == pytest.approx([50.0, 10.0])  # v/b a head


class Mine(Rule):
    def __init__(self, answer):
        self.answer = answer

    def allocate(self, evidence, purse):
        return self.answer


@pytest.mark.parametrize(
    ("answer", "sentence"),
    [
        (np.zeros((3, 2)), "Rule Mine returned an array of shape (3, 2); (2, 3) was right"),
        (5.0, "shape ()"),
        (None, "shape ()"),
        ("all of it", "Rule Mine returned 'all of it'"),
        ([[1, 2], [3]], "an array of pounds, areas by themes"),
        (np.full((2, 3), np.nan), "negative or not finite"),
        (np.full((2, 3), np.inf), "negative or not finite"),
        (np.full((2, 3), -1.0), "negative or not finite"),
        (np.full((2, 3), 100.0), "spends £490.00 beyond the ring-fenced lines; £50.00 is pooled"),
    ],
)
def test_a_rule_of_ones_own_that_is_wrong_is_told_so_in_a_sentence(answer, sentence):
    seen = evidence([[4, 2, 1], [1, 3, 9]])
    with pytest.raises(LocalsimError, match=re.escape(sentence)):
        checked(Mine(answer), seen, purse([100.0, 10.0, 0.0], 50.0))


def test_a_rule_of_ones_own_may_return_lists_and_leave_money():
    seen = evidence([[4, 2, 1], [1, 3, 9]])
    spent = checked(Mine([[1, 2, 0], [3, 4, 0]]), seen, purse([100.0, 10.0, 0.0]))
    assert spent.tolist() == [[1.0, 2.0, 0.0], [3.0, 4.0, 0.0]]
    fixed = Fixed([[1, 2, 0], [3, 4, 0]])
    assert (checked(fixed, seen, purse([100.0, 10.0, 0.0])) == spent).all()


def test_money_of_one_line_may_not_pay_for_another():
    seen = evidence([[4, 2, 1], [1, 3, 9]])
    with pytest.raises(LocalsimError, match="beyond the ring-fenced lines"):
        checked(Fixed([[0, 20, 0], [0, 0, 0]]), seen, purse([1000.0, 10.0, 0.0]))
