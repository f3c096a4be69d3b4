"""The policies between two policies: every way to take some answers from one, the rest from other.

The players of the game that is attributed are answers, or bundles of them. A coalition is the set
of players whose answers have been taken over from the second policy.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from itertools import combinations
from typing import Any

from localsim.errors import LocalsimError, nearest
from localsim.policy.policy import Pilot, Policy

MOST = 8
"""Answers that may differ: every one more doubles the number of policies that must be run."""

PILOT = "piloting"
ELSEWHERE = "elsewhere"
Coalition = frozenset[str]


@dataclass(frozen=True, eq=False)
class Lattice:
    """The policies between two: `players` in order, and a policy for each coalition of them.

    `shared` are the answers that do not differ. Where the second policy is a pilot within the
    first, `before` is the first, and the empty coalition is a pilot that answers as the first does
    everywhere: what the border alone does is a player of its own that comes before the others.
    """

    players: tuple[str, ...]
    shared: tuple[str, ...]
    policies: Mapping[Coalition, Policy | Pilot]
    before: Policy | None

    @property
    def runs(self) -> list[Policy | Pilot]:
        """Every policy to run, the first one first."""
        first = [] if self.before is None else [self.before]
        return [*first, *self.policies.values()]


def lattice(
    a: Policy | Pilot, b: Policy | Pilot, bundles: Mapping[str, Iterable[str]] | None = None
) -> Lattice:
    """Return the lattice from policy `a` to policy `b`.

    Both are policies; or both are pilots in the same areas; or `b` is a pilot and `a` what it
    keeps elsewhere. `bundles` names groups of answers that are taken over together.

    Raises
    ------
    LocalsimError
        If the two cannot be compared answer by answer, more than eight answers differ, a bundle
        names no answer or names one twice, or some answers cannot stand together.
    """
    inner_a, inner_b, before = _inner(a, b)
    theirs, ours = inner_a.answers(), inner_b.answers()
    differ = [q for q in theirs if theirs[q] != ours[q]]
    groups = _bundled(differ, list(theirs), bundles)
    rest: tuple[Policy, ...] = ()
    if isinstance(a, Pilot) and isinstance(b, Pilot) and _answers(a) != _answers(b):
        groups[ELSEWHERE] = ()
        rest = (a.elsewhere, b.elsewhere)
    if len(groups) > MOST:
        raise LocalsimError(
            f"{a.name} and {b.name} differ in {len(groups)} answers ({', '.join(groups)}), which "
            f"makes {2 ** len(groups):,} policies; at most {MOST} can be attributed exactly. "
            "Bundle some: bundles={'money': ['budgets', 'capital']}."
        )
    policies: dict[Coalition, Policy | Pilot] = {}
    for size in range(len(groups) + 1):
        for members in combinations(groups, size):
            taken = {q: ours[q] for player in members for q in groups[player]}
            name = " + ".join([a.name, *([PILOT] if before is not None else []), *members])
            policies[frozenset(members)] = _between(
                a, b, inner_a, name, taken, rest[ELSEWHERE in members] if rest else None
            )
    if before is None:
        policies[frozenset()] = a
    policies[frozenset(groups)] = b
    same = tuple(q for q in theirs if q not in differ)
    return Lattice(tuple(groups), same, policies, before)


def _inner(a: Policy | Pilot, b: Policy | Pilot) -> tuple[Policy, Policy, Policy | None]:
    """Return the two policies whose answers differ, and the first where the second is a pilot."""
    for one in (a, b):
        if not isinstance(one, Policy | Pilot):
            raise LocalsimError(
                f"{getattr(one, 'name', one)!r} is neither a Policy nor a Pilot; only their "
                "answers can be attributed."
            )
    if isinstance(a, Pilot) and isinstance(b, Pilot):
        if a.areas != b.areas:
            raise LocalsimError(
                f"{a.name} and {b.name} are pilots in different areas; a difference can be "
                "attributed to answers only where they are given in the same areas."
            )
        return a.policy, b.policy, None
    if isinstance(b, Pilot) and isinstance(a, Policy):
        if a.answers() != b.elsewhere.answers():
            raise LocalsimError(
                f"{b.name} keeps {b.elsewhere.name} elsewhere, so its difference from {a.name} is "
                f"not its own; compare it with {b.elsewhere.name}, or with a pilot of {a.name} in "
                "the same areas."
            )
        return a, b.policy, a
    if isinstance(a, Pilot):
        raise LocalsimError(
            f"{a.name} is a pilot and {b.name} is not; ask for the difference the other way round."
        )
    assert isinstance(b, Policy)
    return a, b, None


def _answers(pilot: Pilot) -> dict[str, object]:
    return pilot.elsewhere.answers()


def _bundled(
    differ: list[str], known: list[str], bundles: Mapping[str, Iterable[str]] | None
) -> dict[str, tuple[str, ...]]:
    """Return the players: bundles that differ, and every other answer that differs by itself."""
    owner: dict[str, str] = {}
    for name, members in (bundles or {}).items():
        if isinstance(members, str):
            raise LocalsimError(
                f"The bundle {name!r} is {members!r}; a list of answers is wanted, such as "
                "['budgets', 'rule']."
            )
        for answer in members:
            if answer not in known:
                raise LocalsimError(
                    f"The bundle {name!r} has no answer {answer!r} to take; "
                    f"{nearest(str(answer), known)}"
                )
            if answer in owner:
                raise LocalsimError(
                    f"The answer {answer!r} is in the bundles {owner[answer]!r} and {name!r}; "
                    "each may be in one."
                )
            owner[answer] = name
    groups: dict[str, tuple[str, ...]] = {}
    for answer in differ:
        player = owner.get(answer, answer)
        groups[player] = (*groups.get(player, ()), answer)
    return groups


def _between(
    a: Policy | Pilot,
    b: Policy | Pilot,
    base: Policy,
    name: str,
    taken: Mapping[str, Any],
    elsewhere: Policy | None,
) -> Policy | Pilot:
    given = {f.name: getattr(base, f.name) for f in fields(Policy)}
    try:
        inner = Policy(**{**given, **taken, "name": name})
    except LocalsimError as error:
        raise LocalsimError(
            f"Some answers of {b.name} cannot stand with the rest of {a.name}: {error} Bundle "
            "them, so that they are taken over together."
        ) from error
    if isinstance(b, Pilot):
        return Pilot(inner, b.areas, elsewhere or b.elsewhere, name=name)
    return inner
