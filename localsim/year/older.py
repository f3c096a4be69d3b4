"""A year older: what follows for a running place when a scenario lets its residents age."""

from __future__ import annotations

from typing import Any

from localsim.dynamics.ageing import older, settle_ages
from localsim.year.giving import Givers


def grow_older(model: Any) -> None:
    """Let the residents of a model grow a year older where its scenario says so.

    It is asked for as each year of the place ends; the warm-up stands before all ageing.
    """
    per_year = model.course.ageing_per_year(model.facts.value)
    if per_year == 0.0 or model.scenario_year <= 1:
        return
    before = model.population
    model.facts = older(model.facts, per_year, model.scenario_year - 1)
    model.population = model.facts.population
    settle_ages(model.facts, model.town)
    model.priorities = model.priorities.at_other_ages(model.facts, before)
    model.givers = Givers(model.facts, model.priorities)
    model.forget_columns()
