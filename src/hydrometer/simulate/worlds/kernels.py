"""A small pool of specialists.

Source: mission table, rows 19 and 25.
"""

from __future__ import annotations

from hydrometer.simulate.mixtures import crowd, look_alikes
from hydrometer.simulate.world import Placement, World

WORLD = World(
    name="kernels",
    summary="kernels and canaries in a small pool",
    benign=(
        *crowd(3_200),
        *look_alikes("agent_swarm", "editor_user", "evaluation_lab", "price_mover"),
    ),
    campaigns=(Placement("kernel_hunters", 150),),
    exchanges=90_000,
    week=2,
)
