"""Made-up places on a square lattice, with dials for how areas differ and how they cluster."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from localsim import streams
from localsim.errors import LocalsimError
from localsim.place import margins as m
from localsim.place.columns import MAX_RESIDENTS
from localsim.place.csv_file import estimate_households

if TYPE_CHECKING:
    from localsim.place import Place

MAX_AREAS = 1_000_000
_DEFAULT_AREAS = 9
_STRONGEST = 0.98  # autoregression at clustering 1; at 1.0 it has no stationary solution
_SWEEPS = 200  # of the autoregression's series; 0.98²⁰⁰ leaves under two per cent
_DEGREES = 0.01  # between lattice points, about a kilometre


def synthesise[P: Place](
    cls: type[P],
    residents: int | Sequence[int],
    areas: int | None,
    *,
    heterogeneity: float,
    clustering: float,
    seed: int,
    deprivation: float,
    household_size: float,
    neighbourhood_areas: int,
    authorities: int,
    name: str | None,
) -> P:
    """Return a synthetic place; see `Place.synthetic`."""
    _in_range("heterogeneity", heterogeneity, 0, 5)
    _in_range("clustering", clustering, 0, 1)
    _in_range("deprivation", deprivation, 0.002, 0.9)
    _in_range("household_size", household_size, 1, 20)
    people = _residents(residents, areas)
    count = people.size
    _whole("seed", seed, 0, 2**63)
    _whole("neighbourhood_areas", neighbourhood_areas, 1, MAX_AREAS)
    _whole("authorities", authorities, 1, count)
    width = max(1, math.ceil(math.sqrt(count)))
    digits = len(str(count))
    codes = tuple(f"S{number:0{digits}d}" for number in range(1, count + 1))
    pairs = _lattice(count, width)
    latent = _latent(codes, pairs, clustering, seed)
    middle = math.log(deprivation / (1 - deprivation))
    share = 1 / (1 + np.exp(-(middle + heterogeneity * latent)))
    age = m.estimate("age", people, share, np.empty(0, dtype=np.int64))
    made = {margin: m.estimate(margin, people, share, age) for margin in m.MARGINS}
    rows, cells = np.arange(count), np.arange(count) * authorities // count
    blocks = rows // neighbourhood_areas
    recipe = f"synthetic: heterogeneity {heterogeneity}, clustering {clustering}, seed {seed}"
    offsets, index = _compressed(pairs, count)
    return cls(
        name=name or "synthetic",
        codes=codes,
        names=tuple(f"Area {number}" for number in range(1, count + 1)),
        residents=people,
        households=estimate_households(people, age, household_size),
        margins=made,
        indicators={
            "imd_score": m.estimate_imd_score(share),
            "income_deprived_share": share,
            "employment_deprived_share": m.estimate_employment_deprived_share(share),
            "lon": np.multiply(rows % width, _DEGREES, dtype=np.float64),
            "lat": np.multiply(rows // width, -_DEGREES, dtype=np.float64),
        },
        sources=dict.fromkeys(("residents", "households", *m.MARGINS, "indicators"), recipe),
        tiers={
            "nation": ("Synthetic nation",) * count,
            "sub-region": ("Synthetic sub-region",) * count,
            "authority": tuple(f"Authority {number + 1}" for number in cells),
            "neighbourhood": tuple(f"Neighbourhood {number + 1}" for number in blocks),
        },
        neighbour_offsets=offsets,
        neighbour_index=index,
    )


def _in_range(what: str, value: float, low: float, high: float) -> None:
    number = isinstance(value, int | float | np.integer | np.floating)
    if not number or not low <= value <= high:
        raise LocalsimError(f"{what} is {value!r}; give a number from {low:g} to {high:g}.")


def _whole(what: str, value: Any, low: int, high: int) -> int:
    number = isinstance(value, int | np.integer) and not isinstance(value, bool)
    if not number or not low <= value <= high:
        raise LocalsimError(f"{what} is {value!r}; give a whole number from {low:,} to {high:,}.")
    return int(value)


def _residents(residents: Any, areas: int | None) -> m.Ints:
    if isinstance(residents, list | tuple | np.ndarray | range):
        if areas is not None and areas != len(residents):
            raise LocalsimError(
                f"areas is {areas!r}, but residents lists {len(residents)} areas; give one of them."
            )
        _whole("the number of areas", len(residents), 1, MAX_AREAS)
        each = [_whole("residents of an area", n, 0, MAX_RESIDENTS) for n in residents]
        return np.array(each, dtype=np.int64)
    total = _whole("residents", residents, 1, MAX_RESIDENTS)
    count = _whole("areas", min(_DEFAULT_AREAS, total) if areas is None else areas, 1, MAX_AREAS)
    return total // count + (np.arange(count) < total % count)


def _lattice(areas: int, width: int) -> NDArray[np.int64]:
    """Return pairs of areas that share an edge of the lattice, int64[E, 2], each pair once."""
    row = np.arange(areas)
    right = row[(row % width < width - 1) & (row + 1 < areas)]
    below = row[row + width < areas]
    return np.concatenate(
        [np.column_stack([right, right + 1]), np.column_stack([below, below + width])]
    )


def _compressed(pairs: NDArray[np.int64], areas: int) -> tuple[m.Ints, m.Ints]:
    both = np.concatenate([pairs, pairs[:, ::-1]])
    both = both[np.lexsort((both[:, 1], both[:, 0]))]
    counts = np.bincount(both[:, 0], minlength=areas)
    return np.concatenate([[0], np.cumsum(counts)]), both[:, 1]


def _latent(
    codes: tuple[str, ...], pairs: NDArray[np.int64], clustering: float, seed: int
) -> m.Floats:
    """Return each area's deprivation in standard deviations: mean zero, variance one exactly.

    A simultaneous autoregression (Whittle 1954), z = rho W z + e with W the mean of neighbours,
    summed as the series (I + rho W + rho² W² + ...) e.
    """
    key = streams.key(seed, 0, "synthetic place: deprivation")
    noise = streams.normal(key, streams.entities(list(codes)))
    if len(codes) == 1:
        return np.zeros(1)
    degree = np.bincount(pairs.ravel(), minlength=len(codes)).astype(np.float64)
    strength, total, term = _STRONGEST * clustering, noise.copy(), noise
    for _ in range(_SWEEPS if strength else 0):
        spread = np.bincount(pairs[:, 0], weights=term[pairs[:, 1]], minlength=len(codes))
        spread += np.bincount(pairs[:, 1], weights=term[pairs[:, 0]], minlength=len(codes))
        term = strength * spread / degree
        total += term
    centred: m.Floats = total - total.mean()
    return centred / centred.std()
