"""An experiment written down: one YAML file, one question.

Everything that can be known to be wrong is said at once, before any place is built: each
sentence names the file, the line, the key, and the nearest right name.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import (
    BaseModel,
    ConfigDict,
    Discriminator,
    Field,
    FiniteFloat,
    Tag,
    ValidationError,
)

from localsim.assumptions import Assumptions
from localsim.errors import LocalsimError, nearest
from localsim.experiment.document import (
    ConfigError,
    Document,
    KeyPath,
    Problem,
    dotted,
    read,
    refuse,
)
from localsim.experiment.experiment import Experiment
from localsim.experiment.validate import (
    LARGEST_SEED,
    LONGEST_YEARS,
    MOST_REPLICATIONS,
    one_of,
    shown,
)
from localsim.experiment.wording import problems
from localsim.place import PLACES, Place
from localsim.policy import presets
from localsim.policy.policy import Pilot, Policy
from localsim.policy.written import read_answers
from localsim.scenarios import SCENARIOS, Scenario
from localsim.themes import default_themes

__all__ = ["Config", "ConfigError", "load"]

Text = Annotated[str, Field(min_length=1, max_length=10_000)]
Name = Annotated[str, Field(pattern=r"^\w[\w .()-]{0,79}$")]


def _form(value: Any) -> str:
    """Say which form of an answer was written, a word or a mapping, for pydantic to check."""
    return "mapping" if isinstance(value, Mapping) else "word"


def _place_form(value: Any) -> str | None:
    """Say which form of a place was written; no form is called what a key is called."""
    if not isinstance(value, Mapping):
        return "word"
    if "csv" in value:
        return "table"
    return "mapping" if "synthetic" in value else None


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class SyntheticPlace(_Strict):
    """A made-up place: the arguments of ``Place.synthetic``."""

    synthetic: dict[str, Any]


class CsvPlace(_Strict):
    """A place from a table of areas: a path relative to the config."""

    csv: Text
    name: Name | None = None


class PolicyEntry(_Strict):
    """A preset, perhaps with other answers or under another name, or piloted in areas.

    `answers` replaces answers of the preset, as `localsim.policy.written` reads them; further
    keys are the preset's own arguments.
    """

    model_config = ConfigDict(extra="allow", strict=True, frozen=True)

    policy: Text
    answers: dict[str, Any] = {}
    pilot: Text | list[Text] | None = None
    elsewhere: (
        Annotated[
            Annotated[Text, Tag("word")] | Annotated[PolicyEntry, Tag("mapping")],
            Discriminator(_form),
        ]
        | None
    ) = None
    name: Name | None = None


class ScenarioEntry(_Strict):
    """What befalls the place, written out: the arguments of ``Scenario``."""

    name: Name = "scenario"
    grants: Any = ()
    protected: list[Text] = []
    onset: dict[str, Any] = {}


class AssumptionsEntry(_Strict):
    """How assumptions are taken, and those held at a value."""

    mode: Literal["sampled", "fixed"] = "sampled"
    set: dict[str, FiniteFloat] = {}


class Config(_Strict):
    """What a config file may say."""

    name: Name | None = None
    question: Text | None = None
    place: Annotated[
        Annotated[Text, Tag("word")]
        | Annotated[SyntheticPlace, Tag("mapping")]
        | Annotated[CsvPlace, Tag("table")],
        Discriminator(
            _place_form,
            custom_error_type="no_place",
            custom_error_message="a mapping here is {csv: FILE} or {synthetic: {residents: …}}",
        ),
    ]
    policies: Annotated[
        list[
            Annotated[
                Annotated[Text, Tag("word")] | Annotated[PolicyEntry, Tag("mapping")],
                Discriminator(_form),
            ]
        ],
        Field(min_length=1, max_length=1_000),
    ]
    years: Annotated[int, Field(ge=1, le=LONGEST_YEARS)] = 5
    replications: Annotated[int, Field(ge=1, le=MOST_REPLICATIONS)] = 10
    seed: Annotated[int, Field(ge=0, le=LARGEST_SEED)] = 0
    scenario: Annotated[
        Annotated[Text, Tag("word")] | Annotated[ScenarioEntry, Tag("mapping")],
        Discriminator(_form),
    ] = "steady"
    assumptions: Annotated[
        Annotated[Literal["sampled", "fixed"], Tag("word")]
        | Annotated[AssumptionsEntry, Tag("mapping")],
        Discriminator(_form),
    ] = "sampled"
    metrics: Annotated[list[Text], Field(min_length=1)] | None = None
    warmup_years: Annotated[int, Field(ge=0, le=LONGEST_YEARS)] = 5
    baseline: Text | None = None


_FORMS: dict[str, type[BaseModel]] = {
    "": Config,
    "place/mapping": SyntheticPlace,
    "place/table": CsvPlace,
    "policies/mapping": PolicyEntry,
    "scenario/mapping": ScenarioEntry,
    "assumptions/mapping": AssumptionsEntry,
}


def load(path: str | Path) -> Experiment:
    """Return the experiment that a config file describes.

    Raises ConfigError with a sentence a mistake, each with file, line and key path.
    """
    document = read(path)
    found = list(_unknown_names(document))
    config = None
    try:
        config = Config.model_validate(document.data)
    except ValidationError as error:
        found += problems(error, document, _FORMS)
    if found or config is None:
        raise refuse(document.path, found)
    return _build(config, document)


def _unknown_names(document: Document) -> Iterator[Problem]:
    """Yield a problem for every name in a config that stands for nothing known."""

    def problem(path: KeyPath, sentence: str) -> Problem:
        return Problem(document.line(path), dotted(path), sentence)

    def known(path: KeyPath, name: Any, names: Iterable[str]) -> Iterator[Problem]:
        listed = list(names)
        if isinstance(name, str) and name not in listed:
            yield problem(path, f"{shown(name)} is not known; {nearest(name, listed)}")

    data = document.data
    place = data.get("place")
    if isinstance(place, Mapping):
        arguments = place.get("synthetic")
        for key in arguments if isinstance(arguments, Mapping) else ():
            yield from known(("place", "synthetic", key), key, _arguments(Place.synthetic))
    else:
        yield from known(("place",), place, PLACES)
    policies = data.get("policies")
    for index, entry in enumerate(policies if isinstance(policies, list) else ()):
        for path, name, names in _policy_names(("policies", index), entry):
            yield from known(path, name, names)
        if isinstance(entry, Mapping) and "elsewhere" in entry and "pilot" not in entry:
            yield problem(
                ("policies", index, "elsewhere"),
                "only a policy that is piloted somewhere has an elsewhere; add 'pilot'.",
            )
    if isinstance(data.get("scenario"), str):
        yield from known(("scenario",), data["scenario"], SCENARIOS)
    assumptions = data.get("assumptions")
    held = assumptions.get("set") if isinstance(assumptions, Mapping) else None
    for name in held if isinstance(held, Mapping) else ():
        yield from known(("assumptions", "set", name), name, Assumptions.default().names)
    metrics = data.get("metrics")
    if isinstance(metrics, list):
        from localsim.metrics import METRICS

        for index, name in enumerate(metrics):
            yield from known(("metrics", index), name, METRICS)


def _policy_names(path: KeyPath, entry: Any) -> Iterator[tuple[KeyPath, Any, Iterable[str]]]:
    """Yield every name in a policy's entry with its path and the names it may be."""
    if not isinstance(entry, Mapping):
        yield path, entry, presets.PRESETS
        return
    name = entry.get("policy")
    yield (*path, "policy"), name, presets.PRESETS
    if name is None or name in presets.PRESETS:
        own = [] if name is None else _arguments(presets.PRESETS[name])
        for key in entry:
            yield (*path, key), key, [*PolicyEntry.model_fields, *own]
    if "elsewhere" in entry:
        yield from _policy_names((*path, "elsewhere"), entry["elsewhere"])


def _arguments(function: Callable[..., Any]) -> list[str]:
    return list(inspect.signature(function).parameters)


class _Wrong:
    """What is wrong with the parts of a config, each beside its line, until all is told."""

    def __init__(self, document: Document) -> None:
        self._document = document
        self._problems: list[Problem] = []

    @contextmanager
    def at(self, *path: str | int) -> Iterator[None]:
        """Keep an error raised inside as a problem of a key."""
        try:
            yield
        except (ValueError, TypeError) as error:
            sentence = " ".join(str(error).split())
            line = self._document.line(path)
            self._problems.append(Problem(line, dotted(path), sentence))

    def tell(self) -> None:
        """Raise what has been kept, if anything has."""
        if self._problems:
            raise refuse(self._document.path, self._problems)


def _build(config: Config, document: Document) -> Experiment:
    wrong = _Wrong(document)
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
        if isinstance(policy, Pilot):
            with wrong.at("policies", index, "pilot"):
                place.mask(policy.areas)
    with wrong.at("scenario"):
        scenario = _scenario(config.scenario)
        scenario.check(default_themes(), Assumptions.default().names)
    way = config.assumptions
    taken = AssumptionsEntry(mode=way) if isinstance(way, str) else way
    for name, value in taken.set.items():
        with wrong.at("assumptions", "set", name):
            Assumptions.default().replace({name: value})
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
            scenario=scenario,
            metrics=config.metrics,
            warmup_years=config.warmup_years,
            name=config.name or document.path.stem,
            question=config.question,
            baseline=config.baseline,
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
    return Scenario(entry.name, path(entry.grants), entry.protected, onset)


def _policy(entry: str | PolicyEntry) -> Policy:
    """Return the policy that an entry stands for, under the name that it gives."""
    if isinstance(entry, str):
        return presets.PRESETS[entry]()
    policy = presets.PRESETS[entry.policy](**(entry.model_extra or {}))
    policy = replace(policy, **read_answers(entry.answers))
    return policy if entry.name is None else replace(policy, name=entry.name)


def _answer(entry: str | PolicyEntry) -> Policy | Pilot:
    """Return what an entry asks to be run: a policy everywhere, or piloted in some areas."""
    if isinstance(entry, str) or entry.pilot is None:
        return _policy(entry)
    elsewhere = entry.elsewhere or "status_quo"
    if not isinstance(elsewhere, str) and elsewhere.pilot is not None:
        raise LocalsimError("what runs elsewhere cannot be piloted itself; leave out its 'pilot'.")
    inside = _policy(entry.model_copy(update={"name": None}))
    return Pilot(inside, entry.pilot, _policy(elsewhere), entry.name or "")
