"""A policy is its answers: what they are, how they differ, and those that cannot be."""

import math
import pickle
from dataclasses import replace

import cloudpickle
import numpy as np
import pytest
from hypothesis import given
from recount import policies

from localsim.errors import LocalsimError
from localsim.place import Place
from localsim.policy.access import Hub, Silo
from localsim.policy.budgets import OpenEnded, Pooled, RingFenced
from localsim.policy.capital import NoCapital
from localsim.policy.contract import Judgement, Targets
from localsim.policy.counting import OwnGains
from localsim.policy.deal import NoDeal
from localsim.policy.listening import Record, Voice
from localsim.policy.policy import Devolved, Pilot, Policy
from localsim.policy.presets import (
    PRESETS,
    local_integrated_services,
    needs_formula,
    participatory_budgeting,
    status_quo,
    top_down,
)
from localsim.policy.rules import Historic, JointPanel, MedianVoter, NeedsFormula, TargetsFirst
from localsim.policy.supply import Community, InHouse, Market
from localsim.policy.vote_rules import EqualShares, GreedyVote

QUESTIONS = [
    "tier", "budgets", "listening", "rule", "contract", "access", "supply", "counting", "capital",
    "deal", "devolved",
]  # fmt: skip
PLACE = Place.synthetic(60, areas=4, neighbourhood_areas=2, seed=1)


def test_a_bare_policy_answers_as_an_authority_always_has():
    policy = Policy("mine")
    assert policy.answers() == {
        "tier": "authority",
        "budgets": RingFenced(),
        "listening": Record(),
        "rule": Historic(),
        "contract": Targets(188),
        "access": Silo(),
        "supply": InHouse(),
        "counting": OwnGains(),
        "capital": NoCapital(),
        "deal": NoDeal(),
        "devolved": None,
    }


def test_presets_are_what_their_documents_say():
    quo, top, formula = status_quo(), top_down(), needs_formula()
    assert (quo.tier, quo.contract, quo.access) == ("authority", Targets(188), Silo())
    assert quo.devolved == Devolved(0.05, "neighbourhood", Voice(), MedianVoter())
    assert (top.tier, top.rule, top.contract) == ("nation", TargetsFirst(), Targets(188))
    assert (formula.tier, formula.listening, formula.rule) == (
        "nation", Record(shrink=True), NeedsFormula(),
    )  # fmt: skip
    lis = local_integrated_services()
    assert (lis.tier, lis.rule, lis.access) == ("neighbourhood", JointPanel(), Silo())
    assert isinstance(lis.budgets, Pooled)
    assert isinstance(lis.listening, Voice)
    assert lis.listening.outreach > 0
    assert isinstance(lis.contract, Judgement)
    assert lis.contract.items < top.contract.items
    assert isinstance(lis.supply, Market)
    assert lis.supply.community
    vote = participatory_budgeting()
    assert vote.devolved.share == 0.02
    assert vote.devolved.rule == EqualShares()
    assert participatory_budgeting("greedy").devolved.rule == GreedyVote()
    assert vote.supply == InHouse()


@pytest.mark.parametrize("name", PRESETS)
def test_every_preset_has_its_name_and_says_what_it_is(name):
    policy = PRESETS[name]()
    assert policy.name == name
    assert policy == PRESETS[name]()
    assert policy.description in policy.describe()
    assert len(PRESETS[name].__doc__.splitlines()) > 2


@given(policies())
def test_a_policy_says_every_answer_and_survives_a_journey(policy):
    said = policy.describe().splitlines()
    assert said[0] == policy.name
    assert [line.split(":")[0].strip() for line in said[1:]] == QUESTIONS
    again = pickle.loads(pickle.dumps(policy))
    assert again == policy
    assert hash(again) == hash(policy)
    assert policy.changes_from(again) == ()


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        ("tier", "area"),
        ("budgets", Pooled(0.4)),
        ("listening", Voice()),
        ("rule", NeedsFormula()),
        ("contract", Judgement()),
        ("access", Hub()),
        ("supply", Market()),
        ("devolved", None),
    ],
)
def test_changes_are_the_questions_answered_otherwise(question, answer):
    changed = replace(status_quo(), **{question: answer})
    assert changed.changes_from(status_quo()) == (question,)
    assert status_quo().changes_from(changed) == (question,)


def test_a_name_is_no_answer():
    assert replace(top_down(), name="other").changes_from(top_down()) == ()


def test_a_subclass_with_other_defaults_is_a_policy_and_travels():
    class Parish(Policy):
        def __init__(self):
            super().__init__("parish", tier="area", access=Hub())

    parish = cloudpickle.loads(cloudpickle.dumps(Parish()))
    assert (parish.tier, parish.access) == ("area", Hub())
    assert [areas.all() for _, areas in parish.regimes(PLACE)] == [True]


def test_a_pilot_runs_its_areas_and_leaves_the_rest():
    pilot = Pilot(top_down(), "Neighbourhood 2", elsewhere=status_quo())
    assert pilot.name == "top_down pilot"
    (inside, here), (outside, there) = pilot.regimes(PLACE)
    assert (inside, outside) == (top_down(), status_quo())
    assert here.tolist() == [False, False, True, True]
    assert (here ^ there).all()
    assert "Neighbourhood 2" in pilot.describe()
    assert pilot.describe().count("tier:") == 2


def test_a_pilot_of_a_list_of_areas_or_of_all():
    listed = Pilot(top_down(), ["S1", "Neighbourhood 2"], status_quo())
    assert listed.areas == ("S1", "Neighbourhood 2")
    assert listed.regimes(PLACE)[0][1].tolist() == [True, False, True, True]
    assert "S1, Neighbourhood 2" in listed.describe()
    whole = Pilot(top_down(), "Synthetic nation", status_quo())
    assert [policy for policy, _ in whole.regimes(PLACE)] == [top_down()]
    with pytest.raises(LocalsimError, match="no area of synthetic is called 'Narnia'"):
        Pilot(top_down(), "Narnia", status_quo()).regimes(PLACE)


def test_fenced_shares_are_kept_as_given_and_can_be_hashed():
    shares = {"work": 0.25, "health": 0.75}
    fenced = RingFenced(shares)
    shares["work"] = 1.0
    assert fenced.shares == {"work": 0.25, "health": 0.75}
    assert fenced == RingFenced({"health": 0.75, "work": 0.25})
    assert hash(fenced) == hash(RingFenced({"health": 0.75, "work": 0.25}))


def test_fenced_shares_are_a_mapping():
    with pytest.raises(LocalsimError, match=r"shares must map a theme's name .* not \[0.5, 0.5\]"):
        RingFenced([0.5, 0.5])


def test_numbers_may_come_from_numpy():
    assert Pooled(np.float32(0.5)).share == 0.5
    assert Targets(np.int64(35)) == Targets(35)
    assert Market(contract_years=np.int32(2)).contract_years == 2


BAD = [
    (lambda: Policy(""), "needs a name"),
    (lambda: Policy(None), "needs a name"),
    (lambda: Policy("a", tier="borough"), "no tier 'borough' that decides"),
    (lambda: Policy("a", tier="neighborhood"), "did you mean 'neighbourhood'"),
    (lambda: Policy("a", tier="parish"), "no tier 'parish'"),
    (lambda: Policy("a", budgets=0.5), "budgets must be a Budgets, not 0.5"),
    (lambda: Policy("a", listening="voice"), "listening must be a Listening"),
    (lambda: Policy("a", rule=Historic), "call it: add brackets"),
    (lambda: Policy("a", contract=35), "contract must be a Contract"),
    (lambda: Policy("a", access=None), "access must be a Access"),
    (lambda: Policy("a", supply=Silo()), "supply must be a Supply"),
    (lambda: Policy("a", devolved=0.05), "devolved must be a Devolved or None"),
    (lambda: Policy("a", budgets=OpenEnded(), devolved=Devolved(0.1)), "no pot to devolve"),
    (lambda: Devolved(1.1), "between 0 and 1, and 1.1"),
    (lambda: Devolved(0.1, tier="street"), "no tier 'street'"),
    (lambda: Devolved(0.1, rule=Historic), "call it: add brackets"),
    (lambda: Devolved(0.1, listening=0.5), "listening must be a Listening"),
    (lambda: RingFenced({"work": 0.5}), "sum to 0.5, not to 1"),
    (lambda: RingFenced({"work": 1.5, "health": -0.5}), "share of theme 'work'"),
    (lambda: RingFenced({"work": math.nan}), "between 0 and 1"),
    (lambda: Pooled(-0.1), "between 0 and 1"),
    (lambda: Pooled(0.5, ramp=2), "the ramp"),
    (lambda: Pooled(True), "not True"),
    (lambda: Pooled("half"), "not 'half'"),
    (lambda: OpenEnded(0), "above zero"),
    (lambda: OpenEnded(math.inf), "finite"),
    (lambda: OpenEnded(1e13), "finite"),
    (lambda: Voice(outreach=1.01), "outreach"),
    (lambda: Voice(hours=-1), "hours"),
    (lambda: Voice(hours=math.nan), "hours"),
    (lambda: Targets(1.5), "whole number from 0 to 100,000, not 1.5"),
    (lambda: Targets(-1), "whole number"),
    (lambda: Judgement(True), "whole number"),
    (lambda: Judgement("35"), "whole number"),
    (lambda: Market(capacity_building=2), "capacity_building"),
    (lambda: Market(contract_years=0), "contract_years"),
    (lambda: Market(contract_years=2.5), "contract_years"),
    (lambda: Community(quality_weight=-1), "Community: quality_weight"),
    (lambda: JointPanel(residents=3), "residents' part"),
    (lambda: TargetsFirst(-1), "the target"),
    (lambda: EqualShares(lot_gbp=0), "EqualShares: the lot"),
    (lambda: GreedyVote(lot_gbp=math.nan), "GreedyVote: the lot"),
    (lambda: Pilot("top_down", "x", status_quo()), "policy must be a Policy"),
    (lambda: Pilot(top_down(), "x", None), "elsewhere must be a Policy"),
    (lambda: Pilot(top_down(), [], status_quo()), "at least one"),
    (lambda: Pilot(top_down(), "", status_quo()), "at least one"),
    (lambda: Pilot(top_down(), 5, status_quo()), "a list of them, not 5"),
    (lambda: Pilot(top_down(), [1], status_quo()), "a list of them"),
    (lambda: participatory_budgeting("equal share"), "did you mean 'equal_shares'"),
    (lambda: participatory_budgeting(share=2), "between 0 and 1"),
]


@pytest.mark.parametrize(("make", "sentence"), BAD)
def test_an_answer_that_cannot_be_is_refused_in_a_sentence(make, sentence):
    with pytest.raises(LocalsimError, match=sentence) as told:
        make()
    assert str(told.value).endswith((".", "?"))
