"""The core rules, frozen: what Mesa objects, a bare kernel and localsim all simulate alike.

A resident's need of a theme opens after an exponential time, relative to the resident's own rate.
It is presented after an exponential time and joins its team's queue, first come first served. A
team has whole slots, the same all year; a service takes an exponential time and solves the need
with a probability. A failure goes straight back to the queue with the probability `returns`;
else the resident goes home and presents anew. Once a need is solved the next one's clock starts.
No doors, no healing, no crises, no coupling of needs, no trust: everybody starts without a need.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from localsim.assumptions import Assumptions
from localsim.dynamics.columns import FLOWS
from localsim.dynamics.facts import Facts, relative_onset
from localsim.model import Model
from localsim.place import Place
from localsim.policy.policy import Policy
from localsim.policy.rules import Fixed
from localsim.themes import Casework

YEARS = 5
MONTHS = 12 * YEARS
SLOT_GBP = 1000.0
PRESSURE = 1.15
"""Slots that needs would keep busy in the long run, over the slots there are: queues form."""

# Not part of the core rules: effects and overheads that the whole model has.
SILENT = (
    "needs.coupling",
    "hidden.effect",
    "trust.gain",
    "trust.presenting",
    "deciding.gbp_per_decider",
    "capture.nation",
    "capture.sub_region",
    "capture.authority",
    "capture.neighbourhood",
    "capture.area",
    "compliance.gbp_per_item_per_head",
    "transition.share_per_answer",
    "turnover.owned",
    "turnover.social_rented",
    "turnover.private_rented",
    "growth.residents_per_year",
)


@dataclass(frozen=True)
class Need:
    """A theme of the core rules: rates a month (onset a year), service in months, shares."""

    name: str
    eligible: str
    onset_per_year: float
    relative_income_deprived: float
    present: float
    service: float
    solve: float
    returns: float

    def theme(self) -> Casework:
        """Return the same as a theme of localsim."""
        return Casework(
            self.name,
            agency=self.name,
            indicator="residents",
            eligible=self.eligible,
            desk=False,
            values={
                "onset_per_year": self.onset_per_year,
                "relative_income_deprived": self.relative_income_deprived,
                "present_per_month.open": self.present,
                "heal_per_month.open": 0.0,
                "service_months.open": self.service,
                "solve_share.open": self.solve,
                "return_share": self.returns,
                "slot_gbp": SLOT_GBP,
                "budget_gbp_per_indicator": 2.0 * SLOT_GBP,
            },
        )


# The package's own numbers, severities taken together; housing has those of any new theme.
NEEDS = (
    Need("employment", "working age", 0.06, 3.0, 0.40, 4.0, 0.45, 0.5),
    Need("families", "families", 0.07, 3.0, 0.10, 9.0, 0.50, 0.4),
    Need("advice", "householders", 0.11, 4.0, 0.10, 2.0, 0.65, 0.4),
    Need("care", "everyone", 0.09, 1.5, 0.12, 4.0, 0.45, 0.5),
    Need("housing", "adults", 0.10, 1.0, 0.20, 6.0, 0.65, 0.5),
)


@dataclass(frozen=True)
class Setting:
    """A place under the core rules.

    `rate` float64[K, N], onsets a month; `team` int64[N], who serves a resident (one team a
    neighbourhood and theme); `slots` int64[K, U].
    """

    place: Place
    rate: NDArray[np.float64]
    team: NDArray[np.int64]
    slots: NDArray[np.int64]

    @classmethod
    def of(cls, place: Place) -> Setting:
        """Return a place's rates and slots."""
        themes = tuple(need.theme() for need in NEEDS)
        facts = Facts.of(place, themes, assumptions(), 0, 0)
        onset = np.array([need.onset_per_year / 12.0 for need in NEEDS])
        relative = np.stack([relative_onset(facts, theme) for theme in themes])
        rate = relative.astype(np.float64) * onset[:, None]
        unit = np.unique(place.units("neighbourhood"), return_inverse=True)[1]
        team = unit[facts.population.area].astype(np.int64)
        slots = []
        for need, rates in zip(NEEDS, rate, strict=True):
            # Residents are idle for 1/rate and in need for what its course takes.
            served = need.service / need.solve
            away = (1.0 + (1.0 - need.solve) * (1.0 - need.returns) / need.solve) / need.present
            able = rates > 0.0
            busy = np.zeros(rates.size)
            busy[able] = served / (1.0 / rates[able] + away + served)
            slots.append(np.maximum(1.0, np.floor(np.bincount(team, weights=busy) / PRESSURE)))
        return cls(place, rate, team, np.array(slots).astype(np.int64))

    def model(self, seed: int, kind: type[Model] = Model) -> Model:
        """Return localsim's model of this place, through its public parameters."""
        unit = np.unique(self.place.units("neighbourhood"), return_inverse=True)[1]
        people = self.place.residents.astype(np.float64)
        share = people / np.bincount(unit, weights=people)[unit]
        # A tenth of a slot more, so that rounding never buys one slot fewer.
        spend = share[:, None] * (self.slots.T[unit] + 0.1) * SLOT_GBP
        policy = Policy(name="core rules", tier="authority", rule=Fixed(spend))
        return kind(
            self.place,
            policy,
            seed=seed,
            themes=[need.theme() for need in NEEDS],
            assumptions=assumptions(),
            warmup_years=0,
        )


class CoreRules(Model):
    """The core rules and no more, as the rivals have them: slots are bought once, then people live.

    The whole model also draws up accounts, hears evidence and decides anew every year, which is
    no part of the rules and which the rivals do not do.
    """

    def step(self) -> None:
        """Let one month pass."""
        if self.month == 0:
            self.fund()
            self.listen()
            self.allocate()
            self.commission()
        self.live()
        self.month += 1


@dataclass(frozen=True)
class Outcome:
    """What is compared, summed over themes, at the end of a run."""

    opened: float
    open_needs: float
    solved: float
    returns: float
    mean_wait_months: float


def assumptions() -> Assumptions:
    """Return the package's assumptions without what is not part of the core rules."""
    return Assumptions.default().replace(dict.fromkeys(SILENT, 0.0))


def outcome(model: Model) -> Outcome:
    """Return what localsim's model counted."""
    counted = model.town.tally.flows.sum(axis=(0, 1)).tolist()
    flows = dict(zip(FLOWS, counted, strict=True))
    return Outcome(
        opened=flows["opened"],
        open_needs=float(model.open_needs),
        solved=flows["solved"],
        returns=flows["returned"],
        mean_wait_months=flows["wait_months"] / flows["starts"],
    )
