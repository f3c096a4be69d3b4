"""A Mesa model peopled by residents that are columns."""

from __future__ import annotations

from typing import Any

import mesa
from mesa.agentset import AbstractAgentSet
from mesa.experimental.scenarios import Scenario

from localsim.agents.columns import ResidentColumns
from localsim.agents.everyone import Everyone
from localsim.agents.resident import Resident
from localsim.agents.residents import Residents

type AnyAgent = mesa.Agent[Any]


class PeopledModel(mesa.Model[AnyAgent, Scenario[Any]]):
    """A Mesa model whose residents are columns and whose other agents are ordinary.

    A subclass says in `resident_columns` what its residents' columns are. Residents are numbered
    1 to `residents`; ordinary agents, which register themselves as in any Mesa model, follow.
    Everything that Mesa reads of a model's agents (`agents`, `agents_by_type`, `agent_types`)
    has both. ``remove_all_agents()`` removes the ordinary agents; people are conserved.

    Parameters
    ----------
    residents
        How many people live in the model, for its whole life.
    rng
        What seeds Mesa's own ``random`` and ``rng``.
    """

    resident_class: type[Resident] = Resident
    """What a resident is seen as; set it to a subclass to give residents methods of your own."""

    def __init__(self, residents: int, *, rng: int | None = None) -> None:
        super().__init__(rng=rng)
        self.resident_count = residents
        self.agent_id_counter = residents + 1
        self._columns: ResidentColumns | None = None

    def resident_columns(self) -> ResidentColumns:
        """Return the residents' columns; asked for once, and again by every copy of the model."""
        raise NotImplementedError(
            f"{type(self).__name__} must define resident_columns(), which says what its residents "
            "are: see localsim.agents.columns."
        )

    @property
    def columns(self) -> ResidentColumns:
        """The columns behind the residents' views."""
        if self._columns is None:
            self._columns = self.resident_columns()
        return self._columns

    def forget_columns(self) -> None:
        """Ask for the columns anew when next they are looked at: residents have changed."""
        self._columns = None

    @property
    def residents(self) -> Residents:
        """All residents, by row."""
        return Residents(self)

    @property
    def ordinary_agents(self) -> AbstractAgentSet[Any]:
        """The agents that are objects of their own: Mesa's register."""
        return super().agents

    @property  # type: ignore[override]  # Mesa names its own class of set
    def agents(self) -> Everyone:
        """All agents: residents, then ordinary agents as they entered."""
        return Everyone(self)

    @agents.setter
    def agents(self, agents: object) -> None:
        raise AttributeError(
            "model.agents cannot be set: agents register themselves with their model, and "
            "residents are its columns."
        )

    @property
    def agents_by_type(  # type: ignore[override]  # Mesa names its own class of set
        self,
    ) -> dict[type[AnyAgent], AbstractAgentSet[Any]]:
        """The set of agents of each class, the residents' first."""
        return {self.resident_class: self.residents, **super().agents_by_type}

    @property
    def agent_types(self) -> list[type[AnyAgent]]:
        """The classes of agents in the model, the residents' first."""
        return list(self.agents_by_type)

    def __getstate__(self) -> dict[str, Any]:
        # A copy asks for columns of its own: these look at this model's arrays.
        return {**self.__dict__, "_columns": None}
