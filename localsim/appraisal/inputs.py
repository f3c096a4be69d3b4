"""What an appraisal reads: the tidy tables of an experiment, checked before use."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

import numpy as np
import pandas as pd

from localsim.errors import LocalsimError

KEYS = ["replication", "policy", "metric", "group"]


class ResultsLike(Protocol):
    """Anything with the two tidy tables and the description that ``localsim.Results`` has.

    ``table`` has columns replication, policy, metric, group, value and unit; ``series`` has
    replication, policy, metric, group, month and value; ``experiment`` says what was run.
    """

    @property
    def table(self) -> pd.DataFrame:
        """One row a number: replication, policy, metric, group, value, unit."""

    @property
    def series(self) -> pd.DataFrame:
        """One row a month: replication, policy, metric, group, month, value."""

    @property
    def experiment(self) -> Mapping[str, Any]:
        """What was run: place, policies, years, replications, seed, assumptions."""


def wide(table: pd.DataFrame) -> pd.DataFrame:
    """Lay a tidy table out with a row a replication and a column (policy, metric, group).

    Rows and columns are sorted, so nothing later depends on the order of the table's rows.
    Values that are not finite numbers count as missing.

    Raises
    ------
    LocalsimError
        If the table is empty, lacks a column, repeats a key or holds text for a value.
    """
    lacking = [name for name in [*KEYS, "value", "unit"] if name not in table.columns]
    if lacking:
        raise LocalsimError(
            f"The results table has no column {', '.join(map(repr, lacking))}; it needs "
            "replication, policy, metric, group, value and unit."
        )
    if table.empty:
        raise LocalsimError("The results table is empty: there is nothing to appraise.")
    if not pd.api.types.is_numeric_dtype(table["value"]):
        raise LocalsimError(
            f"The results table's values are {table['value'].dtype}, not numbers; "
            "give the column 'value' as floating point."
        )
    repeated = table.duplicated(KEYS)
    if repeated.any():
        first = table.loc[repeated, KEYS].iloc[0].to_dict()
        said = ", ".join(f"{name} {value}" for name, value in first.items())
        raise LocalsimError(
            f"The results table has {int(repeated.sum())} rows twice over (the first: {said}); "
            "each replication, policy, metric and group may appear once."
        )
    tidy = table.assign(**{name: table[name].astype(str) for name in KEYS[1:]})
    laid = tidy.pivot(  # noqa: PD010  (keys are unique here; pivot_table would average repeats)
        index="replication", columns=KEYS[1:], values="value"
    )
    laid = laid.astype(np.float64).sort_index(axis=0).sort_index(axis=1)
    return laid.where(np.isfinite(laid))


def units(table: pd.DataFrame) -> dict[str, str]:
    """Return the unit of each metric in a tidy table, the first in alphabet where they differ."""
    pairs = table[["metric", "unit"]].astype(str).drop_duplicates().sort_values(["metric", "unit"])
    return dict(zip(pairs["metric"][::-1], pairs["unit"][::-1], strict=True))


def planned(results: ResultsLike) -> list[str]:
    """Return the policies that an experiment set out to run, in its order."""
    listed = results.experiment.get("policies", [])
    return [str(item["name"] if isinstance(item, Mapping) else item) for item in listed]


def policies_of(results: ResultsLike) -> list[str]:
    """Return the policies in a results table, in the experiment's order, then by name."""
    order = planned(results)
    present = results.table["policy"].astype(str).unique()
    return sorted(present, key=lambda name: (order.index(name) if name in order else 10**6, name))
