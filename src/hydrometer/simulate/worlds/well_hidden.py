"""Four evasions at once.

Source: detection table, section 9.
"""

from __future__ import annotations

from hydrometer.simulate.mixtures import crowd, look_alikes
from hydrometer.simulate.world import HELD_OUT, Placement, World

WORLD = World(
    name="well_hidden",
    summary="the grading pool with fresh lines and cards, mixed by half, by the day of people",
    benign=(
        *crowd(4_000),
        *look_alikes("judge_researcher", "newsroom", "prompt_optimiser", "private_pooler"),
    ),
    campaigns=(Placement("deepseek_feb", 900),),
    exchanges=120_000,
    split=HELD_OUT,
    week=14,
    evasions={"fresh_infrastructure": 0.8, "fresh_payments": 0.8, "mixing": 0.5, "human_day": 1.0},
)
