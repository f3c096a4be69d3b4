"""Notebooks run from top to bottom, show a figure in every section, and are kept as they ran."""

from __future__ import annotations

import os
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

ROOT = Path(__file__).resolve().parent.parent
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
QUICKEST = ROOT / "notebooks" / "04_sweep_from_a_config.ipynb"
LARGEST_BYTES = 1_500_000
# What is kept ran with them all. One that stops by itself needs as many as it needs.
FEW_REPLICATIONS = """
from localsim import Experiment

def few(experiment, *words, whole=Experiment.run, **named):
    if experiment.until is None and experiment.replications > 4:
        experiment = experiment.with_replications(4)
    return whole(experiment, *words, **named)

Experiment.run = few
"""


def read(path):
    return nbformat.read(path, as_version=4)


def sections(notebook):
    """Return the cells of each section, by its heading."""
    found = {}
    heading = ""
    for cell in notebook.cells:
        first = cell.source.splitlines()[0] if cell.source else ""
        if cell.cell_type == "markdown" and first.startswith("## "):
            heading = first
            found[heading] = []
        if heading:
            found[heading].append(cell)
    return found


def has_figure(cells):
    outputs = [output for cell in cells for output in cell.get("outputs", ())]
    return any("image/png" in output.get("data", {}) for output in outputs)


def without_figure(notebook):
    return [heading for heading, cells in sections(notebook).items() if not has_figure(cells)]


def test_there_is_a_notebook():
    assert NOTEBOOKS


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_it_is_kept_as_it_ran(path):
    notebook = read(path)
    nbformat.validate(notebook)
    cells = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert [cell.execution_count for cell in cells] == list(range(1, len(cells) + 1))
    assert not [o for cell in cells for o in cell.outputs if o.output_type == "error"]
    assert not [o for cell in cells for o in cell.outputs if o.get("name") == "stderr"]
    assert not without_figure(notebook)
    assert path.stat().st_size < LARGEST_BYTES


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_every_section_ends_in_something_to_try(path):
    for heading, cells in sections(read(path)).items():
        assert any("*Try:*" in cell.source for cell in cells), heading


@pytest.mark.parametrize(
    "path",
    [
        path if path == QUICKEST else pytest.param(path, marks=pytest.mark.slow)
        for path in NOTEBOOKS
    ],
    ids=[path.stem for path in NOTEBOOKS],
)
def test_it_runs_from_top_to_bottom(path, monkeypatch):
    """Every cell as it stands; but for the quickest, with a few replications of each experiment."""
    before = os.environ.get("PYTHONPATH")
    roots = [str(ROOT), *([before] if before else [])]
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(roots))
    notebook = read(path)
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.outputs = []
    if path != QUICKEST:
        notebook.cells.insert(0, nbformat.v4.new_code_cell(FEW_REPLICATIONS))
    folder = {"metadata": {"path": str(path.parent)}}
    # The kernel of this very Python, whatever others are installed on the machine.
    NotebookClient(notebook, timeout=900, kernel_name="python3", resources=folder).execute()
    assert not without_figure(notebook)
