"""One way to compile a kernel, so that every kernel is compiled alike."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any, cast

import numpy as np
from llvmlite import ir  # type: ignore[import-untyped]  # it has no types of its own
from numba import njit, types
from numba.core import cgutils
from numba.core.caching import FunctionCache
from numba.extending import intrinsic
from numpy.typing import NDArray

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


@intrinsic
def _prefetch(_: Any, column: Any, index: Any, offset: Any) -> Any:

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        rows = context.make_array(signature.args[0])(context, builder, arguments[0])
        row = cgutils.get_item_pointer(  # type: ignore[no-untyped-call]  # numba's own
            context, builder, signature.args[0], rows, [arguments[1]], wraparound=False
        )
        byte, word = ir.IntType(8).as_pointer(), ir.IntType(32)
        address = builder.gep(builder.bitcast(row, byte), [arguments[2]])
        kind = ir.FunctionType(ir.VoidType(), [byte, word, word, word])
        ask = cgutils.get_or_insert_function(  # type: ignore[no-untyped-call]  # numba's own
            builder.module, kind, "llvm.prefetch.p0"
        )
        builder.call(ask, [address, word(0), word(3), word(1)])  # to read, to keep, data
        return context.get_dummy_value()

    return types.none(column, types.intp, types.intp), generate


prefetch: Callable[[NDArray[Any], Whole, int], None] = cast("Any", _prefetch)
"""Ask the processor for a row of a column, from a byte of it on, while it does other things.

It changes no value; a kernel that knows what it will look at next need not wait for it.
"""
