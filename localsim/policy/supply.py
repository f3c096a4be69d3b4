"""Whose hands do the work."""

from __future__ import annotations

from abc import ABC
from dataclasses import dataclass
from typing import final

from localsim.policy.budgets import check_share, check_whole

KINDS = ("in-house", "private", "voluntary", "co-operative")


class Supply(ABC):
    """Who may provide."""


@final
@dataclass(frozen=True)
class InHouse(Supply):
    """Each agency's own staff."""


@final
@dataclass(frozen=True)
class Market(Supply):
    """Work is put out to tender; awards weigh price and quality as they are observed.

    With `community` voluntary and co-operative providers bid too. `capacity_building`, 0 to 1, is
    a paid programme that lets them grow. `quality_weight`, 0 to 1, is the weight of quality
    against price. A contract lasts `contract_years`.
    """

    community: bool = False
    capacity_building: float = 0.0
    quality_weight: float = 0.5
    contract_years: int = 3

    def __post_init__(self) -> None:
        check_share("Market: capacity_building", self.capacity_building)
        check_share("Market: quality_weight", self.quality_weight)
        check_whole("Market: contract_years", self.contract_years, 1, 50)
