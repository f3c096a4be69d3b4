"""Find the best of many policies with few runs: spend replications where they tell most.

All policies of a replication fork from one warm-up and meet the same luck, and a warm-up costs
about as much as a policy's own years. So the unit to allocate is not "a run of policy i", as
where runs are independent, but "does policy i take part in the next replication?": a replication
is never warmed up twice, and the leader takes part in every one, since a rival is compared with
it pair by pair. Rivals take part in the proportions of optimal computing budget allocation (Chen
and others 2000) with the variance of the *paired* differences in place of that of the runs (Fu,
Hu, Chen and Xiong 2007): the nearer and the noisier a rival, the more often.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from localsim.appraisal.ranking import Ranking, ranked, standing, sure
from localsim.appraisal.wording import WHOLE, direction
from localsim.errors import LocalsimError
from localsim.experiment.progress import Progress
from localsim.experiment.validate import MOST_REPLICATIONS, finite, one_of, whole

if TYPE_CHECKING:
    from distributed import Client

    from localsim.experiment import Experiment
    from localsim.experiment.replication import Run

Floats = NDArray[np.float64]
Counts = NDArray[np.int64]

Perform = Callable[[range, list[str]], pd.DataFrame]
"""Runs some policies in some replications and returns replications × policies."""


@dataclass(frozen=True, eq=False)
class Selection:
    """The best of many policies, how sure that is, and what it took.

    Attributes
    ----------
    ranking : Ranking
        The policies from best to worst, with ``ranking.sure``.
    confidence : float
        How sure it was to be.
    runs : pandas.DataFrame
        One row a round: replications so far, the leader, how sure, and one column a policy of
        the runs it has had.
    """

    ranking: Ranking
    confidence: float
    runs: pd.DataFrame

    @property
    def best(self) -> str:
        """The leader's name."""
        return self.ranking.best

    @property
    def reached(self) -> bool:
        """Whether it is as sure as was asked."""
        return self.ranking.sure >= self.confidence

    def __str__(self) -> str:
        table = self.ranking.table
        made, front = int(table["replications"].sum()), int(self.runs["replications"].iloc[-1])
        spared = 1.0 - made / (front * len(table))
        end = "" if self.reached else f" The {100 * self.confidence:g}% asked for is not reached."
        return (
            f"{self.ranking}\n{made:,} runs in {front:,} replications, {100 * spared:.0f}% fewer "
            f"than all policies in all of them.{end}"
        )

    def __repr__(self) -> str:
        return str(self)


def select(
    experiment: Experiment,
    metric: str,
    group: str = WHOLE,
    *,
    confidence: float = 0.95,
    indifference: float = 0.0,
    first: int = 10,
    step: int = 10,
    cap: int = 500,
    workers: int | None = None,
    client: Client | None = None,
    progress: bool = False,
) -> Selection:
    """Run an experiment's policies until it is sure which is best, or to a cap.

    Parameters
    ----------
    experiment
        Its policies are the candidates; its number of replications plays no part.
    metric, group
        By what they are judged, in its better direction.
    confidence
        How sure to be: the probability that no policy beats the leader by more than the
        indifference, between 0 and 1.
    indifference
        A difference that would not matter, in the metric's unit. Without one, two policies that
        are truly alike are run to the cap.
    first, step, cap
        Replications before the first look, in each round after it, and at most.
    workers, client, progress
        As in :meth:`localsim.Experiment.run`.

    Raises LocalsimError if the metric has no better direction, or there is but one policy.
    """
    one_of("metric", metric, experiment.metrics or _metrics())

    from localsim.experiment import runner
    from localsim.experiment.units import Unit

    if experiment.design is not None:
        raise LocalsimError("give an experiment without a design: policies are ranked as they are.")
    plan = experiment.plan
    names = [policy.name for policy in experiment.policies]

    def perform(numbers: range, who: list[str]) -> pd.DataFrame:
        # The plan of fewer policies: the same borders, warm-up and luck as for all of them.
        part = replace(plan, policies=tuple(p for p in plan.policies if p.name in who))
        units = (Unit(number) for number in numbers)
        rows: dict[int, dict[str, float]] = {}
        with Progress("select", len(numbers), "replication", shown=progress) as bar:
            each = runner.stream(part, units, len(numbers), workers=workers, client=client)
            for one in each:
                for failure in one.failures:
                    raise LocalsimError(
                        f"{failure.policy} failed in replication {one.unit.replication}, and what "
                        f"failed cannot be ranked: {failure.error}"
                    )
                rows[one.unit.replication] = {
                    run.policy: _read(run, metric, group) for run in one.runs
                }
                bar.done(1, 0)
        return pd.DataFrame.from_dict(rows, orient="index").sort_index()

    return selected(
        perform,
        names,
        metric,
        group,
        _metrics()[metric],
        confidence=confidence,
        indifference=indifference,
        first=first,
        step=step,
        cap=cap,
    )


def _read(run: Run, metric: str, group: str) -> float:
    found = {where: value for (what, where), value in zip(run.rows, run.numbers, strict=True)
             if what == metric}  # fmt: skip
    return float(found[one_of("group", group, found)])


def _metrics() -> dict[str, str]:
    """Return the unit of every metric there is."""
    from localsim.metrics import METRICS

    return {name: found.unit for name, found in METRICS.items()}


def selected(
    perform: Perform,
    names: list[str],
    metric: str,
    group: str,
    unit: str,
    *,
    confidence: float = 0.95,
    indifference: float = 0.0,
    first: int = 10,
    step: int = 10,
    cap: int = 500,
) -> Selection:
    """Do what :func:`select` does, with runs from anywhere: ``perform(replications, policies)``."""
    if not 0.0 < finite("confidence", confidence) < 1.0:
        raise LocalsimError(f"confidence is {confidence}; it lies between 0 and 1, such as 0.95.")
    whole("first", first, 2, MOST_REPLICATIONS)
    whole("step", step, 1, MOST_REPLICATIONS)
    whole("cap", cap, first, MOST_REPLICATIONS)
    sign = -1.0 if direction(metric) == "higher" else 1.0
    wide = perform(range(first), names).reindex(columns=names)
    ranked(wide, metric, group, unit, indifference=indifference)  # refuses before more is run
    rounds = []
    while True:
        badness = sign * wide.to_numpy(dtype=np.float64)
        done, reached = int(wide.index.max()) + 1, sure(badness, indifference)
        leader = names[standing(badness)[0]]
        counts = wide.notna().sum()
        rounds.append({"replications": done, "leader": leader, "sure": reached, **counts})
        more = min(step, cap - done)
        if reached >= confidence or more <= 0:
            break
        quota = allocation(badness, indifference, more)
        if (quota > 0).sum() < 2:  # nothing is left to be learnt about any rival
            break
        parts = [perform(numbers, who) for numbers, who in _blocks(done, quota, names)]
        wide = pd.concat([wide, *parts]).reindex(columns=names)
    ranking = ranked(wide, metric, group, unit, indifference=indifference)
    return Selection(ranking, confidence, pd.DataFrame(rounds))


def allocation(badness: Floats, indifference: float, more: int) -> Counts:
    """Return in how many of the next ``more`` replications each policy takes part.

    Parameters
    ----------
    badness
        float64[replications, policies], lower is better; NaN where a policy took no part.
    indifference
        Distances are taken to be at least this.
    more
        How many replications come next.

    Returns
    -------
    numpy.ndarray
        int64[policies]. The leader takes part in all; rival i in proportion to
        (s_i / distance_i)², s_i the standard deviation of its paired difference from the leader,
        the largest of these in all, after what each has had already. A rival whose difference
        never varies takes no further part: its distance is known.
    """
    leader, behind, se, n = standing(badness)
    spread = se * np.sqrt(n)
    spread[leader] = 0.0
    if not spread.any():
        return np.zeros(n.size, dtype=np.int64)
    # A distance of nothing is near beyond measure: a millionth of the noise will do for it.
    distance = np.maximum(np.maximum(behind, indifference), 1e-6 * spread.max())
    weight = (spread / distance) ** 2
    share = weight / weight.max()
    had = np.isfinite(badness).sum(axis=0)
    target = np.ceil(share * (had[leader] + more))
    quota: Counts = np.clip(target - n, 0, more).astype(np.int64)
    quota[leader] = more if quota.any() else 0
    return quota


def _blocks(start: int, quota: Counts, names: list[str]) -> Iterator[tuple[range, list[str]]]:
    """Yield runs of neighbouring replications with the policies that take part in them."""
    edges = sorted({0, *quota.tolist()})
    for low, high in pairwise(edges):
        who = [name for name, share in zip(names, quota, strict=True) if share > low]
        yield range(start + low, start + high), who
