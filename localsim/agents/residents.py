"""The residents: a set held as columns."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any, Self

import numpy as np
from mesa import Agent
from numpy.typing import NDArray

from localsim.agents.columnar import MISSING, ColumnarSet, Ids, read
from localsim.agents.columns import Column, Rows
from localsim.agents.resident import Resident


class Residents(ColumnarSet[Resident]):
    """Some or all of a model's residents, as Mesa's agent set over the model's columns.

    ``model.residents`` and ``model.agents_by_type[Resident]`` are all of them, by area::

        model.residents.agg("trust_council", np.mean)
        old = model.residents.select(where=model.residents.array("age") >= 65)
        old.groupby("tenure").count()
        old.set("trust_council", 0.5)
    """

    @property
    def ids(self) -> Ids:
        """The members' numbers in order, int64[n]."""
        if self._ids is None:
            return np.arange(1, self.model.resident_count + 1)
        return self._ids

    @property
    def rows(self) -> Rows:
        """The members' rows in the model's columns, in order: what indexes an array of theirs."""
        return slice(None) if self._ids is None else self._ids - 1

    def __len__(self) -> int:
        return self.model.resident_count if self._ids is None else len(self._ids)

    def __iter__(self) -> Iterator[Resident]:
        if self._ids is not None:
            return self._agents_of(self._ids)
        return map(partial(self.model.resident_class, self.model), range(len(self)))

    def _agents_of(self, ids: Ids) -> Iterator[Resident]:
        return map(partial(self.model.resident_class, self.model), map(int, ids - 1))

    def _could_hold(self, agent: Agent[Any]) -> bool:
        return isinstance(agent, Resident) and agent.model is self.model

    def _are(self, ids: Ids, agent_type: type[Agent[Any]]) -> NDArray[np.bool_]:
        return np.full(len(ids), issubclass(self.model.resident_class, agent_type))

    def _is_column(self, name: str) -> bool:
        # A subclass of Resident may say something else under a column's name.
        return name in self.model.columns and not hasattr(self.model.resident_class, name)

    def _attribute(self, name: str, default: object) -> list[Any]:
        if self._is_column(name):
            values: list[Any] = self.array(name).tolist()
            return values
        if name == "unique_id":
            numbers: list[Any] = self.ids.tolist()
            return numbers
        # A view holds nothing of its own: what neither its class nor a column has, none has.
        if default is not MISSING and not hasattr(self.model.resident_class, name):
            return [default] * len(self)
        return [read(resident, name, default) for resident in self]

    def array(self, name: str) -> Column:
        """Return a column of the members as a new array, [n]; words are Python strings.

        Raises
        ------
        ResidentAttributeError
            Where the model has no such column.
        """
        return self.model.columns.array(name, self.rows)

    def set(self, attr_name: str, value: Any) -> Self:  # type: ignore[override]  # Mesa's hint is narrow
        """Set an attribute of every member to one value, or to an array of one for each.

        Raises
        ------
        ResidentAttributeError
            Where residents have no such attribute, or it is read-only.
        LocalsimError
            Where the attribute cannot hold the value.
        """
        if isinstance(getattr(self.model.resident_class, attr_name, None), property):
            super().set(attr_name, value)
        else:
            self.model.columns.write(attr_name, self.rows, value)
        return self
