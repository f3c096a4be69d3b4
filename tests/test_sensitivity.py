"""Indices of functions whose indices are known, with and without luck."""

import math

import numpy as np
import pytest

from localsim.appraisal.pointwise import complete
from localsim.appraisal.sensitivity import indices, luck_share, sample
from localsim.errors import LocalsimError

NAMES = ["x1", "x2", "x3"]


def ishigami(shares):
    x = math.pi * (2 * shares - 1)
    return np.sin(x[:, 0]) + 7 * np.sin(x[:, 1]) ** 2 + 0.1 * x[:, 2] ** 4 * np.sin(x[:, 0])


def replicated(mean, sd, replications=4, common=0.0, seed=1):
    draws = np.random.default_rng(seed)
    own = sd * draws.normal(size=(len(mean), replications))
    return mean[:, None] + own + common * draws.normal(size=replications)


def test_sobol_of_ishigami_is_the_published_one():
    shares = sample(NAMES, "sobol", 1024, seed=3)
    table = indices(NAMES, shares, replicated(ishigami(shares), 0.0), "sobol").set_index("name")
    # Ishigami and Homma (1990), a = 7, b = 0.1.
    for name, first, total in (("x1", 0.314, 0.558), ("x2", 0.442, 0.442), ("x3", 0.0, 0.244)):
        assert table.loc[name, "first"] == pytest.approx(first, abs=0.03)
        assert table.loc[name, "total"] == pytest.approx(total, abs=0.03)
    assert (table["luck"] == 0.0).all()


def test_luck_in_a_total_is_told():
    shares = sample(NAMES, "sobol", 512, seed=3)
    clean = indices(NAMES, shares, replicated(ishigami(shares), 0.0), "sobol").set_index("name")
    noisy = indices(NAMES, shares, replicated(ishigami(shares), 3.0), "sobol").set_index("name")
    assert noisy.loc["x3", "total"] - clean.loc["x3", "total"] > 0.05
    variance = np.var(ishigami(shares)) + 9 / 4
    assert noisy["luck"].to_numpy() == pytest.approx(9 / 4 / variance, rel=0.15)


def test_luck_that_is_kind_to_all_points_alike_moves_no_index():
    shares = sample(NAMES, "sobol", 256, seed=3)
    clean = indices(NAMES, shares, replicated(ishigami(shares), 0.0), "sobol")
    shifted = indices(NAMES, shares, replicated(ishigami(shares), 0.0, common=50.0), "sobol")
    columns = ["first", "total", "luck"]
    assert shifted[columns].to_numpy() == pytest.approx(clean[columns].to_numpy(), abs=1e-9)


def test_morris_of_a_line_is_its_slopes():
    shares = sample(["a", "b", "c", "none"], "morris", 8, seed=2)
    mean = shares @ np.array([3.0, -7.0, 0.5, 0.0]) + 40.0
    table = indices(["a", "b", "c", "none"], shares, replicated(mean, 0.0), "morris")
    assert list(table["name"]) == ["b", "a", "c", "none"]
    assert table["effect"].to_numpy() == pytest.approx([-7.0, 3.0, 0.5, 0.0], abs=1e-9)
    assert table["strength"].to_numpy() == pytest.approx([7.0, 3.0, 0.5, 0.0], abs=1e-9)
    assert table["spread"].to_numpy() == pytest.approx(0.0, abs=1e-9)


def test_morris_shows_an_interaction_as_spread_and_luck_as_luck():
    shares = sample(["a", "b", "none"], "morris", 40, seed=2)
    product = 10 * (shares[:, 0] - 0.5) * (shares[:, 1] - 0.5)
    table = indices(["a", "b", "none"], shares, replicated(product, 0.0), "morris")
    assert table.set_index("name").loc["a", "spread"] > 2.0
    noisy = indices(["a", "b", "none"], shares, replicated(product, 1.0), "morris")
    row = noisy.set_index("name").loc["none"]
    # A dimension without effect shows what luck alone shows, and no more.
    assert row["strength"] == pytest.approx(row["luck"], rel=0.35)
    assert row["luck"] == pytest.approx(
        math.sqrt(2 / math.pi) * math.sqrt(2 / 4) / (2 / 3), rel=0.2
    )


def test_the_share_of_luck_is_recovered():
    draws = np.random.default_rng(4)
    points = 2.0 * draws.normal(size=(400, 1))
    alike = 1.0 * draws.normal(size=(1, 60))
    values = points + alike + 1.5 * draws.normal(size=(400, 60))
    assert luck_share(values) == pytest.approx((1 + 2.25) / (4 + 1 + 2.25), abs=0.06)
    assert luck_share(points + np.zeros((1, 5))) == pytest.approx(0.0, abs=1e-12)


def test_one_nan_is_refused():
    import pandas as pd

    frame = pd.DataFrame(np.ones((6, 3)))
    frame.iloc[4, 1] = np.nan
    with pytest.raises(LocalsimError, match=r"1 of 18 .* point 4, replication 1"):
        complete(frame, 6, 3, "Sobol's method")
    with pytest.raises(LocalsimError, match="3 of 21"):
        complete(frame.fillna(1.0), 7, 3, "Sobol's method")
    shares = sample(NAMES, "sobol", 16)
    values = replicated(ishigami(shares), 0.0)
    values[3, 0] = np.nan
    with pytest.raises(LocalsimError, match="no finite numbers"):
        indices(NAMES, shares, values, "sobol")


def test_what_cannot_be_analysed_is_said():
    shares = sample(NAMES, "morris", 4)
    with pytest.raises(LocalsimError, match="the same at every point"):
        indices(NAMES, shares, np.ones((len(shares), 3)), "morris")
    with pytest.raises(LocalsimError, match="powers of two"):
        sample(NAMES, "sobol", 100)
    with pytest.raises(LocalsimError, match="did you mean 'morris'"):
        sample(NAMES, "moris")
    with pytest.raises(LocalsimError, match="one dimension"):
        sample(["x"], "morris")


def test_a_design_is_a_function_of_its_seed():
    for method in ("morris", "sobol"):
        one, same, other = (sample(NAMES, method, 8, seed) for seed in (0, 0, 1))
        assert np.array_equal(one, same)
        assert not np.array_equal(one, other)
