"""A relay that resells and builds nothing, beside private poolers and gateways.

Source: mission table, section 1.1, row 40.
"""

from __future__ import annotations

from hydrometer.simulate.mixtures import crowd, look_alikes
from hydrometer.simulate.world import HELD_OUT, Placement, World

WORLD = World(
    name="relay_pool_6",
    summary="six pooled accounts resold to strangers: not to be listed",
    benign=(
        *crowd(3_000),
        *look_alikes("private_pooler", "enterprise_gateway", "undeclared_reseller", "authorised_reseller"),
    ),
    campaigns=(Placement("relay_pool_6", 6),),
    exchanges=140_000,
    split=HELD_OUT,
    week=11,
)
