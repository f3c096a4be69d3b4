"""One way to compile a kernel, so that every kernel is compiled alike."""

from __future__ import annotations

from collections.abc import Callable
from typing import ParamSpec, TypeVar

from numba import njit

P = ParamSpec("P")
R = TypeVar("R")


def compiled(function: Callable[P, R]) -> Callable[P, R]:
    """Compile a kernel on its first call and keep it on disk for the next process.

    Without fast-math, so that sums keep their order and results are the same to the bit.
    """
    wrapped: Callable[P, R] = njit(cache=True)(function)
    return wrapped


def inlined(function: Callable[P, R]) -> Callable[P, R]:
    """Compile a small function into each kernel that calls it."""
    wrapped: Callable[P, R] = njit(cache=True)(function)
    return wrapped
