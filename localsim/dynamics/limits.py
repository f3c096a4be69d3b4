"""What a world can be asked to hold: rates that can be followed, sums that can be counted."""

from __future__ import annotations

from typing import TYPE_CHECKING

from localsim.errors import LocalsimError

if TYPE_CHECKING:
    from localsim.dynamics.facts import Facts

# Every event is followed by itself, so that endless ones would take endless time.
MOST_A_MONTH = 10_000.0
# Beyond this a float64, added to for decades, no longer holds half a penny.
MOST_GBP_A_YEAR = 1e11


def check_limits(facts: Facts) -> None:
    """Refuse, in a sentence, a world that no run could come through."""
    for theme in facts.casework:
        onset = facts.value(f"{theme.name}.onset_per_year")
        _refuse(f"{theme.name}.onset_per_year", onset, 12.0 * MOST_A_MONTH)
        for severity in theme.severities:
            name = f"{theme.name}.crisis_per_month.{severity}"
            _refuse(name, facts.value(name), MOST_A_MONTH)
    total = float(facts.historic_gbp.sum())
    if total > MOST_GBP_A_YEAR:
        raise LocalsimError(
            f"The budgets of {facts.place.name} sum to £{total:,.0f} a year; money is counted to "
            f"the penny up to £{MOST_GBP_A_YEAR:,.0f}."
        )
    desks = {theme.agency for theme in facts.casework if theme.desk}
    lost = facts.value("doors.misdirection") == 1.0 and facts.value("doors.drop") == 0.0
    if lost and len(desks) > 2:
        raise LocalsimError(
            "With the assumptions 'doors.misdirection' at 1 and 'doors.drop' at 0 nobody would "
            "ever reach the right desk; lower the one or raise the other."
        )


def _refuse(name: str, rate: float, most: float) -> None:
    if rate > most:
        raise LocalsimError(
            f"Assumption {name!r} is {rate:g}; up to {most:,.0f} can be followed, event by event."
        )
