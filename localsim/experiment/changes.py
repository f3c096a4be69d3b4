"""What differs between the experiment in a folder and the one that is to be run there."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_PLAIN = ("years", "seed", "warmup_years", "metrics", "themes")


def changed(before: Mapping[str, Any], now: Mapping[str, Any]) -> str:
    """Say in which answers two experiments differ."""
    said = [f"{k} was {before.get(k)} and is {now[k]}" for k in _PLAIN if before.get(k) != now[k]]
    said += [_inside("the place", before.get("place"), now["place"])]
    said += [_policies(before.get("policies", []), now["policies"])]
    said += ["the scenario changed"] if before.get("scenario") != now.get("scenario") else []
    said += [_inside("assumptions", before.get("assumptions"), now["assumptions"])]
    if (before.get("design") is None) != (now.get("design") is None):
        said += ["one has a design and the other has none"]
    return "; ".join(filter(None, said)) or "of another version"


def other_makers(before: Mapping[str, Any], now: Mapping[str, Any]) -> str:
    """Say in which packages, code and kind of processor two experiments differ."""
    old, new = before.get("versions", {}), now["versions"]
    said = [
        f"{name} was {old.get(name, 'absent')} and is {new.get(name, 'absent')}"
        for name in {**old, **new}
        if old.get(name) != new.get(name)
    ]
    if before.get("processor") != now["processor"]:
        said += ["the processor has other instructions"]
    return "; ".join(said)


def _inside(what: str, before: Any, now: Mapping[str, Any]) -> str:
    """Say what changed in a part of the description."""
    if before == now:
        return ""
    before = before if isinstance(before, Mapping) else {}
    old, new = before.get("held") or {}, now.get("held") or {}
    said = [
        f"{key} was held at {old[key]} and is {_at(new, key)}"
        if key in old
        else f"{key} is held at {new[key]} and was not"
        for key in sorted({*old, *new})
        if old.get(key) != new.get(key)
    ]
    said += [
        f"{key} was {before.get(key)} and is {now[key]}"
        for key in ("name", "areas", "residents", "mode")
        if key in now and before.get(key) != now[key]
    ]
    return f"{what} changed" + (f": {', '.join(said)}" if said else "")


def _at(held: Mapping[str, Any], key: str) -> str:
    return f"held at {held[key]}" if key in held else "not held"


def _policies(before: Any, now: Any) -> str:
    if before == now:
        return ""
    old = {policy["name"]: policy["fingerprint"] for policy in before}
    new = {policy["name"]: policy["fingerprint"] for policy in now}
    said = [f"{name} is new" for name in new if name not in old]
    said += [f"{name} is gone" for name in old if name not in new]
    said += [f"{name} is another one" for name in new if old.get(name, new[name]) != new[name]]
    return "the policies changed" + (f": {', '.join(said)}" if said else ": their order")
