from __future__ import annotations

import pickle

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from localsim import streams
from localsim.errors import LocalsimError
from localsim.place import ACTIVITIES, AGES, MARGINS, TENURES, Place
from localsim.population import COLUMNS, Population, microsynthesis, population

COLUMN_OF = {"age": "age_band", "deprived": "income_deprived"}


@pytest.fixture(scope="module")
def kingston() -> Population:
    return Population.of(Place.kingston())


def counts(people: Population, margin: str) -> np.ndarray:
    column = people.columns[COLUMN_OF.get(margin, margin)].astype(np.int64)
    table = np.zeros((len(people.place.codes), len(MARGINS[margin])), dtype=np.int64)
    np.add.at(table, (people.area, column), 1)
    return table


def assert_whole(people: Population) -> None:
    """Every margin met, everyone once, in one household of their own area with one head."""
    place = people.place
    assert people.size == place.residents.sum() == people.area.size
    assert np.array_equal(people.offsets, np.concatenate([[0], np.cumsum(place.residents)]))
    assert np.array_equal(np.bincount(people.area, minlength=len(place.codes)), place.residents)
    assert (np.diff(people.area) >= 0).all()
    for margin in MARGINS:
        assert np.array_equal(counts(people, margin), place.margins[margin])
    under_16 = people.age < 16
    assert np.array_equal(people.activity == ACTIVITIES.index("child"), under_16)
    assert np.array_equal(people.age_band <= 1, under_16)
    assert np.unique(people.entity).size == people.size

    homes = int(place.households.sum())
    assert np.unique(people.household).tolist() == list(range(homes))
    heads = np.flatnonzero(people.householder)
    assert people.household[heads].tolist() == list(range(homes))
    home_area = people.area[heads]
    assert np.array_equal(home_area[people.household], people.area)
    assert np.array_equal(np.bincount(home_area, minlength=len(place.codes)), place.households)
    adults = np.bincount(people.area, people.age >= 18, minlength=len(place.codes))
    enough = adults >= place.households
    assert (people.age[heads][enough[home_area]] >= 18).all()
    dependent = (people.age < 18) & ~people.householder
    in_home = np.bincount(people.household[dependent], minlength=homes)
    assert np.array_equal(people.children, in_home[people.household])


def test_kingston_meets_every_margin(kingston: Population) -> None:
    assert_whole(kingston)
    assert kingston.size == 160_060


def test_norbiton_is_the_same_people_alone_as_within_kingston(kingston: Population) -> None:
    alone = Population.of(Place.norbiton())
    inside = kingston.place.mask("norbiton")[kingston.area]
    for name in set(COLUMNS) - {"area", "household"}:
        assert np.array_equal(alone.columns[name], kingston.columns[name][inside])
    first = kingston.household[inside].min()
    assert np.array_equal(alone.household, kingston.household[inside] - first)


def test_families_in_norbiton_are_about_as_many_as_the_census_found() -> None:
    people = Population.of(Place.norbiton())
    families = (people.children > 0) & people.householder
    assert families.sum() == pytest.approx(1_073, rel=0.05)
    lone_or_more = people.children[families]
    assert 1.9 < lone_or_more.mean() < 2.4
    assert lone_or_more.max() <= 10


def test_households_are_of_one_tenure_but_at_the_seams(kingston: Population) -> None:
    head_tenure = kingston.tenure[kingston.householder]
    assert (head_tenure[kingston.household] == kingston.tenure).mean() > 0.995


def test_associations_go_the_way_they_should(kingston: Population) -> None:
    deprived = kingston.income_deprived
    social = kingston.tenure == TENURES.index("social rented")
    old = kingston.age_band == AGES.index("65+")
    bad = kingston.health == 2
    employed = kingston.activity == ACTIVITIES.index("employed")
    assert social[deprived].mean() > 1.5 * social[~deprived].mean()
    assert bad[old].mean() > 3 * bad[~old].mean()
    assert employed[old].mean() < 0.2
    assert employed[deprived & ~old].mean() < employed[~deprived & ~old].mean()


def test_ages_fill_their_bands(kingston: Population) -> None:
    low = np.array([0, 11, 16, 18, 30, 45, 65])[kingston.age_band]
    high = np.array([10, 15, 17, 29, 44, 64, 96])[kingston.age_band]
    assert ((kingston.age >= low) & (kingston.age <= high)).all()
    assert np.unique(kingston.age).size > 90


def test_entities_are_the_area_code_and_the_index_within(kingston: Population) -> None:
    for area in (0, 54, 97):
        start = kingston.offsets[area]
        code = kingston.place.codes[area]
        assert int(kingston.entity[start]) == streams.entity(code, 0)
        assert int(kingston.entity[start + 7]) == streams.entity(code, 7)


def test_columns_have_their_types_and_cannot_be_written(kingston: Population) -> None:
    types = {name: kingston.columns[name].dtype.name for name in COLUMNS}
    assert types == {
        "area": "int32",
        "entity": "uint64",
        **dict.fromkeys(("age_band", "tenure", "activity", "ethnic_group", "health"), "int8"),
        "income_deprived": "bool",
        "age": "int8",
        "household": "int32",
        "householder": "bool",
        "children": "int8",
        "english_at_home": "bool",
    }
    for column in (kingston.offsets, *kingston.columns.values()):
        with pytest.raises(ValueError, match="read-only"):
            column[0] = 0
    with pytest.raises(AttributeError, match="no column 'income'"):
        _ = kingston.income


def test_the_same_place_has_the_same_people() -> None:
    place = Place.synthetic(500, 4, seed=5)
    first = Population.of(place)
    np.random.seed(1)  # noqa: NPY002 (the global generator must not matter)
    population._columns.cache_clear()
    again = Population.of(place)
    for name in COLUMNS:
        assert np.array_equal(first.columns[name], again.columns[name])
    assert Population.of(Place.synthetic(500, 4, seed=5)).age is again.age


def test_a_pickle_carries_the_place_and_comes_back_whole(kingston: Population) -> None:
    text = pickle.dumps(kingston)
    assert len(text) < 100_000
    assert np.array_equal(pickle.loads(text).household, kingston.household)
    assert repr(kingston) == "<Population of kingston: 160,060 residents, 63,639 households>"


@settings(max_examples=60, deadline=None)
@given(
    residents=st.lists(st.integers(0, 80), min_size=1, max_size=8).filter(any),
    heterogeneity=st.floats(0, 3),
    deprivation=st.floats(0.01, 0.6),
    size=st.floats(1, 6),
    seed=st.integers(0, 1000),
)
def test_small_places_hang_together(
    residents: list[int], heterogeneity: float, deprivation: float, size: float, seed: int
) -> None:
    place = Place.synthetic(
        residents,
        heterogeneity=heterogeneity,
        deprivation=deprivation,
        seed=seed,
        household_size=size,
    )
    assert_whole(Population.of(place))


@st.composite
def odd_places(draw: st.DrawFn) -> Place:
    """Areas whose margins nothing ties together but their sums: all children, one home each."""
    areas = draw(st.integers(1, 4))
    tables: dict[str, list[list[int]]] = {name: [] for name in MARGINS}
    residents, households = [], []
    few = st.integers(0, 6)
    for _ in range(areas):
        age = draw(st.lists(few, min_size=7, max_size=7).filter(any))
        total, children = sum(age), sum(age[:2])
        tables["age"].append(age)
        for name, categories in MARGINS.items():
            if name == "age":
                continue
            spare = total - children if name == "activity" else total
            parts = len(categories) - (name == "activity")
            cuts = sorted(
                draw(st.lists(st.integers(0, spare), min_size=parts - 1, max_size=parts - 1))
            )
            row = np.diff([0, *cuts, spare]).tolist()
            tables[name].append([children, *row] if name == "activity" else row)
        residents.append(total)
        households.append(draw(st.integers(1, total)))
    base = Place.synthetic(residents)
    return Place(
        name="odd",
        codes=base.codes,
        names=base.names,
        residents=np.array(residents),
        households=np.array(households),
        margins={name: np.array(rows) for name, rows in tables.items()},
        indicators=base.indicators,
        sources=base.sources,
        tiers=base.tiers,
        neighbour_offsets=base.neighbour_offsets,
        neighbour_index=base.neighbour_index,
    )


@settings(max_examples=100, deadline=None)
@given(place=odd_places())
def test_any_margins_that_sum_can_be_met(place: Place) -> None:
    assert_whole(Population.of(place))


def test_an_area_of_one_child_has_a_household(tmp_path: object) -> None:
    base = Place.synthetic([1])
    margins = {
        "age": [[1, 0, 0, 0, 0, 0, 0]],
        "tenure": [[0, 0, 1, 0]],
        "activity": [[1, 0, 0, 0]],
        "deprived": [[0, 1]],
        "ethnic_group": [[0, 1]],
        "health": [[0, 0, 1]],
    }
    arrays = {name: np.array(rows) for name, rows in margins.items()}
    parts = {
        name: getattr(base, name) for name in base.__dataclass_fields__ if name != "CSV_COLUMNS"
    }
    people = Population.of(Place(**{**parts, "margins": arrays}))
    assert_whole(people)
    assert people.householder.all()


def test_when_the_sampler_fails_the_margins_are_still_met(
    monkeypatch: pytest.MonkeyPatch, kingston: Population
) -> None:
    import humanleague

    def nobody(seed: np.ndarray, *_: object) -> tuple[np.ndarray, dict[str, bool]]:
        return np.zeros(seed.shape), {"conv": False}

    monkeypatch.setattr(humanleague, "qisi", nobody)
    population._columns.cache_clear()
    assert_whole(Population.of(Place.norbiton()))
    population._columns.cache_clear()


@given(
    rows=st.lists(st.integers(0, 30), min_size=1, max_size=6),
    cut=st.lists(st.floats(0, 1), min_size=1, max_size=4),
)
def test_filling_in_order_meets_both_sums(rows: list[int], cut: list[float]) -> None:
    edges = sorted(round(c * sum(rows)) for c in cut)
    columns = np.diff([0, *edges, sum(rows)])
    table = microsynthesis.in_order(np.array(rows), columns)
    assert table.min() >= 0
    assert table.sum(axis=1).tolist() == rows
    assert table.sum(axis=0).tolist() == columns.tolist()


def test_a_margin_that_is_missed_names_area_and_margin(monkeypatch: pytest.MonkeyPatch) -> None:
    place = Place.synthetic([40, 50], seed=8)
    right = microsynthesis.all_tables

    def wrong(margins: dict[str, np.ndarray]) -> microsynthesis.Tables:
        tables = right(margins)
        return tables._replace(
            stage_deprived_health=tables.stage_deprived_health[:, :, :, ::-1].copy()
        )

    monkeypatch.setattr(microsynthesis, "all_tables", wrong)
    population._columns.cache_clear()
    with pytest.raises(
        LocalsimError, match="area S1 of synthetic do not add up to its margin health"
    ):
        Population.of(place)


def test_a_crowd_in_one_area_is_whole() -> None:
    assert_whole(Population.of(Place.synthetic(200_000, 1)))


def test_as_many_homes_are_without_english_as_the_ward_profile_counts(kingston):
    for people, share in ((Population.of(Place.norbiton()), 0.136), (kingston, 0.092)):
        heads = people.householder
        without = ~people.english_at_home
        assert without[heads].mean() == pytest.approx(share, abs=0.02)
        by_home = np.bincount(people.household[without], minlength=heads.sum())
        size = np.bincount(people.household)
        assert set(np.unique(by_home[by_home > 0] - size[by_home > 0])) == {0}  # whole homes
        white = people.ethnic_group == 0
        assert without[heads & white].sum() == 0
