"""The command line: what it prints and where, what it leaves behind, and how it ends."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pandas as pd
import pytest
from hamlet import side_by_side

import localsim as ls
from localsim import cli
from localsim.experiment import runner

ROOT = Path(__file__).parent.parent

CONFIG = """
name: hamlet
place: {synthetic: {residents: 400, areas: 4, name: hamlet}}
policies:
  - status_quo
  - {policy: top_down, pilot: AREA, name: piloted}
years: 1
replications: 3
seed: 7
warmup_years: 1
""".replace("AREA", ls.Place.synthetic(400, 4, name="hamlet").codes[0])


@pytest.fixture
def here(tmp_path, monkeypatch):
    """An empty working folder with a small config in it."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "asked.yaml").write_text(CONFIG)
    return tmp_path


@pytest.fixture
def localsim(capsys):
    """Run a command in this process; return its exit code, standard output and error."""

    def run(*words):
        code = cli.main(list(map(str, words)))
        out, err = capsys.readouterr()
        return code, out, err

    return run


def start(*words, cwd=ROOT, **named):
    code = "import sys; from localsim.cli import main; sys.exit(main())"
    return subprocess.Popen(
        [sys.executable, "-W", "error", "-c", code, *map(str, words)],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=cwd,
        env=os.environ | {"PYTHONPATH": str(ROOT)}, **named,
    )  # fmt: skip


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


def test_run_does_nothing_twice_and_leaves_anothers_results_alone(here, localsim, monkeypatch):
    assert localsim("run", "asked.yaml", "--quiet")[0] == 0
    before = Path("out/hamlet/results.parquet").read_bytes()
    with monkeypatch.context() as patch:
        patch.setattr(runner, "replicate", None)
        assert localsim("run", "asked.yaml", "--quiet")[0] == 0
    assert Path("out/hamlet/results.parquet").read_bytes() == before
    (here / "asked.yaml").write_text(CONFIG.replace("seed: 7", "seed: 8"))
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
def test_run_says_what_changed(here, localsim, old, new, said):
    assert localsim("run", "asked.yaml", "--quiet", "--replications", 1)[0] == 0
    (here / "asked.yaml").write_text(CONFIG.replace(old, new, 1))
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


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["run", "none.yaml"], "none.yaml: there is no such file."),
        (["run", "."], "this is a folder"),
        (["run", "bad.yaml"], "bad.yaml, line 1: place: 'kingstn' is not known"),
        (["run", "asked.yaml", "-o", "asked.yaml"], "asked.yaml is a file"),
        (["run", "asked.yaml", "-o", "asked.yaml/x"], "asked.yaml"),
        (["run", "asked.yaml", "--workers", "0"], "'0' is no whole number of 1 or more"),
        (["run", "asked.yaml", "--workers", "many"], "'many' is no whole number"),
        (["run", "asked.yaml", "--replications", "-1"], "--replications"),
        (["run", "asked.yaml", "--replications", "99999999999999"], "'99999999999999'"),
        (
            ["run", "asked.yaml", "--replications", "99999999"],
            "replications is 99999999; a whole number from 1 to 10,000,000",
        ),
        (["run", "asked.yaml", "--scheduler", "tcp://127.0.0.1:1"], "no Dask scheduler answers"),
        (["replay", "asked.yaml", "0", "pilotd"], "did you mean 'piloted'?"),
        (["replay", "asked.yaml", "-1", "piloted"], "replication is -1"),
        (["replay", "asked.yaml", "0", "piloted", "--point", "1"], "the experiment has no design"),
        (["run"], "CONFIG"),
        (["rum"], "invalid choice: 'rum'"),
        ([], "COMMAND"),
        (["policies", "topdown"], "did you mean 'top_down'?"),
        (["assumptions", "place.kapa"], "did you mean 'place.kappa'"),
        (["sources", "N999"], "there is no source called 'N999'"),
        (["check", "queu"], "did you mean 'queue'?"),
    ],
)
def test_bad_input_is_a_sentence_and_ends_with_2(here, localsim, words, said):
    (here / "bad.yaml").write_text("place: kingstn\npolicies: [top_down]\n")
    code, out, err = localsim(*words)
    assert code == 2
    assert out == ""
    assert said in err
    assert all(line.startswith("localsim: ") for line in err.splitlines())
    assert "Traceback" not in err
    assert not (here / "out").exists()


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


def test_a_run_is_replayed_by_the_command_line(here, localsim):
    code, out, err = localsim("replay", "asked.yaml", "2", "piloted")
    assert (code, err) == (0, "")
    results = ls.Experiment.from_config("asked.yaml").run(progress=False, workers=1)
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
    process = start("run", "asked.yaml", cwd=here, start_new_session=True)
    try:
        text = ""
        while not re.search(r"\| [1-9]\d*/", text):
            text += process.stderr.read(1)
            assert process.poll() is None, text
        os.killpg(process.pid, signal.SIGINT)
        out, err = process.communicate(timeout=60)
    finally:
        process.kill()
    assert (process.returncode, out) == (130, "")
    assert "replications are kept in out/hamlet" in err
    assert "Traceback" not in err
    assert 0 < ls.open(here / "out" / "hamlet").replications < 100_000
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


# ── what there is ────────────────────────────────────────────────────────────────────────────────


def test_the_version_is_told():
    process = start("--version")
    out, err = process.communicate(timeout=60)
    assert (process.returncode, out, err) == (0, f"localsim {ls.__version__}\n", "")


@pytest.mark.parametrize(
    "words",
    [["--version"], ["policies"], ["scenarios"], ["themes"], ["sources"], ["assumptions"]],
)
def test_listings_load_nothing_heavy(words):
    code = (
        "import sys; from localsim.cli import main\n"
        "try:\n    main(sys.argv[1:])\nexcept SystemExit:\n    pass\n"
        "print(*sys.modules, file=sys.stderr)"
    )
    found = subprocess.run([sys.executable, "-c", code, *words], capture_output=True, text=True,
                           cwd=ROOT, check=True)  # fmt: skip
    loaded = set(found.stderr.split())
    assert not loaded & {"dask", "distributed", "matplotlib", "mesa", "pandas"}


def test_places_are_listed_with_their_size(localsim):
    code, out, _ = localsim("places")
    assert code == 0
    assert re.search(r"^kingston +160,060 +98 ", out, re.M)
    assert re.search(r"^norbiton +10,107 +6 ", out, re.M)


def test_policies_are_listed_with_their_answers(localsim):
    code, out, _ = localsim("policies")
    assert code == 0
    assert re.search(r"^policy +who decides +money +listening +rule +contract +doors +hands", out)
    for name in ls.policies.PRESETS:
        assert re.search(rf"^{name} ", out, re.M)
    assert re.search(r"^local_integrated_services +neighbourhood +Pooled +Voice", out, re.M)


def test_a_policy_is_explained_with_its_sentence(localsim):
    code, out, _ = localsim("policies", "top_down")
    assert code == 0
    assert out.startswith("National silos")
    assert ls.policies.top_down().describe() in out


def test_assumptions_are_listed_and_explained(localsim):
    code, out, _ = localsim("assumptions")
    assert code == 0
    names = ls.Assumptions.default().names
    assert [line.split()[0] for line in out.splitlines()[1 : len(names) + 1]] == list(names)
    assert "unsourced" in out
    code, out, _ = localsim("assumptions", "place.kappa")
    assert code == 0
    assert "value:        0.2" in out
    assert "unit:         share" in out


def test_assumptions_of_a_group_are_listed(localsim):
    code, out, _ = localsim("assumptions", "supply")
    assert code == 0
    assert "supply.price.private" in out
    assert "trust.gain" not in out


def test_sources_are_listed_and_shown(localsim):
    code, out, _ = localsim("sources")
    assert code == 0
    assert re.search(r"^N01 +Usual residents +10,107 ", out, re.M)
    code, out, _ = localsim("sources", "N01")
    assert code == 0
    assert "quantity:     Usual residents" in out


@pytest.mark.parametrize(
    "command",
    ["run", "replay", "places", "policies", "scenarios", "themes", "assumptions", "check"],
)
def test_every_command_helps(command, capsys):
    with pytest.raises(SystemExit) as ended:
        cli.main([command, "--help"])
    assert ended.value.code == 0
    assert f"localsim {command}" in capsys.readouterr().out


def test_a_closed_pipe_ends_quietly():
    with start("assumptions") as process:
        process.stdout.close()
        err = process.stderr.read()
    assert (process.returncode, err) == (0, "")


def test_a_closed_pipe_costs_no_figure(here, monkeypatch):
    monkeypatch.setenv("PYTHONUNBUFFERED", "1")  # so that the first line already finds it closed
    with start("run", here / "asked.yaml", "--workers", 1, "--quiet", cwd=here) as process:
        process.stdout.close()
        process.stderr.read()
    assert process.returncode == 0
    assert (here / "out" / "hamlet" / cli.run.TRAJECTORIES).is_file()


# ── check ────────────────────────────────────────────────────────────────────────────────────────


def test_check_prints_a_row_a_check(localsim):
    code, out, err = localsim("check", "ring_fence", "uniform_provision")
    assert code == 0
    assert re.search(r"^check +simulated +exact +tolerance +verdict +seconds", out)
    assert re.search(r"^ring_fence .* pass ", out, re.M)
    assert re.search(r"^uniform_provision .* pass ", out, re.M)
    assert "check" in err


def test_check_speaks_to_machines(localsim):
    code, out, _ = localsim("check", "ring_fence", "--json")
    assert code == 0
    (row,) = json.loads(out)
    assert row["name"] == "ring_fence"
    assert row["passed"] is True


def test_a_missed_check_ends_with_1(localsim, monkeypatch):
    from localsim.check import CHECKS

    def broken():
        raise ArithmeticError("no answer")

    monkeypatch.setitem(CHECKS, "ring_fence", broken)
    code, out, err = localsim("check", "ring_fence")
    assert code == 1
    assert "MISS" in out
    assert "1 of 1 checks missed: ring_fence." in err
    code, out, _ = localsim("check", "ring_fence", "--json")
    assert code == 1
    assert json.loads(out)[0]["simulated"] is None
