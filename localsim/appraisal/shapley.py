"""Shapley values and interactions of a game known on every coalition."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import combinations
from math import factorial

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def shapley(players: Sequence[str], worth: Mapping[frozenset[str], Floats]) -> dict[str, Floats]:
    """Return each player's share of the whole's worth less nothing's (Shapley 1953).

    ``worth`` holds an array of one shape for every coalition. A player's share is its mean gain
    over all orders in which players could join; shares sum to the whole, and a player who never
    changes anything has exactly none.
    """
    n = len(players)
    shares = {}
    for player in players:
        others = [other for other in players if other != player]
        total = np.zeros(np.shape(worth[frozenset()]), dtype=np.longdouble)
        for size in range(n):
            weight = np.longdouble(factorial(size) * factorial(n - size - 1)) / factorial(n)
            for members in combinations(others, size):
                without = frozenset(members)
                total += weight * _gain(worth, without | {player}, without)
        shares[player] = total.astype(np.float64)
    return shares


def interactions(
    players: Sequence[str], worth: Mapping[frozenset[str], Floats]
) -> dict[tuple[str, str], Floats]:
    """Return for each pair how much more two do together than apart (Grabisch and Roubens 1999).

    Above zero they need each other, below zero one does what the other would have done.
    """
    n = len(players)
    found = {}
    for one, two in combinations(players, 2):
        others = [other for other in players if other not in (one, two)]
        total = np.zeros(np.shape(worth[frozenset()]), dtype=np.longdouble)
        for size in range(n - 1):
            weight = np.longdouble(factorial(size) * factorial(n - size - 2)) / factorial(n - 1)
            for members in combinations(others, size):
                base = frozenset(members)
                both = _gain(worth, base | {one, two}, base | {one})
                total += weight * (both - _gain(worth, base | {two}, base))
        found[one, two] = total.astype(np.float64)
    return found


def _gain(
    worth: Mapping[frozenset[str], Floats], after: frozenset[str], before: frozenset[str]
) -> NDArray[np.longdouble]:
    return worth[after].astype(np.longdouble) - worth[before].astype(np.longdouble)
