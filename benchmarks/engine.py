"""What the experiment engine costs: its overhead on short runs beside peers, and its folder."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.table import Row
from localsim.experiment import Experiment, Results
from localsim.experiment.cluster import local_client
from localsim.experiment.estimate import estimate
from localsim.experiment.folder import TABLE
from localsim.experiment.index import INDEX
from localsim.experiment.replication import Plan, Replication, replicate
from localsim.experiment.results import book_of
from localsim.experiment.store import Store
from localsim.experiment.units import Unit
from localsim.model import Model
from localsim.place import Place

CORES = 2
RUNS, POLICIES = 2_000, 4
STORED = 100_000
MEASURED = ("need_months_unmet", "crises", "spend_gbp")


def question(replications: int) -> Experiment:
    """Return an experiment whose runs take a few milliseconds each."""
    names = ["status_quo", "top_down", "needs_formula", "participatory_budgeting"]
    place = Place.synthetic(60, 2, name="close")
    return Experiment(place, names[:POLICIES], 1, replications, warmup_years=0)


@dataclass
class Unitary:
    """The same unit of work as a peer wants it: a function of a number."""

    plan: Plan

    def __call__(self, number: int) -> list[float]:
        """Return three metrics of every policy of a replication."""
        done = replicate(self.plan, Unit(number))
        return [run.numbers[run.rows.index((m, "all"))] for run in done.runs for m in MEASURED]


def serial(experiment: Experiment) -> tuple[float, float]:
    """Return the seconds of all units in this process, and of one run in them."""
    plan, units = experiment.plan, experiment.replications
    replicate(plan, Unit(0))
    begun = time.perf_counter()
    for number in range(units):
        replicate(plan, Unit(number))
    seconds = time.perf_counter() - begun
    return seconds, seconds / (units * POLICIES)


def both_cores(experiment: Experiment) -> float:
    """Return the seconds of the bare units, half of them in each of two processes at once.

    What two processes slow each other down by is the machine's, not an engine's.
    """
    code = (
        "import sys\n"
        "from benchmarks.engine import question, serial\n"
        "question(2).run(progress=False, workers=1)\n"
        "print('warm', flush=True)\n"
        "sys.stdin.readline()\n"
        "print(serial(question(int(sys.argv[1])))[0])\n"
    )
    half = str(experiment.replications // CORES)
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", code, half],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(CORES)
    ]
    for process in processes:
        assert process.stdout is not None
        process.stdout.readline()
    told = [process.communicate("go\n")[0] for process in processes]
    return max(map(float, told))


def ours(experiment: Experiment) -> tuple[float, float, float]:
    """Return the seconds that workers take to start, to do all units, and to do and keep them."""
    begun = time.perf_counter()
    with local_client(CORES, 2) as client:
        started = time.perf_counter() - begun
        begun = time.perf_counter()
        experiment.run(progress=False, client=client)
        in_memory = time.perf_counter() - begun
        with tempfile.TemporaryDirectory() as folder:
            begun = time.perf_counter()
            experiment.run(progress=False, client=client, folder=folder)
            kept = time.perf_counter() - begun
    return started, in_memory, kept


def with_joblib(experiment: Experiment) -> float:
    """Return the seconds of joblib's processes, started and warm."""
    from joblib import Parallel, delayed

    work = Unitary(experiment.plan)
    with Parallel(n_jobs=CORES) as pool:
        pool(delayed(work)(number) for number in range(2 * CORES))
        begun = time.perf_counter()
        pool(delayed(work)(number) for number in range(experiment.replications))
        return time.perf_counter() - begun


class Batched(Model):
    """A model as ``mesa.batch_run`` wants it: it runs one policy, from a beginning of its own."""

    def __init__(self, policy: int = 0, replication: int = 0, rng: object = None) -> None:
        asked = question(1)
        super().__init__(
            asked.place, asked.policies[policy], replication=replication, warmup_years=0
        )


def with_mesa(experiment: Experiment) -> float:
    """Return the seconds of ``mesa.batch_run``, which starts its processes anew."""
    import mesa

    parameters = {
        "policy": list(range(POLICIES)),
        "replication": list(range(experiment.replications)),
    }
    begun = time.perf_counter()
    mesa.batch_run(
        Batched,
        parameters,
        number_processes=CORES,
        max_steps=12,
        display_progress=False,
    )
    return time.perf_counter() - begun


def with_workbench(experiment: Experiment) -> float:
    """Return the seconds of the EMA workbench's processes, which it starts anew."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from ema_workbench import (
            IntegerParameter,
            MultiprocessingEvaluator,
            ScalarOutcome,
        )
        from ema_workbench import Model as Workbench

        model = Workbench("close", function=_workbench)
        model.uncertainties = [IntegerParameter("replication", 0, 10**6)]
        model.outcomes = [ScalarOutcome(f"y{place}") for place in range(POLICIES * len(MEASURED))]
        begun = time.perf_counter()
        with MultiprocessingEvaluator(model, n_processes=CORES) as evaluator:
            evaluator.perform_experiments(scenarios=experiment.replications)
        return time.perf_counter() - begun


def _workbench(replication: int = 0) -> dict[str, float]:
    found = Unitary(question(1).plan)(int(replication))
    return {f"y{place}": value for place, value in enumerate(found)}


def overhead() -> list[Row]:
    """Compare what two cores lose to us and to peers on 2,000 short runs."""
    experiment = question(RUNS // POLICIES)
    alone, each = serial(experiment)
    bare = both_cores(experiment)
    started, in_memory, kept = ours(experiment)
    again = both_cores(experiment)
    ideal = (bare + again) / 2.0
    peers: dict[str, Callable[[Experiment], float]] = {
        "joblib": with_joblib,
        "mesa.batch_run": with_mesa,
        "ema-workbench": with_workbench,
    }
    times = {name: peer(experiment) for name, peer in peers.items()}
    details = (
        f"{RUNS:,} runs of {1e3 * each:.1f} ms, {POLICIES} policies a replication; alone in one "
        f"process {alone:.2f} s; halves in two bare processes at once {bare:.2f} s before and "
        f"{again:.2f} s after",
        f"ours in memory {in_memory:.2f} s, kept in a folder {kept:.2f} s, the workers having "
        f"taken {started:.2f} s to start",
    )
    aside = {
        "joblib": "keeps nothing; its workers were started before",
        "mesa.batch_run": "starts every policy anew; with the start of its processes",
        "ema-workbench": "keeps nothing; with the start of its processes",
    }
    rows = [
        _lost("in memory", in_memory, ideal, 0.15, details),
        _lost("kept in a folder", kept, ideal, 0.15, ()),
        Row("Start of two workers", f"{started:.2f} s", "", "", "< 3 s", started < 3.0),
    ]
    for name, seconds in times.items():
        rows.append(
            Row(
                f"{RUNS:,} runs of {1e3 * each:.1f} ms kept in a folder, against {name}",
                f"{kept:.2f} s",
                f"{seconds:.2f} s",
                f"{seconds / kept:.2f} times its time",
                details=(f"{name} {aside[name]}",),
            )
        )
    return rows


def _lost(where: str, seconds: float, ideal: float, bound: float, details: Any) -> Row:
    share = 1.0 - ideal / seconds
    return Row(
        f"Two cores' time lost to the engine, short runs {where}",
        f"{seconds:.2f} s",
        f"{ideal:.2f} s",
        f"{share:.0%} lost",
        f"< {bound:.0%}",
        share < bound,
        details,
    )


def estimated() -> list[Row]:
    """Hold the time that ``localsim check-config`` foresees against the time that it takes."""
    experiment = Experiment(Place.synthetic(5_000, 10), ["status_quo", "top_down"], 5, 8)
    guess = estimate(experiment)
    foreseen = guess.warmups * guess.seconds_per_unit
    begun = time.perf_counter()
    experiment.run(progress=False, workers=1)
    took = time.perf_counter() - begun
    return [
        Row(
            "`check-config`'s estimate, against the time it took",
            f"{foreseen:.2f} s",
            f"{took:.2f} s",
            f"{foreseen / took:.2f} times",
            details=(f"{guess.runs} runs of 5 years, 5,000 residents, in one process",),
        )
    ]


def folder() -> list[Row]:
    """Measure how fast 100,000 stored runs open, and how many bytes a number takes."""
    experiment = question(STORED // POLICIES)
    sample = [replicate(experiment.plan, Unit(number)) for number in range(64)]
    described = experiment.describe()
    with tempfile.TemporaryDirectory() as name:
        store = Store(name, described, book_of(described), None)
        begun = time.perf_counter()
        for unit in store.missing():
            like = sample[unit.replication % len(sample)]
            store.keep(Replication(unit, like.runs, like.failures))
        store.flush()
        store.finish()
        written = time.perf_counter() - begun
        opened = _times_opening(name, "localsim.open(sys.argv[1]).table")
        plain = _times_opening(name, "pandas.read_parquet(sys.argv[1] + '/results.parquet')")
        rows = len(Results.open(name).table)
        files = list(Path(name, "runs").iterdir())
        size = sum(file.stat().st_size for file in files)
        final = sum(Path(name, file).stat().st_size for file in (TABLE, INDEX))
    each = (size + final) / rows
    return [
        Row(
            f"{STORED:,} stored runs opened in pandas",
            f"{opened:.2f} s",
            "",
            f"{rows:,} rows",
            "< 2 s",
            opened < 2.0,
            (
                f"`localsim.open(folder).table`, every byte checked; `pandas.read_parquet` of the "
                f"one file, nothing checked, {plain:.2f} s",
                f"written in {written:.1f} s: {len(files)} chunks and one file, trajectories apart",
            ),
        ),
        Row(
            "A stored number, chunk and final file together",
            f"{each:.1f} bytes",
            "",
            "",
            "< 100",
            each < 100.0,
            (f"chunks {size / 1e6:.0f} MB, results.parquet with its index {final / 1e6:.0f} MB",),
        ),
    ]


def _times_opening(folder: str, opening: str) -> float:
    """Return the median seconds to open the table, in new processes after their imports."""
    code = (
        "import sys, time\n"
        "import localsim, pandas\n"
        "localsim.Results, localsim.METRICS\n"
        "begun = time.perf_counter()\n"
        f"rows = len({opening})\n"
        "print(time.perf_counter() - begun)\n"
    )
    told = [
        subprocess.run(
            [sys.executable, "-c", code, folder], capture_output=True, text=True, check=True
        ).stdout
        for _ in range(3)
    ]
    return sorted(map(float, told))[1]
