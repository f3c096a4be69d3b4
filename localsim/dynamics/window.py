"""A window of time: what falls due in it is collected, and taken in the order of time.

One call from Python runs a whole window, as handing over every column costs more than many an
event. Only where the agenda, the heap or the rows of cases have no room left does it come back to
ask for more, and is then called again at the stage that it had reached.
"""

from __future__ import annotations

import math

import numpy as np

from localsim.compiled import compiled
from localsim.dynamics.agenda import earliest
from localsim.dynamics.columns import (
    IN_SERVICE,
    NEED_MONTHS,
    SERVICE_MONTHS,
    SYSTEM_MONTHS,
    UNPRESENTED,
    Agenda,
    Cases,
    Hazard,
    Heap,
    Needs,
    Nodes,
    Rules,
    Tally,
)
from localsim.dynamics.doors import assessed, present
from localsim.dynamics.month import heal_or_crisis, open_need, served
from localsim.dynamics.onset import onset_time, open_window
from localsim.dynamics.queues import serve_waiting

# Stages of a window; the agenda can lack room at the second, the heap at the two after it.
BEGIN, COLLECT, FILL, RUN, CASES_FULL, DONE = range(6)


@compiled
def _begin_accounts(rules: Rules, tally: Tally, months: float) -> None:
    """Credit every stock with the whole window; events inside it correct for their part."""
    fade = math.exp(-rules.world[0].trust_fade * months)
    for cell in range(tally.stock.shape[0]):
        tally.trust[cell] *= fade
        for k in range(tally.stock.shape[1]):
            tally.flows[cell, k, NEED_MONTHS] += tally.stock[cell, k].open_now * months
            tally.flows[cell, k, SYSTEM_MONTHS] += tally.stock[cell, k].in_system * months
            tally.flows[cell, k, SERVICE_MONTHS] += tally.stock[cell, k].in_service * months


@compiled
def _run(
    needs: Needs,
    cases: Cases,
    nodes: Nodes,
    rules: Rules,
    tally: Tally,
    agenda: Agenda,
    heap: Heap,
    hazard: Hazard,
    start: float,
    end: float,
) -> int:
    """Take every event before the window's end; may be called again after room was added."""
    themes = needs.threshold.shape[0]
    while agenda.size[0] < agenda.size[1] or heap.size[0] > 0:
        if heap.size[0] + 4 * themes + 8 > heap.event.size:
            return RUN
        if cases.sizes[0] == 0 and cases.sizes[1] >= cases.row.size:
            return CASES_FULL
        now, ref, c, stamp = earliest(needs, cases, agenda, heap)
        if c < 0:
            i, k = ref // themes, ref % themes
            area = np.int64(needs.person[i].area)
            # Overtaken events are known by their time, those of cases by their stamp.
            if onset_time(needs, hazard, area, k, i, start) == now:
                open_need(needs, cases, rules, tally, heap, hazard, i, k, now, start, end)
            continue
        if cases.row[c].stamp != stamp:
            continue
        phase = cases.row[c].phase
        if phase == IN_SERVICE:
            served(needs, cases, nodes, rules, tally, heap, hazard, c, now, start, end)
        elif cases.row[c].phase_at > now:
            heal_or_crisis(needs, cases, nodes, rules, tally, heap, hazard, c, now, start, end)
        elif phase == UNPRESENTED:
            present(needs, cases, nodes, rules, tally, heap, c, now, end)
        else:
            assessed(needs, cases, nodes, rules, tally, heap, c, now, end)
    return DONE


@compiled
def _fill_slots(
    needs: Needs,
    cases: Cases,
    nodes: Nodes,
    rules: Rules,
    tally: Tally,
    heap: Heap,
    now: float,
    end: float,
) -> bool:
    """Start waiting cases on slots that were bought since; False when the heap was too small."""
    for node in range(nodes.queue.size):
        if nodes.queue[node].waiting == 0:
            continue
        free = 0
        for p in range(nodes.work.shape[1]):
            free += max(0, nodes.work[node, p].slots - nodes.work[node, p].busy)
        if heap.size[0] + min(free, nodes.queue[node].waiting) + 8 > heap.event.size:
            return False
        serve_waiting(needs, cases, nodes, rules, tally, heap, node, now, end)
    return True


@compiled
def run_window(
    needs: Needs,
    cases: Cases,
    nodes: Nodes,
    rules: Rules,
    tally: Tally,
    agenda: Agenda,
    heap: Heap,
    hazard: Hazard,
    start: float,
    months: float,
    stage: int,
) -> int:
    """Run a window from a stage on: DONE, CASES_FULL, or the stage at which there was no room."""
    end = start + months
    if stage == BEGIN:
        _begin_accounts(rules, tally, months)
    if stage <= COLLECT and not open_window(needs, cases, agenda, heap, hazard, start, end):
        return COLLECT
    if stage <= FILL and not _fill_slots(needs, cases, nodes, rules, tally, heap, start, end):
        return FILL
    return _run(needs, cases, nodes, rules, tally, agenda, heap, hazard, start, end)
