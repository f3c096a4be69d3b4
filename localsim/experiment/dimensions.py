"""What a design varies: an assumption of the world or an answer of a policy, and over what.

A dimension is asked for by name: ``place.kappa`` is an assumption, ``One Norbiton.budgets.share``
an answer of the policy of that name. `resolve` finds what stands behind the name, checks that
every value can be, and fills in what was left to defaults.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, final

import numpy as np

from localsim.assumptions import HUGE, Assumption
from localsim.errors import LocalsimError
from localsim.experiment.subject import Subject
from localsim.experiment.validate import finite, shown, whole
from localsim.policy.answers import Value

MOST_LEVELS = 100_000


@final
@dataclass(frozen=True)
class Range:
    """From `low` to `high`: drawn evenly by a sample, or a grid of so many `levels`, ends included.

    Without bounds it is an assumption's own range: samples follow its distribution, and levels
    are spaced evenly in its logarithm where that is how it is distributed. With `log`, values are
    spread evenly in their logarithm.
    """

    low: float | None = None
    high: float | None = None
    levels: int | None = None
    log: bool = False

    def __post_init__(self) -> None:
        if (self.low is None) != (self.high is None):
            raise LocalsimError("a range has both a low and a high end, or neither.")
        if self.low is not None and self.high is not None:
            low, high = finite("low", self.low), finite("high", self.high)
            if max(abs(low), abs(high)) > HUGE:
                raise LocalsimError(f"the ends of a range are numbers below {HUGE:g}.")
            if not low < high:
                raise LocalsimError(f"a range goes up; it cannot go from {low:g} to {high:g}.")
            if self.log and low <= 0.0:
                raise LocalsimError(f"with log a range begins above zero, and {low:g} is not.")
        elif self.log:
            raise LocalsimError("log is for a range with a low and a high end of its own.")
        if not isinstance(self.log, bool):
            raise LocalsimError(f"log is {shown(self.log)}; true or false is wanted.")
        if self.levels is not None:
            whole("levels", self.levels, 2, MOST_LEVELS)


Asked = Range | Sequence[Value] | None
"""What may be asked of a dimension: a range, a list of levels, or None for its own range."""


class Dimension(ABC):
    """One name and the values it takes; `base` is what it is when nothing is varied."""

    name: str
    base: Value

    @abstractmethod
    def count(self) -> int | None:
        """Return how many levels it has in a grid, if that is known."""

    @abstractmethod
    def draw(self, u: float) -> Value:
        """Return the value below which a share `u`, 0 to 1, of the dimension lies."""

    @abstractmethod
    def level(self, number: int) -> Value:
        """Return one level, from the lowest, 0."""

    @abstractmethod
    def ends(self) -> tuple[Value, ...]:
        """Return the values that stand for all of them: the ends of a range, or every level."""

    @abstractmethod
    def describe(self) -> dict[str, Any]:
        """Return what decides the values, in plain values."""


@final
@dataclass(frozen=True)
class Listed(Dimension):
    """Values that are listed: numbers, words or flags."""

    name: str
    base: Value
    values: tuple[Value, ...]

    def draw(self, u: float) -> Value:
        """Return one of the values, each as likely."""
        return self.values[min(int(u * len(self.values)), len(self.values) - 1)]

    def count(self) -> int:
        """Return how many values are listed."""
        return len(self.values)

    def level(self, number: int) -> Value:
        """Return one value, in the order given."""
        return self.values[number]

    def ends(self) -> tuple[Value, ...]:
        """Return all values."""
        return self.values

    def describe(self) -> dict[str, Any]:
        """Return the values."""
        return {"levels": list(self.values)}


@final
@dataclass(frozen=True)
class Span(Dimension):
    """A range of numbers: `own` is the assumption whose distribution it follows, if any."""

    name: str
    base: Value
    low: float
    high: float
    own: Assumption | None
    log: bool
    whole: bool
    levels: int | None

    def draw(self, u: float) -> Value:
        """Return the value at a share of the distribution."""
        if self.whole:
            return min(int(self.low + u * (self.high - self.low + 1.0)), int(self.high))
        if self.own is not None:
            return min(max(self.own.quantile(u), self.low), self.high)
        return self._between(u)

    def _between(self, share: float) -> float:
        low, high = self.low, self.high
        if share in (0.0, 1.0):  # the ends themselves, not what rounding makes of them
            return high if share else low
        if self.log:
            between = math.exp(math.log(low) + share * (math.log(high) - math.log(low)))
        else:
            between = low + share * (high - low)
        return min(max(between, low), high)

    def count(self) -> int | None:
        """Return how many levels were asked for."""
        return self.levels

    def level(self, number: int) -> Value:
        """Return one level, the ends among them."""
        if self.levels is None:
            raise LocalsimError(f"{self.name!r} has no levels.")
        value = self._between(number / (self.levels - 1))
        return round(value) if self.whole else value

    def ends(self) -> tuple[Value, ...]:
        """Return both ends."""
        return (
            tuple(int(end) for end in (self.low, self.high))
            if self.whole
            else (
                self.low,
                self.high,
            )
        )

    def describe(self) -> dict[str, Any]:
        """Return range, shape and levels."""
        said: dict[str, Any] = {"low": self.low, "high": self.high}
        if self.own is None:
            said["shape"] = "log-uniform" if self.log else "uniform"
        else:
            said |= {"shape": self.own.distribution, "mode": self.own.value}
        if self.whole:
            said["whole"] = True
        if self.levels is not None:
            said["levels"] = self.levels
        return said


def resolve(name: Any, asked: Asked, subject: Subject) -> Dimension:
    """Return the dimension of a name, or say in a sentence why there can be none."""
    subject.check(name)
    base = subject.base(name)
    if asked is None or isinstance(asked, Range):
        found: Dimension = _span(name, asked or Range(), subject, base)
    else:
        found = Listed(name, base, tuple(subject.typed(name, v) for v in listed(name, asked)))
    for value in found.ends():
        subject.at({name: value})
    return found


def listed(name: str, asked: Any) -> tuple[Value, ...]:
    """Return levels as plain numbers, words and flags, no two of them alike."""
    if isinstance(asked, str | bytes | Mapping) or not isinstance(asked, Sequence | np.ndarray):
        raise LocalsimError(
            f"{name!r} is {shown(asked)}; a list of levels or a Range is wanted, or None for an "
            "assumption's own range."
        )
    values = tuple(plain(name, value) for value in asked)
    if not values:
        raise LocalsimError(f"{name!r} has no levels; at least one is wanted.")
    if len(values) > MOST_LEVELS:
        raise LocalsimError(f"{name!r} has {len(values):,} levels; {MOST_LEVELS:,} are the most.")
    seen: set[tuple[bool, Value]] = set()
    for value in values:
        if (isinstance(value, bool), value) in seen:
            raise LocalsimError(f"{name!r} has the level {shown(value)} twice; once is enough.")
        seen.add((isinstance(value, bool), value))
    return values


def plain(name: str, value: Any) -> Value:
    """Return a number, word or flag as Python has it, or say why it is none."""
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, bool | str):
        return value
    if isinstance(value, int | float):
        if not abs(finite(repr(name), value)) <= HUGE:
            raise LocalsimError(f"{name!r} is {shown(value)}; a number below {HUGE:g} is wanted.")
        return value
    raise LocalsimError(
        f"{name!r} is {shown(value)}; a number, a word, or true or false is wanted. An answer is "
        "named by a word, such as 'hub'; one with arguments of its own is another policy."
    )


def _span(name: str, asked: Range, subject: Subject, base: Value) -> Span:
    if name in subject.assumptions:
        return _range_of_assumption(name, asked, subject.assumptions.row(name), base)
    kind = subject.kind(name)
    if kind in (str, bool):
        what = "true or false" if kind is bool else "a word"
        raise LocalsimError(f"{name!r} is {what}; list the levels that it takes.")
    if asked.low is None or asked.high is None:
        raise LocalsimError(
            f"{name!r} is an answer, which has no range of its own; give it a low and a high end, "
            "or a list of levels."
        )
    low, high, levels = float(asked.low), float(asked.high), asked.levels
    if kind is int and (low != math.floor(low) or high != math.floor(high) or asked.log):
        raise LocalsimError(
            f"{name!r} is a whole number: the ends of its range are whole, without log."
        )
    if kind is int and levels is not None and (high - low) % (levels - 1):
        raise LocalsimError(
            f"{name!r} is a whole number, and {levels} levels from {low:g} to {high:g} are not; "
            "list them."
        )
    return Span(name, base, low, high, None, asked.log, kind is int, levels)


def _range_of_assumption(name: str, asked: Range, row: Assumption, base: Value) -> Span:
    if asked.low is not None and asked.high is not None:
        low, high = float(asked.low), float(asked.high)
        return Span(name, base, low, high, None, asked.log, False, asked.levels)
    if row.low == row.high:
        raise LocalsimError(
            f"{name!r} has one value in the log, {row.value:g}, and no range; give it a low and a "
            "high end, or a list of levels."
        )
    log = row.distribution == "log-triangular"
    return Span(name, base, row.low, row.high, row, log, False, asked.levels)
