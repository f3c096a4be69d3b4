"""The year: money comes in, deciders see evidence and not truth, and slots are bought whole."""

from dataclasses import replace

import numpy as np
import pytest

from localsim.assumptions import Assumptions
from localsim.dynamics.columns import QUEUEING, UNPRESENTED
from localsim.dynamics.facts import case_cost_gbp
from localsim.errors import LedgerError, LocalsimError
from localsim.model import Model
from localsim.place import Place
from localsim.policy.budgets import OpenEnded, Pooled, RingFenced
from localsim.policy.contract import Judgement, Targets
from localsim.policy.listening import Record, Voice
from localsim.policy.policy import Devolved, Pilot, Policy
from localsim.policy.presets import local_integrated_services, status_quo, top_down
from localsim.policy.rules import Fixed, Historic, NeedsFormula, Rule
from localsim.policy.supply import KINDS, Community, Market
from localsim.themes import Amenity, Casework, Log, Quadratic, default_themes
from localsim.year import amenity
from localsim.year.accounts import ZONES
from localsim.year.commission import effort
from localsim.year.overheads import OVERHEADS

PLACE = Place.synthetic(
    [300, 200, 0, 150, 250, 100], neighbourhood_areas=2, authorities=2, heterogeneity=1.0, seed=6
)
EXACT = {
    "record.noise_sd": 0.0, "record.lag_months": 0.0, "voice.noise_sd": 0.0,
    "place.value_sd_between": 0.5,
}  # fmt: skip


@pytest.fixture(scope="module")
def warm():
    return Model(PLACE, seed=8, warmup_years=2)


@pytest.fixture(scope="module")
def exact():
    numbers = Assumptions.default().replace(EXACT)
    return Model(PLACE, seed=8, warmup_years=2, assumptions=numbers)


def decided(model):
    """Let a model decide on its year, and not yet live it."""
    model.fund()
    model.listen()
    model.allocate()
    model.commission()
    return model


def heard(model, regime=0):
    return [hearing.evidence for hearing in model._hearings[regime]]


# ── fund ──────────────────────────────────────────────────────────────────────────────────────


def test_a_years_lines_come_in_as_they_were_before(warm):
    model = warm.fork(top_down())
    before = model.accounts.lines.sum() + model.accounts.desks.sum()
    model.fund()
    came = sum(model.ledger.received.values())
    assert came == pytest.approx(model.facts.historic_gbp.sum())
    assert model.accounts.held_gbp - model.accounts.reserves.sum() == pytest.approx(before + came)
    for theme, historic in zip(model.themes, model.facts.historic_gbp.sum(axis=0), strict=True):
        if theme.agency == "jobcentre":
            assert model.ledger.received["jobcentre", ZONES[0]] == pytest.approx(historic)


@pytest.mark.parametrize("policy", [status_quo(), local_integrated_services(), top_down()])
def test_the_books_of_a_year_balance_to_the_penny(warm, policy):
    model = warm.fork(policy)
    model.run(1)
    line = model.ledger.balance()
    left = line["opening_gbp"] + line["received_gbp"] - line["spent_gbp"] - line["returned_gbp"]
    assert model.accounts.held_gbp == pytest.approx(left, rel=0, abs=0.005)


def test_missing_cash_stops_the_run_with_a_sentence(warm):
    model = warm.fork(top_down())
    model.step()
    model.accounts.lines[0, 0] -= 0.02
    with pytest.raises(LedgerError, match="Month 1: holders have"):
        model.step()


def test_ring_fences_by_share_split_the_whole_pot(warm):
    shares = {"work": 0.1, "family": 0.2, "money": 0.3, "health": 0.4}
    model = warm.fork(Policy("fenced", budgets=RingFenced(shares)))
    model.fund()
    lines = model.accounts.lines[0]
    assert lines / lines.sum() == pytest.approx([0.1, 0.2, 0.3, 0.4, 0.0])
    model.listen()
    model.allocate()
    assert model.regimes[0].plan[:, 4].sum() == pytest.approx(0.0)
    with pytest.raises(LocalsimError, match="fences money for 'wrk', which is no theme here"):
        warm.fork(Policy("wrong", budgets=RingFenced({"wrk": 1.0})))


def test_pooling_ramps_by_consent(warm):
    willingness = warm.facts.value("pooling.willingness")
    model = warm.fork(Policy("pool", budgets=Pooled(0.8, ramp=0.5)))
    share = 0.0
    for _ in range(4):
        model.run(1)
        share += 0.5 * (0.8 - share) * willingness
        assert model.regimes[0].pooled_share == pytest.approx(share)
    at_once = Assumptions.default().replace({"pooling.willingness": 1.0})
    model = Model(
        PLACE, Policy("pool", budgets=Pooled(0.8, ramp=1.0)), assumptions=at_once, warmup_years=0
    )
    model.fund()
    assert model.regimes[0].pooled_share == pytest.approx(0.8)


class Grab(Rule):
    """Everything that is not fenced goes to health."""

    def allocate(self, evidence, purse):
        self.seen = purse
        share = evidence.residents[:, None] / evidence.residents.sum()
        money = purse.fenced_gbp.copy()
        money[3] += purse.pooled_gbp
        return share * money


def test_fences_are_respected_and_only_the_pool_moves(warm):
    policy = Policy("grab", tier="nation", budgets=Pooled(1.0, ramp=0.5), rule=Grab())
    model = decided(warm.fork(policy))
    regime = model.regimes[0]
    purse = regime.policy.rule.seen
    assert purse.pooled_gbp / purse.total_gbp == pytest.approx(regime.pooled_share)
    plan = regime.plan.sum(axis=0)
    assert plan == pytest.approx(purse.fenced_gbp + purse.pooled_gbp * np.eye(5)[3])
    assert model.accounts.lines[0] == pytest.approx(plan)  # cash follows the plan


def test_a_devolved_slice_is_decided_apart(warm):
    policy = replace(
        top_down(), devolved=Devolved(0.25, "neighbourhood", Voice(), Historic()), name="slice"
    )
    model = decided(warm.fork(policy))
    nation, *local = model._hearings[0]
    assert (nation.bench.tier, nation.bench.share) == ("nation", 0.75)
    assert {h.bench.tier for h in local} == {"neighbourhood"}
    assert len(local) == len(PLACE.unit_names("neighbourhood"))
    decisions = [agent.spending_gbp for agent in model._commissioners.values()]
    assert decisions[0] / sum(decisions) == pytest.approx(0.75)


def test_open_ended_money_comes_as_it_is_spent(warm):
    model = warm.fork(Policy("open", budgets=OpenEnded(1.0)))
    opening = model.accounts.held_gbp
    model.run(1)
    # What came in is what went out: nothing is kept but what was there.
    assert model.accounts.held_gbp <= opening + 1.0


def test_no_money_crosses_the_border_of_a_pilot():
    pilot = Pilot(local_integrated_services(), "Neighbourhood 1", status_quo())
    model = Model(PLACE, pilot, seed=8, warmup_years=1)
    model.run(3)
    inside = PLACE.mask("Neighbourhood 1")
    historic = model.facts.historic_gbp
    for r, areas in enumerate((inside, ~inside)):
        assert (model.regimes[r].areas == areas).all()
        assert (model.regimes[r].plan[~areas] == 0.0).all()
    for zone, areas in zip(ZONES, (inside, ~inside), strict=True):
        came = sum(
            gbp for (who, where), gbp in model.ledger.received.items()
            if where == zone and who in model.facts.agencies
        )  # fmt: skip
        assert came == pytest.approx(3 * historic[areas].sum())
    spent = model.ledger.spent_by(payer="council", zone="inside", purpose="coordination")
    assert spent > 0.0
    assert model.ledger.spent_by(zone="outside", purpose="coordination") == 0.0


def test_each_regime_pays_for_its_own_visits_where_a_zone_does_not_tell_them_apart():
    borders = PLACE.mask("Neighbourhood 1").astype(int) * 2
    model = Model(PLACE, seed=8, warmup_years=1, borders=borders)
    assert not model.reports_zones
    model = model.fork(Pilot(top_down(), "Neighbourhood 1", status_quo()))
    for _ in range(6):
        model.step()
    contacts = model.town.tally.flows.sum(axis=1)[:, 7].reshape(len(PLACE.codes), -1).sum(axis=1)
    price = model.facts.value("doors.contact_gbp")
    for regime in model.regimes:
        paid = model.accounts.paid[regime.index].sum(axis=(0, 1))[7]
        assert paid == contacts[regime.areas].sum() > 0
    assert model.ledger.spent_by("assessment") == pytest.approx(contacts.sum() * price)


def test_teams_never_work_across_borders():
    borders = np.array([0, 2, 1, 0, 2, 1])
    model = Model(PLACE, warmup_years=0, borders=borders)
    for k in range(model.town.patches.pool.shape[1]):
        pool = model.town.patches.pool[:, k]
        for node in np.unique(pool):
            assert len(set(borders[pool == node])) == 1
    with pytest.raises(LocalsimError, match="begins or ends inside an area that shares its teams"):
        Model(PLACE, warmup_years=0).fork(Pilot(top_down(), "Neighbourhood 1", status_quo()))


# ── listen ────────────────────────────────────────────────────────────────────────────────────


def test_a_nation_sees_one_level_and_the_public_formula(warm):
    model = decided(warm.fork(Policy("n", tier="nation")))
    (seen,) = heard(model)
    lived_in = PLACE.residents > 0
    relative = seen.value[lived_in] / model.facts.formula[lived_in]
    assert np.ptp(relative, axis=0) == pytest.approx(0.0, abs=1e-9 * relative.max())
    model = decided(warm.fork(Policy("a", tier="area")))
    values = np.array([one.value[0] for one in heard(model)])
    levels = values[lived_in] / model.facts.formula[lived_in]
    assert (np.ptp(levels, axis=0) > 0.0).all()


@pytest.mark.parametrize("tier", ["nation", "authority", "neighbourhood", "area"])
def test_evidence_is_pooled_at_the_deciders_tier_and_sums_to_the_record(exact, tier):
    model = decided(exact.fork(Policy("p", tier=tier)))
    units = PLACE.units(tier)
    hearings = model._hearings[0]
    assert len(hearings) == len(set(units.tolist()))
    people = PLACE.residents.astype(float)
    need = np.zeros((people.size, len(model.themes)))
    for hearing in hearings:
        assert len(set(units[hearing.areas].tolist())) == 1
        assert hearing.evidence.areas == tuple(np.array(PLACE.codes)[hearing.areas])
        need[hearing.areas] = hearing.evidence.need_gbp
    year = np.sum(model.presented[-12:], axis=0)
    recorded = year * case_cost_gbp(model.facts)
    for unit in set(units.tolist()):
        mine = units == unit
        if people[mine].sum():
            casework = need[mine][:, model.facts.casework_index].sum(axis=0)
            assert casework == pytest.approx(recorded[mine].sum(axis=0))


@pytest.mark.parametrize("tier", ["nation", "area"])
@pytest.mark.parametrize("shrink", [False, True])
def test_who_hides_a_need_changes_no_evidence(warm, tier, shrink):
    def seen(hide):
        model = warm.fork(Policy("p", tier=tier, listening=Record(shrink)))
        row = model.town.cases.row
        hidden = row["phase"] == UNPRESENTED
        assert hidden.any()
        if hide:  # the truth is otherwise, the record is not
            row["severity"][hidden] = 0
            row["crises"][hidden] += 5
            model.town.tally.stock["open_now"] += 3
            model.town.needs.person["seeking"] *= 0.1
            model.priorities.lasting.setflags(write=True)
        return [one.value for one in heard(decided(model))]

    assert all((a == b).all() for a, b in zip(seen(False), seen(True), strict=True))


def test_the_record_is_as_late_as_the_world_says():
    numbers = Assumptions.default().replace({"record.noise_sd": 0.0, "record.lag_months": 12.0})
    model = Model(PLACE, seed=8, warmup_years=3, assumptions=numbers)
    shown = model._recorded()
    assert shown == pytest.approx(np.sum(model.presented[12:24], axis=0))
    assert Model(PLACE, warmup_years=1, assumptions=numbers)._recorded() is None


def test_noise_is_in_what_is_seen_and_never_in_what_is_true(warm, exact):
    assert (amenity.signals(exact.facts, exact.values, 0) == exact.values).all()
    one = amenity.signals(warm.facts, warm.values, 0)
    assert (one != warm.values).all()
    assert (one == amenity.signals(warm.facts, warm.values, 0)).all()
    assert (one != amenity.signals(warm.facts, warm.values, 1)).all()


def test_shrinking_moves_an_estimate_towards_the_public_formula(warm):
    raw = heard(decided(warm.fork(Policy("p", tier="area"))))
    shrunk = heard(decided(warm.fork(Policy("p", tier="area", listening=Record(shrink=True)))))
    place = warm.facts.amenity_index[0]
    between = warm.facts.value("place.value_sd_between") ** 2
    weight = between / (between + warm.facts.value("record.noise_sd") ** 2)
    for one, other in zip(raw, shrunk, strict=True):
        if one.residents.sum():
            expected = weight * one.value[0, place] + (1 - weight) * one.formula[0, place]
            assert other.value[0, place] == pytest.approx(expected)


def test_voice_hears_those_who_take_part_and_outreach_more_of_the_seldom_heard(warm):
    def rows(outreach):
        listening = Voice(outreach=outreach, hours=0.5)
        model = decided(warm.fork(Policy("v", listening=listening)))
        return np.concatenate([hearing.rows for hearing in model._hearings[0]]), model

    few, model = rows(0.0)
    many, _ = rows(1.0)
    assert set(few) < set(many)
    adults = model.population.age_band >= 3
    assert adults[many].all()
    assert model.priorities.seldom_heard[list(set(many) - set(few))].all()
    (seen, *_) = heard(model)
    assert seen.heard is not None
    assert len(seen.participants) > 0
    assert 0.0 < seen.participants.turnout < 1.0


def test_trust_that_has_faded_brings_nobody_to_a_meeting():
    numbers = Assumptions.default().replace({"participation.b_trust": 8.0})
    model = Model(PLACE, seed=8, warmup_years=0, assumptions=numbers)

    def taking(trust, months_ago):
        twin = model.fork(Policy("v", listening=Voice(hours=0.5)))
        twin.residents.set("trust", twin.facts.value("trust.council") + trust)
        twin.town.months += months_ago
        return sum(hearing.rows.size for hearing in decided(twin)._hearings[0])

    assert taking(0.3, 0) > taking(0.0, 0)
    assert taking(0.3, 600) == taking(0.0, 0)


def test_who_takes_part_does_not_hang_on_who_else_is_asked(warm):
    def rows(tier):
        listening = Voice(hours=0.5)
        model = decided(warm.fork(Policy("v", tier=tier, listening=listening)))
        return [hearing.rows for hearing in model._hearings[0]]

    assert sorted(np.concatenate(rows("area"))) == sorted(set(np.concatenate(rows("area"))))


# ── allocate and commission ───────────────────────────────────────────────────────────────────


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
    for purpose in OVERHEADS:
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
    assert C @ effort(facts, Targets(188)) == pytest.approx([0.4, 0.0])
    assert C @ effort(facts, Targets(94)) == pytest.approx([0.2, 0.0])
    assert effort(facts, Targets(1880)) == effort(facts, Targets(188))
    assert C @ effort(facts, Judgement()) == pytest.approx([0.1, 0.1])
    assert effort(facts, Targets(188))[1] < 0.0 < effort(facts, Judgement())[1]


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
    assert amenity.counted(facts, row.units("nation"), theme) == pytest.approx([1.0])
    assert amenity.counted(facts, row.units("area"), theme) == pytest.approx(np.full(4, 0.6))
    half = amenity.counted(facts, row.units("neighbourhood"), theme)
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
