"""Ways for one council to change its doors, its hands or its money."""

from __future__ import annotations

from localsim.policy.access import Hub
from localsim.policy.policy import Policy


def citizens_hub() -> Policy:
    """One place to come to, whatever is the matter; behind the door nothing else changes.

    The Citizen's Hub puts the front desks of all agencies together, so that residents tell their
    story once and are not sent from door to door.
    """
    return Policy(
        name="citizens_hub",
        tier="authority",
        access=Hub(),
        description="one co-located door, the agencies behind it as they were",
    )
