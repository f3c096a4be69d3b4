"""The place: a tree of areas, how many live in each, in which circumstances, beside whom."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from functools import cached_property
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from localsim.errors import LocalsimError, nearest
from localsim.place.checks import check_place
from localsim.place.columns import CSV_COLUMNS, MAX_RESIDENTS, TIERS, UPPER_TIERS
from localsim.place.csv_file import built_in, columns_of, read_place
from localsim.place.margins import (
    ACTIVITIES,
    AGES,
    DEPRIVED,
    ETHNIC_GROUPS,
    HEALTHS,
    MARGINS,
    TENURES,
    Floats,
    Ints,
)
from localsim.place.synthetic import synthesise

if TYPE_CHECKING:
    import pandas as pd

__all__ = [
    "ACTIVITIES",
    "AGES",
    "DEPRIVED",
    "ETHNIC_GROUPS",
    "HEALTHS",
    "MARGINS",
    "MAX_RESIDENTS",
    "NORBITON",
    "PLACES",
    "TENURES",
    "TIERS",
    "Place",
]

NORBITON = tuple(f"E0100{number}" for number in range(2969, 2975))


@dataclass(frozen=True, eq=False, repr=False)
class Place:
    """Areas in a tree of tiers, with residents, households, margins, indicators and neighbours.

    Build one with `kingston`, `norbiton`, `synthetic` or `from_csv`. It never changes; two places
    with the same content are equal and have the same fingerprint.

    Shapes (A areas, E directed pairs of neighbours): `residents` and `households` int64[A];
    `margins[name]` int64[A, categories], rows summing to `residents`; `indicators[name]`
    float64[A]; `neighbour_offsets` int64[A + 1] into `neighbour_index` int64[E] (compressed rows,
    symmetric, no area its own neighbour). `tiers[tier]` names each area's unit at the four tiers
    above the area; `sources[column]` says where a column is from and how it was estimated.
    Raises LocalsimError where the parts do not fit one another.
    """

    CSV_COLUMNS: ClassVar[Mapping[str, str]] = MappingProxyType(CSV_COLUMNS)

    name: str
    codes: tuple[str, ...]
    names: tuple[str, ...]
    residents: Ints
    households: Ints
    margins: Mapping[str, Ints]
    indicators: Mapping[str, Floats]
    sources: Mapping[str, str]
    tiers: Mapping[str, tuple[str, ...]]
    neighbour_offsets: Ints
    neighbour_index: Ints

    def __post_init__(self) -> None:
        def frozen(array: Any, dtype: type) -> NDArray[Any]:
            copy: NDArray[Any] = np.array(array, dtype=dtype, order="C")
            copy.flags.writeable = False
            return copy

        def put(field: str, value: object) -> None:
            object.__setattr__(self, field, value)

        for field in ("residents", "households", "neighbour_offsets", "neighbour_index"):
            put(field, frozen(getattr(self, field), np.int64))
        put("margins", MappingProxyType({k: frozen(v, np.int64) for k, v in self.margins.items()}))
        numbers = {k: frozen(v, np.float64) for k, v in self.indicators.items()}
        put("indicators", MappingProxyType(numbers))
        put("sources", MappingProxyType(dict(self.sources)))
        put("tiers", MappingProxyType({k: tuple(v) for k, v in self.tiers.items()}))
        check_place(self)

    @classmethod
    def kingston(cls) -> Self:
        """Return Kingston upon Thames: 98 LSOAs, 160,060 residents (Census 2011).

        Neighbourhoods are the wards of 2025; Norbiton among them is the same six areas as the
        ward of 2002 to 2022. Sources, licences and estimates are in `place.sources`.
        """
        return built_in(cls, "kingston")

    @classmethod
    def norbiton(cls) -> Self:
        """Return Norbiton's six LSOAs alone: 10,107 residents, 4,050 households (Census 2011)."""
        kingston = cls.kingston()
        return kingston.part(kingston.mask(list(NORBITON)), "norbiton")

    @classmethod
    def synthetic(
        cls,
        residents: int | Sequence[int] = 10_000,
        areas: int | None = None,
        heterogeneity: float = 0.5,
        clustering: float = 0.5,
        seed: int = 0,
        *,
        deprivation: float = 0.12,
        household_size: float = 2.5,
        neighbourhood_areas: int = 6,
        authorities: int = 1,
        name: str | None = None,
    ) -> Self:
        """Return a made-up place on a square lattice, with dials for how its areas differ.

        `residents` is a total, dealt evenly over `areas` (default 9), or one number per area.
        `heterogeneity` (0 to 5) is the standard deviation between areas of the log odds of
        income deprivation (Kingston's is 0.5, London's 0.76); at zero all areas are alike.
        `clustering` (0 to 1) is how much of an area's deprivation is its neighbours' (a spatial
        autoregression). `deprivation` is the income-deprived share of the middling area,
        `household_size` residents per household. The other margins follow from deprivation by
        the estimates fitted on London's areas. Runs of `neighbourhood_areas` areas in lattice
        order are neighbourhoods; `authorities` cuts the lattice into that many. Raises
        LocalsimError on a dial outside its range.
        """
        return synthesise(
            cls,
            residents,
            areas,
            heterogeneity=heterogeneity,
            clustering=clustering,
            seed=seed,
            deprivation=deprivation,
            household_size=household_size,
            neighbourhood_areas=neighbourhood_areas,
            authorities=authorities,
            name=name,
        )

    @classmethod
    def from_csv(cls, path: str | Path, name: str | None = None) -> Self:
        """Return the place in a CSV file of areas, one a row, columns as `Place.CSV_COLUMNS` says.

        Required: `code`, `residents`. Optional, and estimated as `CSV_COLUMNS` describes where
        left out (`place.sources` says which were): `name`, `households`; `neighbourhood`,
        `authority`, `sub_region`, `nation`; `neighbours` (codes separated by spaces, a pair
        listed once or twice); `imd_score`, `income_deprived_share`, `employment_deprived_share`;
        `income_deprived` and `black_asian_or_minority_ethnic` (residents); and four margins,
        each with all its columns or none, in residents: `age_0_10`, `age_11_15`, `age_16_17`,
        `age_18_29`, `age_30_44`, `age_45_64`, `age_65_over`; `tenure_owned`,
        `tenure_social_rented`, `tenure_private_rented`, `tenure_rent_free`; `activity_employed`,
        `activity_unemployed`, `activity_inactive` (of those 16 and over); `health_good`,
        `health_fair`, `health_bad`. Any further numeric column, `lon` and `lat` among them,
        becomes an indicator. Raises LocalsimError naming file, line and column.
        """
        return read_place(cls, path, name)

    def part(self, mask: NDArray[np.bool_], name: str) -> Self:
        """Return the masked areas (bool[A]) as a place of their own, neighbours among them kept."""
        keep = np.flatnonzero(mask)
        position = np.full(len(self.codes), -1)
        position[keep] = np.arange(keep.size)
        rows = np.repeat(np.arange(len(self.codes)), np.diff(self.neighbour_offsets))
        start, end = position[rows], position[self.neighbour_index]
        inside = (start >= 0) & (end >= 0)
        counts = np.bincount(start[inside], minlength=keep.size)
        return type(self)(
            name=name,
            codes=tuple(self.codes[i] for i in keep),
            names=tuple(self.names[i] for i in keep),
            residents=self.residents[keep],
            households=self.households[keep],
            margins={key: table[keep] for key, table in self.margins.items()},
            indicators={key: column[keep] for key, column in self.indicators.items()},
            sources=self.sources,
            tiers={tier: tuple(units[i] for i in keep) for tier, units in self.tiers.items()},
            neighbour_offsets=np.concatenate([[0], np.cumsum(counts)]),
            neighbour_index=end[inside],
        )

    def units(self, tier: str) -> Ints:
        """Return the index, int64[A], of each area's unit at a tier; a person's unit is the area.

        Units are numbered as they first appear. Two units of one name in different parents are
        two units. Raises LocalsimError on an unknown tier.
        """
        return self._units(tier)[0]

    def unit_names(self, tier: str) -> tuple[str, ...]:
        """Return the names of the units of a tier, in the order that `units` numbers them."""
        return self._units(tier)[1]

    def _units(self, tier: str) -> tuple[Ints, tuple[str, ...]]:
        if tier not in TIERS:
            raise LocalsimError(f"there is no tier {tier!r}: {nearest(tier, TIERS)}")
        if tier not in UPPER_TIERS:
            return np.arange(len(self.codes), dtype=np.int64), self.names
        levels = UPPER_TIERS[: UPPER_TIERS.index(tier) + 1]
        numbers: dict[tuple[str, ...], int] = {}
        paths = zip(*(self.tiers[level] for level in levels), strict=True)
        index = np.array([numbers.setdefault(path, len(numbers)) for path in paths], np.int64)
        return index, tuple(path[-1] for path in numbers)

    def mask(self, areas: str | Sequence[str]) -> NDArray[np.bool_]:
        """Return which areas, bool[A], are meant by a name or a list of names.

        A name is an area's code or name, or the name of a neighbourhood, authority, sub-region
        or nation; upper and lower case are alike. Raises LocalsimError with the nearest names
        when one is unknown or none is given.
        """
        if not isinstance(areas, Iterable):
            raise LocalsimError(f"areas are named by a text or a list of texts, not {areas!r}.")
        wanted = [areas] if isinstance(areas, str) else list(areas)
        if not wanted:
            raise LocalsimError(
                f"no area of {self.name} was named; give a code, a name, a neighbourhood or a list."
            )
        found = np.zeros(len(self.codes), dtype=bool)
        for name in wanted:
            rows = self._rows_by_name.get(str(name).strip().lower())
            if rows is None:
                known = dict.fromkeys([*self.tiers["neighbourhood"], *self.names, *self.codes])
                raise LocalsimError(
                    f"no area of {self.name} is called {name!r}: {nearest(str(name), known)}"
                )
            found[rows] = True
        return found

    @cached_property
    def _rows_by_name(self) -> dict[str, list[int]]:
        rows: dict[str, list[int]] = {}
        for labels in (self.codes, self.names, *self.tiers.values()):
            for row, label in enumerate(labels):
                rows.setdefault(label.lower(), []).append(row)
        return rows

    @cached_property
    def area_fifth(self) -> Ints:
        """The fifth of residents, int64[A], 1 most deprived to 5 least, by `imd_score`.

        An area belongs to the fifth in which its middle resident falls when areas stand in order
        of their score; ties stand in the order of codes.
        """
        order = np.lexsort((np.array(self.codes), -self.indicators["imd_score"]))
        people = self.residents[order]
        middle = np.cumsum(people) - people / 2
        fifth = np.empty(len(order), dtype=np.int64)
        fifth[order] = np.minimum(np.floor(5 * middle / people.sum()).astype(np.int64), 4) + 1
        fifth.flags.writeable = False
        return fifth

    @cached_property
    def fingerprint(self) -> str:
        """A digest of all content but `sources`: equal for equal content, else different."""
        digest = hashlib.blake2b(digest_size=16)

        def take(label: str, value: object) -> None:
            text = value.tobytes() if isinstance(value, np.ndarray) else repr(value).encode()
            digest.update(f"{label}:{len(text)}:".encode())
            digest.update(text)

        for field in ("name", "codes", "names", "residents", "households"):
            take(field, getattr(self, field))
        for group in (self.margins, self.indicators, self.tiers):
            for key in sorted(group):
                take(key, group[key])
        take("neighbour_offsets", self.neighbour_offsets)
        take("neighbour_index", self.neighbour_index)
        return digest.hexdigest()

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Place) and self.fingerprint == other.fingerprint

    def __hash__(self) -> int:
        return hash(self.fingerprint)

    def __reduce__(self) -> tuple[Any, ...]:
        # Read-only mappings cannot be pickled, plain dictionaries can.
        values = (getattr(self, field.name) for field in fields(self))
        return type(self), tuple(dict(v) if isinstance(v, Mapping) else v for v in values)

    def __repr__(self) -> str:
        tier = self.unit_names("neighbourhood")
        groups = "neighbourhood" if len(tier) == 1 else "neighbourhoods"
        areas = "area" if len(self.codes) == 1 else "areas"
        residents, homes = self.residents.sum(), self.households.sum()
        return (
            f"<Place {self.name}: {residents:,} {'resident' if residents == 1 else 'residents'} in "
            f"{homes:,} {'household' if homes == 1 else 'households'}, {len(self.codes):,} {areas},"
            f" {len(tier):,} {groups}>"
        )

    def table(self) -> pd.DataFrame:
        """Return a pandas DataFrame, one row an area, whose columns `from_csv` reads back."""
        import pandas as pd

        return pd.DataFrame(columns_of(self))


PLACES: dict[str, Callable[[], Place]] = {
    "kingston": Place.kingston,
    "norbiton": Place.norbiton,
}
