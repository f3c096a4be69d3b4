"""The command line as tests call it: a small config, and a process of its own."""

import os
import subprocess
import sys
from pathlib import Path

import localsim as ls

ROOT = Path(__file__).parent.parent

PATIENCE = 600
"""Seconds to wait for a process: one that hangs fails its test, and a slow machine does not."""

CONFIG = """
name: hamlet
place: {synthetic: {residents: 400, areas: 4, name: hamlet}}
policies:
  - status_quo
  - {policy: top_down, pilot: AREA, name: piloted}
years: 1
replications: 3
seed: 7
warmup_years: 1
""".replace("AREA", ls.Place.synthetic(400, 4, name="hamlet").codes[0])


def start(*words, cwd=ROOT, **named):
    code = "import sys; from localsim.cli import main; sys.exit(main())"
    return subprocess.Popen(
        [sys.executable, "-W", "error", "-c", code, *map(str, words)],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=cwd,
        env=os.environ | {"PYTHONPATH": str(ROOT)}, **named,
    )  # fmt: skip


def ended(process):
    """Wait for a process; return its exit code, standard output and error. None outlives this."""
    with process:
        try:
            out, err = process.communicate(timeout=PATIENCE)
        finally:
            process.kill()
    return process.returncode, out, err
