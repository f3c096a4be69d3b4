"""Whole people from margins: each area's residents, every margin met exactly.

Integer microsynthesis (Lovelace and Ballas 2013; Smith, Lovelace and Birkin 2017) with
humanleague: iterative proportional fitting gives an area's fractional table, its whole part is
taken, and `qisi` (quasirandom integer sampling of the fit) deals the rest. Six questions at once
would be over a thousand cells an area, so they are answered in a chain of two-way tables, each
conditional on the answers that matter most to it:

    activity given age -> deprived given age and activity -> tenure given stage and deprived
    -> ethnic group given stage and tenure, and health given stage and deprived,

where a stage of life is an age band, those under 18 together.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from localsim.place.margins import (
    ACTIVITIES,
    AGES,
    CHILD_AGES,
    MARGINS,
    MINOR_AGES,
    TENURES,
    Floats,
    Ints,
)

STAGES = np.maximum(np.arange(len(AGES)) - (MINOR_AGES - 1), 0)  # of each age band
N_STAGES = int(STAGES[-1]) + 1
_BANDS, _ACTIVITIES, _TENURES = len(AGES), len(ACTIVITIES), len(TENURES)
_LEAST = 0.02  # least weight a cell that may hold people has in the dealing of the rest
_SLACK = 1e-6  # the fit is good to this: a cell so little below a whole number is that number


class Tables(NamedTuple):
    """Joint counts of one area, each int64 with the axes its name says."""

    age_deprived_activity: Ints
    stage_deprived_tenure: Ints
    stage_tenure_ethnic_group: Ints
    stage_deprived_health: Ints


def _association() -> dict[str, Floats]:
    """Return seed weights: how much likelier than by chance each pair of answers is.

    Zeros are structural: residents under 16 are exactly the children. The other weights are
    rounded, unsourced judgements of direction and rough size; they shape who is who, never how
    many, which the margins alone decide.
    """
    activity = np.ones((_BANDS, _ACTIVITIES))
    activity[:CHILD_AGES, 1:] = 0
    activity[CHILD_AGES:, 0] = 0
    activity[2] = 0, 0.35, 1.5, 3.0  # 16-17: mostly at school
    activity[3, 2] = 1.8  # 18-29: unemployment
    activity[6] = 0, 0.05, 0.03, 4.0  # 65+: mostly retired
    deprived = np.ones((_BANDS, _ACTIVITIES, 2))
    deprived[:, :, 1] = 1.6, 0.4, 5.0, 2.0  # by activity
    deprived[6, :, 1] = 1.0  # retirement is not worklessness
    tenure = np.ones((N_STAGES, 2, _TENURES))
    tenure[:, 1] = 0.3, 3.0, 1.2, 1.0  # the income-deprived rent, mostly from social landlords
    tenure[1] *= 0.7, 1.0, 2.0, 1.0  # 18-29
    tenure[4] *= 2.0, 1.0, 0.3, 1.0  # 65+
    ethnic_group = np.ones((N_STAGES, _TENURES, 2))
    ethnic_group[:2, :, 1] = 1.3  # under 30
    ethnic_group[4, :, 1] = 0.4  # 65+
    health = np.ones((N_STAGES, 2, 3))
    worse = ((0.2, 0.1), (0.5, 0.3), (0.8, 0.6), (2.0, 2.0), (5.0, 5.0))  # fair, bad by stage
    health[:, :, 1:] = np.array(worse)[:, None, :]
    health[:, 1, 1:] *= 1.6, 2.5
    return {
        "activity": activity,
        "deprived": deprived.reshape(-1, 2),
        "tenure": tenure.reshape(-1, _TENURES),
        "ethnic_group": ethnic_group.reshape(-1, 2),
        "health": health.reshape(-1, 3),
    }


ASSOCIATION = _association()


def two_way(rows: Ints, columns: Ints, weights: Floats) -> Ints:
    """Return a table of whole numbers, int64[r, c], with exactly these sums, close to the fit.

    `rows` int64[r] and `columns` int64[c] have the same total; `weights` float64[r, c] say which
    cells are likelier, zero meaning never. Where the sampler finds no table, what the fit left
    over is filled in order (the north-west corner rule), which meets the sums and keeps the zeros
    of `weights` when those lie in blocks along the diagonal, as children's do.
    """
    import humanleague

    axes = ([0], [1])
    # humanleague reads memory in C order whatever the strides say.
    seed = np.ascontiguousarray(weights, dtype=np.float64)
    sums = [np.ascontiguousarray(s, dtype=np.float64) for s in (rows, columns)]
    fit = np.nan_to_num(np.asarray(humanleague.ipf(seed, axes, sums)[0]))
    table: Ints = np.floor(fit + _SLACK).astype(np.int64)
    if (table.sum(axis=1) > rows).any() or (table.sum(axis=0) > columns).any():
        table[:] = 0  # the fit did not converge: all are dealt
    rest_rows, rest_columns = rows - table.sum(axis=1), columns - table.sum(axis=0)
    some = np.flatnonzero(rest_rows).tolist()
    if not some:
        return table
    chance = np.where(seed > 0, np.maximum(fit - table, _LEAST), 0.0)[some]
    left = [np.ascontiguousarray(rest) for rest in (rest_rows[some], rest_columns)]
    sampled = humanleague.qisi(np.ascontiguousarray(chance), axes, left)[0]
    dealt = np.rint(np.asarray(sampled)).astype(np.int64)
    if not (
        np.array_equal(dealt.sum(axis=1), left[0])
        and np.array_equal(dealt.sum(axis=0), left[1])
        and dealt.min() >= 0
        and not dealt[chance == 0].any()
    ):
        dealt = in_order(*left)
    table[some] += dealt
    return table


def in_order(rows: Ints, columns: Ints) -> Ints:
    """Fill a table from its first cell on, int64[r, c]: the north-west corner rule."""
    row_end, column_end = np.cumsum(rows)[:, None], np.cumsum(columns)[None, :]
    end = np.minimum(row_end, column_end)
    start = np.maximum(row_end - rows[:, None], column_end - columns[None, :])
    table: Ints = np.maximum(end - start, 0)
    return table


def area_tables(margins: dict[str, Ints]) -> Tables:
    """Return the joint tables of one area from its margins, each int64[categories]."""
    activity = two_way(margins["age"], margins["activity"], ASSOCIATION["activity"])
    deprived = two_way(activity.ravel(), margins["deprived"], ASSOCIATION["deprived"])
    by_deprived = deprived.reshape(_BANDS, _ACTIVITIES, 2).transpose(0, 2, 1)
    in_band = by_deprived.sum(axis=2)
    groups = np.concatenate([in_band[:MINOR_AGES].sum(axis=0, keepdims=True), in_band[MINOR_AGES:]])
    groups = groups.ravel()
    tenure = two_way(groups, margins["tenure"], ASSOCIATION["tenure"])
    tenure = tenure.reshape(N_STAGES, 2, _TENURES)
    homes = tenure.sum(axis=1).ravel()
    ethnic_group = two_way(homes, margins["ethnic_group"], ASSOCIATION["ethnic_group"])
    health = two_way(groups, margins["health"], ASSOCIATION["health"])
    return Tables(
        np.ascontiguousarray(by_deprived),
        tenure,
        ethnic_group.reshape(N_STAGES, _TENURES, 2),
        health.reshape(N_STAGES, 2, 3),
    )


def all_tables(margins: dict[str, Ints]) -> Tables:
    """Return the joint tables of all areas, each with areas as its first axis.

    `margins[name]` is int64[areas, categories]. Areas with the same margins have the same tables,
    worked out once.
    """
    names = list(MARGINS)
    widths = np.cumsum([margins[name].shape[1] for name in names])[:-1]
    distinct, which = np.unique(
        np.concatenate([margins[name] for name in names], axis=1), axis=0, return_inverse=True
    )
    made = [area_tables(dict(zip(names, np.split(row, widths), strict=True))) for row in distinct]
    return Tables(*(np.stack(tables)[which.ravel()] for tables in zip(*made, strict=True)))


def labels(counts: Ints) -> NDArray[np.int8]:
    """Return the last-axis category of each counted resident, int8[sum], in order."""
    categories = np.broadcast_to(np.arange(counts.shape[-1], dtype=np.int8), counts.shape)
    return np.repeat(categories.ravel(), counts.ravel())
