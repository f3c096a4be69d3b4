"""The README keeps its word: its snippets run, its commands exist, its links lead somewhere."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from localsim import cli

ROOT = Path(__file__).resolve().parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")


def blocks(language):
    return re.findall(rf"^```{language}\n(.*?)^```$", README, flags=re.MULTILINE | re.DOTALL)


COMMANDS = [
    line.split("#")[0].split() for block in blocks("sh") for line in block.splitlines() if line
]


@pytest.mark.slow
@pytest.mark.parametrize("snippet", blocks("python"))
def test_python_snippets_run(snippet, tmp_path):
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", snippet],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


def test_the_first_screen_shows_both_commands():
    first = "\n".join(README.splitlines()[:25])
    assert "make run " in first
    assert "make test " in first
    assert "pip install ." in first


@pytest.mark.parametrize("command", [c for c in COMMANDS if c[0] == "make"], ids=" ".join)
def test_make_has_the_targets(command):
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    assert re.search(rf"^{command[1]}:", makefile, flags=re.MULTILINE)


@pytest.mark.parametrize("command", [c for c in COMMANDS if c[0] == "localsim"], ids=" ".join)
def test_localsim_has_the_commands(command, capsys):
    if command[1] in ("run", "check", "new", "check-config"):  # tested where they are at home
        if command[1] != "new":
            assert all((ROOT / word).exists() for word in command if word.endswith(".yaml"))
        command = [*command[:2], "--help"]
        with pytest.raises(SystemExit, match="0"):
            cli.main(command[1:])
    else:
        assert cli.main(command[1:]) == 0
    assert capsys.readouterr().out


def test_every_command_is_of_a_known_kind():
    assert {command[0] for command in COMMANDS} == {"make", "localsim", "pip", "python"}


@pytest.mark.parametrize(
    "target", sorted(set(re.findall(r"\]\(([^)]+)\)", README.replace("\n", " "))))
)
def test_links_lead_to_files_of_the_project(target):
    assert (ROOT / target).is_file()


def test_the_figure_is_small():
    figures = re.findall(r"!\[[^\]]*\]\(([^)]+)\)", README)
    assert figures
    for figure in figures:
        assert (ROOT / figure).stat().st_size < 200_000


def test_the_listing_names_what_there_is():
    (listing,) = blocks("text")
    for line in listing.splitlines()[1:]:
        base = ROOT / "localsim" if line.startswith(" ") else ROOT
        for name in re.split(r"\s{2,}", line.strip())[0].split():
            assert (base / name).exists(), name
