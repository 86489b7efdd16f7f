"""Everything that makes strangers act alike at one time.

Source: statistics cookbook, section 14.
"""

from __future__ import annotations

from hydrometer.simulate.mixtures import crowd, look_alikes
from hydrometer.simulate.world import NULL, World

WORLD = World(
    name="null_switch",
    summary="no campaign: release day, editors, frameworks and a viral prompt",
    benign=(
        *crowd(2_400),
        *look_alikes("editor_user", "framework_user", "viral_prompter", "price_mover", "classroom", factor=1.6),
    ),
    campaigns=(),
    exchanges=80_000,
    week=2,
    kind=NULL,
)
