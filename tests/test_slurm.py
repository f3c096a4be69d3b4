"""The script for Slurm says what job it would ask for; Slurm itself is not here to be asked."""

import subprocess
import sys
from pathlib import Path

SCRIPT = Path(__file__).parent.parent / "experiments" / "slurm" / "sweep.py"


def test_a_worker_is_a_job_of_single_threaded_processes(tmp_path):
    words = [sys.executable, str(SCRIPT), "asked.yaml", "out", "--queue", "short", "--show"]
    found = subprocess.run(words, capture_output=True, text=True, check=True, cwd=tmp_path)
    job = found.stdout.splitlines()
    assert "#SBATCH -p short" in job
    assert "export OMP_NUM_THREADS=1" in job
    (command,) = [line for line in job if "dask_worker" in line]
    assert "--nworkers 8" in command
    assert "--nthreads 1" in command
    assert not list(tmp_path.iterdir())
