"""Calibrate onset and the price of a slot, so that Kingston under the status quo is as recorded.

Run again whenever a rule or an assumption changes:

    python experiments/calibrate.py            # prints the values found
    python experiments/calibrate.py --write    # and puts them into the package's table
    python experiments/calibrate.py --housing  # the same for the optional theme, beside the others
    python experiments/calibrate.py --health-and-care  # and for social care as a theme of its own

Two numbers a theme are found, and the share of severe needs where there are two severities:
onset, so that Norbiton's open stock is met (sources stand beside the targets), and the price of a
slot, so that people in Norbiton wait for weeks (which no source gives). Where cases are handed over
to social care, the price of a slot there is found as well, so that they wait for weeks again: the
wait is read off the queue by Little's law, as those who queue are to those who are served as
the wait is to the service. The stock of the rest of
Kingston is printed beside what the sources say, and its wait; neither is fitted. Each round runs
Kingston for 15 years, of which the last five count, and moves each number by what is missing.
"""

from __future__ import annotations

import argparse
import csv
from dataclasses import dataclass
from pathlib import Path

import numpy as np

import localsim
from localsim.assumptions import Assumptions
from localsim.dynamics.columns import (
    ACCESS_MONTHS,
    FIRST_STARTS,
    FLOWS,
    IN_SERVICE,
    NO_NEED,
    QUEUEING,
)
from localsim.model import Model
from localsim.place import Place
from localsim.themes import Casework, Theme, default_themes, health_and_care, housing

ROUNDS, REPLICATIONS, SETTLE_YEARS, YEARS = 14, 1, 10, 5


@dataclass(frozen=True)
class Target:
    """Open needs in Norbiton by severity and in the rest of Kingston; mean wait in months."""

    norbiton: tuple[float, ...]
    elsewhere: float
    wait_months: float
    sources: str


# Elsewhere: Kingston's rate times its own eligible (104,572 of working age, 16,359 families,
# 63,639 households), less Norbiton.
TARGETS = {
    "work": Target((171.0, 628.0), 0.069 * 104_572 - 799, 0.75, "N08;N09"),
    "family": Target((215.0,), 0.086 * 16_359 - 215, 2.0, "N10"),
    "money": Target((600.0,), 0.0786 * 63_639 - 600, 1.0, "N02;N20; LSOA income deprivation"),
    "health": Target((1098.0, 463.0), 20_569.0, 1.5, "LSOA census health counts"),
}
# About 1,000 households in temporary accommodation, shared by income-deprived residents.
HOUSING = {"housing": Target((119.0,), 881.0, 3.0, "K11;K01")}
HEALTH_AND_CARE = {"health": TARGETS["health"]}
CARE_WAIT_MONTHS = 1.5


@dataclass(frozen=True)
class Seen:
    """What a round came to."""

    norbiton: np.ndarray
    elsewhere: float
    wait_months: float
    norbiton_wait_months: float
    norbiton_handed_over_months: float = np.nan


def observe(numbers: Assumptions, themes: list[Theme]) -> dict[str, Seen]:
    """Return mean open needs and mean waits, by theme."""
    place = Place.kingston()
    inside = place.mask("norbiton")
    names = [theme.name for theme in themes if isinstance(theme, Casework)]
    stocks: dict[str, list[np.ndarray]] = {name: [] for name in names}
    outside: dict[str, list[float]] = {name: [] for name in names}
    flows = np.zeros((2, len(names), len(FLOWS)))
    second = dict.fromkeys(names, (0, 0))  # of cases at the second team: waiting, in service
    for replication in range(REPLICATIONS):
        model = Model(
            place,
            seed=1,
            replication=replication,
            assumptions=numbers,
            zone=inside,
            themes=themes,
            warmup_years=SETTLE_YEARS,
        )
        for _ in range(YEARS):
            model.run(1)
            cases = model.town.cases.row
            open_now = cases[cases["phase"] != NO_NEED]
            here = inside[model.population.area[open_now["resident"]]]
            for k, theme in enumerate(model.facts.casework):
                mine = open_now["theme"] == k
                severity = open_now["severity"][mine & here]
                counts = np.bincount(severity, minlength=len(theme.severities))
                stocks[theme.name].append(counts.astype(float))
                outside[theme.name].append(float((mine & ~here).sum()))
                phases = open_now["phase"][mine & here & (open_now["step"] == 1)]
                waiting, busy = second[theme.name]
                second[theme.name] = (
                    waiting + int((phases == QUEUEING).sum()),
                    busy + int((phases == IN_SERVICE).sum()),
                )
        flows += model.flow_history[-1]
    seen = {}
    for k, name in enumerate(names):
        waited, first = flows[:, k, ACCESS_MONTHS], flows[:, k, FIRST_STARTS]
        seen[name] = Seen(
            np.mean(stocks[name], axis=0),
            float(np.mean(outside[name])),
            float(waited.sum() / max(1.0, first.sum())),
            float(waited[0] / max(1.0, first[0])),
            second[name][0] / max(1, second[name][1]),
        )
    return seen


def moved(
    numbers: Assumptions, seen: dict[str, Seen], targets: dict[str, Target], ending: str = ""
) -> dict[str, float]:
    """Return new values, each moved towards its target; their names have an ending, if any."""
    values: dict[str, float] = {}
    for name, target in targets.items():
        now = seen[name]
        wanted = np.array(target.norbiton)
        onset = numbers.value(f"{name}.onset_per_year{ending}")
        missing = wanted.sum() / max(1.0, now.norbiton.sum())
        values[f"{name}.onset_per_year{ending}"] = onset * missing**0.8
        if wanted.size == 2:
            share = numbers.value(f"{name}.severe_share{ending}")
            odds = share / (1.0 - share) * (wanted[1] / wanted[0])
            odds /= now.norbiton[1] / now.norbiton[0]
            values[f"{name}.severe_share{ending}"] = odds / (1.0 + odds)
        price = f"{name}.slot_gbp{ending}"
        values[price] = dearer(numbers.value(price), target.wait_months, now.norbiton_wait_months)
    return values


def dearer(price: float, wanted: float, waited: float) -> float:
    """Return a price of a slot at which the wait is nearer to the one that is wanted."""
    step = np.clip(np.log(wanted / max(waited, 0.02)), -1.5, 1.5)
    return float(price * np.exp(0.04 * step))


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
    parser.add_argument("--housing", action="store_true", help="calibrate the optional theme")
    parser.add_argument("--health-and-care", action="store_true", help="calibrate the optional set")
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    options = parser.parse_args()
    numbers = Assumptions.default()
    targets, themes = (HOUSING if options.housing else TARGETS), list(default_themes())
    if options.housing:  # its own money pays for temporary homes
        themes.append(housing())
        numbers = numbers.replace({"money.crisis_gbp": 0.0})
    ending = ""
    if options.health_and_care:
        targets, themes, ending = HEALTH_AND_CARE, list(health_and_care()), ".with_care"
    values: dict[str, float] = {}
    for number in range(options.rounds + 1):
        seen = observe(numbers, themes)
        print(f"round {number}")
        for name, target in targets.items():
            now = seen[name]
            print(
                f"  {name:<7} Norbiton {np.round(now.norbiton)} of {target.norbiton}, "
                f"elsewhere {now.elsewhere:,.0f} of {target.elsewhere:,.0f}, "
                f"wait {now.wait_months:.2f} of {target.wait_months} months "
                f"(Norbiton {now.norbiton_wait_months:.2f})"
            )
        if number < options.rounds:
            found = moved(numbers, seen, targets, ending)
            if options.health_and_care:
                waited = seen["health"].norbiton_handed_over_months
                waited *= numbers.value("health.step_months.care")
                print(f"  care    wait {waited:.2f} of {CARE_WAIT_MONTHS} months in Norbiton")
                price = numbers.value("care.slot_gbp")
                found["care.slot_gbp"] = dearer(price, CARE_WAIT_MONTHS, waited)
            values = {name: float(f"{value:.4g}") for name, value in found.items()}
            numbers = numbers.replace(values)
    for name, value in values.items():
        print(f"{name},{value:.4g}")
    if options.write:
        write(values)


if __name__ == "__main__":
    main()
