"""Acting on what is seen: a level for all, a raw record, and a record drawn to the public prior."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace

from localsim.assumptions import Assumptions
from localsim.check import inputs
from localsim.check.luck import FEWEST, repeat
from localsim.check.world import frictionless, read, town
from localsim.model import Model
from localsim.policy.budgets import OpenEnded
from localsim.policy.evidence import Evidence, Floats, Purse
from localsim.policy.listening import Record
from localsim.policy.policy import Policy
from localsim.policy.rules import Planner
from localsim.themes import Amenity, Quadratic

PRECISION = 0.01
_BEND = 2.0
_MEAN = 1000.0  # levels in standard deviations: log-normal draws are then as good as normal


@dataclass(frozen=True)
class NoisySignal:
    """Loss a head and year, against perfect evidence, of three ways to decide; with errors.

    `exact` holds what each should be.
    """

    uniform: float
    uniform_se: float
    raw: float
    raw_se: float
    shrunk: float
    shrunk_se: float
    exact: Mapping[str, float]


@dataclass(frozen=True)
class _Prior(Planner):
    """Plan on what public figures alone predict."""

    def allocate(self, evidence: Evidence, purse: Purse) -> Floats:
        """Return the plan that would be best if areas were as public figures have them."""
        return super().allocate(replace(evidence, value=evidence.formula), purse)


def noisy_signal(
    s2: float, e2: float, areas: int, *, replications: int | None = None, seed: int = 0
) -> NoisySignal:
    """Compare one level for all with levels set on a noisy record, raw and shrunk.

    Parameters
    ----------
    s2
        Variance between areas of the level that is best for them, zero or more.
    e2
        Variance of the noise with which the record shows it, zero or more.
    areas
        How many areas, of one resident each.
    replications, seed
        How often it is repeated, and the luck; by default until standard errors are at most
        1 % of the exact values.

    The amenity has quadratic benefit with b = 2; its mean and variance are public. Exactly, one
    level (the public mean) loses s², the raw record e², and the record shrunk by
    s²/(s² + e²) loses s²e²/(s² + e²), a head. Raises `LocalsimError` for numbers that cannot be.
    """
    between = inputs.number("s2", s2, least=0.0)
    noise = inputs.number("e2", e2, least=0.0)
    number = inputs.whole("areas", areas, most=10_000)
    both = between + noise
    exact = {
        "uniform": between, "raw": noise, "shrunk": between * noise / both if both else 0.0,
    }  # fmt: skip
    mean = _MEAN * _BEND * (math.sqrt(max(between, noise)) or 1.0)
    theme = Amenity(
        "good",
        benefit=Quadratic(_BEND),
        values={
            "value_gbp": mean,
            "value_sd_between": _BEND * math.sqrt(between) / mean,
            "value_sd_within": 0.0,
        },
    )
    clear = frictionless()
    noisy = frictionless({"record.noise_sd": _BEND * math.sqrt(noise) / mean})
    place = town([1] * number)
    money = OpenEnded(price=1.0)
    best = Policy("best", tier="area", budgets=money, rule=Planner())
    ways = {
        "uniform": Policy("uniform", tier="nation", budgets=money, rule=_Prior()),
        "raw": Policy("raw", tier="area", budgets=money, rule=Planner()),
        "shrunk": replace(best, name="shrunk", listening=Record(shrink=True)),
    }

    def surplus(model: Model) -> float:
        model.step()  # what is decided for a year shows in its first month
        figures = read(model)
        return 12.0 * (figures["amenity_benefit_gbp", "all"] - figures["spend_gbp", "all"])

    def once(replication: int) -> dict[str, float]:
        def run(policy: Policy, world: Assumptions) -> float:
            return surplus(
                Model(place, policy, seed=seed, replication=replication, themes=[theme],
                      assumptions=world, warmup_years=0)
            )  # fmt: skip

        most = run(best, clear)
        return {way: (most - run(ways[way], noisy)) / number for way in exact}

    # A squared normal has twice the variance of its mean's square.
    fewest = max(FEWEST, math.ceil(2.0 / (0.9 * PRECISION) ** 2 / number))
    found = repeat(once, exact, PRECISION, replications, fewest)
    return NoisySignal(
        found["uniform"].mean, found["uniform"].se,
        found["raw"].mean, found["raw"].se,
        found["shrunk"].mean, found["shrunk"].se,
        exact,
    )  # fmt: skip
