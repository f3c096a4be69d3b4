"""Run a config on workers that Slurm gives: python sweep.py CONFIG FOLDER [--show]."""

from __future__ import annotations

import argparse
import sys

from dask_jobqueue import SLURMCluster
from distributed import Client

import localsim as ls
from localsim.experiment.cluster import ONE_THREAD


def main() -> int:
    """Return 0 if every run is done, 1 if some failed, 130 if it was interrupted."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("config")
    parser.add_argument("folder", help="on a disk that login and compute nodes share")
    parser.add_argument("--workers", type=int, default=64, help="at most so many at once (64)")
    parser.add_argument("--queue", help="the partition")
    parser.add_argument("--account")
    parser.add_argument("--show", action="store_true", help="print a worker's job, and run nothing")
    options = parser.parse_args()
    cluster = SLURMCluster(
        queue=options.queue,
        account=options.account,
        cores=8,  # a job is eight workers of one thread each
        processes=8,
        memory="16GB",
        walltime="04:00:00",
        # A worker ends by itself before Slurm ends it, so that its work moves on unharmed.
        worker_extra_args=["--lifetime", "225m", "--lifetime-stagger", "10m"],
        job_script_prologue=[f"export {name}={value}" for name, value in ONE_THREAD.items()],
    )
    if options.show:
        print(cluster.job_script())
        return 0
    experiment = ls.Experiment.from_config(options.config)
    with cluster, Client(cluster) as client:
        cluster.adapt(maximum=options.workers)
        results = experiment.run(client=client, folder=options.folder)
    if results.interrupted:
        return 130
    return 1 if len(results.failures) else 0


if __name__ == "__main__":
    sys.exit(main())
