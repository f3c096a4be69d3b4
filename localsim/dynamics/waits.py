"""Waits as they are counted, in bins, and what they say."""

from __future__ import annotations

import numpy as np

from localsim.dynamics.columns import WAIT_BIN_RATIO, WEEKS_PER_MONTH, Array


def quantile(counts: Array, share: float) -> float:
    """Return the wait in months that a share of those counted did not exceed.

    `counts` int[WAIT_BINS]; within a bin waits are taken as even in the logarithm.
    """
    reached = np.cumsum(counts)
    mark = share * float(reached[-1])
    b = int(np.searchsorted(reached, mark))
    if b == 0:
        return 0.0
    part = (mark - float(reached[b - 1])) / float(counts[b])
    weeks = np.exp((b - 1 + part) * np.log(WAIT_BIN_RATIO)) - 1.0
    return float(weeks / WEEKS_PER_MONTH)
