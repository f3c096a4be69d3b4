"""Brute-force recounts of a running place, and random places and policies to try them on."""

import numpy as np
from hypothesis import strategies as st

from localsim.dynamics.columns import ASSESSED, AT_DOOR, IN_SERVICE, NO_NEED, QUEUEING, UNPRESENTED
from localsim.place import Place
from localsim.policy.access import Hub, LeadProfessional, Silo
from localsim.policy.budgets import OpenEnded, Pooled, RingFenced
from localsim.policy.capital import USES, Borrow, CapitalBudget, NoCapital
from localsim.policy.contract import Judgement, Targets
from localsim.policy.counting import OwnGains, WithNeighbours
from localsim.policy.deal import FREEDOMS, EarnedAutonomy, NegotiatedTargets, NoDeal
from localsim.policy.listening import Record, Voice
from localsim.policy.policy import TIERS, Devolved, Policy
from localsim.policy.resident_rules import IndividualChoice, PanelByLot, Referendum
from localsim.policy.rules import (
    Historic,
    JointPanel,
    MedianVoter,
    NeedsFormula,
    PerHead,
    Planner,
    TargetsFirst,
)
from localsim.policy.supply import Community, InHouse, Market, Shared
from localsim.policy.vote_rules import EqualShares, GreedyVote, SequentialPhragmen, YouthVote

WAITING = (AT_DOOR, QUEUEING)


TOWNSHIP = Place.synthetic(
    [300, 200, 0, 150, 250, 100], neighbourhood_areas=2, authorities=2, heterogeneity=1.0, seed=6
)


def decided(model):
    """Let a model decide on its year, and not yet live it."""
    model.fund()
    model.listen()
    model.allocate()
    model.commission()
    return model


def conserved(model):
    """Hold every counter of a model's month end against a recount of its columns."""
    town = model.town
    needs, nodes, tally = town.needs, town.nodes, town.tally
    used = town.cases.sizes[1]
    row = town.cases.row[:used]
    live = row["phase"] != NO_NEED
    case = needs.need["case"]
    theme, resident = np.nonzero(case >= 0)
    mine = case[theme, resident]
    # Every open need has a case of its own, and no case is without a need.
    assert sorted(mine.tolist()) == np.flatnonzero(live).tolist()
    assert (row["resident"][mine] == resident).all()
    assert (row["theme"][mine] == theme).all()
    for copied in ("entity", "area", "cell"):
        assert (row[copied][mine] == needs.person[copied][resident]).all()
    assert (row["episode"][mine] == needs.need["episode"][theme, resident]).all()
    free = town.cases.free[: town.cases.sizes[0]]
    assert sorted(free.tolist()) == np.flatnonzero(~live).tolist()
    assert (needs.person["open_needs"] == (case >= 0).sum(axis=0)).all()
    assert np.isinf(needs.threshold[case >= 0]).all()
    _stocks(needs, tally, row[live])
    left = (~model.providers.alive & (model.providers.generation >= 0)).any(axis=1)
    _slots_and_queues(nodes, row, live, left)
    assert (row["presented"][live & (row["phase"] > UNPRESENTED)] <= town.months).all()
    deviation = needs.person["trust"] * np.exp(
        -town.rules.world["trust_fade"][0] * (town.months - needs.person["trust_month"])
    )
    by_cell = np.bincount(needs.person["cell"], weights=deviation, minlength=tally.trust.size)
    np.testing.assert_allclose(tally.trust, by_cell, atol=1e-4)


def _stocks(needs, tally, row):
    cell, theme = needs.person["cell"][row["resident"]], row["theme"]
    for stock, counted in (
        ("open_now", row["phase"] != NO_NEED),
        ("in_system", row["phase"] > UNPRESENTED),
        ("in_service", row["phase"] == IN_SERVICE),
    ):
        count = np.zeros(tally.stock.shape, np.int64)
        np.add.at(count, (cell[counted], theme[counted]), 1)
        assert (tally.stock[stock] == count).all(), stock


def _slots_and_queues(nodes, row, live, left):
    busy = np.zeros(nodes.work.shape, np.int64)
    holding = live & np.isin(row["phase"], (ASSESSED, IN_SERVICE))
    np.add.at(busy, (row["node"][holding], row["provider"][holding]), 1)
    assert (nodes.work["busy"] == busy).all()
    for node in range(nodes.queue.size):
        here = np.flatnonzero(live & np.isin(row["phase"], WAITING) & (row["node"] == node))
        queue, before, c = [], -1, nodes.queue["first"][node]
        while c >= 0 and len(queue) <= here.size:
            assert row["before"][c] == before
            queue.append(int(c))
            before, c = c, row["after"][c]
        assert sorted(queue) == here.tolist()
        assert nodes.queue["last"][node] == before
        assert nodes.queue["waiting"][node] == here.size
        order = "priority" if nodes.queue["by_severity"][node] else "joined"
        assert (np.diff(row[order][queue]) >= 0.0).all()
        # Nobody waits while less is served than is paid for, but where a provider left its cases.
        if here.size and not left[node]:
            assert nodes.work["busy"][node].sum() >= nodes.work["slots"][node].sum()


def places():
    """Small synthetic places, some of whose areas are empty."""
    return st.builds(
        lambda residents, heterogeneity, seed, block: Place.synthetic(
            residents, heterogeneity=heterogeneity, seed=seed, neighbourhood_areas=block
        ),
        st.lists(st.sampled_from([0, 1, 7, 40, 90]), min_size=1, max_size=5).filter(any),
        st.floats(0, 2),
        st.integers(0, 50),
        st.integers(1, 3),
    )


SHARES = st.floats(0.0, 1.0)
RULES = st.one_of(
    st.sampled_from([Historic(), PerHead(), NeedsFormula(), Planner(), MedianVoter()]),
    st.builds(TargetsFirst, st.floats(0, 3)),
    st.builds(JointPanel, SHARES),
    st.builds(GreedyVote, st.floats(0.5, 9000)),
    st.builds(EqualShares, st.floats(500, 9000)),
    st.builds(PanelByLot, SHARES, st.integers(1, 30), st.booleans()),
    st.sampled_from([IndividualChoice(), SequentialPhragmen(), YouthVote(), Referendum(3.0)]),
)
LISTENING = st.one_of(
    st.builds(Record, st.booleans()),
    st.builds(
        Voice,
        SHARES,
        st.floats(0, 20),
        st.sampled_from([(18, 120), (11, 17), (11, 120)]),
        st.booleans(),
    ),
)
FENCES = st.sampled_from(
    [None, {"work": 0.2, "family": 0.2, "money": 0.1, "health": 0.4, "place": 0.1}, {"health": 1.0}]
)
SUPPLY = st.one_of(
    st.just(InHouse()),
    st.builds(
        Market,
        capacity_building=SHARES,
        quality_weight=SHARES,
        contract_years=st.integers(1, 4),
        community=st.booleans(),
        lot_slots=st.integers(1, 3),
    ),
    st.builds(
        Community,
        capacity_building=SHARES,
        quality_weight=SHARES,
        projects=st.integers(0, 3),
        buildings=SHARES,
        coproduction=SHARES,
    ),
    st.builds(Shared, st.integers(2, 5)),
)


DOORS = [
    Silo(),
    Hub(),
    LeadProfessional("severity"),
    Hub("severity", co_located=True, outreach=0.5),
]
CAPITAL = st.one_of(
    st.just(NoCapital()),
    st.builds(Borrow, st.floats(0, 2000), st.integers(1, 40), st.sampled_from(USES)),
    st.builds(CapitalBudget, SHARES, st.sampled_from(USES)),
)


DEALS = st.one_of(
    st.just(NoDeal()),
    st.builds(NegotiatedTargets, st.integers(0, 100), SHARES),
    st.builds(
        EarnedAutonomy,
        st.lists(st.sampled_from(FREEDOMS), min_size=1, unique=True),
        st.integers(0, 100),
        SHARES,
    ),
)


@st.composite
def policies(draw):
    """Any answers to the six questions that go together."""
    budgets = draw(
        st.one_of(
            st.builds(RingFenced, FENCES, SHARES),
            st.builds(
                Pooled,
                SHARES,
                SHARES,
                st.none() | st.sampled_from(TIERS),
                st.none() | st.sampled_from([["work"], ["family", "place"], ["health", "money"]]),
                SHARES,
            ),
            st.builds(OpenEnded, st.floats(0.3, 5)),
        )
    )
    tiers = st.sampled_from(TIERS)
    devolved = None
    if not isinstance(budgets, OpenEnded):
        devolved = draw(st.none() | st.builds(Devolved, SHARES, tiers, LISTENING, RULES))
    return Policy(
        name="any",
        tier=draw(tiers),
        budgets=budgets,
        listening=draw(LISTENING),
        rule=draw(RULES),
        contract=draw(
            st.builds(Targets, st.integers(0, 400)) | st.builds(Judgement, st.integers(0, 60))
        ),
        access=draw(st.sampled_from(DOORS)),
        supply=draw(SUPPLY),
        counting=draw(st.sampled_from([OwnGains(), WithNeighbours()])),
        capital=NoCapital() if isinstance(budgets, OpenEnded) else draw(CAPITAL),
        deal=draw(DEALS),
        devolved=devolved,
    )
