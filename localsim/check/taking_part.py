"""Who takes part in one event in Norbiton, from a leaflet's invitation to a ballot at the door."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from localsim.assumptions import Assumptions
from localsim.check import inputs
from localsim.check.luck import repeat
from localsim.check.world import frictionless, read
from localsim.model import Model
from localsim.place import Place
from localsim.policy.listening import Voice
from localsim.policy.policy import Policy
from localsim.population import Population
from localsim.themes import Amenity

PRECISION = 0.01
_EVENTS = 20  # in one model, a year each: the same people, asked again
_ELSEWHERE = ("all", "area fifth", "aged 11")  # neither ages of adults nor who they are
_NODES = 64  # of the quadrature over how much persons differ


@dataclass(frozen=True)
class Participation:
    """The share of Norbiton's adults who take part, and that of groups of them, with errors.

    `by_group` has ages, tenures, own income deprivation and ethnic groups by their names in the
    metrics; `by_group_se` their standard errors; `exact` what the share should be.
    """

    share: float
    share_se: float
    by_group: Mapping[str, float]
    by_group_se: Mapping[str, float]
    exact: Mapping[str, float]


def participation(
    stake: float,
    hours: float,
    outreach: float = 0.0,
    *,
    replications: int | None = None,
    seed: int = 0,
    world: Assumptions | None = None,
) -> Participation:
    """Invite Norbiton's adults to one event, and see who comes.

    Parameters
    ----------
    stake
        What the event decides on, £ a head, above zero.
    hours
        What it asks of those who take part, zero or more.
    outreach
        Effort to reach those who seldom take part, 0 to 1.
    replications, seed
        How often other people are drawn, and the luck; by default until the standard error of the
        share is at most 1 % of it.
    world
        Assumptions to run in; the default has no overheads, and the package's own on
        participation.

    The exact share is the rule of participation (`localsim.year.taking_part`) summed over
    Norbiton's adults and integrated over how much persons differ. A leaflet (£50, 2.5 hours)
    draws about 1 %, a ballot on one's own home at the door (£50,000, a quarter of an hour) about
    86 %, and who comes differs as sources P02, P05, P06 and P09 to P11 say: the deprived, the
    young, those of 75 and over, renters and ethnic minorities come less. Raises `LocalsimError`
    for numbers that cannot be.
    """
    money = inputs.above_zero("stake", stake)
    asked = inputs.number("hours", hours, least=0.0, most=10_000.0)
    effort = inputs.number("outreach", outreach, least=0.0, most=1.0)
    numbers = world or frictionless()
    place = Place.norbiton()
    theme = Amenity("good", values={"budget_gbp_per_indicator": money})
    voice = Voice(outreach=effort, hours=asked)
    policy = Policy("event", tier="authority", listening=voice)

    def once(replication: int) -> dict[str, float]:
        model = Model(
            place, policy, seed=seed, replication=replication, themes=[theme],
            assumptions=numbers, warmup_years=0,
        )  # fmt: skip
        model.run(_EVENTS)
        return {group: x for (name, group), x in read(model).items() if name == "participation"}

    exact = _expected(place, numbers, money, asked, effort)
    found = repeat(once, {"all": exact}, PRECISION, replications)
    groups = [group for group in found if not group.startswith(_ELSEWHERE)]
    return Participation(
        share=found["all"].mean,
        share_se=found["all"].se,
        by_group={group: found[group].mean for group in groups},
        by_group_se={group: found[group].se for group in groups},
        exact={"share": exact},
    )


def _expected(
    place: Place, world: Assumptions, stake: float, hours: float, outreach: float
) -> float:
    """Return the mean over adults of the logistic of a normal, by Gauss and Hermite's rule."""
    people = Population.of(place)
    adult = people.age >= 18
    rents, minority = people.tenure != 0, people.ethnic_group != 0
    marks = {
        "deprived": people.income_deprived, "young": people.age < 30, "oldest": people.age >= 75,
        "renter": rents, "minority": minority,
    }  # fmt: skip

    def b(name: str) -> float:
        return world.value(f"participation.{name}")

    logit = b("b0") + b("b_stake") * np.log(max(stake, 0.01)) - b("b_cost") * np.log1p(4.0 * hours)
    logit = logit + sum(b(f"b_{m}") * (who[adult] - who[adult].mean()) for m, who in marks.items())
    logit = logit + b("b_outreach") * outreach * np.any(list(marks.values()), axis=0)[adult]
    nodes, weights = np.polynomial.hermite_e.hermegauss(_NODES)
    each = 1.0 / (1.0 + np.exp(-np.clip(logit[:, None] + b("sigma") * nodes, -700.0, 700.0)))
    return float((each @ weights).mean() / weights.sum())
