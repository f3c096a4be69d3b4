"""MODEL.md says what the code does: its names exist, its defaults are the table's."""

import re
from pathlib import Path

import pytest

import localsim
from localsim.assumptions import Assumptions
from localsim.check import CHECKS
from localsim.metrics import METRICS
from localsim.policy.presets import PRESETS
from localsim.themes import Casework, default_themes

TEXT = (Path(__file__).resolve().parent.parent / "MODEL.md").read_text(encoding="utf-8")
DEFAULT = Assumptions.default()
PREFIXES = {name.split(".")[0] for name in DEFAULT.names} | {"theme"}
CASEWORK = {theme.name: theme for theme in default_themes() if isinstance(theme, Casework)}


def meant(word):
    """Return the assumptions that a name in the text stands for."""
    first, _, rest = word.partition(".")
    if first != "theme":
        return {word}
    names = set()
    for name, theme in CASEWORK.items():
        severities = theme.severities if rest.endswith(".severity") else ("",)
        names |= {f"{name}.{rest.removesuffix('severity')}{s}" for s in severities}
    return names


MENTIONED = [
    word
    for word in re.findall(r"`([a-z][\w.]*)`", TEXT)
    if word.partition(".")[0] in PREFIXES and word.partition(".")[2]
]
QUOTED = re.findall(r"`([a-z][\w.]*\.[\w.]+)`\s+=\s+(-?[\d.]*\d)", TEXT)


def first_cells(heading):
    """Return what stands in code in the first cells of the tables under a heading."""
    found = re.search(rf"^#+ {re.escape(heading)}\n(.*?)(?=^## |\Z)", TEXT, re.S | re.M)
    assert found is not None, heading
    rows = [row for row in found[1].splitlines() if row.startswith("| `")]
    return [name for row in rows for name in re.findall(r"`(\w+)`", row.split("|")[1])]


@pytest.mark.parametrize("word", sorted(set(MENTIONED)))
def test_an_assumption_that_is_named_exists(word):
    assert meant(word) & set(DEFAULT.names)
    if not word.startswith("theme."):
        assert word in DEFAULT


def test_every_assumption_is_mentioned():
    mentioned = set().union(*map(meant, MENTIONED))
    assert [name for name in DEFAULT.names if name not in mentioned] == []


@pytest.mark.parametrize(("name", "value"), QUOTED)
def test_a_default_that_is_quoted_is_the_table_s(name, value):
    assert DEFAULT.value(name) == float(value)


def test_defaults_are_quoted_of_all_that_is_not_calibrated():
    quoted = {name for name, _ in QUOTED}
    left = [n for n in DEFAULT.names if n not in quoted and DEFAULT.row(n).quality != "calibrated"]
    # What is nothing in the default themes is said in words.
    assert [name for name in left if DEFAULT.value(name) != 0.0] == []


def test_the_counts_of_assumptions_are_right():
    unsourced, total = re.findall(r"^(\d+) of the (\d+) assumptions", TEXT, re.M)[0]
    assert int(total) == len(DEFAULT.names)
    assert int(unsourced) == sum(not DEFAULT.row(name).sourced for name in DEFAULT.names)


@pytest.mark.parametrize(
    ("heading", "names"),
    [("8. Policies", PRESETS), ("9. Metrics", METRICS), ("12. Known answers", CHECKS)],
)
def test_tables_name_all_there_are_and_no_more(heading, names):
    assert sorted(first_cells(heading)) == sorted(names)


def test_policies_stand_as_they_are_built():
    for name, preset in PRESETS.items():
        row = re.search(rf"^\| `{name}` \| (.*) \|$", TEXT, re.M)
        assert row is not None
        tier, _, _, _, contract, doors, _, devolved = row[1].split(" | ")
        policy = preset()
        assert tier == policy.tier
        assert str(policy.contract.items) in contract
        kind = re.sub(r"(?<!^)([A-Z])", r" \1", type(policy.access).__name__).lower()
        assert doors.split(",")[0] == kind
        assert (policy.devolved is None) == (devolved == "–")
        if policy.devolved is not None:
            assert devolved.startswith(f"{100 * policy.devolved.share:g} %")


def test_rules_that_are_named_are_those_that_ship():
    known = {
        name
        for name in localsim.__all__
        if isinstance(thing := getattr(localsim, name), type)
        and issubclass(thing, localsim.Rule)
        and thing is not localsim.Rule
    }
    assert set(first_cells("7. Submodels")) >= known
    assert {name for name in first_cells("7. Submodels") if name[0].isupper()} == known


def test_themes_stand_as_they_are_built():
    rows = {
        row[0]: row[1] for row in re.findall(r"^\| `(\w+)` \| ((?:case|amen).*) \|$", TEXT, re.M)
    }
    assert list(rows) == [theme.name for theme in default_themes()]
    for theme in default_themes():
        kind, agency, _, severities, _ = rows[theme.name].split(" | ")
        assert kind == type(theme).__name__.lower()
        assert agency == theme.agency
        if isinstance(theme, Casework):
            assert severities == ", ".join(theme.severities)


def test_the_contents_lead_to_the_sections():
    headings = re.findall(r"^## (.*)$", TEXT, re.M)
    anchors = [re.sub(r"[^\w -]", "", h).lower().replace(" ", "-") for h in headings]
    assert re.findall(r"^\d+\. \[.*\]\(#(.*)\)$", TEXT, re.M) == anchors
    assert re.findall(r"^(\d+\.) \[(.*)\]", TEXT, re.M) == [
        tuple(h.split(" ", 1)) for h in headings
    ]
