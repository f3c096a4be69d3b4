"""Metrics: read from counters, finite, in groups, and what their names say."""

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from localsim.dynamics.columns import WAIT_BIN_RATIO, WAIT_BINS, WEEKS_PER_MONTH
from localsim.dynamics.queues import wait_bin
from localsim.dynamics.waits import quantile
from localsim.metrics import FIFTHS, METRICS, measure, metrics
from localsim.model import Model
from localsim.place import TENURES, Place
from localsim.policy.contract import Targets
from localsim.policy.policy import Pilot
from localsim.policy.presets import PRESETS, local_integrated_services, status_quo, top_down
from localsim.themes import Amenity

PLACE = Place.synthetic(2000, areas=10, neighbourhood_areas=5, heterogeneity=1.0, seed=3)
# Some times have a target, so that what is reported of them has a metric.
HELD = replace(status_quo(), contract=Targets(188, target_months=0.5))
PILOT = Pilot(local_integrated_services(), "Neighbourhood 1", HELD)
SIGNED = {"amenity_benefit_gbp", "trust"}


@pytest.fixture(scope="module")
def model():
    model = Model(PLACE, PILOT, seed=1, warmup_years=2)
    model.run(3)
    return model


@pytest.fixture(scope="module")
def rows(model):
    return {(metric, group): value for metric, group, value in measure(model)}


@given(
    st.lists(st.floats(0.0, 60.0), min_size=1, max_size=200),
    st.sampled_from([0.1, 0.5, 0.9, 1.0]),
)
def test_quantiles_agree_with_numpy_within_a_bin(waits, share):
    counts = np.bincount([wait_bin(months) for months in waits], minlength=WAIT_BINS)
    exact = np.quantile(waits, share, method="inverted_cdf") * WEEKS_PER_MONTH
    found = quantile(counts, share) * WEEKS_PER_MONTH
    assert math.log1p(found) == pytest.approx(
        math.log1p(exact), abs=math.log(WAIT_BIN_RATIO) * (1 + 1e-9) + 1e-9
    )


@given(st.lists(st.integers(0, 9), min_size=WAIT_BINS, max_size=WAIT_BINS).filter(any))
def test_quantiles_rise(counts):
    found = [quantile(np.array(counts), share) for share in np.linspace(0, 1, 21)]
    assert found == sorted(found)
    assert found[0] == 0.0


def test_nobody_waited_is_a_wait_of_nothing():
    counts = np.zeros(WAIT_BINS, int)
    counts[0] = 5
    assert quantile(counts, 0.9) == 0.0


def test_every_metric_is_produced_and_none_that_has_no_name(rows):
    assert {metric for metric, _ in rows} == set(METRICS)


def test_every_metric_is_described():
    for name, metric in METRICS.items():
        assert metric.name == name
        assert metric.better in {"lower", "higher", None}
        assert metric.label
        assert metric.unit
        assert metric.description.endswith(".")


def test_every_figure_is_finite_named_once_and_not_negative(model, rows):
    assert len(rows) == len(measure(model))
    for (metric, group), value in rows.items():
        assert type(value) is float, (metric, group)
        assert math.isfinite(value), (metric, group)
        assert value >= 0.0 or metric in SIGNED, (metric, group)


def test_groups_are_all_of_them(model, rows):
    groups = {group for metric, group in rows if metric == "need_months_unmet"}
    themes = {f"theme: {theme.label}" for theme in model.facts.casework}
    assert groups == {"all", "inside", "outside", *FIFTHS, *TENURES, *themes}
    payers = {f"payer: {agency}" for agency in model.own_payers}
    assert {g for m, g in rows if m == "spend_gbp"} == {"all", "inside", "outside"} | payers


@pytest.mark.parametrize("metric", ["need_months_unmet", "crises", "solved", "opened",
                                    "need_months_open", "presented", "open_at_end"])  # fmt: skip
def test_parts_add_up_to_all(rows, model, metric):
    for parts in (
        ("inside", "outside"), FIFTHS, TENURES,
        tuple(f"theme: {theme.label}" for theme in model.facts.casework),
    ):  # fmt: skip
        total = sum(rows[metric, part] for part in parts)
        assert total == pytest.approx(rows[metric, "all"], rel=1e-9, abs=1e-6)


@pytest.mark.parametrize("metric", ["spend_gbp", "crisis_cost_gbp", "entitlements_gbp"])
def test_what_payers_pay_adds_up(rows, metric):
    paid = {group: value for (name, group), value in rows.items()
            if name == metric and group.startswith("payer: ")}  # fmt: skip
    assert len(paid) >= 2
    assert sum(paid.values()) == pytest.approx(rows[metric, "all"])


def test_money_adds_up(rows, model):
    overheads = sum(rows[f"{purpose.replace(' ', '_')}_gbp", "all"]
                    for purpose in metrics.OVERHEADS)  # fmt: skip
    assert rows["overhead_gbp", "all"] == pytest.approx(overheads)
    parts = rows["overhead_gbp", "all"] + rows["service_gbp", "all"] + rows["assessment_gbp", "all"]
    parts += rows["debt_service_gbp", "all"]  # nothing is invested here but what was borrowed
    assert rows["spend_gbp", "all"] == pytest.approx(parts)
    for metric in ("spend_gbp", "crisis_cost_gbp", "entitlements_gbp", "overhead_gbp"):
        zones = rows[metric, "inside"] + rows[metric, "outside"]
        assert zones == pytest.approx(rows[metric, "all"])
    assert rows["carried_gbp", "all"] == pytest.approx(model.accounts.held_gbp)


def test_need_met_and_unmet_is_need(rows):
    assert 0.0 < rows["need_months_unmet", "all"] < rows["need_months_open", "all"]
    assert rows["wait_median_months", "all"] <= rows["wait_p90_months", "all"]
    assert 0.0 <= rows["queue_waited", "all"] <= 1.0
    assert 0.0 <= rows["trust", "all"] <= 1.0
    assert 0.0 <= rows["participation", "all"] <= 1.0


def test_without_a_pilot_there_is_no_inside():
    model = Model(PLACE, top_down(), warmup_years=1)
    model.run(1)
    groups = {group for _, group, _ in measure(model)}
    assert not {"inside", "outside"} & groups
    assert set(FIFTHS) <= groups


def test_what_has_no_denominator_is_left_out():
    fresh = Model(PLACE, top_down(), warmup_years=0)
    told = {metric for metric, _, _ in measure(fresh)}
    assert not {"wait_mean_months", "contacts_per_solved", "wait_median_months"} & told
    assert all(math.isfinite(value) for _, _, value in measure(fresh))
    assert fresh.series == {}
    parks = Model(PLACE, themes=[Amenity("parks")], warmup_years=0)
    parks.run(1)
    told = {metric for metric, _, _ in measure(parks)}
    assert "need_months_unmet" not in told
    assert {"amenity_benefit_gbp", "spend_gbp"} <= told
    assert all(np.isfinite(path).all() for path in parks.series.values())


def test_series_add_up_to_the_metrics(model, rows):
    series = model.series
    assert {group for _, group in series} == {"all", "inside", "outside"}
    for (metric, group), path in series.items():
        assert metric in METRICS
        assert len(path) == model.month == 36
        assert np.isfinite(path).all()
        if metric in ("crises", "solved", "spend_gbp", "need_months_unmet"):
            assert sum(path) == pytest.approx(rows[metric, group], rel=1e-9)
        if metric.startswith("trust"):
            assert path[-1] == pytest.approx(rows[metric, group], abs=1e-9)


@pytest.mark.parametrize("name", PRESETS)
def test_the_same_run_measures_the_same(name):
    place = Place.synthetic(150, areas=3, seed=2)
    one, other = (Model(place, PRESETS[name](), seed=2, warmup_years=1) for _ in range(2))
    one.run(1)
    other.run(1)
    assert measure(one) == measure(other)
    assert one.series == other.series


def test_where_nobody_is_asked_nobody_is_heard():
    silent = Model(PLACE, top_down(), warmup_years=0)
    silent.run(1)
    told = {(m, g): v for m, g, v in measure(silent)}
    assert {v for (m, _), v in told.items() if m == "never_heard"} == {1.0}
    silent.took_part[:] = 1
    told = {(m, g): v for m, g, v in measure(silent)}
    assert {v for (m, _), v in told.items() if m == "never_heard"} == {0.0}


def test_a_group_is_heard_in_a_neighbourhood_when_one_of_them_is():
    model = Model(PLACE, top_down(), warmup_years=0)
    model.run(1)
    home = model.place.units("neighbourhood")[model.population.area]
    old = np.flatnonzero((model.population.age >= 75) & (home == home[0]))
    model.took_part[old[0]] = 1
    told = {(m, g): v for m, g, v in measure(model)}
    homes = len(set(home[model.population.age >= 75].tolist()))
    assert told["never_heard", "aged 75 and over"] == (homes - 1) / homes
    assert told["never_heard", "aged 18 to 29"] == 1.0


def test_who_has_been_served_has_been_reached():
    model = Model(PLACE, top_down(), warmup_years=1)
    at_once = {(m, g): v for m, g, v in measure(model)}
    assert {v for (m, _), v in at_once.items() if m == "never_reached"} == {1.0}
    model.run(3)
    later = {(m, g): v for m, g, v in measure(model)}
    assert 0.0 < later["never_reached", "all"] < 1.0
    need = model.town.needs.need
    waiting = [
        not need["reached"][:, i].any()
        for i in range(model.population.size)
        if (need["case"][:, i] >= 0).any()
    ]
    assert later["never_reached", "all"] == np.mean(waiting)
