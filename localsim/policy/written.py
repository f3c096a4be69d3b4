"""Answers as a config writes them: a word, or a word with arguments, for each question.

``access: hub`` is `Hub()`, and ``budgets: {pooled: {share: 0.6}}`` is `Pooled(share=0.6)`: the
word is the class's name in small letters. Whatever a `Policy` can answer can be written.
"""

from __future__ import annotations

import importlib
import inspect
import pkgutil
import re
import types
from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass
from functools import cache
from typing import Any, Union, get_args, get_origin, get_type_hints

from localsim import policy as answers
from localsim.errors import LocalsimError, nearest
from localsim.policy.policy import Policy

_IDENTITY = ("name", "description")


def questions() -> tuple[str, ...]:
    """Return what a policy answers, in the order of the story."""
    return tuple(f.name for f in fields(Policy) if f.name not in _IDENTITY)


def read_answers(written: Mapping[str, Any]) -> dict[str, Any]:
    """Return answers as arguments of a `Policy`; raises `LocalsimError` naming what is unknown."""
    hints = get_type_hints(Policy)
    for question in written:
        if question not in questions():
            raise LocalsimError(
                f"a policy does not answer {question!r}; {nearest(question, questions())}"
            )
    return {question: _read(question, hints[question], told) for question, told in written.items()}


def variants(kind: type) -> dict[str, type]:
    """Return the package's variants of an answer by the word that stands for each."""
    _load()
    return {word_for(found): found for found in _leaves(kind)}


@cache
def _load() -> None:
    """Import every module that may hold a variant, once."""
    for module in pkgutil.iter_modules(answers.__path__):
        importlib.import_module(f"{answers.__name__}.{module.name}")


def kinds_of(hint: Any) -> list[type]:
    """Return the kinds of answer among what a type hint allows."""
    return [kind for kind in _options(hint) if isinstance(kind, type) and variants(kind)]


def _options(hint: Any) -> tuple[Any, ...]:
    return get_args(hint) if get_origin(hint) in (Union, types.UnionType) else (hint,)


def _leaves(kind: type) -> Iterator[type]:
    if not kind.__module__.startswith(f"{answers.__name__}."):
        return  # a user's own class is used from Python, where it was written
    children: list[type] = kind.__subclasses__()
    below = [leaf for child in children for leaf in _leaves(child)]
    if below:
        yield from below
    elif is_dataclass(kind) and not inspect.isabstract(kind):
        yield kind


def word_for(kind: type) -> str:
    """Return the word that stands for a variant: its class's name in small letters."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", kind.__name__).lower()


def _read(what: str, hint: Any, told: Any) -> Any:
    """Return what was written for something of a type: an answer where that is one, else as is."""
    if told is None and type(None) in _options(hint):
        return None
    kinds = kinds_of(hint)
    if not kinds:
        return told
    known = {word: found for kind in kinds for word, found in variants(kind).items()}
    if isinstance(told, str):
        return made(what, _chosen(what, told, known), {})
    if isinstance(told, Mapping) and len(told) == 1:
        ((word, arguments),) = told.items()
        if word in known and (arguments is None or isinstance(arguments, Mapping)):
            return made(what, known[word], arguments or {})
    if isinstance(told, Mapping) and len(known) == 1:  # only one kind of answer: it needs no word
        return made(what, next(iter(known.values())), told)
    if isinstance(told, Mapping) and len(told) == 1:
        _chosen(what, str(*told), known)
    raise LocalsimError(
        f"{what} is a word such as '{next(iter(known))}', or one with arguments such as "
        f"'{{{next(iter(known))}: {{…}}}}', not {told!r}."
    )


def _chosen(what: str, word: str, known: Mapping[str, type]) -> type:
    if word not in known:
        raise LocalsimError(f"there is no {what} {word!r}; {nearest(word, known)}")
    return known[word]


def made(what: str, kind: type, arguments: Mapping[str, Any]) -> Any:
    """Return a variant with arguments, or say which are unknown or missing."""
    hints = get_type_hints(kind)
    taken = inspect.signature(kind).parameters
    for key in arguments:
        if key not in taken:
            help_ = nearest(key, taken) if taken else "it takes no arguments."
            raise LocalsimError(f"{what}: {word_for(kind)} has no {key!r}; {help_}")
    missing = [n for n, p in taken.items() if p.default is p.empty and n not in arguments]
    if missing:
        raise LocalsimError(f"{what}: {word_for(kind)} needs {', '.join(missing)}.")
    return kind(**{key: _read(key, hints.get(key), value) for key, value in arguments.items()})
