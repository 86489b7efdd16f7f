"""Three operators who word alike and share nothing else: three campaigns, not one.

A technique that works is copied; wordings alone cannot attribute. Source: mission table, row 38.
"""

from __future__ import annotations

from hydrometer.simulate.mixtures import crowd, look_alikes
from hydrometer.simulate.world import Placement, World

WORLD = World(
    name="rivals",
    summary="three operators with the same techniques: three campaigns",
    benign=(
        *crowd(4_200),
        *look_alikes("editor_user", "white_label", "company_card", "viral_prompter"),
    ),
    campaigns=(Placement("qwen_spring", 420), Placement("two_builders", 300), Placement("load_balanced_pool", 240)),
    exchanges=150_000,
    week=5,
)
