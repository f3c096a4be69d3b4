"""Draws are addressed, match the published vectors, and are distributed as they should be."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numba import njit

from localsim import streams

# Known-answer vectors published with the Random123 library, philox4x32 with 10 rounds.
VECTORS = [
    ((0, 0, 0, 0), (0, 0), (0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8)),
    (
        (0xFFFFFFFF,) * 4,
        (0xFFFFFFFF,) * 2,
        (0x408F276D, 0x41C83B0E, 0xA20BC7C6, 0x6D5451FD),
    ),
    (
        (0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344),
        (0xA4093822, 0x299F31D0),
        (0xD16CFE09, 0x94FDCCEB, 0x5001E420, 0x24126EA1),
    ),
]


@njit
def _block(c0, c1, c2, c3, k0, k1):
    return streams.philox(c0, c1, c2, c3, k0, k1)


@pytest.mark.parametrize(("counter", "key", "expected"), VECTORS)
def test_philox_matches_the_published_vectors(counter, key, expected):
    assert tuple(int(word) for word in _block(*counter, *key)) == expected


def test_a_draw_depends_on_its_address_alone():
    key = streams.key(1, 0, "work/onset")
    who = streams.entities([f"area {i}" for i in range(50)])
    together = streams.uniform(key, who, episode=3)
    apart = np.array([streams.uniform(key, who[i : i + 1], episode=3)[0] for i in range(50)])
    assert np.array_equal(together, apart)
    assert np.array_equal(together[::-1], streams.uniform(key, who[::-1], episode=3))


@given(st.integers(0, 2**31), st.integers(0, 10_000), st.text(max_size=20))
def test_other_seed_replication_stream_or_episode_is_another_draw(seed, replication, name):
    who = streams.entities(["somebody"])
    base = streams.uniform(streams.key(seed, replication, name), who)[0]
    others = [
        streams.uniform(streams.key(seed + 1, replication, name), who)[0],
        streams.uniform(streams.key(seed, replication + 1, name), who)[0],
        streams.uniform(streams.key(seed, replication, name + "x"), who)[0],
        streams.uniform(streams.key(seed, replication, name), who, episode=1)[0],
        streams.uniform(streams.key(seed, replication, name), who, number=1)[0],
    ]
    assert base not in others
    assert 0.0 < base < 1.0


def test_residents_of_an_area_lie_side_by_side():
    assert streams.entity("E01002969", 7) == (streams.entity("E01002969") + 7) % 2**64


def test_distributions_have_their_moments():
    key = streams.key(7, 0, "moments")
    who = (np.uint64(streams.entity("x")) + np.arange(200_000, dtype=np.uint64)).astype(np.uint64)
    error = 4 / np.sqrt(who.size)
    uniform = streams.uniform(key, who)
    exponential = streams.exponential(key, who, number=1)
    normal = streams.normal(key, who, number=2)
    assert abs(uniform.mean() - 0.5) < error * np.sqrt(1 / 12)
    assert abs(exponential.mean() - 1.0) < error
    assert abs(normal.mean()) < error
    assert abs(normal.std() - 1.0) < error
    assert abs(np.corrcoef(uniform[1:], uniform[:-1])[0, 1]) < error
