"""The hydra pool in the second bank of wordings.

Source: detection table, section 6.1.
"""

from __future__ import annotations

from hydrometer.simulate.mixtures import STRANGERS, crowd, look_alikes
from hydrometer.simulate.world import HELD_OUT, OUT_OF_DISTRIBUTION, Placement, World

WORLD = World(
    name="foreign_pool",
    summary="a pool in wordings that no development world has, among strangers",
    benign=(
        *crowd(2_800),
        *look_alikes(*STRANGERS),
    ),
    campaigns=(Placement("hydra_network", 500),),
    exchanges=95_000,
    split=HELD_OUT,
    kind=OUT_OF_DISTRIBUTION,
    week=13,
    bank="second",
)
