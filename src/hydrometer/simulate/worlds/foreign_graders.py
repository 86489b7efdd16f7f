"""The grading pool in the second bank of wordings.

Source: detection table, section 6.1.
"""

from __future__ import annotations

from hydrometer.simulate.mixtures import STRANGERS, crowd, look_alikes
from hydrometer.simulate.world import HELD_OUT, OUT_OF_DISTRIBUTION, Placement, World

WORLD = World(
    name="foreign_graders",
    summary="graders and rewriters in wordings that no development world has, among strangers",
    benign=(
        *crowd(3_200),
        *look_alikes(*STRANGERS),
        *look_alikes("judge_researcher", "newsroom"),
    ),
    campaigns=(Placement("deepseek_feb", 700),),
    exchanges=110_000,
    split=HELD_OUT,
    kind=OUT_OF_DISTRIBUTION,
    week=14,
    bank="second",
)
