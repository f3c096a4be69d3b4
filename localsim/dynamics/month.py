"""The month: needs open, are presented, assessed, passed on, queue, are served and come back.

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
    CONTACTS,
    CRISES,
    CRISIS,
    DOOR,
    DROP,
    DROPPED,
    HEAL,
    HEALED,
    LAPSED,
    NEED_MONTHS,
    NO_NEED,
    OPENED,
    PASS_OFFS,
    PRESENT,
    PRESENTATIONS,
    QUEUEING,
    RETURN,
    RETURNED,
    ROUTE,
    SERVICE_MONTHS,
    SEVERITY,
    SOLVE,
    SOLVED,
    SYSTEM_MONTHS,
    UNPRESENTED,
    Cases,
    Hazard,
    Heap,
    Needs,
    Nodes,
    Rules,
    Tally,
)
from localsim.dynamics.onset import change_coupling, draw_threshold, schedule
from localsim.dynamics.queues import is_waiting, join, leave_queue, serve_waiting, stop_clock
from localsim.dynamics.trust import feel, kept_trust
from localsim.streams import unit, unit_exponential


@compiled
def _await_presentation(
    needs: Needs,
    cases: Cases,
    rules: Rules,
    heap: Heap,
    c: Whole,
    now: float,
    end: float,
) -> None:
    """Leave a need unpresented until its resident (again) seeks a door."""
    i, k = cases.row[c].resident, cases.row[c].theme
    kept = kept_trust(needs, rules, i, now)
    rate = rules.severity[k, cases.row[c].severity].present * needs.person[i].seeking
    if kept != 0.0:
        rate *= math.exp(rules.world[0].trust_presenting * kept)
    cases.row[c].phase = UNPRESENTED
    cases.row[c].phase_at = math.inf
    if rate > 0.0:
        amount = unit_exponential(
            rules.keys[k, PRESENT],
            cases.row[c].entity,
            cases.row[c].episode,
            cases.row[c].spells,
        )
        cases.row[c].phase_at = now + amount / rate
    schedule(cases, heap, c, needs.threshold.shape[0], end)


@compiled
def open_need(
    needs: Needs,
    cases: Cases,
    rules: Rules,
    tally: Tally,
    heap: Heap,
    hazard: Hazard,
    i: Whole,
    k: Whole,
    now: float,
    start: float,
    end: float,
) -> None:
    """Open a need, unpresented, with the luck of its episode."""
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
    _await_presentation(needs, cases, rules, heap, c, now, end)
    change_coupling(needs, rules, heap, hazard, i, 1, now, start, end)


@compiled
def close_need(
    needs: Needs,
    cases: Cases,
    rules: Rules,
    tally: Tally,
    heap: Heap,
    hazard: Hazard,
    c: Whole,
    now: float,
    start: float,
    end: float,
) -> None:
    """End a need that stands in no queue and holds no slot, and start the next one's clock."""
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
    change_coupling(needs, rules, heap, hazard, i, -1, now, start, end)
    draw_threshold(needs, rules, heap, hazard, i, k, now, start, end)


@compiled
def _enter_door(cases: Cases, rules: Rules, tally: Tally, c: Whole, agency: Whole) -> Whole:
    """Count a visit to an agency and return the node of its desk, for the case to join."""
    cases.row[c].agency = agency
    cases.row[c].visits += 1
    tally.flows[cases.row[c].cell, cases.row[c].theme, CONTACTS] += 1
    node: Whole = rules.desk[cases.row[c].area, agency]
    return node


@compiled
def _present_one(
    needs: Needs,
    cases: Cases,
    nodes: Nodes,
    rules: Rules,
    tally: Tally,
    heap: Heap,
    c: Whole,
    now: float,
    end: float,
) -> None:
    k = cases.row[c].theme
    cell, area = cases.row[c].cell, cases.row[c].area
    if math.isnan(cases.row[c].presented):
        cases.row[c].presented = now
        tally.flows[cell, k, PRESENTATIONS] += 1
    tally.stock[cell, k].in_system += 1
    tally.flows[cell, k, SYSTEM_MONTHS] += end - now
    regime = rules.regime[area]
    node, phase = rules.pool[area, k], QUEUEING
    if rules.own_desk[regime, k] >= 0:
        who, episode, spell = cases.row[c].entity, cases.row[c].episode, cases.row[c].spells
        u = unit(rules.keys[k, DOOR], who, episode, spell)
        agency = 0
        while rules.first_door[regime, k, agency] <= u:
            agency += 1
        node, phase = _enter_door(cases, rules, tally, c, agency), AT_DOOR
    join(needs, cases, nodes, rules, tally, heap, c, node, phase, now, end)


@compiled
def present(
    needs: Needs,
    cases: Cases,
    nodes: Nodes,
    rules: Rules,
    tally: Tally,
    heap: Heap,
    c: Whole,
    now: float,
    end: float,
) -> None:
    """Seek a door with one need, or at a joint door with all that are open."""
    i = cases.row[c].resident
    regime = rules.regime[cases.row[c].area]
    own = rules.own_desk[regime, cases.row[c].theme]
    last = needs.need.shape[0] if own >= 0 and rules.joint_door[regime] else 0
    for k in range(-1, last):  # first the need whose time has come, then the others
        other = np.int64(c)
        if k >= 0:
            other = np.int64(needs.need[k, i].case)
            if other < 0 or cases.row[other].phase != UNPRESENTED:
                continue
            if rules.own_desk[regime, k] != own:
                continue
        _present_one(needs, cases, nodes, rules, tally, heap, other, now, end)


@compiled
def _lapse(
    needs: Needs,
    cases: Cases,
    rules: Rules,
    tally: Tally,
    heap: Heap,
    c: Whole,
    now: float,
    end: float,
) -> None:
    """Give up for now: the need stays open and nobody knows of it."""
    k = cases.row[c].theme
    cell = cases.row[c].cell
    tally.stock[cell, k].in_system -= 1
    tally.flows[cell, k, SYSTEM_MONTHS] -= end - now
    cases.row[c].spells += 1
    _await_presentation(needs, cases, rules, heap, c, now, end)


@compiled
def assessed(
    needs: Needs,
    cases: Cases,
    nodes: Nodes,
    rules: Rules,
    tally: Tally,
    heap: Heap,
    c: Whole,
    now: float,
    end: float,
) -> None:
    """Leave a desk: for the service, for another desk, or for home."""
    i, k = cases.row[c].resident, cases.row[c].theme
    cell, area = cases.row[c].cell, cases.row[c].area
    node = cases.row[c].node
    nodes.work[node, cases.row[c].provider].busy -= 1
    serve_waiting(needs, cases, nodes, rules, tally, heap, node, now, end)
    regime, agency = rules.regime[area], cases.row[c].agency
    next_node, phase = rules.pool[area, k], QUEUEING
    if agency != rules.own_desk[regime, k]:
        who, episode, visit = cases.row[c].entity, cases.row[c].episode, cases.row[c].visits
        tally.flows[cell, k, PASS_OFFS] += 1
        if unit(rules.keys[k, DROP], who, episode, visit) < rules.world[0].drop:
            tally.flows[cell, k, DROPPED] += 1
            feel(needs, rules, tally, i, 0.0, now, end)
            _lapse(needs, cases, rules, tally, heap, c, now, end)
            return
        u = unit(rules.keys[k, ROUTE], who, episode, visit)
        onward = 0
        while rules.next_door[regime, k, agency, onward] <= u:
            onward += 1
        next_node, phase = _enter_door(cases, rules, tally, c, onward), AT_DOOR
    join(needs, cases, nodes, rules, tally, heap, c, next_node, phase, now, end)


@compiled
def served(
    needs: Needs,
    cases: Cases,
    nodes: Nodes,
    rules: Rules,
    tally: Tally,
    heap: Heap,
    hazard: Hazard,
    c: Whole,
    now: float,
    start: float,
    end: float,
) -> None:
    """End a service: solved, straight back, or given up for now."""
    i, k = cases.row[c].resident, cases.row[c].theme
    cell, area = cases.row[c].cell, cases.row[c].area
    node, p = cases.row[c].node, cases.row[c].provider
    nodes.work[node, p].busy -= 1
    serve_waiting(needs, cases, nodes, rules, tally, heap, node, now, end)
    tally.stock[cell, k].in_service -= 1
    tally.flows[cell, k, SERVICE_MONTHS] -= end - now
    cases.row[c].heal_at += now
    cases.row[c].crisis_at += now
    who, episode, attempt = cases.row[c].entity, cases.row[c].episode, cases.row[c].attempts
    cases.row[c].attempts = attempt + 1
    chance = rules.severity[k, cases.row[c].severity].solve * nodes.work[node, p].success
    if unit(rules.keys[k, SOLVE], who, episode, attempt) < chance:
        tally.flows[cell, k, SOLVED] += 1
        target = rules.target[rules.regime[area]]
        if target.months < math.inf and target.at_end:
            stop_clock(cases, rules, tally, c, now)
        feel(needs, rules, tally, i, 1.0, now, end)
        close_need(needs, cases, rules, tally, heap, hazard, c, now, start, end)
        return
    feel(needs, rules, tally, i, 0.0, now, end)
    if unit(rules.keys[k, RETURN], who, episode, attempt) >= rules.theme[k].returns:
        tally.flows[cell, k, LAPSED] += 1
        _lapse(needs, cases, rules, tally, heap, c, now, end)
        return
    tally.flows[cell, k, RETURNED] += 1
    own = rules.own_desk[rules.regime[area], k]
    next_node, phase = rules.pool[area, k], QUEUEING
    if own >= 0:
        next_node, phase = _enter_door(cases, rules, tally, c, own), AT_DOOR
    join(needs, cases, nodes, rules, tally, heap, c, next_node, phase, now, end)


@compiled
def heal_or_crisis(
    needs: Needs,
    cases: Cases,
    nodes: Nodes,
    rules: Rules,
    tally: Tally,
    heap: Heap,
    hazard: Hazard,
    c: Whole,
    now: float,
    start: float,
    end: float,
) -> None:
    """Let a need go away by itself, or come to a crisis: whichever is first."""
    i, k = cases.row[c].resident, cases.row[c].theme
    cell = cases.row[c].cell
    if cases.row[c].crisis_at < cases.row[c].heal_at:
        tally.flows[cell, k, CRISES] += 1
        cases.row[c].crises += 1
        feel(needs, rules, tally, i, 0.0, now, end)
        amount = unit_exponential(
            rules.keys[k, CRISIS],
            cases.row[c].entity,
            cases.row[c].episode,
            cases.row[c].crises,
        )
        cases.row[c].crisis_at = now + amount / rules.severity[k, cases.row[c].severity].crisis
        schedule(cases, heap, c, needs.threshold.shape[0], end)
        return
    tally.flows[cell, k, HEALED] += 1
    node = cases.row[c].node
    if is_waiting(cases.row[c].phase):
        leave_queue(cases, nodes, c)
    elif cases.row[c].phase == ASSESSED:
        nodes.work[node, cases.row[c].provider].busy -= 1
        serve_waiting(needs, cases, nodes, rules, tally, heap, node, now, end)
    close_need(needs, cases, rules, tally, heap, hazard, c, now, start, end)
