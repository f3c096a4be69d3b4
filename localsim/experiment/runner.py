"""How replications are done: here when the work is small, on workers when it is not.

Who does a replication, and in which order, changes nothing: each is a function of the plan and
its number alone, and they are put back in the order of the plan.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator, Sequence
from contextlib import ExitStack, closing
from itertools import islice
from typing import TYPE_CHECKING, Any

from localsim.errors import LocalsimError
from localsim.experiment.cluster import cores, local_client
from localsim.experiment.progress import Progress
from localsim.experiment.replication import Plan, Replication, lost, replicate

if TYPE_CHECKING:
    from distributed import Client

SECONDS_PER_RUN, SECONDS_PER_MONTH, SECONDS_PER_RESIDENT_MONTH = 1e-2, 5e-4, 1e-7
"""Rough speeds, used only to choose where work is done and how much is sent at a time."""

SMALL_SECONDS = 12.0
"""Work shorter than this is done here: starting workers would take a good part of it."""

BATCH_SECONDS = 1.0
"""Replications are sent to a worker in batches of about this much work."""

BATCHES_PER_WORKER = 4
"""At least so many batches a worker, so that none idles at the end while another works on."""

DIED = (
    "the worker process died each time it ran this replication: it was killed from outside, ran "
    "out of memory, or crashed in compiled code."
)

FEWEST_IN_FLIGHT = 64
"""So many batches are sent ahead at least: a cluster that grows with its work must see some."""


def perform(
    plan: Plan,
    replications: int,
    *,
    name: str,
    progress: bool,
    workers: int | None,
    client: Client | None,
    retries: int,
) -> tuple[list[Replication], bool]:
    """Do the replications; return those done, in order, and whether they were interrupted.

    An interruption (Ctrl-C) keeps the replications that are done; if none is, it is raised.
    """
    done: list[Replication] = []
    interrupted = False
    with ExitStack() as stack, Progress(name, replications, "replication", shown=progress) as bar:
        try:
            if client is None:
                number = workers_for(plan, replications, workers)
                client = stack.enter_context(local_client(number, retries)) if number > 1 else None
            each = stack.enter_context(closing(_each(plan, replications, client, retries)))
            for one in each:
                done.append(one)
                bar.done(1, len(one.failures))
        except KeyboardInterrupt:
            if not done:
                raise
            interrupted = True
            bar.say(f"interrupted; {len(done)} of {replications} replications are kept.")
        except Exception as error:
            # The workers are gone, not one of them: what was done is kept, the rest has failed.
            if not done:
                raise
            missing = set(range(replications)) - {one.number for one in done}
            done += [lost(plan, number, error) for number in missing]
    return sorted(done, key=lambda one: one.number), interrupted


def seconds(plan: Plan) -> float:
    """Return roughly how long one replication of a plan takes on one processor."""
    runs = len(plan.policies)
    months = 12 * (plan.warmup_years + plan.years * runs)
    month = SECONDS_PER_MONTH + SECONDS_PER_RESIDENT_MONTH * float(plan.place.residents.sum())
    return SECONDS_PER_RUN * (1 + runs) + months * month


def workers_for(plan: Plan, replications: int, workers: int | None) -> int:
    """Return how many processes to use; 1 is this one."""
    if workers is not None:
        return workers
    if seconds(plan) * replications < SMALL_SECONDS:
        return 1
    return min(cores(), replications)


def batches(plan: Plan, replications: int, workers: int) -> list[range]:
    """Split replications into runs of neighbours, each about a second of work."""
    fair = -(-replications // (BATCHES_PER_WORKER * max(1, workers)))
    size = max(1, min(fair, int(BATCH_SECONDS / seconds(plan))))
    return [range(i, min(i + size, replications)) for i in range(0, replications, size)]


def replicate_batch(plan: Plan, numbers: Sequence[int]) -> list[Replication]:
    """Do several replications, one after another, in a worker."""
    return [replicate(plan, number) for number in numbers]


def _each(
    plan: Plan, replications: int, client: Client | None, retries: int
) -> Generator[Replication]:
    if client is None:
        for number in range(replications):
            yield replicate(plan, number)
    else:
        yield from _on(client, plan, replications, retries)


def _on(client: Client, plan: Plan, replications: int, retries: int) -> Iterator[Replication]:
    """Yield replications as workers finish them.

    A worker's death is held against everything it had been sent, so what seems to kill workers
    is tried once more at the end, alone: only the culprit is set aside.
    """
    import cloudpickle
    from distributed import KilledWorker, as_completed

    threads = sum(client.nthreads().values())
    waiting: Iterator[Sequence[int]] = iter(batches(plan, replications, threads))
    # A task's result rather than scattered data: if its holder dies, it is made again.
    shared = client.submit(cloudpickle.loads, cloudpickle.dumps(plan), pure=False)
    sent: dict[Any, Sequence[int]] = {}
    suspects: list[int] = []

    def send(numbers: Sequence[int]) -> Any:
        future = client.submit(replicate_batch, shared, numbers, retries=retries, pure=False)
        sent[future] = numbers
        return future

    ahead = max(FEWEST_IN_FLIGHT, 2 * threads)
    completed = as_completed([send(numbers) for numbers in islice(waiting, ahead)])
    try:
        for future in completed:
            numbers = sent.pop(future)
            try:
                yield from future.result()
            except KilledWorker:
                suspects += numbers
            except Exception as error:
                yield from (lost(plan, number, error) for number in numbers)
            for more in islice(waiting, 1):
                completed.add(send(more))
        hopeless = len(suspects) == replications
        for number in sorted(suspects):
            future = send([number])
            try:
                yield from future.result()
                hopeless = False
            except KilledWorker:
                yield lost(plan, number, LocalsimError(DIED))
                if hopeless:  # not one replication survives: the rest would only kill more
                    rest = [other for other in suspects if other > number]
                    yield from (lost(plan, other, LocalsimError(DIED)) for other in rest)
                    return
    finally:
        client.cancel(list(sent))
