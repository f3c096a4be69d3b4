"""Overrides: a config's keys set from outside, ``years=3`` or ``policies[1].answers.access=hub``.

An override is read as the file is, by the same rules; what is wrong with it is told in the same
words, with the override where a line would stand.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Sequence
from typing import Any

from localsim.experiment.document import (
    DEEPEST,
    ConfigError,
    Document,
    KeyPath,
    Problem,
    dotted,
    parse_value,
    refuse,
)

DOTTED = ("set", "dimensions")
"""Keys whose own keys are names with dots, such as ``place.kappa``."""

WORDS = {"assumptions": "mode", "policies": "policy"}
"""Where a word stands for a mapping with this one key."""

_PART = re.compile(r"([^.\[\]]+)|\[(\d{1,6})\]")


def overridden(document: Document, overrides: Sequence[str]) -> Document:
    """Return a document with keys set to other values; raises ConfigError naming the override."""
    if isinstance(overrides, str) or not all(isinstance(one, str) for one in overrides):
        raise ConfigError(f"overrides are a list of texts such as 'years=3', not {overrides!r}.")
    data = copy.deepcopy(document.data)
    sources = dict(document.sources)
    for override in overrides:
        label = f"--set {override if len(override) <= 80 else override[:77] + '…'}"

        def wrong(sentence: str, path: KeyPath = (), label: str = label) -> ConfigError:
            problem = Problem(0, dotted(path), sentence, label)
            return refuse(document.path, [problem])

        key, equals, text = override.partition("=")
        if not equals or not key.strip():
            raise wrong("an override is a key and a value, such as years=3.")
        value = parse_value(text, document.path, label)
        path = _put(data, _parts(key.strip(), wrong), value, wrong)
        sources = {p: s for p, s in sources.items() if p[: len(path)] != path}
        sources[path] = label
    return Document(document.path, data, document.lines, sources)


def _parts(key: str, wrong: Any) -> list[str | int]:
    """Return the parts of a dotted key with list numbers: ``policies[1].name``."""
    parts: list[str | int] = []
    place = 0
    while place < len(key):
        if parts and key[place] == ".":
            place += 1
        found = _PART.match(key, place)
        if found is None:
            raise wrong(f"{key!r} is no key; keys look like policies[1].name.")
        parts.append(found[1] if found[1] is not None else int(found[2]))
        place = found.end()
    if len(parts) > DEEPEST:
        raise wrong(f"keys are nested more than {DEEPEST} deep.")
    return parts


def _put(data: Any, parts: list[str | int], value: Any, wrong: Any) -> KeyPath:
    """Set one key of nested plain data and return its path."""
    path: list[str | int] = []
    here: Any = data
    left = parts
    while True:
        left = _joined(here, path, left)
        part, left = left[0], left[1:]
        if isinstance(here, list):
            if not isinstance(part, int) or part >= len(here):
                raise wrong(
                    f"this is a list of {len(here)}, numbered from [0]; {_said(part)} is none of "
                    "them.",
                    tuple(path),
                )
        elif not isinstance(here, dict):
            raise wrong("this is a single value, with nothing in it to set.", tuple(path))
        elif isinstance(part, int):
            raise wrong(f"this is a mapping, and [{part}] is for lists.", tuple(path))
        path.append(part)
        if not left:
            here[part] = value
            return tuple(path)
        if isinstance(here, dict):
            here.setdefault(part, {})
        inside = here[part]
        if isinstance(inside, str) and path[0] in WORDS and len(path) <= 2:
            inside = here[part] = {WORDS[str(path[0])]: inside}
        elif inside is None:
            inside = here[part] = {}
        here = inside


def _joined(here: Any, path: list[str | int], left: list[str | int]) -> list[str | int]:
    """Return the parts with those joined that are one key with dots."""
    if not isinstance(here, dict) or not all(isinstance(part, str) for part in left):
        return left
    if path and path[-1] in DOTTED:
        return [".".join(map(str, left))]
    return left


def _said(part: str | int) -> str:
    return f"[{part}]" if isinstance(part, int) else repr(part)
