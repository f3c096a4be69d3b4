"""What a model may be asked, each mistake a sentence."""

from __future__ import annotations

import secrets
from typing import Any

import numpy as np

from localsim.assumptions import Assumptions
from localsim.dynamics.columns import Array
from localsim.dynamics.facts import Facts
from localsim.errors import LocalsimError
from localsim.place import Place
from localsim.policy.budgets import Pooled, RingFenced, check_whole
from localsim.policy.policy import Pilot, Policy
from localsim.policy.schedule import AnyPolicy, Schedule, pilots_of, policies_of

LARGEST_SEED = 2**63 - 1
MOST_YEARS = 200
MOST_TICKS = 1000


def check_place(place: Any) -> None:
    """Refuse what is not a place."""
    if not isinstance(place, Place):
        raise LocalsimError(
            f"Model: place must be a Place such as Place.norbiton(), not {place!r}."
        )


def check_assumptions(assumptions: Any) -> None:
    """Refuse what are not assumptions."""
    if not isinstance(assumptions, Assumptions):
        raise LocalsimError(
            f"Model: assumptions must be an Assumptions such as Assumptions.default(), "
            f"not {assumptions!r}."
        )


def check_policy(policy: Any) -> None:
    """Refuse what is neither a policy nor a pilot nor a schedule of them."""
    if not isinstance(policy, Policy | Pilot | Schedule):
        made = " (call it: add brackets)" if callable(policy) else ""
        raise LocalsimError(
            "Model: policy must be a Policy or a Pilot, such as policies.top_down(), or a RollOut "
            f"or Until of one, not {policy!r}{made}."
        )


def years_of(what: str, years: Any) -> int:
    """Return whole years."""
    check_whole(what, years, 0, MOST_YEARS)
    return int(years)


def seed_of(seed: Any) -> int:
    """Return a seed as given, or a fresh one for None."""
    if seed is None:
        return secrets.randbits(32)
    check_whole("Model: seed", seed, 0, LARGEST_SEED)
    return int(seed)


def replication_of(replication: Any) -> int:
    """Return a replication's number."""
    check_whole("Model: replication", replication, 0, LARGEST_SEED)
    return int(replication)


def ticks_of(ticks_per_month: Any) -> int:
    """Return how many accounting windows a month has."""
    check_whole("Model: ticks_per_month", ticks_per_month, 1, MOST_TICKS)
    return int(ticks_per_month)


def zone_of(place: Place, policy: AnyPolicy, zone: Any) -> Array:
    """Return which areas are reported as inside, bool[A]: as given, or the pilot's, or all."""
    if zone is None:
        everywhere = np.ones(len(place.codes), dtype=bool)
        pilots = [place.mask(pilot.areas) for pilot in pilots_of(policy)]
        return np.any(pilots, axis=0) if pilots else everywhere
    chosen = np.asarray(zone)
    if chosen.dtype != bool or chosen.shape != (len(place.codes),):
        raise LocalsimError(
            f"Model: zone must be one True or False for each of {len(place.codes)} areas."
        )
    return chosen


def borders_of(place: Place, borders: Any, zone: Array) -> Array:
    """Return the part of the place that each area belongs to, int64[A]: as given, or its zone."""
    if borders is None:
        return zone
    parts = np.asarray(borders)
    if parts.dtype.kind not in "iub" or parts.shape != (len(place.codes),) or (parts < 0).any():
        raise LocalsimError(
            "Model: borders must be one whole number, zero or more, for each of "
            f"{len(place.codes)} areas."
        )
    return parts.astype(np.int64)


def check_borders(regimes: list[tuple[Policy, Array]], borders: Array) -> None:
    """Refuse a policy that begins or ends inside an area whose teams are shared."""
    for policy, areas in regimes:
        if set(borders[areas]) & set(borders[~areas]):
            raise LocalsimError(
                f"Policy {policy.name!r} begins or ends inside an area that shares its teams; "
                "give the model borders that part the pilot's areas from the rest."
            )


def check_fences(policy: AnyPolicy, facts: Facts) -> None:
    """Refuse ring-fences and pools for themes that the model does not have."""
    names = {theme.name for theme in facts.themes}
    for part in policies_of(policy):
        budgets = part.budgets
        does, named = "fences", tuple[str, ...]()
        if isinstance(budgets, RingFenced):
            named = tuple(budgets.shares or ())
        elif isinstance(budgets, Pooled):
            does, named = "pools", tuple(budgets.themes or ())
        unknown = sorted(set(named) - names)
        if unknown:
            raise LocalsimError(
                f"Policy {part.name!r} {does} money for {unknown[0]!r}, which is no theme here; "
                f"themes are {', '.join(sorted(names))}."
            )
