"""The core rules as a bare kernel: arrays in, counters out, nothing around it.

Written by hand for these rules and no others. As themes and neighbourhoods do not touch each
other under the core rules, each team has its own residents, calendar and queue, small enough to
stay in the processor's cache; draws come from numba's own generator.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

from benchmarks.core import MONTHS, NEEDS, Outcome, Setting

Array = NDArray[Any]

OPEN, PRESENT, FINISH = range(3)


@njit(cache=True)
def _push(time: Array, who: Array, what: Array, size: int, at: float, i: int, event: int) -> int:
    n = size
    while n > 0:
        parent = (n - 1) >> 1
        if time[parent] <= at:
            break
        time[n], who[n], what[n] = time[parent], who[parent], what[parent]
        n = parent
    time[n], who[n], what[n] = at, i, event
    return size + 1


@njit(cache=True)
def _sift(time: Array, who: Array, what: Array, size: int) -> int:
    """Close the gap at the top of the heap with its last event."""
    last = size - 1
    at, i, event = time[last], who[last], what[last]
    n = 0
    while True:
        child = 2 * n + 1
        if child >= last:
            break
        if child + 1 < last and time[child + 1] < time[child]:
            child += 1
        if at <= time[child]:
            break
        time[n], who[n], what[n] = time[child], who[child], what[child]
        n = child
    time[n], who[n], what[n] = at, i, event
    return last


@njit(cache=True)
def _team(  # noqa: PLR0912, PLR0915 -- one compiled pass over a team is one function
    rate: Array, slots: int, present: float, service: float, solve: float, returns: float,
    months: int, counts: Array,
) -> None:  # fmt: skip
    """Run one team and its residents."""
    n = rate.size
    clock = np.empty(n)
    for i in range(n):
        clock[i] = np.random.exponential() / rate[i] if rate[i] > 0.0 else math.inf  # noqa: NPY002 -- numba compiles only the generator it seeds itself
    time, who, what = np.empty(n), np.empty(n, np.int32), np.empty(n, np.int8)
    queue, joined = np.empty(n, np.int32), np.empty(n)
    size = head = waiting = 0
    free = slots
    for month in range(months):
        end = month + 1.0
        for i in range(n):
            if clock[i] < 1.0:
                size = _push(time, who, what, size, month + clock[i], i, OPEN)
                clock[i] = math.inf
            else:
                clock[i] -= 1.0
        while size > 0 and time[0] < end:
            now, i, event = time[0], who[0], what[0]
            size = _sift(time, who, what, size)
            joins = event == PRESENT
            leaves = event == OPEN
            if event == OPEN:
                counts[0] += 1
            elif event == FINISH:
                if waiting > 0:
                    j = queue[head]
                    counts[3] += 1
                    counts[4] += now - joined[head]
                    head = (head + 1) % n
                    waiting -= 1
                    at = now + np.random.exponential() * service  # noqa: NPY002 -- as above
                    size = _push(time, who, what, size, at, j, FINISH)
                else:
                    free += 1
                if np.random.random() < solve:  # noqa: NPY002 -- as above
                    counts[1] += 1
                    at = now + np.random.exponential() / rate[i]  # noqa: NPY002 -- as above
                    if at < end:
                        size = _push(time, who, what, size, at, i, OPEN)
                    else:
                        clock[i] = at - end
                elif np.random.random() < returns:  # noqa: NPY002 -- as above
                    counts[2] += 1
                    joins = True
                else:
                    leaves = True
            if leaves:
                at = now + np.random.exponential() / present  # noqa: NPY002 -- as above
                size = _push(time, who, what, size, at, i, PRESENT)
            if joins:
                if free > 0:
                    free -= 1
                    counts[3] += 1
                    at = now + np.random.exponential() * service  # noqa: NPY002 -- as above
                    size = _push(time, who, what, size, at, i, FINISH)
                else:
                    tail = (head + waiting) % n
                    queue[tail] = i
                    joined[tail] = now
                    waiting += 1


@njit(cache=True)
def _run(rate: Array, first: Array, slots: Array, numbers: Array, months: int, seed: int) -> Array:
    np.random.seed(seed)  # noqa: NPY002 -- as above
    counts = np.zeros(5)
    for k in range(slots.shape[0]):
        for u in range(slots.shape[1]):
            _team(
                rate[k, first[u] : first[u + 1]], slots[k, u],
                numbers[k, 0], numbers[k, 1], numbers[k, 2], numbers[k, 3], months, counts,
            )  # fmt: skip
    return counts


class Bare:
    """A setting laid out as the kernel wants it: residents sorted by team."""

    def __init__(self, setting: Setting) -> None:
        order = np.argsort(setting.team, kind="stable")
        self.rate = np.ascontiguousarray(setting.rate[:, order])
        heads = np.bincount(setting.team, minlength=setting.slots.shape[1])
        self.first = np.concatenate([[0], np.cumsum(heads)])
        self.slots = setting.slots
        self.numbers = np.array([[n.present, n.service, n.solve, n.returns] for n in NEEDS])

    def run(self, seed: int, months: int = MONTHS) -> Outcome:
        """Run the kernel and return what it counted."""
        counts = _run(self.rate, self.first, self.slots, self.numbers, months, seed)
        opened, solved, returned, starts, waited = (float(count) for count in counts)
        return Outcome(opened, opened - solved, solved, returned, waited / starts)
