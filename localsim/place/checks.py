"""What makes a place hang together, each failure said in a sentence."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from localsim.errors import LocalsimError
from localsim.place.columns import MAX_RESIDENTS, REQUIRED_INDICATORS, UPPER_TIERS
from localsim.place.margins import CHILD_AGES, MARGINS

if TYPE_CHECKING:
    from localsim.place import Place


def check_place(place: Place) -> None:
    """Raise LocalsimError unless every part of a place fits every other."""
    areas = len(place.codes)
    if areas == 0:
        raise LocalsimError(f"the place {place.name!r} has no areas; it needs at least one.")
    _check_codes(place)
    lengths = {
        "names": len(place.names),
        "residents": place.residents.size,
        "households": place.households.size,
        **{f"indicator {key}": column.size for key, column in place.indicators.items()},
        **{f"margin {key}": len(table) for key, table in place.margins.items()},
        **{f"tier {key}": len(units) for key, units in place.tiers.items()},
    }
    for part, length in lengths.items():
        if length != areas:
            raise LocalsimError(f"{place.name} has {areas} areas, but its {part} number {length}.")
    for part, needed, given in (
        ("margins", MARGINS, place.margins),
        ("indicators", REQUIRED_INDICATORS, place.indicators),
        ("tiers", UPPER_TIERS, place.tiers),
    ):
        if missing := [key for key in needed if key not in given]:
            raise LocalsimError(f"the {part} of {place.name} lack {', '.join(missing)}.")
    _refuse(place, place.residents < 0, "has a negative number of residents")
    total = int(place.residents.astype(object).sum())
    if total > MAX_RESIDENTS:
        raise LocalsimError(
            f"{place.name} has {total:,} residents; a place holds at most {MAX_RESIDENTS:,}."
        )
    if total == 0:
        raise LocalsimError(f"nobody lives in {place.name}; some area needs a resident.")
    wrong = (place.households > place.residents) | ((place.households < 1) & (place.residents > 0))
    _refuse(place, wrong, "needs between one household and one per resident")
    for name, column in place.indicators.items():
        _refuse(place, ~np.isfinite(column), f"has a {name} that is not a finite number")
    _check_margins(place)
    _check_neighbours(place)


def _refuse(place: Place, wrong: NDArray[np.bool_], sentence: str) -> None:
    if wrong.any():
        row = int(np.argmax(wrong))
        raise LocalsimError(
            f"area {place.codes[row]} of {place.name} {sentence} "
            f"(residents {place.residents[row]:,}, households {place.households[row]:,})."
        )


def _check_codes(place: Place) -> None:
    if len(set(place.codes)) == len(place.codes):
        return
    seen: set[str] = set()
    for code in place.codes:
        if code in seen:
            raise LocalsimError(f"area {code} appears twice in {place.name}; codes are unique.")
        seen.add(code)


def _check_margins(place: Place) -> None:
    for name, categories in MARGINS.items():
        table = place.margins[name]
        if table.shape != (len(place.codes), len(categories)):
            raise LocalsimError(
                f"margin {name} of {place.name} needs one column for each of "
                f"{', '.join(categories)}."
            )
        _refuse(place, (table < 0).any(axis=1), f"has a negative count of {name}")
        _refuse(
            place,
            table.sum(axis=1) != place.residents,
            f"has counts of {name} that do not sum to its residents",
        )
    children = place.margins["age"][:, :CHILD_AGES].sum(axis=1)
    _refuse(
        place,
        place.margins["activity"][:, 0] != children,
        "counts as 'child' in activity others than exactly its residents under 16",
    )


def _check_neighbours(place: Place) -> None:
    areas = len(place.codes)
    offsets, index = place.neighbour_offsets, place.neighbour_index
    if offsets.size != areas + 1 or offsets[0] != 0 or offsets[-1] != index.size:
        raise LocalsimError(f"the neighbours of {place.name} do not fit its {areas} areas.")
    if index.size == 0:
        return
    if np.any(np.diff(offsets) < 0) or index.min() < 0 or index.max() >= areas:
        raise LocalsimError(f"the neighbours of {place.name} point outside its {areas} areas.")
    rows = np.repeat(np.arange(areas), np.diff(offsets))
    forward, backward = rows * areas + index, index * areas + rows
    if np.any(rows == index):
        raise LocalsimError(
            f"area {place.codes[int(rows[rows == index][0])]} is given as its own neighbour."
        )
    if not np.array_equal(np.sort(forward), np.sort(backward)):
        raise LocalsimError(f"the neighbours of {place.name} are not mutual.")
