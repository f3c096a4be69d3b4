"""One way to compile a kernel, so that every kernel is compiled alike."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numba import njit

type Whole = int | np.integer[Any]
"""A whole number in a kernel: Python's, or one read out of a column."""

# Numba annotates neither `_nrt` nor `forceinline`.
_OPTIONS: dict[str, Any] = {"cache": True, "_nrt": False, "forceinline": True}


def compiled[**P, R](function: Callable[P, R]) -> Callable[P, R]:
    """Compile a kernel on its first call and keep it on disk for the next process.

    Without fast-math, so that sums keep their order and results are the same to the bit. Without
    numba's reference counts (``_nrt``): kernels allocate nothing and keep nothing, their caller
    owns every array, and counting references took three quarters of a month's time. Inlined into
    what calls them (``forceinline``): a call hands over every column anew, some 270 words, which
    took a third of a month's time.
    """
    wrapped: Callable[P, R] = njit(**_OPTIONS)(function)
    return wrapped
