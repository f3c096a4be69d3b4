"""How much must leak out before a centre that sets one level beats local choice."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from scipy.optimize import brentq

from localsim.assumptions import Assumptions
from localsim.check import inputs
from localsim.check.provision import surpluses
from localsim.check.world import amenity, frictionless
from localsim.themes import Log

PRICE = 1.0
_MOST = 1.0 - 1e-9  # at one nothing is provided locally, and the centre has won
_FINE = 1e-9


@dataclass(frozen=True)
class SpilloverThreshold:
    """The share of benefit that leaks next door at which nation and areas do as well.

    `exact` holds what it should be.
    """

    kappa: float
    exact: Mapping[str, float]


def spillover_threshold(ratio: float, *, world: Assumptions | None = None) -> SpilloverThreshold:
    """Find the spillover above which one national level beats two areas deciding for themselves.

    Two neighbours value an amenity at m·ln g, one `ratio` times as much as the other. Each counts
    its own residents' benefit alone; the nation counts all and sets one level (the set-up of
    Besley and Coate 2003). The nation's advantage rises with the spillover, so that the crossing
    of the two simulated surpluses is bracketed by none and all; of equal areas it is at zero.
    Raises `LocalsimError` for a ratio that is not above zero.
    """
    value = inputs.above_zero("ratio", ratio)
    values = (max(value, 1.0 / value), 1.0)  # which of the two is first makes no difference
    world = world or frictionless()

    def advantage(kappa: float) -> float:
        numbers = {"kappa": kappa, "budget_gbp_per_indicator": _FINE}
        theme = amenity("good", values, Log(), numbers)
        local, uniform = surpluses(theme, [1, 1], PRICE, world)
        return uniform - local

    found = _crossing(advantage(0.0), advantage)
    return SpilloverThreshold(found, {"kappa": exact_threshold(*values)})


def _crossing(at_none: float, advantage: Callable[[float], float]) -> float:
    if at_none >= 0.0:
        return 0.0
    return float(brentq(advantage, 0.0, _MOST, xtol=1e-10))


def exact_threshold(m1: float, m2: float) -> float:
    """Return the root κ of M·ln(M/2) − M·κ − M·ln(1−κ) − A₁·ln m₁ − A₂·ln m₂ = 0.

    M = m₁ + m₂ and Aᵢ = mᵢ(1−κ) + m₋ᵢκ.
    """
    total = m1 + m2
    if m1 == m2:
        return 0.0

    def difference(kappa: float) -> float:
        a1, a2 = m1 * (1 - kappa) + m2 * kappa, m2 * (1 - kappa) + m1 * kappa
        rest = a1 * math.log(m1) + a2 * math.log(m2)
        return total * (math.log(total / 2) - kappa - math.log1p(-kappa)) - rest

    return float(brentq(difference, 0.0, _MOST, xtol=1e-14))
