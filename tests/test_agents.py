"""Residents in Mesa: what Mesa's own API asks of a model, it gets."""

import copy
import gc
import multiprocessing
import pickle
import weakref
from functools import partial

import mesa
import pandas as pd
import pytest
from memory import peak_bytes
from village import Clinic, Elder, Village, older

from localsim.agents.resident import Resident


@pytest.fixture
def village():
    return Village(40, rng=7)


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
    village.residents.agg("trust", min)
    few, resident = village.residents.select(at_most=3), village.residents[1]
    model, column = weakref.ref(village), weakref.ref(village.trust)
    del village
    gc.collect()
    assert model() is resident.model is few.model
    del few, resident
    gc.collect()
    assert model() is None
    assert column() is None


def test_a_million_residents_are_a_set_without_being_made():
    peak = peak_bytes(
        ["from village import Resident, Village", "model = Village(1_000_000, rng=1)"],
        [
            "assert len(model.agents) == 1_000_003",
            "assert len(model.agents_by_type[Resident]) == 1_000_000",
            "assert model.residents[999_999] in model.agents",
        ],
    )
    assert peak < 10_000_000  # a row number each is 8 MB, the barest object with its place 24 MB


def test_looking_at_everyone_keeps_nobody():
    residents = 20_000
    peak = peak_bytes(
        [
            "from village import Village",
            f"model = Village({residents}, rng=1)",
            "model.residents.get('age')",
        ],
        ["assert sum(1 for agent in model.agents if agent.unique_id % 2) == 10_002"],
    )
    assert peak < 20 * residents
