"""A difference is split over the answers that differ, exactly and in no particular order."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import localsim as ls
from localsim.appraisal.lattice import lattice
from localsim.appraisal.shapley import interactions, shapley

PLACE = ls.Place.synthetic(400, areas=3, seed=2)
STATUS_QUO = ls.policies.status_quo()
THREE = ls.Policy(
    name="three answers",
    tier="neighbourhood",
    rule=ls.NeedsFormula(),
    access=ls.Hub(),
    devolved=STATUS_QUO.devolved,
)


def coalitions(players):
    return [frozenset(c) for n in range(len(players) + 1) for c in combinations(players, n)]


@pytest.fixture(scope="module")
def attribution():
    experiment = ls.Experiment(
        PLACE, [STATUS_QUO, THREE], years=1, replications=4, seed=3, warmup_years=1
    )
    return ls.attribute(experiment, "status_quo", "three answers", progress=False, workers=1)


def test_two_who_need_a_third_share_as_the_glove_game_says():
    # One left glove, two right ones: a pair is worth one (Shapley's own example).
    pair = {
        c: np.array(float("left" in c and len(c) > 1)) for c in coalitions(["left", "r1", "r2"])
    }
    shares = shapley(["left", "r1", "r2"], pair)
    assert shares["left"] == pytest.approx(2 / 3, abs=1e-15)
    assert shares["r1"] == shares["r2"] == pytest.approx(1 / 6, abs=1e-15)
    # The right gloves replace one another; each goes with the left one.
    found = interactions(["left", "r1", "r2"], pair)
    assert found["left", "r1"] == pytest.approx(1 / 2)
    assert found["r1", "r2"] == pytest.approx(-1 / 2)


@settings(max_examples=30, deadline=None)
@given(st.integers(1, 5), st.integers(0, 2**32 - 1))
def test_shares_sum_to_the_whole_whoever_comes_first_and_who_does_nothing_gets_nothing(n, seed):
    luck = np.random.default_rng(seed)
    players = [f"p{i}" for i in range(n)]
    worth = {c: luck.normal(1e6, 1.0, 3) for c in coalitions(players)}
    for c in list(worth):
        worth[c | {"idle"}] = worth[c]
    everyone = [*players, "idle"]
    shares = shapley(everyone, worth)
    whole = worth[frozenset(everyone)] - worth[frozenset()]
    np.testing.assert_allclose(sum(shares.values()), whole, rtol=1e-9, atol=1e-9)
    np.testing.assert_array_equal(shares["idle"], 0.0)
    again = shapley(everyone[::-1], worth)
    for player in everyone:
        np.testing.assert_allclose(again[player], shares[player], rtol=1e-12, atol=1e-12)


def test_contributions_sum_to_the_whole_difference_in_every_metric(attribution):
    values = attribution.table.groupby(["metric", "group"])["value"]
    whole = attribution.whole.set_index(["metric", "group"])["value"]
    assert len(whole) > 20
    gap = (values.sum().loc[whole.index] - whole).abs()
    size = values.agg(lambda v: v.abs().max()).loc[whole.index]  # where the whole is nothing
    assert (gap <= 1e-9 * whole.abs() + 1e-15 * size).all()


def test_the_whole_is_the_paired_difference_of_an_ordinary_experiment(attribution):
    experiment = ls.Experiment(
        PLACE, [STATUS_QUO, THREE], years=1, replications=4, seed=3, warmup_years=1
    )
    rows = ls.appraise(experiment.run(progress=False, workers=1)).differences
    plain = rows.set_index(["metric", "group"])["difference"]
    whole = attribution.whole.set_index(["metric", "group"])["value"]
    np.testing.assert_allclose(whole, plain.loc[whole.index], rtol=1e-12, atol=1e-9)


def test_answers_that_are_shared_get_exactly_nothing(attribution):
    assert attribution.players == ("tier", "rule", "access")
    shared = attribution.table[~attribution.table["answer"].isin(attribution.players)]
    assert set(shared["answer"]) >= {"budgets", "listening", "contract", "supply", "devolved"}
    assert (shared[["value", "se", "low", "high"]] == 0.0).all().all()


def test_it_is_told_in_words_and_drawn(attribution):
    said = attribution.summary()
    assert "by which rule" in said
    assert "altogether" in said
    assert "8 combinations" in said
    ticks = [t.get_text() for t in attribution.plot("crises").axes[0].get_yticklabels()]
    assert ticks[-1] == "altogether"
    assert set(ticks[:-1]) == {"who decides", "by which rule", "through which doors"}
    with pytest.raises(ls.LocalsimError, match="crises"):
        attribution.plot("crisis")


def test_a_pilots_border_is_a_step_of_its_own():
    place = ls.Place.synthetic(400, areas=3, seed=2)
    pilot = ls.Pilot(THREE, place.codes[0], STATUS_QUO, name="pilot")
    experiment = ls.Experiment(
        place, [STATUS_QUO, pilot], years=1, replications=2, seed=3, warmup_years=0
    )
    found = ls.attribute(experiment, "status_quo", "pilot", progress=False, workers=1)
    assert found.players[0] == "piloting"
    whole = found.of_whole("overhead_gbp", "inside")["value"]
    assert found.rows("overhead_gbp", "inside")["value"].sum() == pytest.approx(whole, rel=1e-9)
    deciders = found.rows("overhead_gbp", "all").set_index("answer")
    assert deciders.loc["piloting", "value"] > 0.0  # a decider more


def test_bundled_answers_are_taken_over_together():
    between = lattice(STATUS_QUO, THREE, {"deciding": ["tier", "rule", "budgets"]})
    assert between.players == ("deciding", "access")
    half = between.policies[frozenset({"deciding"})]
    assert (half.tier, half.rule, half.access) == (THREE.tier, THREE.rule, STATUS_QUO.access)


def test_pilots_that_differ_elsewhere_have_that_as_an_answer():
    one = ls.Pilot(STATUS_QUO, "a", STATUS_QUO, name="one")
    two = ls.Pilot(THREE, "a", ls.policies.top_down(), name="two")
    between = lattice(one, two)
    assert between.players == ("tier", "rule", "access", "elsewhere")
    assert between.policies[frozenset({"elsewhere"})].elsewhere == ls.policies.top_down()


@pytest.mark.parametrize(
    ("a", "b", "bundles", "said"),
    [
        (ls.Pilot(THREE, "a", STATUS_QUO), STATUS_QUO, None, "the other way round"),
        (THREE, ls.Pilot(THREE, "a", STATUS_QUO), None, "keeps status_quo elsewhere"),
        (ls.Pilot(THREE, "a", STATUS_QUO), ls.Pilot(THREE, "b", STATUS_QUO), None, "different"),
        (STATUS_QUO, THREE, {"x": ["rules"]}, "Did you mean|did you mean|rule"),
        (STATUS_QUO, THREE, {"x": ["rule"], "y": ["rule"]}, "each may be in one"),
        (STATUS_QUO, THREE, {"x": "rule"}, "a list of answers"),
        (STATUS_QUO, ls.Policy(name="o", budgets=ls.OpenEnded(2.0)), None, "Bundle them"),
    ],
)
def test_what_cannot_be_attributed_is_said(a, b, bundles, said):
    with pytest.raises(ls.LocalsimError, match=said):
        lattice(a, b, bundles)


def test_a_policy_is_not_compared_with_itself_or_with_a_stranger():
    experiment = ls.Experiment(PLACE, [STATUS_QUO, THREE], years=1, replications=1)
    with pytest.raises(ls.LocalsimError, match="named twice"):
        ls.attribute(experiment, "status_quo", "status_quo")
    with pytest.raises(ls.LocalsimError, match="three answers"):
        ls.attribute(experiment, "status_quo", "three answer")
