"""Which few assumptions carry the case for One Norbiton, and the case against it?

    python experiments/strongest_cases/search.py

Norbiton by itself, five years, every assumption drawn anew from its range in each of 300 runs: a
sample of what is not known. Each assumption is ranked beside One Norbiton's difference from the
status quo, in unmet need and in money (the benefit of amenities less what crises cost); those whose
rank correlation cannot be luck, with as many tried (Bonferroni), carry it, the strongest first. The
strongest case is that with these at the ends of their ranges that favour it, or at the others; all
else stays drawn. The configs beside this file hold what it printed, and are run on other luck, in
Kingston. A minute on two quiet processors; results go to ``out/strongest_cases``.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from scipy import stats

import localsim as ls

POLICY = "local_integrated_services"
SCORES = {
    "unmet need": {"need_months_unmet": -1.0},
    "money": {"amenity_benefit_gbp": 1.0, "crisis_cost_gbp": -1.0},
}
"""What is held to be better, each metric by its weight."""

REPLICATIONS, SEED = 300, 77
MOST, ERROR = 6, 0.05


@dataclass(frozen=True)
class Carrier:
    """An assumption that carries a case, and the ends of its range for and against."""

    name: str
    correlation: float
    favours: float
    harms: float


def question(replications: int = REPLICATIONS) -> ls.Experiment:
    """Return the sample that is searched."""
    return ls.Experiment(
        "norbiton",
        ["status_quo", POLICY],
        years=5,
        replications=replications,
        seed=SEED,
        assumptions="sampled",
        metrics=[metric for weights in SCORES.values() for metric in weights],
    )


def drawn(asked: ls.Experiment) -> pd.DataFrame:
    """Return what was drawn, a row a replication, a column an assumption that has a range."""
    rows = {}
    for replication in range(asked.replications):
        numbers = asked.plan.assumptions_of(replication)
        rows[replication] = {name: numbers.value(name) for name in numbers.names}
    world = pd.DataFrame.from_dict(rows, orient="index")
    return world.loc[:, (world != world.iloc[0]).any()]


def gain(results: ls.Results, weights: dict[str, float]) -> pd.Series:
    """Return by how much One Norbiton is better than the status quo, a number a replication."""
    total = pd.Series(0.0, index=range(results.replications))
    for metric, weight in weights.items():
        wide = results.pivot(metric)  # noqa: PD010 - a method of Results, not of a table
        total += weight * (wide[POLICY] - wide["status_quo"])
    return total


def carriers(world: pd.DataFrame, better: pd.Series) -> list[Carrier]:
    """Return the assumptions that move a gain beyond luck, the strongest first."""
    found = []
    rows = ls.Assumptions.default()
    for name in world.columns:
        ranked = stats.spearmanr(world[name], better)
        if ranked.pvalue < ERROR / world.shape[1]:
            row = rows.row(name)
            ends = (row.high, row.low) if ranked.statistic > 0.0 else (row.low, row.high)
            found.append(Carrier(name, float(ranked.statistic), *ends))
    return sorted(found, key=lambda one: -abs(one.correlation))


def explained(world: pd.DataFrame, better: pd.Series, names: list[str]) -> float:
    """Return the share of the variance of ranks that some assumptions explain by themselves."""
    design = np.column_stack([np.ones(len(better)), world[names].rank().to_numpy()])
    own = better.rank().to_numpy()
    left = own - design @ np.linalg.lstsq(design, own, rcond=None)[0]
    return float(1.0 - left.var() / own.var())


def main() -> None:
    """Run the sample, or go on with it, and print what carries each case."""
    asked = question()
    results = asked.run(folder=Path("out") / "strongest_cases" / "search", progress=False)
    world = drawn(asked)
    for what, weights in SCORES.items():
        better = gain(results, weights)
        found = carriers(world, better)
        chosen = found[:MOST]
        share = explained(world, better, [one.name for one in chosen])
        print(f"{what}: gain {better.mean():,.0f}, a loss in {(better < 0.0).mean():.0%} of "
              f"{len(better)} runs; {len(found)} of {world.shape[1]} assumptions move it beyond "
              f"luck, and {len(chosen)} explain {share:.0%}")  # fmt: skip
        for one in chosen:
            print(f"  {one.name:28} correlation {one.correlation:+.2f}; "
                  f"for {one.favours:g}, against {one.harms:g}")  # fmt: skip


if __name__ == "__main__":
    main()
