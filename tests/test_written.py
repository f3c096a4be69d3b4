"""Answers as a config writes them are the answers that Python makes."""

import inspect
import textwrap
from dataclasses import replace

import pytest

import localsim as ls
from localsim.errors import LocalsimError
from localsim.policy import policy as answers
from localsim.policy.written import questions, read_answers, variants


def test_a_word_or_a_word_with_arguments_is_an_answer():
    assert read_answers(
        {
            "tier": "area",
            "budgets": {"pooled": {"share": 0.6}},
            "rule": "planner",
            "access": {"hub": None},
            "devolved": {"share": 0.1, "rule": "greedy_vote", "listening": {"voice": {"hours": 1}}},
        }
    ) == {
        "tier": "area",
        "budgets": ls.Pooled(share=0.6),
        "rule": ls.Planner(),
        "access": ls.Hub(),
        "devolved": ls.Devolved(0.1, listening=ls.Voice(hours=1), rule=ls.GreedyVote()),
    }
    assert read_answers({"devolved": None}) == {"devolved": None}


def test_every_public_answer_can_be_written():
    for kind in answers._KINDS.values():
        public = {
            found
            for found in (getattr(ls, name) for name in ls.__all__)
            if inspect.isclass(found) and issubclass(found, kind) and not found.__subclasses__()
        }
        assert public
        assert public <= set(variants(kind).values())


def test_a_users_own_answer_is_no_word():
    class Mine(ls.Rule):
        def allocate(self, evidence, purse):
            return None

    assert Mine not in variants(ls.Rule).values()


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ({"budget": "pooled"}, "does not answer 'budget'; did you mean 'budgets'"),
        ({"rule": "planer"}, "there is no rule 'planer'; did you mean 'planner'"),
        ({"rule": {"planer": {}}}, "there is no rule 'planer'"),
        ({"rule": {"planner": {"a": 1}}}, "planner has no 'a'; it takes no arguments"),
        ({"budgets": {"pooled": {"shar": 1}}}, "pooled has no 'shar'; did you mean 'share'"),
        ({"budgets": 3}, "budgets is a word such as 'ring_fenced'"),
        ({"budgets": None}, "budgets is a word"),
        ({"devolved": {}}, "needs share"),
        ({"budgets": {"pooled": {"share": 2}}}, "must lie between 0 and 1"),
    ],
)
def test_what_is_no_answer_ends_in_a_sentence(written, said):
    with pytest.raises(LocalsimError, match=said):
        read_answers(written)


def test_answers_in_a_config_are_those_of_python(tmp_path):
    file = tmp_path / "asked.yaml"
    text = """\
        place: norbiton
        policies:
          - {policy: status_quo, name: areas decide, answers: {tier: area, rule: planner}}
          - policy: top_down
            pilot: [E01002966]
            elsewhere: {policy: status_quo, answers: {access: hub}}
        """
    code = ls.Place.norbiton().codes[0]
    file.write_text(textwrap.dedent(text).replace("E01002966", code))
    read = ls.Experiment.from_config(file)
    quo = ls.policies.status_quo()
    assert read == ls.Experiment(
        "norbiton",
        [
            replace(quo, name="areas decide", tier="area", rule=ls.Planner()),
            ls.Pilot(ls.policies.top_down(), [code], replace(quo, access=ls.Hub())),
        ],
    )


def test_a_mistaken_answer_is_told_with_its_line(tmp_path):
    file = tmp_path / "asked.yaml"
    file.write_text("place: norbiton\npolicies:\n  - {policy: top_down, answers: {tire: area}}\n")
    with pytest.raises(LocalsimError, match=r"line 3: policies\[0\]: .*did you mean 'tier'"):
        ls.Experiment.from_config(file)


def test_questions_are_the_policys_own():
    assert set(questions()) == set(ls.policies.status_quo().answers())
