"""Replications: the same bits wherever and in whatever order they are done, and none lost."""

import os
import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import numpy as np
import pytest
from hamlet import Deadly, Fails, same, small, three_policies
from hypothesis import given, settings
from hypothesis import strategies as st

import localsim as ls
from localsim.errors import LocalsimError
from localsim.experiment import runner
from localsim.experiment.cluster import local_client
from localsim.experiment.replication import replicate
from localsim.experiment.results import assemble

ROOT = Path(__file__).parent.parent


@pytest.fixture(scope="module")
def results():
    return small(three_policies()).run(progress=False, workers=1)


@pytest.fixture(scope="module")
def client():
    with local_client(2, deaths=1) as found:
        yield found


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
