"""Two builders who must not come out as one.

Source: mission table, row 38.
"""

from __future__ import annotations

from hydrometer.simulate.mixtures import crowd, look_alikes
from hydrometer.simulate.world import Placement, World

WORLD = World(
    name="two_builders",
    summary="two builders on one proxy network: two campaigns",
    benign=(
        *crowd(3_200),
        *look_alikes("authorised_reseller", "white_label", "company_card", "viral_prompter"),
    ),
    campaigns=(Placement("two_builders", 400),),
    exchanges=95_000,
    week=3,
)
