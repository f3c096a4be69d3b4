"""A binary heap of events, ordered by time and, at equal times, by who."""

from __future__ import annotations

import numpy as np

from localsim.compiled import Whole, compiled
from localsim.dynamics.columns import Heap


@compiled
def _move(heap: Heap, source: Whole, target: Whole) -> None:
    heap.event[target].time = heap.event[source].time
    heap.event[target].ref = heap.event[source].ref
    heap.event[target].case = heap.event[source].case
    heap.event[target].stamp = heap.event[source].stamp


@compiled
def push(heap: Heap, time: float, ref: Whole, case: Whole, stamp: Whole) -> None:
    """Add an event; the caller has made sure that there is room."""
    i = heap.size[0]
    heap.size[0] = i + 1
    while i > 0:
        parent = (i - 1) >> 1
        above = heap.event[parent].time
        if above < time or (above == time and heap.event[parent].ref <= ref):
            break
        _move(heap, parent, i)
        i = parent
    heap.event[i].time = time
    heap.event[i].ref = ref
    heap.event[i].case = case
    heap.event[i].stamp = stamp


@compiled
def pop(heap: Heap) -> tuple[float, Whole, Whole, Whole]:
    """Take the earliest event off a heap that is not empty: its time, who, its case and stamp."""
    event = heap.event
    first = (event[0].time, event[0].ref, np.int64(event[0].case), np.int64(event[0].stamp))
    n = heap.size[0] - 1
    heap.size[0] = n
    time, ref = event[n].time, event[n].ref
    i = 0
    while True:
        child = 2 * i + 1
        if child >= n:
            break
        if child + 1 < n:
            # Without a branch, which the processor would guess wrong every other time.
            child += (event[child + 1].time < event[child].time) | (
                (event[child + 1].time == event[child].time)
                & (event[child + 1].ref < event[child].ref)
            )
        if time < event[child].time or (time == event[child].time and ref <= event[child].ref):
            break
        _move(heap, child, i)
        i = child
    _move(heap, n, i)
    return first
