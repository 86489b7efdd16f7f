"""Sparse links only.

Source: mission table, row 34.
"""

from __future__ import annotations

from hydrometer.simulate.mixtures import crowd, look_alikes
from hydrometer.simulate.world import HELD_OUT, Placement, World

WORLD = World(
    name="hydra",
    summary="a pool without any entity that more than three accounts share",
    benign=(
        *crowd(3_200),
        *look_alikes("researcher_maths", "large_course", "private_pooler", "diaspora", "key_juggler"),
    ),
    campaigns=(Placement("hydra_network", 600),),
    exchanges=100_000,
    split=HELD_OUT,
    week=13,
)
