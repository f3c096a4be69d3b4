"""`localsim run`: from a config to results, a summary and figures in a folder."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from localsim.cli.words import FAILED, FINE, INTERRUPTED, BadInputError
from localsim.errors import LocalsimError

if TYPE_CHECKING:
    from localsim.experiment.experiment import Experiment
    from localsim.experiment.results import Results

DOTS_PER_INCH = 150

DIFFERENCES = "differences.png"
TRAJECTORIES = "trajectories.png"


def run(options: argparse.Namespace) -> int:
    """Run an experiment, keep its results, and say what came of it."""
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
        experiment = Experiment.from_config(options.config, options.set)
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
        f"the {k} changed"
        for k in ("place", "policies", "scenario", "assumptions")
        if before.get(k) != now[k]
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
