"""Forged client and region.

Source: detection table, section 9, evasion 8.
"""

from __future__ import annotations

from hydrometer.simulate.mixtures import crowd, look_alikes
from hydrometer.simulate.world import HELD_OUT, Placement, World

WORLD = World(
    name="mimicry",
    summary="a pool that poses as an editor's users in one supported country",
    benign=(
        *crowd(3_200),
        *look_alikes("editor_user", "diaspora", "traveller", "ci_swarm"),
    ),
    campaigns=(Placement("hydra_network", 500),),
    exchanges=100_000,
    split=HELD_OUT,
    week=15,
    evasions={"editor_mimicry": 0.6, "region_spoof": 0.7},
)
