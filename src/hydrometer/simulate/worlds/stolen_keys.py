"""Victims who must not be taken for operators.

Source: mission table, row 37.
"""

from __future__ import annotations

from hydrometer.simulate.mixtures import crowd, look_alikes
from hydrometer.simulate.world import HELD_OUT, Placement, World

WORLD = World(
    name="stolen_keys",
    summary="a thief beside the owners of genuine keys",
    benign=(
        *crowd(2_800),
        *look_alikes("picture_maker", "ci_swarm", "traveller", "private_pooler"),
    ),
    campaigns=(Placement("stolen_key_ring", 220),),
    exchanges=170_000,
    split=HELD_OUT,
    week=12,
)
