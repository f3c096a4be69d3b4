"""On what evidence: the administrative record, or what residents say."""

from __future__ import annotations

from abc import ABC
from dataclasses import dataclass
from typing import final

from localsim.errors import LocalsimError
from localsim.policy.budgets import check_amount, check_share, check_whole

OLDEST = 120  # years
ADULTS = (18, OLDEST)


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
    what taking part asks of a resident in a year. The stake is the money decided a head. `ages`
    are the youngest and eldest who are asked, in years. With `shrink` what few have said is drawn
    towards what public indicators predict, as in `Record`.
    """

    outreach: float = 0.0
    hours: float = 2.5
    ages: tuple[int, int] = ADULTS
    shrink: bool = False

    def __post_init__(self) -> None:
        check_share("Voice: outreach", self.outreach)
        check_amount("Voice: hours", self.hours)
        given: object = self.ages
        if not isinstance(given, list | tuple) or len(given) != 2:
            raise LocalsimError(
                "Voice: ages are the youngest and the eldest who are asked, such as (18, 120), "
                f"not {given!r}."
            )
        youngest, eldest = self.ages
        check_whole("Voice: the youngest age", youngest, 11, OLDEST)
        check_whole("Voice: the eldest age", eldest, youngest, OLDEST)
        object.__setattr__(self, "ages", (int(youngest), int(eldest)))
