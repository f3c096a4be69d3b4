"""Interleaved timings: ours, theirs, ours, theirs, on both clocks."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from statistics import median

Work = Callable[[], object]


@dataclass
class Times:
    """Seconds of each repetition, by the wall clock and of the processor."""

    wall: list[float] = field(default_factory=list)
    processor: list[float] = field(default_factory=list)

    def add(self, prepare: Callable[[], Work]) -> None:
        """Time one repetition; what `prepare` does is not counted."""
        work = prepare()
        gc.collect()
        wall, processor = time.perf_counter(), time.process_time()
        work()
        self.processor.append(time.process_time() - processor)
        self.wall.append(time.perf_counter() - wall)

    @property
    def wall_seconds(self) -> float:
        """The median by the wall clock."""
        return median(self.wall)

    @property
    def processor_seconds(self) -> float:
        """The median of the processor's time."""
        return median(self.processor)

    def raw(self) -> str:
        """Return every repetition in milliseconds of the processor, in the order measured."""
        return ", ".join(f"{1e3 * seconds:,.1f}" for seconds in self.processor)


def interleaved(*works: Callable[[], Work], repeats: int) -> list[Times]:
    """Return the times of each, prepared anew and run in turn after one unmeasured round."""
    for prepare in works:
        Times().add(prepare)
    times = [Times() for _ in works]
    for _ in range(repeats):
        for one, prepare in zip(times, works, strict=True):
            one.add(prepare)
    return times
