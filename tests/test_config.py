"""Configs: what a YAML file may say, and the sentence for each thing it may not."""

import textwrap
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import localsim as ls
from localsim.experiment.config import Config, ConfigError
from localsim.experiment.document import LARGEST_BYTES, parse

ROOT = Path(__file__).parent.parent


@pytest.fixture
def load(tmp_path):
    """Read text or bytes as a config and return its experiment."""

    def read(content):
        file = tmp_path / "asked.yaml"
        raw = content if isinstance(content, bytes) else textwrap.dedent(content).encode()
        file.write_bytes(raw)
        return ls.Experiment.from_config(file)

    return read


@pytest.fixture
def said(load, monkeypatch):
    """Return the sentences with which a config is refused, without the file's name."""

    def read(content):
        with pytest.raises(ConfigError) as refused:
            load(content)
        lines = str(refused.value).splitlines()
        assert all("asked.yaml" in line for line in lines)
        assert all(line.endswith((".", "?")) for line in lines)
        return [line.partition("asked.yaml")[2].lstrip(",: ") for line in lines]

    return read


GOOD = """
    place: norbiton
    policies: [status_quo, top_down]
"""


def test_the_shipped_question_is_the_same_in_python():
    one_norbiton = ls.Pilot(
        ls.policies.local_integrated_services(), "norbiton", ls.policies.status_quo(),
        "One Norbiton",
    )  # fmt: skip
    written = ls.Experiment.from_config(ROOT / "experiments" / "norbiton.yaml")
    assert written == ls.Experiment(
        "kingston",
        ["status_quo", "top_down", "needs_formula", one_norbiton],
        years=5,
        replications=10,
        seed=2026,
    )
    assert written.name == "norbiton"
    assert written.baseline == "status_quo"
    assert written.question.startswith("Norbiton, inside Kingston")


@pytest.mark.parametrize(
    "file", sorted((ROOT / "experiments").glob("*.yaml")), ids=lambda f: f.stem
)
def test_every_shipped_config_can_be_read(file):
    assert ls.Experiment.from_config(file).policies


def test_defaults_are_those_of_python(load):
    read = load(GOOD)
    assert read == ls.Experiment("norbiton", ["status_quo", "top_down"])
    assert read.name == "asked"


def test_when_to_stop_can_be_written_down(load):
    read = load(GOOD + "    until: {metric: crises, target: 20, policy: top_down, level: 0.9}\n")
    rule = ls.HalfWidth("crises", 20, policy="top_down", level=0.9)
    assert read.until == rule
    assert read == ls.Experiment("norbiton", ["status_quo", "top_down"], until=rule)
    assert read != load(GOOD)


def test_every_answer_can_be_written_down(load):
    read = load(
        """
        name: all of it
        question: what if?
        place: {synthetic: {residents: 600, areas: 6, seed: 3}}
        policies:
          - policy: participatory_budgeting
            rule: greedy
          - policy: participatory_budgeting
            rule: equal_shares
            share: 0.05
            name: more by shares
          - policy: local_integrated_services
            pilot: [synthetic-1]
            elsewhere: {policy: participatory_budgeting, rule: greedy}
        years: 2
        replications: 3
        seed: 0o17
        warmup_years: 0
        assumptions: {mode: fixed, set: {place.kappa: 1e-1}}
        metrics: [crises, trust]
        baseline: more by shares
    """.replace("synthetic-1", ls.Place.synthetic(600, 6, seed=3).codes[1])
    )
    place = ls.Place.synthetic(600, 6, seed=3)
    greedy = ls.policies.participatory_budgeting("greedy")
    shares = ls.policies.participatory_budgeting("equal_shares", 0.05)
    assert [policy.name for policy in read.policies] == [
        "participatory_budgeting", "more by shares", "local_integrated_services pilot",
    ]  # fmt: skip
    assert read.policies[0] == greedy
    assert read.policies[1].devolved == shares.devolved
    assert read.policies[2].elsewhere == greedy
    assert read.place == place
    assert read.zone.tolist() == [False, True, False, False, False, False]
    assert (read.years, read.replications, read.seed, read.warmup_years) == (2, 3, 15, 0)
    assert not read.sampled
    assert read.assumptions.value("place.kappa") == 0.1
    assert read.metrics == ("crises", "trust")
    assert read.baseline == "more by shares"


def test_a_table_of_areas_is_found_beside_the_config(load, tmp_path):
    ls.Place.synthetic(300, 3).table().to_csv(tmp_path / "areas.csv", index=False)
    read = load("place: {csv: areas.csv, name: mine}\npolicies: [status_quo]\n")
    assert read.place.name == "mine"
    assert read.place.residents.sum() == 300


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("place: kingstn", "line 3: place: 'kingstn' is not known; did you mean 'kingston'?"),
        ("plaice: kingston", "line 3: plaice: there is no such key; did you mean 'place' or"),
        ("years: '12'", "line 3: years: '12' is text, and a whole number is wanted; write it "
                        "without quotes."),
        ("years: 2.0", "line 3: years: 2.0 is a number, and a whole number is wanted."),
        ("years: yes", "line 3: years: 'yes' is text, and a whole number is wanted."),
        ("years: true", "line 3: years: True is true or false, and a whole number is wanted."),
        ("years:", "line 3: years: it is empty; a whole number is wanted."),
        ("years: .nan", "line 3: years: nan is a number, and a whole number is wanted."),
        ("years: 201", "line 3: years: it is 201; at most 200 is wanted."),
        ("years: -1", "line 3: years: it is -1; at least 1 is wanted."),
        ("seed: 99999999999999999999", "line 3: seed: it is 99999999999999999999; at most "
                                       "9,223,372,036,854,775,807 is wanted."),
        ("name: a/b", "line 3: name: 'a/b' cannot be a name; letters, digits, spaces and . - _ "
                      "( ) can, at most 80 of them, a letter or digit first."),
        ("name: ..", "line 3: name: '..' cannot be a name; letters, digits, spaces and . - _ "
                     "( ) can, at most 80 of them, a letter or digit first."),
        ("assumptions: sampeld", "line 3: assumptions: it is 'sampeld'; did you mean 'sampled'?"),
        ("assumptions: {mod: fixed}", "line 3: assumptions.mod: there is no such key; did you "
                                      "mean 'mode'?"),
        ("assumptions: {set: {place.kapa: 1}}", "line 3: assumptions.set.place.kapa: "
         "'place.kapa' is not known; did you mean 'place.kappa' or 'place.value_gbp'?"),
        ("assumptions: {set: {place.kappa: .inf}}", "line 3: assumptions.set.place.kappa: inf is "
                                                    "a number, and a finite number is wanted."),
        ("assumptions: {set: {place.kappa: 7}}", "line 3: assumptions.set.place.kappa: Assumption "
         "'place.kappa' is a share, between 0 and 1; 7.0 is not."),
        ("metrics: [crisis]", "line 3: metrics[0]: 'crisis' is not known; did you mean "
                              "'crises'?"),
        ("metrics: []", "line 3: metrics: it is empty; at least one entry is wanted."),
        ("baseline: top", "line 3: baseline: there is no policy called 'top'; known are "
                          "'status_quo', 'top_down'."),
        ("until: {metric: crisis, target: 1}", "line 3: until: there is no metric called "
                                               "'crisis'; did you mean 'crises'?"),
        ("until: {metric: crises}", "line 3: until.target: this key is missing"),
        ("until: {metric: crises, target: 0}", "line 3: until: target is 0.0: half a width is "
                                               "wanted, above zero"),
        ("until: {metric: crises, target: 1, polcy: top_down}", "line 3: until.polcy: there is no "
                                                                "such key; did you mean 'policy'?"),
        ("until: {metric: crises, target: 1, policy: topdown}", "line 3: until: there is no "
         "policy called 'topdown'; did you mean 'top_down'?"),
        ("until: 5", "line 3: until: 5 is a number, and a mapping of keys to values is wanted."),
        ("place: {csv: nowhere.csv}", "line 3: place: there is no file"),
        ("place: {synthetic: {aras: 3}}", "line 3: place.synthetic.aras: 'aras' is not known; "
                                          "did you mean 'areas'?"),
        ("place: {synthetic: {residents: -1}}", "line 3: place: residents is -1"),
        ("place: {}", "line 3: place: a mapping here is {csv: FILE} or {synthetic: {residents:"),
        ("place: {cvs: a.csv}", "line 3: place: a mapping here is {csv: FILE} or {synthetic:"),
        ("place: {csv: }", "line 3: place.csv: it is empty; text is wanted."),
        ("place: {csv: a.csv, nam: b}", "line 3: place.nam: there is no such key; did you mean "
                                        "'name'?"),
        ("place: {csv: a.csv, synthetic: {}}", "line 3: place.synthetic: there is no such key; "
                                               "known are 'csv', 'name'."),
        ("policies: status_quo", "line 3: policies: 'status_quo' is text, and a list is wanted."),
        ("policies: []", "line 3: policies: it is empty; at least one entry is wanted."),
        ("policies: [top_don]", "line 3: policies[0]: 'top_don' is not known; did you mean "
                                "'top_down'?"),
        ("policies: [top_down, top_down]", "line 3: policies[1]: policies[0] is called "
         "'top_down' already; give one of the two another name with 'name'."),
        ("policies: [{polcy: top_down}]", "line 3: policies[0].polcy: 'polcy' is not known; did "
                                          "you mean 'policy'?"),
        ("policies: [{policy: participatory_budgeting, rule: gredy}]", "line 3: policies[0]: "
         "participatory_budgeting: there is no voting rule 'gredy'; did you mean 'greedy'?"),
        ("policies: [{policy: top_down, rule: greedy}]", "line 3: policies[0].rule: 'rule' is "
         "not known"),
        ("policies: [{policy: top_down, pilot: norbitn}]", "line 3: policies[0].pilot: no area "
         "of norbiton is called 'norbitn': did you mean 'Norbiton'?"),
        ("policies: [{policy: top_down, elsewhere: top_down}]", "line 3: policies[0].elsewhere: "
         "only a policy that is piloted somewhere has an elsewhere; add 'pilot'."),
        ("policies: [{policy: top_down, pilot: norbiton, elsewhere: {policy: top_down, pilot: "
         "norbiton}}]", "line 3: policies[0]: what runs elsewhere cannot be piloted itself; "
         "leave out its 'pilot'."),
        ("policies: [{policy: top_down, pilot: norbiton, elsewhere: {polcy: x}}]",
         "line 3: policies[0].elsewhere.polcy: 'polcy' is not known; did you mean 'policy'?"),
    ],
)  # fmt: skip
def test_a_mistake_is_named_with_its_line_and_key(said, line, sentence):
    good = {"place": "place: norbiton", "policies": "policies: [status_quo, top_down]"}
    good.pop(line.partition(":")[0], None)
    text = "# a question\n\n" + "\n".join([line, *good.values()]) + "\n"
    assert any(found.startswith(sentence) for found in said(text)), said(text)


def test_a_missing_key_is_named(said):
    assert said("years: 5\n") == [
        "line 1: place: this key is missing, and there is no default for it.",
        "line 1: policies: this key is missing, and there is no default for it.",
    ]


def test_several_mistakes_are_told_at_once_in_the_order_of_lines(said):
    found = said("""
        place: kingstn
        policies: [status_qou, {policy: participatory_budgeting, rul: greedy}]
        years: '12'
        replications: 0
        naem: x
    """)
    assert [line.split(": ")[:2] for line in found] == [
        ["line 2", "place"],
        ["line 3", "policies[0]"],
        ["line 3", "policies[1].rul"],
        ["line 4", "years"],
        ["line 5", "replications"],
        ["line 6", "naem"],
    ]


def test_no_place_is_built_before_every_name_is_known(said, monkeypatch):
    def unexpected(*arguments, **named):
        raise AssertionError("a place was built")

    monkeypatch.setattr(ls.Place, "synthetic", classmethod(unexpected))
    monkeypatch.setattr(ls.Place, "from_csv", classmethod(unexpected))
    for place in ("{synthetic: {}}", "{csv: a.csv}"):
        assert said(f"place: {place}\npolicies: [top_don]\n")
        assert said(f"place: {place}\npolicies: [top_down]\nbaseline: x\n")


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "the file is empty; a config has keys such as 'place' and 'policies'."),
        (b"# nothing\n", "the file is empty; a config has keys such as 'place' and 'policies'."),
        (b"- place\n", "line 1: the file holds a list; a config is a mapping of keys such as "
                       "'place: kingston'."),
        (b"place\n", "line 1: the file holds a single value; a config is a mapping of keys such "
                     "as 'place: kingston'."),
        (b"place: a\nplace: b\n", "line 2: place: this key is already on line 1; keep one of the "
                                  "two."),
        (b"place:\n\t- a\n", "line 2: a tab cannot indent YAML; use spaces."),
        (b"place: [a\n", "line 2: this is not YAML"),
        (b"place: &x a\nname: *x\n", "line 1: anchors (&) and aliases (*) are not used in a "
                                     "config; write the value out."),
        (b"place: !!python/name:os.system x\n", "line 1: tags such as"),
        (b"place: 2026-11-22\n", "line 1: place: '2026-11-22' reads as a timestamp; put it in "
                                 "quotes."),
        (b"<<: {place: a}\nplace: a\npolicies: []\n", "line 1: <<: there is no such key"),
        (b"a: 1\n---\nb: 2\n", "line 2: the file holds several documents (---); a config is one."),
        (b"[" * 100_000, "line 1: keys are nested more than 12 deep."),
        (b"? [a]\n: 1\n", "line 1: a key must be a word."),
        (b"place: \xff\xfe\n", "line 1: this is not UTF-8 text."),
        (b"place: \x00\n", "this is not YAML text"),
        (b'place: "\\ud800"\n', "line 1: place: the text holds no valid character."),
        (b"seed: " + b"9" * 5000, "line 1: seed: '999"),
        (b"#" * (LARGEST_BYTES + 1), "the file is larger than 1,000,000 bytes"),
        (b"\x89PNG\r\n\x1a\n", "line 1: this is not UTF-8 text."),
    ],
)  # fmt: skip
def test_what_is_no_config_is_refused_in_a_sentence(said, content, sentence):
    assert said(content)[0].startswith(sentence), said(content)


def test_an_alias_bomb_costs_nothing(said):
    bomb = "a: &a [x,x,x,x,x,x,x,x,x]\n" + "".join(
        f"{b}: &{b} [{','.join([f'*{a}'] * 9)}]\n"
        for a, b in zip("abcdefgh", "bcdefghi", strict=True)
    )
    assert said(bomb)[0].startswith("line 1: anchors")


def test_a_missing_file_and_a_folder_are_refused(tmp_path):
    with pytest.raises(ConfigError, match=r"none\.yaml: there is no such file\."):
        ls.Experiment.from_config(tmp_path / "none.yaml")
    with pytest.raises(ConfigError, match="this is a folder; a config is a YAML file in it"):
        ls.Experiment.from_config(tmp_path)
    with pytest.raises(ConfigError, match=r"cannot be read|no such file"):
        ls.Experiment.from_config("a\x00b.yaml")


@given(st.binary(max_size=200))
@settings(max_examples=200)
def test_any_bytes_are_read_or_refused(tmp_path_factory, content):
    file = tmp_path_factory.getbasetemp() / "fuzz.yaml"
    file.write_bytes(content)
    with pytest.raises(ConfigError):
        ls.Experiment.from_config(file)


def flow(value):
    """Write a value as one line of YAML."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{flow(str(k))}: {flow(v)}" for k, v in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(flow, value)) + "]"
    if isinstance(value, str):
        return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    return {"inf": ".inf", "-inf": "-.inf", "nan": ".nan"}.get(repr(value), repr(value))


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text("ab .:#-", max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("ab", max_size=3), inner,
                                                                max_size=3),
    max_leaves=6,
)  # fmt: skip


@given(anything)
def test_what_is_written_is_what_is_read(value):
    read = parse(f"key: {flow(value)}", Path("x")).data["key"]
    assert repr(read) == repr(value) or read == value


@given(st.sampled_from(sorted(Config.model_fields)), anything)
@settings(max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_answer_to_any_key_is_taken_or_refused(load, key, value):
    answers = {"place": "norbiton", "policies": ["top_down"]} | {key: value}
    try:
        read = load("".join(f"{name}: {flow(answer)}\n" for name, answer in answers.items()))
    except ConfigError:
        return
    assert isinstance(read, ls.Experiment)
