"""Themes are data: those of One Norbiton, one's own, and those that cannot be."""

import math

import pytest

from localsim.assumptions import Assumptions
from localsim.errors import LocalsimError
from localsim.model import Model
from localsim.place import Place
from localsim.themes import Amenity, Casework, Log, Quadratic, check_themes, default_themes

PLACE = Place.synthetic(120, areas=3, seed=1)


def test_the_default_themes_have_all_their_numbers_in_the_log():
    default = Assumptions.default()
    for theme in default_themes():
        assert set(theme.defaults) <= {
            name.removeprefix(f"{theme.name}.")
            for name in theme.completed(default).names
            if name.startswith(f"{theme.name}.")
        }
        # None of them rests on a number that was made up with the theme.
        assert theme.completed(default) == default


def test_a_theme_of_ones_own_brings_its_numbers_and_its_values_win():
    theme = Casework("parking", values={"onset_per_year": 0.4})
    numbers = theme.completed(Assumptions.default())
    assert numbers.value("parking.onset_per_year") == 0.4
    assert numbers.value("parking.service_months.open") == 6.0
    assert numbers.row("parking.slot_gbp").quality == "set by user"
    twice = theme.completed(numbers)
    assert twice == numbers


def test_a_theme_of_ones_own_runs():
    model = Model(PLACE, themes=[Casework("parking"), Amenity("parks")], warmup_years=0)
    model.run(1)
    assert model.facts.agencies == ("council",)
    assert model.town.tally.flows.sum() > 0


@pytest.mark.parametrize(
    "themes", [[Casework("parking")], [Amenity("parks")]], ids=["casework", "amenity"]
)
def test_a_place_may_have_only_one_kind(themes):
    model = Model(PLACE, themes=themes, warmup_years=0)
    model.run(2)
    assert model.spent_gbp > 0


def test_an_amenity_of_values_differs_just_as_given():
    theme = Amenity.of_values("parks", [3, 1.0, 2.0], Quadratic(2.0))
    model = Model(PLACE, themes=[theme], warmup_years=0)
    assert model.values[:, 0].tolist() == [3.0, 1.0, 2.0]
    with pytest.raises(LocalsimError, match="gives 2 area values; synthetic has 3 areas"):
        Model(PLACE, themes=[Amenity.of_values("parks", [1, 2], Log())], warmup_years=0)


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (lambda: Casework("a.b"), "without dots and slashes"),
        (lambda: Casework("a/b"), "without dots and slashes"),
        (lambda: Casework(""), "without dots and slashes"),
        (lambda: Casework(3), "without dots and slashes"),
        (lambda: Casework("a", indicator="people"), "unknown indicator 'people'"),
        (lambda: Casework("a", team="nations"), "did you mean 'nation'"),
        (lambda: Casework("a", eligible="adult"), "did you mean 'adults'"),
        (lambda: Casework("a", severities=()), "one or two severities"),
        (lambda: Casework("a", severities=("x", "y", "z")), "one or two severities"),
        (lambda: Quadratic(0.0), "b > 0"),
        (lambda: Quadratic(math.nan), "b > 0"),
        (lambda: Amenity("a", benefit="log"), "benefit is Log"),
        (lambda: Amenity("a", area_values=(1.0, math.nan)), "value of an area"),
        (lambda: Amenity("a", area_values=(-1.0,)), "value of an area"),
        (lambda: Amenity.of_values("a", ["1"], Log()), "value of an area"),
        (lambda: check_themes([]), "at least one theme"),
        (lambda: check_themes(5), "a list of Casework and Amenity, not 5"),
        (lambda: check_themes(Casework("a")), "a list of Casework"),
        (lambda: check_themes(["work"]), "not 'work'"),
        (lambda: check_themes([Casework("a"), Amenity("a")]), "Two themes are called 'a'"),
        (lambda: Casework("a", values={"onset_per_year": math.nan}).completed(
            Assumptions.default()), "finite"),
        (lambda: Casework("a", values={"onset_a_year": 1.0}).completed(
            Assumptions.default()), "no assumption 'a.onset_a_year'"),
    ],
)  # fmt: skip
def test_a_theme_that_cannot_be_is_refused_in_a_sentence(make, sentence):
    with pytest.raises(LocalsimError, match=sentence):
        make()
