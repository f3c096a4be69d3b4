"""What residents' views show of a running place: the columns behind `localsim.agents`."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

import numpy as np

from localsim.agents.columns import ResidentColumns
from localsim.dynamics.columns import PHASES
from localsim.dynamics.facts import Facts
from localsim.dynamics.town import Town
from localsim.errors import LocalsimError
from localsim.place import ACTIVITIES, AGES, ETHNIC_GROUPS, HEALTHS, TENURES


def resident_columns(facts: Facts, town: Town) -> ResidentColumns:
    """Return the columns behind the residents' views: who they are, their needs, their trust.

    Trust, a level from 0 to 1, may be set; to anything else raises `LocalsimError`.
    """
    people = facts.population
    live: dict[str, Any] = {
        "open_needs": lambda rows: town.needs.person["open_needs"][rows],
        "trust": partial(_trust, facts, town),
    }
    labels: dict[str, Sequence[str]] = {
        "age_band": AGES, "tenure": TENURES, "activity": ACTIVITIES,
        "ethnic_group": ETHNIC_GROUPS, "health": HEALTHS, "area": facts.place.codes,
    }  # fmt: skip
    for k, theme in enumerate(facts.casework):
        live[f"{theme.name}_need"] = partial(_phase, town, k)
        labels[f"{theme.name}_need"] = PHASES
    return ResidentColumns(
        size=people.size,
        static={name: column for name, column in people.columns.items() if name != "entity"},
        live=live,
        labels=labels,
        setters={"trust": partial(_set_trust, facts, town)},
        themes=tuple(theme.name for theme in facts.casework),
    )


def _phase(town: Town, k: int, rows: Any) -> Any:
    case = town.needs.need["case"][k, rows]
    return np.where(case >= 0, town.cases.row["phase"][np.maximum(case, 0)], 0)


def _trust(facts: Facts, town: Town, rows: Any) -> Any:
    return facts.value("trust.council") + town.trust_now(rows)


def _set_trust(facts: Facts, town: Town, rows: Any, values: Any) -> None:
    levels = np.asarray(values, dtype=np.float64)
    wrong = levels[~((levels >= 0.0) & (levels <= 1.0))]
    if wrong.size:
        raise LocalsimError(f"trust is a level from 0 to 1, and {wrong.flat[0]:g} is not.")
    person, tally = town.needs.person, town.tally
    before = _trust(facts, town, rows)
    person["trust"][rows] = levels - facts.value("trust.council")
    person["trust_month"][rows] = town.months
    np.add.at(tally.trust, person["cell"][rows], levels - before)
