"""The JSON Schema of a config, by which an editor completes keys and names and marks mistakes."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Mapping
from typing import Any, get_type_hints

from localsim.assumptions import Assumptions
from localsim.experiment.forms import Config, PolicyEntry
from localsim.place import PLACES, Place
from localsim.policy.policy import Policy
from localsim.policy.presets import PRESETS
from localsim.policy.written import kinds_of, questions, variants
from localsim.scenarios import SCENARIOS
from localsim.themes.sets import THEMES

DIALECT = "https://json-schema.org/draft/2020-12/schema"

Node = dict[str, Any]


def schema() -> Node:
    """Return the JSON Schema of a config: its forms, and the names that are known here."""
    from localsim.metrics import METRICS

    whole = Config.model_json_schema()
    forms: Node = whole["$defs"]
    del forms["NoForm"]
    keys: Node = whole["properties"]
    _word(keys["place"]["oneOf"], _documented(PLACES))
    _word(keys["policies"]["items"]["oneOf"], _documented(PRESETS))
    _word(keys["scenario"]["oneOf"], _documented(SCENARIOS))
    _word(keys["themes"]["oneOf"], _documented(THEMES))
    listed = next(one for one in keys["themes"]["oneOf"] if one.get("type") == "array")
    listed["items"] = _named(_documented(THEMES))
    metrics = {name: f"{metric.label}, {metric.unit}" for name, metric in METRICS.items()}
    _listed(keys["metrics"])["items"] = _named(metrics)
    _policy(forms["PolicyEntry"])
    forms["SyntheticPlace"]["properties"]["synthetic"] |= _arguments(Place.synthetic)
    numbers = {
        row.name: f"{row.value:g} ({row.low:g} to {row.high:g}), {row.unit}. {row.note}".strip()
        for row in map(Assumptions.default().row, Assumptions.default().names)
    }
    forms["AssumptionsEntry"]["properties"]["set"] = {
        "type": "object",
        "properties": {
            name: {"type": "number", "description": said} for name, said in numbers.items()
        },
        "additionalProperties": False,
    }
    _dimensions(forms, numbers)
    for node in _nodes(whole):
        if "oneOf" in node:
            node["oneOf"] = [one for one in node["oneOf"] if one.get("$ref") != "#/$defs/NoForm"]
    return {"$schema": DIALECT} | whole | {"title": "localsim experiment"}


def _documented(makers: Mapping[str, Callable[..., Any]]) -> dict[str, str]:
    return {name: (inspect.getdoc(make) or "").partition("\n")[0] for name, make in makers.items()}


def _named(names: Mapping[str, str]) -> Node:
    """Return a schema of one name of several, each explained."""
    return {"oneOf": [{"const": name, "description": said} for name, said in names.items()]}


def _word(options: list[Node], names: Mapping[str, str]) -> None:
    """Let the word among the options be one of some names."""
    place = next(i for i, option in enumerate(options) if option.get("type") == "string")
    options[place] = _named(names)


def _listed(key: Node) -> Node:
    """Return the option of a key that is a list."""
    listed: Node = next(option for option in key["anyOf"] if option.get("type") == "array")
    return listed


def _arguments(function: Callable[..., Any]) -> Node:
    """Return the properties of a mapping of a function's arguments."""
    taken = list(inspect.signature(function).parameters)
    return {"properties": {name: {} for name in taken}, "additionalProperties": False}


def _policy(form: Node) -> None:
    """Name the presets, their own arguments, and the answers that there are."""
    keys = form["properties"]
    keys["policy"] = _named(_documented(PRESETS))
    for option in keys["elsewhere"]["anyOf"]:
        if "oneOf" in option:
            _word(option["oneOf"], _documented(PRESETS))
    for make in PRESETS.values():
        for name in inspect.signature(make).parameters:
            keys.setdefault(name, {})
    hints = get_type_hints(Policy)
    keys["answers"] = {
        "type": "object",
        "properties": {question: _answer(hints[question]) for question in questions()},
        "additionalProperties": False,
    }
    form["additionalProperties"] = False
    form["description"] = (inspect.getdoc(PolicyEntry) or "").partition("\n")[0]


def _answer(hint: Any) -> Node:
    """Return the schema of an answer: the word for it, or that word with arguments."""
    words: dict[str, str] = {}
    for kind in kinds_of(hint):
        words |= _documented(variants(kind))
    if not words:
        return {}
    return {"anyOf": [_named(words), {"type": "object"}, {"type": "null"}]}


def _dimensions(forms: Node, numbers: Mapping[str, str]) -> None:
    """Write what a dimension may be once, and name the assumptions among the dimensions."""
    designs = [form for form in forms.values() if "dimensions" in form.get("properties", {})]
    written = designs[0]["properties"]["dimensions"]
    forms["Dimension"] = written["additionalProperties"]
    one = {"$ref": "#/$defs/Dimension"}
    forms["Dimensions"] = {
        "type": "object",
        "description": "Assumptions, or answers such as 'One Norbiton.budgets.share'.",
        "minProperties": 1,
        "properties": {name: one | {"description": said} for name, said in numbers.items()},
        "additionalProperties": one,
    }
    for form in designs:
        form["properties"]["dimensions"] = {"$ref": "#/$defs/Dimensions"}


def _nodes(node: Any) -> Iterable[Node]:
    if isinstance(node, dict):
        yield node
        for inside in node.values():
            yield from _nodes(inside)
    elif isinstance(node, list):
        for inside in node:
            yield from _nodes(inside)
