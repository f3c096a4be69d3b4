"""Trust: what came of asking for help, against what was expected of it."""

from __future__ import annotations

import math

from localsim.compiled import Whole, compiled
from localsim.dynamics.columns import Needs, Rules, Tally


@compiled
def feel(
    needs: Needs,
    rules: Rules,
    tally: Tally,
    i: Whole,
    outcome: float,
    now: float,
    end: float,
) -> None:
    """Move trust by the outcome less what the resident had come to expect."""
    gain, fade, memory = (
        rules.world[0].trust_gain,
        rules.world[0].trust_fade,
        rules.world[0].trust_memory,
    )
    surprise = outcome - needs.person[i].expectation
    kept = needs.person[i].trust * math.exp(-fade * (now - needs.person[i].trust_month))
    needs.person[i].trust = kept + gain * surprise
    needs.person[i].trust_month = now
    needs.person[i].expectation += memory * surprise
    tally.trust[needs.person[i].cell] += gain * surprise * math.exp(-fade * (end - now))
