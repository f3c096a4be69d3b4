from __future__ import annotations

import pickle
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from localsim.errors import LocalsimError
from localsim.place import MARGINS, NORBITON, PLACES, TENURES, TIERS, Place
from localsim.place.margins import LONDON_INCOME_DEPRIVED_SHARE, apportion


@pytest.fixture(scope="module")
def kingston() -> Place:
    return Place.kingston()


@pytest.fixture(scope="module")
def norbiton() -> Place:
    return Place.norbiton()


def csv_of(folder: Path, text: str) -> Path:
    path = folder / "areas.csv"
    path.write_text(text, encoding="utf-8")
    return path


def test_kingston_has_its_census_counts(kingston: Place) -> None:
    assert len(kingston.codes) == 98
    assert kingston.residents.sum() == 160_060
    assert kingston.households.sum() == 63_639
    for name, categories in MARGINS.items():
        assert kingston.margins[name].shape == (98, len(categories))
        assert np.array_equal(kingston.margins[name].sum(axis=1), kingston.residents)


def test_norbiton_is_six_areas_of_the_ward(norbiton: Place) -> None:
    assert norbiton.codes == NORBITON
    assert norbiton.residents.sum() == 10_107
    assert norbiton.households.sum() == 4_050
    assert norbiton.unit_names("neighbourhood") == ("Norbiton",)


def test_norbiton_within_kingston_is_one_neighbourhood(kingston: Place) -> None:
    ward = kingston.mask("NORBITON")
    assert tuple(np.array(kingston.codes)[ward]) == NORBITON
    assert np.unique(kingston.units("neighbourhood")[ward]).size == 1
    assert len(kingston.unit_names("neighbourhood")) == 19


def test_norbiton_margins_agree_with_the_ward_profile(kingston: Place) -> None:
    ward = kingston.mask("norbiton")
    people = kingston.residents[ward].sum()
    tenure = kingston.margins["tenure"]
    assert tenure[ward].sum(axis=0)[:3] / people == pytest.approx([0.423, 0.312, 0.243], abs=1e-4)
    borough = tenure.sum(axis=0)[:3] / kingston.residents.sum()
    assert borough == pytest.approx([0.641, 0.118, 0.225], abs=1e-4)
    age = kingston.margins["age"][ward].sum(axis=0) / people
    assert age[:2].sum() == pytest.approx(0.201, abs=0.02)
    assert age[2:6].sum() == pytest.approx(0.706, abs=0.02)
    assert age[6] == pytest.approx(0.092, abs=0.01)
    bame = kingston.margins["ethnic_group"][ward, 1].sum() / people
    assert bame == pytest.approx(0.310, abs=0.001)
    working_age = kingston.margins["age"][ward, 2:6].sum(axis=1)
    out_of_work = kingston.indicators["out_of_work_claimant_rate"][ward] @ working_age
    assert out_of_work / working_age.sum() == pytest.approx(0.112, abs=1e-3)


def test_cambridge_road_estate_is_mostly_social_rented(kingston: Place) -> None:
    estate = kingston.codes.index("E01002969")
    social = kingston.margins["tenure"][estate, TENURES.index("social rented")]
    assert social > kingston.residents[estate] / 2
    assert kingston.indicators["imd_score"].argmax() == estate
    assert kingston.area_fifth[estate] == 1


def test_every_column_says_where_it_is_from(kingston: Place) -> None:
    for column in kingston.table().columns:
        assert kingston.sources[column]
    assert "estimated" in kingston.sources["tenure_owned"]
    assert "estimated" not in kingston.sources["residents"]


def test_area_fifths_hold_a_fifth_of_residents_each(kingston: Place) -> None:
    people = np.bincount(kingston.area_fifth, weights=kingston.residents)[1:]
    assert people / kingston.residents.sum() == pytest.approx([0.2] * 5, abs=0.015)
    score = kingston.indicators["imd_score"]
    worst_of_least = score[kingston.area_fifth == 5].max()
    assert worst_of_least <= score[kingston.area_fifth == 1].min()


def neighbours_are_mutual(place: Place) -> bool:
    rows = np.repeat(np.arange(len(place.codes)), np.diff(place.neighbour_offsets))
    pairs = set(zip(rows.tolist(), place.neighbour_index.tolist(), strict=True))
    return all(a != b and (b, a) in pairs for a, b in pairs) and len(pairs) == rows.size


def test_every_kingston_area_has_mutual_neighbours(kingston: Place, norbiton: Place) -> None:
    assert neighbours_are_mutual(kingston)
    assert neighbours_are_mutual(norbiton)
    assert np.diff(kingston.neighbour_offsets).min() >= 1
    assert kingston.neighbour_index.size == 510


def test_units_at_every_tier(kingston: Place) -> None:
    sizes = [len(kingston.unit_names(tier)) for tier in TIERS]
    assert sizes == [1, 1, 1, 19, 98, 98]
    assert kingston.unit_names("sub-region") == ("South West London",)
    assert np.array_equal(kingston.units("person"), np.arange(98))
    with pytest.raises(LocalsimError, match="did you mean 'authority'"):
        kingston.units("authorty")


def test_namesakes_in_two_authorities_are_two_units(tmp_path: Path) -> None:
    text = "code,residents,neighbourhood,authority\na,10,Abbey,East\nb,10,Abbey,West\n"
    place = Place.from_csv(csv_of(tmp_path, text))
    assert place.units("neighbourhood").tolist() == [0, 1]
    assert place.mask("abbey").all()


def test_mask_takes_codes_names_and_lists(kingston: Place) -> None:
    assert kingston.mask(["E01002969", "Kingston upon Thames 005C"]).sum() == 2
    assert kingston.mask("kingston upon thames").all()
    with pytest.raises(LocalsimError, match="did you mean 'Norbiton'"):
        kingston.mask("Norbitton")
    with pytest.raises(LocalsimError, match="no area"):
        kingston.mask([])
    with pytest.raises(LocalsimError, match="a list of texts, not 3"):
        kingston.mask(3)  # type: ignore[arg-type]  # what is being refused


def test_a_place_is_equal_to_its_pickle_and_no_other(kingston: Place, norbiton: Place) -> None:
    copy = pickle.loads(pickle.dumps(kingston))
    assert copy == kingston
    assert hash(copy) == hash(kingston)
    assert copy.fingerprint != norbiton.fingerprint
    assert Place.synthetic(100, 4, seed=1) != Place.synthetic(100, 4, seed=2)
    assert Place.synthetic(100, 4, seed=1) == Place.synthetic(100, 4, seed=1)


def test_a_place_cannot_be_changed(norbiton: Place) -> None:
    with pytest.raises(ValueError, match="read-only"):
        norbiton.residents[0] = 1
    with pytest.raises(AttributeError):
        norbiton.name = "elsewhere"  # type: ignore[misc]  # what is being refused
    with pytest.raises(TypeError):
        norbiton.margins["age"] = norbiton.margins["health"]  # type: ignore[index]  # likewise


def test_repr_says_what_it_is(norbiton: Place) -> None:
    assert repr(norbiton) == (
        "<Place norbiton: 10,107 residents in 4,050 households, 6 areas, 1 neighbourhood>"
    )


def test_repr_counts_one_as_one() -> None:
    assert "1 resident in 1 household, 1 area" in repr(Place.synthetic(1, 1))


def test_a_table_reads_back_as_the_same_place(norbiton: Place, tmp_path: Path) -> None:
    path = tmp_path / "norbiton.csv"
    norbiton.table().to_csv(path, index=False)
    assert Place.from_csv(path) == norbiton


@pytest.mark.parametrize("name", PLACES)
def test_a_built_in_place_goes_by_its_name(name: str) -> None:
    assert PLACES[name]().name == name


# Synthetic places


def test_heterogeneity_sets_how_areas_differ() -> None:
    alike = Place.synthetic(4_000, 16, heterogeneity=0)
    assert np.ptp(alike.indicators["imd_score"]) == 0
    assert all(np.ptp(table, axis=0).max() == 0 for table in alike.margins.values())
    share = Place.synthetic(40_000, 100, heterogeneity=0.8).indicators["income_deprived_share"]
    assert np.log(share / (1 - share)).std() == pytest.approx(0.8)


def neighbour_correlation(place: Place) -> float:
    x = place.indicators["income_deprived_share"]
    rows = np.repeat(np.arange(x.size), np.diff(place.neighbour_offsets))
    return float(np.corrcoef(x[rows], x[place.neighbour_index])[0, 1])


def test_clustering_makes_neighbours_alike() -> None:
    scattered, clustered = (
        Place.synthetic(40_000, 400, clustering=dial, seed=3) for dial in (0.0, 0.9)
    )
    assert abs(neighbour_correlation(scattered)) < 0.15
    assert neighbour_correlation(clustered) > 0.5


def test_the_margins_follow_deprivation() -> None:
    place = Place.synthetic(100_000, 100, heterogeneity=1.0)
    share = place.indicators["income_deprived_share"]
    rented = place.margins["tenure"][:, 1]
    assert np.corrcoef(share, rented)[0, 1] > 0.9
    assert np.corrcoef(share, place.margins["deprived"][:, 1])[0, 1] > 0.99


@settings(max_examples=30, deadline=None)
@given(
    residents=st.lists(st.integers(0, 60), min_size=1, max_size=12).filter(any),
    heterogeneity=st.floats(0, 5),
    clustering=st.floats(0, 1),
    seed=st.integers(0, 1000),
)
def test_synthetic_places_hang_together(
    residents: list[int], heterogeneity: float, clustering: float, seed: int
) -> None:
    place = Place.synthetic(residents, None, heterogeneity, clustering, seed, authorities=1)
    assert place.residents.tolist() == residents
    assert neighbours_are_mutual(place)
    for table in place.margins.values():
        assert np.array_equal(table.sum(axis=1), place.residents)
        assert table.min() >= 0


def test_a_total_is_dealt_evenly() -> None:
    assert Place.synthetic(11, 4).residents.tolist() == [3, 3, 3, 2]
    assert Place.synthetic(1).residents.tolist() == [1]
    assert Place.synthetic(100, 10, authorities=2).unit_names("authority") == (
        "Authority 1",
        "Authority 2",
    )


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ({"residents": 0}, "residents is 0; give a whole number from 1"),
        ({"residents": -5}, "residents is -5"),
        ({"residents": 2.5}, "residents is 2.5"),
        ({"residents": "many"}, "residents is 'many'"),
        ({"residents": float("nan")}, "residents is nan"),
        ({"residents": 2_000_000_000}, "residents is 2000000000"),
        ({"residents": [10, -1]}, "residents of an area is -1"),
        ({"residents": []}, "the number of areas is 0"),
        ({"residents": [0, 0]}, "nobody lives in synthetic"),
        ({"residents": [1, 2], "areas": 3}, "lists 2 areas"),
        ({"areas": 0}, "areas is 0"),
        ({"heterogeneity": -0.1}, "heterogeneity is -0.1; give a number from 0 to 5"),
        ({"heterogeneity": float("nan")}, "heterogeneity is nan"),
        ({"clustering": 1.5}, "clustering is 1.5"),
        ({"clustering": float("inf")}, "clustering is inf"),
        ({"seed": -1}, "seed is -1"),
        ({"deprivation": 0}, "deprivation is 0"),
        ({"household_size": 0.5}, "household_size is 0.5"),
        ({"authorities": 10}, "authorities is 10; give a whole number from 1 to 9"),
    ],
)
def test_a_dial_out_of_range_is_named(arguments: dict[str, object], sentence: str) -> None:
    with pytest.raises(LocalsimError, match=sentence):
        Place.synthetic(**arguments)  # type: ignore[arg-type]  # wrong types are the point


# Places from a CSV


def test_two_columns_are_enough(tmp_path: Path) -> None:
    place = Place.from_csv(csv_of(tmp_path, "code,residents\na,100\nb,0\nc,1\n"))
    assert place.name == "areas"
    assert place.residents.tolist() == [100, 0, 1]
    assert place.households.tolist() == [40, 0, 1]
    share = place.indicators["income_deprived_share"]
    assert share == pytest.approx([LONDON_INCOME_DEPRIVED_SHARE] * 3)
    assert place.unit_names("neighbourhood") == ("a", "b", "c")
    assert place.neighbour_index.size == 0
    assert place.sources["tenure_owned"].startswith("estimated")
    assert place.sources["residents"].startswith("column of")


def test_further_numeric_columns_become_indicators(tmp_path: Path) -> None:
    text = "\ufeffcode,residents,imd_score,crime_rate,neighbours\na,100,30,5.5,b\n\nb,50,9,2,\n"
    place = Place.from_csv(csv_of(tmp_path, text), name="two")
    assert place.name == "two"
    assert place.indicators["crime_rate"].tolist() == [5.5, 2.0]
    assert place.area_fifth.tolist() == [2, 5]
    assert place.neighbour_index.tolist() == [1, 0]
    deprived = place.margins["deprived"][:, 1] / place.residents
    assert deprived == pytest.approx([0.198, 0.045], abs=0.01)


def test_the_columns_are_documented() -> None:
    assert list(Place.CSV_COLUMNS)[:2] == ["code", "residents"]
    assert all(text for text in Place.CSV_COLUMNS.values())
    assert set(Place.synthetic(10, 2).table().columns) == set(Place.CSV_COLUMNS)
    for column in Place.CSV_COLUMNS:
        assert f"`{column}`" in (Place.from_csv.__doc__ or "")


AGES_HEADER = (
    "code,residents,age_0_10,age_11_15,age_16_17,age_18_29,age_30_44,age_45_64,age_65_over"
)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "is empty"),
        ("\n\n", "is empty"),
        ("code,residents\n", "has no areas"),
        ("code,resident\na,1\n", "line 1, names no column 'residents', only 'code', 'resident';"),
        ("code,residents,code\na,1,b\n", "line 1, has the column 'code' twice"),
        ("code,residents,\na,1,2\n", "column without a name"),
        ("code,residents\na,1\nb\n", "line 3, has 1 cells"),
        ("code,residents\na,1\n,2\n", "line 3, column 'code' is blank"),
        ("code,residents\na,1\nb,2\n\na,3\n", "line 5, column 'code' is 'a', already on line 2"),
        ("code,residents\na,lots\n", "line 2, column 'residents' is 'lots', which is not a num"),
        ("code,residents\na,\n", "line 2, column 'residents' is '', which is not a number"),
        ("code,residents\na,-1\n", "line 2, column 'residents' is '-1'; give a whole number"),
        ("code,residents\na,1.5\n", "is '1.5'; give a whole number"),
        ("code,residents\na,nan\n", "is 'nan'; give a finite number"),
        ("code,residents\na,inf\n", "is 'inf'; give a finite number"),
        ("code,residents\na,1e10\n", "a place holds at most 100,000,000 residents"),
        ("code,residents\na,1e300\n", "give a finite number of sensible size"),
        ("code,residents\na,99999999\nb,99999999\n", "a place holds at most"),
        ("code,residents\na,0\n", "nobody lives in areas"),
        ("code,residents,households\na,5,6\n", "column 'households' is 6; an area of 5 residents"),
        ("code,residents,households\na,5,0\n", "between 1 and 5 households"),
        (
            "code,residents,neighbours\na,5,east2\neast1,5,\n",
            "names 'east2', .* did you mean 'east1'",
        ),
        ("code,residents,neighbours\na,5,a\n", "names the area itself"),
        ("code,residents,income_deprived_share\na,5,12\n", "a share lies between 0 and 1"),
        ("code,residents,income_deprived\na,5,6\n", "more than the area's 5 residents"),
        ("code,residents,health_good\na,5,5\n", "has health_good but not health_fair, health_bad"),
        (
            "code,residents,health_good,health_fair,health_bad\na,5,3,1,1\nb,9,3,3,2\n",
            "line 3: .* sum to 8, but area b has 9 residents",
        ),
        (
            AGES_HEADER + ",activity_employed,activity_unemployed,activity_inactive\n"
            "a,10,4,0,0,2,2,2,0,5,1,4\n",
            "line 2: .* sum to 10, but area a has 6 residents of 16 and over",
        ),
        ("code,residents,housholds\na,5,two\n", "did you mean 'households'"),
        ('code,residents\n"a,5\n', "is not a readable CSV"),
    ],
)
def test_a_bad_csv_ends_in_a_sentence(tmp_path: Path, text: str, sentence: str) -> None:
    with pytest.raises(LocalsimError, match=sentence):
        Place.from_csv(csv_of(tmp_path, text))


def test_a_missing_or_unreadable_file_ends_in_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(LocalsimError, match=r"there is no file .*nowhere\.csv"):
        Place.from_csv(tmp_path / "nowhere.csv")
    with pytest.raises(LocalsimError, match="cannot be read"):
        Place.from_csv(tmp_path)
    (tmp_path / "latin.csv").write_bytes(b"code,residents\n\xe9,1\n")
    with pytest.raises(LocalsimError, match="not text in UTF-8"):
        Place.from_csv(tmp_path / "latin.csv")


@given(
    total=st.integers(0, 10_000),
    shares=st.lists(st.floats(0.001, 1000), min_size=1, max_size=7),
)
def test_apportioned_parts_sum_to_the_whole(total: int, shares: list[float]) -> None:
    parts = apportion([total], [shares])[0]
    exact = total * np.array(shares) / sum(shares)
    assert parts.sum() == total
    assert np.abs(parts - exact).max() < 1
