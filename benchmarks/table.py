"""A row of the results, and how it is written."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Row:
    """One measurement: ours, the peer's, their ratio, and the bound it is held to, if any."""

    name: str
    ours: str
    peer: str
    ratio: str = ""
    bound: str = ""
    met: bool | None = None
    details: Sequence[str] = field(default_factory=tuple)

    def __str__(self) -> str:
        verdict = "" if self.met is None else "yes" if self.met else "**no**"
        cells = (self.name, self.ours, self.peer, self.ratio, self.bound, verdict)
        return "| " + " | ".join(cells) + " |"


HEADER = (
    "| row | ours | peer | ratio | bound | met |\n"
    "| --- | ---: | ---: | ---: | ---: | --- |"
)  # fmt: skip


def milliseconds(seconds: float) -> str:
    """Return a time as a figure with three digits that count."""
    return f"{1e3 * seconds:,.3g} ms" if seconds < 1.0 else f"{seconds:.2f} s"
