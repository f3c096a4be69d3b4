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
