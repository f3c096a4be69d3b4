"""Trust: what came of asking for help, against what was expected of it."""

from __future__ import annotations

import math

from localsim.compiled import Whole, compiled
from localsim.dynamics.columns import (
    Needs,
    Rules,
    Window,
)


@compiled
def kept_trust(needs: Needs, rules: Rules, i: Whole, now: float) -> float:
    """Return how far a resident's trust still stands from the usual level."""
    trust: float = needs.person[i].trust
    if trust != 0.0:  # without trust in play no time is spent on its fading
        trust *= math.exp(-rules.world[0].trust_fade * (now - needs.person[i].trust_month))
    return trust


@compiled
def feel(w: Window, i: Whole, outcome: float, now: float) -> None:
    """Move trust by the outcome less what the resident had come to expect."""
    needs, rules, tally, end = w.needs, w.rules, w.tally, w.end
    gain, fade, memory = (
        rules.world[0].trust_gain,
        rules.world[0].trust_fade,
        rules.world[0].trust_memory,
    )
    surprise = outcome - needs.person[i].expectation
    kept = kept_trust(needs, rules, i, now)
    needs.person[i].trust = kept + gain * surprise
    needs.person[i].trust_month = now
    needs.person[i].expectation += memory * surprise
    if gain != 0.0:
        tally.trust[needs.person[i].cell] += gain * surprise * math.exp(-fade * (end - now))
