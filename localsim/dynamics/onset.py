"""When needs open: thresholds of hazard, consumed while a resident has no such need.

Sellke's construction (Sellke 1983, "On the asymptotic distribution of the size of a stochastic
epidemic", J. Appl. Prob. 20): each idle need has a unit-exponential threshold, used up at the
rate λ·relative·(1 + c·other open needs). The area's part of the rate, which shocks and prevention
move month by month, is accumulated once an area; a resident's threshold is kept as the level of
that accumulated hazard at which the need opens. A month then costs one comparison a resident.
"""

from __future__ import annotations

import math

import numpy as np

from localsim.compiled import Whole, compiled
from localsim.dynamics.agenda import note, sort
from localsim.dynamics.columns import (
    IN_SERVICE,
    ONSET,
    Array,
    Cases,
    Window,
)
from localsim.dynamics.heap import push
from localsim.streams import unit_exponential

BLOCK = 64  # residents looked over at once


@compiled
def _due(cases: Cases, c: Whole) -> float:
    due: float = cases.row[c].phase_at
    if cases.row[c].phase != IN_SERVICE:
        due = min(cases.row[c].heal_at, cases.row[c].crisis_at, due)
    return due


@compiled
def _any_below(levels: Array, bound: float) -> bool:
    """Say whether any level is below the bound; it looks at all, several at a time."""
    below = 0
    for i in range(levels.size):
        below += levels[i] < bound
    return below > 0


@compiled
def open_window(w: Window) -> bool:
    """Collect what falls due before the window's end; False when the agenda was too small."""
    needs, cases, agenda, heap = w.needs, w.cases, w.agenda, w.heap
    hazard, start, end = w.hazard, w.start, w.end
    heap.size[0] = 0
    agenda.size[:] = 0
    room = agenda.event.size
    themes = needs.threshold.shape[0]
    for k in range(themes):
        for a in range(hazard.level.shape[0]):
            slope = hazard.slope[a, k]
            if slope <= 0.0:
                continue
            level = hazard.level[a, k]
            bound = level + slope * (end - start)
            last = needs.offsets[a + 1]
            for first in range(needs.offsets[a], last, BLOCK):
                block = needs.threshold[k, first : min(first + BLOCK, last)]
                if not _any_below(block, bound):
                    continue
                for j in range(block.size):
                    if block[j] < bound:
                        if agenda.size[1] >= room:
                            return False
                        time = start + (block[j] - level) / slope
                        note(agenda, time, (first + j) * themes + k, -1, 0)
    onsets = agenda.size[1]
    for c in range(cases.sizes[1]):
        if cases.due[c] < end:
            if agenda.size[1] >= room:
                return False
            note(agenda, cases.due[c], -1, c, 0)
    # Read only now, when nothing is left to guess and no row waits for the one before.
    for n in range(onsets, agenda.size[1]):
        row = np.int64(agenda.loose[n].case)
        agenda.loose[n].ref = cases.row[row].resident * themes + cases.row[row].theme
        agenda.loose[n].stamp = cases.row[row].stamp
    sort(agenda, start, end)
    return True


@compiled
def schedule(w: Window, c: Whole) -> None:
    """Put a case's next event on the heap if it falls into this window; older ones lapse."""
    cases, heap, end = w.cases, w.heap, w.end
    cases.row[c].stamp += 1
    due = _due(cases, c)
    cases.due[c] = due
    if due < end:
        ref = cases.row[c].resident * w.needs.threshold.shape[0] + cases.row[c].theme
        push(heap, due, ref, c, cases.row[c].stamp)


@compiled
def onset_time(w: Window, area: Whole, k: Whole, i: Whole) -> float:
    """Return when an idle need opens if nothing changes before."""
    needs, hazard, start = w.needs, w.hazard, w.start
    slope = hazard.slope[area, k]
    if slope <= 0.0:
        return math.inf
    time: float = start + (needs.threshold[k, i] - hazard.level[area, k]) / slope
    return time


@compiled
def change_coupling(w: Window, i: Whole, step: Whole, now: float) -> None:
    """Count one open need more or fewer, and hasten or slow the resident's idle needs."""
    needs, rules, heap, hazard, start, end = w.needs, w.rules, w.heap, w.hazard, w.start, w.end
    before = needs.person[i].open_needs
    needs.person[i].open_needs = before + step
    c = rules.world[0].coupling
    if c == 0.0:
        return
    ratio = (1.0 + c * before) / (1.0 + c * (before + step))
    area = np.int64(needs.person[i].area)
    themes = needs.threshold.shape[0]
    for k in range(themes):
        if needs.need[k, i].case >= 0 or needs.threshold[k, i] == math.inf:
            continue
        level = hazard.level[area, k] + hazard.slope[area, k] * (now - start)
        needs.threshold[k, i] = level + (needs.threshold[k, i] - level) * ratio
        time = onset_time(w, area, k, i)
        if time < end:
            push(heap, time, i * themes + k, -1, 0)


@compiled
def draw_threshold(w: Window, i: Whole, k: Whole, now: float) -> None:
    """Give an idle need the threshold of its next episode."""
    needs, rules, heap, hazard, start, end = w.needs, w.rules, w.heap, w.hazard, w.start, w.end
    rate = needs.need[k, i].relative * (1.0 + rules.world[0].coupling * needs.person[i].open_needs)
    if rate <= 0.0:
        needs.threshold[k, i] = math.inf
        return
    area = np.int64(needs.person[i].area)
    level = hazard.level[area, k] + hazard.slope[area, k] * (now - start)
    episode = needs.need[k, i].episode
    amount = unit_exponential(rules.keys[k, ONSET], needs.person[i].entity, episode, 0)
    needs.threshold[k, i] = level + amount / rate
    time = onset_time(w, area, k, i)
    if time < end:
        push(heap, time, i * needs.threshold.shape[0] + k, -1, 0)
