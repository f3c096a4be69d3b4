"""A map of a place: one bubble an area, as large as its population, coloured by a value."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure
from numpy.typing import ArrayLike, NDArray

from localsim.appraisal.subject import REAL_DATA
from localsim.appraisal.wording import title
from localsim.errors import LocalsimError
from localsim.place import PLACES, Place
from localsim.plots.style import BODY, FAINT, GREY, SMALL, chart, finish, number

Floats = NDArray[np.float64]

OPEN_DATA = f"{REAL_DATA} Contains OS data © Crown copyright and database right."

RING = "#d55e00"
KM_PER_DEGREE = 111.2  # of latitude, on a sphere of the Earth's mean radius


def place_map(
    place: Place,
    values: ArrayLike,
    label: str,
    marked: str | Sequence[str] = (),
) -> Figure:
    """Return a map of one value an area.

    Bubbles stand at the areas' centres, as large as their residents are many; lines join
    neighbours. Values on both sides of zero are coloured from zero outwards.

    Parameters
    ----------
    place
        A place with ``lon`` and ``lat`` among its indicators, in degrees.
    values
        float64[areas], in the order of ``place.codes``; NaN where there is none.
    label
        What the values are, with their unit.
    marked
        Areas to be ringed: a neighbourhood's name, an area's code, or a list of them.

    Raises
    ------
    LocalsimError
        If there is not one value an area, none is a number, or the place has no positions.
    """
    numbers = np.asarray(values, dtype=np.float64)
    if numbers.shape != place.residents.shape:
        raise LocalsimError(
            f"A map of {place.name} needs one value for each of its {len(place.codes)} areas; "
            f"got an array of shape {numbers.shape}."
        )
    if not np.isfinite(numbers).any():
        raise LocalsimError(f"None of the values to map on {place.name} is a number.")
    lacking = [name for name in ("lon", "lat") if name not in place.indicators]
    if lacking:
        raise LocalsimError(f"{place.name} has no {' or '.join(lacking)}: it cannot be mapped.")
    east, north = _kilometres(place)
    wide, high = max(np.ptp(east), 0.5), max(np.ptp(north), 0.5)
    size = 6.2 / max(wide, high)
    figure = chart(max(4.5, wide * size + 2.4), max(2.4, high * size + 0.5))
    axes = figure.subplots()
    starts = np.repeat(np.arange(len(place.codes)), np.diff(place.neighbour_offsets))
    points = np.column_stack([east, north])
    pairs = np.stack([points[starts], points[place.neighbour_index]], axis=1)
    axes.add_collection(LineCollection(list(pairs), colors=FAINT, linewidths=0.8, zorder=1))
    # Bubbles of the mean size nearly touch: points of an inch across one area's share of the map.
    ringed = place.mask(marked) if marked else np.zeros(len(place.codes), dtype=bool)
    diameter = min(40.0, 0.5 * 72 * size * float(np.sqrt(wide * high / len(east))))
    finite = numbers[np.isfinite(numbers)]
    both = finite.min() < 0 < finite.max()
    reach = np.abs(finite).max()
    sizes = diameter**2 * place.residents / max(1.0, float(place.residents.mean()))
    drawn = axes.scatter(
        east,
        north,
        s=sizes,
        c=numbers,
        cmap="PuOr_r" if both else "cividis",
        vmin=-reach if both else finite.min(),
        vmax=reach if both else finite.max(),
        edgecolors=GREY,
        linewidths=0.5,
        plotnonfinite=True,
        zorder=2,
    )
    if ringed.any():
        axes.scatter(
            east[ringed],
            north[ringed],
            s=sizes[ringed],
            facecolors="none",
            edgecolors=RING,
            linewidths=2.0,
            zorder=3,
        )
    axes.set_aspect("equal")
    axes.margins(0.08)
    axes.set_axis_off()
    bar = figure.colorbar(drawn, ax=axes, shrink=0.7, format=lambda value, _: number(value))
    bar.set_label(label, fontsize=BODY)
    bar.ax.tick_params(labelsize=SMALL)
    _ruler(axes, wide)
    return finish(
        figure,
        f"{title(place.name)}: {label}",
        [
            "One bubble an area, as large as its residents are many; lines join neighbours."
            + (f" Ringed: {_said(marked)}." if marked else ""),
            f"Source: localsim. {OPEN_DATA if place.name in PLACES else ''}".strip(),
        ],
    )


def _said(marked: str | Sequence[str]) -> str:
    return title(marked) if isinstance(marked, str) else ", ".join(marked)


def _kilometres(place: Place) -> tuple[Floats, Floats]:
    """Return each area's distance east and north of the middle, float64[areas], in kilometres."""
    lon, lat = place.indicators["lon"], place.indicators["lat"]
    middle = np.radians(lat.mean())
    east = (lon - lon.mean()) * np.cos(middle) * KM_PER_DEGREE
    return east, (lat - lat.mean()) * KM_PER_DEGREE


def _ruler(axes: Axes, wide: float) -> None:
    """Draw a bar of a round number of kilometres under the map."""
    length = max(step for step in (0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100) if step <= wide / 3)
    left, right = axes.get_xlim()
    low, high = axes.get_ylim()
    start, level = left + 0.03 * (right - left), low - 0.06 * (high - low)
    axes.plot([start, start + length], [level, level], color=GREY, linewidth=1.5, zorder=3)
    axes.annotate(
        f"{length:g} km",
        (start + length / 2, level),
        xytext=(0, 3),
        textcoords="offset points",
        ha="center",
        fontsize=SMALL,
        color=GREY,
    )
