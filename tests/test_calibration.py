"""History matching of functions whose matching values are known; targets that may not be fitted."""

import numpy as np
import pandas as pd
import pytest

from localsim.appraisal.calibration import Target, matched
from localsim.errors import LocalsimError

NAMES = ["a", "b", "idle"]
LENGTHS = np.array([10.0, 4.0, 1.0])


def town(shares, seed, sd=0.5, replications=4):
    """Return two outputs: a sum and a product of a (0 to 10) and b (0 to 4), with luck."""
    a, b = 10 * shares[:, 0], 4 * shares[:, 1]
    luck = sd * np.random.default_rng(seed).normal(size=(2, len(shares), replications))
    return [(a + b)[:, None] + luck[0], (a * b)[:, None] + luck[1]]


def values(shares):
    return pd.DataFrame(shares * LENGTHS, columns=NAMES)


def targets(first=8.0, second=15.0):
    return [Target("crises", first, 0.3, "N08"), Target("solved", second, 0.6, "N09")]


@pytest.fixture(scope="module")
def found():
    return matched(lambda wave, x: town(x, wave), values, NAMES, targets(), waves=3, size=40)


@pytest.mark.slow
def test_the_values_that_match_are_left_and_most_others_are_not(found):
    # a + b = 8 and a·b = 15 with b below 4: a = 5, b = 3.
    rows = found.table.set_index("name")
    assert rows.loc["a", "low_left"] < 5 < rows.loc["a", "high_left"]
    assert rows.loc["b", "low_left"] < 3 < rows.loc["b", "high_left"]
    # What the functions themselves would leave, luck of 0.5 and the targets' deviations counted.
    x = np.random.default_rng(1).random((20_000, 3)) * LENGTHS
    sums, products = x[:, 0] + x[:, 1], x[:, 0] * x[:, 1]
    exact = (np.abs(sums - 8) <= 3 * np.hypot(0.3, 0.5)) & (
        np.abs(products - 15) <= 3 * np.hypot(0.6, 0.5)
    )
    assert found.share == pytest.approx(exact.mean(), rel=0.1)
    assert found.left["a"].min() == pytest.approx(x[exact, 0].min(), abs=0.3)
    assert found.left["a"].max() == pytest.approx(x[exact, 0].max(), abs=0.3)
    # What does nothing is not ruled out anywhere.
    assert rows.loc["idle", "high_left"] - rows.loc["idle", "low_left"] > 0.95


@pytest.mark.slow
def test_waves_close_in_and_emulators_foresaw_what_came(found):
    left = found.waves["left"].to_numpy()
    assert (np.diff(left) <= 0).all()
    assert found.waves["foreseen"].iloc[1:].min() > 0.9
    assert len(found.runs) == found.waves["points"].sum()
    assert "not ruled out" in str(found)


def test_targets_that_no_value_meets_leave_nothing():
    found = matched(
        lambda wave, x: town(x, wave), values, NAMES, targets(30.0, 15.0), waves=2, size=40
    )
    assert found.left.empty
    assert found.share == 0.0
    assert "at odds with its targets" in str(found)
    assert found.table["low_left"].isna().all()


@pytest.mark.parametrize(("source", "role"), [("K18", "CLAIM"), ("L05", "OUT")])
def test_claims_and_outcomes_are_never_fitted(source, role):
    with pytest.raises(LocalsimError, match=f"{source} cannot be a target: its role is {role}"):
        Target("crises", 1.0, 0.1, source)


def test_every_source_that_is_not_for_calibration_is_refused():
    from localsim.assumptions import sources

    for one in sources().values():
        if one.role == "CAL":
            assert Target("crises", 1.0, 0.1, one.id).source == one.id
        else:
            with pytest.raises(LocalsimError, match="cannot be a target"):
                Target("crises", 1.0, 0.1, one.id)


def test_what_cannot_be_a_target_is_said():
    with pytest.raises(LocalsimError, match="known exactly"):
        Target("crises", 1.0, 0.0, "N08")
    with pytest.raises(LocalsimError, match="There is no source"):
        Target("crises", 1.0, 0.1, "a blog")
    with pytest.raises(LocalsimError, match="no target"):
        matched(lambda wave, x: [], values, NAMES, [])
