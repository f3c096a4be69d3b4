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


@dataclass(frozen=True)
class Supply(ABC):
    """Who may provide, and how far users work with them.

    `coproduction`, 0 to 1, is how much of what they could do for themselves users are asked to do.
    """

    coproduction: float = field(default=0.0, kw_only=True)

    def __post_init__(self) -> None:
        check_share(f"{type(self).__name__}: coproduction", self.coproduction)


@final
@dataclass(frozen=True)
class InHouse(Supply):
    """Each agency's own staff."""


@final
@dataclass(frozen=True)
class Shared(Supply):
    """Staff shared with other authorities: fixed cost is spread, and the fit to a place is less.

    `authorities` is how many share, this one with them.
    """

    authorities: int = 2

    def __post_init__(self) -> None:
        super().__post_init__()
        check_whole("Shared: authorities", self.authorities, 2, 1000)


@dataclass(frozen=True)
class Awarded(Supply, ABC):
    """Work is awarded by price and quality as they are observed; the agency's staff do the rest.

    `capacity_building`, 0 to 1, is a paid programme that lets community providers grow.
    `quality_weight`, 0 to 1, is the weight of quality against price. A contract or grant lasts
    `contract_years`. `projects` is how many projects of their own residents of each area are
    asked to organise a year; volunteers and gifts come to those that somebody organises. Work is
    let in lots of `lot_slots`: whoever cannot fill a whole one is not awarded it. `buildings`, 0 to
    1, is the share of the agencies' buildings that are offered to voluntary providers.
    """

    capacity_building: float = 0.0
    quality_weight: float = 0.5
    contract_years: int = 3
    projects: int = field(default=0, kw_only=True)
    lot_slots: int = field(default=1, kw_only=True)
    buildings: float = field(default=0.0, kw_only=True)

    def __post_init__(self) -> None:
        super().__post_init__()
        name = type(self).__name__
        check_share(f"{name}: buildings", self.buildings)
        check_share(f"{name}: capacity_building", self.capacity_building)
        check_share(f"{name}: quality_weight", self.quality_weight)
        check_whole(f"{name}: contract_years", self.contract_years, 1, 50)
        check_whole(f"{name}: lot_slots", self.lot_slots, 1, MOST_SLOTS)
        check_whole(f"{name}: projects", self.projects, 0, MOST_PROJECTS)
        if (self.projects or self.buildings) and not self.community_bids:
            what = "projects" if self.projects else "buildings"
            raise LocalsimError(
                f"{name}: {what} are for residents, and this answer leaves the community out; "
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
