"""Rows of speed: the core rules against two rivals and against size, imports, and phases."""

from __future__ import annotations

import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Callable
from statistics import median

from benchmarks.agreement import check, compare
from benchmarks.bare import Bare
from benchmarks.core import MONTHS, YEARS, CoreRules, Setting
from benchmarks.objects import Town
from benchmarks.table import Row, milliseconds
from benchmarks.timing import Work, interleaved
from localsim.model import Model
from localsim.place import Place

REPEATS = 9
SEEDS = 8
WHOLE = "Mesa objects, against localsim with accounts, evidence and decisions"
PHASES = ("fund", "listen", "allocate", "commission", "live", "pay", "record", "review")


def _ours(setting: Setting, kind: type[Model] = CoreRules) -> Callable[[], Work]:
    def prepare() -> Work:
        model = setting.model(0, kind)
        return lambda: model.run(YEARS)

    return prepare


def _objects(setting: Setting) -> Callable[[], Work]:
    def prepare() -> Work:
        town = Town(setting, 0)

        def work() -> None:
            for _ in range(MONTHS):
                town.step()

        return work

    return prepare


def _kernel(setting: Setting) -> Callable[[], Work]:
    bare = Bare(setting)
    return lambda: lambda: bare.run(0)


def mesa_objects() -> list[Row]:
    """How many times faster localsim is than the same rules as Mesa objects.

    First the core rules alone, on both sides; then localsim's whole year, with accounts, evidence
    and decisions, against the rival's core rules.
    """
    setting = Setting.of(Place.norbiton())
    agreed = compare(setting, ["Mesa objects"], SEEDS)
    check(agreed)
    works = (_ours(setting), _ours(setting, Model), _objects(setting))
    core, whole, theirs = interleaved(*works, repeats=REPEATS)
    rows = []
    for label, mine, least in (("Mesa objects", core, 30.0), (WHOLE, whole, None)):
        ratio = theirs.processor_seconds / mine.processor_seconds
        rows.append(
            Row(
                label,
                milliseconds(mine.processor_seconds),
                milliseconds(theirs.processor_seconds),
                f"{ratio:.1f} times faster",
                "" if least is None else f"≥ {least:.0f}",
                None if least is None else ratio >= least,
                (
                    f"ours, ms of the processor: {mine.raw()}; by the wall clock a median of "
                    f"{milliseconds(mine.wall_seconds)}",
                    f"Mesa objects: {theirs.raw()}; {milliseconds(theirs.wall_seconds)}",
                    f"outcomes over {SEEDS} seeds each, ours against theirs: "
                    + "; ".join(map(str, agreed)),
                ),
            )
        )
    return rows


def bare_kernel() -> list[Row]:
    """How many times slower localsim is than a bare kernel for these rules alone."""
    setting = Setting.of(Place.norbiton())
    agreed = compare(setting, ["bare kernel"], SEEDS)
    check(agreed)
    works = (_ours(setting), _ours(setting, Model), _kernel(setting))
    core, whole, theirs = interleaved(*works, repeats=3 * REPEATS)
    ratio = core.processor_seconds / theirs.processor_seconds
    beside = whole.processor_seconds / theirs.processor_seconds
    return [
        Row(
            "Bare kernel",
            milliseconds(core.processor_seconds),
            milliseconds(theirs.processor_seconds),
            f"{ratio:.1f} times slower",
            "≤ 4",
            ratio <= 4.0,
            (
                f"ours, ms of the processor: {core.raw()}; by the wall clock a median of "
                f"{milliseconds(core.wall_seconds)}",
                f"ours with accounts, evidence and decisions: {whole.raw()}; {beside:.1f} times "
                "slower than the bare kernel",
                f"bare kernel: {theirs.raw()}; {milliseconds(theirs.wall_seconds)}",
                f"outcomes over {SEEDS} seeds each, ours against theirs: "
                + "; ".join(map(str, agreed)),
            ),
        )
    ]


def kingston() -> list[Row]:
    """How much longer a resident's month takes in Kingston than in Norbiton."""
    large, small = Setting.of(Place.kingston()), Setting.of(Place.norbiton())
    mine, other = interleaved(_ours(large), _ours(small), repeats=REPEATS)

    def each(seconds: float, setting: Setting) -> float:
        return 1e9 * seconds / MONTHS / int(setting.place.residents.sum())

    far, near = each(mine.processor_seconds, large), each(other.processor_seconds, small)
    return [
        Row(
            "Kingston, a resident's month, against Norbiton's",
            f"{far:.0f} ns",
            f"{near:.0f} ns",
            f"{far / near:.2f} times",
            "≤ 1.5",
            far / near <= 1.5,
            (
                f"Kingston's 160,060 residents, ms of the processor for {MONTHS} months: "
                f"{mine.raw()}",
                f"Norbiton's 10,107: {other.raw()}",
            ),
        )
    ]


def _import_seconds(name: str) -> float:
    program = f"import time; t = time.perf_counter(); import {name}; print(time.perf_counter() - t)"
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    return float(done.stdout)


def imports() -> list[Row]:
    """How long ``import localsim`` takes in a process of its own, beside ``import mesa``."""
    times: dict[str, list[float]] = {"localsim": [], "mesa": []}
    for _ in range(5):
        for name, seconds in times.items():
            seconds.append(_import_seconds(name))
    ours, theirs = median(times["localsim"]), median(times["mesa"])
    raw = (
        f"import {name}, ms: " + ", ".join(f"{1e3 * s:,.0f}" for s in seconds)
        for name, seconds in times.items()
    )
    return [
        Row(
            "`import localsim` beside `import mesa`",
            milliseconds(ours),
            milliseconds(theirs),
            f"{ours / theirs:.2f} times",
            "< 500 ms",
            ours < 0.5,
            tuple(raw),
        )
    ]


class Watched(Model):
    """A model that keeps how long each phase takes, in seconds of the processor."""

    def run(self, years: int) -> None:
        """Run whole years with a watch on every phase."""
        self.seconds: dict[str, float] = defaultdict(float)
        for name in PHASES:
            self.__dict__[name] = self._watched(name, getattr(self, name))
        super().run(years)
        for name in PHASES:
            del self.__dict__[name]

    def _watched(self, name: str, phase: Callable[[], None]) -> Callable[[], None]:
        def timed() -> None:
            start = time.process_time()
            phase()
            self.seconds[name] += time.process_time() - start

        return timed


def phases() -> list[Row]:
    """Where the whole model's time goes, phase by phase, beside the core rules."""
    rows = []
    for place in (Place.norbiton(), Place.kingston()):
        setting = Setting.of(place)
        by_phase: dict[str, list[float]] = defaultdict(list)
        whole, core = [], []
        for repeat in range(4):
            model = Watched(place, seed=repeat)
            model.run(YEARS)
            plain = setting.model(repeat)
            start = time.process_time()
            plain.run(YEARS)
            if repeat:  # the first pair warms up
                core.append(time.process_time() - start)
                whole.append(sum(model.seconds.values()))
                for name in PHASES:
                    by_phase[name].append(model.seconds[name])
        ours, theirs = median(whole), median(core)
        split = ", ".join(f"{name} {1e3 * median(by_phase[name]):,.1f}" for name in PHASES)
        rows.append(
            Row(
                f"Whole model, {place.name.title()}, against the core rules",
                milliseconds(ours),
                milliseconds(theirs),
                f"{ours / theirs:.1f} times",
                details=(f"phases of {MONTHS} months under the status quo, ms: {split}",),
            )
        )
    return rows
