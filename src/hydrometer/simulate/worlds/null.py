"""The same provider without any campaign: whatever is flagged here is a false alarm.

Regions with their carriers, jobs on the full hour, households, an editor that switches everyone's default, operators of
one kind that differ: a null world without them would prove nothing. Source: statistics cookbook, section 14.
"""

from __future__ import annotations

from hydrometer.simulate.world import NULL, Placement, World

WORLD = World(
    name="null",
    summary="a week of a small provider without any campaign",
    benign=(
        Placement("chat_user", 800),
        Placement("app_user", 820),
        Placement("hobby_script", 420),
        Placement("household", 240),
        Placement("carrier_user", 280),
        Placement("vpn_user", 180),
        Placement("editor_user", 420),
        Placement("authorised_reseller", 6),
        Placement("enterprise_batch", 60),
        Placement("classroom", 80),
        Placement("evaluation_lab", 8),
        Placement("white_label", 80),
        Placement("release_enthusiast", 200),
        Placement("agent_swarm", 40),
        Placement("exam_coach", 90),
        Placement("viral_prompter", 120),
        Placement("quota_stretcher", 60),
    ),
    campaigns=(),
    exchanges=51_000,
    kind=NULL,
)
