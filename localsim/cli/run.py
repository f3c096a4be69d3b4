"""`localsim run`: from a config to results, a summary and figures in a folder."""

from __future__ import annotations

import argparse
import shlex
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from localsim.cli.words import FAILED, FINE, INTERRUPTED, BadInputError
from localsim.errors import LocalsimError

if TYPE_CHECKING:
    from localsim.experiment.experiment import Experiment
    from localsim.experiment.results import Results

DOTS_PER_INCH = 150
SECONDS_TO_ANSWER = 5

DIFFERENCES = "differences.png"
TRAJECTORIES = "trajectories.png"


def run(options: argparse.Namespace) -> int:
    """Run what its folder lacks of an experiment, and say what came of it."""
    from localsim.experiment.store import FolderError

    experiment = asked(options)
    folder = Path(options.out) if options.out else Path("out") / experiment.name
    try:
        with _cluster(options.scheduler) as client:
            results = experiment.run(
                progress=not options.quiet,
                workers=options.workers,
                client=client,
                folder=folder,
                overwrite=options.overwrite,
            )
    except FolderError as error:
        raise BadInputError(str(error)) from error
    if results.interrupted:
        print(
            f"localsim: interrupted; {results.replications} of {experiment.replications} "
            f"replications are kept in {folder}. The same command goes on from there.",
            file=sys.stderr,
        )
        return INTERRUPTED
    code = _failures(results, options)
    try:
        _report(results, folder)
    except KeyboardInterrupt:
        print(f"localsim: interrupted; the results are kept in {folder}.", file=sys.stderr)
        return INTERRUPTED
    return code


def asked(options: argparse.Namespace) -> Experiment:
    """Return the experiment of a config with what was said beside it, or refuse it."""
    from localsim.experiment import Experiment

    try:
        experiment = Experiment.from_config(options.config, options.set)
        if options.replications is not None:
            experiment = experiment.replace(replications=options.replications)
    except LocalsimError as error:
        raise BadInputError(str(error)) from error
    return experiment


@contextmanager
def _cluster(address: str | None) -> Iterator[Any]:
    """Yield a client of the cluster at an address, or None where none was given."""
    if address is None:
        yield None
        return
    from distributed import Client

    try:
        client = Client(address, timeout=SECONDS_TO_ANSWER)
    except (OSError, ValueError) as error:
        raise BadInputError(f"no Dask scheduler answers at {address}: {error}.") from None
    with client:
        yield client


def _report(results: Results, folder: Path) -> None:
    """Draw the figures, print the summary and say where everything is."""
    from localsim import plots
    from localsim.appraisal import appraise
    from localsim.experiment.folder import TABLE

    paths = [("results", folder / TABLE)]
    if results.design is not None:
        print(f"{results!r}\n\nIn Python: localsim.open({str(folder)!r})")
        print(f"{'results:':<14}{folder / TABLE}")
        return
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


def _failures(results: Results, options: argparse.Namespace) -> int:
    """Say which runs failed and how to see one fail again."""
    failures = results.failures
    if failures.empty:
        return FINE
    first = failures.iloc[0]
    experiment = results.experiment
    runs = experiment["replications"] * experiment["points"] * len(results.policies)
    words = ["localsim", "replay", options.config, str(first["replication"]), first["policy"]]
    words += ["--point", str(first["point"])] if results.design is not None else []
    words += [word for change in options.set for word in ("--set", change)]
    for line in (
        f"{len(failures)} of {runs} runs failed; the rest is complete.",
        f"the first, replication {first['replication']} of {first['policy']}: {first['error']}",
        f"to see it again: {shlex.join(words)}",
    ):
        print(f"localsim: {line}", file=sys.stderr)
    return FAILED
