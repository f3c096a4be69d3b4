"""Known answers: questions whose answers are known without a simulator, put to this one.

Each function builds a place and policies as a user would, runs the model, reads its metrics, and
returns them beside the exact values. `run_all` asks them all on inputs of its own.
"""

from localsim.check.accounts import TickHalving, ledger, tick_halving
from localsim.check.awards import Selection, selection
from localsim.check.captured import CaptureThreshold, capture_threshold
from localsim.check.contracts import Relabelling, TargetsSet, relabelling, targets
from localsim.check.desks import Doors, doors
from localsim.check.fences import RingFence, ring_fence
from localsim.check.givers import CrowdOut, Volunteers, crowd_out, volunteers
from localsim.check.losing import MECHANISMS, LocalLoses, local_loses
from localsim.check.provision import UniformProvision, uniform_provision, uniform_provision_log
from localsim.check.purses import RiskPooling, risk_pooling
from localsim.check.queues import FailureDemand, Queue, failure_demand, queue
from localsim.check.rows import CHECKS, Row, run_all
from localsim.check.sameness import (
    Difference,
    identical_policies,
    label_swap,
    unrelated_theme,
    worker_count,
)
from localsim.check.sample import InSample, in_sample
from localsim.check.signals import NoisySignal, noisy_signal
from localsim.check.spillovers import SpilloverThreshold, spillover_threshold
from localsim.check.taking_part import Participation, participation
from localsim.check.unlike import PoolUnlike, pool_unlike
from localsim.check.voters import IssueVotes, MedianVote, median_voter, referendum
from localsim.check.votes import Vote, vote
from localsim.check.world import frictionless

__all__ = [
    "CHECKS",
    "MECHANISMS",
    "CaptureThreshold",
    "CrowdOut",
    "Difference",
    "Doors",
    "FailureDemand",
    "InSample",
    "IssueVotes",
    "LocalLoses",
    "MedianVote",
    "NoisySignal",
    "Participation",
    "PoolUnlike",
    "Queue",
    "Relabelling",
    "RingFence",
    "RiskPooling",
    "Row",
    "Selection",
    "SpilloverThreshold",
    "TargetsSet",
    "TickHalving",
    "UniformProvision",
    "Volunteers",
    "Vote",
    "capture_threshold",
    "crowd_out",
    "doors",
    "failure_demand",
    "frictionless",
    "identical_policies",
    "in_sample",
    "label_swap",
    "ledger",
    "local_loses",
    "median_voter",
    "noisy_signal",
    "participation",
    "pool_unlike",
    "queue",
    "referendum",
    "relabelling",
    "ring_fence",
    "risk_pooling",
    "run_all",
    "selection",
    "spillover_threshold",
    "targets",
    "tick_halving",
    "uniform_provision",
    "uniform_provision_log",
    "unrelated_theme",
    "volunteers",
    "vote",
    "worker_count",
]
