"""What the checks share: a world without frictions, places to order, and reading a model."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from localsim.assumptions import Assumptions
from localsim.dynamics.facts import ADULT
from localsim.place import Place
from localsim.place.margins import MARGINS, Ints
from localsim.themes import Amenity, Benefit

if TYPE_CHECKING:
    from localsim.model import Model

_NOUGHT = (
    "needs.coupling", "needs.value_sd_within", "needs.value_sd_yearly", "needs.value_of_own_need",
    "doors.misdirection", "doors.drop", "doors.contact_gbp", "doors.co_location_gbp_per_head",
    "hidden.effect",
    "record.noise_sd", "record.lag_months", "voice.noise_sd",
    "engagement.participant_gbp", "engagement.outreach_gbp_per_head",
    "deciding.gbp_per_decider", "deciding.gbp_per_person", "coordination.gbp_per_partner",
    "coordination.gbp_per_neighbour", "deal.gbp_per_year",
    "capture.nation", "capture.sub_region", "capture.authority", "capture.neighbourhood",
    "capture.area",
    "compliance.gbp_per_item_per_head",
    "contract.target_power", "contract.judgement_power", "contract.speed", "contract.success",
    "contract.relabel_months",
    "supply.fit_sd", "supply.observation_sd", "supply.cost_sd", "supply.grant_loss",
    "supply.lower_pay_share", "sharing.fit_loss", "coproduction.hours_per_month",
    "assets.repair_chance",
    "supply.building_gbp",
    "volunteers.cost_ratio", "volunteers.support_gbp_per_hour", "gifts.warm_glow",
    "tender.authority_gbp", "tender.bidder_gbp", "transition.share_per_answer",
    "trust.gain", "trust.presenting",
    "turnover.owned", "turnover.social_rented", "turnover.private_rented",
    "growth.residents_per_year", "work.vacancies_per_1000_per_year",
)  # fmt: skip


EVERYBODY = {
    "participation.b0": 1e6, "participation.sigma": 0.0, "participation.b_outreach": 0.0,
}  # fmt: skip
"""A world in which all who are asked take part."""


def frictionless(values: Mapping[str, float] | None = None) -> Assumptions:
    """Return a world with every overhead, noise, lag and loss at zero, and pooling at once.

    Spillovers, prevention and crises belong to themes, and are set there. `values` sets
    assumptions over that, by name.
    """
    nought = dict.fromkeys(_NOUGHT, 0.0) | {
        "pooling.willingness": 1.0,
        "doors.lead_service_ratio": 1.0,
    }
    return Assumptions.default().replace(nought | dict(values or {}))


def town(residents: Sequence[int]) -> Place:
    """Return a synthetic place whose areas have these residents and differ in nothing else."""
    return Place.synthetic(list(residents), heterogeneity=0.0, name="check")


def grown_ups(residents: Sequence[int]) -> Place:
    """Return such a place in which everybody is an adult."""
    place = town(residents)
    margins = {name: counts.copy() for name, counts in place.margins.items()}
    margins["age"][:] = 0
    margins["age"][:, ADULT] = place.residents
    margins["activity"][:, 1] += margins["activity"][:, 0]
    margins["activity"][:, 0] = 0
    return replace(place, margins=margins)


def electorate(
    residents: Sequence[int], owners: Sequence[bool] | None = None, neighbourhood_areas: int = 1
) -> Place:
    """Return a synthetic place in which everybody is of voting age.

    All are between 30 and 44, at work, white, healthy, not income-deprived and of one tenure an
    area: owners, or private renters where `owners` says so.
    """
    place = Place.synthetic(
        list(residents),
        heterogeneity=0.0,
        neighbourhood_areas=neighbourhood_areas,
        name="electorate",
    )
    people = place.residents

    def all_are(margin: str, category: str) -> Ints:
        table = np.zeros((people.size, len(MARGINS[margin])), np.int64)
        table[:, MARGINS[margin].index(category)] = people
        return table

    tenure = all_are("tenure", "owned")
    if owners is not None:
        rents = ~np.asarray(owners)
        tenure[rents] = all_are("tenure", "private rented")[rents]
    margins = {
        "age": all_are("age", "30-44"),
        "tenure": tenure,
        "activity": all_are("activity", "employed"),
        "deprived": all_are("deprived", "not income-deprived"),
        "ethnic_group": all_are("ethnic_group", "white"),
        "health": all_are("health", "good"),
    }
    return replace(place, margins=margins, households=people)


def amenity(
    name: str, values: Sequence[float], benefit: Benefit, numbers: Mapping[str, float]
) -> Amenity:
    """Return an amenity of these values by area, with assumptions of its own set to `numbers`."""
    theme = Amenity.of_values(name, values, benefit)
    return replace(theme, values={**theme.values, **numbers})


def read(model: Model) -> dict[tuple[str, str], float]:
    """Return a model's metrics by name and group, since its policy began."""
    from localsim.metrics import measure

    return {(metric, group): value for metric, group, value in measure(model)}
