"""Session replay beside programmers in one editor, agent swarms and framework users.

Source: mission table, section 1.1.
"""

from __future__ import annotations

from hydrometer.simulate.mixtures import crowd, look_alikes
from hydrometer.simulate.world import Placement, World

WORLD = World(
    name="xiaomi_replay",
    summary="recorded coding sessions replayed (alleged), usually at a fifth",
    benign=(
        *crowd(14_000),
        *look_alikes("editor_user", "agent_swarm", "framework_user", "key_rotation", "multi_cloud_firm", factor=5),
    ),
    campaigns=(Placement("xiaomi_replay", 1_500),),
    exchanges=480_000,
    week=2,
    usual_scale=0.2,
)
