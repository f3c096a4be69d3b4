"""Designs: which points a sweep has, each computed from its number alone."""

import math
from collections import Counter
from itertools import islice, pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from memory import peak_bytes
from scipy.stats import chisquare, kstest, qmc

import localsim as ls
from localsim.experiment.design import BLOCK, _permuted
from localsim.experiment.frozen import Frozen, freeze

ONE = "local_integrated_services"


def asked(design, **changes):
    """Return an experiment with a design."""
    return ls.Experiment("norbiton", ["status_quo", ONE], design=design, **changes)


def points(design, **changes):
    return list(asked(design, **changes).design)


# ── each kind ────────────────────────────────────────────────────────────────────────────────────


def test_a_grid_has_every_level_with_every_other_and_the_last_varies_fastest():
    grid = ls.Grid({"place.kappa": [0, 0.3], f"{ONE}.tier": ["authority", "neighbourhood"]})
    assert points(grid) == [
        {"place.kappa": 0.0, f"{ONE}.tier": "authority"},
        {"place.kappa": 0.0, f"{ONE}.tier": "neighbourhood"},
        {"place.kappa": 0.3, f"{ONE}.tier": "authority"},
        {"place.kappa": 0.3, f"{ONE}.tier": "neighbourhood"},
    ]


def test_levels_are_spaced_over_a_range_as_it_is_distributed():
    row = ls.Assumptions.default().row("work.onset_per_year")
    grid = ls.Grid(
        {
            "place.kappa": ls.Range(levels=4),
            "work.onset_per_year": ls.Range(levels=3),
            f"{ONE}.contract.items": ls.Range(10, 30, levels=3),
            f"{ONE}.listening.hours": ls.Range(1, 100, levels=3, log=True),
        }
    )
    found = {name: sorted({p[name] for p in points(grid)}) for name in asked(grid).design.columns}
    assert found["place.kappa"] == pytest.approx([0.0, 0.2, 0.4, 0.6])
    assert found["work.onset_per_year"] == pytest.approx(
        [row.low, math.sqrt(row.low * row.high), row.high]
    )
    assert found[f"{ONE}.contract.items"] == [10, 20, 30]
    assert found[f"{ONE}.listening.hours"] == pytest.approx([1, 10, 100])


def test_one_at_a_time_moves_each_dimension_alone_from_the_base():
    design = ls.OneAtATime(
        {
            "place.kappa": None,
            f"{ONE}.budgets.share": [0.2, 0.6, 1.0],
            f"{ONE}.access": ["silo", "hub"],
        }
    )
    base, *moved = points(design)
    assert base == {"place.kappa": 0.2, f"{ONE}.budgets.share": 0.6, f"{ONE}.access": "silo"}
    changes = [{n: v for n, v in point.items() if v != base[n]} for point in moved]
    assert changes == [
        {"place.kappa": 0.0},
        {"place.kappa": 0.6},
        {f"{ONE}.budgets.share": 0.2},
        {f"{ONE}.budgets.share": 1.0},
        {f"{ONE}.access": "hub"},
    ]


@given(n=st.integers(1, 300), seed=st.integers(0, 2**63 - 1))
@settings(max_examples=30, deadline=None)
def test_a_latin_hypercube_meets_every_part_of_every_dimension_once(n, seed):
    ranges = {f"{ONE}.budgets.share": ls.Range(0, 1), f"{ONE}.listening.outreach": ls.Range(0, 1)}
    found = points(ls.LatinHypercube(ranges, n, seed))
    for name in ranges:
        assert sorted(int(point[name] * n) for point in found) == list(range(n))


def test_a_dimension_of_a_latin_hypercube_stays_when_another_is_added():
    one = points(ls.LatinHypercube({"place.kappa": None}, 40, 7))
    two = points(ls.LatinHypercube({f"{ONE}.tier": ["area", "nation"], "place.kappa": None}, 40, 7))
    assert [p["place.kappa"] for p in one] == [p["place.kappa"] for p in two]


def test_keyed_orders_are_as_likely_as_each_other_and_unrelated():
    numbers = np.arange(4, dtype=np.uint64)
    orders = Counter(tuple(_permuted(numbers, 4, seed, "x").tolist()) for seed in range(2400))
    assert len(orders) == 24
    assert chisquare(list(orders.values())).pvalue > 1e-4
    many = np.arange(20_000, dtype=np.uint64)
    first, second = (_permuted(many, 20_000, 1, name).astype(float) for name in ("x", "y"))
    for order in (first, second):
        assert sorted(order) == list(range(20_000))
        assert abs(np.corrcoef(order, many)[0, 1]) < 0.03
        assert abs(np.corrcoef(order[:-1], order[1:])[0, 1]) < 0.03
    assert abs(np.corrcoef(first, second)[0, 1]) < 0.03


def test_samples_follow_an_assumptions_own_distribution():
    row = ls.Assumptions.default().row("place.kappa")
    shares = np.linspace(0.0, 1.0, 1001)
    steps = [row.quantile(u) for u in shares]
    for kind in (ls.Sobol, ls.LatinHypercube):
        drawn = [p["place.kappa"] for p in points(kind({"place.kappa": None}, 512, 1))]
        assert row.low <= min(drawn) <= max(drawn) <= row.high
        assert kstest(drawn, lambda x: np.interp(x, steps, shares)).pvalue > 0.9


def test_a_sobol_point_is_scipys_and_more_points_extend_it():
    ranges = {f"{ONE}.budgets.share": ls.Range(0, 1), f"{ONE}.budgets.ramp": ls.Range(0, 1)}
    whole = qmc.Sobol(2, bits=30, rng=np.random.default_rng(5)).random(4 * BLOCK)
    design = asked(ls.Sobol(ranges, 4 * BLOCK, 5)).design
    for number in (3 * BLOCK + 17, 0, 1, BLOCK - 1, BLOCK, 2 * BLOCK + 1):
        assert list(design.point(number).values()) == whole[number].tolist()
    assert points(ls.Sobol(ranges, 30, 5)) == list(islice(design, 30))


def test_words_and_whole_numbers_are_drawn_as_often_as_each_other():
    found = points(
        ls.LatinHypercube(
            {
                f"{ONE}.tier": ["area", "authority", "nation"],
                f"{ONE}.contract.items": ls.Range(1, 4),
                "status_quo.listening.shrink": [True, False],
            },
            12,
            3,
        )
    )
    assert set(Counter(p[f"{ONE}.tier"] for p in found).values()) == {4}
    items = Counter(p[f"{ONE}.contract.items"] for p in found)
    assert items == {1: 3, 2: 3, 3: 3, 4: 3}
    assert all(type(number) is int for number in items)
    assert Counter(p["status_quo.listening.shrink"] for p in found) == {True: 6, False: 6}


def test_a_product_crosses_two_designs():
    product = ls.Grid({"place.kappa": [0.1, 0.2]}) * ls.Sobol(
        {f"{ONE}.budgets.share": ls.Range(0, 1)}, 2
    )
    found = points(product)
    assert asked(product).design.columns == ("place.kappa", f"{ONE}.budgets.share")
    assert [p["place.kappa"] for p in found] == [0.1, 0.1, 0.2, 0.2]
    assert found[0][f"{ONE}.budgets.share"] == found[2][f"{ONE}.budgets.share"]


def test_a_table_of_points_is_read_as_it_was_written(tmp_path):
    file = tmp_path / "points.csv"
    file.write_text(
        f"place.kappa,{ONE}.tier,status_quo.listening.shrink,{ONE}.contract.items\n"
        "0,authority,true,35\n\n1e-1,area,FALSE,5\n"
    )
    table = {
        "place.kappa": [0, 0.1],
        f"{ONE}.tier": ["authority", "area"],
        "status_quo.listening.shrink": [True, False],
        f"{ONE}.contract.items": [35, 5.0],
    }
    read = asked(ls.Points.from_csv(file))
    assert list(read.design) == [
        {name: values[row] for name, values in table.items()} for row in range(2)
    ]
    assert read == asked(ls.Points(table))
    import pandas as pd

    assert read == asked(ls.Points(pd.DataFrame(table)))
    assert read != asked(ls.Points(table | {"place.kappa": [0, 0.2]}))


def test_the_types_of_columns_are_known_without_going_through_the_points():
    mixed = {f"{ONE}.budgets.tier": ["none", "area"],
             f"{ONE}.contract.items": ls.Range(1, 9), "place.kappa": [0, 0.1],
             "status_quo.listening.shrink": [True, False]}  # fmt: skip
    numbers = {"place.kappa": [0, 1], "voice.noise_sd": [1, 0.5]}
    for design in (
        ls.LatinHypercube(mixed, 30),
        ls.OneAtATime(mixed),
        ls.Grid(numbers) * ls.Sobol({f"{ONE}.tier": ["area", "nation"]}, 4),
        ls.Points(numbers),
    ):
        bound = asked(design).design
        found = {name: set() for name in bound.columns}
        for point in bound:
            for name, value in point.items():
                found[name].add(type(value))
        assert bound.kinds() == found


def test_a_frozen_design_has_the_same_points_and_types(tmp_path):
    mixed = {"place.kappa": [0.1, 0.2], f"{ONE}.budgets.tier": ["none", "area"],
             "top_down.contract.target_months": ["none", 3.0]}  # fmt: skip
    design = ls.Experiment("norbiton", [ONE, "top_down"], design=ls.Grid(mixed)).design
    freeze(design, tmp_path, "design.parquet")
    frozen = Frozen(tmp_path / "design.parquet")
    assert [frozen.point(number) for number in range(len(frozen))] == list(design)
    assert frozen.kinds() == design.kinds()
    assert frozen.kinds()["top_down.contract.target_months"] == {str, float}


# ── what a point does ────────────────────────────────────────────────────────────────────────────


def test_a_plan_at_a_point_holds_its_assumptions_and_gives_its_answers():
    pilot = ls.Pilot(
        ls.policies.local_integrated_services(),
        "norbiton",
        ls.policies.status_quo(),
        "One.Norbiton",
    )
    plan = ls.Experiment("kingston", ["status_quo", pilot]).plan
    there = plan.at(
        {
            "place.kappa": 0.5,
            "One.Norbiton.listening.outreach": 0.9,
            "One.Norbiton.access": "hub",
            "One.Norbiton.elsewhere.devolved.share": 0.2,
            "status_quo.tier": "nation",
        }
    )
    assert {there.assumptions_of(number).value("place.kappa") for number in range(3)} == {0.5}
    others = [name for name in plan.assumptions.names if name != "place.kappa"]
    assert all(
        there.assumptions_of(2).value(name) == plan.assumptions_of(2).value(name) for name in others
    )
    quo, inside = there.policies
    assert (quo.name, quo.tier) == ("status_quo", "nation")
    assert inside.name == "One.Norbiton"
    assert inside.policy.listening == ls.Voice(outreach=0.9, hours=6.0)
    assert inside.policy.access == ls.Hub()
    assert inside.elsewhere.devolved.share == 0.2
    assert plan.at({}) is plan
    assert plan.policies[1] == pilot


def test_a_scenario_is_varied_by_its_word_and_one_of_ones_own_keeps_its_name():
    mine = ls.Scenario("mine", grants=[0.9])
    design = ls.OneAtATime({"scenario": ["mine", "austerity", "recession"], "place.kappa": None})
    experiment = asked(design, scenario=mine)
    at = [experiment.plan.at(point).scenario for point in experiment.design]
    assert at[0] == mine
    assert [scenario.name for scenario in at[1:3]] == ["austerity", "recession"]
    assert at[3:] == [mine, mine]
    with pytest.raises(ls.LocalsimError, match="did you mean 'austerity'"):
        asked(ls.Grid({"scenario": ["austerty"]}))
    with pytest.raises(ls.LocalsimError, match="is a word; list the levels"):
        asked(ls.Sobol({"scenario": None}, 4))


def test_an_answer_named_by_the_class_it_has_keeps_its_parts():
    plan = ls.Experiment("norbiton", [ONE]).plan
    assert plan.at({f"{ONE}.budgets": "pooled"}).policies == plan.policies
    assert plan.at({f"{ONE}.budgets": "ring_fenced"}).policies[0].budgets == ls.RingFenced()


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


# ── size, sameness ───────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("kind", ["Sobol", "LatinHypercube"])
def test_a_million_points_are_planned_without_being_held(kind):
    peak = peak_bytes(
        [
            "import localsim as ls",
            "from test_design import ONE, asked",
            f"kind = ls.{kind}",
            "dimensions = {'place.kappa': None, f'{ONE}.budgets.share': ls.Range(0, 1),"
            " f'{ONE}.tier': ['area', 'nation']}",
            "asked(kind(dimensions, 10)).design.point(0)  # imports and caches are no part of it",
        ],
        [
            "experiment = asked(kind(dimensions, 1_000_000), replications=10)",
            "assert len(experiment.design) == 1_000_000",
            "assert experiment.fingerprint",
            "assert experiment.describe()['design']['n'] == 1_000_000",
            "for number in (0, 999_999, 500_000, 123_456):",
            "    experiment.plan.at(experiment.design.point(number))",
        ],
    )
    assert peak < 8_000_000  # a million points of three values are 24 MB as bare numbers


def test_a_billion_points_of_a_grid_are_counted_and_reached():
    names = ("place.kappa", "voice.noise_sd", "record.noise_sd")
    grid = asked(ls.Grid({name: ls.Range(levels=1000) for name in names})).design
    assert len(grid) == 10**9
    assert list(grid.point(10**9 - 1).values()) == [0.6, 0.5, 0.3]


def test_a_design_decides_the_fingerprint_and_none_leaves_it_alone():
    plain = asked(None)
    share = f"{ONE}.budgets.share"
    designs = [
        ls.Grid({"place.kappa": [0.1, 0.2]}),
        ls.Grid({"place.kappa": [0.2, 0.1]}),
        ls.Grid({"place.kappa": ls.Range(0.1, 0.2, levels=2)}),
        ls.OneAtATime({"place.kappa": [0.1, 0.2]}),
        ls.Points({"place.kappa": [0.1, 0.2]}),
        ls.Sobol({"place.kappa": None}, 4),
        ls.Sobol({"place.kappa": None}, 4, 1),
        ls.Sobol({"place.kappa": None}, 8),
        ls.Sobol({"place.kappa": ls.Range(0.0, 0.6)}, 4),
        ls.Sobol({share: ls.Range(0.1, 1.0)}, 4),
        ls.Sobol({share: ls.Range(0.1, 1.0, log=True)}, 4),
        ls.LatinHypercube({"place.kappa": None}, 4),
    ]
    prints = [asked(design).fingerprint for design in designs]
    for one, other in pairwise(sorted([plain.fingerprint, *prints])):
        assert one != other
    assert prints == [asked(design).fingerprint for design in designs]
    assert asked(ls.Grid({"place.kappa": [0, 1]})) == asked(ls.Grid({"place.kappa": (0.0, 1.0)}))
    assert plain.replace(design=designs[0]).replace(seed=0) == asked(designs[0])
