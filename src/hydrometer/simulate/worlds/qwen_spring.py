"""The spring campaign over 25,000 accounts at full size; usually at a hundredth.

Source: mission table, section 1.1.
"""

from __future__ import annotations

from hydrometer.simulate.mixtures import crowd, look_alikes
from hydrometer.simulate.world import Placement, World

WORLD = World(
    name="qwen_spring",
    summary="software engineering and reasoning over a very large pool (alleged), usually at a hundredth",
    benign=(
        *crowd(240_000),
        *look_alikes(
            "editor_user",
            "white_label",
            "agent_swarm",
            "course_author",
            "localisation_vendor",
            "company_card",
            factor=100,
        ),
    ),
    campaigns=(Placement("qwen_spring", 24_975),),
    exchanges=14_000_000,
    week=1,
    usual_scale=0.012,
)
