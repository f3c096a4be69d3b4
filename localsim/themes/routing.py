"""Routing: at which agency's desk a kind of need comes in, and where each desk sends it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, final

import numpy as np

from localsim.errors import LocalsimError


@final
@dataclass(frozen=True)
class Routing:
    """The doors of a theme as a fact of the world, in place of one rate of misdirection.

    Parameters
    ----------
    first
        Share of first visits by agency; they sum to one.
    onward
        For an agency, the shares of those assessed at its desk that it sends to the desk of each
        agency, its own included; the rest has come to the right door and goes on to the service.
        Nothing for an agency that is not named.

    It holds where a policy keeps a door an agency; a hub's one door leaves nobody to be sent on.
    Raises `LocalsimError` for shares that cannot be, and where some would never be let go.
    """

    first: Mapping[str, float]
    onward: Mapping[str, Mapping[str, float]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        total = _check_shares("first", self.first)
        if abs(total - 1.0) > 1e-9:
            raise LocalsimError(f"Routing: the shares in first sum to one, not to {total:g}.")
        if not isinstance(self.onward, Mapping):
            raise LocalsimError(f"Routing: onward is a mapping by agency, not {self.onward!r}.")
        for agency, shares in self.onward.items():
            _check_shares(f"onward[{agency!r}]", shares)
        if np.abs(np.linalg.eigvals(self.matrix(self.agencies))).max() > 1.0 - 1e-9:
            raise LocalsimError(
                "Routing: somebody would be sent on for ever; let some of each round of desks "
                "go on to the service."
            )

    @property
    def agencies(self) -> tuple[str, ...]:
        """The agencies that are named, each once."""
        named = [*self.first, *self.onward, *(a for row in self.onward.values() for a in row)]
        return tuple(dict.fromkeys(named))

    def matrix(self, agencies: tuple[str, ...]) -> Any:
        """Return the shares sent from each agency's desk to each's, float64[G, G]."""
        return np.array(
            [[self.onward.get(here, {}).get(there, 0.0) for there in agencies] for here in agencies]
        )


def _check_shares(what: str, shares: Any) -> float:
    if not isinstance(shares, Mapping) or not all(isinstance(name, str) for name in shares):
        raise LocalsimError(f"Routing: {what} has a share for each agency by name, not {shares!r}.")
    for name, share in shares.items():
        number = isinstance(share, int | float) and not isinstance(share, bool)
        if not number or not 0.0 <= share <= 1.0:
            raise LocalsimError(
                f"Routing: {what} gives {name!r} the share {share!r}; it must be from 0 to 1."
            )
    total = float(sum(shares.values()))
    if total > 1.0 + 1e-9:
        raise LocalsimError(f"Routing: the shares in {what} sum to {total:g}, more than one.")
    return total
