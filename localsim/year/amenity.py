"""Amenities: what a shared good is worth, here and next door, and what it prevents."""

from __future__ import annotations

import numpy as np

from localsim.dynamics.columns import Array
from localsim.dynamics.facts import Facts
from localsim.place import Place
from localsim.themes import Amenity, Quadratic

FLOOR = 1e-6  # of the historic spending a head, below which an amenity is as good as none


def true_values(facts: Facts) -> Array:
    """Return the marginal value v of each amenity in each area, float64[A, J], a head and year."""
    values = np.empty((len(facts.place.codes), len(facts.amenities)))
    for j, theme in enumerate(facts.amenities):
        if theme.area_values is not None:
            values[:, j] = theme.area_values
            continue
        sd = facts.value(f"{theme.name}.value_sd_between")
        draw = facts.draw(f"{theme.name}/value of the area", 0)
        values[:, j] = facts.value(f"{theme.name}.value_gbp") * np.exp(sd * draw - 0.5 * sd**2)
    return values


def signals(facts: Facts, values: Array, year: int) -> Array:
    """Return the values as the record shows them: with noise, float64[A, J]."""
    noise = facts.value("record.noise_sd")
    if noise == 0.0:
        return values.copy()
    seen = values.copy()
    for j, theme in enumerate(facts.amenities):
        draw = facts.draw(f"{theme.name}/record", year)
        seen[:, j] *= np.exp(noise * draw - 0.5 * noise**2)
    return seen


def spill(place: Place, own: Array, kappa: float) -> Array:
    """Return (1 − κ)·own + κ·mean over neighbours, float64[A]; without neighbours, own."""
    offsets, index = place.neighbour_offsets, place.neighbour_index
    degree = np.diff(offsets)
    rows = np.repeat(np.arange(degree.size), degree)
    around = np.bincount(rows, weights=own[index], minlength=degree.size)
    mixed: Array = np.where(
        degree > 0, (1.0 - kappa) * own + kappa * around / np.maximum(degree, 1), own
    )
    return mixed


def counted(facts: Facts, units: Array, theme: Amenity, parties: Array) -> Array:
    """Return the share of an amenity's benefit that each unit (int64[A]) counts, float64[U].

    `parties` int64[A] is the same for areas whose gains are counted together: a unit's own, or
    those of all who agreed.
    """
    place, kappa = facts.place, facts.value(f"{theme.name}.kappa")
    people = place.residents.astype(np.float64)
    degree = np.diff(place.neighbour_offsets)
    rows = np.repeat(np.arange(degree.size), degree)
    same = (parties[rows] == parties[place.neighbour_index]).astype(np.float64)
    inside = np.bincount(rows, weights=same, minlength=degree.size) / np.maximum(degree, 1)
    kept = np.where(degree > 0, 1.0 - kappa + kappa * inside, 1.0) * people
    total = np.bincount(units, weights=people)
    share: Array = np.bincount(units, weights=kept) / np.maximum(total, 1e-300)
    return share


def neighbours(place: Place, units: Array, areas: Array) -> int:
    """Return how many neighbours the units within some areas (bool[A]) have there, each counted."""
    offsets, index = place.neighbour_offsets, place.neighbour_index
    rows = np.repeat(np.arange(areas.size), np.diff(offsets))
    within = areas[rows] & areas[index] & (units[rows] != units[index])
    pairs = np.stack([units[rows][within], units[index][within]])
    return int(np.unique(pairs, axis=1).shape[1])


def benefit_gbp(facts: Facts, values: Array, spend_gbp: Array) -> Array:
    """Return the true benefit a year of each amenity in each area, float64[A, J], in pounds.

    Benefit of log amenities is counted from the historic spending a head.
    """
    people = facts.place.residents.astype(np.float64)
    benefit = np.zeros_like(values)
    for j, theme in enumerate(facts.amenities):
        kappa = facts.value(f"{theme.name}.kappa")
        level = spend_gbp[:, j] / np.maximum(people, 1.0)
        v = values[:, j]
        if isinstance(theme.benefit, Quadratic):
            linear = v * spill(facts.place, level, kappa)
            bend = theme.benefit.b / 2.0 * spill(facts.place, level**2, kappa)
            benefit[:, j] = people * (linear - bend)
            continue
        reference = _reference(facts, j)
        utility = np.log(np.maximum(level, FLOOR * reference) / reference)
        benefit[:, j] = people * v * spill(facts.place, utility, kappa)
    return benefit


def _reference(facts: Facts, j: int) -> float:
    t = int(facts.amenity_index[j])
    return float(facts.historic_gbp[:, t].sum() / facts.place.residents.sum()) or 1.0


def prevention(facts: Facts, spend_gbp: Array) -> Array:
    """Return what amenities make of the onset of need, float64[A]: one at historic spending.

    (max(g, floor)/g_ref)^−π, g the geometric mean here and next door over the same weights.
    """
    people = np.maximum(facts.place.residents.astype(np.float64), 1.0)
    factor = np.ones(people.size)
    for j, theme in enumerate(facts.amenities):
        elasticity = facts.value(f"{theme.name}.prevention")
        if elasticity == 0.0:
            continue
        reference = _reference(facts, j)
        level = np.maximum(spend_gbp[:, j] / people, 0.01 * reference) / reference
        kappa = facts.value(f"{theme.name}.kappa")
        factor *= np.exp(-elasticity * spill(facts.place, np.log(level), kappa))
    return factor
