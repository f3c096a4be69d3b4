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
    Rules,
    Tally,
    Window,
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
def _run(w: Window) -> int:
    """Take every event before the window's end; may be called again after room was added."""
    needs, cases, agenda, heap = w.needs, w.cases, w.agenda, w.heap
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
            if onset_time(w, area, k, i) == now:
                open_need(w, i, k, now)
            continue
        if cases.row[c].stamp != stamp:
            continue
        phase = cases.row[c].phase
        if phase == IN_SERVICE:
            served(w, c, now)
        elif cases.row[c].phase_at > now:
            heal_or_crisis(w, c, now)
        elif phase == UNPRESENTED:
            present(w, c, now)
        else:
            assessed(w, c, now)
    return DONE


@compiled
def _fill_slots(w: Window) -> bool:
    """Start waiting cases on slots that were bought since; False when the heap was too small."""
    nodes, heap = w.nodes, w.heap
    for node in range(nodes.queue.size):
        if nodes.queue[node].waiting == 0:
            continue
        free = 0
        for p in range(nodes.work.shape[1]):
            free += max(0, nodes.work[node, p].slots - nodes.work[node, p].busy)
        if heap.size[0] + min(free, nodes.queue[node].waiting) + 8 > heap.event.size:
            return False
        serve_waiting(w, node, w.start)
    return True


@compiled
def run_window(w: Window, months: float, stage: int) -> int:
    """Run a window from a stage on: DONE, CASES_FULL, or the stage at which there was no room."""
    if stage == BEGIN:
        _begin_accounts(w.rules, w.tally, months)
    if stage <= COLLECT and not open_window(w):
        return COLLECT
    if stage <= FILL and not _fill_slots(w):
        return FILL
    return _run(w)
