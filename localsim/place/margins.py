"""The margins of an area: who lives there, counted in categories, one table a question.

A margin is int64[areas, categories] whose rows sum to the area's residents. Where a place states
no margin, `estimate` derives one from the share of residents who are income-deprived, by the
log-odds lines of `data/margin_estimates.csv` (fitted on London's areas; see `data/README.md`).
"""

from __future__ import annotations

import csv
from functools import cache
from importlib import resources

import numpy as np
from numpy.typing import ArrayLike, NDArray

from localsim.errors import LocalsimError

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

AGES = ("0-10", "11-15", "16-17", "18-29", "30-44", "45-64", "65+")
TENURES = ("owned", "social rented", "private rented", "rent free")
ACTIVITIES = ("child", "employed", "unemployed", "inactive")
DEPRIVED = ("not income-deprived", "income-deprived")
ETHNIC_GROUPS = ("white", "black, asian or minority ethnic")
HEALTHS = ("good", "fair", "bad")
MARGINS: dict[str, tuple[str, ...]] = {
    "age": AGES,
    "tenure": TENURES,
    "activity": ACTIVITIES,
    "deprived": DEPRIVED,
    "ethnic_group": ETHNIC_GROUPS,
    "health": HEALTHS,
}
CHILD_AGES = 2  # the first two age bands are under 16: exactly the "child" of activity
MINOR_AGES = 3  # the first three are under 18
LONDON_INCOME_DEPRIVED_SHARE = 0.138  # Indices of Deprivation 2019, weighted by residents
_IMD_AT_ZERO, _IMD_PER_SHARE = 2.834, 137.2  # line through the same 4,835 areas, R² 0.91
_SHARE_BOUNDS = (0.002, 0.9)  # where the log-odds lines may be read


def apportion(totals: ArrayLike, shares: ArrayLike) -> Ints:
    """Split whole numbers by shares with the largest remainder, exactly.

    `totals` is int64[n], `shares` float64[n, k] of any positive scale; returns int64[n, k] whose
    rows sum to `totals`. Ties go to the earlier category, so equal rows give equal answers.
    """
    total = np.asarray(totals, dtype=np.int64)
    share = np.asarray(shares, dtype=np.float64)
    exact = share / share.sum(axis=1, keepdims=True) * total[:, None]
    whole = np.floor(exact + 1e-9).astype(np.int64)
    left = total - whole.sum(axis=1)
    order = np.argsort(-np.round(exact - whole, 9), axis=1, kind="stable")
    rank = np.empty_like(order)
    np.put_along_axis(rank, order, np.arange(share.shape[1])[None, :], axis=1)
    counts: Ints = whole + (rank < left[:, None])
    return counts


@cache
def _lines() -> dict[tuple[str, str], tuple[float, float]]:
    """Return (margin, category) -> (intercept, slope) on the log odds of income deprivation."""
    table = resources.files("localsim") / "data" / "margin_estimates.csv"
    rows = csv.DictReader(table.read_text(encoding="utf-8").splitlines())
    return {
        (row["margin"], row["category"]): (float(row["intercept"]), float(row["slope"]))
        for row in rows
    }


def log_odds(share: ArrayLike) -> Floats:
    """Return the log odds of shares, held inside the range in which the estimates were fitted."""
    p = np.clip(np.asarray(share, dtype=np.float64), *_SHARE_BOUNDS)
    odds: Floats = np.log(p / (1 - p))
    return odds


def estimate(margin: str, residents: Ints, income_deprived_share: Floats, age: Ints) -> Ints:
    """Estimate a margin, int64[areas, categories], from each area's income-deprived share.

    `age` is the age margin, needed by activity (children are counted, not estimated); pass any
    array for the others. Raises LocalsimError on a name that is no margin.
    """
    if margin not in MARGINS:
        raise LocalsimError(f"there is no margin {margin!r}; they are {', '.join(MARGINS)}.")
    share = np.asarray(income_deprived_share, dtype=np.float64)
    if margin == "deprived":
        return apportion(residents, np.column_stack([1 - share, share]))
    categories = MARGINS[margin][1:] if margin == "activity" else MARGINS[margin]
    lines = np.array([_lines()[margin, category] for category in categories])
    weights = np.exp(lines[:, 0] + log_odds(share)[:, None] * lines[:, 1])
    if margin != "activity":
        return apportion(residents, weights)
    children = age[:, :CHILD_AGES].sum(axis=1)
    return np.column_stack([children, apportion(residents - children, weights)])


def estimate_employment_deprived_share(income_deprived_share: Floats) -> Floats:
    """Estimate the share of working-age residents who are employment-deprived."""
    intercept, slope = _lines()["employment_deprived_share", "log odds"]
    share: Floats = 1 / (1 + np.exp(-(intercept + slope * log_odds(income_deprived_share))))
    return share


def estimate_imd_score(income_deprived_share: Floats) -> Floats:
    """Estimate the Index of Multiple Deprivation 2019 score from the income-deprived share."""
    return np.round(_IMD_AT_ZERO + _IMD_PER_SHARE * np.asarray(income_deprived_share), 3)


def estimate_income_deprived_share(imd_score: Floats) -> Floats:
    """Estimate the income-deprived share from the deprivation score: the same line, inverted."""
    share = (np.asarray(imd_score, dtype=np.float64) - _IMD_AT_ZERO) / _IMD_PER_SHARE
    return np.clip(share, *_SHARE_BOUNDS)
