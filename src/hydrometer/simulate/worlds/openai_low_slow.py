"""The low-and-slow core of 4,000 users at full size among a viral prompt's and a team's.

Source: mission table, section 1.1, rows 22 and 23.
"""

from __future__ import annotations

from hydrometer.simulate.mixtures import crowd, look_alikes
from hydrometer.simulate.world import HELD_OUT, Placement, World

WORLD = World(
    name="openai_low_slow",
    summary="four requests a user with others' reasoning (alleged)",
    benign=(
        *crowd(24_000),
        *look_alikes("session_resumer", "viral_prompter", "diaspora", "traveller", factor=8),
    ),
    campaigns=(Placement("openai_low_slow", 4_000),),
    exchanges=600_000,
    split=HELD_OUT,
    week=11,
    usual_scale=0.15,
)
