"""The shipped questions: each is asked in small, whole, and is what Python would ask."""

import importlib.util
import sys
from pathlib import Path

import pytest

import localsim as ls
from localsim import cli

HOME = Path(__file__).parent.parent / "experiments"
FILES = sorted(HOME.glob("*.yaml"))
BORDERS = sorted((HOME / "where_local_loses").glob("*.yaml"))
CASES = {side: HOME / "strongest_cases" / f"{side}_local.yaml" for side in ("for", "against")}
SMALL = ["years=1", "warmup_years=0", "replications=1"]
TINY = "place={synthetic: {residents: 300, areas: 6}}"
SMALLER = {
    "coordinated_care": [
        TINY,
        "design={kind: grid, dimensions: {health.step_share.care: [0.3, 0.6]}}",
    ],
    "every_policy": ["place=norbiton"],
    "savings_or_relocation": [TINY, "design.n=2"],
    "what_one_norbiton_adds": ["place=norbiton", "design.dimensions={One Norbiton.tier: [area]}"],
    "voice_or_formula": [TINY, "design.dimensions={hidden.correlation: [0, 0.9]}"],
    "norbiton": ["place=norbiton"],
    "roll_out": ["place=norbiton"],
    "sensitivity": [TINY, "design.n=4"],
    "stress": [TINY, "design[0].dimensions.scenario=[steady, austerity]"],
}


def test_the_questions_are_these():
    names = [
        "coordinated_care", "every_policy", "kingston", "norbiton", "participation",
        "pooling_by_localism", "roll_out", "savings_or_relocation", "sensitivity", "stress",
        "voice_or_formula", "what_one_norbiton_adds", "what_persists",
    ]  # fmt: skip
    assert [file.stem for file in FILES] == names


@pytest.mark.parametrize(
    "file",
    [
        pytest.param(file, marks=pytest.mark.slow) if file.stem == "every_policy" else file
        for file in FILES
    ],
    ids=[file.stem for file in FILES],
)
def test_a_question_runs_whole(file, tmp_path, capsys):
    overrides = SMALL + SMALLER.get(file.stem, [TINY])
    asked = ls.Experiment.from_config(file, overrides)
    told = [word for override in overrides for word in ("--set", override)]
    code = cli.main(["run", str(file), *told, "-o", str(tmp_path / "out"), "--quiet"])
    out, err = capsys.readouterr()
    assert (code, err) == (0, "")
    assert str(tmp_path / "out") in out
    results = ls.open(tmp_path / "out")
    points = 1 if asked.design is None else len(asked.design)
    assert results.failures.empty
    table = results.pivot("need_months_unmet")
    assert list(table.columns) == [policy.name for policy in asked.policies]
    assert len(table) == points
    assert not table.isna().any(axis=None)


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_a_question_says_what_it_asks_and_how_long_it_takes(file):
    asked = ls.Experiment.from_config(file)
    assert asked.question.endswith("?") or asked.question.endswith(".")
    assert asked.name == file.stem
    text = file.read_text(encoding="utf-8")
    assert "two quiet processors" in text
    compared = [policy.name for policy in asked.policies]
    assert {"status_quo", "a good formula"} & set(compared)


@pytest.mark.parametrize("file", BORDERS, ids=lambda file: file.stem)
def test_a_border_is_asked_of_two_policies_over_two_dials(file):
    asked = ls.Experiment.from_config(file)
    assert asked.name == file.stem
    assert len(asked.policies) == 2
    one, other = asked.design.columns
    points = list(asked.design)
    corners = {name: [points[0][name], points[-1][name]] for name in (one, other)}
    small = asked.replace(design=ls.Grid(corners), replications=1, years=1, warmup_years=0)
    results = small.run(progress=False, workers=1)
    assert results.failures.empty
    assert len(results.design) == 4


@pytest.fixture(scope="module")
def silo():
    file = HOME / "where_local_loses" / "silo_size_by_correlation.py"
    spec = importlib.util.spec_from_file_location(file.stem, file)
    module = sys.modules[file.stem] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    yield module
    del sys.modules[file.stem]


@pytest.mark.slow
def test_small_teams_lose_by_shocks_of_their_own_and_win_by_common_ones(silo):
    swept = silo.run(sizes=(2,), correlations=(0.0, 1.0), years=1, replications=2)
    wide = swept.table[swept.table["group"] == "all"].pivot_table(
        index=["metric", "point", "replication"], columns="policy", values="value"
    )
    gap = (wide[silo.APART] - wide[silo.TOGETHER]).loc[silo.METRIC]
    assert (gap.loc[0] > 300).all()
    assert (gap.loc[1] < -300).all()
    assert list(swept.design[silo.CORRELATION]) == [0.0, 1.0]
    assert silo.METRIC in ls.METRICS


def test_both_strongest_cases_hold_the_same_few_numbers_at_opposite_ends():
    for_it, against = (ls.Experiment.from_config(file) for file in (CASES["for"], CASES["against"]))
    assert list(for_it.held) == list(against.held)
    rows = ls.Assumptions.default()
    for name in for_it.held:
        ends = {for_it.held[name], against.held[name]}
        assert ends == {rows.row(name).low, rows.row(name).high}
    assert for_it.replace(held=None) == against.replace(held=None)


@pytest.mark.slow
def test_each_strongest_case_points_its_way():
    small = ["place=norbiton", "years=3", "warmup_years=3", "replications=4"]
    need, money = {}, {}
    for side, file in CASES.items():
        results = ls.Experiment.from_config(file, small).run(progress=False, workers=1)
        gap = {
            metric: (wide["One Norbiton"] - wide["status_quo"]).mean()
            for metric in ("need_months_unmet", "amenity_benefit_gbp", "crisis_cost_gbp")
            for wide in [results.pivot(metric)]
        }
        need[side] = gap["need_months_unmet"]
        money[side] = gap["amenity_benefit_gbp"] - gap["crisis_cost_gbp"]
    assert need["for"] < 3.0 * need["against"] < 0.0
    assert money["against"] < 0.0 < money["for"]


def _one_norbiton(name):
    from dataclasses import replace

    return replace(ls.policies.local_integrated_services(), name=name)


def test_each_question_is_the_same_in_python():
    """Every shipped config beside the experiment a reader would write in a notebook."""
    one = _one_norbiton("One Norbiton")
    both = _one_norbiton("Pooled and local")
    pilot = ls.Pilot(
        ls.policies.local_integrated_services(), "norbiton", ls.policies.status_quo(),
        "One Norbiton",
    )  # fmt: skip
    made = ls.Place.synthetic(12000, 24, neighbourhood_areas=6, heterogeneity=0.8)
    third = ["need_months_unmet", "crises", "spend_gbp"]
    asked = {
        "norbiton": ls.Experiment(
            "kingston", ["status_quo", "top_down", "needs_formula", pilot], 5, 10, 2026
        ),
        "kingston": ls.Experiment(
            "kingston",
            ["status_quo", "top_down", "one_council", "local_integrated_services"],
            5, 12, 2026,
        ),
        "pooling_by_localism": ls.Experiment(
            made, ["status_quo", both], 5, 16, 2026,
            metrics=[*third, "overhead_gbp", "service_gbp", "trust"],
            design=ls.Grid(
                {
                    "Pooled and local.budgets.share": [0, 0.3, 0.6, 1],
                    "Pooled and local.tier": ["authority", "neighbourhood", "area"],
                }
            ),
        ),
        "participation": ls.Experiment(
            "norbiton", ["status_quo", one], 4, 12, 2026, warmup_years=4,
            metrics=["participation", "need_months_unmet", "crises", "engagement_gbp",
                     "spend_gbp", "trust"],
            design=ls.Grid(
                {
                    "One Norbiton.listening.outreach": [0, 0.25, 0.5, 0.75, 1],
                    "participation.b_outreach": ls.Range(levels=3),
                }
            ),
        ),
        "sensitivity": ls.Experiment(
            "norbiton", ["status_quo", one], 4, 2, 2026, "fixed", warmup_years=4, metrics=third,
            design=ls.Sobol(
                dict.fromkeys(
                    ("pooling.willingness", "needs.coupling", "doors.misdirection", "doors.drop",
                     "contract.substitution", "contract.judgement_power",
                     "supply.quality.voluntary", "participation.b_outreach", "trust.gain",
                     "deciding.gbp_per_decider", "work.return_share", "health.return_share")
                ),
                64, seed=1,
            ),
        ),
        "stress": ls.Experiment(
            "norbiton", ["status_quo", "top_down", one], 4, 4, 2026, "fixed", warmup_years=4,
            metrics=third,
            design=ls.Grid({"scenario": ["steady", "austerity", "recession"]})
            * ls.OneAtATime(
                {
                    "pooling.willingness": [0, 1],
                    "contract.substitution": [0, 0.9],
                    "doors.misdirection": [0, 0.6],
                    "supply.quality.voluntary": [0.6, 1.2],
                    "deciding.gbp_per_decider": [5000, 100_000],
                    "One Norbiton.listening.outreach": [0, 1],
                    "One Norbiton.contract": ["judgement", "targets"],
                    "One Norbiton.access": ["silo", "hub"],
                }
            ),
        ),
    }  # fmt: skip
    for name, meant in asked.items():
        read = ls.Experiment.from_config(HOME / f"{name}.yaml")
        assert read == meant, name
        assert read.fingerprint == meant.fingerprint
