"""Desks that pass people on: a Jackson network of doors (Jackson 1957)."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from localsim.assumptions import Assumption
from localsim.check import inputs
from localsim.check.inputs import Floats
from localsim.check.luck import FEWEST, repeat
from localsim.check.queues import AT_ONCE, PRECISION, YEARS, arrivals_for, residents_for
from localsim.check.world import frictionless, read, town
from localsim.errors import LocalsimError
from localsim.model import Model
from localsim.policy.access import Silo
from localsim.policy.policy import Policy
from localsim.themes import Casework
from localsim.themes.routing import Routing


@dataclass(frozen=True)
class Doors:
    """Mean time from the first door to the last, and visits to desks, a client; with errors.

    `time` is in the unit of the rates given; `exact` holds what each should be.
    """

    time: float
    time_se: float
    visits: float
    visits_se: float
    exact: Mapping[str, float]


def doors(
    arrivals: Sequence[float],
    routing: Sequence[Sequence[float]],
    service_rates: Sequence[float],
    *,
    replications: int | None = None,
    seed: int = 0,
) -> Doors:
    """Send clients from desk to desk, one desk an agency, until they have been to the last.

    Parameters
    ----------
    arrivals
        Rate at which clients first come to each of G desks, zero or more and not all zero.
    routing
        G by G; `routing[i][j]` is the share that desk i sends on to desk j. What is left of a
        row has been to the last desk; from every desk some must be let go in the end.
    service_rates
        Clients that each desk can see in the same unit of time, above zero.
    replications, seed
        How often it is repeated, and the luck; by default until standard errors are at most
        1 % of the exact values.

    Exactly, desk j is visited at the rates λ = γ(I − P)⁻¹, and each is a queue M/M/1: a client's
    mean time is Σ ρ/(1 − ρ) / Σ γ and the mean of visits Σ λ / Σ γ. Raises `LocalsimError` for
    numbers that cannot be, or a queue that would grow without end.
    """
    first, passes, rates = _read(arrivals, routing, service_rates)
    total = float(first.sum())
    visits = np.linalg.solve((np.eye(first.size) - passes).T, first)  # a unit of time
    busy = visits / rates
    if (busy >= 1.0).any():
        desk = int(np.argmax(busy))
        raise LocalsimError(
            f"Desk {desk} is visited {visits[desk]:g} times in a unit of time and sees "
            f"{rates[desk]:g}: its queue would grow without end."
        )
    standing = busy / (1.0 - busy)
    exact = {"time": float(standing.sum()) / total, "visits": float(visits.sum()) / total}
    # Each desk's share of the time is as unsure as its own queue; so few clients suffice for all.
    used = visits > 0.0
    weight = standing[used] / standing.sum()
    each = np.array([arrivals_for(rho, rho, PRECISION) for rho in busy[used]])
    clients = float((weight**2 * each * total / visits[used]).sum())
    fill = 20.0 * (1.0 + 1.0 / (1.0 - np.sqrt(busy[used])) ** 2) * total / visits[used]
    a_month = max(clients / FEWEST / YEARS, float(fill.max())) / 12.0
    months = total / a_month  # in the unit of the rates
    people = residents_for(float(busy.max()), float(standing.sum()))
    names = [f"agency {g}" for g in range(first.size)]
    onward = {
        here: {there: float(p) for there, p in zip(names, row, strict=True) if p > 0.0}
        for here, row in zip(names, passes, strict=True)
    }
    spent = np.linalg.inv(np.eye(first.size) - passes) @ (standing / np.where(used, visits, 1.0))
    themes = [
        Casework(
            f"brought to {name}",
            agency=name,
            eligible="everyone",
            team="nation",
            routing=Routing({name: 1.0}, onward),
            values={
                "onset_per_year": 12.0 * float(rate) / months / (people - float(rate * stay)),
                "present_per_month.open": AT_ONCE,
                "heal_per_month.open": 0.0,
                "service_months.open": 0.0,
                "solve_share.open": 1.0,
                "slot_gbp": float(people),
                "budget_gbp_per_indicator": 2.0,
            },
        )
        for name, rate, stay in zip(names, first, spent, strict=True)
    ]
    world = frictionless({"doors.slots_per_1000": 0.0}).add(
        *(_desk(name, float(months / rate)) for name, rate in zip(names, rates, strict=True))
    )
    place, policy = town([people]), Policy("desks", tier="nation", access=Silo())

    def once(replication: int) -> dict[str, float]:
        model = Model(place, policy, seed=seed, replication=replication, themes=themes,
                      assumptions=world, warmup_years=1)  # fmt: skip
        model.run(YEARS)
        figures = read(model)
        return {
            "time": figures["system_months", "all"] / months,
            "visits": figures["contacts_per_solved", "all"],
        }

    found = repeat(once, exact, PRECISION, replications)
    time, mean = found["time"], found["visits"]
    return Doors(time.mean, time.se, mean.mean, mean.se, exact)


def _desk(agency: str, months: float) -> Assumption:
    """Return how long one agency's desk takes for an assessment."""
    return Assumption(
        f"doors.assess_months.{agency}", months, months, months, "fixed", "months", "unsourced",
        "set by user",
    )  # fmt: skip


def _read(arrivals: object, routing: object, rates: object) -> tuple[Floats, Floats, Floats]:
    """Return the three as arrays that go together, or say why they do not."""
    first = inputs.numbers("arrivals", arrivals, least=0.0)
    if not first.any():
        raise LocalsimError("arrivals must hold a rate above zero: nobody comes to any door.")
    if not isinstance(routing, Sequence | np.ndarray) or len(routing) != first.size:
        raise LocalsimError(
            f"routing must be a square of {first.size} rows, one a desk, not {routing!r}."
        )
    rows = [inputs.numbers(f"routing[{i}]", row, least=0.0) for i, row in enumerate(routing)]
    for i, row in enumerate(rows):
        inputs.same_length(f"routing[{i}]", row, "arrivals", first)
        if math.fsum(row) > 1.0 + 1e-9:
            raise LocalsimError(f"routing[{i}] sums to {math.fsum(row):g}, more than everybody.")
    passes = np.array(rows)
    if np.abs(np.linalg.eigvals(passes)).max() > 1.0 - 1e-9:
        raise LocalsimError("routing must let everybody go in the end; some never would be.")
    seen = inputs.numbers("service_rates", rates)
    inputs.same_length("service_rates", seen, "arrivals", first)
    for i, rate in enumerate(seen):
        inputs.above_zero(f"service_rates[{i}]", float(rate))
    return first, passes, seen
