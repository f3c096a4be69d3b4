"""How providers answer for their work: targets on what is measured, or judgement."""

from __future__ import annotations

import math
from abc import ABC
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, final

from localsim.errors import LocalsimError, nearest
from localsim.policy.budgets import check_whole

FULL_SET = 188  # the national indicators of 2008 to 2010 (source T10)
MOST_ITEMS = 100_000
CLOCKS = ("start", "end")


class Contract(ABC):
    """What a provider is held to; `items` are reported, and reporting has a price each."""

    items: int


@dataclass(frozen=True)
class _Measured(Contract):
    """What is held to measures, which may include a target on how long residents wait."""

    items: int = FULL_SET
    target_months: float | None = None
    clock: str = "start"

    def __post_init__(self) -> None:
        name = type(self).__name__
        check_whole(f"{name}: the items that are reported", self.items, 0, MOST_ITEMS)
        if self.target_months is not None:
            _check_number(f"{name}: target_months", self.target_months, least=0.0)
        if self.clock not in CLOCKS:
            raise LocalsimError(
                f"{name}: no clock stops at {self.clock!r}; {nearest(str(self.clock), CLOCKS)}"
            )


@final
@dataclass(frozen=True)
class Targets(_Measured):
    """Targets on measured tasks; the pull on effort grows with the items, up to the full set.

    With `target_months` one of them is a waiting time: from first asking for help to the first
    service (`clock="start"`) or until solved (`clock="end"`).
    """


@final
@dataclass(frozen=True)
class LinearContract(_Measured):
    """Pay by the measure of each task, at rates that are weighed, or set, task by task.

    Without `rates` they are those at which the planner's certainty equivalent is highest, given
    what each task is worth, how noisily it is measured and how much risk providers bear
    (Holmström and Milgrom 1991). `rates` sets them instead, one a task; the package's themes have
    two, of which the first is measured. `target_months` and `clock` are as for `Targets`.
    """

    rates: Sequence[float] | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.rates is not None:
            object.__setattr__(self, "rates", _listed(self.rates))


@final
@dataclass(frozen=True)
class Judgement(Contract):
    """A commissioner who knows the work judges it whole; few items are reported."""

    items: int = 35

    def __post_init__(self) -> None:
        check_whole("Judgement: the items that are reported", self.items, 0, MOST_ITEMS)


def _listed(rates: Any) -> tuple[float, ...]:
    if isinstance(rates, str) or not isinstance(rates, Sequence):
        raise LocalsimError(f"LinearContract: rates is a list, not {rates!r}.")
    for rate in rates:
        _check_number("LinearContract: a rate", rate)
    return tuple(float(rate) for rate in rates)


def _check_number(what: str, given: Any, least: float = -math.inf) -> None:
    number = isinstance(given, int | float) and not isinstance(given, bool)
    if not number or not math.isfinite(given) or given < least:
        bound = "" if least == -math.inf else f", {least:g} or more"
        raise LocalsimError(f"{what} must be a finite number{bound}, not {given!r}.")
