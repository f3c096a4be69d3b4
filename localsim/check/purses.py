"""Risk pooling: purses that meet shocks apart, and as one (Eppen 1979)."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from scipy.stats import norm

from localsim.check import inputs
from localsim.check.inputs import Floats
from localsim.check.luck import Estimate
from localsim.check.world import frictionless, town
from localsim.dynamics.columns import EXPIRED, OPENED
from localsim.model import Model
from localsim.place import TENURES
from localsim.policy.policy import Policy
from localsim.themes import Casework

PRECISION = 0.01
_SPREAD = 1.0 / 3.0  # sd of a purse's demand over its mean
_COUNTED = 2_000.0  # demands a purse and month where they are only counted
_SERVED = 16_000.0  # where they are served, and chance in queues should not count either
_WIDER = 1.3  # months are drawn from demands so much wider than those asked for
_MONTHS = {"unmet": 20, "ratio": 480}  # of a replication
_BLOCK = 4  # months left out at once to see what they are worth
_FEWEST = 2
_MOST_NEEDS = {"unmet": 8e7, "ratio": 1.6e8}


@dataclass(frozen=True)
class RiskPooling:
    """Unmet demand a month with purses apart and as one, over all purses, in sd of one purse.

    `ratio` is the sd of what all purses meet together over the sum of their own. Each has its
    standard error; `exact` holds what each should be.
    """

    separate: float
    separate_se: float
    pooled: float
    pooled_se: float
    ratio: float
    ratio_se: float
    exact: Mapping[str, float]


def risk_pooling(
    n: int, rho: float, z: float, *, replications: int | None = None, seed: int = 0
) -> RiskPooling:
    """Meet shocks to demand with a team for each of n purses, and with one team for all.

    Parameters
    ----------
    n
        Purses, each an area with at least 2,000 expected demands a month.
    rho
        Correlation of their monthly shocks, which are normal; from 0 to 1.
    z
        Capacity of a team: the mean of its demand and z sd of one purse for each purse that it
        serves; from -20 to 20.
    replications, seed
        How often it is repeated, and the luck; by default until standard errors are at most 1 % of
        the exact values, or for about a minute: where capacity is hardly ever short, longer runs
        than that would be needed.

    What is not served by a month's end expires. Unmet demand is simulated for months of all kinds,
    most of them with demand about capacity, and its mean taken under the normal law that was asked
    for; the ratio is that of months drawn from that law. Exactly, in the limit of many demands, it
    is n·L(z) apart and S·L(n·z/S) as one, with S² = n + n(n−1)·rho and L the unit normal loss, and
    the ratio is S/n. Raises `LocalsimError` for numbers that cannot be.
    """
    purses = inputs.whole("n", n, most=1_000)
    common = inputs.number("rho", rho, least=0.0, most=1.0)
    safety = inputs.number("z", z, least=-20.0, most=20.0)
    together = math.sqrt(purses + purses * (purses - 1) * common)
    exact = {
        "separate": purses * _loss(safety),
        "pooled": together * _loss(purses * safety / together),
        "ratio": together / purses,
    }
    spread = min(_SPREAD, 0.8 / -safety) if safety < 0.0 else _SPREAD
    number = None if replications is None else inputs.whole("replications", replications, least=2)

    def unmet(team: str, teams: int, law: float) -> Estimate:
        """Return the mean unmet demand of all purses, in sd of one; `law` is the sd of a team's."""
        each = purses // teams

        def estimate(months: Floats) -> float:
            demand, lost = (months[:, :, f].reshape(len(months), teams, each).sum(axis=2)
                            for f in (0, 1))  # fmt: skip
            x = (demand.ravel() / _SERVED - each) / spread / law
            return teams * _under_the_normal_law(x, lost.ravel() / _SERVED / spread)

        mean = max(1.0, 1.0 + safety * spread)  # demand about capacity, or about its own mean
        drawn = _World(purses, common, spread * _WIDER / mean, _SERVED * mean)
        casework = drawn.served(team, each * _SERVED * (1.0 + safety * spread))
        return _jackknife(
            lambda r: drawn.run(casework, "unmet", seed, r), estimate, number,
            _MOST_NEEDS["unmet"] / (purses * _SERVED * mean * _MONTHS["unmet"]),
        )  # fmt: skip

    def ratio(months: Floats) -> float:
        demand = months[:, :, 0]
        return float(demand.sum(axis=1).std() / demand.std(axis=0).sum())

    counted = _World(purses, common, _SPREAD, _COUNTED)
    apart, pooled = unmet("area", purses, 1.0), unmet("nation", 1, together)
    risk = _jackknife(
        lambda r: counted.run(counted.counted(), "ratio", seed, r), ratio, number,
        _MOST_NEEDS["ratio"] / (purses * _COUNTED * _MONTHS["ratio"]),
    )  # fmt: skip
    return RiskPooling(apart.mean, apart.se, pooled.mean, pooled.se, risk.mean, risk.se, exact)


def _loss(z: float) -> float:
    """Return the unit normal loss φ(z) − z·(1 − Φ(z))."""
    return float(norm.pdf(z) - z * norm.sf(z))


def _under_the_normal_law(x: Floats, y: Floats) -> float:
    """Return the mean of y at points x if x were standard normal: each stands for what is near."""
    order = np.argsort(x)
    edges = np.concatenate([[-np.inf], (x[order][1:] + x[order][:-1]) / 2.0, [np.inf]])
    return float(np.diff(norm.cdf(edges)) @ y[order])


def _jackknife(
    once: Callable[[int], Floats],
    estimate: Callable[[Floats], float],
    replications: int | None,
    most: float,
) -> Estimate:
    """Return an estimate from all replications' months, and its error.

    Months are independent: the error is found by leaving out some of them in turn. Replications are
    added until it is small enough, or there are as many as asked for.
    """
    wanted = _FEWEST if replications is None else replications
    runs: list[Floats] = []
    while True:
        runs += [once(number) for number in range(len(runs), wanted)]
        mean = estimate(np.concatenate(runs))
        blocks = [block for run in runs for block in np.split(run, len(run) // _BLOCK)]
        left = [estimate(np.concatenate(blocks[:b] + blocks[b + 1 :])) for b in range(len(blocks))]
        error = math.sqrt((len(blocks) - 1) * float(np.var(left)))
        over = error / (PRECISION * abs(mean)) if mean else math.inf
        if replications is not None or over <= 1.0 or wanted >= most:
            return Estimate(mean, error)
        more = math.ceil(wanted * min(2.0, 1.1 * over**2))
        wanted = min(more, max(wanted + 1, int(most)))


@dataclass(frozen=True)
class _World:
    """So many purses with shocks of one sd and correlation, and their expected demands."""

    purses: int
    rho: float
    sd: float
    demands: float

    @property
    def people(self) -> int:
        """Residents of a purse: enough that those in need hardly lower demand."""
        return int(4.0 * self.demands)

    def _casework(self, team: str, numbers: Mapping[str, float]) -> Casework:
        values = {
            "onset_per_year": 12.0 * self.demands / self.people,
            "heal_per_month.open": 0.0,
            "present_per_month.open": 1e9,
            "solve_share.open": 1.0,
        }
        return Casework("demand", eligible="everyone", desk=False, team=team,
                        values=values | dict(numbers))  # fmt: skip

    def served(self, team: str, capacity: float) -> Casework:
        """Return casework of teams that can serve so many a month.

        With as many slots as the root of that: so many that chance alone hardly makes a queue, and
        so few that hardly anything is held over from month to month.
        """
        slots = max(1, round(math.sqrt(capacity)))
        areas = 1 if team == "area" else self.purses
        return self._casework(
            team,
            {
                "service_months.open": slots / capacity,
                "slot_gbp": float(self.people * areas),
                "budget_gbp_per_indicator": float(slots),
            },
        )

    def counted(self) -> Casework:
        """Return casework that goes away as soon as it has been counted."""
        return self._casework("area", {"heal_per_month.open": 1e9, "present_per_month.open": 0.0})

    def run(self, theme: Casework, what: str, seed: int, replication: int) -> Floats:
        """Return opened and expired needs by month and purse, float64[months, n, 2]."""
        world = frictionless(
            {
                "needs.shock_sd": self.sd,
                "needs.shock_correlation": self.rho,
                "needs.expire_share": 1.0,
            }
        )
        model = Model(
            town([self.people] * self.purses), Policy("teams", tier="nation"), seed=seed,
            replication=replication, themes=[theme], assumptions=world, warmup_years=0,
        )  # fmt: skip
        counts = [np.zeros((self.purses, 2))]
        for _ in range(_MONTHS[what]):
            model.step()
            flows = model.town.tally.flows[:, 0][:, [OPENED, EXPIRED]]
            counts.append(flows.reshape(self.purses, len(TENURES), 2).sum(axis=1))
        return np.diff(np.stack(counts), axis=0)
