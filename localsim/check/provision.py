"""One level for all against a level for each area (Oates 1972, "Fiscal Federalism")."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from localsim.assumptions import Assumptions
from localsim.check import inputs
from localsim.check.inputs import Floats
from localsim.check.world import amenity, frictionless, read, town
from localsim.errors import LocalsimError
from localsim.model import Model
from localsim.policy.budgets import OpenEnded
from localsim.policy.policy import Policy
from localsim.policy.rules import Planner
from localsim.themes import Amenity, Log, Quadratic


@dataclass(frozen=True)
class UniformProvision:
    """Surplus a year when each area decides, and when a nation sets one level; what that loses.

    In pounds, over all residents; `exact` holds what each field should be.
    """

    local: float
    uniform: float
    loss: float
    exact: Mapping[str, float]


def uniform_provision(
    a: Sequence[float],
    b: float,
    c: float,
    n: Sequence[int] | None = None,
    *,
    world: Assumptions | None = None,
) -> UniformProvision:
    """Compare local levels with one uniform level of an amenity worth a·g − (b/2)·g² a head.

    Parameters
    ----------
    a
        Value of the first unit in each area, £ a resident and year, zero or more.
    b
        How fast it falls, above zero.
    c
        Price of a unit, above zero. Where it exceeds the value, nothing is provided.
    n
        Residents of each area; one each without it.
    world
        Assumptions to run in; the default has no overheads, noise or losses.

    Exactly, one level loses (b/2)·Σ nᵢ(gᵢ* − ḡ)², wherever no level is cut off at zero. Raises
    `LocalsimError` for numbers that cannot be.
    """
    values = inputs.numbers("a", a, least=0.0)
    bend = inputs.above_zero("b", b)
    price = inputs.above_zero("c", c)
    people = inputs.residents("n", n, values.size)
    theme = amenity("good", values.tolist(), Quadratic(bend), {})
    local, uniform = surpluses(theme, people, price, world or frictionless())

    def worth(level: Floats) -> float:
        return float(np.dot(people, (values - price) * level - bend / 2.0 * level**2))

    mean = np.full(values.size, np.average(values, weights=people))
    best, one = (worth(np.maximum(v - price, 0.0) / bend) for v in (values, mean))
    exact = {"local": best, "uniform": one, "loss": best - one}
    return UniformProvision(local, uniform, local - uniform, exact)


def uniform_provision_log(
    m: Sequence[float],
    price: float = 1.0,
    *,
    world: Assumptions | None = None,
) -> UniformProvision:
    """Compare local levels with one uniform level of an amenity worth m·ln g, a resident an area.

    Parameters
    ----------
    m
        Value in each area, £ a year, zero or more and not all zero.
    price
        Price of a unit of g, above zero.
    world
        Assumptions to run in; the default has no overheads, noise or losses.

    Exactly, one level loses Σ m·ln(m/m̄) = N·m̄·T(m), T Theil's index, whatever the price. Raises
    `LocalsimError` for numbers that cannot be.
    """
    values = inputs.numbers("m", m, least=0.0)
    cost = inputs.above_zero("price", price)
    total = float(values.sum())
    if total <= 0.0:
        raise LocalsimError("m must hold a value above zero; nobody wants any of this.")
    wanted = values[values > 0.0]
    # Benefit is counted from historic spending, down to a millionth of it: start low enough.
    historic = min(1.0, float(wanted.min()) / cost)
    theme = amenity("good", values.tolist(), Log(), {"budget_gbp_per_indicator": historic})
    measured = surpluses(theme, [1] * values.size, cost, world or frictionless())
    local, uniform = (surplus + total * np.log(historic) for surplus in measured)
    mean = total / values.size
    best = float((wanted * np.log(wanted / cost)).sum()) - total
    one = total * np.log(mean / cost) - total
    loss = float((wanted * np.log(wanted / mean)).sum())
    exact = {"local": best, "uniform": float(one), "loss": loss}
    return UniformProvision(float(local), float(uniform), float(local - uniform), exact)


def surpluses(
    theme: Amenity, residents: Sequence[int], price: float, world: Assumptions
) -> tuple[float, float]:
    """Return the simulated surplus of a year, £, with areas and with a nation deciding."""
    start = Model(
        town(residents), _decided("nation", price), themes=[theme], assumptions=world,
        warmup_years=0,
    )  # fmt: skip
    local, uniform = (_surplus(start, tier, price) for tier in ("area", "nation"))
    return local, uniform


def _decided(tier: str, price: float) -> Policy:
    return Policy(f"{tier} decides", tier=tier, budgets=OpenEnded(price), rule=Planner())


def _surplus(start: Model, tier: str, price: float) -> float:
    model = start.fork(_decided(tier, price))
    model.run(1)
    metrics = read(model)
    return metrics["amenity_benefit_gbp", "all"] - price * metrics["spend_gbp", "all"]
