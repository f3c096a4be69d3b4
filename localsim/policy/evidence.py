"""What a decider sees, and the purse it decides on. Nobody sees the truth.

Evidence is late, partial, noisy, and biased by who presents and who takes part. A decider sees
its own unit's evidence pooled at its tier; below that, areas differ only by a formula on public
indicators.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from localsim.themes import Theme

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Participants:
    """Who took part and what they put first.

    `area` int64[n], position among the unit's areas; `weight` float64[n, T], what a year of each
    theme is worth to them in pounds; `turnout`, their share of the adults who could take part.
    """

    area: NDArray[np.int64]
    weight: Floats
    turnout: float

    def __len__(self) -> int:
        return int(self.area.size)


@dataclass(frozen=True)
class Evidence:
    """What one decider sees of its unit's areas (A) and themes (T).

    `value` float64[A, T]: estimated marginal value of the first pound a head (amenities), or the
    estimated cost of meeting need a head and year (casework), as this decider listens;
    `record`, `heard` float64[A, T]: the same from each source alone, None where not listened to;
    `formula` float64[A, T]: what public indicators alone predict; `historic_gbp` float64[A, T];
    `counted` float64[A, T]: benefit that the decider counts of a pound's benefit spent there, the
    rest falling on others; `waits_months` float64[T]: measured mean wait; `indicators`: public
    figures by name, float64[A].
    """

    areas: tuple[str, ...]
    themes: tuple[Theme, ...]
    residents: Floats
    value: Floats
    record: Floats | None
    heard: Floats | None
    formula: Floats
    historic_gbp: Floats
    counted: Floats
    waits_months: Floats
    indicators: Mapping[str, Floats]
    participants: Participants | None

    @property
    def need_gbp(self) -> Floats:
        """Estimated need in pounds a year, float64[A, T]: value times residents."""
        return self.value * self.residents[:, None]


@dataclass(frozen=True)
class Purse:
    """What a decider has for a year.

    `fenced_gbp` float64[T] may only be spent on its theme; `pooled_gbp` on any of those that
    `pools` (bool[T]) marks, or on any at all without it. `price` is set where money is
    open-ended: spend where marginal benefit meets it; the amounts are then the historic ones, for
    information.
    """

    fenced_gbp: Floats
    pooled_gbp: float
    price: float | None = None
    pools: NDArray[np.bool_] | None = None

    @property
    def total_gbp(self) -> float:
        """All of the purse."""
        return float(self.fenced_gbp.sum()) + self.pooled_gbp
