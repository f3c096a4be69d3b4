"""How much pairing cuts the variance of a difference between two policies."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from benchmarks.core import YEARS
from benchmarks.table import Row
from localsim.metrics import measure
from localsim.model import Model
from localsim.place import Place
from localsim.policy.policy import Pilot
from localsim.policy.presets import local_integrated_services, status_quo

REPLICATIONS = 20
METRIC = "need_months_unmet"
GROUPS = ("all", "inside")


def unmet(model: Model) -> list[float]:
    """Return the months of unmet need since the policy began, by group."""
    measured = {group: value for name, group, value in measure(model) if name == METRIC}
    return [measured[group] for group in GROUPS]


def outcomes() -> NDArray[np.float64]:
    """Return unmet need, float64[replications, policies, groups], each replication forked."""
    usual = status_quo()
    pilot = Pilot(local_integrated_services(), "norbiton", elsewhere=usual)
    table = []
    for replication in range(REPLICATIONS):
        warm = Model(Place.kingston(), pilot, replication=replication)
        row = []
        for policy in (usual, pilot):
            model = warm.fork(policy)
            model.run(YEARS)
            row.append(unmet(model))
        table.append(row)
    return np.array(table)


def pairing() -> list[Row]:
    """Compare the variance of the paired difference with that of independent seeds.

    With independent seeds the variance of a difference is the sum of the policies' own.
    """
    table = outcomes()
    paired = table[:, 1] - table[:, 0]
    together, apart = paired.var(axis=0, ddof=1), table.var(axis=0, ddof=1).sum(axis=0)
    factors = apart / together
    where = {"all": "whole of Kingston", "inside": "inside the pilot"}
    return [
        Row(
            f"Pairing, variance of the difference in unmet need-months, {where[group]}",
            f"{together[g]:,.0f}",
            f"{apart[g]:,.0f}",
            f"{factors[g]:.1f} times less",
            "≥ 3",
            bool(factors[g] >= 3.0),
            (
                "local_integrated_services piloted in Norbiton inside Kingston, less status_quo; "
                f"{YEARS} years, {REPLICATIONS} replications, assumptions fixed; mean difference "
                f"{paired[:, g].mean():,.0f} need-months, standard error "
                f"{paired[:, g].std(ddof=1) / REPLICATIONS**0.5:,.0f}",
            ),
        )
        for g, group in enumerate(GROUPS)
    ]
