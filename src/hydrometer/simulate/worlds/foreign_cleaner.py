"""The cleaner in the second bank of wordings.

Source: detection table, section 6.1.
"""

from __future__ import annotations

from hydrometer.simulate.mixtures import STRANGERS, crowd, look_alikes
from hydrometer.simulate.world import HELD_OUT, OUT_OF_DISTRIBUTION, Placement, World

WORLD = World(
    name="foreign_cleaner",
    summary="the cleaner loop in wordings that no development world has",
    benign=(
        *crowd(2_400),
        *look_alikes(*STRANGERS),
        *look_alikes("transcript_service"),
    ),
    campaigns=(Placement("zhipu_cleaner", 70),),
    exchanges=230_000,
    split=HELD_OUT,
    kind=OUT_OF_DISTRIBUTION,
    week=15,
    bank="second",
)
