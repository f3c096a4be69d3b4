"""The month: needs open, are served, come back, heal, come to a crisis and close.

Events carry real times. Everything due before the window's end is taken in the order of time, and
what it causes inside the window is taken in its turn; the window's length changes nothing but how
often the accounts are drawn up.
"""

from __future__ import annotations

import math

import numpy as np

from localsim.compiled import Whole, compiled
from localsim.dynamics.columns import (
    ASSESSED,
    AT_DOOR,
    CRISES,
    CRISIS,
    HEAL,
    HEALED,
    LAPSED,
    NEED_MONTHS,
    NO_NEED,
    OPENED,
    QUEUEING,
    RETURN,
    RETURNED,
    SERVICE_MONTHS,
    SEVERITY,
    SOLVE,
    SOLVED,
    SYSTEM_MONTHS,
    UNPRESENTED,
    Window,
)
from localsim.dynamics.doors import (
    await_presentation,
    enter_door,
    hand_over,
    lapse,
    next_step,
    team_of,
)
from localsim.dynamics.onset import change_coupling, draw_threshold, schedule
from localsim.dynamics.queues import is_waiting, join, leave_queue, serve_waiting, stop_clock
from localsim.dynamics.trust import feel
from localsim.dynamics.vacancies import fill_vacancy
from localsim.streams import unit, unit_exponential


@compiled
def open_need(w: Window, i: Whole, k: Whole, now: float) -> None:
    """Open a need, unpresented, with the luck of its episode."""
    needs, cases, rules, tally, end = w.needs, w.cases, w.rules, w.tally, w.end
    free = cases.sizes[0]
    if free > 0:
        c = cases.free[free - 1]
        cases.sizes[0] = free - 1
    else:
        c = cases.sizes[1]
        cases.sizes[1] = c + 1
    who, keys = needs.person[i].entity, rules.keys[k]
    episode = np.int64(needs.need[k, i].episode)
    severity, severe = 0, rules.theme[k].severe
    if severe > 0.0 and unit(keys[SEVERITY], who, episode, 0) < severe:
        severity = 1
    cell = np.int64(needs.person[i].cell)
    cases.row[c].resident = i
    cases.row[c].entity = who
    cases.row[c].area = needs.person[i].area
    cases.row[c].cell = cell
    cases.row[c].episode = episode
    cases.row[c].theme = k
    cases.row[c].severity = severity
    cases.row[c].presented = math.nan
    cases.row[c].crises = 0
    cases.row[c].step = 0
    cases.row[c].spells = 0
    cases.row[c].visits = 0
    cases.row[c].attempts = 0
    cases.row[c].heal_at = math.inf
    cases.row[c].crisis_at = math.inf
    heal, crisis = rules.severity[k, severity].heal, rules.severity[k, severity].crisis
    if heal > 0.0:
        cases.row[c].heal_at = now + unit_exponential(keys[HEAL], who, episode, 0) / heal
    if crisis > 0.0:
        cases.row[c].crisis_at = now + unit_exponential(keys[CRISIS], who, episode, 0) / crisis
    tally.flows[cell, k, OPENED] += 1
    tally.flows[cell, k, NEED_MONTHS] += end - now
    tally.stock[cell, k].open_now += 1
    needs.need[k, i].case = c
    needs.threshold[k, i] = math.inf
    await_presentation(w, c, now)
    change_coupling(w, i, 1, now)


@compiled
def close_need(w: Window, c: Whole, now: float) -> None:
    """End a need that stands in no queue and holds no slot, and start the next one's clock."""
    needs, cases, tally, end = w.needs, w.cases, w.tally, w.end
    i, k = cases.row[c].resident, cases.row[c].theme
    cell = cases.row[c].cell
    tally.stock[cell, k].open_now -= 1
    tally.flows[cell, k, NEED_MONTHS] -= end - now
    if cases.row[c].phase != UNPRESENTED:
        tally.stock[cell, k].in_system -= 1
        tally.flows[cell, k, SYSTEM_MONTHS] -= end - now
    cases.row[c].phase = NO_NEED
    cases.row[c].stamp += 1
    cases.due[c] = math.inf
    cases.free[cases.sizes[0]] = c
    cases.sizes[0] += 1
    needs.need[k, i].case = -1
    needs.need[k, i].episode += 1
    change_coupling(w, i, -1, now)
    draw_threshold(w, i, k, now)


@compiled
def served(w: Window, c: Whole, now: float) -> None:
    """End a service: solved, straight back, or given up for now."""
    cases, nodes, rules, tally, end = w.cases, w.nodes, w.rules, w.tally, w.end
    i, k = cases.row[c].resident, cases.row[c].theme
    cell, area = cases.row[c].cell, cases.row[c].area
    node, p = cases.row[c].node, cases.row[c].provider
    nodes.work[node, p].busy -= 1
    serve_waiting(w, node, now)
    tally.stock[cell, k].in_service -= 1
    tally.flows[cell, k, SERVICE_MONTHS] -= end - now
    cases.row[c].heal_at += now
    cases.row[c].crisis_at += now
    who, episode, attempt = cases.row[c].entity, cases.row[c].episode, cases.row[c].attempts
    cases.row[c].attempts = attempt + 1
    if rules.theme[k].steps > 0:
        step = next_step(cases, rules, c)
        if step >= 0:
            hand_over(w, c, step, now)
            return
    chance = rules.severity[k, cases.row[c].severity].solve * nodes.work[node, p].success
    able = unit(rules.keys[k, SOLVE], who, episode, attempt) < chance
    if able and fill_vacancy(nodes, rules, k, now):
        tally.flows[cell, k, SOLVED] += 1
        target = rules.target[rules.regime[area]]
        if target.months < math.inf and target.at_end:
            stop_clock(w, c, now)
        feel(w, i, 1.0, now)
        close_need(w, c, now)
        return
    feel(w, i, 0.0, now)
    if unit(rules.keys[k, RETURN], who, episode, attempt) >= rules.theme[k].returns:
        tally.flows[cell, k, LAPSED] += 1
        lapse(w, c, now)
        return
    tally.flows[cell, k, RETURNED] += 1
    regime, team = rules.regime[area], team_of(cases, rules, c)
    own = rules.own_desk[regime, team]
    next_node, phase = rules.pool[area, team], QUEUEING
    if own >= 0 and not rules.access[regime].kept:
        next_node, phase = enter_door(w, c, own), AT_DOOR
    join(w, c, next_node, phase, now)


@compiled
def heal_or_crisis(w: Window, c: Whole, now: float) -> None:
    """Let a need go away by itself, or come to a crisis: whichever is first."""
    cases, nodes, rules, tally = w.cases, w.nodes, w.rules, w.tally
    i, k = cases.row[c].resident, cases.row[c].theme
    cell = cases.row[c].cell
    if cases.row[c].crisis_at < cases.row[c].heal_at:
        tally.flows[cell, k, CRISES] += 1
        cases.row[c].crises += 1
        feel(w, i, 0.0, now)
        amount = unit_exponential(
            rules.keys[k, CRISIS],
            cases.row[c].entity,
            cases.row[c].episode,
            cases.row[c].crises,
        )
        cases.row[c].crisis_at = now + amount / rules.severity[k, cases.row[c].severity].crisis
        schedule(w, c)
        return
    tally.flows[cell, k, HEALED] += 1
    node = cases.row[c].node
    if is_waiting(cases.row[c].phase):
        leave_queue(cases, nodes, c)
    elif cases.row[c].phase == ASSESSED:
        nodes.work[node, cases.row[c].provider].busy -= 1
        serve_waiting(w, node, now)
    close_need(w, c, now)
