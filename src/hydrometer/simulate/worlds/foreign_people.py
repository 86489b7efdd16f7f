"""Strangers in both senses.

Source: detection table, section 6.1 (out-of-distribution set).
"""

from __future__ import annotations

from hydrometer.simulate.mixtures import STRANGERS, crowd, look_alikes
from hydrometer.simulate.world import HELD_OUT, OUT_OF_DISTRIBUTION, World

WORLD = World(
    name="foreign_people",
    summary="no campaign: populations and wordings that no development world has",
    benign=(
        *crowd(2_400),
        *look_alikes(*STRANGERS),
        *look_alikes("judge_researcher", "prompt_optimiser"),
    ),
    campaigns=(),
    exchanges=75_000,
    split=HELD_OUT,
    kind=OUT_OF_DISTRIBUTION,
    week=12,
    bank="second",
)
