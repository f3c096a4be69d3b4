"""Running from the command line: what it prints, what it leaves behind, and how it ends."""

import os
import re
import shutil
import signal
import sys
import time
from pathlib import Path

import pandas as pd
import pytest
from hamlet import side_by_side
from terminal import CONFIG, PATIENCE, ended, start

import localsim as ls
from localsim import cli
from localsim.experiment import runner


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    """A folder in which the small config has been run, once."""
    folder = tmp_path_factory.mktemp("finished")
    (folder / "asked.yaml").write_text(CONFIG)
    out = folder / "out" / "hamlet"
    assert cli.main(["run", str(folder / "asked.yaml"), "-o", str(out), "--quiet"]) == 0
    return folder


@pytest.fixture
def after(finished, here):
    """The working folder as a run has left it."""
    shutil.copytree(finished / "out", here / "out")
    return here


# ── run ──────────────────────────────────────────────────────────────────────────────────────────


def test_run_ends_with_the_summary_and_where_everything_is(here, localsim):
    code, out, err = localsim("run", "asked.yaml")
    assert code == 0
    assert "hamlet" in err
    assert "3/3" in err
    results = ls.open(here / "out" / "hamlet")
    assert out.startswith(str(ls.appraise(results, "status_quo").summary()))
    assert out.splitlines()[-3:] == [
        f"results:      {Path('out', 'hamlet', 'results.parquet')}",
        f"differences:  {Path('out', 'hamlet', 'differences.png')}",
        f"trajectories: {Path('out', 'hamlet', 'trajectories.png')}",
    ]
    assert sorted(file.name for file in Path("out/hamlet").iterdir()) == [
        ".staging",
        "differences.png",
        "index.parquet",
        "manifest.json",
        "results.parquet",
        "runs",
        "series",
        "trajectories.png",
    ]
    for name in ("differences.png", "trajectories.png"):
        assert Path("out/hamlet", name).read_bytes().startswith(b"\x89PNG")
    expected = ls.Experiment.from_config("asked.yaml").run(progress=False, workers=1).table
    pd.testing.assert_frame_equal(pd.read_parquet("out/hamlet/results.parquet"), expected)


def test_run_can_be_quiet_and_put_its_results_elsewhere(here, localsim):
    code, _, err = localsim("run", "asked.yaml", "-o", here / "a" / "b", "--quiet")
    assert (code, err) == (0, "")
    assert (here / "a" / "b" / "results.parquet").exists()
    assert not (here / "out").exists()


def test_run_can_change_the_number_of_replications(here, localsim):
    assert localsim("run", "asked.yaml", "--quiet", "--replications", "2")[0] == 0
    assert ls.open("out/hamlet").replications == 2


def test_run_does_nothing_twice_and_leaves_anothers_results_alone(after, localsim, monkeypatch):
    before = Path("out/hamlet/results.parquet").read_bytes()
    with monkeypatch.context() as patch:
        patch.setattr(runner, "replicate", None)
        assert localsim("run", "asked.yaml", "--quiet")[0] == 0
    assert Path("out/hamlet/results.parquet").read_bytes() == before
    (after / "asked.yaml").write_text(CONFIG.replace("seed: 7", "seed: 8"))
    code, out, err = localsim("run", "asked.yaml", "--quiet")
    assert (code, out) == (2, "")
    assert "holds the results of another experiment (seed was 7 and is 8)" in err
    assert Path("out/hamlet/results.parquet").read_bytes() == before
    assert localsim("run", "asked.yaml", "--quiet", "--overwrite")[0] == 0
    assert ls.open("out/hamlet").experiment["seed"] == 8


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (
            "residents: 400",
            "residents: 404",
            "the place changed: residents was 400 and is 404",
        ),
        ("name: piloted", "name: renamed", "renamed is new, piloted is gone"),
        ("policy: top_down,", "policy: needs_formula,", "piloted is another one"),
        (
            "years: 1",
            "years: 1\nassumptions: fixed",
            "assumptions changed: mode was sampled and is fixed",
        ),
        (
            "years: 1",
            "years: 1\nassumptions: {set: {place.kappa: 0.3}}",
            "place.kappa is held at 0.3 and was not",
        ),
        ("years: 1", "years: 1\nmetrics: [crises]", "metrics was None and is ['crises']"),
    ],
)
def test_run_says_what_changed(after, localsim, old, new, said):
    (after / "asked.yaml").write_text(CONFIG.replace(old, new, 1))
    code, _, err = localsim("run", "asked.yaml", "--quiet")
    assert code == 2
    assert said in err


def test_one_policy_alone_has_results_but_no_differences(here, localsim):
    (here / "asked.yaml").write_text(
        "place: {synthetic: {residents: 300, areas: 3}}\npolicies: [top_down]\nyears: 1\n"
        "warmup_years: 0\nreplications: 2\n"
    )
    code, out, _ = localsim("run", "asked.yaml", "--quiet")
    assert code == 0
    assert out.startswith("top_down is alone")
    assert "differences:" not in out
    assert not Path("out/asked/differences.png").exists()


def test_failed_runs_end_with_1_and_the_rest_is_kept(here, localsim, monkeypatch):
    from localsim.experiment.replication import Plan

    plain = Plan.start
    monkeypatch.setattr(
        Plan, "start", lambda plan, number: 1 / 0 if number == 1 else plain(plan, number)
    )
    code, out, err = localsim("run", "asked.yaml", "--quiet", "--set", "seed=3")
    assert code == 1
    assert "localsim: 2 of 6 runs failed; the rest is complete." in err
    assert "replication 1 of status_quo: ZeroDivisionError" in err
    again = err.split("to see it again: ")[1].splitlines()[0]
    assert again == "localsim replay asked.yaml 1 status_quo --set seed=3"
    assert "results:" in out
    code, out, err = localsim(*again.split()[1:])
    assert (code, out) == (1, "")
    assert "ZeroDivisionError" in err
    assert set(ls.open("out/hamlet").table["replication"]) == {0, 2}


def test_when_every_run_fails_the_first_cause_is_said(here, localsim, monkeypatch):
    from localsim.experiment.replication import Plan

    monkeypatch.setattr(Plan, "start", lambda plan, number: 1 / 0)
    code, out, err = localsim("run", "asked.yaml", "--quiet")
    assert (code, out) == (1, "")
    assert err.startswith("localsim: all 6 runs failed; the first (replication 0")


def test_an_interruption_says_what_was_kept(here, localsim, monkeypatch):
    plain = runner.replicate

    def impatient(plan, unit, values):
        if unit.replication == 2:
            raise KeyboardInterrupt
        return plain(plan, unit, values)

    monkeypatch.setattr(runner, "replicate", impatient)
    code, out, err = localsim("run", "asked.yaml", "--quiet")
    assert (code, out) == (130, "")
    assert "interrupted; 2 of 3 replications are kept in out/hamlet." in err
    assert ls.open("out/hamlet").interrupted
    monkeypatch.setattr(runner, "replicate", plain)
    assert localsim("run", "asked.yaml", "--quiet")[0] == 0
    assert not ls.open("out/hamlet").interrupted


def test_a_run_is_replayed_by_the_command_line(after, localsim):
    code, out, err = localsim("replay", "asked.yaml", "2", "piloted")
    assert (code, err) == (0, "")
    results = ls.open("out/hamlet")
    row = re.search(r"^crises +outside +(\S+)$", out, re.M)
    assert float(row[1]) == side_by_side(results, "crises", "outside").loc[2, "piloted"]


def test_an_interruption_while_drawing_says_what_was_kept(here, localsim, monkeypatch):
    def impatient(*arguments):
        raise KeyboardInterrupt

    monkeypatch.setattr(cli.run, "_report", impatient)
    code, _, err = localsim("run", "asked.yaml", "--quiet")
    assert code == 130
    assert "the results are kept in out/hamlet" in err


def test_an_interruption_at_once_keeps_nothing(here, localsim, monkeypatch):
    def impatient(plan, unit, values):
        raise KeyboardInterrupt

    monkeypatch.setattr(runner, "replicate", impatient)
    code, _, err = localsim("run", "asked.yaml", "--quiet")
    assert (code, err) == (130, "localsim: interrupted; nothing is kept.\n")


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="no process groups to interrupt")
def test_ctrl_c_in_a_terminal_keeps_what_is_done(here):
    (here / "asked.yaml").write_text(CONFIG.replace("replications: 3", "replications: 100000"))
    # Tests that a shell has put in the background ignore it, and so would what they start.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    process = start("run", "asked.yaml", cwd=here, start_new_session=True)
    signal.signal(signal.SIGINT, before)
    text = ""
    while not re.search(r"\| [1-9]\d*/", text) and process.poll() is None:
        text += process.stderr.read(1)
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGINT)
    code, out, err = ended(process)
    assert (code, out) == (130, ""), text + err
    assert "replications are kept in out/hamlet" in err
    assert "Traceback" not in err
    assert 0 < ls.open(here / "out" / "hamlet").replications < 100_000
    assert _gone(process.pid)


def _gone(group):
    """Whether the last process of a group ends, which takes it a moment."""
    for _ in range(PATIENCE * 10):
        try:
            os.killpg(group, 0)
        except ProcessLookupError:
            return True
        time.sleep(0.1)
    return False


@pytest.mark.slow
def test_a_closed_pipe_costs_no_figure(here, monkeypatch):
    monkeypatch.setenv("PYTHONUNBUFFERED", "1")  # so that the first line already finds it closed
    with start("run", here / "asked.yaml", "--workers", 1, "--quiet", cwd=here) as process:
        process.stdout.close()
        process.stderr.read()
    assert process.returncode == 0
    assert (here / "out" / "hamlet" / cli.run.TRAJECTORIES).is_file()
