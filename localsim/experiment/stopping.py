"""How many replications are enough: run until the paired difference is known well enough.

The target is absolute, in the metric's own unit, since a difference may be near zero and a share
of it is then no measure of anything. Replications are looked at in their order, so where to stop
is a function of the results alone: not of how many were done at a time, or by whom.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from localsim.errors import LocalsimError
from localsim.experiment.validate import MOST_REPLICATIONS, finite, one_of, shown, whole

if TYPE_CHECKING:
    import pandas as pd

Floats = NDArray[np.float64]

FEWEST = 10
"""Replications before the first look: below, an estimated variance is itself mostly luck."""

LOOK_AHEAD = 5
"""The interval must stay narrow for so many further replications (Hoad and others 2010)."""


@dataclass(frozen=True)
class HalfWidth:
    """Stop when the interval of a paired difference has stayed narrow enough.

    The interval is Student's, on the differences from the baseline, as
    :func:`localsim.appraise` gives it. Stopping at the first narrow one would stop on luck, and
    cover the truth less often than it says (Chow and Robbins 1965; Law 2007). So there is a
    fewest number of replications, and then the interval must stay within the target for
    ``look_ahead`` further ones: five up to 100 replications, five in a hundred of them beyond
    (Hoad, Robinson and Davies 2010). Those are kept in the results. The experiment's own
    number of replications is the most that are run, whatever has been reached.

    Parameters
    ----------
    metric
        Whose difference is to be known.
    target
        Half of the interval's width at most, above zero, in the metric's unit.
    policy
        Whose difference from the baseline; without one, that of every policy.
    group
        In which group of residents, or part of a place.
    level
        Coverage of the interval, between 0 and 1.
    fewest
        Replications at least, before the first look.
    look_ahead
        For how many more replications the interval must stay within the target.
    """

    metric: str
    target: float
    policy: str | None = None
    group: str = "all"
    level: float = 0.95
    fewest: int = FEWEST
    look_ahead: int = LOOK_AHEAD

    def __post_init__(self) -> None:
        from localsim.metrics import METRICS

        one_of("metric", self.metric, METRICS)
        if finite("target", self.target) <= 0.0:
            raise LocalsimError(
                f"target is {self.target}: half a width is wanted, above zero, in the metric's "
                f"unit ({METRICS[self.metric].unit})."
            )
        if not 0.0 < finite("level", self.level) < 1.0:
            raise LocalsimError(f"level is {self.level}; it lies between 0 and 1, such as 0.95.")
        whole("fewest", self.fewest, 2, MOST_REPLICATIONS)
        whole("look_ahead", self.look_ahead, 0, MOST_REPLICATIONS)

    def patience(self, replications: int) -> int:
        """Return for how many more replications an interval must stay narrow."""
        return self.look_ahead * max(100, replications) // 100

    def stop(self, half: Floats) -> int | None:
        """Return after how many replications to stop, or None where that is not known yet.

        ``half`` is float64[n], half the width of the interval after 1, 2 … n replications.
        """
        narrow = 0
        for number, width in enumerate(half, start=1):
            if number < self.fewest or not width <= self.target:
                narrow = 0
            else:
                narrow += 1
                if narrow > self.patience(number - narrow + 1):
                    return number
        return None

    def next_look(self, differences: Floats) -> int:
        """Return the fewest replications after which it can stop, given those of so far.

        ``differences`` is as for :func:`widths`. Squared deviations from a mean only add up, so
        an interval cannot narrow faster than if every further difference were the mean itself:
        to look any earlier is useless, and to look then never runs one replication too many.
        """
        done = len(differences)
        if done < self.fewest:
            return self.fewest + self.patience(self.fewest)
        half = widths(differences, self.level)
        if half[-1] <= self.target:
            wide = np.flatnonzero(~(half <= self.target))
            first = max(self.fewest, int(wide[-1]) + 2 if wide.size else 1)
        else:
            first = max(self._narrow_at_last(column, done) for column in differences.T)
        return max(first + self.patience(first), done + 1)

    def _narrow_at_last(self, column: Floats, done: int) -> int:
        """Return before how many replications one difference's interval cannot be narrow."""
        from scipy import stats

        there = column[np.isfinite(column)]
        squares = float(((there - there.mean()) ** 2).sum()) if there.size else 0.0

        def narrow(number: int) -> bool:
            n = there.size + number - done
            score = stats.t.ppf((1 + self.level) / 2, max(n - 1, 1))
            return n > 1 and score * math.sqrt(squares / (n - 1) / n) <= self.target

        low, high = done, done + 1
        while not narrow(high):
            low, high = high, min(2 * high, MOST_REPLICATIONS)
            if low == high:
                return high
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (low, middle) if narrow(middle) else (middle, high)
        return high

    def said(self, half: Floats, unit: str) -> str:
        """Return what was reached, in a sentence."""
        number, last = half.size, float(half[-1])
        if self.stop(half) is not None:
            reached = "target reached"
        elif last <= self.target:
            reached = "target reached at the last, but not for long enough to be sure of it"
        else:
            reached = "target not reached in all the replications that were allowed"
        return (
            f"{reached}: after {number:,} replications half of the {self.level * 100:g}% interval "
            f"of {self.metric} ({self.group}) is {last:.4g} {unit}, where {self.target:g} was "
            "wanted."
        )


def rule_of(rule: Any, names: Sequence[str], metrics: Sequence[str] | None) -> HalfWidth:
    """Return a rule for stopping, or say why an experiment cannot follow it.

    ``names`` are its policies', ``metrics`` those that it keeps, or None for all.
    """
    if not isinstance(rule, HalfWidth):
        raise LocalsimError(f"until is {shown(rule)}; a HalfWidth is wanted, or nothing.")
    if rule.policy is not None:
        one_of("policy", rule.policy, names)
    one_of("metric", rule.metric, [rule.metric] if metrics is None else metrics)
    if len(names) < 2:
        raise LocalsimError("until a difference is known, there must be two policies or more.")
    return rule


def widths(differences: Floats, level: float) -> Floats:
    """Return half the width of Student's interval after 1, 2 … n replications.

    Parameters
    ----------
    differences
        float64[n, columns], a paired difference a replication; NaN where there is none.
    level
        Coverage of the interval, between 0 and 1.

    Returns
    -------
    numpy.ndarray
        float64[n], the widest of the columns; infinite while a column has fewer than two
        differences. Each entry rests on the replications up to it alone (Welford 1962).
    """
    from scipy import stats  # half a second to import: not before it is needed

    count, columns = differences.shape
    n = np.zeros(columns)
    mean, squares = np.zeros(columns), np.zeros(columns)
    errors, freedom = np.full((count, columns), np.inf), np.ones((count, columns))
    for row, values in enumerate(differences):
        there = np.isfinite(values)
        n += there
        step = np.where(there, values - mean, 0.0)
        mean += step / np.maximum(n, 1)
        squares += step * np.where(there, values - mean, 0.0)
        several = n > 1
        freedom[row] = np.maximum(n - 1, 1)
        errors[row, several] = np.sqrt(squares[several] / freedom[row, several] / n[several])
    return np.asarray((stats.t.ppf((1 + level) / 2, freedom) * errors).max(axis=1))


def differences(table: pd.DataFrame, rule: HalfWidth, baseline: str, count: int) -> Floats:
    """Return the paired differences that a rule looks at, float64[count, columns].

    A column a policy (and a point, where there is a design); a replication that one side lacks
    is NaN. Raises LocalsimError if the results hold no such group or policy.
    """
    chosen = table[(table["metric"] == rule.metric)]
    one_of("group", rule.group, chosen["group"].astype(str).unique())
    chosen = chosen[chosen["group"] == rule.group]
    if "point" not in chosen.columns:
        chosen = chosen.assign(point=0)
    laid = chosen.astype({"policy": str}).pivot_table(
        index="replication", columns=["point", "policy"], values="value", observed=True
    )
    laid = laid.reindex(range(count))
    names = list(laid.columns.unique("policy"))
    one_of("policy", baseline, names)
    others = [rule.policy] if rule.policy is not None else [n for n in names if n != baseline]
    gaps = []
    for name in others:
        one_of("policy", name, names)
        gap = laid.xs(name, axis=1, level="policy") - laid.xs(baseline, axis=1, level="policy")
        gaps.append(gap.to_numpy(dtype=np.float64))
    return np.concatenate(gaps, axis=1)
