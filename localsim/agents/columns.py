"""What a model lends to its residents' views: columns, one row a resident.

A model hands over its columns in one method, and never copies them::

    class Model(PeopledModel):
        def resident_columns(self) -> ResidentColumns:
            people, state = self.population, self.state
            return ResidentColumns(
                size=people.size,
                static={"age": people.age, "tenure": people.tenure},
                live={
                    "trust": lambda: self.state.trust,
                    "housing_need": lambda: self.state.stage[:, 0],
                },
                derived={"pensioner": lambda rows: people.age[rows] >= 65},
                labels={"tenure": TENURES, "housing_need": STAGES},
                writable=("trust",),
                themes=("housing",),
            )

`static` arrays never change. `live` ones are asked for at every look, so a view is never older
than the model, even where the model puts a new array in the old one's place. `derived` values
are worked out for the rows asked for, one or many. `labels` turn a column's codes into words.
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

STAGES = ("none", "unpresented", "at a door", "queueing", "in service")


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
        Functions that return the model's own array of shape [N] as it stands.
    derived
        Functions of rows (a number, an array of numbers or a slice) that return their values.
    labels
        Words for the codes 0, 1, … of a column; a resident then says the word.
    writable
        The live columns that a user may set; every other one is read-only.
    themes
        The themes of need; each has a column ``f"{theme}_need"`` with a word of `STAGES`.

    Raises
    ------
    LocalsimError
        Where a column has the wrong length or a name that is taken, or where a name in `labels`,
        `writable` or `themes` has no column.
    """

    size: int
    static: Mapping[str, Column]
    live: Mapping[str, Callable[[], Column]] = field(default_factory=dict)
    derived: Mapping[str, Callable[[Rows], Any]] = field(default_factory=dict)
    labels: Mapping[str, Sequence[str]] = field(default_factory=dict)
    writable: Sequence[str] = ()
    themes: Sequence[str] = ()

    def __post_init__(self) -> None:
        names = self.names
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise LocalsimError(f"Resident columns {twice} are given twice; give each once.")
        for name, column in (*self.static.items(), *((n, f()) for n, f in self.live.items())):
            if column.shape != (self.size,):
                raise LocalsimError(
                    f"Resident column {name!r} has shape {column.shape}; "
                    f"it must be ({self.size},), one value a resident."
                )
        wanted = (*self.labels, *(f"{theme}_need" for theme in self.themes))
        for name in wanted:
            if name not in names:
                raise LocalsimError(f"There is no resident column {name!r}: {nearest(name, names)}")
        for name in self.writable:
            if name not in self.live or not np.may_share_memory(
                self.live[name](), self.live[name]()
            ):
                raise LocalsimError(
                    f"Resident column {name!r} cannot be writable: only a live column that hands "
                    "over the model's own array, not a copy of it, can be."
                )

    @property
    def names(self) -> tuple[str, ...]:
        """The columns' names, in the order given."""
        return (*self.static, *self.live, *self.derived)

    def __contains__(self, name: object) -> bool:
        return name in self.static or name in self.live or name in self.derived

    def codes(self, name: str, rows: Rows) -> Any:
        """Return a column's values for `rows`, before codes become words."""
        if name in self.static:
            return self.static[name][rows]
        if name in self.live:
            return self.live[name]()[rows]
        if name in self.derived:
            return self.derived[name](rows)
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
        return code.item() if isinstance(code, np.generic) else code

    def write(self, name: str, rows: Rows, value: object) -> None:
        """Set a writable column for `rows`, to one value or to an array of as many.

        Raises
        ------
        ResidentAttributeError
            Where there is no such column, or it is read-only.
        LocalsimError
            Where the value is not one the column can hold.
        """
        if name not in self.writable:
            if name in self:
                may = ", ".join(repr(n) for n in self.writable) or "nothing"
                raise ResidentAttributeError(
                    f"A resident's {name!r} is read-only: of their attributes, {may} may be set."
                )
            raise ResidentAttributeError(
                f"A resident has no attribute {name!r} to set: {nearest(name, self.names)} "
                "A resident is a view of the model's columns and holds nothing of its own."
            )
        column = self.live[name]()
        try:
            values = self._encoded(name, value)
            if not np.can_cast(values.dtype, column.dtype, casting="same_kind"):
                raise TypeError(f"{values.dtype} does not fit {column.dtype}")
            if not np.all(np.isfinite(values)):
                raise ValueError("not finite")
            column[rows] = values
        except (TypeError, ValueError, OverflowError) as reason:
            raise LocalsimError(
                f"A resident's {name!r} cannot be {value!r} ({reason}); "
                f"it takes {self._takes(name)}, or an array of one such value for each resident."
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

    def _takes(self, name: str) -> str:
        if name in self.labels:
            return "one of " + ", ".join(repr(word) for word in self.labels[name])
        kind = {"f": "a finite number", "b": "True or False"}
        return kind.get(self.live[name]().dtype.kind, "a whole number")
