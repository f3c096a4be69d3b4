"""The year: money comes in and stays in its borders, and deciders see evidence, never truth."""

from dataclasses import replace

import numpy as np
import pytest
from recount import TOWNSHIP as PLACE
from recount import decided

from localsim.assumptions import Assumptions
from localsim.dynamics.columns import UNPRESENTED
from localsim.dynamics.facts import case_cost_gbp
from localsim.errors import LedgerError, LocalsimError
from localsim.model import Model
from localsim.policy.budgets import OpenEnded, Pooled, RingFenced
from localsim.policy.listening import Record, Voice
from localsim.policy.policy import Devolved, Pilot, Policy
from localsim.policy.presets import local_integrated_services, status_quo, top_down
from localsim.policy.rules import Historic, Rule
from localsim.year import amenity
from localsim.year.accounts import ZONES
from localsim.year.sight import year_on_record

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
    decisions = [agent.spending_gbp for agent in model.commissioners.who.values()]
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
    shown = year_on_record(model.facts, model.presented)
    assert shown == pytest.approx(np.sum(model.presented[12:24], axis=0))
    young = Model(PLACE, warmup_years=1, assumptions=numbers)
    assert year_on_record(young.facts, young.presented) is None


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
