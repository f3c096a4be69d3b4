"""The self-test: every check on inputs whose answers are known, a row each."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from localsim.check.accounts import ledger, tick_halving
from localsim.check.awards import selection
from localsim.check.captured import capture_threshold
from localsim.check.contracts import relabelling, targets
from localsim.check.desks import doors
from localsim.check.fences import ring_fence
from localsim.check.givers import crowd_out, volunteers
from localsim.check.losing import LocalLoses, local_loses, shipped
from localsim.check.provision import uniform_provision, uniform_provision_log
from localsim.check.purses import risk_pooling
from localsim.check.queues import failure_demand, queue
from localsim.check.sameness import (
    identical_policies,
    label_swap,
    unrelated_theme,
    worker_count,
)
from localsim.check.sample import in_sample
from localsim.check.signals import noisy_signal
from localsim.check.spillovers import spillover_threshold
from localsim.check.taking_part import participation
from localsim.check.unlike import pool_unlike
from localsim.check.voters import median_voter, referendum
from localsim.errors import LocalsimError, nearest
from localsim.ledger import HALF_A_PENNY

EXACT = 1e-9
FOUND_BY_SIMULATION = 0.01
STANDARD_ERRORS = 3.0

CHECKS: dict[str, Callable[..., Any]] = {
    function.__name__: function
    for function in (
        uniform_provision,
        uniform_provision_log,
        ring_fence,
        spillover_threshold,
        noisy_signal,
        in_sample,
        capture_threshold,
        median_voter,
        referendum,
        participation,
        queue,
        pool_unlike,
        failure_demand,
        selection,
        volunteers,
        crowd_out,
        doors,
        targets,
        relabelling,
        risk_pooling,
        identical_policies,
        label_swap,
        unrelated_theme,
        worker_count,
        tick_halving,
        ledger,
        local_loses,
    )
}

# Inputs of each check in the self-test; a check without any is asked with its defaults.
_ASKED: dict[str, tuple[tuple[Any, ...], ...]] = {
    "uniform_provision": (([6, 8, 10, 16], 2, 1), ([0.5, 4, 9], 3, 1.5, [300, 20, 7])),
    "uniform_provision_log": (([1, 2, 3, 6],), ([5, 0.2, 1], 2.5)),
    "ring_fence": (([1, 2, 3, 6], [0.25] * 4), ([4, 1, 1], [0.2, 0.3, 0.5])),
    "spillover_threshold": ((1.5,), (2,)),
    "noisy_signal": ((1, 0.25, 100),),
    "in_sample": ((20, 50, 0.7),),
    "capture_threshold": (([0.1, 0.2, 0.3, 0.4], [0.7, 0.1, 0.1, 0.1]), ([0.2, 0.8], [1, 0])),
    "median_voter": (([1, 2, 9],), ([-3, 0.5, 2, 10], 3.3)),
    "referendum": ((1000, 11, 400 / 11),),
    "participation": ((50, 2.5), (50_000, 0.25)),
    "queue": ((0.8, 1, 1), (1.6, 1, 2), (4, 1, 5)),
    "pool_unlike": ((0.7, [1, 10]),),
    "selection": ((0.1, 0.5),),
    "volunteers": ((2, 0.5), (5, 0.5), (40, 0.1)),
    "crowd_out": ((10, 0.5, 10, 0), (10, 0.5, 10, 0.3), (10, 0.5, 10, 0.95), (6, 0.2, 90, 4)),
    "doors": (([0.3, 0.2], [[0, 0.5], [0.25, 0]], [1, 1]),),
    "targets": (
        ([1, 1], [[1, 0.5], [0.5, 1]], [0.25, 1], 1),
        ([2, 1, 3], [[2, 0.5, 0.2], [0.5, 1, 0], [0.2, 0, 3]], [0.5, math.inf, 2], 0.7),
    ),
    "risk_pooling": ((2, 0.25, 0),),
    "relabelling": ((4, 4, 1.5),),
    "failure_demand": ((0.5, 1, 0), (0.5, 1, 0.2), (0.5, 1, 0.4)),
    "local_loses": tuple((mechanism,) for mechanism in shipped()),
}
_TOLERANCES = {
    "spillover_threshold": FOUND_BY_SIMULATION,
    "capture_threshold": FOUND_BY_SIMULATION,
    "ledger": HALF_A_PENNY,
}
_SAME = frozenset({"identical_policies", "label_swap", "unrelated_theme", "worker_count"})


@dataclass(frozen=True)
class Row:
    """One check: the figure that came nearest to missing, what it should be, and the verdict.

    `tolerance` is how far apart the two may be, or for `local_loses` by how much the first must
    exceed the second; `note` says which figure of which inputs it is, or what went wrong
    (`simulated` is then nan).
    """

    name: str
    simulated: float
    exact: float
    tolerance: float
    passed: bool
    seconds: float
    note: str


def run_all(
    names: Iterable[str] | None = None,
    progress: Callable[[int, int, str], None] | None = None,
) -> list[Row]:
    """Run the self-test, or the checks of some names, and return a row for each, in order.

    `progress` is told, before each check, how many are done, how many there are, and its name. A
    check that fails with an error is a miss. Raises `LocalsimError` for an unknown name.
    """
    chosen = list(CHECKS) if names is None else list(dict.fromkeys(names))
    for name in chosen:
        if name not in CHECKS:
            raise LocalsimError(f"There is no check {name!r}: {nearest(str(name), CHECKS)}")
    rows = []
    for number, name in enumerate(chosen):
        if progress is not None:
            progress(number, len(chosen), name)
        rows.append(_run(name))
    return rows


@dataclass(frozen=True)
class _Figure:
    simulated: float
    exact: float
    tolerance: float
    what: str
    must_exceed: bool = False

    @property
    def strain(self) -> float:
        """How much of the tolerance is used up; above one is a miss."""
        if self.must_exceed:
            excess = self.simulated - self.exact
            return self.tolerance / excess if excess > 0.0 else math.inf
        gap = abs(self.simulated - self.exact)
        if gap == 0.0:
            return 0.0
        strain = gap / self.tolerance if self.tolerance > 0.0 else math.inf
        return math.inf if math.isnan(strain) else strain


def _run(name: str) -> Row:
    started = time.perf_counter()
    try:
        figures = [
            figure
            for arguments in _ASKED.get(name, ((),))
            for figure in _figures(name, arguments, CHECKS[name](*arguments))
        ]
    except Exception as error:  # whatever it is, the user's installation failed its check
        seconds = time.perf_counter() - started
        said = f"{type(error).__name__}: {error}"
        return Row(name, math.nan, math.nan, math.nan, passed=False, seconds=seconds, note=said)
    worst = max(figures, key=lambda figure: figure.strain)
    return Row(
        name=name,
        simulated=worst.simulated,
        exact=worst.exact,
        tolerance=worst.tolerance,
        passed=worst.strain <= 1.0,
        seconds=time.perf_counter() - started,
        note=worst.what,
    )


def _figures(name: str, arguments: tuple[Any, ...], result: Any) -> list[_Figure]:
    asked = f"{name}({', '.join(str(a) for a in arguments)})"
    if isinstance(result, LocalLoses):
        error = STANDARD_ERRORS * result.se
        return [_Figure(result.difference, 0.0, error, f"{asked}, {result.metric}", True)]
    exact: Mapping[str, Any] = result.exact
    figures = []
    for field, expected in exact.items():
        doubt = getattr(result, f"{field}_se", None)
        found = np.atleast_1d(getattr(result, field)).tolist()
        for n, value in enumerate(np.atleast_1d(expected).tolist()):
            which = field if np.ndim(expected) == 0 else f"{field}[{n}]"
            allowed = _tolerance(name, value, doubt)
            figures.append(_Figure(found[n], value, allowed, f"{which} of {asked}"))
    return figures


def _tolerance(name: str, exact: float, error: float | None) -> float:
    if error is not None:
        return STANDARD_ERRORS * error
    if name in _SAME:
        return 0.0
    return _TOLERANCES.get(name, EXACT * max(1.0, abs(exact)))
