"""The figure of where a policy loses: cases, and the box that scenario discovery found."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from localsim.plots.style import (
    BODY,
    COLOURS,
    FAINT,
    GREY,
    SMALL,
    chart,
    finish,
    number_axis,
    panel,
)

if TYPE_CHECKING:
    from localsim.appraisal.discovery import Discovery

LOST, WON = COLOURS[2], COLOURS[6]


def discovery(found: Discovery) -> Figure:
    """Return the cases over the two conditions of a box that matter most, and its trade-off.

    Left: every case, by whether it loses, and the box. Right: what share of the losing cases
    each of PRIM's boxes holds, against what share of its cases lose.
    """
    figure = chart(9.0, 3.7)
    left, right = figure.subplots(1, 2, width_ratios=[1.35, 1.0])
    _cases(left, found)
    _trade(right, found)
    notes = [
        f"The box: {found.box}.",
        f"{int(found.loses.sum()):,} of {len(found.loses):,} cases lose. A case is one draw of "
        "what is not known, and of luck. Conditions describe what was run; they do not say why.",
    ]
    return finish(
        figure,
        "Where it loses" + (f": {found.what}" if found.what else ""),
        notes,
        left.get_legend_handles_labels(),
    )


def _cases(axes: Axes, found: Discovery) -> None:
    """Draw the cases over one or two numeric conditions, with the box."""
    limits = found.box.limits
    numeric = limits[limits["values"].isna()].sort_values("p")
    names = [str(name) for name in numeric["name"].head(2)]
    if not names:
        names = [str(found.cases.select_dtypes("number").columns[0])]
    x = found.cases[names[0]].to_numpy(dtype=np.float64)
    two = len(names) > 1
    if two:
        y = found.cases[names[1]].to_numpy(dtype=np.float64)
    elif "difference" in found.cases:
        y = found.cases["difference"].to_numpy(dtype=np.float64)
    else:
        y = found.loses.astype(np.float64)  # 0 and 1: nothing else is known of a case
    kinds = ((False, WON, "does not lose", "o"), (True, LOST, "loses", "D"))
    for mark, colour, name, shape in kinds:
        chosen = found.loses == mark
        axes.plot(
            x[chosen], y[chosen], shape, color=colour, markersize=3, alpha=0.6, label=name,
            markeredgewidth=0,
        )  # fmt: skip
    across = _within(numeric, names[0], x)
    up = _within(numeric, names[1], y) if two else (float(y.min()), float(y.max()))
    axes.add_patch(
        Rectangle(
            (across[0], up[0]), across[1] - across[0], up[1] - up[0], fill=False,
            edgecolor="black", linewidth=1.5, label="the box",
        )
    )  # fmt: skip
    axes.set_xlabel(names[0], fontsize=BODY)
    axes.set_ylabel(names[1] if two else "difference", fontsize=BODY)
    number_axis(axes, "x")
    number_axis(axes, "y")
    further = len(limits) - len(names)
    panel(axes, "The cases" + (f" ({further} more conditions not drawn)" if further > 0 else ""))


def _within(limits: pd.DataFrame, name: str, values: Any) -> tuple[float, float]:
    """Return the ends of a box along one name, those of the cases where it is open."""
    rows = limits[limits["name"] == name]
    low, high = (rows.iloc[0]["low"], rows.iloc[0]["high"]) if len(rows) else (-np.inf, np.inf)
    return max(float(low), float(values.min())), min(float(high), float(values.max()))


def _trade(axes: Axes, found: Discovery) -> None:
    path = found.trajectory
    axes.plot(
        100 * path["coverage"], 100 * path["density"], "o", color=COLOURS[1], markersize=4,
    )  # fmt: skip
    axes.plot(
        [100 * found.box.coverage], [100 * found.box.density], "s", color="black", markersize=8,
        fillstyle="none", markeredgewidth=1.5,
    )  # fmt: skip
    axes.annotate(
        "the box", (100 * found.box.coverage, 100 * found.box.density), xytext=(8, 6),
        textcoords="offset points", fontsize=SMALL,
    )  # fmt: skip
    axes.axhline(100 * found.share, color=GREY, linewidth=0.9, linestyle=":", zorder=0)
    axes.set_xlim(-3, 106)
    axes.set_ylim(0, 106)
    axes.set_xlabel("of all losing cases, % in the box", fontsize=SMALL + 0.5)
    axes.set_ylabel("of cases in the box, % losing", fontsize=SMALL + 0.5)
    axes.grid(color=FAINT, linewidth=0.5)
    axes.set_axisbelow(True)
    panel(axes, "The boxes there were (dotted: all cases)", width=44)
