"""Institutions: agencies, providers, commissioners and the centre, as ordinary Mesa agents.

They see and are seen through the model's own accounts; what they hold is read there, so that
money has one home.
"""

from __future__ import annotations

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


class Centre(mesa.Agent[Any]):
    """The national government: whose targets are reported, and what reporting costs the place."""

    def __init__(self, model: Any) -> None:
        super().__init__(model)
        self.items_reported = 0
