"""The real model, driven with nothing but Mesa's own API."""

import copy
import gc
import multiprocessing
import pickle
import weakref
from collections import Counter

import mesa
import numpy as np
import pandas as pd
import pytest

from localsim.agents.institutions import Agency, Centre, Commissioner, Provider
from localsim.agents.resident import Resident
from localsim.dynamics.columns import PHASES
from localsim.model import Model
from localsim.place import TENURES, Place
from localsim.policy import presets

PLACE = Place.synthetic(400, areas=4, seed=3)


@pytest.fixture(scope="module")
def warm():
    return Model(PLACE, seed=5, warmup_years=1)


@pytest.fixture
def model(warm):
    return copy.deepcopy(warm)


@pytest.fixture(scope="module")
def norbiton():
    return Model(Place.norbiton(), warmup_years=1)


def state_of(model):
    """Everything a resident can say, as text: exact, and comparable between models."""
    return {name: repr(model.residents.get(name)) for name in model.columns.names}


def of_working_age(resident):
    return 16 <= resident.age < 65


def older_by(resident, years):
    return resident.age + years


def test_all_kinds_of_agents_are_there(model):
    assert model.agent_types == [Resident, Agency, Provider, Centre, Commissioner]
    counts = model.agents.groupby(type).count()
    assert counts[Resident] == model.resident_count == int(PLACE.residents.sum())
    assert counts == {kind: len(agents) for kind, agents in model.agents_by_type.items()}
    assert len(model.agents) == sum(counts.values())
    assert len(set(model.agents.get("unique_id"))) == len(model.agents)
    assert all(isinstance(agent, mesa.Agent) for agent in model.agents)
    assert (model.steps, model.time, model.running) == (0, 0.0, True)


def test_residents_say_what_the_model_holds(norbiton):
    place, people = norbiton.place, norbiton.residents
    assert people.groupby("area").count() == dict(
        zip(place.codes, place.residents.tolist(), strict=True)
    )
    assert Counter(people.get("tenure")) == dict(
        zip(TENURES, place.margins["tenure"].sum(axis=0).tolist(), strict=True)
    )
    children = people.select(where=people.array("age") < 16)
    assert set(children.get("activity")) == {"child"}
    assert sum(people.get("householder")) == place.households.sum()
    open_needs = [
        sum(phase != PHASES[0] for phase in needs.values()) for needs in people.get("needs")
    ]
    assert open_needs == people.get("open_needs")
    assert sum(open_needs) == norbiton.open_needs > 0
    assert people.agg("trust", np.mean) == pytest.approx(norbiton.trust_in_council, rel=1e-5)
    eldest = people.sort("age")[0]
    assert eldest.age == people.agg("age", max)
    assert (eldest.model, type(eldest.age), type(eldest.trust)) == (norbiton, int, float)


def test_a_residents_trust_can_be_set_and_the_models_mean_follows(model):
    other = copy.deepcopy(model)
    untouched = other.residents.get("trust")
    model.residents.set("trust", 0.5)
    model.residents[0].trust = 0.25
    assert model.residents.get("trust")[:2] == pytest.approx([0.25, 0.5])
    assert model.trust_in_council == pytest.approx(0.5 - 0.25 / 400, rel=1e-5)
    assert other.residents.get("trust") == untouched
    with pytest.raises(AttributeError, match="'age' is read-only"):
        model.residents[0].age = 30


def test_looking_changes_nothing(model):
    watched = copy.deepcopy(model)
    watched.datacollector = mesa.DataCollector(agent_reporters={"id": "unique_id"})
    for _ in range(13):
        model.step()
        watched.agents.shuffle_do("step")
        watched.residents.select(of_working_age).shuffle().sort("trust")
        watched.step()
    assert state_of(watched) == state_of(model)
    assert watched.spent_gbp == model.spent_gbp


def test_data_collector(model):
    model.datacollector = collector = mesa.DataCollector(
        model_reporters={
            "spent": "spent_gbp",
            "people": lambda m: len(m.residents),
            "method": model.residents.__len__,
            "arguments": [round, [2.5, 0]],
        },
        agent_reporters={"kind": lambda agent: type(agent).__name__},
        agenttype_reporters={
            Resident: {"needs": "needs", "trust": "trust", "next year": [older_by, [1]]},
            Provider: {"slots": "slots"},
        },
        tables={"notes": ["month"]},
    )
    model.run_for(2)
    collector.add_table_row("notes", {"month": model.steps})
    months = collector.get_model_vars_dataframe()
    assert months["spent"].is_monotonic_increasing
    assert months["people"].tolist() == months["method"].tolist() == [400, 400]
    assert collector.get_agent_vars_dataframe().loc[2.0, "kind"].value_counts().to_dict() == {
        kind.__name__: count for kind, count in model.agents.groupby(type).count().items()
    }
    residents = collector.get_agenttype_vars_dataframe(Resident)
    assert residents.loc[2.0, "needs"].tolist() == model.residents.get("needs")
    assert residents.loc[2.0, "trust"].tolist() == model.residents.get("trust")
    assert residents.loc[1.0, "next year"].tolist() == [a + 1 for a in model.residents.get("age")]
    slots = collector.get_agenttype_vars_dataframe(Provider).loc[2.0, "slots"].tolist()
    assert slots == model.agents_by_type[Provider].get("slots")
    assert collector.get_table_dataframe("notes")["month"].tolist() == [2]


def test_batch_run_gives_what_the_model_gives():
    before = multiprocessing.get_start_method(allow_none=True)
    policies = [presets.status_quo(), presets.top_down()]
    try:
        rows = mesa.batch_run(
            Model,
            {"place": PLACE, "policy": policies, "warmup_years": 0},
            number_processes=1,
            rng=[1, np.int64(2)],
            max_steps=3,
            data_collection_period=1,
            display_progress=False,
        )
    finally:
        multiprocessing.set_start_method(before, force=True)
    table = pd.DataFrame(rows)
    assert len(table) == 2 * 2 * 3
    alone = Model(PLACE, policies[1], seed=2, warmup_years=0)
    alone.run_for(3)
    told = table[(table["policy"] == policies[1]) & (table["seed"] == 2)]
    assert told["open needs"].iloc[-1] == alone.open_needs
    assert told["spent_gbp"].iloc[-1] == alone.spent_gbp


def test_a_seed_of_none_is_a_fresh_one():
    one, other = (Model(PLACE, seed=None, warmup_years=0) for _ in range(2))
    assert one.seed != other.seed
    again = Model(PLACE, seed=one.seed, warmup_years=0)
    again.step()
    one.step()
    assert state_of(again) == state_of(one)


@pytest.mark.parametrize(
    "again",
    [copy.deepcopy, lambda model: pickle.loads(pickle.dumps(model))],
    ids=["copied", "pickled"],
)
def test_a_copied_model_goes_on_as_the_first_would(again, model):
    model.step()
    before = state_of(model)
    twin = again(model)
    twin.run_for(13)
    assert state_of(model) == before
    model.run_for(13)
    assert state_of(twin) == state_of(model)
    assert twin.steps == model.steps == 14
    assert twin.spent_gbp == model.spent_gbp
    assert twin.agents.get("unique_id") == model.agents.get("unique_id")
    assert all(agent.model is twin for agent in twin.agents)


def test_a_fork_has_residents_of_its_own(model):
    fork = model.fork(presets.top_down())
    here = state_of(model)
    fork.residents.set("trust", 0.0)
    fork.run_for(3)
    assert state_of(model) == here
    assert len(set(fork.agents.get("unique_id"))) == len(fork.agents)
    assert fork.residents[7] != model.residents[7]


def test_forked_and_dropped_models_are_freed(warm):
    model = warm.fork(presets.top_down())
    model.step()
    model.residents.get("needs")
    fork = model.fork(presets.status_quo())
    resident = fork.residents[0]
    gone = [weakref.ref(model), weakref.ref(model.columns)]
    del model
    gc.collect()
    assert [ref() for ref in gone] == [None, None]
    gone = [weakref.ref(fork)]
    del fork
    assert resident.model.steps == 1
    del resident
    gc.collect()
    assert gone[0]() is None


class Neighbour(Resident):
    def is_waiting(self):
        return bool(self.open_needs)


class Street(Model):
    resident_class = Neighbour


def test_a_user_gives_residents_methods():
    street = Street(PLACE, seed=5, warmup_years=1)
    assert sum(street.residents.map("is_waiting")) == sum(
        open_needs > 0 for open_needs in street.residents.get("open_needs")
    )
    assert isinstance(street.agents[0], Neighbour)
