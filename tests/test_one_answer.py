"""One answer at a time: what it may move, and what it must leave as it is to the bit.

Running a place one way rather than another has a price, and a price paid moves everything that
money buys. In a world where running is free only the mechanisms are left, and each answer moves
what MODEL.md says in section 13, and nothing else. In a world with prices each answer moves, in
its first year, its own overheads and those of no other.
"""

import typing
from dataclasses import replace
from pathlib import Path

import pytest

import localsim as ls
from localsim.assumptions import Assumptions
from localsim.metrics import METRICS, measure
from localsim.policy.policy import TIERS
from localsim.policy.schedule import Schedule
from localsim.policy.written import questions, variants
from localsim.year.overheads import OVERHEADS

PLACE = ls.Place.synthetic(1200, 6, neighbourhood_areas=2, seed=4)
KINDS = typing.get_type_hints(ls.Policy)
WORLD = Assumptions.default()
PRICED = (
    "compliance.", "deciding.", "engagement.", "coordination.", "tender.", "transition.",
    "deal.gbp", "doors.contact_gbp", "doors.co_location", "supply.building_gbp",
)  # fmt: skip
FREE = WORLD.replace({name: 0.0 for name in WORLD.names if name.startswith(PRICED)})
NEEDS_ARGUMENTS = {"borrow": ls.Borrow(50.0)}
NO_ANSWER_ALONE = {"fixed"}  # it is the spending itself, for the areas of one decider

# What each answer may move where running is free, in families of metrics.
CASEWORK = {
    name for name, metric in METRICS.items()
    if name.startswith(("wait_", "queue_", "target_", "over_target", "reported_at", "need_months"))
} | {
    "crises", "crisis_cost_gbp", "entitlements_gbp", "solved", "opened", "presented",
    "moved_away", "open_at_end", "system_months", "returns_per_solved", "contacts_per_solved",
    "pass_offs_per_solved", "never_reached", "trust",
}  # fmt: skip
MONEY = {"spend_gbp", "service_gbp", "carried_gbp", "full_cost_gbp"}
SPENDING = CASEWORK | MONEY | {"amenity_benefit_gbp"}
MAY_MOVE = {
    "tier": set(),
    "budgets": SPENDING,
    "listening": {"participation", "never_heard"},
    "rule": SPENDING,
    "contract": CASEWORK,
    "access": CASEWORK,
    "supply": CASEWORK | MONEY | {"gifts_gbp", "pay_forgone_gbp", "providers_failed"},
    "counting": set(),
    "capital": SPENDING | {"investment_gbp", "debt_gbp", "debt_service_gbp"},
    "devolved": SPENDING | {"participation", "never_heard"},
    "deal": CASEWORK | {"freedom_years", "pledges_missed"},
}
# Where money can be moved, whoever decides, on what evidence and for whom moves it.
MAY_MOVE_WHERE_MONEY_MOVES = {
    **{
        question: SPENDING | {"participation", "never_heard"} | moved
        for question, moved in MAY_MOVE.items()
    },
}
OVERHEADS_OF = {
    "tier": {"deciding", "engagement", "coordination"},
    "budgets": {"coordination"},
    "listening": {"engagement"},
    "rule": {"deciding"},
    "contract": {"compliance"},
    "access": {"premises", "engagement"},
    "supply": {"tendering", "capacity building", "coordination"},
    "counting": {"coordination"},
    "capital": {"coordination"},
    "devolved": {"deciding", "engagement"},
    "deal": {"coordination", "compliance"},
}
FENCED = ls.Policy("fenced")
FREED = ls.Policy(
    "freed", tier="neighbourhood", budgets=ls.Pooled(1.0, 1.0), rule=ls.Planner(),
    listening=ls.Voice(),
)  # fmt: skip


def ways(question):
    """Return every answer to a question that the package knows, by its word."""
    if question == "tier":
        return {tier: tier for tier in TIERS}
    if question == "devolved":
        return {"a tenth": ls.Devolved(0.1), "nothing": None}
    found = {}
    for word, kind in variants(KINDS[question]).items():
        if word in NO_ANSWER_ALONE:
            continue
        if word == "individual_choice":
            found["individual_choice of those in need"] = kind(holders="in_need")
        found[word] = NEEDS_ARGUMENTS[word] if word in NEEDS_ARGUMENTS else kind()
    return found


ALONE = [(question, word) for question in questions() for word in ways(question)]


@pytest.fixture(scope="module")
def starts():
    return {
        world: ls.Model(PLACE, assumptions=numbers, warmup_years=2, seed=1)
        for world, numbers in (("free", FREE), ("priced", WORLD))
    }


@pytest.fixture(scope="module")
def of_base(starts):
    return {
        (world, base.name, years): rows(starts[world], base, years)
        for world, base, years in (
            ("free", FENCED, 2), ("free", FREED, 2), ("priced", FENCED, 1), ("priced", FREED, 1),
        )
    }  # fmt: skip


def rows(start, policy, years):
    model = start.fork(policy)
    model.run(years)
    return {(metric, group): value for metric, group, value in measure(model)}


def moved(one, other):
    """Return the metrics that differ: money by half a penny, all else at all.

    Sums of money are put together in the order of the lines that bear them.
    """
    found = set()
    for key in one.keys() | other.keys():
        metric, _ = key
        near = 0.005 if metric.endswith("_gbp") else 0.0
        if not (key in one and key in other and abs(one[key] - other[key]) <= near):
            found.add(metric)
    return found


def test_every_question_is_in_the_tables():
    """A new answer moves something: say what, here and in section 13 of MODEL.md."""
    assert set(MAY_MOVE) == set(OVERHEADS_OF) == set(questions())
    text = (Path(__file__).parent.parent / "MODEL.md").read_text(encoding="utf-8")
    table = text.split("### One answer at a time")[1].split("\n## ")[0]
    for question in questions():
        assert f"| `{question}` |" in table


@pytest.mark.parametrize(("question", "word"), ALONE)
@pytest.mark.parametrize(
    ("base", "may"),
    [(FENCED, MAY_MOVE), (FREED, MAY_MOVE_WHERE_MONEY_MOVES)],
    ids=["fenced", "freed"],
)
def test_where_running_is_free_an_answer_moves_what_its_mechanism_names(
    starts, of_base, question, word, base, may
):
    changed = replace(base, **{question: ways(question)[word]})
    found = moved(of_base["free", base.name, 2], rows(starts["free"], changed, 2))
    assert found <= may[question], found - may[question]
    if not base.changes_from(changed):
        assert not found


@pytest.mark.parametrize(("question", "word"), ALONE)
@pytest.mark.parametrize("base", [FENCED, FREED], ids=["fenced", "freed"])
def test_an_answer_pays_its_own_overheads_and_no_others(starts, of_base, question, word, base):
    changed = replace(base, **{question: ways(question)[word]})
    found = moved(of_base["priced", base.name, 1], rows(starts["priced"], changed, 1))
    named = {f"{p.replace(' ', '_')}_gbp" for p in OVERHEADS_OF[question] | {"transition"}}
    all_of_them = {f"{purpose.replace(' ', '_')}_gbp" for purpose in OVERHEADS}
    assert found & all_of_them <= named, found & all_of_them - named


@pytest.mark.parametrize("question", questions())
def test_every_answer_moves_something_somewhere(starts, of_base, question):
    """Without this the tables could be empty."""
    found = set()
    for word in ways(question):
        for base in (FENCED, FREED):
            changed = replace(base, **{question: ways(question)[word]})
            found |= moved(of_base["free", base.name, 2], rows(starts["free"], changed, 2))
    assert found


QUO = ls.policies.status_quo()
PILOT = ls.Pilot(ls.policies.local_integrated_services(), PLACE.codes[:2], QUO)


@pytest.mark.parametrize(
    "policy",
    [
        *(make() for make in ls.policies.PRESETS.values()), FENCED, FREED, PILOT,
        ls.RollOut(PILOT, 1), ls.Until(PILOT, 1),
    ],
    ids=lambda policy: policy.name,
)  # fmt: skip
def test_policies_whose_answers_are_equal_are_equal_to_the_bit(policy):
    zone = PLACE.mask(PLACE.codes[:2])
    start = ls.Model(PLACE, zone=zone, warmup_years=1, seed=5)
    again = replace(policy, name="the same by another name")
    assert isinstance(again, Schedule | ls.Pilot) or not again.changes_from(policy)
    one, other = rows(start, policy, 2), rows(start, again, 2)
    assert one == other
