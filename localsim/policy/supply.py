"""Whose hands do the work."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from typing import final

from localsim.errors import LocalsimError
from localsim.policy.budgets import check_share, check_whole

KINDS = ("in-house", "private", "voluntary", "co-operative")
IN_HOUSE, PRIVATE, VOLUNTARY, COOPERATIVE = range(len(KINDS))
COMMUNITY = (VOLUNTARY, COOPERATIVE)
COMMUNITY_KINDS = KINDS[VOLUNTARY:]
MOST_PROJECTS = 10_000
MOST_SLOTS = 1_000_000


class Supply(ABC):
    """Who may provide."""


@final
@dataclass(frozen=True)
class InHouse(Supply):
    """Each agency's own staff."""


@dataclass(frozen=True)
class Awarded(Supply, ABC):
    """Work is awarded by price and quality as they are observed; the agency's staff do the rest.

    `capacity_building`, 0 to 1, is a paid programme that lets community providers grow.
    `quality_weight`, 0 to 1, is the weight of quality against price. A contract or grant lasts
    `contract_years`. `projects` is how many projects of their own residents of each area are
    asked to organise a year; volunteers and gifts come to those that somebody organises. Work is
    let in lots of `lot_slots`: whoever cannot fill a whole one is not awarded it.
    """

    capacity_building: float = 0.0
    quality_weight: float = 0.5
    contract_years: int = 3
    projects: int = field(default=0, kw_only=True)
    lot_slots: int = field(default=1, kw_only=True)

    def __post_init__(self) -> None:
        name = type(self).__name__
        check_share(f"{name}: capacity_building", self.capacity_building)
        check_share(f"{name}: quality_weight", self.quality_weight)
        check_whole(f"{name}: contract_years", self.contract_years, 1, 50)
        check_whole(f"{name}: lot_slots", self.lot_slots, 1, MOST_SLOTS)
        check_whole(f"{name}: projects", self.projects, 0, MOST_PROJECTS)
        if self.projects and not self.community_bids:
            raise LocalsimError(
                f"{name}: projects are residents' own, and this answer leaves the community out; "
                "set community=True."
            )

    @property
    def community_bids(self) -> bool:
        """Whether voluntary and co-operative providers may be awarded work."""
        return bool(set(self.bidders) & set(COMMUNITY_KINDS))

    @property
    @abstractmethod
    def bidders(self) -> tuple[str, ...]:
        """Kinds of provider that may be awarded work beside the agency's own staff."""


@final
@dataclass(frozen=True)
class Market(Awarded):
    """Work is put out to tender; with `community`, voluntary and co-operative providers bid too."""

    community: bool = False

    @property
    def bidders(self) -> tuple[str, ...]:
        """Private firms, and with `community` voluntary and co-operative providers."""
        return KINDS[1:] if self.community else KINDS[1:2]


@final
@dataclass(frozen=True)
class Community(Awarded):
    """Agencies' own staff, and voluntary and co-operative providers by grant.

    Grants are cheaper to let than contracts, and easier to lose: one may not be renewed.
    """

    @property
    def bidders(self) -> tuple[str, ...]:
        """Voluntary and co-operative providers."""
        return COMMUNITY_KINDS
