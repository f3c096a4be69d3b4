"""Sets of agents: over columns, the answers that Mesa's own sets give over objects."""

import inspect
from collections import Counter

import mesa
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from mesa.agentset import AbstractAgentSet, AgentSet
from village import TENURES, Clinic, Desk, Elder, Village, decade, ids, older

from localsim.agents.columns import ResidentAttributeError
from localsim.agents.everyone import Everyone
from localsim.agents.resident import Resident
from localsim.agents.residents import Residents
from localsim.errors import LocalsimError


@pytest.fixture
def village():
    return Village(40, rng=7)


class Twin(mesa.Agent):
    """The same resident as an ordinary object."""

    def __init__(self, model, resident):
        super().__init__(model)
        for name in ("age", "tenure", "income_deprived", "trust", "pensioner", "needs"):
            setattr(self, name, getattr(resident, name))


@given(
    size=st.integers(1, 25),
    seed=st.integers(0, 1000),
    at_most=st.one_of(
        st.integers(0, 30), st.floats(0, 3), st.sampled_from([0.5, 1.0, float("inf")])
    ),
    name=st.sampled_from(["age", "tenure", "income_deprived", "trust", "pensioner"]),
    ascending=st.booleans(),
)
def test_a_columnar_set_answers_as_mesas_own_would(size, seed, at_most, name, ascending):
    model = Village(size, clinics=0, rng=seed)
    rival = mesa.Model(rng=seed)
    for resident in model.residents:
        Twin(rival, resident)
    model.random.seed(seed)
    rival.random.seed(seed)
    for ours, theirs in ((model.residents, rival.agents), (model.agents, rival.agents.copy())):
        assert len(ours) == len(theirs)
        assert ours.get(name) == theirs.get(name)
        assert [type(v) for v in ours.get(name)] == [type(v) for v in theirs.get(name)]
        assert ours.get([name, "needs"]) == theirs.get([name, "needs"])
        assert ours.get("hat", "default", 3) == theirs.get("hat", "default", 3)
        assert ours.agg(name, [min, max, len]) == theirs.agg(name, [min, max, len])
        assert ids(ours.select(older, at_most)) == ids(theirs.select(older, at_most))
        assert ids(ours.select(at_most=at_most)) == ids(theirs.select(at_most=at_most))
        assert ids(ours.sort(name, ascending)) == ids(theirs.sort(name, ascending))
        assert ids(ours.sort(decade, ascending)) == ids(theirs.sort(decade, ascending))
        assert ids(ours.shuffle()) == ids(theirs.shuffle())
        assert ours.map(older) == theirs.map(older)
        for by in (name, decade, seldom):
            groups, rivals = ours.groupby(by), theirs.groupby(by)
            assert list(groups.count().items()) == list(rivals.count().items())
            assert {k: ids(v) for k, v in groups} == {k: ids(v) for k, v in rivals}
            assert groups.agg("age", sum) == rivals.agg("age", sum)
            assert groups.map("get", "age") == rivals.map("get", "age")
            listed = ours.groupby(by, result_type="list")
            assert {k: ids(v) for k, v in listed} == {k: ids(v) for k, v in rivals}
            assert listed.agg("age", max) == rivals.agg("age", max)


def test_every_public_name_of_mesas_sets_is_there(village):
    for kind in (AbstractAgentSet, AgentSet):
        wanted = {name for name, _ in inspect.getmembers(kind) if not name.startswith("_")}
        for group in (village.agents, village.residents):
            assert wanted <= set(dir(group))


def seldom(agent):
    return agent.tenure if agent.age > 60 else None


def test_select_by_mask_type_and_place(village):
    people, everyone = village.residents, village.agents
    assert isinstance(people, AbstractAgentSet)
    old = people.select(where=people.array("age") >= 65)
    assert ids(old) == ids(people.select(lambda r: r.age >= 65))
    assert all(old.get("pensioner"))
    renting = people.select(where=people.array("tenure") == "social rented", at_most=2)
    assert renting.get("tenure") == ["social rented"] * 2
    assert len(people.select(agent_type=Clinic)) == 0
    assert len(people.select(agent_type=mesa.Agent)) == 40
    assert everyone.select(agent_type=Clinic).get("slots") == [1, 2]
    assert len(everyone.select(agent_type=Resident)) == 40
    assert len(everyone.select(older, agent_type=Resident)) == len(people.select(older))
    for wrong in ([True], np.ones(40), np.ones((40, 2), bool)):
        with pytest.raises(LocalsimError, match="where= needs 40 truth values"):
            people.select(where=wrong)


def test_inplace_changes_the_set_and_not_the_place(village):
    people = village.residents
    for kept in (
        people.shuffle(inplace=True),
        people.sort("age", inplace=True),
        people.select(older, inplace=True),
    ):
        assert kept is people
    assert all((resident in people) == (resident.age > 40) for resident in village.residents)
    assert people.select(at_most=3, inplace=True)[2] in people
    assert village.residents.sort("age")[3] not in people
    people = village.residents.select(older).sort("age", inplace=True)
    assert people.get("age") == sorted((a for a in village.age.tolist() if a > 40), reverse=True)
    assert len(village.residents) == 40


def test_set_writes_the_column_at_once(village):
    people = village.residents
    assert people.set("trust", 0.2) is people
    people.select(at_most=2).set("trust", [0.3, 0.4])
    assert village.trust[:3].tolist() == [0.3, 0.4, 0.2]
    people.set("housing_need", "in service")
    assert people.agg("housing_need", Counter) == {"in service": 40}


def test_an_array_is_the_readers_own(village):
    village.residents.array("age")[:] = 0
    village.residents.array("trust")[:] = 0
    assert village.residents.agg("age", max) > 0
    assert village.trust.min() == 0.5


def test_a_set_is_a_set(village):
    people, everyone = village.residents, village.agents
    few = people.select(at_most=3)
    assert village.residents[2] in few
    assert village.residents[3] not in few
    assert village.residents[3] not in Village(40, rng=7).residents
    assert "resident" not in everyone
    assert few <= people
    assert ids(few & people.select(older)) == [i for i in (1, 2, 3) if village.age[i - 1] > 40]
    assert ids(few | people.select(at_most=4)) == [1, 2, 3, 4]
    assert len(people - few) == 37
    assert few == people.select(at_most=3)
    few.add(village.residents[9])
    few.add(village.residents[9])
    few.discard(village.residents[0])
    few.discard(village.residents[0])
    few.remove(village.residents[1])
    assert ids(few) == [3, 10]
    few |= people.select(at_most=1)
    few -= people.select(where=people.array("age") == village.age[9])
    assert few.pop() == village.residents[2]
    few.add(village.residents[9])
    everyone.discard(village.residents[0])
    assert (len(everyone), len(village.agents)) == (42, 43)
    with pytest.raises(KeyError):
        few.remove(village.residents[1])
    with pytest.raises(LocalsimError, match="only agents of its own model and kind"):
        few.add(next(iter(village.agents_by_type[Clinic])))
    few.clear()
    assert len(few) == 0
    assert (few.get("age"), few.groupby("age").count(), list(few)) == ([], {}, [])
    with pytest.raises(LocalsimError, match="use 'error' or 'default'"):
        people.get("age", handle_missing="zero")


def test_positions(village):
    people = village.residents
    assert people[0].unique_id == 1
    assert people[-1].unique_id == 40
    assert ids(people[2:4]) == [3, 4]
    assert ids(reversed(people))[:2] == [40, 39]
    assert people.index(people[5]) == 5
    assert ids(people.to_list()) == list(range(1, 41))
    assert village.agents[-1].unique_id == 43
    with pytest.raises(IndexError):
        _ = people[40]


def test_do_and_shuffle_do_reach_everybody_once(village):
    seen = Counter()

    def meet(agent, weight):
        seen[agent.unique_id] += weight

    village.agents.do(meet, 2).shuffle_do(meet, weight=3)
    assert seen == dict.fromkeys(range(1, 44), 5)
    village.agents.do("step")
    assert village.agents.get("visits", "default", 0)[-3:] == [1, 2, 0]


def test_the_model_joins_residents_and_ordinary_agents(village):
    assert village.agent_types == [Resident, Clinic, Desk]
    assert {kind: len(group) for kind, group in village.agents_by_type.items()} == {
        Resident: 40,
        Clinic: 2,
        Desk: 1,
    }
    assert isinstance(village.agents, Everyone)
    assert isinstance(village.agents_by_type[Resident], Residents)
    numbers = village.agents.get("unique_id")
    assert numbers == ids(village.agents) == list(range(1, 44))
    assert village.agents.groupby(type).count() == {Resident: 40, Clinic: 2, Desk: 1}
    with pytest.raises(AttributeError):
        village.agents.get("slots")
    mixed = village.agents.shuffle()
    assert mixed.get("slots", "default") == [getattr(a, "slots", None) for a in mixed]


def test_ordinary_agents_come_and_go(village):
    everyone, snapshot = village.agents, village.agents.copy()
    newcomer = Clinic(village, 9)
    assert len(everyone) == 44
    assert newcomer in everyone
    assert newcomer not in snapshot
    village.agents_by_type[Clinic].select(lambda c: c.slots == 1).do("remove")
    assert len(everyone) == 43
    assert len(snapshot) == 42
    assert snapshot.select(agent_type=Clinic).get("slots") == [2]

    def close_the_others(clinic):
        for other in village.agents_by_type[Clinic].to_list():
            if other is not clinic:
                other.remove()

    everyone.select(agent_type=Clinic).do(close_the_others)
    assert len(village.agents_by_type[Clinic]) == 1


def test_set_on_everyone_needs_what_everyone_has(village):
    with pytest.raises(ResidentAttributeError, match="no attribute 'slots'"):
        village.agents.set("slots", 3)
    assert village.agents_by_type[Clinic].get("slots") == [1, 2]
    village.agents.set("trust", 0.7)
    assert set(village.agents.get("trust")) == {0.7}


def test_a_user_gives_residents_methods():
    village = Village(40, rng=7)
    village.resident_class = Elder
    assert village.agent_types[0] is Elder
    assert sum(village.residents.map("is_old")) == int((village.age >= 65).sum())
    assert village.residents.get("tenure") == [r.tenure for r in village.residents]
    assert set(village.residents.groupby("tenure").count()) <= {t.upper() for t in TENURES}
    assert village.residents[0] == Resident(village, 0)
    assert len(village.agents.select(agent_type=Resident)) == 40
