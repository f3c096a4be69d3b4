"""A YAML file as plain data, with the line of every key, or sentences saying what is wrong.

YAML 1.2 as read by ruamel.yaml (so ``no`` is a word and ``1e-3`` a number). A config is small and
flat: anchors, aliases, tags, deep nesting and large files are refused before anything is built
from them, so a hostile file costs no memory.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.events import AliasEvent, CollectionEndEvent, CollectionStartEvent
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from localsim.errors import LocalsimError

LARGEST_BYTES = 1_000_000
DEEPEST = 12

KeyPath = tuple[str | int, ...]

_SCALARS = {f"tag:yaml.org,2002:{kind}" for kind in ("str", "int", "float", "bool", "null")}


class ConfigError(LocalsimError):
    """A config cannot be used: its text is one sentence a mistake, each with file and line."""


@dataclass(frozen=True, order=True)
class Problem:
    """One mistake in a config: the line it is on (0 for the whole file), the key, a sentence."""

    line: int
    path: str
    sentence: str


@dataclass(frozen=True)
class Document:
    """What a config file says: plain data, and the line on which each key or item starts."""

    path: Path
    data: dict[str, Any]
    lines: dict[KeyPath, int]

    def line(self, path: KeyPath) -> int:
        """Return the line of a key path, or of the nearest key above it."""
        while path and path not in self.lines:
            path = path[:-1]
        return self.lines.get(path, 1)


def refuse(file: Path, problems: Iterable[Problem]) -> ConfigError:
    """Return the error that names every problem of a file, one a line of text, in file order."""
    said = []
    for problem in sorted(set(problems)):
        where = f"{file}, line {problem.line}" if problem.line else str(file)
        said.append(": ".join(part for part in (where, problem.path, problem.sentence) if part))
    return ConfigError("\n".join(said))


def dotted(path: KeyPath) -> str:
    """Return a key path as a person would write it: ``policies[2].pilot``."""
    text = ""
    for part in path:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else str(part)
    return text


def read(path: str | Path) -> Document:
    """Read a YAML mapping from a file.

    Raises ConfigError naming the file, and the line where there is one, if the file is missing,
    is no text, is empty, is not YAML, is not a mapping, repeats a key, or uses what a config has
    no need of (anchors, tags, deep nesting).
    """
    file = Path(path)
    return parse(_text(file), file)


def parse(text: str, file: Path) -> Document:
    """Read a YAML mapping from text, naming `file` in errors."""
    yaml = YAML(typ="safe", pure=True)
    try:
        _refuse_excess(yaml, text, file)
        root = YAML(typ="safe", pure=True).compose(text)
    except MarkedYAMLError as error:
        raise refuse(file, [_syntax(error)]) from None
    except (YAMLError, ValueError) as error:
        if isinstance(error, ConfigError):
            raise
        first = str(error).strip().splitlines()[0]
        raise refuse(file, [Problem(0, "", f"this is not YAML text: {first}.")]) from None
    if root is None:
        raise refuse(
            file,
            [
                Problem(
                    0, "", "the file is empty; a config has keys such as 'place' and 'policies'."
                )
            ],
        )
    if not isinstance(root, MappingNode):
        kind = "a list" if isinstance(root, SequenceNode) else "a single value"
        raise refuse(
            file,
            [
                Problem(
                    _line(root),
                    "",
                    f"the file holds {kind}; a config is a "
                    "mapping of keys such as 'place: kingston'.",
                )
            ],
        )
    lines: dict[KeyPath, int] = {}
    problems: list[Problem] = []
    data = _plain(root, (), lines, problems)
    if problems:
        raise refuse(file, problems)
    return Document(file, data, lines)


def _text(file: Path) -> str:
    if file.is_dir():
        raise refuse(file, [Problem(0, "", "this is a folder; a config is a YAML file in it.")])
    try:
        with file.open("rb") as stream:
            raw = stream.read(LARGEST_BYTES + 1)
    except FileNotFoundError:
        raise refuse(file, [Problem(0, "", "there is no such file.")]) from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise refuse(file, [Problem(0, "", f"the file cannot be read: {reason}.")]) from None
    if len(raw) > LARGEST_BYTES:
        raise refuse(
            file,
            [
                Problem(
                    0,
                    "",
                    f"the file is larger than {LARGEST_BYTES:,} bytes; a config is a page of text.",
                )
            ],
        )
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw[: error.start].count(b"\n") + 1
        raise refuse(file, [Problem(line, "", "this is not UTF-8 text.")]) from None


def _refuse_excess(yaml: YAML, text: str, file: Path) -> None:
    """Stop at an anchor, alias, tag or depth that a config has no need of."""
    depth = 0
    for event in yaml.parse(text):
        said = ""
        tag = getattr(event, "tag", None)
        if isinstance(event, AliasEvent) or getattr(event, "anchor", None):
            said = "anchors (&) and aliases (*) are not used in a config; write the value out."
        elif tag:
            said = f"tags such as {tag} are not used in a config."
        if isinstance(event, CollectionStartEvent):
            depth += 1
            if depth > DEEPEST:
                said = f"keys are nested more than {DEEPEST} deep."
        elif isinstance(event, CollectionEndEvent):
            depth -= 1
        if said:
            raise refuse(file, [Problem(event.start_mark.line + 1, "", said)])


def _syntax(error: MarkedYAMLError) -> Problem:
    mark = error.problem_mark or error.context_mark
    line = mark.line + 1 if mark else 0
    said = " ".join(str(error.problem or error.context).split())
    if "'\\t'" in said:
        said = "a tab cannot indent YAML; use spaces"
    elif "expected a single document" in str(error.context or error.problem):
        said = "the file holds several documents (---); a config is one"
    else:
        said = f"this is not YAML: {said}"
    return Problem(line, "", f"{said}.")


def _line(node: Node) -> int:
    return int(node.start_mark.line) + 1


def _plain(node: Node, path: KeyPath, lines: dict[KeyPath, int], problems: list[Problem]) -> Any:
    lines.setdefault(path, _line(node))
    if isinstance(node, SequenceNode):
        return [_plain(n, (*path, i), lines, problems) for i, n in enumerate(node.value)]
    if isinstance(node, MappingNode):
        return _mapping(node, path, lines, problems)
    return _scalar(node, path, problems)


def _mapping(
    node: MappingNode, path: KeyPath, lines: dict[KeyPath, int], problems: list[Problem]
) -> dict[str, Any]:
    result: dict[str, Any] = {}
    for key_node, value_node in node.value:
        if not isinstance(key_node, ScalarNode):
            problems.append(Problem(_line(key_node), dotted(path), "a key must be a word."))
            continue
        key = str(key_node.value)
        here = (*path, key)
        if key in result:
            first = lines[here]
            problems.append(
                Problem(
                    _line(key_node),
                    dotted(here),
                    f"this key is already on line {first}; keep one of the two.",
                )
            )
            continue
        lines[here] = _line(key_node)
        result[key] = _plain(value_node, here, lines, problems)
    return result


def _scalar(node: Node, path: KeyPath, problems: list[Problem]) -> Any:
    tag = str(node.tag)
    if tag not in _SCALARS:
        kind = tag.rsplit(":", 1)[-1]
        problems.append(
            Problem(
                _line(node), dotted(path), f"{node.value!r} reads as a {kind}; put it in quotes."
            )
        )
        return None
    try:
        value = YAML(typ="safe", pure=True).constructor.construct_object(node)
        if isinstance(value, str):
            value.encode()  # half of a surrogate pair is no character
        return value
    except UnicodeError:
        problems.append(Problem(_line(node), dotted(path), "the text holds no valid character."))
        return None
    except (ValueError, ArithmeticError):
        problems.append(
            Problem(
                _line(node),
                dotted(path),
                f"{str(node.value)[:40]!r} is not a number that can be read.",
            )
        )
        return None
