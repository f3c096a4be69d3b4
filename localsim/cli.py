"""The command line: run a question, list what there is to ask with, check the installation."""

from __future__ import annotations

import argparse
import math
import os
import sys
import textwrap
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from localsim import __version__
from localsim.errors import LocalsimError, nearest

if TYPE_CHECKING:
    from localsim.experiment.experiment import Experiment
    from localsim.experiment.results import Results

FINE, FAILED, BAD_INPUT, INTERRUPTED = 0, 1, 2, 130
WIDTH = 100
DOTS_PER_INCH = 150

DIFFERENCES = "differences.png"
TRAJECTORIES = "trajectories.png"


class BadInputError(LocalsimError):
    """What was asked cannot be run: nothing was started."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; return 0 if all went well, 1 if work failed, 2 if the input was wrong."""
    try:
        options = _parser().parse_args(arguments)
        command: Callable[[argparse.Namespace], int] = options.command
        code = command(options)
        sys.stdout.flush()
    except LocalsimError as error:
        for line in str(error).splitlines():
            print(f"localsim: {line}", file=sys.stderr)
        return BAD_INPUT if isinstance(error, BadInputError) else FAILED
    except KeyboardInterrupt:
        print("localsim: interrupted; nothing is kept.", file=sys.stderr)
        return INTERRUPTED
    except BrokenPipeError:
        # The reader of our output, such as head, has closed it; say nothing more to it.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return FINE
    return code


class _Parser(argparse.ArgumentParser):
    """A parser whose complaints are sentences like any other."""

    def error(self, message: str) -> NoReturn:
        raise BadInputError(f"{message}; {self.prog} --help says what there is.")


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(
        prog="localsim",
        description="When a place runs its public services locally, what gets better, for whom, "
        "at what cost?",
    )
    parser.add_argument("--version", action="version", version=f"localsim {__version__}")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)

    def add(name: str, command: Callable[[argparse.Namespace], int], said: str) -> Any:
        described = f"{said[0].upper()}{said[1:]}."
        sub = commands.add_parser(name, help=said, description=described)
        sub.set_defaults(command=command)
        return sub

    run = add("run", _run, "run an experiment written in a YAML file and appraise it")
    run.add_argument("config", metavar="CONFIG", help="the experiment, such as norbiton.yaml")
    run.add_argument("-o", "--out", metavar="DIR", help="folder for results (out/NAME)")
    run.add_argument("--workers", type=_count, metavar="N", help="worker processes (all cores)")
    run.add_argument("--replications", type=_count, metavar="N", help="instead of the config's")
    run.add_argument("--quiet", action="store_true", help="no progress bar")
    run.add_argument(
        "--overwrite", action="store_true", help="replace another experiment's results"
    )
    add("places", _places, "list the places that come with the package")
    policies = add("policies", _policies, "list the policies that have a name, or explain one")
    policies.add_argument("name", nargs="?", metavar="NAME")
    assumptions = add(
        "assumptions", _assumptions, "list every number of the model, or a group, or explain one"
    )
    assumptions.add_argument("name", nargs="?", metavar="NAME")
    sources = add("sources", _sources, "list the sources of the numbers, or show one")
    sources.add_argument("id", nargs="?", metavar="ID")
    check = add("check", _check, "land on answers that are known without a simulator")
    check.add_argument("names", nargs="*", metavar="NAME", help="some checks only")
    check.add_argument("--json", action="store_true", help="print the rows for a machine")
    return parser


def _count(text: str) -> int:
    if not text.isascii() or not text.isdigit() or not 1 <= len(text) <= 9 or int(text) == 0:
        raise argparse.ArgumentTypeError(f"{text!r} is no whole number of 1 or more")
    return int(text)


# ── run ──────────────────────────────────────────────────────────────────────────────────────────


def _run(options: argparse.Namespace) -> int:
    experiment, folder = _asked(options)
    results = experiment.run(progress=not options.quiet, workers=options.workers)
    results.save(folder)
    if results.interrupted:
        print(
            f"localsim: interrupted; {results.replications} of {experiment.replications} "
            f"replications are kept in {folder}.",
            file=sys.stderr,
        )
        return INTERRUPTED
    code = _failures(results)
    try:
        _report(results, folder)
    except KeyboardInterrupt:
        print(f"localsim: interrupted; the results are kept in {folder}.", file=sys.stderr)
        return INTERRUPTED
    return code


def _asked(options: argparse.Namespace) -> tuple[Experiment, Path]:
    """Return the experiment of a config and the folder for its results, or refuse them."""
    from localsim.experiment import Experiment
    from localsim.experiment.results import read_manifest

    try:
        experiment = Experiment.from_config(options.config)
        if options.replications is not None:
            experiment = experiment.replace(replications=options.replications)
        folder = Path(options.out) if options.out else Path("out") / experiment.name
        kept = None if options.overwrite else read_manifest(folder)
        if kept is not None and kept["experiment"]["fingerprint"] != experiment.fingerprint:
            changed = _changed(kept["experiment"], experiment.describe())
            raise LocalsimError(
                f"{folder} holds the results of another experiment ({changed}); name another "
                "folder with -o, or replace them with --overwrite."
            )
        _make(folder)
    except LocalsimError as error:
        raise BadInputError(str(error)) from error
    return experiment, folder


def _make(folder: Path) -> None:
    """Make the folder now: better to hear that it cannot be written before the work than after."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except FileExistsError:
        raise LocalsimError(f"{folder} is a file; name a folder for the results with -o.") from None
    except OSError as error:
        raise LocalsimError(f"the folder {folder} cannot be made: {error.strerror}.") from None
    if not os.access(folder, os.W_OK):
        raise LocalsimError(f"the folder {folder} cannot be written to; name another with -o.")


def _changed(before: dict[str, Any], now: dict[str, Any]) -> str:
    """Say in which answers two experiments differ."""
    plain = ("years", "replications", "seed", "warmup_years", "metrics", "themes")
    said = [f"{k} was {before.get(k)} and is {now[k]}" for k in plain if before.get(k) != now[k]]
    said += [
        f"the {k} changed" for k in ("place", "policies", "assumptions") if before.get(k) != now[k]
    ]
    return "; ".join(said) or "of another version"


def _report(results: Results, folder: Path) -> None:
    """Draw the figures, print the summary and say where everything is."""
    from localsim import plots
    from localsim.appraisal import appraise
    from localsim.experiment.results import TABLE

    paths = [("results", folder / TABLE)]
    if len(results.policies) > 1:
        appraisal = appraise(results, results.experiment["baseline"])
        said = f"{appraisal.summary()}\n"
        paths.append(("differences", _figure(appraisal.plot(), folder / DIFFERENCES)))
    else:
        said = f"{results.policies[0]} is alone; a second policy is needed to tell differences."
    figure = plots.trajectories(results)
    paths.append(("trajectories", _figure(figure, folder / TRAJECTORIES)))
    # Only now: a reader that has seen enough, such as head, must not cost the figures.
    print(said)
    for label, path in paths:
        print(f"{label + ':':<14}{path}")


def _figure(figure: Any, path: Path) -> Path:
    figure.savefig(path, dpi=DOTS_PER_INCH)
    return path


def _failures(results: Results) -> int:
    """Say which runs failed and how to see one fail again."""
    failures = results.failures
    if failures.empty:
        return FINE
    first = failures.iloc[0]
    runs = results.experiment["replications"] * len(results.policies)
    for line in (
        f"{len(failures)} of {runs} runs failed; the rest is complete.",
        f"the first, replication {first['replication']} of {first['policy']}: {first['error']}",
        f"to see it again, in Python: {first['replay']}",
    ):
        print(f"localsim: {line}", file=sys.stderr)
    return FAILED


# ── what there is ────────────────────────────────────────────────────────────────────────────────


def _places(options: argparse.Namespace) -> int:
    from localsim.place import PLACES

    rows = []
    for name, make in PLACES.items():
        place = make()
        said = (make.__doc__ or "").strip().splitlines()[0].removeprefix("Return ")
        rows.append([name, f"{place.residents.sum():,}", f"{len(place.codes):,}", said])
    _print_table(["place", "residents", "areas", ""], rows)
    print("\nAlso: {synthetic: {residents: …}} and {csv: FILE} in a config.")
    return FINE


def _policies(options: argparse.Namespace) -> int:
    from localsim.policy.presets import PRESETS

    if options.name is not None:
        preset = PRESETS[_known("policy", options.name, PRESETS)]
        print(textwrap.dedent(f"    {preset.__doc__ or ''}").strip())
        print(f"\n{preset().describe()}")
        return FINE
    questions = {
        "tier": "who decides",
        "budgets": "money",
        "listening": "listening",
        "rule": "rule",
        "contract": "contract",
        "access": "doors",
        "supply": "hands",
    }
    rows = []
    for name, preset in PRESETS.items():
        answers = preset().answers()
        words = [answers[question] for question in questions]
        slice_ = preset().devolved
        aside = "" if slice_ is None else f"{slice_.share:.0%} {type(slice_.rule).__name__}"
        named = [word if isinstance(word, str) else type(word).__name__ for word in words]
        rows.append([name, *named, aside])
    _print_table(["policy", *questions.values(), "devolved"], rows)
    print("\nlocalsim policies NAME explains one.")
    return FINE


def _assumptions(options: argparse.Namespace) -> int:
    from localsim.assumptions import Assumptions

    log = Assumptions.default()
    shown = [name for name in log.names if name.startswith(f"{options.name or ''}".rstrip("."))]
    if options.name is not None and (options.name in log or not shown):
        row = log.row(_known("assumption", options.name, log.names))
        _print_fields({key: getattr(row, key) for key in row.__dataclass_fields__})
        return FINE
    rows = [
        [name, f"{row.value:g}", f"{row.low:g} to {row.high:g}", _short(row.unit), row.source]
        for name, row in ((name, log.row(name)) for name in shown)
    ]
    _print_table(["assumption", "value", "range", "unit", "source"], rows)
    unsourced = sum(not log.row(name).sourced for name in shown)
    print(
        f"\n{len(rows)} assumptions, {unsourced} of them unsourced: wide ranges, named wherever "
        "they decide a result.\nlocalsim assumptions NAME explains one, localsim sources ID shows "
        "where it is from."
    )
    return FINE


def _sources(options: argparse.Namespace) -> int:
    from localsim.assumptions import sources

    register = sources()
    if options.id is not None:
        found = register[_known("source", options.id, register)]
        _print_fields({key: getattr(found, key) for key in found.__dataclass_fields__})
        return FINE
    rows = [
        [row.id, _short(row.quantity), _short(row.value), row.year, row.role]
        for row in register.values()
    ]
    _print_table(["id", "quantity", "value", "year", "role"], rows)
    print("\nlocalsim sources ID shows one whole.")
    return FINE


def _check(options: argparse.Namespace) -> int:
    from localsim.check import CHECKS, run_all
    from localsim.experiment.progress import Progress

    for name in options.names:
        _known("check", name, CHECKS)
    with Progress("check", len(options.names or CHECKS), "check", shown=True) as bar:
        rows = run_all(options.names or None, lambda done, total, name: bar.at(done, name))
        bar.at(len(rows), "done")
    if options.json:
        import dataclasses
        import json

        fields = [dataclasses.asdict(row) for row in rows]
        print(json.dumps([_without_nan(row) for row in fields], indent=2))
    else:
        shown = [
            [
                row.name,
                f"{row.simulated:.6g}",
                f"{row.exact:.6g}",
                f"{row.tolerance:.2g}",
                "pass" if row.passed else "MISS",
                f"{row.seconds:.1f}",
                row.note,
            ]
            for row in rows
        ]
        _print_table(
            ["check", "simulated", "exact", "tolerance", "verdict", "seconds", "figure"], shown
        )
    missed = [row.name for row in rows if not row.passed]
    if missed:
        print(f"localsim: {len(missed)} of {len(rows)} checks missed: {', '.join(missed)}.",
              file=sys.stderr)  # fmt: skip
    return FAILED if missed else FINE


def _without_nan(row: dict[str, Any]) -> dict[str, Any]:
    """Return a row that JSON can hold: what is no number is null."""
    return {
        key: None if isinstance(value, float) and math.isnan(value) else value
        for key, value in row.items()
    }


# ── words on the screen ──────────────────────────────────────────────────────────────────────────


def _known(what: str, name: str, names: Iterable[str]) -> str:
    known = list(names)
    if name not in known:
        raise BadInputError(f"there is no {what} called {name!r}; {nearest(name, known)}")
    return name


def _short(text: str) -> str:
    return textwrap.shorten(text, 44, placeholder=" …")


def _print_fields(fields: dict[str, Any]) -> None:
    for name, value in fields.items():
        if value != "":
            text = textwrap.fill(str(value), WIDTH - 14, subsequent_indent=" " * 14)
            print(f"{name + ':':<14}{text}")


def _print_table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Print rows in columns as wide as their words; the last one takes what is left."""
    table = [list(head), *(list(row) for row in rows)]
    widths = [max(len(row[i]) for row in table) for i in range(len(head) - 1)]
    for row in table:
        cells = [cell.ljust(width) for cell, width in zip(row, widths, strict=False)]
        print("  ".join([*cells, row[-1]]).rstrip())
