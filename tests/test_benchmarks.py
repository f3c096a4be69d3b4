"""The rivals that localsim is timed against simulate the same rules."""

import pytest

from benchmarks.agreement import RIVALS, check, compare
from benchmarks.core import CoreRules, Setting, outcome
from localsim.place import Place


@pytest.mark.parametrize("rival", RIVALS)
def test_a_rival_tells_the_same_story_within_monte_carlo_error(rival):
    setting = Setting.of(Place.synthetic(1500, areas=4, seed=1))
    rows = compare(setting, [rival], seeds=16, years=2)
    assert {row.figure for row in rows} >= {"open_needs", "solved", "returns", "mean_wait_months"}
    assert all(row.ours > 0.0 for row in rows)
    check(rows)


def test_another_story_is_noticed():
    setting = Setting.of(Place.synthetic(1500, areas=4, seed=1))
    rows = compare(setting, ["bare kernel"], seeds=8, years=1)
    moved = [type(row)(**{**vars(row), "theirs": 1.2 * row.theirs}) for row in rows]
    with pytest.raises(AssertionError, match="errors apart"):
        check(moved)


def test_without_accounts_evidence_and_decisions_the_same_needs_are_met_at_the_same_times():
    setting = Setting.of(Place.synthetic(1500, areas=4, seed=1))
    whole, core = setting.model(3), setting.model(3, CoreRules)
    whole.run(2)
    core.run(2)
    assert outcome(core) == outcome(whole)
