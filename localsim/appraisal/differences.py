"""Paired differences: the same luck under two policies, subtracted replication by replication."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from localsim.appraisal.wording import direction, ordered_groups, ordered_metrics

Floats = NDArray[np.float64]

EQUAL = "exactly equal in every replication"
ROUNDING = "equal but for the rounding of sums"
TRILLIONTH = 1e-12

BETTER = ("better", "worse", "no clear difference", "neither")
COLUMNS = (
    "policy", "metric", "group", "unit", "replications", "baseline_mean", "policy_mean",
    "difference", "se", "low", "high", "relative_difference", "p", "variance_reduction",
    "better", "note",
)  # fmt: skip


def paired(policy: Floats, baseline: Floats, level: float) -> dict[str, NDArray[Any]]:
    """Return the paired difference, policy less baseline, of every column, with its interval.

    Parameters
    ----------
    policy, baseline
        float64[replications, columns]; NaN where a replication is missing. Every column has at
        least one replication that both have.
    level
        Coverage of the interval, between 0 and 1.

    Returns
    -------
    dict
        One array[columns] each of ``replications`` (those both have), ``baseline_mean``,
        ``policy_mean``, ``difference``, ``se``, ``low``, ``high``, ``relative_difference``
        (of the baseline's size; infinite from nothing), ``p`` (two-sided) and
        ``variance_reduction``.

        The interval is Student's, on the differences. A difference that is the same in every
        replication has an interval of no width; one replication has an interval without bounds.
        ``variance_reduction`` is Var(policy) + Var(baseline), the variance that independent runs
        would have given the difference, over the variance of the paired difference: infinite
        where the paired difference does not vary, 1 where one replication cannot tell.
        Exchanging the two arguments negates difference and interval exactly.
    """
    from scipy import stats  # half a second to import: not before it is needed

    both = np.isfinite(policy) & np.isfinite(baseline)
    a, b = np.where(both, policy, 0.0), np.where(both, baseline, 0.0)
    gap = a - b
    n = both.sum(axis=0)
    several = n > 1
    freedom = np.maximum(n - 1, 1)

    def mean(values: Floats) -> Floats:
        return np.asarray(np.mean(values, axis=0, where=both), dtype=np.float64)

    def variance(values: Floats) -> Floats:
        return np.asarray(np.var(values, axis=0, where=both) * n / freedom, dtype=np.float64)

    highest = np.max(gap, axis=0, where=both, initial=-np.inf)
    constant = highest == np.min(gap, axis=0, where=both, initial=np.inf)
    difference = np.where(constant, highest, mean(gap))
    within = np.where(constant, 0.0, variance(gap))
    error = np.sqrt(within / n)
    se = np.where(several, error, np.inf)
    half = np.where(several, stats.t.ppf((1 + level) / 2, freedom) * error, np.inf)
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        relative = np.where(difference == 0, 0.0, difference / np.abs(mean(b)))
        score = np.where(difference == 0, 0.0, np.abs(difference) / se)
        factor = np.where(within > 0, (variance(a) + variance(b)) / within, np.inf)
    return {
        "replications": n,
        "baseline_mean": mean(b),
        "policy_mean": mean(a),
        "difference": difference,
        "se": se,
        "low": difference - half,
        "high": difference + half,
        "relative_difference": relative,
        "p": np.minimum(1.0, 2 * stats.t.sf(score, freedom)),
        "variance_reduction": np.where(several, factor, 1.0),
    }


def holm(p: Floats) -> Floats:
    """Return p-values, float64[n], adjusted for looking at all of them (Holm 1979)."""
    order = np.argsort(p, kind="stable")
    stepped = np.maximum.accumulate(p[order] * np.arange(p.size, 0, -1))
    adjusted = np.empty_like(p)
    adjusted[order] = np.minimum(1.0, stepped)
    return adjusted


def tabulate(
    laid: pd.DataFrame, units: dict[str, str], policies: list[str], baseline: str, level: float
) -> pd.DataFrame:
    """Return the differences of each policy from the baseline, one row a metric and group.

    ``laid`` is the output of :func:`localsim.appraisal.inputs.wide`. Rows follow ``policies``,
    then the order of the metrics, then that of the groups. A metric and group that no
    replication of both has gives no row.
    """
    parts = []
    theirs = laid[baseline]
    for policy in policies:
        ours = laid[policy]
        shared = [key for key in ours.columns if key in theirs.columns]
        a, b = ours[shared].to_numpy(), theirs[shared].to_numpy()
        kept = (np.isfinite(a) & np.isfinite(b)).any(axis=0)
        if not kept.any():
            continue
        part = pd.DataFrame(paired(a[:, kept], b[:, kept], level))
        keys = [key for key, keep in zip(shared, kept, strict=True) if keep]
        part.insert(0, "policy", policy)
        part.insert(1, "metric", [metric for metric, _ in keys])
        part.insert(2, "group", [group for _, group in keys])
        parts.append(part)
    if not parts:
        return pd.DataFrame(columns=list(COLUMNS))
    rows = pd.concat(parts, ignore_index=True)
    rows["unit"] = rows["metric"].map(units)
    rows["note"] = _notes(rows)
    rows["better"] = _verdicts(rows)
    return _arranged(rows, policies)


def _verdicts(rows: pd.DataFrame) -> list[str]:
    """Say for each row which way a clear difference points."""
    said = []
    for metric, low, high, note in rows[["metric", "low", "high", "note"]].to_numpy():
        better = direction(metric)
        if better is None:
            said.append("neither")
        elif low <= 0 <= high or note == ROUNDING:
            said.append("no clear difference")
        else:
            said.append("better" if (low > 0) == (better == "higher") else "worse")
    return said


def _notes(rows: pd.DataFrame) -> list[str]:
    """Say for each row why its interval is missing, has no width or is nothing but rounding."""
    said = []
    level = np.maximum(rows["baseline_mean"].abs(), rows["policy_mean"].abs())
    reach = np.maximum(rows["low"].abs(), rows["high"].abs())
    for n, low, high, slight in zip(
        rows["replications"], rows["low"], rows["high"], reach <= TRILLIONTH * level, strict=True
    ):
        if n == 1:
            said.append("one replication: no interval")
        elif low == high == 0:
            said.append(EQUAL)
        elif slight:
            said.append(ROUNDING)
        elif low == high:
            said.append("the same difference in every replication: an interval of no width")
        else:
            said.append("")
    return said


def _arranged(rows: pd.DataFrame, policies: list[str]) -> pd.DataFrame:
    """Sort rows by policy, metric and group in their orders and name the columns."""
    orders = {
        "policy": policies,
        "metric": ordered_metrics(rows["metric"]),
        "group": ordered_groups(rows["group"]),
    }
    places = {name: {key: i for i, key in enumerate(order)} for name, order in orders.items()}
    rank = pd.DataFrame({name: rows[name].map(places[name]) for name in orders})
    index = rank.sort_values(list(orders), kind="stable").index
    return rows.loc[index, list(COLUMNS)].reset_index(drop=True)
