"""How much capture local choice can bear before a centre that treats all alike does better."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.optimize import brentq

from localsim.check import inputs
from localsim.check.inputs import Floats
from localsim.check.world import amenity, electorate, frictionless, read
from localsim.errors import LocalsimError
from localsim.model import Model
from localsim.policy.budgets import Pooled, RingFenced
from localsim.policy.policy import Policy
from localsim.policy.rules import Planner
from localsim.themes import Log

_MOST_PEOPLE = 20_000
_ALONE = 20_000
_TRACE = 1e-300
_ALIKE = 1e-12


@dataclass(frozen=True)
class CaptureThreshold:
    """The share of capture at which local choice and equal shares from a centre do as well.

    It is nan where none exists, and `note` then says why. `exact` holds what it should be.
    """

    capture: float
    note: str
    exact: Mapping[str, float]


def capture_threshold(shares: Sequence[float], elite: Sequence[float]) -> CaptureThreshold:
    """Find the capture above which a nation's equal shares beat a captured local decider.

    Parameters
    ----------
    shares
        What all residents would spend on each of several amenities of log benefit, as shares.
    elite
        What the elite would spend, as shares. The elite is one owner-occupier among many who
        rent, in a home of her own; what she puts first is hers alone.

    Exactly, it is the t at which KL(s‖(1 − t)·s + t·e) = KL(s‖u), u equal shares. None exists
    where the elite want what is no further from all than equal shares are, unless these are what
    all want themselves: then local choice loses from nought. Raises `LocalsimError` for numbers
    that cannot be.
    """
    wanted, theirs = (
        _shares(name, given) for name, given in (("shares", shares), ("elite", elite))
    )
    inputs.same_length("shares", wanted, "elite", theirs)
    advantage = _simulated(wanted, theirs)
    found = _crossing(advantage)
    exact = _crossing(lambda t: _divergence(wanted, _equal(wanted)) - _kl_bent(wanted, theirs, t))
    return CaptureThreshold(found, _note(found), {"capture": exact})


def _shares(name: str, given: Sequence[float]) -> Floats:
    shares = inputs.numbers(name, given, least=0.0)
    if shares.size < 2:
        raise LocalsimError(f"{name} must be of two amenities or more.")
    if abs(math.fsum(shares) - 1.0) > 1e-9:
        raise LocalsimError(f"{name} sum to {math.fsum(shares):g}, not to 1.")
    return shares


def _crossing(advantage: Callable[[float], float]) -> float:
    """Return where an advantage that falls from capture 0 to 1 is gone, or nan if it stays."""
    none, full = advantage(0.0), advantage(1.0)
    if full > _ALIKE or abs(none - full) <= _ALIKE:
        return math.nan
    if none <= _ALIKE:
        return 0.0
    if full >= -_ALIKE:
        return 1.0
    return float(brentq(advantage, 0.0, 1.0, xtol=1e-10))


def _note(found: float) -> str:
    if math.isnan(found):
        return "No capture is enough: even the elite's own shares are no worse than equal ones."
    if found == 0.0:
        return "Equal shares are what all want: any capture is too much."
    return f"Above a share of {found:.3f} the nation's equal shares do better."


def _equal(wanted: Floats) -> Floats:
    return np.full(wanted.size, 1.0 / wanted.size)


def _kl_bent(wanted: Floats, theirs: Floats, t: float) -> float:
    return _divergence(wanted, (1.0 - t) * wanted + t * theirs)


def _divergence(wanted: Floats, spent: Floats) -> float:
    """Return KL(s‖w), which is infinite where nothing is spent on what is wanted."""
    some = wanted > 0.0
    if (spent[some] <= 0.0).any():
        return math.inf
    return float((wanted[some] * (np.log(wanted[some]) - np.log(spent[some]))).sum())


def _simulated(wanted: Floats, theirs: Floats) -> Callable[[float], float]:
    """Return by how much a local decider of some capture beats the nation, £ a head."""
    some = wanted > 0.0
    # All together want `wanted`, one of them `theirs`: there must be enough of the others.
    ratio = float((theirs[some] / wanted[some]).max())
    alone = _ALONE if (theirs[~some] > 0.0).any() else 100  # nobody else wants what she does
    people = min(_MOST_PEOPLE, max(alone, math.ceil(ratio) + 1))
    others = np.maximum(people * wanted - theirs, 0.0) / (people - 1)
    place = electorate([people - 1, 1], owners=[False, True], neighbourhood_areas=2)
    themes = [
        amenity(f"good {j}", pair, Log(), {"budget_gbp_per_indicator": _TRACE})
        for j, pair in enumerate(zip(others.tolist(), theirs.tolist(), strict=True))
    ]
    names = [theme.name for theme in themes]
    # All money comes in a line that nobody wants. Benefit is counted from historic spending, down
    # to a millionth of it: with next to none on the goods, no level is too low to count.
    themes.append(amenity("purse", [0.0, 0.0], Log(), {"budget_gbp_per_indicator": 1.0}))

    def benefit(policy: Policy, capture: float) -> float:
        world = frictionless({"capture.neighbourhood": capture})
        model = Model(place, policy, themes=themes, assumptions=world, warmup_years=0)
        model.step()  # what is decided for a year shows in its first month
        return 12.0 * read(model)["amenity_benefit_gbp", "all"] / people

    equal = RingFenced(dict.fromkeys(names, 1.0 / len(names)))
    centre = benefit(Policy("centre", tier="nation", budgets=equal, rule=Planner()), 0.0)
    local = Policy("local", tier="neighbourhood", budgets=Pooled(1.0, ramp=1.0), rule=Planner())
    return lambda t: benefit(local, t) - centre
