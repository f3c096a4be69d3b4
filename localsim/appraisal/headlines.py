"""Which metrics a reader is shown first, and by what short names."""

from __future__ import annotations

import pandas as pd

from localsim.appraisal.wording import INSIDE, OUTSIDE, WHOLE, label, ordered_metrics

NEED = "need_months_unmet"
# What a reader asks first, in order, with a label that fits a column and names its unit.
HEADLINES = {
    NEED: "Unmet need-months",
    "crises": "Crises",
    "wait_median_months": "Median wait, months",
    "solved": "Needs solved",
    "pass_offs_per_solved": "Pass-offs per solved",
    "overhead_gbp": "Running costs",
    "crisis_cost_gbp": "Crisis costs",
    "trust": "Trust",
    "participation": "Adults taking part",
    "amenity_benefit_gbp": "Amenity benefit",
    "wait_p90_months": "1-in-10 wait, months",
    "spend_gbp": "Money spent",
}


def headline_metrics(rows: pd.DataFrame) -> list[str]:
    """Return the headline metrics among rows of differences or results, most asked for first.

    Where none is a headline, all metrics there are for the pilot, the rest or the whole place.
    """
    of_places = rows["group"].isin([WHOLE, INSIDE, OUTSIDE])
    present = ordered_metrics(rows.loc[of_places, "metric"].astype(str).unique())
    return [name for name in HEADLINES if name in present] or present


def short_label(metric: str, unit: str = "") -> str:
    """Return a metric's short label; where it has none its full one, and the unit if given."""
    return HEADLINES.get(metric) or ", ".join(part for part in (label(metric), unit) if part)
