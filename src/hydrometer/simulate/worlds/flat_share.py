"""People who share accounts and a desk that resells them, beside declared resellers: nobody is to be listed.

Source: mission table, section 1.4, row 40.
"""

from __future__ import annotations

from hydrometer.simulate.mixtures import crowd, look_alikes
from hydrometer.simulate.world import Placement, World

WORLD = World(
    name="flat_share",
    summary="a shared flat and a relay desk: accounts of many hands, and no data set",
    benign=(
        *crowd(2_600),
        *look_alikes("authorised_reseller", "white_label", "quota_stretcher", "company_card"),
    ),
    campaigns=(Placement("shared_flat", 5), Placement("relay_desk", 12)),
    exchanges=80_000,
    week=4,
)
