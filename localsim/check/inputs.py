"""What can be asked of a check: numbers that make sense, or a sentence on why they do not."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from localsim.errors import LocalsimError

Floats = NDArray[np.float64]
LARGEST = 1e9


def number(what: str, given: object, *, least: float = -LARGEST, most: float = LARGEST) -> float:
    """Return a finite number between two ends, both possible."""
    if isinstance(given, bool) or not isinstance(given, int | float | np.integer | np.floating):
        raise LocalsimError(f"{what} must be a number, not {given!r}.")
    value = float(given)
    if not math.isfinite(value) or not least <= value <= most:
        raise LocalsimError(f"{what} must lie between {least:g} and {most:g}; {given} does not.")
    return value


def above_zero(what: str, given: object) -> float:
    """Return a finite number above zero."""
    value = number(what, given)
    if value <= 0.0:
        raise LocalsimError(f"{what} must be above zero; {given} is not.")
    return value


def numbers(what: str, given: object, *, least: float = -LARGEST) -> Floats:
    """Return a list of finite numbers, float64[n], with at least one."""
    if isinstance(given, str | bytes) or not isinstance(given, Sequence | np.ndarray):
        raise LocalsimError(f"{what} must be a list of numbers, not {given!r}.")
    if (isinstance(given, np.ndarray) and given.ndim != 1) or len(given) == 0:
        raise LocalsimError(f"{what} must be a plain list of one number or more, not {given!r}.")
    return np.array([number(f"{what}[{i}]", x, least=least) for i, x in enumerate(given)])


def whole(what: str, given: object, least: int = 1, most: int = 10**9) -> int:
    """Return a whole number between two ends, both possible."""
    value = number(what, given, least=least, most=most)
    if not value.is_integer():
        raise LocalsimError(f"{what} must be a whole number, not {given!r}.")
    return int(value)


def residents(what: str, given: object, areas: int) -> list[int]:
    """Return how many live in each area; without a word on it, one."""
    if given is None:
        return [1] * areas
    if isinstance(given, str | bytes) or not isinstance(given, Sequence | np.ndarray):
        raise LocalsimError(f"{what} must be a list of whole numbers, not {given!r}.")
    if len(given) != areas:
        raise LocalsimError(f"{what} lists {len(given)} areas, and there are {areas}.")
    return [whole(f"{what}[{i}]", n, most=10_000_000) for i, n in enumerate(given)]


def same_length(what: str, one: Floats, other_what: str, other: Floats) -> None:
    """Say when two lists do not go together."""
    if one.size != other.size:
        raise LocalsimError(
            f"{what} has {one.size} entries and {other_what} {other.size}; they must match."
        )
