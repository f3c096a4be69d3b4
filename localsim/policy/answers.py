"""An answer of a policy by its dotted name, so that a design can vary it.

``budgets.share`` is the share of the answer to "with whose money"; ``access`` is the whole answer,
named by the word that a config writes (``hub``), or by ``none`` where it may be left open; of a
pilot, ``elsewhere.budgets.share`` is that of the policy outside.
"""

from __future__ import annotations

import math
import types
import typing
from collections.abc import Iterator
from dataclasses import fields, is_dataclass, replace
from functools import cache
from typing import Any

import numpy as np

from localsim.errors import LocalsimError, nearest
from localsim.policy.policy import Pilot, Policy
from localsim.policy.schedule import AnyPolicy, RollOut, Until
from localsim.policy.written import made, variants, word_for

Value = float | int | str | bool
"""What an answer or an assumption may be set to: a number, a word, true or false."""

NONE = "none"
"""The word for an answer that is left open."""

NOT_ANSWERS = ("name", "description", "areas")
"""Fields that say what a policy is called and where it runs, not what it answers."""

INSIDE: dict[type, str] = {Pilot: "policy", RollOut: "pilot", Until: "policy"}
"""What runs a policy that is given, whose answers are its own, and under which name."""


def answered(policy: AnyPolicy, path: str, value: Value) -> AnyPolicy:
    """Return the policy with one answer replaced, its name kept.

    A word puts that answer with its defaults, unless the policy gives an answer of that kind
    already, which then stays as it is. Raises LocalsimError for names that stand for no
    answer, values of the wrong kind and values that the answer refuses.
    """
    return typing.cast(AnyPolicy, _replaced(policy, path.split("."), value, policy.name))


def answer(policy: AnyPolicy, path: str) -> Value:
    """Return what a policy answers now, a whole answer as the word that stands for it."""
    owner, name = _owner(policy, path)
    return _plain(getattr(owner, name))


def kind_of(policy: AnyPolicy, path: str) -> type:
    """Return what an answer is: bool, int, float or str."""
    owner, name = _owner(policy, path)
    kinds = [kind for kind in (bool, float, int) if kind in _kinds(owner, name)]
    return kinds[0] if kinds else str


def answers_of(policy: AnyPolicy) -> list[str]:
    """Return the dotted names of every answer that can be set by a number, a word or a flag."""
    return list(_names(policy, ""))


def _replaced(owner: Any, path: list[str], value: Any, whose: str) -> Any:
    owner = _start(owner, path)
    name = _field(owner, path[0], whose)
    if len(path) > 1:
        return _put(owner, name, _replaced(getattr(owner, name), path[1:], value, whose))
    kinds = _kinds(owner, name)
    what = f"{whose}: {path[0]}"
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, str) and value == NONE and type(None) in kinds:
        return _put(owner, name, None)
    if isinstance(value, bool):
        fits = bool in kinds
    elif isinstance(value, int | float):
        fits = _number_fits(value, kinds)
        if fits and float not in kinds:
            value = int(value)
    elif isinstance(value, str) and str in kinds:
        fits = True
    elif isinstance(value, str):
        return _put(owner, name, _chosen(what, value, kinds, getattr(owner, name)))
    else:
        fits = False
    if not fits:
        raise LocalsimError(f"{what} is {_short(value)}; {_wanted(kinds)} is wanted.")
    return _put(owner, name, value)


def _start(owner: Any, path: list[str]) -> Any:
    """Return what a name belongs to: a pilot's own answers are those of the policy inside."""
    inside = INSIDE.get(type(owner))
    if inside is not None and path[0] not in _open(owner):
        path.insert(0, inside)
    return owner


def _put(owner: Any, name: str, value: Any) -> Any:
    return replace(owner, **{name: value})


def _field(owner: Any, name: str, whose: str) -> str:
    open_ = _open(owner)
    if name in open_ or name == INSIDE.get(type(owner)):
        return name
    kind = "" if isinstance(owner, Policy) else f", a {type(owner).__name__},"
    if not open_:
        raise LocalsimError(f"{whose}: there is no {name!r}: the answer{kind} has no parts.")
    raise LocalsimError(f"{whose}: the answer{kind} has no {name!r}; {nearest(name, open_)}")


def _open(owner: Any) -> list[str]:
    """Return the fields of a policy or an answer that can be set, or hold some that can."""
    if not is_dataclass(owner):
        return []
    names = (field.name for field in fields(owner))
    nothing = {type(None)}
    left_out = (*NOT_ANSWERS, INSIDE.get(type(owner)))
    return [n for n in names if n not in left_out and {*_kinds(owner, n)} - nothing]


def _owner(policy: AnyPolicy, path: str) -> tuple[Any, str]:
    owner: Any = policy
    left = path.split(".")
    while True:
        _start(owner, left)
        name = _field(owner, left.pop(0), policy.name)
        if not left:
            return owner, name
        owner = getattr(owner, name)


def _names(owner: Any, prefix: str) -> Iterator[str]:
    inside = INSIDE.get(type(owner))
    if inside is not None:
        yield from _names(getattr(owner, inside), prefix)
    for name in _open(owner):
        value = getattr(owner, name)
        kinds = _kinds(owner, name)
        settable = any(kind in (bool, int, float, str) or variants(kind) for kind in kinds)
        if settable and not _is_policy(value):
            yield f"{prefix}{name}"
        yield from _names(value, f"{prefix}{name}.")


def _is_policy(value: Any) -> bool:
    return isinstance(value, Policy) or type(value) in INSIDE


def _kinds(owner: Any, name: str) -> tuple[type, ...]:
    """Return the kinds of value that a field takes."""
    kind: Any = type(owner)
    return _kinds_by_field(kind)[name]


@cache
def _kinds_by_field(kind: type) -> dict[str, tuple[type, ...]]:
    found = {}
    for name, hint in typing.get_type_hints(kind).items():
        parts = typing.get_args(hint) if isinstance(hint, types.UnionType) else (hint,)
        found[name] = tuple(part for part in parts if isinstance(part, type))
    return found


def _number_fits(value: float, kinds: tuple[type, ...]) -> bool:
    if not math.isfinite(value):
        return False
    return float in kinds or (int in kinds and value == math.floor(value))


def _chosen(what: str, word: str, kinds: tuple[type, ...], now: Any) -> Any:
    """Return the answer that a word stands for."""
    if _is_policy(now):
        raise LocalsimError(f"{what} is a whole policy; name one of its answers instead.")
    if word == _plain(now):
        return now
    known = {name: kind for each in kinds for name, kind in variants(each).items()}
    if not known:
        raise LocalsimError(f"{what} is {_short(word)}; {_wanted(kinds)} is wanted.")
    if word not in known:
        raise LocalsimError(f"{what} is {_short(word)}; {nearest(word, known)}")
    return made(what, known[word], {})


def _wanted(kinds: tuple[type, ...]) -> str:
    said = {bool: "true or false", float: "a number", int: "a whole number", str: "a word"}
    named = [said[kind] for kind in (float, int, bool, str) if kind in kinds]
    other = [kind.__name__ for kind in kinds if kind not in said and kind is not type(None)]
    named += [f"a word for an answer of the kind {kind}" for kind in other]
    return " or ".join(named)


def _plain(value: Any) -> Value:
    if value is None:
        return NONE
    return value if isinstance(value, bool | int | float | str) else word_for(type(value))


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}…"
