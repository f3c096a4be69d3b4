"""Budgets and counting: what is pooled where, what is kept, and whose gains are counted."""

import numpy as np
import pytest
from recount import TOWNSHIP as PLACE
from recount import decided

from localsim.assumptions import Assumptions
from localsim.errors import LocalsimError
from localsim.model import Model
from localsim.place import Place
from localsim.policy.budgets import Pooled, RingFenced
from localsim.policy.counting import OwnGains, WithNeighbours
from localsim.policy.listening import Voice
from localsim.policy.policy import Pilot, Policy
from localsim.policy.presets import status_quo
from localsim.policy.rules import Historic, NeedsFormula, Planner, Rule
from localsim.policy.vote_rules import GreedyVote
from localsim.year.accounts import ZONES

WILLING = Assumptions.default().replace({"pooling.willingness": 1.0})


@pytest.fixture(scope="module")
def warm():
    return Model(PLACE, seed=8, warmup_years=2, assumptions=WILLING)


def pool(tier=None, themes=None, deciding="neighbourhood", share=1.0, rule=None, **answers):
    budgets = Pooled(share, ramp=1.0, tier=tier, themes=themes)
    return Policy("pool", tier=deciding, budgets=budgets, rule=rule or NeedsFormula(), **answers)


def by_unit(model, tier):
    return np.bincount(model.place.units(tier), weights=model.regimes[0].plan.sum(axis=1))


# ── at which tier ─────────────────────────────────────────────────────────────────────────────


def test_money_pooled_above_the_deciders_is_shared_out_by_the_public_formula(warm):
    model = decided(warm.fork(pool("authority")))
    heads = model.place.residents[:, None]
    mean = model.facts.historic_gbp.sum(axis=0) / heads.sum()
    need = (model.facts.formula * mean * heads).sum(axis=1)
    spent = model.regimes[0].plan.sum(axis=1)
    authority = model.place.units("authority")
    for unit in np.unique(authority):
        mine = authority == unit
        small = model.place.units("neighbourhood")[mine]
        want = np.bincount(small, weights=need[mine]) / need[mine].sum()
        assert np.bincount(small, weights=spent[mine]) / spent[mine].sum() == pytest.approx(want)


def test_a_pool_above_moves_money_between_deciders_and_makes_none(warm):
    own = decided(warm.fork(pool()))
    above = decided(warm.fork(pool("authority")))
    # A pool for all costs less to keep than one a neighbourhood: compare shares of what is left.
    one, other = by_unit(own, "authority"), by_unit(above, "authority")
    assert other / other.sum() == pytest.approx(one / one.sum())
    one, other = by_unit(own, "neighbourhood"), by_unit(above, "neighbourhood")
    assert not np.allclose(one / one.sum(), other / other.sum(), rtol=1e-3)


@pytest.mark.parametrize("tier", ["neighbourhood", "area"])
def test_a_pool_at_or_below_the_deciders_is_their_own(warm, tier):
    own, same = decided(warm.fork(pool())), decided(warm.fork(pool(tier)))
    assert np.array_equal(own.regimes[0].plan, same.regimes[0].plan)
    assert own.ledger.spent == same.ledger.spent


def test_fences_stay_where_they_were_whatever_the_pool(warm):
    half = decided(warm.fork(pool("nation", share=0.5, rule=Historic())))
    net = half.accounts.lines[0]
    historic = half.facts.historic_gbp.sum(axis=1)
    assert by_unit(half, "neighbourhood").sum() == pytest.approx(net.sum())
    deviation = half.regimes[0].plan.sum(axis=1) / historic.clip(1e-9) - net.sum() / historic.sum()
    whole = decided(warm.fork(pool("nation", share=1.0, rule=Historic())))
    wider = (
        whole.regimes[0].plan.sum(axis=1) / historic.clip(1e-9)
        - whole.accounts.lines[0].sum() / historic.sum()
    )
    lived = historic > 0
    assert np.abs(wider[lived]).sum() == pytest.approx(2 * np.abs(deviation[lived]).sum(), rel=0.02)


# ── which lines ───────────────────────────────────────────────────────────────────────────────


class Greedy(Rule):
    """All pooled money to one theme."""

    def __init__(self, theme):
        self.theme = theme

    def allocate(self, evidence, purse):
        heads = evidence.residents / max(1.0, evidence.residents.sum())
        spending = heads[:, None] * purse.fenced_gbp
        spending[:, self.theme] += heads * purse.pooled_gbp
        return spending


@pytest.mark.parametrize("rule", [NeedsFormula(), Planner(), Historic(), GreedyVote()])
def test_lines_that_are_not_pooled_keep_their_money(warm, rule):
    plain = decided(warm.fork(Policy("fenced", tier="authority", rule=rule)))
    model = decided(warm.fork(pool(themes=["family", "health"], deciding="authority", rule=rule)))
    names = [theme.name for theme in model.themes]
    ours = [names.index(name) for name in ("family", "health")]
    rest = [t for t in range(len(names)) if t not in ours]
    lines, alone = (m.regimes[0].plan.sum(axis=0) for m in (model, plain))
    # Coordination costs every line alike, and nothing else moves those outside the pool.
    assert lines[rest] / lines[rest].sum() == pytest.approx(alone[rest] / alone[rest].sum())
    assert lines[rest].sum() / lines.sum() == pytest.approx(alone[rest].sum() / alone.sum())


def test_a_rule_that_spends_pooled_money_elsewhere_is_refused(warm):
    decided(warm.fork(pool(themes=["work", "family"], rule=Greedy(1))))
    with pytest.raises(LocalsimError, match="on themes whose lines are not pooled"):
        decided(warm.fork(pool(themes=["work", "family"], rule=Greedy(3))))


def test_only_agencies_with_a_line_in_the_pool_have_to_be_met(warm):
    price = warm.facts.value("coordination.gbp_per_partner")

    def cost(themes, tier=None):
        model = decided(warm.fork(pool(tier, themes)))
        return model.ledger.spent_by("coordination")

    pools = np.unique(PLACE.units("neighbourhood")).size
    assert cost(None) == pytest.approx(3 * price * pools)
    assert cost(["family", "health"]) == pytest.approx(price * pools)
    assert cost(["family", "place"]) == 0.0  # both the council's
    assert cost(["family", "health"], "nation") == pytest.approx(price)


def test_a_pool_of_no_such_theme_is_refused(warm):
    with pytest.raises(LocalsimError, match="pools money for 'transport', which is no theme here"):
        warm.fork(pool(themes=["work", "transport"]))
    for wrong in ("work", [], [3], 7):
        with pytest.raises(LocalsimError, match="Pooled: themes must be a list of names"):
            Pooled(themes=wrong)
    with pytest.raises(LocalsimError, match="did you mean 'authority'"):
        Pooled(tier="autority")


# ── what is left over ─────────────────────────────────────────────────────────────────────────


class Spends(Rule):
    """A share of every line, as it was spent before."""

    def __init__(self, share):
        self.share = share

    def allocate(self, evidence, purse):
        return self.share * Historic().allocate(evidence, purse)


@pytest.mark.parametrize("kept", [0.0, 0.3, 1.0])
@pytest.mark.parametrize("kind", [RingFenced, Pooled])
def test_underspend_that_is_not_kept_goes_back_to_its_payers(warm, kept, kind):
    model = warm.fork(Policy("saves", budgets=kind(carry=kept), rule=Spends(0.6)))
    model.run(1)
    left = np.maximum(model.accounts.lines[0] + model.accounts.desks[0] / len(model.themes), 0.0)
    assert left.sum() > 0.0
    assert not model.ledger.returned
    model.fund()
    back = sum(model.ledger.returned.values())
    assert back == pytest.approx((1.0 - kept) * left.sum())
    for name in model.own_payers:
        mine = [t for t, theme in enumerate(model.themes) if theme.agency == name]
        paid = sum(v for (who, _), v in model.ledger.returned.items() if who == name)
        assert paid == pytest.approx((1.0 - kept) * left[mine].sum())
    model.ledger.close_month(model.month, model.accounts.held_gbp)


def test_what_others_left_over_is_not_clawed_back(warm):
    model = warm.fork(Policy("strict", budgets=RingFenced(carry=0.0)))
    before = model.accounts.lines.sum() + model.accounts.desks.sum()
    model.fund()
    assert model.accounts.lines.sum() == pytest.approx(before + model.facts.historic_gbp.sum())


def test_a_share_to_be_carried_is_a_share():
    for kind in (RingFenced, Pooled):
        with pytest.raises(LocalsimError, match="carried must lie between 0 and 1"):
            kind(carry=1.5)


# ── whose gains ───────────────────────────────────────────────────────────────────────────────


def counted(model):
    heard = [hearing.evidence for heard in model._hearings for hearing in heard]
    return [evidence.counted for evidence in heard if evidence.residents.sum()]


def test_agreeing_with_neighbours_counts_all_that_leaks_to_them(warm):
    kappa = warm.facts.value("place.kappa")
    place = next(t for t, theme in enumerate(warm.themes) if theme.name == "place")
    alone, agreed = (
        decided(warm.fork(pool(deciding="area", rule=Planner(), counting=counting)))
        for counting in (OwnGains(), WithNeighbours())
    )
    assert all(row[place] == pytest.approx(1.0 - kappa) for row in counted(alone))
    assert all(row[place] == pytest.approx(1.0) for row in counted(agreed))
    for one, other in zip(counted(alone), counted(agreed), strict=True):
        assert np.array_equal(np.delete(one, place), np.delete(other, place))
    amenity, all_of_it = (m.regimes[0].plan[:, place].sum() for m in (alone, agreed))
    assert all_of_it > amenity


def test_each_neighbour_has_a_price(warm):
    price = warm.facts.value("coordination.gbp_per_neighbour")
    degree = np.diff(PLACE.neighbour_offsets).sum()

    def cost(tier):
        policy = Policy("agreed", tier=tier, rule=Planner(), counting=WithNeighbours())
        return decided(warm.fork(policy)).ledger.spent_by("coordination")

    assert cost("area") == pytest.approx(price * degree)
    assert 0.0 < cost("neighbourhood") < cost("area")
    assert cost("nation") == 0.0


def test_nobody_agrees_across_the_border_of_a_pilot():
    place = Place.synthetic([200, 200, 200, 200], neighbourhood_areas=1, seed=2)
    local = pool(deciding="area", rule=Planner(), counting=WithNeighbours())
    model = decided(Model(place, Pilot(local, [place.codes[0]], status_quo()), warmup_years=0))
    t = [theme.name for theme in model.themes].index("place")
    kappa = model.facts.value("place.kappa")
    assert model._hearings[0][0].evidence.counted[t] == pytest.approx(1.0 - kappa)
    assert model.ledger.spent_by("coordination", zone=ZONES[0]) > 0.0


@pytest.mark.parametrize("rule", [Historic(), NeedsFormula()])
def test_counting_moves_nothing_but_its_price_where_no_rule_reckons_with_it(warm, rule):
    free = warm.facts.assumptions.replace(
        {"coordination.gbp_per_neighbour": 0.0, "transition.share_per_answer": 0.0}
    )
    start = Model(PLACE, seed=8, warmup_years=0, assumptions=free)
    one, other = (
        decided(start.fork(Policy("p", tier="area", rule=rule, counting=counting)))
        for counting in (OwnGains(), WithNeighbours())
    )
    assert np.array_equal(one.regimes[0].plan, other.regimes[0].plan)


def test_lines_that_are_not_pooled_are_not_put_to_the_vote():
    """With few votes and much money, projects that nobody approved are funded too."""
    policy = Policy(
        "a vote on one line",
        tier="nation",
        budgets=Pooled(1.0, 1.0, themes=["work"]),
        listening=Voice(),
        rule=GreedyVote(1.0),
    )
    model = Model(PLACE, policy, warmup_years=0)
    model.run(3)
    assert model.regimes[0].pooled_share > 0.0
