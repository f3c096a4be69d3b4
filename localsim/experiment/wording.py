"""What pydantic found wrong with a config, as sentences with a line and the nearest right key."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import BaseModel, ValidationError

from localsim.errors import nearest
from localsim.experiment.document import Document, KeyPath, Problem
from localsim.experiment.validate import shown

_WANTED = {
    "int_type": "a whole number",
    "int_from_float": "a whole number",
    "float_type": "a number",
    "string_type": "text",
    "list_type": "a list",
    "dict_type": "a mapping of keys to values",
    "model_type": "a mapping of keys to values",
    "model_attributes_type": "a mapping of keys to values",
    "finite_number": "a finite number",
}
_KINDS = {
    bool: "true or false",
    int: "a number",
    float: "a number",
    str: "text",
    list: "a list",
    dict: "a mapping",
}


def problems(
    error: ValidationError, document: Document, forms: Mapping[str, type[BaseModel]]
) -> Iterator[Problem]:
    """Yield a problem for every error; `forms` names the model behind each form of an answer."""
    for found in error.errors():
        path, form = _place(found["loc"], document.data, forms)
        yield document.problem(path, _sentence(found, path, forms[form]))


def _place(
    location: tuple[str | int, ...], data: Any, forms: Mapping[str, type[BaseModel]]
) -> tuple[KeyPath, str]:
    """Return the key path of an error without pydantic's tags, and the innermost form met."""
    path: list[str | int] = []
    form = ""
    for number, part in enumerate(location):
        inside = (isinstance(data, dict) and part in data) or (
            isinstance(data, list) and isinstance(part, int) and part < len(data)
        )
        if inside:
            data = data[part]
            path.append(part)
            form = f"{form}/{part}" if f"{form}/{part}" in forms else form
            continue
        if path and f"{path[0]}/{part}" in forms:
            form = f"{path[0]}/{part}"
        elif number == len(location) - 1 and isinstance(data, dict):
            path.append(part)
    return tuple(path), form


def _sentence(found: Mapping[str, Any], path: KeyPath, model: type[BaseModel]) -> str:
    value = found["input"]
    context = found.get("ctx", {})
    match found["type"]:
        case "missing":
            said = "this key is missing, and there is no default for it."
        case "extra_forbidden":
            said = f"there is no such key; {nearest(str(path[-1]), model.model_fields)}"
        case "literal_error":
            words = str(context["expected"]).replace("'", "").replace(" or ", ", ").split(", ")
            said = f"it is {shown(value)}; {nearest(str(value), words)}"
        case "greater_than_equal":
            said = f"it is {shown(value)}; at least {context['ge']:,} is wanted."
        case "less_than_equal":
            said = f"it is {shown(value)}; at most {context['le']:,} is wanted."
        case "too_short" | "string_too_short":
            said = "it is empty; at least one entry is wanted."
        case "string_pattern_mismatch":
            said = (
                f"{shown(value)} cannot be a name; letters, digits, spaces and . - _ ( ) can, at "
                "most 80 of them, a letter or digit first."
            )
        case kind if kind in _WANTED:
            said = _wrong_kind(value, _WANTED[kind])
        case _:
            said = f"{found['msg']}."
    return said


def _wrong_kind(value: Any, wanted: str) -> str:
    if value is None:
        return f"it is empty; {wanted} is wanted."
    hint = ""
    if isinstance(value, str) and "number" in wanted and _reads_as_number(value):
        hint = "; write it without quotes"
    if not isinstance(value, str) and wanted == "text" and not isinstance(value, list | dict):
        hint = "; put it in quotes"
    return (
        f"{shown(value)} is {_KINDS.get(type(value), 'something else')}, and {wanted} is "
        f"wanted{hint}."
    )


def _reads_as_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
