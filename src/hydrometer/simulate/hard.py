"""Which benign populations are hard: every one but the few that resemble no campaign.

Rates of false alarms are reported for both sides apart, since a detector can look well on a world of chat users alone;
a new archetype counts as hard until it is named here. Source: detection table, section 6.1 (pristine and hard split).
"""

from __future__ import annotations

PRISTINE = frozenset({"app_user", "carrier_user", "chat_user", "hobby_script", "household"})
"""Archetypes of people who share nothing with strangers beyond an ordinary carrier, home or client."""


def difficulty(archetype: str) -> str:
    """The side of the benign split that an archetype lies on.

    >>> difficulty("household"), difficulty("classroom")
    ('pristine', 'hard')
    """
    return "pristine" if archetype in PRISTINE else "hard"
