"""Who was heard and who was reached: groups of residents that a policy never came to."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

import numpy as np

from localsim.dynamics.columns import Array
from localsim.metrics.spending import ALL, Row
from localsim.population import groups_of

if TYPE_CHECKING:
    from localsim.model import Model


def never_heard(model: Model) -> Iterator[Row]:
    """Yield the share of groups nobody of whom took part, each in every neighbourhood it lives in.

    Under ``all`` every group of every neighbourhood counts as one.
    """
    home = model.place.units("neighbourhood")[model.population.area]
    units = int(home.max()) + 1
    silent, groups = 0, 0
    for group, who in groups_of(model.population):
        there = np.bincount(home[who], minlength=units) > 0
        if not there.any():
            continue
        heard = np.bincount(home[who], weights=model.took_part[who], minlength=units) > 0.0
        missing = int((there & ~heard).sum())
        silent, groups = silent + missing, groups + int(there.sum())
        yield "never_heard", group, missing / int(there.sum())
    if groups:
        yield "never_heard", ALL, silent / groups


def never_reached(model: Model, cell_groups: Iterable[tuple[str, Array]]) -> Iterator[Row]:
    """Yield the share of those in need now whom nobody has served since the policy began.

    `cell_groups` are groups by where residents live, bool[L] over cells.
    """
    need = model.town.needs.need
    in_need = (need["case"] >= 0).any(axis=0)
    unreached = in_need & ~need["reached"].any(axis=0)
    cell = model.town.needs.person["cell"]
    cells = model.heads_of_cell.size
    needing, waiting = (np.bincount(cell[who], minlength=cells) for who in (in_need, unreached))
    for group, mine in cell_groups:
        if needing[mine].any():
            yield "never_reached", group, float(waiting[mine].sum() / needing[mine].sum())
    for group, who in groups_of(model.population):
        if in_need[who].any():
            yield "never_reached", group, float(unreached[who].sum() / in_need[who].sum())
