"""With whose money: ring-fenced lines, a pooled purse, or open-ended spending at a price."""

from __future__ import annotations

import math
from abc import ABC
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, final

import numpy as np

from localsim.errors import LocalsimError, nearest

TIERS = ("nation", "sub-region", "authority", "neighbourhood", "area", "person")


def check_share(what: str, number: Any) -> None:
    """Say in a sentence when a share is not between 0 and 1."""
    if isinstance(number, bool) or not isinstance(number, int | float | np.integer | np.floating):
        raise LocalsimError(f"{what} must be a number between 0 and 1, not {number!r}.")
    if not 0.0 <= number <= 1.0:
        raise LocalsimError(f"{what} must lie between 0 and 1, and {number} does not.")


def check_amount(what: str, number: Any, above_zero: bool = False) -> None:
    """Say in a sentence when a quantity is not a finite number of zero or more."""
    if isinstance(number, bool) or not isinstance(number, int | float | np.integer | np.floating):
        raise LocalsimError(f"{what} must be a number, not {number!r}.")
    if not math.isfinite(number) or number < 0.0 or number > 1e12 or (above_zero and number == 0.0):
        least = "above zero" if above_zero else "zero or more"
        raise LocalsimError(f"{what} must be a finite number, {least}; {number} is not.")


def check_whole(what: str, number: Any, low: int, high: int) -> None:
    """Say in a sentence when a count is not a whole number between two bounds."""
    counts = isinstance(number, int | np.integer) and not isinstance(number, bool)
    if not (counts and low <= number <= high):
        raise LocalsimError(
            f"{what} must be a whole number from {low:,} to {high:,}, not {number!r}."
        )


def check_tier(what: str, tier: Any) -> None:
    """Say in a sentence when a tier is none at which money is held or decided on."""
    if tier not in TIERS:
        raise LocalsimError(
            f"{what}: there is no tier {tier!r} that decides; {nearest(str(tier), TIERS)}"
        )


def names_of(what: str, names: Any) -> tuple[str, ...]:
    """Return names as they were given, or say in a sentence when they are no list of names."""
    if isinstance(names, Iterable) and not isinstance(names, str | bytes):
        listed = tuple(names)
        if listed and all(isinstance(name, str) for name in listed):
            return listed
    raise LocalsimError(f"{what} must be a list of names, at least one, not {names!r}.")


class Budgets(ABC):
    """How money may move between themes."""


@final
@dataclass(frozen=True)
class RingFenced(Budgets):
    """Each theme's money is its own line.

    `shares` gives each theme's share of the pot by name; they must sum to one. Without it the
    historic lines stand. `carry` is the share of a year's underspend that stays with the place;
    the rest is clawed back by the agencies that paid it in.
    """

    shares: Mapping[str, float] | None = None
    carry: float = 1.0

    def __post_init__(self) -> None:
        check_share("RingFenced: the share that is carried", self.carry)
        if self.shares is None:
            return
        if not isinstance(self.shares, Mapping):
            raise LocalsimError(
                f"RingFenced: shares must map a theme's name to its share, not {self.shares!r}."
            )
        for theme, share in self.shares.items():
            check_share(f"RingFenced: the share of theme {theme!r}", share)
        total = math.fsum(self.shares.values())
        if abs(total - 1.0) > 1e-9:
            raise LocalsimError(f"RingFenced: the shares of themes sum to {total:g}, not to 1.")
        object.__setattr__(self, "shares", dict(self.shares))

    def __hash__(self) -> int:
        shares = None if self.shares is None else tuple(sorted(self.shares.items()))
        return hash((shares, self.carry))


@final
@dataclass(frozen=True)
class Pooled(Budgets):
    """A share of every line goes into one purse, as far and as fast as agencies consent.

    The share pooled moves by ``s ← s + ramp·(share − s)·willingness`` a year, from zero;
    willingness is a fact of the world. `tier` is where the money is pooled: above those who
    decide, it is shared out among them by the public formula of need instead of by history; at
    their tier or below, as without it, each spends what its own areas bring. `themes` names the
    lines that are pooled, and on which alone pooled money is spent; without it, all. `carry` is
    the share of a year's underspend that stays with the place; the rest is clawed back.
    """

    share: float = 1.0
    ramp: float = 0.5
    tier: str | None = None
    themes: Sequence[str] | None = None
    carry: float = 1.0

    def __post_init__(self) -> None:
        check_share("Pooled: the share", self.share)
        check_share("Pooled: the ramp", self.ramp)
        check_share("Pooled: the share that is carried", self.carry)
        if self.tier is not None:
            check_tier("Pooled", self.tier)
        if self.themes is not None:
            object.__setattr__(self, "themes", names_of("Pooled: themes", self.themes))


@final
@dataclass(frozen=True)
class OpenEnded(Budgets):
    """Spend where marginal benefit meets a price: what a pound of public money costs, in pounds."""

    price: float = 1.0

    def __post_init__(self) -> None:
        check_amount("OpenEnded: the price", self.price, above_zero=True)
