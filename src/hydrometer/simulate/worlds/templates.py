"""Template families without paraphrase, beside a framework's and a viral prompt's users.

Source: mission table, row 7.
"""

from __future__ import annotations

from hydrometer.simulate.mixtures import crowd, look_alikes
from hydrometer.simulate.world import Placement, World

WORLD = World(
    name="templates",
    summary="prompts from forty templates",
    benign=(
        *crowd(3_200),
        *look_alikes("framework_user", "viral_prompter", "annotation_vendor", "enterprise_batch", "quota_stretcher"),
    ),
    campaigns=(Placement("low_and_slow", 500),),
    exchanges=85_000,
    week=4,
    evasions={"template_pool": 40.0, "paraphrase": 0.1},
)
