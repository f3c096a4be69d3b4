"""Scenarios: what befalls a place, the same for every policy, and nothing by default."""

import copy
import pickle
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hamlet import hamlet, small
from hypothesis import given, settings
from hypothesis import strategies as st

import localsim as ls
from localsim.errors import LocalsimError
from localsim.experiment.config import ConfigError
from localsim.scenarios import SCENARIOS, Scenario, austerity, recession, steady
from localsim.themes import default_themes

THEMES = default_themes()
NAMES = [theme.name for theme in THEMES]
VALUE = ls.Assumptions.default().value


def funding(scenario, year):
    return dict(zip(NAMES, scenario.funding(THEMES, VALUE, year).tolist(), strict=True))


def onsets(scenario, year):
    return dict(zip(NAMES, scenario.onsets(THEMES, VALUE, year).tolist(), strict=True))


# ── paths ─────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("path", "levels"),
    [
        ([0.9, 0.5], [1.0, 0.9, 0.5, 0.5]),
        ((), [1.0, 1.0, 1.0, 1.0]),
        ({2: 0.6}, [1.0, 0.8, 0.6, 0.6]),
        ({1: 1.5, 3: 1.0}, [1.0, 1.5, 1.25, 1.0]),
        ({3: 1.0, 1: 1.5}, [1.0, 1.5, 1.25, 1.0]),
        (np.array([2.0, 3.0]), [1.0, 2.0, 3.0, 3.0]),
    ],
)
def test_a_path_runs_straight_between_its_years_and_then_stays(path, levels):
    scenario = Scenario("s", onset={"work": path})
    assert [onsets(scenario, year)["work"] for year in range(4)] == pytest.approx(levels)
    assert onsets(scenario, -3)["work"] == 1.0
    assert onsets(scenario, 500)["work"] == pytest.approx(levels[-1])
    assert onsets(scenario, 2)["health"] == 1.0


@pytest.mark.parametrize(
    ("given_", "said"),
    [
        ({"grants": {0: 0.5}}, "a year is a whole number from 1, not 0"),
        ({"grants": {1.5: 0.5}}, "a year is a whole number from 1"),
        ({"grants": {True: 0.5}}, "a year is a whole number from 1"),
        ({"grants": [-0.1]}, "a multiple lies between 0 and 1000"),
        ({"grants": [float("nan")]}, "a multiple lies between"),
        ({"grants": [None]}, "a number or an assumption's name, not None"),
        ({"grants": 0.7}, "a list of multiples for years 1, 2"),
        ({"grants": "austerity.grants"}, "a list of multiples"),
        ({"protected": "health"}, "a list of themes or agencies"),
        ({"onset": [1.5]}, "onset maps a theme's name to a path"),
        ({"onset": {"work": 1.5}}, "onset of 'work' is a list"),
        ({"name": " "}, "A scenario needs a name"),
    ],
)
def test_what_is_no_scenario_is_refused_in_a_sentence(given_, said):
    with pytest.raises(LocalsimError, match=said):
        Scenario(**({"name": "s"} | given_))


@pytest.mark.parametrize(
    ("scenario", "said"),
    [
        (Scenario("s", protected=["schools"]), "protects 'schools', which is not here"),
        (Scenario("s", onset={"place": [2.0]}), "moves the onset of 'place', which is not here"),
        (Scenario("s", grants=["austerity.grant"]), "rests on 'austerity.grant', which is no"),
    ],
)
def test_a_scenario_moves_only_what_is_there(scenario, said):
    with pytest.raises(LocalsimError, match=said):
        ls.Model(hamlet(), scenario=scenario, warmup_years=0)
    with pytest.raises(LocalsimError, match=said):
        small(scenario=scenario)


def test_austerity_cuts_by_what_grants_pay_and_spares_social_care():
    assert funding(austerity(), 0) == dict.fromkeys(NAMES, 1.0)
    last = funding(austerity(), 5)
    assert last == funding(austerity(), 9)
    assert last["work"] == pytest.approx(1.0 - 0.56 * (1.0 - 0.637))
    assert last["work"] == pytest.approx(1.0 - 0.204, abs=0.001)  # as source T13 has spending
    assert last["family"] == last["health"] == 1.0
    cuts = [1.0 - funding(austerity(), year)["place"] for year in range(6)]
    assert np.diff(cuts) == pytest.approx(np.full(5, cuts[-1] / 5))
    assert onsets(austerity(), 3) == dict.fromkeys(NAMES, 1.0)


def test_a_recession_passes_and_leaves_money_alone():
    assert onsets(recession(), 1)["work"] == VALUE("recession.onset_work") > 1.0
    assert onsets(recession(), 2)["money"] == VALUE("recession.onset_money") > 1.0
    assert onsets(recession(), 5) == dict.fromkeys(NAMES, 1.0)
    assert funding(recession(), 2) == dict.fromkeys(NAMES, 1.0)


def test_protection_may_name_an_agency():
    one = funding(Scenario("s", grants=[0.0], protected=["council"]), 1)
    assert one["family"] == one["place"] == 1.0
    assert one["work"] == pytest.approx(1.0 - VALUE("funding.grant_share"))


# ── a place run through it ────────────────────────────────────────────────────────────────────


@pytest.fixture(scope="module")
def results():
    return {name: small(scenario=name, years=2).run(progress=False) for name in SCENARIOS}


def test_steady_is_what_has_always_been(results):
    usual = small(years=2).run(progress=False)
    pd.testing.assert_frame_equal(usual.table, results["steady"].table, check_exact=True)
    assert usual.experiment == results["steady"].experiment


def test_all_that_a_scenario_moves_it_moves_under_every_policy(results):
    def total(name, metric, policy):
        return float(results[name].pivot(metric)[policy].sum())  # noqa: PD010 - not the one of pandas

    for policy in ("status_quo", "top_down"):
        assert total("austerity", "spend_gbp", policy) < total("steady", "spend_gbp", policy)
        assert total("recession", "opened", policy) > 1.05 * total("steady", "opened", policy)
        spends = [total(name, "spend_gbp", policy) for name in ("steady", "recession")]
        assert spends[1] == pytest.approx(spends[0], rel=0.02)


def test_lines_come_in_as_the_scenario_says():
    cut = Scenario("cut", grants=[0.5, 0.25], protected=["health"])
    model = ls.Model(hamlet(), ls.policies.top_down(), scenario=cut, warmup_years=1)
    historic = model.facts.historic_gbp.sum(axis=0)
    for year in (1, 2, 3):
        received = dict(model.ledger.received)
        assert model.scenario_year == year
        model.run(1)
        for agency in model.own_payers:
            mine = [t for t, theme in enumerate(model.themes) if theme.agency == agency]
            lines = cut.funding(model.themes, model.facts.value, year)
            came = sum(
                amount - received.get(key, 0.0)
                for key, amount in model.ledger.received.items()
                if key[0] == agency
            )
            assert came == pytest.approx((historic * lines)[mine].sum())


def test_a_scenario_goes_on_through_a_fork():
    cut = Scenario("cut", grants=[0.8, 0.2])
    model = ls.Model(hamlet(), ls.policies.top_down(), scenario=cut, warmup_years=1)
    model.run(1)
    twin = model.fork(ls.policies.needs_formula())
    assert twin.scenario_year == 2
    twin.fund()
    came = sum(twin.ledger.received.values())
    assert came == pytest.approx(
        twin.facts.historic_gbp.sum() * (1.0 - 0.8 * VALUE("funding.grant_share"))
    )


def test_a_summary_says_which_scenario_it_was(results):
    said = {name: ls.appraise(r, baseline="status_quo") for name, r in results.items()}
    assert "2 years · scenario austerity · 3 replications" in str(said["austerity"].summary())
    assert "scenario" not in str(said["steady"].summary())


def test_numbers_of_a_scenario_are_drawn_with_the_others():
    asked = small(scenario="recession", years=1)
    drawn = [asked.plan.assumptions_of(r).value("recession.onset_work") for r in range(3)]
    assert len(set(drawn)) == 3
    model = asked.replay(0, "top_down")
    level = model.course.onsets(model.themes, model.facts.value, 1)[0]
    assert level == drawn[0]


# ── asked for ─────────────────────────────────────────────────────────────────────────────────


def test_a_scenario_is_part_of_the_question():
    one, other = small(), small(scenario=austerity())
    assert one != other
    assert one.fingerprint != other.fingerprint
    assert other.describe()["scenario"]["name"] == "austerity"
    assert "protected: family, health" in other.describe()["scenario"]["description"]
    assert one.describe()["scenario"]["name"] == "steady"
    assert other.replace(years=2).scenario == austerity()
    renamed = replace(austerity(), description="as in a book")
    assert small(scenario=renamed) == other
    with pytest.raises(LocalsimError, match="did you mean 'austerity'"):
        small(scenario="austerty")
    with pytest.raises(LocalsimError, match="a named one is a function"):
        small(scenario=austerity)


CONFIG = """
place: {synthetic: {residents: 300, areas: 3}}
policies: [status_quo, top_down]
years: 1
scenario: WHAT
"""


def load(tmp_path, what):
    file = tmp_path / "asked.yaml"
    file.write_text(CONFIG.replace("WHAT", what))
    return ls.Experiment.from_config(file)


def test_a_config_names_a_scenario_or_writes_it_out(tmp_path):
    assert load(tmp_path, "austerity").scenario == austerity()
    written = "{name: mine, grants: {1: 0.9, 5: 0.7}, protected: [health], onset: {work: [1.5]}}"
    mine = Scenario("mine", {1: 0.9, 5: 0.7}, ["health"], {"work": [1.5]})
    assert load(tmp_path, written).scenario == mine


@pytest.mark.parametrize(
    ("what", "said"),
    [
        ("austerty", "scenario: 'austerty' is not known; did you mean 'austerity'?"),
        ("{grant: [0.9]}", "scenario.grant: there is no such key; did you mean 'grants'?"),
        ("{grants: {first: 0.9}}", "a year is a whole number from 1, not 'first'"),
        ("{grants: [-1]}", "a multiple lies between 0 and 1000"),
        ("{protected: [school]}", "protects 'school', which is not here"),
        ("3", "scenario: 3 is a number, and text is wanted"),
    ],
)
def test_a_wrong_scenario_in_a_config_is_a_sentence(tmp_path, what, said):
    with pytest.raises(ConfigError) as refused:
        load(tmp_path, what)
    assert said in str(refused.value)
    assert "asked.yaml, line 5" in str(refused.value)


# ── properties ────────────────────────────────────────────────────────────────────────────────

PATHS = st.lists(st.floats(0, 3), max_size=4) | st.dictionaries(
    st.integers(1, 9), st.floats(0, 3), max_size=4
)
ANY = st.builds(
    Scenario,
    st.just("any"),
    PATHS,
    st.lists(st.sampled_from([*NAMES, "council"]), max_size=3, unique=True),
    st.dictionaries(st.sampled_from(NAMES[:4]), PATHS, max_size=3),
)


@given(ANY, st.integers(-3, 30))
def test_any_scenario_is_a_value_and_leaves_the_past_alone(scenario, year):
    assert pickle.loads(pickle.dumps(scenario)) == scenario == replace(scenario)
    assert hash(copy.deepcopy(scenario)) == hash(scenario)
    assert scenario.describe().startswith("any")
    lines, rates = funding(scenario, year), onsets(scenario, year)
    assert all(level >= 0.0 for level in [*lines.values(), *rates.values()])
    if year <= 0:
        assert set(lines.values()) | set(rates.values()) == {1.0}


@settings(max_examples=8, deadline=None)
@given(ANY)
def test_money_balances_whatever_befalls_a_place(scenario):
    model = ls.Model(hamlet(), ls.policies.status_quo(), scenario=scenario, warmup_years=0)
    model.run(2)  # a month that does not balance would stop it
    assert model.month == 24


def test_steady_moves_nothing():
    assert funding(steady(), 7) == onsets(steady(), 7) == dict.fromkeys(NAMES, 1.0)
