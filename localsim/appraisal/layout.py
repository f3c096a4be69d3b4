"""A summary's rows as a screen of text, or as a table in a notebook."""

from __future__ import annotations

import textwrap
from dataclasses import dataclass
from html import escape

WIDTH = 100


@dataclass(frozen=True)
class Cell:
    """A difference with its interval, and the word that says which way it points."""

    value: str
    word: str = ""


@dataclass(frozen=True)
class Row:
    """A metric: its label with the unit, the baseline's level, a cell a group."""

    label: str
    base: str
    cells: tuple[Cell, ...]


@dataclass(frozen=True)
class Block:
    """A policy and its rows."""

    title: str
    rows: tuple[Row, ...]


@dataclass(frozen=True)
class Gains:
    """Who gains: a title, the groups' short names, and a row of text a policy."""

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True)
class Sheet:
    """A summary in pieces: opening lines, headings, blocks, who gains, closing sentences."""

    head: tuple[str, ...]
    columns: tuple[str, ...]
    blocks: tuple[Block, ...]
    gains: Gains | None
    foot: tuple[str, ...]


def as_text(sheet: Sheet) -> str:
    """Return a sheet as lines of at most 100 characters."""
    lines = [line for said in sheet.head for line in textwrap.wrap(said, WIDTH)]
    lines += ["", *_body(sheet)]
    if sheet.gains:
        lines += ["", *_gains(sheet.gains)]
    lines.append("")
    lines += [line for said in sheet.foot for line in textwrap.wrap(said, WIDTH)]
    return "\n".join(line.rstrip() for line in lines)


def _body(sheet: Sheet) -> list[str]:
    rows = [row for block in sheet.blocks for row in block.rows]
    columns = list(zip(*(row.cells for row in rows), strict=True))
    values = [max(len(cell.value) for cell in column) for column in columns]
    words = [max(len(cell.word) for cell in column) for column in columns]
    _, base, *heads = sheet.columns
    widths = [max(v + 1 + w, len(h)) for v, w, h in zip(values, words, heads, strict=True)]
    level = max(len(row.base) for row in rows)
    room = max(12, WIDTH - level - 1 - sum(widths) - len(widths))
    label = min(room, 1 + max(len(row.label) for row in rows))
    gap = " " if label + level + 2 + sum(widths) + 2 * len(widths) > WIDTH else "  "
    lines = [clip(base, label + level).rjust(label + len(gap) + level)]
    lines[0] += "".join(gap + head.center(w) for head, w in zip(heads, widths, strict=True))
    for block in sheet.blocks:
        lines.append(clip(block.title, WIDTH))
        for row in block.rows:
            line = " " + clip(row.label, label - 1).ljust(label - 1) + gap + row.base.rjust(level)
            for cell, value, width in zip(row.cells, values, widths, strict=True):
                line += gap + f"{cell.value.rjust(value)} {cell.word}".ljust(width)
            lines.append(line)
    return lines


def _gains(gains: Gains) -> list[str]:
    texts = [max(map(len, column)) for column in zip(*gains.rows, strict=True)][1:]
    widths = [max(w, len(h)) + 2 for w, h in zip(texts, gains.columns, strict=True)]
    label = min(1 + max(len(row[0]) for row in gains.rows), max(12, WIDTH - sum(widths)))
    lines = textwrap.wrap(gains.title, WIDTH)
    for name, *cells in [("", *gains.columns), *gains.rows]:
        line = (" " + clip(name, label - 1)).ljust(label)
        lines.append(line + "".join(c.rjust(w) for c, w in zip(cells, widths, strict=True)))
    return lines


def clip(text: str, width: int) -> str:
    """Return text cut in its middle to fit a width: names that begin alike stay apart."""
    if len(text) <= width:
        return text
    tail = (width - 1) // 3
    return text[: width - 1 - tail].rstrip() + "…" + text[len(text) - tail :].lstrip()


def as_html(sheet: Sheet) -> str:
    """Return a sheet as a table with a caption and notes, for a notebook."""

    def row(cells: list[str], tag: str = "td") -> str:
        return "<tr>" + "".join(f"<{tag}>{cell}</{tag}>" for cell in cells) + "</tr>"

    body = [row([escape(name) for name in sheet.columns], "th")]
    for block in sheet.blocks:
        span = f'<th colspan="{len(sheet.columns)}" style="text-align:left">'
        body.append(f"<tr>{span}{escape(block.title)}</th></tr>")
        for line in block.rows:
            cells = [escape(f"{cell.value} {cell.word}") for cell in line.cells]
            body.append(row([escape(line.label), escape(line.base), *cells]))
    made = "".join(f"<p>{escape(said)}</p>" for said in sheet.head)
    made += f"<table>{''.join(body)}</table>"
    if sheet.gains:
        rows = [row(["", *map(escape, sheet.gains.columns)], "th")]
        rows += [row([escape(cell) for cell in line]) for line in sheet.gains.rows]
        made += f"<p>{escape(sheet.gains.title)}</p><table>{''.join(rows)}</table>"
    return made + "".join(f"<p>{escape(said)}</p>" for said in sheet.foot)
