"""Names in a config that stand for nothing known, each with the nearest that does."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from localsim.assumptions import Assumptions
from localsim.errors import nearest
from localsim.experiment.document import Document, KeyPath, Problem
from localsim.experiment.forms import PolicyEntry
from localsim.experiment.validate import shown
from localsim.place import PLACES, Place
from localsim.policy import presets
from localsim.scenarios import SCENARIOS
from localsim.themes.sets import THEMES


def unknown_names(document: Document) -> Iterator[Problem]:
    """Yield a problem for every name in a config that stands for nothing known."""

    def known(path: KeyPath, name: Any, names: Iterable[str]) -> Iterator[Problem]:
        listed = list(names)
        if isinstance(name, str) and name not in listed:
            yield document.problem(path, f"{shown(name)} is not known; {nearest(name, listed)}")

    data = document.data
    place = data.get("place")
    if isinstance(place, Mapping):
        arguments = place.get("synthetic")
        for key in arguments if isinstance(arguments, Mapping) else ():
            yield from known(("place", "synthetic", key), key, _arguments(Place.synthetic))
    else:
        yield from known(("place",), place, PLACES)
    policies = data.get("policies")
    for index, entry in enumerate(policies if isinstance(policies, list) else ()):
        for path, name, names in _policy_names(("policies", index), entry):
            yield from known(path, name, names)
        if isinstance(entry, Mapping) and "elsewhere" in entry and "pilot" not in entry:
            yield document.problem(
                ("policies", index, "elsewhere"),
                "only a policy that is piloted somewhere has an elsewhere; add 'pilot'.",
            )
    if isinstance(data.get("scenario"), str):
        yield from known(("scenario",), data["scenario"], SCENARIOS)
    themes = data.get("themes")
    for index, name in enumerate(themes if isinstance(themes, list) else ()):
        yield from known(("themes", index), name, THEMES)
    if isinstance(themes, str):
        yield from known(("themes",), themes, THEMES)
    assumptions = data.get("assumptions")
    held = assumptions.get("set") if isinstance(assumptions, Mapping) else None
    for name in held if isinstance(held, Mapping) else ():
        yield from known(("assumptions", "set", name), name, Assumptions.default().names)
    metrics = data.get("metrics")
    if isinstance(metrics, list):
        from localsim.metrics import METRICS

        for index, name in enumerate(metrics):
            yield from known(("metrics", index), name, METRICS)


def _policy_names(path: KeyPath, entry: Any) -> Iterator[tuple[KeyPath, Any, Iterable[str]]]:
    """Yield every name in a policy's entry with its path and the names it may be."""
    if not isinstance(entry, Mapping):
        yield path, entry, presets.PRESETS
        return
    name = entry.get("policy")
    yield (*path, "policy"), name, presets.PRESETS
    if name is None or (isinstance(name, str) and name in presets.PRESETS):
        own = [] if name is None else _arguments(presets.PRESETS[name])
        for key in entry:
            yield (*path, key), key, [*PolicyEntry.model_fields, *own]
    if "elsewhere" in entry:
        yield from _policy_names((*path, "elsewhere"), entry["elsewhere"])
    until = entry.get("until")
    if isinstance(until, Mapping) and "then" in until:
        yield from _policy_names((*path, "until", "then"), until["then"])


def _arguments(function: Callable[..., Any]) -> list[str]:
    return list(inspect.signature(function).parameters)
