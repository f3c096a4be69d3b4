"""Commissioning: whole slots, overheads paid, effort that answers, amenities and their worth."""

from dataclasses import replace

import numpy as np
import pytest
from recount import TOWNSHIP as PLACE
from recount import decided

from localsim.assumptions import Assumptions
from localsim.dynamics.columns import QUEUEING
from localsim.errors import LocalsimError
from localsim.metrics import measure
from localsim.model import Model
from localsim.place import Place
from localsim.policy.budgets import OpenEnded
from localsim.policy.contract import Judgement, Targets
from localsim.policy.policy import Policy
from localsim.policy.presets import local_integrated_services, status_quo, top_down
from localsim.policy.rules import Fixed, NeedsFormula, Rule
from localsim.policy.supply import KINDS, Community, Market
from localsim.themes import Amenity, Casework, Log, Quadratic, default_themes
from localsim.year import amenity
from localsim.year.effort import effort, rates_under
from localsim.year.overheads import OVERHEADS, PREMISES


@pytest.fixture(scope="module")
def warm():
    return Model(PLACE, seed=8, warmup_years=2)


def test_slots_are_whole_and_paid_from_the_plan(warm):
    model = decided(warm.fork(top_down()))
    regime, patches = model.regimes[0], model.town.patches
    slots = model.town.nodes.work["slots"][regime.nodes]
    assert slots.dtype.kind == "i"
    assert (slots[:, 1:] == 0).all()  # in-house
    pools = patches.pool
    for node, bought in zip(regime.nodes, slots[:, 0], strict=True):
        areas, k = np.nonzero(pools == node)
        t = model.facts.casework_index[k[0]]
        money = regime.plan[areas, t].sum()
        price = model.providers.price[node, 0]
        assert bought * price <= money + 1e-6
        assert (bought + 1) * price > money - 1e-6
    place = model.facts.amenity_index[0]
    assert model.accounts.amenity_gbp[0, place].sum() == pytest.approx(regime.plan[:, place].sum())


def test_overheads_are_paid_and_cut_where_there_is_no_money(warm):
    model = warm.fork(local_integrated_services())
    model.run(2)
    for purpose in set(OVERHEADS) - {PREMISES}:
        assert model.ledger.spent_by(purpose) > 0.0, purpose
    poor = [replace(theme, values={"budget_gbp_per_indicator": 0.01}) for theme in default_themes()]
    model = Model(PLACE, local_integrated_services(), themes=poor, warmup_years=0)
    model.fund()
    pot = model.accounts.lines.sum()
    model.listen()
    model.allocate()
    overheads = sum(model.ledger.spent_by(p, payer=a) for p in OVERHEADS
                    for a in model.facts.agencies)  # fmt: skip
    assert 0.0 < overheads <= pot + 1e-6
    assert model.accounts.lines.sum() + model.accounts.desks.sum() + overheads == pytest.approx(pot)


def test_desks_that_cannot_be_paid_for_are_not_staffed(warm):
    def run(gbp, policy=None):
        poor = [replace(t, values={"budget_gbp_per_indicator": gbp}) for t in default_themes()]
        model = Model(PLACE, policy, themes=poor, warmup_years=0)
        model.run(3)
        return model, {m: v for m, g, v in measure(model) if g == "all"}

    model, found = run(0.0)
    assert found["assessment_gbp"] == 0.0
    assert model.accounts.held_gbp == pytest.approx(0.0, abs=1e-6)  # no overdraft
    assert found["presented"] > 0.0  # people come, and nobody is there
    poorer, less = run(3.0)
    richer, more = run(400.0)
    assert 0.0 <= less["assessment_gbp"] < more["assessment_gbp"]
    desks = slice(0, model.town.patches.desks)
    staffed = [m.town.nodes.work["slots"][desks, 0].sum() for m in (model, poorer, richer)]
    assert staffed[0] == 0 <= staffed[1] < staffed[2]
    # With money enough nothing is held back, and open-ended money is always enough.
    assert staffed[2] == warm.town.nodes.work["slots"][desks, 0].sum()
    endless, _ = run(400.0, Policy("endless", budgets=OpenEnded(1.0)))
    assert endless.town.nodes.work["slots"][desks, 0].sum() == staffed[2]


def test_the_status_quo_pays_no_transition_and_others_pay_once(warm):
    model = warm.fork(status_quo())
    model.run(2)
    assert model.ledger.spent_by("transition") == 0.0
    model = warm.fork(top_down())
    model.run(1)
    once = model.ledger.spent_by("transition")
    changed = len(top_down().changes_from(status_quo()))
    share = model.facts.value("transition.share_per_answer")
    assert once == pytest.approx(changed * share * model.facts.historic_gbp.sum())
    model.run(1)
    assert model.ledger.spent_by("transition") == once


@pytest.mark.parametrize(
    ("supply", "kinds"),
    [
        (Market(), {"in-house", "private"}),
        (Market(community=True), set(KINDS)),
        (Community(), {"in-house", "voluntary", "co-operative"}),
    ],
)
def test_work_goes_to_those_who_may_bid(warm, supply, kinds):
    model = decided(warm.fork(Policy("m", supply=supply)))
    slots = model.town.nodes.work["slots"][model.town.patches.desks :]
    assert {KINDS[p] for p in np.flatnonzero(slots.sum(axis=0))} <= kinds
    capacity = model.providers.capacity[model.town.patches.desks :]
    assert (slots <= capacity + 1e-9).all()


def test_community_providers_grow_where_they_are_used_and_spend_their_reserves():
    rich = Assumptions.default().replace({"supply.capacity_share": 0.5, "supply.fit_sd": 0.0})
    model = Model(PLACE, Policy("m", supply=Community()), assumptions=rich, warmup_years=0)
    decided(model)
    pools = slice(model.town.patches.desks, None)
    before = model.providers.capacity[pools, 2:].copy()
    used = model.town.nodes.work["slots"][pools, 2:] > 0
    assert used.any()
    reserves = model.accounts.reserves.sum()
    for _ in range(12):
        model.live()
        model.pay()
        model.record()
        model.month += 1
    model.review()
    after = model.providers.capacity[pools, 2:]
    growth, decay = model.facts.value("supply.growth"), model.facts.value("supply.decay")
    assert after == pytest.approx(np.where(used, 1 + growth, 1 - decay) * before)
    assert model.accounts.reserves.sum() < reserves


def test_effort_answers_the_contract():
    numbers = {"contract.target_power": 0.4, "contract.judgement_power": 0.1}
    facts = Model(
        PLACE, warmup_years=0,
        assumptions=Assumptions.default().replace(numbers | {"contract.substitution": 0.5}),
    ).facts  # fmt: skip
    C = np.array([[1.0, 0.5], [0.5, 1.0]])
    tasks = facts.tasks[0]

    def under(contract):
        return effort(tasks, rates_under(facts, contract, tasks))

    assert C @ under(Targets(188)) == pytest.approx([0.4, 0.0])
    assert C @ under(Targets(94)) == pytest.approx([0.2, 0.0])
    assert (under(Targets(1880)) == under(Targets(188))).all()
    assert C @ under(Judgement()) == pytest.approx([0.1, 0.1])
    assert under(Targets(188))[1] < 0.0 < under(Judgement())[1]


def spending(place, level, themes, **numbers):
    numbers = Assumptions.default().replace(numbers)
    rule = Fixed(np.outer(place.residents, level))
    policy = Policy("fixed", tier="nation", budgets=OpenEnded(), rule=rule)
    model = Model(place, policy, themes=themes, assumptions=numbers, warmup_years=0)
    model.run(1)
    return model


def test_amenities_are_worth_what_the_formula_says():
    three = Place.synthetic([100, 50, 10], neighbourhood_areas=1, seed=1)
    values = [3.0, 2.0, 1.0]
    model = spending(three, [1.5], [Amenity.of_values("parks", values, Quadratic(0.8))])
    expected = three.residents * (np.array(values) * 1.5 - 0.4 * 1.5**2)
    assert model.amenity_gbp[:, 0] == pytest.approx(expected)
    model = spending(three, [150.0], [Amenity.of_values("parks", values, Log())])
    expected = three.residents * np.array(values) * np.log(150.0 / 100.0)
    assert model.amenity_gbp[:, 0] == pytest.approx(expected)


def test_spillover_mixes_own_and_neighbours_and_is_counted_by_those_who_answer_for_both():
    row = Place.synthetic([10, 10, 10, 10], neighbourhood_areas=2, seed=1)
    own = np.array([1.0, 2.0, 3.0, 4.0])
    around = np.array([
        own[row.neighbour_index[row.neighbour_offsets[a]:row.neighbour_offsets[a + 1]]].mean()
        for a in range(4)
    ])  # fmt: skip
    assert amenity.spill(row, own, 0.25) == pytest.approx(0.75 * own + 0.25 * around)
    assert amenity.spill(Place.synthetic(5, areas=1), own[:1], 0.9) == pytest.approx(own[:1])
    theme = Amenity("parks", values={"kappa": 0.4})
    facts = Model(row, themes=[theme], warmup_years=0).facts
    alone = {
        tier: amenity.counted(facts, row.units(tier), theme, row.units(tier))
        for tier in ("nation", "neighbourhood", "area")
    }
    assert alone["nation"] == pytest.approx([1.0])
    assert alone["area"] == pytest.approx(np.full(4, 0.6))
    agreed = amenity.counted(facts, row.units("area"), theme, row.units("nation"))
    assert agreed == pytest.approx(np.ones(4))
    half = alone["neighbourhood"]
    assert ((half > 0.6) & (half < 1.0)).all()


def test_prevention_slows_onset_as_amenity_spending_rises():
    themes = [Casework("need"), Amenity("parks", values={"prevention": 0.5})]
    place = Place.synthetic(400, areas=2, seed=1)
    usual = Model(place, themes=themes, warmup_years=0)
    reference = usual.facts.historic_gbp[:, 1].sum() / place.residents.sum()
    for ratio, factor in ((1.0, 1.0), (4.0, 0.5), (0.0, 0.01**-0.5)):
        model = spending(place, [10.0, ratio * reference], themes)
        slope = model.town.hazard.slope / model.town.base_slope
        assert slope == pytest.approx(factor)


def test_a_rule_of_ones_own_decides_and_its_mistake_names_it(warm):
    class Wrong(Rule):
        def allocate(self, evidence, purse):
            return np.full((len(evidence.areas), len(evidence.themes)), 1e9)

    model = warm.fork(Policy("wrong", rule=Wrong()))
    with pytest.raises(LocalsimError, match=r"Rule Wrong spends £[\d,.]+ beyond"):
        model.step()


def test_more_money_buys_more_slots_and_shorter_queues(warm):
    need = decided(warm.fork(Policy("n", rule=NeedsFormula())))
    assert need.regimes[0].plan.sum() > 0
    rich, poor = (
        Model(
            PLACE, warmup_years=1,
            themes=[replace(t, values={"budget_gbp_per_indicator": gbp}) for t in default_themes()],
        )
        for gbp in (4000.0, 40.0)
    )  # fmt: skip
    for model in (rich, poor):
        model.run(2)
    queues = [
        int((m.town.cases.row["phase"][: m.town.cases.sizes[1]] == QUEUEING).sum())
        for m in (rich, poor)
    ]
    assert queues[0] < queues[1]
