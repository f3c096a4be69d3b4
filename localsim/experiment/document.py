"""A YAML file as plain data, with the line of every key, or sentences saying what is wrong.

YAML 1.2 as read by ruamel.yaml (so ``no`` is a word and ``1e-3`` a number). A config is small and
flat: anchors, aliases, tags, deep nesting and large files are refused before anything is built
from them, so a hostile file costs no memory.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
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
    """One mistake in a config: the line it is on (0 for the whole file), the key, a sentence.

    `source` is where it was written if not in the file: an override on the command line.
    """

    line: int
    path: str
    sentence: str
    source: str = ""


@dataclass(frozen=True)
class Document:
    """What a config file says: plain data, and the line on which each key or item starts.

    Of a key that an override wrote, `sources` holds the override.
    """

    path: Path
    data: dict[str, Any]
    lines: dict[KeyPath, int]
    sources: dict[KeyPath, str] = field(default_factory=dict)

    def problem(self, path: KeyPath, sentence: str) -> Problem:
        """Return a problem of a key, where that key or the nearest above it was written."""
        near = path
        while near and near not in self.lines and near not in self.sources:
            near = near[:-1]
        if near in self.sources:
            return Problem(0, dotted(path), sentence, self.sources[near])
        return Problem(self.lines.get(near, 1), dotted(path), sentence)


class Wrong:
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
            self._problems.append(self._document.problem(path, sentence))

    def tell(self) -> None:
        """Raise what has been kept, if anything has."""
        if self._problems:
            raise refuse(self._document.path, self._problems)


def refuse(file: Path, problems: Iterable[Problem]) -> ConfigError:
    """Return the error that names every problem of a file, one a line of text, in file order."""
    said = []
    for problem in sorted(set(problems)):
        where = f"{file}, line {problem.line}" if problem.line else str(file)
        where = problem.source or where
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
    root = _composed(text, file, "")
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


def parse_value(text: str, file: Path, source: str) -> Any:
    """Read one YAML value written outside the file, named `source` in errors; empty is None."""
    root = _composed(text, file, source)
    if root is None:
        return None
    problems: list[Problem] = []
    value = _plain(root, (), {}, problems)
    if problems:
        raise refuse(file, [Problem(0, found.path, found.sentence, source) for found in problems])
    return value


def _composed(text: str, file: Path, source: str) -> Node | None:
    """Return the tree of a YAML text in which nothing is that a config has no need of."""
    try:
        _refuse_excess(text, file, source)
        root: Node | None = YAML(typ="safe", pure=True).compose(text)
        return root
    except MarkedYAMLError as error:
        problem = _syntax(error)
    except (YAMLError, ValueError, RecursionError) as error:
        if isinstance(error, ConfigError):
            raise
        first = (str(error).strip().splitlines() or ["it cannot be read"])[0]
        problem = Problem(0, "", f"this is not YAML text: {first}.")
    raise refuse(file, [replace(problem, source=source)])


def _text(file: Path) -> str:
    try:
        if file.is_dir():
            raise refuse(file, [Problem(0, "", "this is a folder; a config is a YAML file in it.")])
        if file.exists() and not file.is_file():
            said = "this is no ordinary file; a config is a page of text."
            raise refuse(file, [Problem(0, "", said)])
        with file.open("rb") as stream:
            raw = stream.read(LARGEST_BYTES + 1)
    except ConfigError:
        raise
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


def _refuse_excess(text: str, file: Path, source: str) -> None:
    """Stop at an anchor, alias, tag or depth that a config has no need of."""
    depth = 0
    for event in YAML(typ="safe", pure=True).parse(text):
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
            raise refuse(file, [Problem(event.start_mark.line + 1, "", said, source)])


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
