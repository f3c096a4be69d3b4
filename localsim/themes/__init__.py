"""Kinds of need: casework and amenities, what their work consists of and where it comes in."""

from localsim.themes.sets import default_themes, health_and_care, housing
from localsim.themes.themes import (
    Amenity,
    Benefit,
    Casework,
    Log,
    Quadratic,
    Theme,
    check_themes,
)

__all__ = [
    "Amenity",
    "Benefit",
    "Casework",
    "Log",
    "Quadratic",
    "Theme",
    "check_themes",
    "default_themes",
    "health_and_care",
    "housing",
]
