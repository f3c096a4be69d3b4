"""What must change nothing: a second name, swapped labels, an unrelated theme, other workers."""

from __future__ import annotations

import math
from collections.abc import Hashable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from localsim.appraisal import appraise
from localsim.assumptions import Assumptions
from localsim.check import inputs
from localsim.check.world import frictionless, read
from localsim.errors import LocalsimError
from localsim.experiment.experiment import Experiment
from localsim.model import Model
from localsim.place import Place
from localsim.policy.policy import Policy
from localsim.policy.presets import local_integrated_services, top_down
from localsim.themes import Casework, Theme, default_themes

if TYPE_CHECKING:
    from pandas import DataFrame

Figures = dict[tuple[int, str, str], float]
"""A number by replication, metric and group."""


@dataclass(frozen=True)
class Difference:
    """The largest absolute difference in any metric and group; `exact` says that it is zero."""

    difference: float
    exact: Mapping[str, float]


def _nought(difference: float) -> Difference:
    return Difference(difference, {"difference": 0.0})


def largest_gap[K: Hashable](one: Mapping[K, float], other: Mapping[K, float]) -> float:
    """Return the largest absolute difference; infinite where one has an entry the other lacks."""
    if one.keys() != other.keys():
        return math.inf
    return max((abs(value - other[key]) for key, value in one.items()), default=0.0)


def identical_policies(
    place: Place | None = None, policy: Policy | None = None, *, years: int = 1, seed: int = 0
) -> Difference:
    """Run the same policy under two names and return the largest difference in any metric.

    By default `local_integrated_services` in Norbiton, assumptions drawn from their ranges.
    Exactly 0.0.
    """
    chosen = local_integrated_services() if policy is None else policy
    if not isinstance(chosen, Policy):
        raise LocalsimError(f"policy must be a Policy, not {chosen!r}.")
    twins = [replace(chosen, name="one"), replace(chosen, name="other")]
    experiment = Experiment(
        place or Place.norbiton(), twins, years, 2, seed, warmup_years=1, name="identical policies"
    )
    table = experiment.run(progress=False, workers=1).table
    one, other = (_figures(table[table["policy"] == twin.name]) for twin in twins)
    return _nought(largest_gap(one, other))


def label_swap(place: Place | None = None, *, years: int = 1, seed: int = 0) -> Difference:
    """Appraise a policy against another, then with their names swapped; return what is left.

    The two differences of every metric are added; each should be the other's negative, so that
    the largest sum is exactly 0.0. By default top-down and One Norbiton in Norbiton.
    """
    found = []
    for names in (("a", "b"), ("b", "a")):
        pair = [
            replace(policy, name=name)
            for policy, name in zip((top_down(), local_integrated_services()), names, strict=True)
        ]
        experiment = Experiment(
            place or Place.norbiton(), pair, years, 2, seed, warmup_years=1, name="label swap"
        )
        results = experiment.run(progress=False, workers=1)
        rows = appraise(results, baseline="a").differences
        keys = zip(rows["metric"], rows["group"], strict=True)
        found.append(dict(zip(keys, rows["difference"].astype(float), strict=True)))
    return _nought(largest_gap(found[0], {key: -value for key, value in found[1].items()}))


def unrelated_theme(
    place: Place | None = None, *, years: int = 2, seed: int = 0, world: Assumptions | None = None
) -> Difference:
    """Add a theme, and a policy, that have nothing to do with the rest; return what changed.

    The theme is casework of an agency of its own without a desk. The world couples no needs,
    moves no trust, charges no overheads and pools no money (there is no warm-up, in which
    committees would), through which anything would touch everything. Every metric of every other
    theme, and of a policy that another is run beside, is compared: exactly 0.0. By default
    Norbiton.
    """
    where = place or Place.norbiton()
    noisy = {"record.noise_sd": 0.1, "hidden.effect": 0.5, "doors.misdirection": 0.2}
    numbers = world or frictionless(noisy)
    themes = default_themes()
    stranger = Casework("stranger", "a stranger", agency="elsewhere", desk=False)
    policy = Policy("silo", tier="authority")
    with_it, without = (
        _themewise(Model(where, policy, seed=seed, themes=these, assumptions=numbers,
                         warmup_years=0), themes, years)
        for these in ((stranger, *themes), themes)
    )  # fmt: skip
    alone, beside = (
        Experiment(where, policies, years, 1, seed, numbers, warmup_years=1, name="alone")
        .run(progress=False, workers=1)
        .table
        for policies in ([policy], [top_down(), policy])
    )
    beside = beside[beside["policy"] == policy.name]
    return _nought(
        max(largest_gap(with_it, without), largest_gap(_figures(alone), _figures(beside)))
    )


def _themewise(model: Model, themes: tuple[Theme, ...], years: int) -> dict[tuple[str, str], float]:
    """Return the metrics of some casework themes and of amenities, after so many years."""
    model.run(years)
    groups = {f"theme: {theme.label or theme.name}" for theme in themes}
    return {
        (metric, group): value
        for (metric, group), value in read(model).items()
        if group in groups or metric == "amenity_benefit_gbp"
    }


def worker_count(
    place: Place | None = None, workers: int = 2, *, years: int = 1, seed: int = 0
) -> Difference:
    """Run an experiment here and on worker processes, and its last replication first.

    Returns the largest difference in any metric: exactly 0.0. By default Norbiton under One
    Norbiton, assumptions drawn from their ranges. Raises `LocalsimError` for fewer than two
    workers.
    """
    several = inputs.whole("workers", workers, least=2, most=10_000)
    policy = local_integrated_services()
    experiment = Experiment(
        place or Place.norbiton(), [policy], years, 4, seed, warmup_years=1, name="worker count"
    )
    last = read(experiment.replay(experiment.replications - 1, policy.name))
    here, there = (experiment.run(progress=False, workers=number).table for number in (1, several))
    table = here[here["replication"] == experiment.replications - 1]
    in_turn = {(metric, group): value for (_, metric, group), value in _figures(table).items()}
    return _nought(max(largest_gap(_figures(here), _figures(there)), largest_gap(in_turn, last)))


def _figures(table: DataFrame) -> Figures:
    """Return one policy's rows of a results table as numbers by what they are of."""
    columns = (table[name].tolist() for name in ("replication", "metric", "group", "value"))
    return {
        (int(number), str(metric), str(group)): float(value)
        for number, metric, group, value in zip(*columns, strict=True)
    }
