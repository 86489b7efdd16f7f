"""Language coercion beside a localisation vendor and people who write in many languages.

Source: mission table, row 13.
"""

from __future__ import annotations

from hydrometer.simulate.mixtures import crowd, look_alikes
from hydrometer.simulate.world import Placement, World

WORLD = World(
    name="gtig_language",
    summary="thinking forced into the language of the question",
    benign=(
        *crowd(3_600),
        *look_alikes("localisation_vendor", "teacher_feedback", "exam_coach", "classroom"),
    ),
    campaigns=(Placement("gtig_language", 600),),
    exchanges=120_000,
    week=1,
)
