"""Benign operators of the held-out split.

Source: statistics cookbook, section 14.
"""

from __future__ import annotations

from hydrometer.simulate.mixtures import crowd, look_alikes
from hydrometer.simulate.world import HELD_OUT, NULL, World

WORLD = World(
    name="null_held_out",
    summary="no campaign: vendors, labs and schools that development never saw",
    benign=(
        *crowd(2_400),
        *look_alikes(
            "judge_researcher",
            "newsroom",
            "moderation_vendor",
            "large_course",
            "enterprise_gateway",
            "ci_swarm",
            "transcript_service",
            "regression_tester",
            "key_juggler",
            factor=1.5,
        ),
    ),
    campaigns=(),
    exchanges=85_000,
    split=HELD_OUT,
    kind=NULL,
    week=8,
)
