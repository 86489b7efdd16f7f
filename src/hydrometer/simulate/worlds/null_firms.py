"""Many operators of many accounts, none of which builds anything.

Source: statistics cookbook, section 14.
"""

from __future__ import annotations

from hydrometer.simulate.mixtures import crowd, look_alikes
from hydrometer.simulate.world import NULL, World

WORLD = World(
    name="null_firms",
    summary="no campaign: firms, vendors and their staff",
    benign=(
        *crowd(2_200),
        *look_alikes(
            "enterprise_batch",
            "white_label",
            "company_card",
            "multi_cloud_firm",
            "key_rotation",
            "localisation_vendor",
            "annotation_vendor",
            "agent_swarm",
            "quota_stretcher",
            factor=2.0,
        ),
    ),
    campaigns=(),
    exchanges=80_000,
    week=1,
    kind=NULL,
)
