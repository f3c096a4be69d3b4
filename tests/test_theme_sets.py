"""Sets of themes by name, and social care as a theme of its own."""

import numpy as np
import pytest
from recount import conserved, decided

import localsim as ls
from localsim.assumptions import Assumptions
from localsim.dynamics.columns import (
    IN_SERVICE,
    PRESENTATIONS,
    QUEUEING,
    SERVICE_MONTHS,
    SOLVED,
)
from localsim.dynamics.facts import Facts, need_cost_gbp
from localsim.errors import LocalsimError
from localsim.themes.sets import THEMES, check_held, set_by, themes_of

PLACE = ls.Place.norbiton()
WORLD = Assumptions.default()
SMALL = ls.Place.synthetic(600, 3, seed=1)


@pytest.fixture(scope="module")
def start():
    return ls.Model(PLACE, themes=ls.health_and_care(), seed=2, warmup_years=3)


def test_social_care_takes_the_place_that_it_had_in_one_line():
    usual = Facts.of(PLACE, ls.default_themes(), WORLD, 0, 0)
    apart = Facts.of(PLACE, ls.health_and_care(), WORLD, 0, 0)
    names = [theme.name for theme in apart.themes]
    assert names == ["work", "family", "money", "health", "care", "place"]
    both = [names.index("health"), names.index("care")]
    assert apart.historic_gbp[:, both].sum(axis=1) == pytest.approx(usual.historic_gbp[:, 3])
    assert apart.formula[:, both[0]] == pytest.approx(apart.formula[:, both[1]])
    rest = [k for k in range(len(names)) if k not in both]
    assert (apart.historic_gbp[:, rest] == usual.historic_gbp[:, [0, 1, 2, 4]]).all()


def test_what_the_set_rests_on_is_in_the_log_and_is_drawn():
    drawn = WORLD.sample(3, 0)
    facts = Facts.of(SMALL, ls.health_and_care(), drawn, 3, 0)
    for name in ("onset_per_year", "severe_share", "slot_gbp", "budget_gbp_per_indicator"):
        assert facts.value(f"health.{name}") == drawn.value(f"health.{name}.with_care")
    assert facts.value("health.slot_gbp") != WORLD.value("health.slot_gbp.with_care")
    for name in ("health.step_share.care", "care.slot_gbp"):
        assert facts.value(name) == drawn.value(name) != WORLD.value(name)
    assert facts.value("care.onset_per_year") == 0.0


def test_cases_go_on_to_care_and_some_come_back(start):
    model = start.fork(ls.policies.silo_budgeting())
    model.run(1)
    conserved(model)
    cases = model.town.cases.row
    served = cases[np.isin(cases["phase"], (QUEUEING, IN_SERVICE))]
    health = [theme.name for theme in model.facts.casework].index("health")
    mine = served[served["theme"] == health]
    assert set(np.unique(mine["step"])) == {0, 1, 2}
    assert set(np.unique(served[served["theme"] != health]["step"])) == {0}
    flows = model.town.tally.flows[:, health + 1, PRESENTATIONS]
    assert flows.sum() == 0.0  # nobody comes to care of themselves
    teams = [one for one in model.agents_by_type[ls.Provider] if one.theme == "care"]
    assert sum(one.busy for one in teams) > 20


def test_a_lead_professional_halves_what_is_passed_off(start):
    passed = {}
    for access in (ls.Silo(), ls.LeadProfessional()):
        model = start.fork(ls.Policy("doors", access=access))
        model.run(2)
        rows = {(metric, group): value for metric, group, value in ls.measure(model)}
        passed[access] = rows["pass_offs_per_solved", "theme: health"]
    assert 0.0 < passed[ls.LeadProfessional()] < 0.7 * passed[ls.Silo()]


def test_a_decider_who_follows_need_funds_the_team_that_cases_go_on_to(start):
    pooled = ls.Pooled(1.0, ramp=1.0, themes=("health", "care"))
    for listening in (ls.Record(), ls.Voice(hours=0.5)):
        policy = ls.Policy("formula", budgets=pooled, rule=ls.NeedsFormula(), listening=listening)
        model = decided(start.fork(policy))
        (one,) = model.agents_by_type[ls.Commissioner]
        health, care = one.decision_gbp.sum(axis=0)[3:5]
        assert 0.6 < care / (health + care) < 0.9  # as it was when the line was one: 0.79


@pytest.mark.parametrize(("onward", "back"), [(0.0, 1.0), (1.0, 0.0), (0.5, 0.5)])
def test_a_need_is_held_to_cost_what_serving_it_takes(onward, back):
    """Expected months by team against those that many cases took, all of them served at once."""
    numbers = {
        "onset_per_year": 1.0, "present_per_month.open": 20.0, "heal_per_month.open": 0.0,
        "service_months.open": 0.4, "solve_share.open": 0.5, "return_share": 1.0,
        "slot_gbp": 12.0, "budget_gbp_per_indicator": 30.0,
    }  # fmt: skip
    steps = {
        "step_share.care": onward, "step_months.care": 0.2,
        "step_share.health": back, "step_months.health": 0.1,
    }  # fmt: skip
    themes = [
        ls.Casework(
            "health", eligible="everyone", sequence=("care", "health"), values=numbers | steps
        ),
        ls.Casework("care", values=numbers | {"onset_per_year": 0.0}),
    ]
    world = WORLD.replace({"doors.drop": 0.0, "doors.slots_per_1000": 99.0, "needs.coupling": 0.0})
    model = ls.Model(
        SMALL, ls.Policy("p"), themes=themes, assumptions=world, warmup_years=0, seed=4
    )
    cost = need_cost_gbp(model.facts)
    own = 0.4 if onward else 0.8
    if onward == 1.0:
        assert cost[0] == pytest.approx([own, 0.2 / 0.5])
    if onward == 0.0:
        assert cost[0] == pytest.approx([own, 0.0])  # who has not been away does not come back
    for _ in range(60):
        model.step()
    rows = {(metric, group): value for metric, group, value in ls.measure(model)}
    flows = model.town.tally.flows.sum(axis=(0, 1))
    assert rows["solved", "all"] > 1500
    assert flows[SERVICE_MONTHS] / flows[SOLVED] == pytest.approx(cost[0].sum(), rel=0.05)


def test_sets_are_asked_for_by_name_and_together():
    assert themes_of("default") == ls.default_themes()
    assert [t.name for t in themes_of(["health_and_care", "housing"])][-2:] == ["place", "housing"]
    assert set(THEMES) == {"default", "health_and_care", "housing"}
    with pytest.raises(LocalsimError, match="Two themes are called 'family'"):
        themes_of(["default", "health_and_care"])
    with pytest.raises(LocalsimError, match=r"no themes called 'houses'.*housing"):
        themes_of(["default", "houses"])
    with pytest.raises(LocalsimError, match="by name, not as 3"):
        themes_of(3)


def test_what_a_theme_sets_is_not_held_or_varied_besides():
    themes = ls.health_and_care()
    assert set_by(themes)["health.slot_gbp"] == "health.slot_gbp.with_care"
    check_held(["health.slot_gbp.with_care", "work.slot_gbp"], themes)
    with pytest.raises(LocalsimError, match=r"'health.slot_gbp' is set by 'health.slot_gbp.with"):
        ls.Experiment("norbiton", ["status_quo"], themes=themes, held={"health.slot_gbp": 1.0})
    with pytest.raises(LocalsimError, match="is set to 0 with its theme"):
        check_held(["care.onset_per_year"], themes)
    with pytest.raises(LocalsimError, match="cannot be varied as well"):
        ls.Experiment(
            "norbiton", ["status_quo"], themes=themes,
            design=ls.Grid({"health.slot_gbp": [1.0, 2.0]}),
        )  # fmt: skip


# ── in a config ──────────────────────────────────────────────────────────────────────────────────

CONFIG = "place: norbiton\npolicies: [status_quo, citizens_hub]\n"


def asked(tmp_path, more):
    file = tmp_path / "asked.yaml"
    file.write_text(CONFIG + more, encoding="utf-8")
    return ls.Experiment.from_config(file)


def test_a_config_names_its_themes(tmp_path):
    usual = asked(tmp_path, "")
    assert asked(tmp_path, "themes: default\n") == usual
    assert asked(tmp_path, "themes: [default]\n") == usual
    both = asked(tmp_path, "themes: [health_and_care, housing]\n")
    themes = [*ls.health_and_care(), ls.housing()]
    assert both.themes == tuple(themes)
    assert both == ls.Experiment(
        "norbiton", ["status_quo", "citizens_hub"], themes=themes, name="asked"
    )
    small = asked(tmp_path, "themes: health_and_care\nyears: 1\nwarmup_years: 0\nreplications: 1\n")
    assert small.replace(place=SMALL).run(progress=False, workers=1).failures.empty


@pytest.mark.parametrize(
    ("more", "sentence"),
    [
        ("themes: houses\n", "line 3: themes: 'houses' is not known"),
        ("themes: [default, hosing]\n", "themes[1]: 'hosing' is not known; did you mean 'housing'"),
        ("themes: [default, health_and_care]\n", "themes: Two themes are called 'family'"),
        ("themes: []\n", "themes: it is empty; at least one entry is wanted."),
        ("themes: 3\n", "themes: 3 is a number, and text is wanted"),
        (
            "themes: health_and_care\nassumptions: {set: {health.slot_gbp: 9}}\n",
            "assumptions.set.health.slot_gbp: 'health.slot_gbp' is set by",
        ),
        (
            "themes: health_and_care\n"
            "design: {kind: grid, dimensions: {health.slot_gbp: [1, 2]}}\n",
            "design.dimensions.health.slot_gbp: 'health.slot_gbp' is held at a value",
        ),
        (
            "themes: default\nscenario: {onset: {care: [2]}}\n",
            "moves the onset of 'care', which is not here",
        ),
    ],
)
def test_themes_that_cannot_be_are_refused_in_a_sentence(tmp_path, more, sentence):
    with pytest.raises(LocalsimError) as refused:
        asked(tmp_path, more)
    assert sentence in str(refused.value)


def test_the_schema_knows_the_sets():
    from localsim.experiment.schema import schema

    options = schema()["properties"]["themes"]["oneOf"]
    words = [one["const"] for one in options[0]["oneOf"]]
    assert words == list(THEMES)
