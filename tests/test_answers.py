"""Answers by their dotted names: read, replaced, listed, refused."""

import pytest

import localsim as ls
from localsim.policy.answers import answer, answered, answers_of, kind_of
from localsim.policy.presets import PRESETS

PILOT = ls.Pilot(
    ls.policies.local_integrated_services(), "norbiton", ls.policies.status_quo(), "One Norbiton"
)


@pytest.mark.parametrize("policy", [*(make() for make in PRESETS.values()), PILOT], ids=str)
def test_every_answer_that_is_listed_can_be_read_and_set_to_what_it_is(policy):
    names = answers_of(policy)
    assert len(names) == len(set(names)) > 8
    for name in names:
        now = answer(policy, name)
        assert isinstance(now, str if kind_of(policy, name) is str else int | float | str)
        assert answered(policy, name, now) == policy


def test_one_answer_is_replaced_and_nothing_else():
    changed = answered(PILOT, "listening.outreach", 0.9)
    assert changed.policy.listening.outreach == 0.9
    assert answered(changed, "listening.outreach", 0.5) == PILOT
    assert answered(PILOT, "elsewhere.devolved.share", 0.2).elsewhere.devolved.share == 0.2
    assert answered(PILOT, "elsewhere.devolved", "none").elsewhere.devolved is None
    assert answered(PILOT, "access", "hub").policy.access == ls.Hub()


def test_what_is_rolled_out_or_ends_answers_as_what_is_inside():
    rolled = ls.RollOut(PILOT, 2)
    assert answered(rolled, "after_years", 3).after_years == 3
    assert answered(rolled, "listening.outreach", 0.9).pilot.policy.listening.outreach == 0.9
    ends = ls.Until(rolled, 4, ls.policies.top_down(), "for a while")
    changed = answered(ends, "elsewhere.tier", "nation")
    assert (changed.name, changed.policy.pilot.elsewhere.tier) == ("for a while", "nation")
    assert answered(ends, "then.contract.items", 10).then.contract.items == 10
    assert answered(ends, "years", 5).years == 5
    assert {"tier", "after_years", "years", "then.tier", "elsewhere.tier"} <= set(answers_of(ends))
    assert all(answered(ends, name, answer(ends, name)) == ends for name in answers_of(ends))


@pytest.mark.parametrize(
    ("path", "value", "said"),
    [
        ("listening.outreach", 2, "outreach must lie between 0 and 1"),
        ("listening.outrech", 1, "a Voice, has no 'outrech'; did you mean 'outreach'"),
        ("access", 3, "access is 3; a word for an answer of the kind Access is wanted"),
        ("access", "hubb", "access is 'hubb'; did you mean 'hub'"),
        ("rule", "fixed", "rule: fixed needs spend"),
        ("supply.community", 0.5, "true or false is wanted"),
        ("contract.items", 3.5, "a whole number is wanted"),
        ("contract.items", float("nan"), "a whole number is wanted"),
        ("budgets.share", "much", "a number is wanted"),
        ("tier", "street", "there is no tier 'street'"),
        ("tier.x", 1, "there is no 'x'"),
        ("policy.tier", "nation", "has no 'policy'"),
        ("name", "x", "has no 'name'"),
        ("areas", "x", "has no 'areas'"),
        ("", 1, "has no ''"),
        ("elsewhere", "policy", "is a whole policy; name one of its answers"),
        ("elsewhere", 3, "elsewhere is 3"),
        ("__class__", 3, "has no '__class__'"),
    ],
)
def test_what_is_no_answer_is_refused_in_a_sentence(path, value, said):
    with pytest.raises(ls.LocalsimError) as refused:
        answered(PILOT, path, value)
    assert said in str(refused.value)
