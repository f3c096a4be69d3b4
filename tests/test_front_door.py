import subprocess
import sys

import pytest

HEAVY = ("dask", "distributed", "humanleague", "matplotlib", "mesa", "numba", "pandas", "scipy")


@pytest.fixture(scope="module")
def loaded():
    """Names of the modules that a fresh interpreter has after ``import localsim``."""
    code = "import sys, localsim; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return set(done.stdout.split())


@pytest.mark.parametrize("module", HEAVY)
def test_import_loads_nothing_heavy(loaded, module):
    assert "localsim" in loaded
    assert module not in loaded
