"""Completing equal shares: raise every endowment by one unit of money until it would overspend.

Most raises change nothing in what is bought, and one count shows how far that is certain. While
the same projects are bought by the same payers, every purse is a linear function of the
endowment, so that what the rivals of a purchase could raise at its price is concave in it: its
tangent bounds it from above, and the first raise at which the tangent reaches a rival's cost is
the first that could change anything.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from localsim.policy.ballots import Election
from localsim.policy.equal_shares import Count, Purchase, count_ballots
from localsim.policy.exact_rates import ExactRates
from localsim.policy.purses import Floats, Terms

Mask = NDArray[np.bool_]

# Looking for raises to pass over costs about as much as a count; after failures it is tried less
# often, down to once in this many counts.
_LONGEST_PAUSE = 32
# Rates of change are trusted to this much, and less precise ones are not used.
_RATE_ERROR = 1e-7


def complete_by_adding_one(election: Election, satisfaction: str) -> list[int]:
    """Return the indices of the projects in the last outcome that does not overspend.

    It also ends when everything that anyone gains from has been bought.
    """
    terms = Terms.of(election, satisfaction)
    step = election.units_per_pound * max(election.voters, 1)
    rivals = Rivals(terms)
    endowment = election.budget
    affordable: list[int] = []
    pause = wait = 2
    while len(affordable) < len(terms.stands):
        count = count_ballots(terms, endowment)
        if sum(election.costs[p] for p in count.bought) > election.budget:
            break
        affordable = count.bought
        endowment += step
        if wait:
            wait -= 1
        else:
            least = step / terms.reference
            passed_over = int(rivals.steady_rise(count, least, endowment - step) / least)
            pause = 0 if passed_over else min(2 * pause + 1, _LONGEST_PAUSE)
            wait = pause
            endowment += step * passed_over
    return [*terms.free, *affordable]


@dataclass(frozen=True)
class _Share:
    """A purchase and the change of its share per unit of endowment, exactly nought or not."""

    purchase: Purchase
    rate: float
    varies: bool


class Rivals:
    """How far an endowment can rise before a count of these ballots could buy otherwise."""

    def __init__(self, terms: Terms) -> None:
        self.terms = terms
        self.projects = np.array(terms.stands, dtype=np.intp)
        self.kind = terms.kind[self.projects]
        self.cost = terms.float_cost[self.projects]
        self.gain = terms.float_gain[self.projects]
        self.voters = np.zeros((len(terms.stands), len(terms.election.weights)))
        for row, p in enumerate(terms.stands):
            self.voters[row, terms.election.supporters[p]] = terms.float_weights[p]
        self.votes = self.voters.sum(axis=1)
        self.rounding = terms.rounding

    def steady_rise(self, count: Count, least: float, endowment: int) -> float:
        """Return a rise up to which the same purchases are certain, or nought if under `least`.

        Both are in the reference amount of money; `endowment` is what the count gave every voter.
        """
        exact = ExactRates(self.terms, endowment)
        groups, doubt = len(count.left), count.doubt
        rate = np.ones(groups)  # of each purse, per unit of endowment
        varies = np.ones(groups, dtype=np.bool_)  # whether that rate is not exactly nought
        rate_error = 0.0
        standing = np.ones(len(self.projects), dtype=np.bool_)
        rise = math.inf
        for number, purchase in enumerate(count.purchases):
            who = self.terms.election.supporters[purchase.project]
            weights = self.terms.float_weights[purchase.project]
            paid_all = purchase.held[who] < purchase.share
            payers = float(weights[~paid_all].sum())
            if payers == 0:
                return 0.0
            moving = paid_all & varies[who]
            share_varies = bool(moving.any())
            share_rate = -float(weights[moving] @ rate[who][moving]) / payers
            rate_error += (rate_error * float(weights[moving].sum()) + 1e-12 * groups) / payers
            if rate_error > _RATE_ERROR:
                return 0.0

            standing[np.searchsorted(self.projects, purchase.project)] = False
            share = _Share(purchase, share_rate, share_varies)
            held = purchase.held[who]
            rise = min(rise, _same_payers(share, paid_all, held, rate[who], varies[who], doubt))
            if rise >= least:
                # Projects of the same kind tie whatever the endowment, so they are no rivals.
                rivals = standing & (self.kind != self.terms.kind[purchase.project])
                dearer, tied = self._dearer(share, rate, varies, rivals, doubt)
                rise = min(rise, dearer)
                if tied.size and rise >= least:
                    exact.catch_up(count.bought[:number])
                    rise = rise if exact.stay_dearer(purchase.project, tied) else 0.0
            if rise < least:
                return 0.0
            rate[who] = np.where(paid_all, 0.0, rate[who] - share_rate)
            varies[who] = ~paid_all & (varies[who] | share_varies)
        rise = min(rise, self._too_poor(count.left, rate, varies, standing, doubt))
        return rise if least <= rise < math.inf else 0.0

    def _dearer(
        self, share: _Share, rate: Floats, varies: Mask, rivals: Mask, doubt: float
    ) -> tuple[float, NDArray[np.intp]]:
        """Return the rise up to which no rival is cheaper than the purchase, but for those tied.

        These, as numbers of projects, ask a price that floats cannot tell from the purchase's.
        """
        voters, votes, cost = self.voters[rivals], self.votes[rivals], self.cost[rivals]
        ratio = self.gain[rivals] / float(self.terms.float_gain[share.purchase.project])
        at_price = share.purchase.share * ratio
        held = share.purchase.held
        emptied = voters * (held < at_price[:, None])
        able = votes - emptied.sum(axis=1)
        raised = emptied @ held + able * at_price
        speed = emptied @ rate + able * share.rate * ratio
        loose = emptied @ varies + able * share.varies
        larger = np.maximum(ratio, 1.0)
        room = cost - raised - 4 * (doubt * votes * larger + self.rounding * cost)
        apart = (room > 0.0) | (loose == 0)  # what does not change at all stays tied
        soonest = _soonest(room[apart], speed[apart], (loose * larger)[apart])
        return soonest, self.projects[rivals][~apart]

    def _too_poor(
        self, left: Floats, rate: Floats, varies: Mask, standing: Mask, doubt: float
    ) -> float:
        """Return the rise up to which nobody can pay for what was not bought."""
        voters, cost = self.voters[standing], self.cost[standing]
        room = cost - voters @ left - 4 * (doubt * self.votes[standing] + self.rounding * cost)
        return _soonest(room, voters @ rate, voters @ varies)


def _same_payers(
    share: _Share, paid_all: Mask, held: Floats, rate: Floats, varies: Mask, doubt: float
) -> float:
    """Return the rise up to which the same supporters pay all that they hold."""
    room = np.abs(held - share.purchase.share) - 4 * doubt
    parting = rate - share.rate
    return _soonest(room, np.where(paid_all, parting, -parting), varies | share.varies)


def _soonest(room: Floats, speed: Floats, loose: Floats | Mask) -> float:
    """Return when the first of several margins is used up, or infinity where none can be.

    ``loose`` is nought where the margin certainly does not change, and otherwise weighs the error
    of its speed.
    """
    if not loose.any():
        return math.inf
    moves = loose > 0
    fastest = np.maximum(speed[moves], 0.0) + 10 * _RATE_ERROR * loose[moves]
    return float((room[moves] / fastest).min())
