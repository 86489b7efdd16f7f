"""The pivot beside a swarm, engineers and travellers.

Source: mission table, section 1.1, row 41.
"""

from __future__ import annotations

from hydrometer.simulate.mixtures import crowd, look_alikes
from hydrometer.simulate.world import HELD_OUT, Placement, World

WORLD = World(
    name="february_pivot",
    summary="agentic coding that pivots at the release (alleged), usually at a twelfth",
    benign=(
        *crowd(16_000),
        *look_alikes("ci_swarm", "kernel_engineer", "traveller", "regression_tester", factor=6),
    ),
    campaigns=(Placement("minimax_feb", 1_200),),
    exchanges=1_500_000,
    split=HELD_OUT,
    week=14,
    usual_scale=0.08,
)
