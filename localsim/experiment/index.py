"""Which rows of the one file at the end are of which run: it opens without decoding their words.

The file itself stays plain Parquet, and complete. Beside it stands a row a run, which says what is
measured in it and in which order; from these the columns of words are built in a fraction of the
time. An index that is missing, damaged or of another file is not used, and nothing is lost.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from localsim.experiment import sealed
from localsim.experiment.sealed import DamagedError
from localsim.experiment.tables import Book

INDEX = "index.parquet"

SCHEMA = pa.schema(
    [
        ("point", pa.int64()),
        ("replication", pa.int64()),
        ("policy", pa.int64()),
        ("layout", pa.dictionary(pa.int32(), pa.binary())),
    ]
)
"""A row a run: the number of its policy, and those of the metrics and groups of all its rows."""

_NUMBER = np.dtype("<u2")


class Indexer:
    """Makes the index of tables of runs, one after another, and numbers their words meanwhile."""

    def __init__(self) -> None:
        self.metrics: dict[str, int] = {}
        self.groups: dict[str, int] = {}
        self.units: list[str] = []

    def of(self, runs: pa.Table) -> pa.Table:
        """Return a row a run of a table whose rows stand run by run."""
        metric = self._numbers(runs, "metric", self.metrics)
        group = self._numbers(runs, "group", self.groups)
        for place in range(len(self.units), len(self.metrics)):
            self.units.append(str(runs["unit"][int(np.argmax(metric == place))]))
        policy = runs["policy"].combine_chunks().indices.to_numpy()
        keys = [runs["point"].to_numpy(), runs["replication"].to_numpy(), policy]
        changes = np.logical_or.reduce([np.diff(key) != 0 for key in keys])
        starts = np.concatenate([np.zeros(min(1, len(runs)), int), np.flatnonzero(changes) + 1])
        both = np.stack([metric, group]).astype(_NUMBER)
        ends = [*starts[1:], len(runs)][: len(starts)]
        layouts = [both[:, a:b].tobytes() for a, b in zip(starts, ends, strict=True)]
        columns = [pa.array(np.asarray(key[starts], dtype=np.int64)) for key in keys]
        told = pa.array(layouts, pa.binary()).dictionary_encode()
        return pa.table([*columns, told], schema=SCHEMA)

    @property
    def words(self) -> dict[str, list[str]]:
        """The words behind the numbers, in the order in which they appeared."""
        return {"metrics": list(self.metrics), "groups": list(self.groups), "units": self.units}

    @staticmethod
    def _numbers(runs: pa.Table, name: str, known: dict[str, int]) -> NDArray[np.uint16]:
        column = runs[name].combine_chunks()
        words = [known.setdefault(word, len(known)) for word in column.dictionary.to_pylist()]
        codes: NDArray[np.int32] = column.indices.to_numpy()
        return np.array(words, dtype=np.uint16)[codes]


def frame(file: Path, seal: str, schema: pa.Schema, book: Book) -> pd.DataFrame | None:
    """Return the table in a file that has been checked, by its index; None if that is of no use."""
    try:
        index = file.with_name(INDEX)
        sealed.seal(index)
        said = sealed.said_of(index)
        runs = sealed.read(index, SCHEMA).unify_dictionaries().combine_chunks()
    except (OSError, DamagedError):
        return None
    layouts = runs["layout"].combine_chunks()
    numbers = [np.frombuffer(one, _NUMBER).reshape(2, -1) for one in layouts.dictionary.to_pylist()]
    of_run = layouts.indices.to_numpy()
    lengths = np.array([one.shape[1] for one in numbers], dtype=np.int64)[of_run]
    with pq.ParquetFile(file) as stream:
        fits = stream.schema_arrow.equals(schema) and stream.metadata.num_rows == lengths.sum()
    if said["of"] != seal or not fits:
        return None
    kinds = list(dict.fromkeys(said["units"]))
    unit_of = np.array([kinds.index(unit) for unit in said["units"]])
    policy = _small(runs["policy"].to_numpy(), book.policies)
    columns: dict[str, Any] = {
        "point": np.repeat(runs["point"].to_numpy(), lengths) if book.designed else None,
        "replication": np.repeat(runs["replication"].to_numpy(), lengths),
        "policy": _words(np.repeat(policy, lengths), book.policies),
        "metric": _told([one[0] for one in numbers], of_run, said["metrics"]),
        "group": _told([one[1] for one in numbers], of_run, said["groups"]),
        "value": _values(file),
        "unit": _told([unit_of[one[0]] for one in numbers], of_run, kinds),
    }
    return pd.DataFrame({name: columns[name] for name in schema.names}, copy=False)


def _told(
    layouts: Sequence[NDArray[Any]], of_run: NDArray[np.int32], words: Sequence[str]
) -> pd.Categorical[str]:
    """Return a column of words, from the numbers in each layout and the layout of each run."""
    small = [_small(layout, words) for layout in layouts]
    parts = [small[layout] for layout in of_run.tolist()]
    return _words(np.concatenate([_small(np.zeros(0), words), *parts]), words)


def _small(codes: NDArray[Any], words: Sequence[str]) -> NDArray[Any]:
    """Return numbers of words as pandas keeps so many."""
    return codes.astype(pd.Categorical([], categories=pd.Index(words)).codes.dtype)


def _words(codes: NDArray[Any], words: Sequence[str]) -> pd.Categorical[str]:
    return pd.Categorical.from_codes(codes, categories=pd.Index(words))


def _values(file: Path) -> NDArray[np.float64]:
    """Return the column of values, decoded a group of rows at a time by two threads."""
    with pq.ParquetFile(file) as stream:
        about = stream.metadata
        sizes = [about.row_group(group).num_rows for group in range(about.num_row_groups)]
    found = np.empty(sum(sizes))
    ends = np.cumsum(sizes)
    threads = max(1, min(4, os.cpu_count() or 1, len(sizes)))

    def decode(first: int) -> None:
        with pq.ParquetFile(file) as stream:
            for group in range(first, len(sizes), threads):
                column = stream.read_row_group(group, columns=["value"], use_threads=False)[0]
                start = ends[group] - sizes[group]
                for chunk in column.chunks:
                    found[start : start + len(chunk)] = chunk.to_numpy()
                    start += len(chunk)

    with ThreadPoolExecutor(threads) as pool:
        list(pool.map(decode, range(threads)))
    return found
