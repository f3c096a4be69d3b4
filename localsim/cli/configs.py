"""`localsim new`, `check-config` and `schema`: write a question down before it is run."""

from __future__ import annotations

import argparse
import json
import math
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING

from localsim.cli.words import FINE, BadInputError, print_fields
from localsim.errors import LocalsimError

if TYPE_CHECKING:
    from localsim.experiment.design import Design
    from localsim.experiment.experiment import Experiment

MOST_LISTED = 12


def schema(options: argparse.Namespace) -> int:
    """Print the JSON Schema of a config."""
    from localsim.experiment.schema import schema as made

    print(json.dumps(made(), indent=1, ensure_ascii=False))
    return FINE


def new(options: argparse.Namespace) -> int:
    """Write a commented config to start from; a file that is there stays as it is."""
    file = Path(options.file)
    starter = resources.files("localsim").joinpath("data", "starter.yaml").read_bytes()
    if file.suffix not in (".yaml", ".yml"):
        raise BadInputError(f"{file}: a config's name ends in .yaml.")
    try:
        with file.open("xb") as stream:
            stream.write(starter)
    except FileExistsError:
        raise BadInputError(f"{file} is there already; name another file.") from None
    except FileNotFoundError:
        raise BadInputError(f"there is no folder {file.parent}; make it first.") from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise BadInputError(f"{file} cannot be written: {reason}.") from None
    print(f"{file} asks a question to start from; localsim check-config {file} says what it runs.")
    return FINE


def check_config(options: argparse.Namespace) -> int:
    """Say what a config would run, how often, for how long and how much disk; run nothing."""
    from localsim.experiment import Experiment
    from localsim.experiment.estimate import estimate

    try:
        experiment = Experiment.from_config(options.config, options.set)
        guess = estimate(experiment)
    except LocalsimError as error:
        raise BadInputError(str(error)) from error
    points = "" if experiment.design is None else f"{len(experiment.design):,} points × "
    place, policies = experiment.place, [policy.name for policy in experiment.policies]
    print_fields(
        {
            "config": f"{options.config} is fine: {experiment.name}",
            "question": experiment.question,
            "place": f"{place.name}, {len(place.codes):,} areas, "
            f"{place.residents.sum():,} residents",
            "policies": ", ".join(policies),
            "baseline": experiment.baseline,
            "years": f"{experiment.years} after {experiment.warmup_years} of warm-up",
            "themes": ", ".join(t.name for t in experiment.themes or ()),
            "scenario": experiment.scenario.name,
            "assumptions": _assumptions(experiment),
        }
    )
    if experiment.design is not None:
        _print_design(experiment.design, experiment)
    print_fields(
        {
            "until": _until(experiment),
            "runs": f"{'at most ' if experiment.until else ''}{points}"
            f"{experiment.replications:,} replications × {len(policies)} policies "
            f"= {guess.runs:,} runs after {guess.warmups:,} warm-ups",
            "time": f"roughly {_duration(guess.seconds)} on {guess.workers} processors, "
            f"{guess.seconds_per_unit:.2g} s a replication by a short try",
            "disk": f"roughly {_size(guess.bytes)} in {Path('out') / experiment.name}",
        }
    )
    return FINE


def _until(experiment: Experiment) -> str:
    rule = experiment.until
    if rule is None:
        return ""
    return (
        f"half of the {rule.level * 100:g}% interval of {rule.metric} ({rule.group}) is at most "
        f"{rule.target:g}, for {rule.policy or 'every policy'} less {experiment.baseline}"
    )


def _assumptions(experiment: Experiment) -> str:
    held = "".join(f"; {name} held at {value:g}" for name, value in experiment.held.items())
    return ("sampled from their ranges" if experiment.sampled else "at their defaults") + held


def _print_design(design: Design, experiment: Experiment) -> None:
    """Print a design's kind and what it varies, with what a researcher should know of it."""
    said = design.describe()
    parts = said["designs"] if said["kind"] == "Product" else [said]
    print_fields({"design": f"{len(design):,} points, {' × '.join(p['kind'] for p in parts)}"})
    varied: dict[str, dict[str, object]] = {}
    for part in parts:
        varied |= part.get("dimensions") or {name: {} for name in part["columns"]}
    for name, values in list(varied.items())[:MOST_LISTED]:
        print(f"{'':<14}{name}: {_values(values)}{_beyond(name, values, experiment)}")
    if len(varied) > MOST_LISTED:
        print(f"{'':<14}and {len(varied) - MOST_LISTED} more")
    for part in parts:
        if part["kind"] == "Sobol" and part["n"] & (part["n"] - 1):
            below = 1 << (part["n"].bit_length() - 1)
            print(f"{'':<14}a Sobol sample is even at powers of two, {below:,} or {2 * below:,}")


def _values(said: dict[str, object]) -> str:
    """Return the values of a dimension in words."""
    if not said:
        return "a column of the table"
    levels = said.get("levels")
    if isinstance(levels, list):
        shown = ", ".join(f"{v:g}" if isinstance(v, float) else str(v) for v in levels[:8])
        return shown + (f", … ({len(levels)} levels)" if len(levels) > 8 else "")
    counted = "" if levels is None else f", {levels} levels"
    return f"{said['low']:g} to {said['high']:g}, {said['shape']}{counted}"


def _beyond(name: str, said: dict[str, object], experiment: Experiment) -> str:
    """Say where a dimension leaves the range that the log gives an assumption."""
    if name not in experiment.assumptions or not said:
        return ""
    row = experiment.assumptions.row(name)
    levels = said.get("levels")
    ends = levels if isinstance(levels, list) else [said["low"], said["high"]]
    if min(ends) < row.low or max(ends) > row.high:
        return f" (beyond its range in the log, {row.low:g} to {row.high:g})"
    return ""


def _duration(seconds: float) -> str:
    for unit, length in (("days", 86_400), ("hours", 3_600), ("minutes", 60)):
        if seconds >= 1.5 * length:
            return f"{_round(seconds / length)} {unit}"
    return f"{_round(max(seconds, 1.0))} seconds"


def _size(size: float) -> str:
    for unit, length in (("TB", 1e12), ("GB", 1e9), ("MB", 1e6)):
        if size >= length:
            return f"{_round(size / length)} {unit}"
    return f"{_round(size / 1e3)} kB"


def _round(number: float) -> str:
    """Return a number to two digits, no more than a guess is worth."""
    digits = 1 - math.floor(math.log10(number))
    return f"{round(number, digits):,.{max(0, digits)}f}"
