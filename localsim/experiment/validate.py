"""What an experiment may be asked: each answer checked, each mistake a sentence."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import Any

from localsim.errors import LocalsimError, nearest

LONGEST_YEARS = 200
MOST_REPLICATIONS = 10_000_000
LARGEST_SEED = 2**63 - 1


def whole(name: str, value: Any, low: int, high: int) -> int:
    """Return a whole number between two bounds, or say in a sentence why it is none."""
    wanted = f"a whole number from {low:,} to {high:,} is wanted"
    if isinstance(value, bool | str) or value is None:
        raise LocalsimError(f"{name} is {value!r}; {wanted}.")
    try:
        number = float(value)
    except (TypeError, ValueError, OverflowError):
        raise LocalsimError(f"{name} is {shown(value)}; {wanted}.") from None
    if not math.isfinite(number) or number != math.floor(number):
        raise LocalsimError(f"{name} is {number}; {wanted}.")
    if not low <= int(value) <= high:
        raise LocalsimError(f"{name} is {shown(value)}; {wanted}.")
    return int(value)


def finite(name: str, value: Any) -> float:
    """Return a finite number, or say in a sentence why it is none."""
    wanted = "a finite number is wanted"
    if isinstance(value, bool | str) or value is None:
        raise LocalsimError(f"{name} is {value!r}; {wanted}.")
    try:
        number = float(value)
    except (TypeError, ValueError, OverflowError):
        raise LocalsimError(f"{name} is {shown(value)}; {wanted}.") from None
    if not math.isfinite(number):
        raise LocalsimError(f"{name} is {number}; {wanted}.")
    return number


def one_of(what: str, name: Any, known: Iterable[str]) -> str:
    """Return a name if it is known, or say which known ones are nearest."""
    names = list(known)
    if not isinstance(name, str):
        raise LocalsimError(f"{name!r} is no name of {what}; {nearest('', names)}")
    if name not in names:
        raise LocalsimError(f"there is no {what} called {name!r}; {nearest(name, names)}")
    return name


def distinct(what: str, names: Sequence[str]) -> None:
    """Refuse a name that occurs twice."""
    for index, name in enumerate(names):
        if name in names[:index]:
            raise LocalsimError(
                f"two {what} are called {name!r}; give one of them another name with name=…."
            )


def shown(value: Any) -> str:
    """Return a value's text, shortened where it is long."""
    try:
        text = repr(value)
    except ValueError:  # Python refuses to write an integer of thousands of digits
        return "a number of thousands of digits"
    return text if len(text) <= 60 else f"{text[:57]}…"
