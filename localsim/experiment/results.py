"""What an experiment came to: tidy tables, what was run, and a folder that holds both."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import pandas as pd
import pyarrow as pa

from localsim.errors import LocalsimError
from localsim.experiment.folder import MANIFEST, TABLE, Folder, read_manifest
from localsim.experiment.frozen import Points
from localsim.experiment.sealed import DamagedError
from localsim.experiment.store import Store
from localsim.experiment.tables import Book, Tables, cube, months, to_pandas
from localsim.experiment.units import Block
from localsim.experiment.validate import one_of

if TYPE_CHECKING:
    import duckdb
    import polars
    import xarray


class Source(Protocol):
    """Where runs are: in memory, or in a folder that is read when they are asked for."""

    @property
    def scalars(self) -> pa.Table:
        """A row a number."""

    def frame(self, book: Book) -> pd.DataFrame:
        """Return `scalars` as a frame."""

    @property
    def series(self) -> pa.Table:
        """A row a trajectory."""

    @property
    def failures(self) -> pa.Table:
        """A row a run that failed."""

    @property
    def tables(self) -> Tables:
        """All three."""


class Results:
    """What every policy came to in every replication.

    `table` has a row a replication, policy, metric and group of residents, with ``value`` over
    the whole run and its ``unit``; `series` has ``value`` a ``month`` since the policy began;
    `failures` has a row a run that could not be finished, with its seed, its error, its traceback
    and the call that replays it. Under a design each begins with ``point``, a row of `design`.
    `experiment` describes what was run; `interrupted` says whether some of it was not.

    Tables are read when they are first asked for. `polars` and `duckdb` give views of them without
    reading all, `xarray` the trajectories as a labelled array.
    """

    def __init__(
        self,
        experiment: Mapping[str, Any],
        source: Source,
        points: Points | None = None,
        *,
        interrupted: bool = False,
    ) -> None:
        self.experiment = dict(experiment)
        self.interrupted = interrupted
        self._source = source
        self._points = points
        self._book = book_of(experiment)

    @cached_property
    def table(self) -> pd.DataFrame:
        """A row a number: replication, policy, metric, group, value, unit."""
        return self._source.frame(self._book)

    @cached_property
    def series(self) -> pd.DataFrame:
        """A row a month: replication, policy, metric, group, month, value."""
        return months(self._source.series, self._book)

    @cached_property
    def failures(self) -> pd.DataFrame:
        """A row a run that failed: replication, policy, seed, error, traceback, replay."""
        return to_pandas(self._source.failures, self._book)

    @cached_property
    def design(self) -> pd.DataFrame | None:
        """A row a point of the design, with the value of everything that it varies."""
        if self._points is None:
            return None
        points = [self._points.point(number) for number in range(len(self._points))]
        frame = pd.DataFrame(points, columns=list(self._points.columns))
        return frame.rename_axis(index="point")

    @property
    def policies(self) -> list[str]:
        """The policies' names, in the order of the experiment."""
        return [policy["name"] for policy in self.experiment["policies"]]

    @property
    def replications(self) -> int:
        """How many replications have at least one finished run."""
        return int(self.table["replication"].nunique())

    def pivot(self, metric: str, group: str = "all") -> pd.DataFrame:
        """Return one metric of one group as replications × policies.

        Under a design the rows are points and replications. Raises LocalsimError if there is no
        such metric or group.
        """
        one_of("metric", metric, self.table["metric"].cat.categories)
        one_of("group", group, self.table["group"].cat.categories)
        chosen = self.table[(self.table["metric"] == metric) & (self.table["group"] == group)]
        rows = ["point", "replication"] if self._book.designed else "replication"
        wide = chosen.pivot_table(index=rows, columns="policy", values="value", observed=True)
        wide.columns = wide.columns.astype(str)
        return wide[[policy for policy in self.policies if policy in wide.columns]]

    def polars(self) -> polars.LazyFrame:
        """Return `table` as a lazy Polars frame; needs Polars."""
        found: polars.LazyFrame
        if (file := self._file) is not None:
            found = _optional("polars").scan_parquet(file)
        else:
            found = _optional("polars").from_arrow(self._plain_runs).lazy()
        return found

    def duckdb(self) -> duckdb.DuckDBPyRelation:
        """Return `table` as a DuckDB relation, to be queried by SQL; needs DuckDB."""
        found: duckdb.DuckDBPyRelation
        if (file := self._file) is not None:
            found = _optional("duckdb").connect().read_parquet(str(file))
        else:
            found = _optional("duckdb").connect().from_arrow(self._plain_runs)
        return found

    def xarray(self) -> xarray.Dataset:
        """Return the trajectories, a variable a metric, by replication, policy, group and month.

        Under a design they are by point as well. What was not run is not a number. Needs xarray.
        """
        variables, coordinates = cube(self._source.series, self._book)
        found: xarray.Dataset = _optional("xarray").Dataset(variables, coordinates)
        return found

    def save(self, folder: str | Path) -> Path:
        """Write the results to a folder and return it; ``localsim.open`` reads them back.

        The folder is the one that ``Experiment.run(folder=…)`` keeps: it can be run on from there.
        """
        store = Store(folder, self.experiment, self._book, self._points)
        store.adopt(self._source.tables)
        store.finish()
        return Path(folder)

    def first(self, experiment: Mapping[str, Any]) -> Results:
        """Return the first of the replications, as many as a description of them says."""
        whole = Block(0, 0, experiment["replications"], experiment["points"])
        return Results(experiment, self._source.tables.within(whole), self._points)

    @classmethod
    def open(cls, folder: str | Path) -> Results:
        """Read the results that ``save``, ``Experiment.run`` or ``localsim run`` left in a folder.

        Raises LocalsimError if the folder holds none, or is not as it was written.
        """
        home = Path(folder)
        try:
            experiment = read_manifest(home)
            if experiment is None:
                raise LocalsimError(f"there are no results in {home}: it has no {MANIFEST}.")
            found = Folder(home, experiment, book_of(experiment))
            points = found.design
        except DamagedError as error:
            raise LocalsimError(f"{error}; run the experiment again there to mend it.") from None
        return cls(experiment, found, points, interrupted=found.unfinished)

    @property
    def _file(self) -> Path | None:
        """The one file of all runs, where there is one and it is whole."""
        source = self._source
        return source.path / TABLE if isinstance(source, Folder) and source.whole else None

    @property
    def _plain_runs(self) -> pa.Table:
        runs = self._source.scalars
        named = "point" in runs.column_names
        return runs.drop_columns("point") if named and not self._book.designed else runs

    def __repr__(self) -> str:
        metrics = self.table["metric"].nunique()
        parts = [
            f"{self.replications} replications × {len(self.policies)} policies",
            f"{metrics} metrics",
            f"{len(self.table):,} rows",
        ]
        if self._points is not None:
            parts.insert(0, f"{len(self._points):,} points")
        if len(self.failures):
            parts.append(f"{len(self.failures)} failed runs")
        if self.interrupted:
            parts.append("interrupted")
        return f"<Results of {self.experiment['name']!r}: {', '.join(parts)}>"


def book_of(experiment: Mapping[str, Any]) -> Book:
    """Return what the tables of an experiment are made with, from its description."""
    from localsim.metrics import METRICS

    return Book(
        policies=tuple(policy["name"] for policy in experiment["policies"]),
        units={name: metric.unit for name, metric in METRICS.items()},
        seed=experiment["seed"],
        designed=experiment["design"] is not None,
    )


def _optional(name: str) -> Any:
    """Return a package that is wanted for a view only, or say how to install it."""
    try:
        return import_module(name)
    except ImportError:
        raise LocalsimError(
            f"this view needs {name}, which is not installed; pip install 'localsim[views]'."
        ) from None
