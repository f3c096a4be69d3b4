"""A hamlet, small questions about it, and rules that a user might have written."""

import os
import signal

import numpy as np
import pandas as pd

import localsim as ls


class ByHeads(ls.Rule):
    """A rule of a user's own: every line by residents."""

    def allocate(self, evidence, purse):
        share = evidence.residents / evidence.residents.sum()
        return np.outer(share, purse.fenced_gbp)


class Fails(ls.Rule):
    def allocate(self, evidence, purse):
        raise ZeroDivisionError("nothing to share")


class Deadly(ls.Rule):
    """Kills the process it runs in, unless that is the one that the tests run in."""

    def __init__(self, spared):
        self.spared = spared

    def allocate(self, evidence, purse):
        if os.getpid() != self.spared:
            os.kill(os.getpid(), signal.SIGKILL)
        return np.zeros((len(evidence.areas), len(evidence.themes)))


def hamlet():
    return ls.Place.synthetic(400, 4, neighbourhood_areas=2)


def small(policies=("status_quo", "top_down"), **changes):
    arguments = {"years": 1, "replications": 3, "seed": 7, "warmup_years": 1, "name": "hamlet"}
    return ls.Experiment(hamlet(), list(policies), **(arguments | changes))


def same(one, other):
    """Whether two results hold the same bits."""
    for frame in ("table", "series", "failures"):
        pd.testing.assert_frame_equal(getattr(one, frame), getattr(other, frame), check_exact=True)
    return one.experiment == other.experiment


def side_by_side(results, metric, group):
    return results.pivot(metric, group)  # noqa: PD010 - ours, not the one of pandas


def three_policies():
    return ["status_quo", "top_down",
            ls.Pilot(ls.policies.local_integrated_services(), [hamlet().codes[0]],
                     ls.policies.status_quo(), "pilot")]  # fmt: skip
