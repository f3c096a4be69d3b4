"""Residents in Mesa: what Mesa's own API asks of a model, it gets."""

import copy
import gc
import inspect
import multiprocessing
import pickle
import statistics
import time
import tracemalloc
import weakref
from collections import Counter
from functools import partial

import mesa
import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from mesa.agentset import AbstractAgentSet, AgentSet

from localsim.agents.columns import ResidentAttributeError, ResidentColumns
from localsim.agents.everyone import Everyone
from localsim.agents.peopled import PeopledModel
from localsim.agents.resident import Resident
from localsim.agents.residents import Residents
from localsim.errors import LocalsimError

STAGES = ("none", "unpresented", "at a door", "queueing", "in service")
TENURES = ("owned", "social rented", "private rented")


class Clinic(mesa.Agent):
    def __init__(self, model, slots):
        super().__init__(model)
        self.slots = slots
        self.visits = 0

    def step(self):
        self.visits += self.slots


class Desk(mesa.Agent):
    pass


class Village(PeopledModel):
    """A model of nothing much, with every kind of column."""

    def __init__(self, size=12, clinics=2, *, rng=None):
        super().__init__(size, rng=rng)
        luck = np.random.default_rng(rng)
        self.age = luck.integers(0, 95, size).astype(np.int8)
        self.tenure = luck.integers(0, 3, size).astype(np.int8)
        self.deprived = luck.random(size) < 0.3
        self.trust = np.full(size, 0.5)
        self.stage = luck.integers(0, len(STAGES), (size, 2)).astype(np.int8)
        for slots in range(1, clinics + 1):
            Clinic(self, slots)
        if clinics:
            Desk(self)
        self.datacollector = mesa.DataCollector(model_reporters={"trust": "mean_trust"})

    def resident_columns(self):
        return ResidentColumns(
            size=self.resident_count,
            static={"age": self.age, "tenure": self.tenure, "income_deprived": self.deprived},
            live={
                "trust": lambda rows: self.trust[rows],
                "housing_need": lambda rows: self.stage[rows, 0],
                "money_need": lambda rows: self.stage[rows, 1],
                "pensioner": lambda rows: self.age[rows] >= 65,
            },
            labels={"tenure": TENURES, "housing_need": STAGES, "money_need": STAGES},
            setters={"trust": self.set_trust, "housing_need": self.set_housing_need},
            themes=("housing", "money"),
        )

    def set_trust(self, rows, values):
        if np.any((values < 0) | (values > 1)):
            raise LocalsimError("trust lies between 0 and 1")
        self.trust[rows] = values

    def set_housing_need(self, rows, values):
        self.stage[rows, 0] = values

    @property
    def mean_trust(self):
        return float(self.trust.mean())

    def count_agents(self):
        return len(self.agents)

    def step(self):
        # A new array, not the old one changed: views must see it all the same.
        self.trust = self.trust * 0.9
        self.agents_by_type[Clinic].do("step")
        self.datacollector.collect(self)


class Elder(Resident):
    def is_old(self):
        return self.age >= 65

    @property
    def tenure(self):
        return self.model.columns.value("tenure", self.row).upper()


@pytest.fixture
def village():
    return Village(40, rng=7)


# ── one resident ─────────────────────────────────────────────────────────────────────────────


def test_a_view_is_a_mesa_agent_with_python_scalars(village):
    resident = village.residents[3]
    assert isinstance(resident, mesa.Agent)
    assert (resident.unique_id, resident.row, resident.model) == (4, 3, village)
    assert resident.pos is None
    assert resident.random is village.random
    for name, kind in {"age": int, "income_deprived": bool, "trust": float, "tenure": str}.items():
        assert type(getattr(resident, name)) is kind
    assert resident.pensioner is bool(village.age[3] >= 65)
    assert resident.tenure == TENURES[village.tenure[3]]
    assert resident.needs == {
        "housing": STAGES[village.stage[3, 0]],
        "money": STAGES[village.stage[3, 1]],
    }
    assert {"age", "trust", "needs", "unique_id"} <= set(dir(resident))


def test_views_of_one_row_are_one_resident(village):
    assert village.residents[3] == village.residents[3]
    assert village.residents[3] != village.residents[4]
    assert len({village.residents[3], village.residents[3]}) == 1
    assert village.residents[3] != Village(40, rng=7).residents[3]


def test_a_view_is_never_older_than_its_model(village):
    resident = village.residents[0]
    village.step()
    assert resident.trust == pytest.approx(0.45)
    resident.trust = 0.25
    assert village.trust[0] == 0.25
    resident.housing_need = "queueing"
    assert village.stage[0, 0] == STAGES.index("queueing")


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("age", 3, "'age' is read-only: of their attributes, 'trust', 'housing_need' may be set"),
        ("pensioner", True, "read-only"),
        ("truts", 0.1, "did you mean 'trust'"),
        ("favourite", 0.1, "holds nothing of its own"),
        ("row", 2, "no attribute 'row' to set"),
        ("step", print, "no attribute 'step' to set"),
    ],
)
def test_undeclared_and_fixed_attributes_cannot_be_set(village, name, value, says):
    for act in (
        lambda: setattr(village.residents[0], name, value),
        lambda: village.residents.set(name, value),
        lambda: village.residents.select(at_most=3).set(name, value),
    ):
        with pytest.raises(AttributeError, match=says):
            act()


@pytest.mark.parametrize("value", ["high", None, float("nan"), [0.1, 0.2], 1j, 1.5])
def test_a_column_takes_only_what_it_can_hold(village, value):
    before = village.trust.copy()
    with pytest.raises(LocalsimError, match=r"'trust' cannot be .* takes a finite number"):
        village.residents.set("trust", value)
    np.testing.assert_array_equal(village.trust, before)
    with pytest.raises(LocalsimError, match="one of 'none', 'unpresented'"):
        village.residents.set("housing_need", "queuing")


def test_reading_what_is_not_there_is_a_sentence(village):
    with pytest.raises(AttributeError, match="no attribute 'tenur': did you mean 'tenure'"):
        _ = village.residents[0].tenur
    assert not hasattr(village.residents[0], "hat")
    with pytest.raises(LocalsimError, match="no resident in row 40: rows run from 0 to 39"):
        Resident(village, 40)


def test_people_are_conserved(village):
    with pytest.raises(LocalsimError, match="people are conserved"):
        village.residents[0].remove()
    village.remove_all_agents()
    assert len(village.agents) == len(village.residents) == 40
    with pytest.raises(AttributeError, match="cannot be set"):
        village.agents = []


# ── the columns ──────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"static": {"age": np.zeros(4)}}, r"'age' has shape \(4,\); it must be \(3,\)"),
        ({"live": {"trust": lambda rows: np.zeros((3, 2))[rows]}}, r"'trust' has shape \(1, 2\)"),
        ({"live": {"trust": lambda rows: np.zeros(3)}}, r"'trust' has shape \(3,\)"),
        ({"labels": {"tenur": TENURES}}, "no resident column 'tenur': did you mean 'tenure'"),
        ({"themes": ("work",)}, "no resident column 'work_need'"),
        ({"setters": {"tenure": print}}, "Only a live resident column can be set, not 'tenure'"),
        ({"live": {"tenure": lambda rows: rows}}, "'tenure'.* both static and live"),
    ],
)
def test_columns_that_do_not_fit_are_refused(wrong, says):
    static = {"tenure": np.zeros(3, np.int8)} | wrong.pop("static", {})
    with pytest.raises(LocalsimError, match=says):
        ResidentColumns(size=3, static=static, **wrong)


def test_a_model_must_say_what_its_residents_are():
    with pytest.raises(NotImplementedError, match=r"must define resident_columns\(\)"):
        PeopledModel(3, rng=1).residents.get("age")


def test_two_models_share_no_columns():
    one, other = Village(5, rng=1), Village(5, rng=2)
    one.residents.set("trust", 0.1)
    assert set(other.residents.get("trust")) == {0.5}
    assert one.residents.get("trust") == [0.1] * 5


# ── the sets, against Mesa's own ─────────────────────────────────────────────────────────────


class Twin(mesa.Agent):
    """The same resident as an ordinary object."""

    def __init__(self, model, resident):
        super().__init__(model)
        for name in ("age", "tenure", "income_deprived", "trust", "pensioner", "needs"):
            setattr(self, name, getattr(resident, name))


def older(agent):
    return agent.age > 40


def decade(agent):
    return agent.age // 10


def ids(agents):
    return [agent.unique_id for agent in agents]


@given(
    size=st.integers(1, 25),
    seed=st.integers(0, 1000),
    at_most=st.one_of(st.integers(0, 30), st.floats(0, 3), st.just(float("inf"))),
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
        for by in (name, decade):
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
    assert people.get("age") == sorted((a for a in village.age.tolist() if a > 40), reverse=True)
    assert len(village.residents) == 40


def test_set_writes_the_column_at_once(village):
    people = village.residents
    assert people.set("trust", 0.2) is people
    people.select(at_most=2).set("trust", [0.3, 0.4])
    assert village.trust[:3].tolist() == [0.3, 0.4, 0.2]
    people.set("housing_need", "in service")
    assert people.agg("housing_need", Counter) == {"in service": 40}


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


# ── everyone ─────────────────────────────────────────────────────────────────────────────────


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


# ── Mesa's tools ─────────────────────────────────────────────────────────────────────────────


def trust_of(agent):
    return agent.trust


def years_to(agent, age):
    return age - agent.age


def count_over(model, age):
    return len(model.residents.select(where=model.residents.array("age") > age))


def share_of(count, total):
    return count / total


def test_data_collector_with_every_kind_of_reporter():
    village = Village(10, clinics=1, rng=3)
    village.datacollector = collector = mesa.DataCollector(
        model_reporters={
            "name": "mean_trust",
            "function": lambda model: count_over(model, 40),
            "method": village.count_agents,
            "partial": partial(count_over, age=60),
            "arguments": [share_of, [1, 4]],
        },
        agent_reporters={"id": "unique_id", "kind": lambda a: type(a).__name__},
        agenttype_reporters={
            Resident: {"trust": "trust", "same": trust_of, "to_100": [years_to, [100]]},
            Clinic: {"visits": "visits"},
        },
        tables={"closures": ["clinic", "month"]},
    )
    for _ in range(3):
        village.step()
    collector.add_table_row("closures", {"clinic": 11, "month": village.steps})
    by_month = collector.get_model_vars_dataframe()
    assert by_month["name"].to_numpy() == pytest.approx([0.45, 0.405, 0.3645])
    assert by_month["method"].tolist() == [12] * 3
    assert by_month["arguments"].tolist() == [0.25] * 3
    assert by_month["function"].iloc[0] == (village.age > 40).sum()
    assert by_month["partial"].iloc[0] == (village.age > 60).sum()
    everyone = collector.get_agent_vars_dataframe()
    assert everyone.index.names == ["Step", "AgentID"]
    assert len(everyone) == 3 * 12
    assert everyone.loc[2.0, "kind"].value_counts().to_dict() == {
        "Resident": 10,
        "Clinic": 1,
        "Desk": 1,
    }
    residents = collector.get_agenttype_vars_dataframe(Resident)
    assert residents["trust"].equals(residents["same"].rename("trust"))
    assert residents.loc[3.0, "trust"].to_numpy() == pytest.approx(0.3645)
    assert (residents.loc[1.0, "to_100"] == 100 - village.age).all()
    assert collector.get_agenttype_vars_dataframe(Clinic)["visits"].tolist() == [1, 2, 3]
    assert collector.get_table_dataframe("closures").to_dict("list") == {
        "clinic": [11],
        "month": [3],
    }


def test_data_collector_finds_a_users_residents_under_resident():
    village = Village(4, rng=3)
    village.resident_class = Elder
    village.datacollector = mesa.DataCollector(agenttype_reporters={Resident: {"age": "age"}})
    village.step()
    found = village.datacollector.get_agenttype_vars_dataframe(Resident)
    assert found["age"].tolist() == village.age.tolist()


@pytest.fixture
def start_method():
    before = multiprocessing.get_start_method(allow_none=True)
    yield
    multiprocessing.set_start_method(before, force=True)


@pytest.mark.usefixtures("start_method")
def test_batch_run():
    rows = mesa.batch_run(
        Village,
        {"size": [5, 6], "clinics": 1},
        number_processes=1,
        rng=[1, 2],
        max_steps=4,
        data_collection_period=1,
        display_progress=False,
    )
    table = pd.DataFrame(rows)
    assert len(table) == 2 * 2 * 4
    assert table.groupby("size")["trust"].last().tolist() == pytest.approx([0.5 * 0.9**4] * 2)


def test_mesas_newer_data_sets(village):
    kept = village.data_registry.track_agents(village.residents, "trust", fields=["trust", "age"])
    village.step()
    assert [row["trust"] for row in kept.data] == pytest.approx([0.45] * 40)
    assert [row["age"] for row in kept.data] == village.age.tolist()


@pytest.mark.parametrize(
    "again",
    [copy.deepcopy, lambda model: pickle.loads(pickle.dumps(model))],
    ids=["copy", "pickle"],
)
def test_a_copied_model_lives_its_own_life(again, village):
    village.step()
    village.chosen = {village.residents[4]: village.residents.select(at_most=2)}
    other = again(village)
    ((resident, pair),) = other.chosen.items()
    assert resident.model is other
    assert resident == other.residents[4]
    pair.set("trust", 0.0)
    other.step()
    assert other.residents.get("trust")[:3] == pytest.approx([0.0, 0.0, 0.405])
    assert village.residents.get("trust")[:3] == pytest.approx([0.45] * 3)
    assert (other.steps, village.steps) == (2, 1)
    assert other.agents.get("unique_id") == village.agents.get("unique_id")
    assert other.agents_by_type[Clinic].get("visits") == [2, 4]
    assert village.agents_by_type[Clinic].get("visits") == [1, 2]
    assert Clinic(other, 1).unique_id == Clinic(village, 1).unique_id == 44


@pytest.mark.parametrize("start", ["resident", "set"])
def test_pickling_a_view_or_a_set_takes_the_model_along(village, start):
    village.chosen = {village.residents[4]}
    few = village.residents.select(older)
    other = pickle.loads(pickle.dumps(village.residents[4] if start == "resident" else few))
    assert other.model.chosen == {other.model.residents[4]}
    if start == "set":
        assert other.get("age") == few.get("age")


def test_what_a_dashboard_asks_of_a_model(village):
    assert (village.running, village.steps, village.time) == (True, 0, 0)
    village.step()
    assert (village.running, village.steps, village.time) == (True, 1, 1)
    village.run_for(2)
    assert village.steps == 3
    assert set(type(village)(**{"size": 3, "rng": 1}).agents.get("pos", "default")) == {None}


# ── cost ─────────────────────────────────────────────────────────────────────────────────────


def test_a_dropped_model_is_freed():
    village = Village(1000, rng=1)
    village.step()
    statistics.mean(village.residents.get("trust"))
    few, resident = village.residents.select(at_most=3), village.residents[1]
    model, column = weakref.ref(village), weakref.ref(village.trust)
    del village
    gc.collect()
    assert model() is resident.model is few.model
    del few, resident
    gc.collect()
    assert model() is None
    assert column() is None


def test_a_million_residents_are_a_set_at_once():
    model = Village(1_000_000, rng=1)
    start = time.perf_counter()
    for _ in range(100):
        assert len(model.agents) == 1_000_003
        assert len(model.agents_by_type[Resident]) == 1_000_000
        assert model.residents[999_999] in model.agents
    assert (time.perf_counter() - start) / 100 < 0.02


def test_looking_at_everyone_keeps_nobody():
    model = Village(20_000, rng=1)
    model.residents.get("age")
    tracemalloc.start()
    try:
        assert sum(1 for agent in model.agents if agent.unique_id % 2) == 10_002
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 20 * model.resident_count
