"""Signature replay beside teams that resume each other's sessions.

Source: mission table, section 1.1, rows 20 and 22.
"""

from __future__ import annotations

from hydrometer.simulate.mixtures import crowd, look_alikes
from hydrometer.simulate.world import HELD_OUT, Placement, World

WORLD = World(
    name="moonshot_replay",
    summary="relayed users and replayed signatures (alleged), usually at a twentieth",
    benign=(
        *crowd(60_000),
        *look_alikes("session_resumer", "enterprise_gateway", "undeclared_reseller", "diaspora", factor=18),
    ),
    campaigns=(Placement("moonshot_replay", 5_380),),
    exchanges=3_400_000,
    split=HELD_OUT,
    week=9,
    usual_scale=0.05,
)
