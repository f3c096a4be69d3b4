"""The questions put to the model itself: until when, which is best, what matters, where it tips."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import localsim as ls
from localsim.appraisal import calibration, discovery
from localsim.appraisal.pointwise import explored
from localsim.errors import LocalsimError
from localsim.experiment.stopping import differences, widths

METRIC = "need_months_unmet"
PRICE = "supply.price.private"


@pytest.fixture(scope="module")
def hamlet():
    return ls.Experiment(
        ls.Place.synthetic(300, 2),
        ["status_quo", "top_down", "local_integrated_services"],
        years=1,
        replications=40,
        warmup_years=1,
        assumptions="fixed",
        metrics=[METRIC, "spend_gbp", "crises"],
    )


def quietly(experiment, **how):
    return experiment.run(progress=False, workers=1, **how)


class TestUntil:
    @pytest.mark.slow
    def test_it_comes_to_so_many_replications_at_once(self, hamlet, tmp_path):
        hamlet = hamlet.replace(policies=["status_quo", "local_integrated_services"])
        at_once = quietly(hamlet)
        loose = ls.HalfWidth(METRIC, 1.0)
        half = widths(differences(at_once.table, loose, "status_quo", 40), 0.95)
        rule = ls.HalfWidth(METRIC, float(half[20]))  # so that it stops somewhere in between
        number = rule.stop(half)
        assert 15 <= number < 40
        stopped = quietly(hamlet.replace(until=rule))
        assert stopped.replications == number
        assert stopped.experiment["until"]["said"].startswith(f"target reached: after {number}")
        whole = at_once.first(hamlet.with_replications(number).describe())
        pd.testing.assert_frame_equal(stopped.table, whole.table)
        pd.testing.assert_frame_equal(stopped.series, whole.series)
        rows = ls.appraise(stopped).differences.query(f"metric == '{METRIC}' and group == 'all'")
        told = stopped.experiment["until"]["half_width"]
        assert ((rows["high"] - rows["low"]) / 2).item() == pytest.approx(told)
        assert told <= rule.target
        # A folder holds those and no more, and going on there runs nothing again.
        kept = quietly(hamlet.replace(until=rule), folder=tmp_path / "out")
        pd.testing.assert_frame_equal(kept.table, whole.table)
        assert ls.open(tmp_path / "out").replications == number

    def test_the_most_is_kept_and_said(self, hamlet):
        rule = ls.HalfWidth(METRIC, 1e-3, policy="top_down", fewest=3)
        stopped = quietly(hamlet.replace(until=rule, replications=6))
        assert stopped.replications == 6
        assert "not reached" in stopped.experiment["until"]["said"]

    def test_a_rule_belongs_to_the_question(self, hamlet):
        rule = ls.HalfWidth(METRIC, 25.0)
        asked = hamlet.replace(until=rule)
        assert asked != hamlet
        assert asked == hamlet.replace(until=ls.HalfWidth(METRIC, 25.0))
        assert asked != hamlet.replace(until=ls.HalfWidth(METRIC, 26.0))
        for wrong, said in (
            (ls.HalfWidth(METRIC, 1.0, policy="topdown"), "did you mean 'top_down'"),
            (ls.HalfWidth("solved", 1.0), "no metric called 'solved'"),
            (25.0, "a HalfWidth is wanted"),
        ):
            with pytest.raises(LocalsimError, match=said):
                hamlet.replace(until=wrong)
        with pytest.raises(LocalsimError, match="two policies or more"):
            hamlet.replace(policies=["top_down"], baseline=None, until=rule)


class TestBest:
    def test_runs_are_those_of_the_whole_experiment(self, hamlet):
        found = ls.select(hamlet, METRIC, first=4, step=3, cap=10, confidence=0.9999, workers=1)
        whole = quietly(hamlet.with_replications(10)).pivot(METRIC)  # noqa: PD010 - of Results
        table = found.ranking.table.set_index("policy")
        for policy, row in table.iterrows():
            assert row["replications"] <= 10
            if row["replications"] == 10:
                assert row["mean"] == pytest.approx(whole[policy].mean())
        assert table["replications"].max() == found.runs["replications"].iloc[-1]
        assert found.best == whole.mean().idxmin()

    def test_a_ranking_is_of_the_results(self, hamlet):
        results = quietly(hamlet.with_replications(8))
        found = ls.rank(results, METRIC)
        assert found.best == results.pivot(METRIC).mean().idxmin()  # noqa: PD010 - of Results
        with pytest.raises(LocalsimError, match="with a direction"):
            ls.rank(results, "spend_gbp")


class TestWhatMatters:
    def test_what_is_not_used_has_no_effect_and_no_luck(self, hamlet, tmp_path):
        pair = hamlet.replace(policies=["status_quo", "local_integrated_services"], replications=3)
        # Nobody is given a hub by either policy: its price is nothing to them.
        found = ls.sensitivity(
            pair,
            {PRICE: None, "doors.hub_assess_ratio": None},
            METRIC,
            size=3,
            folder=tmp_path / "out",
            workers=1,
        )
        rows = found.table.set_index("name")
        idle = rows.loc["doors.hub_assess_ratio"]
        assert idle["strength"] == idle["luck"] == idle["half"] == 0.0
        assert rows.loc[PRICE, "strength"] > 0.0
        assert found.table["name"].iloc[0] == PRICE
        assert len(found.points) == 9
        assert 0.0 < found.luck <= 1.0
        assert PRICE in str(found)
        # It goes on from its folder, and nothing is run twice.
        again = ls.sensitivity(
            pair,
            {PRICE: None, "doors.hub_assess_ratio": None},
            METRIC,
            size=3,
            folder=tmp_path / "out",
            workers=1,
        )
        pd.testing.assert_frame_equal(found.table, again.table)

    def test_a_run_that_failed_is_refused(self, hamlet, monkeypatch):
        pair = hamlet.replace(policies=["status_quo", "top_down"], replications=2)
        planned = pair.replace(design=ls.Points({PRICE: [0.6, 0.8]}))
        results = quietly(planned)
        table = results.table
        holed = table[(table["point"] != 1) | (table["replication"] != 1)]

        class Holed:
            experiment = results.experiment
            series = results.series

        Holed.table = holed
        from localsim.appraisal.sensitivity import analyse

        with pytest.raises(LocalsimError, match="point 1, replication 1"):
            analyse(planned, Holed, np.array([[0.0], [1.0]]), "morris", METRIC, policy="top_down")

    def test_what_cannot_be_asked_is_said(self, hamlet):
        with pytest.raises(LocalsimError, match="2 policies to compare"):
            ls.sensitivity(hamlet, {PRICE: None, "place.kappa": None}, METRIC)
        pair = hamlet.replace(policies=["status_quo", "top_down"])
        with pytest.raises(LocalsimError, match="replications is 1"):
            ls.sensitivity(pair.with_replications(1), {PRICE: None, "place.kappa": None}, METRIC)


class TestTipping:
    def test_a_sign_changes_where_a_line_between_runs_does(self, hamlet):
        pair = hamlet.replace(
            policies=["status_quo", "local_integrated_services"],
            replications=4,
            design=ls.Grid({PRICE: [0.5, 1.0, 1.5]}),
        )
        results = quietly(pair)
        found = ls.tipping(pair, results, PRICE, METRIC)
        assert found.table["value"].to_list() == [0.5, 1.0, 1.5]
        wide = results.pivot(METRIC)  # noqa: PD010 - a method of Results
        gap = (wide["local_integrated_services"] - wide["status_quo"]).groupby("point").mean()
        assert found.table["difference"].to_numpy() == pytest.approx(gap.to_numpy())
        signs = np.sign(gap.to_numpy())
        assert len(found.values) == int((signs[1:] != signs[:-1]).sum())
        assert PRICE in str(found)
        with pytest.raises(LocalsimError, match="no dimension called"):
            ls.tipping(pair, results, "supply.price.voluntary", METRIC)


class TestWhereItLoses:
    def test_cases_are_points_and_draws(self, hamlet):
        sampled = hamlet.replace(
            policies=["status_quo", "top_down"],
            assumptions="sampled",
            replications=3,
            design=ls.Grid({"place.kappa": [0.1, 0.3]}),
        )
        keys = pd.MultiIndex.from_product([[0, 1], [0, 1, 2]], names=["point", "replication"])
        cases = explored(sampled, keys)
        assert cases["place.kappa"].to_list() == [0.1] * 3 + [0.3] * 3
        drawn = sampled.plan.assumptions_of(2)
        assert cases.loc[(1, 2), PRICE] == drawn.value(PRICE)
        assert "trust.council" not in cases.columns  # it has no range
        fixed = sampled.replace(assumptions="fixed")
        assert list(explored(fixed, keys).columns) == ["place.kappa"]

    def test_losing_is_the_worse_side_of_what_it_is_worth(self, hamlet, monkeypatch):
        names = ["status_quo", "local_integrated_services"]
        pair = hamlet.replace(
            policies=names,
            replications=3,
            design=ls.LatinHypercube({PRICE: ls.Range(0.4, 3.0), "place.kappa": None}, 8),
        )
        results = quietly(pair)
        monkeypatch.setattr(discovery, "FEWEST", 2)
        wide = results.pivot(METRIC)  # noqa: PD010 - a method of Results
        gap = (wide[names[1]] - wide[names[0]]).to_numpy()
        if np.median(gap) > 0:  # ask of the one that is better at the median, whichever it is
            gap, names = -gap, names[::-1]
        asked = pair.replace(baseline=names[0])
        worth = float(-np.median(gap))
        found = ls.where_it_loses(asked, results, METRIC, policy=names[1], worth=worth)
        assert found.loses.sum() == (gap > -worth).sum() == 12
        assert len(found.cases) == 24
        assert list(found.cases.columns) == [PRICE, "place.kappa", "difference"]
        assert found.cases["difference"].to_numpy() == pytest.approx(gap)
        with pytest.raises(LocalsimError, match="worth is -1"):
            ls.where_it_loses(pair, results, METRIC, worth=-1.0)
        with pytest.raises(LocalsimError, match="nothing loses by it"):
            ls.where_it_loses(pair, results, "spend_gbp")
        plain = pair.replace(design=None)
        only_luck = quietly(plain)
        with pytest.raises(LocalsimError, match="nothing differs between the cases but luck"):
            ls.where_it_loses(plain, only_luck, METRIC)


class TestCalibration:
    @pytest.mark.slow
    def test_the_value_that_made_the_record_is_not_ruled_out(self, hamlet, tmp_path):
        world = hamlet.replace(policies=["status_quo"], replications=4)
        name = "money.onset_per_year"
        truth = {name: 0.2}
        record = quietly(world.replace(held=truth, seed=7)).pivot(METRIC)  # noqa: PD010 - of Results
        target = ls.Target(METRIC, float(record["status_quo"].mean()), 15.0, "N20")
        found = ls.calibrate(
            world,
            {name: ls.Range(0.02, 1.0)},
            [target],
            waves=2,
            size=10,
            folder=tmp_path / "out",
            workers=1,
        )
        row = found.table.iloc[0]
        assert row["low_left"] <= 0.2 <= row["high_left"]
        assert found.share < 1.0
        assert (tmp_path / "out" / "wave-1").is_dir()
        assert len(found.runs) == found.waves["points"].sum()

    def test_a_missing_package_is_named(self, monkeypatch):
        def absent(name):
            raise ModuleNotFoundError(name, name="sklearn")

        monkeypatch.setattr("localsim.appraisal.pointwise.importlib.import_module", absent)
        with pytest.raises(LocalsimError, match=r"pip install 'localsim\[calibration\]'"):
            calibration.optional("sklearn.gaussian_process", "calibration", "scikit-learn")


def test_the_figures_are_drawn(hamlet):
    pair = hamlet.replace(policies=["status_quo", "local_integrated_services"], replications=2)
    for method, size in (("morris", 2), ("sobol", 2)):
        found = ls.sensitivity(
            pair, {PRICE: None, "place.kappa": None}, METRIC, method, size=size, workers=1
        )
        assert len(found.plot().axes) == (2 if method == "morris" else 1)
    grid = pair.replace(design=ls.Grid({PRICE: [0.5, 1.0]}))
    tipped = ls.tipping(grid, quietly(grid), PRICE, METRIC)
    assert ls.plots.tipping(tipped, now=0.909).axes
    draws = np.random.default_rng(1)
    cases = pd.DataFrame(draws.random((300, 2)), columns=["a", "b"])
    assert len(ls.discover(cases, cases["a"] > 0.6).plot().axes) == 2
