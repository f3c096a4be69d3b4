"""How much memory something takes, measured in a process in which nothing else runs.

A test process holds whatever the tests before it started: threads of clusters, caches, imports that
happen on the way. What they allocate meanwhile would be counted too.
"""

import os
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent


def peak_bytes(before, measured, *words):
    """Return the most bytes held by the lines `measured`, after the lines `before` have run.

    Both see `words` as sys.argv[1:] and may import the tests' own modules.
    """
    lines = (
        "import sys, tracemalloc",
        *before,
        "tracemalloc.start()",
        *measured,
        "print(tracemalloc.get_traced_memory()[1])",
    )
    process = subprocess.run(
        [sys.executable, "-W", "error", "-c", "\n".join(lines), *map(str, words)],
        env=os.environ | {"PYTHONPATH": os.pathsep.join([str(HERE), str(HERE.parent)])},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert process.returncode == 0, process.stderr
    return int(process.stdout)
