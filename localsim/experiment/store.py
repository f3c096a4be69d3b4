"""The folder of an experiment, as it is written: chunk by chunk, so that nothing is done twice.

No lock is held. A chunk is written beside its place and moved there whole; its name follows from
the units in it alone, so a run that was killed, another process, or more replications later can
only add what was missing.
"""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from localsim.errors import LocalsimError
from localsim.experiment import index, sealed
from localsim.experiment.changes import changed, other_makers
from localsim.experiment.folder import (
    DESIGN,
    FAILURES_IN,
    MANIFEST,
    QUARANTINE,
    RUNS_IN,
    SERIES_IN,
    TABLE,
    Folder,
    read_manifest,
    write_manifest,
)
from localsim.experiment.frozen import Frozen, Points, difference, digest, freeze
from localsim.experiment.replication import Replication
from localsim.experiment.sealed import STAGING, DamagedError
from localsim.experiment.tables import Book, Tables
from localsim.experiment.units import Block, Unit, blocks, home, rectangles

FLUSH_SECONDS, FLUSH_SHARE = 30.0, 0.01
"""What is done is written after so long at the latest, or this share of the time so far."""

INSTEAD = "name another folder (-o), or replace them (--overwrite; in Python overwrite=True)."

ROWS_AT_ONCE = 1 << 17
"""The file at the end is written in groups of at least so many rows."""


class FolderError(LocalsimError):
    """A folder cannot take an experiment's runs: nothing was started."""


class Store:
    """A folder that runs are kept in as they are done.

    Raises FolderError, before anything is written, if the folder holds another experiment or
    cannot be written to.
    """

    def __init__(
        self, folder: str | Path, experiment: Mapping[str, Any], book: Book, points: Points | None
    ) -> None:
        path = Path(folder)
        self._points = points
        self._asked = experiment
        self._digests: dict[tuple[int, int], str] = {}
        kept, damaged = _kept(path)
        if kept is not None:
            _refuse_other(path, kept, experiment)
        with _told(path, FolderError):
            same = kept is not None and kept["design"] == experiment["design"]
            frozen = None if points is None else _frozen(path, points, same=same)
            for name in (RUNS_IN, SERIES_IN, STAGING):
                (path / name).mkdir(parents=True, exist_ok=True)
            sealed.sweep(path)
            self.folder = Folder(path, _together(kept, experiment), book)
            self._done = self._take_stock()
            if damaged:
                self._quarantine(path / MANIFEST)
            if points is not None and (frozen is None or len(frozen) < len(points)):
                freeze(points, path, DESIGN)
            if kept != self.folder.experiment:
                write_manifest(path, self.folder.experiment)
        self._held: dict[tuple[int, int], dict[Unit, Replication]] = {}
        self._wanted: dict[tuple[int, int], int] = {}
        self._begun = self._flushed = time.monotonic()

    @property
    def total(self) -> int:
        """How many units were asked for."""
        return int(self._asked["replications"]) * int(self._asked["points"])

    def count(self) -> int:
        """Return how many of the units that were asked for are kept."""
        return self.total - sum(
            len(block) - _covered(block, self._done.get((block.replication, block.point), []))
            for block in self._plan()
        )

    def missing(self) -> Iterator[Unit]:
        """Yield the units that were asked for and are not kept, in the order of the plan.

        Units that another process has kept in the meantime are passed over.
        """
        for block in self._plan():
            left = self._left(block)
            key = (block.replication, block.point)
            for rectangle in rectangles(left):
                if self.folder.file(RUNS_IN, rectangle).exists() and self._register(rectangle):
                    left = self._left(block)
            self._wanted[key] = len(left)
            yield from left

    def keep(self, one: Replication) -> None:
        """Keep a unit: it is written when its block is full, or some time later."""
        key = home(one.unit)
        with _told(self.folder.path):
            if one.died:
                self._set_aside(Tables.of([one], self.folder.book).failures, one.unit)
                self._wanted[key] -= 1
            else:
                self._held.setdefault(key, {})[one.unit] = one
            if len(self._held.get(key, ())) == self._wanted[key]:
                self._write(key)
        now = time.monotonic()
        if now - self._flushed > max(FLUSH_SECONDS, FLUSH_SHARE * (now - self._begun)):
            self.flush()

    def flush(self) -> None:
        """Write whatever is done."""
        with _told(self.folder.path):
            for key in list(self._held):
                self._write(key)
        self._flushed = time.monotonic()

    def finish(self) -> None:
        """Write all runs to one file, block by block, and which of its rows are of which run."""
        folder, indexer = self.folder, index.Indexer()
        said: dict[str, Any] = {}  # known when all is written, as the writer of the index asks
        with (
            _told(folder.path),
            sealed.staged(folder.path, index.INDEX) as beside,
            sealed.writer(beside, index.SCHEMA, said) as runs_of,
        ):
            with (
                sealed.staged(folder.path, TABLE) as file,
                sealed.writer(file, folder.result_schema, {"of": folder.state()}) as stream,
            ):
                waiting: list[pa.Table] = []
                for key, chunks in folder.everything():
                    waiting.append(folder.block(key, chunks, series=False).runs)
                    if sum(map(len, waiting)) >= ROWS_AT_ONCE:
                        self._at_once(waiting, stream, runs_of, indexer)
                        waiting = []
                self._at_once(waiting, stream, runs_of, indexer)
            said |= {"of": sealed.seal(folder.path / TABLE), **indexer.words}

    def _at_once(
        self,
        waiting: list[pa.Table],
        stream: pq.ParquetWriter,
        runs_of: pq.ParquetWriter,
        indexer: index.Indexer,
    ) -> None:
        if waiting:
            stream.write_table(_one([t.select(self.folder.result_schema.names) for t in waiting]))
            runs_of.write_table(_one([indexer.of(table) for table in waiting]))

    def adopt(self, tables: Tables) -> None:
        """Keep what is missing here of runs that were done elsewhere."""
        there = tables.units - tables.lost
        with _told(self.folder.path):
            for block in self._plan():
                for rectangle in rectangles(set(self._left(block)) & there):
                    self._put(tables.within(rectangle), rectangle)
                    self._done.setdefault((block.replication, block.point), []).append(rectangle)
            for unit in tables.lost:
                self._set_aside(tables.within(Block(*unit, 1, 1)).failures, unit)

    def _put(self, tables: Tables, block: Block) -> None:
        """Write the tables of the units of a rectangle: companions first, then what marks them."""
        path = self.folder.path
        said: dict[str, Any] = {
            "chunk": block.name,
            "plan": self._asked["plan"],
            "points": self._digest(block.point, block.points),
            SERIES_IN: None,
            FAILURES_IN: None,
        }
        for folder, table in ((SERIES_IN, tables.series), (FAILURES_IN, tables.failures)):
            if len(table):
                with sealed.staged(path, f"{folder}/{block.name}.parquet") as file:
                    sealed.write(file, table, {"chunk": block.name})
                    said[folder] = sealed.seal(file)
        with sealed.staged(path, f"{RUNS_IN}/{block.name}.parquet") as file:
            sealed.write(file, tables.runs, said)
        for unit, lost in self.folder.set_aside().items():
            if unit in block:
                lost.unlink(missing_ok=True)

    def _write(self, key: tuple[int, int]) -> None:
        held = self._held.get(key, {})
        for block in rectangles(held):
            self._put(Tables.of((held[unit] for unit in block), self.folder.book), block)
            self._done.setdefault(key, []).append(block)
        # Only now: if Ctrl-C comes before this, the same bytes are written again.
        self._held.pop(key, None)
        self._wanted[key] -= len(held)

    def _set_aside(self, lost: pa.Table, unit: Unit) -> None:
        name = f"lost-{unit.replication:06d}-{unit.point:06d}"
        with sealed.staged(self.folder.path, f"{FAILURES_IN}/{name}.parquet") as file:
            sealed.write(file, lost, {"chunk": name})

    def _plan(self) -> Iterator[Block]:
        return blocks(self._asked["replications"], self._asked["points"])

    def _left(self, block: Block) -> list[Unit]:
        done = self._done.get((block.replication, block.point), [])
        if _covered(block, done) == len(block):
            return []
        return [unit for unit in block if not any(unit in other for other in done)]

    def _take_stock(self) -> dict[tuple[int, int], list[Block]]:
        """Check every chunk; set aside those that are damaged."""
        self._done = {}
        for found in self.folder.listed().values():
            for block in found:
                self._register(block)
        return self._done

    def _register(self, block: Block) -> bool:
        """Count a chunk as done if it checks out, else set it aside."""
        try:
            said = self.folder.check(block)
        except (OSError, DamagedError):
            for folder in (RUNS_IN, SERIES_IN, FAILURES_IN):
                self._quarantine(self.folder.file(folder, block))
            return False
        beyond = self._points is not None and block.point + block.points > len(self._points)
        if said["plan"] != self._asked["plan"] or not (
            beyond or said["points"] == self._digest(block.point, block.points)
        ):
            raise FolderError(
                f"{self.folder.path} holds runs of another experiment ({block.name}); {INSTEAD}"
            )
        self._done.setdefault(home(Unit(block.replication, block.point)), []).append(block)
        return True

    def _quarantine(self, file: Path) -> None:
        away = self.folder.path / QUARANTINE
        away.mkdir(exist_ok=True)
        number = sum(1 for _ in away.iterdir())
        try:
            file.replace(away / f"{number:04d}-{file.parent.name}-{file.name}")
        except FileNotFoundError:
            return

    def _digest(self, first: int, number: int) -> str:
        if (first, number) not in self._digests:
            self._digests[first, number] = digest(self._points, first, number)
        return self._digests[first, number]


def clear(folder: str | Path) -> None:
    """Remove an experiment's files from a folder, and nothing else that is in it."""
    path = Path(folder)
    with _told(path):
        for name in (MANIFEST, TABLE, DESIGN, index.INDEX):
            (path / name).unlink(missing_ok=True)
        for name in (RUNS_IN, SERIES_IN, FAILURES_IN, STAGING, QUARANTINE):
            shutil.rmtree(path / name, ignore_errors=not (path / name).exists())


def _kept(path: Path) -> tuple[dict[str, Any] | None, bool]:
    """Return what a folder says was run in it, and whether its manifest is damaged."""
    try:
        return read_manifest(path), False
    except DamagedError:
        return None, True


def _refuse_other(path: Path, kept: Mapping[str, Any], now: Mapping[str, Any]) -> None:
    if kept["plan"] != now["plan"]:
        raise FolderError(
            f"{path} holds the results of another experiment ({changed(kept, now)}); {INSTEAD}"
        )
    others = other_makers(kept, now)
    if others:
        raise FolderError(
            f"the results in {path} were made by another version or machine ({others}), so more "
            f"of them need not agree with those to the last bit; {INSTEAD}"
        )


def _frozen(path: Path, points: Points, *, same: bool) -> Frozen | None:
    """Return the points that a folder was begun with; refuse points that differ from them."""
    try:
        kept = Frozen(path / DESIGN)
    except DamagedError:
        return None  # each chunk says which points it is of
    told = None if same else difference(kept, points)
    if told is not None:
        raise FolderError(f"{path} holds the results of another design ({told}); {INSTEAD}")
    return kept


def _together(kept: Mapping[str, Any] | None, now: Mapping[str, Any]) -> dict[str, Any]:
    """Return the description of all that a folder holds: the most that was ever asked of it."""
    if kept is None:
        return dict(now)
    wider = kept if kept["points"] > now["points"] else now
    return dict(now) | {
        "points": wider["points"],
        "design": wider["design"],
        "replications": max(kept["replications"], now["replications"]),
    }


def _covered(block: Block, done: list[Block]) -> int:
    """Return how many units of a block are in others."""
    if block in done:
        return len(block)
    return sum(any(unit in other for other in done) for unit in block) if done else 0


def _one(tables: list[pa.Table]) -> pa.Table:
    return pa.concat_tables(tables).unify_dictionaries().combine_chunks()


@contextmanager
def _told(path: Path, kind: type[LocalsimError] = LocalsimError) -> Iterator[None]:
    """Say in a sentence what the system refused."""
    try:
        yield
    except (FileExistsError, NotADirectoryError):
        raise kind(f"{path} is a file, or in one; name a folder for the results (-o).") from None
    except OSError as error:
        reason = os.strerror(error.errno) if error.errno else str(error)
        raise kind(
            f"results cannot be kept in {path}: {reason}. What is in it already stays good; run "
            "the experiment again, and only the rest is done."
        ) from error
