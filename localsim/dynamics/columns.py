"""The columns of a running place: what the compiled month reads and writes.

Shapes: A areas, K casework themes, S severities, N residents (sorted by area), G agencies with a
desk, R regimes (a policy and the areas it runs), M nodes (desks and service pools), P kinds of
provider, L cells (area by tenure, where things are counted), C cases. Times are in months.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]

# Where a need stands.
NO_NEED, UNPRESENTED, AT_DOOR, ASSESSED, QUEUEING, IN_SERVICE = range(6)
PHASES = ("none", "unpresented", "waiting at a door", "being assessed", "queueing", "in service")

# Decisions that have a stream of their own in every theme.
DECISIONS = (
    "onset", "severity", "heal", "crisis", "present", "door", "route", "drop",
    "assess", "provider", "service", "solve", "return", "sequence", "handover", "priority",
    "expire",
)  # fmt: skip
(
    ONSET, SEVERITY, HEAL, CRISIS, PRESENT, DOOR, ROUTE, DROP,
    ASSESS, PROVIDER, SERVICE, SOLVE, RETURN, SEQUENCE, HANDOVER, PRIORITY,
    EXPIRE,
) = range(len(DECISIONS))  # fmt: skip

# What is counted, by cell and theme.
FLOWS = (
    "opened", "healed", "solved", "returned", "lapsed", "crises", "presentations", "contacts",
    "pass_offs", "dropped", "starts", "waited", "wait_months", "need_months", "system_months",
    "service_months", "first_starts", "access_months", "left",
    # Times that a target is set for: how many, their true months, and what is reported of them.
    "timed", "timed_months", "over_target", "relabelled", "relabelled_months",
    "expired",
)  # fmt: skip
(
    OPENED, HEALED, SOLVED, RETURNED, LAPSED, CRISES, PRESENTATIONS, CONTACTS,
    PASS_OFFS, DROPPED, STARTS, WAITED, WAIT_MONTHS, NEED_MONTHS, SYSTEM_MONTHS,
    SERVICE_MONTHS, FIRST_STARTS, ACCESS_MONTHS, LEFT,
    TIMED, TIMED_MONTHS, OVER_TARGET, RELABELLED, RELABELLED_MONTHS,
    EXPIRED,
) = range(len(FLOWS))  # fmt: skip

# Waits from presentation to the first service are counted in bins of equal ratio of (1 + weeks).
WAIT_BINS = 160
WAIT_BIN_RATIO = 1.04
WEEKS_PER_MONTH = 365.25 / 7 / 12


PERSON = np.dtype(
    [
        ("entity", "u8"),
        ("area", "i4"),
        ("cell", "i4"),
        ("seeking", "f4"),  # presentation relative to the theme's rate
        ("trust", "f4"),  # deviation from the resident's own level
        ("trust_month", "f4"),  # when the deviation was last brought up to date
        ("expectation", "f4"),  # average of past outcomes
        ("open_needs", "i1"),
    ],
    align=True,
)
NEED = np.dtype(
    [
        ("relative", "f4"),  # onset relative to the area's rate; zero if not eligible
        ("episode", "i4"),  # episodes ended
        ("case", "i4"),  # row among the cases, -1 without an open need
        ("reached", "?"),  # has been served since the policy began
    ],
    align=True,
)
CASE = np.dtype(
    # What most events look at stands together, so that it comes in one piece from memory. The
    # resident's and the need's are copied here, so that an event looks in one place.
    [
        ("resident", "i8"),
        ("theme", "i8"),
        ("stamp", "i8"),  # counts changes, so that an overtaken event is known as such
        ("phase", "i8"),
        ("phase_at", "f8"),  # when the phase itself ends
        ("heal_at", "f8"),  # a time; while in service the months that were left
        ("crisis_at", "f8"),  # likewise
        ("severity", "i8"),
        ("entity", "u8"),
        ("episode", "i8"),
        ("cell", "i8"),
        ("node", "i8"),
        ("joined", "f8"),  # when it joined the present queue
        ("attempts", "i8"),
        ("provider", "i8"),
        ("area", "i8"),
        ("presented", "f8"),  # first presentation, nan before
        ("before", "i8"),  # neighbour in the queue
        ("after", "i8"),
        ("visits", "i8"),
        ("spells", "i8"),  # times it has been left unpresented
        ("crises", "i4"),
        ("step", "i4"),  # how far it has got in a sequence of agencies
        ("agency", "i8"),  # the desk it is at
        ("priority", "f8"),  # the lowest is served first, where severity counts
    ]
)
WORK = np.dtype(
    [
        ("slots", "i8"),
        ("busy", "i8"),
        ("duration", "f8"),  # service time relative to the theme's
        ("success", "f8"),  # chance of solving relative to the theme's
    ]
)
QUEUE = np.dtype(
    [
        ("first", "i8"),
        ("last", "i8"),
        ("waiting", "i8"),
        ("by_severity", "?"),  # else first come, first served
    ]
)
EVENT = np.dtype([("time", "f8"), ("ref", "i8"), ("case", "i4"), ("stamp", "i4")])
STOCK = np.dtype([("open_now", "i8"), ("in_system", "i8"), ("in_service", "i8")])
SEVERITY_RULES = np.dtype(
    [
        ("heal", "f8"),  # per month
        ("crisis", "f8"),  # per month, while unserved
        ("present", "f8"),  # per month
        ("service", "f8"),  # months
        ("solve", "f8"),
    ]
)
THEME_RULES = np.dtype(
    [
        ("severe", "f8"),  # chance that a new need is of the second severity
        ("returns", "f8"),  # share of failures that come straight back
        ("vacancies", "f8"),  # posts that fall vacant a month; infinite where nothing limits
        ("most_vacant", "f8"),  # posts that stand open at once
        ("steps", "i8"),  # services of other teams that may follow its own
    ]
)
STEP_RULES = np.dtype(
    [
        ("team", "i8"),  # the theme whose team serves
        ("agency", "i8"),  # that team's agency
        ("months", "f8"),  # mean service; that of a theme's own team goes by severity
        ("share", "f8"),  # chance that a case calls for it
    ]
)
ACCESS_RULES = np.dtype(
    [
        ("joint", "?"),  # all open needs of a person are presented together
        ("warm", "?"),  # cases are handed over in person: no desk, and nobody drops out
        ("kept", "?"),  # who has served a case takes it back without a desk
        ("pace", "f8"),  # length of a service, relative to the usual
        ("seeking", "f8"),  # rate of presenting, relative to the usual
    ]
)
TARGET_RULES = np.dtype(
    [
        ("months", "f8"),  # infinite where a regime sets no target for waiting
        ("window", "f8"),  # how far past it a time can be reported as met
        ("at_end", "?"),  # the clock stops when the need is solved, else at its first service
    ]
)
WORLD_RULES = np.dtype(
    [
        ("coupling", "f8"),  # onset rises by this share for every other open need
        ("drop", "f8"),  # chance of giving up at a pass-off
        ("trust_gain", "f8"),
        ("trust_fade", "f8"),  # per month
        ("trust_memory", "f8"),
        ("trust_presenting", "f8"),
    ]
)


class Needs(NamedTuple):
    """Who lives where, and the need of each resident in each theme."""

    offsets: Array  # int64[A+1], first row of each area
    person: Array  # PERSON[N]
    need: Array  # NEED[K, N]
    threshold: Array  # float64[K, N], level of the area's cumulative hazard at the next onset


class Cases(NamedTuple):
    """Open needs; a row is used again once its need has closed."""

    row: Array  # CASE[C]
    due: Array  # float64[C], when its next event is; infinite without an open need
    free: Array  # int64[C], rows to be used next
    sizes: Array  # int64[2], free rows and rows ever used


class Nodes(NamedTuple):
    """Places where cases wait for a slot: desks first, then pools of a theme and a patch.

    And what slots lead to: posts that are vacant.
    """

    work: Array  # WORK[M, P]
    queue: Array  # QUEUE[M]
    vacant: Array  # float64[K, 2], posts open in the whole place, and when they were counted


class Rules(NamedTuple):
    """Facts of the world and, where they say so, the doors and pools that policies made."""

    severity: Array  # SEVERITY_RULES[K, S]
    theme: Array  # THEME_RULES[K]
    world: Array  # WORLD_RULES[1]
    assess: Array  # float64[G] months
    regime: Array  # int64[A]
    own_desk: Array  # int64[R, K], agency that handles the theme; -1 where there is no desk
    first_door: Array  # float64[R, K, G], cumulative
    next_door: Array  # float64[R, K, G, G], cumulative; what is left goes on to the service
    access: Array  # ACCESS_RULES[R]
    step: Array  # STEP_RULES[K, 1 + most steps]; the first is the theme's own team
    target: Array  # TARGET_RULES[R]
    desk: Array  # int64[A, G], node
    pool: Array  # int64[A, K], node
    keys: Array  # uint32[K, D, 2]


class Tally(NamedTuple):
    """Counters that the kernels keep, so that nothing is ever counted by a pass over residents."""

    flows: Array  # float64[L, K, F]
    stock: Array  # STOCK[L, K]; in system: presented and not yet closed or lapsed
    trust: Array  # float64[L], sum of deviations at the end of the window
    waits: Array  # int64[A, K, WAIT_BINS]


class Agenda(NamedTuple):
    """Events that were due when the present window began, in order once they have been sorted."""

    event: Array  # EVENT[H], sorted
    loose: Array  # EVENT[H], as they were found
    bucket: Array  # int64[H], where each bucket of time begins
    size: Array  # int64[2], events taken and events noted


class Heap(NamedTuple):
    """Events that others caused inside the present window, earliest first.

    An onset has no case yet, -1.
    """

    event: Array  # EVENT[H]; ref is resident * K + theme
    size: Array  # int64[1]


class Hazard(NamedTuple):
    """The areas' cumulative onset hazard: its level at the window's start and its slope."""

    level: Array  # float64[A, K]
    slope: Array  # float64[A, K] per month


class Window(NamedTuple):
    """A place between two moments: what every kernel is handed."""

    needs: Needs
    cases: Cases
    nodes: Nodes
    rules: Rules
    tally: Tally
    agenda: Agenda
    heap: Heap
    hazard: Hazard
    start: float  # months
    end: float


def new_cases(capacity: int) -> Cases:
    """Return room for so many open needs."""
    row = np.zeros(capacity, CASE)
    due = np.full(capacity, np.inf)
    return Cases(row, due, np.zeros(capacity, np.int64), np.zeros(2, np.int64))


def grown_cases(cases: Cases) -> Cases:
    """Return the same open needs with twice the room."""
    more = new_cases(cases.due.size)
    return Cases(
        row=np.concatenate([cases.row, more.row]),
        due=np.concatenate([cases.due, more.due]),
        free=np.concatenate([cases.free, more.free]),
        sizes=cases.sizes,
    )


def new_agenda(capacity: int) -> Agenda:
    """Return room for so many events that are due when a window begins."""
    return Agenda(
        event=np.zeros(capacity, EVENT),
        loose=np.zeros(capacity, EVENT),
        bucket=np.zeros(capacity, np.int64),
        size=np.zeros(2, np.int64),
    )


def new_heap(capacity: int) -> Heap:
    """Return room for so many events in one window."""
    return Heap(np.zeros(capacity, EVENT), np.zeros(1, np.int64))


def grown_heap(heap: Heap) -> Heap:
    """Return the same events with twice the room."""
    return Heap(np.concatenate([heap.event, np.zeros_like(heap.event)]), heap.size)


def new_nodes(count: int, providers: int, themes: int) -> Nodes:
    """Return so many nodes without slots or queues."""
    work, queue = np.zeros((count, providers), WORK), np.zeros(count, QUEUE)
    nodes = Nodes(work, queue, np.zeros((themes, 2)))
    nodes.work["duration"] = 1.0
    nodes.work["success"] = 1.0
    nodes.queue["first"] = -1
    nodes.queue["last"] = -1
    return nodes


def new_tally(cells: int, themes: int, areas: int) -> Tally:
    """Return counters at zero."""
    return Tally(
        flows=np.zeros((cells, themes, len(FLOWS))),
        stock=np.zeros((cells, themes), STOCK),
        trust=np.zeros(cells),
        waits=np.zeros((areas, themes, WAIT_BINS), np.int64),
    )


def no_targets(regimes: int) -> Array:
    """Return so many regimes' rules without a target for waiting, TARGET_RULES[R]."""
    target = np.zeros(regimes, TARGET_RULES)
    target["months"] = np.inf
    return target


def usual_access(regimes: int) -> Array:
    """Return so many regimes' access with a door an agency, ACCESS_RULES[R]."""
    access = np.zeros(regimes, ACCESS_RULES)
    access["pace"] = 1.0
    access["seeking"] = 1.0
    return access
