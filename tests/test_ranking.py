"""Which of many policies is best: synthetic policies whose best is known."""

import numpy as np
import pandas as pd
import pytest

from localsim.appraisal.ranking import ranked, standing
from localsim.appraisal.selection import allocation, selected
from localsim.errors import LocalsimError

NAMES = ["a", "b", "c", "d", "e", "f"]
MEANS = np.array([0.0, 1.0, 2.0, 4.0, 4.0, 6.0])
SPREAD = np.array([1.0, 1.0, 2.0, 1.0, 3.0, 1.0])


class World:
    """Policies that share most of their luck, replication by replication."""

    def __init__(self, seed, means=MEANS, sign=1.0):
        self.seed, self.means, self.sign, self.runs = seed, means, sign, 0

    def perform(self, numbers, names):
        rows = {}
        for number in numbers:
            draws = np.random.default_rng([self.seed, number])
            shared, own = 5.0 * draws.normal(), draws.normal(size=len(NAMES))
            values = self.sign * (self.means + shared + SPREAD * own)
            rows[number] = {name: values[NAMES.index(name)] for name in names}
            self.runs += len(names)
        return pd.DataFrame.from_dict(rows, orient="index")


def wide(seed=1, n=40, sign=1.0):
    return World(seed, sign=sign).perform(range(n), NAMES)


def test_the_best_leads_and_distances_are_paired():
    found = ranked(wide(), "crises", "all", "crises")
    assert found.best == "a"
    assert list(found.table["policy"])[-1] == "f"
    rows = found.table.set_index("policy")
    gap = wide()["f"] - wide()["a"]
    assert rows.loc["f", "behind"] == pytest.approx(gap.mean())
    assert rows.loc["f", "se"] == pytest.approx(gap.std() / np.sqrt(40))
    assert rows.loc["a", "behind"] == rows.loc["a", "se"] == 0.0
    assert rows["probability"].sum() == pytest.approx(1.0)
    assert " sure.\n" in str(found)


def test_the_better_direction_is_the_metrics():
    lower = ranked(wide(), "crises", "all", "crises")
    higher = ranked(wide(sign=-1.0), "solved", "all", "needs")
    assert list(lower.table["policy"]) == list(higher.table["policy"])
    assert lower.sure == higher.sure
    with pytest.raises(LocalsimError, match="neither more nor less spend_gbp is better"):
        ranked(wide(), "spend_gbp", "all", "£")


def test_indifference_makes_surer_and_order_of_columns_changes_nothing():
    strict = ranked(wide(), "crises", "all", "crises")
    easy = ranked(wide(), "crises", "all", "crises", indifference=1.0)
    assert easy.sure > strict.sure
    turned = ranked(wide()[NAMES[::-1]], "crises", "all", "crises")
    pd.testing.assert_frame_equal(turned.table, strict.table)


def test_it_is_as_often_right_as_it_is_sure():
    said, right = [], []
    for seed in range(120):
        found = ranked(wide(seed, n=12), "crises", "all", "crises")
        said.append(found.table["probability"].iloc[0])
        right.append(found.best == "a")
    # The leader's own probability is calibrated on the safe side, and is not a mere one.
    assert np.mean(said) - 0.02 < np.mean(right) < np.mean(said) + 0.08
    assert 0.6 < np.mean(said) < 0.98


def test_policies_that_never_differ_share_their_chance():
    same = wide()[["a", "f"]].assign(twin=lambda t: t["a"])
    found = ranked(same, "crises", "all", "crises").table.set_index("policy")
    assert found.loc["a", "probability"] == found.loc["twin", "probability"] > 0.49


def test_nobody_leads_by_kinder_luck():
    # "b" ran only where luck was kind to all; "a" beats it wherever both ran.
    table = np.array([[10.0, np.nan], [10.0, np.nan], [0.0, 1.0], [0.0, 1.5]])
    leader, behind, _, n = standing(table)
    assert leader == 0
    assert behind[1] == 1.25
    assert n[1] == 2


def test_replications_go_to_the_near_and_the_noisy():
    badness = wide(n=400).to_numpy()
    quota = allocation(badness, 0.0, 4000)
    # a against b: distance 1, paired variance 2; against c: distance 2, variance 5.
    assert quota[0] == 4000
    assert quota[1] == 4000
    assert (quota[2] + 400) / 4400 == pytest.approx((5 / 4) / (2 / 1), rel=0.25)
    assert quota[5] < quota[4] < quota[2]


def test_a_known_distance_gets_no_more_runs():
    badness = np.column_stack([np.arange(20.0), np.arange(20.0) + 3.0])
    assert allocation(badness, 0.0, 10).tolist() == [0, 0]


def test_selection_finds_the_best_as_often_as_it_says_and_spares_runs():
    right, runs, equal = 0, 0, 0
    for seed in range(60):
        world = World(seed)
        found = selected(
            world.perform, NAMES, "crises", "all", "crises", confidence=0.95, step=5, cap=300
        )
        right += found.best == "a"
        runs += world.runs
        equal += int(found.runs["replications"].iloc[-1]) * len(NAMES)
        assert found.reached
        assert found.ranking.table["replications"].sum() == world.runs
    assert right >= 0.92 * 60
    # All run the first ten replications; of what comes after, less than half is run.
    first = 60 * 10 * len(NAMES)
    assert (runs - first) < 0.5 * (equal - first)


def test_policies_that_are_alike_stop_at_the_cap_or_at_indifference():
    alike = World(3, means=np.zeros(6))
    capped = selected(alike.perform, NAMES, "crises", "all", "crises", cap=60)
    assert not capped.reached
    assert capped.runs["replications"].iloc[-1] == 60
    assert "not reached" in str(capped)
    easy = selected(alike.perform, NAMES, "crises", "all", "crises", cap=400, indifference=2.0)
    assert easy.reached


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"confidence": 95}, "between 0 and 1"),
        ({"first": 1}, "first is 1"),
        ({"cap": 5}, "cap is 5"),
        ({"indifference": -1.0}, "it is 0 or more"),
    ],
)
def test_what_cannot_be_asked_is_said(wrong, said):
    with pytest.raises(LocalsimError, match=said):
        selected(World(1).perform, NAMES, "crises", "all", "crises", **wrong)
