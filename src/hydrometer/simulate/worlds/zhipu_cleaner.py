"""The cleaner loop beside a transcript service and judge researchers; 273 accounts at full size.

Source: mission table, section 1.1, rows 16 and 42.
"""

from __future__ import annotations

from hydrometer.simulate.mixtures import crowd, look_alikes
from hydrometer.simulate.world import HELD_OUT, Placement, World

WORLD = World(
    name="zhipu_cleaner",
    summary="traces cleaned, another model judged (alleged)",
    benign=(
        *crowd(9_000),
        *look_alikes("transcript_service", "judge_researcher", "ctf_student", "price_mover", factor=3),
    ),
    campaigns=(Placement("zhipu_cleaner", 273),),
    exchanges=900_000,
    split=HELD_OUT,
    week=10,
    usual_scale=0.25,
)
