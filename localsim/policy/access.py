"""Through which doors residents come."""

from __future__ import annotations

from abc import ABC
from dataclasses import dataclass
from typing import final


class Access(ABC):
    """How residents reach services."""


@final
@dataclass(frozen=True)
class Silo(Access):
    """A door per agency: one need at a time, at times at the wrong door."""


@final
@dataclass(frozen=True)
class Hub(Access):
    """One door: all open needs at once, never the wrong one, a longer assessment."""
