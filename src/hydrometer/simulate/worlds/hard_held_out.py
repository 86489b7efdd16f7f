"""Only hard ones: every look-alike of the held-out split, and few others.

Source: detection table, sections 6.1 and 8.
"""

from __future__ import annotations

from hydrometer.simulate.mixtures import HELD_OUT_HARD, crowd, look_alikes
from hydrometer.simulate.world import HARD_BENIGN, HELD_OUT, World

WORLD = World(
    name="hard_held_out",
    summary="no campaign: nothing but look-alikes that development never saw",
    benign=(
        *crowd(700),
        *look_alikes(*HELD_OUT_HARD),
    ),
    campaigns=(),
    exchanges=75_000,
    split=HELD_OUT,
    kind=HARD_BENIGN,
    week=10,
)
