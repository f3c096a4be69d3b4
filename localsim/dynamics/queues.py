"""Queues: a case waits at a node for a slot, first come first served or by severity."""

from __future__ import annotations

import math

import numpy as np

from localsim.compiled import Whole, compiled
from localsim.dynamics.agenda import fetch_case
from localsim.dynamics.columns import (
    ACCESS_MONTHS,
    ASSESS,
    ASSESSED,
    AT_DOOR,
    FIRST_STARTS,
    IN_SERVICE,
    OVER_TARGET,
    PRIORITY,
    PROVIDER,
    QUEUEING,
    RELABELLED,
    RELABELLED_MONTHS,
    SERVICE,
    SERVICE_MONTHS,
    STARTS,
    TIMED,
    TIMED_MONTHS,
    WAIT_BIN_RATIO,
    WAIT_BINS,
    WAIT_MONTHS,
    WAITED,
    WEEKS_PER_MONTH,
    Cases,
    Nodes,
    Rules,
    Window,
)
from localsim.dynamics.onset import schedule
from localsim.streams import unit, unit_exponential


@compiled
def wait_bin(months: float) -> int:
    """Return the bin of a wait: equal ratios of one plus the weeks waited."""
    weeks = max(months, 0.0) * WEEKS_PER_MONTH
    return min(WAIT_BINS - 1, int(math.ceil(math.log1p(weeks) / math.log(WAIT_BIN_RATIO))))


@compiled
def stop_clock(w: Window, c: Whole, now: float) -> None:
    """Measure a time for which a target is set, and report it as met where that can be done.

    The true time is counted beside what is reported of it, and stays what it is.
    """
    cases, rules, tally = w.cases, w.rules, w.tally
    target = rules.target[rules.regime[cases.row[c].area]]
    time = now - cases.row[c].presented
    flows = tally.flows[cases.row[c].cell, cases.row[c].theme]
    flows[TIMED] += 1
    flows[TIMED_MONTHS] += time
    if time > target.months:
        flows[OVER_TARGET] += 1
        if time <= target.months + target.window:
            flows[RELABELLED] += 1
            flows[RELABELLED_MONTHS] += time - target.months


@compiled
def _free_provider(w: Window, node: Whole, c: Whole) -> int:
    """Return a provider with a free slot, each slot as likely as the next; -1 if none is free.

    Where work has changed hands, whoever lost it ends the cases that it has, and each of them
    keeps a slot of its successor's waiting: no more are served at once than there are slots for.
    """
    cases, nodes, rules = w.cases, w.nodes, w.rules
    room = 0
    for p in range(nodes.work.shape[1]):
        room += nodes.work[node, p].slots - nodes.work[node, p].busy
    if room <= 0:
        return -1
    total = 0
    only = -1
    kinds = 0
    for p in range(nodes.work.shape[1]):
        free = nodes.work[node, p].slots - nodes.work[node, p].busy
        if free > 0:
            total += free
            only = p
            kinds += 1
    if kinds <= 1:
        return only
    k = cases.row[c].theme
    u = unit(
        rules.keys[k, PROVIDER],
        cases.row[c].entity,
        cases.row[c].episode,
        cases.row[c].attempts,
    )
    mark = u * total
    for p in range(nodes.work.shape[1]):
        free = nodes.work[node, p].slots - nodes.work[node, p].busy
        if free > 0:
            mark -= free
            if mark <= 0.0:
                return p
    return only


@compiled
def _start(w: Window, c: Whole, p: Whole, now: float) -> None:
    needs, cases, nodes, rules, tally, end = w.needs, w.cases, w.nodes, w.rules, w.tally, w.end
    node = cases.row[c].node
    i, k = cases.row[c].resident, cases.row[c].theme
    who, episode = cases.row[c].entity, cases.row[c].episode
    cases.row[c].provider = p
    nodes.work[node, p].busy += 1
    if cases.row[c].phase == AT_DOOR:
        cases.row[c].phase = ASSESSED
        amount = unit_exponential(rules.keys[k, ASSESS], who, episode, cases.row[c].visits)
        cases.row[c].phase_at = now + amount * rules.assess[cases.row[c].agency]
    else:
        cell = cases.row[c].cell
        flows = tally.flows[cell, k]
        wait = now - cases.row[c].joined
        flows[STARTS] += 1
        if wait > 0.0:
            flows[WAITED] += 1
            flows[WAIT_MONTHS] += wait
        if cases.row[c].attempts == 0:
            access = now - cases.row[c].presented
            flows[FIRST_STARTS] += 1
            flows[ACCESS_MONTHS] += access
            tally.waits[cases.row[c].area, k, wait_bin(access)] += 1
            needs.need[k, i].reached = True
            target = rules.target[rules.regime[cases.row[c].area]]
            if target.months < math.inf and not target.at_end:
                stop_clock(w, c, now)
        tally.stock[cell, k].in_service += 1
        flows[SERVICE_MONTHS] += end - now
        amount = unit_exponential(rules.keys[k, SERVICE], who, episode, cases.row[c].attempts)
        mean = rules.severity[k, cases.row[c].severity].service
        if cases.row[c].step > 0:
            mean = rules.step[k, cases.row[c].step].months
        regime = rules.regime[cases.row[c].area]
        mean = mean * nodes.work[node, p].duration * rules.access[regime].pace
        cases.row[c].phase = IN_SERVICE
        cases.row[c].phase_at = now + amount * mean
        cases.row[c].heal_at -= now  # while in service: the months that are left
        cases.row[c].crisis_at -= now
    schedule(w, c)


@compiled
def _priority(cases: Cases, rules: Rules, c: Whole) -> float:
    """Return who is served first where severity counts: the severe, and among equals by lot."""
    who, episode, attempt = cases.row[c].entity, cases.row[c].episode, cases.row[c].attempts
    lot = unit(rules.keys[cases.row[c].theme, PRIORITY], who, episode, attempt)
    rank: float = lot - cases.row[c].severity
    return rank


@compiled
def join(w: Window, c: Whole, node: Whole, phase: Whole, now: float) -> None:
    """Bring a case to a node: it starts if a slot is free and nobody waits, else it queues.

    Last in the queue; or where severity counts, before all who are less urgent.
    """
    cases, nodes, rules = w.cases, w.nodes, w.rules
    cases.row[c].node = node
    cases.row[c].joined = now
    cases.row[c].phase = phase
    cases.row[c].phase_at = math.inf
    p = -1
    if nodes.queue[node].waiting == 0:
        p = _free_provider(w, node, c)
    if p >= 0:
        _start(w, c, p, now)
        return
    tail, behind = nodes.queue[node].last, np.int64(-1)
    if phase == QUEUEING and nodes.queue[node].by_severity:
        cases.row[c].priority = _priority(cases, rules, c)
        while tail >= 0 and cases.row[tail].priority > cases.row[c].priority:
            tail, behind = cases.row[tail].before, tail
    cases.row[c].before = tail
    cases.row[c].after = behind
    if tail >= 0:
        cases.row[tail].after = c
    else:
        nodes.queue[node].first = c
    if behind >= 0:
        cases.row[behind].before = c
    else:
        nodes.queue[node].last = c
    nodes.queue[node].waiting += 1
    schedule(w, c)


@compiled
def leave_queue(cases: Cases, nodes: Nodes, c: Whole) -> None:
    """Take a waiting case out of its queue."""
    node = cases.row[c].node
    before, after = cases.row[c].before, cases.row[c].after
    if before >= 0:
        cases.row[before].after = after
    else:
        nodes.queue[node].first = after
    if after >= 0:
        cases.row[after].before = before
    else:
        nodes.queue[node].last = before
    nodes.queue[node].waiting -= 1


@compiled
def serve_waiting(w: Window, node: Whole, now: float) -> None:
    """Start as many waiting cases as there are free slots."""
    cases, nodes = w.cases, w.nodes
    while nodes.queue[node].waiting > 0:
        c = nodes.queue[node].first
        p = _free_provider(w, node, c)
        if p < 0:
            return
        leave_queue(cases, nodes, c)
        if nodes.queue[node].waiting > 0:  # the next to be served, perhaps some events from now
            fetch_case(cases, nodes.queue[node].first)
        _start(w, c, p, now)


@compiled
def is_waiting(phase: Whole) -> bool:
    """Say whether a case in this phase stands in a queue."""
    return phase in (AT_DOOR, QUEUEING)
