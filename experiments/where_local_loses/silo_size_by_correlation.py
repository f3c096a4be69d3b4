"""Small teams or one large one, over how large the small are and how far demand moves together.

Thirty-two areas have work that comes in ups and downs, and what is not met within its month is
lost. Teams of so many areas each keep their own staff; or one team serves all. The one team meets
the same shocks with less unmet (Eppen 1979; ``localsim.check.risk_pooling``), unless they move all
areas alike. But whoever shares staff has partners to meet with, and staff who know each of them a
little less (the answer ``Shared``). Dials: areas of a team, and the correlation of shocks.

    python experiments/where_local_loses/draw.py silo_size_by_correlation

At which tier staff work as a team belongs to a theme and not to a policy, so that this question is
written in Python: 400 runs, about half a minute on two quiet processors.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

import localsim as ls

AREAS = 32
SIZES = (1, 2, 4, 8, 16)
CORRELATIONS = (0.0, 0.25, 0.5, 0.75, 1.0)
APART, TOGETHER = "a team each", "one team for all"
METRIC = "expired"
CORRELATION = "needs.shock_correlation"
SIZE = "areas of a team"

# Of this place, not of the world: an area of a thousand has a hundred cases a month and ten staff,
# each of whom sees ten, so that staff suffice in a month like any other. Staff cost about what a
# slot of family services or of health and care does.
RESIDENTS, CASES, SLOTS, SLOT_GBP = 1_000, 100.0, 10, 6_000.0

HELD = {"needs.shock_sd": 0.3, "needs.expire_share": 1.0, "sharing.fixed_share": 0.0}
"""Shocks of three tenths of demand (no source); nothing waits a month; no fixed cost to spread."""

OPEN = ("coordination.gbp_per_partner", "sharing.fit_loss")
"""What sharing costs, at its values in the log; all other frictions are nothing."""


@dataclass(frozen=True)
class Swept:
    """Results of both arrangements under one roof."""

    table: pd.DataFrame
    series: pd.DataFrame
    design: pd.DataFrame
    experiment: dict[str, Any]


def ask(
    areas: int, *, apart: bool, years: int = 2, replications: int = 8,
    correlations: tuple[float, ...] = CORRELATIONS,
) -> ls.Experiment:  # fmt: skip
    """Return the question for one arrangement: teams of so many areas, or one team for all."""
    teams = AREAS // areas
    log = ls.Assumptions.default()
    numbers = ls.check.frictionless(HELD | {name: log.value(name) for name in OPEN})
    work = ls.Casework(
        "cases",
        eligible="everyone",
        desk=False,
        team="neighbourhood" if apart else "nation",
        values={
            "onset_per_year": 12.0 * CASES / RESIDENTS,
            "heal_per_month.open": 0.0,
            "present_per_month.open": 1e9,
            "solve_share.open": 1.0,
            "service_months.open": SLOTS / CASES,
            "slot_gbp": SLOT_GBP,
            "budget_gbp_per_indicator": SLOTS * SLOT_GBP / RESIDENTS,
        },
    )
    supply = ls.InHouse() if apart else ls.Shared(authorities=teams)
    return ls.Experiment(
        ls.Place.synthetic([RESIDENTS] * AREAS, neighbourhood_areas=areas, heterogeneity=0.0),
        [ls.Policy(APART if apart else TOGETHER, tier="nation", supply=supply)],
        years=years,
        replications=replications,
        seed=2026,
        assumptions=numbers,
        themes=[work],
        metrics=[METRIC],
        warmup_years=0,
        design=ls.Grid({CORRELATION: list(correlations)}),
    )


def run(folder: Path | None = None, sizes: tuple[int, ...] = SIZES, **others: Any) -> Swept:
    """Run both arrangements at every size, or go on with them, and lay them side by side."""
    tables, rows = [], []
    for number, areas in enumerate(sizes):
        for apart in (True, False):
            asked = ask(areas, apart=apart, **others)
            kept = None if folder is None else folder / f"{areas} {'apart' if apart else 'one'}"
            results = asked.run(progress=False, folder=kept)
            found = results.table.copy()
            found["point"] += number * len(asked.design or ())
            tables.append(found)
        rows += [{SIZE: areas, CORRELATION: point[CORRELATION]} for point in asked.design or ()]
    table = pd.concat([found.astype({"policy": str}) for found in tables], ignore_index=True)
    design = pd.DataFrame(rows).rename_axis(index="point")
    return Swept(table, pd.DataFrame(), design, results.experiment)
