"""Listening: hidden need is missed, silence goes with it, and voice and record are in one unit."""

from functools import cache

import numpy as np
import pytest
from recount import decided

from localsim.assumptions import Assumptions
from localsim.check import participation
from localsim.dynamics import facts as fact
from localsim.dynamics.columns import OPENED, PRESENTATIONS, UNPRESENTED
from localsim.errors import LocalsimError
from localsim.model import Model
from localsim.place import Place
from localsim.policy.listening import Record, Voice
from localsim.policy.policy import Policy
from localsim.year.priorities import passing

PLACE = Place.synthetic(3000, 6, neighbourhood_areas=3, seed=2)
QUIET = {"capture.neighbourhood": 0.0, "record.noise_sd": 0.0, "voice.noise_sd": 0.0,
         "record.lag_months": 0.0}  # fmt: skip


def model(numbers=(), place=PLACE, years=3, seed=1):
    assumptions = Assumptions.default().replace(QUIET | dict(numbers))
    return Model(place, seed=seed, warmup_years=years, assumptions=assumptions)


def asked(model, **voice):
    twin = model.fork(Policy("v", tier="neighbourhood", listening=Voice(**voice)))
    return decided(twin)._hearings[0]


def test_needs_of_the_hidden_are_missing_from_the_record():
    shy = model({"hidden.effect": 1.0})
    z = fact.hidden(shy.facts)
    cases = shy.town.cases.row[: int(shy.town.cases.sizes[1])]
    cases = cases[cases["phase"] != 0]
    unbrought = cases["phase"] == UNPRESENTED
    hidden = z[cases["resident"]] > 0.0
    assert unbrought[hidden].mean() > unbrought[~hidden].mean() + 0.1


def test_the_record_holds_less_of_the_need_that_arises_the_more_hides():
    shares = []
    for effect in (0.0, 1.5):
        one = model({"hidden.effect": effect}).fork(Policy("p"))
        one.run(2)
        flows = one.town.tally.flows.sum(axis=(0, 1))
        shares.append(flows[PRESENTATIONS] / flows[OPENED])
    assert shares[1] < 0.9 * shares[0]


@pytest.mark.parametrize(("correlation", "low", "high"), [(0.0, -0.25, 0.25), (0.9, -2.0, -0.5)])
def test_those_hidden_from_the_record_are_silent_too(correlation, low, high):
    one = model({"hidden.correlation": correlation}, years=0)
    rows = np.concatenate([hearing.rows for hearing in asked(one, hours=2.5)])
    assert rows.size > 50
    assert low < fact.hidden(one.facts)[rows].mean() < high


def test_what_is_heard_and_what_is_recorded_are_the_same_sum_where_nothing_hides_or_heals():
    """One unit for both: a year's need. Every need is brought, and everybody speaks."""
    names = [n for n in Assumptions.default().names if ".heal_per_month" in n]
    numbers = dict.fromkeys(names, 0.0) | {
        n: 6.0 for n in Assumptions.default().names if ".present_per_month" in n
    }
    everybody = {"participation.b0": 1e3, "participation.sigma": 0.0, "hidden.effect": 0.0}
    place = Place.synthetic([6000], heterogeneity=0.0, seed=1)
    one = model(numbers | everybody, place, years=8)
    (hearing,) = asked(one, hours=0.0)
    casework = one.facts.casework_index
    heard, record = (
        (value * hearing.evidence.residents[:, None])[:, casework].sum(axis=0)
        for value in (hearing.evidence.heard, hearing.evidence.record)
    )
    assert hearing.evidence.participants.turnout == 1.0
    # Stocks that still grow stand for a little more or less than a year brings.
    assert heard == pytest.approx(record, rel=0.25)
    assert heard.sum() == pytest.approx(record.sum(), rel=0.1)


def test_what_few_have_said_is_drawn_to_the_public_formula_and_what_many_have_less():
    one = model({"voice.noise_sd": 0.2})
    raw, shrunk = (asked(one, hours=20.0, shrink=shrink) for shrink in (False, True))
    many = asked(one, hours=0.0, shrink=True)
    loud = asked(one, hours=0.0)
    people = PLACE.residents.astype(float)[:, None]
    for few, drawn, all_, said in zip(raw, shrunk, many, loud, strict=True):
        level = decided(one.fork(Policy("n", tier="nation")))._hearings[0][0].evidence
        place_level = (level.record * people).sum(axis=0) / people.sum()
        k = one.facts.casework_index
        prior = (one.facts.formula[few.areas] * place_level)[:, k]
        gap = np.abs(few.evidence.heard[:, k] - prior)
        closer = np.abs(drawn.evidence.heard[:, k] - prior)
        assert (closer <= gap + 1e-9).all()
        part = closer[gap > 1e-9] / gap[gap > 1e-9]
        whole = np.abs(all_.evidence.heard[:, k] - prior)[gap > 1e-9]
        of = np.abs(said.evidence.heard[:, k] - prior)[gap > 1e-9]
        assert (part < 1.0).all()
        assert (part < whole / of).all()


def test_a_neighbourhood_s_record_can_be_shrunk_to_the_place_s():
    one = model({"record.noise_sd": 0.3})
    raw, shrunk = (
        decided(one.fork(Policy("p", tier="neighbourhood", listening=Record(shrink))))._hearings[0]
        for shrink in (False, True)
    )
    spread, drawn = (
        np.std([h.evidence.value[0] / one.facts.formula[h.areas][0] for h in hearings], axis=0)
        for hearings in (raw, shrunk)
    )
    assert (drawn < spread).all()


def test_a_voice_may_be_asked_of_some_ages_only():
    one = model(years=0)
    for ages in ((11, 17), (65, 120)):
        hearings = asked(one, hours=0.1, ages=ages)
        rows = np.concatenate([hearing.rows for hearing in hearings])
        age = one.population.age[rows]
        assert rows.size > 0
        assert ((age >= ages[0]) & (age <= ages[1])).all()
        for hearing in hearings:
            mine = hearing.areas[one.population.area]
            able = mine & (one.population.age >= ages[0]) & (one.population.age <= ages[1])
            turnout = hearing.evidence.participants.turnout
            assert turnout == pytest.approx(hearing.rows.size / able.sum())


@pytest.mark.parametrize(
    ("ages", "sentence"),
    [
        ("18", "the youngest and the eldest"),
        ((18,), "the youngest and the eldest"),
        ((5, 17), "the youngest age must be a whole number from 11"),
        ((40, 30), "the eldest age must be a whole number from 40"),
    ],
)
def test_ages_that_cannot_be_are_refused(ages, sentence):
    with pytest.raises(LocalsimError, match=sentence):
        Voice(ages=ages)


def test_one_rule_draws_a_hundredth_to_a_leaflet_and_most_to_a_ballot_at_the_door():
    leaflet = participation(50, 2.5, replications=8)
    ballot = participation(50_000, 0.25, replications=8)
    assert leaflet.share == pytest.approx(0.01, rel=0.25)
    assert ballot.share == pytest.approx(0.86, rel=0.05)


def logit(share):
    return np.log(share / (1.0 - share))


@cache
def a_third_take_part():
    return participation(1238, 0.5, replications=8).by_group


@pytest.mark.parametrize(
    ("who", "beside", "theirs", "others"),
    [
        ("income-deprived", "not income-deprived", 0.34, 0.48),  # P06, fifths of areas
        ("aged 18 to 29", "aged 30 to 44", 0.28, 0.37),  # P09
        ("aged 75 and over", "aged 30 to 44", 0.26, 0.37),  # P09
        ("private rented", "owned", 0.60, 0.775),  # P11
        ("social rented", "owned", 0.50, 0.775),  # P11
    ],
)
def test_who_takes_part_differs_as_the_surveys_say(who, beside, theirs, others):
    """Where about a third take part, as in civic participation (P07) or a mayor's election."""
    found = a_third_take_part()
    gap, surveyed = logit(found[who]) - logit(found[beside]), logit(theirs) - logit(others)
    assert 0.5 * surveyed > gap > 1.5 * surveyed


def test_groups_that_p02_misses_come_less():
    found = a_third_take_part()
    assert found["black, asian or minority ethnic"] < found["white"]


def test_what_residents_put_first_is_what_amenities_are_worth_to_them():
    one = model(years=0)
    theme = int(one.facts.amenity_index[0])
    people = one.population
    own = one.priorities.lasting[theme] * passing(one.facts, theme, people.entity, 4)
    worth = one.priorities.worth(one.facts, 4)[:, 0]
    for a in range(len(PLACE.codes)):
        mine = people.area == a
        assert worth[a] == pytest.approx(one.priorities.base[a, theme] * own[mine].mean())
    assert (worth != one.priorities.worth(one.facts, 5)[:, 0]).all()
    assert (one.priorities.worth(one.facts, 4)[:, 0] == worth).all()


def test_each_decides_for_herself_and_pays_for_the_help():
    one = model(years=0)
    policy = Policy("own", tier="person")
    twin = decided(one.fork(policy))
    (hearing,) = twin._hearings[0]
    adults = (one.population.age >= 18).sum()
    assert len(hearing.evidence.participants) == adults
    assert hearing.rows.size == 0  # nobody has to come to a meeting
    spent = twin.ledger.spent_by("deciding")
    body, each = (one.facts.value(f"deciding.gbp_per_{x}") for x in ("decider", "person"))
    assert spent == pytest.approx(body + each * adults)
