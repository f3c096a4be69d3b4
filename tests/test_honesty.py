"""A policy holds choices and never a fact; the world is the same whoever runs it."""

import inspect
from dataclasses import MISSING, fields, is_dataclass, replace
from importlib import import_module
from typing import get_args, get_type_hints

import numpy as np
import pytest

from localsim import streams
from localsim.assumptions import Assumptions
from localsim.dynamics.columns import Rules
from localsim.model import Model
from localsim.place import Place
from localsim.policy import written
from localsim.policy.access import Access, Hub
from localsim.policy.budgets import Budgets, Pooled
from localsim.policy.capital import Capital
from localsim.policy.contract import Contract
from localsim.policy.counting import Counting
from localsim.policy.deal import Deal
from localsim.policy.listening import Listening
from localsim.policy.policy import TIERS, Devolved, Pilot, Policy
from localsim.policy.presets import PRESETS, local_integrated_services, status_quo
from localsim.policy.rules import Rule
from localsim.policy.schedule import RollOut, Until
from localsim.policy.supply import Community, Supply
from localsim.policy.written import questions
from localsim.themes import Amenity, Log

# Loaded for the variants that they define.
for _module in (
    "presets", "rules", "resident_rules", "vote_rules", "supply", "access", "contract",
    "listening", "counting", "capital", "deal",
):  # fmt: skip
    import_module(f"localsim.policy.{_module}")

FACTS = (
    "cost", "quality", "fail", "noise", "noisy", "sd", "lag", "wrong", "astray", "misdirect",
    "capture", "elite", "willing", "consent", "effort", "solve", "success", "duration", "speed",
    "drop", "wait", "trust", "turnout", "hidden", "gift", "volunteer", "reserve", "fit", "kappa",
    "spill", "prevent", "heal", "crisis", "crises", "onset", "need", "power", "wage",
)  # fmt: skip
# Every field of every answer, and what is chosen by it. A new one must be added here by hand.
CHOICES = {
    "Policy.name": "what it is called",
    "Policy.description": "what it is called, at length",
    "Policy.tier": "who decides",
    "Policy.budgets": "with whose money",
    "Policy.listening": "on what evidence",
    "Policy.rule": "how it decides",
    "Policy.contract": "what providers answer for",
    "Policy.access": "which doors it keeps",
    "Policy.supply": "whose hands it uses",
    "Policy.devolved": "what it leaves to others",
    "Devolved.share": "how much it leaves to them",
    "Devolved.tier": "to whom",
    "Devolved.listening": "on what evidence",
    "Devolved.rule": "how they decide",
    "Pilot.name": "what it is called",
    "Pilot.policy": "what is tried",
    "Pilot.areas": "where",
    "Pilot.elsewhere": "what the rest keeps",
    "RollOut.name": "what it is called",
    "RollOut.pilot": "what is tried before it goes everywhere",
    "RollOut.after_years": "when it goes everywhere",
    "RollOut.learning": "whether watching the pilot is bought; what it spares is the world's",
    "Until.name": "what it is called",
    "Until.policy": "what ends",
    "Until.years": "when it ends",
    "Until.then": "what follows",
    "Policy.counting": "whose gains it counts",
    "Policy.capital": "with what is invested",
    "Policy.deal": "what it agrees with the centre",
    "NegotiatedTargets.items": "how many targets it asks to be held to",
    "NegotiatedTargets.pledge": "what it promises",
    "EarnedAutonomy.freedoms": "what it asks for; what it gets is the centre's belief",
    "EarnedAutonomy.items": "how many items it asks to report",
    "EarnedAutonomy.pledge": "what it promises",
    "Borrow.gbp_per_head": "how much is asked for",
    "Borrow.years": "how long repayment is to take",
    "Borrow.into": "what it is for",
    "CapitalBudget.share": "how much is set aside",
    "CapitalBudget.into": "what it is for",
    "RingFenced.shares": "how the pot is cut",
    "RingFenced.carry": "how much of what is left over may be kept",
    "Pooled.tier": "where money is pooled",
    "Pooled.themes": "which lines are to be pooled",
    "Pooled.carry": "how much of what is left over may be kept",
    "Pooled.share": "how much is to be pooled; how much is, is the world's",
    "Pooled.ramp": "how soon it is asked for",
    "OpenEnded.price": "what a pound must bring to be spent",
    "Record.shrink": "how the record is read",
    "Voice.outreach": "how much reaching out is bought",
    "Voice.hours": "what is asked of those who take part",
    **{f"{doors}.order": "who is served first" for doors in ("Silo", "Hub", "LeadProfessional")},
    "Hub.co_located": "whether agencies sit together",
    "Hub.outreach": "how much reaching out is bought",
    "Voice.ages": "who is asked",
    "Voice.shrink": "how what was said is read",
    "Targets.items": "how much must be reported",
    "Targets.target_months": "what is set as a target",
    "Targets.clock": "what the target is set for",
    "LinearContract.items": "how much must be reported",
    "LinearContract.target_months": "what is set as a target",
    "LinearContract.clock": "what the target is set for",
    "LinearContract.rates": "what is paid for each task's measure; what effort it draws is not",
    "Judgement.items": "how much must be reported",
    "Market.capacity_building": "how much of the programme is bought",
    "Market.quality_weight": "how much quality, as seen, counts in an award; not how good it is",
    "Market.contract_years": "how long contracts run",
    "Market.community": "who may bid",
    "Market.lot_slots": "how large a lot is let",
    "Community.lot_slots": "how large a lot is granted",
    "Supply.coproduction": "how much users are asked to do themselves",
    "InHouse.coproduction": "how much users are asked to do themselves",
    "Shared.coproduction": "how much users are asked to do themselves",
    "Market.coproduction": "how much users are asked to do themselves",
    "Community.coproduction": "how much users are asked to do themselves",
    "Shared.authorities": "how many authorities share staff; what that saves is the world's",
    "Market.buildings": "how many buildings are offered; who takes one is the world's",
    "Community.buildings": "how many buildings are offered",
    "Market.projects": "how many projects residents are asked to organise; who does is the world's",
    "Community.projects": "how many projects residents are asked to organise",
    "Community.capacity_building": "how much of the programme is bought",
    "Community.quality_weight": "how much quality, as seen, counts in an award",
    "Community.contract_years": "how long grants run",
    "Fixed.spend": "the spending itself",
    "TargetsFirst.target_months": "what is set as a target",
    "GreedyVote.lot_gbp": "how large a project is",
    "EqualShares.lot_gbp": "how large a project is",
    "SequentialPhragmen.lot_gbp": "how large a project is",
    "YouthVote.lot_gbp": "how large a project is",
    "Referendum.level_gbp": "how large a project is",
    "PanelByLot.residents": "how much of the decision is residents'",
    "IndividualChoice.holders": "who is given a budget",
    "PanelByLot.seats": "how many sit on it",
    "PanelByLot.stratified": "how they are drawn",
    "JointPanel.residents": "how many of the seats are residents'",
}


def variants(kind):
    """Return a kind of answer and everything in the package that derives from it."""
    found = {kind}
    for derived in kind.__subclasses__():
        found |= variants(derived)
    return {k for k in found if k.__module__.startswith("localsim.policy.")}


KINDS = (Budgets, Listening, Rule, Contract, Access, Supply, Counting, Capital, Deal)
ANSWERS = sorted(
    {k for kind in KINDS for k in variants(kind)} | {Policy, Devolved, Pilot, RollOut, Until},
    key=lambda kind: kind.__name__,
)
CONCRETE = [
    kind
    for kind in ANSWERS
    if is_dataclass(kind) and not inspect.isabstract(kind) and not kind.__name__.startswith("_")
]


def test_every_kind_of_answer_is_walked():
    hints = [hint for name, hint in get_type_hints(Policy).items() if name in questions()]
    kinds = {kind for hint in hints for kind in (get_args(hint) or (hint,))}
    assert kinds - {str, type(None)} == {*KINDS, Devolved}


def test_every_field_of_every_answer_is_a_choice():
    given = {f"{kind.__name__}.{field.name}" for kind in CONCRETE for field in fields(kind)}
    assert given == set(CHOICES)


@pytest.mark.parametrize("kind", ANSWERS, ids=lambda kind: kind.__name__)
def test_no_answer_holds_a_fact(kind):
    held = {field.name for field in fields(kind)} if is_dataclass(kind) else set()
    held |= set(vars(kind).get("__annotations__", {}))
    weights = {name for name in held if name.endswith("_weight")}
    for name in held - weights:
        assert not [fact for fact in FACTS if any(p.startswith(fact) for p in name.split("_"))]


def test_no_answer_can_be_told_an_assumption():
    told = {name.rsplit(".", 1)[-1] for name in Assumptions.default().names}
    held = {field.name for kind in CONCRETE for field in fields(kind)}
    assert not told & held


@pytest.mark.parametrize("kind", CONCRETE, ids=lambda kind: kind.__name__)
def test_a_fact_given_to_an_answer_is_refused(kind):
    for fact in ("quality", "cost_gbp", "noise_sd", "misdirection", "capture", "willingness"):
        with pytest.raises(TypeError, match="unexpected keyword argument"):
            kind(**{fact: 0.0})


# ── one world for all ─────────────────────────────────────────────────────────────────────────

PLACE = Place.synthetic(600, 6, neighbourhood_areas=3, seed=4)
SILENT = replace(status_quo(), devolved=None)  # open-ended money has no slice to leave
ALONE = [
    replace(SILENT, name=f"{question}: {word}", **{question: kind()})
    for question in questions() if question not in ("tier", "devolved")
    for word, kind in written.variants(get_type_hints(Policy)[question]).items()
    if all(field.default is not MISSING or field.default_factory is not MISSING
           for field in fields(kind))
] + [replace(SILENT, name=f"tier: {tier}", tier=tier) for tier in TIERS]  # fmt: skip
EVERY = [
    *(make() for make in PRESETS.values()),
    replace(
        local_integrated_services(), name="hub", access=Hub(), supply=Community(),
        budgets=Pooled(1.0, ramp=1.0),
    ),
    Pilot(local_integrated_services(), [PLACE.codes[0]], status_quo()),
    RollOut(Pilot(local_integrated_services(), [PLACE.codes[0]], status_quo()), 1),
    Until(local_integrated_services(), 1),
]  # fmt: skip


# What policies write into the rules of the month: their doors, their targets, where they rule.
CHOSEN = {"regime", "own_desk", "first_door", "next_door", "access", "target"}


def facts_of(model):
    """Return every array of the world that no policy may touch."""
    facts, town, providers, priorities = model.facts, model.town, model.providers, model.priorities
    world = {
        name: getattr(facts, name)
        for name in ("historic_gbp", "formula", "household_sizes", "area_entities")
    }
    world |= {f"who: {name}": column for name, column in facts.population.columns.items()}
    world |= {name: getattr(providers, name) for name in ("price", "cost", "quality")}
    world |= {name: getattr(town.rules, name) for name in Rules._fields if name not in CHOSEN}
    world |= {name: getattr(priorities, name)
              for name in ("base", "lasting", "propensity", "seldom_heard", "elite")}  # fmt: skip
    world |= {"values": model.values, "onset": town.base_slope}
    world |= {f"need: {name}": town.needs.person[name] for name in ("entity", "area", "seeking")}
    if model.moves is not None:  # who leaves, and what those who come are like
        world |= {f"moves: {name}": getattr(model.moves, name)
                  for name in ("rows", "begins", "seeking", "opens")}  # fmt: skip
    return world | {"need: relative": town.needs.need["relative"]}


def beginning_of(model):
    """Return what is drawn before anything is decided: first thresholds, open needs, capacity."""
    return {
        "threshold": model.town.needs.threshold, "need": model.town.needs.need,
        "person": model.town.needs.person, "capacity": model.providers.capacity,
        "reserves": model.accounts.reserves,
    }  # fmt: skip


def assert_same(one, other):
    assert one.keys() == other.keys()
    for name, array in one.items():
        assert np.array_equal(array, other[name]), name


@pytest.mark.parametrize("policy", EVERY + ALONE, ids=lambda policy: policy.name)
def test_every_policy_begins_in_the_same_world_and_leaves_its_facts_alone(policy):
    # Borders are the place's, drawn for all policies alike, as an experiment does.
    borders = np.arange(len(PLACE.codes)) > 0
    usual, other = (
        Model(PLACE, p, seed=3, zone=~borders, borders=borders.astype(np.int64), warmup_years=0)
        for p in (status_quo(), policy)
    )
    assert usual.facts.assumptions == other.facts.assumptions
    assert usual.facts.agencies == other.facts.agencies
    assert_same(facts_of(usual), facts_of(other))
    assert_same(beginning_of(usual), beginning_of(other))
    usual.run(2)
    other.run(2)
    assert_same(facts_of(usual), facts_of(other))


def test_no_draw_knows_a_policy(monkeypatch):
    asked = {}
    real = streams.key

    def listening(seed, replication, stream):
        asked.setdefault(policy.name, set()).add(stream)
        return real(seed, replication, stream)

    monkeypatch.setattr(streams, "key", listening)
    for policy in EVERY:
        Model(PLACE, policy, seed=3, warmup_years=0).run(2)
    answers = {kind.__name__ for kind in ANSWERS} | {p.name for p in EVERY}
    for names in asked.values():
        assert not [name for name in names if any(answer in name for answer in answers)]
    assert set.union(*asked.values())


# ── nobody sees the truth ─────────────────────────────────────────────────────────────────────


class Peeping(Rule):
    """Keeps what it is shown of themes, and spends nothing."""

    def __init__(self):
        self.seen = []

    def __deepcopy__(self, memo):
        return self

    def allocate(self, evidence, purse):
        self.seen += evidence.themes
        return np.zeros((len(evidence.areas), len(evidence.themes)))


def test_a_rule_is_not_shown_what_an_amenity_is_truly_worth():
    theme = Amenity.of_values("good", [1.0, 5.0], Log())
    rule = Peeping()
    place = Place.synthetic([10, 10], heterogeneity=0.0)
    Model(place, Policy("peeping", rule=rule), themes=[theme], warmup_years=0).run(1)
    assert rule.seen
    for shown in rule.seen:
        assert shown.name == "good"
        assert shown.area_values is None
        assert not shown.values
