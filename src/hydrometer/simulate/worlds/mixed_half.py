"""Harvest that makes up half of what its accounts send.

Source: mission table, row 24.
"""

from __future__ import annotations

from hydrometer.simulate.mixtures import crowd, look_alikes
from hydrometer.simulate.world import Placement, World

WORLD = World(
    name="mixed_half",
    summary="a pool half of whose traffic is an ordinary customer's",
    benign=(
        *crowd(3_200),
        *look_alikes("authorised_reseller", "editor_user", "exam_coach", "privacy_mail_user"),
    ),
    campaigns=(Placement("load_balanced_pool", 350),),
    exchanges=90_000,
    week=3,
    evasions={"mixing": 0.5},
)
