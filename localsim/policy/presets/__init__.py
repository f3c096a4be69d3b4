"""The policies by name, each with what the document it comes from says.

Each is built of answers alone. Where a document leaves a question open, the status quo's answer
stands.
"""

from __future__ import annotations

from collections.abc import Callable

from localsim.policy.policy import Policy
from localsim.policy.presets.centre import (
    needs_formula,
    outcome_budgeting,
    silo_budgeting,
    status_quo,
    top_down,
)
from localsim.policy.presets.council import (
    asset_transfer,
    citizens_hub,
    coordinated_care,
    one_council,
    prudential_borrowing,
    shared_services,
)
from localsim.policy.presets.local import (
    local_integrated_services,
    neighbourhoods_1994,
    participatory_budgeting,
    personal_budgets,
    young_mayor,
)
from localsim.policy.presets.partners import (
    city_region,
    earned_autonomy,
    local_area_agreement,
    multi_area_agreement,
    place_based_budget,
)

PRESETS: dict[str, Callable[[], Policy]] = {
    "status_quo": status_quo,
    "top_down": top_down,
    "needs_formula": needs_formula,
    "silo_budgeting": silo_budgeting,
    "outcome_budgeting": outcome_budgeting,
    "neighbourhoods_1994": neighbourhoods_1994,
    "one_council": one_council,
    "place_based_budget": place_based_budget,
    "local_integrated_services": local_integrated_services,
    "coordinated_care": coordinated_care,
    "citizens_hub": citizens_hub,
    "shared_services": shared_services,
    "personal_budgets": personal_budgets,
    "local_area_agreement": local_area_agreement,
    "multi_area_agreement": multi_area_agreement,
    "city_region": city_region,
    "participatory_budgeting": participatory_budgeting,
    "asset_transfer": asset_transfer,
    "earned_autonomy": earned_autonomy,
    "prudential_borrowing": prudential_borrowing,
    "young_mayor": young_mayor,
}
"""Every named policy, in the order of the story."""

__all__ = [
    "PRESETS",
    "asset_transfer",
    "citizens_hub",
    "city_region",
    "coordinated_care",
    "earned_autonomy",
    "local_area_agreement",
    "local_integrated_services",
    "multi_area_agreement",
    "needs_formula",
    "neighbourhoods_1994",
    "one_council",
    "outcome_budgeting",
    "participatory_budgeting",
    "personal_budgets",
    "place_based_budget",
    "prudential_borrowing",
    "shared_services",
    "silo_budgeting",
    "status_quo",
    "top_down",
    "young_mayor",
]
