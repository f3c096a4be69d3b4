"""Everyone: residents and ordinary agents in one set."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Self

import numpy as np
from mesa import Agent
from numpy.typing import NDArray

from localsim.agents.columnar import ColumnarSet, Ids, number_of, read
from localsim.agents.residents import Residents


class Everyone(ColumnarSet[Agent[Any]]):
    """A model's residents and its ordinary agents, or some of them: ``model.agents``.

    Residents come first, by row, then the ordinary agents (providers, agencies, commissioners,
    the centre) in the order in which they entered.
    """

    @property
    def ids(self) -> Ids:
        """The members' numbers in order, int64[n]."""
        count = self.model.resident_count
        entered = np.array([number_of(a) for a in self.model.ordinary_agents], np.int64)
        if self._ids is None:
            return np.concatenate((np.arange(1, count + 1), entered))
        return self._ids[(self._ids <= count) | np.isin(self._ids, entered)]

    def __len__(self) -> int:
        if self._ids is None:
            return self.model.resident_count + len(self.model.ordinary_agents)
        return len(self.ids)

    def _agents_of(self, ids: Ids) -> Iterator[Agent[Any]]:
        model, view, count = self.model, self.model.resident_class, self.model.resident_count
        ordinary = {number_of(agent): agent for agent in model.ordinary_agents}
        for number in map(int, ids):
            if number <= count:
                yield view(model, number - 1)
            # One agent may remove another while a loop runs, as in Mesa's own sets.
            elif ordinary[number] in model.ordinary_agents:
                yield ordinary[number]

    def _could_hold(self, agent: Agent[Any]) -> bool:
        return agent in self.model.residents or agent in self.model.ordinary_agents

    def _are(self, ids: Ids, agent_type: type[Agent[Any]]) -> NDArray[np.bool_]:
        if issubclass(self.model.resident_class, agent_type):
            fits = ids <= self.model.resident_count
        else:
            fits = np.zeros(len(ids), dtype=np.bool_)
        of_type = [number_of(a) for a in self.model.ordinary_agents if isinstance(a, agent_type)]
        return fits | np.isin(ids, of_type)

    def _split(self) -> tuple[Ids, NDArray[np.bool_], Residents]:
        ids = self.ids
        residing = ids <= self.model.resident_count
        return ids, residing, Residents(self.model, ids[residing])

    def _attribute(self, name: str, default: object) -> list[Any]:
        ids, residing, residents = self._split()
        theirs = iter(residents._attribute(name, default))
        others = (read(agent, name, default) for agent in self._agents_of(ids[~residing]))
        return [next(theirs) if resides else next(others) for resides in residing.tolist()]

    def set(self, attr_name: str, value: Any) -> Self:  # type: ignore[override]  # Mesa's hint is narrow
        """Set an attribute of every member to one value, which residents must be able to take."""
        ids, residing, residents = self._split()
        residents.set(attr_name, value)
        for agent in self._agents_of(ids[~residing]):
            setattr(agent, attr_name, value)
        return self
