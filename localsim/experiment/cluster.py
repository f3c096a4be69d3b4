"""The processes that replications run in: a quiet Dask cluster on this machine.

Dask because a worker that dies loses nothing: its work is done again elsewhere, and work that
kills every worker it meets is set aside alone. Any other Dask cluster does as well: hand its
client to ``Experiment.run``.
"""

from __future__ import annotations

import logging
import os
import signal
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from distributed import Client

ONE_THREAD = dict.fromkeys(
    (
        "MKL_NUM_THREADS",
        "NUMBA_NUM_THREADS",
        "NUMEXPR_NUM_THREADS",
        "OMP_NUM_THREADS",
        "OPENBLAS_NUM_THREADS",
    ),
    "1",
)

"""A worker does one thing at a time, and there are as many workers as processors."""

QUIET = {
    "distributed.admin.system-monitor.interval": "5s",
    "distributed.admin.tick.interval": "1s",
    "distributed.diagnostics.nvml": False,
    "distributed.scheduler.active-memory-manager.start": False,
    "distributed.worker.profile.enabled": False,
}
"""What Dask measures for its dashboard, which is not shown, interrupts work 150 times a second."""


def cores() -> int:
    """Return how many processors this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return max(1, len(os.sched_getaffinity(0)))
    return os.cpu_count() or 1


@contextmanager
def local_client(workers: int, deaths: int) -> Iterator[Client]:
    """Start a cluster of single-threaded processes, warm each once, and stop it at the end.

    Work is tried again after each of so many deaths of the worker that held it.
    """
    import dask
    from distributed import Client, LocalCluster

    with (
        tempfile.TemporaryDirectory(prefix="localsim-", ignore_cleanup_errors=True) as scratch,
        dask.config.set(QUIET | {"distributed.scheduler.allowed-failures": deaths}),
        _main_not_imported(),
        LocalCluster(
            n_workers=workers,
            threads_per_worker=1,
            processes=True,
            # Without an address Dask takes port 8787, and complains if another cluster has it.
            dashboard_address="127.0.0.1:0",
            scheduler_kwargs={"dashboard": False},
            silence_logs=logging.CRITICAL,
            memory_limit=None,
            local_directory=scratch,
            env=ONE_THREAD,
            preload=[__name__],
        ) as local,
        # Results come from the workers themselves, not by way of the scheduler.
        Client(local, direct_to_workers=True) as client,
    ):
        client.run(warm)
        yield client


def dask_setup(worker: object) -> None:
    """Leave Ctrl-C to the parent: Dask calls this in every worker process it starts."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def warm() -> None:
    """Run a hamlet for a year, so that no replication pays for imports and compiled kernels."""
    from localsim.experiment.experiment import Experiment
    from localsim.experiment.machine import code_version
    from localsim.experiment.replication import replicate
    from localsim.experiment.units import Unit
    from localsim.place import Place

    code_version()
    policies = ["status_quo", "participatory_budgeting"]
    hamlet = Experiment(Place.synthetic(60, 2), policies, 1, 1, warmup_years=0)
    replicate(hamlet.plan, Unit(0))


@contextmanager
def _main_not_imported() -> Iterator[None]:
    """Keep a new process from running the user's script again.

    A spawned process imports the main module of its parent, so a script without the ``if
    __name__ == "__main__"`` guard would start its experiment once more in every worker. Workers
    need nothing from it: what it defines travels by value.
    """
    main: Any = sys.modules["__main__"]
    hidden = {name: getattr(main, name) for name in ("__spec__", "__file__") if hasattr(main, name)}
    main.__spec__ = None
    if "__file__" in hidden:
        del main.__file__
    try:
        yield
    finally:
        for name, value in hidden.items():
            setattr(main, name, value)
