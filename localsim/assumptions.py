"""Assumptions: every number of the model with its unit, range, source and quality.

The table ships with the package (`localsim/data/assumptions.csv`); sources are ids of the register
in `localsim/data/sources.csv`. "unsourced" is said where nothing stands behind a number: such a
number has a wide range, and is named wherever it decides a result.
"""

from __future__ import annotations

import csv
import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

import numpy as np

from localsim.errors import LocalsimError, nearest

if TYPE_CHECKING:
    import pandas as pd

DISTRIBUTIONS = ("fixed", "triangular", "log-triangular")
HUGE = 1e12
# First words of the units of numbers that stand in exponents, where huge ones have no meaning.
_IN_EXPONENTS = ("sd", "log", "effort", "elasticity")
_LARGEST_EXPONENT = 10.0
_BELOW_ONE = ("correlation", "off-diagonal of the cost matrix")


@dataclass(frozen=True)
class Assumption:
    """One number: value, range (both ends possible), unit, sources, quality and a note."""

    name: str
    value: float
    low: float
    high: float
    distribution: str
    unit: str
    source: str
    quality: str
    note: str = ""

    def __post_init__(self) -> None:
        for label, number in (("value", self.value), ("low", self.low), ("high", self.high)):
            _check_number(f"the {label} of assumption {self.name!r}", number)
        if not self.low <= self.value <= self.high:
            raise LocalsimError(
                f"Assumption {self.name!r}: its value {self.value} must lie in its range, "
                f"{self.low} to {self.high}."
            )
        if self.distribution not in DISTRIBUTIONS:
            raise LocalsimError(
                f"Assumption {self.name!r} has the distribution {self.distribution!r}: "
                + nearest(self.distribution, DISTRIBUTIONS)
            )
        if self.distribution == "log-triangular" and self.low <= 0.0:
            raise LocalsimError(
                f"Assumption {self.name!r}: a log-triangular range starts above zero, "
                f"this one at {self.low}."
            )

    @property
    def sourced(self) -> bool:
        """Whether any source stands behind the number."""
        return self.source != "unsourced"

    def quantile(self, u: float) -> float:
        """Return the value below which a share `u` of the assumption's distribution lies."""
        if self.distribution == "fixed" or self.low == self.high:
            return self.value
        if self.distribution == "log-triangular":
            low, mode, high = math.log(self.low), math.log(self.value), math.log(self.high)
            return math.exp(_triangular(u, low, mode, high))
        return _triangular(u, self.low, self.value, self.high)


def _triangular(u: float, low: float, mode: float, high: float) -> float:
    turn = (mode - low) / (high - low)
    if u < turn:
        return low + math.sqrt(u * (high - low) * (mode - low))
    return high - math.sqrt((1.0 - u) * (high - low) * (high - mode))


def _check_number(what: str, number: Any) -> float:
    if isinstance(number, bool) or not isinstance(number, int | float | np.integer | np.floating):
        raise LocalsimError(f"{what[0].upper()}{what[1:]} must be a number, not {number!r}.")
    try:
        given = float(number)
    except OverflowError:  # a whole number of hundreds of digits
        given = math.inf
    if not abs(given) <= HUGE:
        raise LocalsimError(
            f"{what[0].upper()}{what[1:]} must be a finite number below {HUGE:g}, not {number!r}."
        )
    return given


class Assumptions:
    """The numbers of one world, by name, with the log behind them.

    Immutable; `replace` and `sample` return new ones. Two are equal when every row is. Not
    iterable, so that Mesa's batch runner takes it for one value of a parameter.
    """

    def __init__(self, rows: Mapping[str, Assumption]) -> None:
        self._rows = dict(rows)

    @classmethod
    def default(cls) -> Assumptions:
        """Return the assumptions that ship with the package."""
        return _default()

    def value(self, name: str) -> float:
        """Return the number of that name."""
        return self.row(name).value

    def row(self, name: str) -> Assumption:
        """Return the whole entry of a name: value, range, unit, source, quality, note."""
        try:
            return self._rows[name]
        except KeyError:
            raise LocalsimError(
                f"There is no assumption {name!r}: {nearest(name, self._rows)}"
            ) from None

    @property
    def names(self) -> tuple[str, ...]:
        """The names, in the order of the log."""
        return tuple(self._rows)

    def __contains__(self, name: object) -> bool:
        return name in self._rows

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Assumptions) and self._rows == other._rows

    def __hash__(self) -> int:
        return hash(tuple(self._rows.values()))

    def __repr__(self) -> str:
        unsourced = sum(not row.sourced for row in self._rows.values())
        return f"<Assumptions: {len(self._rows)} numbers, {unsourced} of them unsourced>"

    def replace(self, values: Mapping[str, float]) -> Assumptions:
        """Return assumptions with some values set; each is then fixed at what was given.

        Shares, rates, costs and times cannot be negative. Raises `LocalsimError` for unknown
        names and for numbers that cannot be.
        """
        if not isinstance(values, Mapping):
            raise LocalsimError(
                f"Give assumptions as a mapping such as {{'place.kappa': 0.3}}, not {values!r}."
            )
        rows = dict(self._rows)
        for name, number in values.items():
            row = self.row(name)
            value = _check_number(f"assumption {name!r}", number)
            if value < 0.0 and row.low >= 0.0:
                raise LocalsimError(
                    f"Assumption {name!r} ({row.unit}) cannot be negative, and {value} is."
                )
            kind = row.unit.split()[0]
            if kind == "share" and value > 1.0:
                raise LocalsimError(
                    f"Assumption {name!r} is a share, between 0 and 1; {value} is not."
                )
            if kind in _IN_EXPONENTS and value > _LARGEST_EXPONENT:
                raise LocalsimError(
                    f"Assumption {name!r} ({row.unit}) is at most {_LARGEST_EXPONENT:g}; "
                    f"{value} is not."
                )
            if row.unit in _BELOW_ONE and abs(value) >= 1.0:
                raise LocalsimError(
                    f"Assumption {name!r} ({row.unit}) lies between -1 and 1; {value} does not."
                )
            rows[name] = replace(
                row, value=value, low=value, high=value, distribution="fixed", quality="set by user"
            )
        return Assumptions(rows)

    def add(self, *rows: Assumption) -> Assumptions:
        """Return assumptions with new entries, for themes of one's own."""
        return Assumptions(self._rows | {row.name: row for row in rows})

    def sample(self, seed: int, replication: int) -> Assumptions:
        """Return one draw of every uncertain number from its range, keyed by its name."""
        from localsim import streams

        rows = {}
        for name, row in self._rows.items():
            key = streams.key(seed, replication, f"assumption/{name}")
            u = float(streams.uniform(key, streams.entities([name]))[0])
            rows[name] = replace(row, value=min(max(row.quantile(u), row.low), row.high))
        return Assumptions(rows)

    def table(self) -> pd.DataFrame:
        """Return the log: one row an assumption, with unit, range, sources and quality."""
        import pandas as pd

        columns = [vars(row) for row in self._rows.values()]
        return pd.DataFrame(columns, columns=list(Assumption.__dataclass_fields__))


def _read(name: str) -> list[dict[str, str]]:
    text = files("localsim").joinpath("data", name).read_text(encoding="utf-8")
    return list(csv.DictReader(text.splitlines()))


@cache
def _default() -> Assumptions:
    rows = {}
    for row in _read("assumptions.csv"):
        rows[row["name"]] = Assumption(
            name=row["name"],
            value=float(row["value"]),
            low=float(row["low"]),
            high=float(row["high"]),
            distribution=row["distribution"],
            unit=row["unit"],
            source=row["source"],
            quality=row["quality"],
            note=row["note"],
        )
    return Assumptions(rows)


@dataclass(frozen=True)
class Source:
    """One sourced fact: what an id such as N05 stands for.

    `role` says what may be done with it: ``CAL``, numbers of the model rest on it or are fitted to
    it, and patterns are compared with it; ``CTX``, context that enters nothing; ``CLAIM``, a
    business case written before the event, shown beside results and never fitted; ``OUT``, an
    evaluated outcome, compared with and never fitted. `confidence` is ``A`` (official or primary),
    ``B`` (secondary) or ``C`` (advocacy). Money is in the prices of `year`.
    """

    id: str
    quantity: str
    value: str
    year: str
    geography: str
    source: str
    role: str
    confidence: str


@cache
def sources() -> Mapping[str, Source]:
    """Return the register of sources by id."""
    return {row["id"]: Source(**row) for row in _read("sources.csv")}


def source(identifier: str) -> Source:
    """Return what one source id stands for."""
    known = sources()
    if identifier not in known:
        raise LocalsimError(f"There is no source {identifier!r}: {nearest(identifier, known)}")
    return known[identifier]
