"""Through which doors residents come, who keeps their case, and who is served first."""

from __future__ import annotations

from abc import ABC
from dataclasses import dataclass
from typing import final

from localsim.errors import LocalsimError, nearest
from localsim.policy.budgets import check_share

ORDERS = ("arrival", "severity")


class Access(ABC):
    """How residents reach services; a service takes them in the `order` of arrival or severity.

    By severity the more severe are served first, and equals in an order drawn by lot.
    """

    order: str = "arrival"


@dataclass(frozen=True)
class _Ordered(Access):
    """What says in which order residents are served."""

    order: str = "arrival"

    def __post_init__(self) -> None:
        if self.order not in ORDERS:
            raise LocalsimError(
                f"{type(self).__name__}: nobody is served in the order of {self.order!r}; "
                f"{nearest(str(self.order), ORDERS)}"
            )


@final
@dataclass(frozen=True)
class Silo(_Ordered):
    """A door per agency: one need at a time, at times at the wrong door."""


@final
@dataclass(frozen=True)
class Hub(_Ordered):
    """One door: all open needs at once, never the wrong one, a longer assessment.

    With `co_located` the agencies behind it sit together, so that a case that needs several is
    walked across. `outreach`, 0 to 1, is how much of an outreach to residents is bought.
    """

    co_located: bool = False
    outreach: float = 0.0

    def __post_init__(self) -> None:
        super().__post_init__()
        if not isinstance(self.co_located, bool):
            raise LocalsimError(f"Hub: co_located is True or False, not {self.co_located!r}.")
        check_share("Hub: outreach", self.outreach)


@final
@dataclass(frozen=True)
class LeadProfessional(_Ordered):
    """A door per agency, behind which one person keeps a case through all agencies it needs."""
