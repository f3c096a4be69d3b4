"""Designs and overrides in a config: equal to Python's, and a sentence for each mistake."""

import textwrap
from contextlib import suppress

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from ruamel.yaml import YAML

import localsim as ls
from localsim.experiment.config import ConfigError

GOOD = """\
place: norbiton
policies:
  - status_quo
  - {policy: local_integrated_services, pilot: norbiton, name: One Norbiton}
"""


@pytest.fixture
def load(tmp_path):
    """Read a config made of the good one and more, with overrides."""

    def read(more="", *overrides):
        file = tmp_path / "asked.yaml"
        file.write_text(GOOD + textwrap.dedent(more))
        return ls.Experiment.from_config(file, overrides)

    return read


@pytest.fixture
def said(load):
    """Return the sentences with which a config is refused."""

    def read(more="", *overrides):
        with pytest.raises(ConfigError) as refused:
            load(more, *overrides)
        lines = str(refused.value).splitlines()
        assert all(line.endswith((".", "?")) for line in lines), lines
        return [line.partition("asked.yaml, ")[2] or line for line in lines]

    return read


def python(**changes):
    """Return the good experiment as Python has it."""
    pilot = ls.Pilot(
        ls.policies.local_integrated_services(), "norbiton", ls.policies.status_quo(),
        "One Norbiton",
    )  # fmt: skip
    return ls.Experiment("norbiton", ["status_quo", pilot], **changes)


# ── designs ──────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("written", "design"),
    [
        (
            "{kind: grid, dimensions: {place.kappa: [0, 0.3], One Norbiton.access: [silo, hub]}}",
            ls.Grid({"place.kappa": [0, 0.3], "One Norbiton.access": ["silo", "hub"]}),
        ),
        (
            "{kind: grid, dimensions: {place.kappa: {levels: 5}, voice.noise_sd: {low: 0.1, "
            "high: 1, levels: 3, log: true}}}",
            ls.Grid({"place.kappa": ls.Range(levels=5),
                     "voice.noise_sd": ls.Range(0.1, 1.0, 3, log=True)}),
        ),
        (
            "{kind: latin_hypercube, n: 20, seed: 4, dimensions: {place.kappa: , "
            "One Norbiton.listening.outreach: {low: 0, high: 1}}}",
            ls.LatinHypercube({"place.kappa": None,
                               "One Norbiton.listening.outreach": ls.Range(0, 1)}, 20, 4),
        ),
        (
            "{kind: sobol, n: 16, dimensions: {place.kappa: null}}",
            ls.Sobol({"place.kappa": None}, 16),
        ),
        (
            "{kind: one_at_a_time, dimensions: {place.kappa: , One Norbiton.elsewhere.tier: "
            "[nation, area]}}",
            ls.OneAtATime({"place.kappa": None, "One Norbiton.elsewhere.tier": ["nation", "area"]}),
        ),
        (
            "[{kind: grid, dimensions: {place.kappa: [0, 0.3]}}, {kind: sobol, n: 4, dimensions: "
            "{voice.noise_sd: }}]",
            ls.Grid({"place.kappa": [0, 0.3]}) * ls.Sobol({"voice.noise_sd": None}, 4),
        ),
        ("{kind: points, csv: points.csv}", ls.Points({"place.kappa": [0.1, 0.2]})),
        ("", None),
    ],
)  # fmt: skip
def test_a_design_is_the_same_in_yaml_and_in_python(load, tmp_path, written, design):
    (tmp_path / "points.csv").write_text("place.kappa\n0.1\n0.2\n")
    read = load(f"design: {written}\n")
    assert read == python(design=design)
    assert read.fingerprint == python(design=design).fingerprint
    if design is not None:
        assert read.design.describe() == python(design=design).design.describe()
        assert read != python()


NAMES = {"place.kappa": (0.0, 1.0), "voice.noise_sd": (0.0, 3.0),
         "One Norbiton.listening.outreach": (0.0, 1.0),
         "One Norbiton.contract.items": (0, 500)}  # fmt: skip

WORDS = st.characters(categories=("L", "N", "P", "S"))


@st.composite
def random_questions(draw):
    """Draw an experiment as keys of a config, and as arguments in Python."""
    dimensions, ranges = {}, {}
    for name in draw(st.lists(st.sampled_from(sorted(NAMES)), min_size=1, unique=True)):
        low, high = NAMES[name]
        number = st.integers(low, high) if isinstance(low, int) else st.floats(low, high, width=32)
        ends = draw(st.lists(number, min_size=2, max_size=4, unique=True))
        if draw(st.booleans()):
            dimensions[name] = ranges[name] = ends
        else:
            dimensions[name] = {"low": min(ends), "high": max(ends)}
            ranges[name] = ls.Range(min(ends), max(ends))
    kind = draw(st.sampled_from(["latin_hypercube", "sobol", "one_at_a_time"]))
    form = {"kind": kind, "dimensions": dimensions}
    more = {}
    if kind != "one_at_a_time":
        more = {"n": draw(st.integers(1, 10**9)), "seed": draw(st.integers(0, 2**63 - 1))}
    kinds = {"latin_hypercube": ls.LatinHypercube, "sobol": ls.Sobol,
             "one_at_a_time": ls.OneAtATime}  # fmt: skip
    plain = {
        "years": draw(st.integers(1, 200)),
        "replications": draw(st.integers(1, 10**6)),
        "seed": draw(st.integers(0, 2**63 - 1)),
        "warmup_years": draw(st.integers(0, 200)),
        "metrics": draw(st.none() | st.just(["crises", "trust"])),
        "question": draw(st.none() | st.text(WORDS, min_size=1)),
        "baseline": draw(st.sampled_from(["status_quo", "One Norbiton"])),
    }
    written = {key: value for key, value in plain.items() if value is not None}
    return written | {"design": form | more}, plain | {"design": kinds[kind](ranges, **more)}


@given(random_questions())
@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_any_question_is_the_same_in_yaml_and_in_python(tmp_path, question):
    written, arguments = question
    file = tmp_path / "asked.yaml"
    yaml = YAML(typ="safe", pure=True)
    with file.open("w", encoding="utf-8") as stream:
        stream.write(GOOD)
        yaml.dump(written, stream)
    read = ls.Experiment.from_config(file)
    same = python(**arguments)
    assert read == same
    assert read.fingerprint == same.fingerprint
    assert (read.question, read.baseline) == (same.question, same.baseline)


@pytest.mark.parametrize(
    ("design", "sentence"),
    [
        ("5", "line 5: design: a design is a mapping such as {kind: grid, dimensions: {…}}."),
        ("[]", "line 5: design: it is empty; at least one entry is wanted."),
        ("{}", "line 5: design.kind: this key is missing, and there is no default for it."),
        ("{kind: gird}", "line 5: design.kind: it is 'gird'; did you mean 'grid'?"),
        ("{kind: [grid]}", "line 5: design.kind: it is ['grid']; did you mean 'grid'?"),
        ("{kind: grid}", "line 5: design.dimensions: this key is missing, and there is no default "
                         "for it."),
        ("{kind: grid, dimensions: {}}", "line 5: design.dimensions: it is empty; at least one"),
        ("{kind: grid, dimensons: {}}", "line 5: design.dimensons: there is no such key; did you "
                                        "mean 'dimensions'?"),
        ("{kind: sobol, dimensions: {place.kappa: }, n: 0}", "line 5: design.n: it is 0; at least "
                                                             "1 is wanted."),
        ("{kind: sobol, dimensions: {place.kappa: }, n: 5000000000}", "line 5: design.n: it is "
         "5000000000; at most 1,000,000,000 is wanted."),
        ("{kind: sobol, dimensions: {place.kappa: }, n: many}", "line 5: design.n: 'many' is text"),
        ("{kind: grid, dimensions: {place.kapa: [0.1]}}", "line 5: design.dimensions.place.kapa: "
         "'place.kapa' is neither an assumption nor an answer of a policy here; did you mean "
         "'place.kappa'"),
        ("{kind: grid, dimensions: {One Norbiton.listening.outrech: [1]}}", "line 5: design."
         "dimensions.One Norbiton.listening.outrech: One Norbiton: the answer, a Voice, has no "
         "'outrech'; did you mean 'outreach'?"),
        ("{kind: grid, dimensions: {place.kappa: [2]}}", "line 5: design.dimensions.place.kappa: "
         "Assumption 'place.kappa' is a share, between 0 and 1; 2.0 is not."),
        ("{kind: grid, dimensions: {place.kappa: [.nan]}}", "line 5: design.dimensions.place.kappa"
         ": 'place.kappa' is nan; a finite number is wanted."),
        ("{kind: grid, dimensions: {place.kappa: 0.1}}", "line 5: design.dimensions.place.kappa: "
         "levels are a list, such as [0.1, 0.2], and a range is {low: 0, high: 1}"),
        ("{kind: grid, dimensions: {place.kappa: {lo: 0, high: 1}}}", "line 5: design.dimensions."
         "place.kappa.lo: there is no such key; did you mean 'low'"),
        ("{kind: grid, dimensions: {place.kappa: {low: 1, high: 0}}}", "line 5: design.dimensions."
         "place.kappa: a range goes up; it cannot go from 1 to 0."),
        ("{kind: grid, dimensions: {place.kappa: {low: 0, high: .inf}}}", "line 5: design."
         "dimensions.place.kappa.high: inf is a number, and a finite number is wanted."),
        ("{kind: grid, dimensions: {place.kappa: }}", "line 5: design.dimensions.place.kappa: "
         "'place.kappa' has a range, and a grid needs levels"),
        ("{kind: points, csv: nowhere.csv}", "line 5: design.csv: there is no file"),
        ("{kind: points, csv: /dev/zero}", "line 5: design.csv: /dev/zero cannot be read"),
        ("[{kind: grid, dimensions: {place.kappa: [0.1]}}, {kind: sobol, n: 2, dimensions: "
         "{place.kappa: }}]", "line 5: design: 'place.kappa' is varied twice; once is enough."),
        ("[{kind: grid, dimensions: {place.kapa: [0.1]}}]", "line 5: design[0].dimensions."
                                                            "place.kapa"),
    ],
)  # fmt: skip
def test_a_mistake_in_a_design_is_named_with_its_line_and_key(said, design, sentence):
    found = said(f"design: {design}\n")
    assert any(line.startswith(sentence) for line in found), found


def test_several_mistakes_in_a_design_are_told_at_once_each_on_its_line(said):
    found = said("""\
        design:
          kind: grid
          dimensions:
            place.kapa: [0.1]
            voice.noise_sd: [-1]
            One Norbiton.tier: [aera]
        """)
    assert [line.partition(":")[0] for line in found] == ["line 8", "line 9", "line 10"]


def test_what_is_held_is_not_varied(said):
    found = said(
        "design: {kind: grid, dimensions: {place.kappa: [0.1]}}\n"
        "assumptions: {set: {place.kappa: 0.3}}\n"
    )
    assert found == [
        "line 5: design.dimensions.place.kappa: 'place.kappa' is held at a value; it cannot be "
        "varied as well."
    ]


# ── overrides ────────────────────────────────────────────────────────────────────────────────────


def test_an_override_is_as_if_it_had_been_written(load):
    design = "design: {kind: sobol, n: 8, dimensions: {place.kappa: }}\n"
    changed = load(
        design,
        "years=2", "design.n=4", "design.dimensions.voice.noise_sd={low: 0, high: 0.5}",
        "assumptions.set.doors.drop=0.1", "metrics=[crises, trust]",
        "policies[0]=top_down", "policies[1].answers.access=hub", "baseline=One Norbiton",
        "question='What, if: anything?'",
    )  # fmt: skip
    written = load("""\
        years: 2
        design:
          kind: sobol
          n: 4
          dimensions: {place.kappa: , voice.noise_sd: {low: 0, high: 0.5}}
        assumptions: {set: {doors.drop: 0.1}}
        metrics: [crises, trust]
        baseline: One Norbiton
        """).replace(policies=["top_down", changed.policies[1]])
    assert changed == written
    assert changed.policies[1].policy.access == ls.Hub()
    assert changed.question == "What, if: anything?"


def test_the_last_override_of_a_key_counts_and_none_changes_nothing(load):
    assert load("", "years=2", "years=3") == load("years: 3\n")
    assert load("", "policies[0].policy=status_quo") == load()
    assert load("assumptions: fixed\n", "assumptions.set.place.kappa=0.1") == load(
        "assumptions: {mode: fixed, set: {place.kappa: 0.1}}\n"
    )


@pytest.mark.parametrize(
    ("override", "sentence"),
    [
        ("years=0", "--set years=0: years: it is 0; at least 1 is wanted."),
        ("yeers=3", "--set yeers=3: yeers: there is no such key; did you mean 'years'?"),
        ("years=three", "--set years=three: years: 'three' is text, and a whole number is wanted."),
        ("years", "--set years: an override is a key and a value, such as years=3."),
        ("=3", "--set =3: an override is a key and a value, such as years=3."),
        ("years=", "--set years=: years: it is empty; a whole number is wanted."),
        ("years=[", "--set years=[: this is not YAML"),
        ("years=&a 3", "--set years=&a 3: anchors (&) and aliases"),
        ("years=!!python/object:os.system 3", "--set years=!!python/object:os.system 3: tags such"),
        ("place=kingstn", "--set place=kingstn: place: 'kingstn' is not known; did you mean"),
        ("place.csv=a.csv", "--set place.csv=a.csv: place: this is a single value, with nothing"),
        ("policies[2]=top_down", "--set policies[2]=top_down: policies: this is a list of 2, "
                                 "numbered from [0]; [2] is none of them."),
        ("policies.One=x", "--set policies.One=x: policies: this is a list of 2"),
        ("policies[0].polcy=x", "--set policies[0].polcy=x: policies[0].polcy: 'polcy' is not"),
        ("policies[1].policy=top_don", "--set policies[1].policy=top_don: policies[1].policy: "
                                       "'top_don' is not known; did you mean 'top_down'?"),
        ("policies[1].pilot=atlantis", "--set policies[1].pilot=atlantis: policies[1].pilot: no "
                                       "area of norbiton is called 'atlantis'"),
        ("assumptions.set.place.kapa=1", "--set assumptions.set.place.kapa=1: assumptions.set."
                                         "place.kapa: 'place.kapa' is not known; did you mean"),
        ("design.kind=gird", "--set design.kind=gird: design.kind: it is 'gird'; did you mean"),
        ("name=../../escape", "--set name=../../escape: name: '../../escape' cannot be a name"),
        ("a..b=1", "--set a..b=1: 'a..b' is no key; keys look like policies[1].name."),
        ("a[=1", "--set a[=1: 'a[' is no key"),
        (f"{'a.' * 20}a=1", "--set a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a=1: keys are nested"),
    ],
)  # fmt: skip
def test_a_mistake_in_an_override_is_named_as_one_in_the_file(said, override, sentence):
    found = said("", override)
    assert any(line.startswith(sentence) for line in found), found


@given(st.lists(st.text(max_size=30), max_size=3))
@settings(max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_override_is_taken_or_refused(tmp_path, overrides):
    file = tmp_path / "asked.yaml"
    file.write_text(GOOD)
    with suppress(ConfigError):
        assert ls.Experiment.from_config(file, overrides).policies
