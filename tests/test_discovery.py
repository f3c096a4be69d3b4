"""Scenario discovery on cases whose losing corner is known."""

import numpy as np
import pandas as pd
import pytest

from localsim.appraisal import pointwise
from localsim.appraisal.discovery import discover
from localsim.errors import LocalsimError


@pytest.fixture(scope="module")
def cases():
    draws = np.random.default_rng(1)
    return pd.DataFrame(draws.random((1500, 4)), columns=["price", "leak", "other", "more"])


@pytest.fixture(scope="module")
def corner(cases):
    return ((cases["price"] > 0.7) & (cases["leak"] < 0.4)).to_numpy()


@pytest.fixture(scope="module")
def found(cases, corner):
    return discover(cases, corner, density=0.97)


@pytest.mark.slow
def test_a_known_box_is_found(found, cases, corner):
    limits = found.box.limits.set_index("name")
    assert set(limits.index) == {"price", "leak"}
    assert limits.loc["price", "low"] == pytest.approx(0.7, abs=0.03)
    assert limits.loc["leak", "high"] == pytest.approx(0.4, abs=0.03)
    assert np.isinf(limits.loc["price", "high"])
    assert np.isinf(limits.loc["leak", "low"])
    assert found.box.density >= 0.97
    assert found.box.coverage > 0.95
    assert (limits["p"] < 1e-6).all()


@pytest.mark.slow
def test_coverage_density_and_mass_are_what_they_say(found, cases, corner):
    limits = found.box.limits
    inside = np.ones(len(cases), dtype=bool)
    for row in limits.itertuples():
        inside &= cases[row.name].between(row.low, row.high).to_numpy()
    assert found.box.density == pytest.approx(corner[inside].mean())
    assert found.box.coverage == pytest.approx(corner[inside].sum() / corner.sum())
    assert found.box.mass == pytest.approx(inside.mean())
    assert found.trajectory["coverage"].max() == 1.0
    assert found.trajectory["density"].min() >= found.share


@pytest.mark.slow
def test_the_tree_finds_the_same_corner(found):
    leaf = found.leaves[0]
    limits = leaf.limits.set_index("name")
    assert limits.loc["price", "low"] == pytest.approx(0.7, abs=0.01)
    assert limits.loc["leak", "high"] == pytest.approx(0.4, abs=0.01)
    assert leaf.density == pytest.approx(1.0, abs=0.01)
    assert sum(leaf.mass for leaf in found.leaves) == pytest.approx(1.0)
    assert sum(leaf.coverage for leaf in found.leaves) == pytest.approx(1.0)


def test_luck_blurs_the_box_and_does_not_add_conditions(cases, corner):
    luck = np.random.default_rng(2).random(len(cases))
    blurred = np.where(corner, luck < 0.85, luck < 0.1)
    found = discover(cases, blurred, density=0.7)
    assert set(found.box.limits["name"]) == {"price", "leak"}
    assert 0.7 <= found.box.density < 0.95


def test_many_idle_dimensions_do_not_hide_the_corner():
    draws = np.random.default_rng(5)
    few = pd.DataFrame(draws.random((150, 20)), columns=[f"x{i}" for i in range(20)])
    lost = (few["x3"] > 0.5) & (few["x11"] < 0.5)
    blurred = np.where(lost, draws.random(150) < 0.85, draws.random(150) < 0.1)
    found = discover(few, blurred, density=0.7)
    assert set(found.box.limits["name"]) == {"x3", "x11"}
    assert found.box.density >= 0.7
    assert found.box.coverage > 0.5


def test_words_and_flags_can_be_conditions(cases):
    doors = np.random.default_rng(3).choice(["Hub", "Silo", "Lead"], len(cases))
    worded = cases[["price"]].assign(doors=doors)
    found = discover(worded, (doors == "Hub") & (cases["price"] > 0.5).to_numpy())
    limits = found.box.limits.set_index("name")
    assert limits.loc["doors", "values"] == ["Hub"]
    assert any("doors is Hub" in str(leaf) for leaf in found.leaves)
    assert "doors is Hub" in str(found)


def test_what_says_nothing_is_refused(cases, corner):
    with pytest.raises(LocalsimError, match="only 0 of 1,500 cases lose"):
        discover(cases, np.zeros(1500, dtype=bool))
    with pytest.raises(LocalsimError, match="only 0 of 1,500 cases do not lose"):
        discover(cases, np.ones(1500, dtype=bool))
    with pytest.raises(LocalsimError, match="one mark a case"):
        discover(cases, corner[:-1])
    with pytest.raises(LocalsimError, match="density is 80"):
        discover(cases, corner, density=80)
    with pytest.raises(LocalsimError, match="blanks"):
        discover(cases.assign(other=np.nan), corner)


def test_a_missing_package_is_named(monkeypatch, cases, corner):
    def absent(name):
        raise ModuleNotFoundError(f"No module named {name!r}", name=name.partition(".")[0])

    monkeypatch.setattr(pointwise.importlib, "import_module", absent)
    with pytest.raises(LocalsimError, match=r"pip install 'localsim\[discovery\]'"):
        discover(cases, corner)
