"""Sets of themes by name: the default one, and what may be asked for instead of it or beside it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from localsim.errors import LocalsimError, nearest
from localsim.themes.themes import Amenity, Casework, Theme, check_themes


def default_themes() -> tuple[Theme, ...]:
    """Return the four themes of One Norbiton and Kingston's co-ordinated health and care."""
    return (
        Casework(
            "work",
            "employment and skills",
            agency="jobcentre",
            indicator="employment-deprived",
            eligible="working age",
            severities=("short", "long"),
            entitlement_payer="Treasury: benefits",
        ),
        Casework(
            "family",
            "family and life chances",
            agency="council",
            indicator="children",
            eligible="families",
            crisis_payer="council: placements",
        ),
        Casework(
            "money",
            "financial support",
            agency="advice centre",
            indicator="income-deprived",
            eligible="householders",
            crisis_payer="council: temporary accommodation",
            entitlement_payer="Treasury: housing benefit",
        ),
        Casework(
            "health",
            "health and care",
            agency="health service",
            indicator="in fair or bad health",
            eligible="everyone",
            severities=("fair", "bad"),
            crisis_payer="NHS: acute care",
        ),
        Amenity("place", "safety, streets and parks", agency="council", indicator="residents"),
    )


def housing() -> Casework:
    """Return an optional theme: households without a home of their own, in temporary ones.

    Add it with ``themes=[*default_themes(), housing()]``. Temporary accommodation is then its
    entitlement, and no longer the crisis of `money`: hold ``money.crisis_gbp`` at zero beside it,
    or homes are paid for twice.
    """
    return Casework(
        "housing",
        "housing",
        agency="housing department",
        indicator="income-deprived",
        eligible="householders",
        entitlement_payer="council: temporary accommodation",
    )


def health_and_care() -> tuple[Theme, ...]:
    """Return the default themes with social care apart from health, and cases that need both.

    Instead of `default_themes()`. Some cases of `health` go on to the council's care team and some
    of these come back; the money of the one line is cut in two as its sources have it. Nobody
    comes to `care` of themselves. What health costs and how often it arises here are assumptions
    of their own, whose names end in ``with_care``. What is pooled or protected by the name of
    health is not care: name both.
    """
    own = ("onset_per_year", "severe_share", "slot_gbp", "budget_gbp_per_indicator")
    health = Casework(
        "health",
        "health",
        agency="health service",
        indicator="in fair or bad health",
        eligible="everyone",
        severities=("fair", "bad"),
        crisis_payer="NHS: acute care",
        sequence=("care", "health"),
        values={name: f"health.{name}.with_care" for name in own},
    )
    care = Casework(
        "care",
        "social care",
        agency="adult social care",
        indicator="in fair or bad health",
        eligible="everyone",
        values={
            "onset_per_year": 0.0,
            "relative_income_deprived": "health.relative_income_deprived",
        },
    )
    themes: list[Theme] = []
    for theme in default_themes():
        themes += [health, care] if theme.name == "health" else [theme]
    return tuple(themes)


def _housing() -> tuple[Theme, ...]:
    return (housing(),)


_housing.__doc__ = housing.__doc__

THEMES: dict[str, Callable[[], tuple[Theme, ...]]] = {
    "default": default_themes,
    "health_and_care": health_and_care,
    "housing": _housing,
}


def set_by(themes: Iterable[Theme]) -> dict[str, float | str]:
    """Return the assumptions that themes set themselves, and to what."""
    return {
        f"{theme.name}.{name}": given for theme in themes for name, given in theme.values.items()
    }


def check_held(names: Iterable[str], themes: Iterable[Theme]) -> None:
    """Refuse to hold an assumption that a theme sets itself; raises `LocalsimError`."""
    already = set_by(themes)
    for name in names:
        if name in already:
            instead = already[name]
            said = f"to {instead:g}" if not isinstance(instead, str) else f"by {instead!r}"
            raise LocalsimError(
                f"{name!r} is set {said} with its theme here, and cannot be held besides."
            )


def themes_of(names: Any) -> tuple[Theme, ...]:
    """Return the themes of one named set, or of several together; raises `LocalsimError`."""
    listed = [names] if isinstance(names, str) else names
    if not isinstance(listed, Sequence):
        raise LocalsimError(f"Themes are asked for by name, not as {names!r}.")
    themes: list[Theme] = []
    for name in listed:
        if name not in THEMES:
            raise LocalsimError(f"there are no themes called {name!r}; {nearest(name, THEMES)}")
        themes += THEMES[name]()
    return check_themes(themes)
