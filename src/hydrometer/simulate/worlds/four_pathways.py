"""A pool that shows a slice on each pathway, beside an enterprise that uses three clouds.

Source: mission table, rows 2 and 36.
"""

from __future__ import annotations

from hydrometer.simulate.mixtures import crowd, look_alikes
from hydrometer.simulate.world import Placement, World

WORLD = World(
    name="four_pathways",
    summary="one operator over four pathways",
    benign=(
        *crowd(3_200),
        *look_alikes("multi_cloud_firm", "classroom", "course_author", "teacher_feedback"),
    ),
    campaigns=(Placement("four_pathways", 360),),
    exchanges=90_000,
    week=3,
)
