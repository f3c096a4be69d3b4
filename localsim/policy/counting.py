"""Whose gains a decider counts: its own residents', or its neighbours' as well, by agreement."""

from __future__ import annotations

from abc import ABC
from dataclasses import dataclass
from typing import final


class Counting(ABC):
    """Whose gains count in a decision; they move only rules that reckon with spillovers."""


@final
@dataclass(frozen=True)
class OwnGains(Counting):
    """A decider counts what its own residents gain, and nothing that leaks out."""


@final
@dataclass(frozen=True)
class WithNeighbours(Counting):
    """Deciders agree with those next door to count each other's residents, at a price for each.

    An agreement holds between units under the same policy; across the border of a pilot there is
    nobody to agree with.
    """
