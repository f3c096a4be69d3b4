"""Conditions that together say where something happens: boxes by PRIM, leaves of a tree."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from localsim.appraisal.pointwise import optional
from localsim.appraisal.wording import plain

Bools = NDArray[np.bool_]

ACCIDENT = 0.05
"""What is likelier than this to be there by accident is no condition (Bryant and Lempert 2010)."""

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


def prim(
    cases: pd.DataFrame, loses: Bools, density: float, mass: float
) -> tuple[Box, pd.DataFrame]:
    """Return the chosen box, and coverage and density of all it was chosen from.

    PRIM peels every dimension a little on its way, whether or not it matters, and among many it
    loses its way. So it is run on every choice among the few in which losing cases lie elsewhere
    than the others (Hornberger and Spear 1981; Kwakkel 2019), and of every box on its way those
    ends are let go that could well be an accident. What remains are boxes that no other beats.
    """
    chance = {str(name): _alike(values, loses) for name, values in cases.items()}
    few = sorted(chance, key=chance.__getitem__)[:MOST_CONDITIONS]
    found: list[Box] = []
    with _their_warnings():
        workbench = optional("ema_workbench.analysis.prim", "discovery", "ema-workbench")
        for number in range(1, len(few) + 1):
            for some in combinations(few, number):
                here = cases[list(some)]
                way = workbench.Prim(here, loses, mass_min=mass).find_box()
                found += [_cleared(way, step, here) for step in range(len(way.box_lims))]
    best = _unbeaten(found)
    dense = [box for box in best if box.density >= density]
    box = max(dense, key=_coverage) if dense else max(best, key=_density)
    path = [
        {"coverage": b.coverage, "density": b.density, "mass": b.mass, "conditions": len(b.limits)}
        for b in sorted(best, key=_coverage, reverse=True)
    ]
    return box, pd.DataFrame(path)


def _coverage(box: Box) -> tuple[float, float]:
    return box.coverage, box.density


def _density(box: Box) -> tuple[float, float]:
    return box.density, box.coverage


def _cleared(way: Any, step: int, cases: pd.DataFrame) -> Box:
    """Return one of PRIM's boxes without the ends that could be accidents, the likeliest first."""
    whole = way.box_lims[0]
    while True:
        # Each condition's two chances, of its low and its high end; -1 where that end is open.
        quasi = {str(name): [float(p) for p in ps] for name, ps in way.p_values[step].items()}
        weak = {(n, e): p for n, ps in quasi.items() for e, p in enumerate(ps) if p > ACCIDENT}
        limits = way.box_lims[step]
        if not weak:
            break
        name, end = max(weak, key=weak.__getitem__)
        limits = limits.copy()
        words = isinstance(limits[name].iloc[0], set)
        for row in (0, 1) if words else (end,):
            limits.loc[row, name] = whole.loc[row, name]
        way.update(limits, np.flatnonzero(_inside(cases, limits)))
        step = len(way.box_lims) - 1
    rows = [
        _limit(name, limits[name].to_list(), whole[name].to_list(), max(ps))
        for name, ps in quasi.items()
    ]
    stats = way.peeling_trajectory.iloc[step]
    return Box(
        pd.DataFrame(rows, columns=["name", "low", "high", "values", "p"]),
        float(stats["coverage"]),
        float(stats["density"]),
        float(stats["mass"]),
    )


def _inside(cases: pd.DataFrame, limits: pd.DataFrame) -> Bools:
    """Return which cases are in a box of PRIM's."""
    inside = np.ones(len(cases), dtype=bool)
    for name in cases.columns:
        low, high = limits[name].to_list()
        within = cases[name].isin(low) if isinstance(low, set) else cases[name].between(low, high)
        inside &= within.to_numpy()
    return inside


def _unbeaten(boxes: list[Box]) -> list[Box]:
    """Return the boxes that none beats in coverage and density; of equal ones the simplest."""
    ordered = sorted(boxes, key=lambda box: (-box.coverage, -box.density, len(box.limits)))
    kept: list[Box] = []
    for box in ordered:
        if not kept or box.density > kept[-1].density:
            kept.append(box)
    return kept


def _alike(values: pd.Series[Any], loses: Bools) -> float:
    """Return how likely losing cases and others are to differ so much in one column by chance."""
    from scipy import stats

    if pd.api.types.is_numeric_dtype(values) and not pd.api.types.is_bool_dtype(values):
        numbers = values.to_numpy(dtype=np.float64)
        return float(stats.ks_2samp(numbers[loses], numbers[~loses]).pvalue)
    if values.nunique() < 2:
        return 1.0
    return float(stats.chi2_contingency(pd.crosstab(values, loses)).pvalue)


def _limit(name: str, now: list[Any], start: list[Any], p: float) -> dict[str, Any]:
    """Return one condition: from the lowest, to the highest, or which words."""
    if isinstance(now[0], set):
        return {"name": name, "low": np.nan, "high": np.nan, "values": sorted(now[0], key=str),
                "p": p}  # fmt: skip
    low = -np.inf if now[0] == start[0] else float(now[0])
    high = np.inf if now[1] == start[1] else float(now[1])
    return {"name": name, "low": low, "high": high, "values": None, "p": p}


def tree(cases: pd.DataFrame, loses: Bools, depth: int, mass: float) -> tuple[Box, ...]:
    """Return the leaves of a classification tree as boxes, the densest first."""
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
