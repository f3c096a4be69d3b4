"""Scenarios: what happens to a place whoever runs it, the same for every policy.

A scenario moves the world year by year from the end of the warm-up: grants that are cut, needs
that open more often, residents who grow in number or older. Its numbers are multiples of what would
have been, or names of assumptions, which are then drawn with all the others.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, final

import numpy as np
from numpy.typing import NDArray

from localsim.errors import LocalsimError, nearest
from localsim.themes import Casework, Theme

Multiple = float | str
"""A multiple of what would have been, or the name of an assumption that holds one."""

Path = Mapping[int, Multiple] | Sequence[Multiple]
"""Multiples by year, the first year of a policy being 1."""

MOST_YEARS = 1000
LARGEST = 1000.0
FASTEST = 0.1


@final
@dataclass(frozen=True)
class Scenario:
    """What befalls a place, year by year after the warm-up, whatever policy runs it.

    `grants` is a path of what the centre pays as a multiple of what it paid; of a line, the share
    that is paid by grants follows it. `protected` names themes or agencies whose lines do not.
    `onset` gives for casework themes a path of the rate at which needs open. `growth` is the share
    by which residents grow in number each year, in place of the world's own, and `ageing` the
    share by which those of 65 and over do among them: numbers, or names of assumptions.

    A path is a list for years 1, 2, … or a mapping from years: between the years that are given it
    runs straight, from one before the first, and the last stands for all that follow. Raises
    `LocalsimError` for what is no path; names are checked when a place is run.
    """

    name: str
    grants: Path = ()
    protected: Sequence[str] = ()
    onset: Mapping[str, Path] = field(default_factory=dict)
    growth: Multiple | None = None
    ageing: Multiple | None = None
    description: str = field(default="", compare=False)

    def __post_init__(self) -> None:
        if not str(self.name).strip():
            raise LocalsimError(f"A scenario needs a name, and {self.name!r} is none.")
        said = f"Scenario {self.name!r}"
        object.__setattr__(self, "grants", _path(f"{said}: grants", self.grants))
        object.__setattr__(self, "protected", _names(f"{said}: protected", self.protected))
        if not isinstance(self.onset, Mapping):
            raise LocalsimError(
                f"{said}: onset maps a theme's name to a path, such as {{'work': [1.5]}}, "
                f"not {self.onset!r}."
            )
        onset = {theme: _path(f"{said}: onset of {theme!r}", p) for theme, p in self.onset.items()}
        object.__setattr__(self, "onset", onset)
        _check_share(f"{said}: growth", self.growth, -FASTEST)
        _check_share(f"{said}: ageing", self.ageing, 0.0)

    def __hash__(self) -> int:
        onset = tuple(sorted(self.onset.items()))
        return hash((self.name, self.grants, self.protected, onset, self.growth, self.ageing))

    def check(self, themes: Sequence[Theme], names: Iterable[str]) -> None:
        """Refuse themes and agencies that are not there, and names of no assumption."""
        casework = [theme.name for theme in themes if isinstance(theme, Casework)]
        spared = {theme.name for theme in themes} | {theme.agency for theme in themes}
        for what, given, known in (
            ("protects", self.protected, spared),
            ("moves the onset of", self.onset, set(casework)),
        ):
            unknown = sorted(set(given) - known)
            if unknown:
                raise LocalsimError(
                    f"Scenario {self.name!r} {what} {unknown[0]!r}, which is not here; there are "
                    f"{', '.join(sorted(known)) or 'none'}."
                )
        paths = [
            multiple for p in (self.grants, *self.onset.values()) for _, multiple in _points(p)
        ]
        for multiple in (*paths, self.growth, self.ageing):
            if isinstance(multiple, str) and multiple not in set(names):
                raise LocalsimError(
                    f"Scenario {self.name!r} rests on {multiple!r}, which is no assumption."
                )

    def funding(
        self, themes: Sequence[Theme], value: Callable[[str], float], year: int
    ) -> NDArray[np.float64]:
        """Return what each theme's line is of its usual size in a year, float64[T].

        1 − share paid by grants · (1 − multiple of grants), and 1 where it is protected.
        """
        lost = value("funding.grant_share") * (1.0 - _at(self.grants, year, value))
        spared = [{theme.name, theme.agency} & set(self.protected) for theme in themes]
        return np.array([1.0 if safe else max(0.0, 1.0 - lost) for safe in spared])

    def onsets(
        self, themes: Sequence[Theme], value: Callable[[str], float], year: int
    ) -> NDArray[np.float64]:
        """Return the rate at which needs open as a multiple of the usual, float64[T]."""
        return np.array([_at(self.onset.get(theme.name, ()), year, value) for theme in themes])

    def growth_per_year(self, value: Callable[[str], float]) -> float:
        """Return by what share residents grow in number each year: its own, or the world's."""
        usual = "growth.residents_per_year"
        return _level(usual if self.growth is None else self.growth, value)

    def ageing_per_year(self, value: Callable[[str], float]) -> float:
        """Return by what share residents of 65 and over grow in number among all each year."""
        return 0.0 if self.ageing is None else _level(self.ageing, value)

    def describe(self) -> str:
        """Return the scenario in words, a line for each thing that it moves."""
        lines = [self.name]
        if self.description:
            lines.append(f"  {self.description}")
        if self.grants:
            lines.append(f"  grants: {_said(self.grants)}")
        if self.protected:
            lines.append(f"  protected: {', '.join(self.protected)}")
        lines += [f"  onset of {theme}: {_said(path)}" for theme, path in self.onset.items()]
        for what, share in (("residents", self.growth), ("residents of 65 and over", self.ageing)):
            if share is not None:
                more = share if isinstance(share, str) else f"{share:+.2%}"
                lines.append(f"  {what}: {more} a year")
        return "\n".join(lines)


def _points(path: Any) -> tuple[tuple[int, Multiple], ...]:
    """Return a scenario's own path, which it keeps as points by year."""
    return tuple(path)


def _path(what: str, given: Any) -> tuple[tuple[int, Multiple], ...]:
    """Return a path as its points by year, or say what is wrong with it."""
    if isinstance(given, Mapping):
        points = list(given.items())
    elif isinstance(given, Sequence | np.ndarray) and not isinstance(given, str | bytes):
        listed = list(given)
        paired = bool(listed) and all(isinstance(p, tuple) and len(p) == 2 for p in listed)
        points = listed if paired else list(enumerate(listed, start=1))
    else:
        raise LocalsimError(
            f"{what} is a list of multiples for years 1, 2, …, or a mapping such as "
            f"{{1: 0.9, 5: 0.7}}, not {given!r}."
        )
    for year, multiple in points:
        whole = isinstance(year, int | np.integer) and not isinstance(year, bool)
        if not whole or not 1 <= year <= MOST_YEARS:
            raise LocalsimError(f"{what}: a year is a whole number from 1, not {year!r}.")
        _check_multiple(what, multiple)
    years = [int(year) for year, _ in points]
    if len(set(years)) < len(years):
        raise LocalsimError(f"{what}: each year may be given once.")
    return tuple(sorted((int(y), m if isinstance(m, str) else float(m)) for y, m in points))


def _check_multiple(what: str, multiple: Any) -> None:
    if isinstance(multiple, str):
        return
    number = isinstance(multiple, int | float | np.integer | np.floating)
    if isinstance(multiple, bool) or not number:
        raise LocalsimError(
            f"{what}: a multiple is a number or an assumption's name, not {multiple!r}."
        )
    if not math.isfinite(multiple) or not 0.0 <= multiple <= LARGEST:
        raise LocalsimError(
            f"{what}: a multiple lies between 0 and {LARGEST:g}; {multiple} does not."
        )


def _check_share(what: str, share: Any, least: float) -> None:
    """Refuse what is no share a year, nor a name of an assumption, nor nothing."""
    if share is None or isinstance(share, str):
        return
    number = isinstance(share, int | float | np.integer | np.floating)
    if isinstance(share, bool) or not number or not least <= share <= FASTEST:
        raise LocalsimError(
            f"{what} is a share a year between {least:g} and {FASTEST:g}, or an assumption's name, "
            f"not {share!r}."
        )


def _level(given: Multiple, value: Callable[[str], float]) -> float:
    return value(given) if isinstance(given, str) else float(given)


def _names(what: str, given: Any) -> tuple[str, ...]:
    if isinstance(given, Iterable) and not isinstance(given, str | bytes):
        listed = tuple(given)
        if all(isinstance(name, str) for name in listed):
            return listed
    raise LocalsimError(f"{what} is a list of themes or agencies, not {given!r}.")


def _at(path: Any, year: int, value: Callable[[str], float]) -> float:
    """Return the multiple of a path in a year: straight between its points, from one before."""
    before = (0, 1.0)
    for when, multiple in _points(path):
        level = _level(multiple, value)
        if year <= when:
            if year <= 0:
                return 1.0
            part = (year - before[0]) / (when - before[0])
            return float(before[1] + part * (level - before[1]))
        before = (when, level)
    return float(before[1])


def _said(path: Any) -> str:
    words = [
        f"{m} in year {y}" if isinstance(m, str) else f"× {m:g} in year {y}"
        for y, m in _points(path)
    ]
    return ", ".join(words)


def steady() -> Scenario:
    """Every year is funded as the last, and needs open as they did."""
    return Scenario("steady", description="every year as the one before")


def austerity() -> Scenario:
    """Grants fall by 36 per cent over five years, social care apart.

    From 2009-10 to 2014-15 grants to English councils fell by 36.3 per cent in real terms and
    what councils spent on services by 20.4 (source T13). Kingston's own accounts of 2011-12 and
    2014-15 show more spent on children's and adults' social care and less on highways, culture
    and environment (K04_2011-12, K04_2014-15), so that `family` and `health` are protected.
    """
    return Scenario(
        "austerity",
        grants={5: "austerity.grants"},
        protected=("family", "health"),
        description="grants fall by 36 per cent over five years; social care is spared",
    )


def recession() -> Scenario:
    """More people fall out of work and into debt for two years, less and less until the fifth.

    How much more is in no source; how many years is a choice of this scenario.
    """
    peak = {"work": "recession.onset_work", "money": "recession.onset_money"}
    return Scenario(
        "recession",
        onset={theme: {1: name, 2: name, 5: 1.0} for theme, name in peak.items()},
        description="work and money needs open more often for five years, most in the first two",
    )


def ageing() -> Scenario:
    """Those of 65 and over become more, and those under 30 fewer, by about a ninetieth a year.

    In Kingston their share rose from 13.3 per cent in 2015 to 13.9 in 2019 (source D02). Residents
    pass from age to age, so that the old fall into need of health more often, and leave work.
    """
    return Scenario(
        "ageing",
        ageing="ageing.older_per_year",
        description="residents of 65 and over grow in number as Kingston's did, and the young fall",
    )


def growth() -> Scenario:
    """Residents grow in number as fast as Norbiton's did, and money for them does not.

    Norbiton grew by 1.9 per cent a year from 2011 to 2019 (sources N01, N03), Kingston by 0.5.
    """
    return Scenario(
        "growth",
        growth="growth.fast_residents_per_year",
        description="residents grow in number as fast as Norbiton's did; money does not",
    )


SCENARIOS: dict[str, Callable[[], Scenario]] = {
    "steady": steady,
    "austerity": austerity,
    "recession": recession,
    "ageing": ageing,
    "growth": growth,
}


def scenario_of(given: Any) -> Scenario:
    """Return a scenario as given or by its name; raises `LocalsimError` for what is none."""
    if isinstance(given, str):
        if given not in SCENARIOS:
            raise LocalsimError(
                f"there is no scenario called {given!r}; {nearest(given, SCENARIOS)}"
            )
        return SCENARIOS[given]()
    if not isinstance(given, Scenario):
        made = " (call it: a named one is a function)" if callable(given) else ""
        raise LocalsimError(f"{given!r} is no scenario; give a Scenario or a name{made}.")
    return given
