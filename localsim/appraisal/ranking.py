"""Which of many policies is best, and how sure can we be?

All policies of a replication meet the same luck, so every rival is compared with the leader on
the replications that both ran. What is unsure about a rival's distance is Student's, as for any
mean; a rival is *truly better* with the share of that distribution on the other side of zero.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from localsim import streams
from localsim.appraisal import inputs
from localsim.appraisal.inputs import ResultsLike
from localsim.appraisal.wording import WHOLE, direction, label, plain, title
from localsim.errors import LocalsimError
from localsim.experiment.validate import finite, one_of

Floats = NDArray[np.float64]

DRAWS = 5_000
HOPELESS = 1e30
"""The standard error of a distance that one replication cannot tell."""


@dataclass(frozen=True, eq=False)
class Ranking:
    """Policies from the best mean to the worst, and how sure that order's top is.

    Attributes
    ----------
    metric, group : str
        What they are ranked by.
    unit : str
        The metric's unit.
    indifference : float
        A policy within this of the best is as good as the best.
    sure : float
        Probability that no policy is better than the leader by more than the indifference: a
        lower bound (Bonferroni), as in Chen (2000).
    table : pandas.DataFrame
        One row a policy: policy, mean (over its own replications), behind (how much worse than
        the leader, on the replications both ran; 0 for the leader), se, low, high, replications,
        and probability (that it is the best of all).
    """

    metric: str
    group: str
    unit: str
    indifference: float
    sure: float
    level: float
    table: pd.DataFrame

    @property
    def best(self) -> str:
        """The leader's name."""
        return str(self.table["policy"].iloc[0])

    def __str__(self) -> str:
        width = max(len(title(name)) for name in self.table["policy"])
        within = f", or within {self.indifference:g} {self.unit} of it" if self.indifference else ""
        lines = [
            f"By {label(self.metric).lower()} ({self.group}), {title(self.best)} is best{within}: "
            f"{_surely(self.sure)} sure."
        ]
        for row in self.table.to_dict("records"):
            if row["policy"] == self.best:
                said = f"mean {plain(row['mean'])} {self.unit}"
            else:
                half = (row["high"] - row["low"]) / 2
                said = f"worse by {plain(row['behind'])} ± {plain(half)}"
            lines.append(
                f"  {title(row['policy']):<{width}}  {said}; best with "
                f"{100 * row['probability']:.0f}% ({row['replications']} replications)"
            )
        return "\n".join(lines)

    def __repr__(self) -> str:
        return str(self)


def _surely(share: float) -> str:
    """Return a lower bound of a probability in words; nothing is all but certain by name."""
    return "more than 99%" if share > 0.99 else f"at least {100 * max(0.0, share):.0f}%"


def rank(
    results: ResultsLike,
    metric: str,
    group: str = WHOLE,
    *,
    indifference: float = 0.0,
    level: float = 0.95,
) -> Ranking:
    """Say which policy of an experiment is best by a metric, and how sure that is.

    ``indifference``, in the metric's unit, is a difference that would not matter. Raises
    LocalsimError if neither direction of the metric is better, or there is but one policy.
    """
    table = results.table
    one_of("metric", metric, table["metric"].astype(str).unique())
    chosen = table[table["metric"] == metric]
    one_of("group", group, chosen["group"].astype(str).unique())
    if "point" in table.columns and (table["point"] != table["point"].iloc[0]).any():
        raise LocalsimError(
            "these results hold several points of a design; rank the policies at one of them."
        )
    laid = chosen[chosen["group"] == group].astype({"policy": str})
    wide = laid.pivot_table(index="replication", columns="policy", values="value", observed=True)
    present = [name for name in inputs.policies_of(results) if name in wide.columns]
    unit = inputs.units(chosen)[metric]
    return ranked(wide[present], metric, group, unit, indifference=indifference, level=level)


def ranked(
    wide: pd.DataFrame,
    metric: str,
    group: str,
    unit: str,
    *,
    indifference: float = 0.0,
    level: float = 0.95,
) -> Ranking:
    """Rank the columns of a table of replications × policies; NaN where a run is missing."""
    better = direction(metric)
    if better is None:
        raise LocalsimError(
            f"neither more nor less {metric} is better, so it cannot rank policies; choose a "
            "metric with a direction."
        )
    if finite("indifference", indifference) < 0.0:
        raise LocalsimError(f"indifference is {indifference}; it is 0 or more.")
    if not 0.0 < finite("level", level) < 1.0:
        raise LocalsimError(f"level is {level}; it lies between 0 and 1, such as 0.95.")
    if wide.shape[1] < 2:
        raise LocalsimError("there is one policy; ranking needs two or more.")
    badness = wide.to_numpy(dtype=np.float64) * (1.0 if better == "lower" else -1.0)
    leader, behind, se, n = standing(badness)
    from scipy import stats  # half a second to import: not before it is needed

    freedom = np.maximum(n - 1, 1)
    half = np.where(n > 1, stats.t.ppf((1 + level) / 2, freedom) * se, np.inf)
    half[leader] = 0.0
    rivals = np.arange(n.size) != leader
    table = pd.DataFrame(
        {
            "policy": list(wide.columns),
            "mean": wide.mean().to_numpy(),
            "behind": behind,
            "se": se,
            "low": behind - half,
            "high": behind + half,
            "replications": wide.notna().sum().to_numpy(),
            "probability": _chances(list(wide.columns), behind, se, n, leader),
        }
    )
    order = np.lexsort((behind, rivals))
    table = table.iloc[order].reset_index(drop=True)
    return Ranking(metric, group, unit, indifference, sure(badness, indifference), level, table)


def standing(badness: Floats) -> tuple[int, Floats, Floats, NDArray[np.int64]]:
    """Return the leader and how far behind it every policy is.

    Parameters
    ----------
    badness
        float64[replications, policies], lower is better; NaN where a run is missing.

    Returns
    -------
    tuple
        The leader's column; then float64[policies] of mean distances behind it and their
        standard errors, and int64[policies] of the replications each shares with it. Who leads
        is settled between pairs, on the replications that both ran, so that nobody leads by
        having met kinder luck: the one whose largest distance behind any other is smallest.
    """
    columns = badness.shape[1]
    gaps = np.zeros((columns, columns))
    for one in range(columns):
        gap = badness - badness[:, [one]]
        shared = np.isfinite(gap)
        if not shared.any(axis=0).all():
            raise LocalsimError("two policies share no replication: run them in one experiment.")
        gaps[one] = np.mean(gap, axis=0, where=shared)
    leader = int(np.argmax(gaps.min(axis=1)))
    gap = badness - badness[:, [leader]]
    shared = np.isfinite(gap)
    n = shared.sum(axis=0)
    spread = np.sqrt(np.var(gap, axis=0, where=shared) * n / np.maximum(n - 1, 1))
    se = np.where(n > 1, spread / np.sqrt(n), np.inf)
    se[leader] = 0.0
    return leader, gaps[leader], se, n.astype(np.int64)


def sure(badness: Floats, indifference: float) -> float:
    """Return how sure it is that nobody beats the leader by more than the indifference.

    One less the sum of the probabilities that each rival does, so a lower bound (Bonferroni).
    """
    from scipy import stats

    leader, behind, se, n = standing(badness)
    distance = behind + indifference
    with np.errstate(divide="ignore", invalid="ignore"):
        score = np.where(se > 0, distance / se, np.where(distance >= 0, np.inf, -np.inf))
    score = np.where(np.isfinite(se), score, 0.0)  # one replication: no telling
    doubt = stats.t.sf(score, np.maximum(n - 1, 1))
    return 1.0 - float(np.delete(doubt, leader).sum())


def _chances(
    names: list[str], behind: Floats, se: Floats, n: NDArray[np.int64], leader: int
) -> Floats:
    """Return each policy's probability to be best, by draws from what is unsure of each distance.

    Distances are drawn apart. They share the leader's luck, so that they move together, and
    drawing them apart understates the leader's chance (Slepian's inequality).
    """
    from scipy import stats

    drawn = np.zeros((DRAWS, n.size))
    for column in range(n.size):
        if column == leader:
            continue
        key = streams.key(0, 0, f"ranking/{names[column]}")
        u = streams.uniform(key, np.arange(DRAWS, dtype=np.uint64))
        score = stats.t.ppf(u, max(int(n[column]) - 1, 1))
        spread = float(se[column]) if np.isfinite(se[column]) else HOPELESS
        drawn[:, column] = behind[column] + score * spread
    first = np.argmin(drawn, axis=1)
    chances = np.bincount(first, minlength=n.size) / DRAWS
    tied = (behind == 0.0) & (se == 0.0)
    if tied.sum() > 1:  # policies that never differ share what they have
        chances[tied] = chances[tied].sum() / tied.sum()
    return np.asarray(chances)
