"""A design that is a table: points worked out elsewhere, one a row, or read from a CSV."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import math
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, final

from localsim.errors import LocalsimError
from localsim.experiment.design import MOST_DIMENSIONS, Design, check_parts
from localsim.experiment.dimensions import plain
from localsim.experiment.subject import Subject
from localsim.experiment.validate import shown
from localsim.policy.answers import Value
from localsim.reading import read_text

if TYPE_CHECKING:
    import pandas as pd

LARGEST_CSV_BYTES = 200_000_000


@final
class Points(Design):
    """The points of a table: a mapping of names to equally long columns, or a DataFrame.

    The table is held in memory, unlike the points of other designs.
    """

    def __init__(self, table: Mapping[str, Sequence[Value]] | pd.DataFrame) -> None:
        if not hasattr(table, "items"):
            raise LocalsimError(
                f"Points: {shown(table)} is no table; give a mapping of names to columns, or a "
                "DataFrame."
            )
        columns: dict[str, list[Value]] = {}
        for name, values in table.items():
            if not isinstance(name, str):
                raise LocalsimError(f"Points: {shown(name)} is no name of a column.")
            columns[name] = [plain(f"{name}, row {row}", v) for row, v in enumerate(values)]
        self.table = _checked(columns, "Points")

    @classmethod
    def from_csv(cls, path: str | Path) -> Points:
        """Return the points in a CSV: its first line names columns, each other line is a point."""
        points = cls.__new__(cls)
        points.table = _checked(_read(Path(path)), str(path))
        return points

    @property
    def columns(self) -> tuple[str, ...]:
        """The names of the columns."""
        return tuple(self.table)

    def __len__(self) -> int:
        """Return how many rows there are."""
        return len(self.table[self.columns[0]])

    def _point(self, number: int) -> dict[str, Value]:
        return {name: values[number] for name, values in self.table.items()}

    def bind(self, subject: Subject) -> Points:
        """Return the points, every value of which has been found to be possible."""
        check_parts(self.columns)
        table: dict[str, list[Value]] = {}
        for name, values in self.table.items():
            subject.check(name)
            table[name] = [subject.typed(name, value) for value in values]
            for row in _telling(values):
                try:
                    subject.at({name: values[row]})
                except LocalsimError as error:
                    raise LocalsimError(f"row {row}, {name!r}: {error}") from None
        bound = Points.__new__(Points)
        bound.table = table
        return bound

    def kinds(self) -> dict[str, set[type]]:
        """Return the types of each column."""
        return {name: set(map(type, values)) for name, values in self.table.items()}

    def describe(self) -> dict[str, Any]:
        """Return the columns, how many rows, and a digest of them."""
        digest = hashlib.blake2b(digest_size=8)
        for number in range(len(self)):
            digest.update(json.dumps(list(self._point(number).values())).encode())
        return {
            "kind": "Points",
            "columns": list(self.columns),
            "n": len(self),
            "content": digest.hexdigest(),
        }


def _telling(values: Sequence[Value]) -> Iterable[int]:
    """Return the rows that tell whether a column is possible: each word, the extreme numbers."""
    first: dict[Value, int] = {}
    lowest: int | None = None
    highest = broken = lowest
    for row, value in enumerate(values):
        if isinstance(value, bool | str):
            first.setdefault(value, row)
            continue
        lowest = row if lowest is None or value < values[lowest] else lowest  # type: ignore[operator] # numbers only
        highest = row if highest is None or value > values[highest] else highest  # type: ignore[operator] # numbers only
        if broken is None and value != math.floor(value):
            broken = row
    return sorted({*first.values()} | {row for row in (lowest, highest, broken) if row is not None})


def _checked(columns: dict[str, list[Value]], label: str) -> dict[str, list[Value]]:
    """Return columns that can be a design's: at least one, equally long, of one kind each."""
    if not columns:
        raise LocalsimError(f"{label}: the table has no columns.")
    if len(columns) > MOST_DIMENSIONS:
        raise LocalsimError(
            f"{label}: the table has {len(columns):,} columns; {MOST_DIMENSIONS:,} are the most."
        )
    lengths = {name: len(values) for name, values in columns.items()}
    if len(set(lengths.values())) > 1:
        said = ", ".join(f"{name!r} {length:,}" for name, length in list(lengths.items())[:6])
        raise LocalsimError(f"{label}: columns are equally long; these have rows: {said}.")
    if not next(iter(lengths.values())):
        raise LocalsimError(f"{label}: the table has no rows; at least one point is wanted.")
    for name, values in columns.items():
        kinds = {_kind(value): row for row, value in reversed(list(enumerate(values)))}
        if len(kinds) > 1:
            said = " and ".join(f"{kind} (row {row})" for kind, row in sorted(kinds.items()))
            raise LocalsimError(f"{label}: column {name!r} holds {said}; one kind is wanted.")
    return columns


def _kind(value: Value) -> str:
    if isinstance(value, bool):
        return "true or false"
    return "words" if isinstance(value, str) else "numbers"


def _read(file: Path) -> dict[str, list[Value]]:
    """Return the columns of a CSV; numbers, true and false are read as such."""
    label = str(file)
    text = read_text(file, label, LARGEST_CSV_BYTES)
    try:
        reader = csv.reader(io.StringIO(text, newline=""), strict=True)
        header = [cell.strip() for cell in next(reader, [])]
        if not any(header):
            raise LocalsimError(f"{label} is empty; its first line names what is varied.")
        for name in header:
            if not name or header.count(name) > 1:
                what = f"the column {shown(name)} twice" if name else "a column without a name"
                raise LocalsimError(f"{label}, line 1, has {what}; names are unique.")
        columns: dict[str, list[Value]] = {name: [] for name in header}
        for row in reader:
            if not any(cell.strip() for cell in row):
                continue
            line = f"{label}, line {reader.line_num}"
            if len(row) != len(header):
                raise LocalsimError(
                    f"{line}, has {len(row)} cells; the first line names {len(header)} columns."
                )
            for name, cell in zip(header, row, strict=True):
                columns[name].append(_cell(f"{line}, column {shown(name)}", cell.strip()))
    except csv.Error as error:
        raise LocalsimError(f"{label} cannot be read as a CSV: {error}.") from None
    return columns


def _cell(where: str, text: str) -> Value:
    if not text:
        raise LocalsimError(f"{where}, is blank; every point has a value for every column.")
    if text.lower() in ("true", "false"):
        return text.lower() == "true"
    try:
        number = float(text)
    except ValueError:
        return plain(where, text)
    whole = text.lstrip("+-").isdigit() and len(text) < 19
    return plain(where, int(text) if whole else number)
