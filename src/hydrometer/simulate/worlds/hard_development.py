"""Only hard ones: every look-alike of the development split, and few others.

Source: detection table, sections 6.1 and 8.
"""

from __future__ import annotations

from hydrometer.simulate.mixtures import DEVELOPMENT_HARD, crowd, look_alikes
from hydrometer.simulate.world import HARD_BENIGN, World

WORLD = World(
    name="hard_development",
    summary="no campaign: nothing but look-alikes of the development split",
    benign=(
        *crowd(700),
        *look_alikes(*DEVELOPMENT_HARD),
    ),
    campaigns=(),
    exchanges=70_000,
    week=3,
    kind=HARD_BENIGN,
)
