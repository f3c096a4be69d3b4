"""Every number with its unit, range and source; drawn within its range; refused in a sentence."""

import math
import statistics

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from localsim.assumptions import Assumption, Assumptions, source, sources
from localsim.errors import LocalsimError

DEFAULT = Assumptions.default()


def number(value=1.0, low=0.5, high=2.0, distribution="triangular", **other):
    usual = {"name": "x", "unit": "share", "source": "unsourced", "quality": "unsourced"}
    return Assumption(value=value, low=low, high=high, distribution=distribution, **usual | other)


@pytest.mark.parametrize("name", DEFAULT.names)
def test_every_number_says_where_it_is_from(name):
    row = DEFAULT.row(name)
    assert row.unit
    assert row.quality
    if row.sourced:
        assert all(source(identifier).source for identifier in row.source.split(";"))
    else:
        assert row.quality in ("unsourced", "calibrated")


def test_the_log_is_a_table_with_a_row_a_number():
    table = DEFAULT.table()
    assert table["name"].tolist() == list(DEFAULT.names)
    assert {"unit", "source", "quality", "low", "high"} <= set(table.columns)
    assert f"{len(table)} numbers" in repr(DEFAULT)
    assert str((table["source"] == "unsourced").sum()) in repr(DEFAULT)


def test_every_source_that_is_registered_says_what_it_stands_for():
    assert all(row.quantity and row.source for row in sources().values())
    with pytest.raises(LocalsimError, match="no source 'N0X'"):
        source("N0X")


@given(st.floats(0, 1), st.sampled_from(["triangular", "log-triangular"]))
def test_draws_stay_in_their_range(u, distribution):
    drawn = number(distribution=distribution).quantile(u)
    assert 0.5 - 1e-12 <= drawn <= 2.0 + 1e-12


def test_a_quantile_is_that_of_the_triangle():
    row = number(value=1.0, low=0.0, high=4.0)
    # Below the mode the distribution function is x²/(4·1), above it 1 − (4 − x)²/(4·3).
    for u in (0.05, 0.2, 0.6, 0.99):
        x = row.quantile(u)
        share = x**2 / 4 if x < 1 else 1 - (4 - x) ** 2 / 12
        assert share == pytest.approx(u)
    logs = number(value=1.0, low=0.25, high=4.0, distribution="log-triangular")
    assert logs.quantile(0.5) == pytest.approx(1.0)
    assert number(distribution="fixed").quantile(0.9) == 1.0


def test_a_sample_is_the_same_for_the_same_luck_and_moves_only_what_is_uncertain():
    one, again, other = DEFAULT.sample(3, 1), DEFAULT.sample(3, 1), DEFAULT.sample(3, 2)
    assert one == again
    assert hash(one) == hash(again)
    assert one != other
    for name in DEFAULT.names:
        row, drawn = DEFAULT.row(name), one.value(name)
        assert row.low <= drawn <= row.high
        if row.distribution == "fixed" or row.low == row.high:
            assert drawn == row.value


def test_adding_a_number_moves_no_other_draw():
    more = DEFAULT.add(number(name="mine.own"))
    assert "mine.own" in more
    assert "mine.own" not in DEFAULT
    one, other = DEFAULT.sample(1, 0), more.sample(1, 0)
    assert all(one.value(name) == other.value(name) for name in DEFAULT.names)


def test_samples_are_centred_on_what_is_thought():
    draws = [DEFAULT.sample(0, r).value("place.kappa") for r in range(400)]
    row = DEFAULT.row("place.kappa")
    mean = (row.low + row.value + row.high) / 3
    sd = math.sqrt((row.high - row.low) ** 2 / 18)
    assert statistics.fmean(draws) == pytest.approx(mean, abs=4 * sd / 20)


def test_numbers_to_replace_come_by_name():
    with pytest.raises(LocalsimError, match=r"as a mapping such as .* not \[0.3\]"):
        DEFAULT.replace([0.3])


def test_a_replaced_number_is_fixed_and_the_rest_stands():
    new = DEFAULT.replace({"place.kappa": np.float64(0.3), "trust.memory": 1})
    assert new.value("place.kappa") == 0.3
    assert type(new.value("place.kappa")) is float
    assert new.sample(5, 5).value("place.kappa") == 0.3
    assert new.row("place.kappa").quality == "set by user"
    assert DEFAULT.value("place.kappa") != 0.3
    assert new.value("doors.drop") == DEFAULT.value("doors.drop")


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("place.kapa", 0.1, "no assumption 'place.kapa': did you mean 'place.kappa'"),
        ("place.kappa", 1.5, "a share, between 0 and 1; 1.5 is not"),
        ("place.kappa", -0.1, "cannot be negative"),
        ("place.kappa", math.nan, "finite number"),
        ("place.kappa", math.inf, "finite number"),
        ("place.kappa", 1e300, "below 1e"),
        ("place.kappa", 10**400, "below 1e"),
        ("work.open_share.short", 1.5, "a share, between 0 and 1"),
        ("record.noise_sd", 1e3, "sd of the log.* is at most 10; 1000.0 is not"),
        ("place.prevention", 11, "elasticity.* is at most 10"),
        ("hidden.correlation", 1, "lies between -1 and 1"),
        ("place.kappa", "0.3", "must be a number, not '0.3'"),
        ("place.kappa", True, "must be a number, not True"),
        ("place.kappa", None, "must be a number, not None"),
        ("place.kappa", [0.1], "must be a number"),
    ],
)
def test_a_number_that_cannot_be_is_refused_in_a_sentence(name, value, sentence):
    with pytest.raises(LocalsimError, match=sentence):
        DEFAULT.replace({name: value})


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"value": 3.0}, "must lie in its range"),
        ({"value": math.nan}, "finite"),
        ({"distribution": "triangle"}, "did you mean 'triangular'"),
        ({"distribution": "log-triangular", "low": 0.0}, "starts above zero"),
    ],
)
def test_an_assumption_that_cannot_be_is_refused_in_a_sentence(wrong, sentence):
    with pytest.raises(LocalsimError, match=sentence):
        number(**wrong)


def test_an_unknown_name_is_told_its_neighbours():
    with pytest.raises(LocalsimError, match=r"did you mean 'doors\.drop'"):
        DEFAULT.value("door.drop")
