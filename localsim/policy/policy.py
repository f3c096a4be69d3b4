"""A policy: answers to six questions, and never a fact of the world."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING, Any, final

import numpy as np
from numpy.typing import NDArray

from localsim.errors import LocalsimError
from localsim.policy.access import Access, Silo
from localsim.policy.budgets import (
    TIERS,
    Budgets,
    OpenEnded,
    RingFenced,
    check_share,
    check_tier,
)
from localsim.policy.capital import Capital, NoCapital
from localsim.policy.contract import Contract, Targets
from localsim.policy.counting import Counting, OwnGains
from localsim.policy.deal import Deal, NoDeal
from localsim.policy.listening import Listening, Record, Voice
from localsim.policy.rules import Historic, Rule
from localsim.policy.supply import InHouse, Supply

if TYPE_CHECKING:
    from localsim.place import Place

__all__ = ["TIERS", "Devolved", "Pilot", "Policy"]


def _check_name(name: Any) -> None:
    if not isinstance(name, str) or not name.strip():
        raise LocalsimError(f"A policy needs a name, and {name!r} is none.")


def _check_kinds(what: str, whose: object, answers: tuple[str, ...]) -> None:
    for answer in answers:
        given, kind = getattr(whose, answer), _KINDS[answer]
        if not isinstance(given, kind):
            made = " (call it: add brackets)" if isinstance(given, type) else ""
            raise LocalsimError(f"{what}: {answer} must be a {kind.__name__}, not {given!r}{made}.")


@final
@dataclass(frozen=True)
class Devolved:
    """A slice of every line, decided by another tier, on other evidence, by another rule."""

    share: float
    tier: str = "neighbourhood"
    listening: Listening = field(default_factory=Voice)
    rule: Rule = field(default_factory=Historic)

    def __post_init__(self) -> None:
        check_share("Devolved: the share", self.share)
        check_tier("Devolved", self.tier)
        _check_kinds("Devolved", self, ("listening", "rule"))


@dataclass(frozen=True)
class Policy:
    """Who decides, with whose money, on what evidence, by which rule, held how, through whom.

    `tier` decides; `budgets`, `listening`, `rule`, `contract`, `access` and `supply` are its
    answers; `counting` says whose gains a decider counts, `capital` what is borrowed and invested,
    `deal` what is agreed with the centre; `devolved` leaves a slice to another tier. A policy
    holds choices only: what things cost and how well they work are facts of the world, the same
    for every policy. Subclasses may set other defaults, and nothing more is needed for them to
    travel to a worker process.
    """

    name: str
    tier: str = "authority"
    budgets: Budgets = field(default_factory=RingFenced)
    listening: Listening = field(default_factory=Record)
    rule: Rule = field(default_factory=Historic)
    contract: Contract = field(default_factory=Targets)
    access: Access = field(default_factory=Silo)
    supply: Supply = field(default_factory=InHouse)
    counting: Counting = field(default_factory=OwnGains)
    capital: Capital = field(default_factory=NoCapital)
    deal: Deal = field(default_factory=NoDeal)
    devolved: Devolved | None = None
    description: str = field(default="", compare=False)

    def __post_init__(self) -> None:
        _check_name(self.name)
        check_tier(f"Policy {self.name!r}", self.tier)
        _check_kinds(f"Policy {self.name!r}", self, tuple(_KINDS))
        if not isinstance(self.devolved, Devolved | None):
            raise LocalsimError(
                f"Policy {self.name!r}: devolved must be a Devolved or None, not {self.devolved!r}."
            )
        if self.devolved is not None and isinstance(self.budgets, OpenEnded):
            raise LocalsimError(
                f"Policy {self.name!r}: open-ended money has no pot to devolve a share of."
            )
        if isinstance(self.budgets, OpenEnded) and not isinstance(self.capital, NoCapital):
            raise LocalsimError(
                f"Policy {self.name!r}: open-ended money has no lines to invest or to repay from."
            )

    def answers(self) -> dict[str, object]:
        """Return the answers by question, in the order of the story."""
        questions = [f.name for f in fields(Policy) if f.name not in ("name", "description")]
        return {question: getattr(self, question) for question in questions}

    def changes_from(self, other: Policy) -> tuple[str, ...]:
        """Return the questions that the two policies answer differently."""
        theirs = other.answers()
        return tuple(q for q, answer in self.answers().items() if answer != theirs[q])

    def describe(self) -> str:
        """Return the policy in words, a line an answer."""
        lines = [self.name]
        if self.description:
            lines.append(f"  {self.description}")
        lines += [f"  {question + ':':<11} {answer}" for question, answer in self.answers().items()]
        return "\n".join(lines)

    def regimes(self, place: Place) -> list[tuple[Policy, NDArray[np.bool_]]]:
        """Return who runs which areas: this policy, everywhere."""
        return [(self, np.ones(len(place.codes), dtype=bool))]


def _listed(areas: Any) -> tuple[str, ...]:
    if isinstance(areas, Iterable):
        named = tuple(areas)
        if all(isinstance(area, str) for area in named):
            return named
    raise LocalsimError(
        f"Pilot: areas is a neighbourhood's name, an area's code, or a list of them, not {areas!r}."
    )


_KINDS: dict[str, type] = {
    "budgets": Budgets,
    "listening": Listening,
    "rule": Rule,
    "contract": Contract,
    "access": Access,
    "supply": Supply,
    "counting": Counting,
    "capital": Capital,
    "deal": Deal,
}


@final
@dataclass(frozen=True)
class Pilot:
    """A policy in some areas, while the rest keeps another; no money moves across the border.

    `areas` is a neighbourhood's name, an area's code, or a list of them.
    """

    policy: Policy
    areas: str | Sequence[str]
    elsewhere: Policy
    name: str = ""

    def __post_init__(self) -> None:
        for what in ("policy", "elsewhere"):
            given = getattr(self, what)
            if not isinstance(given, Policy):
                raise LocalsimError(f"Pilot: {what} must be a Policy, not {given!r}.")
        if not isinstance(self.areas, str):
            object.__setattr__(self, "areas", _listed(self.areas))
        if not self.areas:
            raise LocalsimError("Pilot: name the areas of the pilot, at least one.")
        if not self.name:
            object.__setattr__(self, "name", f"{self.policy.name} pilot")

    def describe(self) -> str:
        """Return both policies in words."""
        areas = self.areas if isinstance(self.areas, str) else ", ".join(self.areas)
        return (
            f"{self.name}: in {areas}\n{self.policy.describe()}\n"
            f"elsewhere\n{self.elsewhere.describe()}"
        )

    def regimes(self, place: Place) -> list[tuple[Policy, NDArray[np.bool_]]]:
        """Return who runs which areas: the pilot's first, then the rest."""
        inside = place.mask(self.areas)
        if inside.all():
            return [(self.policy, inside)]
        return [(self.policy, inside), (self.elsewhere, ~inside)]
