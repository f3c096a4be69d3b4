"""Sight: what can be seen of a place in a year, before anybody in particular looks."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from localsim.dynamics.columns import ACCESS_MONTHS, FIRST_STARTS, RELABELLED_MONTHS, Array
from localsim.dynamics.facts import Facts
from localsim.dynamics.town import Town
from localsim.place import TENURES
from localsim.year import amenity, capture
from localsim.year.listen import needs_at_home, recorded_need, years_open
from localsim.year.priorities import Priorities

MONTHS_A_YEAR = 12


@dataclass(eq=False)
class Sight:
    """What can be seen of a place this year.

    `recorded` float64[A, T], pounds a head as the record has it, area by area; `access_months`
    and `starts` float64[A, K], the last year's measured waits; `years_open` float64[K], how long
    needs stand open, a public figure; `at_home` int64[K, H], needs open in each household, which
    its members may speak of, or None where nobody is asked. `elite_open` float64[A, K], needs the
    elite have open, is no evidence: it is what those who capture a decider want.
    """

    facts: Facts
    town: Town
    priorities: Priorities
    year: int
    recorded: Array
    access_months: Array
    starts: Array
    years_open: Array
    at_home: Array | None
    elite_open: Array | None


def year_on_record(facts: Facts, presented: list[Array]) -> Array | None:
    """Return a year's presentations as old as the record, or None while there is no year.

    `presented` has those of every month so far, float64[A, K] each.
    """
    lag = round(facts.value("record.lag_months"))
    end = len(presented) - lag
    if end < MONTHS_A_YEAR:
        return None
    year: Array = np.sum(presented[end - MONTHS_A_YEAR : end], axis=0)
    return year


def look(
    facts: Facts,
    town: Town,
    priorities: Priorities,
    presented: Array | None,
    since: Array,
    year: int,
    speak: bool,
) -> Sight:
    """Draw up the year's record; without a year's history it shows what was spent before.

    `presented` float64[A, K] is a year's recorded presentations, `since` float64[A, K, F] the
    counters of the last year by area; `speak` says whether any residents will be asked.
    """
    people = np.maximum(facts.place.residents.astype(np.float64), 1.0)[:, None]
    recorded = facts.historic_gbp / people
    if presented is not None:
        recorded[:, facts.casework_index] = recorded_need(facts, presented, year) / people
    recorded[:, facts.amenity_index] = amenity.signals(facts, priorities.worth(facts), year)
    # Waits are seen as they are reported, which is not always as they were.
    at_end = town.rules.target["at_end"][town.rules.regime]
    hidden = np.where(at_end[:, None], 0.0, since[:, :, RELABELLED_MONTHS])
    return Sight(
        facts=facts,
        town=town,
        priorities=priorities,
        year=year,
        recorded=recorded,
        access_months=since[:, :, ACCESS_MONTHS] - hidden,
        starts=since[:, :, FIRST_STARTS],
        years_open=years_open(facts, since),
        at_home=needs_at_home(facts, town) if speak else None,
        elite_open=capture.open_needs(facts, town, priorities),
    )


def by_area(facts: Facts, cells: Array) -> Array:
    """Add up cells (area by tenure) to areas."""
    areas = len(facts.place.codes)
    total: Array = cells.reshape(areas, len(TENURES), *cells.shape[1:]).sum(axis=1)
    return total
