"""What is known at a window's start to fall due in it, sorted by time and, at equal times, by who.

Most of a window's events are known when it begins. Sorting them at once, by buckets of time, costs
a fraction of what a heap takes for each; only what events cause inside the window goes on a heap.
A sorted list also tells what comes soon, so that its columns can be fetched while others are used.
"""

from __future__ import annotations

import numpy as np

from localsim.compiled import Whole, compiled, prefetch
from localsim.dynamics.columns import Agenda, Array, Cases, Heap, Needs
from localsim.dynamics.heap import pop

AHEAD = 6  # events between fetching and taking; a fetch from memory takes about as long


@compiled
def note(agenda: Agenda, time: float, ref: Whole, case: Whole, stamp: Whole) -> None:
    """Add an event in no order; the caller has made sure that there is room."""
    n = agenda.size[1]
    agenda.size[1] = n + 1
    agenda.loose[n].time = time
    agenda.loose[n].ref = ref
    agenda.loose[n].case = case
    agenda.loose[n].stamp = stamp


@compiled
def _copy(source: Array, i: Whole, target: Array, j: Whole) -> None:
    target[j].time = source[i].time
    target[j].ref = source[i].ref
    target[j].case = source[i].case
    target[j].stamp = source[i].stamp


@compiled
def _bucket(time: float, start: float, scale: float, count: Whole) -> Whole:
    return np.int64(min(max((time - start) * scale, 0.0), count - 1.0))


@compiled
def sort(agenda: Agenda, start: float, end: float) -> None:
    """Sort what was noted: into as many buckets of time as events, then by insertion."""
    n = agenda.size[1]
    scale = n / (end - start)
    for b in range(n):
        agenda.bucket[b] = 0
    for i in range(n):
        agenda.bucket[_bucket(agenda.loose[i].time, start, scale, n)] += 1
    first: Whole = 0
    for b in range(n):
        first += agenda.bucket[b]
        agenda.bucket[b] = first
    for i in range(n):
        into = _bucket(agenda.loose[i].time, start, scale, n)
        place = agenda.bucket[into] - 1
        agenda.bucket[into] = place
        _copy(agenda.loose, i, agenda.event, place)
    for i in range(1, n):
        time, ref = agenda.event[i].time, agenda.event[i].ref
        case, stamp = agenda.event[i].case, agenda.event[i].stamp
        j = i
        while j > 0 and (
            agenda.event[j - 1].time > time
            or (agenda.event[j - 1].time == time and agenda.event[j - 1].ref > ref)
        ):
            _copy(agenda.event, j - 1, agenda.event, j)
            j -= 1
        agenda.event[j].time = time
        agenda.event[j].ref = ref
        agenda.event[j].case = case
        agenda.event[j].stamp = stamp


@compiled
def fetch_case(cases: Cases, c: Whole) -> None:
    """Ask for a whole row of the cases, which is three of the processor's lines."""
    prefetch(cases.row, c, 0)
    prefetch(cases.row, c, 64)
    prefetch(cases.row, c, 128)


@compiled
def _fetch(needs: Needs, cases: Cases, agenda: Agenda, n: Whole) -> None:
    """Ask for the columns that an event will look at."""
    themes = needs.threshold.shape[0]
    ref, c = agenda.event[n].ref, np.int64(agenda.event[n].case)
    i, k = ref // themes, ref % themes
    prefetch(needs.person, i, 0)
    prefetch(needs.need[k], i, 0)
    if c < 0:
        prefetch(needs.threshold[k], i, 0)
    else:
        fetch_case(cases, c)


@compiled
def earliest(
    needs: Needs, cases: Cases, agenda: Agenda, heap: Heap
) -> tuple[float, Whole, Whole, Whole]:
    """Take the earliest event off the agenda or the heap, not both empty, as `pop` does."""
    n = agenda.size[0]
    if n == agenda.size[1]:
        return pop(heap)
    time, ref = agenda.event[n].time, agenda.event[n].ref
    if heap.size[0] > 0:
        first = heap.event[0].time
        if first < time or (first == time and heap.event[0].ref < ref):
            return pop(heap)
    agenda.size[0] = n + 1
    if n + AHEAD < agenda.size[1]:
        _fetch(needs, cases, agenda, n + AHEAD)
    return time, ref, np.int64(agenda.event[n].case), np.int64(agenda.event[n].stamp)
