"""The forms of a config: which keys there are, and what each may hold.

A form is a strict pydantic model, so that no word is taken for a number and no key for another;
the JSON Schema that editors read is made of the same.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Discriminator, Field, FiniteFloat, Tag, WithJsonSchema

from localsim.experiment.design import MOST_POINTS
from localsim.experiment.dimensions import MOST_LEVELS
from localsim.experiment.stopping import FEWEST, LOOK_AHEAD
from localsim.experiment.validate import LARGEST_SEED, LONGEST_YEARS, MOST_REPLICATIONS

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


class RollOutEntry(_Strict):
    """When what is piloted goes everywhere, and whether with what was learnt."""

    after_years: Annotated[int, Field(ge=1, le=LONGEST_YEARS)] = 2
    learning: bool = True


class UntilEntry(_Strict):
    """When a policy ends, and what follows it."""

    years: Annotated[int, Field(ge=1, le=LONGEST_YEARS)]
    then: (
        Annotated[
            Annotated[Text, Tag("word")] | Annotated[PolicyEntry, Tag("mapping")],
            Discriminator(_form),
        ]
        | None
    ) = None


class PolicyEntry(_Strict):
    """A preset, perhaps with other answers or under another name, or piloted in areas.

    `answers` replaces answers of the preset, as `localsim.policy.written` reads them. A pilot may
    be rolled out with `roll_out`, and anything end with `until`. Further keys are the preset's
    own arguments.
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
    roll_out: RollOutEntry | None = None
    until: UntilEntry | None = None
    name: Name | None = None


class ScenarioEntry(_Strict):
    """What befalls the place, written out: the arguments of ``Scenario``."""

    name: Name = "scenario"
    grants: Any = ()
    protected: list[Text] = []
    onset: dict[str, Any] = {}
    growth: Any = None
    ageing: Any = None


class AssumptionsEntry(_Strict):
    """How assumptions are taken, and those held at a value."""

    mode: Literal["sampled", "fixed"] = "sampled"
    set: dict[str, FiniteFloat] = {}


class RangeForm(_Strict):
    """From low to high, with so many levels in a grid; without ends, an assumption's own range."""

    low: FiniteFloat | None = None
    high: FiniteFloat | None = None
    levels: Annotated[int, Field(ge=2, le=MOST_LEVELS)] | None = None
    log: bool = False


def _dimension_form(value: Any) -> str | None:
    """Say how the values of a dimension were written."""
    if value is None:
        return "own range"
    if isinstance(value, Mapping | RangeForm):
        return "range form"
    return "listed levels" if isinstance(value, list) else None


Level = Annotated[Any, WithJsonSchema({"type": ["number", "string", "boolean"]})]
Dimensions = Annotated[
    dict[
        str,
        Annotated[
            Annotated[None, Tag("own range")]
            | Annotated[RangeForm, Tag("range form")]
            | Annotated[list[Level], Tag("listed levels")],
            Discriminator(
                _dimension_form,
                custom_error_type="no_dimension",
                custom_error_message="levels are a list, such as [0.1, 0.2], and a range is "
                "{low: 0, high: 1}; left empty, it is an assumption's own range",
            ),
        ],
    ],
    Field(min_length=1),
]
Points = Annotated[int, Field(ge=1, le=MOST_POINTS)]
Seed = Annotated[int, Field(ge=0, le=LARGEST_SEED)]


class GridForm(_Strict):
    """Every level of each dimension with every level of the others."""

    kind: Literal["grid"]
    dimensions: Dimensions


class OneAtATimeForm(_Strict):
    """Each dimension moved alone, from everything as it is."""

    kind: Literal["one_at_a_time"]
    dimensions: Dimensions


class SampleForm(_Strict):
    """So many points spread over all dimensions at once."""

    kind: Literal["latin_hypercube", "sobol"]
    dimensions: Dimensions
    n: Points
    seed: Seed = 0


class PointsForm(_Strict):
    """A table of points: the path of a CSV, relative to the config."""

    kind: Literal["points"]
    csv: Text


class NoForm(BaseModel):
    """A design of no kind that there is, which is what is wrong with it."""

    model_config = ConfigDict(extra="ignore", strict=True, frozen=True)

    kind: Literal["grid", "latin_hypercube", "sobol", "one_at_a_time", "points"]


_DESIGNS = {
    "grid": "grid form",
    "one_at_a_time": "one at a time form",
    "latin_hypercube": "sample form",
    "sobol": "sample form",
    "points": "points form",
}


def _design_form(value: Any) -> str | None:
    """Say of which form a design is."""
    if not isinstance(value, Mapping):
        return None
    kind = value.get("kind")
    return _DESIGNS.get(kind, "no form") if isinstance(kind, str) else "no form"


DesignForm = Annotated[
    Annotated[GridForm, Tag("grid form")]
    | Annotated[OneAtATimeForm, Tag("one at a time form")]
    | Annotated[SampleForm, Tag("sample form")]
    | Annotated[PointsForm, Tag("points form")]
    | Annotated[NoForm, Tag("no form")],
    Discriminator(
        _design_form,
        custom_error_type="no_design",
        custom_error_message="a design is a mapping such as {kind: grid, dimensions: {…}}",
    ),
]


class HalfWidthForm(_Strict):
    """When to stop: a difference from the baseline known to half a width, in the metric's unit."""

    metric: Text
    target: FiniteFloat
    policy: Text | None = None
    group: Text = "all"
    level: FiniteFloat = 0.95
    fewest: Annotated[int, Field(ge=2, le=MOST_REPLICATIONS)] = FEWEST
    look_ahead: Annotated[int, Field(ge=0, le=MOST_REPLICATIONS)] = LOOK_AHEAD


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
    seed: Seed = 0
    scenario: Annotated[
        Annotated[Text, Tag("word")] | Annotated[ScenarioEntry, Tag("mapping")],
        Discriminator(_form),
    ] = "steady"
    themes: Annotated[
        Annotated[Text, Tag("word")]
        | Annotated[list[Text], Field(min_length=1, max_length=10), Tag("listed names")],
        Discriminator(lambda value: "listed names" if isinstance(value, list) else "word"),
    ] = "default"
    assumptions: Annotated[
        Annotated[Literal["sampled", "fixed"], Tag("word")]
        | Annotated[AssumptionsEntry, Tag("mapping")],
        Discriminator(_form),
    ] = "sampled"
    metrics: Annotated[list[Text], Field(min_length=1)] | None = None
    warmup_years: Annotated[int, Field(ge=0, le=LONGEST_YEARS)] = 5
    baseline: Text | None = None
    until: HalfWidthForm | None = None
    design: (
        Annotated[
            Annotated[DesignForm, Tag("one design")]
            | Annotated[
                list[DesignForm], Field(min_length=1, max_length=10), Tag("crossed designs")
            ],
            Discriminator(
                lambda value: "crossed designs" if isinstance(value, list) else "one design"
            ),
        ]
        | None
    ) = None


FORMS: dict[str, type[BaseModel]] = {
    "": Config,
    "place/mapping": SyntheticPlace,
    "place/table": CsvPlace,
    "policies/mapping": PolicyEntry,
    "policies/mapping/roll_out": RollOutEntry,
    "policies/mapping/until": UntilEntry,
    "scenario/mapping": ScenarioEntry,
    "/until": HalfWidthForm,
    "assumptions/mapping": AssumptionsEntry,
    "design/grid form": GridForm,
    "design/one at a time form": OneAtATimeForm,
    "design/sample form": SampleForm,
    "design/points form": PointsForm,
    "design/no form": NoForm,
    "design/range form": RangeForm,
}
"""The model behind each form of an answer, by the key and pydantic's tag."""
