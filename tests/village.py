"""A stand-in model: residents with every kind of column, and a few ordinary agents."""

import mesa
import numpy as np

from localsim.agents.columns import ResidentColumns
from localsim.agents.peopled import PeopledModel
from localsim.agents.resident import Resident
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


def older(agent):
    return agent.age > 40


def decade(agent):
    return agent.age // 10


def ids(agents):
    return [agent.unique_id for agent in agents]
