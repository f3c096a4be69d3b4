"""Run the questions whose findings are written down and draw a figure for each.

    python experiments/draw.py [NAME ...]

Results go to ``out/NAME``, and what is there already is not run again; figures are written to
``experiments/figures``.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from scipy import stats

import localsim as ls
from localsim import plots
from localsim.appraisal.subject import Subject
from localsim.plots import style

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


def by_year(results: ls.Results, metric: str, group: str) -> pd.DataFrame:
    """Return a metric's sum in each year less the baseline's: policy and year by replication."""
    rows = results.series
    rows = rows[(rows["metric"] == metric) & (rows["group"] == group)]
    plain = rows.assign(policy=rows["policy"].astype(str), year=(rows["month"] - 1) // 12 + 1)
    wide = plain.pivot_table(
        index=["policy", "year"], columns="replication", values="value", aggfunc="sum"
    )
    return wide.sub(wide.loc[results.experiment["baseline"]], level="year")


def _years(axes: Axes, gap: pd.DataFrame, names: list[str], scale: float) -> None:
    """Draw policies' differences by year, means with 95 % intervals."""
    colour = style.colours(["", *names])
    for number, name in enumerate(names):
        there = gap.loc[name] / scale
        mean, count = there.mean(axis=1), there.shape[1]
        half = stats.t.ppf(0.975, count - 1) * there.std(axis=1) / count**0.5
        aside = (number - (len(names) - 1) / 2) * 0.11
        axes.errorbar(mean.index + aside, mean, yerr=half, marker="o", markersize=3.5,
                      linewidth=1.2, elinewidth=0.8, color=colour[name], label=name)  # fmt: skip
    axes.axhline(0, color="grey", linewidth=0.8)
    axes.set_xticks(gap.loc[names[0]].index)
    axes.set_xlabel("year")
    style.number_axis(axes, "y")


def roll_out(results: ls.Results) -> Figure:
    """Return the difference in unmet need by year, in Norbiton and in the rest of Kingston."""
    names = [name for name in results.policies if name != results.experiment["baseline"]]
    figure = style.chart(9.0, 3.8)
    panels = style.grid(figure, 2, 2)
    for axes, group, where in zip(
        panels, ("inside", "outside"), ("In Norbiton", "In the rest of Kingston"), strict=True
    ):
        _years(axes, by_year(results, "need_months_unmet", group), names, 1e3)
        style.panel(axes, where)
    panels[0].set_ylabel("thousand need-months unmet, less status quo")
    return style.finish(
        figure, "A pilot, and then? Unmet need year by year",
        ["Dots: mean paired difference from the status quo; lines: 95% interval. The pilot goes "
         "everywhere after year 3, or ends after year 4.", Subject.of(results).source()],
        panels[0].get_legend_handles_labels(),
    )  # fmt: skip


def what_persists(results: ls.Results) -> Figure:
    """Return the difference in unmet need by year of what goes on, ends, or stays in part."""
    sets = {
        "One Norbiton goes on, or ends after year 4": ["goes on", "ends"],
        "… or ends, and one thing of it stays":
            ["its providers stay", "its judgement stays", "its pool and panel stay",
             "providers from year five"],
        "Buildings handed over; a loan invested":
            ["asset transfer goes on", "asset transfer ends", "a loan goes on", "a loan ends"],
    }  # fmt: skip
    figure = style.chart(11.0, 4.4)
    panels = style.grid(figure, 3, 3, sharey=True)
    gap = by_year(results, "need_months_unmet", "all")
    for axes, (heading, names) in zip(panels, sets.items(), strict=True):
        _years(axes, gap, names, 1.0)
        style.panel(axes, heading)
        axes.legend(frameon=False, fontsize=7, loc="lower left")
    panels[0].set_ylim(bottom=-3_200)
    panels[0].set_ylabel("need-months unmet, less status quo")
    return style.finish(
        figure, "What is left when the money ends",
        ["Dots: mean paired difference from the status quo; lines: 95% interval.",
         Subject.of(results).source()],
    )  # fmt: skip


def coordinated_care(results: ls.Results) -> Figure:
    """Return what co-ordinated care does to unmet need over the lead's pace and who goes on."""
    return plots.border(
        results, "coordinated_care", "status_quo",
        dials=("doors.lead_service_ratio", "health.step_share.care"),
    )  # fmt: skip


FIGURES: dict[str, Callable[[ls.Results], Figure]] = {
    "every_policy": every_policy,
    "what_one_norbiton_adds": what_one_norbiton_adds,
    "voice_or_formula": voice_or_formula,
    "savings_or_relocation": savings_or_relocation,
    "roll_out": roll_out,
    "what_persists": what_persists,
    "coordinated_care": coordinated_care,
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
