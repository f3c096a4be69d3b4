"""Is this the same experiment? A digest of everything that decides its numbers.

Two objects have the same fingerprint when they are of the same kind and hold the same values,
however they were written down: in Python, in YAML, in another process.
"""

from __future__ import annotations

import dataclasses
import hashlib
import inspect
import json
from collections.abc import Mapping, Sequence, Set
from enum import Enum
from typing import Any

import numpy as np

_PACKAGE = __name__.partition(".")[0]


def fingerprint(value: Any) -> str:
    """Return 16 hexadecimal digits that stand for a value's kind and content."""
    text = json.dumps(canonical(value), sort_keys=True, separators=(",", ":"))
    return hashlib.blake2b(text.encode(), digest_size=8).hexdigest()


def canonical(value: Any) -> Any:
    """Return a value as plain lists, dicts and text in which equal content looks equal.

    Numbers are written as their exact ``repr``; a class or function of the package as its name,
    one of the user's with its source as well, so that an edited rule is another rule.
    """
    plain: Any
    match value:
        case None | bool() | str():
            plain = value
        case int() | float() | np.integer() | np.floating():
            plain = ["number", _number(value)]
        case Enum():
            plain = [_code(type(value)), value.name]
        case np.ndarray():
            content = np.ascontiguousarray(value)
            digest = hashlib.blake2b(content.tobytes(), digest_size=8).hexdigest()
            plain = ["array", content.dtype.str, list(content.shape), digest]
        case Mapping():
            pairs = [[canonical(key), canonical(item)] for key, item in value.items()]
            plain = ["mapping", *sorted(pairs, key=json.dumps)]
        case Set():
            plain = ["set", *sorted((canonical(item) for item in value), key=json.dumps)]
        case Sequence():
            plain = [canonical(item) for item in value]
        case _ if inspect.isroutine(value) or isinstance(value, type):
            plain = _code(value)
        case _:
            plain = _object(value)
    return plain


def _number(value: Any) -> str:
    """Return a number's exact text; 1 and 1.0 are the same number, as they are to Python."""
    if isinstance(value, int | np.integer):
        return repr(int(value))
    number = float(value)
    return repr(int(number)) if number.is_integer() else repr(number)


def _object(value: Any) -> Any:
    own = getattr(value, "fingerprint", None)
    if isinstance(own, str):
        return [_code(type(value)), own]
    if dataclasses.is_dataclass(value):
        names = [field.name for field in dataclasses.fields(value) if field.compare]
    else:
        # A leading underscore marks what an object remembers, not what it is.
        names = [name for name in getattr(value, "__dict__", {}) if not name.startswith("_")]
    return [_code(type(value)), canonical({name: getattr(value, name) for name in names})]


def _code(thing: Any) -> Any:
    module = getattr(thing, "__module__", "") or ""
    name = getattr(thing, "__qualname__", repr(thing))
    if module.partition(".")[0] == _PACKAGE:
        return f"{module}.{name}"
    try:
        return [name, inspect.getsource(thing)]
    except (OSError, TypeError):
        return [name, module]
