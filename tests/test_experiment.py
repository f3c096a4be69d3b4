"""Experiments: what may be asked, and when two are the same."""

import numpy as np
import pytest
from hamlet import ByHeads, Fails, small
from hypothesis import given, settings
from hypothesis import strategies as st

import localsim as ls
from localsim.errors import LocalsimError
from localsim.experiment.fingerprint import fingerprint

# ── what may be asked ────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"place": "kingstn"}, "did you mean 'kingston'"),
        ({"place": 5}, "a Place or the name of one"),
        ({"policies": ["status_qou"]}, "did you mean 'status_quo'"),
        ({"policies": []}, "empty list"),
        ({"policies": "status_quo"}, "a list of policies"),
        ({"policies": ["top_down", "top_down"]}, "two policies are called 'top_down'"),
        ({"policies": [ls.policies.top_down]}, "call it"),
        ({"policies": [None]}, "no policy"),
        ({"policies": [ls.Pilot(ls.policies.top_down(), "atlantis", ls.policies.status_quo())]},
         "'atlantis'"),
        ({"years": 0}, "years is 0"),
        ({"years": -1}, "whole number from 1 to 200"),
        ({"years": 2.5}, "years is 2.5"),
        ({"years": float("nan")}, "years is nan"),
        ({"years": "5"}, "years is '5'"),
        ({"years": True}, "years is True"),
        ({"years": 10**5000}, "thousands of digits"),
        ({"replications": float("inf")}, "replications is inf"),
        ({"replications": 10**30}, "replications is 1000"),
        ({"seed": -1}, "seed is -1"),
        ({"seed": None}, "seed is None"),
        ({"warmup_years": -1}, "warmup_years is -1"),
        ({"assumptions": "sampeld"}, "did you mean 'sampled'"),
        ({"held": {"place.kapa": 0.1}}, "place.kappa"),
        ({"held": {"place.kappa": float("nan")}}, "place.kappa is nan"),
        ({"metrics": ["crisis"]}, "did you mean 'crises'"),
        ({"metrics": []}, "a list of names"),
        ({"themes": ["work"]}, "Casework or Amenity, not 'work'"),
        ({"themes": 3}, "a list of Casework and Amenity"),
        ({"baseline": "top"}, "no policy called 'top'"),
        ({"name": 3}, "name is 3"),
    ],
)  # fmt: skip
def test_a_wrong_question_is_refused_in_a_sentence(changes, said):
    arguments = {"place": "norbiton", "policies": ["status_quo", "top_down"]} | changes
    with pytest.raises(LocalsimError, match=r"\.|\?") as refused:
        ls.Experiment(**arguments)
    assert said in str(refused.value)


@given(
    st.sampled_from(["years", "replications", "seed", "warmup_years"]),
    st.one_of(st.floats(), st.integers(), st.text(max_size=5), st.none(), st.lists(st.integers())),
)
@settings(max_examples=60)
def test_numbers_are_whole_and_in_range_or_refused(name, value):
    try:
        made = small(**{name: value})
    except LocalsimError:
        return
    kept = getattr(made, name)
    assert isinstance(kept, int)
    assert kept == value


def test_what_is_not_asked_has_a_sensible_answer():
    experiment = ls.Experiment("norbiton", ["top_down", "status_quo"])
    assert (experiment.years, experiment.replications, experiment.seed) == (5, 10, 0)
    assert experiment.sampled
    assert experiment.baseline == "status_quo"
    assert ls.Experiment("norbiton", ["top_down", "needs_formula"]).baseline == "top_down"
    assert "norbiton" in repr(experiment)
    assert "top_down" in repr(experiment)


def test_workers_and_retries_are_checked_before_work_starts():
    with pytest.raises(LocalsimError, match="workers is 0"):
        small().run(workers=0)
    with pytest.raises(LocalsimError, match="retries is -1"):
        small().run(retries=-1)


# ── the same experiment ──────────────────────────────────────────────────────────────────────────


def test_experiments_are_equal_when_their_results_would_be():
    assert small() == small(name="other", question="why?", baseline="top_down")
    assert small() == small([ls.policies.status_quo(), ls.policies.top_down()])
    assert small() == small().replace(name="x")
    assert hash(small()) == hash(small())
    assert small() != "small"


@pytest.mark.parametrize(
    "changes",
    [
        {"years": 2},
        {"replications": 4},
        {"seed": 8},
        {"warmup_years": 2},
        {"assumptions": "fixed"},
        {"held": {"place.kappa": 0.3}},
        {"metrics": ["crises"]},
        {"themes": ls.default_themes()[:2]},
        {"policies": ["top_down", "status_quo"]},
    ],
)
def test_whatever_decides_a_result_makes_another_experiment(changes):
    assert small().replace(**changes) != small()


def test_a_rule_of_the_users_is_known_by_its_source():
    first, second = {}, {}
    exec("class Mine:\n    x = 1\n", first)
    assert fingerprint(ByHeads()) == fingerprint(ByHeads())
    assert fingerprint(ByHeads()) != fingerprint(Fails())
    exec("class Other:\n    x = 1\n", second)
    assert fingerprint(first["Mine"]()) != fingerprint(second["Other"]())


@given(st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner,
                                                                max_size=3),
    max_leaves=8,
))  # fmt: skip
def test_equal_values_have_equal_fingerprints(value):
    copied = eval(repr(value), {"inf": float("inf")})
    assert fingerprint(value) == fingerprint(copied)
    assert fingerprint([value]) != fingerprint([value, value])


def test_one_and_one_point_nought_are_the_same_number_but_not_the_same_as_text():
    assert fingerprint(1) == fingerprint(1.0) == fingerprint(np.int64(1))
    assert fingerprint(1) != fingerprint("1")
    assert fingerprint(1) != fingerprint(True)
    assert fingerprint(np.arange(3)) != fingerprint(np.arange(3.0))


def test_only_the_metrics_asked_for_are_kept():
    found = small(metrics=["crises", "trust"]).run(progress=False, workers=1)
    assert set(found.table["metric"]) == {"crises", "trust"}
    assert set(found.series["metric"]) <= {"crises", "trust"}


def test_held_assumptions_do_not_vary_and_fixed_ones_have_defaults():
    plan = small(held={"place.kappa": 0.3}).plan
    drawn = [plan.assumptions_of(number) for number in range(4)]
    assert {numbers.value("place.kappa") for numbers in drawn} == {0.3}
    assert len({numbers.value("place.prevention") for numbers in drawn}) == 4
    fixed = small(assumptions="fixed").plan
    assert fixed.assumptions_of(0) == fixed.assumptions_of(1) == ls.Assumptions.default()
    mine = ls.Assumptions.default().replace({"place.kappa": 0.5})
    assert small(assumptions=mine).plan.assumptions_of(3) == mine
