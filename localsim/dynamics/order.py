"""The order of queues: of arrival, or of severity, with equals in an order drawn by lot."""

from __future__ import annotations

import numpy as np

from localsim import streams
from localsim.dynamics.columns import PRIORITY, QUEUEING, Array
from localsim.dynamics.town import Town


def set_order(town: Town, pools: Array, by_severity: bool) -> None:
    """Set in which order pools (nodes int64[n]) serve from now on, whoever waits there already."""
    queue = town.nodes.queue
    changed = pools[queue["by_severity"][pools] != by_severity]
    queue["by_severity"][pools] = by_severity
    put_in_order(town, changed)


def put_in_order(town: Town, pools: Array) -> None:
    """Put those who wait at pools (nodes int64[n]) in the order in which these serve."""
    row = town.cases.row[: int(town.cases.sizes[1])]
    waits = np.flatnonzero((row["phase"] == QUEUEING) & np.isin(row["node"], pools))
    if waits.size == 0:
        return
    queue, node = town.nodes.queue, row["node"]
    ranked = queue["by_severity"][node[waits]]
    _draw_lots(town, waits[ranked])
    rank = np.where(ranked, row["priority"][waits], row["joined"][waits])
    waits = waits[np.lexsort((row["entity"][waits], rank, node[waits]))]
    same = node[waits[1:]] == node[waits[:-1]]
    row["before"][waits] = np.concatenate([[-1], np.where(same, waits[:-1], -1)])
    row["after"][waits] = np.concatenate([np.where(same, waits[1:], -1), [-1]])
    first, last = np.concatenate([[True], ~same]), np.concatenate([~same, [True]])
    queue["first"][node[waits[first]]] = waits[first]
    queue["last"][node[waits[last]]] = waits[last]


def _draw_lots(town: Town, cases: Array) -> None:
    """Give cases (rows int64[n]) the priorities that they would have drawn on joining."""
    row = town.cases.row
    drawn = np.stack([row[name][cases] for name in ("theme", "episode", "attempts")], axis=1)
    for k, episode, attempt in np.unique(drawn, axis=0).tolist():
        alike = cases[(drawn == (k, episode, attempt)).all(axis=1)]
        lot = streams.uniform(town.rules.keys[k, PRIORITY], row["entity"][alike], episode, attempt)
        row["priority"][alike] = lot - row["severity"][alike]
