"""A sweep over all units of an experiment: done, counted, kept, and stopped cleanly."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import closing
from typing import TYPE_CHECKING, Protocol

from localsim.errors import LocalsimError
from localsim.experiment import runner
from localsim.experiment.progress import Progress
from localsim.experiment.replication import Plan, Replication
from localsim.experiment.tables import Book, Tables
from localsim.experiment.units import Unit, blocks

if TYPE_CHECKING:
    from distributed import Client

    from localsim.experiment.frozen import Points

HEADLINE = "need_months_unmet"


class Keeper(Protocol):
    """Where units are kept as they are done: a folder, or memory."""

    @property
    def total(self) -> int:
        """How many units were asked for."""

    def count(self) -> int:
        """Return how many of them are kept."""

    def missing(self) -> Iterator[Unit]:
        """Yield those that are not, in the order of the plan."""

    def keep(self, one: Replication) -> None:
        """Keep one."""

    def flush(self) -> None:
        """Make sure that all of them will be there."""


class Memory:
    """Units kept in memory, for an experiment that is small enough."""

    def __init__(self, replications: int, points: int) -> None:
        self._size = replications, points
        self._done: list[Replication] = []

    @property
    def total(self) -> int:
        """How many units were asked for."""
        return math.prod(self._size)

    def count(self) -> int:
        """Return how many of them are done."""
        return len(self._done)

    def missing(self) -> Iterator[Unit]:
        """Yield all units, in the order of the plan."""
        return (unit for block in blocks(*self._size) for unit in block)

    def keep(self, one: Replication) -> None:
        """Keep one."""
        self._done.append(one)

    def flush(self) -> None:
        """Do nothing: what is in memory is there."""

    def tables(self, book: Book) -> Tables:
        """Return the tables of what is done."""
        return Tables.of(self._done, book)


class Gap:
    """The headline so far: the mean difference of two policies and its 95 % interval."""

    def __init__(self, plan: Plan, baseline: str) -> None:
        others = [policy.name for policy in plan.policies if policy.name != baseline]
        self._pair = (baseline, others[0]) if others else None
        known = plan.metrics is None or HEADLINE in plan.metrics
        zoned = plan.zone is not None and plan.zone.any() and not plan.zone.all()
        metric = HEADLINE if known or plan.metrics is None else plan.metrics[0]
        self._key = metric, "inside" if zoned else "all"
        self._number, self._mean, self._square = 0, 0.0, 0.0

    def add(self, one: Replication) -> None:
        """Take a replication into account, if both policies ran in it."""
        if self._pair is None:
            return
        found = {
            run.policy: float(run.numbers[run.rows.index(self._key)])
            for run in one.runs
            if run.policy in self._pair and self._key in run.rows
        }
        if len(found) == len(self._pair):
            difference = found[self._pair[1]] - found[self._pair[0]]
            self._number += 1
            step = difference - self._mean
            self._mean += step / self._number
            self._square += step * (difference - self._mean)

    def __str__(self) -> str:
        if self._pair is None or self._number < 2:
            return ""
        from scipy.special import stdtrit

        error = math.sqrt(self._square / (self._number - 1) / self._number)
        half = float(stdtrit(self._number - 1, 0.975)) * error
        baseline, policy = self._pair
        metric, group = self._key
        return f"{metric} {group}, {policy} − {baseline}: {self._mean:+.4g} ± {half:.2g}"


def perform(
    plan: Plan,
    keeper: Keeper,
    *,
    name: str,
    baseline: str,
    points: Points | None,
    progress: bool,
    workers: int | None,
    client: Client | None,
    retries: int,
) -> bool:
    """Do what a keeper is missing; return whether it was interrupted.

    An interruption (Ctrl-C) keeps what is done; if nothing is, it is raised.
    """
    begun, gap = keeper.count(), Gap(plan, baseline)
    left = keeper.total - begun
    done = 0
    with Progress(name, keeper.total, "replication", shown=progress) as bar:
        bar.done(begun, 0)
        try:
            if left:
                each = runner.stream(
                    plan,
                    keeper.missing(),
                    left,
                    points=points,
                    workers=workers,
                    client=client,
                    retries=retries,
                )
                with closing(each):
                    for one in each:
                        keeper.keep(one)
                        gap.add(one)
                        done += 1
                        bar.done(1, len(one.failures), gap)
            keeper.flush()
        except KeyboardInterrupt:
            keeper.flush()
            if not begun + done:
                raise
            bar.say(f"interrupted; {begun + done} of {keeper.total} replications are kept.")
            return True
        except LocalsimError:
            raise
        except Exception as error:
            # The workers are gone, not one of them: what was done is kept, the rest is not done.
            keeper.flush()
            if not begun + done:
                raise
            bar.say(
                f"the workers are gone ({type(error).__name__}: {error}); {begun + done} of "
                f"{keeper.total} replications are kept."
            )
            return True
    return False
