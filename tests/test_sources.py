"""The register of sources: every id that is used is in it, and every one in it is used."""

import re
from pathlib import Path

import pytest

import localsim
from localsim.assumptions import Assumptions, source, sources

PACKAGE = Path(localsim.__file__).parent
MODEL = Path(__file__).resolve().parent.parent / "MODEL.md"
ID = re.compile(r"\b[A-Z]\d{2}(?:_\d{4}-\d{2})?\b")
ROLES = {"CAL", "CTX", "CLAIM", "OUT"}


ROWS = [Assumptions.default().row(name) for name in Assumptions.default().names]
BEHIND = {identifier for row in ROWS for identifier in row.source.split(";")} - {"unsourced"}


def used_in_words():
    code = (path.read_text(encoding="utf-8") for path in PACKAGE.rglob("*.py"))
    cited = {i for text in code for i in re.findall(rf"\bsource ({ID.pattern})", text)}
    noted = {i for row in ROWS for i in ID.findall(row.note)}
    return cited | noted | set(ID.findall(MODEL.read_text(encoding="utf-8")))


USED = sorted(BEHIND | used_in_words())


@pytest.mark.parametrize("identifier", USED)
def test_a_source_that_is_used_is_registered(identifier):
    assert source(identifier).id == identifier


def test_a_source_that_is_registered_is_used():
    assert sorted(set(sources()) - set(USED)) == []


@pytest.mark.parametrize("identifier", sorted(sources()))
def test_a_source_says_what_when_where_and_what_may_be_done_with_it(identifier):
    row = source(identifier)
    assert all(vars(row).values())
    assert row.role in ROLES
    assert row.confidence in {"A", "B", "C"}
    assert len(row.quantity) < 110
    assert len(row.value) < 110


def test_numbers_rest_on_nothing_that_was_claimed_or_came_out():
    assert [identifier for identifier in sorted(BEHIND) if source(identifier).role != "CAL"] == []
