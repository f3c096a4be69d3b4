"""A binary heap of events, ordered by time and, at equal times, by who."""

from __future__ import annotations

from localsim.compiled import Whole, compiled
from localsim.dynamics.columns import Heap


@compiled
def push(heap: Heap, time: float, ref: Whole, stamp: Whole) -> None:
    """Add an event; the caller has made sure that there is room."""
    i = heap.size[0]
    heap.size[0] = i + 1
    while i > 0:
        parent = (i - 1) >> 1
        above = heap.event[parent].time
        if above < time or (above == time and heap.event[parent].ref <= ref):
            break
        heap.event[i].time = above
        heap.event[i].ref = heap.event[parent].ref
        heap.event[i].stamp = heap.event[parent].stamp
        i = parent
    heap.event[i].time = time
    heap.event[i].ref = ref
    heap.event[i].stamp = stamp


@compiled
def pop(heap: Heap) -> tuple[float, int, int]:
    """Take the earliest event off a heap that is not empty: its time, who, and its stamp."""
    first = (heap.event[0].time, heap.event[0].ref, heap.event[0].stamp)
    n = heap.size[0] - 1
    heap.size[0] = n
    time, ref, stamp = heap.event[n].time, heap.event[n].ref, heap.event[n].stamp
    i = 0
    while True:
        child = 2 * i + 1
        if child >= n:
            break
        other = child + 1
        if other < n and (
            heap.event[other].time < heap.event[child].time
            or (
                heap.event[other].time == heap.event[child].time
                and heap.event[other].ref < heap.event[child].ref
            )
        ):
            child = other
        if time < heap.event[child].time or (
            time == heap.event[child].time and ref <= heap.event[child].ref
        ):
            break
        heap.event[i].time = heap.event[child].time
        heap.event[i].ref = heap.event[child].ref
        heap.event[i].stamp = heap.event[child].stamp
        i = child
    heap.event[i].time = time
    heap.event[i].ref = ref
    heap.event[i].stamp = stamp
    return first
