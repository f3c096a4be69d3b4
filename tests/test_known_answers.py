"""Simulations beside closed forms, and what must change nothing."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from localsim import check
from localsim.check.queues import erlang_c
from localsim.check.unlike import shared_wait

NOISY = check.frictionless({"record.noise_sd": 0.3})
DEAR = check.frictionless({"compliance.gbp_per_item_per_head": 0.01})

some = settings(max_examples=15)
values = st.floats(0.01, 50.0)


def near(expected):
    return pytest.approx(expected, rel=1e-9, abs=1e-9)


def agrees(result):
    """Whether every field is what the result itself says that it should be."""
    return all(getattr(result, field) == near(value) for field, value in result.exact.items())


def within(estimate, error, expected, precision):
    """Whether a stochastic figure is precise enough, and no further off than luck would have it."""
    assert error <= precision * expected
    return abs(estimate - expected) <= 3.5 * error


# ── tailoring ────────────────────────────────────────────────────────────────────────────────────


def test_one_level_for_all_loses_the_variance_between_areas():
    result = check.uniform_provision([6, 8, 10, 16], 2, 1)
    assert result.loss == near(14.0)
    assert result.local - result.uniform == near(14.0)


@some
@given(st.data())
def test_uniform_provision_is_exact_for_any_places(data):
    a = data.draw(st.lists(st.floats(0.0, 50.0), min_size=1, max_size=6))
    n = data.draw(st.lists(st.integers(1, 300), min_size=len(a), max_size=len(a)))
    b, c = data.draw(st.floats(0.1, 10.0)), data.draw(st.floats(0.1, 10.0))
    assert agrees(check.uniform_provision(a, b, c, n))


def test_where_no_level_is_cut_off_the_loss_is_oates_formula():
    a, b, c, n = np.array([4.0, 9.0, 5.5]), 3.0, 1.5, np.array([30, 2, 11])
    levels = (a - c) / b
    expected = float((n * b / 2 * (levels - np.average(levels, weights=n)) ** 2).sum())
    assert check.uniform_provision(a, b, c, n).loss == near(expected)


def test_an_area_that_wants_less_than_the_price_gets_nothing():
    result = check.uniform_provision([0.5, 4.5], 1.0, 1.0)
    assert result.local == near(3.5**2 / 2)  # the first area's best is zero, not below
    assert result.uniform == near(1.5**2)


@pytest.mark.parametrize("price", [1.0, 0.2, 37.5, 1e6])
def test_with_log_benefit_the_loss_is_theils_index_at_any_price(price):
    assert check.uniform_provision_log([1, 2, 3, 6], price).loss == near(2.249340578475234)


@some
@given(st.lists(values, min_size=1, max_size=6), st.floats(0.01, 100.0))
def test_uniform_provision_log_is_exact_for_any_values(m, price):
    assert agrees(check.uniform_provision_log(m, price))


@pytest.mark.parametrize("world", [NOISY, DEAR], ids=["noise", "overheads"])
def test_provision_misses_in_a_world_that_is_not_as_the_formula_has_it(world):
    assert not agrees(check.uniform_provision([6, 8, 10, 16], 2, 1, world=world))
    assert not agrees(check.uniform_provision_log([1, 2, 3, 6], world=world))


# ── information, and whose interests ─────────────────────────────────────────────────────────────


@pytest.mark.slow
def test_tailoring_to_a_sample_gains_on_it_and_loses_as_much_on_fresh_weights():
    result = check.in_sample(20, 50, 0.7)
    assert result.exact["in_sample"] == pytest.approx(0.00931)
    assert within(result.in_sample, result.in_sample_se, 0.00931, 0.01)
    assert within(-result.fresh, result.fresh_se, 0.00931, 0.01)


@pytest.mark.slow
@settings(max_examples=3)
@given(st.integers(1, 12), st.integers(1, 20), st.floats(0.01, 30.0))
def test_in_sample_is_within_error_for_any_areas(areas, residents, sigma):
    result = check.in_sample(areas, residents, sigma, replications=8, seed=3)
    for field, value in result.exact.items():
        error = getattr(result, f"{field}_se")
        assert abs(getattr(result, field) - value) <= 6 * error + 1e-6 * sigma**2


shares = st.lists(st.floats(0.05, 1.0), min_size=2, max_size=5)


@some
@given(st.data())
def test_capture_threshold_is_where_the_divergences_meet_for_any_shares(data):
    s = np.array(data.draw(shares))
    e = np.array(data.draw(st.lists(st.floats(0.02, 1.0), min_size=s.size, max_size=s.size)))
    e[-1] = 0.0
    result = check.capture_threshold((s / s.sum()).tolist(), (e / e.sum()).tolist())
    expected = result.exact["capture"]
    assert result.capture == pytest.approx(expected, abs=0.01, nan_ok=True)
    assert result.note


def test_capture_threshold_by_hand_and_where_there_is_none():
    # KL(s‖bent) = KL(s‖u) at equal shares, t = 3/8 of the way from (0.2, 0.8) to (1, 0).
    assert check.capture_threshold([0.2, 0.8], [1, 0]).capture == pytest.approx(0.375, abs=1e-6)
    none = check.capture_threshold([0.1, 0.9], [0.2, 0.8])
    assert math.isnan(none.capture)
    assert "No capture is enough" in none.note
    assert check.capture_threshold([0.5, 0.5], [0.9, 0.1]).capture == 0.0


@some
@given(st.lists(st.floats(-50.0, 50.0), min_size=1, max_size=12), st.floats(0.05, 20.0))
def test_the_median_voter_loses_by_the_square_of_mean_less_median(bliss, b):
    result = check.median_voter(bliss, b)
    expected = b / 2 * (np.mean(bliss) - np.median(bliss)) ** 2
    assert result.loss == pytest.approx(expected, rel=1e-9, abs=1e-9 * b * 50.0**2)


def test_the_median_voter_of_log_normal_bliss_points():
    bliss = np.random.default_rng(1).lognormal(0.0, 0.5, 501)
    assert agrees(check.median_voter(bliss))


@pytest.mark.slow
def test_citizens_gain_from_votes_issue_by_issue_what_kollman_miller_and_page_say():
    result = check.referendum(1000, 11, 400 / 11)
    assert within(result.utility, result.utility_se, 2.523132522, 0.01)


@pytest.mark.slow
@pytest.mark.parametrize(("citizens", "issues", "scale"), [(3, 2, 1.0), (40, 1, 7.0), (77, 5, 0.1)])
def test_referendum_is_within_error_for_any_electorate(citizens, issues, scale):
    result = check.referendum(citizens, issues, scale, replications=60, seed=4)
    assert abs(result.utility - result.exact["utility"]) <= 4 * result.utility_se


@settings(max_examples=4)
@given(st.floats(1.0, 1e5), st.floats(0.0, 20.0), st.floats(0.0, 1.0))
def test_participation_is_the_rule_integrated_over_persons(stake, hours, outreach):
    # So many that a standard error of few replications does not come out far too small by luck.
    result = check.participation(stake, hours, outreach, replications=8, seed=2)
    assert abs(result.share - result.exact["share"]) <= 6 * result.share_se + 1e-4


# ── pooling ──────────────────────────────────────────────────────────────────────────────────────


def test_a_fence_by_equal_shares_loses_the_divergence_from_what_is_wanted():
    result = check.ring_fence([1, 2, 3, 6], [0.25] * 4)
    assert result.kl == pytest.approx(0.1874450482, abs=1e-9)
    assert result.saving == pytest.approx(0.1709, abs=1e-4)
    assert result.loss == near(12 * result.kl)


@some
@given(st.data())
def test_ring_fence_is_exact_for_any_shares(data):
    m = data.draw(st.lists(values, min_size=1, max_size=5))
    weights = np.array(data.draw(st.lists(values, min_size=len(m), max_size=len(m))))
    assert agrees(check.ring_fence(m, (weights / weights.sum()).tolist()))


def test_ring_fence_misses_where_agencies_will_not_pool():
    unwilling = check.frictionless({"pooling.willingness": 0.0})
    assert not agrees(check.ring_fence([1, 2, 3, 6], [0.25] * 4, world=unwilling))


# ── spillovers ───────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("ratio", "expected"), [(1.5, 0.13143154856), (2, 0.17234268689), (0.5, 0.17234268689)]
)
def test_the_centre_wins_above_the_known_spillover(ratio, expected):
    assert check.spillover_threshold(ratio).kappa == pytest.approx(expected, abs=1e-6)


def test_equal_areas_lose_nothing_to_the_centre():
    assert check.spillover_threshold(1).kappa == 0.0


def test_the_threshold_first_rises_and_then_falls_with_the_ratio():
    found = [check.spillover_threshold(ratio) for ratio in (1.1, 5.0, 100.0, 1e6)]
    for result in found:
        assert result.kappa == pytest.approx(result.exact["kappa"], abs=1e-6)
    assert found[0].kappa < found[1].kappa > found[2].kappa > found[3].kappa


def test_the_threshold_moves_when_the_record_is_noisy():
    moved = check.spillover_threshold(2, world=NOISY)
    assert abs(moved.kappa - moved.exact["kappa"]) > 0.01


# ── noisy signals ───────────────────────────────────────────────────────────────────────────────


def test_a_raw_record_loses_its_noise_and_a_shrunk_one_less():
    result = check.noisy_signal(1, 0.25, 200, replications=20)
    for way, loss in (("uniform", 1.0), ("raw", 0.25), ("shrunk", 0.2)):
        assert within(getattr(result, way), getattr(result, f"{way}_se"), loss, 0.05)
    assert result.shrunk < result.raw < result.uniform


def test_without_noise_a_record_loses_nothing():
    result = check.noisy_signal(2, 0, 10, replications=2)
    assert (result.raw, result.shrunk) == pytest.approx((0.0, 0.0), abs=1e-6)


# ── queues ───────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("servers", "rho", "p_wait", "wait"),
    [
        (1, 0.8, 0.8, 4.0),
        (2, 0.8, 0.711111, 1.777778),
        (5, 0.8, 0.554113, 0.554113),
        (2, 0.9, 0.852632, 4.263158),
    ],
)
def test_erlangs_formula_is_the_published_one(servers, rho, p_wait, wait):
    chance = erlang_c(servers, servers * rho)
    assert chance == pytest.approx(p_wait, abs=1e-6)
    assert chance / (servers * (1 - rho)) == pytest.approx(wait, abs=1e-6)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("arrival", "service", "servers", "p_wait", "wait"),
    [(0.8, 1, 1, 0.8, 4.0), (1.6, 1, 2, 0.711111, 1.777778), (30, 10, 5, None, None)],
)
def test_a_simulated_queue_waits_as_erlang_says(arrival, service, servers, p_wait, wait):
    result = check.queue(arrival, service, servers)
    p_wait = erlang_c(servers, arrival / service) if p_wait is None else p_wait
    wait = p_wait / (servers - arrival / service) if wait is None else wait
    assert within(result.wait, result.wait_se, wait, 0.01)
    assert within(result.p_wait, result.p_wait_se, p_wait, 0.01)


def test_time_is_in_mean_services_whatever_the_unit_of_the_rates():
    fast = check.queue(16, 20, 1, replications=2, seed=3)
    slow = check.queue(0.8, 1, 1, replications=2, seed=3)
    assert fast.wait == pytest.approx(slow.wait, rel=1e-6)


def test_a_seed_decides_a_queue():
    once, again, other = (check.queue(1, 2, 1, replications=2, seed=s) for s in (1, 1, 2))
    assert once == again
    assert once.wait != other.wait


def test_shared_slots_for_alike_work_wait_as_erlang_says():
    assert shared_wait(np.array([0.5, 1.1]), np.ones(2)) == pytest.approx(1.777778, abs=1e-6)


def test_pooling_unlike_work_can_hurt():
    result = check.pool_unlike(0.5, [1, 50], replications=4)
    assert result.exact["pooled"] > result.exact["separate"]
    for way, wait in result.exact.items():
        assert within(getattr(result, way), getattr(result, f"{way}_se"), wait, 0.06)


@pytest.mark.parametrize(("failure", "time"), [(0.0, 2.0), (0.2, 3.333333), (0.4, 10.0)])
def test_work_that_comes_back_takes_as_long_as_jackson_says(failure, time):
    result = check.failure_demand(0.5, 1, failure)
    assert within(result.time, result.time_se, time, 0.02)


def test_failure_demand_is_in_the_unit_of_the_rates():
    result = check.failure_demand(5, 10, 0.2)
    assert within(result.time, result.time_se, 1 / 3, 0.02)


# ── what must change nothing ─────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "name",
    [
        "identical_policies",
        "label_swap",
        "unrelated_theme",
        pytest.param("worker_count", marks=pytest.mark.slow),
    ],
)
def test_what_should_change_nothing_changes_nothing(name):
    assert check.CHECKS[name]().difference == 0.0


def test_an_unrelated_theme_is_felt_where_needs_are_coupled():
    coupled = check.frictionless({"needs.coupling": 0.5})
    assert check.unrelated_theme(world=coupled).difference > 0.0


def test_halving_the_tick_changes_waits_by_less_than_luck_does():
    result = check.tick_halving()
    assert abs(result.difference) <= 3 * result.difference_se


def test_every_month_of_any_policy_balances():
    assert check.ledger().difference < 0.005


# ── votes ────────────────────────────────────────────────────────────────────────────────────────


def test_a_vote_takes_what_most_approve_while_it_fits():
    ballots = [{"park", "youth"}, {"park"}, {"youth", "lights"}, {"youth"}]
    costs = {"park": 60, "youth": 50, "lights": 40}
    assert check.vote(ballots, costs, 100, "greedy").funded == frozenset({"youth", "lights"})
