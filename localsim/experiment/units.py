"""Units of work, in an order that can be stopped early and extended later.

A unit is one replication at one point of a design; all policies of it run together. Units are done
in blocks, replication by replication, so that a sweep stopped early is balanced over its points.
Blocks grow with their distance from the origin as the spacing of floating-point numbers does, and
where one begins depends on nothing but its place: more replications or more points add blocks and
move none.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import NamedTuple, Self

TALLEST, LARGEST = 64, 512
"""The most replications and the most units in a block."""


class Unit(NamedTuple):
    """One replication at one point: what is sent to a worker, and what a failure names."""

    replication: int
    point: int = 0


@dataclass(frozen=True, order=True)
class Block:
    """A rectangle of units: so many replications from one on, at so many points from one on."""

    replication: int
    point: int
    replications: int
    points: int

    def __len__(self) -> int:
        return self.replications * self.points

    def __iter__(self) -> Iterator[Unit]:
        for replication in range(self.replication, self.replication + self.replications):
            for point in range(self.point, self.point + self.points):
                yield Unit(replication, point)

    def __contains__(self, unit: object) -> bool:
        return (
            isinstance(unit, Unit)
            and 0 <= unit.replication - self.replication < self.replications
            and 0 <= unit.point - self.point < self.points
        )

    @property
    def name(self) -> str:
        """What a file that holds this block's units is called, without its ending."""
        size = f"{self.replications}x{self.points}"
        return f"chunk-{self.replication:06d}-{self.point:06d}-{size}"

    @classmethod
    def named(cls, name: str) -> Self | None:
        """Return the block with a name, or None if it is no block's name."""
        found = re.fullmatch(r"chunk-(\d{6,})-(\d{6,})-(\d+)x(\d+)", name)
        block = None if found is None else cls(*map(int, found.groups()))
        return block if block is not None and block.name == name and len(block) else None


def blocks(replications: int, points: int) -> Iterator[Block]:
    """Yield the blocks of a plan, in the order in which they are done."""
    replication = 0
    while replication < replications:
        tall = _tall(replication)
        point = 0
        while point < points:
            wide = _wide(point, tall)
            yield Block(
                replication, point, min(tall, replications - replication), min(wide, points - point)
            )
            point += wide
        replication += tall


def home(unit: Unit) -> tuple[int, int]:
    """Return where the block that a unit is in begins: its first replication and point."""
    tall = _tall(unit.replication)
    wide = _wide(unit.point, tall)
    return unit.replication - unit.replication % tall, unit.point - unit.point % wide


def rectangles(units: Iterable[Unit]) -> list[Block]:
    """Return rectangles that hold the units of one block between them, each of them once."""
    rows: dict[int, list[tuple[int, int]]] = {}
    for replication, point in sorted(units):
        row = rows.setdefault(replication, [])
        if row and sum(row[-1]) == point:
            row[-1] = (row[-1][0], row[-1][1] + 1)
        else:
            row.append((point, 1))
    found: dict[tuple[int, int], list[Block]] = {}
    for replication, row in rows.items():
        for point, wide in row:
            above = found.setdefault((point, wide), [])
            if above and above[-1].replication + above[-1].replications == replication:
                last = above.pop()
                above.append(Block(last.replication, point, last.replications + 1, wide))
            else:
                above.append(Block(replication, point, 1, wide))
    return sorted(block for column in found.values() for block in column)


def _tall(replication: int) -> int:
    return min(TALLEST, 1 << max(0, replication.bit_length() - 4))


def _wide(point: int, tall: int) -> int:
    return min(LARGEST // tall, 1 << max(0, point.bit_length() - 3))
