"""Residents who decide by majority: the median voter's level, and votes issue by issue."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from localsim.assumptions import Assumptions
from localsim.check import inputs
from localsim.check.luck import repeat
from localsim.check.world import EVERYBODY, amenity, electorate, frictionless, read
from localsim.errors import LocalsimError
from localsim.model import Model
from localsim.place import Place
from localsim.policy.budgets import OpenEnded
from localsim.policy.listening import Record, Voice
from localsim.policy.policy import Policy
from localsim.policy.resident_rules import Referendum
from localsim.policy.rules import MedianVoter, Planner, Rule
from localsim.themes import Amenity, Quadratic

PRICE = 1.0
PRECISION = 0.01
_MOST_VOTERS = 100_000
_NARROW = 1e-3  # sd of a log-normal draw that is as good as normal
_AT_ONCE = 400_000  # preferences drawn in one model, which bounds its memory
_ISSUES, _UNITS = 66, 40  # in one model, which spreads its fixed cost


@dataclass(frozen=True)
class MedianVote:
    """What the median voter's level loses a head and year against the mean voter's, £.

    `exact` holds what it should be.
    """

    loss: float
    exact: Mapping[str, float]


def median_voter(
    bliss: Sequence[float], b: float = 1.0, *, world: Assumptions | None = None
) -> MedianVote:
    """Compare the level of an amenity that the median voter wants with the best level for all.

    Parameters
    ----------
    bliss
        The level that each voter likes best, £ a head, at most 100,000 of them; the benefit of a
        level g to each falls off as (b/2)·(g − bliss)². Levels are counted from the lowest, so
        that any numbers will do.
    b
        How fast benefit bends, above zero.
    world
        Assumptions to run in; the default has no overheads, noise or losses, and full turnout.

    Each voter lives in an area of her own, and one unit decides on one level at a price. Exactly,
    the median loses (b/2)·(mean − median)² a head. Raises `LocalsimError` for numbers that cannot
    be.
    """
    points = inputs.numbers("bliss", bliss)
    bend = inputs.above_zero("b", b)
    if points.size > _MOST_VOTERS:
        raise LocalsimError(f"bliss lists {points.size:,} voters; at most {_MOST_VOTERS:,} can be.")
    levels = points - points.min()
    theme = amenity("good", (PRICE + bend * levels).tolist(), Quadratic(bend), {})
    place = electorate([1] * points.size)
    start = Model(
        place, _decided(Planner()), themes=[theme],
        assumptions=world or frictionless(EVERYBODY), warmup_years=0,
    )  # fmt: skip
    best, median = (_surplus(start, rule) for rule in (Planner(), MedianVoter()))
    gap = float(points.mean() - np.median(points))
    return MedianVote((best - median) / points.size, {"loss": bend / 2.0 * gap**2})


def _decided(rule: Rule, price: float = PRICE, tier: str = "nation") -> Policy:
    name = type(rule).__name__
    return Policy(name, tier=tier, budgets=OpenEnded(price), listening=_ear(rule), rule=rule)


def _ear(rule: Rule) -> Voice | Record:
    return Record() if isinstance(rule, Planner) else Voice(hours=0.0)


def _surplus(start: Model, rule: Rule) -> float:
    model = start.fork(_decided(rule))
    model.run(1)
    figures = read(model)
    return figures["amenity_benefit_gbp", "all"] - PRICE * figures["spend_gbp", "all"]


@dataclass(frozen=True)
class IssueVotes:
    """What citizens gain a head from votes issue by issue, and its standard error.

    `exact` holds what it should be.
    """

    utility: float
    utility_se: float
    exact: Mapping[str, float]


def referendum(
    citizens: int,
    issues: int,
    scale: float,
    *,
    replications: int | None = None,
    seed: int = 0,
    world: Assumptions | None = None,
) -> IssueVotes:
    """Let citizens vote on binary issues one by one, and return what they gain a head.

    Parameters
    ----------
    citizens
        How many vote, all of them, in one unit.
    issues
        How many projects there are, each carried by a strict majority.
    scale
        What a project is worth to a citizen beyond its cost lies, symmetrically about nought, at
        a mean distance of scale/2: as if even between −scale and +scale.
    replications, seed
        How many electorates, and the luck; by default until the standard error is at most 1 % of
        the exact value.
    world
        Assumptions to run in; the default has no overheads, noise or losses, and full turnout.

    The set-up is that of Kollman, Miller and Page (1997). Exactly, citizens gain
    issues · scale · E|D| / (4·citizens), D the difference between those for and against, which
    tends to issues · scale · φ(0) / (2·√citizens). It depends on no more of the distribution than
    its symmetry and mean distance; the ordinary residents' is normal. Raises `LocalsimError` for
    numbers that cannot be.
    """
    people = inputs.whole("citizens", citizens, most=100_000)
    number = inputs.whole("issues", issues, most=1_000)
    width = inputs.above_zero("scale", scale)
    half = people // 2 if people % 2 == 0 else (people - 1) // 2
    odd = people if people % 2 == 0 else people - 1
    tied = math.exp(math.lgamma(odd + 1) - 2 * math.lgamma(half + 1) - odd * math.log(2.0))
    exact = {"utility": number * width * tied / 4.0}
    sd = width / 2.0 * math.sqrt(math.pi / 2.0)
    mean = sd / _NARROW
    # A level of one pound is worth its price to the citizen in the middle.
    price = mean / 2.0
    values = {"value_gbp": mean, "value_sd_between": 0.0, "value_sd_within": _NARROW}
    # Issues have nothing to do with one another: many electorates' are voted on in one model.
    ballots = max(1, min(_ISSUES // number, _AT_ONCE // (people * number)))
    together = max(1, min(_UNITS, _AT_ONCE // (people * number * ballots)))
    place = electorate([people] * together)
    themes = [
        Amenity(f"issue {i}", benefit=Quadratic(mean), values=values)
        for i in range(number * ballots)
    ]
    numbers = world or frictionless(EVERYBODY)

    def once(replication: int) -> dict[str, float]:
        utility = _voted(place, themes, price, numbers, seed, replication)
        return {"utility": utility / ballots}

    # A gain's square is about three times that of its mean.
    fewest = math.ceil(3.2 / (0.95 * PRECISION) ** 2 / (number * ballots) / together)
    found = repeat(once, exact, PRECISION, replications, max(2, fewest))
    return IssueVotes(found["utility"].mean, found["utility"].se, exact)


def _voted(
    place: Place,
    themes: Sequence[Amenity],
    price: float,
    world: Assumptions,
    seed: int,
    replication: int,
) -> float:
    policy = _decided(Referendum(level_gbp=1.0), price, "neighbourhood")
    model = Model(
        place, policy, seed=seed, replication=replication, themes=themes, assumptions=world,
        warmup_years=0,
    )  # fmt: skip
    model.step()  # what is decided for a year shows in its first month
    figures = read(model)
    gained = figures["amenity_benefit_gbp", "all"] - price * figures["spend_gbp", "all"]
    return 12.0 * gained / float(place.residents.sum())
