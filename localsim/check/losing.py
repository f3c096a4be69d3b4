"""Where local loses: for each mechanism of localism, a shipped question that a centre wins."""

from __future__ import annotations

import math
from dataclasses import dataclass
from importlib import resources
from importlib.resources.abc import Traversable

import numpy as np

from localsim.errors import LocalsimError, nearest
from localsim.experiment.config import load
from localsim.experiment.experiment import Experiment
from localsim.metrics import METRICS

MECHANISMS = (
    "tailoring", "pooling", "information", "whose_interests", "spillovers", "contract", "routing",
    "supply", "time", "deal",
)  # fmt: skip


@dataclass(frozen=True)
class LocalLoses:
    """By how much the local policy of a shipped question is worse than the less local one.

    `difference` is in the unit of `metric` and is above zero where local is worse, whichever
    direction of the metric is better; `se` is its standard error over `replications`. `local` and
    `comparator` are the policies' names, and `sentence` says it all.
    """

    mechanism: str
    metric: str
    local: str
    comparator: str
    difference: float
    se: float
    replications: int
    sentence: str


def local_loses(
    mechanism: str, replications: int | None = None, seed: int | None = None
) -> LocalLoses:
    """Run the shipped question in which a mechanism of localism makes things worse.

    Parameters
    ----------
    mechanism
        One of `MECHANISMS`: what localism is held to gain by.
    replications, seed
        How often, at least twice, and from which luck; the question's own by default.

    The question is an ordinary config of two policies, the less local one its baseline, and one
    metric that has a better direction. Raises `LocalsimError` for an unknown mechanism, and with
    the first error if a run fails.
    """
    if mechanism not in MECHANISMS:
        raise LocalsimError(
            f"There is no mechanism {mechanism!r}: {nearest(str(mechanism), MECHANISMS)}"
        )
    if mechanism not in shipped():
        raise LocalsimError(
            f"No question is shipped for the mechanism {mechanism!r}; there are: "
            f"{', '.join(shipped())}."
        )
    with resources.as_file(_folder() / f"{mechanism}.yaml") as file:
        asked = load(file)
    return ask(mechanism, asked, replications, seed)


def ask(
    mechanism: str, asked: Experiment, replications: int | None = None, seed: int | None = None
) -> LocalLoses:
    """Run a question of two policies and one metric, and say by how much the local one is worse.

    Raises `LocalsimError` for a question of another form, for fewer than two replications, and if
    a run fails.
    """
    metrics = asked.metrics or ()
    if len(asked.policies) != 2 or len(metrics) != 1 or METRICS[metrics[0]].better is None:
        raise LocalsimError(
            f"{mechanism}: the question needs two policies, and one metric of which less or more "
            f"is better; it has {len(asked.policies)} policies and the metrics "
            f"{', '.join(metrics) or '(all)'}."
        )
    asked = asked.replace(
        replications=asked.replications if replications is None else replications,
        seed=asked.seed if seed is None else seed,
    )
    if asked.replications < 2:
        raise LocalsimError("replications must be two or more: one has no standard error.")
    metric = METRICS[metrics[0]]
    comparator = asked.baseline
    (local,) = (policy.name for policy in asked.policies if policy.name != comparator)
    results = asked.run(progress=False, workers=1)
    if len(results.failures):
        raise LocalsimError(f"{mechanism}: {results.failures['error'].iloc[0]}")
    table = results.pivot(metric.name)
    worse = (table[local] - table[comparator]).to_numpy(dtype=np.float64)
    if metric.better == "higher":
        worse = -worse
    difference, count = float(worse.mean()), worse.size
    error = float(worse.std(ddof=1)) / math.sqrt(count)
    sentence = (
        f"{metric.label}, {metric.unit}: '{local}' does {_said(abs(difference))} "
        f"{'worse' if difference > 0.0 else 'better'} than '{comparator}' "
        f"(standard error {_said(error)}, {count} replications)."
    )
    return LocalLoses(mechanism, metric.name, local, comparator, difference, error, count, sentence)


def shipped() -> tuple[str, ...]:
    """Return the mechanisms for which a question is shipped, in the order of `MECHANISMS`."""
    there = {file.name.removesuffix(".yaml") for file in _folder().iterdir()}
    return tuple(name for name in MECHANISMS if name in there)


def _folder() -> Traversable:
    return resources.files("localsim") / "data" / "local_loses"


def _said(number: float) -> str:
    return f"{number:,.3g}" if abs(number) < 100 else f"{number:,.0f}"
