"""A set of agents that holds numbers and makes agents as they are asked for."""

from __future__ import annotations

import math
from abc import abstractmethod
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice
from typing import TYPE_CHECKING, Any, Literal, Self, overload

import numpy as np
from mesa import Agent
from mesa.agentset import AbstractAgentSet, GroupBy
from numpy.typing import NDArray

from localsim.errors import LocalsimError

if TYPE_CHECKING:
    from random import Random

    from localsim.agents.peopled import PeopledModel

type Ids = NDArray[np.int64]
type Method = str | Callable[..., Any]

MISSING = object()


def number_of(agent: Agent[Any]) -> int:
    """Return the `unique_id` of an agent that is registered with its model."""
    return int(agent.unique_id)  # type: ignore[call-overload,no-any-return]  # Mesa says None


def read(agent: Agent[Any], name: str, default: object) -> Any:
    """Return an agent's attribute; where it lacks it, the default unless MISSING."""
    return getattr(agent, name) if default is MISSING else getattr(agent, name, default)


class Groups(GroupBy):
    """Mesa's groups, whose `agg` reads each group's column at once."""

    def agg(self, attr_name: str, func: Callable[[list[Any]], Any]) -> dict[Any, Any]:
        """Return `func` of each group's list of values."""
        return {
            key: func(
                group.get(attr_name)
                if isinstance(group, AbstractAgentSet)
                else [getattr(agent, attr_name) for agent in group]
            )
            for key, group in self.groups.items()
        }


class ColumnarSet[A: Agent[Any]](AbstractAgentSet[A], Sequence[A]):
    """An ordered set of a model's agents, held as their numbers (`unique_id`).

    It answers everything that Mesa's ``AgentSet`` answers, with the same results. What reads or
    writes a column (`get`, `set`, `agg`, `groupby` and `sort` by name, `select` with `where`)
    works on the column at once. What takes a function or a method's name (`do`, `map`, `select`
    with `filter_func`) is a Python loop that makes each resident's view in turn and keeps none.

    The set that a model gives is the whole, as it stands at each look. A set made from it holds
    those it was made with, less any agent that was removed from the model since. With
    ``inplace=True`` a set changes itself, never who lives in the place.

    Parameters
    ----------
    model
        The agents' model.
    ids
        The members' numbers in order; None for the whole.
    """

    def __init__(self, model: PeopledModel, ids: Ids | None = None) -> None:
        self.model = model
        self._ids = ids
        self._known: set[int] | None = None

    @property
    @abstractmethod
    def ids(self) -> Ids:
        """The members' numbers in order, int64[n]."""

    @abstractmethod
    def _agents_of(self, ids: Ids) -> Iterator[A]:
        """Make or find the agents of these numbers, one at a time."""

    @abstractmethod
    def _attribute(self, name: str, default: object) -> list[Any]:
        """Return an attribute of each member; where one lacks it, the default unless MISSING."""

    @abstractmethod
    def _could_hold(self, agent: Agent[Any]) -> bool:
        """Whether an agent lives in this model and is of this set's kind."""

    @abstractmethod
    def _are(self, ids: Ids, agent_type: type[Agent[Any]]) -> NDArray[np.bool_]:
        """Say of each number whether its agent is of a type."""

    @property
    def random(self) -> Random:
        """The model's generator, with which Mesa shuffles."""
        return self.model.random

    def _with(self, ids: Ids, inplace: bool = False) -> Self:
        if not inplace:
            return type(self)(self.model, ids)
        self._ids, self._known = ids, None
        return self

    def _update(self, agents: Iterable[A]) -> Self:
        numbers = dict.fromkeys(self._id(agent) for agent in agents)
        return self._with(np.fromiter(numbers, np.int64), inplace=True)

    # Python's sets build theirs from the class alone; this one needs its model.
    def _from_iterable(self, agents: Iterable[A]) -> Self:  # type: ignore[override]  # as said
        """Build the result of ``&``, ``|``, ``-`` and ``^``."""
        return self.copy()._update(agents)

    def _id(self, agent: A) -> int:
        if not self._could_hold(agent):
            raise LocalsimError(
                f"{agent!r} cannot join this set: it holds only agents of its own model and kind."
            )
        return number_of(agent)

    def __len__(self) -> int:
        return len(self.ids)

    def __iter__(self) -> Iterator[A]:
        return self._agents_of(self.ids)

    def __contains__(self, agent: object) -> bool:
        if not (isinstance(agent, Agent) and self._could_hold(agent)):
            return False
        if self._ids is None:
            return True
        if self._known is None:
            self._known = set(self._ids.tolist())
        return number_of(agent) in self._known

    @overload
    def __getitem__(self, item: int) -> A: ...

    @overload
    def __getitem__(self, item: slice) -> list[A]: ...

    def __getitem__(self, item: int | slice) -> A | list[A]:
        ids = self.ids
        if isinstance(item, slice):
            return list(self._agents_of(ids[item]))
        return next(self._agents_of(ids[[item]]))

    def __repr__(self) -> str:
        return f"<{type(self).__name__}: {len(self):,} of {type(self.model).__name__}>"

    def to_list(self) -> list[A]:
        """Return the members as a list, which holds a view for each resident."""
        return list(self)

    def copy(self) -> Self:
        """Return a set of the same members, which later arrivals do not join."""
        return self._with(self.ids)

    __copy__ = copy

    def get(
        self,
        attr_names: str | list[str],
        handle_missing: Literal["error", "default"] = "error",
        default_value: Any = None,
    ) -> list[Any]:
        """Return an attribute of each member, or a list of several for each.

        Returns a list, as Mesa does, of Python scalars and words; `Residents.array` returns the
        array. Raises AttributeError where a member lacks the attribute, unless `handle_missing`
        is ``"default"``.
        """
        if handle_missing not in {"error", "default"}:
            raise LocalsimError(
                f"handle_missing cannot be {handle_missing!r}: use 'error' or 'default'."
            )
        default = default_value if handle_missing == "default" else MISSING
        if isinstance(attr_names, str):
            return self._attribute(attr_names, default)
        columns = [self._attribute(name, default) for name in attr_names]
        return [list(values) for values in zip(*columns, strict=True)]

    def select(
        self,
        filter_func: Callable[[A], bool] | None = None,
        at_most: int | float = math.inf,
        inplace: bool = False,
        agent_type: type[Agent[Any]] | None = None,
        *,
        where: Sequence[bool] | NDArray[np.bool_] | None = None,
    ) -> Self:
        """Return the members that pass every test given, in order.

        Parameters
        ----------
        filter_func
            Asked of each member's view, one at a time; `where` is much quicker.
        at_most
            The first so many; a float up to 1.0 is a share of the set, rounded down.
        inplace
            Narrow this set instead of returning another.
        agent_type
            Only members of this class.
        where
            A truth value for each member, in order, such as
            ``residents.array("age") >= 65``.
        """
        ids = self.ids
        limit = None
        if at_most != math.inf:
            share = isinstance(at_most, float) and at_most <= 1.0
            limit = max(0, int(len(ids) * at_most) if share else math.ceil(at_most))
        if where is not None:
            mask = np.asarray(where)
            if mask.dtype != np.bool_ or mask.shape != ids.shape:
                raise LocalsimError(
                    f"where= needs {len(ids)} truth values, one for each member in order; "
                    f"it has {mask.dtype} of shape {mask.shape}."
                )
            ids = ids[mask]
        if agent_type is not None:
            ids = ids[self._are(ids, agent_type)]
        if filter_func is not None:
            passed = (i for a, i in self._numbered(ids) if filter_func(a))
            ids = np.fromiter(islice(passed, limit), np.int64)
        return self._with(ids[:limit], inplace)

    def _numbered(self, ids: Ids) -> Iterator[tuple[A, int]]:
        return ((agent, number_of(agent)) for agent in self._agents_of(ids))

    def groupby(self, by: Method, result_type: Literal["agentset", "list"] = "agentset") -> Groups:
        """Group the members by an attribute's name or by what a function says of each."""
        ids = self.ids
        values = self.get(by) if isinstance(by, str) else self.map(by)
        keys: dict[Any, int] = {}
        codes = np.array([keys.setdefault(value, len(keys)) for value in values], dtype=np.intp)
        ends = np.cumsum(np.bincount(codes, minlength=len(keys)))[:-1]
        parts = np.split(ids[np.argsort(codes, kind="stable")], ends) if len(keys) else []
        sets = (self._with(part) for part in parts)
        if result_type == "list":
            return Groups({key: list(part) for key, part in zip(keys, sets, strict=True)})
        return Groups(dict(zip(keys, sets, strict=True)))

    def sort(
        self, key: Callable[[A], Any] | str, ascending: bool = False, inplace: bool = False
    ) -> Self:
        """Return the members by an attribute or a function, the largest first as Mesa does."""
        ids = self.ids
        keys = self.get(key) if isinstance(key, str) else self.map(key)
        order = sorted(range(len(ids)), key=keys.__getitem__, reverse=not ascending)
        return self._with(ids[order], inplace)

    def shuffle(self, inplace: bool = False) -> Self:
        """Return the members in a random order, drawn from Mesa's ``model.random``."""
        order = self.ids.tolist()
        self.random.shuffle(order)
        return self._with(np.array(order, dtype=np.int64), inplace)

    def do(self, method: Method, *args: Any, **kwargs: Any) -> Self:
        """Call a method, by its name, or a function on each member in turn: a Python loop."""
        self._call(self, method, *args, **kwargs)
        return self

    def shuffle_do(self, method: Method, *args: Any, **kwargs: Any) -> Self:
        """Call a method or a function on each member in a random order."""
        self._call(self.shuffle(), method, *args, **kwargs)
        return self

    def map(self, method: Method, *args: Any, **kwargs: Any) -> list[Any]:
        """Return what a method or a function says of each member in turn: a Python loop."""
        if isinstance(method, str):
            return [getattr(agent, method)(*args, **kwargs) for agent in self]
        return [method(agent, *args, **kwargs) for agent in self]

    @staticmethod
    def _call(agents: Iterable[A], method: Method, *args: Any, **kwargs: Any) -> None:
        for agent in agents:
            if isinstance(method, str):
                getattr(agent, method)(*args, **kwargs)
            else:
                method(agent, *args, **kwargs)

    def add(self, agent: A) -> None:
        """Add an agent of the model to this set."""
        number = self._id(agent)
        if agent not in self:
            self._ids = np.append(self.ids, number)
            if self._known is not None:
                self._known.add(number)

    def discard(self, agent: A) -> None:
        """Leave an agent out of this set, if it is in; the model keeps it."""
        if agent in self:
            number, ids = number_of(agent), self.ids
            self._ids = ids[ids != number]
            if self._known is not None:
                self._known.discard(number)

    def remove(self, agent: A) -> None:
        """Leave an agent out of this set; raises KeyError where it is not in."""
        if agent not in self:
            raise KeyError(agent)
        self.discard(agent)

    def clear(self) -> None:
        """Leave everybody out of this set."""
        self._with(np.empty(0, np.int64), inplace=True)
