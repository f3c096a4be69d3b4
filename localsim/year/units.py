"""Units: over which areas those who decide at a tier decide."""

from __future__ import annotations

import numpy as np

from localsim.dynamics.columns import Array
from localsim.place import Place


def units_of(place: Place, tier: str) -> tuple[Array, tuple[str, ...]]:
    """Return which unit of those who decide each area is in, int64[A], and the units' names.

    Where each person decides for herself, one body keeps everybody's account.
    """
    if tier == "person":
        return np.zeros(len(place.codes), np.int64), ("each for herself",)
    return place.units(tier), place.unit_names(tier)
