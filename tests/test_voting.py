from decimal import Decimal
from fractions import Fraction
from unittest.mock import patch

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import assume, given, settings
from pabutools.election import (
    ApprovalBallot,
    ApprovalProfile,
    Cardinality_Sat,
    Cost_Sat,
    Instance,
    Project,
)
from pabutools.rules import (
    greedy_utilitarian_welfare,
    method_of_equal_shares,
    sequential_phragmen,
)

from localsim.errors import LocalsimError
from localsim.policy import add_one
from localsim.policy.ballots import Election
from localsim.policy.equal_shares import count_ballots
from localsim.policy.purses import FloatPurses, Terms
from localsim.policy.voting import RULES, SATISFACTIONS, fund

MEASURES = {"cost": Cost_Sat, "cardinality": Cardinality_Sat}
WAYS = [(rule, satisfaction) for rule in RULES for satisfaction in SATISFACTIONS]


def pabutools_funds(ballots, costs, budget, rule, satisfaction="cost", completion=None):
    projects = {name: Project(name, Fraction(cost)) for name, cost in costs.items()}
    profile = ApprovalProfile(
        [ApprovalBallot(projects[name] for name in ballot) for ballot in ballots]
    )

    def outcome(money):
        instance = Instance(projects.values(), budget_limit=money)
        if rule == "phragmen":
            return sequential_phragmen(instance, profile)
        count = greedy_utilitarian_welfare if rule == "greedy" else method_of_equal_shares
        return count(instance, profile, sat_class=MEASURES[satisfaction])

    budget = Fraction(budget)
    funded = outcome(budget)
    if completion:
        # Our contract goes on past an exhaustive outcome, where pabutools' own option stops.
        wanted = {projects[name] for ballot in ballots for name in ballot if costs[name] > 0}
        raised = budget
        while not wanted <= set(funded):
            raised += len(ballots)
            richer = outcome(raised)
            if sum(project.cost for project in richer) > budget:
                break
            funded = richer
    return frozenset(project.name for project in funded)


def election(seed, voters, projects, dearest, appeal=0.4, share=0.3, kinds=None):
    draw = np.random.default_rng(seed)
    costs = {f"project {i}": int(c) for i, c in enumerate(draw.integers(1, dearest + 1, projects))}
    liked = draw.random((kinds or voters, projects)) < draw.random(projects) * 2 * appeal
    if kinds:
        liked = liked[draw.integers(0, kinds, voters)]
    ballots = [{name for name, yes in zip(costs, row, strict=True) if yes} for row in liked]
    return ballots, costs, int(sum(costs.values()) * share)


AMOUNTS = st.one_of(
    st.integers(0, 6),
    st.sampled_from([0.1, 0.2, 0.1 + 0.2, 0.3, 1.5, 2.25]),
    st.fractions(0, 6, max_denominator=6),
)


@st.composite
def small_elections(draw, amounts=AMOUNTS):
    names = draw(st.lists(st.sampled_from("abcdefghBZ"), min_size=1, max_size=7, unique=True))
    costs = {name: draw(amounts) for name in names}
    ballots = draw(st.lists(st.sets(st.sampled_from(names)), max_size=12))
    budget = draw(st.one_of(amounts, st.just(sum(map(Fraction, costs.values())) / 2)))
    assume(all(cost == 0 or cost > 1e-6 for cost in [*costs.values(), budget]))
    return ballots, costs, budget


@pytest.mark.parametrize(("rule", "satisfaction"), WAYS)
@settings(max_examples=150, deadline=None)
@given(vote=small_elections())
def test_any_small_vote_equals_pabutools(rule, satisfaction, vote):
    assert fund(*vote, rule, satisfaction) == pabutools_funds(*vote, rule, satisfaction)


@pytest.mark.parametrize("satisfaction", SATISFACTIONS)
@settings(max_examples=150, deadline=None)
@given(vote=small_elections())
def test_any_small_vote_completed_by_add1_equals_pabutools(satisfaction, vote):
    how = ("equal_shares", satisfaction, "add1")
    assert fund(*vote, *how) == pabutools_funds(*vote, *how)


@pytest.mark.parametrize(("rule", "satisfaction"), WAYS)
@pytest.mark.parametrize(
    "shape",
    [
        {"voters": 400, "projects": 40, "dearest": 10},
        {"voters": 300, "projects": 30, "dearest": 50_000},
        {"voters": 600, "projects": 40, "dearest": 20, "kinds": 12},
        {"voters": 300, "projects": 30, "dearest": 500, "appeal": 0.08},
    ],
)
def test_votes_of_hundreds_equal_pabutools(rule, satisfaction, shape):
    for seed in range(3):
        vote = election(seed, **shape)
        assert fund(*vote, rule, satisfaction) == pabutools_funds(*vote, rule, satisfaction)


@pytest.mark.parametrize("satisfaction", SATISFACTIONS)
@pytest.mark.parametrize(
    "shape",
    [
        {"voters": 200, "projects": 25, "dearest": 400, "appeal": 0.1},
        {"voters": 200, "projects": 20, "dearest": 2_000, "appeal": 0.1},
        {"voters": 300, "projects": 20, "dearest": 600, "kinds": 8},
    ],
)
def test_votes_of_hundreds_completed_by_add1_equal_pabutools(satisfaction, shape):
    vote = election(7, **shape)
    how = ("equal_shares", satisfaction, "add1")
    completed = fund(*vote, *how)
    assert completed == pabutools_funds(*vote, *how)
    assert completed != fund(*vote, "equal_shares", satisfaction)


@pytest.mark.parametrize("satisfaction", SATISFACTIONS)
def test_passing_over_raises_changes_no_outcome(satisfaction):
    for seed in range(4):
        ballots, costs, budget = election(seed, 60, 15, 3_000, appeal=0.15)
        if seed % 2:  # each project twice: copies always tie
            costs |= {f"{name} again": cost for name, cost in costs.items()}
            ballots = [ballot | {f"{name} again" for name in ballot} for ballot in ballots]
        vote = (ballots, costs, budget)
        quick = fund(*vote, "equal_shares", satisfaction, "add1")
        with patch.object(add_one.Rivals, "steady_rise", return_value=0.0):
            assert fund(*vote, "equal_shares", satisfaction, "add1") == quick


@pytest.mark.parametrize("satisfaction", SATISFACTIONS)
def test_passing_over_ties_that_go_on_changes_no_outcome(satisfaction):
    """Projects of one price, as lots are: rivals ask the same at every endowment."""
    for seed in range(6):
        ballots, costs, _ = election(seed, 14, 12, 300, appeal=0.5)
        costs = dict.fromkeys(costs, 120 + seed)
        vote = (ballots, costs, int(0.55 * sum(costs.values())))
        with patch.object(add_one, "count_ballots", side_effect=count_ballots) as counted:
            quick = fund(*vote, "equal_shares", satisfaction, "add1")
        with (
            patch.object(add_one.Rivals, "steady_rise", return_value=0.0),
            patch.object(add_one, "count_ballots", side_effect=count_ballots) as every,
        ):
            assert fund(*vote, "equal_shares", satisfaction, "add1") == quick
        assert counted.call_count <= every.call_count
        assert counted.call_count < 20


def test_a_dear_project_with_one_supporter_is_reached_without_counting_every_raise():
    ballots = [{"park"}] * 99 + [{"park", "tower"}]
    costs = {"park": 1_000, "tower": 1_000_000}
    with patch.object(add_one, "count_ballots", side_effect=count_ballots) as counted:
        assert fund(ballots, costs, 500_000, "equal_shares", completion="add1") == {"park"}
    assert counted.call_count < 20


@settings(max_examples=100, deadline=None)
@given(vote=small_elections(), way=st.sampled_from(WAYS), chance=st.randoms())
def test_the_order_of_ballots_and_projects_is_irrelevant(vote, way, chance):
    ballots, costs, budget = vote
    other = chance.sample(ballots, len(ballots))
    turned = dict(chance.sample(list(costs.items()), len(costs)))
    assert fund(other, turned, budget, *way) == fund(ballots, costs, budget, *way)


@settings(max_examples=100, deadline=None)
@given(
    vote=small_elections(),
    way=st.sampled_from([*WAYS, *[("equal_shares", s, "add1") for s in SATISFACTIONS]]),
)
def test_no_vote_spends_more_than_the_budget(vote, way):
    _, costs, budget = vote
    assert sum(Fraction(costs[name]) for name in fund(*vote, *way)) <= Fraction(budget)


@settings(max_examples=60, deadline=None)
@given(vote=small_elections(st.integers(1, 6)), satisfaction=st.sampled_from(SATISFACTIONS))
def test_exact_purses_alone_decide_alike(vote, satisfaction):
    quick = fund(*vote, "equal_shares", satisfaction)
    with patch.object(FloatPurses, "offer", FloatPurses._unsure):
        assert fund(*vote, "equal_shares", satisfaction) == quick


@settings(max_examples=100, deadline=None)
@given(vote=small_elections(), satisfaction=st.sampled_from(SATISFACTIONS))
def test_float_purses_stay_within_their_bound(vote, satisfaction):
    terms = Terms.of(Election.of(*vote), satisfaction)
    count = count_ballots(terms, terms.election.budget)
    paid = sum(terms.float_cost[p] for p in count.bought)
    held = terms.election.budget / terms.reference * terms.election.voters
    kept = float(count.left @ terms.election.weights)
    assert abs(held - paid - kept) <= terms.election.voters * count.doubt + 1e-12 * held


def test_add1_goes_on_after_an_exhaustive_outcome():
    # At first the allotment and the bench leave no room for the court. Richer voters buy the
    # bench and the court, which fit: pabutools' own option stops before that.
    ballots = [{"court", "allotment"}, {"court", "bench"}]
    costs = {"allotment": 3, "bench": 1, "court": 5}
    projects = {name: Project(name, cost) for name, cost in costs.items()}
    profile = ApprovalProfile([ApprovalBallot(projects[n] for n in ballot) for ballot in ballots])
    instance = Instance(projects.values(), budget_limit=6)
    exhaustive = method_of_equal_shares(
        instance, profile, sat_class=Cardinality_Sat, voter_budget_increment=1
    )
    assert {project.name for project in exhaustive} == {"allotment", "bench"}
    vote = (ballots, costs, 6, "equal_shares", "cardinality", "add1")
    assert fund(*vote) == pabutools_funds(*vote) == {"bench", "court"}


def test_a_tie_that_rounding_would_break_goes_to_the_first_name():
    # 0.1 + 0.2 is dearer than 0.3 by one binary digit, and only exact arithmetic sees it.
    costs = {"a": 0.1 + 0.2, "b": 0.3}
    assert fund([{"a", "b"}], costs, 0.4, "greedy", "cardinality") == {"b"}
    assert fund([{"a", "b"}], costs, 0.4, "equal_shares", "cardinality") == {"b"}
    assert fund([{"a", "b"}], {"a": 3, "b": 3}, 4, "equal_shares") == {"a"}


@pytest.mark.parametrize("rule", RULES)
def test_money_may_be_counted_in_any_kind_of_number(rule):
    ballots = [{"a"}, {"a", "b"}, {"c"}, set()]
    plain = fund(ballots, {"a": 2, "b": 3, "c": 1}, 4, rule)
    mixed = {"a": Decimal("2.0"), "b": np.int64(3), "c": np.float32(1.0)}
    assert fund(ballots, mixed, Fraction(8, 2), rule) == plain


@pytest.mark.parametrize("rule", RULES)
def test_nobody_voting_and_nothing_to_vote_on_are_votes(rule):
    assert fund([], {}, 5, rule) == frozenset()
    assert fund([set(), set()], {}, 0, rule) == frozenset()
    assert fund([], {"a": 1}, 5, rule) == pabutools_funds([], {"a": 1}, 5, rule)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"rule": "equal_share"}, "did you mean 'equal_shares'"),
        ({"satisfaction": "joy"}, "satisfaction 'joy' is unknown"),
        ({"completion": "add2"}, "did you mean 'add1'"),
        ({"rule": "greedy", "completion": "add1"}, "use rule 'equal_shares'"),
        ({"ballots": [{"park"}, {"prak"}]}, r"ballots\[1\] approves 'prak'.*did you mean 'park'"),
        ({"ballots": ["park"]}, r"ballots\[0\] is 'park'; give a set"),
        ({"ballots": None}, "ballots is None; give a list"),
        ({"costs": ["park"]}, "costs is .*; give the cost of each"),
        ({"ballots": [7]}, r"ballots\[0\] is 7; give a set"),
        ({"ballots": [[["park"]]]}, "holds something that is no project name"),
        ({"ballots": [{"park"}], "costs": {}}, "costs names no project"),
        ({"costs": {1: 2}}, "a project is called 1, which is no text"),
        ({"costs": {"park": -1}}, "the cost of 'park' is -1; money to spend cannot be negative"),
        ({"costs": {"park": "3"}}, "the cost of 'park' is '3'; give a number"),
        ({"budget": float("nan")}, "the budget is nan; give a finite amount"),
        ({"budget": float("inf")}, "the budget is inf; give a finite amount"),
        ({"budget": 1e300}, "the budget is 1e\\+300; give nought, or from a billionth"),
        ({"budget": 1e-300}, "the budget is 1e-300; give nought, or from a billionth"),
    ],
)
def test_a_mistake_ends_in_a_sentence(change, says):
    asked = {"ballots": [{"park"}], "costs": {"park": 1}, "budget": 1, "rule": "equal_shares"}
    with pytest.raises(LocalsimError, match=says):
        fund(**(asked | change))
