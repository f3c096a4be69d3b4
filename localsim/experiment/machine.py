"""What an experiment ran on: versions of packages, and the processor's instruction sets."""

from __future__ import annotations

import sys
from importlib import metadata
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
    return found


def processor() -> dict[str, Any]:
    """Return the instruction sets numpy uses: they change a logarithm in its last bit."""
    build: Any = np.show_config(mode="dicts")
    return {key: list(value) for key, value in sorted(build.get("SIMD Extensions", {}).items())}
