"""Institutions: agencies, providers, commissioners and the centre, as ordinary Mesa agents.

They see and are seen through the model's own accounts; what they hold is read there, so that
money has one home.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from statistics import NormalDist
from typing import Any, Protocol

import mesa
import numpy as np
from numpy.typing import NDArray


class Books(Protocol):
    """What institutions read of their model."""

    def line_gbp(self, theme: int) -> float:
        """Cash in the lines of a theme."""

    def provider(self, what: str, node: int, kind: int) -> float:
        """A figure of a provider: slots, busy, reserves_gbp, capacity, price_gbp, …quality."""

    def terms(self, node: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Rates and effort of a provider, by task."""


class Agency(mesa.Agent[Any]):
    """A silo: an agency with budget lines by theme and a front desk."""

    def __init__(self, model: Any, name: str, themes: dict[str, int]) -> None:
        super().__init__(model)
        self.name = name
        self.themes = themes

    @property
    def cash_gbp(self) -> float:
        """Cash in all of the agency's lines."""
        books: Books = self.model
        return sum(books.line_gbp(t) for t in self.themes.values())


class Provider(mesa.Agent[Any]):
    """Whoever does the work of a theme in a patch: in-house, private, voluntary, co-operative."""

    def __init__(self, model: Any, kind: str, theme: str, node: int, column: int) -> None:
        super().__init__(model)
        self.kind = kind
        self.theme = theme
        self.node = node
        self._column = column

    def _figure(self, what: str) -> float:
        books: Books = self.model
        return books.provider(what, self.node, self._column)

    @property
    def slots(self) -> int:
        """How many cases it is paid to serve at once."""
        return int(self._figure("slots"))

    @property
    def busy(self) -> int:
        """How many cases it is serving."""
        return int(self._figure("busy"))

    @property
    def reserves_gbp(self) -> float:
        """Its own money; a provider outside the agency that has less than none leaves."""
        return self._figure("reserves_gbp")

    @property
    def capacity(self) -> float:
        """Slots it could fill; infinite for in-house and private staff, who can be hired."""
        return self._figure("capacity")

    @property
    def price_gbp(self) -> float:
        """What it asks for a slot and year."""
        return self._figure("price_gbp")

    @property
    def quality(self) -> float:
        """Its chance of solving relative to the theme's: quality and fit."""
        return self._figure("quality")

    @property
    def observed_quality(self) -> float:
        """The same as those who award work see it."""
        return self._figure("observed_quality")

    @property
    def rates(self) -> NDArray[np.float64]:
        """What its contract pays for the measure of each task of its work, float64[J]."""
        books: Books = self.model
        return books.terms(self.node)[0]

    @property
    def effort(self) -> NDArray[np.float64]:
        """The effort it gives to each task above its intrinsic level, float64[J]."""
        books: Books = self.model
        return books.terms(self.node)[1]


class Commissioner(mesa.Agent[Any]):
    """Whoever a policy makes decide about a unit: a tier, its areas and last year's decision."""

    def __init__(
        self,
        model: Any,
        policy: str,
        tier: str,
        unit: str,
        areas: NDArray[np.bool_],
        devolved: bool,
    ) -> None:
        super().__init__(model)
        self.policy = policy
        self.tier = tier
        self.unit = unit
        self.areas = areas
        self.devolved = devolved
        self.participants = 0
        self.decision_gbp: NDArray[np.float64] | None = None

    @property
    def spending_gbp(self) -> float:
        """Pounds a year it decided to spend, this year."""
        return 0.0 if self.decision_gbp is None else float(self.decision_gbp.sum())


@dataclass
class Belief:
    """What the centre believes of a place: that it improves by more than it pledged.

    Normal with `mean` and `sd`, in logarithms of the measured wait a year; the conjugate update
    takes each year's gain as a noisy sight of what the place is able to do.
    """

    mean: float
    sd: float
    prior: float

    @classmethod
    def of(cls, probability: float, sd: float) -> Belief:
        """Return the belief of that probability that pledges are kept, and that spread."""
        inside = min(max(probability, 1e-9), 1.0 - 1e-9)
        return cls(sd * NormalDist().inv_cdf(inside), sd, inside)

    @property
    def probability(self) -> float:
        """The probability that the place keeps its pledges."""
        if self.sd > 0.0:
            return NormalDist().cdf(self.mean / self.sd)
        return self.prior if self.mean == 0.0 else float(self.mean > 0.0)

    def update(self, gain: float, noise_sd: float) -> None:
        """Take in a year's gain beyond the pledge, seen with an error of that spread."""
        spread = self.sd**2 + noise_sd**2
        weight = self.sd**2 / spread if spread > 0.0 else 0.0
        self.mean += weight * (gain - self.mean)
        self.sd *= math.sqrt(1.0 - weight)


class Centre(mesa.Agent[Any]):
    """The national government: what is reported to it, and what it believes of a place.

    `beliefs` has one for each regime that has a deal; `freedom_years` and `pledges_missed`,
    int64[2], are counts inside and outside the pilot since the policy began.
    """

    def __init__(self, model: Any) -> None:
        super().__init__(model)
        self.items_reported = 0
        self.beliefs: dict[int, Belief] = {}
        self.forget()

    def forget(self) -> None:
        """Start counting anew."""
        self.freedom_years = np.zeros(2, np.int64)
        self.pledges_missed = np.zeros(2, np.int64)
