"""Themes: the kinds of need that public services answer.

Two kinds, because theory and practice differ. In a *casework* theme a resident has a need that
opens, is presented, queues, is served, closes or comes back. An *amenity* is a shared good, whose
benefit depends on what is spent on it here and next door. Themes are data: add, take away, or
write your own; its numbers are assumptions named after it.
"""

from __future__ import annotations

from abc import ABC
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from localsim.assumptions import HUGE, Assumption, Assumptions
from localsim.errors import LocalsimError, nearest
from localsim.themes.routing import Routing
from localsim.themes.tasks import Tasks

ELIGIBLE = ("everyone", "adults", "working age", "householders", "families")
INDICATORS = ("residents", "children", "working age", "employment-deprived", "income-deprived",
              "in fair or bad health")  # fmt: skip
TIERS_OF_TEAMS = ("area", "neighbourhood", "authority", "sub-region", "nation")


def _check_name(name: Any) -> None:
    if not isinstance(name, str) or not name.strip() or "/" in name or "." in name:
        raise LocalsimError(f"A theme's name is a word without dots and slashes, not {name!r}.")


@dataclass(frozen=True)
class Theme(ABC):
    """A kind of need, the agency whose budget line answers it, and how its money was spread.

    `indicator` is what the historic budget is proportional to, area by area. `team` is the tier
    at which one team works: money spent in the areas of a team is pooled into its slots.
    `values` sets assumptions of this theme (without its name in front), over the package's own:
    each to a number, or to the name of the assumption that holds it, drawn with all others.
    """

    name: str
    label: str = ""
    agency: str = "council"
    indicator: str = "residents"
    team: str = "neighbourhood"
    values: Mapping[str, float | str] = field(default_factory=dict, hash=False)

    def __post_init__(self) -> None:
        _check_name(self.name)
        for what, word, known in (
            ("indicator", self.indicator, INDICATORS),
            ("team", self.team, TIERS_OF_TEAMS),
        ):
            if word not in known:
                raise LocalsimError(
                    f"Theme {self.name!r}: unknown {what} {word!r}; {nearest(word, known)}"
                )

    @property
    def defaults(self) -> Mapping[str, float]:
        """Values of assumptions that nothing else sets, by name without the theme's."""
        return {}

    def as_seen(self) -> Theme:
        """Return what those who decide may see of the theme: its kind, and no number of it."""
        return replace(self, values={})

    def completed(self, assumptions: Assumptions) -> Assumptions:
        """Return the assumptions with this theme's own entries added and its values set."""
        missing = [
            Assumption(
                name=f"{self.name}.{name}",
                value=value,
                low=value,
                high=value,
                distribution="fixed",
                unit="set with the theme",
                source="unsourced",
                quality="set by user",
            )
            for name, value in self.defaults.items()
            if f"{self.name}.{name}" not in assumptions
        ]
        named = {
            f"{self.name}.{name}": assumptions.value(given) if isinstance(given, str) else given
            for name, given in self.values.items()
        }
        return assumptions.add(*missing).replace(named)


@dataclass(frozen=True)
class Casework(Theme):
    """A need that residents have one at a time, answered case by case.

    `eligible` says who can have it. `severities` are one or two; a new need is of the second with
    the assumption `severe_share`. With `desk=False` a presented need goes straight to its queue.
    What open needs cost others, as they come, is paid by `crisis_payer` and `entitlement_payer`:
    open-ended lines that no policy commissions from, and so no agency of a theme.
    `tasks` says what the work consists of where it is not two tasks of which one is measured,
    `routing` how needs find the right desk where not by the world's rate of misdirection. A case
    may call for a `sequence` of the teams of other themes, in order: `step_share.NAME` is the
    chance that it does, `step_months.NAME` the mean service. There and back names its own again;
    only a case that has been elsewhere comes back.
    """

    eligible: str = "adults"
    severities: tuple[str, ...] = ("open",)
    desk: bool = True
    crisis_payer: str = "acute services"
    entitlement_payer: str = "Treasury"
    tasks: Tasks | None = None
    routing: Routing | None = field(default=None, hash=False)
    sequence: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.eligible not in ELIGIBLE:
            raise LocalsimError(
                f"Theme {self.name!r}: nobody is {self.eligible!r}; "
                + nearest(self.eligible, ELIGIBLE)
            )
        if not 1 <= len(self.severities) <= 2:
            raise LocalsimError(f"Theme {self.name!r} needs one or two severities.")
        payers: tuple[Any, ...] = (self.crisis_payer, self.entitlement_payer)
        for payer in payers:
            if not isinstance(payer, str) or not payer.strip():
                raise LocalsimError(f"Theme {self.name!r}: a payer has a name, not {payer!r}.")
        if not isinstance(self.tasks, Tasks | None):
            raise LocalsimError(f"Theme {self.name!r}: tasks are Tasks(…), not {self.tasks!r}.")
        if not isinstance(self.routing, Routing | None):
            raise LocalsimError(f"Theme {self.name!r}: routing is a Routing, not {self.routing!r}.")
        object.__setattr__(self, "sequence", _check_sequence(self.name, self.sequence))

    def as_seen(self) -> Casework:
        """Return what those who decide may see: who can have the need, and no number of it."""
        return replace(self, values={}, tasks=None, routing=None)

    @property
    def defaults(self) -> Mapping[str, float]:
        """A moderate need without crises: half a year's service for two in three."""
        values = {
            "onset_per_year": 0.1,
            "relative_income_deprived": 1.0,
            "return_share": 0.5,
            "crisis_gbp": 0.0,
            "slot_gbp": 2000.0,
            "budget_gbp_per_indicator": 50.0,
            "entitlement_gbp_per_year": 0.0,
        }
        if len(self.severities) == 2:
            values["severe_share"] = 0.0
        for severity in self.severities:
            values |= {
                f"present_per_month.{severity}": 0.2,
                f"heal_per_month.{severity}": 0.02,
                f"service_months.{severity}": 6.0,
                f"solve_share.{severity}": 0.65,
                f"crisis_per_month.{severity}": 0.0,
                f"open_share.{severity}": 0.0,
            }
        for name in self.sequence:
            values |= {f"step_share.{name}": 1.0, f"step_months.{name}": 3.0}
        return values


class Benefit(ABC):
    """How the benefit of an amenity depends on what is spent on it a head."""


@dataclass(frozen=True)
class Log(Benefit):
    """Benefit v·ln(g/g_ref) a resident and year, in pounds, of spending g a head."""


@dataclass(frozen=True)
class Quadratic(Benefit):
    """Benefit v·g − (b/2)·g² a resident and year, in pounds, of a level g a head."""

    b: float = 1.0

    def __post_init__(self) -> None:
        if not 0.0 < self.b < 1e12:
            raise LocalsimError(f"A quadratic benefit bends by b > 0, not {self.b}.")


@dataclass(frozen=True)
class Amenity(Theme):
    """A shared good: safety, streets, youth clubs, parks.

    `area_values` gives the value v of each area, in the order of the place's areas; without it,
    areas differ by a draw around the assumption `value_gbp`.
    """

    benefit: Benefit = field(default_factory=Log)
    area_values: tuple[float, ...] | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        if not isinstance(self.benefit, Benefit):
            raise LocalsimError(
                f"Theme {self.name!r}: benefit is Log() or Quadratic(b), not {self.benefit!r}."
            )
        for value in self.area_values or ():
            _check_value(self.name, value)

    @classmethod
    def of_values(cls, name: str, values: Sequence[float], benefit: Benefit) -> Amenity:
        """Return an amenity whose value differs between areas just as given, and nowhere else."""
        exact = {"value_sd_between": 0.0, "value_sd_within": 0.0, "prevention": 0.0, "kappa": 0.0}
        return cls(
            name=name,
            benefit=benefit,
            area_values=tuple(values),
            values=exact,
        )

    def as_seen(self) -> Amenity:
        """Return what those who decide may see: how benefit bends, and not what it is worth."""
        return replace(self, values={}, area_values=None)

    @property
    def defaults(self) -> Mapping[str, float]:
        """The same value to everyone, nothing spilling over and nothing prevented."""
        return {
            "budget_gbp_per_indicator": 100.0,
            "value_gbp": 100.0,
            "value_sd_between": 0.0,
            "value_sd_within": 0.0,
            "kappa": 0.0,
            "prevention": 0.0,
        }


def _check_value(theme: str, value: Any) -> None:
    number = isinstance(value, int | float | np.integer | np.floating) and not isinstance(
        value, bool
    )
    if not number or not 0.0 <= value <= HUGE:
        raise LocalsimError(
            f"Theme {theme!r}: the value of an area is a finite number, zero or more, "
            f"not {value!r}."
        )


def _check_sequence(theme: str, given: Any) -> tuple[str, ...]:
    if isinstance(given, str) or not isinstance(given, Sequence):
        raise LocalsimError(f"Theme {theme!r}: sequence is a list of themes' names, not {given!r}.")
    for name in given:
        _check_name(name)
    return tuple(given)


def check_themes(themes: Any) -> tuple[Theme, ...]:
    """Return a sequence of themes as a tuple, or say what is wrong with them."""
    if not isinstance(themes, Sequence):
        raise LocalsimError(f"Themes are a list of Casework and Amenity, not {themes!r}.")
    if not themes:
        raise LocalsimError("A place needs at least one theme; themes=() has none.")
    for theme in themes:
        if not isinstance(theme, Casework | Amenity):
            raise LocalsimError(f"Themes are Casework or Amenity, not {theme!r}.")
    names = [theme.name for theme in themes]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise LocalsimError(f"Two themes are called {twice[0]!r}; names must differ.")
    lines = {theme.agency for theme in themes}
    for theme in themes:
        if isinstance(theme, Casework) and {theme.crisis_payer, theme.entitlement_payer} & lines:
            raise LocalsimError(
                f"Theme {theme.name!r}: crises and entitlements are paid from open-ended lines of "
                "their own; give their payer a name that is no agency's."
            )
    casework = [theme.name for theme in themes if isinstance(theme, Casework)]
    for theme in themes:
        for name in theme.sequence if isinstance(theme, Casework) else ():
            if name not in casework:
                raise LocalsimError(
                    f"Theme {theme.name!r}: no team of casework takes over as {name!r}; "
                    + nearest(name, casework)
                )
    return tuple(themes)
