"""Whether localsim, Mesa objects and the bare kernel tell the same story, within error."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass

import numpy as np

from benchmarks.bare import Bare
from benchmarks.core import MONTHS, Outcome, Setting, outcome
from benchmarks.objects import Town

ERRORS_APART = 4.0
"""Standard errors by which two means may differ; chance exceeds it once in 16,000."""


@dataclass(frozen=True)
class Comparison:
    """A figure's mean and standard error over seeds, ours and a rival's."""

    rival: str
    figure: str
    ours: float
    ours_se: float
    theirs: float
    theirs_se: float

    @property
    def errors_apart(self) -> float:
        """How many standard errors of their difference the means are apart."""
        error = float(np.hypot(self.ours_se, self.theirs_se))
        gap = abs(self.ours - self.theirs)
        return gap / error if error > 0.0 else (0.0 if gap == 0.0 else float("inf"))

    def __str__(self) -> str:
        return (
            f"{self.figure.replace('_', ' ')}: {self.ours:,.4g} ± {self.ours_se:,.2g} against "
            f"{self.theirs:,.4g} ± {self.theirs_se:,.2g} ({self.errors_apart:.1f} errors apart)"
        )


def by_localsim(setting: Setting, seed: int, years: int) -> Outcome:
    """Run localsim's model."""
    model = setting.model(seed)
    model.run(years)
    return outcome(model)


def by_objects(setting: Setting, seed: int, years: int) -> Outcome:
    """Run Mesa objects."""
    town = Town(setting, seed)
    for _ in range(12 * years):
        town.step()
    return town.outcome()


def by_kernel(setting: Setting, seed: int, years: int) -> Outcome:
    """Run the bare kernel."""
    return Bare(setting).run(seed, 12 * years)


RIVALS: dict[str, Callable[[Setting, int, int], Outcome]] = {
    "Mesa objects": by_objects,
    "bare kernel": by_kernel,
}


def compare(
    setting: Setting, rivals: Sequence[str], seeds: int, years: int = MONTHS // 12
) -> list[Comparison]:
    """Compare every figure of the rivals' outcomes with localsim's over as many seeds each."""
    ours = [asdict(by_localsim(setting, seed, years)) for seed in range(seeds)]
    rows = []
    for rival in rivals:
        theirs = [asdict(RIVALS[rival](setting, 1000 + seed, years)) for seed in range(seeds)]
        for figure in ours[0]:
            mine = np.array([one[figure] for one in ours])
            other = np.array([one[figure] for one in theirs])
            root = np.sqrt(seeds)
            rows.append(
                Comparison(
                    rival,
                    figure,
                    float(mine.mean()),
                    float(mine.std(ddof=1) / root),
                    float(other.mean()),
                    float(other.std(ddof=1) / root),
                )
            )
    return rows


def check(rows: Sequence[Comparison]) -> None:
    """Raise when a rival tells another story."""
    apart = [str(row) for row in rows if not row.errors_apart < ERRORS_APART]
    if apart:
        raise AssertionError(f"{rows[0].rival} and localsim differ: {'; '.join(apart)}")
