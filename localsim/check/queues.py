"""Queues at a service: Erlang's formula, and work that comes back (Jackson 1957)."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from localsim.assumptions import Assumptions
from localsim.check import inputs
from localsim.check.luck import FEWEST, repeat
from localsim.check.world import frictionless, read, town
from localsim.errors import LocalsimError
from localsim.model import Model
from localsim.place import Place
from localsim.policy.policy import Policy
from localsim.themes import Casework

PRECISION = 0.01
PRECISION_OF_RETURNS = 0.02
YEARS = 8  # measured, after one to fill up
_FEWEST_RESIDENTS = 20_000
_MOST_RESIDENTS = 2_000_000
_MOST_ARRIVALS = 3e7
AT_ONCE = 1e9  # presentations a month


@dataclass(frozen=True)
class Queue:
    """Mean wait, in mean services, and the share of arrivals that wait; with standard errors.

    `exact` holds what each should be.
    """

    wait: float
    wait_se: float
    p_wait: float
    p_wait_se: float
    exact: Mapping[str, float]


@dataclass(frozen=True)
class FailureDemand:
    """Mean time from asking for help until solved, in the unit of the rates given; with its error.

    `exact` holds what it should be.
    """

    time: float
    time_se: float
    exact: Mapping[str, float]


def queue(
    arrival: float,
    service: float,
    servers: int,
    *,
    replications: int | None = None,
    seed: int = 0,
) -> Queue:
    """Run casework through one team and compare its queue with Erlang's C formula.

    Parameters
    ----------
    arrival, service
        Needs opening, and needs one slot can serve, in the same unit of time.
    servers
        Slots of the team; arrival < servers·service.
    replications, seed
        How often it is repeated, and the luck; by default until standard errors are at most
        1 % of the exact values. Where fewer than about one arrival in a thousand waits they are
        larger, so that a check ends within about a minute.

    Time is in units of the mean service, 1/service, whatever the unit of the rates; the wait
    excludes service. Raises `LocalsimError` for rates that cannot be, or a queue that would grow
    without end.
    """
    slots = inputs.whole("servers", servers, most=100_000)
    load = _load("arrival", arrival, "service", service, slots)
    wait_share = erlang_c(slots, load)
    rho = load / slots
    exact = {"wait": wait_share / (slots - load), "p_wait": wait_share}
    plan = Plan.of(load, slots, rho, arrivals_for(rho, wait_share, PRECISION))

    def once(replication: int) -> dict[str, float]:
        model = plan.run(seed, replication)
        figures = read(model)
        months = figures["queue_wait_months", "all"]
        return {"wait": months / plan.service_months, "p_wait": figures["queue_waited", "all"]}

    found = repeat(once, exact, PRECISION, replications)
    wait, p_wait = found["wait"], found["p_wait"]
    return Queue(wait.mean, wait.se, p_wait.mean, p_wait.se, exact)


def failure_demand(
    arrival: float,
    service: float,
    failure: float,
    *,
    replications: int | None = None,
    seed: int = 0,
) -> FailureDemand:
    """Run casework of which a share fails and comes straight back, through one slot.

    Parameters
    ----------
    arrival, service
        Needs opening, and services one slot can give, in the same unit of time.
    failure
        Share of services after which the need is back in the queue at once; arrival must stay
        below service·(1 − failure).
    replications, seed
        How often it is repeated, and the luck; by default until the standard error is at most
        2 % of the exact value.

    Exactly, an episode with all its returns takes 1/(service·(1 − failure) − arrival), in the
    unit in which the rates are given. Raises `LocalsimError` for numbers that cannot be.
    """
    share = inputs.number("failure", failure, least=0.0, most=1.0)
    if share == 1.0:
        raise LocalsimError("failure is 1: no need would ever be solved; give a share below one.")
    work = _load("arrival", arrival, "service", service, 1, solved=1.0 - share)
    rho = work / (1.0 - share)
    rate = float(service)
    exact = {"time": 1.0 / (rate * (1.0 - share) - float(arrival))}
    # A need's services in all are as long as one that never fails; only their order is mixed.
    arrivals = arrivals_for(rho, rho, PRECISION_OF_RETURNS)
    plan = Plan.of(work, 1, rho, arrivals, solved=1.0 - share)

    def once(replication: int) -> dict[str, float]:
        months = read(plan.run(seed, replication))["system_months", "all"]
        return {"time": months / plan.service_months / rate}

    found = repeat(once, exact, PRECISION_OF_RETURNS, replications)["time"]
    return FailureDemand(found.mean, found.se, exact)


def erlang_c(servers: int, load: float) -> float:
    """Return the chance of having to wait with so many servers and so much offered load."""
    blocked = 1.0
    for k in range(1, servers + 1):
        blocked = load * blocked / (k + load * blocked)
    return servers * blocked / (servers - load * (1.0 - blocked))


def _load(
    arrival_name: str, arrival: float, service_name: str, service: float, servers: int,
    *, solved: float = 1.0,
) -> float:  # fmt: skip
    """Return the offered load before returns, or say why there is none."""
    inputs.above_zero(arrival_name, arrival)
    inputs.above_zero(service_name, service)
    load = float(arrival) / float(service)
    if load >= servers * solved:
        raise LocalsimError(
            f"{arrival_name} {arrival:g} is more than {servers} at {service_name} {service:g} can "
            f"{'serve' if solved == 1.0 else 'solve'}: the queue would grow without end; "
            f"{arrival_name} must stay below {servers * float(service) * solved:g}."
        )
    return load


def arrivals_for(rho: float, wait_share: float, precision: float) -> float:
    """Return how many arrivals pin the mean wait down to a relative standard error.

    The asymptotic variance of the mean wait in M/M/1 (Whitt 1989, "Planning queueing
    simulations", Management Science 35), spread over the arrivals that wait.
    """
    spread = 2.0 + 5.0 * rho - 4.0 * rho**2 + rho**3
    return spread / (wait_share * (1.0 - rho) ** 2) / (0.8 * precision) ** 2


def residents_for(rho: float, in_system: float) -> int:
    """Return how many residents keep a queue from noticing that those in it cannot join it."""
    needed = _FEWEST_RESIDENTS + 1000.0 * (in_system + 1.0 / (1.0 - rho) ** 2)
    return int(min(needed, _MOST_RESIDENTS))


@dataclass(frozen=True)
class Plan:
    """One team's casework: how many live there, how busy it is, and for how long it is run."""

    place: Place
    theme: Casework
    service_months: float

    @classmethod
    def of(
        cls, load: float, slots: int, rho: float, arrivals: float, *, solved: float = 1.0
    ) -> Plan:
        """Plan replications that see so many arrivals in all.

        Those in need cannot fall into it again: there are so many residents that this shifts the
        mean wait by about a thousandth, and the onset rate is for those left on average.
        """
        in_system = load / solved + erlang_c(slots, load / solved) * rho / (1.0 - rho)
        people = residents_for(rho, in_system)
        # Long enough, too, for the first year to fill the queue.
        fill = 20.0 * (slots + 1.0 / (1.0 - math.sqrt(rho)) ** 2)
        a_month = max(min(arrivals, _MOST_ARRIVALS) / FEWEST / YEARS, fill) / 12.0
        service_months = load / a_month
        values = {
            "onset_per_year": 12.0 * a_month / (people - in_system),
            "present_per_month.open": AT_ONCE,
            "heal_per_month.open": 0.0,
            "service_months.open": service_months,
            "solve_share.open": solved,
            "return_share": 1.0,
            # A slot costs what one pound a resident raises, so that slots are whole to the penny.
            "slot_gbp": float(people),
            "budget_gbp_per_indicator": float(slots),
        }
        theme = Casework("cases", eligible="everyone", desk=False, team="nation", values=values)
        return cls(town([people]), theme, service_months)

    def run(
        self,
        seed: int,
        replication: int,
        policy: Policy | None = None,
        world: Assumptions | None = None,
    ) -> Model:
        """Return the place after a year to fill up and the years that are measured.

        Under a policy and in a world of one's own, or under an ordinary one without frictions.
        """
        model = Model(
            self.place, policy or Policy("one team", tier="nation"), seed=seed,
            replication=replication, themes=[self.theme], assumptions=world or frictionless(),
            warmup_years=1,
        )  # fmt: skip
        model.run(YEARS)
        return model
