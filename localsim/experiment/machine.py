"""What an experiment ran on: versions of packages, and the processor's instruction sets."""

from __future__ import annotations

import hashlib
import sys
from functools import cache
from importlib import metadata
from pathlib import Path
from typing import Any

import numpy as np

from localsim import __version__

VERSIONED = ("mesa", "numba", "numpy", "scipy", "humanleague", "pandas")


def versions() -> dict[str, str]:
    """Return the versions of Python, of this package and of those that decide its numbers."""
    found = {"python": ".".join(map(str, sys.version_info[:3])), "localsim": __version__}
    for package in VERSIONED:
        try:
            found[package] = metadata.version(package)
        except metadata.PackageNotFoundError:
            found[package] = "not installed"
    return found | {"code": code_version()}


@cache
def code_version() -> str:
    """Return 16 hexadecimal digits that stand for the package's code and data."""
    total = hashlib.blake2b(digest_size=8)
    home = Path(__file__).parent.parent
    for file in sorted(home.rglob("*")):
        if file.suffix in {".py", ".csv", ".json"}:
            total.update(file.relative_to(home).as_posix().encode())
            total.update(file.read_bytes())
    return total.hexdigest()


def processor() -> dict[str, Any]:
    """Return the instruction sets numpy uses: they change a logarithm in its last bit."""
    build: Any = np.show_config(mode="dicts")
    return {key: list(value) for key, value in sorted(build.get("SIMD Extensions", {}).items())}
