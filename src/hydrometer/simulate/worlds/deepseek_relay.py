"""A relay beside enterprise gateways and agent swarms.

Source: mission table, section 1.1, row 20.
"""

from __future__ import annotations

from hydrometer.simulate.mixtures import crowd, look_alikes
from hydrometer.simulate.world import HELD_OUT, Placement, World

WORLD = World(
    name="deepseek_relay",
    summary="coding harnesses' requests relayed (alleged), usually at a fiftieth",
    benign=(
        *crowd(120_000),
        *look_alikes("enterprise_gateway", "ci_swarm", "undeclared_reseller", "kernel_engineer", factor=36),
    ),
    campaigns=(Placement("deepseek_relay", 6_000),),
    exchanges=9_000_000,
    split=HELD_OUT,
    week=10,
    usual_scale=0.02,
)
