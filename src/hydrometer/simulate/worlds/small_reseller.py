"""Customers of a small reseller who must not be taken for the builder on its other accounts.

Source: mission table, rows 24 and 40.
"""

from __future__ import annotations

from hydrometer.simulate.mixtures import crowd, look_alikes
from hydrometer.simulate.world import Placement, World

WORLD = World(
    name="small_reseller",
    summary="a builder on the accounts of a small reseller with ordinary customers",
    benign=(
        *crowd(2_800),
        *look_alikes("authorised_reseller", "teacher_feedback", "evaluation_lab", "company_card"),
    ),
    campaigns=(Placement("guest_builder", 220),),
    exchanges=80_000,
    week=4,
)
