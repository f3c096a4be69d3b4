"""What the commands have in common: exit codes, refusals, and tables on a screen."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Sequence
from typing import Any

from localsim.errors import LocalsimError, nearest

FINE, FAILED, BAD_INPUT, INTERRUPTED = 0, 1, 2, 130
WIDTH = 100


class BadInputError(LocalsimError):
    """What was asked cannot be run: nothing was started."""


def known(what: str, name: str, names: Iterable[str]) -> str:
    """Return a name if it is known, or refuse it with the nearest that are."""
    listed = list(names)
    if name not in listed:
        raise BadInputError(f"there is no {what} called {name!r}; {nearest(name, listed)}")
    return name


def short(text: str) -> str:
    """Return the beginning of a text, as much as fits in a table."""
    return textwrap.shorten(text, 44, placeholder=" …")


def print_fields(fields: dict[str, Any]) -> None:
    """Print fields one under another, those that are empty left out."""
    for name, value in fields.items():
        if value != "":
            text = textwrap.fill(
                str(value), WIDTH, initial_indent=" " * 14, subsequent_indent=" " * 14
            )
            print(f"{name + ':':<14}{text[14:]}")


def print_table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Print rows in columns as wide as their words; the last one takes what is left."""
    table = [list(head), *(list(row) for row in rows)]
    widths = [max(len(row[i]) for row in table) for i in range(len(head) - 1)]
    for row in table:
        cells = [cell.ljust(width) for cell, width in zip(row, widths, strict=False)]
        print("  ".join([*cells, row[-1]]).rstrip())
