"""Run the benchmarks and write `RESULTS.md`: ``python -m benchmarks [NAME…]``."""

from __future__ import annotations

import argparse
import os
import platform
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from benchmarks import engine, memory, pairing, speed, voting
from benchmarks.table import HEADER, Row

RESULTS = Path(__file__).with_name("RESULTS.md")
PACKAGES = ("mesa", "numba", "numpy", "pabutools", "dask", "joblib", "ema-workbench")
BENCHMARKS: dict[str, Callable[[], list[Row]]] = {
    "objects": speed.mesa_objects,
    "kernel": speed.bare_kernel,
    "kingston": speed.kingston,
    "imports": speed.imports,
    "phases": speed.phases,
    "memory": memory.memory,
    "voting": voting.rows,
    "pairing": pairing.pairing,
    "engine": engine.overhead,
    "folder": engine.folder,
    "estimate": engine.estimated,
}
NOTES = """\
Core rules: one policy, 60 months from a place without needs, five casework themes with the
package's own rates; thresholds, queues, service and return; no doors, healing, crises, coupling or
trust; slots fixed (`core.py`). Every time is the median of the processor's time over repetitions
that take turns in one process; building the place and its residents is not counted, compiled
kernels are warm. The peers' outcomes are held against ours over several seeds before anything is
timed, and a row whose outcomes differ by four standard errors is not written.

*Mesa objects* (`objects.py`) has an object for each resident and each need, stepped by `do`, with a
heap for the events inside a month. The first row has the core rules and no more on both sides
(`CoreRules`: slots are bought once and people live; accounts are not drawn up, nobody decides
anew); the second holds localsim with its accounts, evidence and yearly decisions against the same
objects, which have none. The rival draws from numpy's generator; localsim draws by Philox, whose
every number has an address, and keeps its counters by area and tenure, its accounts and its ledger.
*Bare kernel* (`bare.py`) has no model around it, and as themes and neighbourhoods do not touch each
other under the core rules it runs them one after the other, each with a small calendar of its own.

*Engine* (`engine.py`): the same short runs in bare processes, in ours, and in three peers, one
after the other in one sitting, by the wall clock. What two busy processes slow each other down by
is in the bare time too, so what is lost is lost to the engine.
"""


def processor() -> str:
    """Return the processor's name as the system tells it."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        lines = []
    names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or platform.machine()


def page(rows: list[Row], names: list[str], seconds: float) -> str:
    """Return the results as Markdown."""
    packages = ", ".join(f"{name} {version(name)}" for name in PACKAGES)
    command = " ".join(["python -m benchmarks", *names])
    lines = [
        "# Benchmarks",
        "",
        f"`{command}` on {datetime.now(UTC):%d %B %Y}, {seconds:.0f} s: {processor()}, "
        f"{os.cpu_count()} cores, {platform.system()}, Python {platform.python_version()}, "
        f"{packages}.",
        "",
        HEADER,
        *map(str, rows),
        "",
        NOTES,
        "## Raw figures",
        "",
    ]
    for row in rows:
        lines += [f"- {row.name}", *(f"    - {detail}" for detail in row.details)]
    return "\n".join(lines) + "\n"


def main() -> None:
    """Run all benchmarks, or those named, and write the page when all have run."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(BENCHMARKS))
    names = parser.parse_args().names
    unknown = sorted(set(names) - set(BENCHMARKS))
    if unknown:
        parser.error(f"there is no benchmark {unknown[0]!r}; there are {', '.join(BENCHMARKS)}")
    start = time.perf_counter()
    rows: list[Row] = []
    for name in names or BENCHMARKS:
        print(f"{name} …", file=sys.stderr, flush=True)
        rows += BENCHMARKS[name]()
    text = page(rows, names, time.perf_counter() - start)
    print(text)
    if not names:
        RESULTS.write_text(text)
        print(f"written to {RESULTS}", file=sys.stderr)


if __name__ == "__main__":
    main()
