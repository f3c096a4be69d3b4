"""The core rules as plain Mesa: residents are agent objects, a month is a step of each.

Written as a careful user of Mesa would write it: a resident has a `Need` of each theme, with its
state and its threshold; `do` steps the residents, as their order does not matter; what happens
inside the month happens at its own time, from a heap; queues are deques; and nothing is done that
the rules do not ask for.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from heapq import heappop, heappush

import mesa

from benchmarks.core import NEEDS, Outcome, Setting
from benchmarks.core import Need as Theme

IDLE, UNPRESENTED, QUEUEING, IN_SERVICE = "idle", "unpresented", "queueing", "in service"


class Need:
    """A resident's need of one theme, open or not yet."""

    __slots__ = ("joined", "rate", "state", "team", "theme", "threshold")

    def __init__(self, theme: Theme, rate: float, team: Team, threshold: float) -> None:
        self.theme = theme
        self.rate = rate
        self.team = team
        self.threshold = threshold
        self.state = IDLE
        self.joined = 0.0


class Resident(mesa.Agent):
    """A person with a threshold for each need that they can have, used up month by month."""

    model: Town

    def __init__(self, model: Town, rates: list[float], teams: list[Team]) -> None:
        super().__init__(model)
        self.needs = [
            Need(theme, rate, team, self.rng.exponential())
            for theme, rate, team in zip(NEEDS, rates, teams, strict=True)
            if rate > 0.0
        ]

    def step(self) -> None:
        """Use up a month of every idle need's threshold; where it is gone the need opens."""
        for need in self.needs:
            if need.state == IDLE:
                need.threshold -= need.rate
                if need.threshold <= 0.0:
                    time = self.model.end + need.threshold / need.rate
                    self.model.schedule(time, self.open, need)

    def open(self, need: Need) -> None:
        """Come to need something."""
        self.model.opened += 1
        self.stay_at_home(need)

    def stay_at_home(self, need: Need) -> None:
        """Have a need that nobody knows of, until it is presented."""
        need.state = UNPRESENTED
        delay = self.rng.exponential(1.0 / need.theme.present)
        self.model.schedule(self.model.now + delay, self.present, need)

    def present(self, need: Need) -> None:
        """Ask for help."""
        need.team.join(self, need)

    def end_service(self, need: Need) -> None:
        """Leave with the need solved, go straight back to the queue, or go home."""
        need.team.release()
        if self.rng.random() < need.theme.solve:
            self.model.solved += 1
            need.state = IDLE
            need.threshold = self.rng.exponential()
            need.threshold -= need.rate * (self.model.end - self.model.now)
            if need.threshold <= 0.0:
                time = self.model.end + need.threshold / need.rate
                self.model.schedule(time, self.open, need)
        elif self.rng.random() < need.theme.returns:
            self.model.returned += 1
            need.team.join(self, need)
        else:
            self.stay_at_home(need)


class Team(mesa.Agent):
    """Those who serve one theme in one neighbourhood."""

    model: Town

    def __init__(self, model: Town, slots: int) -> None:
        super().__init__(model)
        self.free = slots
        self.queue: deque[tuple[Resident, Need]] = deque()

    def join(self, resident: Resident, need: Need) -> None:
        """Serve a need at once if a slot is free, else let it wait."""
        need.joined = self.model.now
        if self.free > 0:
            self.free -= 1
            self.serve(resident, need)
        else:
            need.state = QUEUEING
            self.queue.append((resident, need))

    def serve(self, resident: Resident, need: Need) -> None:
        """Begin a service."""
        need.state = IN_SERVICE
        self.model.starts += 1
        self.model.waited += self.model.now - need.joined
        length = self.rng.exponential(need.theme.service)
        self.model.schedule(self.model.now + length, resident.end_service, need)

    def release(self) -> None:
        """Give a slot that falls free to the next who waits."""
        if self.queue:
            self.serve(*self.queue.popleft())
        else:
            self.free += 1


class Town(mesa.Model):
    """The place: residents, teams, and a calendar of what will happen when."""

    def __init__(self, setting: Setting, seed: int) -> None:
        super().__init__(rng=seed)
        self.opened = self.solved = self.returned = self.starts = 0
        self.waited = 0.0
        self.now = 0.0
        self.end = 0.0
        self.scheduled = 0
        self.calendar: list[tuple[float, int, Callable[[Need], None], Need]] = []
        teams = [[Team(self, int(slots)) for slots in row] for row in setting.slots]
        of_unit = [list(column) for column in zip(*teams, strict=True)]
        for rates, unit in zip(setting.rate.T.tolist(), setting.team.tolist(), strict=True):
            Resident(self, rates, of_unit[unit])
        self.residents = self.agents_by_type[Resident]

    def schedule(self, time: float, what: Callable[[Need], None], need: Need) -> None:
        """Enter an event in the calendar; its number keeps events of one moment apart."""
        self.scheduled += 1
        heappush(self.calendar, (time, self.scheduled, what, need))

    def step(self) -> None:
        """Let a month pass."""
        self.end += 1.0
        self.residents.do("step")
        while self.calendar and self.calendar[0][0] < self.end:
            self.now, _, what, need = heappop(self.calendar)
            what(need)

    def outcome(self) -> Outcome:
        """Return what was counted."""
        return Outcome(
            opened=float(self.opened),
            open_needs=float(self.opened - self.solved),
            solved=float(self.solved),
            returns=float(self.returned),
            mean_wait_months=self.waited / self.starts,
        )
