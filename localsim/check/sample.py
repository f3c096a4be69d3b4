"""Deciding on one period and scoring on the next: what tailoring to a sample seems to gain."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from localsim.agents.institutions import Commissioner
from localsim.assumptions import Assumptions
from localsim.check import inputs
from localsim.check.luck import repeat
from localsim.check.world import EVERYBODY, electorate, frictionless, read
from localsim.model import Model
from localsim.policy.budgets import OpenEnded
from localsim.policy.listening import Voice
from localsim.policy.policy import Policy
from localsim.policy.rules import Fixed, Planner
from localsim.themes import Amenity, Quadratic

PRECISION = 0.01
_BEND = 2.0
_NARROW = 1e-3  # sd of a log-normal draw that is as good as normal
_AT_ONCE = 200_000  # weights drawn in one model, which bounds its memory
_GOODS, _DECIDERS = 60, 200  # in one model: so many samples for one hearing, so many hearings


@dataclass(frozen=True)
class InSample:
    """What a level for each area gains a head over one level for all, with standard errors.

    `in_sample` is scored on the year whose weights were asked for, `fresh` on the year after;
    `exact` holds what each should be.
    """

    in_sample: float
    in_sample_se: float
    fresh: float
    fresh_se: float
    exact: Mapping[str, float]


def in_sample(
    areas: int,
    residents: int,
    sigma: float,
    *,
    replications: int | None = None,
    seed: int = 0,
    world: Assumptions | None = None,
) -> InSample:
    """Set levels of an amenity by what residents put first in a year, and score them twice.

    Parameters
    ----------
    areas, residents
        How many areas decide, and how many residents, all of them asked, each has.
    sigma
        Standard deviation between residents of the level they like best, above zero; it is gone
        after the year, and areas do not differ.
    replications, seed
        How often it is repeated, and the luck; by default until standard errors are at most 1 %
        of the exact values.
    world
        Assumptions to run in; the default has no overheads, noise or losses, and full turnout.

    Benefit is quadratic with b = 2. Levels are decided in one year and stay (`Fixed`). Exactly,
    a level for each of D areas of n residents gains (D − 1)·σ²/(D·n) a head over one level for
    all on the sample it was set by, and loses exactly that on fresh weights. Raises
    `LocalsimError` for numbers that cannot be.
    """
    deciders = inputs.whole("areas", areas, most=5_000)
    each = inputs.whole("residents", residents, most=100_000)
    sd = inputs.above_zero("sigma", sigma)
    gain = (deciders - 1) * sd**2 / (deciders * each)
    exact = {"in_sample": gain, "fresh": -gain}
    mean = _BEND * sd / _NARROW
    numbers = (world or frictionless(EVERYBODY)).replace({"needs.value_sd_yearly": _NARROW})
    values = {"value_gbp": mean, "value_sd_between": 0.0, "value_sd_within": 0.0}
    number = max(1, min(_GOODS, _AT_ONCE // (deciders * each)))
    goods = [Amenity(f"good {i}", benefit=Quadratic(_BEND), values=values) for i in range(number)]
    together = max(1, min(_DECIDERS // deciders, _AT_ONCE // (deciders * each * number)))
    place = electorate([each] * (deciders * together), neighbourhood_areas=deciders)
    money = OpenEnded(mean / 2.0)  # half the value: levels are then well above zero

    def asked(tier: str) -> Policy:
        return Policy(tier, tier=tier, budgets=money, listening=Voice(hours=0.0), rule=Planner())

    def once(replication: int) -> dict[str, float]:
        start = Model(
            place, asked("nation"), seed=seed, replication=replication, themes=goods,
            assumptions=numbers, warmup_years=0,
        )  # fmt: skip
        ways = [_two_years(start, asked(tier)) for tier in ("area", "neighbourhood")]
        first, second = (ways[0] - ways[1]) / (place.residents.sum() * number)
        return {"in_sample": float(first), "fresh": float(second)}

    # The square of a mean of normals has twice its variance; a fresh year adds four times that
    # of the product of two.
    variance = 2.0 / (deciders - 1) + 4.0 / deciders if deciders > 1 else 0.0
    fewest = max(2, math.ceil(variance / (0.95 * PRECISION) ** 2 / together / number))
    found = repeat(once, exact, PRECISION, replications, fewest)
    one, other = found["in_sample"], found["fresh"]
    return InSample(one.mean, one.se, other.mean, other.se, exact)


def _two_years(start: Model, policy: Policy) -> np.ndarray:
    """Return the surplus of the year that levels were set by, and of the next, £, float64[2]."""
    deciding = start.fork(policy)
    deciding.step()
    spend = np.zeros((len(start.place.codes), len(start.themes)))
    for one in deciding.agents_by_type[Commissioner]:
        spend[one.areas] = one.decision_gbp
    kept = start.fork(Policy("kept", tier="nation", budgets=policy.budgets, rule=Fixed(spend)))
    kept.run(1)
    first = _surplus(kept, policy)
    kept.run(1)
    return np.array([first, _surplus(kept, policy) - first])


def _surplus(model: Model, policy: Policy) -> float:
    assert isinstance(policy.budgets, OpenEnded)
    figures = read(model)
    spent = policy.budgets.price * figures["spend_gbp", "all"]
    return figures["amenity_benefit_gbp", "all"] - spent
