"""Figures that a reader who has not seen the code can read: tables in, figures out.

Every function returns a :class:`matplotlib.figure.Figure` of its own; none shows it, and none
touches the figures that pyplot holds.
"""

from localsim.plots.borders import border
from localsim.plots.corners import discovery
from localsim.plots.diaries import route, timeline
from localsim.plots.gains import who_gains
from localsim.plots.intervals import differences
from localsim.plots.maps import place_map
from localsim.plots.matters import sensitivity
from localsim.plots.paths import trajectories
from localsim.plots.sweeps import sweep
from localsim.plots.tips import tipping
from localsim.plots.waterfalls import waterfall

__all__ = [
    "border",
    "differences",
    "discovery",
    "place_map",
    "route",
    "sensitivity",
    "sweep",
    "timeline",
    "tipping",
    "trajectories",
    "waterfall",
    "who_gains",
]
