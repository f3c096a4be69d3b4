"""Experiments: what may be asked, the same results however they are worked out, nothing lost."""

import json
import os
import re
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import localsim as ls
from localsim.errors import LocalsimError
from localsim.experiment import runner
from localsim.experiment.cluster import local_client
from localsim.experiment.fingerprint import fingerprint
from localsim.experiment.replication import Replication, replicate
from localsim.experiment.results import assemble

ROOT = Path(__file__).parent.parent


class ByHeads(ls.Rule):
    """A rule of a user's own: every line by residents."""

    def allocate(self, evidence, purse):
        share = evidence.residents / evidence.residents.sum()
        return np.outer(share, purse.fenced_gbp)


class Fails(ls.Rule):
    def allocate(self, evidence, purse):
        raise ZeroDivisionError("nothing to share")


class Deadly(ls.Rule):
    """Kills the process it runs in, unless that is the one that the tests run in."""

    def __init__(self, spared):
        self.spared = spared

    def allocate(self, evidence, purse):
        if os.getpid() != self.spared:
            os.kill(os.getpid(), signal.SIGKILL)
        return np.zeros((len(evidence.areas), len(evidence.themes)))


def hamlet():
    return ls.Place.synthetic(400, 4, neighbourhood_areas=2)


def small(policies=("status_quo", "top_down"), **changes):
    arguments = {"years": 1, "replications": 3, "seed": 7, "warmup_years": 1, "name": "hamlet"}
    return ls.Experiment(hamlet(), list(policies), **(arguments | changes))


def same(one, other):
    """Whether two results hold the same bits."""
    for frame in ("table", "series", "failures"):
        pd.testing.assert_frame_equal(getattr(one, frame), getattr(other, frame), check_exact=True)
    return one.experiment == other.experiment


def side_by_side(results, metric, group):
    return results.pivot(metric, group)  # noqa: PD010 - ours, not the one of pandas


@pytest.fixture(scope="module")
def client():
    with local_client(2, deaths=1) as found:
        yield found


@pytest.fixture(scope="module")
def results():
    pilot = ls.Pilot(ls.policies.local_integrated_services(), [hamlet().codes[0]],
                     ls.policies.status_quo(), "pilot")  # fmt: skip
    return small(["status_quo", "top_down", pilot]).run(progress=False, workers=1)


# ── what may be asked ────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"place": "kingstn"}, "did you mean 'kingston'"),
        ({"place": 5}, "a Place or the name of one"),
        ({"policies": ["status_qou"]}, "did you mean 'status_quo'"),
        ({"policies": []}, "empty list"),
        ({"policies": "status_quo"}, "a list of policies"),
        ({"policies": ["top_down", "top_down"]}, "two policies are called 'top_down'"),
        ({"policies": [ls.policies.top_down]}, "call it"),
        ({"policies": [None]}, "no policy"),
        ({"policies": [ls.Pilot(ls.policies.top_down(), "atlantis", ls.policies.status_quo())]},
         "'atlantis'"),
        ({"years": 0}, "years is 0"),
        ({"years": -1}, "whole number from 1 to 200"),
        ({"years": 2.5}, "years is 2.5"),
        ({"years": float("nan")}, "years is nan"),
        ({"years": "5"}, "years is '5'"),
        ({"years": True}, "years is True"),
        ({"years": 10**5000}, "thousands of digits"),
        ({"replications": float("inf")}, "replications is inf"),
        ({"replications": 10**30}, "replications is 1000"),
        ({"seed": -1}, "seed is -1"),
        ({"seed": None}, "seed is None"),
        ({"warmup_years": -1}, "warmup_years is -1"),
        ({"assumptions": "sampeld"}, "did you mean 'sampled'"),
        ({"held": {"place.kapa": 0.1}}, "place.kappa"),
        ({"held": {"place.kappa": float("nan")}}, "place.kappa is nan"),
        ({"metrics": ["crisis"]}, "did you mean 'crises'"),
        ({"metrics": []}, "a list of names"),
        ({"baseline": "top"}, "no policy called 'top'"),
        ({"name": 3}, "name is 3"),
    ],
)  # fmt: skip
def test_a_wrong_question_is_refused_in_a_sentence(changes, said):
    arguments = {"place": "norbiton", "policies": ["status_quo", "top_down"]} | changes
    with pytest.raises(LocalsimError, match=r"\.|\?") as refused:
        ls.Experiment(**arguments)
    assert said in str(refused.value)


@given(
    st.sampled_from(["years", "replications", "seed", "warmup_years"]),
    st.one_of(st.floats(), st.integers(), st.text(max_size=5), st.none(), st.lists(st.integers())),
)
@settings(max_examples=60)
def test_numbers_are_whole_and_in_range_or_refused(name, value):
    try:
        made = small(**{name: value})
    except LocalsimError:
        return
    kept = getattr(made, name)
    assert isinstance(kept, int)
    assert kept == value


def test_what_is_not_asked_has_a_sensible_answer():
    experiment = ls.Experiment("norbiton", ["top_down", "status_quo"])
    assert (experiment.years, experiment.replications, experiment.seed) == (5, 10, 0)
    assert experiment.sampled
    assert experiment.baseline == "status_quo"
    assert ls.Experiment("norbiton", ["top_down", "needs_formula"]).baseline == "top_down"
    assert "norbiton" in repr(experiment)
    assert "top_down" in repr(experiment)


def test_workers_and_retries_are_checked_before_work_starts():
    with pytest.raises(LocalsimError, match="workers is 0"):
        small().run(workers=0)
    with pytest.raises(LocalsimError, match="retries is -1"):
        small().run(retries=-1)


# ── the same experiment ──────────────────────────────────────────────────────────────────────────


def test_experiments_are_equal_when_their_results_would_be():
    assert small() == small(name="other", question="why?", baseline="top_down")
    assert small() == small([ls.policies.status_quo(), ls.policies.top_down()])
    assert small() == small().replace(name="x")
    assert hash(small()) == hash(small())
    assert small() != "small"


@pytest.mark.parametrize(
    "changes",
    [
        {"years": 2},
        {"replications": 4},
        {"seed": 8},
        {"warmup_years": 2},
        {"assumptions": "fixed"},
        {"held": {"place.kappa": 0.3}},
        {"metrics": ["crises"]},
        {"themes": ls.default_themes()[:2]},
        {"policies": ["top_down", "status_quo"]},
    ],
)
def test_whatever_decides_a_result_makes_another_experiment(changes):
    assert small().replace(**changes) != small()


def test_a_rule_of_the_users_is_known_by_its_source():
    first, second = {}, {}
    exec("class Mine:\n    x = 1\n", first)
    assert fingerprint(ByHeads()) == fingerprint(ByHeads())
    assert fingerprint(ByHeads()) != fingerprint(Fails())
    exec("class Other:\n    x = 1\n", second)
    assert fingerprint(first["Mine"]()) != fingerprint(second["Other"]())


@given(st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner,
                                                                max_size=3),
    max_leaves=8,
))  # fmt: skip
def test_equal_values_have_equal_fingerprints(value):
    copied = eval(repr(value), {"inf": float("inf")})
    assert fingerprint(value) == fingerprint(copied)
    assert fingerprint([value]) != fingerprint([value, value])


def test_one_and_one_point_nought_are_the_same_number_but_not_the_same_as_text():
    assert fingerprint(1) == fingerprint(1.0) == fingerprint(np.int64(1))
    assert fingerprint(1) != fingerprint("1")
    assert fingerprint(1) != fingerprint(True)
    assert fingerprint(np.arange(3)) != fingerprint(np.arange(3.0))


# ── the tables ───────────────────────────────────────────────────────────────────────────────────


def test_the_table_has_a_row_a_replication_policy_metric_and_group(results):
    table = results.table
    assert list(table.columns) == ["replication", "policy", "metric", "group", "value", "unit"]
    assert not table.duplicated(["replication", "policy", "metric", "group"]).any()
    assert np.isfinite(table["value"]).all()
    assert set(table["replication"]) == {0, 1, 2}
    assert list(table["policy"].cat.categories) == ["status_quo", "top_down", "pilot"]
    units = table.drop_duplicates("metric").set_index("metric")["unit"]
    assert all(units[name] == ls.METRICS[name].unit for name in units.index)
    assert {"all", "inside", "outside"} <= set(table["group"])


def test_the_series_have_a_row_a_month(results):
    series = results.series
    assert list(series.columns) == ["replication", "policy", "metric", "group", "month", "value"]
    paths = series.groupby(["replication", "policy", "metric", "group"], observed=True)["month"]
    assert (paths.min() == 1).all()
    assert (paths.max() == 12).all()
    assert (paths.size() == 12).all()


def test_a_pivot_lays_policies_side_by_side(results):
    wide = side_by_side(results, "crises", "inside")
    assert list(wide.columns) == results.policies
    assert list(wide.index) == [0, 1, 2]
    table = results.table
    row = table[(table["replication"] == 1) & (table["policy"] == "pilot")]
    row = row[(row["metric"] == "crises") & (row["group"] == "inside")]
    assert wide.loc[1, "pilot"] == row["value"].item()
    with pytest.raises(LocalsimError, match="crises"):
        side_by_side(results, "crisis", "all")
    with pytest.raises(LocalsimError, match="inside"):
        side_by_side(results, "crises", "insid")


def test_a_replayed_run_is_the_run(results):
    model = small(three_policies()).replay(2, "pilot")
    wide = side_by_side(results, "need_months_unmet", "all")
    rows = {(metric, group): value for metric, group, value in ls.measure(model)}
    assert rows["need_months_unmet", "all"] == wide.loc[2, "pilot"]


def three_policies():
    return ["status_quo", "top_down",
            ls.Pilot(ls.policies.local_integrated_services(), [hamlet().codes[0]],
                     ls.policies.status_quo(), "pilot")]  # fmt: skip


def test_only_the_metrics_asked_for_are_kept():
    found = small(metrics=["crises", "trust"]).run(progress=False, workers=1)
    assert set(found.table["metric"]) == {"crises", "trust"}
    assert set(found.series["metric"]) <= {"crises", "trust"}


def test_held_assumptions_do_not_vary_and_fixed_ones_have_defaults():
    plan = small(held={"place.kappa": 0.3}).plan
    drawn = [plan.assumptions_of(number) for number in range(4)]
    assert {numbers.value("place.kappa") for numbers in drawn} == {0.3}
    assert len({numbers.value("place.prevention") for numbers in drawn}) == 4
    fixed = small(assumptions="fixed").plan
    assert fixed.assumptions_of(0) == fixed.assumptions_of(1) == ls.Assumptions.default()
    mine = ls.Assumptions.default().replace({"place.kappa": 0.5})
    assert small(assumptions=mine).plan.assumptions_of(3) == mine


# ── the same bits, wherever and in whatever order ────────────────────────────────────────────────


def test_worker_processes_change_nothing(results, client):
    experiment = small(three_policies())
    assert same(results, experiment.run(progress=False, client=client))


@settings(max_examples=10)
@given(st.permutations(range(3)), st.integers(0, 2**63 - 1))
def test_the_order_of_replications_changes_nothing(order, seed):
    experiment = small(["status_quo"], seed=seed, metrics=["crises", "spend_gbp"])
    plan = experiment.plan
    one_by_one = [replicate(plan, number) for number in order]
    done = sorted(one_by_one, key=lambda one: one.number)
    units = {name: metric.unit for name, metric in ls.METRICS.items()}
    assembled = assemble(experiment.describe(), done, units, interrupted=False)
    assert same(assembled, experiment.run(progress=False, workers=1))


@given(st.integers(1, 5_000), st.integers(1, 64))
def test_batches_are_every_replication_once(replications, workers):
    found = runner.batches(small().plan, replications, workers)
    assert [number for batch in found for number in batch] == list(range(replications))
    assert len(found) >= min(replications, workers)


def test_small_work_stays_here_and_large_work_does_not():
    assert runner.workers_for(small().plan, 10, None) == 1
    kingston = ls.Experiment("kingston", ["status_quo", "top_down"]).plan
    assert runner.workers_for(kingston, 100, None) == runner.cores()
    assert runner.workers_for(kingston, 100, 3) == 3


def test_a_rule_from_elsewhere_travels_to_a_worker(tmp_path):
    """As from a notebook: defined in __main__, in a script without the usual guard."""
    script = tmp_path / "mine.py"
    script.write_text(
        textwrap.dedent("""
        import numpy as np
        import localsim as ls

        class Mine(ls.Rule):
            def allocate(self, evidence, purse):
                share = evidence.residents / evidence.residents.sum()
                return np.outer(share, purse.fenced_gbp)

        class MyPolicy(ls.Policy):
            pass

        policies = ["status_quo", MyPolicy("mine", rule=Mine())]
        place = ls.Place.synthetic(400, 4)
        asked = ls.Experiment(place, policies, years=1, replications=2, warmup_years=0)
        here, there = (asked.run(progress=False, workers=n) for n in (1, 2))
        assert here.table.equals(there.table), "differs"
        assert here.failures.empty
        print(len(there.table), "rows")
    """)
    )
    found = subprocess.run(
        [sys.executable, "-W", "error", script], capture_output=True, text=True, cwd=ROOT,
        env=os.environ | {"PYTHONPATH": str(ROOT)}, timeout=120, check=False,
    )  # fmt: skip
    assert found.stderr == ""
    assert found.stdout.endswith("rows\n")
    assert found.stdout.count("rows") == 1


# ── nothing is lost ──────────────────────────────────────────────────────────────────────────────


def test_a_run_that_fails_costs_only_itself():
    policies = ["status_quo", ls.Policy("unlucky", rule=Fails())]
    found = small(policies).run(progress=False, workers=1)
    assert set(found.table["policy"]) == {"status_quo"}
    assert list(found.failures["replication"]) == [0, 1, 2]
    first = found.failures.iloc[0]
    assert first["policy"] == "unlucky"
    assert first["error"] == "ZeroDivisionError: nothing to share"
    assert "in allocate" in first["traceback"]
    assert first["replay"] == "experiment.replay(0, 'unlucky')"
    with pytest.raises(ZeroDivisionError):
        small(policies).replay(0, "unlucky")
    assert "3 failed runs" in repr(found)


def test_if_every_run_fails_the_first_cause_is_raised():
    with pytest.raises(LocalsimError, match=r"all 3 runs failed.*nothing to share") as raised:
        small([ls.Policy("unlucky", rule=Fails())]).run(progress=False, workers=1)
    assert "in allocate" in "".join(raised.value.__notes__)


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf")])
def test_a_metric_that_is_not_finite_is_a_failure(monkeypatch, value):
    from localsim import metrics

    plain = metrics.measure

    def spoilt(model):
        rows = plain(model)
        return [("crises", "all", value), *rows[1:]] if model.replication == 1 else rows

    monkeypatch.setattr(metrics, "measure", spoilt)
    found = small().run(progress=False, workers=1)
    assert set(found.failures["replication"]) == {1}
    assert found.failures["error"].str.contains("'crises' of group 'all' is").all()
    assert set(found.table["replication"]) == {0, 2}
    assert np.isfinite(found.table["value"]).all()


def test_a_month_that_is_not_finite_is_a_failure(monkeypatch):
    monkeypatch.setattr(ls.Model, "series", {("crises", "all"): [1.0, float("nan")]})
    with pytest.raises(LocalsimError, match="nan in month 2"):
        small(["status_quo"]).run(progress=False, workers=1)


def test_a_failed_warm_up_fails_every_policy_of_its_replication(monkeypatch):
    from localsim.experiment.replication import Plan

    plain = Plan.start
    monkeypatch.setattr(
        Plan, "start", lambda plan, number: 1 / 0 if number == 1 else plain(plan, number)
    )
    found = small().run(progress=False, workers=1)
    assert found.failures[["replication", "policy"]].to_numpy().tolist() == [
        [1, "status_quo"],
        [1, "top_down"],
    ]
    assert set(found.table["replication"]) == {0, 2}


def test_an_interruption_keeps_what_is_done(monkeypatch, capsys):
    plain = runner.replicate

    def impatient(plan, number):
        if number == 2:
            raise KeyboardInterrupt
        return plain(plan, number)

    monkeypatch.setattr(runner, "replicate", impatient)
    found = small().run(workers=1)
    assert found.interrupted
    assert found.replications == 2
    assert "interrupted; 2 of 3 replications are kept" in capsys.readouterr().err
    assert "interrupted" in repr(found)


def test_an_interruption_before_anything_is_done_is_raised(monkeypatch):
    def impatient(plan, number):
        raise KeyboardInterrupt

    monkeypatch.setattr(runner, "replicate", impatient)
    with pytest.raises(KeyboardInterrupt):
        small().run(progress=False, workers=1)


def test_if_the_workers_vanish_what_is_done_is_kept(monkeypatch):
    def half(plan, replications, client, retries):
        yield replicate(plan, 1)
        raise OSError("the scheduler is gone")

    monkeypatch.setattr(runner, "_each", half)
    found = small().run(progress=False, workers=1)
    assert set(found.table["replication"]) == {1}
    assert set(found.failures["replication"]) == {0, 2}
    assert found.failures["error"].str.contains("the scheduler is gone").all()


@pytest.mark.slow
def test_a_worker_that_is_killed_loses_nothing(results):
    experiment = small(three_policies(), replications=3)
    with local_client(2, deaths=3) as client:
        victims = list(client.run(os.getpid).values())
        os.kill(victims[0], signal.SIGKILL)
        assert same(results, experiment.run(progress=False, client=client))


@pytest.mark.slow
def test_a_replication_that_kills_its_workers_is_set_aside_alone():
    policies = [ls.Policy("deadly", rule=Deadly(os.getpid()))]
    with local_client(2, deaths=1) as client:
        plan = small(policies).plan
        innocent = small(["status_quo"]).plan
        alive = list(runner._on(client, innocent, 3, retries=0))
        dead = list(runner._on(client, plan, 2, retries=0))
    assert sorted(one.number for one in alive) == [0, 1, 2]
    assert all(one.runs for one in alive)
    assert sorted(one.number for one in dead) == [0, 1]
    assert all("the worker process died" in one.failures[0].error for one in dead)


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="no process groups to interrupt")
def test_ctrl_c_stops_the_workers_too(tmp_path):
    script = tmp_path / "long.py"
    script.write_text(
        textwrap.dedent("""
        import localsim as ls
        asked = ls.Experiment("norbiton", ["status_quo"], years=2, replications=10_000)
        print("started", flush=True)
        found = asked.run(workers=2)
        print(found.interrupted, 0 < found.replications < 10_000)
    """)
    )
    process = subprocess.Popen(
        [sys.executable, "-W", "error", script], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        text=True, cwd=ROOT, env=os.environ | {"PYTHONPATH": str(ROOT)}, start_new_session=True,
    )  # fmt: skip
    try:
        assert process.stdout.readline() == "started\n"
        _wait_for_progress(process)
        os.killpg(process.pid, signal.SIGINT)
        out, err = process.communicate(timeout=60)
    finally:
        process.kill()
    assert out == "True True\n"
    assert "interrupted" in err
    assert "Traceback" not in err
    assert process.returncode == 0
    assert _gone(process.pid)


def _gone(group, seconds=10):
    """Whether the last process of a group ends within a few seconds."""
    for _ in range(seconds * 10):
        try:
            os.killpg(group, 0)
        except ProcessLookupError:
            return True
        time.sleep(0.1)
    return False


def _wait_for_progress(process):
    """Read standard error until the bar counts a replication."""
    text = ""
    while not re.search(r"\| [1-9]\d*/", text):
        more = process.stderr.read(1)
        assert more, text
        text += more


# ── the folder ───────────────────────────────────────────────────────────────────────────────────


def test_saved_results_open_as_they_were(results, tmp_path):
    folder = results.save(tmp_path / "out" / "deep")
    assert sorted(file.name for file in folder.iterdir()) == [
        "manifest.json",
        "results.parquet",
        "series.parquet",
    ]
    opened = ls.open(folder)
    assert same(results, opened)
    assert opened.interrupted == results.interrupted
    plain = pd.read_parquet(folder / "results.parquet")
    pd.testing.assert_frame_equal(plain, results.table)


def test_failures_are_saved_too(tmp_path):
    found = small(["status_quo", ls.Policy("unlucky", rule=Fails())]).run(False, workers=1)
    assert same(found, ls.open(found.save(tmp_path)))


def test_the_same_experiment_leaves_the_same_bytes(results, tmp_path):
    again = small(three_policies()).run(progress=False, workers=1)
    for one, folder in ((results, "a"), (again, "b")):
        one.save(tmp_path / folder)
    for name in ("manifest.json", "results.parquet", "series.parquet"):
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes()


def test_the_manifest_says_what_was_run(results, tmp_path):
    results.save(tmp_path)
    said = json.loads((tmp_path / "manifest.json").read_text())["experiment"]
    assert said["fingerprint"] == small(three_policies()).fingerprint
    assert said["place"]["inside"] == [hamlet().codes[0]]
    assert said["seed"] == 7
    assert said["versions"]["localsim"] == ls.__version__
    assert "numpy" in said["versions"]
    assert [policy["name"] for policy in said["policies"]] == results.policies


@pytest.mark.parametrize("name", ["results.parquet", "series.parquet"])
def test_a_changed_file_is_refused(results, tmp_path, name):
    file = results.save(tmp_path) / name
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    file.write_bytes(content)
    with pytest.raises(LocalsimError, match="is not the file its manifest"):
        ls.open(tmp_path)
    file.unlink()
    with pytest.raises(LocalsimError, match="cannot be read"):
        ls.open(tmp_path)


@pytest.mark.parametrize("text", ["", "[]", "{}", "nonsense", '{"format": 1}', "\x00"])
def test_a_damaged_manifest_is_refused(tmp_path, text):
    (tmp_path / "manifest.json").write_text(text)
    with pytest.raises(LocalsimError, match="damaged"):
        ls.open(tmp_path)


def test_a_folder_without_results_or_of_a_later_format_is_refused(results, tmp_path):
    with pytest.raises(LocalsimError, match="there are no results"):
        ls.open(tmp_path)
    manifest = results.save(tmp_path) / "manifest.json"
    later = json.loads(manifest.read_text()) | {"format": 99}
    manifest.write_text(json.dumps(later))
    with pytest.raises(LocalsimError, match="format 99"):
        ls.open(tmp_path)


def test_results_that_cannot_be_saved_say_so(results, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(LocalsimError, match="cannot be saved"):
        results.save(tmp_path / "file")


def test_an_empty_replication_leaves_empty_tables():
    empty = assemble(small().describe(), [Replication(0, (), ())], {}, interrupted=True)
    assert empty.table.empty
    assert empty.series.empty
    assert empty.replications == 0
