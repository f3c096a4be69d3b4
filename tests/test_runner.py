"""Replications: the same bits wherever and in whatever order they are done, and none lost."""

import os
import subprocess
import sys
import textwrap
from pathlib import Path

import numpy as np
import pytest
from hamlet import Fails, same, small, three_policies
from hypothesis import given, settings
from hypothesis import strategies as st
from terminal import PATIENCE

import localsim as ls
from localsim.errors import LocalsimError
from localsim.experiment import runner
from localsim.experiment.cluster import local_client
from localsim.experiment.replication import replicate
from localsim.experiment.results import Results, book_of
from localsim.experiment.tables import Tables
from localsim.experiment.units import Unit

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
    one_by_one = [replicate(plan, Unit(number)) for number in order]
    described = experiment.describe()
    tables = Tables.of(one_by_one, book_of(described))
    assert same(Results(described, tables), experiment.run(progress=False, workers=1))


@given(st.integers(1, 5_000), st.integers(1, 64), st.floats(1e-3, 10.0), st.floats(1e-3, 10.0))
def test_batches_are_every_unit_once_and_a_second_of_work_at_most(units, workers, guess, truth):
    batches = runner.Batches(units, guess)
    sizes = []
    while sum(sizes) < units:
        sizes.append(batches.size(workers))
        batches.took(sizes[-1] * truth, sizes[-1])
    assert sum(sizes) == units
    assert min(sizes) >= 1
    assert sizes[0] <= max(1.0, runner.BATCH_SECONDS / guess)
    assert max([1, *sizes[1:]]) <= max(1.0, runner.BATCH_SECONDS / truth)
    assert sizes[-1] * truth <= runner.LEAST_SECONDS + truth or len(sizes) == 1


def test_small_work_stays_here_and_large_work_does_not():
    assert runner.workers_for(small().plan, 10, None) == 1
    kingston = ls.Experiment("kingston", ["status_quo", "top_down"]).plan
    assert runner.workers_for(kingston, 100, None) == runner.cores()
    assert runner.workers_for(kingston, 100, 3) == 3


@pytest.mark.slow
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
        env=os.environ | {"PYTHONPATH": str(ROOT)}, timeout=PATIENCE, check=False,
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

    def impatient(plan, unit, values):
        if unit.replication == 2:
            raise KeyboardInterrupt
        return plain(plan, unit, values)

    monkeypatch.setattr(runner, "replicate", impatient)
    found = small().run(workers=1)
    assert found.interrupted
    assert found.replications == 2
    assert "interrupted; 2 of 3 replications are kept" in capsys.readouterr().err
    assert "interrupted" in repr(found)


def test_an_interruption_before_anything_is_done_is_raised(monkeypatch):
    def impatient(plan, unit, values):
        raise KeyboardInterrupt

    monkeypatch.setattr(runner, "replicate", impatient)
    with pytest.raises(KeyboardInterrupt):
        small().run(progress=False, workers=1)


@pytest.mark.parametrize("kept", [True, False])
def test_if_the_workers_vanish_what_is_done_is_kept(monkeypatch, capsys, tmp_path, kept):
    def half(plan, units, number, **named):
        yield replicate(plan, next(iter(units)))
        raise OSError("the scheduler is gone")

    monkeypatch.setattr(runner, "stream", half)
    found = small().run(workers=1, folder=tmp_path if kept else None)
    assert set(found.table["replication"]) == {0}
    assert found.interrupted
    assert (
        "the workers are gone (OSError: the scheduler is gone); 1 of 3" in capsys.readouterr().err
    )
