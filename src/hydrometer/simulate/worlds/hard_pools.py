"""Poolers, resellers, gateways, teams and families.

Source: detection table, section 8.
"""

from __future__ import annotations

from hydrometer.simulate.mixtures import crowd, look_alikes
from hydrometer.simulate.world import HARD_BENIGN, HELD_OUT, Placement, World

WORLD = World(
    name="hard_pools",
    summary="no campaign: everybody who shares accounts, cards or sessions",
    benign=(
        *crowd(700),
        Placement("household", 400),
        *look_alikes(
            "private_pooler",
            "key_juggler",
            "undeclared_reseller",
            "enterprise_gateway",
            "session_resumer",
            "company_card",
            "key_rotation",
            factor=3.0,
        ),
    ),
    campaigns=(),
    exchanges=70_000,
    split=HELD_OUT,
    kind=HARD_BENIGN,
    week=11,
)
