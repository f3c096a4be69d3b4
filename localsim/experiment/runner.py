"""How units are done: here when the work is small, on workers when it is not.

Who does a unit, and in which order, changes nothing: each is a function of the plan, its point and
its number alone.
"""

from __future__ import annotations

import math
import pickle
import time
from collections.abc import Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import islice
from typing import TYPE_CHECKING, Any

from localsim.errors import LocalsimError
from localsim.experiment.cluster import cores, local_client
from localsim.experiment.machine import code_version
from localsim.experiment.replication import Plan, Replication, lost, replicate
from localsim.experiment.units import Unit

if TYPE_CHECKING:
    from distributed import Client

    from localsim.experiment.frozen import Points

SECONDS_PER_RUN, SECONDS_PER_MONTH, SECONDS_PER_RESIDENT_MONTH = 1e-2, 5e-4, 1e-7
"""Rough speeds, used only to choose where work is done and how much is sent at first."""

SMALL_SECONDS = 12.0
"""Work shorter than this is done here: starting workers would take a good part of it."""

BATCH_SECONDS, LEAST_SECONDS = 1.0, 0.1
"""Units are sent to a worker in batches of about this much work, less only towards the end."""

LARGEST_BATCH = 1024
BATCHES_PER_WORKER = 4
"""A batch is at most this part of what is left, so that none idles while another works on."""

FEWEST_IN_FLIGHT = 64
"""So many batches are sent ahead to a cluster that may grow with its work: it must see some."""

DIED = (
    "the worker process died each time it ran this replication: it was killed from outside, ran "
    "out of memory, or crashed in compiled code."
)

Task = tuple[Unit, Mapping[str, Any] | None]
"""A unit, and the values of a design at its point."""


def stream(
    plan: Plan,
    units: Iterable[Unit],
    number: int,
    *,
    points: Points | None = None,
    workers: int | None = None,
    client: Client | None = None,
    retries: int = 2,
) -> Generator[Replication]:
    """Yield so many units as they are done, in any order.

    They are done in this process, by so many worker processes (by default whichever is faster), or
    by those of a client. A failure is yielded, not raised; a unit that kills whatever runs it is
    yielded as lost, after so many more tries.
    """
    tasks = ((unit, None if points is None else points.point(unit.point)) for unit in units)
    with _at_work(client, workers_for(plan, number, workers), retries) as found:
        if found is None:
            for unit, values in tasks:
                yield replicate(plan, unit, values)
        else:
            ahead = FEWEST_IN_FLIGHT if client is not None else 0
            yield from _on(found, plan, tasks, number, retries, ahead)


def seconds(plan: Plan) -> float:
    """Return roughly how long one replication of a plan takes on one processor."""
    runs = len(plan.policies)
    months = 12 * (plan.warmup_years + plan.years * runs)
    month = SECONDS_PER_MONTH + SECONDS_PER_RESIDENT_MONTH * float(plan.place.residents.sum())
    return SECONDS_PER_RUN * (1 + runs) + months * month


def workers_for(plan: Plan, number: int, workers: int | None) -> int:
    """Return how many processes to use for so many units; 1 is this one."""
    if workers is not None:
        return workers
    if seconds(plan) * number < SMALL_SECONDS:
        return 1
    return min(cores(), number)


@contextmanager
def _at_work(client: Client | None, workers: int, retries: int) -> Iterator[Client | None]:
    if client is not None or workers == 1:
        yield client
    else:
        with local_client(workers, retries) as started:
            yield started


class Batches:
    """How many units to send at a time: about a second of work, as measured so far."""

    def __init__(self, number: int, guess: float) -> None:
        self._left = number
        self._seconds = guess
        self._measured = False

    def size(self, workers: int) -> int:
        """Return how many to send next."""
        fair = self._left // (BATCHES_PER_WORKER * max(1, workers))
        least = math.ceil(LEAST_SECONDS / self._seconds)
        size = min(max(fair, least), int(BATCH_SECONDS / self._seconds), LARGEST_BATCH)
        size = max(1, min(size, self._left))
        self._left -= size
        return size

    def took(self, seconds: float, units: int) -> None:
        """Take note of how long a batch took."""
        each = max(seconds / units, 1e-6)
        self._seconds = (self._seconds + each) / 2.0 if self._measured else each
        self._measured = True


def replicate_batch(plan: Plan, tasks: Sequence[Task], code: str) -> tuple[float, bytes]:
    """Do several units in a worker, one after another; return how long it took, and them pickled.

    Dask would send each of their arrays as a message of its own.
    """
    if code_version() != code:
        raise LocalsimError(
            "a worker has another version of localsim than the process that sent it work; install "
            "the same one there."
        )
    begun = time.perf_counter()
    done = [replicate(plan, unit, values) for unit, values in tasks]
    return time.perf_counter() - begun, pickle.dumps(done, pickle.HIGHEST_PROTOCOL)


def _on(
    client: Client, plan: Plan, tasks: Iterator[Task], number: int, retries: int, ahead: int
) -> Iterator[Replication]:
    """Yield units as workers finish them.

    A worker's death is held against everything it had been sent, so what seems to kill workers
    is tried once more at the end, alone: only the culprit is set aside.
    """
    import cloudpickle
    from distributed import KilledWorker, as_completed

    code = code_version()
    batches = Batches(number, seconds(plan))
    # A task's result rather than scattered data: if its holder dies, it is made again.
    shared = client.submit(cloudpickle.loads, cloudpickle.dumps(plan), pure=False)
    sent: dict[Any, Sequence[Task]] = {}
    suspects: list[Task] = []

    def send(batch: Sequence[Task]) -> Any:
        future = client.submit(replicate_batch, shared, batch, code, retries=retries, pure=False)
        sent[future] = batch
        return future

    def more(workers: int) -> Iterator[Any]:
        while len(sent) < max(ahead, 2 * workers + 1):
            batch = list(islice(tasks, batches.size(workers)))
            if not batch:
                return
            yield send(batch)

    threads = sum(client.nthreads().values())
    completed = as_completed(list(more(threads)))
    survived = False
    asked = time.monotonic()
    try:
        for future in completed:
            batch = sent.pop(future)
            try:
                took, packed = future.result()
            except KilledWorker:
                suspects += batch
            else:
                survived = True
                batches.took(took, len(batch))
                finished: list[Replication] = pickle.loads(packed)
                yield from finished
            if time.monotonic() - asked > 2.0:  # a cluster may have grown or shrunk
                threads, asked = sum(client.nthreads().values()), time.monotonic()
            for new in more(threads):
                completed.add(new)
        for place, task in enumerate(suspects):
            future = send([task])
            try:
                _, packed = future.result()
                survived = True
                yield from pickle.loads(packed)
            except KilledWorker:
                yield lost(plan, task[0], LocalsimError(DIED), died=True)
                if not survived:  # not one unit survives: the rest would only kill more
                    for unit, _ in suspects[place + 1 :]:
                        yield lost(plan, unit, LocalsimError(DIED), died=True)
                    return
    finally:
        client.cancel(list(sent))
