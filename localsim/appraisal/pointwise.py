"""Paired differences at every point of a design: what sensitivity, tipping and discovery read."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from localsim.appraisal import inputs
from localsim.appraisal.inputs import ResultsLike
from localsim.errors import LocalsimError
from localsim.experiment.validate import one_of

if TYPE_CHECKING:
    from localsim.experiment import Experiment

Floats = NDArray[np.float64]


def the_policy(policies: list[str], baseline: str, policy: str | None) -> str:
    """Return the policy that is compared: the one named, or the only one there is."""
    others = [name for name in policies if name != baseline]
    if policy is not None:
        return one_of("policy", policy, others)
    if len(others) != 1:
        raise LocalsimError(
            f"there are {len(others)} policies to compare with {baseline!r}; say which with "
            "policy=…."
        )
    return others[0]


def values_by_point(results: ResultsLike, metric: str, group: str, policy: str) -> pd.DataFrame:
    """Return a policy's metric, points × replications; NaN where missing.

    Raises LocalsimError if the results hold no such metric, group or policy.
    """
    table = results.table
    one_of("metric", metric, table["metric"].astype(str).unique())
    table = table[table["metric"] == metric]
    one_of("group", group, table["group"].astype(str).unique())
    one_of("policy", policy, inputs.policies_of(results))
    table = table[(table["group"] == group) & (table["policy"] == policy)]
    if "point" not in table.columns:
        table = table.assign(point=0)
    return table.pivot_table(index="point", columns="replication", values="value", observed=True)


def differences_by_point(
    results: ResultsLike, metric: str, group: str, policy: str, baseline: str
) -> pd.DataFrame:
    """Return paired differences, policy less baseline, points × replications; NaN where missing.

    Raises LocalsimError if the results hold no such metric, group or policy.
    """
    ours = values_by_point(results, metric, group, policy)
    return ours - values_by_point(results, metric, group, baseline)


def complete(found: pd.DataFrame, points: int, replications: int, why: str) -> Floats:
    """Return differences as float64[points, replications], or refuse where one is missing.

    An index over points is a sum over all of them: one that is missing makes every index wrong,
    and libraries do not say so.
    """
    found = found.reindex(index=range(points), columns=range(replications))
    values = found.to_numpy(dtype=np.float64)
    missing = ~np.isfinite(values)
    if missing.any():
        point, replication = np.argwhere(missing)[0]
        raise LocalsimError(
            f"{int(missing.sum()):,} of {missing.size:,} differences are missing (the first: point "
            f"{point}, replication {replication}), and {why} needs all of them: see "
            "results.failures, mend what failed or narrow its range, and run again."
        )
    return values


def optional(module: str, extra: str, package: str) -> Any:
    """Return a module of a package that an extra brings, or say how to install it."""
    try:
        return importlib.import_module(module)
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] != module.partition(".")[0]:
            raise
        raise LocalsimError(f"{extra} needs {package}: pip install 'localsim[{extra}]'.") from None


def points_of(experiment: Experiment, keys: list[int]) -> pd.DataFrame:
    """Return the values of a design at some points: a row a point, a column a name."""
    design = experiment.design
    if design is None:
        return pd.DataFrame(index=pd.Index(keys, name="point"))
    rows = [design.point(key) for key in keys]
    return pd.DataFrame(rows, index=pd.Index(keys, name="point"), columns=list(design.columns))


def explored(experiment: Experiment, keys: pd.MultiIndex) -> pd.DataFrame:
    """Return what was different about each point and replication: a row each, a column a name.

    Columns are the design's, and, where assumptions were sampled, every assumption whose draws
    differ. ``keys`` holds pairs of point and replication.
    """
    points = points_of(experiment, sorted(keys.unique("point")))
    found = points.loc[keys.get_level_values("point")].set_axis(keys, axis=0)
    if not experiment.sampled:
        return found
    drawn: dict[int, Mapping[str, Any]] = {}
    for replication in sorted(keys.unique("replication")):
        numbers = experiment.plan.assumptions_of(int(replication))
        drawn[int(replication)] = {name: numbers.value(name) for name in numbers.names}
    world = pd.DataFrame.from_dict(drawn, orient="index")
    varied = (world != world.iloc[0]).any()
    world = world.loc[:, varied & ~world.columns.isin(points.columns)]
    beside = world.loc[keys.get_level_values("replication")].set_axis(keys, axis=0)
    return pd.concat([found, beside], axis=1)
