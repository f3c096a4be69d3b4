"""Where in the space of assumptions and answers the model is run: the points of a sweep.

A design is a recipe: a point is computed from its number when it is asked for, so a million of
them take no memory and any worker can compute its own. All points meet the same luck, because a
point is never part of a draw's address: differences between points are paired as those between
policies are.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from typing import Any, Self, final

import numpy as np
from numpy.typing import NDArray

from localsim import streams
from localsim.errors import LocalsimError
from localsim.experiment.dimensions import Asked, Dimension, Listed, resolve
from localsim.experiment.subject import Subject
from localsim.experiment.validate import LARGEST_SEED, shown, whole
from localsim.policy.answers import Value

MOST_POINTS = 1_000_000_000
MOST_DIMENSIONS = 1_000
BLOCK = 4096
"""So many points of a sample are computed at a time, and the last few blocks are kept."""

ROUNDS = 8

Point = Mapping[str, Value]
"""One point of a design: a value for every name that it varies."""


class Design(ABC):
    """The points at which an experiment is run; `len` says how many, `point` which.

    `columns` are the names that are varied. A design is bound to what it varies by the
    Experiment that it is given to: before that, ranges that were left to defaults are open.
    """

    @property
    @abstractmethod
    def columns(self) -> tuple[str, ...]:
        """The names that are varied, in the order given."""

    @abstractmethod
    def __len__(self) -> int:
        """Return how many points there are."""

    @abstractmethod
    def _point(self, number: int) -> dict[str, Value]:
        """Return a point whose number is known to be one."""

    @abstractmethod
    def bind(self, subject: Subject) -> Self:
        """Return the design with every name found and every default filled in.

        Raises LocalsimError on a name that stands for nothing, and on values that cannot be.
        """

    @abstractmethod
    def describe(self) -> dict[str, Any]:
        """Return all that decides the points, as plain values that JSON can hold."""

    @abstractmethod
    def kinds(self) -> dict[str, set[type]]:
        """Return of what types the values of each column are, without going through them."""

    def point(self, number: int) -> dict[str, Value]:
        """Return one point: a value, a number, word or flag, for each of `columns`."""
        if isinstance(number, bool) or not isinstance(number, int | np.integer):
            raise LocalsimError(f"point is {shown(number)}; a whole number is wanted.")
        if not 0 <= number < len(self):
            raise LocalsimError(f"point is {shown(number)}; points are 0 to {len(self) - 1:,}.")
        return self._point(int(number))

    def __iter__(self) -> Iterator[dict[str, Value]]:
        """Yield every point, one at a time."""
        return (self._point(number) for number in range(len(self)))

    def __mul__(self, other: Design) -> Product:
        """Return every point of this design with every point of another."""
        if not isinstance(other, Design):
            return NotImplemented
        return Product(self, other)


@dataclass(frozen=True)
class _Dimensioned(Design, ABC):
    """A design over dimensions, each with a range or levels of its own."""

    dimensions: Mapping[str, Asked | Dimension]

    def __post_init__(self) -> None:
        if not isinstance(self.dimensions, Mapping):
            raise LocalsimError(
                f"dimensions is {shown(self.dimensions)}; a mapping of names to ranges or levels "
                "is wanted."
            )
        if not self.dimensions:
            raise LocalsimError("dimensions is empty; at least one name is wanted.")
        if len(self.dimensions) > MOST_DIMENSIONS:
            raise LocalsimError(
                f"there are {len(self.dimensions):,} dimensions; {MOST_DIMENSIONS:,} are the most."
            )
        object.__setattr__(self, "dimensions", dict(self.dimensions))

    @cached_property
    def columns(self) -> tuple[str, ...]:
        """The names of the dimensions."""
        return tuple(self.dimensions)

    @cached_property
    def _bound(self) -> list[Dimension]:
        found = [d for d in self.dimensions.values() if isinstance(d, Dimension)]
        if len(found) < len(self.dimensions):
            raise LocalsimError("a design has points when it is part of an Experiment(design=…).")
        return found

    def bind(self, subject: Subject) -> Self:
        """Return the design with each dimension's range and levels known."""
        found = {}
        for name, asked in self.dimensions.items():
            if isinstance(asked, Dimension):
                raise LocalsimError("this design is part of an experiment already.")
            found[name] = resolve(name, asked, subject)
            self.fits(found[name])
        check_parts(self.columns)
        return replace(self, dimensions=found)

    @staticmethod
    def fits(dimension: Dimension) -> None:
        """Refuse a dimension that this kind of design has no use for."""

    def kinds(self) -> dict[str, set[type]]:
        """Return the types of each dimension's levels or ends."""
        return {d.name: {type(value) for value in d.ends()} for d in self._bound}

    def describe(self) -> dict[str, Any]:
        """Return the kind and the dimensions."""
        return {
            "kind": type(self).__name__,
            "dimensions": {d.name: d.describe() for d in self._bound},
        }


def check_parts(names: tuple[str, ...]) -> None:
    """Refuse to vary an answer and a part of it at once, and a name twice."""
    for name in names:
        if names.count(name) > 1:
            raise LocalsimError(f"{name!r} is varied twice; once is enough.")
        whole_ = next((other for other in names if name.startswith(f"{other}.")), None)
        if whole_ is not None:
            raise LocalsimError(
                f"{whole_!r} is varied whole, and {name!r} is a part of it; vary one of the two."
            )


def _count(points: int) -> int:
    if points > MOST_POINTS:
        raise LocalsimError(f"the design has {shown(points)} points; {MOST_POINTS:,} are the most.")
    return points


@final
@dataclass(frozen=True)
class Grid(_Dimensioned):
    """Every level of each dimension with every level of the others; the last varies fastest."""

    @staticmethod
    def fits(dimension: Dimension) -> None:
        """Refuse a range without a number of levels."""
        if dimension.count() is None:
            raise LocalsimError(
                f"{dimension.name!r} has a range, and a grid needs levels: list them, or say how "
                "many with levels."
            )

    def bind(self, subject: Subject) -> Self:
        """Return the grid with its levels known."""
        found = super().bind(subject)
        _count(found._size)
        return found

    @property
    def _size(self) -> int:
        size = 1
        for dimension in self._bound:
            size *= dimension.count() or 1
        return size

    def __len__(self) -> int:
        """Return the product of the levels."""
        return self._size

    def _point(self, number: int) -> dict[str, Value]:
        values = {}
        for dimension in reversed(self._bound):
            number, level = divmod(number, dimension.count() or 1)
            values[dimension.name] = dimension.level(level)
        return {name: values[name] for name in self.dimensions}


@final
@dataclass(frozen=True)
class OneAtATime(_Dimensioned):
    """Everything as it is, and then each dimension moved alone through its levels or to its ends.

    The first point is the base: assumptions at their values in the log, answers as the policies
    give them.
    """

    @cached_property
    def _moves(self) -> list[tuple[Dimension, tuple[Value, ...]]]:
        """Each dimension with the values that it is moved to: levels or ends, but not its base."""
        moves = []
        for dimension in self._bound:
            count = dimension.count()
            to = dimension.ends() if count is None else map(dimension.level, range(count))
            moves.append((dimension, tuple(value for value in to if value != dimension.base)))
        return moves

    def __len__(self) -> int:
        """Return one, for the base, and the number of moves."""
        return 1 + sum(len(to) for _, to in self._moves)

    def _point(self, number: int) -> dict[str, Value]:
        values = {d.name: d.base for d in self._bound}
        left = number - 1
        for dimension, to in self._moves:
            if 0 <= left < len(to):
                values[dimension.name] = to[left]
            left -= len(to)
        return values

    def kinds(self) -> dict[str, set[type]]:
        """Return the types of each dimension's levels or ends, and of its base."""
        return {
            name: found | {type(self._point(0)[name])} for name, found in super().kinds().items()
        }

    def describe(self) -> dict[str, Any]:
        """Return the kind, the dimensions and the base."""
        return super().describe() | {"base": self._point(0)}


@dataclass(frozen=True)
class _Sample(_Dimensioned, ABC):
    """So many points spread over all dimensions at once."""

    n: int
    seed: int = 0

    def __post_init__(self) -> None:
        super().__post_init__()
        object.__setattr__(self, "n", whole("n", self.n, 1, MOST_POINTS))
        object.__setattr__(self, "seed", whole("seed", self.seed, 0, LARGEST_SEED))

    @staticmethod
    def fits(dimension: Dimension) -> None:
        """Refuse a range with levels."""
        if dimension.count() is not None and not isinstance(dimension, Listed):
            raise LocalsimError(
                f"{dimension.name!r} is a range with levels, and this design draws from the whole "
                "of it; leave out levels, or list them."
            )

    @abstractmethod
    def _shares(self, block: int) -> list[list[float]]:
        """Return where a block of points lies in the unit cube, points × dimensions."""

    def __len__(self) -> int:
        """Return how many points were asked for."""
        return self.n

    def _point(self, number: int) -> dict[str, Value]:
        block, row = divmod(number, BLOCK)
        shares = self._shares(block)[row]
        return {d.name: d.draw(u) for d, u in zip(self._bound, shares, strict=True)}

    def describe(self) -> dict[str, Any]:
        """Return the kind, the dimensions, how many points and the seed."""
        return super().describe() | {"n": self.n, "seed": self.seed}


@final
@dataclass(frozen=True)
class LatinHypercube(_Sample):
    """`n` points, of which each dimension meets each of its `n` equal parts exactly once.

    McKay, Beckman and Conover (1979). The order of the parts is a keyed permutation (a Feistel
    network), so a point needs no other point; each dimension has an order of its own that stays
    when others are added.
    """

    def _shares(self, block: int) -> list[list[float]]:
        return _latin(self.columns, self.n, self.seed, block)


@final
@dataclass(frozen=True)
class Sobol(_Sample):
    """The first `n` points of a scrambled Sobol sequence (scipy's), best at powers of two.

    More points of the same seed extend a sequence: the first ones stay.
    """

    def _shares(self, block: int) -> list[list[float]]:
        return _sobol(len(self.dimensions), self.seed, block)


@lru_cache(maxsize=2)
def _latin(names: tuple[str, ...], n: int, seed: int, block: int) -> list[list[float]]:
    numbers = np.arange(block * BLOCK, min((block + 1) * BLOCK, n), dtype=np.uint64)
    columns = []
    for name in names:
        jitter = streams.uniform(streams.key(seed, 0, f"design/within/{name}"), numbers)
        columns.append((_permuted(numbers, n, seed, name) + jitter) / n)
    found: list[list[float]] = np.stack(columns, axis=1).tolist()
    return found


def _permuted(numbers: NDArray[np.uint64], n: int, seed: int, name: str) -> NDArray[np.uint64]:
    """Return where a permutation of 0 … n-1, keyed by seed and name, sends some numbers.

    A Feistel network of keyed draws permutes the smallest square of a power of two that holds n;
    what lands beyond n is sent on until it lands within (cycle walking, Black and Rogaway 2002).
    """
    stream = streams.key(seed, 0, f"design/order/{name}")
    bits = max(1, ((n - 1).bit_length() + 1) // 2)
    half = np.uint64(bits)
    low = np.uint64((1 << bits) - 1)
    where = numbers.copy()
    away = np.ones(where.size, dtype=bool)
    while away.any():
        left, right = where[away] >> half, where[away] & low
        for turn in range(ROUNDS):
            drawn = streams.uniform(stream, right, turn) * float(1 << bits)
            left, right = right, left ^ drawn.astype(np.uint64)
        where[away] = (left << half) | right
        away = where >= np.uint64(n)
    return where


@lru_cache(maxsize=2)
def _sobol(dimensions: int, seed: int, block: int) -> list[list[float]]:
    from scipy.stats import qmc

    sequence = qmc.Sobol(dimensions, scramble=True, bits=30, rng=np.random.default_rng(seed))
    if block:
        sequence.fast_forward(block * BLOCK)
    found: list[list[float]] = sequence.random(BLOCK).tolist()
    return found


@final
@dataclass(frozen=True)
class Product(Design):
    """Every point of one design with every point of another; the second varies fastest."""

    first: Design
    second: Design

    @property
    def columns(self) -> tuple[str, ...]:
        """The names of the first design, then of the second."""
        return self.first.columns + self.second.columns

    def bind(self, subject: Subject) -> Product:
        """Return the product of both designs bound."""
        check_parts(self.columns)
        first, second = self.first.bind(subject), self.second.bind(subject)
        _count(len(first) * len(second))
        return Product(first, second)

    def __len__(self) -> int:
        """Return the product of both lengths."""
        return len(self.first) * len(self.second)

    def _point(self, number: int) -> dict[str, Value]:
        first, second = divmod(number, len(self.second))
        return self.first.point(first) | self.second.point(second)

    def kinds(self) -> dict[str, set[type]]:
        """Return the types of both designs' columns."""
        return self.first.kinds() | self.second.kinds()

    def describe(self) -> dict[str, Any]:
        """Return both designs."""
        parts = [self.first.describe(), self.second.describe()]
        return {"kind": "Product", "designs": parts}
