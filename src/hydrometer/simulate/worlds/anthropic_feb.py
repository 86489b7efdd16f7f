"""The disclosed case at full size: 24,000 accounts of four operators among 100,000, 16 million exchanges in a week.

The volumes are one week of the disclosed totals; see each campaign for what is assumed. Source: mission table, section
1.1.
"""

from __future__ import annotations

from hydrometer.simulate.mixtures import crowd, look_alikes
from hydrometer.simulate.world import HELD_OUT, Placement, World

WORLD = World(
    name="anthropic_feb",
    summary="three alleged campaigns and a mixed proxy network; 16 million exchanges at full size",
    benign=(
        *crowd(62_000),
        *look_alikes("editor_user", factor=14),
        *look_alikes(
            "white_label", "company_card", "enterprise_batch", "viral_prompter", "exam_coach", "classroom", factor=10
        ),
        *look_alikes(
            "large_course",
            "enterprise_gateway",
            "ci_swarm",
            "undeclared_reseller",
            "private_pooler",
            "authorised_reseller",
            factor=4,
        ),
    ),
    campaigns=(
        Placement("deepseek_feb", 900),
        Placement("moonshot_feb", 600),
        Placement("minimax_feb", 2_400),
        Placement("proxy_network_feb", 20_100),
    ),
    exchanges=16_000_000,
    split=HELD_OUT,
    week=8,
    usual_scale=0.015,
)
