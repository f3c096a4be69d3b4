"""Replications in rounds, until what is asked is known well enough.

Each round goes on in the folder where the last one ended, so all of them together come to what so
many replications at once would have.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from localsim.experiment.results import Results
from localsim.experiment.stopping import HalfWidth, differences, widths

if TYPE_CHECKING:
    from localsim.experiment.experiment import Experiment


def run_until(
    experiment: Experiment,
    rule: HalfWidth,
    folder: str | Path | None,
    progress: bool,
    overwrite: bool = False,
    **how: Any,
) -> Results:
    """Run an experiment until a rule is met, or all its replications are run.

    The results hold the replications that were wanted and none beyond, whatever else the folder
    has; ``experiment["until"]`` says what was reached. ``how`` is passed to each round.
    """
    from localsim.metrics import METRICS

    if folder is None:
        with tempfile.TemporaryDirectory(prefix="localsim-") as scratch:
            return run_until(experiment, rule, scratch, progress, **how)
    how["overwrite"] = overwrite
    whole = experiment.replace(until=None)
    found = np.zeros((0, 1))
    while True:
        count = min(experiment.replications, rule.next_look(found))
        results = whole.with_replications(count).run(progress, folder=folder, **how)
        how["overwrite"] = False  # later rounds go on
        if results.interrupted:
            return results
        found = differences(results.table, rule, experiment.baseline, count)
        half = widths(found, rule.level)
        if count == experiment.replications or rule.stop(half) is not None:
            break
    said = rule.said(half, METRICS[rule.metric].unit)
    if progress:
        print(f"localsim: {said}", file=sys.stderr)
    told = {"said": said, "half_width": float(half[-1]), "target": rule.target}
    return results.first(whole.with_replications(count).describe() | {"until": told})
