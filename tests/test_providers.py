"""Providers: awards by what is observed, contracts that hold, failure and entry."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from recount import TOWNSHIP as PLACE
from recount import conserved, decided

from localsim import check
from localsim.assumptions import Assumptions
from localsim.errors import LocalsimError
from localsim.metrics import measure
from localsim.model import Model
from localsim.policy.policy import Policy
from localsim.policy.supply import COMMUNITY, IN_HOUSE, PRIVATE, VOLUNTARY, Community, Market

# ── selection by a metric ───────────────────────────────────────────────────────────────────────


def test_the_best_by_a_metric_bring_what_it_has_to_do_with_the_outcome():
    result = check.selection(0.3, 0.9, replications=5)
    assert result.exact["outcome"] == pytest.approx(0.9 * 1.158975, abs=1e-5)
    assert abs(result.outcome - result.exact["outcome"]) <= 4.5 * result.outcome_se
    assert abs(result.metric - result.exact["metric"]) <= 4.5 * result.metric_se


def test_the_exact_values_of_selection_are_goodharts():
    result = check.selection(0.1, 0.5, replications=2)
    assert result.exact["outcome"] == pytest.approx(0.8774916596624341)


@pytest.mark.slow
@settings(max_examples=4, deadline=None)
@given(st.floats(0.3, 1.0), st.floats(0.5, 1.0), st.integers(0, 99))
def test_selection_holds_for_any_share_and_correlation(q, rho, seed):
    # So many that a standard error of few replications does not come out far too small by luck.
    result = check.selection(q, rho, replications=12, seed=seed)
    for field, value in result.exact.items():
        assert abs(getattr(result, field) - value) <= 8.0 * getattr(result, f"{field}_se")


def test_selection_refuses_what_cannot_be():
    for wrong in ((0.0, 0.5), (1.1, 0.5), (0.1, -0.5), (0.1, 1.5), (float("nan"), 0.5)):
        with pytest.raises(LocalsimError):
            check.selection(*wrong)


# ── awards ──────────────────────────────────────────────────────────────────────────────────────


def world(**numbers):
    return Assumptions.default().replace({k.replace("__", "."): v for k, v in numbers.items()})


def pools(model):
    return slice(model.town.patches.desks, None)


def test_quality_is_seen_more_sharply_with_every_year_of_work_and_never_that_of_ones_own_staff():
    policy = Policy("m", supply=Market(contract_years=1, quality_weight=0.0))
    errors = []
    for replication in range(25):
        model = Model(
            PLACE, policy, replication=replication, warmup_years=0,
            assumptions=world(supply__observation_sd=0.2, supply__cost_sd=0.0),
        )  # fmt: skip
        years = []
        for _ in range(4):
            providers = model.providers
            years.append(np.log(providers.observed / providers.quality)[pools(model)])
            model.run(1)
        worked = model.providers.looks[pools(model), PRIVATE] == 4
        assert worked.any()
        errors.append(np.array(years)[:, worked])
    errors = np.array(errors)  # replication, year, pool, kind
    assert (errors[..., IN_HOUSE] == 0.0).all()
    spread = errors[..., PRIVATE].std(axis=(0, 2))
    assert spread == pytest.approx(0.2 / np.sqrt([1, 2, 3, 4]), rel=0.25)
    # Those who did no work are no better known than before.
    assert (errors[:, 0, :, VOLUNTARY] == errors[:, 3, :, VOLUNTARY]).all()


def test_a_contract_holds_for_its_years():
    def orders(years):
        supply = Market(contract_years=years, quality_weight=1.0)
        model = Model(
            PLACE, Policy("m", supply=supply), warmup_years=0,
            assumptions=world(supply__observation_sd=0.3, supply__cost_sd=0.0),
        )  # fmt: skip
        found = []
        for _ in range(6):
            model.run(1)
            found.append(model.providers.order[pools(model)].copy())
        return found

    held, yearly = orders(3), orders(1)
    assert (held[0] == held[1]).all()
    assert (held[1] == held[2]).all()
    assert any((a != b).any() for a, b in pairwise(yearly))


def test_who_cannot_fill_a_lot_is_not_awarded_it():
    numbers = world(supply__capacity_share=0.3, supply__cost_sd=0.0)
    for lot in (1, 2, 5, 10**6):
        supply = Market(community=True, lot_slots=lot, quality_weight=0.0)
        model = Model(PLACE, Policy("m", supply=supply), assumptions=numbers, warmup_years=0)
        decided(model)
        slots = model.town.nodes.work["slots"][pools(model)]
        assert (slots[:, 1:] % lot == 0).all()
        assert (slots[:, 1:] <= model.providers.capacity[pools(model), 1:]).all()
        assert slots.sum() > 0  # the agency's own staff do the rest
        if lot == 10**6:
            assert (slots[:, 1:] == 0).all()


def test_larger_lots_are_cheaper_where_the_world_has_economies_of_scale():
    def paid(scale, lot):
        supply = Market(lot_slots=lot, quality_weight=0.0)
        model = Model(
            PLACE, Policy("m", supply=supply), assumptions=world(supply__scale=scale),
            warmup_years=0,
        )  # fmt: skip
        decided(model)
        slots = model.town.nodes.work["slots"][:, PRIVATE]
        return model.accounts.pay_gbp[slots > 0, PRIVATE] / slots[slots > 0]

    alone, lots = paid(0.1, 1), paid(0.1, 2)
    assert lots == pytest.approx(alone[: lots.size] * 2**-0.1) or lots.size < alone.size
    assert paid(0.0, 2).max() == pytest.approx(paid(0.0, 1).max())


def test_grants_are_cheaper_to_let_and_easier_to_lose():
    sure, shaky = world(supply__grant_loss=0.0), world(supply__grant_loss=1.0)
    for numbers, some in ((sure, True), (shaky, False)):
        for supply, lost in ((Community(), True), (Market(community=True), False)):
            model = Model(PLACE, Policy("g", supply=supply), assumptions=numbers, warmup_years=0)
            decided(model)
            granted = model.town.nodes.work["slots"][:, COMMUNITY].sum() > 0
            assert granted == (some or not lost)
    costs = []
    for supply in (Community(), Market()):
        model = Model(PLACE, Policy("g", supply=supply), warmup_years=0)
        decided(model)
        costs.append(model.ledger.spent_by("tendering", payer="council"))
    ratio = model.facts.value("tender.grant_ratio")
    assert costs[0] == pytest.approx(ratio * costs[1])


# ── failure and entry ───────────────────────────────────────────────────────────────────────────

FRAGILE = {
    "supply__reserve_months": 1.0, "supply__gift_share": 0.0, "supply__capacity_share": 0.4,
    "supply__price__voluntary": 0.6, "supply__cost__voluntary": 0.9, "supply__reserve_use": 100.0,
}  # fmt: skip


def failing(entry=0.0):
    policy = Policy("c", supply=Community(quality_weight=0.0, contract_years=1))
    numbers = world(**FRAGILE, supply__entry=entry, supply__grant_loss=0.0)
    return Model(PLACE, policy, seed=3, assumptions=numbers, warmup_years=0)


def test_a_provider_without_reserves_leaves_and_its_cases_go_back_to_the_queue():
    model = failing()
    desks = model.town.patches.desks
    served = []
    for _ in range(12):
        before = model.town.nodes.work["busy"][desks:, VOLUNTARY].copy()
        gone = model.providers.alive[desks:, VOLUNTARY].copy()
        model.step()
        conserved(model)
        failed = gone & ~model.providers.alive[desks:, VOLUNTARY]
        served += before[failed].tolist()
        assert (model.town.nodes.work["slots"][desks:, VOLUNTARY][failed] == 0).all()
        assert (model.town.nodes.work["busy"][desks:, VOLUNTARY][failed] == 0).all()
    assert model.providers.failed.sum() > 0
    assert sum(served) > 0  # somebody was being served when it happened
    assert (model.accounts.reserves >= -0.006).all()
    found = {(m, g): v for m, g, v in measure(model)}
    assert found["providers_failed", "all"] == model.providers.failed.sum()
    assert model.ledger.received_from("creditors") > 0.0


def test_the_agencys_own_staff_take_over_what_a_failed_provider_was_paid_for():
    model = failing()
    decided(model)
    pay = model.accounts.pay_gbp.copy()
    slots = model.town.nodes.work["slots"].copy()
    for _ in range(12):
        model.live()
        model.pay()
        model.record()
        model.month += 1
    failed = (pay > 0.0) & ~model.providers.alive
    assert failed[:, VOLUNTARY].any()
    price = np.maximum(model.providers.price[:, [IN_HOUSE]], 1e-9)
    taken = np.where(failed, np.floor(pay / price + 1e-9), 0.0).sum(axis=1)
    more = (model.town.nodes.work["slots"] - slots)[:, IN_HOUSE]
    assert (more == taken).all()
    assert (model.accounts.pay_gbp.sum(axis=1) <= pay.sum(axis=1) + 1e-6).all()


def test_a_voluntary_provider_offers_no_more_below_cost_than_its_reserves_can_bear():
    numbers = world(
        supply__reserve_months=1.0, supply__gift_share=0.5, supply__price__voluntary=0.6,
        supply__cost__voluntary=0.9, supply__cost_sd=0.0, supply__grant_loss=0.0,
        supply__capacity_share=0.6,
    )  # fmt: skip
    policy = Policy("c", supply=Community(quality_weight=0.0, contract_years=1))
    model = Model(PLACE, policy, assumptions=numbers, warmup_years=0)
    bound = False
    for _ in range(4):
        before = model.accounts.reserves[:, VOLUNTARY].copy()
        decided(model)
        start = np.maximum(before, model.accounts.reserves[:, VOLUNTARY])
        slots = model.town.nodes.work["slots"][:, VOLUNTARY]
        gap = model.providers.cost[:, VOLUNTARY] - model.providers.price[:, VOLUNTARY]
        assert (slots * gap * 0.5 <= 0.5 * start + 1e-6).all()
        bound |= bool((slots < np.floor(model.providers.capacity[:, VOLUNTARY])).any())
        for _ in range(12):
            model.live()
            model.pay()
            model.record()
            model.month += 1
        model.review()
    assert bound
    assert model.providers.failed.sum() == 0  # without surprises nobody runs out


def test_others_enter_at_the_rate_of_the_world_unknown_and_with_a_fit_of_their_own():
    never, always = failing(0.0), failing(1.0)
    first = always.providers.quality.copy()
    for model in (never, always):
        model.run(3)
    pool = pools(never)
    failed = ~never.providers.alive[pool, VOLUNTARY]
    failed &= never.providers.generation[pool, VOLUNTARY] == 0
    assert failed.any()
    later = always.providers.generation[pool, VOLUNTARY] > 0
    assert later[failed].all()
    assert (always.providers.quality[pool][later] != first[pool][later]).any()
    assert (never.providers.quality == first).all()


def test_private_firms_bring_reserves_when_they_first_win_work_and_can_fail():
    policy = Policy("m", supply=Market(quality_weight=0.0))
    model = Model(
        PLACE, policy, warmup_years=0,
        assumptions=world(supply__cost_sd=1.0, supply__reserve_months=0.5),
    )  # fmt: skip
    decided(model)
    won = model.town.nodes.work["slots"][:, PRIVATE] > 0
    own = model.accounts.reserves[:, PRIVATE]
    assert own[won] == pytest.approx(model.accounts.pay_gbp[won, PRIVATE] * 0.5 / 12.0)
    assert (own[~won] == 0.0).all()
    model = Model(PLACE, policy, warmup_years=0, assumptions=model.facts.assumptions)
    for _ in range(36):
        model.step()
    conserved(model)
    assert model.providers.failed.sum() > 0


def test_without_shocks_gaps_or_lots_nobody_fails():
    calm = world(supply__cost_sd=0.0, supply__price__voluntary=0.9, supply__cost__voluntary=0.9)
    model = Model(PLACE, Policy("m", supply=Market(community=True)), assumptions=calm,
                  warmup_years=0)  # fmt: skip
    model.run(3)
    assert model.providers.failed.sum() == 0
