"""What is agreed with the centre: nothing, negotiated targets, or freedoms that are earned."""

from __future__ import annotations

from abc import ABC
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, final

from localsim.errors import LocalsimError, nearest
from localsim.policy.budgets import Pooled, RingFenced, check_share, check_whole, names_of
from localsim.policy.capital import NoCapital
from localsim.policy.contract import MOST_ITEMS

if TYPE_CHECKING:
    from localsim.policy.policy import Policy

FREEDOMS = ("items", "pooling", "borrowing")


class Deal(ABC):
    """What the centre and a place agree on; whether the centre keeps to it depends on results.

    `asked` are freedoms in the order in which they are granted, `at_once` whether all are from
    the start; `pledge` is the share by which measured waits are to fall each year.
    """

    pledge: float = 0.0

    @property
    def asked(self) -> tuple[str, ...]:
        """The freedoms that the deal is about."""
        return ()

    @property
    def at_once(self) -> bool:
        """Whether freedoms are granted in advance, and not only once they are earned."""
        return True

    def in_force(self, policy: Policy, granted: int) -> Policy:
        """Return a policy as far as its answers are allowed, with so many freedoms granted."""
        return policy


@final
@dataclass(frozen=True)
class NoDeal(Deal):
    """Nothing is agreed: every answer of the policy stands as it is."""


def _items(policy: Policy, items: int) -> Policy:
    contract: Any = policy.contract  # every contract reports items
    return replace(policy, contract=replace(contract, items=min(items, contract.items)))


@final
@dataclass(frozen=True)
class NegotiatedTargets(Deal):
    """Up to so many items are negotiated and reported in place of the national set.

    In return the place pledges shorter waits: the share `pledge` less each year, as measured.
    Should the centre cease to believe in it, the contract's own items are reported again.
    """

    items: int = 35
    pledge: float = 0.05

    def __post_init__(self) -> None:
        check_whole("NegotiatedTargets: the items that are reported", self.items, 0, MOST_ITEMS)
        check_share("NegotiatedTargets: the pledge", self.pledge)

    @property
    def asked(self) -> tuple[str, ...]:
        """Fewer items."""
        return ("items",)

    def in_force(self, policy: Policy, granted: int) -> Policy:
        """Return the policy with the negotiated items, while the centre believes in the place."""
        return _items(policy, self.items) if granted else policy


@final
@dataclass(frozen=True)
class EarnedAutonomy(Deal):
    """Freedoms are granted one a year while the centre believes in the place, and withdrawn so.

    `freedoms` come in the order given: ``"items"``, that only `items` are reported;
    ``"pooling"``, that the policy's pool replaces ring-fenced lines; ``"borrowing"``, that its
    capital may be raised. An answer that is not among them stands from the start. `pledge` is the
    share by which measured waits are to fall each year.
    """

    freedoms: Sequence[str] = FREEDOMS
    items: int = 35
    pledge: float = 0.05

    def __post_init__(self) -> None:
        named = names_of("EarnedAutonomy: freedoms", self.freedoms)
        for freedom in named:
            if freedom not in FREEDOMS:
                raise LocalsimError(
                    f"EarnedAutonomy: there is no freedom {freedom!r}; {nearest(freedom, FREEDOMS)}"
                )
        if len(set(named)) < len(named):
            raise LocalsimError("EarnedAutonomy: each freedom is named once.")
        object.__setattr__(self, "freedoms", named)
        check_whole("EarnedAutonomy: the items that are reported", self.items, 0, MOST_ITEMS)
        check_share("EarnedAutonomy: the pledge", self.pledge)

    @property
    def asked(self) -> tuple[str, ...]:
        """The freedoms, in the order in which they are earned."""
        return tuple(self.freedoms)

    @property
    def at_once(self) -> bool:
        """No: they are earned."""
        return False

    def in_force(self, policy: Policy, granted: int) -> Policy:
        """Return the policy with the answers that have been earned, and the others' defaults."""
        earned = self.asked[:granted]
        if "items" in earned:
            policy = _items(policy, self.items)
        held = set(self.asked) - set(earned)
        if "pooling" in held and isinstance(policy.budgets, Pooled):
            policy = replace(policy, budgets=RingFenced(carry=policy.budgets.carry))
        if "borrowing" in held:
            policy = replace(policy, capital=NoCapital())
        return policy
