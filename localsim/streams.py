"""Same luck: every draw has an address, (seed, stream, entity, episode).

A draw is a pure function of its address, computed by the counter-based generator Philox 4x32-10
(Salmon, Moraes, Dror and Shaw 2011, "Parallel random numbers: as easy as 1, 2, 3", SC11). No draw
depends on the order of calls, on how many others drew, or on the policy, which is never part of
an address. The same person's third episode of need therefore meets the same luck under every
policy.

The stream's name (a decision and a theme, in words) is hashed with the seed and the replication
into the generator's 64-bit key; the entity (area code and index, or a provider's name) fills the
counter's lower half, the episode and a number within it the upper half.
"""

from __future__ import annotations

import hashlib
import math

import numpy as np
from numba import uint64
from numpy.typing import NDArray

from localsim.compiled import Whole, compiled

Key = NDArray[np.uint32]
Entities = NDArray[np.uint64]
Floats = NDArray[np.float64]

_MULTIPLIER_0 = 0xD2511F53
_MULTIPLIER_1 = 0xCD9E8D57
_WEYL_0 = 0x9E3779B9
_WEYL_1 = 0xBB67AE85
_LOW = 0xFFFFFFFF
_ROUNDS = 10


def key(seed: int, replication: int, stream: str) -> Key:
    """Return the generator key, uint32[2], of a named stream in one replication of a seed."""
    text = f"{int(seed)}/{int(replication)}/{stream}".encode()
    digest = hashlib.blake2b(text, digest_size=8, person=b"localsim key").digest()
    return np.frombuffer(digest, dtype="<u4").astype(np.uint32)


def entity(code: str, index: int = 0) -> int:
    """Return the 64-bit address of who draws: an area's code and an index, or a name alone.

    Residents of an area lie side by side: ``entity(code, i) == entity(code, 0) + i`` modulo 2⁶⁴.
    """
    digest = hashlib.blake2b(code.encode(), digest_size=8, person=b"localsim who").digest()
    return (int.from_bytes(digest, "little") + int(index)) & 0xFFFFFFFFFFFFFFFF


def entities(names: list[str]) -> Entities:
    """Return the addresses, uint64[n], of named entities such as areas or providers."""
    return np.array([entity(name) for name in names], dtype=np.uint64)


@compiled
def philox(
    c0: Whole, c1: Whole, c2: Whole, c3: Whole, k0: Whole, k1: Whole
) -> tuple[Whole, Whole, Whole, Whole]:
    """Return one Philox 4x32-10 block: four 32-bit words of a 128-bit counter and 64-bit key."""
    x0, x1, x2, x3 = uint64(c0), uint64(c1), uint64(c2), uint64(c3)
    a, b = uint64(k0), uint64(k1)
    low = uint64(_LOW)
    for _ in range(_ROUNDS):
        p0 = uint64(_MULTIPLIER_0) * x0
        p1 = uint64(_MULTIPLIER_1) * x2
        y0 = (p1 >> uint64(32)) ^ x1 ^ a
        y1 = p1 & low
        y2 = (p0 >> uint64(32)) ^ x3 ^ b
        y3 = p0 & low
        x0, x1, x2, x3 = y0 & low, y1, y2 & low, y3
        a = (a + uint64(_WEYL_0)) & low
        b = (b + uint64(_WEYL_1)) & low
    return x0, x1, x2, x3


@compiled
def unit(stream: Key, who: Whole, episode: Whole, number: Whole) -> float:
    """Return one uniform draw in (0, 1), with 53 random bits, for a compiled kernel."""
    low = uint64(_LOW)
    x0, x1, _, _ = philox(
        uint64(who) & low,
        uint64(who) >> uint64(32),
        uint64(episode) & low,
        uint64(number) & low,
        uint64(stream[0]),
        uint64(stream[1]),
    )
    bits = ((x0 << uint64(32)) | x1) >> uint64(11)
    return (float(bits) + 0.5) * (1.0 / 9007199254740992.0)


@compiled
def unit_exponential(stream: Key, who: Whole, episode: Whole, number: Whole) -> float:
    """Return one draw from the exponential distribution with mean one, for a compiled kernel."""
    return -math.log(unit(stream, who, episode, number))


@compiled
def _fill(stream: Key, who: Entities, episode: int, number: int, out: Floats) -> None:
    for i in range(who.size):
        out[i] = unit(stream, who[i], episode, number)


def uniform(stream: Key, who: Entities, episode: int = 0, number: int = 0) -> Floats:
    """Return a uniform draw in (0, 1) for every entity, float64 of the shape of `who`."""
    who = np.ascontiguousarray(who, dtype=np.uint64)
    out = np.empty(who.size)
    _fill(stream, who.ravel(), episode, number, out)
    return out.reshape(who.shape)


def exponential(stream: Key, who: Entities, episode: int = 0, number: int = 0) -> Floats:
    """Return a unit-exponential draw for every entity."""
    return -np.log(uniform(stream, who, episode, number))


def normal(stream: Key, who: Entities, episode: int = 0, number: int = 0) -> Floats:
    """Return a standard normal draw for every entity, by the inverse distribution function."""
    from scipy.special import ndtri

    return np.asarray(ndtri(uniform(stream, who, episode, number)), dtype=np.float64)
