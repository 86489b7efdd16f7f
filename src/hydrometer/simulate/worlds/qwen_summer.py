"""The summer campaign at the moment of its shift from pool one to pool two.

Source: mission table, section 1.1.
"""

from __future__ import annotations

from hydrometer.simulate.mixtures import crowd, look_alikes
from hydrometer.simulate.world import HELD_OUT, Placement, World

WORLD = World(
    name="qwen_summer",
    summary="one fixed prompt in every request, pool after pool (alleged), usually at one part in 170",
    benign=(
        *crowd(300_000),
        *look_alikes("framework_user", "editor_user", "ci_swarm", "session_resumer", factor=90),
    ),
    campaigns=(Placement("qwen_summer", 10_000),),
    exchanges=40_000_000,
    split=HELD_OUT,
    week=9,
    usual_scale=0.006,
)
