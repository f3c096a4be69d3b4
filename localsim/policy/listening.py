"""On what evidence: the administrative record, or what residents say."""

from __future__ import annotations

from abc import ABC
from dataclasses import dataclass
from typing import final

from localsim.policy.budgets import check_amount, check_share


class Listening(ABC):
    """Where a decider's picture of need comes from."""


@final
@dataclass(frozen=True)
class Record(Listening):
    """The administrative record: demand that was presented, late and with noise.

    With `shrink` an estimate is drawn towards what public indicators predict, by the weight
    w = s²/(s² + e²) of variance between units over that plus noise.
    """

    shrink: bool = False


@final
@dataclass(frozen=True)
class Voice(Listening):
    """What those who take part say of their household's needs and of what comes first.

    `outreach`, 0 to 1, is effort to reach those who seldom take part, and is paid for. `hours` is
    what taking part asks of a resident in a year. The stake is the money decided a head.
    """

    outreach: float = 0.0
    hours: float = 2.5

    def __post_init__(self) -> None:
        check_share("Voice: outreach", self.outreach)
        check_amount("Voice: hours", self.hours)
