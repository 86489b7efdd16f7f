"""A world small enough to push through a real gateway, request by request: one campaign, three look-alikes.

The campaign is the load-balanced pool; at this size it shares part of its addresses and all of its client stack.
"""

from __future__ import annotations

from hydrometer.simulate.world import Placement, World

WORLD = World(
    name="gateway",
    summary="a small world to push through a real gateway: one campaign, three look-alikes",
    benign=(
        Placement("chat_user", 34),
        Placement("app_user", 36),
        Placement("hobby_script", 20),
        Placement("household", 6),
        Placement("editor_user", 22),
        Placement("classroom", 12),
        Placement("white_label", 10),
    ),
    campaigns=(Placement("load_balanced_pool", 45),),
    exchanges=3_800,
)
