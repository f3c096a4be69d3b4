"""make finds a Python that works among those that do not, and keeps its environment sound."""

import os
import shutil
import subprocess
import sys
import venv
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
HERE = f"{sys.version_info.major}.{sys.version_info.minor}"

OLD = "#!/bin/sh\necho old 3.11\n"
SHIM = '#!/bin/sh\necho "pyenv: $0: command not found" >&2\nexit 127\n'
BARE = f"#!/bin/sh\necho bare {HERE}\n"
GOOD = f'#!/bin/sh\nexec "{sys.executable}" "$@"\n'


@pytest.fixture
def find_python(tmp_path):
    """Run scripts/find-python where the path holds only the given stand-ins, folder by folder."""

    def run(*folders: dict[str, str], wanted: str = "") -> subprocess.CompletedProcess[str]:
        search = []
        for number, commands in enumerate(folders):
            folder = tmp_path / f"path {number}"
            folder.mkdir()
            search.append(str(folder))
            for name, text in commands.items():
                (folder / name).write_text(text)
                (folder / name).chmod(0o755)
        return subprocess.run(
            [shutil.which("sh"), str(ROOT / "scripts" / "find-python"), wanted],
            env={"PATH": os.pathsep.join(search), "HOME": str(tmp_path)},
            capture_output=True,
            text=True,
            check=False,
        )

    return run


def test_a_shim_that_does_not_start_and_an_old_python_are_passed_over(find_python):
    found = find_python({"python3.12": SHIM, "python3.13": SHIM, "python3": OLD, "python": GOOD})
    assert (found.returncode, found.stderr) == (0, "")
    assert Path(found.stdout.strip()).samefile(sys.executable)


def test_a_later_folder_of_the_path_is_tried_too(find_python):
    found = find_python({"python3": SHIM}, {"python3": GOOD})
    assert found.returncode == 0


def test_a_python_that_pyenv_holds_but_has_not_switched_on_is_found(find_python, tmp_path):
    version = tmp_path / ".pyenv" / "versions" / f"{HERE}.0" / "bin"
    version.mkdir(parents=True)
    (version / "python3").write_text(GOOD)
    (version / "python3").chmod(0o755)
    assert find_python({"python3": SHIM}).returncode == 0


def test_only_an_old_python_is_named_with_what_is_needed(find_python):
    found = find_python({"python3": OLD})
    assert (found.returncode, found.stdout) == (1, "")
    assert "needs Python 3.12 or newer" in found.stderr
    assert "python3 (3.11)" in found.stderr


def test_a_python_without_venv_says_what_to_install(find_python):
    found = find_python({"python3": BARE})
    assert found.returncode == 1
    assert f"apt-get install python{HERE}-venv" in found.stderr


def test_the_python_asked_for_is_the_one_taken(find_python):
    found = find_python({"python3": GOOD}, {"mine": GOOD}, wanted="mine")
    assert found.returncode == 0


@pytest.mark.parametrize("wanted", ["3.99", "python3.99", "nosuch", "/no/such/python"])
def test_a_python_that_is_not_there_is_refused_by_name(find_python, wanted):
    found = find_python({"python3": GOOD}, wanted=wanted)
    assert (found.returncode, found.stdout) == (1, "")
    assert wanted.removeprefix("python") in found.stderr


@pytest.fixture
def environment(tmp_path):
    """Run scripts/environment with an empty environment that stands for what make made."""
    folder = tmp_path / "an environment"
    venv.create(folder)
    (folder / ".made-in").write_text(f"{ROOT}\n")

    def run(action: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [str(ROOT / "scripts" / "environment"), action, str(folder), *arguments],
            capture_output=True,
            text=True,
            check=False,
        )

    run.folder = folder
    return run


def test_an_environment_of_the_python_asked_for_is_kept(environment):
    assert environment("sound").returncode == 0
    assert environment("sound", sys.executable).returncode == 0


def test_an_environment_whose_python_has_vanished_is_remade(environment):
    for python in (environment.folder / "bin").glob("python*"):
        python.unlink()
    (environment.folder / "bin" / "python").symlink_to("/no/such/python")
    assert environment("sound").returncode == 1


def test_an_environment_of_an_old_python_is_remade(environment):
    python = environment.folder / "bin" / "python"
    python.unlink()
    python.write_text("#!/bin/sh\nexit 1\n")
    python.chmod(0o755)
    assert environment("sound").returncode == 1


def test_an_environment_moved_with_its_folder_is_remade(environment):
    (environment.folder / ".made-in").write_text("/where/it/was/made\n")
    assert environment("sound").returncode == 1


def test_a_folder_that_is_no_environment_is_not_replaced(environment):
    (environment.folder / "pyvenv.cfg").unlink()
    (environment.folder / ".made-in").unlink()
    (environment.folder / "a thesis").write_text("the only copy")
    refused = environment("install", "")
    assert refused.returncode == 1
    assert "not replaced" in refused.stderr
    assert (environment.folder / "a thesis").exists()
