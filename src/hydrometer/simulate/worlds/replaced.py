"""Bans and replacements beside a firm that rotates its keys after a leak.

Source: mission table, rows 32 and 33.
"""

from __future__ import annotations

from hydrometer.simulate.mixtures import crowd, look_alikes
from hydrometer.simulate.world import Placement, World

WORLD = World(
    name="replaced",
    summary="banned accounts are replaced within minutes",
    benign=(
        *crowd(3_200),
        *look_alikes("key_rotation", "white_label", "agent_swarm", "exam_coach"),
    ),
    campaigns=(Placement("load_balanced_pool", 360),),
    exchanges=90_000,
    week=4,
    evasions={"ban_response": 0.6},
)
