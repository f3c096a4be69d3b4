"""The command line: what there is, how it is told, and what it refuses."""

import json
import re
import subprocess
import sys

import pytest
from terminal import ROOT, ended, start

import localsim as ls
from localsim import cli

# ── what there is ────────────────────────────────────────────────────────────────────────────────


def test_the_version_is_told():
    assert ended(start("--version")) == (0, f"localsim {ls.__version__}\n", "")


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


# ── what cannot be asked ─────────────────────────────────────────────────────────────────────────


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
def test_bad_input_is_a_sentence_and_ends_with_2(here, localsim, monkeypatch, words, said):
    monkeypatch.setattr(cli.run, "SECONDS_TO_ANSWER", 0.5)
    (here / "bad.yaml").write_text("place: kingstn\npolicies: [top_down]\n")
    code, out, err = localsim(*words)
    assert code == 2
    assert out == ""
    assert said in err
    assert all(line.startswith("localsim: ") for line in err.splitlines())
    assert "Traceback" not in err
    assert not (here / "out").exists()
