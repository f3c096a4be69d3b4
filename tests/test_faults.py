"""What goes wrong with machines: processes killed, disks full, two runners, deadly points."""

import os
import signal
import subprocess
import sys
import textwrap
from functools import partialmethod
from pathlib import Path

import numpy as np
import pytest
from hamlet import Fails, same, small
from terminal import CONFIG, PATIENCE, ended

import localsim as ls
from localsim import cli
from localsim.errors import LocalsimError
from localsim.experiment import Experiment, sweep
from localsim.experiment.cluster import local_client
from localsim.experiment.replication import replicate
from localsim.experiment.units import Unit

HERE = Path(__file__).parent
pytestmark = pytest.mark.skipif(os.name != "posix", reason="no signals that kill")


def question(**changes):
    """A sweep of runs of a few milliseconds, over points and replications."""
    arguments = {
        "replications": 17,
        "warmup_years": 0,
        "design": ls.Points({"place.kappa": [0.1, 0.2, 0.3]}),
    }
    return small(**(arguments | changes))


@pytest.fixture(scope="module")
def undisturbed():
    return question().run(progress=False, workers=1)


def python(code, *words, **named):
    """Run code in a process of its own that can import the tests' hamlet."""
    preamble = "import sys\nfrom test_faults import question\n"
    return subprocess.Popen(
        [sys.executable, "-c", preamble + textwrap.dedent(code), *map(str, words)],
        env=os.environ | {"PYTHONPATH": os.pathsep.join([str(HERE), str(HERE.parent)])},
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **named,
    )  # fmt: skip


# ── processes that are killed ────────────────────────────────────────────────────────────────────


@pytest.mark.slow
def test_a_sweep_whose_process_is_killed_twenty_times_ends_as_if_it_never_was(
    tmp_path, undisturbed
):
    """A process that is warm already forks the runner anew, so that kills hit work.

    Where the machine has become so much faster meanwhile that one ends before its kill, the next
    begin another folder.
    """
    code, said, err = ended(
        python(
            """
            import os, random, signal, time
            folder, luck = sys.argv[1], random.Random(11)
            experiment = question()
            experiment.replace(replications=1).run(progress=False, workers=1)
            begun = time.monotonic()
            experiment.run(progress=False, workers=1)
            whole = time.monotonic() - begun
            killed = ended = 0
            while killed < 20:
                child = os.fork()
                if child == 0:
                    experiment.run(progress=False, workers=1, folder=f"{folder}/{ended}")
                    os._exit(0)
                time.sleep(luck.uniform(0.0, whole / 14.0))
                os.kill(child, signal.SIGKILL)
                _, status = os.waitpid(child, 0)
                if os.WIFSIGNALED(status):
                    killed += 1
                else:
                    assert status == 0
                    ended += 1
            experiment.run(progress=False, workers=1, folder=f"{folder}/{ended}")
            print(killed)
            """,
            tmp_path,
        )
    )
    assert (code, said.strip()) == (0, "20"), err
    folders = list(tmp_path.iterdir())
    elsewhere = undisturbed.save(tmp_path / "elsewhere")
    for folder in folders:
        assert same(ls.open(folder), undisturbed)
        ours, theirs = folder / "results.parquet", elsewhere / "results.parquet"
        assert ours.read_bytes() == theirs.read_bytes()


@pytest.mark.slow
def test_a_worker_that_is_killed_in_mid_run_loses_nothing(tmp_path, undisturbed, monkeypatch):
    with local_client(2, deaths=3) as client:
        victims = list(client.run(os.getpid).values())
        plain, seen = sweep.Gap.add, []

        def murderous(gap, one):
            seen.append(one.unit)
            if len(seen) == 5:
                os.kill(victims[0], signal.SIGKILL)
            plain(gap, one)

        monkeypatch.setattr(sweep.Gap, "add", murderous)
        found = question().run(progress=False, client=client, folder=tmp_path)
        assert victims[0] not in client.run(os.getpid).values()
    assert found.failures.empty
    assert same(found, undisturbed)


class Tells(ls.Rule):
    def allocate(self, evidence, purse):
        raise LocalsimError(repr(float(evidence.formula.sum() + evidence.counted.sum())))


class DeadlyWhere(ls.Rule):
    """Kills the process that it runs in where it sees some evidence and no other."""

    def __init__(self, mark, spared):
        self.mark = mark
        self.spared = spared

    def allocate(self, evidence, purse):
        seen = float(evidence.formula.sum() + evidence.counted.sum())
        if seen == self.mark and os.getpid() != self.spared:
            os.kill(os.getpid(), signal.SIGKILL)
        return np.outer(evidence.residents / evidence.residents.sum(), purse.fenced_gbp)


def deadly(replication, spared):
    """An experiment of which one replication kills whatever process it runs in."""
    asked = small(replications=8)
    told = asked.replace(policies=["status_quo", ls.Policy("deadly", rule=Tells())])
    mark = float(replicate(told.plan, Unit(replication)).failures[0].error)
    rule = DeadlyWhere(mark, spared)
    return asked.replace(policies=["status_quo", ls.Policy("deadly", rule=rule)])


@pytest.mark.slow
def test_a_unit_that_kills_every_worker_is_set_aside_and_the_rest_is_done(
    tmp_path, monkeypatch, capsys
):
    experiment = deadly(2, os.getpid())
    (tmp_path / "asked.yaml").write_text(CONFIG)
    monkeypatch.setattr(Experiment, "from_config", lambda *words: experiment)
    # One death with others and one alone: each costs the time that a new worker takes to start.
    monkeypatch.setattr(Experiment, "run", partialmethod(Experiment.run, retries=0))
    words = ["run", str(tmp_path / "asked.yaml"), "-o", str(tmp_path / "out"), "--quiet"]
    assert cli.main([*words, "--workers", "2"]) == 1
    err = capsys.readouterr().err
    assert "2 of 16 runs failed; the rest is complete." in err
    assert f"localsim replay {tmp_path / 'asked.yaml'} 2 status_quo" in err
    found = ls.open(tmp_path / "out")
    assert not found.interrupted
    assert found.failures["replication"].tolist() == [2, 2]
    assert found.failures["error"].str.contains("the worker process died").all()
    assert found.failures["seed"].tolist() == [7, 7]
    # It is tried again next time; here, where it is spared, it succeeds.
    assert cli.main([*words, "--workers", "1"]) == 0
    assert same(ls.open(tmp_path / "out"), experiment.run(progress=False, workers=1))


# ── two at once, and others' machines ────────────────────────────────────────────────────────────


@pytest.mark.slow
def test_two_runners_on_one_folder_at_once_neither_lose_nor_double(tmp_path, undisturbed):
    code = """
        sys.stdin.readline()
        question().run(progress=False, workers=1, folder=sys.argv[1])
    """
    runners = [python(code, tmp_path, stdin=subprocess.PIPE) for _ in range(2)]
    for runner in runners:
        runner.stdin.write("go\n")
        runner.stdin.flush()
    ends = [ended(runner) for runner in runners]
    assert [code for code, _, _ in ends] == [0, 0], ends
    assert same(ls.open(tmp_path), undisturbed)
    assert not (tmp_path / ".quarantine").exists()
    assert not list((tmp_path / ".staging").iterdir())


@pytest.mark.slow
def test_a_dask_cluster_of_separate_processes_gives_the_same_bytes(
    tmp_path, undisturbed, monkeypatch
):
    """A scheduler and two workers started from a shell, and the address on the command line."""
    environment = os.environ | {"PYTHONPATH": str(HERE.parent)}
    address = tmp_path / "scheduler.json"
    quiet = {"env": environment, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    dask = [sys.executable, "-m", "dask"]
    hosted = ["--host", "127.0.0.1", "--port", "0", "--no-dashboard"]
    where = ["--scheduler-file", str(address)]
    work = ["--nthreads", "1", "--no-dashboard", "--local-directory", str(tmp_path / "scratch")]
    processes = [subprocess.Popen([*dask, "scheduler", *hosted, *where], **quiet)]
    processes += [subprocess.Popen([*dask, "worker", *work, *where], **quiet) for _ in range(2)]
    try:
        from distributed import Client

        with Client(scheduler_file=str(address), timeout=PATIENCE) as client:
            client.wait_for_workers(2, timeout=PATIENCE)
            tcp = client.scheduler.address
        (tmp_path / "asked.yaml").write_text(CONFIG)
        monkeypatch.setattr(Experiment, "from_config", lambda *words: question())
        monkeypatch.setattr(cli.run, "SECONDS_TO_ANSWER", PATIENCE)
        out = tmp_path / "out"
        words = ["run", str(tmp_path / "asked.yaml"), "-o", str(out), "--quiet"]
        assert cli.main([*words, "--scheduler", tcp]) == 0
        assert same(ls.open(out), undisturbed)
        elsewhere = undisturbed.save(tmp_path / "elsewhere")
        assert (out / "results.parquet").read_bytes() == (
            elsewhere / "results.parquet"
        ).read_bytes()
    finally:
        for process in processes:
            process.terminate()
        for process in processes:
            process.wait(timeout=PATIENCE)


# ── disks ────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def little_disk(tmp_path, demand):
    """A file system that holds next to nothing."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=600k", "tmpfs", str(disk)],
        capture_output=True, check=False,
    )  # fmt: skip
    if mounted.returncode:
        pytest.skip(f"no file system may be mounted here: {mounted.stderr.decode().strip()}")
    yield disk
    subprocess.run(["umount", "--lazy", str(disk)], check=True)  # a reader may still hold a file


@pytest.mark.root
def test_a_full_disk_is_said_and_loses_only_what_did_not_fit(little_disk, undisturbed):
    folder = little_disk / "out"
    with pytest.raises(LocalsimError, match=r"No space left on device.*only the rest is done"):
        question().run(progress=False, workers=1, folder=folder)
    kept = len(list((folder / "runs").iterdir()))
    assert 0 < kept < 51
    assert not list((folder / ".staging").iterdir())
    subprocess.run(["mount", "-o", "remount,size=20m", str(little_disk)], check=True)
    assert same(question().run(progress=False, workers=1, folder=folder), undisturbed)
    assert not (folder / ".quarantine").exists()


# ── runs that fail ───────────────────────────────────────────────────────────────────────────────


def test_a_policy_that_raises_and_a_metric_that_is_nan_are_kept_as_failures(tmp_path, monkeypatch):
    from localsim import metrics

    plain = metrics.measure

    def spoilt(model):
        rows = list(plain(model))
        if model.replication == 1 and model.policy.name == "top_down":
            rows[3] = (*rows[3][:2], float("nan"))
        return rows

    monkeypatch.setattr(metrics, "measure", spoilt)
    policies = ["status_quo", "top_down", ls.Policy("unlucky", rule=Fails())]
    asked = question(policies=policies, replications=2)
    found = asked.run(progress=False, workers=1, folder=tmp_path)
    assert same(found, asked.run(progress=False, workers=1))
    by_policy = found.failures.groupby("policy").size().to_dict()
    assert by_policy == {"top_down": 3, "unlucky": 6}
    nan = found.failures[found.failures["policy"] == "top_down"].iloc[0]
    assert "is nan; a metric is a finite number" in nan["error"]
    assert nan["replay"] == "experiment.replay(1, 'top_down', point=0)"
    raised = found.failures[found.failures["policy"] == "unlucky"].iloc[0]
    assert "in allocate" in raised["traceback"]
    assert raised["seed"] == 7
    with pytest.raises(ZeroDivisionError):
        eval(raised["replay"], {"experiment": asked})
