"""The people of a place: columns, one row a resident, the same for every model of the place."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from localsim import streams
from localsim.errors import LocalsimError
from localsim.place import Place
from localsim.place.margins import AGES, DEPRIVED, ETHNIC_GROUPS, MARGINS, MINOR_AGES, TENURES, Ints
from localsim.population import households, microsynthesis

COLUMNS = (
    "area",
    "entity",
    "age_band",
    "tenure",
    "activity",
    "ethnic_group",
    "health",
    "income_deprived",
    "age",
    "household",
    "householder",
    "children",
    "english_at_home",
)
_MARGIN_COLUMNS = {
    "age": "age_band",
    "tenure": "tenure",
    "activity": "activity",
    "deprived": "income_deprived",
    "ethnic_group": "ethnic_group",
    "health": "health",
}
_FIRST_YEAR = np.array([0, 11, 16, 18, 30, 45, 65])
_YEARS = np.array([11, 5, 2, 12, 15, 20])  # of all bands but the last
_OLDEST = 97  # ages from 65 thin out in a straight line to none at this age: an assumption
# Of households headed by a resident of an ethnic minority. N06: 13.6 and 9.2 per cent of all in
# Norbiton and Kingston, where 31.0 and 25.5 per cent of residents are; this gives 12 and 10.
_NO_ENGLISH_AT_HOME = 0.4
_CACHED_PLACES = 4


@dataclass(frozen=True, eq=False, repr=False)
class Population:
    """Residents as columns of length N, sorted by area and household; read-only.

    `offsets` int64[A + 1] are each area's first row; `area` int32; `entity` uint64, the address
    of a resident's luck (area code and index within the area); `age_band`, `tenure`, `activity`,
    `ethnic_group`, `health` int8, indices into AGES, TENURES, ACTIVITIES, ETHNIC_GROUPS, HEALTHS;
    `income_deprived` bool; `age` int8, years; `household` int32, numbered through the place;
    `householder` bool, one a household, its first row; `children` int8, residents under 18 in
    the household besides its householder, at most 127; `english_at_home` bool, whether somebody
    in the household has English as first language. Where residents have grown older, `younger` are
    they at the census. Build one with `Population.of(place)`.
    """

    place: Place
    offsets: Ints
    columns: Mapping[str, NDArray[Any]]
    younger: Population | None = None

    @classmethod
    def of(cls, place: Place) -> Self:
        """Return the residents of a place, the same ones each time, by integer microsynthesis.

        Every margin is met exactly in every area (humanleague `qisi`; see `microsynthesis`), and
        checked: LocalsimError names an area and margin that is not. Communal establishments are
        not told apart: their residents are members of households.
        """
        return cls(place, *_columns(place))

    def at_ages(self, age: NDArray[np.int8]) -> Self:
        """Return the same residents at other ages (int8[N], years); all else stays as it was."""
        band = (np.searchsorted(_FIRST_YEAR, age, side="right") - 1).astype(np.int8)
        for column in (age, band):
            column.flags.writeable = False
        columns = {**self.columns, "age": age, "age_band": band}
        return type(self)(self.place, self.offsets, MappingProxyType(columns), self.census)

    @property
    def census(self) -> Population:
        """The same residents as the census has them."""
        return self if self.younger is None else self.younger

    @property
    def size(self) -> int:
        """The number of residents, N."""
        return int(self.offsets[-1])

    def __getattr__(self, name: str) -> NDArray[Any]:
        if name in COLUMNS:
            return self.columns[name]
        raise AttributeError(f"Population has no column {name!r}; it has {', '.join(COLUMNS)}")

    def __reduce__(self) -> tuple[Any, ...]:
        # The place says it all but how old they have grown; a worker draws the same people once.
        if self.younger is None:
            return type(self).of, (self.place,)
        return self.younger.at_ages, (np.array(self.age),)

    def __repr__(self) -> str:
        homes = int(self.place.households.sum())
        return f"<Population of {self.place.name}: {self.size:,} residents, {homes:,} households>"


@lru_cache(maxsize=_CACHED_PLACES)
def _columns(place: Place) -> tuple[Ints, Mapping[str, NDArray[Any]]]:
    offsets = np.concatenate([[0], np.cumsum(place.residents)])
    who = _entities(place, offsets)
    people = _people(place, who)
    homes = households.deal(
        people["area"],
        people["age_band"],
        (people["tenure"] * len(DEPRIVED) + people["deprived"]) * len(ETHNIC_GROUPS)
        + people["ethnic_group"],
        len(TENURES) * len(DEPRIVED) * len(ETHNIC_GROUPS),
        place.households,
        lambda decision: _draw(decision, who),
    )
    order = np.lexsort((~homes.householder, homes.household))
    household, householder = homes.household[order], homes.householder[order]
    band = people["age_band"][order]
    dependent = np.bincount(household[(band < MINOR_AGES) & ~householder], minlength=1)
    dependent = np.pad(dependent, (0, int(place.households.sum()) + 1 - dependent.size))
    columns: dict[str, NDArray[Any]] = {
        "area": people["area"].astype(np.int32),
        "entity": who,
        "age_band": band.astype(np.int8),
        "tenure": people["tenure"][order].astype(np.int8),
        "activity": people["activity"][order].astype(np.int8),
        "ethnic_group": people["ethnic_group"][order].astype(np.int8),
        "health": people["health"][order].astype(np.int8),
        "income_deprived": people["deprived"][order].astype(bool),
        "age": _years(band, _draw("age", who)).astype(np.int8),
        "household": household.astype(np.int32),
        "householder": householder,
        "children": np.minimum(dependent, np.iinfo(np.int8).max)[household].astype(np.int8),
    }
    columns["english_at_home"] = _english_at_home(columns)
    for column in (offsets, *columns.values()):
        column.flags.writeable = False
    _check(place, columns)
    return offsets, MappingProxyType(columns)


def _english_at_home(columns: Mapping[str, NDArray[Any]]) -> NDArray[np.bool_]:
    """Return who lives where somebody has English as first language, bool[N].

    No margin of areas has it: households headed by a resident of an ethnic minority are without by
    lot, so that as many are as the source counts in Norbiton and the borough.
    """
    heads = columns["householder"]
    minority = columns["ethnic_group"][heads] != ETHNIC_GROUPS.index("white")
    without = minority & (_draw("language", columns["entity"][heads]) < _NO_ENGLISH_AT_HOME)
    of_home = np.zeros(int(columns["household"].max(initial=-1)) + 1, dtype=bool)
    of_home[columns["household"][heads]] = without
    some: NDArray[np.bool_] = ~of_home[columns["household"]]
    return some


def groups_of(people: Population) -> Iterator[tuple[str, NDArray[np.bool_]]]:
    """Yield groups of residents by who they are, with their names, bool[N] each.

    Ages of those who may be asked; own income deprivation, ethnic group and language, of adults.
    """
    for youngest, eldest in ((11, 17), (18, 29), (30, 44), (45, 64), (65, 74)):
        yield f"aged {youngest} to {eldest}", (people.age >= youngest) & (people.age <= eldest)
    yield "aged 75 and over", people.age >= 75
    adult = people.age >= 18
    yield "income-deprived", adult & people.income_deprived
    yield "not income-deprived", adult & ~people.income_deprived
    for number, name in enumerate(ETHNIC_GROUPS):
        yield name, adult & (people.ethnic_group == number)
    yield "no English at home", adult & ~people.english_at_home


def _entities(place: Place, offsets: Ints) -> NDArray[np.uint64]:
    first = streams.entities(list(place.codes))
    within = np.arange(offsets[-1]) - np.repeat(offsets[:-1], place.residents)
    return np.repeat(first, place.residents) + within.astype(np.uint64)


def _draw(decision: str, who: NDArray[np.uint64]) -> NDArray[np.float64]:
    """Demography is fixed for a place: its draws have no seed and no replication."""
    return streams.uniform(streams.key(0, 0, f"demography: {decision}"), who)


def _people(place: Place, who: NDArray[np.uint64]) -> dict[str, Ints]:
    """Return each resident's answers, int64[N] each, from the joint tables of their areas."""
    tables = microsynthesis.all_tables(dict(place.margins))
    by_group = tables.age_deprived_activity
    shape = by_group.shape[:3]
    areas, bands, deprived = (
        np.repeat(np.broadcast_to(index, shape).ravel(), by_group.sum(axis=3).ravel())
        for index in np.ogrid[: shape[0], : shape[1], : shape[2]]
    )

    def dealt(decision: str, group: Ints, counts: Ints) -> Ints:
        """Deal the counts of each group (all but the last axis) to its residents by lot."""
        answer = np.empty(group.size, dtype=np.int64)
        answer[np.lexsort((_draw(decision, who), group))] = microsynthesis.labels(counts)
        return answer

    stage = areas * microsynthesis.N_STAGES + microsynthesis.STAGES[bands]
    group = stage * len(DEPRIVED) + deprived
    tenure = dealt("tenure", group, tables.stage_deprived_tenure)
    homes = stage * len(TENURES) + tenure
    return {
        "area": areas,
        "age_band": bands,
        "deprived": deprived,
        "activity": microsynthesis.labels(by_group).astype(np.int64),
        "tenure": tenure,
        "ethnic_group": dealt("ethnic group", homes, tables.stage_tenure_ethnic_group),
        "health": dealt("health", group, tables.stage_deprived_health),
    }


def _years(band: Ints, luck: NDArray[np.float64]) -> Ints:
    old = band == len(AGES) - 1
    span = _YEARS[np.where(old, 0, band)]
    elder = (_OLDEST - _FIRST_YEAR[-1]) * (1 - np.sqrt(luck))
    years: Ints = _FIRST_YEAR[band] + np.floor(np.where(old, elder, luck * span)).astype(np.int64)
    return years


def _check(place: Place, columns: Mapping[str, NDArray[Any]]) -> None:
    """Raise LocalsimError unless the residents add up to every margin in every area."""
    area = columns["area"].astype(np.int64)
    for margin, categories in MARGINS.items():
        width = len(categories)
        cell = area * width + columns[_MARGIN_COLUMNS[margin]]
        counts = np.bincount(cell, minlength=len(place.codes) * width).reshape(-1, width)
        wrong = (counts != place.margins[margin]).any(axis=1)
        if wrong.any():
            row = int(np.argmax(wrong))
            raise LocalsimError(
                f"the residents drawn for area {place.codes[row]} of {place.name} do not add up "
                f"to its margin {margin}: {counts[row].tolist()} drawn, "
                f"{place.margins[margin][row].tolist()} in the table."
            )
