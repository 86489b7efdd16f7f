"""A world small enough to push through a real gateway, request by request: one campaign, three look-alikes.

A gateway's log has no cards and no sign-ups, so the campaign is one that shows itself in addresses, clients and words.
"""

from __future__ import annotations

from hydrometer.simulate.world import Placement, World

WORLD = World(
    name="gateway",
    summary="a small world to push through a real gateway: one campaign, three look-alikes",
    benign=(
        Placement("chat_user", 40),
        Placement("app_user", 50),
        Placement("household", 6),
        Placement("editor_user", 22),
        Placement("classroom", 12),
        Placement("white_label", 10),
    ),
    campaigns=(Placement("rented_fleet", 45),),
    exchanges=3_800,
)
