"""The synchronised pool of February beside judge researchers, a newsroom and a large course.

Source: mission table, section 1.1.
"""

from __future__ import annotations

from hydrometer.simulate.mixtures import crowd, look_alikes
from hydrometer.simulate.world import HELD_OUT, Placement, World

WORLD = World(
    name="february_pool",
    summary="the grading and reasoning pool alone (alleged), at its full 900 accounts",
    benign=(
        *crowd(4_000),
        *look_alikes("judge_researcher", "newsroom", "large_course", "outage_recoverer", "key_juggler"),
    ),
    campaigns=(Placement("deepseek_feb", 900),),
    exchanges=120_000,
    split=HELD_OUT,
    week=13,
)
