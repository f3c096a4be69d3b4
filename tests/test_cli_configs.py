"""`new`, `check-config`, `schema`, and what becomes of hostile configs: a sentence and exit 2."""

import json
import os
from pathlib import Path

import jsonschema
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from ruamel.yaml import YAML

import localsim as ls
from localsim.cli.configs import _duration, _size
from localsim.experiment import estimate as estimates
from localsim.experiment.estimate import estimate
from localsim.experiment.schema import schema

ROOT = Path(__file__).parent.parent
SHIPPED = sorted([*(ROOT / "experiments").glob("*.yaml"), *ROOT.glob("localsim/data/**/*.yaml")])

HAMLET = """\
place: {synthetic: {residents: 400, areas: 4, name: hamlet}}
policies: [status_quo, top_down]
years: 1
warmup_years: 1
replications: 3
metrics: [crises, trust]
"""


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "asked.yaml").write_text(HAMLET)
    return tmp_path


# ── new ──────────────────────────────────────────────────────────────────────────────────────────


def test_new_writes_a_config_that_runs(here, localsim):
    code, out, err = localsim("new", "mine.yaml")
    assert (code, err) == (0, "")
    assert "mine.yaml" in out
    text = (here / "mine.yaml").read_text()
    assert text.startswith("# yaml-language-server: $schema=")
    experiment = ls.Experiment.from_config("mine.yaml")
    assert experiment.name == "mine"
    assert len(experiment.design) == 8
    small = ["years=1", "warmup_years=0", "replications=1", "place={synthetic: {residents: 300}}"]
    tried = estimate(ls.Experiment.from_config("mine.yaml", small))
    assert tried.runs == 16


def test_every_key_is_named_in_the_starter():
    from localsim.experiment.forms import Config

    text = (ROOT / "localsim" / "data" / "starter.yaml").read_text()
    keys = YAML(typ="safe").load(text)
    # What the file is called is the usual name.
    assert [key for key in Config.model_fields if key not in keys] == ["name"]


@pytest.mark.parametrize(
    ("file", "said"),
    [
        ("asked.yaml", "asked.yaml is there already; name another file."),
        ("nowhere/mine.yaml", "there is no folder nowhere; make it first."),
        ("mine.txt", "mine.txt: a config's name ends in .yaml."),
        ("a\x00b.yaml", "cannot be written"),
    ],
)
def test_new_overwrites_nothing(here, localsim, file, said):
    code, out, err = localsim("new", file)
    assert (code, out) == (2, "")
    assert said in err
    assert (here / "asked.yaml").read_text() == HAMLET
    assert [path.name for path in here.iterdir()] == ["asked.yaml"]


# ── check-config ─────────────────────────────────────────────────────────────────────────────────


def test_check_config_says_what_would_run_and_writes_nothing(here, localsim):
    design = "design={kind: sobol, n: 12, dimensions: {place.kappa: {low: 0, high: 0.9}}}"
    code, out, err = localsim("check-config", "asked.yaml", "--set", design, "--set", "years=2")
    assert (code, err) == (0, "")
    for said in (
        "hamlet, 4 areas, 400 residents",
        "status_quo, top_down",
        "2 after 1 of warm-up",
        "12 points, Sobol",
        "place.kappa: 0 to 0.9, uniform (beyond its range in the log, 0 to 0.6)",
        "even at powers of two, 8 or 16",
        "12 points × 3 replications × 2 policies = 72 runs after 36 warm-ups",
        "roughly",
        "out/asked",
    ):
        assert said in " ".join(out.split())
    assert [path.name for path in here.iterdir()] == ["asked.yaml"]


def test_check_config_tells_of_every_kind_of_design(here, localsim):
    Path("points.csv").write_text("place.kappa\n0.1\n0.2\n")
    design = (
        "design=[{kind: grid, dimensions: {scenario: [steady, austerity], voice.noise_sd: {levels: "
        "3}}}, {kind: points, csv: points.csv}]"
    )
    code, out, _ = localsim("check-config", "asked.yaml", "--set", design)
    assert code == 0
    assert "12 points, Grid × Points" in out
    assert "scenario: steady, austerity\n" in out
    assert "voice.noise_sd: 0 to 0.5, triangular, 3 levels\n" in out
    assert "place.kappa: a column of the table\n" in out


def test_a_million_runs_are_only_counted(here, localsim):
    design = "design={kind: latin_hypercube, n: 1000000, dimensions: {place.kappa: }}"
    code, out, _ = localsim("check-config", "asked.yaml", "--set", design)
    assert code == 0
    assert "6,000,000 runs" in out


def test_an_estimate_is_made_of_all_that_is_run(here, monkeypatch):
    """By a clock on which a month takes a second a resident, and nothing else much."""
    build, fork, read = 7.0, 3.0, 2.0

    def clock(function, *arguments, **named):
        month = function.__name__.endswith("step")
        costs = {"start": build, "fork": fork, "<lambda>": read}
        result = function(*arguments, **named)
        residents = float(function.__self__.place.residents.sum()) if month else 0.0
        return result, residents if month else costs[function.__name__]

    monkeypatch.setattr(estimates, "_timed", clock)

    def guess(**changes):
        settings = {"years": 2, "warmup_years": 1, "replications": 12} | changes
        return estimate(
            ls.Experiment.from_config("asked.yaml", [f"{k}={v}" for k, v in settings.items()])
        )

    first, warm, run = guess(), 12 * 400.0, 2 * 12 * 400.0
    assert first.seconds_per_unit == pytest.approx(build + warm + 2 * (fork + run + read))
    assert (first.runs, first.warmups) == (24, 12)
    longer = guess(years=5, warmup_years=3)
    assert longer.seconds_per_unit == pytest.approx(
        build + 3 * warm + 2 * (fork + 2.5 * run + read)
    )
    larger = guess(place="{synthetic: {residents: 800, areas: 4, name: hamlet}}")
    assert larger.seconds_per_unit == pytest.approx(build + 2 * warm + 2 * (fork + 2 * run + read))
    more = guess(replications=24)
    assert (more.runs, more.seconds_per_unit) == (48, first.seconds_per_unit)
    empty = estimates.BYTES_A_FOLDER
    assert more.bytes - empty == pytest.approx(2 * (first.bytes - empty))
    assert longer.bytes > first.bytes
    start = estimates.STARTING_SECONDS if first.workers > 1 else 0.0
    assert first.seconds == start + 12 * first.seconds_per_unit / first.workers


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(0.2, "1.0 seconds"), (42, "42 seconds"), (100, "1.7 minutes"), (7200, "2.0 hours"),
     (58_406_400, "680 days")],
)  # fmt: skip
def test_a_duration_is_said_as_roughly_as_it_is_known(seconds, said):
    assert _duration(seconds) == said


def test_a_size_is_said_in_units_of_a_thousand():
    assert [_size(s) for s in (21_000, 3.4e6, 5.32e11, 2e13)] == [
        "21 kB", "3.4 MB", "530 GB", "20 TB",
    ]  # fmt: skip


# ── schema ───────────────────────────────────────────────────────────────────────────────────────


def test_the_schema_takes_what_is_shipped_and_refuses_what_a_config_refuses(here, localsim):
    code, out, _ = localsim("schema")
    assert code == 0
    judge = jsonschema.Draft202012Validator(json.loads(out))
    jsonschema.Draft202012Validator.check_schema(schema())
    yaml = YAML(typ="safe")
    assert len(SHIPPED) > 2
    for file in SHIPPED:
        assert [error.message for error in judge.iter_errors(yaml.load(file))] == [], file
    for wrong in (
        "place: kingstn",
        "years: '5'",
        "yeers: 5",
        "metrics: [crisis]",
        "policies: [top_don]",
        "policies: [{policy: status_quo, answers: {budget: pooled}}]",
        "policies: [{policy: status_quo, shar: 1}]",
        "scenario: austerty",
        "assumptions: {set: {place.kapa: 1}}",
        "place: {synthetic: {aras: 3}}",
        "design: {kind: gird, dimensions: {place.kappa: }}",
        "design: {kind: grid, dimensions: {place.kappa: 0.1}}",
        "design: {kind: sobol, dimensions: {place.kappa: }}",
    ):
        data = yaml.load(HAMLET) | yaml.load(wrong)
        assert list(judge.iter_errors(data)), wrong
    assert judge.is_valid(yaml.load(HAMLET))


# ── hostile configs ──────────────────────────────────────────────────────────────────────────────


BOMB = "a: &a [x,x,x]\n" + "\n".join(f"{b}: &{b} [*{a},*{a}]" for a, b in ("ab", "bc", "cd"))
GOOD = "place: norbiton\npolicies: [status_quo]\n"


@pytest.mark.parametrize("command", ["run", "check-config"])
@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\x00\x01\x02",
        b"\xff\xfe\x00",
        b"[" * 200_000,
        b"{a: " * 5_000,
        b"- " * 50_000,
        b"x" * 2_000_000,
        b"a: " + b"9" * 100_000,
        BOMB.encode(),
        b"!!python/object/apply:os.system ['touch hacked']",
        b"%TAG ! tag:x,2000:\n---\n!a b",
        GOOD.encode() + b"place: kingston\n",
        GOOD.encode() + b"name: ../../escape\n",
        GOOD.encode() + b"name: /tmp/escape\n",
        GOOD.encode() + b"name: a\\..\\b\n",
        GOOD.encode() + b"name: ..\n",
        GOOD.encode() + b"years: 1e400\n",
        GOOD.encode() + b"replications: 99999999999999999999999\n",
        GOOD.encode() + b"seed: -.inf\n",
        GOOD.encode() + b"design: {kind: points, csv: /dev/zero}\n",
        GOOD.encode() + b"design: {kind: points, csv: ../../../../../etc/passwd}\n",
        GOOD.encode() + b"design: {kind: sobol, n: 8, dimensions: {place.kappa: {low: 1e308, "
                        b"high: 1e309}}}\n",
        b"place: {csv: /dev/zero}\npolicies: [status_quo]\n",
        b"place: {synthetic: {residents: 1e18}}\npolicies: [status_quo]\n",
        b"place: {synthetic: {residents: 99999999999999}}\npolicies: [status_quo]\n",
        b"place: norbiton\npolicies: [{policy: [a, b]}]\n",
        b"place: norbiton\npolicies: [{policy: {a: b}}]\n",
        b"place: norbiton\npolicies: [{policy: status_quo, answers: [1]}]\n",
        b"place: norbiton\npolicies: [{policy: status_quo, answers: {tier: [nation]}}]\n",
        b"place: norbiton\npolicies: [{policy: status_quo, answers: {budgets: {pooled: {share: "
        b".nan}}}}]\n",
        b"? {a: b}\n: c\n",
    ],
    ids=lambda content: repr(content[-24:]),
)  # fmt: skip
def test_a_hostile_config_is_a_sentence_and_exit_2_and_nothing_is_written(
    here, localsim, command, content
):
    (here / "asked.yaml").write_bytes(content)
    code, out, err = localsim(command, "asked.yaml")
    assert (code, out) == (2, "")
    assert err.startswith("localsim: ")
    assert "asked.yaml" in err
    assert "Traceback" not in err
    assert len(err) < 3_000
    assert [path.name for path in here.iterdir()] == ["asked.yaml"]


@pytest.mark.parametrize("name", ["folder.yaml", "device.yaml", "pipe.yaml", "none.yaml"])
def test_what_is_no_ordinary_file_is_refused_without_being_read(here, localsim, name):
    (here / "folder.yaml").mkdir()
    (here / "device.yaml").symlink_to("/dev/zero")
    os.mkfifo(here / "pipe.yaml")
    before = sorted(path.name for path in here.iterdir())
    code, out, err = localsim("check-config", name)
    assert (code, out) == (2, "")
    assert err.startswith(f"localsim: {name}: ")
    assert err.count("\n") == 1
    assert sorted(path.name for path in here.iterdir()) == before


leaves = (
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.floats()
    | st.text(max_size=12)
    | st.sampled_from(["norbiton", "status_quo", "grid", "sobol", "place.kappa", "pooled"])
)
keys = st.text(max_size=6) | st.sampled_from(
    ["place", "policies", "policy", "answers", "design", "kind", "dimensions", "n", "csv", "low",
     "high", "levels", "set", "mode", "synthetic", "place.kappa", "budgets", "pilot", "elsewhere",
     "scenario", "grants", "onset", "metrics"]
)  # fmt: skip
trees = st.recursive(
    leaves, lambda inside: st.lists(inside, max_size=3) | st.dictionaries(keys, inside, max_size=3),
    max_leaves=12,
)  # fmt: skip
CONFIG_KEYS = ["policies", "design", "assumptions", "scenario", "metrics", "name", "baseline"]


@given(st.dictionaries(st.sampled_from(CONFIG_KEYS), trees, min_size=1))
@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_any_tree_in_place_of_an_answer_is_taken_or_refused(tmp_path, changes):
    file = tmp_path / "fuzz.yaml"
    data = {"place": "norbiton", "policies": ["status_quo"]} | changes
    file.write_text(json.dumps(data, allow_nan=True).replace("NaN", ".nan"), encoding="utf-8")
    try:
        read = ls.Experiment.from_config(file)
    except ls.LocalsimError as error:
        said = str(error)
    else:
        said = f"fuzz.yaml: {read.name}."
    assert "fuzz.yaml" in said
