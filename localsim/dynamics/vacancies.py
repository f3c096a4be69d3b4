"""Vacancies: a service can bring no more people into work than there are posts to fill.

Posts fall vacant at an even rate in the whole place and are filled by others after a while, so
that only so many stand open at once. A need that a service would have solved takes one; where none
is open the service has failed. First come first served, at the time of each service's end.
"""

from __future__ import annotations

import numpy as np

from localsim.compiled import Whole, compiled
from localsim.dynamics.columns import Array, Nodes, Rules
from localsim.dynamics.facts import Facts, eligible

RATE = "vacancies_per_1000_per_year"
STAND_OPEN = "vacancy_months"


def vacancy_rules(facts: Facts) -> Array:
    """Return posts that fall vacant a month and the most that stand open, float64[K, 2].

    The rate is by 1,000 of those who can have the need; where it is zero, or the world has none
    for a theme, there is no limit, and both are infinite.
    """
    rules = np.full((len(facts.casework), 2), np.inf)
    for k, theme in enumerate(facts.casework):
        rate, months = f"{theme.name}.{RATE}", f"{theme.name}.{STAND_OPEN}"
        if rate not in facts.assumptions or facts.value(rate) == 0.0:
            continue
        people = float(eligible(facts.population, theme).sum())
        rules[k, 0] = facts.value(rate) * people / 1000.0 / 12.0
        rules[k, 1] = max(1.0, rules[k, 0] * facts.value(months))
    return rules


@compiled
def fill_vacancy(nodes: Nodes, rules: Rules, k: Whole, now: float) -> bool:
    """Take a post if one is open; a theme without a limit always has one."""
    rate = rules.theme[k].vacancies
    if rate == np.inf:
        return True
    seen = now - nodes.vacant[k, 1]
    open_posts = min(rules.theme[k].most_vacant, nodes.vacant[k, 0] + rate * seen)
    nodes.vacant[k, 1] = now
    filled: bool = open_posts >= 1.0
    nodes.vacant[k, 0] = open_posts - 1.0 if filled else open_posts
    return filled
