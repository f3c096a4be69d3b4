"""The command line: run an experiment, and look up what the package knows.

Progress and errors go to stderr, answers to stdout. Exit codes: 0 all went well, 1 something
failed in the work, 2 the input was wrong, 130 interrupted.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from localsim import __version__
from localsim.errors import LocalsimError, nearest

if TYPE_CHECKING:
    from localsim.experiment import Experiment, Results

FINE, FAILED, BAD_INPUT, INTERRUPTED = 0, 1, 2, 130
WIDTH = 100


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit code."""
    parser = _parser()
    options = parser.parse_args(arguments)
    command: Callable[[argparse.Namespace], int] = options.command
    try:
        code = command(options)
        sys.stdout.flush()
        return code
    except LocalsimError as error:
        for line in str(error).splitlines():
            print(f"localsim: {line}", file=sys.stderr)
        return BAD_INPUT
    except KeyboardInterrupt:
        print("localsim: interrupted; nothing was kept.", file=sys.stderr)
        return INTERRUPTED
    except BrokenPipeError:
        # Whoever read our output has gone; Python must not complain when it closes stdout.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return FAILED


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="localsim",
        description="When a place runs its public services locally, what gets better, for whom, "
        "at what cost, and how sure can we be?",
    )
    parser.add_argument("--version", action="version", version=f"localsim {__version__}")
    commands = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")

    run = commands.add_parser("run", help="run an experiment and appraise it")
    run.set_defaults(command=_run)
    run.add_argument("config", help="the experiment, a YAML file such as experiments/norbiton.yaml")
    run.add_argument("-o", "--out", help="folder for the results (default: out/NAME)")
    run.add_argument("--workers", type=int, help="worker processes; 1 is this process alone")
    run.add_argument("--replications", type=int, help="instead of what the file says")
    run.add_argument("--overwrite", action="store_true", help="replace another experiment's results")
    run.add_argument("--quiet", action="store_true", help="no progress bar")

    places = commands.add_parser("places", help="list the places that come with the package")
    places.set_defaults(command=_places)

    policies = commands.add_parser("policies", help="list the policies, or explain one")
    policies.set_defaults(command=_policies)
    policies.add_argument("name", nargs="?", help="the policy to explain")

    numbers = commands.add_parser("assumptions", help="list every number of the model")
    numbers.set_defaults(command=_assumptions)
    numbers.add_argument("word", nargs="?", default="", help="only names with this in them")

    sources = commands.add_parser("sources", help="list the sources, or say what one id is")
    sources.set_defaults(command=_sources)
    sources.add_argument("id", nargs="?", help="a source's id, such as N05")

    check = commands.add_parser("check", help="the self-test: answers known without a simulator")
    check.set_defaults(command=_check)
    check.add_argument("names", nargs="*", metavar="NAME", help="checks to run (default: all)")
    check.add_argument("--json", action="store_true", help="print the rows as JSON")
    check.add_argument("--quiet", action="store_true", help="no progress bar")
    return parser


# ── run ───────────────────────────────────────────────────────────────────────────────────────


def _run(options: argparse.Namespace) -> int:
    from localsim.experiment import Experiment

    experiment = Experiment.from_config(options.config)
    if options.replications is not None:
        experiment = experiment.with_replications(options.replications)
    folder = Path(options.out) if options.out else Path("out") / experiment.name
    _claim(folder, experiment, options.overwrite)
    results = experiment.run(progress=not options.quiet, workers=options.workers)
    results.save(folder)
    _report(results, experiment, folder)
    for failure in results.failures.itertuples():
        print(
            f"localsim: replication {failure.replication} of {failure.policy} failed: "
            f"{failure.error} Replay: {failure.replay}",
            file=sys.stderr,
        )
    if results.interrupted:
        print(
            f"localsim: interrupted; the {results.replications} replications that were done are "
            f"kept in {folder}.",
            file=sys.stderr,
        )
        return INTERRUPTED
    return FAILED if len(results.failures) else FINE


def _claim(folder: Path, experiment: Experiment, overwrite: bool) -> None:
    """Refuse, before any work, a folder that is a file or has another experiment's results."""
    from localsim.experiment.results import read_manifest

    if folder.exists() and not folder.is_dir():
        raise LocalsimError(f"{folder} is a file; name a folder for the results with -o.")
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise LocalsimError(f"the folder {folder} cannot be made: {error.strerror}.") from None
    if overwrite:
        return
    manifest = read_manifest(folder)
    if manifest is not None and manifest["experiment"]["fingerprint"] != experiment.fingerprint:
        raise LocalsimError(
            f"{folder} has the results of another experiment, "
            f"{manifest['experiment']['name']!r}; name another folder with -o, or replace them "
            "with --overwrite."
        )


def _report(results: Results, experiment: Experiment, folder: Path) -> None:
    """Print the appraisal's screen and where everything lies, and draw the figures."""
    from localsim import appraise, plots
    from localsim.experiment.results import TABLE

    files = [(TABLE, "every number, one row each")]
    if len(results.policies) > 1:
        appraisal = appraise(results, baseline=experiment.baseline)
        print(appraisal.summary())
        appraisal.plot().savefig(folder / "differences.png", dpi=150)
        files.append(("differences.png", "figure: each policy less the baseline"))
    else:
        print(f"{results}: one policy, so nothing to compare.")
    plots.trajectories(results).savefig(folder / "trajectories.png", dpi=150)
    files.append(("trajectories.png", "figure: month by month"))
    print(f"\nResults lie in {folder}")
    for name, what in files:
        print(f"  {folder / name}  {what}")


# ── look-ups ──────────────────────────────────────────────────────────────────────────────────


def _places(options: argparse.Namespace) -> int:
    from localsim.place import PLACES

    rows = []
    for name, make in PLACES.items():
        place = make()
        rows.append(
            (
                name,
                f"{place.residents.sum():,}",
                f"{place.households.sum():,}",
                f"{len(place.codes):,}",
                f"{len(place.unit_names('neighbourhood')):,}",
            )
        )
    _table(("place", "residents", "households", "areas", "neighbourhoods"), rows)
    print("\nYour own: {csv: areas.csv} or {synthetic: {residents: 20000}} in an experiment.")
    return FINE


def _policies(options: argparse.Namespace) -> int:
    from localsim.policy.presets import PRESETS

    if options.name:
        if options.name not in PRESETS:
            raise LocalsimError(
                f"there is no policy {options.name!r}: {nearest(options.name, PRESETS)}"
            )
        make = PRESETS[options.name]
        print(make().describe())
        text = " ".join((make.__doc__ or "").split())
        print(f"\n{text}")
        return FINE
    rows = []
    for name, make in PRESETS.items():
        answers = make().answers()
        rows.append((name, *(_short(answer) for answer in answers.values())))
    print("\n\n".join(_card(row) for row in rows))
    print("\n`localsim policies NAME` explains one.")
    return FINE


def _card(row: tuple[str, ...]) -> str:
    name, tier, budgets, listening, rule, contract, access, supply, devolved = row
    return (
        f"{name}\n  who decides: {tier}; a slice to: {devolved}\n  money: {budgets}   "
        f"listening: {listening}   rule: {rule}\n  contract: {contract}   doors: {access}   "
        f"hands: {supply}"
    )


def _short(answer: Any) -> str:
    if answer is None:
        return "nobody"
    if isinstance(answer, str):
        return answer
    name = type(answer).__name__
    if name == "Devolved":
        return f"{answer.tier} ({answer.share:.0%}, {type(answer.rule).__name__})"
    return str(answer).replace("()", "")


def _assumptions(options: argparse.Namespace) -> int:
    from localsim.assumptions import Assumptions

    numbers = Assumptions.default()
    chosen = [name for name in numbers.names if options.word.lower() in name]
    if not chosen:
        raise LocalsimError(
            f"no assumption has {options.word!r} in its name: {nearest(options.word, numbers.names)}"
        )
    rows = []
    for name in chosen:
        row = numbers.row(name)
        span = f"{row.low:g} to {row.high:g}" if row.low < row.high else "fixed"
        rows.append((name, f"{row.value:g}", span, row.unit, row.source, row.quality))
    _table(("assumption", "value", "range", "unit", "source", "quality"), rows)
    return FINE


def _sources(options: argparse.Namespace) -> int:
    from localsim.assumptions import source, sources

    if options.id:
        entry = source(options.id)
        for field, text in vars(entry).items():
            print(f"{field + ':':<12} {text}")
        return FINE
    rows = [(s.id, s.quantity, s.year, s.geography, s.role) for s in sources().values()]
    _table(("id", "quantity", "year", "geography", "role"), rows)
    return FINE


def _check(options: argparse.Namespace) -> int:
    from tqdm import tqdm

    from localsim.check import run_all

    with tqdm(disable=options.quiet, unit="check", file=sys.stderr) as bar:

        def progress(done: int, total: int, name: str) -> None:
            bar.total = total
            bar.n = done
            bar.set_description(name)

        rows = run_all(options.names or None, progress)
        bar.n = bar.total or 0
        bar.refresh()
    if options.json:
        print(json.dumps([vars(row) for row in rows], indent=2))
    else:
        _table(
            ("check", "simulated", "exact", "tolerance", "verdict", "seconds"),
            [
                (
                    row.name,
                    f"{row.simulated:.6g}",
                    f"{row.exact:.6g}",
                    f"{row.tolerance:.2g}",
                    "lands" if row.passed else f"MISSES {row.note}".strip(),
                    f"{row.seconds:.1f}",
                )
                for row in rows
            ],
        )
        missed = sum(not row.passed for row in rows)
        print(f"\n{len(rows) - missed} of {len(rows)} land on their known answers.")
    return FINE if all(row.passed for row in rows) else FAILED


def _table(head: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> None:
    widths = [max(len(line[i]) for line in (head, *rows)) for i in range(len(head))]
    for line in (head, tuple("-" * width for width in widths), *rows):
        print("  ".join(text.ljust(w) for text, w in zip(line, widths, strict=True)).rstrip())


if __name__ == "__main__":
    sys.exit(main())
