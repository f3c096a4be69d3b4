"""Figures that a reader who has not seen the code can read: tables in, figures out.

Every function returns a :class:`matplotlib.figure.Figure` of its own; none shows it, and none
touches the figures that pyplot holds.
"""

from localsim.plots.borders import border
from localsim.plots.diaries import route, timeline
from localsim.plots.gains import who_gains
from localsim.plots.intervals import differences
from localsim.plots.maps import place_map
from localsim.plots.paths import trajectories
from localsim.plots.waterfalls import waterfall

__all__ = [
    "border",
    "differences",
    "place_map",
    "route",
    "timeline",
    "trajectories",
    "waterfall",
    "who_gains",
]
