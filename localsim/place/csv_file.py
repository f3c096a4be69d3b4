"""A place from a CSV of areas, and back: every mistake named by file, line and column."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Sequence
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from localsim.errors import LocalsimError, nearest
from localsim.place import margins as m
from localsim.place.columns import (
    COUNT_COLUMNS,
    CSV_COLUMNS,
    MARGIN_COLUMNS,
    TIER_COLUMNS,
)
from localsim.place.sheet import Sheet

if TYPE_CHECKING:
    from localsim.place import Place

_TEXT = ("code", "name", "neighbours", *TIER_COLUMNS)
_COUNTS = (
    "residents",
    "households",
    *(column for columns in MARGIN_COLUMNS.values() for column in columns),
    *COUNT_COLUMNS,
)
_RESIDENTS_PER_HOUSEHOLD = 2.5  # London, Census 2011: 8,173,941 in 3,266,173 households


def read_place[P: Place](cls: type[P], path: str | Path, name: str | None) -> P:
    """Return the place in a CSV of the user's; see `Place.from_csv`."""
    file = Path(path)
    sheet = Sheet(file, str(path))
    return _place(cls, sheet, name or file.stem, dict.fromkeys(sheet.columns, f"column of {path}"))


def built_in[P: Place](cls: type[P], name: str) -> P:
    """Return a place whose table ships with the package, with the source of every column."""
    data = resources.files("localsim") / "data"
    described = (data / f"{name}_columns.csv").read_text(encoding="utf-8").splitlines()
    sources = {
        row["column"]: f"{row['source']} ({row['licence']})"
        + (f"; estimated: {row['estimate']}" if row["estimate"] else "")
        for row in csv.DictReader(described)
    }
    return _place(cls, Sheet(data / f"{name}.csv", f"{name}.csv"), name, sources)


def _place[P: Place](cls: type[P], sheet: Sheet, name: str, sources: dict[str, str]) -> P:
    sources = dict(sources)
    codes = sheet.text("code")
    first: dict[str, int] = {}
    for row, code in enumerate(codes):
        if code in first:
            raise LocalsimError(
                f"{sheet.at(row, 'code')} is {code!r}, already on line {sheet.lines[first[code]]}; "
                "codes are unique."
            )
        first[code] = row
    residents = sheet.counts("residents")
    indicators = _indicators(sheet, residents, sources)
    margins = _margins(sheet, residents, indicators["income_deprived_share"], sources)
    upper = {"authority": name, "sub_region": name, "nation": "England"}
    tiers = {"neighbourhood": codes} | {
        TIER_COLUMNS[column]: (default,) * len(codes) for column, default in upper.items()
    }
    for column, tier in TIER_COLUMNS.items():
        if column in sheet.cells:
            tiers[tier] = sheet.text(column)
        else:
            sources[column] = f"estimated: {CSV_COLUMNS[column]}"
    offsets, index = _neighbours(sheet, codes)
    return cls(
        name=name,
        codes=codes,
        names=sheet.text("name") if "name" in sheet.cells else codes,
        residents=residents,
        households=_households(sheet, residents, margins["age"], sources),
        margins=margins,
        indicators=indicators,
        sources=sources,
        tiers=tiers,
        neighbour_offsets=offsets,
        neighbour_index=index,
    )


def _indicators(sheet: Sheet, residents: m.Ints, sources: dict[str, str]) -> dict[str, m.Floats]:
    given = sheet.cells
    known: dict[str, m.Floats] = {}
    if "imd_score" in given:
        known["imd_score"] = sheet.numbers("imd_score")
    if "income_deprived_share" in given:
        share = sheet.shares("income_deprived_share")
    elif "income_deprived" in given:
        share = sheet.counts("income_deprived") / np.maximum(residents, 1)
    elif "imd_score" in given:
        share = m.estimate_income_deprived_share(known["imd_score"])
    else:
        share = np.full(residents.size, m.LONDON_INCOME_DEPRIVED_SHARE)
    known["income_deprived_share"] = share
    if "employment_deprived_share" in given:
        known["employment_deprived_share"] = sheet.shares("employment_deprived_share")
    else:
        known["employment_deprived_share"] = m.estimate_employment_deprived_share(share)
    known.setdefault("imd_score", m.estimate_imd_score(share))
    for column in known:
        if column not in given:
            sources[column] = f"estimated: {CSV_COLUMNS[column]}"
    for column in sheet.columns:
        if column not in known and column not in _TEXT and column not in _COUNTS:
            known[column] = sheet.numbers(column)
    return known


def _margins(
    sheet: Sheet, residents: m.Ints, share: m.Floats, sources: dict[str, str]
) -> dict[str, m.Ints]:
    made: dict[str, m.Ints] = {}
    for margin, columns in MARGIN_COLUMNS.items():
        given = [column for column in columns if column in sheet.cells]
        if given and len(given) < len(columns):
            lacking = ", ".join(c for c in columns if c not in given)
            raise LocalsimError(
                f"{sheet.label} has {', '.join(given)} but not {lacking}; the columns of a margin "
                "come together or not at all."
            )
        if not given:
            age = made.get("age", np.zeros((residents.size, len(m.AGES)), dtype=np.int64))
            made[margin] = m.estimate(margin, residents, share, age)
            sources.update({column: f"estimated: {CSV_COLUMNS[column]}" for column in columns})
            continue
        table = np.column_stack([sheet.counts(column) for column in columns])
        if margin == "activity":
            children = made["age"][:, : m.CHILD_AGES].sum(axis=1)
            table = np.column_stack([children, table])
        for row in np.flatnonzero(table.sum(axis=1) != residents).tolist():
            people = "residents of 16 and over" if margin == "activity" else "residents"
            aside = int(table[row, 0]) if margin == "activity" else 0
            raise LocalsimError(
                f"{sheet.label}, line {sheet.lines[row]}: {', '.join(columns)} sum to "
                f"{table[row].sum() - aside:,}, but area {sheet.cells['code'][row]} has "
                f"{residents[row] - aside:,} {people}."
            )
        made[margin] = table
    for column, margin in COUNT_COLUMNS.items():
        if column not in sheet.cells:
            made[margin] = m.estimate(margin, residents, share, made["age"])
            sources[column] = f"estimated: {CSV_COLUMNS[column]}"
            continue
        count = sheet.counts(column)
        for row in np.flatnonzero(count > residents).tolist():
            raise LocalsimError(
                f"{sheet.at(row, column)} is {count[row]:,}, more than the area's "
                f"{residents[row]:,} residents."
            )
        made[margin] = np.column_stack([residents - count, count])
    return made


def estimate_households(residents: m.Ints, age: m.Ints, size: float) -> m.Ints:
    """Return households of `size` residents on average, at least one, at most one an adult."""
    adults = np.maximum(age[:, m.MINOR_AGES :].sum(axis=1), 1)
    wanted = np.maximum(np.rint(residents / size).astype(np.int64), 1)
    return np.minimum(np.minimum(wanted, adults), residents)


def _households(sheet: Sheet, residents: m.Ints, age: m.Ints, sources: dict[str, str]) -> m.Ints:
    if "households" not in sheet.cells:
        sources["households"] = f"estimated: {CSV_COLUMNS['households']}"
        return estimate_households(residents, age, _RESIDENTS_PER_HOUSEHOLD)
    households = sheet.counts("households")
    wrong = (households > residents) | ((households < 1) & (residents > 0))
    for row in np.flatnonzero(wrong).tolist():
        raise LocalsimError(
            f"{sheet.at(row, 'households')} is {households[row]:,}; an area of "
            f"{residents[row]:,} residents has between {min(1, residents[row])} and "
            f"{residents[row]:,} households."
        )
    return households


def compress(pairs: Iterable[tuple[int, int]], areas: int) -> tuple[m.Ints, m.Ints]:
    """Return neighbours as compressed rows, int64[A + 1] and int64[E], from pairs of areas."""
    both = sorted({pair for a, b in pairs for pair in ((a, b), (b, a))})
    edges = np.array(both, dtype=np.int64).reshape(-1, 2)
    counts = np.bincount(edges[:, 0], minlength=areas)
    return np.concatenate([[0], np.cumsum(counts)]), edges[:, 1]


def _neighbours(sheet: Sheet, codes: Sequence[str]) -> tuple[m.Ints, m.Ints]:
    position = {code: row for row, code in enumerate(codes)}
    pairs: list[tuple[int, int]] = []
    for row, cell in enumerate(sheet.cells.get("neighbours", ())):
        for code in cell.split():
            if code not in position:
                raise LocalsimError(
                    f"{sheet.at(row, 'neighbours')} names {code!r}, which is no area of the file: "
                    f"{nearest(code, codes)}"
                )
            if position[code] == row:
                raise LocalsimError(
                    f"{sheet.at(row, 'neighbours')} names the area itself; name other areas."
                )
            pairs.append((row, position[code]))
    return compress(pairs, len(codes))


def columns_of(place: Place) -> dict[str, object]:
    """Return a place as the columns that `Place.from_csv` reads back."""
    start, index = place.neighbour_offsets, place.neighbour_index
    columns: dict[str, object] = {
        "code": place.codes,
        "name": place.names,
        "residents": place.residents,
        "households": place.households,
        **{column: place.tiers[tier] for column, tier in TIER_COLUMNS.items()},
        "neighbours": [
            " ".join(place.codes[j] for j in index[start[i] : start[i + 1]])
            for i in range(len(place.codes))
        ],
    }
    for margin, names in MARGIN_COLUMNS.items():
        skip = 1 if margin == "activity" else 0
        for i, column in enumerate(names):
            columns[column] = place.margins[margin][:, i + skip]
    for column, margin in COUNT_COLUMNS.items():
        columns[column] = place.margins[margin][:, 1]
    return columns | dict(place.indicators)
