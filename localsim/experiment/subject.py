"""What a design can vary: the numbers of a world, the answers of its policies, what befalls it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from localsim.assumptions import Assumptions
from localsim.errors import LocalsimError, nearest
from localsim.experiment.validate import finite, shown
from localsim.policy.answers import Value, answer, answered, answers_of, kind_of
from localsim.scenarios import Scenario, scenario_of

SCENARIO = "scenario"
"""The name under which a scenario is varied, by the word for it."""


@dataclass(frozen=True)
class Subject:
    """Assumptions, policies and a scenario, each value of which has a name.

    An assumption has its own name, an answer begins with its policy's, ``One Norbiton.tier``.
    `held` are names that a design must leave alone.
    """

    assumptions: Assumptions
    policies: tuple[Any, ...]
    scenario: Scenario
    held: frozenset[str] = frozenset()

    def names(self) -> list[str]:
        """Return every name that can be varied."""
        own = [f"{p.name}.{answer}" for p in self.policies for answer in answers_of(p)]
        return [*self.assumptions.names, SCENARIO, *own]

    def check(self, name: Any) -> None:
        """Refuse a name that stands for nothing here, or for what is held."""
        if not isinstance(name, str):
            raise LocalsimError(f"{shown(name)} is no name of an assumption or an answer.")
        if name in self.held:
            raise LocalsimError(f"{name!r} is held at a value; it cannot be varied as well.")
        self.base(name)

    def base(self, name: str) -> Value:
        """Return the value of a name where nothing is varied."""
        if name in self.assumptions:
            return self.assumptions.value(name)
        if name == SCENARIO:
            return self.scenario.name
        number, path = self._answer(name)
        return answer(self.policies[number], path)

    def kind(self, name: str) -> type:
        """Return what a name's values are: float, int, bool or str."""
        if name in self.assumptions:
            return float
        if name == SCENARIO:
            return str
        number, path = self._answer(name)
        return kind_of(self.policies[number], path)

    def typed(self, name: str, value: Value) -> Value:
        """Return a number as the name takes it: 1 for a share is 1.0."""
        if isinstance(value, bool | str):
            return value
        wanted = self.kind(name)
        if wanted is float or (wanted is int and value == math.floor(value)):
            return wanted(value)
        return value

    def at(self, point: Mapping[str, Value]) -> Subject:
        """Return all of it at a point: assumptions held there, answers and scenario replaced.

        Raises LocalsimError for an unknown name and for a value that cannot be.
        """
        numbers: dict[str, float] = {}
        policies = list(self.policies)
        scenario = self.scenario
        for name, value in point.items():
            if name in self.assumptions:
                numbers[name] = finite(repr(name), value)
            elif name == SCENARIO:
                scenario = scenario if value == scenario.name else scenario_of(value)
            else:
                number, path = self._answer(name)
                policies[number] = answered(policies[number], path, value)
        assumptions = self.assumptions.replace(numbers) if numbers else self.assumptions
        return replace(self, assumptions=assumptions, policies=tuple(policies), scenario=scenario)

    def _answer(self, name: str) -> tuple[int, str]:
        """Return which policy an answer's name begins with, and the rest, or say what is near."""
        found = [
            (len(policy.name), number)
            for number, policy in enumerate(self.policies)
            if name.startswith(f"{policy.name}.")
        ]
        if not found:
            raise LocalsimError(
                f"{shown(name)} is neither an assumption nor an answer of a policy here; "
                f"{nearest(name, self.names())}"
            )
        length, number = max(found)
        return number, name[length + 1 :]
