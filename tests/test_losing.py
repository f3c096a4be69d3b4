"""Where local loses: the shipped questions, and what a question must be."""

import dataclasses

import pytest

import localsim as ls
from localsim import check
from localsim.check import losing, rows
from localsim.errors import LocalsimError


@pytest.mark.parametrize("mechanism", losing.shipped())
def test_local_is_worse_by_more_than_error(mechanism):
    asked = check.local_loses(mechanism)
    assert asked.mechanism == mechanism
    assert asked.difference > rows.STANDARD_ERRORS * asked.se >= 0.0
    assert "worse than" in asked.sentence
    assert asked.metric in ls.METRICS


@pytest.mark.parametrize("mechanism", losing.shipped())
def test_a_shipped_question_says_why_and_compares_two_policies(mechanism):
    with losing.resources.as_file(losing._folder() / f"{mechanism}.yaml") as file:
        head = file.read_text(encoding="utf-8").split("\n\n", maxsplit=1)[0]
        asked = ls.Experiment.from_config(file)
    assert all(line.startswith("#") for line in head.splitlines())
    assert len(head) > 150
    assert asked.question
    comparator, local = sorted(asked.policies, key=lambda p: p.name != asked.baseline)
    assert comparator.name == asked.baseline
    assert local.name != asked.baseline


def test_a_question_is_shipped_for_every_mechanism_and_nothing_else():
    assert losing.shipped() == losing.MECHANISMS
    assert {f.name for f in losing._folder().iterdir()} == {f"{m}.yaml" for m in losing.MECHANISMS}


def test_luck_and_its_amount_can_be_chosen():
    few = check.local_loses("tailoring", 2, 7)
    assert few == check.local_loses("tailoring", replications=2, seed=7)
    assert few.replications == 2
    assert few.difference != check.local_loses("tailoring", 2, 8).difference


def test_what_cannot_be_asked_is_a_sentence():
    with pytest.raises(LocalsimError, match="did you mean 'tailoring'"):
        check.local_loses("tailorin")
    with pytest.raises(LocalsimError, match="two or more"):
        check.local_loses("tailoring", 1)


PLACE = ls.Place.synthetic(300, areas=2)
ASKED = ls.Experiment(
    PLACE, ["status_quo", "top_down"], 1, 2, assumptions="fixed", metrics=["solved"], warmup_years=0
)


def test_worse_is_less_of_what_is_good_and_more_of_what_is_bad():
    table = ASKED.run(progress=False, workers=1).pivot("solved")
    fewer = float((table["status_quo"] - table["top_down"]).mean())
    assert losing.ask("deal", ASKED).difference == fewer
    turned = losing.ask("deal", ASKED.replace(baseline="top_down"))
    assert turned.difference == -fewer
    assert turned.local == "status_quo"
    cost = losing.ask("deal", ASKED.replace(metrics=["compliance_gbp"]))
    assert cost.metric == "compliance_gbp"
    dearer = ASKED.replace(metrics=["compliance_gbp"]).run(progress=False, workers=1)
    table = dearer.pivot("compliance_gbp")
    assert cost.difference == float((table["top_down"] - table["status_quo"]).mean())


@pytest.mark.parametrize(
    "changes",
    [
        {"metrics": ["solved", "crises"]},
        {"metrics": None},
        {"metrics": ["spend_gbp"]},  # neither more nor less of it is better
        {"policies": ["status_quo"]},
    ],
)
def test_a_question_of_another_form_is_refused(changes):
    with pytest.raises(LocalsimError, match="two policies, and one metric"):
        losing.ask("deal", ASKED.replace(**changes))


def test_the_self_test_misses_where_local_does_not_lose(monkeypatch):
    lost = losing.LocalLoses("time", "crises", "a", "b", 3.0, 0.9, 4, "")
    for difference, se, passed in [(3.0, 0.9, True), (3.0, 1.1, False), (-9.0, 0.1, False)]:
        answer = dataclasses.replace(lost, difference=difference, se=se)
        monkeypatch.setitem(rows.CHECKS, "local_loses", lambda _, said=answer: said)
        row = rows._run("local_loses")
        assert row.passed is passed
        assert row.exact == 0.0
