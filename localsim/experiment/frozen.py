"""The points of a design, frozen in a file: what the chunks of a folder are of."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol

import pyarrow as pa
import pyarrow.parquet as pq

from localsim.experiment import sealed
from localsim.experiment.fingerprint import canonical, fingerprint
from localsim.experiment.sealed import DamagedError

GROUP = 65_536
"""So many points are in memory at a time."""


class Points(Protocol):
    """Anything that has points: a design, or one that was frozen."""

    @property
    def columns(self) -> tuple[str, ...]:
        """The names that are varied."""

    def __len__(self) -> int:
        """Return how many points there are."""

    def point(self, number: int, /) -> Mapping[str, Any]:
        """Return the values at one point."""

    def kinds(self) -> dict[str, set[type]]:
        """Return of what types the values of each column are."""


class Frozen:
    """The points in a file; the rows around the last one asked for are in memory."""

    def __init__(self, file: Path) -> None:
        try:
            sealed.seal(file)
        except (OSError, DamagedError) as error:
            why = getattr(error, "strerror", None) or error
            raise DamagedError(f"{file} is damaged ({why})") from None
        self._file = pq.ParquetFile(file)
        self._json = set(sealed.said_of(file)["json"])
        self.columns = tuple(self._file.schema_arrow.names[1:])
        self._group, self._rows = -1, list[dict[str, Any]]()

    def __len__(self) -> int:
        return int(self._file.metadata.num_rows)

    def point(self, number: int) -> dict[str, Any]:
        """Return the values at one point."""
        group, row = divmod(number, GROUP)
        if group != self._group:
            read = self._file.read_row_group(group, columns=list(self.columns)).to_pylist()
            self._group, self._rows = group, [self._plain(row) for row in read]
        return self._rows[row]

    def kinds(self) -> dict[str, set[type]]:
        """Return of what types the values of each column are."""
        found: dict[str, set[type]] = {}
        for column in self.columns:
            values = self._file.read(columns=[column])[column]
            some = values.unique() if column in self._json else values.slice(0, 1)
            found[column] = {type(self._plain({column: v})[column]) for v in some.to_pylist()}
        return found

    def table(self) -> pa.Table:
        """Return all points, a row each."""
        return self._file.read()

    def _plain(self, row: Mapping[str, Any]) -> dict[str, Any]:
        return {k: json.loads(v) if k in self._json else v for k, v in row.items()}


def freeze(points: Points, folder: Path, name: str) -> None:
    """Write the points of a design to a file, a few at a time."""
    types = {column: _type(found) for column, found in points.kinds().items()}
    mixed = [column for column, found in types.items() if found is None]
    fields = [(column, found or pa.string()) for column, found in types.items()]
    schema = pa.schema([("point", pa.int64()), *fields])
    with (
        sealed.staged(folder, name) as file,
        sealed.writer(file, schema, {"json": mixed}) as stream,
    ):
        for start in range(0, len(points), GROUP):
            numbers = range(start, min(start + GROUP, len(points)))
            rows = [{"point": number, **points.point(number)} for number in numbers]
            for row in rows if mixed else ():
                row |= {column: json.dumps(row[column]) for column in mixed}
            stream.write_table(pa.Table.from_pylist(rows, schema=schema), row_group_size=GROUP)


def difference(kept: Points, now: Points) -> str | None:
    """Say where two designs first differ at points that both have, or None if they agree."""
    if set(kept.columns) != set(now.columns):
        return f"it varied {', '.join(kept.columns)} and varies {', '.join(now.columns)}"
    for number in range(min(len(kept), len(now))):
        before, after = kept.point(number), now.point(number)
        for column in kept.columns:
            if canonical(before[column]) != canonical(after[column]):
                return (
                    f"at point {number}, {column} was {before[column]!r} and is {after[column]!r}"
                )
    return None


def digest(points: Points | None, first: int, number: int) -> str:
    """Return a digest of neighbouring points."""
    if points is None:
        return ""
    return fingerprint([points.point(first + i) for i in range(number)])


def _type(kinds: set[type]) -> pa.DataType | None:
    """Return the type of a column that holds such values, or None if they are of several."""
    if kinds == {bool}:
        return pa.bool_()
    if kinds and kinds <= {int, float}:
        return pa.float64()
    return pa.string() if kinds == {str} else None
