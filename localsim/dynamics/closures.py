"""Closures: a provider leaves between two windows, and its cases go back to the queue."""

from __future__ import annotations

import numpy as np

from localsim.dynamics.columns import IN_SERVICE, QUEUEING
from localsim.dynamics.order import put_in_order
from localsim.dynamics.town import Town


def send_back(town: Town, node: int, provider: int) -> None:
    """Send the cases in a provider's service at a node to the end of its queue, or to their rank.

    Those who had waited longest for it come first. What was done for them is lost: service begins
    anew, and the clocks of healing and crisis, which stood still, run on.
    """
    cases, nodes = town.cases, town.nodes
    row = cases.row[: cases.sizes[1]]
    mine = np.flatnonzero(
        (row["phase"] == IN_SERVICE) & (row["node"] == node) & (row["provider"] == provider)
    )
    nodes.work["busy"][node, provider] -= mine.size
    if mine.size == 0:
        return
    mine = mine[np.lexsort((row["entity"][mine], row["joined"][mine]))]
    for clock in ("heal_at", "crisis_at"):
        row[clock][mine] += town.months
    row["phase"][mine] = QUEUEING
    row["phase_at"][mine] = np.inf
    row["joined"][mine] = town.months
    row["stamp"][mine] += 1
    cases.due[mine] = np.minimum(row["heal_at"][mine], row["crisis_at"][mine])
    queue = nodes.queue[node : node + 1]
    tail = int(queue["last"][0])
    row["before"][mine] = np.concatenate([[tail], mine[:-1]])
    row["after"][mine] = np.concatenate([mine[1:], [-1]])
    if tail >= 0:
        row["after"][tail] = mine[0]
    else:
        queue["first"] = mine[0]
    queue["last"] = mine[-1]
    queue["waiting"] += mine.size
    if queue["by_severity"][0]:
        put_in_order(town, np.array([node]))
    np.subtract.at(town.tally.stock["in_service"], (row["cell"][mine], row["theme"][mine]), 1)
