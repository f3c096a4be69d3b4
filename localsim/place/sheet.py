"""The cells of a CSV file, each knowing its line: what is wrong there is said in a sentence."""

from __future__ import annotations

import csv
import io
import math
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from localsim.errors import LocalsimError, nearest
from localsim.place.columns import CSV_COLUMNS, MAX_RESIDENTS
from localsim.place.margins import Floats, Ints
from localsim.reading import read_text

if TYPE_CHECKING:
    from _csv import Reader

_REQUIRED = ("code", "residents")
_HUGE = 1e12
LARGEST_BYTES = 200_000_000


class Sheet:
    """The cells of a CSV by column, each row with its line in the file."""

    def __init__(self, source: Path | Traversable, label: str) -> None:
        self.label = label
        text = read_text(source, label, LARGEST_BYTES)
        try:
            self._read(csv.reader(io.StringIO(text, newline=""), strict=True))
        except csv.Error as problem:
            raise LocalsimError(f"{label} is not a readable CSV: {problem}.") from None

    def _read(self, reader: Reader) -> None:
        header = [cell.strip() for cell in next(reader, [])]
        if not any(header):
            raise LocalsimError(
                f"{self.label} is empty; its first line names columns, of which "
                f"{' and '.join(_REQUIRED)} are required."
            )
        for column in _REQUIRED:
            if column not in header:
                found = ", ".join(repr(name) for name in header[:12])
                raise LocalsimError(
                    f"{self.label}, line 1, names no column {column!r}, only {found}; the names "
                    "are parted by commas and spelt exactly so."
                )
        for column in header:
            if not column or header.count(column) > 1:
                what = f"the column {column!r} twice" if column else "a column without a name"
                raise LocalsimError(f"{self.label}, line 1, has {what}; names are unique.")
        self.columns = header
        self.lines: list[int] = []
        cells: list[list[str]] = []
        for row in reader:
            if not any(cell.strip() for cell in row):
                continue
            line = reader.line_num
            if len(row) != len(header):
                raise LocalsimError(
                    f"{self.label}, line {line}, has {len(row)} cells; the first line names "
                    f"{len(header)} columns."
                )
            self.lines.append(line)
            cells.append([cell.strip() for cell in row])
        if not cells:
            raise LocalsimError(f"{self.label} has no areas: there is no row below the first line.")
        self.cells = dict(zip(header, (list(c) for c in zip(*cells, strict=True)), strict=True))

    def at(self, row: int, column: str) -> str:
        """Say where a cell is, for the start of a sentence."""
        return f"{self.label}, line {self.lines[row]}, column {column!r}"

    def text(self, column: str) -> tuple[str, ...]:
        """Return a column of text, none of it blank."""
        for row, cell in enumerate(self.cells[column]):
            if not cell:
                raise LocalsimError(f"{self.at(row, column)} is blank; every area needs a value.")
        return tuple(self.cells[column])

    def numbers(self, column: str) -> Floats:
        """Return a column of finite numbers, float64[A]."""
        values = np.empty(len(self.lines))
        for row, cell in enumerate(self.cells[column]):
            try:
                values[row] = float(cell)
            except ValueError:
                sentence = f"{self.at(row, column)} is {cell!r}, which is not a number"
                if column not in CSV_COLUMNS:
                    sentence += (
                        f"; for a column of Place.CSV_COLUMNS, {nearest(column, CSV_COLUMNS)}"
                    )
                raise LocalsimError(f"{sentence.rstrip('.?')}.") from None
            if not math.isfinite(values[row]) or abs(values[row]) > _HUGE:
                raise LocalsimError(
                    f"{self.at(row, column)} is {cell!r}; give a finite number of sensible size."
                )
        return values

    def counts(self, column: str) -> Ints:
        """Return a column of whole numbers of people or households, int64[A]."""
        values = self.numbers(column)
        for row in np.flatnonzero((values < 0) | (values != np.floor(values))).tolist():
            raise LocalsimError(
                f"{self.at(row, column)} is {self.cells[column][row]!r}; give a whole number, "
                "0 or more."
            )
        for row in np.flatnonzero(values > MAX_RESIDENTS).tolist():
            raise LocalsimError(
                f"{self.at(row, column)} is {self.cells[column][row]}; a place holds at most "
                f"{MAX_RESIDENTS:,} residents."
            )
        return values.astype(np.int64)

    def shares(self, column: str) -> Floats:
        """Return a column of shares between 0 and 1, float64[A]."""
        values = self.numbers(column)
        for row in np.flatnonzero((values < 0) | (values > 1)).tolist():
            raise LocalsimError(
                f"{self.at(row, column)} is {self.cells[column][row]}; a share lies between "
                "0 and 1 (12 per cent is 0.12)."
            )
        return values
