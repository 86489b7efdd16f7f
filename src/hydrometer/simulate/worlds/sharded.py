"""The pool's harvest over four times as many accounts.

Source: detection table, section 9, evasion 2.
"""

from __future__ import annotations

from hydrometer.simulate.mixtures import crowd, look_alikes
from hydrometer.simulate.world import Placement, World

WORLD = World(
    name="sharded",
    summary="a pool of twelve exchanges an account",
    benign=(
        *crowd(3_600),
        *look_alikes("editor_user", "viral_prompter", "company_card", "quota_stretcher"),
    ),
    campaigns=(Placement("load_balanced_pool", 200),),
    exchanges=90_000,
    week=4,
    evasions={"sharding": 12.0},
)
