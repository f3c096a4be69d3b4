"""What all figures share: colours, a title, the line that says where the numbers are from."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from io import BytesIO

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine
from matplotlib.ticker import FuncFormatter, MaxNLocator

from localsim.appraisal.layout import clip
from localsim.appraisal.wording import title

GREY, FAINT, PALE = "#555555", "#dddddd", "#eef4fa"
# Colours that the colour-blind can tell apart (Okabe and Ito 2008), the baseline's first.
COLOURS = (
    "#555555", "#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#000000",
)  # fmt: skip
DASHES = ("-", "-", "--", "-.", ":")
MARKERS = ("o", "s", "D", "^", "v", "P", "X", "*")
SMALL, BODY = 7.5, 9.0


class Chart(Figure):
    """A figure that a notebook shows by itself, whether or not pyplot was ever imported."""

    def _repr_png_(self) -> bytes:
        buffer = BytesIO()
        self.savefig(buffer, format="png", dpi=120)
        return buffer.getvalue()


def chart(width: float, height: float) -> Chart:
    """Return an empty figure, inches wide and high; :func:`finish` adds what stands around it."""
    return Chart(figsize=(width, height), layout="constrained")


def finish(
    figure: Chart,
    heading: str,
    notes: Sequence[str],
    entries: tuple[Sequence[Artist], Sequence[str]] = ((), ()),
) -> Chart:
    """Put a heading and a legend above a drawn figure and notes below it, and return it.

    The figure grows by what they need, so that they never lie over the drawing. ``entries`` are
    the legend's handles and names.
    """
    width, height = figure.get_size_inches()
    title_lines = textwrap.wrap(heading, int(width * 9.5))
    note_lines = [line for note in notes for line in textwrap.wrap(note, int(width * 16.5))]
    handles, names = entries
    longest = max((len(name) for name in names), default=1)
    across = max(1, min(len(names), int((width - 0.2) / (0.5 + 0.083 * longest))))
    title_high = 0.12 + 0.22 * len(title_lines)
    top = title_high + 0.22 * -(-len(names) // across) + 0.06
    bottom = 0.1 + 0.135 * len(note_lines)
    total = height + top + bottom
    figure.set_size_inches(width, total)
    figure.set_layout_engine(
        ConstrainedLayoutEngine(rect=(0, bottom / total, 1, height / total), h_pad=0.08, w_pad=0.06)
    )
    left = 0.1 / width
    figure.text(
        left, 1 - 0.1 / total, "\n".join(title_lines), va="top", fontsize=12, fontweight="bold"
    )
    figure.text(left, 0.07 / total, "\n".join(note_lines), va="bottom", fontsize=SMALL, color=GREY)
    if names:
        figure.legend(
            handles,
            names,
            loc="upper left",
            bbox_to_anchor=(0.0, 1 - title_high / total),
            ncols=across,
            frameon=False,
            fontsize=BODY,
            borderpad=0.2,
        )
    return figure


def panel(axes: Axes, heading: str, width: int = 36, pad: float = 6.0) -> None:
    """Give an axes its heading, ``pad`` points above it, and a plain frame."""
    axes.set_title("\n".join(textwrap.wrap(heading, width)), loc="left", fontsize=9.5, pad=pad)
    axes.spines[["top", "right"]].set_visible(False)
    axes.tick_params(labelsize=SMALL + 0.5, colors=GREY, labelcolor="black")


def number_axis(axes: Axes, which: str) -> None:
    """Give an axis ("x" or "y") a few round numbers, thousands apart."""
    axis = axes.xaxis if which == "x" else axes.yaxis
    fewest = 2 if which == "x" else 4  # numbers side by side need room
    axis.set_major_locator(MaxNLocator(5, steps=[1, 2, 2.5, 5, 10], min_n_ticks=fewest))
    axis.set_major_formatter(FuncFormatter(lambda value, _: number(value)))


def number(value: float) -> str:
    """Return a tick's number: no exponent, no trailing noughts, a true minus."""
    text = f"{value:,.6f}".rstrip("0").rstrip(".") if abs(value) < 100 else f"{value:,.0f}"
    return "0" if text in ("-0", "") else text.replace("-", "−")


def policy_label(name: str, width: int = 26, lines: int = 3) -> str:
    """Return a policy's name over at most ``lines`` lines of about ``width`` characters."""
    return "\n".join(textwrap.wrap(clip(title(name), lines * (width - 2)), width))


def legend_label(name: str) -> str:
    """Return a policy's name on one line."""
    return clip(title(name), 44)


def colours(names: Sequence[str]) -> dict[str, str]:
    """Return a colour for each policy, the baseline first."""
    return {name: COLOURS[i % len(COLOURS)] for i, name in enumerate(names)}


def grid(figure: Chart, panels: int, columns: int, *, sharey: bool = False) -> list[Axes]:
    """Return ``panels`` axes in rows of at most ``columns``; what the grid has over stays empty."""
    columns = min(columns, panels)
    rows = -(-panels // columns)
    made = np.atleast_1d(figure.subplots(rows, columns, sharey=sharey, squeeze=False)).ravel()
    for spare in made[panels:]:
        spare.remove()
    return list(made[:panels])
