"""Victims who must not be taken for operators, beside customers who rotate keys of their own after a leak.

Source: mission table, row 37.
"""

from __future__ import annotations

from hydrometer.simulate.mixtures import crowd, look_alikes
from hydrometer.simulate.world import Placement, World

WORLD = World(
    name="keys_taken",
    summary="a few dozen stolen keys beside their owners",
    benign=(
        *crowd(2_600),
        *look_alikes("key_rotation", "exam_coach", "course_author", "multi_cloud_firm"),
    ),
    campaigns=(Placement("taken_keys", 150),),
    exchanges=80_000,
    week=4,
)
