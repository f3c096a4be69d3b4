"""An experiment written down: one YAML file, one question.

Everything that can be known to be wrong is said at once, before any place is built: each
sentence names the file, the line, the key, and the nearest right name.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import reduce
from operator import mul
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from localsim.assumptions import Assumptions
from localsim.errors import LocalsimError
from localsim.experiment.design import Design, Grid, LatinHypercube, OneAtATime, Sobol
from localsim.experiment.dimensions import Asked, Range, resolve
from localsim.experiment.document import (
    ConfigError,
    Document,
    KeyPath,
    Problem,
    Wrong,
    read,
    refuse,
)
from localsim.experiment.experiment import Experiment
from localsim.experiment.forms import (
    FORMS,
    AssumptionsEntry,
    Config,
    CsvPlace,
    PointsForm,
    PolicyEntry,
    RangeForm,
    SampleForm,
    ScenarioEntry,
    SyntheticPlace,
)
from localsim.experiment.names import unknown_names
from localsim.experiment.overrides import overridden
from localsim.experiment.points import Points
from localsim.experiment.stopping import HalfWidth, rule_of
from localsim.experiment.subject import Subject
from localsim.experiment.validate import one_of
from localsim.experiment.wording import problems
from localsim.place import PLACES, Place
from localsim.policy import presets
from localsim.policy.policy import Pilot, Policy
from localsim.policy.schedule import AnyPolicy, RollOut, Schedule, Until, pilots_of
from localsim.policy.written import read_answers
from localsim.scenarios import SCENARIOS, Scenario
from localsim.themes import Theme, default_themes
from localsim.themes.sets import check_held, set_by, themes_of

__all__ = ["Config", "ConfigError", "load"]


def load(path: str | Path, overrides: Sequence[str] = ()) -> Experiment:
    """Return the experiment that a config file describes, some of its keys overridden.

    An override is a key and a value, ``design.n=64``. Raises ConfigError with a sentence a
    mistake, each with file, line and key path, or the override.
    """
    document = overridden(read(path), overrides)
    found = list(unknown_names(document))
    config = None
    try:
        config = Config.model_validate(document.data)
    except ValidationError as error:
        found += problems(error, document, FORMS)
    if found or config is None:
        raise refuse(document.path, found)
    return _build(config, document)


def _build(config: Config, document: Document) -> Experiment:
    wrong = Wrong(document)
    policies: list[Any] = []
    names: list[str] = []
    for index, entry in enumerate(config.policies):
        with wrong.at("policies", index):
            policy = _answer(entry)
            if policy.name in names:
                raise LocalsimError(
                    f"policies[{names.index(policy.name)}] is called {policy.name!r} already; "
                    "give one of the two another name with 'name'."
                )
            policies.append(policy)
            names.append(policy.name)
    wrong.tell()
    if config.baseline is not None:
        with wrong.at("baseline"):
            one_of("policy", config.baseline, names)
    wrong.tell()
    with wrong.at("place"):
        place = _place(config, document.path.parent)
    wrong.tell()
    for index, policy in enumerate(policies):
        for pilot in pilots_of(policy):
            with wrong.at("policies", index, "pilot"):
                place.mask(pilot.areas)
    themes: tuple[Theme, ...] | None = None
    if config.themes not in ("default", ["default"]):
        with wrong.at("themes"):
            themes = themes_of(config.themes)
    with wrong.at("scenario"):
        scenario = _scenario(config.scenario)
        scenario.check(themes or default_themes(), Assumptions.default().names)
    way = config.assumptions
    taken = AssumptionsEntry(mode=way) if isinstance(way, str) else way
    for name, value in taken.set.items():
        with wrong.at("assumptions", "set", name):
            Assumptions.default().replace({name: value})
            check_held([name], themes or ())
    wrong.tell()
    rule = None
    if config.until is not None:
        with wrong.at("until"):
            rule = rule_of(HalfWidth(**config.until.model_dump()), names, config.metrics)
    design = None
    if config.design is not None:
        numbers = Assumptions.default().replace(taken.set)
        held = frozenset(taken.set) | set_by(themes or ()).keys()
        subject = Subject(numbers, tuple(policies), scenario, held)
        design = _design(config.design, document, wrong, subject)
    wrong.tell()
    try:
        return Experiment(
            place,
            policies,
            years=config.years,
            replications=config.replications,
            seed=config.seed,
            assumptions=taken.mode,
            held=taken.set,
            themes=themes,
            scenario=scenario,
            metrics=config.metrics,
            warmup_years=config.warmup_years,
            name=config.name or document.path.stem,
            question=config.question,
            baseline=config.baseline,
            design=design,
            until=rule,
        )
    except LocalsimError as error:
        raise refuse(document.path, [Problem(0, "", str(error))]) from None


def _place(config: Config, home: Path) -> Place:
    match config.place:
        case str(name):
            return PLACES[name]()
        case SyntheticPlace(synthetic=arguments):
            return Place.synthetic(**arguments)
        case CsvPlace(csv=file, name=name):
            return Place.from_csv(home / file, name)


def _scenario(entry: str | ScenarioEntry) -> Scenario:
    """Return the scenario that an entry stands for; years are written as keys, which are text."""

    def path(written: Any) -> Any:
        if not isinstance(written, Mapping):
            return written
        return {int(y) if str(y).isdecimal() else y: level for y, level in written.items()}

    if isinstance(entry, str):
        return SCENARIOS[entry]()
    onset = {theme: path(written) for theme, written in entry.onset.items()}
    grants = path(entry.grants)
    return Scenario(entry.name, grants, entry.protected, onset, entry.growth, entry.ageing)


def _policy(entry: str | PolicyEntry) -> Policy:
    """Return the policy that an entry stands for, under the name that it gives."""
    if isinstance(entry, str):
        return presets.PRESETS[entry]()
    policy = presets.PRESETS[entry.policy](**(entry.model_extra or {}))
    policy = replace(policy, **read_answers(entry.answers))
    return policy if entry.name is None else replace(policy, name=entry.name)


def _answer(entry: str | PolicyEntry) -> AnyPolicy:
    """Return what an entry asks to be run: a policy, a pilot, or either rolled out or ended."""
    if isinstance(entry, str):
        return _policy(entry)
    name = entry.name or ""
    if entry.until is not None:
        ends = _answer(entry.model_copy(update={"name": None, "until": None}))
        then = _answer(entry.until.then or "status_quo")
        if isinstance(then, Schedule):
            raise LocalsimError("what follows neither ends nor is rolled out itself.")
        return Until(ends, entry.until.years, then, name)
    if entry.roll_out is not None:
        pilot = _answer(entry.model_copy(update={"name": None, "roll_out": None}))
        if not isinstance(pilot, Pilot):
            raise LocalsimError("only a policy that is piloted is rolled out; add 'pilot'.")
        return RollOut(pilot, entry.roll_out.after_years, entry.roll_out.learning, name)
    if entry.pilot is None:
        return _policy(entry)
    elsewhere = entry.elsewhere or "status_quo"
    if not isinstance(elsewhere, str) and elsewhere.pilot is not None:
        raise LocalsimError("what runs elsewhere cannot be piloted itself; leave out its 'pilot'.")
    inside = _policy(entry.model_copy(update={"name": None}))
    return Pilot(inside, entry.pilot, _policy(elsewhere), name)


_SAMPLES = {"latin_hypercube": LatinHypercube, "sobol": Sobol}


def _design(asked: Any, document: Document, wrong: Wrong, subject: Subject) -> Design | None:
    """Return what a config's design stands for: one, or the product of several."""
    parts = asked if isinstance(asked, list) else [asked]
    designs: list[Design] = []
    for number, form in enumerate(parts):
        path: KeyPath = ("design", number) if isinstance(asked, list) else ("design",)
        made: Design | None = None
        if isinstance(form, PointsForm):
            with wrong.at(*path, "csv"):
                made = Points.from_csv(document.path.parent / form.csv)
                made.bind(subject)
        else:
            made = _over_dimensions(form, path, wrong, subject)
        if made is not None:
            designs.append(made)
    if len(designs) < len(parts):
        return None
    whole: Design = reduce(mul, designs)
    with wrong.at("design"):
        whole.bind(subject)
    return whole


def _over_dimensions(form: Any, path: KeyPath, wrong: Wrong, subject: Subject) -> Design | None:
    kind: Any = {"grid": Grid, "one_at_a_time": OneAtATime, **_SAMPLES}[form.kind]
    dimensions: dict[str, Asked] = {}
    for name, asked in form.dimensions.items():
        with wrong.at(*path, "dimensions", name):
            values = Range(**asked.model_dump()) if isinstance(asked, RangeForm) else asked
            kind.fits(resolve(name, values, subject))
            dimensions[name] = values
    if len(dimensions) < len(form.dimensions):
        return None
    more = {"n": form.n, "seed": form.seed} if isinstance(form, SampleForm) else {}
    made: Design = kind(dimensions, **more)
    return made
