"""The place: a tree of areas, built in, synthetic, or from a file of the user's."""

from localsim.place.margins import ACTIVITIES, AGES, ETHNIC_GROUPS, HEALTHS, MARGINS, TENURES
from localsim.place.place import NORBITON, PLACES, TIERS, Place

__all__ = [
    "ACTIVITIES",
    "AGES",
    "ETHNIC_GROUPS",
    "HEALTHS",
    "MARGINS",
    "NORBITON",
    "PLACES",
    "TENURES",
    "TIERS",
    "Place",
]
