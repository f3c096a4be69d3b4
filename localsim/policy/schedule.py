"""Policies that follow one another: a pilot and its roll-out, and what is left when one ends.

A stage begins at a new year. Nothing is set back to zero then: counters, books, queues, cash,
trust, providers' capacity and reserves, and what agencies have consented to pool stay as they
are, and whoever changes over pays for it.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple, final

import numpy as np
from numpy.typing import NDArray

from localsim.errors import LocalsimError
from localsim.policy.budgets import check_whole
from localsim.policy.policy import Pilot, Policy
from localsim.policy.presets import status_quo

if TYPE_CHECKING:
    from localsim.place import Place

LONGEST_YEARS = 200


class Stage(NamedTuple):
    """A policy, the year of the whole at which it begins, and what becomes of what is learnt.

    In an `evaluated` stage the policy being piloted is watched, at a price; a stage that has
    `learnt` begins with what was seen.
    """

    year: int
    policy: Policy | Pilot
    evaluated: bool = False
    learnt: bool = False


class Schedule(ABC):
    """Policies that follow one another in a place, each in its stage."""

    name: str

    @abstractmethod
    def describe(self) -> str:
        """Return the policies in words, and when each begins."""

    @property
    @abstractmethod
    def stages(self) -> tuple[Stage, ...]:
        """The stages in order, the first from year 0."""

    def regimes(self, place: Place) -> list[tuple[Policy, NDArray[np.bool_]]]:
        """Return who runs which areas in the first stage."""
        return self.stages[0].policy.regimes(place)


type AnyPolicy = Policy | Pilot | Schedule


@final
@dataclass(frozen=True)
class RollOut(Schedule):
    """A pilot that goes everywhere after some years, with or without what was learnt.

    With `learning` the pilot is evaluated, which costs money every year that it lasts; the rest
    then need not work out again how it is done, and agencies that have come to pool in the pilot
    pool as much everywhere. Without, the rest begin at the beginning. Either way the pilot's own
    areas have changed over already.
    """

    pilot: Pilot
    after_years: int = 2
    learning: bool = True
    name: str = ""

    def __post_init__(self) -> None:
        if not isinstance(self.pilot, Pilot):
            raise LocalsimError(f"RollOut: what is rolled out is a Pilot, not {self.pilot!r}.")
        check_whole("RollOut: after_years", self.after_years, 1, LONGEST_YEARS)
        if not isinstance(self.learning, bool):
            raise LocalsimError(f"RollOut: learning is True or False, not {self.learning!r}.")
        if not self.name:
            object.__setattr__(self, "name", f"{self.pilot.policy.name} rolled out")

    @property
    def stages(self) -> tuple[Stage, ...]:
        """The pilot, then its policy everywhere."""
        return (
            Stage(0, self.pilot, evaluated=self.learning),
            Stage(self.after_years, self.pilot.policy, learnt=self.learning),
        )

    def describe(self) -> str:
        """Return the pilot in words, and when it goes everywhere."""
        how = "with what was learnt" if self.learning else "without what was learnt"
        return (
            f"{self.name}: everywhere after {self.after_years} years, {how}\n"
            f"{self.pilot.describe()}"
        )


@final
@dataclass(frozen=True)
class Until(Schedule):
    """A policy, pilot or roll-out that ends after some years, and what follows it.

    What persists is what the mechanisms keep: trust, capacity, reserves and consent fade or stay
    by the world's rules, not by this answer. Changing over to what follows has its price, too.
    """

    policy: AnyPolicy
    years: int
    then: Policy | Pilot = field(default_factory=status_quo)
    name: str = ""

    def __post_init__(self) -> None:
        if not isinstance(self.policy, Policy | Pilot | Schedule):
            raise LocalsimError(
                f"Until: what ends is a policy, a pilot or a roll-out, not {self.policy!r}."
            )
        if not isinstance(self.then, Policy | Pilot):
            raise LocalsimError(f"Until: what follows is a policy or a pilot, not {self.then!r}.")
        check_whole("Until: years", self.years, 1, LONGEST_YEARS)
        if not self.name:
            object.__setattr__(self, "name", f"{self.policy.name} for {self.years} years")

    @property
    def stages(self) -> tuple[Stage, ...]:
        """The stages of what ends, as far as it comes to them, and then what follows."""
        before = tuple(stage for stage in stages_of(self.policy) if stage.year < self.years)
        return (*before, Stage(self.years, self.then))

    def describe(self) -> str:
        """Return what ends and what follows in words."""
        return (
            f"{self.name}: for {self.years} years\n{self.policy.describe()}\n"
            f"then\n{self.then.describe()}"
        )


def stages_of(policy: AnyPolicy) -> tuple[Stage, ...]:
    """Return the stages of anything that can be run; a policy or pilot has one."""
    return policy.stages if isinstance(policy, Schedule) else (Stage(0, policy),)


def policies_of(policy: AnyPolicy) -> list[Policy]:
    """Return every policy that runs some areas at some time, in order."""
    found = []
    for stage in stages_of(policy):
        one = stage.policy
        found += [one.policy, one.elsewhere] if isinstance(one, Pilot) else [one]
    return found


def pilots_of(policy: AnyPolicy) -> list[Pilot]:
    """Return the pilots among the stages, in order."""
    return [stage.policy for stage in stages_of(policy) if isinstance(stage.policy, Pilot)]
