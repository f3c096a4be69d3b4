"""One way to compile a kernel, so that every kernel is compiled alike."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numba import njit
from numba.core.caching import FunctionCache

type Whole = int | np.integer[Any]
"""A whole number in a kernel: Python's, or one read out of a column."""

# Numba annotates neither `_nrt` nor `forceinline`.
_OPTIONS: dict[str, Any] = {"cache": True, "_nrt": False, "forceinline": True}


class _KernelCache(FunctionCache):
    """Numba's own cache on disk, which forgets a kernel when any kernel's source has changed.

    Numba looks at the file of a kernel alone, and these are compiled into one another.
    """

    def _index_key(self, sig: Any, codegen: Any) -> tuple[Any, ...]:
        key = super()._index_key(sig, codegen)  # type: ignore[no-untyped-call]  # numba's own
        return (*key, _sources())


@cache
def _sources() -> str:
    """Return a digest of every source file that may hold a kernel."""
    home = Path(__file__).parent
    files = [*home.glob("*.py"), *home.glob("dynamics/*.py"), *home.glob("year/*.py")]
    digest = hashlib.blake2b(digest_size=16)
    for file in sorted(files):
        content = file.read_bytes()
        if b"@compiled" in content:
            digest.update(content)
    return digest.hexdigest()


def compiled[**P, R](function: Callable[P, R]) -> Callable[P, R]:
    """Compile a kernel on its first call and keep it on disk for the next process.

    Without fast-math, so that sums keep their order and results are the same to the bit. Without
    numba's reference counts (``_nrt``): kernels allocate nothing and keep nothing, their caller
    owns every array, and counting references took three quarters of a month's time. Inlined into
    what calls them (``forceinline``): a call hands over every column anew, some 270 words, which
    took a third of a month's time.
    """
    kernel = njit(**_OPTIONS)(function)
    kernel._cache = _KernelCache(function)  # type: ignore[no-untyped-call]  # numba's own
    wrapped: Callable[P, R] = kernel
    return wrapped
