"""The folder of an experiment, as it is read: nothing is believed that does not check out.

::

    manifest.json       what was run: description, versions, processor, and a digest of itself
    design.parquet      the points, frozen, where there is a design
    runs/chunk-….parquet      a row a number; that it is there means that its units are done
    series/chunk-….parquet    their trajectories, moved into place before their runs
    failures/chunk-….parquet  those of their runs that failed, likewise
    failures/lost-….parquet   units whose workers died; they are tried again next time
    results.parquet     all runs in one file, at the end
    index.parquet       which of its rows are of which run: it opens faster by it
    .staging/ .quarantine/    never read as results

A chunk's name says which units are in it, so whoever writes a name writes the same bytes, and
chunks that overlap count once.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from localsim.errors import LocalsimError
from localsim.experiment import index, sealed
from localsim.experiment.frozen import Frozen
from localsim.experiment.sealed import DamagedError
from localsim.experiment.tables import FAILURES, RUNS, SERIES, Book, Tables, to_pandas
from localsim.experiment.units import Block, Unit, blocks, home, rectangles

MANIFEST, DESIGN, TABLE = "manifest.json", "design.parquet", "results.parquet"
RUNS_IN, SERIES_IN, FAILURES_IN, QUARANTINE = "runs", "series", "failures", ".quarantine"
FORMAT = 2


class Folder:
    """The chunks in a folder, read as tables: `runs`, `series` and `failures`."""

    def __init__(self, path: Path, experiment: Mapping[str, Any], book: Book) -> None:
        self.path = path
        self.experiment = experiment
        self.book = book

    def listed(self) -> dict[tuple[int, int], list[Block]]:
        """Return the rectangles of units that have a file, by where their block begins."""
        found: dict[tuple[int, int], list[Block]] = {}
        for file in (self.path / RUNS_IN).glob("chunk-*.parquet"):
            block = Block.named(file.stem)
            if block is not None:
                found.setdefault(home(Unit(block.replication, block.point)), []).append(block)
        return {key: sorted(found[key]) for key in sorted(found)}

    def set_aside(self) -> dict[Unit, Path]:
        """Return the files about units whose workers died."""
        found = {}
        for file in sorted((self.path / FAILURES_IN).glob("lost-*.parquet")):
            named = re.fullmatch(r"lost-(\d{6,})-(\d{6,})", file.stem)
            if named is not None:
                found[Unit(int(named[1]), int(named[2]))] = file
        return found

    def check(self, block: Block) -> dict[str, Any]:
        """Return what a chunk says of itself, having checked it and its companions.

        Raises DamagedError if anything about them is not as it was written.
        """
        file = self.file(RUNS_IN, block)
        sealed.seal(file)
        said = sealed.said_of(file)
        if said["chunk"] != block.name:
            raise DamagedError(f"it is {said['chunk']} under another name")
        for folder in (SERIES_IN, FAILURES_IN):
            if said[folder] is None:
                continue
            companion = self.file(folder, block)
            try:
                if sealed.seal(companion) != said[folder]:
                    raise DamagedError(f"it is not the one that {RUNS_IN}/{file.name} names")
            except (OSError, DamagedError) as error:
                raise DamagedError(f"{folder}/{companion.name}: {_why(error)}") from None
        return said

    def file(self, folder: str, block: Block) -> Path:
        """Return where a chunk's table of one kind is."""
        return self.path / folder / f"{block.name}.parquet"

    def block(
        self, key: tuple[int, int], chunks: Iterable[Block], *, series: bool = True
    ) -> Tables:
        """Return all that is kept of one block, each unit once, in the order of the units.

        Raises LocalsimError if a chunk is damaged.
        """
        parts, before = list[Tables](), list[Block]()
        for block in chunks:
            part = self._part(block, series=series)
            for other in before:
                part = part.without(other)
            parts.append(part)
            before.append(block)
        for unit, file in self.set_aside().items():
            if home(unit) == key and not any(unit in block for block in before):
                lost = self._checked(file, FAILURES)
                parts.append(Tables(RUNS.empty_table(), SERIES.empty_table(), lost))
        return Tables.joined(parts, self.book)

    @cached_property
    def scalars(self) -> pa.Table:
        """All runs: from the one file at the end if it is of these chunks, else from them.

        Without a design they have no column for the point.
        """
        if self.whole:
            return sealed.read(self.path / TABLE, self.result_schema)
        found = [self.block(key, chunks, series=False).runs for key, chunks in self.everything()]
        return pa.concat_tables([RUNS.empty_table(), *found]).select(self.result_schema.names)

    def frame(self, book: Book) -> pd.DataFrame:
        """Return all runs as a frame."""
        seal = self._seal()
        found = seal and index.frame(self.path / TABLE, seal, self.result_schema, book)
        return found if isinstance(found, pd.DataFrame) else to_pandas(self.scalars, book)

    @property
    def runs(self) -> pa.Table:
        """All runs, by point in any case."""
        if self.book.designed:
            return self.scalars
        point = pa.array(np.zeros(len(self.scalars), dtype=np.int64))
        return self.scalars.add_column(0, RUNS.field(0), point)

    @cached_property
    def series(self) -> pa.Table:
        """All trajectories."""
        found = [self.block(key, chunks).series for key, chunks in self.everything()]
        return pa.concat_tables([SERIES.empty_table(), *found])

    @cached_property
    def failures(self) -> pa.Table:
        """All runs that failed."""
        some = {file.stem for file in (self.path / FAILURES_IN).glob("chunk-*.parquet")}
        lost = {home(unit) for unit in self.set_aside()}
        found = [FAILURES.empty_table()]
        for key, chunks in self.everything():
            if key in lost or any(block.name in some for block in chunks):
                found.append(self.block(key, chunks, series=False).failures)
        return pa.concat_tables(found)

    @property
    def tables(self) -> Tables:
        """All three, and which units were lost."""
        done = self.listed()
        lost = frozenset(
            unit
            for unit in self.set_aside()
            if not any(unit in block for block in done.get(home(unit), []))
        )
        return Tables(self.runs, self.series, self.failures, lost)

    @property
    def whole(self) -> bool:
        """Whether the one file at the end is there and of these chunks."""
        return self._seal() is not None

    @property
    def unfinished(self) -> bool:
        """Whether some units were neither done nor lost."""
        done, lost = self.listed(), self.set_aside()
        for block in blocks(self.experiment["replications"], self.experiment["points"]):
            here = done.get((block.replication, block.point), [])
            if block not in here and not all(
                unit in lost or any(unit in other for other in here) for unit in block
            ):
                return True
        return False

    @property
    def design(self) -> Frozen | None:
        """The points, as they were frozen."""
        return Frozen(self.path / DESIGN) if self.book.designed else None

    def everything(self) -> Iterator[tuple[tuple[int, int], list[Block]]]:
        """Yield where each block begins that has a chunk or a lost unit, and its chunks."""
        done = self.listed()
        for key in sorted({*done, *map(home, self.set_aside())}):
            yield key, done.get(key, [])

    def state(self) -> str:
        """Return a digest of which units there are, however their chunks came about."""
        done, names = self.listed(), list[str]()
        for chunks in done.values():
            units = {unit for chunk in chunks for unit in chunk} if len(chunks) > 1 else set()
            names += [block.name for block in (rectangles(units) if units else chunks)]
        names += [
            file.stem
            for unit, file in self.set_aside().items()
            if not any(unit in chunk for chunk in done.get(home(unit), []))
        ]
        return hashlib.blake2b("\n".join(names).encode(), digest_size=16).hexdigest()

    @property
    def result_schema(self) -> pa.Schema:
        """The columns of the one file at the end: a point only where there is a design."""
        return RUNS if self.book.designed else RUNS.remove(0)

    def _seal(self) -> str | None:
        """Return the seal of the one file at the end, if that is whole and of these chunks."""
        try:
            seal = sealed.seal(self.path / TABLE)
            same = sealed.said_of(self.path / TABLE)["of"] == self.state()
        except (OSError, DamagedError):
            return None
        return seal if same else None

    def _part(self, block: Block, *, series: bool) -> Tables:
        try:
            said = self.check(block) if series else self._said(block)
        except (OSError, DamagedError) as error:
            raise self._damaged(self.file(RUNS_IN, block), error) from None

        def companion(folder: str, schema: pa.Schema, *, wanted: bool = True) -> pa.Table:
            if not wanted or said[folder] is None:
                return schema.empty_table()
            return self._checked(self.file(folder, block), schema)

        return Tables(
            self._checked(self.file(RUNS_IN, block), RUNS),
            companion(SERIES_IN, SERIES, wanted=series),
            companion(FAILURES_IN, FAILURES),
        )

    def _said(self, block: Block) -> dict[str, Any]:
        sealed.seal(self.file(RUNS_IN, block))
        return sealed.said_of(self.file(RUNS_IN, block))

    def _checked(self, file: Path, schema: pa.Schema) -> pa.Table:
        try:
            sealed.seal(file)
            return sealed.read(file, schema)
        except (OSError, DamagedError) as error:
            raise self._damaged(file, error) from None

    def _damaged(self, file: Path, error: Exception) -> LocalsimError:
        return LocalsimError(
            f"{file} is damaged ({_why(error)}); run the experiment in {self.path} again: it is "
            "set aside, and only what was in it is run."
        )


def read_manifest(folder: Path) -> dict[str, Any] | None:
    """Return what a folder's manifest says was run, or None where there is no manifest.

    Raises DamagedError if there is one that is not as it was written, and LocalsimError if it is
    of another format.
    """
    file = folder / MANIFEST
    try:
        manifest = json.loads(file.read_bytes())
        found = manifest["format"]
        whole = found != FORMAT or manifest["digest"] == _digest(manifest["experiment"])
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise LocalsimError(f"{file} cannot be read: {error.strerror}.") from None
    except (ValueError, KeyError, TypeError):
        whole = False
    if not whole:
        raise DamagedError(f"{file} is damaged: it does not describe any results")
    if found != FORMAT:
        raise LocalsimError(
            f"{file} is of format {found}; this version of localsim reads format {FORMAT}."
        )
    return dict(manifest["experiment"])


def write_manifest(folder: Path, experiment: Mapping[str, Any]) -> None:
    """Write what is run, whole or not at all."""
    manifest = {"format": FORMAT, "experiment": experiment, "digest": _digest(experiment)}
    text = json.dumps(manifest, indent=2, ensure_ascii=False, allow_nan=False)
    with sealed.staged(folder, MANIFEST) as file:
        file.write_text(text, encoding="utf-8")


def _digest(experiment: Any) -> str:
    text = json.dumps(experiment, sort_keys=True, allow_nan=False)
    return hashlib.blake2b(text.encode(), digest_size=16).hexdigest()


def _why(error: Exception) -> str:
    return str(getattr(error, "strerror", None) or error)
