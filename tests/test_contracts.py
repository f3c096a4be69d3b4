"""Contracts: rates and effort task by task, and what a target measures beside what is true."""

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import localsim as ls
from localsim import check
from localsim.errors import LocalsimError
from localsim.metrics import measure
from localsim.model import Model
from localsim.place import Place
from localsim.policy.contract import Judgement, LinearContract, Targets
from localsim.policy.policy import Policy
from localsim.policy.presets import status_quo
from localsim.themes import Casework, default_themes
from localsim.themes.tasks import Tasks
from localsim.year.effort import best_rates, effort
from localsim.year.sight import look

PLACE = Place.synthetic(900, areas=5, seed=2, neighbourhood_areas=3)
SUBSTITUTES = [[1.0, 0.5], [0.5, 1.0]]
REPORTED = ("target_time_reported_months", "over_target_reported")


def read(model):
    return {(metric, group): value for metric, group, value in measure(model)}


# ── rates and effort ─────────────────────────────────────────────────────────────────────────────


def test_the_planner_pays_most_for_what_is_measured_best():
    result = check.targets([1, 1], SUBSTITUTES, [0.25, 1], 1)
    assert result.contract == pytest.approx([0.615385, 0.461538], abs=1e-6)
    assert np.array(SUBSTITUTES) @ result.effort == pytest.approx(result.contract)


@st.composite
def work(draw):
    count = draw(st.integers(1, 4))
    number = st.floats(-3.0, 3.0)
    root = np.array(draw(st.lists(number, min_size=count**2, max_size=count**2)))
    spread = np.array(draw(st.lists(number, min_size=count**2, max_size=count**2)))
    root, spread = root.reshape(count, count), spread.reshape(count, count)
    noise = spread @ spread.T
    unseen = draw(st.lists(st.booleans(), min_size=count, max_size=count))
    noise[np.diag(unseen)] = math.inf
    benefit = draw(st.lists(number, min_size=count, max_size=count))
    return benefit, root @ root.T + np.eye(count), noise, draw(st.floats(0.0, 4.0))


@settings(max_examples=25)
@given(work())
def test_contracts_are_exact_for_any_work(given_work):
    result = check.targets(*given_work)
    for field, expected in result.exact.items():
        np.testing.assert_allclose(getattr(result, field), expected, rtol=1e-8, atol=1e-9)


@settings(max_examples=25)
@given(work(), st.integers(0, 2**32 - 1))
def test_no_other_rates_leave_the_planner_a_higher_certainty_equivalent(given_work, seed):
    benefit, cost, noise, risk = given_work
    tasks = Tasks(benefit, cost, noise, risk, intrinsic=[1e6] * len(benefit))
    seen = np.where(np.isfinite(noise), noise, 0.0)

    def equivalent(rates):
        e = effort(tasks, rates)
        return np.dot(benefit, e) - 0.5 * e @ cost @ e - 0.5 * risk * rates @ seen @ rates

    best = best_rates(tasks)
    step = np.random.default_rng(seed).normal(size=best.size) * tasks.measured
    most = equivalent(best)
    assert equivalent(best + 0.1 * step) <= most + 1e-9 * max(1.0, abs(most))


def test_what_cannot_be_measured_weakens_the_pay_of_what_competes_with_it():
    alone = check.targets([1, 1], [[1, 0], [0, 1]], [0.5, math.inf], 1).contract
    rival = check.targets([1, 1], SUBSTITUTES, [0.5, math.inf], 1).contract
    assert alone == pytest.approx([1 / 1.5, 0.0])
    assert rival == pytest.approx([0.5 / (1 + 0.5 * 0.75), 0.0])


def test_effort_is_given_up_altogether_before_it_is_negative():
    tasks = Tasks([0, 0], [[1.0, 0.9], [0.9, 1.0]], [1, 1], intrinsic=[0.5, 0.5])
    answer = effort(tasks, np.array([3.0, 0.0]))
    assert answer[1] == pytest.approx(-0.5)
    # With the second task at nothing the first solves e₁ + 0.9·(−0.5) = 3.
    assert answer[0] == pytest.approx(3.45)


def test_providers_keep_the_rates_and_effort_of_their_contract():
    model = Model(PLACE, replace(status_quo(), contract=LinearContract()), warmup_years=0)
    model.step()
    provider = next(iter(model.agents_by_type[ls.Provider]))
    facts = model.facts
    assert provider.rates[0] == pytest.approx(
        (facts.value("contract.worth_measured") - 0.3 * facts.value("contract.worth_unmeasured"))
        / (1 + facts.value("contract.risk_aversion") * (1 - 0.3**2))
    )
    assert provider.rates[1] == 0.0
    assert [[1, 0.3], [0.3, 1]] @ provider.effort == pytest.approx(provider.rates)


def test_a_theme_s_own_tasks_move_its_own_work_alone():
    tasks = Tasks([1.0], [[1.0]], [0.0], speed=[0.5], success=[0.2])
    themes = [replace(theme) for theme in default_themes()]
    themes[0] = replace(themes[0], tasks=tasks)
    paid = replace(status_quo(), contract=LinearContract(rates=(1.0,)))
    with pytest.raises(LocalsimError, match="rates lists 1 tasks; the work has 2"):
        Model(PLACE, paid, themes=themes, warmup_years=0).step()
    model = Model(PLACE, paid, themes=themes[:1], warmup_years=0)
    model.step()
    work = model.town.nodes.work[model.town.patches.desks :]
    more = 1.0 - 0.2  # one of pay, less what targets drew when it was calibrated
    assert work["duration"] == pytest.approx(math.exp(-0.5 * more))
    assert work["success"][:, 0] == pytest.approx(math.exp(0.2 * more))


def test_nobody_is_paid_for_what_is_not_measured():
    paid = replace(status_quo(), contract=LinearContract(rates=(0.1, 0.1)))
    with pytest.raises(LocalsimError, match="nothing is measured of task 1"):
        Model(PLACE, paid, warmup_years=0).step()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"cost": [[1.0, 2.0], [2.0, 1.0]]}, "positive definite"),
        ({"cost": [[1.0, 0.2], [0.5, 1.0]]}, "symmetric"),
        ({"cost": [[1.0]]}, "lists 2 tasks, and cost"),
        ({"cost": [1.0, 1.0]}, "cost must be a matrix"),
        ({"noise": [-1.0, 1.0]}, "no measures can vary"),
        ({"noise": [1.0, math.nan]}, "noise must be numbers"),
        ({"noise": [[1.0, math.inf], [math.inf, 1.0]]}, "stands on the diagonal"),
        ({"benefit": ["much", 1.0]}, "benefit must be numbers"),
        ({"benefit": [math.inf, 1.0]}, "list of finite numbers"),
        ({"risk_aversion": -1.0}, "zero or more"),
        ({"intrinsic": [-1.0, 0.0]}, "zero or more"),
        ({"speed": [1.0]}, "lists 2 tasks, and speed"),
    ],
)
def test_tasks_that_cannot_be_are_refused(change, message):
    usual = {"benefit": [1.0, 1.0], "cost": SUBSTITUTES, "noise": [1.0, 1.0]}
    with pytest.raises(LocalsimError, match=message):
        Tasks(**usual | change)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Targets(target_months=-1.0), "0 or more"),
        (lambda: Targets(target_months="soon"), "finite number"),
        (lambda: Targets(clock="middle"), "no clock stops at 'middle'"),
        (lambda: LinearContract(rates="high"), "rates is a list"),
        (lambda: LinearContract(rates=[math.inf]), "a rate must be a finite number"),
        (lambda: LinearContract(-1), "whole number"),
        (lambda: Casework("work", tasks=[1.0]), "tasks are Tasks"),
        (lambda: check.targets(1.0, [[1.0]], [1.0], 1.0), "benefit must be numbers"),
        (lambda: check.targets([1.0], [[1.0]], [1.0], -1.0), "risk_aversion must lie"),
        (lambda: check.relabelling(0, 1, 1), "mean must be above zero"),
        (lambda: check.relabelling(1, 1, -1), "window must lie"),
    ],
)
def test_contracts_that_cannot_be_are_refused(make, message):
    with pytest.raises(LocalsimError, match=message):
        make()


# ── what is measured beside what is true ─────────────────────────────────────────────────────────


@pytest.mark.parametrize("arguments", [(4, 4, 1.5), (0.2, 0.3, 0.3)])
def test_relabelling_leaves_true_times_as_they_are(arguments):
    result = check.relabelling(*arguments)
    for field, expected in result.exact.items():
        error = getattr(result, f"{field}_se")
        assert error <= 0.01 * expected
        assert abs(getattr(result, field) - expected) <= 3.5 * error
    assert result.spike == pytest.approx(result.honest - result.reported)


@pytest.mark.parametrize("clock", ["start", "end"])
def test_a_target_that_nothing_is_done_about_changes_what_is_reported_alone(clock):
    usual = Model(PLACE, status_quo(), seed=4, warmup_years=1)
    held = usual.fork(replace(usual.policy, contract=Targets(188, target_months=0.5, clock=clock)))
    usual = usual.fork(usual.policy)
    # A policy that differs in an answer pays a transition, and that is all that differs.
    held.run(2)
    figures = read(held)
    assert figures["target_time_reported_months", "all"] < figures["target_time_months", "all"]
    shares = [figures[m, "all"] for m in ("over_target", "over_target_reported")]
    assert shares[0] - shares[1] == pytest.approx(figures["reported_at_target", "all"])
    if clock == "start":
        assert figures["target_time_months", "all"] == figures["wait_mean_months", "all"]
    usual.run(2)
    assert not [metric for metric, _ in read(usual) if metric.startswith("target_time")]
    costless = {"transition.share_per_answer": 0.0}
    begun = Model(
        PLACE, status_quo(), seed=4, warmup_years=1,
        assumptions=ls.Assumptions.default().replace(costless),
    )  # fmt: skip
    found = []
    for policy in (status_quo(), held.policy):
        model = begun.fork(policy)
        model.run(2)
        found.append(read(model))
    without, within = found
    assert {key: within[key] for key in without} == without


def test_deciders_see_waits_as_they_are_reported():
    numbers = ls.Assumptions.default().replace({"contract.relabel_months": 50.0})
    policy = Policy("held", contract=Targets(188, target_months=0.25))
    model = Model(PLACE, policy, seed=4, warmup_years=1, assumptions=numbers)
    model.run(1)
    sight = look(model.facts, model.town, model.priorities, None, model.since, 1, speak=False)
    assert sight.starts.sum() > 0
    assert (sight.access_months <= 0.25 * sight.starts + 1e-9).all()
    assert read(model)["wait_mean_months", "all"] > 0.25
    assert read(model)["over_target_reported", "all"] == 0.0


def test_fewer_items_save_their_share_of_compliance_and_no_more():
    def costs(items):
        model = Model(PLACE, replace(status_quo(), contract=Targets(items)), warmup_years=0)
        model.run(1)
        figures = read(model)
        return figures["compliance_gbp", "all"], figures["overhead_gbp", "all"]

    (full, all_full), (fewer, all_fewer) = costs(188), costs(170)
    assert full > 0.0
    assert (full - fewer) / full == pytest.approx(18 / 188, rel=1e-9)
    # The change of contract itself costs more than it saves in its first year.
    assert all_full - all_fewer < full - fewer
    assert Judgement().items < 170
