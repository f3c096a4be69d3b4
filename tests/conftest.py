"""How every test runs: without a display, with the same examples in CI, and skipping honestly."""

import os
import shutil
from collections.abc import Callable

import matplotlib
import pytest
from hypothesis import settings
from terminal import CONFIG

from localsim import cli

# Chosen here and not by MPLBACKEND, which the kernels of tested notebooks would inherit.
matplotlib.use("Agg")

# No deadline: the first example of a compiled kernel also compiles it. Where every test must run,
# as .ci/run does, the examples are the same each time; elsewhere they are new ones.
ALL = os.environ.get("LOCALSIM_DEMAND") == "1"
settings.register_profile("here", deadline=None)
settings.register_profile("ci", deadline=None, derandomize=True, print_blob=True)
settings.load_profile("ci" if ALL or os.environ.get("CI") else "here")

# What a marked test needs of the machine, and whether it is there.
_NEEDS: dict[str, tuple[str, Callable[[], bool]]] = {
    "root": ("the superuser", lambda: hasattr(os, "geteuid") and os.geteuid() == 0),
    "browser": ("the command chromium", lambda: shutil.which("chromium") is not None),
}


def _demand(present: bool, what: str) -> None:
    if present:
        return
    if ALL:
        pytest.fail(f"LOCALSIM_DEMAND=1 promises {what}, which this machine lacks", pytrace=False)
    pytest.skip(f"needs {what}")


@pytest.fixture
def demand() -> Callable[[bool, str], None]:
    """Skip the test where something is not present; fail it where LOCALSIM_DEMAND=1 promised it."""
    return _demand


@pytest.fixture
def here(tmp_path, monkeypatch):
    """An empty working folder with a small config in it."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "asked.yaml").write_text(CONFIG)
    return tmp_path


@pytest.fixture
def localsim(capsys):
    """Run a command in this process; return its exit code, standard output and error."""

    def run(*words):
        code = cli.main(list(map(str, words)))
        out, err = capsys.readouterr()
        return code, out, err

    return run


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put slow tests first, and notebooks before all: others fill what the slowest leave idle."""
    items.sort(
        key=lambda item: (
            item.get_closest_marker("slow") is None,
            item.path.stem != "test_notebooks",
        )
    )


def pytest_runtest_setup(item: pytest.Item) -> None:
    for marker, (what, present) in _NEEDS.items():
        if item.get_closest_marker(marker) is not None:
            _demand(present(), what)
