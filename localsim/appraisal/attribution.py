"""Attribution: a difference between two policies, split over the answers that differ."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from localsim.appraisal import inputs
from localsim.appraisal.differences import paired
from localsim.appraisal.headlines import HEADLINES, NEED
from localsim.appraisal.lattice import PILOT, Lattice, lattice
from localsim.appraisal.shapley import interactions, shapley
from localsim.appraisal.subject import Subject
from localsim.appraisal.wording import (
    INSIDE,
    WHOLE,
    Scale,
    decimals,
    label,
    ordered_groups,
    ordered_metrics,
    rounded,
    title,
)
from localsim.errors import LocalsimError
from localsim.experiment.validate import finite, one_of

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from localsim.appraisal.inputs import ResultsLike
    from localsim.experiment import Experiment

Floats = NDArray[np.float64]

QUESTIONS = {
    PILOT: "a pilot of its own",
    "elsewhere": "what is done elsewhere",
    "tier": "who decides",
    "budgets": "with whose money",
    "listening": "on what evidence",
    "rule": "by which rule",
    "contract": "held to what",
    "access": "through which doors",
    "supply": "by whose hands",
    "counting": "counting whose gains",
    "capital": "with what invested",
    "deal": "by what deal with the centre",
    "devolved": "what is left to another tier",
}


@dataclass(frozen=True, eq=False)
class Attribution:
    """What each answer contributes to the difference of policy `b` from policy `a`.

    Attributes
    ----------
    a, b : str
        The policies' names; differences are b less a.
    table : pandas.DataFrame
        One row a metric, group and answer: columns metric, group, unit, answer, replications,
        value (the Shapley value, averaged over replications), se, low and high. Answers that the
        two share have exactly zero. Over the answers the values sum to the whole.
    whole : pandas.DataFrame
        One row a metric and group, with the whole difference in the same columns.
    interactions : pandas.DataFrame
        One row a metric, group and pair (answer, other): above zero the two add to each other.
    level : float
        Coverage of the intervals, which are Student's over replications of the same luck.
    results : ResultsLike
        The runs of every policy in between.
    """

    a: str
    b: str
    players: tuple[str, ...]
    level: float
    table: pd.DataFrame = field(repr=False)
    whole: pd.DataFrame = field(repr=False)
    interactions: pd.DataFrame = field(repr=False)
    results: ResultsLike = field(repr=False)

    def rows(self, metric: str = NEED, group: str | None = None) -> pd.DataFrame:
        """Return the answers that differ, largest contribution first, of one metric and group.

        The group is the pilot's inside where there is one, else everybody. Raises LocalsimError
        if there is no such metric or group.
        """
        one_of("metric", metric, self.table["metric"].unique())
        groups = self.table.loc[self.table["metric"] == metric, "group"].unique()
        group = self._usual(groups) if group is None else one_of("group", group, groups)
        chosen = (self.table["metric"] == metric) & (self.table["group"] == group)
        rows = self.table[chosen & self.table["answer"].isin(self.players)]
        size = rows["value"].abs().sort_values(ascending=False, kind="stable")
        return rows.loc[size.index].reset_index(drop=True)

    def of_whole(self, metric: str = NEED, group: str | None = None) -> pd.Series:
        """Return the row of the whole difference in one metric and group."""
        rows = self.whole[self.whole["metric"] == one_of("metric", metric, self.whole["metric"])]
        group = self._usual(rows["group"]) if group is None else group
        return rows[rows["group"] == one_of("group", group, rows["group"])].iloc[0]

    def summary(self, metric: str = NEED, group: str | None = None) -> str:
        """Return the attribution of one metric in one group as lines of text."""
        rows, whole = self.rows(metric, group), self.of_whole(metric, group)
        largest = max(rows["value"].abs().max(), abs(whole["value"]), 0.0)
        scale = Scale.of(str(whole["unit"]), float(largest))
        places = max(0, 2 - max(0, -decimals(largest * scale.factor))) if largest > 0.0 else 0
        names = [question(answer) for answer in rows["answer"]]
        width = max(len(name) for name in [*names, "altogether"])

        def line(name: str, row: Any) -> str:
            half = (float(row["high"]) - float(row["low"])) / 2
            sign = rounded(float(row["value"]) * scale.factor, places, signed=True)
            error = f" ± {rounded(half * scale.factor, places)}" if np.isfinite(half) else ""
            return f"  {name:<{width}}  {sign:>10}{error}"

        lines = [
            f"{label(metric)} ({whole['group']}), {title(self.b)} less {title(self.a).lower()}, "
            f"{scale.unit}",
            *(line(name, row) for name, (_, row) in zip(names, rows.iterrows(), strict=True)),
            line("altogether", whole),
            f"Shapley values over {2 ** len(self.players):,} combinations; "
            + Subject.of(self.results).meaning(self.level),
        ]
        return "\n".join(lines)

    def plot(self, metric: str = NEED, group: str | None = None) -> Figure:
        """Return the waterfall from `a` to `b`: see :func:`localsim.plots.waterfall`."""
        from localsim.plots import waterfall  # matplotlib is slow to import

        return waterfall(self, metric, group)

    def _usual(self, groups: Any) -> str:
        present = list(groups)
        return INSIDE if INSIDE in present else WHOLE


def question(answer: str) -> str:
    """Return an answer's question in words; a bundle's own name."""
    return QUESTIONS.get(answer, answer.replace("_", " "))


def attribute(
    experiment: Experiment,
    a: str,
    b: str,
    *,
    bundles: Mapping[str, Iterable[str]] | None = None,
    level: float = 0.95,
    **how: Any,
) -> Attribution:
    """Split the difference between two policies over the answers in which they differ.

    Every policy between the two is run on the same luck (with k answers, 2^k of them) and each
    answer is given its Shapley value: its mean effect over all orders in which the answers could
    be changed. The values sum to the whole.

    Parameters
    ----------
    experiment
        Its place, years, replications, seed and assumptions are used; its metrics, or the
        headline metrics where it keeps all.
    a, b
        Names of two of its policies; the difference is b less a. Where b is a pilot, a is another
        in the same areas or what b keeps elsewhere; then the pilot's border is a step of its own,
        before all others.
    bundles
        Groups of answers to be taken as one, by name: ``{"money": ["budgets", "capital"]}``.
    level
        Coverage of the intervals, between 0 and 1.
    how
        Arguments of :meth:`localsim.Experiment.run`.

    Raises
    ------
    LocalsimError
        If the two cannot be compared, more than eight answers differ, or no replication was
        finished under every policy.
    """
    if not 0 < finite("level", level) < 1:
        raise LocalsimError(
            f"An interval's level must lie between 0 and 1, such as 0.95; got {level!r}."
        )
    known = {policy.name: policy for policy in experiment.policies}
    for name in (a, b):
        one_of("policy", name, known)
    if a == b:
        raise LocalsimError(f"A policy does not differ from itself; {a!r} was named twice.")
    between = lattice(known[a], known[b], bundles)
    results = experiment.replace(
        policies=between.runs,
        metrics=list(experiment.metrics or HEADLINES),
        baseline=between.runs[0].name,
        name=f"{b} less {a}, answer by answer",
    ).run(**how)
    return split(between, results, a, b, level)


def split(
    between: Lattice, results: ResultsLike, a: str, b: str, level: float = 0.95
) -> Attribution:
    """Return the attribution of runs of every policy of a lattice."""
    laid = inputs.wide(results.table)
    names = [policy.name for policy in between.runs]
    missing = [name for name in names if name not in laid.columns.get_level_values(0)]
    keys = [] if missing else [key for key in laid[names[0]].columns if not missing]
    keys = [key for key in keys if all((name, *key) in laid.columns for name in names)]
    cube = {name: laid[name][keys].to_numpy() for name in names} if keys else {}
    whole = np.all([np.isfinite(values).all(axis=1) for values in cube.values()], axis=0)
    if not keys or not whole.any():
        raise LocalsimError(
            "No replication was finished under every policy between the two: nothing can be "
            "attributed. See the results' failures."
        )
    worth = {c: cube[policy.name][whole] for c, policy in between.policies.items()}
    shares = shapley(between.players, worth)
    pairs = interactions(between.players, worth)
    players = between.players
    start = worth[frozenset()]
    if between.before is not None:
        players = (PILOT, *players)
        first = cube[between.before.name][whole]
        shares[PILOT] = start - first
        start = first
    nothing = np.zeros_like(start)
    values = {**shares, **dict.fromkeys(between.shared, nothing)}
    unit = inputs.units(results.table)
    order = _order(keys)

    def tidy(columns: dict[str, str], value: Floats) -> pd.DataFrame:
        found = pd.DataFrame(paired(value, np.zeros_like(value), level))
        frame = pd.DataFrame(keys, columns=["metric", "group"])
        frame["unit"] = frame["metric"].map(unit)
        for name, word in columns.items():
            frame[name] = word
        frame["replications"] = found["replications"]
        frame["value"] = found["difference"]
        frame[["se", "low", "high"]] = found[["se", "low", "high"]]
        return frame.iloc[order]

    def stacked(parts: list[pd.DataFrame]) -> pd.DataFrame:
        rows = pd.concat(parts, ignore_index=True)
        rank = {key: i for i, key in enumerate(keys[i] for i in order)}
        place = [rank[key] for key in zip(rows["metric"], rows["group"], strict=True)]
        return rows.iloc[np.argsort(place, kind="stable")].reset_index(drop=True)

    difference = worth[frozenset(between.players)] - start
    pair_parts = [tidy({"answer": one, "other": two}, v) for (one, two), v in pairs.items()]
    empty = tidy({"answer": "", "other": ""}, nothing).iloc[:0]
    return Attribution(
        a=a,
        b=b,
        players=players,
        level=level,
        table=stacked([tidy({"answer": answer}, value) for answer, value in values.items()]),
        whole=tidy({}, difference).reset_index(drop=True),
        interactions=stacked(pair_parts) if pair_parts else empty,
        results=results,
    )


def _order(keys: list[tuple[str, str]]) -> list[int]:
    """Return the order of metrics and groups that readers are used to."""
    metrics = ordered_metrics(metric for metric, _ in keys)
    groups = ordered_groups(group for _, group in keys)
    return sorted(
        range(len(keys)), key=lambda i: (metrics.index(keys[i][0]), groups.index(keys[i][1]))
    )
