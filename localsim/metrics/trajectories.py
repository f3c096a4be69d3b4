"""Trajectories: what a model comes to month by month."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from localsim.dynamics.columns import (
    ACCESS_MONTHS,
    CRISES,
    FIRST_STARTS,
    NEED_MONTHS,
    SERVICE_MONTHS,
    SOLVED,
    Array,
)
from localsim.metrics.spending import zones
from localsim.year.accounts import ZONES

if TYPE_CHECKING:
    from localsim.model import Model


def series(model: Model) -> dict[tuple[str, str], list[float]]:
    """Return monthly trajectories since the policy began, by (metric, group).

    A month's unmet need-months, crises, solved needs, mean wait of those first served in the
    month (the last known where nobody was), spending and trust.
    """
    paths: dict[tuple[str, str], list[float]] = {}
    if not model.flow_history:
        return paths
    flows = np.array(model.flow_history)  # months, zones, themes, flows
    months = np.diff(np.concatenate([np.zeros_like(flows[:1]), flows]), axis=0).sum(axis=2)
    spend = np.diff(np.array([[0.0] * len(ZONES), *model.spend_history]), axis=0)
    trust = np.array(model.trust_history)
    heads = model.heads_of_zone
    for group, zone in zones(model):
        which = slice(None) if zone is None else slice(ZONES.index(zone), ZONES.index(zone) + 1)
        here = months[:, which].sum(axis=1)
        unmet = np.maximum(0.0, here[:, NEED_MONTHS] - here[:, SERVICE_MONTHS])
        paths["need_months_unmet", group] = unmet.tolist()
        paths["crises", group] = here[:, CRISES].tolist()
        paths["solved", group] = here[:, SOLVED].tolist()
        paths["wait_mean_months", group] = _filled(here[:, ACCESS_MONTHS], here[:, FIRST_STARTS])
        paths["spend_gbp", group] = spend[:, which].sum(axis=1).tolist()
        weights = heads[which] / max(1.0, float(heads[which].sum()))
        level = model.facts.value("trust.council")
        paths["trust", group] = (level + (trust[:, which] * weights).sum(axis=1)).tolist()
    return paths


def _filled(over: Array, under: Array) -> list[float]:
    last = 0.0
    path = []
    for top, bottom in zip(over, under, strict=True):
        last = float(top / bottom) if bottom > 0.0 else last
        path.append(last)
    return path
