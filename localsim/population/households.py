"""Households: who lives with whom, each with one householder, alike in tenure where possible."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from localsim.place.margins import CHILD_AGES, MINOR_AGES, Floats, Ints

# Relative chances by age band, rounded and unsourced: of an adult heading a household, and of a
# household with that head having dependent children.
_HEADS = np.array([0.01, 0.01, 0.02, 0.45, 1.0, 1.1, 1.3])
_FAMILIES = np.array([0.01, 0.01, 0.01, 0.45, 1.0, 0.55, 0.01])
_COUPLES = 2.5  # chance of children where two or more could head, against one alone
# Norbiton, Census 2011: 1,073 households with dependent children for 2,190 residents under 16.
_UNDER_16_PER_FAMILY = 2
_MOST_PER_FAMILY = 5  # children of one kind for each of its families, on average

Draws = Callable[[str], Floats]


class Homes(NamedTuple):
    """Each resident's household, int64[N], and whether they are its householder, bool[N]."""

    household: Ints
    householder: NDArray[np.bool_]


class _Groups(NamedTuple):
    """Kinds of household in each area (tenure, deprived, ethnic group), in order."""

    of: Ints  # int64[N], each resident's group
    heads: Ints  # int64[G], households headed from the group
    first: Ints  # int64[G], number of its first household
    nearest: Ints  # int64[G], a household for those whose group heads none


def deal(
    area: Ints,
    band: Ints,
    kind: Ints,
    kinds: int,
    households: Ints,
    draws: Draws,
) -> Homes:
    """Deal residents into their area's households, numbered by area.

    `area`, `band` (index into AGES) and `kind` (0 to `kinds` - 1: tenure first, then what else a
    household shares) are int64[N], sorted by area; `households` int64[A], at least one wherever
    somebody lives and at most one a resident; `draws(name)` gives float64[N] in (0, 1). Heads
    are 18 or over unless an area has too few, when the oldest are taken. Households are of one
    kind except where a kind is too small for one of its own. Families share children two
    to a family on average, counted under 16, with older siblings beside them.
    """
    areas = households.size
    may_head = _may_head(area, band, households)
    groups = _groups(area, area * kinds + kind, areas, kinds, may_head, households)
    household = np.empty(area.size, dtype=np.int64)
    householder = np.zeros(area.size, dtype=bool)

    clock = -np.log(draws("householder")) / _HEADS[band]
    candidates = np.flatnonzero(may_head)
    candidates = candidates[np.lexsort((clock[candidates], groups.of[candidates]))]
    rank = _rank(groups.of[candidates])
    is_head = rank < groups.heads[groups.of[candidates]]
    heads = candidates[is_head]
    householder[heads] = True
    household[heads] = groups.first[groups.of[heads]] + rank[is_head]

    others = candidates[~is_head]
    place = groups.of[others]
    spread = np.floor(draws("member")[others] * groups.heads[place]).astype(np.int64)
    own = groups.first[place] + spread
    household[others] = np.where(groups.heads[place] > 0, own, groups.nearest[place])

    children = np.flatnonzero(~may_head)
    if children.size:
        adults = np.bincount(household[candidates], minlength=int(households.sum()))
        chance = _FAMILIES[band[heads]] * np.where(adults[household[heads]] > 1, _COUPLES, 1.0)
        family_clock = -np.log(draws("family")[heads]) / chance
        order = heads[np.lexsort((family_clock, groups.of[heads]))]
        wanted = _families(area, band, children, groups, households, kinds)
        household[children] = _house(
            children, household[order], groups, wanted, draws, area, households
        )
    return Homes(household, householder)


def _rank(sorted_keys: Ints) -> Ints:
    """Return each entry's position within its run of equal keys."""
    position = np.arange(sorted_keys.size)
    starts = np.concatenate([[True], sorted_keys[1:] != sorted_keys[:-1]])[: sorted_keys.size]
    ranks: Ints = position - np.maximum.accumulate(np.where(starts, position, 0))
    return ranks


def _may_head(area: Ints, band: Ints, households: Ints) -> NDArray[np.bool_]:
    """Return who may head a household: adults, or the oldest where adults are too few."""
    adult = band >= MINOR_AGES
    short = np.bincount(area[adult], minlength=households.size) < households
    if not short.any():
        return adult
    order = np.lexsort((-band, area))
    oldest = np.empty(area.size, dtype=bool)
    oldest[order] = _rank(area[order]) < households[area[order]]
    eligible: NDArray[np.bool_] = np.where(short[area], oldest, adult)
    return eligible


def _shared_out(counts: Ints, totals: Ints) -> tuple[Ints, Ints]:
    """Split each row's total in proportion to its counts, int64[A, k]; also what came before.

    Cumulative rounding down: the parts sum to the total, and none exceeds its count so long as
    the total does not exceed the counts' sum.
    """
    running = np.cumsum(counts, axis=1)
    whole = np.maximum(running[:, -1:], 1)
    up_to = running * totals[:, None] // whole
    before = np.concatenate([np.zeros_like(up_to[:, :1]), up_to[:, :-1]], axis=1)
    return up_to - before, before


def _groups(
    area: Ints,
    of: Ints,
    areas: int,
    kinds: int,
    may_head: NDArray[np.bool_],
    households: Ints,
) -> _Groups:
    able = np.bincount(of[may_head], minlength=areas * kinds).reshape(areas, kinds)
    heads, before = _shared_out(able, households)
    start = np.concatenate([[0], np.cumsum(households)[:-1]])[:, None]
    last = np.maximum(households - 1, 0)[:, None]
    return _Groups(
        of,
        heads.ravel(),
        (start + before).ravel(),
        (start + np.minimum(before, last)).ravel(),
    )


def _families(
    area: Ints, band: Ints, children: Ints, groups: _Groups, households: Ints, kinds: int
) -> Ints:
    """Return how many households of each group have children, int64[G]."""
    areas = households.size
    young = children[band[children] < CHILD_AGES]
    count = np.bincount(area[young], minlength=areas)
    any_child = np.bincount(area[children], minlength=areas) > 0
    families = (count + _UNDER_16_PER_FAMILY - 1) // _UNDER_16_PER_FAMILY
    families = np.minimum(np.maximum(families, any_child), households)
    each = np.bincount(groups.of[children], minlength=areas * kinds).reshape(areas, kinds)
    return np.minimum(_shared_out(each, families)[0].ravel(), groups.heads)


def _house(
    children: Ints,
    likeliest: Ints,
    groups: _Groups,
    wanted: Ints,
    draws: Draws,
    area: Ints,
    households: Ints,
) -> Ints:
    """Return the household of each child, int64[children].

    `likeliest` numbers all households, group by group, the likeliest to have children first.
    One child goes to each of the group's wanted families, every further one to any of them. A
    group with no family, or with more children than its families hold, has them spread over all
    households of the area, in the order of kinds.
    """
    luck = draws("child")[children]
    order = np.lexsort((luck, groups.of[children]))
    of = groups.of[children[order]]
    rank, families = _rank(of), wanted[of]
    again = draws("sibling")[children[order]]
    turn = np.where(rank < families, rank, np.floor(again * families).astype(np.int64))
    crowded = np.bincount(of, minlength=wanted.size)[of] > _MOST_PER_FAMILY * families
    where = area[children[order]]
    start = (np.cumsum(households) - households)[where]
    evenly = _rank(where) * households[where] // np.bincount(where)[where]
    # Groups lie in the order of their households, so a group's first household is its first row.
    row = np.minimum(groups.first[of] + turn, likeliest.size - 1)
    housed = np.empty(children.size, dtype=np.int64)
    housed[order] = np.where(crowded, start + evenly, likeliest[row])
    return housed
