"""Individuals whose countries, cards and hours contradict each other.

Source: statistics cookbook, section 14.
"""

from __future__ import annotations

from hydrometer.simulate.mixtures import crowd, look_alikes
from hydrometer.simulate.world import HELD_OUT, NULL, World

WORLD = World(
    name="null_crowd",
    summary="no campaign: a crowd of travellers, diaspora, poolers and the rest after an outage",
    benign=(
        *crowd(3_400),
        *look_alikes(
            "traveller",
            "diaspora",
            "private_pooler",
            "outage_recoverer",
            "session_resumer",
            "undeclared_reseller",
            "key_juggler",
            factor=2.0,
        ),
    ),
    campaigns=(),
    exchanges=85_000,
    split=HELD_OUT,
    kind=NULL,
    week=9,
)
