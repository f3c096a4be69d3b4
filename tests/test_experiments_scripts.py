"""The scripts behind the findings: what they split can be split, and in small they run whole."""

import importlib.util
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import localsim as ls
from localsim.appraisal.lattice import lattice

HOME = Path(__file__).parent.parent / "experiments"


def script(name):
    spec = importlib.util.spec_from_file_location(name, HOME / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module  # a dataclass looks its module up by name
    spec.loader.exec_module(module)
    return module


def test_every_row_that_is_split_ends_where_its_policy_does():
    for name, step in script("attributions").steps().items():
        between = lattice(step.a, step.b, step.bundles)
        assert between.runs[0] is step.a, name
        assert between.policies[frozenset(between.players)] is step.b, name
        assert len(between.runs) <= 40, name


def test_what_is_written_sums_to_what_is_to_be_explained(tmp_path, monkeypatch):
    attributions = script("attributions")
    monkeypatch.setattr(attributions, "OUT", tmp_path)
    monkeypatch.setattr(attributions, "PLACE", ls.Place.synthetic(300, 6))
    monkeypatch.setattr(attributions, "YEARS", 1)
    monkeypatch.setattr(attributions, "REPLICATIONS", 2)
    monkeypatch.setattr(attributions, "WORKERS", 1)
    step = attributions.steps()["outcome_budgeting"]
    rows = attributions.rows(attributions.split("outcome_budgeting", step))
    for _, part in rows.groupby(["metric", "group"]):
        whole = part["answer"] == "altogether"
        assert whole.tolist() == [False] * (len(part) - 1) + [True]
        assert part.loc[~whole, "value"].sum() == pytest.approx(part.loc[whole, "value"].sum())


def test_what_tips_is_screened_followed_paired_and_drawn(tmp_path, monkeypatch, capsys):
    tipping = script("tipping_values")
    found = tipping.unsourced()
    assert len(found) > 100
    assert all(low < high for low, high in found.values())
    few = {name: found[name] for name in ("needs.coupling", "place.kappa", "doors.drop")}
    small = {
        "OUT": tmp_path, "PLACE": ls.Place.synthetic(400, 6), "YEARS": 1, "WORKERS": 1,
        "unsourced": lambda: few, "FOLLOWED": 2, "LEVELS": 2, "WEIGHTIEST": 2, "DRAWN": 2,
        "NEAR": -9.0,
    }  # fmt: skip
    for name, value in small.items():
        monkeypatch.setattr(tipping, name, value)
    name, question = next(iter(tipping.questions().items()))
    screened = tipping.screen(name, question)
    assert len(screened) == len(few) * len(question.metrics)
    assert np.isfinite(screened["difference"]).all()
    followed = tipping.follow(name, question, screened)
    assert followed["followed"].all()
    both = tipping.pairs(name, question, screened)
    assert len(both) == len(question.metrics)  # one pair of two
    tipping.drawn(name, question, screened)
    assert "in 2 draws" in capsys.readouterr().out


def test_the_tables_are_of_the_scripts():
    attributions, tipping = script("attributions"), script("tipping_values")
    table = pd.read_csv(HOME / "attributions.csv", comment="#")
    assert set(table["policy"]) == {step.b.name for step in attributions.steps().values()}
    for part in ("metric", "group"):
        assert table[part].notna().all()
    alone = pd.read_csv(HOME / "tipping_values.csv")
    assert set(alone["question"]) == set(tipping.questions())
    assert set(alone["assumption"]) == set(tipping.unsourced())
