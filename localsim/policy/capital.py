"""What is invested: nothing, a loan that is repaid, or a capital budget set aside each year."""

from __future__ import annotations

from abc import ABC
from dataclasses import dataclass
from typing import Any, final

from localsim.errors import LocalsimError, nearest
from localsim.policy.budgets import check_amount, check_share, check_whole

USES = ("capacity", "prevention")


def _check_use(what: str, use: Any) -> None:
    if use not in USES:
        raise LocalsimError(
            f"{what}: money is not invested into {use!r}; {nearest(str(use), USES)}"
        )


class Capital(ABC):
    """Whether money is invested, whose, and into what.

    ``"capacity"`` (buildings, equipment, systems) makes service cheaper to run, ``"prevention"``
    makes needs open less often, later; how much, and how soon, are facts of the world.
    """


@final
@dataclass(frozen=True)
class NoCapital(Capital):
    """Nothing is borrowed and nothing invested."""


@final
@dataclass(frozen=True)
class Borrow(Capital):
    """A loan is taken up once, when the policy begins, and repaid in equal amounts over years.

    `gbp_per_head` is asked for; the lender grants no more than may be serviced. What is owed
    outlives the policy: whoever runs the areas pays.
    """

    gbp_per_head: float
    years: int = 25
    into: str = "prevention"

    def __post_init__(self) -> None:
        check_amount("Borrow: the loan a head", self.gbp_per_head)
        check_whole("Borrow: the years of repayment", self.years, 1, 100)
        _check_use("Borrow", self.into)


@final
@dataclass(frozen=True)
class CapitalBudget(Capital):
    """A share of every agency's lines is set aside each year into one capital budget, and spent."""

    share: float = 0.02
    into: str = "capacity"

    def __post_init__(self) -> None:
        check_share("CapitalBudget: the share", self.share)
        _check_use("CapitalBudget", self.into)
