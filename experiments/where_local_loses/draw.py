"""Run the questions of this folder and draw the border between winning and losing for each.

    python experiments/where_local_loses/draw.py [NAME ...]

Results go to ``out/where_local_loses/NAME``, and what is there already is not run again; figures
are written beside the questions.
"""

from __future__ import annotations

import sys
from pathlib import Path

import silo_size_by_correlation as silo

import localsim as ls
from localsim import plots

HERE = Path(__file__).parent
OUT = Path("out") / HERE.name
SILO = silo.__name__
METRICS: dict[str, str | dict[str, float]] = {
    "heterogeneity_by_spillover": {"amenity_benefit_gbp": 1.0, "spend_gbp": -1.0},
}
"""What is compared where it is not the first metric of the question."""


def draw(name: str) -> Path:
    """Run one question, or go on with it, and return the figure's file."""
    file = HERE / f"{name}.png"
    if name == SILO:
        swept = silo.run(OUT / name)
        figure = plots.border(swept, silo.APART, silo.TOGETHER, silo.METRIC)
        figure.axes[0].set_xscale("log", base=2)
        figure.axes[0].set_xticks(silo.SIZES, [str(size) for size in silo.SIZES])
        figure.savefig(file, dpi=110)
        return file
    experiment = ls.Experiment.from_config(HERE / f"{name}.yaml")
    results = experiment.run(folder=OUT / name)
    baseline = experiment.baseline
    policy = next(p.name for p in experiment.policies if p.name != baseline)
    metric = METRICS.get(name, next(iter(experiment.metrics or ("need_months_unmet",))))
    plots.border(results, policy, baseline, metric).savefig(file, dpi=110)
    return file


def main(names: list[str]) -> None:
    """Draw the questions named, or all."""
    for name in names or sorted([*(file.stem for file in HERE.glob("*.yaml")), SILO]):
        print(draw(name))


if __name__ == "__main__":
    main(sys.argv[1:])
