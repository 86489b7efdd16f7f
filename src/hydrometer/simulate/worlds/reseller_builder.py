"""Customers who must not be taken for operators.

Source: mission table, rows 24 and 40.
"""

from __future__ import annotations

from hydrometer.simulate.mixtures import crowd, look_alikes
from hydrometer.simulate.world import HELD_OUT, Placement, World

WORLD = World(
    name="reseller_builder",
    summary="a builder among a reseller's ordinary customers",
    benign=(
        *crowd(3_000),
        *look_alikes("undeclared_reseller", "enterprise_gateway", "private_pooler", "researcher_maths"),
    ),
    campaigns=(Placement("reseller_builder", 400),),
    exchanges=110_000,
    split=HELD_OUT,
    week=12,
)
