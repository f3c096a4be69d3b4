"""Posts to fill, and the optional theme of housing."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from recount import TOWNSHIP, conserved

import localsim as ls
from localsim.dynamics.columns import FLOWS, SOLVED
from localsim.dynamics.facts import eligible
from localsim.dynamics.vacancies import vacancy_rules
from localsim.metrics import measure

RATE, MONTHS = "work.vacancies_per_1000_per_year", "work.vacancy_months"
WORLD = ls.Assumptions.default()
WORK = 0


def lived(rate, months=2.0, years=2, place=TOWNSHIP, **others):
    world = WORLD.replace({RATE: rate, MONTHS: months})
    model = ls.Model(place, assumptions=world, seed=2, warmup_years=0, **others)
    model.run(years)
    return model


def solved(model, k=WORK):
    return model.town.tally.flows[:, k, SOLVED].sum()


@given(st.floats(1.0, 200.0), st.floats(0.1, 6.0))
@settings(max_examples=10, deadline=None)
def test_no_more_are_helped_into_work_than_there_are_posts(rate, months):
    model = lived(rate, months)
    conserved(model)
    a_month, at_start = vacancy_rules(model.facts)[WORK]
    assert solved(model) <= at_start + 24 * a_month
    people = eligible(model.population, model.facts.casework[WORK]).sum()
    assert a_month == pytest.approx(rate * people / 12_000)
    assert 0.0 <= model.town.nodes.vacant[WORK, 0] <= max(1.0, at_start)


def test_few_posts_bind_and_all_are_taken():
    free, bound = lived(0.0), lived(20.0)
    a_month, at_start = vacancy_rules(bound.facts)[WORK]
    assert solved(bound) < solved(free)
    assert solved(bound) >= at_start + 24 * a_month - at_start - 1
    flows = bound.town.tally.flows.sum(axis=(0, 1))
    assert flows[FLOWS.index("returned")] > 0


def test_more_posts_than_anyone_needs_are_no_limit_to_the_bit():
    free, ample = lived(0.0), lived(1e6)
    assert measure(free) == measure(ample)
    assert np.isinf(vacancy_rules(free.facts)).all()


def test_other_themes_are_not_limited_by_posts():
    bound = lived(5.0)
    assert np.isinf(vacancy_rules(bound.facts)[WORK + 1 :]).all()


def test_posts_won_inside_are_lost_outside():
    """More service in one place takes posts from the rest, where posts are few."""
    place = ls.Place.synthetic(4000, areas=2, neighbourhood_areas=1, seed=1)
    here = [place.codes[0]]
    world = WORLD.replace({RATE: 10.0})
    start = ls.Model(place, assumptions=world, warmup_years=2, zone=place.mask(here))
    full = 0.8 * start.facts.historic_gbp[:1]
    idle = full.copy()
    idle[0, WORK] = 0.0
    quo = ls.policies.status_quo()
    outside = []
    for gbp in (full, idle):
        rule = ls.Policy("fixed", rule=ls.Fixed(gbp))
        model = start.fork(ls.Pilot(rule, here, quo))
        model.run(3)
        rows = {(metric, group): value for metric, group, value in measure(model)}
        outside.append(rows["solved", "outside"])
    assert outside[1] > outside[0]


def test_housing_is_a_theme_to_add():
    themes = [*ls.default_themes(), ls.housing()]
    place = ls.Place.norbiton()
    world = WORLD.replace({"money.crisis_gbp": 0.0})
    model = ls.Model(place, themes=themes, assumptions=world, warmup_years=2)
    model.run(2)
    rows = {(metric, group): value for metric, group, value in measure(model)}
    assert 60.0 < rows["open_at_end", "theme: housing"] < 200.0
    assert rows["solved", "theme: housing"] > 0.0
    assert "housing" not in [theme.name for theme in ls.default_themes()]
    paid = model.ledger.spent_by("entitlement: housing")
    open_months = rows["need_months_open", "theme: housing"]
    assert paid == pytest.approx(open_months * 5200 / 12, rel=0.01)


def test_housing_is_drawn_like_any_other_theme():
    drawn = WORLD.sample(1, 0)
    assert drawn.value("housing.onset_per_year") != WORLD.value("housing.onset_per_year")
    assert drawn.value(RATE) == 0.0
