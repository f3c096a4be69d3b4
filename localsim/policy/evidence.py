"""What a decider sees, and the purse it decides on. Nobody sees the truth.

Evidence is late, partial, noisy, and biased by who presents and who takes part. A decider sees
its own unit's evidence pooled at its tier; below that, areas differ only by a formula on public
indicators.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from localsim.themes import Theme

Floats = NDArray[np.float64]
_GROWN = 40  # years: the age of a participant of whom none is known


@dataclass(frozen=True)
class Participants:
    """Who took part and what they put first.

    `area` int64[n], position among the unit's areas; `weight` float64[n, T], what a year of each
    theme is worth to them in pounds; `turnout`, their share of those who could take part. `age`
    int64[n] in years; `lot` float64[n], each one's ticket if there is to be a draw by lot;
    `stratum` int64[n], one of eight by deprivation, tenure and youth, and `strata` float64[8],
    the share of those who could take part in each; `on_the_books` bool[n], whether a service has a
    case of theirs. These five may be left out of evidence made by hand: all are then adults of one
    stratum without a case, and tickets are in order.
    """

    area: NDArray[np.int64]
    weight: Floats
    turnout: float
    age: NDArray[np.int64] = field(default_factory=lambda: np.zeros(0, np.int64))
    lot: Floats = field(default_factory=lambda: np.zeros(0))
    stratum: NDArray[np.int64] = field(default_factory=lambda: np.zeros(0, np.int64))
    strata: Floats = field(default_factory=lambda: np.ones(1))
    on_the_books: NDArray[np.bool_] = field(default_factory=lambda: np.zeros(0, np.bool_))

    def __post_init__(self) -> None:
        count = self.area.size
        for name, usual in (
            ("age", np.full(count, _GROWN)),
            ("lot", np.arange(count, dtype=np.float64)),
            ("stratum", np.zeros(count, np.int64)),
            ("on_the_books", np.zeros(count, np.bool_)),
        ):
            if getattr(self, name).size != count:
                object.__setattr__(self, name, usual)

    def __len__(self) -> int:
        return int(self.area.size)

    def where(self, chosen: NDArray[np.bool_]) -> Participants:
        """Return some of them (bool[n]); turnout and strata stay those of all who were asked."""
        return replace(
            self,
            area=self.area[chosen],
            weight=self.weight[chosen],
            age=self.age[chosen],
            lot=self.lot[chosen],
            stratum=self.stratum[chosen],
            on_the_books=self.on_the_books[chosen],
        )


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
