"""The model: one place, one policy, one seed; a step is a month."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from functools import partial

import mesa
import numpy as np

from localsim import arguments
from localsim.agents.columns import ResidentColumns
from localsim.agents.peopled import PeopledModel
from localsim.assumptions import Assumptions
from localsim.dynamics.columns import FLOWS, PRESENTATIONS, Array
from localsim.dynamics.facts import Facts
from localsim.dynamics.moving import Moves, growth, people_move
from localsim.dynamics.tides import ebb, surge
from localsim.dynamics.town import lay_out, settle
from localsim.dynamics.views import resident_columns
from localsim.ledger import Ledger
from localsim.place import TENURES, Place
from localsim.policy.presets import status_quo
from localsim.policy.schedule import AnyPolicy, Stage, stages_of
from localsim.policy.supply import KINDS, Awarded
from localsim.scenarios import Scenario, scenario_of, steady
from localsim.themes import Theme, check_themes, default_themes
from localsim.year import amenity
from localsim.year.accounts import ZONES, Accounts, Owners, Standing, pay_month
from localsim.year.assets import keep_buildings
from localsim.year.beginning import change_over, hand_over, regimes_of
from localsim.year.capital import Estate, manage
from localsim.year.commission import Providers
from localsim.year.dealing import judge, meet
from localsim.year.decide import Hearing, listen
from localsim.year.doors import open_doors, staff_desks
from localsim.year.effort import set_targets, terms
from localsim.year.fortunes import close_failed, review
from localsim.year.giving import Givers, pay_giving
from localsim.year.offices import Commissioners, enrol, figure
from localsim.year.older import grow_older
from localsim.year.priorities import Priorities
from localsim.year.programme import Regime, allocate, buy, fund, pay_overheads
from localsim.year.sharing import pay_users_time
from localsim.year.sight import by_area, look, year_on_record

MONTHS_A_YEAR = 12


class Model(PeopledModel):
    """A place run by a policy, month by month, after a warm-up under the status quo.

    Parameters
    ----------
    place
        Where: a `Place`.
    policy
        A `Policy`, a `Pilot`, or a `RollOut` or `Until`; without one, the status quo.
    seed, replication
        The luck: same numbers, same draws, whatever the policy. `seed=None` takes a fresh one,
        kept as `model.seed`.
    themes
        Kinds of need; the default is One Norbiton's four and health and care.
    assumptions
        Numbers of the world; the default is the package's, as they stand.
    scenario
        What befalls the place after the warm-up, whatever the policy: a `Scenario`, or the name
        of one; without it, nothing. Kept as `model.course`, as Mesa has scenarios of its own.
    zone
        bool[A], areas to be reported as inside; the default is the pilot's areas.
    borders
        int64[A], areas of different numbers share no team; the default follows `zone`.
    warmup_years
        Years under the status quo before the policy begins, a whole number.
    ticks_per_month
        Accounting windows in a month; it changes nothing but how often accounts are drawn up.

    Raises `LocalsimError` on anything that cannot be.
    """

    _presented_so_far: Array  # float64[A, K], presentations up to this month
    _flows_at_new_year: Array  # float64[A, K, F]

    def __init__(
        self,
        place: Place,
        policy: AnyPolicy | None = None,
        *,
        seed: int | None = 0,
        replication: int = 0,
        themes: Sequence[Theme] | None = None,
        assumptions: Assumptions | None = None,
        scenario: Scenario | str | None = None,
        zone: Array | None = None,
        borders: Array | None = None,
        warmup_years: int = 5,
        ticks_per_month: int = 1,
    ) -> None:
        policy = status_quo() if policy is None else policy
        numbers = Assumptions.default() if assumptions is None else assumptions
        arguments.check_place(place)
        arguments.check_policy(policy)
        arguments.check_assumptions(numbers)
        warmup = arguments.years_of("Model: warmup_years", warmup_years)
        self.ticks_per_month = arguments.ticks_of(ticks_per_month)
        self.replication = arguments.replication_of(replication)
        self.seed = arguments.seed_of(seed)
        super().__init__(int(place.residents.sum()), rng=self.seed)
        chosen = check_themes(default_themes() if themes is None else themes)
        self.facts = Facts.of(place, chosen, numbers, self.seed, self.replication)
        self.place, self.population, self.themes = place, self.facts.population, chosen
        self.course = steady() if scenario is None else scenario_of(scenario)
        self.course.check(chosen, self.facts.assumptions.names)
        self.own_payers = sorted({theme.agency for theme in chosen})
        self.inside = arguments.zone_of(place, policy, zone)
        self.reports_zones = bool(self.inside.any() and not self.inside.all())
        self.zone = np.where(self.inside, 0, 1) if self.reports_zones else self.inside * 0
        self.borders = arguments.borders_of(place, borders, self.zone)
        self.town = settle(self.facts, lay_out(self.facts, self.borders))
        self.providers = Providers.of(self.facts, self.town)
        self.priorities = Priorities.of(self.facts, amenity.true_values(self.facts))
        self.values = self.priorities.worth(self.facts)
        self.givers = Givers(self.facts, self.priorities)
        nodes = self.town.patches.nodes
        self.accounts = Accounts.opened(len(chosen), len(self.facts.casework), nodes, len(KINDS))
        self.regimes: list[Regime] = []
        self.estate = Estate.none(self.facts)
        self.year, self.warmup_years = 0, warmup
        self.moves: Moves | None = None
        self.presented: list[Array] = []
        areas, casework = len(place.codes), len(self.facts.casework)
        self.since = np.zeros((areas, casework, len(FLOWS)))
        self.datacollector = mesa.DataCollector(model_reporters=_REPORTERS)
        self.centre = enrol(self, self.facts, self.town.patches)
        self.commissioners = Commissioners()
        self._begin(status_quo())
        for _ in range(warmup * MONTHS_A_YEAR):
            type(self).step(self)  # the warm-up's months are not Mesa's steps
        self._begin(policy)

    def step(self) -> None:
        """Let one month pass, and at the start of a year decide on it."""
        if self.month % MONTHS_A_YEAR == 0:
            self.change()
            self.fund()
            self.listen()
            self.allocate()
            self.commission()
        self.live()
        self.pay()
        self.record()
        self.month += 1
        if self.month % MONTHS_A_YEAR == 0:
            self.review()

    def run(self, years: int) -> None:
        """Let whole years pass."""
        for _ in range(arguments.years_of("Model: years to run", years) * MONTHS_A_YEAR):
            self.step()

    def fork(self, policy: AnyPolicy) -> Model:
        """Return a copy of this moment, with the same luck to come, under another policy."""
        arguments.check_policy(policy)
        twin = copy.deepcopy(self)
        twin._begin(policy)
        return twin

    # ── the phases of a year ──────────────────────────────────────────────────────────────────

    def change(self) -> None:
        """Let one policy give way to the next where a stage begins this year."""
        for stage in stages_of(self.policy)[1:]:
            if stage.year == self.month // MONTHS_A_YEAR:
                self._take_over(stage)

    def fund(self) -> None:
        """Pay the year's lines in."""
        funding = self.course.funding(self.themes, self.facts.value, self.scenario_year)
        for regime in self.regimes:
            year = self.month // MONTHS_A_YEAR
            fund(self.facts, regime, self.accounts, self.ledger, self.zone, year, funding)
        manage(
            self.facts, self.estate, self.regimes, self.accounts, self.ledger, self.zone, self.year
        )

    def listen(self) -> None:
        """Let every decider see its own evidence."""
        presented = year_on_record(self.facts, self.presented)
        speak = any(r.hears_voices for r in self.regimes)
        sight = look(
            self.facts, self.town, self.priorities, presented, self.since, self.year, speak
        )
        self._hearings: list[list[Hearing]] = []
        for regime in self.regimes:
            heard = []
            for bench in regime.benches:
                heard += listen(sight, bench, regime.areas)
            self._hearings.append(heard)

    def allocate(self) -> None:
        """Let every decider spend its purse, after the overheads of deciding."""
        contacts = self.since[:, :, FLOWS.index("contacts")].sum(axis=1)
        policy_year = self.month // MONTHS_A_YEAR
        for regime, hearings in zip(self.regimes, self._hearings, strict=True):
            pay_overheads(
                self.facts, regime, self.accounts, self.providers, self.ledger, hearings,
                contacts, self.year, policy_year,
            )  # fmt: skip
            staff_desks(self.facts, self.town, regime.areas, regime.desks_share)
            decisions = allocate(self.facts, regime, self.accounts, hearings)
            self.commissioners.minute(regime, hearings, decisions)
        for hearing in (h for heard in self._hearings for h in heard):
            self.took_part[hearing.rows] += 1

    def commission(self) -> None:
        """Buy slots and amenities, and let amenities prevent what they can."""
        keep_buildings(
            self.facts, self.town, self.accounts, self.providers, self.ledger, self.givers,
            self.regimes, self.year,
        )  # fmt: skip
        for regime in self.regimes:
            buy(
                self.facts, self.town, regime, self.accounts, self.providers, self.ledger,
                self.zone, self.year, partial(self.estate.cheaper, self.facts),
            )  # fmt: skip
        plan = np.sum([regime.plan for regime in self.regimes], axis=0)
        self.giving = self.givers.give(self.accounts, self.regimes, self.zone, self.year)
        self.projects += (self.giving.asked, self.giving.organised)
        grown = growth(self.course.growth_per_year(self.facts.value), self.scenario_year - 1)
        spend = (plan[:, self.facts.amenity_index] + self.giving.worth_gbp) / grown
        worth = self.priorities.worth(self.facts, self.year)
        self.amenity_year_gbp = amenity.benefit_gbp(self.facts, worth, spend) * grown
        slope = self.town.base_slope * amenity.prevention(self.facts, spend)[:, None] * grown
        slope *= self.course.onsets(self.facts.casework, self.facts.value, self.scenario_year)
        self.town.set_onsets(slope * self.estate.prevented(self.facts)[:, None])
        self.standing = Standing.of(self.facts, self.accounts, self.owners)

    def live(self) -> None:
        """Let people move, and needs open, be presented, served and come back, at their times."""
        calendar = round(self.town.months)
        self.moves = people_move(self.facts, self.town, self.moves)
        surge(self.facts, self.town, calendar)
        for _ in range(self.ticks_per_month):
            self.tick()
        ebb(self.facts, self.town, calendar)
        self.amenity_gbp += self.amenity_year_gbp / MONTHS_A_YEAR

    def tick(self) -> None:
        """Let one accounting window pass; a subclass may look at the place after each."""
        self.town.advance(1.0 / self.ticks_per_month)

    def pay(self) -> None:
        """Pay the month's bills and hold the cash against the ledger."""
        flows = self.owners.flows(self.town.tally)
        pay_giving(self.giving, self.accounts, self.regimes, self.ledger)
        pay_users_time(self.facts, self.accounts, self.regimes, self.ledger, flows)
        pay_month(self.facts, self.accounts, self.standing, self.ledger, flows, self.owners)
        self.standing = close_failed(
            self.facts, self.town, self.accounts, self.providers, self.ledger, self.owners,
            self.standing,
        )  # fmt: skip
        self.ledger.close_month(self.month, self.accounts.held_gbp)
        self.flow_history.append(flows.sum(axis=0))

    def record(self) -> None:
        """Keep the month's figures."""
        counted = by_area(self.facts, self.town.tally.flows[:, :, PRESENTATIONS])
        self.presented.append(counted - self._presented_so_far)
        self._presented_so_far = counted
        self.spend_history.append(self.ledger.spent_by_zone(self.own_payers, ZONES))
        deviations = np.bincount(
            self.owners.zone_of_cell, weights=self.town.tally.trust, minlength=len(ZONES)
        )
        self.trust_history.append(deviations / np.maximum(self.heads_of_zone, 1.0))
        if self.steps:
            self.datacollector.collect(self)

    def review(self) -> None:
        """Close the year: measured performance, and what becomes of people and providers."""
        if self.moves is not None:
            here = self.moves.rows, self.moves.year + 1
            self.priorities = self.priorities.with_newcomers(self.facts, *here)
            self.givers = Givers(self.facts, self.priorities)
        flows = by_area(self.facts, self.town.tally.flows)
        last, self.since = self.since, flows - self._flows_at_new_year
        self._flows_at_new_year = flows
        judge(self.facts, self.centre, self.regimes, last, self.since)
        building = {
            int(node): regime.policy.supply.capacity_building
            for regime in self.regimes
            if isinstance(regime.policy.supply, Awarded)
            for node in regime.nodes
        }
        review(self.facts, self.town, self.providers, building)
        self.year += 1
        grow_older(self)

    # ── beginnings ────────────────────────────────────────────────────────────────────────────

    def _begin(self, policy: AnyPolicy) -> None:
        """Start a policy, with counters and books at zero."""
        arguments.check_fences(policy, self.facts)
        for stage in stages_of(policy):
            arguments.check_borders(stage.policy.regimes(self.place), self.borders)
        self.policy = policy
        people = self.place.residents.astype(np.float64)
        cells = len(self.place.codes) * len(TENURES)
        self.heads_of_cell = np.bincount(self.town.needs.person["cell"], minlength=cells)
        self.heads_of_zone = np.bincount(self.zone, weights=people, minlength=len(ZONES))
        self.month = 0
        self._take_over(stages_of(policy)[0])
        self._reset_counters()

    def _take_over(self, stage: Stage) -> None:
        """Let a stage's policy take over as things stand: its regimes, doors and deciders."""
        before, answered = self.regimes, stage.policy.regimes(self.place)
        self.regimes = regimes_of(self.facts, self.town, self.zone, answered)
        meet(self.facts, self.centre, before, self.regimes)
        change_over(self.facts, before, self.regimes, stage, self.month // MONTHS_A_YEAR)
        hand_over(self.facts, self.accounts, before, self.regimes)
        open_doors(self.facts, self.town, [(answers.access, areas) for answers, areas in answered])
        set_targets(self.facts, self.town, [answers.contract for answers, _ in answered])
        open_ended = [regime.open_ended for regime in self.regimes]
        self.owners = Owners.of(self.facts, self.town, self.zone, open_ended)
        self.accounts.paid = self.owners.flows(self.town.tally)
        self.commissioners.appoint(self, self.facts, self.regimes)

    def _reset_counters(self) -> None:
        tally, areas = self.town.tally, len(self.place.codes)
        casework = len(self.facts.casework)
        tally.flows[:] = 0.0
        tally.waits[:] = 0
        self.town.needs.need["reached"] = False
        self.ledger = Ledger()
        self.ledger.opening_gbp = self.accounts.held_gbp
        self.accounts.paid = np.zeros((len(self.regimes), len(ZONES), casework, len(FLOWS)))
        self._flows_at_new_year = np.zeros((areas, casework, len(FLOWS)))
        self._presented_so_far = np.zeros((areas, casework))
        self.amenity_gbp = np.zeros((areas, len(self.facts.amenities)))
        self.took_part = np.zeros(self.population.size, np.int32)
        self.projects = np.zeros((2, areas), np.int64)  # asked for, and organised
        self.providers.failed[:] = 0
        self.centre.forget()
        self.flow_history: list[Array] = []
        self.spend_history: list[list[float]] = []
        self.trust_history: list[Array] = []

    # ── agents ────────────────────────────────────────────────────────────────────────────────

    def line_gbp(self, theme: int) -> float:
        """Return the cash in the lines of a theme, over all regimes."""
        return float(self.accounts.lines[:, theme].sum())

    def provider(self, what: str, node: int, kind: int) -> float:
        """Return a figure of one provider."""
        return float(figure(self.town, self.accounts, self.providers, what)[node, kind])

    def terms(self, node: int) -> tuple[Array, Array]:
        """Return the rates that a pool is paid and the effort it gives, by task."""
        return terms(self.facts, self.providers, node)

    @property
    def scenario_year(self) -> int:
        """The scenario's year: one is the first after the warm-up, whatever was forked when."""
        return self.year - self.warmup_years + 1

    @property
    def series(self) -> dict[tuple[str, str], list[float]]:
        """Monthly trajectories since the policy began, by (metric, group)."""
        from localsim.metrics import trajectories

        return trajectories.series(self)

    @property
    def open_needs(self) -> int:
        """How many needs are open now."""
        return int(self.town.tally.stock["open_now"].sum())

    @property
    def spent_gbp(self) -> float:
        """What has been spent since the policy began."""
        return self.ledger.spent_by()

    @property
    def trust_in_council(self) -> float:
        """Mean trust in the services that the place runs, 0 to 1."""
        mean = float(self.town.tally.trust.sum()) / self.resident_count
        return self.facts.value("trust.council") + mean

    def resident_columns(self) -> ResidentColumns:
        """Return the columns behind the residents' views."""
        return resident_columns(self.facts, self.town)


_REPORTERS = {
    "open needs": "open_needs",
    "spent_gbp": "spent_gbp",
    "trust in council": "trust_in_council",
}
