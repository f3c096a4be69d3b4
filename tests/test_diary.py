"""The diary tells what the counters count, and changes nothing."""

from __future__ import annotations

from itertools import pairwise

import pytest

import localsim as ls
from localsim.dynamics.columns import PHASES


@pytest.fixture(scope="module")
def place():
    return ls.Place.synthetic(3000, areas=3, seed=5)


@pytest.fixture(scope="module")
def diary(place):
    kept = ls.Diary(place, seed=3, warmup_years=2)
    kept.run(1)
    return kept


def test_watching_changes_nothing(place, diary):
    unwatched = ls.Model(place, seed=3, warmup_years=2)
    unwatched.run(1)
    for metric, group, value in ls.measure(unwatched):
        watched = next(v for m, g, v in ls.measure(diary) if (m, g) == (metric, group))
        assert watched == pytest.approx(value, rel=1e-9, abs=1e-6), (metric, group)


def test_endings_agree_with_the_counters(diary):
    counted = {metric: value for metric, group, value in ls.measure(diary) if group == "all"}
    ended = diary.spells["ended"].value_counts()
    assert ended["solved"] == pytest.approx(counted["solved"], rel=0.03)
    passed = counted["pass_offs_per_solved"] * counted["solved"]
    # Those who gave up at a pass-off are counted there too, and a few are too quick to be seen.
    dropped = ((diary.spells["phase"] == PHASES[3]) & (diary.spells["ended"] == "gave up")).sum()
    assert ended["passed on"] + dropped == pytest.approx(passed, rel=0.15)
    assert ended["still open"] == counted["open_at_end"]


def test_spells_of_a_need_follow_one_another(diary):
    for _, spells in diary.spells.groupby(["resident", "theme", "need"]):
        assert (spells["end"] >= spells["start"]).all()
        for (_, before), (_, after) in pairwise(spells.iterrows()):
            assert after["start"] == before["end"]
    assert diary.spells["end"].max() == pytest.approx(12)


def test_a_provider_that_fails_leaves_its_cases(place):
    fragile = {"supply.reserve_months": 1.0, "supply.gift_share": 0.0, "supply.entry": 0.0,
               "supply.capacity_share": 0.4, "supply.grant_loss": 0.0,
               "supply.price.voluntary": 0.6, "supply.cost.voluntary": 0.9,
               "supply.reserve_use": 100.0}  # fmt: skip
    policy = ls.Policy("grants", supply=ls.Community(quality_weight=0.0))
    world = ls.Assumptions.default().replace(fragile)
    kept = ls.Diary(place, policy, seed=3, assumptions=world, warmup_years=0)
    kept.run(1)
    spells = kept.spells
    left = spells[spells["ended"] == "left by its provider"]
    assert len(left) > 0
    assert set(left["where"]) <= {"private", "voluntary", "co-operative"}
    assert kept.providers.failed.sum() > 0
    late = left["end"] - left["end"].round()  # at the end of a month, as the next look has it
    assert late.between(-1e-9, 1 / 240 + 1e-9).all()


def test_only_those_followed_are_written_of_alike(place, diary):
    row = int(diary.spells["resident"].iloc[0])
    one = ls.Diary(place, seed=3, warmup_years=2, residents=[row])
    one.run(1)
    theirs = diary.spells[diary.spells["resident"] == row].reset_index(drop=True)
    assert one.spells.equals(theirs)


def test_a_fork_begins_a_new_diary(diary):
    twin = diary.fork(ls.policies.top_down())
    assert (twin.spells["start"] == 0).all()
    assert twin.spells["ended"].unique().tolist() == ["still open"]


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"residents": [3000]}, "rows of residents run from 0 to 2999"),
        ({"looks_per_month": 0}, "looks_per_month"),
    ],
)
def test_wrong_arguments_end_in_a_sentence(place, wrong, said):
    with pytest.raises(ls.LocalsimError, match=said):
        ls.Diary(place, warmup_years=0, **wrong)
