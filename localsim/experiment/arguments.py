"""What an experiment is given, taken as it is or by name; each mistake is a sentence."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from localsim.assumptions import Assumptions
from localsim.errors import LocalsimError
from localsim.experiment.validate import distinct, one_of, shown
from localsim.place import PLACES, Place
from localsim.policy import presets
from localsim.policy.schedule import pilots_of


def place_of(place: Place | str) -> Place:
    """Return a place as given, or by its name."""
    if isinstance(place, Place):
        return place
    if not isinstance(place, str):
        raise LocalsimError(f"place is {shown(place)}; a Place or the name of one is wanted.")
    return PLACES[one_of("place", place, PLACES)]()


def policies_of(policies: Sequence[Any]) -> tuple[Any, ...]:
    """Return policies as given, or by the names of presets; no two have the same name."""
    if isinstance(policies, str) or not isinstance(policies, Sequence):
        raise LocalsimError(f"policies is {shown(policies)}; a list of policies is wanted.")
    if not policies:
        raise LocalsimError("policies is an empty list; at least one policy is wanted.")
    found = tuple(_policy(policy) for policy in policies)
    distinct("policies", [policy.name for policy in found])
    return found


def _policy(policy: Any) -> Any:
    if isinstance(policy, str):
        return presets.PRESETS[one_of("policy", policy, presets.PRESETS)]()
    if isinstance(policy, type) or not callable(getattr(policy, "describe", None)):
        hint = " (call it: a preset is a function)" if callable(policy) else ""
        raise LocalsimError(
            f"{shown(policy)} is no policy; give a Policy, a Pilot or a preset's name{hint}."
        )
    return policy


def assumptions_of(given: str | Assumptions, held: Mapping[str, float]) -> tuple[bool, Assumptions]:
    """Return whether assumptions are drawn, and from which, those that are held replaced."""
    if isinstance(given, Assumptions):
        return False, given.replace(held) if held else given
    mode = one_of("way to take assumptions", given, ("sampled", "fixed"))
    base = Assumptions.default()
    return mode == "sampled", base.replace(held) if held else base


def metrics_of(names: Sequence[str]) -> tuple[str, ...]:
    """Return names of metrics, all known and none twice."""
    from localsim.metrics import METRICS

    if isinstance(names, str) or not names:
        raise LocalsimError(f"metrics is {names!r}; a list of names is wanted, or None for all.")
    found = tuple(one_of("metric", name, METRICS) for name in names)
    distinct("metrics", found)
    return found


def text_of(what: str, value: str | None) -> str | None:
    """Return text or None as given."""
    if value is not None and not isinstance(value, str):
        raise LocalsimError(f"{what} is {shown(value)}; text is wanted.")
    return value


def zone_of(place: Place, policies: Sequence[Any]) -> tuple[Any, Any]:
    """Return the areas of any pilot, bool[A], and labels int64[A] that part every pilot's areas."""
    pilots = [place.mask(pilot.areas) for policy in policies for pilot in pilots_of(policy)]
    if not pilots:
        return None, None
    _, borders = np.unique(np.stack(pilots), axis=1, return_inverse=True)
    return np.any(pilots, axis=0), borders.astype(np.int64)
