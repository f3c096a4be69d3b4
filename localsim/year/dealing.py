"""Dealing: the centre judges a place by what is measured, and grants or withdraws freedoms."""

from __future__ import annotations

import numpy as np

from localsim.agents.institutions import Belief, Centre
from localsim.dynamics.columns import (
    ACCESS_MONTHS,
    FIRST_STARTS,
    RELABELLED_MONTHS,
    TIMED,
    TIMED_MONTHS,
    Array,
)
from localsim.dynamics.facts import Facts
from localsim.policy.deal import NoDeal
from localsim.year.accounts import ZONES
from localsim.year.programme import Regime

DAY = 12.0 / 365.25  # added to a wait, so that none at all is no endless improvement


def meet(facts: Facts, centre: Centre, before: list[Regime], after: list[Regime]) -> None:
    """Let the centre meet the places of a new stage; of a deal that goes on it knows what it knew.

    A regime begins with the freedoms of its deal, or with those it had.
    """
    known, centre.beliefs = centre.beliefs, {}
    for regime in after:
        deal = regime.agreed.deal
        if isinstance(deal, NoDeal):
            continue
        old = [o for o in before if (o.areas & regime.areas).any() and o.agreed.deal == deal]
        if old and old[0].index in known:
            centre.beliefs[regime.index] = known[old[0].index]
            regime.granted = old[0].granted
        else:
            centre.beliefs[regime.index] = Belief.of(
                facts.value("deal.prior_belief"), facts.value("deal.prior_sd")
            )
            regime.granted = len(deal.asked) if deal.at_once else 0
        regime.policy = deal.in_force(regime.agreed, regime.granted)
    centre.items_reported = max(regime.policy.contract.items for regime in after)


def measured_wait(flows: Array) -> float | None:
    """Return the mean wait in months that is reported of flows [A, K, F]; None of nobody.

    Where a target is timed it is what was entered, relabelled times included.
    """
    total = flows.sum(axis=(0, 1))
    if total[TIMED] > 0.0:
        return float((total[TIMED_MONTHS] - total[RELABELLED_MONTHS]) / total[TIMED])
    if total[FIRST_STARTS] > 0.0:
        return float(max(0.0, total[ACCESS_MONTHS]) / total[FIRST_STARTS])
    return None


def judge(facts: Facts, centre: Centre, regimes: list[Regime], last: Array, now: Array) -> None:
    """Compare a year with the one before, and grant or withdraw a freedom of each deal.

    `last` and `now` float64[A, K, F] are the counters of the two years. A pledge is kept when the
    measured wait fell by as much; the centre updates its belief by how far it fell beyond that.
    """
    for regime in regimes:
        deal = regime.agreed.deal
        if isinstance(deal, NoDeal):
            continue
        zone = ZONES.index(regime.main_zone)
        centre.freedom_years[zone] += regime.granted > 0
        before, after = (measured_wait(flows[regime.areas]) for flows in (last, now))
        if before is None or after is None or deal.pledge == 1.0:
            continue
        gain = float(np.log((1.0 - deal.pledge) * (before + DAY) / (after + DAY)))
        centre.pledges_missed[zone] += gain < 0.0
        belief = centre.beliefs[regime.index]
        belief.update(gain, facts.value("deal.noise_sd"))
        granted = regime.granted
        if belief.probability >= facts.value("deal.grant_belief"):
            granted = min(granted + 1, len(deal.asked))
        elif belief.probability < facts.value("deal.withdraw_belief"):
            granted = max(granted - 1, 0)
        if granted != regime.granted:
            regime.granted = granted
            _change_terms(facts, regime)
    centre.items_reported = max(regime.policy.contract.items for regime in regimes)


def _change_terms(facts: Facts, regime: Regime) -> None:
    """Let the answers that are now allowed stand, at the price of every change."""
    old, regime.policy = regime.policy, regime.agreed.deal.in_force(regime.agreed, regime.granted)
    answers = len(regime.policy.changes_from(old))
    if type(old.budgets) is not type(regime.policy.budgets):
        regime.pooled_share = 0.0
    regime.terms_changed.append((answers, float(facts.historic_gbp[regime.areas].sum())))
