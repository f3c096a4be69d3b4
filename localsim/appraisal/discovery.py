"""Where does local lose? The corner of what is not known in which a difference is for the worse.

Scenario discovery (Bryant and Lempert 2010): of many runs under different assumptions, find the
few conditions under which a policy does badly. PRIM (Friedman and Fisher 1999; ema-workbench's)
peels a box off the edges of the space; a tree (scikit-learn's) parts it by one question after
another. Both describe what was run; neither says why.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from localsim.appraisal.inputs import ResultsLike
from localsim.appraisal.pointwise import differences_by_point, explored, optional, the_policy
from localsim.appraisal.wording import WHOLE, direction, label, plain, title
from localsim.errors import LocalsimError
from localsim.experiment.validate import finite

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from localsim.experiment import Experiment

Bools = NDArray[np.bool_]

FEWEST = 30
"""Cases of each kind below which a box describes accidents."""

MOST_CONDITIONS = 3
"""A box has at most so many conditions: more are not understood, and take long to find."""


@dataclass(frozen=True, eq=False)
class Box:
    """Conditions that hold together, and how well they say where a policy loses.

    Attributes
    ----------
    limits : pandas.DataFrame
        One row a condition: name, low, high (infinite where open), or for words the values that
        are meant, and ``p``, the chance that it is there by accident (Bryant and Lempert's
        quasi-p: binomial, one-sided, not corrected for the search).
    coverage : float
        Share of all losing cases that lie in the box.
    density : float
        Share of the cases in the box that lose.
    mass : float
        Share of all cases that lie in the box.
    """

    limits: pd.DataFrame
    coverage: float
    density: float
    mass: float

    @property
    def conditions(self) -> list[str]:
        """The conditions in words, one each."""
        return [_condition(row) for row in self.limits.to_dict("records")]

    def __str__(self) -> str:
        said = " and ".join(self.conditions) or "anywhere"
        return (
            f"{said}: {100 * self.density:.0f}% of these cases lose, "
            f"{100 * self.coverage:.0f}% of all that lose are among them"
        )


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
        lose; the densest of all, where none is so dense. No condition of a box could well be
        an accident (quasi-p at most 0.05), and there are three at most.
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
    box, trajectory = _prim(tidy, marks, density, mass)
    return Discovery(tidy, marks, box, trajectory, _tree(tidy, marks, depth, mass))


def _prim(
    cases: pd.DataFrame, loses: Bools, density: float, mass: float
) -> tuple[Box, pd.DataFrame]:
    """Return the chosen box, and coverage and density of all it was chosen from.

    PRIM peels every dimension a little on its way, whether or not it matters, and among many it
    loses its way. So it is run on every choice among the few in which losing cases lie elsewhere
    than the others (Hornberger and Spear 1981; Kwakkel 2019); of the boxes of all these runs those
    remain in which no condition could well be an accident, and which no other box beats.
    """
    chance = {str(name): _alike(values, loses) for name, values in cases.items()}
    few = sorted(chance, key=chance.__getitem__)[:MOST_CONDITIONS]
    with _their_warnings():
        workbench = optional("ema_workbench.analysis.prim", "discovery", "ema-workbench")
        found = workbench.run_constrained_prim(
            cases[few], loses, issignificant=False, mass_min=mass
        )
    path = found.peeling_trajectory.astype({"density": float, "coverage": float})
    number = _chosen(path, density)
    limits, first = found.box_lims[number], found.prim.box_init
    quasi = {name: _doubt(ps) for name, ps in found.p_values[number].items()}
    rows = [
        _limit(name, limits[name].to_list(), first[name].to_list(), p) for name, p in quasi.items()
    ]
    row = path.iloc[number]
    box = Box(
        pd.DataFrame(rows, columns=["name", "low", "high", "values", "p"]),
        float(row["coverage"]),
        float(row["density"]),
        float(row["mass"]),
    )
    kept = path[["coverage", "density", "mass", "res_dim"]].astype(float)
    return box, kept.rename(columns={"res_dim": "conditions"})


def _alike(values: pd.Series[Any], loses: Bools) -> float:
    """Return how likely losing cases and others are to differ so much in one column by chance."""
    from scipy import stats

    if pd.api.types.is_numeric_dtype(values) and not pd.api.types.is_bool_dtype(values):
        numbers = values.to_numpy(dtype=np.float64)
        return float(stats.ks_2samp(numbers[loses], numbers[~loses]).pvalue)
    if values.nunique() < 2:
        return 1.0
    return float(stats.chi2_contingency(pd.crosstab(values, loses)).pvalue)


def _doubt(quasi: list[float]) -> float:
    """Return the chance that a condition is an accident, from those of its two ends."""
    return float(max(quasi))


def _chosen(path: pd.DataFrame, density: float) -> int:
    """Return which of some boxes covers most at a density, or is the densest of them."""
    dense, cover = path["density"].to_numpy(), path["coverage"].to_numpy()
    enough = dense >= density
    return int(np.argmax(np.where(enough, cover, -1.0)) if enough.any() else np.argmax(dense))


def _limit(name: str, now: list[Any], start: list[Any], p: float) -> dict[str, Any]:
    """Return one condition: from the lowest, to the highest, or which words."""
    if isinstance(now[0], set):
        return {"name": name, "low": np.nan, "high": np.nan, "values": sorted(now[0], key=str),
                "p": p}  # fmt: skip
    low = -np.inf if now[0] == start[0] else float(now[0])
    high = np.inf if now[1] == start[1] else float(now[1])
    return {"name": name, "low": low, "high": high, "values": None, "p": p}


def _tree(cases: pd.DataFrame, loses: Bools, depth: int, mass: float) -> tuple[Box, ...]:
    trees = optional("sklearn.tree", "discovery", "scikit-learn")
    worded = cases.select_dtypes(exclude="number")
    wide = pd.get_dummies(cases, columns=list(worded.columns), prefix_sep=" = ").astype(float)
    grown = trees.DecisionTreeClassifier(max_depth=depth, min_samples_leaf=mass, random_state=0)
    grown.fit(wide.to_numpy(), loses)
    boxes = []
    for inside, conditions in _leaves(grown.tree_, list(wide.columns), wide.to_numpy()):
        limits = pd.DataFrame(conditions, columns=["name", "low", "high", "values", "p"])
        lost = int(loses[inside].sum())
        boxes.append(
            Box(limits, lost / int(loses.sum()), lost / int(inside.sum()), float(inside.mean()))
        )
    return tuple(sorted(boxes, key=lambda box: -box.density))


def _leaves(
    tree: Any, names: list[str], values: NDArray[np.float64]
) -> Iterator[tuple[Bools, list[dict[str, Any]]]]:
    """Yield the cases in each leaf of a tree and the limits that lead there."""

    def walk(
        node: int, inside: Bools, limits: dict[int, tuple[float, float]]
    ) -> Iterator[tuple[Bools, list[dict[str, Any]]]]:
        if tree.children_left[node] < 0:
            yield inside, [_split(names[c], low, high) for c, (low, high) in limits.items()]
            return
        column, cut = int(tree.feature[node]), float(tree.threshold[node])
        low, high = limits.get(column, (-np.inf, np.inf))
        below = values[:, column].astype(np.float32) <= cut
        yield from walk(
            tree.children_left[node], inside & below, limits | {column: (low, min(high, cut))}
        )
        yield from walk(
            tree.children_right[node], inside & ~below, limits | {column: (max(low, cut), high)}
        )

    yield from walk(0, np.ones(len(values), dtype=bool), {})


def _split(name: str, low: float, high: float) -> dict[str, Any]:
    """Return one limit of a leaf; a word that is or is not has a name such as "rule = Hub"."""
    column, equals, word = name.partition(" = ")
    if equals:
        return {"name": column, "low": np.nan, "high": np.nan, "p": np.nan,
                "values": [word if low > 0 else f"not {word}"]}  # fmt: skip
    return {"name": name, "low": low, "high": high, "values": None, "p": np.nan}


def _condition(row: dict[Any, Any]) -> str:
    if row["values"] is not None:
        return f"{row['name']} is {' or '.join(map(str, row['values']))}"
    low, high = float(row["low"]), float(row["high"])
    if np.isinf(low):
        return f"{row['name']} at most {plain(high)}"
    if np.isinf(high):
        return f"{row['name']} at least {plain(low)}"
    return f"{row['name']} from {plain(low)} to {plain(high)}"


@contextmanager
def _their_warnings() -> Iterator[None]:
    """Let ema-workbench warn of its own optional parts, and of the pandas it was written for."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield
