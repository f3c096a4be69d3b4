"""At which value of each unsourced assumption that matters does One Norbiton's sign change?

    python experiments/tipping_values.py

Norbiton by itself, four years; one assumption at a time over its range, the others at their values.
"""

from __future__ import annotations

import localsim as ls

NAMES = (
    "hidden.effect",
    "needs.coupling",
    "supply.quality.private",
    "supply.price.private",
    "supply.reserve_months",
    "contract.judgement_power",
    "contract.target_power",
    "place.prevention",
    "capture.neighbourhood",
    "coordination.gbp_per_partner",
)
"""Those that a screening by Morris's method put first (notebook 05), and the price (K17)."""


def main() -> None:
    """Print a line an assumption and metric."""
    rows = ls.Assumptions.default()
    for name in NAMES:
        low, high = rows.row(name).low, rows.row(name).high
        levels = [low + step * (high - low) / 4 for step in range(5)]
        question = ls.Experiment(
            "norbiton",
            ["status_quo", "local_integrated_services"],
            years=4,
            warmup_years=4,
            replications=6,
            seed=2026,
            assumptions="fixed",
            metrics=["need_months_unmet", "amenity_benefit_gbp"],
            design=ls.Grid({name: levels}),
        )
        results = question.run(progress=False)
        for metric in ("need_months_unmet", "amenity_benefit_gbp"):
            print(ls.tipping(question, results, name, metric), flush=True)


if __name__ == "__main__":
    main()
