"""A diary: what became of residents' needs, door by door and at its own time."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from localsim.dynamics.columns import (
    ASSESSED,
    AT_DOOR,
    IN_SERVICE,
    NO_NEED,
    PHASES,
    QUEUEING,
    UNPRESENTED,
)
from localsim.dynamics.moving import EPISODES
from localsim.errors import LocalsimError
from localsim.model import Model
from localsim.place import Place
from localsim.policy.budgets import check_whole
from localsim.policy.schedule import AnyPolicy
from localsim.policy.supply import KINDS

if TYPE_CHECKING:
    import pandas as pd

HUB = "hub"
UNSEEN = "moved on between two looks"
MOVED = "moved away"
LEFT = "left by its provider"
MOST_LOOKS = 1000

# What the end of a spell was, by the phase that it was in and the phase that came next.
ENDINGS = {
    (UNPRESENTED, AT_DOOR): "asked for help",
    (UNPRESENTED, ASSESSED): "asked for help",
    (UNPRESENTED, QUEUEING): "asked for help",
    (UNPRESENTED, IN_SERVICE): "asked for help",
    (AT_DOOR, ASSESSED): "seen",
    (ASSESSED, AT_DOOR): "passed on",
    (ASSESSED, ASSESSED): "passed on",
    (ASSESSED, QUEUEING): "accepted",
    (ASSESSED, IN_SERVICE): "accepted",
    (ASSESSED, UNPRESENTED): "gave up",
    (QUEUEING, IN_SERVICE): "began",
    (IN_SERVICE, AT_DOOR): "came back unsolved",
    (IN_SERVICE, ASSESSED): "came back unsolved",
    (IN_SERVICE, QUEUEING): "came back unsolved",
    (IN_SERVICE, IN_SERVICE): "came back unsolved",
    (IN_SERVICE, UNPRESENTED): "gave up",
    (IN_SERVICE, NO_NEED): "solved",
}


class Spell(NamedTuple):
    """A stretch of one need in one phase.

    `resident` is a row of the population, `need` counts the resident's needs of the theme, from 0
    or, for those who have moved in, from a number of their own,
    `where` is the desk's agency or the kind of provider, `start` and `end` are months since the
    policy began, `visits` and `crises` are counted since the need opened, and `step` is how far
    it has got in a sequence of teams, 0 for its own.
    """

    resident: int
    theme: str
    need: int
    phase: str
    where: str
    start: float
    end: float
    ended: str
    visits: int
    crises: int
    step: int


class Diary(Model):
    """A model that writes down every phase of the needs of some residents, or of all.

    It looks at the place `looks_per_month` times a month and changes nothing: accounting windows
    do not alter results. Times of joining a queue are exact, others are those of the look; what
    begins and ends between two looks is not seen, though the visits still count it.

    Parameters
    ----------
    residents
        Rows of the population to follow, as `Resident.row`; all of them by default.
    looks_per_month
        How often to look, 1 to 1000; 240 is every three hours.
    others
        As for `Model`.
    """

    def __init__(
        self,
        place: Place,
        policy: AnyPolicy | None = None,
        *,
        residents: Iterable[int] | None = None,
        looks_per_month: int = 240,
        **others: Any,
    ) -> None:
        check_whole("Diary: looks_per_month", looks_per_month, 1, MOST_LOOKS)
        self._current: dict[int, Spell] = {}
        self._ended: list[Spell] = []
        self._writing = False
        super().__init__(place, policy, **others)
        self.followed = np.full(self.population.size, residents is None)
        if residents is not None:
            rows = np.asarray(list(residents), dtype=np.int64)
            if rows.size and not 0 <= rows.min() <= rows.max() < self.population.size:
                raise LocalsimError(
                    f"Diary: rows of residents run from 0 to {self.population.size - 1}."
                )
            self.followed[rows] = True
        self.ticks_per_month = looks_per_month
        self._begin_writing()

    def fork(self, policy: AnyPolicy) -> Diary:
        """Return a copy of this moment under another policy, its diary begun anew."""
        twin = super().fork(policy)
        assert isinstance(twin, Diary)
        twin._begin_writing()
        return twin

    def tick(self) -> None:
        """Let one accounting window pass and look."""
        super().tick()
        if self._writing:
            self._look()

    @property
    def spells(self) -> pd.DataFrame:
        """Every spell so far in order of resident and time, one row each; columns of `Spell`.

        Those not over yet end now, `ended` "still open".
        """
        import pandas as pd

        now = self.town.months - self._began
        still = [s._replace(end=now, ended="still open") for s in self._current.values()]
        frame = pd.DataFrame([*self._ended, *still], columns=list(Spell._fields))
        order = ["resident", "start", "theme"]
        return frame.sort_values(order, kind="stable").reset_index(drop=True)

    def _begin_writing(self) -> None:
        self._began = self.town.months
        self._stamps = np.full(self.town.cases.due.size, -1, np.int64)
        self._current, self._ended = {}, []
        self._writing = True
        self._look()

    def _look(self) -> None:
        """Write down every case that has changed since the last look."""
        rows = self.town.cases.row
        if rows.size > self._stamps.size:
            more = np.full(rows.size - self._stamps.size, -1, np.int64)
            self._stamps = np.concatenate([self._stamps, more])
        used = int(self.town.cases.sizes[1])
        stamps = rows["stamp"][:used]
        changed = stamps != self._stamps[:used]
        theirs = self.followed[rows["resident"][:used]]
        # A row may have passed from a need that was followed to another's within one look.
        theirs[[c for c in self._current if changed[c]]] = True
        self._stamps[:used] = stamps
        now = self.town.months - self._began
        for c in np.flatnonzero(changed & theirs).tolist():
            self._write(c, rows[c], now)

    def _write(self, c: int, case: Any, now: float) -> None:
        """Write down one case as it stands, and end what it was before."""
        new, old = self._spell(c, case, now), self._current.pop(c, None)
        if old is None:
            if new is not None:
                self._current[c] = new
            return
        goes_on = new is not None and new[:3] == old[:3]  # the same need of the same resident
        if (
            new is not None
            and goes_on
            and (new.phase, new.where, new.visits)
            == (
                old.phase,
                old.where,
                old.visits,
            )
        ):
            self._current[c] = old._replace(crises=new.crises)
            return
        following = PHASES.index(new.phase) if new is not None and goes_on else NO_NEED
        otherwise = UNSEEN if following else "went by itself"
        ended = ENDINGS.get((PHASES.index(old.phase), following), otherwise)
        served = old.phase == PHASES[IN_SERVICE] and following not in (NO_NEED, UNPRESENTED)
        if new is not None and served and new.step > old.step:
            ended = "handed over"
        elif served and self._was_left(old, case):
            ended = LEFT
        if self._has_left(old):
            ended = MOVED
        end = new.start if new is not None and goes_on else now
        self._ended.append(old._replace(end=end, ended=ended))
        if new is not None:
            self._current[c] = new

    def _was_left(self, old: Spell, case: Any) -> bool:
        """Say whether the provider that served a need has failed, and left it in the queue."""
        node, p = int(case["node"]), KINDS.index(old.where)
        known = self.providers.generation[node, p] >= 0
        return bool(known and not self.providers.alive[node, p])

    def _has_left(self, old: Spell) -> bool:
        """Say whether those whose need it was have moved away since."""
        k = [theme.name for theme in self.facts.casework].index(old.theme)
        now = int(self.town.needs.need["episode"][k, old.resident])
        return now // EPISODES != old.need // EPISODES

    def _spell(self, c: int, case: Any, now: float) -> Spell | None:
        """Return the spell that a case is in, begun now if it waits nowhere.

        None if the need is closed, or that of somebody who is not followed.
        """
        phase, k, resident = int(case["phase"]), int(case["theme"]), int(case["resident"])
        need = self.town.needs.need[k, resident]
        if phase == NO_NEED or int(need["case"]) != c or not self.followed[resident]:
            return None
        joined = phase in (AT_DOOR, QUEUEING)
        return Spell(
            resident=resident,
            theme=self.facts.casework[k].name,
            need=int(need["episode"]),
            phase=PHASES[phase],
            where=self._where(phase, case),
            start=max(0.0, float(case["joined"]) - self._began) if joined else now,
            end=now,
            ended="",
            visits=int(case["visits"]),
            crises=int(case["crises"]),
            step=int(case["step"]),
        )

    def _where(self, phase: int, case: Any) -> str:
        if phase in (AT_DOOR, ASSESSED):
            desks = (*self.facts.agencies, HUB)
            return desks[int(case["agency"])]
        return KINDS[int(case["provider"])] if phase == IN_SERVICE else ""
