"""`localsim replay`: one run again, in this process, to see what it does or why it fails."""

from __future__ import annotations

import argparse
import traceback

from localsim.cli.run import asked
from localsim.cli.words import FAILED, FINE, BadInputError, print_table
from localsim.errors import LocalsimError


def replay(options: argparse.Namespace) -> int:
    """Run one policy of one replication and print what it comes to, or where it fails."""
    from localsim.experiment.replication import read
    from localsim.experiment.validate import MOST_REPLICATIONS, one_of, whole

    experiment = asked(options)
    number, policy, point = options.replication, options.policy, options.point
    try:
        whole("replication", number, 0, MOST_REPLICATIONS)
        one_of("policy", policy, [policy.name for policy in experiment.policies])
        if experiment.design is not None:
            experiment.design.point(point)
        elif point:
            raise LocalsimError(f"point is {point}, and the experiment has no design.")
    except LocalsimError as error:
        raise BadInputError(str(error)) from None
    try:
        run = read(experiment.plan, policy, experiment.replay(number, policy, point))
    except Exception:  # whatever a rule of the user's raises is what was asked to be seen
        traceback.print_exc()
        return FAILED
    rows = [
        [metric, group, f"{value:.6g}"]
        for (metric, group), value in zip(run.rows, run.numbers, strict=True)
    ]
    print_table(["metric", "group", "value"], rows)
    return FINE
