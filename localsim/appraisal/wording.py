"""Numbers and names as a reader sees them: labels, units, rounding, order."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

from localsim.metrics import METRICS

WHOLE, INSIDE, OUTSIDE = "all", "inside", "outside"
FIFTH = "area fifth "
TENURES = ("owned", "social rented", "private rented", "rent free")


def direction(metric: str) -> str | None:
    """Return "lower" or "higher", whichever is better; None where neither, or not known."""
    known = METRICS.get(metric)
    return known.better if known else None


def label(metric: str) -> str:
    """Return a metric's full name; its own in plain words where it is not a known one."""
    known = METRICS.get(metric)
    return known.label if known else metric.replace("_", " ")


def title(name: str) -> str:
    """Return a policy's or metric's name in plain words with a capital."""
    words = name.replace("_", " ").strip()
    return words[:1].upper() + words[1:]


def ordered_metrics(metrics: Iterable[str]) -> list[str]:
    """Return metrics without repeats in the order of ``METRICS``, unknown ones last by name."""
    place = {name: i for i, name in enumerate(METRICS)}
    return sorted(set(metrics), key=lambda name: (place.get(name, len(place)), name))


def ordered_groups(groups: Iterable[str]) -> list[str]:
    """Return groups without repeats: all, inside, outside, area fifths, tenures, the others."""

    def place(name: str) -> tuple[int, int, str]:
        if name in (WHOLE, INSIDE, OUTSIDE):
            return (0, (WHOLE, INSIDE, OUTSIDE).index(name), name)
        if name.startswith(FIFTH):
            return (1, 0, name)
        if name in TENURES:
            return (2, TENURES.index(name), name)
        return (3, 0, name)

    return sorted(set(groups), key=place)


def is_social(group: str) -> bool:
    """Whether a group says who people are: their area's fifth or their tenure."""
    return group.startswith(FIFTH) or group in TENURES


def short_group(group: str) -> str:
    """Return a group's name short enough for a narrow column."""
    return group.removeprefix(FIFTH).replace(" rented", "").partition(" (")[0]


@dataclass(frozen=True)
class Scale:
    """What to multiply a number by, and the unit it then has, for an axis and (short) a table."""

    factor: float
    unit: str
    short: str

    @classmethod
    def of(cls, unit: str, largest: float) -> Scale:
        """Return the scale that keeps numbers up to ``largest`` in size short."""
        money = unit[:1] == "£"
        if unit.partition(" ")[0] == "share":
            return cls(100.0, "%" + unit.removeprefix("share"), "%")
        if unit == "0 to 1":
            return cls(100.0, "points out of 100", "of 100")
        if math.isfinite(largest):
            for factor, word, letter in _STEPS:
                if largest * factor >= 10:
                    long = f"£ {word}{unit[1:]}" if money else f"{word} {unit}"
                    return cls(factor, long, f"£{letter}" if money else letter)
        return cls(1.0, unit, "£" if money else "")


_STEPS = ((1e-9, "billion", "bn"), (1e-6, "million", "m"), (1e-3, "thousand", "k"))


def decimals(size: float) -> int:
    """Return the decimal of a number's first digit; below 0 for tens, hundreds and so on."""
    return max(-12, min(6, -math.floor(math.log10(size))))


def brief(factor: float) -> str:
    """Return a factor as text to two significant figures."""
    return plain(float(f"{factor:.2g}"), 2)


def rounded(value: float, places: int, signed: bool = False) -> str:
    """Return a number as text with ``places`` decimals (below zero: tens, hundreds …)."""
    shown = round(value, places) + 0.0  # no minus before a nought
    text = f"{abs(shown):,.{max(0, places)}f}"
    sign = "−" if shown < 0 else "+" if signed and shown > 0 else ""
    return sign + text


def plain(value: float, figures: int = 3, signed: bool = False) -> str:
    """Return a finite number as text with at least ``figures`` significant figures."""
    places = figures - 1 - math.floor(math.log10(abs(value))) if value else 0
    return rounded(value, min(6, max(0, places)), signed)
