"""The figure of a diary: one resident's needs through time, phase by phase and door by door."""

from __future__ import annotations

from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from localsim.dynamics.columns import ASSESSED, AT_DOOR, IN_SERVICE, PHASES, QUEUEING, UNPRESENTED
from localsim.dynamics.moving import EPISODES
from localsim.errors import LocalsimError
from localsim.plots.style import BODY, FAINT, GREY, SMALL, Chart, chart, finish, number_axis, panel

COLOURS = {
    PHASES[UNPRESENTED]: "#dddddd",
    PHASES[AT_DOOR]: "#cc79a7",
    PHASES[ASSESSED]: "#e69f00",
    PHASES[QUEUEING]: "#d55e00",
    PHASES[IN_SERVICE]: "#0072b2",
}
NAMES = {
    PHASES[UNPRESENTED]: "not (again) asked for help",
    PHASES[AT_DOOR]: "waiting at a door",
    PHASES[ASSESSED]: "being assessed",
    PHASES[QUEUEING]: "waiting for the service",
    PHASES[IN_SERVICE]: "being served",
}
PLACES = {
    PHASES[UNPRESENTED]: "at home",
    PHASES[AT_DOOR]: "{} desk",
    PHASES[ASSESSED]: "{} desk",
    PHASES[QUEUEING]: "service’s queue",
    PHASES[IN_SERVICE]: "service ({})",
}
# What happened at the end of a spell, where a reader would not see it from what comes next.
MARKS = {
    "solved": ("✓", "solved"),
    "came back unsolved": ("↺", "unsolved, straight back"),
    "gave up": ("×", "unsolved, gave up for now"),
    "passed on": ("→", "passed on"),
    "went by itself": ("○", "went away by itself"),
    "moved away": ("⌂", "moved away"),
}
DAYS_PER_MONTH = 365.25 / 12


def timeline(spells: pd.DataFrame) -> Figure:
    """Return bars of the phases of one resident's needs through the months, a row a need.

    Parameters
    ----------
    spells
        Rows of `Diary.spells` for one resident, or for some needs of theirs.

    Raises
    ------
    LocalsimError
        If there are no spells, or they are of more than one resident.
    """
    resident = _only(spells, ["resident"], "A timeline is drawn of one resident")[0]
    needs = list(dict.fromkeys(zip(spells["theme"], spells["need"], strict=True)))
    counts = pd.Series([theme for theme, _ in needs]).value_counts()
    names = [f"{t}, {_which(n)}" if counts[t] > 1 or n else str(t) for t, n in needs]
    rows = [needs.index(of) for of in zip(spells["theme"], spells["need"], strict=True)]
    figure = chart(9.0, 0.55 + 0.42 * len(needs))
    axes = figure.subplots()
    _draw(axes, spells, rows, names, 0.0, 1.0)
    axes.set_xlim(0.0, float(spells["end"].max()))
    axes.set_xlabel("months since the policy began", fontsize=SMALL + 0.5)
    return _finished(figure, f"The needs of resident {resident + 1}, month by month", spells)


def _which(need: int) -> str:
    of = " of the newcomers" if need >= EPISODES else ""
    return f"need {need % EPISODES + 1}{of}"


def route(spells: pd.DataFrame) -> Figure:
    """Return one need's way through doors, queue and service, a row a place, in days.

    Parameters
    ----------
    spells
        Rows of `Diary.spells` for one need, or for a stretch of it.

    Raises
    ------
    LocalsimError
        If there are no spells, or they are of more than one need.
    """
    whose = ["resident", "theme", "need"]
    resident, theme, _ = _only(spells, whose, "A route is drawn of one need")
    places = [
        PLACES[str(phase)].format(where)
        for phase, where in zip(spells["phase"], spells["where"], strict=True)
    ]
    names = list(dict.fromkeys(places))
    rows = [names.index(place) for place in places]
    figure = chart(9.0, 0.55 + 0.36 * len(names))
    axes = figure.subplots()
    origin = float(spells["start"].min())
    _draw(axes, spells, rows, names, origin, DAYS_PER_MONTH)
    hops = (spells["end"].to_numpy()[:-1] - origin) * DAYS_PER_MONTH
    axes.vlines(hops, rows[:-1], rows[1:], color=GREY, linewidth=0.8, zorder=1)
    axes.set_xlim(0.0, None)
    axes.set_xlabel(f"days since month {origin:.1f} of the policy", fontsize=SMALL + 0.5)
    heading = f"The way of resident {resident + 1} with a need for “{theme}”, day by day"
    return _finished(figure, heading, spells)


def _only(spells: pd.DataFrame, columns: list[str], said: str) -> list[Any]:
    """Return the one value that each column has."""
    found = spells[columns].drop_duplicates()
    if len(found) != 1:
        raise LocalsimError(
            f"{said}: give it rows of Diary.spells that agree in {', '.join(columns)}; "
            f"these hold {len(found) or 'none'}."
        )
    return list(found.iloc[0])


def _draw(
    axes: Axes,
    spells: pd.DataFrame,
    rows: list[int],
    names: list[str],
    origin: float,
    scale: float,
) -> None:
    """Draw a bar a spell, with a sign where it ends in something."""
    for row, spell in zip(rows, spells.to_dict("records"), strict=True):
        phase, ended = str(spell["phase"]), str(spell["ended"])
        left = (float(spell["start"]) - origin) * scale
        right = (float(spell["end"]) - origin) * scale
        axes.barh(
            row,
            right - left,
            left=left,
            height=0.5,
            color=COLOURS[phase],
            edgecolor="white",
            linewidth=0.4,
            zorder=2,
        )
        if ended in MARKS:
            axes.text(right, row - 0.28, MARKS[ended][0], ha="center", va="bottom", fontsize=BODY)
    axes.set_yticks(range(len(names)), names)
    axes.set_ylim(len(names) - 0.5, -0.75)
    number_axis(axes, "x")
    axes.grid(axis="x", color=FAINT, linewidth=0.5)
    axes.set_axisbelow(True)
    panel(axes, "")
    axes.tick_params(axis="y", length=0, labelsize=BODY)


def _finished(figure: Chart, heading: str, spells: pd.DataFrame) -> Figure:
    phases = [phase for phase in COLOURS if (spells["phase"] == phase).any()]
    patches = [Patch(facecolor=COLOURS[p], edgecolor=GREY, linewidth=0.4) for p in phases]
    ends = [
        f"{sign} {said}" for key, (sign, said) in MARKS.items() if (spells["ended"] == key).any()
    ]
    if (spells["ended"] == "still open").any():
        ends.append("a bar that runs to the edge goes on")
    return finish(
        figure,
        heading,
        [
            *([f"{'; '.join(ends)}."] if ends else []),
            "Source: localsim, one simulated resident in one run: an example, not an estimate.",
        ],
        (patches, [NAMES[phase] for phase in phases]),
    )
