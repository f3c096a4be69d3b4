"""How providers answer for their work: targets on what is measured, or judgement."""

from __future__ import annotations

from abc import ABC
from dataclasses import dataclass
from typing import final

from localsim.policy.budgets import check_whole

FULL_SET = 188  # the national indicators of 2008 to 2010 (source T10)
MOST_ITEMS = 100_000


class Contract(ABC):
    """What a provider is held to; `items` are reported, and reporting has a price each."""

    items: int


@final
@dataclass(frozen=True)
class Targets(Contract):
    """Targets on measured tasks; the pull on effort grows with the items, up to the full set."""

    items: int = FULL_SET

    def __post_init__(self) -> None:
        check_whole("Targets: the items that are reported", self.items, 0, MOST_ITEMS)


@final
@dataclass(frozen=True)
class Judgement(Contract):
    """A commissioner who knows the work judges it whole; few items are reported."""

    items: int = 35

    def __post_init__(self) -> None:
        check_whole("Judgement: the items that are reported", self.items, 0, MOST_ITEMS)
