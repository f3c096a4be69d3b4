"""Designs that cannot be: each is refused in a sentence."""

import math

import pytest
from test_design import ONE, asked

import localsim as ls

# ── what is refused ──────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("dimensions", "said"),
    [
        ({"place.kapa": [0.1]}, "did you mean 'place.kappa'"),
        ({f"{ONE}.budgets.shar": [0.1]}, "did you mean 'share'"),
        ({"One Norbiton.tier": ["area"]}, "neither an assumption nor an answer"),
        ({"place.kappa": [1.5]}, "is a share, between 0 and 1"),
        ({"place.kappa": ls.Range(0, 2, levels=3)}, "is a share, between 0 and 1"),
        ({"place.kappa": [float("nan")]}, "nan"),
        ({"place.kappa": ["x"]}, "'place.kappa' is 'x'; a finite number is wanted"),
        ({"place.kappa": [True]}, "'place.kappa' is True; a finite number is wanted"),
        ({"place.kappa": [10**400]}, "…; a finite number"),
        ({"place.kappa": []}, "has no levels"),
        ({"place.kappa": [0.1, 0.2, 0.1]}, "has the level 0.1 twice"),
        ({"place.kappa": "high"}, "a list of levels or a Range"),
        ({"place.kappa": {"low": 1}}, "a list of levels or a Range"),
        ({"place.kappa": None}, "a grid needs levels"),
        ({f"{ONE}.tier": ls.Range(0, 1)}, "is a word; list the levels"),
        ({f"{ONE}.tier": ["aera"]}, "did you mean 'area'"),
        ({f"{ONE}.access": ["hubb"]}, "did you mean 'hub'"),
        ({f"{ONE}.access": [ls.Hub()]}, "named by a word, such as 'hub'"),
        ({f"{ONE}.supply.community": [0.5]}, "true or false is wanted"),
        ({f"{ONE}.contract.items": [3.5]}, "a whole number is wanted"),
        ({f"{ONE}.contract.items": ls.Range(0.5, 3, levels=2)}, "ends of its range are whole"),
        ({f"{ONE}.contract.items": ls.Range(0, 9, levels=3)}, "list them"),
        ({f"{ONE}.budgets.share": ls.Range(levels=3)}, "has no range of its own"),
        ({f"{ONE}.devolved.share": [0.1]}, "there is no 'share'"),
        ({f"{ONE}.name": ["x"]}, "has no 'name'"),
        ({"work.open_share.long": ls.Range(levels=3)}, "has one value in the log"),
        ({f"{ONE}.budgets": ["pooled"], f"{ONE}.budgets.share": [0.5]}, "is a part of it"),
        ({}, "at least one name"),
        ({5: [1]}, "5 is no name"),
        ({"place.kappa": ls.Range(levels=100_000), "voice.noise_sd": ls.Range(levels=100_000)},
         "10000000000 points; 1,000,000,000 are the most"),
    ],
)  # fmt: skip
def test_a_wrong_dimension_is_refused_in_a_sentence(dimensions, said):
    with pytest.raises(ls.LocalsimError) as refused:
        asked(ls.Grid(dimensions))
    assert said in str(refused.value)


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: ls.Range(1, None), "both a low and a high end"),
        (lambda: ls.Range(1, 1), "cannot go from 1 to 1"),
        (lambda: ls.Range(0, 1, log=True), "begins above zero"),
        (lambda: ls.Range(0, math.inf), "inf"),
        (lambda: ls.Range(0, 1, levels=1), "levels is 1"),
        (lambda: ls.Sobol({"place.kappa": None}, 0), "n is 0"),
        (lambda: ls.Sobol({"place.kappa": None}, 10**10), "n is 10000000000"),
        (lambda: ls.LatinHypercube({"place.kappa": None}, 5, -1), "seed is -1"),
        (lambda: ls.LatinHypercube({"place.kappa": None}, math.nan), "n is nan"),
        (lambda: ls.Sobol(["place.kappa"], 5), "a mapping of names"),
        (lambda: asked(ls.Sobol({"place.kappa": ls.Range(0, 1, levels=3)}, 5)), "leave out levels"),
        (lambda: asked(ls.Sobol({"place.kappa": None}, 4), held={"place.kappa": 0.1}), "is held"),
        (lambda: asked("sobol"), "a design such as Grid"),
        (lambda: asked(ls.Grid({"place.kappa": [0.1]}) * ls.Grid({"place.kappa": [0.2]})), "twice"),
        (lambda: len(ls.Grid({"place.kappa": [0.1]})), "part of an Experiment"),
        (lambda: asked(ls.Grid({"place.kappa": [0.1]})).design.point(1), "points are 0 to 0"),
        (lambda: asked(ls.Grid({"place.kappa": [0.1]})).design.point(0.0), "a whole number"),
        (lambda: ls.Points({}), "no columns"),
        (lambda: ls.Points({"place.kappa": []}), "no rows"),
        (lambda: ls.Points({"place.kappa": [0.1], "voice.noise_sd": []}), "equally long"),
        (lambda: ls.Points({"place.kappa": [0.1, "x"]}), "one kind is wanted"),
        (lambda: ls.Points({"place.kappa": [0.1, None]}), "place.kappa, row 1"),
        (lambda: asked(ls.Points({"place.kappa": [0.1, 0.2, 1.2]})), "row 2, 'place.kappa'"),
        (lambda: asked(ls.Points({f"{ONE}.contract.items": [5, 5.5, 7]})), "row 1"),
        (lambda: asked(ls.Points({f"{ONE}.tier": ["area", "aera"]})), "row 1"),
        (lambda: ls.Points([1, 2]), "is no table"),
    ],
)  # fmt: skip
def test_a_wrong_design_is_refused_in_a_sentence(make, said):
    with pytest.raises(ls.LocalsimError) as refused:
        make()
    assert said in str(refused.value)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "is empty"),
        ("place.kappa\n", "no rows"),
        ("place.kappa,place.kappa\n1,2\n", "line 1, has the column 'place.kappa' twice"),
        ("place.kappa,\n1,2\n", "line 1, has a column without a name"),
        ("place.kappa\n0.1\n0.2,3\n", "line 3, has 2 cells"),
        ('place.kappa,voice.noise_sd\n0.1,\n', "line 2, column 'voice.noise_sd', is blank"),
        ("place.kappa\nnan\n", "nan"),
        ("place.kappa\n1e999\n", "inf"),
        ("place.kappa\n0.1\nlow\n", "one kind is wanted"),
        ('place.kappa\n"0.1\n', "cannot be read as a CSV"),
        ("place.kappa\n\xff".encode("latin-1"), "not text in UTF-8"),
    ],
)  # fmt: skip
def test_a_wrong_table_is_refused_with_its_line(tmp_path, text, said):
    file = tmp_path / "points.csv"
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(ls.LocalsimError) as refused:
        ls.Points.from_csv(file)
    assert said in str(refused.value)
    assert "points.csv" in str(refused.value)


def test_a_table_is_an_ordinary_file(tmp_path):
    for path, said in ((tmp_path, "no ordinary file"), ("/dev/zero", "no ordinary file"),
                       (tmp_path / "none.csv", "there is no file")):  # fmt: skip
        with pytest.raises(ls.LocalsimError, match=said):
            ls.Points.from_csv(path)
