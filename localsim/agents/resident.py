"""One resident: a Mesa agent that is a view of a row."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NoReturn

from mesa import Agent

from localsim.errors import LocalsimError

if TYPE_CHECKING:
    from localsim.agents.peopled import PeopledModel


class Resident(Agent["PeopledModel"]):
    """One resident of the place, as a view of their row in the model's columns.

    A view holds its model and its row and nothing else. It is made when it is asked for, and two
    views of one row are equal. Every column of the model is an attribute (``resident.age`` in
    years, ``resident.tenure`` as a word; ``dir(resident)`` lists them), read as a Python scalar
    at the moment of asking. Only the columns that the model says how to set can be set, and no
    attribute can be added.

    To give residents methods of your own, subclass and tell the model, before or after it is
    made::

        class Neighbour(Resident):
            def is_worried(self) -> bool:
                return self.trust_council < 0.3 and "queueing" in self.needs.values()

        model.resident_class = Neighbour
        model.residents.map("is_worried")

    Parameters
    ----------
    model
        The model whose resident this is.
    row
        Which one, from 0; for life.
    """

    __slots__ = ("model", "row")

    model: PeopledModel
    row: int

    area: str
    age: int
    age_band: str
    tenure: str
    activity: str
    ethnic_group: str
    health: str
    income_deprived: bool
    household: int
    householder: bool
    children: int

    # Mesa's own constructor would register the view, and keep it, as an agent of the model.
    def __init__(self, model: PeopledModel, row: int) -> None:
        if not 0 <= row < model.resident_count:
            raise LocalsimError(
                f"There is no resident in row {row}: rows run from 0 to {model.resident_count - 1}."
            )
        self._look_at(model, row)

    def _look_at(self, model: PeopledModel, row: int) -> None:
        object.__setattr__(self, "model", model)
        object.__setattr__(self, "row", row)

    @property
    def unique_id(self) -> int:  # type: ignore[override]  # Mesa assigns it; a row's never changes
        """The resident's number in the model, from 1, as Mesa counts."""
        return self.row + 1

    @property
    def pos(self) -> None:  # type: ignore[override]  # Mesa assigns it; residents live in areas
        """No position: a resident lives in an area, on no grid."""
        return None

    @property
    def needs(self) -> dict[str, str]:
        """How far each theme's need has got, in a word: a new dictionary by theme."""
        columns = self.model.columns
        return {theme: columns.value(f"{theme}_need", self.row) for theme in columns.themes}

    def remove(self) -> NoReturn:
        """Refuse: people are conserved."""
        raise LocalsimError(
            f"Resident {self.unique_id} cannot be removed: people are conserved, and a row is one "
            "person for the model's whole life. To leave some out, select the others."
        )

    def __getattr__(self, name: str) -> Any:
        # A half-made view (while unpickling) has no model to ask, and no column begins so.
        if name.startswith("_") or name in Resident.__slots__:
            raise AttributeError(name)
        return self.model.columns.value(name, self.row)

    def __setattr__(self, name: str, value: object) -> None:
        if isinstance(getattr(type(self), name, None), property):
            object.__setattr__(self, name, value)
        else:
            self.model.columns.write(name, self.row, value)

    def __dir__(self) -> list[str]:
        return sorted({*super().__dir__(), *self.model.columns.names})

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Resident):
            return NotImplemented
        return self.model is other.model and self.row == other.row

    def __hash__(self) -> int:
        return hash((self.model, self.row))

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.unique_id}>"

    def __reduce__(self) -> tuple[Any, tuple[type[Resident], PeopledModel, int]]:
        return _unpickled, (type(self), self.model, self.row)


def _unpickled(kind: type[Resident], model: PeopledModel, row: int) -> Resident:
    # The model may still be empty here, so that nothing can be asked of it.
    view = object.__new__(kind)
    view._look_at(model, row)
    return view
