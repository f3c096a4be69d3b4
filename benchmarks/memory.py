"""Rows of memory: bytes a resident, after five years of the core rules."""

from __future__ import annotations

import gc
import tracemalloc
from collections.abc import Callable

from benchmarks.core import MONTHS, YEARS, Setting
from benchmarks.objects import Town
from benchmarks.table import Row
from localsim.place import Place
from localsim.population import Population


def _kept_bytes(build: Callable[[], object]) -> int:
    """Return how many bytes are still held once something has been built."""
    gc.collect()
    tracemalloc.start()
    try:
        kept = build()
        gc.collect()
        size, _ = tracemalloc.get_traced_memory()
        del kept
    finally:
        tracemalloc.stop()
    return size


def memory() -> list[Row]:
    """How many bytes a resident takes, in columns and as Mesa objects."""
    setting = Setting.of(Place.norbiton())
    people = Population.of(setting.place)

    def model() -> object:
        model = setting.model(0)
        model.run(YEARS)
        return model

    def town() -> object:
        town = Town(setting, 0)
        for _ in range(MONTHS):
            town.step()
        return town

    model()  # what is kept only once is kept by now
    # The people themselves are shared by every model of the place.
    shared = sum(column.nbytes for column in people.columns.values())
    ours = (_kept_bytes(model) + shared) / people.size
    theirs = _kept_bytes(town) / people.size
    return [
        Row(
            "Memory, a resident of Norbiton, against Mesa objects",
            f"{ours:,.0f} bytes",
            f"{theirs:,.0f} bytes",
            f"{theirs / ours:.1f} times less",
            details=(
                f"{shared / people.size:,.0f} of our bytes are the residents' own columns, "
                "which all models of a place share",
            ),
        )
    ]
