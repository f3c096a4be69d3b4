"""Where does local lose? The corner of what is not known in which a difference is for the worse.

Scenario discovery (Bryant and Lempert 2010): of many runs under different assumptions, find the
few conditions under which a policy does badly. PRIM (Friedman and Fisher 1999; ema-workbench's)
peels a box off the edges of the space; a tree (scikit-learn's) parts it by one question after
another. Both describe what was run; neither says why.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from localsim.appraisal.boxes import Bools, Box, prim, tree
from localsim.appraisal.inputs import ResultsLike
from localsim.appraisal.pointwise import differences_by_point, explored, the_policy
from localsim.appraisal.wording import WHOLE, direction, label, plain, title
from localsim.errors import LocalsimError
from localsim.experiment.validate import finite

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from localsim.experiment import Experiment

FEWEST = 30
"""Cases of each kind below which a box describes accidents."""


@dataclass(frozen=True, eq=False)
class Discovery:
    """Where a policy loses: a box and a tree over what differed between runs.

    Attributes
    ----------
    cases : pandas.DataFrame
        One row a case: what was different about it, and ``difference`` where it is known.
    loses : numpy.ndarray
        bool[cases].
    box : Box
        PRIM's box: of those as dense as was asked the one that covers most.
    trajectory : pandas.DataFrame
        Coverage, density, mass and number of conditions of the boxes it was chosen from:
        none has more of one, and no less of the others, than another.
    leaves : tuple of Box
        The tree's leaves, the densest first.
    """

    cases: pd.DataFrame
    loses: Bools
    box: Box
    trajectory: pd.DataFrame
    leaves: tuple[Box, ...]
    what: str = ""

    @property
    def share(self) -> float:
        """The share of cases that lose."""
        return float(self.loses.mean())

    def __str__(self) -> str:
        lines = [
            f"{self.what + ': ' if self.what else ''}{int(self.loses.sum()):,} of "
            f"{len(self.loses):,} cases lose ({100 * self.share:.0f}%).",
            f"PRIM: {self.box}.",
            *(f"Tree: {leaf}." for leaf in self.leaves if leaf.density > self.share),
        ]
        return "\n".join(lines)

    def __repr__(self) -> str:
        return str(self)

    def plot(self) -> Figure:
        """Return the figure of the box: see :func:`localsim.plots.discovery`."""
        from localsim.plots import discovery  # matplotlib is slow to import

        return discovery(self)


def where_it_loses(
    experiment: Experiment,
    results: ResultsLike,
    metric: str,
    *,
    policy: str | None = None,
    group: str = WHOLE,
    worth: float = 0.0,
    density: float = 0.8,
    depth: int = 2,
) -> Discovery:
    """Say under which assumptions and answers a policy does worse than the baseline.

    A case is a point and a replication: what differs between cases are the design's dimensions
    and, where assumptions are sampled, their draws. One case is one draw of luck too, so no box
    need be pure: where luck decides much, the densest box is not very dense.

    Parameters
    ----------
    experiment, results
        What was run, and what it came to.
    metric, policy, group
        The policy (the only one, if not named) loses where its difference from the baseline in
        this metric and group is on the worse side of zero. Equal is not lost.
    worth
        It loses, too, where it is better by less than this, in the metric's unit: what it would
        have to bring to be worth its trouble.
    density, depth
        As for :func:`discover`.
    """
    from localsim.metrics import METRICS

    chosen = the_policy([p.name for p in experiment.policies], experiment.baseline, policy)
    better = direction(metric)
    if better is None:
        raise LocalsimError(
            f"neither more nor less {metric} is better, so nothing loses by it; choose a metric "
            "with a direction."
        )
    found = differences_by_point(results, metric, group, chosen, experiment.baseline)
    values = found.to_numpy(dtype=np.float64)
    rows, columns = np.nonzero(np.isfinite(values))
    gaps = values[rows, columns]
    keys = pd.MultiIndex.from_arrays(
        [found.index[rows], found.columns[columns]], names=["point", "replication"]
    )
    cases = explored(experiment, keys)
    if cases.shape[1] == 0:
        raise LocalsimError(
            "nothing differs between the cases but luck: sample the assumptions, or give the "
            "experiment a design."
        )
    if finite("worth", worth) < 0.0:
        raise LocalsimError(f"worth is {worth}; it is 0 or more.")
    gain = -gaps if better == "lower" else gaps
    worse = gain < worth if worth else gain < 0.0
    what = (
        f"{title(chosen)} against {title(experiment.baseline).lower()}, "
        f"{label(metric).lower()} ({group})"
        + (f", unless better by {plain(worth)} {METRICS[metric].unit}" if worth else "")
    )
    one = discover(cases, worse, density=density, depth=depth)
    full = cases.assign(difference=gaps)
    return Discovery(full, one.loses, one.box, one.trajectory, one.leaves, what)


def discover(
    cases: pd.DataFrame, loses: Any, *, density: float = 0.8, depth: int = 2, mass: float = 0.05
) -> Discovery:
    """Find the conditions under which cases lose: a box by PRIM, and a tree's leaves.

    Parameters
    ----------
    cases
        One row a case, a column whatever was different: numbers, words, or true and false.
    loses
        bool[cases].
    density
        The box is the one of PRIM's that covers most while at least this share of its cases
        lose; the densest of all, where none is so dense. No end of a condition could well be
        an accident (quasi-p at most 0.05), and there are three conditions at most.
    depth
        How many questions the tree asks at most.
    mass
        The smallest share of cases in a box or a leaf.

    Raises LocalsimError if too few cases lose, or win, to tell where.
    """
    marks = np.asarray(loses, dtype=bool)
    if marks.shape != (len(cases),):
        raise LocalsimError(
            f"there are {len(cases):,} cases and marks of shape {marks.shape}; one mark a case is "
            "wanted."
        )
    for name, value in (("density", density), ("mass", mass)):
        if not 0.0 < finite(name, value) <= 1.0:
            raise LocalsimError(f"{name} is {value}; a share above 0, up to 1, is wanted.")
    few = int(min(marks.sum(), (~marks).sum()))
    if few < FEWEST:
        kind = "lose" if marks.sum() < FEWEST else "do not lose"
        raise LocalsimError(
            f"only {few} of {len(marks):,} cases {kind}; {FEWEST} are the least that say where. "
            "Run more, or widen what is varied."
        )
    tidy = cases.reset_index(drop=True)
    tidy.columns = tidy.columns.astype(str)
    if tidy.isna().to_numpy().any():
        raise LocalsimError("some cases have blanks; every case has a value for every column.")
    box, trajectory = prim(tidy, marks, density, mass)
    return Discovery(tidy, marks, box, trajectory, tree(tidy, marks, depth, mass))
