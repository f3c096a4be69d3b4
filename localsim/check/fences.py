"""Ring-fences against a pooled purse."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.optimize import brentq

from localsim.assumptions import Assumptions
from localsim.check import inputs
from localsim.check.inputs import Floats
from localsim.check.world import amenity, frictionless, read, town
from localsim.errors import LocalsimError
from localsim.model import Model
from localsim.policy.budgets import Budgets, Pooled, RingFenced
from localsim.policy.policy import Policy
from localsim.policy.rules import Planner
from localsim.themes import Amenity, Log

COST = "deciding.gbp_per_decider"


@dataclass(frozen=True)
class RingFence:
    """What ring-fences lose: £ a year, per £ of value, and as a share of a pooled budget.

    `exact` holds what each field should be.
    """

    loss: float
    kl: float
    saving: float
    exact: Mapping[str, float]


def ring_fence(
    m: Sequence[float], shares: Sequence[float], *, world: Assumptions | None = None
) -> RingFence:
    """Compare fenced lines with one pooled purse for amenities worth m·ln g, in one area.

    Parameters
    ----------
    m
        Value of each amenity, £ a year, zero or more and not all zero.
    shares
        Share of the money fenced for each; they sum to one, and are above zero wherever m is.
    world
        Assumptions to run in; the default has no overheads, noise or losses.

    Exactly, fences lose M·KL(s‖r), s = m/M, and a pooled purse smaller by 1 − exp(−KL) does as
    well; `saving` is the share of the pot that it could pay for being decided on and still break
    even, found by simulation. Raises `LocalsimError` for numbers that cannot be.
    """
    values = inputs.numbers("m", m, least=0.0)
    fenced = inputs.numbers("shares", shares, least=0.0)
    inputs.same_length("m", values, "shares", fenced)
    total = float(values.sum())
    _check(values, fenced, total)
    wanted = values / total
    world = world or frictionless()
    # Any historic lines would do; low ones keep every level above a millionth of its own, down to
    # which benefit is counted.
    lines = np.where(wanted > 0.0, np.minimum(wanted, fenced), fenced)
    pot = float(lines.sum())
    themes = [
        amenity(f"good {j}", [value], Log(), {"budget_gbp_per_indicator": line})
        for j, (value, line) in enumerate(zip(values, lines, strict=True))
    ]
    split = {theme.name: share for theme, share in zip(themes, fenced.tolist(), strict=True)}
    apart = _benefit(themes, RingFenced(split), world)
    loss = _benefit(themes, Pooled(1.0, ramp=1.0), world) - apart

    def advantage(log_ratio: float) -> float:
        cost = -math.expm1(-log_ratio) * pot
        return _benefit(themes, Pooled(1.0, ramp=1.0), world.replace({COST: cost})) - apart

    even = float(brentq(advantage, 0.0, max(loss, 0.0) / total + 1.0, xtol=1e-14, rtol=1e-14))
    some = wanted > 0.0
    kl = float((wanted[some] * np.log(wanted[some] / fenced[some])).sum())
    exact = {"loss": total * kl, "kl": kl, "saving": -math.expm1(-kl)}
    return RingFence(loss, loss / total, -math.expm1(-even), exact)


def _check(values: Floats, fenced: Floats, total: float) -> None:
    if total <= 0.0:
        raise LocalsimError("m must hold a value above zero; nobody wants any of this.")
    if abs(math.fsum(fenced) - 1.0) > 1e-9:
        raise LocalsimError(f"shares sum to {math.fsum(fenced):g}, not to 1.")
    starved = np.flatnonzero((values > 0.0) & (fenced <= 0.0))
    if starved.size:
        j = int(starved[0])
        raise LocalsimError(
            f"shares[{j}] is 0 and m[{j}] is not: with nothing spent on it the loss has no end; "
            "give it a share above zero."
        )


def _benefit(themes: Sequence[Amenity], budgets: Budgets, world: Assumptions) -> float:
    policy = Policy("purse", tier="area", budgets=budgets, rule=Planner())
    model = Model(town([1]), policy, themes=themes, assumptions=world, warmup_years=0)
    model.run(1)
    return read(model)["amenity_benefit_gbp", "all"]
