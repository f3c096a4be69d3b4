"""Moving house: households leave, and others like them take their places.

A resident's row is a place in a home. When a household moves, its open needs leave with it, and
another of the same profile moves in, with traits, needs and luck of its own: people are conserved,
and a place keeps its census. Who moves and when, and what newcomers bring, is drawn for a year at
once, and depends on no policy.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from localsim import streams
from localsim.compiled import Whole, compiled
from localsim.dynamics import facts as fact
from localsim.dynamics.columns import (
    ASSESSED,
    IN_SERVICE,
    LEFT,
    Array,
    Window,
    grown_cases,
)
from localsim.dynamics.facts import Facts
from localsim.dynamics.month import close_need, open_need
from localsim.dynamics.onset import draw_threshold
from localsim.dynamics.queues import is_waiting, leave_queue
from localsim.dynamics.town import Town, stands_open
from localsim.dynamics.trust import kept_trust
from localsim.place import TENURES

MONTHS_A_YEAR = 12
EPISODES = 1_000_000
"""Episodes kept free for each year's newcomers, so that no luck is met twice in a row."""

_RATES = {"owned": "owned", "social rented": "social_rented", "private rented": "private_rented",
          "rent free": "private_rented"}  # fmt: skip
_USUAL_EXPECTATION = 0.5


@dataclass(frozen=True, eq=False)
class Moves:
    """A year's moves: rows int64[n] in order of month, int64[13] where each month begins.

    `seeking` float32[n] and `opens` bool[n, K] are the newcomers', who are called `year`.
    """

    year: int
    begins: Array
    rows: Array
    seeking: Array
    opens: Array

    def __deepcopy__(self, memo: dict[int, object]) -> Moves:
        return self  # never changes

    @property
    def episode(self) -> int:
        """The first episode of those who move in."""
        return (self.year + 1) * EPISODES


def moves_of(facts: Facts, town: Town, year: int) -> Moves | None:
    """Draw a year's moves; None in a world where nobody moves.

    A household moves at the rate of its householder's tenure, once a year at most, at an even
    time of the year.
    """
    people = facts.population
    rates = np.array([facts.value(f"turnover.{_RATES[tenure]}") for tenure in TENURES])
    if not rates.any():
        return None
    heads = np.flatnonzero(people.householder)
    rate = rates[people.tenure[heads]]
    luck = streams.uniform(facts.key("turnover"), people.entity[heads], episode=year)
    month = np.full(facts.household_sizes.size, MONTHS_A_YEAR)
    goes = luck < rate
    # Of those who move, luck over rate is even between 0 and 1: the time of the year.
    month[people.household[heads[goes]]] = MONTHS_A_YEAR * luck[goes] / rate[goes]
    of_row = month[people.household]
    rows = np.flatnonzero(of_row < MONTHS_A_YEAR)
    rows = rows[np.argsort(of_row[rows], kind="stable")]
    begins = np.searchsorted(of_row[rows], np.arange(MONTHS_A_YEAR + 1))
    episode = (year + 1) * EPISODES
    opens = np.zeros((rows.size, len(facts.casework)), dtype=bool)
    for k in range(len(facts.casework)):
        relative = town.needs.need["relative"][k]
        opens[:, k] = stands_open(facts, k, relative, town.rules.keys, rows, episode)
    seeking = fact.seeking(facts, rows, year + 1)
    return Moves(year, begins, rows, seeking, opens)


def people_move(facts: Facts, town: Town, moves: Moves | None) -> Moves | None:
    """Let this month's households move as it begins, and return the year's moves.

    They are drawn as a calendar year begins, whenever policies do.
    """
    calendar = round(town.months)
    if calendar % MONTHS_A_YEAR == 0:
        moves = moves_of(facts, town, calendar // MONTHS_A_YEAR)
    move(town, moves, calendar % MONTHS_A_YEAR)
    return moves


def growth(per_year: float, years: int) -> float:
    """Return how many residents there are for each one at the beginning, after so many years.

    Rows stay; each comes to stand for more people. Their needs open more often, at teams whose
    money does not grow, and the same spending on an amenity is less a head.
    """
    return float((1.0 + per_year) ** max(0, years))


def move(town: Town, moves: Moves | None, month: int) -> None:
    """Let the households of a month (0 to 11) leave, and others arrive, as it begins."""
    if moves is None:
        return
    first, last = int(moves.begins[month]), int(moves.begins[month + 1])
    if first == last:
        return
    used, rows = town.cases.sizes, town.cases.due.size
    while int(used[0]) + rows - int(used[1]) < moves.opens[first:last].sum():
        town.cases = grown_cases(town.cases)
        rows = town.cases.due.size
    _move(
        town.window(0.0),
        moves.rows[first:last],
        moves.seeking[first:last],
        moves.opens[first:last],
        moves.episode,
    )


@compiled
def _leave(w: Window, c: Whole, now: float) -> None:
    """Take a need out of whatever queue or slot it holds; others take its place in the window."""
    cases, nodes, tally = w.cases, w.nodes, w.tally
    k, cell, phase = cases.row[c].theme, cases.row[c].cell, cases.row[c].phase
    if is_waiting(phase):
        leave_queue(cases, nodes, c)
    elif phase in (ASSESSED, IN_SERVICE):
        nodes.work[cases.row[c].node, cases.row[c].provider].busy -= 1
    if phase == IN_SERVICE:
        tally.stock[cell, k].in_service -= 1
    tally.flows[cell, k, LEFT] += 1
    close_need(w, c, now)


@compiled
def _move(w: Window, rows: Array, seeking: Array, opens: Array, episode: Whole) -> None:
    # The window of no length that begins and ends now schedules nothing: the next one does.
    needs, rules, tally, now = w.needs, w.rules, w.tally, w.start
    themes = needs.threshold.shape[0]
    for n in range(rows.size):
        i = rows[n]
        for k in range(themes):
            c = np.int64(needs.need[k, i].case)
            if c >= 0:
                _leave(w, c, now)
        tally.trust[needs.person[i].cell] -= kept_trust(needs, rules, i, now)
        needs.person[i].trust = 0.0
        needs.person[i].expectation = _USUAL_EXPECTATION
        needs.person[i].seeking = seeking[n]
        for k in range(themes):
            needs.need[k, i].episode = episode
            needs.need[k, i].reached = False
            if needs.need[k, i].relative > 0.0:
                draw_threshold(w, i, k, now)
        for k in range(themes):
            if opens[n, k]:
                open_need(w, i, k, now)
