"""Doors: needs are presented, assessed, passed on, handed over from agency to agency, given up."""

from __future__ import annotations

import math

import numpy as np

from localsim.compiled import Whole, compiled
from localsim.dynamics.columns import (
    AT_DOOR,
    CONTACTS,
    DOOR,
    DROP,
    DROPPED,
    HANDOVER,
    PASS_OFFS,
    PRESENT,
    PRESENTATIONS,
    QUEUEING,
    ROUTE,
    SEQUENCE,
    SYSTEM_MONTHS,
    UNPRESENTED,
    Cases,
    Rules,
    Window,
)
from localsim.dynamics.onset import schedule
from localsim.dynamics.queues import join, serve_waiting
from localsim.dynamics.trust import feel, kept_trust
from localsim.streams import unit, unit_exponential


@compiled
def await_presentation(w: Window, c: Whole, now: float) -> None:
    """Leave a need unpresented until its resident (again) seeks a door."""
    needs, cases, rules = w.needs, w.cases, w.rules
    i, k = cases.row[c].resident, cases.row[c].theme
    kept = kept_trust(needs, rules, i, now)
    rate = rules.severity[k, cases.row[c].severity].present * needs.person[i].seeking
    if kept != 0.0:
        rate *= math.exp(rules.world[0].trust_presenting * kept)
    rate *= rules.access[rules.regime[cases.row[c].area]].seeking
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
    schedule(w, c)


@compiled
def team_of(cases: Cases, rules: Rules, c: Whole) -> Whole:
    """Return the theme whose team is to serve a case: its own, or that of the step it is at."""
    team: Whole = rules.step[cases.row[c].theme, cases.row[c].step].team
    return team


@compiled
def enter_door(w: Window, c: Whole, agency: Whole) -> Whole:
    """Count a visit to an agency and return the node of its desk, for the case to join."""
    cases, rules, tally = w.cases, w.rules, w.tally
    cases.row[c].agency = agency
    cases.row[c].visits += 1
    tally.flows[cases.row[c].cell, cases.row[c].theme, CONTACTS] += 1
    node: Whole = rules.desk[cases.row[c].area, agency]
    return node


@compiled
def _present_one(w: Window, c: Whole, now: float) -> None:
    cases, rules, tally, end = w.cases, w.rules, w.tally, w.end
    k = cases.row[c].theme
    cell, area = cases.row[c].cell, cases.row[c].area
    if math.isnan(cases.row[c].presented):
        cases.row[c].presented = now
        tally.flows[cell, k, PRESENTATIONS] += 1
    tally.stock[cell, k].in_system += 1
    tally.flows[cell, k, SYSTEM_MONTHS] += end - now
    regime = rules.regime[area]
    team = team_of(cases, rules, c)
    node, phase = rules.pool[area, team], QUEUEING
    if rules.own_desk[regime, team] >= 0:
        who, episode, spell = cases.row[c].entity, cases.row[c].episode, cases.row[c].spells
        u = unit(rules.keys[k, DOOR], who, episode, spell)
        agency = 0
        while rules.first_door[regime, team, agency] <= u:
            agency += 1
        node, phase = enter_door(w, c, agency), AT_DOOR
    join(w, c, node, phase, now)


@compiled
def present(w: Window, c: Whole, now: float) -> None:
    """Seek a door with one need, or at a joint door with all that are open."""
    needs, cases, rules = w.needs, w.cases, w.rules
    i = cases.row[c].resident
    regime = rules.regime[cases.row[c].area]
    own = rules.own_desk[regime, team_of(cases, rules, c)]
    last = needs.need.shape[0] if own >= 0 and rules.access[regime].joint else 0
    for k in range(-1, last):  # first the need whose time has come, then the others
        other = np.int64(c)
        if k >= 0:
            other = np.int64(needs.need[k, i].case)
            if other < 0 or cases.row[other].phase != UNPRESENTED:
                continue
            if rules.own_desk[regime, team_of(cases, rules, other)] != own:
                continue
        _present_one(w, other, now)


@compiled
def lapse(w: Window, c: Whole, now: float) -> None:
    """Give up for now: the need stays open and nobody knows of it."""
    cases, tally, end = w.cases, w.tally, w.end
    k = cases.row[c].theme
    cell = cases.row[c].cell
    tally.stock[cell, k].in_system -= 1
    tally.flows[cell, k, SYSTEM_MONTHS] -= end - now
    cases.row[c].spells += 1
    await_presentation(w, c, now)


@compiled
def assessed(w: Window, c: Whole, now: float) -> None:
    """Leave a desk: for the service, for another desk, or for home."""
    cases, nodes, rules, tally = w.cases, w.nodes, w.rules, w.tally
    i, k = cases.row[c].resident, cases.row[c].theme
    cell, area = cases.row[c].cell, cases.row[c].area
    node = cases.row[c].node
    nodes.work[node, cases.row[c].provider].busy -= 1
    serve_waiting(w, node, now)
    regime, agency = rules.regime[area], cases.row[c].agency
    team = team_of(cases, rules, c)
    next_node, phase = rules.pool[area, team], QUEUEING
    passes = rules.next_door[regime, team, agency, rules.next_door.shape[3] - 1]
    if passes > 0.0:
        who, episode, visit = cases.row[c].entity, cases.row[c].episode, cases.row[c].visits
        u = unit(rules.keys[k, ROUTE], who, episode, visit)
        if u < passes:
            tally.flows[cell, k, PASS_OFFS] += 1
            if unit(rules.keys[k, DROP], who, episode, visit) < rules.world[0].drop:
                tally.flows[cell, k, DROPPED] += 1
                feel(w, i, 0.0, now)
                lapse(w, c, now)
                return
            onward = 0
            while rules.next_door[regime, team, agency, onward] <= u:
                onward += 1
            next_node, phase = enter_door(w, c, onward), AT_DOOR
    join(w, c, next_node, phase, now)


@compiled
def next_step(cases: Cases, rules: Rules, c: Whole) -> Whole:
    """Return the next step of the sequence that a case calls for, or -1 after its last.

    A step back to the theme's own team follows only on another's.
    """
    k = cases.row[c].theme
    for step in range(cases.row[c].step + 1, rules.theme[k].steps + 1):
        if cases.row[c].step == 0 and rules.step[k, step].team == k:
            continue
        share = rules.step[k, step].share
        key = rules.keys[k, SEQUENCE]
        if share > 0.0 and unit(key, cases.row[c].entity, cases.row[c].episode, step) < share:
            return step
    return -1


@compiled
def hand_over(w: Window, c: Whole, step: Whole, now: float) -> None:
    """Send a case from the team that has done its part to that of the next step.

    To another agency it goes as anybody does, by its desk, and some give up on the way; within
    an agency, or where it is handed over in person, straight into the queue.
    """
    cases, rules, tally = w.cases, w.rules, w.tally
    i, k = cases.row[c].resident, cases.row[c].theme
    cell, area = cases.row[c].cell, cases.row[c].area
    regime = rules.regime[area]
    before, after = rules.step[k, cases.row[c].step], rules.step[k, step]
    same_agency = before.agency == after.agency
    cases.row[c].step = step
    node, phase = rules.pool[area, after.team], QUEUEING
    if not same_agency and not rules.access[regime].warm:
        tally.flows[cell, k, PASS_OFFS] += 1
        who, episode, attempt = cases.row[c].entity, cases.row[c].episode, cases.row[c].attempts
        if unit(rules.keys[k, HANDOVER], who, episode, attempt) < rules.world[0].drop:
            tally.flows[cell, k, DROPPED] += 1
            feel(w, i, 0.0, now)
            lapse(w, c, now)
            return
        own = rules.own_desk[regime, after.team]
        if own >= 0:
            node, phase = enter_door(w, c, own), AT_DOOR
    join(w, c, node, phase, now)
