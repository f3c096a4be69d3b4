"""A question put to the model: one place, several policies, many replications of luck."""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from localsim.assumptions import Assumptions
from localsim.errors import LocalsimError
from localsim.experiment.arguments import (
    assumptions_of,
    metrics_of,
    place_of,
    policies_of,
    text_of,
    zone_of,
)
from localsim.experiment.design import Design
from localsim.experiment.fingerprint import fingerprint
from localsim.experiment.machine import processor, versions
from localsim.experiment.stopping import HalfWidth, rule_of
from localsim.experiment.subject import Subject
from localsim.experiment.validate import (
    LARGEST_SEED,
    LONGEST_YEARS,
    MOST_REPLICATIONS,
    finite,
    one_of,
    shown,
    whole,
)
from localsim.place import Place
from localsim.scenarios import Scenario, scenario_of
from localsim.themes import check_themes, default_themes
from localsim.themes.sets import check_held, set_by

if TYPE_CHECKING:
    from distributed import Client

    from localsim.experiment.replication import Plan
    from localsim.experiment.results import Results
    from localsim.model import Model


class Experiment:
    """Policies compared on the same people, the same luck and the same assumptions.

    Parameters
    ----------
    place
        A Place, or the name of one that comes with the package.
    policies
        Policies and pilots, or names of presets; each has a name of its own.
    years
        How long each policy runs after the warm-up, a whole number.
    replications
        How many times it is all repeated with other luck.
    seed
        What the luck is drawn from; equal seeds give equal results.
    assumptions
        ``"sampled"`` (every replication draws them from their ranges), ``"fixed"`` (their
        defaults in every replication), or Assumptions of your own, fixed.
    held
        Assumptions held at a value in every replication, whichever of the two.
    themes
        Kinds of need, where they are not the default ones.
    scenario
        What befalls the place after the warm-up, the same for every policy: a Scenario, or the
        name of one that comes with the package.
    metrics
        Names of the metrics to keep; all of them by default.
    warmup_years
        How long the place runs under the status quo before the policies begin.
    name, question, baseline
        What it is called, what it asks, and the policy that others are compared with: by
        default the status quo if it is among them, else the first. They decide no number.

    design
        Where it is all run: a Grid, a LatinHypercube, a Sobol sample, OneAtATime or Points over
        assumptions and answers. By default at one point, as everything stands.
    until
        A HalfWidth: stop when a difference from the baseline is known so well. The replications
        are then the most that are run.

    Two experiments are equal if they would give the same results. Raises LocalsimError, a
    sentence, on anything that cannot be run.
    """

    def __init__(
        self,
        place: Place | str,
        policies: Sequence[Any],
        years: int = 5,
        replications: int = 10,
        seed: int = 0,
        assumptions: Literal["sampled", "fixed"] | Assumptions = "sampled",
        *,
        held: Mapping[str, float] | None = None,
        themes: Sequence[Any] | None = None,
        scenario: Scenario | str = "steady",
        metrics: Sequence[str] | None = None,
        warmup_years: int = 5,
        name: str | None = None,
        question: str | None = None,
        baseline: str | None = None,
        design: Design | None = None,
        until: HalfWidth | None = None,
    ) -> None:
        self._assumptions = assumptions
        self.place = place_of(place)
        self.policies = policies_of(policies)
        self.years = whole("years", years, 1, LONGEST_YEARS)
        self.replications = whole("replications", replications, 1, MOST_REPLICATIONS)
        self.seed = whole("seed", seed, 0, LARGEST_SEED)
        self.held = {str(key): finite(str(key), value) for key, value in (held or {}).items()}
        self.sampled, self.assumptions = assumptions_of(assumptions, self.held)
        self.themes = None if themes is None else check_themes(themes)
        check_held(self.held, self.themes or ())
        self.scenario = scenario_of(scenario)
        self.scenario.check(self.themes or default_themes(), self.assumptions.names)
        self.metrics = None if metrics is None else metrics_of(metrics)
        self.warmup_years = whole("warmup_years", warmup_years, 0, LONGEST_YEARS)
        self.name = text_of("name", name) or _usual_name(self.place, self.years)
        self.question = text_of("question", question) or ""
        self.zone, self.borders = zone_of(self.place, self.policies)
        names = [policy.name for policy in self.policies]
        usual = "status_quo" if "status_quo" in names else names[0]
        self.baseline = usual if baseline is None else one_of("policy", baseline, names)
        self.until = None if until is None else rule_of(until, names, self.metrics)
        self._design = design
        self.design = None if design is None else self._bound(design)

    @classmethod
    def from_config(cls, path: str | Path, overrides: Sequence[str] = ()) -> Experiment:
        """Return the experiment that a YAML file describes, keys overridden as in ``years=3``.

        Raises ConfigError with a sentence a mistake, each naming file, line and key.
        """
        from localsim.experiment.config import load

        return load(path, overrides)

    def replace(self, **changes: Any) -> Experiment:
        """Return the same experiment with some arguments changed."""
        kept: dict[str, Any] = {
            "place": self.place,
            "policies": self.policies,
            "years": self.years,
            "replications": self.replications,
            "seed": self.seed,
            "assumptions": self._assumptions,
            "held": self.held,
            "themes": self.themes,
            "scenario": self.scenario,
            "metrics": self.metrics,
            "warmup_years": self.warmup_years,
            "name": self.name,
            "question": self.question,
            "baseline": self.baseline,
            "design": self._design,
            "until": self.until,
        }
        return Experiment(**(kept | changes))

    def _bound(self, design: Any) -> Design:
        if not isinstance(design, Design):
            raise LocalsimError(
                f"design is {shown(design)}; a design such as Grid({{…}}) is wanted."
            )
        held = frozenset(self.held) | set_by(self.themes or ()).keys()
        return design.bind(Subject(self.assumptions, self.policies, self.scenario, held))

    @property
    def plan(self) -> Plan:
        """What a worker needs to do any of the replications."""
        from localsim.experiment.replication import Plan

        return Plan(
            place=self.place,
            policies=self.policies,
            years=self.years,
            seed=self.seed,
            assumptions=self.assumptions,
            sampled=self.sampled,
            themes=self.themes,
            warmup_years=self.warmup_years,
            metrics=self.metrics,
            scenario=self.scenario,
            zone=self.zone,
            borders=self.borders,
        )

    def with_replications(self, replications: int) -> Experiment:
        """Return the same experiment, repeated another number of times."""
        other = copy.copy(self)
        other.replications = whole("replications", replications, 1, MOST_REPLICATIONS)
        return other

    def run(
        self,
        progress: bool = True,
        workers: int | None = None,
        client: Client | None = None,
        retries: int = 2,
        *,
        folder: str | Path | None = None,
        overwrite: bool = False,
    ) -> Results:
        """Run every policy in every replication, at every point of the design.

        Small work is done in this process, the rest by as many worker processes as there are
        processors, or `workers` of them (1: none but this process), or those of a Dask `client`;
        the results are the same to the last bit. A run that fails is kept in the results'
        ``failures`` and the rest goes on; work lost with a worker is done again, up to
        `retries` times, and set aside after that.

        In a `folder` runs are kept as they are done, and only those that it lacks are run: after
        an interruption of any kind, or with more replications or points. Without one, Ctrl-C
        returns what is done. Both mark it as ``interrupted``.

        Raises LocalsimError with the first cause if every run failed, and FolderError, which is
        one, if the folder holds another experiment and is not to `overwrite` it.
        """
        from localsim.experiment import rounds, sweep
        from localsim.experiment.results import Results, book_of
        from localsim.experiment.store import Store, clear

        if workers is not None:
            workers = whole("workers", workers, 1, 10_000)
        retries = whole("retries", retries, 0, 1_000)
        if self.until is not None:
            how = {"workers": workers, "client": client, "retries": retries}
            return rounds.run_until(self, self.until, folder, progress, overwrite=overwrite, **how)
        described = self.describe()
        book = book_of(described)
        memory = sweep.Memory(self.replications, described["points"])
        if folder is not None and overwrite:
            clear(folder)
        store = None if folder is None else Store(folder, described, book, self.design)
        interrupted = sweep.perform(
            self.plan,
            store or memory,
            name=self.name,
            baseline=self.baseline,
            points=self.design,
            progress=progress,
            workers=workers,
            client=client,
            retries=retries,
        )
        if store is None:
            found = Results(described, memory.tables(book), self.design, interrupted=interrupted)
        else:
            if not interrupted:
                store.finish()
            found = Results.open(store.folder.path)
        every = memory.total * len(self.policies)
        if len(found.failures) == every:
            first = found.failures.iloc[0]
            error = LocalsimError(
                f"all {every} runs failed; the first (replication {first['replication']}, "
                f"policy {first['policy']!r}): {first['error']}"
            )
            error.add_note(first["traceback"])
            raise error
        return found

    def replay(self, replication: int, policy: str, point: int | None = None) -> Model:
        """Run one policy of one replication in this process and return its model.

        `point` says at which point of the design, where there is one. The run meets what it met
        in the whole experiment, so an error is raised where it happened.
        """
        number = whole("replication", replication, 0, MOST_REPLICATIONS)
        plan = self.plan
        if self.design is not None:
            plan = plan.at(self.design.point(0 if point is None else point))
        names = [policy.name for policy in plan.policies]
        chosen = plan.policies[names.index(one_of("policy", policy, names))]
        model = plan.start(number).fork(chosen)
        model.run(self.years)
        return model

    @property
    def fingerprint(self) -> str:
        """A digest of everything that decides the results."""
        design = {} if self.design is None else {"design": self.design.describe()}
        until = {} if self.until is None else {"until": self.until}
        return fingerprint(self._unit() | {"replications": self.replications} | design | until)

    def _unit(self) -> dict[str, Any]:
        """Return all that decides the results of one replication at one point."""
        return {
            "place": self.place,
            "policies": self.policies,
            "years": self.years,
            "seed": self.seed,
            "assumptions": _numbers(self.assumptions, ranges=self.sampled),
            "sampled": self.sampled,
            "themes": self.themes,
            "scenario": self.scenario,
            "metrics": self.metrics,
            "warmup_years": self.warmup_years,
            "designed": self.design is not None,
        }

    def describe(self) -> dict[str, Any]:
        """Return all that is needed to know what was run, as plain values that JSON can hold."""
        inside = [] if self.zone is None else np.flatnonzero(self.zone).tolist()
        return {
            "name": self.name,
            "question": self.question,
            "fingerprint": self.fingerprint,
            "place": {
                "name": self.place.name,
                "fingerprint": self.place.fingerprint,
                "areas": len(self.place.codes),
                "residents": int(self.place.residents.sum()),
                "inside": [self.place.codes[area] for area in inside],
            },
            "policies": [
                {
                    "name": policy.name,
                    # Not where in memory a rule of the user's happens to be.
                    "description": re.sub(r" at 0x[0-9a-f]+", "", str(policy.describe())),
                    "fingerprint": fingerprint(policy),
                }
                for policy in self.policies
            ],
            "baseline": self.baseline,
            "years": self.years,
            "replications": self.replications,
            "seed": self.seed,
            "assumptions": {
                "mode": "sampled" if self.sampled else "fixed",
                "held": dict(self.held),
                "fingerprint": fingerprint(_numbers(self.assumptions, ranges=self.sampled)),
            },
            "scenario": {
                "name": self.scenario.name,
                "description": self.scenario.describe(),
                "fingerprint": fingerprint(self.scenario),
            },
            "themes": None if self.themes is None else [str(t.name) for t in self.themes],
            "metrics": None if self.metrics is None else list(self.metrics),
            "warmup_years": self.warmup_years,
            "design": None if self.design is None else _plain(self.design.describe()),
            "points": 1 if self.design is None else len(self.design),
            "plan": fingerprint(self._unit()),
            "versions": versions(),
            "processor": processor(),
        }

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Experiment) and self.fingerprint == other.fingerprint

    def __hash__(self) -> int:
        return hash(self.fingerprint)

    def __repr__(self) -> str:
        names = ", ".join(policy.name for policy in self.policies)
        points = "" if self.design is None else f"{len(self.design):,} points × "
        return (
            f"<Experiment {self.name!r}: {self.place.name}, {names}; {self.years} years × "
            f"{points}{self.replications} replications, seed {self.seed}>"
        )


def _plain(described: dict[str, Any]) -> dict[str, Any]:
    """Return a description as it will be read back."""
    return dict(json.loads(json.dumps(described)))


def _numbers(assumptions: Assumptions, *, ranges: bool) -> dict[str, tuple[Any, ...]]:
    """Return what of the assumptions can change a result: values, and ranges if drawn from."""
    rows = {name: assumptions.row(name) for name in assumptions.names}
    if not ranges:
        return {name: (row.value,) for name, row in rows.items()}
    return {n: (row.value, row.low, row.high, row.distribution) for n, row in rows.items()}


def _usual_name(place: Place, years: int) -> str:
    return f"{place.name}-{years}-{'year' if years == 1 else 'years'}"
