"""A running place: the columns of its needs, cases and queues, and how a month moves them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from localsim import streams
from localsim.dynamics import facts as fact
from localsim.dynamics.columns import (
    NEED,
    ONSET,
    PERSON,
    SEVERITY,
    SEVERITY_RULES,
    THEME_RULES,
    Agenda,
    Array,
    Cases,
    Hazard,
    Heap,
    Needs,
    Nodes,
    Rules,
    Tally,
    Window,
    grown_cases,
    grown_heap,
    new_agenda,
    new_cases,
    new_heap,
    new_nodes,
    new_tally,
    no_targets,
    usual_access,
)
from localsim.dynamics.facts import Facts
from localsim.dynamics.vacancies import vacancy_rules
from localsim.dynamics.window import BEGIN, CASES_FULL, COLLECT, DONE, run_window
from localsim.place import TENURES
from localsim.policy.supply import KINDS

START = "start"  # stream of the needs that are open when a place is first seen


@dataclass(eq=False)
class Patches:
    """Where teams work: pools of a theme and desks of an agency, each in one part.

    `desk` int64[A, G] and `pool` int64[A, K] are nodes; desks come first. `pool_theme`,
    `pool_residents` and `desk_residents` describe them.
    """

    desk: Array
    pool: Array
    desks: int
    pool_theme: Array
    pool_residents: Array
    desk_residents: Array

    @property
    def nodes(self) -> int:
        """How many nodes there are."""
        return self.desks + int(self.pool_theme.size)


def lay_out(facts: Facts, borders: Array) -> Patches:
    """Say where the teams of each theme and the desks of each agency work.

    A team works in areas of one number in `borders` (int64[A], zero or more), so that a pilot's
    queues are its own; the layout is the same for every policy.
    """
    place = facts.place
    people = place.residents
    agencies = len(facts.agencies) + 1  # the last is the hub

    def numbered(tier: str) -> tuple[Array, int]:
        pairs = place.units(tier) * (int(borders.max()) + 1) + borders
        _, index = np.unique(pairs, return_inverse=True)
        return index.astype(np.int64), int(index.max()) + 1

    patch, count = numbered("neighbourhood")
    desk = patch[:, None] * agencies + np.arange(agencies)[None, :]
    desks = count * agencies
    pools, themes, sizes = [], [], []
    first = desks
    for k, theme in enumerate(facts.casework):
        team, teams = numbered(theme.team)
        pools.append(first + team)
        themes.append(np.full(teams, k))
        sizes.append(np.bincount(team, weights=people, minlength=teams))
        first += teams
    none = np.zeros((len(place.codes), 0), dtype=np.int64)
    return Patches(
        desk=desk,
        pool=np.column_stack(pools) if pools else none,
        desks=desks,
        pool_theme=np.concatenate(themes) if themes else np.zeros(0, dtype=np.int64),
        pool_residents=np.concatenate(sizes) if sizes else np.zeros(0),
        desk_residents=np.repeat(np.bincount(patch, weights=people, minlength=count), agencies),
    )


@dataclass(eq=False)
class Town:
    """Everything that changes from month to month in needs, queues and trust.

    Copies share what never changes (`patches`) and nothing else.
    """

    patches: Patches
    needs: Needs
    cases: Cases
    nodes: Nodes
    rules: Rules
    tally: Tally
    agenda: Agenda
    heap: Heap
    hazard: Hazard
    months: float = 0.0
    base_slope: Array = field(default_factory=lambda: np.zeros((0, 0)))
    year_slope: Array = field(default_factory=lambda: np.zeros((0, 0)))

    def __deepcopy__(self, memo: dict[int, object]) -> Town:
        return Town(
            patches=self.patches,
            needs=Needs(*(column.copy() for column in self.needs)),
            cases=Cases(*(column.copy() for column in self.cases)),
            nodes=Nodes(*(column.copy() for column in self.nodes)),
            rules=Rules(*(column.copy() for column in self.rules)),
            tally=Tally(*(column.copy() for column in self.tally)),
            agenda=Agenda(*(column.copy() for column in self.agenda)),
            heap=Heap(*(column.copy() for column in self.heap)),
            hazard=Hazard(*(column.copy() for column in self.hazard)),
            months=self.months,
            base_slope=self.base_slope,
            year_slope=self.year_slope,
        )

    def trust_now(self, rows: Any) -> Any:
        """Return how far residents' trust stands from their usual level; it fades by the month."""
        person, fade = self.needs.person, self.rules.world["trust_fade"][0]
        age = self.months - person["trust_month"][rows]
        return person["trust"][rows] * np.exp(-fade * age)

    def set_onsets(self, slope: Array) -> None:
        """Set the rates at which needs open for a year, float64[A, K] a month."""
        self.year_slope = slope
        self.hazard.slope[:] = slope

    def window(self, months: float) -> Window:
        """Return the place as kernels are handed it, from now until so many months later."""
        return Window(
            needs=self.needs,
            cases=self.cases,
            nodes=self.nodes,
            rules=self.rules,
            tally=self.tally,
            agenda=self.agenda,
            heap=self.heap,
            hazard=self.hazard,
            start=self.months,
            end=self.months + months,
        )

    def advance(self, months: float) -> None:
        """Let so many months pass: needs open, are sought help for, served, and come back."""
        stage = BEGIN
        while stage != DONE:
            stage = run_window(self.window(months), months, stage)
            if stage == CASES_FULL:
                self.cases = grown_cases(self.cases)
            elif stage == COLLECT:
                self.agenda = new_agenda(2 * self.agenda.event.size)
            elif stage != DONE:
                self.heap = grown_heap(self.heap)
        self.hazard.level[:] += self.hazard.slope * months
        self.months += months


def settle(facts: Facts, patches: Patches) -> Town:
    """Return a place at its first moment: some needs open already, none yet presented."""
    people, place = facts.population, facts.place
    themes, areas, n = len(facts.casework), len(place.codes), people.size
    relative = np.zeros((themes, n), dtype=np.float32)
    for k, theme in enumerate(facts.casework):
        relative[k] = fact.relative_onset(facts, theme)
    keys = fact.theme_keys(facts)
    person = np.zeros(n, PERSON)
    person["entity"] = people.entity
    person["area"] = people.area
    person["cell"] = people.area.astype(np.int32) * len(TENURES) + people.tenure
    person["seeking"] = fact.seeking(facts)
    person["expectation"] = 0.5
    need = np.zeros((themes, n), NEED)
    need["relative"] = relative
    need["case"] = -1
    needs = Needs(
        offsets=np.array(people.offsets, dtype=np.int64),
        person=person,
        need=need,
        threshold=np.full((themes, n), np.inf),
    )
    town = Town(
        patches=patches,
        needs=needs,
        cases=new_cases(max(64, n // 2)),
        nodes=new_nodes(patches.nodes, len(KINDS), themes),
        rules=_rules(facts, patches, keys),
        tally=new_tally(areas * len(TENURES), themes, areas),
        agenda=new_agenda(max(256, n // 8)),
        heap=new_heap(max(256, n // 16)),
        hazard=Hazard(np.zeros((areas, themes)), np.zeros((areas, themes))),
        base_slope=np.tile(fact.per_theme(facts, "onset_per_year") / 12.0, (areas, 1)),
    )
    town.hazard.slope[:] = town.year_slope = town.base_slope
    town.nodes.vacant[:, 0] = town.rules.theme["most_vacant"]
    everybody = np.arange(n)
    for k in range(themes):
        able = relative[k] > 0.0
        amount = streams.exponential(keys[k, ONSET], people.entity)
        needs.threshold[k, able] = amount[able] / relative[k, able]
        needs.threshold[k, stands_open(facts, k, relative[k], keys, everybody, 0)] = 0.0
    return town


def stands_open(
    facts: Facts, k: int, relative: Array, keys: Array, rows: Array, episode: int
) -> Array:
    """Return which residents (rows) have the need open when they are first seen, bool[rows].

    Those likelier to fall into need are likelier to be in it, in the same proportion, and each
    severity has its own share of the eligible. `relative` float32[N] is everybody's onset.
    """
    able = relative > 0.0
    if not able.any():
        return able[rows]
    theme, entity = facts.casework[k], facts.population.entity[rows]
    severe = fact.severe_share(facts)[k]
    share = fact.per_severity(facts, "open_share")[k]
    is_severe = streams.uniform(keys[k, SEVERITY], entity, episode) < severe
    of_new = np.where(is_severe, severe, 1.0 - severe)
    chance = share[is_severe.astype(np.int64)] / of_new * relative[rows] / relative[able].mean()
    already: Array = streams.uniform(facts.key(f"{theme.name}/{START}"), entity, episode) < chance
    return able[rows] & already


def _rules(facts: Facts, patches: Patches, keys: Array) -> Rules:
    areas, themes = len(facts.place.codes), len(facts.casework)
    agencies = len(facts.agencies) + 1
    severity = np.zeros((themes, 2), SEVERITY_RULES)
    for rule, name in (
        ("heal", "heal_per_month"),
        ("crisis", "crisis_per_month"),
        ("present", "present_per_month"),
        ("service", "service_months"),
        ("solve", "solve_share"),
    ):
        severity[rule] = fact.per_severity(facts, name)
    theme = np.zeros(themes, THEME_RULES)
    theme["severe"] = fact.severe_share(facts)
    theme["returns"] = fact.per_theme(facts, "return_share")
    theme["vacancies"], theme["most_vacant"] = vacancy_rules(facts).T
    step = fact.steps(facts)
    theme["steps"] = [len(t.sequence) for t in facts.casework]
    return Rules(
        severity=severity,
        theme=theme,
        world=fact.world_rules(facts),
        assess=fact.assess_months(facts),
        regime=np.zeros(areas, np.int64),
        own_desk=np.full((1, themes), -1, np.int64),
        first_door=np.ones((1, themes, agencies)),
        next_door=np.ones((1, themes, agencies, agencies)),
        access=usual_access(1),
        step=step,
        target=no_targets(1),
        desk=patches.desk,
        pool=patches.pool,
        keys=keys,
    )
