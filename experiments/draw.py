"""Run the questions whose findings are written down and draw a figure for each.

    python experiments/draw.py [NAME ...]

Results go to ``out/NAME``, and what is there already is not run again; figures are written to
``experiments/figures``.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

from matplotlib.figure import Figure

import localsim as ls
from localsim import plots

HERE = Path(__file__).parent
OUT = Path("out")


def every_policy(results: ls.Results) -> Figure:
    """Return every policy's differences inside Norbiton, outside it and over all."""
    return ls.appraise(results).plot(["need_months_unmet", "amenity_benefit_gbp"])


def what_one_norbiton_adds(results: ls.Results) -> Figure:
    """Return the unmet need inside by how much is pooled and by who decides."""
    return plots.sweep(
        results, "One Norbiton", "status_quo", "One Norbiton.budgets.share",
        group="inside", by="One Norbiton.tier",
    )  # fmt: skip


def voice_or_formula(results: ls.Results) -> Figure:
    """Return the unmet need over turnout and capture."""
    return plots.border(
        results, "residents and agencies", "a good formula",
        dials=("capture.neighbourhood", "participation.b0"),
    )  # fmt: skip


def savings_or_relocation(results: ls.Results) -> Figure:
    """Return who pays less and who pays more under a place-based budget, payer by payer."""
    table = results.table
    payers = table[table["group"].astype(str).str.startswith("payer: ")]
    wide = payers.pivot_table(
        index=["metric", "group", "point", "replication"], columns="policy", values="value",
        observed=True,
    )  # fmt: skip
    gap = (wide["place_based_budget"] - wide["status_quo"]) / 1e6
    spread = gap.groupby(level=["metric", "group"], observed=True).agg(["mean", "min", "max"])
    spread = spread[(spread["min"] != 0) | (spread["max"] != 0)].sort_values("mean")
    figure = Figure(figsize=(8.5, 0.36 * len(spread) + 1.4), layout="constrained")
    axes = figure.subplots()
    middle = spread["mean"].to_numpy()
    reach = [middle - spread["min"].to_numpy(), spread["max"].to_numpy() - middle]
    axes.errorbar(middle, range(len(spread)), xerr=reach, fmt="o", color="#0072b2", capsize=2.5)
    names = [f"{group.removeprefix('payer: ')} ({ls.METRICS[metric].label.lower()})"
             for metric, group in spread.index]  # fmt: skip
    axes.set_yticks(range(len(spread)), names, fontsize=8)
    axes.axvline(0, color="grey", linewidth=0.8)
    axes.set_xlabel("£ million in five years of cuts, place-based budget less status quo")
    axes.set_title("Who pays less, and who pays more", loc="left")
    axes.spines[["top", "right"]].set_visible(False)
    figure.supxlabel(
        "Dots: means; lines: the lowest and highest of all runs. Source: localsim, Kingston.",
        fontsize=7.5, color="grey", x=0.01, ha="left",
    )  # fmt: skip
    return figure


FIGURES: dict[str, Callable[[ls.Results], Figure]] = {
    "every_policy": every_policy,
    "what_one_norbiton_adds": what_one_norbiton_adds,
    "voice_or_formula": voice_or_formula,
    "savings_or_relocation": savings_or_relocation,
}


def main(names: list[str]) -> None:
    """Draw the figures named, or all."""
    for name in names or FIGURES:
        experiment = ls.Experiment.from_config(HERE / f"{name}.yaml")
        results = experiment.run(folder=OUT / name)
        file = HERE / "figures" / f"{name}.png"
        file.parent.mkdir(exist_ok=True)
        FIGURES[name](results).savefig(file, dpi=100)
        print(file)


if __name__ == "__main__":
    main(sys.argv[1:])
