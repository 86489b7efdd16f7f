"""One pool in the middle of everything, whose knobs are turned one at a time.

Source: detection table, section 6.1.
"""

from __future__ import annotations

from hydrometer.simulate.mixtures import crowd, look_alikes
from hydrometer.simulate.world import Placement, World

WORLD = World(
    name="curves",
    summary="the base of the robustness curves: one pool with every usual link",
    benign=(
        *crowd(2_600),
        *look_alikes("editor_user", "white_label", "classroom", "exam_coach", "enterprise_batch"),
    ),
    campaigns=(Placement("load_balanced_pool", 300),),
    exchanges=75_000,
    week=3,
)
