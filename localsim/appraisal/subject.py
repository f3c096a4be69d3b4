"""What was compared, in words: the place, the years, the replications, whose doubt is counted."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from localsim import __version__
from localsim.appraisal.inputs import ResultsLike
from localsim.appraisal.wording import title
from localsim.place import PLACES

REAL_DATA = (
    "Contains National Statistics data © Crown copyright and database right; contains public "
    "sector information licensed under the Open Government Licence."
)
STEADY = "steady"  # a scenario that moves nothing goes without saying


@dataclass(frozen=True)
class Subject:
    """An experiment as a reader needs it: what ran, where, for how long, how often."""

    place: str
    size: str
    real: bool
    years: float | None
    replications: int
    assumptions: str | None
    held: str = ""
    scenario: str = ""

    @classmethod
    def of(cls, results: ResultsLike) -> Subject:
        """Read the description of an experiment; what it leaves out is left unsaid."""
        said = results.experiment
        place = said.get("place") or {}
        place = place if isinstance(place, Mapping) else {"name": place}
        drawn = said.get("assumptions")
        held: Mapping[str, float] = {}
        if isinstance(drawn, Mapping):
            held = drawn.get("held") or {}
            drawn = drawn.get("mode")
        scenario = (said.get("scenario") or {}).get("name", STEADY)
        years = said.get("years")
        return cls(
            place=title(str(place.get("name", ""))),
            size=_size(place),
            real=place.get("name") in PLACES,
            years=None if years is None else float(years),
            replications=int(results.table["replication"].nunique()),
            assumptions=None if drawn is None else str(drawn),
            held=", ".join(f"{name} held at {value:g}" for name, value in held.items()),
            scenario="" if scenario == STEADY else f"scenario {scenario}",
        )

    def sentence(self, policies: int) -> str:
        """Return the line a summary opens with."""
        parts = [
            f"{self.place} {self.size}".strip(),
            f"{policies} policies",
            "" if self.years is None else _counted(self.years, "year"),
            self.scenario,
            _counted(self.replications, "replication"),
            self._assumed(),
        ]
        return " · ".join(part for part in parts if part)

    def meaning(self, level: float) -> str:
        """Return what an interval of the appraisal means, in a sentence."""
        interval = f"A {level * 100:g}% interval covers"
        if self.assumptions == "sampled":
            return (
                f"{interval} luck and the doubt about the assumptions (drawn afresh each "
                "replication, alike for every policy); it cannot say whether the model is right."
            )
        if self.assumptions == "fixed":
            return (
                f"{interval} luck alone: every assumption stood at "
                f"{'one value' if self.held else 'its default'}, so the doubt about them comes "
                "on top."
            )
        return (
            f"{interval} what differs between replications; it cannot say whether the model is "
            "right."
        )

    def _assumed(self) -> str:
        """Return how assumptions were set, and which of them were held at a value."""
        if not self.assumptions:
            return ""
        return f"assumptions {self.assumptions}" + (f" ({self.held})" if self.held else "")

    def source(self) -> str:
        """Return the line that stands under a figure: who computed it, from what."""
        parts = [
            f"localsim {__version__}",
            self.place,
            "" if self.years is None else _counted(self.years, "year"),
            self.scenario,
            _counted(self.replications, "replication"),
            self._assumed(),
        ]
        own = f"Source: {', '.join(part for part in parts if part)}."
        return f"{own} {REAL_DATA}" if self.real else own


def _counted(number: float, noun: str) -> str:
    return f"{number:,.10g} {noun}{'' if number == 1 else 's'}"


def _size(place: Mapping[str, Any]) -> str:
    """Return how much of a place is the pilot, or how many live there, in brackets."""
    if place.get("inside"):
        return f"(pilot in {len(place['inside'])} of {place['areas']} areas)"
    residents = place.get("residents")
    return "" if residents is None else f"({_counted(residents, 'resident')})"
