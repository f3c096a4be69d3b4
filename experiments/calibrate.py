"""Calibrate onset and the price of a slot, so that Norbiton under the status quo is as recorded.

Run again whenever a rule or an assumption changes:

    python experiments/calibrate.py            # prints the values found
    python experiments/calibrate.py --write    # and puts them into the package's table

Two numbers a theme are found, and the share of severe needs where there are two severities. The
targets are open stocks (source rows beside them) and mean waits of weeks, which no source gives.
Each round runs Norbiton for 20 years, of which the last ten count, over several replications,
and moves onset in proportion to the stock that is missing and the price of a slot by how far the
wait is from its target.
"""

from __future__ import annotations

import argparse
import csv
from dataclasses import dataclass
from pathlib import Path

import numpy as np

import localsim
from localsim.assumptions import Assumptions
from localsim.dynamics.columns import ACCESS_MONTHS, FIRST_STARTS, NO_NEED
from localsim.model import Model
from localsim.place import Place

ROUNDS, REPLICATIONS, SETTLE_YEARS, YEARS = 14, 3, 10, 10


@dataclass(frozen=True)
class Target:
    """Open needs by severity (sources), and the mean wait in months (unsourced)."""

    stock: tuple[float, ...]
    wait_months: float
    sources: str


TARGETS = {
    "work": Target((171.0, 628.0), 0.75, "N08;N09"),
    "family": Target((215.0,), 2.0, "N10"),
    "money": Target((600.0,), 1.0, "N02;N20"),
    "health": Target((1098.0, 463.0), 1.5, "LSOA census health counts"),
}


def observe(numbers: Assumptions) -> dict[str, tuple[np.ndarray, float]]:
    """Return mean open needs by severity and mean wait in months, by theme."""
    stocks: dict[str, list[np.ndarray]] = {name: [] for name in TARGETS}
    waits: dict[str, list[tuple[float, float]]] = {name: [] for name in TARGETS}
    for replication in range(REPLICATIONS):
        model = Model(
            Place.norbiton(),
            seed=1,
            replication=replication,
            assumptions=numbers,
            warmup_years=SETTLE_YEARS,
        )
        for _ in range(YEARS):
            model.run(1)
            cases = model.town.cases.row
            open_now = cases[cases["phase"] != NO_NEED]
            for k, theme in enumerate(model.facts.casework):
                mine = open_now[open_now["theme"] == k]
                counts = np.bincount(mine["severity"], minlength=len(theme.severities))
                stocks[theme.name].append(counts.astype(float))
        flows = model.town.tally.flows.sum(axis=0)
        for k, theme in enumerate(model.facts.casework):
            waits[theme.name].append((flows[k, ACCESS_MONTHS], flows[k, FIRST_STARTS]))
    return {
        name: (
            np.mean(stocks[name], axis=0),
            sum(w for w, _ in waits[name]) / max(1.0, sum(n for _, n in waits[name])),
        )
        for name in TARGETS
    }


def moved(numbers: Assumptions, seen: dict[str, tuple[np.ndarray, float]]) -> dict[str, float]:
    """Return new values, each moved towards its target."""
    values: dict[str, float] = {}
    for name, target in TARGETS.items():
        stock, wait = seen[name]
        wanted = np.array(target.stock)
        ratio = wanted.sum() / max(1.0, stock.sum())
        values[f"{name}.onset_per_year"] = numbers.value(f"{name}.onset_per_year") * ratio**0.8
        if wanted.size == 2:
            share = numbers.value(f"{name}.severe_share")
            odds = share / (1.0 - share) * (wanted[1] / wanted[0]) / (stock[1] / stock[0])
            values[f"{name}.severe_share"] = odds / (1.0 + odds)
        step = np.clip(np.log(target.wait_months / max(wait, 0.02)), -1.5, 1.5)
        values[f"{name}.slot_gbp"] = numbers.value(f"{name}.slot_gbp") * np.exp(0.03 * step)
    return values


def write(values: dict[str, float]) -> None:
    """Put the values into the package's table, their ranges scaled with them."""
    path = Path(localsim.__file__).parent / "data" / "assumptions.csv"
    with path.open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    for row in rows:
        if row["name"] in values:
            old, new = float(row["value"]), values[row["name"]]
            for end in ("low", "high"):
                row[end] = f"{float(row[end]) * new / old:.4g}"
            row["value"] = f"{new:.4g}"
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, rows[0].keys(), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def main() -> None:
    """Find the values and print them beside what they give."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--write", action="store_true", help="put the values into the package")
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    options = parser.parse_args()
    numbers = Assumptions.default()
    values: dict[str, float] = {}
    for number in range(options.rounds + 1):
        seen = observe(numbers)
        print(f"round {number}")
        for name, (stock, wait) in seen.items():
            print(
                f"  {name:<7} open {np.round(stock)} of {TARGETS[name].stock}, "
                f"wait {wait:.2f} of {TARGETS[name].wait_months} months"
            )
        if number < options.rounds:
            values = {name: float(f"{value:.4g}") for name, value in moved(numbers, seen).items()}
            numbers = numbers.replace(values)
    for name, value in values.items():
        print(f"{name},{value:.4g}")
    if options.write:
        write(values)


if __name__ == "__main__":
    main()
