"""The tables that runs are kept in: one explicit schema each, in memory and in files alike."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Self

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from localsim.experiment.replication import Failure, Keys, Replication, Run
from localsim.experiment.units import Block, Unit, home

_WORD = pa.dictionary(pa.int32(), pa.string())
_UNIT = [("point", pa.int64()), ("replication", pa.int64()), ("policy", _WORD)]

RUNS = pa.schema(
    [*_UNIT, ("metric", _WORD), ("group", _WORD), ("value", pa.float64()), ("unit", _WORD)]
)
"""A row a number: what one metric of one group came to in one run."""

SERIES = pa.schema(
    [*_UNIT, ("metric", _WORD), ("group", _WORD), ("values", pa.list_(pa.float64()))]
)
"""A row a trajectory: a value a month since the policy began."""

FAILURES = pa.schema(
    [
        *_UNIT[:2],
        ("policy", pa.string()),
        ("seed", pa.int64()),
        ("error", pa.string()),
        ("traceback", pa.string()),
        ("replay", pa.string()),
    ]
)
"""A row a run that could not be finished, and how to see it fail again."""


@dataclass(frozen=True)
class Book:
    """What is in every table of an experiment: its policies, its units of measure and its seed."""

    policies: tuple[str, ...]
    units: Mapping[str, str]
    seed: int
    designed: bool


@dataclass(frozen=True)
class Tables:
    """The runs, trajectories and failures of some units, as Arrow tables.

    `lost` are those units whose workers died: they have failures only, and may yet be run.
    """

    runs: pa.Table
    series: pa.Table
    failures: pa.Table
    lost: frozenset[Unit] = frozenset()

    @classmethod
    def of(cls, done: Iterable[Replication], book: Book) -> Self:
        """Return the tables of some units, in the order of the units."""
        ordered = sorted(done, key=lambda one: (home(one.unit), one.unit))
        runs = [(one.unit, run) for one in ordered for run in one.runs]
        failures = [(one.unit, failure) for one in ordered for failure in one.failures]
        lost = frozenset(one.unit for one in ordered if one.died)
        return cls(_runs(runs, book), _series(runs, book), _failures(failures, book), lost)

    @property
    def scalars(self) -> pa.Table:
        """The runs, as a folder has them too."""
        return self.runs

    def frame(self, book: Book) -> pd.DataFrame:
        """Return the runs as a frame."""
        return to_pandas(self.runs, book)

    @property
    def tables(self) -> Tables:
        """These, as a folder has them too."""
        return self

    @property
    def units(self) -> set[Unit]:
        """The units that are in the tables."""
        found = set[Unit]()
        for table in (self.runs, self.failures):
            pairs = np.unique([table["replication"].to_numpy(), table["point"].to_numpy()], axis=1)
            found |= {Unit(int(replication), int(point)) for replication, point in pairs.T}
        return found

    def within(self, block: Block) -> Tables:
        """Return what is of a block's units."""
        tables = (self.runs, self.series, self.failures)
        runs, series, failures = (table.filter(_inside(table, block)) for table in tables)
        return Tables(
            runs, series, failures, frozenset(unit for unit in self.lost if unit in block)
        )

    def without(self, block: Block) -> Tables:
        """Return what is not of a block's units."""
        tables = (self.runs, self.series, self.failures)
        runs, series, failures = (t.filter(pc.invert(_inside(t, block))) for t in tables)
        return Tables(runs, series, failures, self.lost)

    @classmethod
    def joined(cls, parts: Sequence[Tables], book: Book) -> Self:
        """Return several parts as one, in the order of the units and however they were parted."""
        found = []
        for schema, tables in (
            (RUNS, [part.runs for part in parts]),
            (SERIES, [part.series for part in parts]),
            (FAILURES, [part.failures for part in parts]),
        ):
            found.append(_in_order(pa.concat_tables([schema.empty_table(), *tables]), book))
        return cls(*found)


def to_pandas(table: pa.Table, book: Book) -> pd.DataFrame:
    """Return a table as a frame; words are categories, those of policies in their order."""
    if not book.designed and "point" in table.column_names:
        table = table.drop_columns("point")
    frame: pd.DataFrame = table.to_pandas()
    kind, names = frame["policy"].dtype, list(book.policies)
    if isinstance(kind, pd.CategoricalDtype) and list(kind.categories) != names:
        frame["policy"] = frame["policy"].cat.set_categories(names)
    return frame


def months(table: pa.Table, book: Book) -> pd.DataFrame:
    """Return trajectories as a frame with a row a month."""
    values = table["values"].combine_chunks()
    lengths = np.diff(values.offsets.to_numpy())
    rows = np.repeat(np.arange(len(lengths)), lengths)
    start = np.repeat(np.cumsum(lengths) - lengths, lengths)
    frame = to_pandas(table.drop_columns("values"), book).take(rows).reset_index(drop=True)
    frame["month"] = np.arange(len(rows), dtype=np.int64) - start + 1
    frame["value"] = values.flatten().to_numpy()
    return frame


def cube(table: pa.Table, book: Book) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return trajectories as arrays by metric, and the labels of their axes.

    An array is by (point,) replication, policy, group and month; NaN is where nothing was run.
    """
    axes: dict[str, Any] = {}
    places = []
    for name in ("point", "replication"):
        axes[name], place = np.unique(table[name].to_numpy(), return_inverse=True)
        places.append(place)
    order = {name: place for place, name in enumerate(book.policies)}
    axes["policy"] = list(book.policies)
    places.append(np.array([order[name] for name in table["policy"].to_pylist()], dtype=int))
    groups = table["group"].to_pylist()
    axes["group"] = list(dict.fromkeys(groups))
    numbers = {name: place for place, name in enumerate(axes["group"])}
    places.append(np.array([numbers[name] for name in groups], dtype=int))
    values = table["values"].combine_chunks().flatten().to_numpy()
    length = len(values) // max(1, len(table))
    paths = values.reshape(len(table), length)
    metrics = np.array(table["metric"].to_pylist(), dtype=object)
    shape = [len(axis) for axis in axes.values()]
    axes["month"] = np.arange(1, length + 1)
    names = list(axes) if book.designed else list(axes)[1:]
    variables = {}
    for metric in dict.fromkeys(metrics):
        found = np.full((*shape, length), np.nan)
        rows = metrics == metric
        found[tuple(place[rows] for place in places)] = paths[rows]
        variables[metric] = (names, found if book.designed else found[0])
    return variables, {name: axes[name] for name in names}


def _runs(runs: Sequence[tuple[Unit, Run]], book: Book) -> pa.Table:
    columns = _keys(runs, [run.rows for _, run in runs], book)
    units = columns["metric"]
    codes = units.indices.to_numpy()
    told = [book.units[name] for name in units.dictionary.to_pylist()]
    kinds = list(dict.fromkeys(told))
    of_metric = np.array([kinds.index(unit) for unit in told], dtype=np.int32)
    columns["value"] = pa.array(_joined([run.numbers for _, run in runs]))
    columns["unit"] = _words(of_metric[codes] if len(codes) else codes, kinds)
    return pa.table(columns, schema=RUNS)


def _series(runs: Sequence[tuple[Unit, Run]], book: Book) -> pa.Table:
    columns = _keys(runs, [run.paths for _, run in runs], book)
    lengths = [np.full(len(run.paths), run.months.shape[-1]) for _, run in runs]
    ends = np.concatenate([[0], np.cumsum(_joined(lengths))]).astype(np.int32)
    values = pa.array(_joined([run.months.ravel() for _, run in runs]))
    columns["values"] = pa.ListArray.from_arrays(pa.array(ends), values)
    return pa.table(columns, schema=SERIES)


def _failures(failures: Sequence[tuple[Unit, Failure]], book: Book) -> pa.Table:
    rows = [
        {
            "point": unit.point,
            "replication": unit.replication,
            "policy": failure.policy,
            "seed": book.seed,
            "error": failure.error,
            "traceback": failure.traceback,
            "replay": _replay(unit, failure.policy, book),
        }
        for unit, failure in failures
    ]
    return pa.Table.from_pylist(rows, schema=FAILURES)


def _replay(unit: Unit, policy: str, book: Book) -> str:
    where = f", point={unit.point}" if book.designed else ""
    return f"experiment.replay({unit.replication}, {policy!r}{where})"


def _keys(
    runs: Sequence[tuple[Unit, Run]], keys: Sequence[Keys], book: Book
) -> dict[str, pa.Array]:
    """Return the columns that say what a row is of, for runs with so many keys each."""
    lengths = [len(key) for key in keys]
    order = {name: code for code, name in enumerate(book.policies)}
    # Runs of a batch share their keys, so few have to be compared.
    found = dict.fromkeys({id(key): key for key in keys}.values())
    metrics, groups, coded = _coded(tuple(found))
    of_key = dict(zip(found, coded, strict=True))
    of_object = {id(key): of_key[key] for key in {id(key): key for key in keys}.values()}
    codes = np.concatenate([np.zeros((0, 2), np.int32), *(of_object[id(key)] for key in keys)])
    points = np.array([unit.point for unit, _ in runs], dtype=np.int64)
    replications = np.array([unit.replication for unit, _ in runs], dtype=np.int64)
    policies = np.array([order[run.policy] for _, run in runs], dtype=np.int32)
    return {
        "point": pa.array(np.repeat(points, lengths)),
        "replication": pa.array(np.repeat(replications, lengths)),
        "policy": _words(np.repeat(policies, lengths), book.policies),
        "metric": _words(codes[:, 0], metrics),
        "group": _words(codes[:, 1], groups),
    }


@lru_cache(maxsize=64)
def _coded(
    keys: tuple[Keys, ...],
) -> tuple[list[str], list[str], list[NDArray[np.int32]]]:
    """Return metrics and groups as they appear, and the numbers of both for every set of keys."""
    metrics: dict[str, int] = {}
    groups: dict[str, int] = {}
    coded = [
        np.array(
            [
                (metrics.setdefault(m, len(metrics)), groups.setdefault(g, len(groups)))
                for m, g in key
            ],
            dtype=np.int32,
        ).reshape(-1, 2)
        for key in keys
    ]
    return list(metrics), list(groups), coded


def _words(codes: NDArray[np.int32], words: Sequence[str]) -> pa.DictionaryArray:
    plain = pa.array(np.ascontiguousarray(codes, dtype=np.int32))
    return pa.DictionaryArray.from_arrays(plain, pa.array(words, pa.string()))


def _joined(arrays: Sequence[NDArray[Any]]) -> NDArray[np.float64]:
    return np.concatenate([np.zeros(0), *arrays])


def _numbered(column: pa.ChunkedArray, name: str, book: Book) -> bool:
    """Return whether words are numbered as they appear already, those of policies as planned."""
    if column.num_chunks != 1:
        return False
    words = column.chunk(0).dictionary
    if name == "policy":
        return bool(words.to_pylist() == list(book.policies))
    highest = np.maximum.accumulate(column.chunk(0).indices.to_numpy())
    return bool(highest[0] == 0 and highest[-1] == len(words) - 1 and (np.diff(highest) <= 1).all())


def _inside(table: pa.Table, block: Block) -> pa.Array:
    """Return which rows are of a block's units."""
    down = table["replication"].to_numpy() - block.replication
    across = table["point"].to_numpy() - block.point
    found = (down >= 0) & (down < block.replications) & (across >= 0) & (across < block.points)
    return pa.array(found)


def _in_order(table: pa.Table, book: Book) -> pa.Table:
    """Return rows by unit, and words numbered as they appear, so that no history shows."""
    if len(table) == 0:
        return table
    rows = np.lexsort((table["point"].to_numpy(), table["replication"].to_numpy()))
    if (np.diff(rows) != 1).any():
        table = table.take(rows)
    for name in table.column_names:
        if table.schema.field(name).type == _WORD and not _numbered(table[name], name, book):
            words = pc.cast(table[name], pa.string())
            coded = (
                _words(pc.index_in(words, pa.array(book.policies)).to_numpy(), book.policies)
                if name == "policy"
                else words.combine_chunks().dictionary_encode()
            )
            table = table.set_column(
                table.column_names.index(name), table.schema.field(name), coded
            )
    return table
