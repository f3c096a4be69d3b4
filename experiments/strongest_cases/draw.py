"""Run the strongest case for One Norbiton and the one against it, and draw them side by side.

    python experiments/strongest_cases/draw.py

Results go to ``out/strongest_cases``, and what is there already is not run again.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pandas as pd
from matplotlib.figure import Figure
from scipy import stats

import localsim as ls
from localsim.appraisal.subject import Subject
from localsim.plots import style

HERE = Path(__file__).parent
OUT = Path("out") / HERE.name
CASES = {"for_local": "the case for", "against_local": "the case against"}
SCORES = {
    "Unmet need, thousand need-months (less is better)": ({"need_months_unmet": 1.0}, 1e3),
    "Amenities less cost of crises, £m (more is better)":
        ({"amenity_benefit_gbp": 1.0, "crisis_cost_gbp": -1.0}, 1e6),
    "Running it, £m (less is better)": ({"overhead_gbp": 1.0}, 1e6),
}  # fmt: skip


def gaps(results: ls.Results, weights: dict[str, float]) -> pd.DataFrame:
    """Return differences from the status quo inside Norbiton: replications by policy."""
    parts = []
    for metric, weight in weights.items():
        table = results.pivot(metric, "inside")  # noqa: PD010 - a method of Results
        parts.append(weight * table)
    wide = pd.DataFrame(sum(parts))
    return wide.drop(columns="status_quo").sub(wide["status_quo"], axis=0)


def draw(found: dict[str, ls.Results]) -> Figure:
    """Return what both cases come to inside Norbiton, score by score."""
    figure = style.chart(11.0, 2.6)
    panels = style.grid(figure, len(SCORES), len(SCORES))
    colour = style.colours(["", *CASES.values()])
    for axes, (heading, (weights, scale)) in zip(panels, SCORES.items(), strict=True):
        for number, (name, words) in enumerate(CASES.items()):
            gap = gaps(found[name], weights) / scale
            half = stats.t.ppf(0.975, len(gap) - 1) * gap.std() / len(gap) ** 0.5
            rows = [row + 0.14 * (2 * number - 1) for row in range(gap.shape[1])]
            axes.errorbar(gap.mean(), rows, xerr=half, fmt="o", markersize=4, capsize=2.5,
                          color=colour[words], label=words)  # fmt: skip
        labels = [style.policy_label(policy) for policy in gap.columns]
        axes.set_yticks(range(len(labels)), labels if axes is panels[0] else [""] * len(labels))
        axes.invert_yaxis()
        axes.axvline(0, color="grey", linewidth=0.8)
        style.panel(axes, heading, width=28)
        style.number_axis(axes, "x")
    return style.finish(
        figure, "The strongest case for One Norbiton, and against it, inside Norbiton",
        ["Dots: mean paired difference from the status quo; lines: 95% interval. Six numbers stand "
         "at the ends of their ranges, and all others are drawn.",
         replace(Subject.of(next(iter(found.values()))), held="").source()],
        panels[0].get_legend_handles_labels(),
    )  # fmt: skip


def main() -> None:
    """Run both and draw them."""
    found = {
        name: ls.Experiment.from_config(HERE / f"{name}.yaml").run(folder=OUT / name)
        for name in CASES
    }
    file = HERE / "strongest_cases.png"
    draw(found).savefig(file, dpi=100)
    print(file)


if __name__ == "__main__":
    main()
