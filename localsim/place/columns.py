"""The columns of a table of areas, and the tiers they stand in."""

from __future__ import annotations

from localsim.place.margins import ACTIVITIES, AGES, HEALTHS, TENURES

TIERS = ("nation", "sub-region", "authority", "neighbourhood", "area", "person")
UPPER_TIERS = TIERS[:4]
REQUIRED_INDICATORS = ("imd_score", "income_deprived_share", "employment_deprived_share")
MAX_RESIDENTS = 100_000_000  # more than live in any place run by one English policy

TIER_COLUMNS = {
    "neighbourhood": "neighbourhood",
    "authority": "authority",
    "sub_region": "sub-region",
    "nation": "nation",
}

# Margin -> (column, category) pairs; a margin's columns are given together or not at all.
MARGIN_COLUMNS: dict[str, dict[str, str]] = {
    "age": dict(
        zip(
            (
                "age_0_10",
                "age_11_15",
                "age_16_17",
                "age_18_29",
                "age_30_44",
                "age_45_64",
                "age_65_over",
            ),
            AGES,
            strict=True,
        )
    ),
    "tenure": {"tenure_" + name.replace(" ", "_"): name for name in TENURES},
    "activity": {"activity_" + name: name for name in ACTIVITIES[1:]},
    "health": {"health_" + name: name for name in HEALTHS},
}
# One count says the whole of a margin with two categories.
COUNT_COLUMNS = {
    "income_deprived": "deprived",
    "black_asian_or_minority_ethnic": "ethnic_group",
}
_LONDON = "estimated from income_deprived_share by lines fitted on London's areas"

CSV_COLUMNS: dict[str, str] = {
    "code": "required: the area's code, unique in the file",
    "residents": "required: residents, a whole number, 0 or more",
    "name": "the area's name; else its code",
    "households": "households, 1 to residents; else residents / 2.5, at most one an adult",
    "neighbourhood": "name of the neighbourhood it is in; else the area is its own neighbourhood",
    "authority": "name of its authority; else the place's name for all",
    "sub_region": "name of its sub-region; else the place's name for all",
    "nation": "name of its nation; else 'England' for all",
    "neighbours": "codes of adjoining areas, separated by spaces; else no area adjoins another",
    "imd_score": "Index of Multiple Deprivation score, 0 to 100; else 2.834 + 137.2 x "
    "income_deprived_share",
    "income_deprived_share": "share of residents income-deprived, 0 to 1; else income_deprived / "
    "residents; else from imd_score; else London's 0.138",
    "employment_deprived_share": f"share of working-age residents out of work involuntarily; "
    f"else {_LONDON}",
    **{
        column: f"residents aged {band}; else all ages {_LONDON}"
        for column, band in MARGIN_COLUMNS["age"].items()
    },
    **{
        column: f"residents whose home is {tenure}; else all tenures {_LONDON}"
        for column, tenure in MARGIN_COLUMNS["tenure"].items()
    },
    **{
        column: f"residents of 16 and over who are {activity} (the three sum to residents of 16 "
        f"and over); else all three {_LONDON}"
        for column, activity in MARGIN_COLUMNS["activity"].items()
    },
    "income_deprived": "residents income-deprived; else income_deprived_share x residents",
    "black_asian_or_minority_ethnic": f"residents of these ethnic groups; else {_LONDON}",
    **{
        column: f"residents whose health is {health}; else all three {_LONDON}"
        for column, health in MARGIN_COLUMNS["health"].items()
    },
    "lon": "longitude of the area's centre in degrees; an indicator, for maps",
    "lat": "latitude of the area's centre in degrees; an indicator, for maps",
}
