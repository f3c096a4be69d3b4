import ast
import re
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent

# Spelled in two halves, so that this file may be searched too.
PACKAGE_HOSTS = (
    "pypi" + ".org",
    "python" + "hosted.org",
    "ana" + "conda.org",
    "npm" + "js.org",
    "--index" + "-url",
    "--extra-index" + "-url",
    "--find" + "-links",
)
# Memory is measured by tests/memory.py, in a process of its own, and time by the benchmarks.
SHARED_MEASURES = {"tracemalloc", "perf_counter", "perf_counter_ns", "monotonic", "timeit"}
OUTSIDE = ("../" + "shared", "/ro" + "ot/", "/ho" + "me/", "/Us" + "ers/")


@pytest.fixture
def tracked(demand):
    """Text of every file that a clone would hold, by path."""
    git = shutil.which("git")
    demand(git is not None and (ROOT / ".git").exists(), "a git checkout")
    listed = subprocess.run(
        [git, "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    paths = [ROOT / name for name in listed.stdout.split("\0") if name]
    return {path: path.read_text(errors="replace") for path in paths if path.is_file()}


@pytest.mark.parametrize("words", PACKAGE_HOSTS)
def test_no_file_says_where_packages_come_from(tracked, words):
    assert [str(path) for path, text in tracked.items() if words in text] == []


@pytest.mark.parametrize("words", OUTSIDE)
def test_no_file_points_outside_the_project(tracked, words):
    assert [str(path) for path, text in tracked.items() if words in text] == []


def test_constraints_are_names_and_versions():
    lines = (ROOT / "constraints.txt").read_text().splitlines()
    pins = [line for line in lines if not line.startswith("#")]
    assert len(pins) > 50
    assert [pin for pin in pins if not re.fullmatch(r"[\w.-]+==[\w.]+", pin)] == []


@pytest.mark.parametrize("file", sorted(Path(__file__).parent.glob("*.py")), ids=lambda f: f.stem)
def test_no_test_measures_what_others_do_meanwhile(file):
    """Tests before it in its process, or others on the machine, would decide whether it passes."""
    names = set()
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        match node:
            case ast.Name(id=name) | ast.alias(name=name) | ast.Attribute(attr=name):
                names.add(name)
    assert not names & SHARED_MEASURES
