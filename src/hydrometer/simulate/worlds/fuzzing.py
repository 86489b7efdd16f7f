"""Fuzzing and scale-up beside people who tune their own prompts for a living.

Source: mission table, row 14.
"""

from __future__ import annotations

from hydrometer.simulate.mixtures import crowd, look_alikes
from hydrometer.simulate.world import Placement, World

WORLD = World(
    name="fuzzing",
    summary="techniques tried once each, then scaled up",
    benign=(
        *crowd(3_200),
        *look_alikes("framework_user", "evaluation_lab", "white_label", "exam_coach"),
    ),
    campaigns=(Placement("fuzzing_cell", 400),),
    exchanges=90_000,
    week=2,
)
