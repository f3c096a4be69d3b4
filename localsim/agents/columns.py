"""What a model lends to its residents' views: columns, one row a resident.

A model hands over its columns in one method, and never copies them::

    class Model(PeopledModel):
        def resident_columns(self) -> ResidentColumns:
            people, state = self.population, self.state
            return ResidentColumns(
                size=people.size,
                static={"age": people.age, "tenure": people.tenure},
                live={
                    "trust": lambda rows: self.state.trust[rows],
                    "housing_need": lambda rows: self.state.phase[0][rows],
                },
                labels={"tenure": TENURES, "housing_need": PHASES},
                setters={"trust": self.set_trust},
                themes=("housing",),
            )

`static` arrays never change. `live` columns are asked for at every look, for one row or many, so
that a view is never older than the model. `labels` turn a column's codes into words. `setters`
are how the model takes a new value; a column without one is read-only.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from localsim.errors import LocalsimError, nearest

type Column = NDArray[Any]
type Rows = int | slice | NDArray[np.int64]


class ResidentAttributeError(LocalsimError, AttributeError):
    """A resident was asked for, or told to hold, something that is not theirs."""


@dataclass(frozen=True, eq=False, kw_only=True)
class ResidentColumns:
    """The columns behind the residents' views.

    Parameters
    ----------
    size
        Residents, N.
    static
        Arrays of shape [N] that never change in a model's life.
    live
        Functions of rows (a number, an array of numbers or a slice) that return their values.
    labels
        Words for the codes 0, 1, … of a column; a resident then says the word.
    setters
        Functions of rows and values (one, or as many as there are rows) that set a live column.
    themes
        The themes of need; each has a column ``f"{theme}_need"``, how far the need has got.

    Raises
    ------
    LocalsimError
        Where a column does not have one value a resident or is named twice, or where a name in
        `labels`, `setters` or `themes` has no column to go with.
    """

    size: int
    static: Mapping[str, Column]
    live: Mapping[str, Callable[[Rows], Any]] = field(default_factory=dict)
    labels: Mapping[str, Sequence[str]] = field(default_factory=dict)
    setters: Mapping[str, Callable[[Rows, Column], None]] = field(default_factory=dict)
    themes: Sequence[str] = ()

    def __post_init__(self) -> None:
        twice = sorted(set(self.static) & set(self.live))
        if twice:
            raise LocalsimError(f"Resident columns {twice} are both static and live; choose one.")
        for name in (*self.labels, *(f"{theme}_need" for theme in self.themes)):
            if name not in self:
                raise LocalsimError(
                    f"There is no resident column {name!r}: {nearest(name, self.names)}"
                )
        for name in self.setters:
            if name not in self.live:
                raise LocalsimError(f"Only a live resident column can be set, not {name!r}.")
        for name, column in self.static.items():
            self._check_shape(name, column.shape, (self.size,))
        for name in self.live:
            self._check_shape(name, np.shape(self.codes(name, slice(0, 1))), (min(self.size, 1),))

    def _check_shape(self, name: str, shape: tuple[int, ...], right: tuple[int, ...]) -> None:
        if shape != right:
            raise LocalsimError(
                f"Resident column {name!r} has shape {shape}; "
                f"it must be {right}, one value a resident."
            )

    @property
    def names(self) -> tuple[str, ...]:
        """The columns' names, in the order given."""
        return (*self.static, *self.live)

    def __contains__(self, name: object) -> bool:
        return name in self.static or name in self.live

    def codes(self, name: str, rows: Rows) -> Any:
        """Return a column's values for `rows`, before codes become words."""
        if name in self.static:
            return self.static[name][rows]
        if name in self.live:
            return self.live[name](rows)
        raise ResidentAttributeError(
            f"A resident has no attribute {name!r}: {nearest(name, self.names)}"
        )

    def array(self, name: str, rows: Rows) -> Column:
        """Return a column's values for many `rows` as a new array; words are Python strings."""
        codes = np.array(self.codes(name, rows))
        if name in self.labels:
            return np.array(self.labels[name], dtype=object)[codes.astype(np.intp)]
        return codes

    def value(self, name: str, row: int) -> Any:
        """Return one resident's value as a Python scalar or word."""
        code = self.codes(name, row)
        if name in self.labels:
            return self.labels[name][int(code)]
        return code.item() if isinstance(code, np.generic | np.ndarray) else code

    def write(self, name: str, rows: Rows, value: object) -> None:
        """Set a column for `rows`, to one value or to an array of as many.

        Raises
        ------
        ResidentAttributeError
            Where there is no such column, or it is read-only.
        LocalsimError
            Where the value is not one the column can hold.
        """
        if name not in self.setters:
            if name in self:
                may = ", ".join(repr(n) for n in self.setters) or "nothing"
                raise ResidentAttributeError(
                    f"A resident's {name!r} is read-only: of their attributes, {may} may be set."
                )
            raise ResidentAttributeError(
                f"A resident has no attribute {name!r} to set: {nearest(name, self.names)} "
                "A resident is a view of the model's columns and holds nothing of its own."
            )
        now = np.asarray(self.codes(name, rows)).dtype
        try:
            values = self._encoded(name, value)
            if not np.can_cast(values.dtype, now, casting="same_kind"):
                raise TypeError(f"{values.dtype} does not fit {now}")
            if not np.all(np.isfinite(values)):
                raise ValueError("not finite")
            self.setters[name](rows, values)
        except (TypeError, ValueError, OverflowError) as reason:
            raise LocalsimError(
                f"A resident's {name!r} cannot be {value!r} ({reason}); it takes "
                f"{self._takes(name, now)}, or an array of one such value for each resident."
            ) from reason

    def _encoded(self, name: str, value: object) -> Column:
        values = np.asarray(value)
        if name not in self.labels:
            return values
        code = {word: i for i, word in enumerate(self.labels[name])}
        unknown = sorted({str(word) for word in values.flat} - set(code))
        if unknown:
            raise ValueError(nearest(unknown[0], code))
        return np.array([code[str(word)] for word in values.flat]).reshape(values.shape)

    def _takes(self, name: str, dtype: np.dtype[Any]) -> str:
        if name in self.labels:
            return "one of " + ", ".join(repr(word) for word in self.labels[name])
        kind = {"f": "a finite number", "b": "True or False"}
        return kind.get(dtype.kind, "a whole number")
